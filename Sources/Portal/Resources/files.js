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

  async function keep() {
    var file = form.elements.file.files[0];
    if (file.size > Number(form.dataset.bytes)) {
      return say("“" + file.name + "” is larger than a file may be here. Nothing was sent.");
    }
    if (!file.size) return say("“" + file.name + "” is empty. Nothing was sent.");
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
      if (reply.ok) return location.assign("/account/files?done=kept");
      var refusal = await reply.json();
      var error = refusal.error || { message: refusal.detail, hint: refusal.hint };
      say([error.message || "The market refused the file.", error.hint].filter(Boolean).join(" "));
    } catch (error) {
      say("The file did not arrive whole. Send it again.");
    }
  }

  form.addEventListener("submit", async function (event) {
    event.preventDefault();
    if (button.disabled) return;
    fault.hidden = true;
    button.disabled = true;
    form.setAttribute("aria-busy", "true");
    await keep();
    form.setAttribute("aria-busy", "false");
    button.disabled = false;
  });
})();
