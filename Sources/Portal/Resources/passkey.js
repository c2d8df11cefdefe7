// Signing in and up with passkeys; what WebAuthn hands out is turned into the JSON of the doors.
(function () {
  "use strict";

  function encode(buffer) {
    var text = "";
    new Uint8Array(buffer).forEach(function (byte) { text += String.fromCharCode(byte); });
    return btoa(text).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  }

  function decode(text) {
    var plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, function (character) { return character.charCodeAt(0); });
  }

  // Why no passkey of this site can be used here; null if one can.
  function obstacle(party) {
    if (!window.isSecureContext) {
      return "Browsers allow passkeys only over https, or on this machine.";
    }
    if (!window.PublicKeyCredential || !navigator.credentials) {
      return "This browser knows no passkeys. A current Firefox, Chrome, Safari or Edge does.";
    }
    var host = location.hostname;
    if (host !== party && !host.endsWith("." + party)) {
      return "Passkeys of this market belong to " + party + ", and this page is " + host + ".";
    }
    return null;
  }

  // What went wrong, from an error of the browser or of the door.
  function explain(error) {
    if (error && error.name === "NotAllowedError") {
      return "The passkey was not used: the request was cancelled, or it took too long.";
    }
    if (error && error.name === "InvalidStateError") {
      return "This device has a passkey for this account already. Make the second one elsewhere.";
    }
    if (error instanceof TypeError) {
      return "The market does not answer. Check the connection and try again.";
    }
    return (error && error.message) || "That did not work.";
  }

  async function post(path, body) {
    var answer = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body)
    });
    var text = await answer.text();
    var document = text ? JSON.parse(text) : {};
    if (!answer.ok) {
      throw new Error([document.detail, document.hint].filter(Boolean).join(" "));
    }
    return document;
  }

  async function create(name) {
    var options = await post("/auth/passkeys/create/begin", { name: name });
    options.challenge = decode(options.challenge);
    options.user.id = decode(options.user.id);
    options.excludeCredentials.forEach(function (entry) { entry.id = decode(entry.id); });
    var made = await navigator.credentials.create({ publicKey: options });
    return post("/auth/passkeys/create/finish", {
      id: made.id, rawId: encode(made.rawId), type: made.type,
      response: {
        clientDataJSON: encode(made.response.clientDataJSON),
        attestationObject: encode(made.response.attestationObject)
      }
    });
  }

  async function signIn() {
    var options = await post("/auth/sign-in/begin", {});
    var found = await navigator.credentials.get({
      publicKey: {
        challenge: decode(options.challenge), rpId: options.rpId, timeout: options.timeout,
        userVerification: options.userVerification
      }
    });
    var response = {
      clientDataJSON: encode(found.response.clientDataJSON),
      authenticatorData: encode(found.response.authenticatorData),
      signature: encode(found.response.signature)
    };
    if (found.response.userHandle) response.userHandle = encode(found.response.userHandle);
    return post("/auth/sign-in/finish", {
      id: found.id, rawId: encode(found.rawId), type: found.type, response: response
    });
  }

  Object.assign(window.stoa, {
    encode: encode, decode: decode, obstacle: obstacle, explain: explain
  });

  var form = document.querySelector("form[data-passkey]");
  if (!form) return;
  var fault = document.getElementById("passkey-fault");
  var button = form.querySelector("button");

  function say(text) {
    fault.textContent = text;
    fault.hidden = !text;
  }

  var why = obstacle(form.dataset.party);
  if (why) {
    say(why);
    if (form.dataset.party === "localhost") {
      var link = document.createElement("a");
      var here = new URL(location.href);
      here.hostname = "localhost";
      link.href = here.href;
      link.textContent = "Open it as localhost";
      fault.append(" ", link);
    }
    button.disabled = true;
    return;
  }

  form.addEventListener("submit", async function (event) {
    event.preventDefault();
    say("");
    button.disabled = true;
    form.setAttribute("aria-busy", "true");
    try {
      if (form.dataset.passkey === "create") await create(form.elements.name.value.trim());
      else await signIn();
      location.assign(form.dataset.next);
    } catch (error) {
      say(explain(error));
      button.disabled = false;
      form.removeAttribute("aria-busy");
      button.focus();
    }
  });
})();
