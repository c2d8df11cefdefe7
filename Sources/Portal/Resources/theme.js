// Runs before the first paint: the chosen theme, and that there is a script at all.
(function () {
  "use strict";
  var root = document.documentElement;
  root.classList.add("js");
  // Browsers copy for pages over TLS alone: elsewhere the buttons would do nothing.
  if (!navigator.clipboard) root.classList.add("no-copy");
  try {
    var theme = localStorage.getItem("theme");
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  } catch (error) {
    // Without storage the system's theme stays.
  }
})();
