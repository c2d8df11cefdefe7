// Asks an offer from its page: this market's own /v1 pays from the visitor's account, as far as
// they let it, checks the receipt and tells what it cost. What arrives is shown as text.
(function () {
  "use strict";

  var form = document.querySelector("form[data-try]");
  if (!form || !window.stoa) return;
  var textMax = 200000;
  // As long as a gateway lets one event be.
  var lineMax = 4 << 20;
  var kind = form.dataset.try;
  // What makes pictures or sound, or listens, is asked and shown by try-media.js.
  var media = (window.stoa.media || {})[kind];
  var field = document.getElementById("f-try");
  var ask = form.querySelector("button[type=submit]");
  var stop = document.getElementById("try-stop");
  var note = document.getElementById("try-note");
  var answer = document.getElementById("try-answer");
  var facts = document.getElementById("try-facts");
  var outcome = document.getElementById("try-outcome");
  var run = null;

  function body() {
    var choice = { only: [form.dataset.seller] };
    if (media) return media.body(form, field.value, choice);
    if (kind === "json") return field.value;
    if (kind === "embeddings") {
      return JSON.stringify({
        model: form.dataset.model, input: [field.value], provider: choice
      });
    }
    return JSON.stringify({
      model: form.dataset.model, messages: [{ role: "user", content: field.value }],
      max_tokens: Number(form.dataset.tokens), stream: true,
      stream_options: { include_usage: true }, provider: choice
    });
  }

  function fact(name, value, href) {
    var term = document.createElement("dt");
    var text = document.createElement("dd");
    term.textContent = name;
    if (href) {
      var link = document.createElement("a");
      link.href = href;
      link.className = "mono";
      link.textContent = value;
      text.append(link);
    } else {
      text.textContent = value;
    }
    facts.append(term, text);
  }

  function say(tone, text, links) {
    outcome.className = "notice " + tone;
    outcome.textContent = text;
    (links || []).forEach(function (link) {
      var anchor = document.createElement("a");
      anchor.href = link[0];
      anchor.textContent = link[1];
      outcome.append(" ", anchor);
    });
    outcome.hidden = false;
  }

  function receipts(digest) { return "/account/receipts" + (digest ? "/" + digest : ""); }

  // What programs are told of keys and commands says nothing to somebody who is signed in here:
  // whether money moved is said below, and what to do is one link.
  function words(error, status) {
    if (status === 401) return ["You are not signed in any more."];
    var message = (error.message || "The market refused the call.")
      .replace(/; nothing was charged\.$/, ".");
    var hint = error.hint && !/`|\bkey\b/.test(error.hint) ? error.hint : null;
    return [message, hint];
  }

  // The market's own envelope, in words for a person.
  function refuse(error, status) {
    var links = [];
    run.isOver = true;
    run.isRefused = true;
    if (status === 402) {
      links = [["/wallet?next=" + encodeURIComponent(location.pathname + "#try") + "#permission",
        "Open your wallet"]];
    } else if (status === 401) {
      links = [["/sign-in?next=" + encodeURIComponent(location.pathname), "Sign in again"]];
    }
    say("bad", words(error, status).concat([
      // What a proxy on the way answers says nothing of money.
      error.money_moved === false ? "No money moved."
        : error.money_moved ? "Money moved: see Receipts."
          : "Whether money moved is not known here: see Receipts."
    ]).filter(Boolean).join(" "), links);
  }

  function write(text) {
    if (!text) return;
    var left = textMax - run.length;
    run.length += text.length;
    if (left > 0) answer.append(text.slice(0, left));
  }

  // An event's lines of data are one text; an empty line ends it.
  function line(ended) {
    var text = ended.replace(/\r$/, "");
    var receipt = /^: ?stoa-receipt ([0-9a-f]{64}) cost=(\d+)( unit=)?/.exec(text);
    if (receipt && !receipt[3]) run.receipt = { name: receipt[1], cost: receipt[2] };
    if (text.startsWith("data:")) {
      run.data += (run.data ? "\n" : "") + text.slice(5).trim();
      if (run.data.length > lineMax) throw new Error("An event of the answer is too long.");
    } else if (!text && run.data) {
      var data = run.data;
      run.data = "";
      event(data);
    }
  }

  function event(data) {
    if (data === "[DONE]") {
      run.isOver = true;
      return;
    }
    var item = JSON.parse(data);
    if (!item || typeof item !== "object") return;
    if (item.error) return refuse(item.error, item.error.status);
    var choice = (item.choices || [])[0];
    if (choice && choice.delta && typeof choice.delta.content === "string") {
      write(choice.delta.content);
    }
    if (item.usage) run.usage = item.usage;
  }

  async function stream(reply) {
    var reader = reply.body.getReader();
    var decoder = new TextDecoder();
    var rest = "";
    for (;;) {
      var piece = await reader.read();
      if (piece.done) break;
      rest += decoder.decode(piece.value, { stream: true });
      var lines = rest.split("\n");
      rest = lines.pop();
      if (rest.length > lineMax) throw new Error("A line of the answer is too long.");
      lines.forEach(line);
    }
    if (!run.isOver) throw new TypeError("the stream ended early");
  }

  async function whole(reply) {
    var name = reply.headers.get("x-stoa-receipt");
    var cost = reply.headers.get("x-stoa-cost");
    if (name && cost && !reply.headers.get("x-stoa-cost-unit")) {
      run.receipt = { name: name, cost: cost };
    }
    if (media) {
      await media.show(reply, answer, field.value);
      run.isOver = true;
      return;
    }
    var text = await reply.text();
    if (kind === "embeddings") {
      var document = JSON.parse(text);
      var numbers = document.data[0].embedding.filter(Number.isFinite);
      run.usage = document.usage;
      fact("Numbers", numbers.length.toLocaleString("en"));
      text = numbers.slice(0, 64).join(", ") + (numbers.length > 64 ? ", …" : "");
    }
    run.isOver = true;
    write(text);
  }

  function conclude() {
    if (run.usage && kind === "chat") {
      fact("Units", run.usage.prompt_tokens + " tokens in, " + run.usage.completion_tokens
        + " out");
    } else if (run.usage) {
      fact("Units", run.usage.prompt_tokens + " tokens in");
    }
    if (run.length > textMax) {
      fact("Shown", "the first " + textMax.toLocaleString("en") + " of "
        + run.length.toLocaleString("en") + " characters");
    }
    if (!run.receipt) return;
    var name = run.receipt.name;
    fact("Price", window.stoa.money(run.receipt.cost));
    fact("Receipt", name.slice(0, 8) + "…" + name.slice(-4), receipts(name));
    fact("Checked", "by the market before the answer ended");
  }

  function failed(error) {
    // Nothing of it is shown any more, so nothing more of it is bought.
    run.abort.abort();
    // What a page asks wrongly is found before anything is sent.
    if (error.isUnsent) return say("bad", error.message + " Nothing was sent.");
    if (error.name === "AbortError") {
      return say("", kind === "chat"
        ? "Stopped. What was sent until then is paid, and nothing more."
        : "Stopped waiting. The seller may still finish, and then it is paid whole.",
      [[receipts(), "Receipts"]]);
    }
    if (run.receipt) {
      conclude();
      return say("bad", "It was paid, but what came cannot be shown here.",
        [[receipts(run.receipt.name), "Its receipt"]]);
    }
    say("bad", "The answer did not arrive whole, so whether it was paid is not known here.",
      [[receipts(), "Receipts tell."]]);
  }

  // Not `disabled`, and not hidden under the focus: it would fall to the top of the page.
  function isBusy(value) {
    form.setAttribute("aria-busy", String(value));
    ask.setAttribute("aria-disabled", String(value));
    if (!value && document.activeElement === stop) ask.focus();
    stop.hidden = !value;
  }

  async function send() {
    run = {
      abort: new AbortController(), data: "", length: 0, isOver: false, isRefused: false,
      usage: null, receipt: null
    };
    answer.replaceChildren();
    answer.hidden = false;
    facts.replaceChildren();
    outcome.hidden = true;
    document.getElementById("try-result").hidden = false;
    note.textContent = "The first call to a seller opens a payment channel, which takes a moment.";
    isBusy(true);
    var headers = { "x-csrf-token": form.dataset.token };
    // Of a form, the browser says itself what its boundary is.
    if (!media || !media.isForm) headers["content-type"] = "application/json";
    if (kind === "json" || (media && media.isForm)) {
      headers["x-stoa-provider"] = JSON.stringify({ only: [form.dataset.seller] });
    }
    if (kind === "json") headers["x-stoa-model"] = form.dataset.model;
    try {
      var reply = await fetch(form.dataset.path, {
        method: "POST", headers: headers, body: body(), signal: run.abort.signal
      });
      if (!reply.ok) {
        var refusal = await reply.json();
        refuse(refusal.error || {
          message: refusal.detail, hint: refusal.hint, money_moved: refusal.moneyMoved
        }, reply.status);
      } else if (kind === "chat") {
        await stream(reply);
      } else {
        await whole(reply);
      }
      conclude();
      // The outcome of a refusal is an alert of its own.
      note.textContent = run.isRefused ? "" : "The answer is there"
        + (run.receipt ? ", for " + window.stoa.money(run.receipt.cost) : "") + ".";
    } catch (error) {
      note.textContent = "";
      failed(error);
    }
    answer.hidden = !answer.hasChildNodes();
    isBusy(false);
  }

  form.addEventListener("submit", function (event) {
    event.preventDefault();
    if (ask.getAttribute("aria-disabled") !== "true") send();
  });
  field.addEventListener("keydown", function (event) {
    if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) form.requestSubmit();
  });
  stop.addEventListener("click", function () { run.abort.abort(); });
})();
