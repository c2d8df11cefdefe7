// What the dialog says around a signature: the transaction in plain words, what stands in its way,
// what a refusal means and what comes next. transact.js prepares, signs and sends it.
(function () {
  "use strict";

  var summary = document.getElementById("transact-summary");
  var whole = document.getElementById("transact-whole");
  var outcome = document.getElementById("transact-outcome");
  if (!summary || !whole || !window.stoa) return;
  var asked = null;

  function begin(form) {
    asked = form;
    whole.replaceChildren();
    whole.parentElement.hidden = true;
    whole.parentElement.open = false;
  }

  // The plain sentences stand on top; the whole ones, with every member that is signed, stay one
  // press away, unless they are the same.
  function tell(prepared) {
    var lines = prepared.summary.join("\n");
    if (prepared.plain.join("\n") !== lines) {
      whole.replaceChildren.apply(whole, Array.from(summary.children));
      prepared.plain.forEach(function (text) {
        var item = document.createElement("li");
        item.textContent = text;
        summary.append(item);
      });
      whole.parentElement.hidden = false;
    }
    if (!prepared.obstacles.length) return;
    throw new Error("The ledger would refuse it: " + prepared.obstacles.join(" "));
  }

  // A refusal's sentence stands on its page; without it, its name stays.
  async function explain(refusal) {
    var answer = await fetch("/problems/" + refusal, { credentials: "omit" });
    if (!answer.ok) return;
    var page = new DOMParser().parseFromString(await answer.text(), "text/html");
    var meaning = page.getElementById("meaning");
    var said = outcome.firstChild;
    if (meaning && said) {
      said.textContent = said.textContent.replace("Refused: " + refusal + ".",
        meaning.textContent.trim());
    }
  }

  function end(result) {
    if (!result.accepted) return explain(result.refusal).catch(function () {});
    if (!asked || !asked.dataset.next) return null;
    var link = document.createElement("a");
    link.href = asked.dataset.next;
    link.textContent = asked.dataset.nextText;
    link.className = "next-step";
    outcome.append(" ", link);
    return null;
  }

  window.stoa.dialog = { begin: begin, tell: tell, end: end };
})();
