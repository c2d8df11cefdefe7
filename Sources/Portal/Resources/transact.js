// Signs messages to the ledger with the passkey: whatever form names one in data-transact.
//
// The fields of the form are the members of the message; data-as says how a text becomes one:
// obol (STOA with up to nine decimals), number, json, limits (STOA per period), height (blocks
// after the latest one). Nothing is sent before the person saw what it does and signed.
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
  // The refusal of a number that was used before (refusals.tsv).
  var staleSequence = 107;
  var run = null;

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

  function member(field, height) {
    var text = field.value.trim();
    switch (field.dataset.as) {
    case "obol": return obol(text);
    case "number": return Number(text);
    case "height": return height + Number(text);
    case "json": return JSON.parse(text);
    case "limits": return [{ denomination: "native", amount: obol(text) }];
    default: return text;
    }
  }

  // Where the ledger is now: the page may have been open for days.
  async function latest(mine) {
    var answer = await fetch("/api/v1/status", {
      credentials: "omit", signal: mine.abort.signal
    });
    if (!answer.ok) throw new TypeError("the status is not known");
    return Number((await answer.json()).height);
  }

  async function message(form, mine) {
    var made = { type: form.dataset.transact };
    var end = form.querySelector("[data-as=height]");
    var height = end ? await latest(mine) : 0;
    Array.from(form.elements).forEach(function (field) {
      if (!field.name || (field.type === "radio" && !field.checked)) return;
      // What may be left out and is empty is left out.
      if (!field.value.trim() && !field.required) return;
      made[field.name] = member(field, height);
    });
    if (end && !isOver(mine)) {
      fact("Ends", end.selectedOptions[0].textContent + " from now, after block "
        + made[end.name].toLocaleString("en"));
    }
    return made;
  }

  // Of a refusal `isCertain` says that it was answered at all, and `isLedgers` that the ledger
  // itself refused: only that ends what an attempt without an answer left open, since a limit on
  // the way knows nothing of that attempt.
  //
  // Without the cookie: what is signed proves itself, and a role in a team has no say in it.
  async function post(path, body, signal) {
    var answer = await fetch("/api/v1/transactions/" + path, {
      method: "POST", credentials: "omit",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body), signal: signal
    });
    var document = await answer.json();
    if (!answer.ok) {
      var error = new Error([document.detail, document.hint].filter(Boolean).join(" "));
      error.isCertain = answer.status < 500;
      error.isLedgers = document.code === "ledger_refused";
      error.ledgerCode = document.ledgerCode;
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

  // What is asked for belongs to the dialog it was asked in: each run has its own, and nothing that
  // is answered after it was closed is signed, sent or shown. While the ledger is asked (isWaiting)
  // it stays: what was sent may have moved money, and its outcome is of this dialog alone.
  function open(form) {
    if (run) run.abort.abort();
    run = {
      prepared: null, body: null, isUnknown: false, isChanged: false, isWaiting: false,
      abort: new AbortController()
    };
    title.textContent = form.dataset.title || "Sign this?";
    lead.hidden = false;
    summary.replaceChildren();
    facts.replaceChildren();
    stoa.dialog.begin(form);
    say("", "");
    cancel.textContent = "Cancel";
    sign.hidden = false;
    sign.disabled = true;
    isBusy(false);
    label("Sign with passkey");
    dialog.showModal();
    return run;
  }

  function isOver(mine) { return mine !== run || !dialog.open; }

  // Not `disabled`: the focus would fall out of the dialog.
  function isBusy(value) { sign.setAttribute("aria-disabled", String(value)); }

  function leaveOnly() {
    sign.hidden = true;
    cancel.textContent = "Close";
    cancel.focus();
  }

  async function prepare(form) {
    var mine = open(form);
    try {
      var why = stoa.obstacle(signer.dataset.party);
      if (why) throw new Error(why);
      var made = await message(form, mine);
      if (isOver(mine)) return;
      mine.prepared = await post("prepare", { key: signer.dataset.key, messages: [made] },
        mine.abort.signal);
      if (isOver(mine)) return;
      mine.prepared.summary.forEach(function (text) {
        var item = document.createElement("li");
        item.textContent = text;
        summary.append(item);
      });
      fact("Fee", money(mine.prepared.fee));
      sign.disabled = false;
      stoa.dialog.tell(mine.prepared);
      sign.focus();
    } catch (error) {
      if (isOver(mine)) return;
      lead.hidden = true;
      leaveOnly();
      say("bad", "Nothing was sent. " + stoa.explain(error));
    }
  }

  async function proven(mine) {
    var found = await navigator.credentials.get({
      publicKey: {
        challenge: stoa.decode(mine.prepared.challenge), rpId: signer.dataset.party,
        allowCredentials: [{ type: "public-key", id: stoa.decode(signer.dataset.credential) }],
        userVerification: "required"
      },
      signal: mine.abort.signal
    });
    return {
      transaction: mine.prepared.transaction, key: signer.dataset.key,
      signature: {
        type: "webauthn",
        authenticatorData: stoa.encode(found.response.authenticatorData),
        clientDataJSON: stoa.encode(found.response.clientDataJSON),
        signature: stoa.encode(found.response.signature)
      }
    };
  }

  function waits(mine, value) {
    mine.isWaiting = value;
    cancel.disabled = value;
  }

  async function send() {
    var mine = run;
    isBusy(true);
    say("", "");
    try {
      // Asked again, it sends the same bytes: they take effect once at most.
      if (!mine.body) {
        var body = await proven(mine);
        if (isOver(mine)) return;
        mine.body = body;
      }
      waits(mine, true);
      label("Waiting for the ledger…");
      var result = (await post("assemble", mine.body)).outcome;
      waits(mine, false);
      show(mine, result);
    } catch (error) {
      // No other dialog was opened meanwhile, so that it is said in this one.
      if (mine.isWaiting || !isOver(mine)) {
        waits(mine, false);
        failed(mine, error);
      }
    }
    if (!isOver(mine)) isBusy(false);
  }

  function failed(mine, error) {
    if (mine.body && !(mine.isUnknown ? error.isLedgers : error.isCertain)) {
      mine.isUnknown = true;
      mine.isChanged = true;
      label("Ask again");
      say("bad", "Whether it took effect is not known: the ledger gave no answer. "
        + (error.isCertain ? error.message + " " : "")
        + "Ask again: the same transaction takes effect once at most.");
    } else if (mine.isUnknown && error.ledgerCode === staleSequence) {
      leaveOnly();
      say("bad", "Its number was used, by this transaction or by another one. Close this, and "
        + "your activity shows which.");
    } else {
      // A new attempt needs a new number and a new signature.
      if (mine.body) leaveOnly(); else label("Sign with passkey");
      say("bad", "Nothing was sent, no money moved. " + stoa.explain(error));
    }
  }

  function show(mine, result) {
    var link = { href: "/explorer/transactions/" + result.id, text: "See the transaction" };
    mine.isChanged = true;
    sign.hidden = true;
    lead.hidden = true;
    cancel.textContent = "Done";
    dialog.dataset.outcome = result.accepted ? "accepted" : "refused";
    if (result.accepted) {
      title.textContent = "Done";
      say("good", "It is in block " + result.height.toLocaleString("en") + ".", link);
    } else {
      title.textContent = "The ledger refused it";
      say("bad", "Refused: " + result.refusal + ". The fee of " + money(mine.prepared.fee)
        + " was charged, nothing else took effect.",
      { href: "/problems/" + result.refusal, text: "What that means" });
    }
    stoa.dialog.end(result);
    cancel.focus();
  }

  cancel.addEventListener("click", function () { dialog.close(); });
  dialog.addEventListener("close", function () {
    if (dialog.open) return;
    // A browser closes a dialog at the second Escape, whatever `cancel` says to that.
    if (run.isWaiting) {
      dialog.showModal();
      return;
    }
    run.abort.abort();
    delete dialog.dataset.outcome;
    if (run.isChanged) location.reload();
  });
  dialog.addEventListener("cancel", function (event) {
    if (cancel.disabled) event.preventDefault();
  });
  sign.addEventListener("click", function () {
    if (sign.getAttribute("aria-disabled") !== "true") send();
  });
  document.querySelectorAll("form[data-transact]").forEach(function (form) {
    form.addEventListener("submit", function (event) {
      event.preventDefault();
      if (!dialog.open && !(run && run.isWaiting)) prepare(form);
    });
  });
})();
