// Waits for an offer to appear on the ledger, and leads to it.
(function () {
  "use strict";

  var box = document.getElementById("waiting");
  if (!box) return;
  var since = Number(box.dataset.since);
  var query = "/api/v1/offers?limit=10&sort=newest&text=" + encodeURIComponent(box.dataset.model);
  var questionsMax = 400;
  var asked = 0;

  function show(offer) {
    var link = box.querySelector("a");
    box.querySelector("[role=status]").textContent = "Your offer is in the market.";
    link.href = "/offers/" + offer.id;
    link.textContent = "See it";
    link.className = "button";
    box.dataset.state = "found";
  }

  function giveUp() {
    box.querySelector("[role=status]").textContent =
      "Nothing yet. What did the command say? Load this page again to wait on.";
  }

  async function ask() {
    asked += 1;
    try {
      var answer = await fetch(query, { credentials: "omit" });
      var list = answer.ok ? (await answer.json()).data : [];
      var found = list.find(function (offer) {
        return offer.model === box.dataset.model && Number(offer.publishedAt) > since;
      });
      if (found) return show(found);
    } catch (error) {
      // The next question may be answered.
    }
    if (asked < questionsMax) setTimeout(ask, 3000); else giveUp();
  }

  ask();
})();
