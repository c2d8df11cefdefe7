// Signs messages to the ledger with the passkey: whatever form names one in data-transact.
//
// The fields of the form are the members of the message; data-as says how a text becomes one:
// obol (STOA with up to nine decimals), number, json, limits (STOA per period), height (blocks
// after the form's data-height). Nothing is sent before the person saw what it does and signed.
(function () {
  "use strict";

  var signer = document.getElementById("signer");
  var dialog = document.getElementById("transact");
  if (!signer || !dialog || !window.stoa) return;
  var stoa = window.stoa;
  var money = stoa.money;
  var cancel = document.getElementById("transact-cancel");
  var sign = document.getElementById("transact-sign");
  var summary = document.getElementById("transact-summary");
  var facts = document.getElementById("transact-facts");
  var outcome = document.getElementById("transact-outcome");
  var title = document.getElementById("transact-title");
  var lead = document.getElementById("transact-lead");
  var run = null;
  var isChanged = false;

  // STOA as obol, in whole numbers: 1.5 is 1500000000. A comma is refused, not left out: to most
  // of Europe it is the point, and 0,5 would become 5.
  function obol(text) {
    var match = /^(\d{1,20})(?:\.(\d{1,9}))?$/.exec(text);
    if (!match) {
      throw new Error("“" + text + "” is no amount of STOA: write it like 1.5, with a point and "
        + "without commas or spaces.");
    }
    return (BigInt(match[1]) * 1000000000n + BigInt((match[2] || "").padEnd(9, "0"))).toString();
  }

  function member(field, form) {
    var text = field.value.trim();
    switch (field.dataset.as) {
    case "obol": return obol(text);
    case "number": return Number(text);
    case "height": return Number(form.dataset.height) + Number(text);
    case "json": return JSON.parse(text);
    case "limits": return [{ denomination: "native", amount: obol(text) }];
    default: return text;
    }
  }

  function message(form) {
    var made = { type: form.dataset.transact };
    Array.from(form.elements).forEach(function (field) {
      if (!field.name || (field.type === "radio" && !field.checked)) return;
      // What may be left out and is empty is left out.
      if (!field.value.trim() && !field.required) return;
      made[field.name] = member(field, form);
    });
    return made;
  }

  // Of a refusal `isCertain` says that it was answered at all, and `isLedgers` that the ledger
  // itself refused: only that ends what an attempt without an answer left open, since a limit on
  // the way knows nothing of that attempt.
  //
  // Without the cookie: what is signed proves itself, and a role in a team has no say in it.
  async function post(path, body) {
    var answer = await fetch("/api/v1/transactions/" + path, {
      method: "POST", credentials: "omit",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body)
    });
    var document = await answer.json();
    if (!answer.ok) {
      var error = new Error([document.detail, document.hint].filter(Boolean).join(" "));
      error.isCertain = answer.status < 500;
      error.isLedgers = document.code === "ledger_refused";
      throw error;
    }
    return document;
  }

  function say(tone, text, link) {
    outcome.className = "notice " + tone;
    outcome.textContent = text;
    if (link) {
      var anchor = document.createElement("a");
      anchor.href = link.href;
      anchor.textContent = link.text;
      outcome.append(" ", anchor);
    }
    outcome.hidden = !text;
  }

  function fact(name, value) {
    var term = document.createElement("dt");
    var text = document.createElement("dd");
    term.textContent = name;
    text.textContent = value;
    text.className = "num";
    facts.append(term, text);
  }

  function label(text) { sign.querySelector("span").textContent = text; }

  function open(form) {
    run = { prepared: null, body: null, isUnknown: false };
    isChanged = false;
    title.textContent = form.dataset.title || "Sign this?";
    lead.hidden = false;
    summary.replaceChildren();
    facts.replaceChildren();
    say("", "");
    cancel.textContent = "Cancel";
    sign.hidden = false;
    sign.disabled = true;
    label("Sign with passkey");
    dialog.showModal();
  }

  async function prepare(form) {
    open(form);
    try {
      var why = stoa.obstacle(signer.dataset.party);
      if (why) throw new Error(why);
      run.prepared = await post("prepare", {
        key: signer.dataset.key, messages: [message(form)]
      });
      run.prepared.summary.forEach(function (text) {
        var item = document.createElement("li");
        item.textContent = text;
        summary.append(item);
      });
      fact("Fee", money(run.prepared.fee));
      sign.disabled = false;
      sign.focus();
    } catch (error) {
      lead.hidden = true;
      sign.hidden = true;
      cancel.textContent = "Close";
      say("bad", "Nothing was sent. " + stoa.explain(error));
    }
  }

  async function proven() {
    var found = await navigator.credentials.get({
      publicKey: {
        challenge: stoa.decode(run.prepared.challenge), rpId: signer.dataset.party,
        allowCredentials: [{ type: "public-key", id: stoa.decode(signer.dataset.credential) }],
        userVerification: "required"
      }
    });
    return {
      transaction: run.prepared.transaction, key: signer.dataset.key,
      signature: {
        type: "webauthn",
        authenticatorData: stoa.encode(found.response.authenticatorData),
        clientDataJSON: stoa.encode(found.response.clientDataJSON),
        signature: stoa.encode(found.response.signature)
      }
    };
  }

  async function send() {
    sign.disabled = true;
    say("", "");
    try {
      // Asked again, it sends the same bytes: they take effect once at most.
      if (!run.body) run.body = await proven();
      cancel.disabled = true;
      label("Waiting for the ledger…");
      show((await post("assemble", run.body)).outcome);
    } catch (error) {
      if (run.body && !(run.isUnknown ? error.isLedgers : error.isCertain)) {
        run.isUnknown = true;
        isChanged = true;
        say("bad", "Whether it took effect is not known: the ledger gave no answer. "
          + (error.isCertain ? error.message + " " : "")
          + "Ask again: the same transaction takes effect once at most.");
        label("Ask again");
        sign.disabled = false;
      } else {
        say("bad", "Nothing was sent, no money moved. " + stoa.explain(error));
        // A new attempt needs a new number and a new signature.
        label("Sign with passkey");
        sign.disabled = Boolean(run.body);
      }
    }
    cancel.disabled = false;
  }

  function show(result) {
    var link = { href: "/explorer/transactions/" + result.id, text: "See the transaction" };
    isChanged = true;
    sign.hidden = true;
    lead.hidden = true;
    cancel.textContent = "Done";
    dialog.dataset.outcome = result.accepted ? "accepted" : "refused";
    if (result.accepted) {
      title.textContent = "Done";
      say("good", "It is in block " + result.height.toLocaleString("en") + ".", link);
    } else {
      title.textContent = "The ledger refused it";
      say("bad", "Refused: " + result.refusal + ". The fee of " + money(run.prepared.fee)
        + " was charged, nothing else took effect.",
      { href: "/problems/" + result.refusal, text: "What that means" });
    }
    cancel.focus();
  }

  cancel.addEventListener("click", function () { dialog.close(); });
  dialog.addEventListener("close", function () {
    delete dialog.dataset.outcome;
    if (isChanged) location.reload();
  });
  dialog.addEventListener("cancel", function (event) {
    if (cancel.disabled) event.preventDefault();
  });
  sign.addEventListener("click", send);
  document.querySelectorAll("form[data-transact]").forEach(function (form) {
    form.addEventListener("submit", function (event) {
      event.preventDefault();
      prepare(form);
    });
  });
})();
