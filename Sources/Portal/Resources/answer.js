// Asks the API what a form says, and shows what it answers, with line breaks.
(function () {
  "use strict";

  var box = document.getElementById("answer");
  if (!box) return;
  var head = document.getElementById("answer-head");
  var text = document.getElementById("answer-text");
  var bytesMax = 100000;
  var waitMilliseconds = 5000;

  // Streams never end: what came within a few seconds is enough of them.
  async function read(answer, abort) {
    var reader = answer.body.getReader();
    var decoder = new TextDecoder();
    var found = "";
    try {
      for (;;) {
        var piece = await reader.read();
        if (piece.done) return found;
        found += decoder.decode(piece.value, { stream: true });
        if (found.length > bytesMax) {
          abort.abort();
          return found.slice(0, bytesMax) + "\n…";
        }
      }
    } catch (error) {
      return found + "\n…";
    }
  }

  function pretty(found) {
    try {
      return JSON.stringify(JSON.parse(found), null, 2);
    } catch (error) {
      return found;
    }
  }

  async function ask() {
    var abort = new AbortController();
    var timer = setTimeout(function () { abort.abort(); }, waitMilliseconds);
    var began = performance.now();
    try {
      var answer = await fetch(box.dataset.path, { signal: abort.signal });
      var milliseconds = Math.round(performance.now() - began);
      head.textContent = "Status " + answer.status + " after " + milliseconds + " ms";
      text.textContent = pretty(await read(answer, abort)) || "(no body)";
    } catch (error) {
      head.textContent = "No answer";
      text.textContent = "The market does not answer, or takes too long.";
    }
    clearTimeout(timer);
    box.dataset.state = "shown";
  }

  ask();
})();
