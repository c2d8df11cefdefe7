// What try.js asks of offers that make pictures or sound, or listen to a recording, and how their
// answers are shown: pictures and sound as such, and nothing else of what a seller says.
(function () {
  "use strict";

  if (!window.stoa) return;
  // A picture is one by how its base64 begins; whatever else came is not shown as one.
  var pictureKinds = [
    ["iVBORw0KGgo", "image/png"], ["/9j/", "image/jpeg"], ["UklGR", "image/webp"],
    ["R0lGOD", "image/gif"]
  ];
  var charactersMax = 64 << 20;
  var noPicture = "What came is no picture that this page shows.";
  var sound = null;

  function picture(text, prompt) {
    var kind = pictureKinds.find(function (kind) { return text.startsWith(kind[0]); });
    if (!kind || text.length > charactersMax || /[^A-Za-z0-9+/=]/.test(text)) return null;
    var image = document.createElement("img");
    image.src = "data:" + kind[1] + ";base64," + text;
    image.alt = prompt;
    image.addEventListener("error", function () { image.replaceWith(noPicture); });
    return image;
  }

  // The market's pages load nothing from elsewhere, so what stands elsewhere is a link.
  function elsewhere(text) {
    var link = document.createElement("a");
    link.href = text;
    link.rel = "noopener noreferrer nofollow";
    link.textContent = text;
    return link;
  }

  async function showPictures(reply, answer, asked) {
    var document = await reply.json();
    var shown = 0;
    document.data.forEach(function (item) {
      var part = null;
      if (!item) return;
      if (typeof item.b64_json === "string") part = picture(item.b64_json, asked);
      else if (typeof item.url === "string" && /^https?:\/\//.test(item.url)) {
        part = elsewhere(item.url);
      }
      if (!part) return;
      answer.append(part);
      shown += 1;
    });
    if (!shown) answer.append(noPicture);
  }

  async function showSound(reply, answer) {
    var blob = await reply.blob();
    if (sound) URL.revokeObjectURL(sound);
    sound = URL.createObjectURL(blob);
    var player = document.createElement("audio");
    player.controls = true;
    player.src = sound;
    player.setAttribute("aria-label", "The speech");
    player.addEventListener("error", function () {
      player.replaceWith("What came cannot be played here.");
    });
    answer.append(player);
  }

  async function showText(reply, answer) {
    var document = await reply.json();
    if (typeof document.text !== "string") throw new TypeError("there is no text");
    answer.append(document.text.slice(0, 200000));
  }

  function unsent(text) {
    var error = new Error(text);
    error.isUnsent = true;
    return error;
  }

  function recording(form) {
    var file = form.querySelector("input[type=file]").files[0];
    var bytesMax = Number(form.dataset.bytes);
    if (!file.size) throw unsent("The recording is empty.");
    if (file.size > bytesMax) {
      throw unsent("The recording is larger than this offer takes: at most "
        + bytesMax.toLocaleString("en") + " bytes.");
    }
    var data = new FormData();
    data.append("model", form.dataset.model);
    data.append("file", file);
    return data;
  }

  window.stoa.media = {
    images: {
      body: function (form, text, choice) {
        return JSON.stringify({
          model: form.dataset.model, prompt: text, n: 1, provider: choice
        });
      },
      show: showPictures
    },
    speech: {
      body: function (form, text, choice) {
        return JSON.stringify({
          model: form.dataset.model, input: text, provider: choice,
          voice: form.querySelector("[name=voice]").value
        });
      },
      show: showSound
    },
    transcription: { isForm: true, body: recording, show: showText }
  };
})();
