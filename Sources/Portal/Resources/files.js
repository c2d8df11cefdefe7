// Keeps a file: sends it to this market's own /v1/files with the session's token.
(function () {
  "use strict";

  var form = document.querySelector("form[data-files]");
  if (!form) return;
  var fault = document.getElementById("files-fault");
  var button = form.querySelector("button");

  function say(text) {
    fault.textContent = text;
    fault.hidden = false;
  }

  // Whether the file is kept.
  async function keep() {
    var file = form.elements.file.files[0];
    if (file.size > Number(form.dataset.bytes)) {
      say("“" + file.name + "” is larger than a file may be here. Nothing was sent.");
      return false;
    }
    if (!file.size) {
      say("“" + file.name + "” is empty. Nothing was sent.");
      return false;
    }
    var data = new FormData();
    data.append("purpose", "user_data");
    if (form.elements.life.value) {
      data.append("expires_after[anchor]", "created_at");
      data.append("expires_after[seconds]", form.elements.life.value);
    }
    data.append("file", file);
    try {
      var reply = await fetch("/v1/files", {
        method: "POST", headers: { "x-csrf-token": form.dataset.token }, body: data
      });
      if (reply.ok) {
        location.assign("/account/files?done=kept");
        return true;
      }
      var refusal = await reply.json();
      var error = refusal.error || { message: refusal.detail, hint: refusal.hint };
      say([error.message || "The market refused the file.", error.hint].filter(Boolean).join(" "));
    } catch (error) {
      say("Whether the file was kept is not known: load the page again, and look, before you send "
        + "it once more.");
    }
    return false;
  }

  form.addEventListener("submit", async function (event) {
    event.preventDefault();
    if (button.disabled) return;
    fault.hidden = true;
    button.disabled = true;
    form.setAttribute("aria-busy", "true");
    // Once it is kept the page is loaded again, and a second press would keep it twice.
    if (await keep()) return;
    form.setAttribute("aria-busy", "false");
    button.disabled = false;
  });
})();
