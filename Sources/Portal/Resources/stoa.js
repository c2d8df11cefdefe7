// Small conveniences; every page can be read without them.
(function () {
  "use strict";

  // A whole number of a unit's smallest parts, with every digit: nothing is rounded.
  function exact(text, decimals) {
    var digits = text.padStart(decimals + 1, "0");
    var point = digits.length - decimals;
    var fraction = digits.slice(point).replace(/0+$/, "");
    var whole = digits.slice(0, point).replace(/\B(?=(\d{3})+$)/g, ",");
    return whole + (fraction ? "." + fraction : "");
  }

  // Obol, in whole numbers, as STOA.
  function money(text) { return exact(text, 9) + " STOA"; }

  window.stoa = { exact: exact, money: money, addLibrary: addLibrary };

  function isDark() {
    var theme = document.documentElement.dataset.theme;
    return theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  }

  function toggleTheme() {
    var theme = isDark() ? "light" : "dark";
    document.documentElement.dataset.theme = theme;
    try {
      localStorage.setItem("theme", theme);
    } catch (error) {
      // It lasts as long as the page, then.
    }
  }

  // Where browsers do not copy, as over http, no button says that it does.
  if (!navigator.clipboard) document.documentElement.classList.add("no-copy");
  var copied = document.createElement("span");
  copied.className = "hidden";
  copied.id = "copied";
  copied.setAttribute("role", "status");
  document.body.append(copied);

  function copy(button) {
    if (!navigator.clipboard) return;
    copied.textContent = "";
    navigator.clipboard.writeText(button.dataset.copy).then(function () {
      copied.textContent = "Copied.";
      var use = button.querySelector("use");
      use.setAttribute("href", "#i-done");
      button.classList.add("copied");
      setTimeout(function () {
        use.setAttribute("href", "#i-copy");
        button.classList.remove("copied");
      }, 1200);
    }).catch(function () {
      copied.textContent = "The browser did not copy it: select the text and copy that.";
    });
  }

  document.addEventListener("click", function (event) {
    var button = event.target.closest("[data-copy]");
    if (button) return copy(button);
    if (event.target.closest("[data-theme-toggle]")) return toggleTheme();
    if (event.target.closest("[data-print]")) return print();
    // A click beside an open menu closes it.
    document.querySelectorAll("details.menu[open]").forEach(function (menu) {
      if (!menu.contains(event.target)) menu.open = false;
    });
  });

  // A form is sent once: a second press before its answer would make a second key, and nobody would
  // see the first. Whoever waits longer than this, or comes back, may send it again.
  var sentMilliseconds = 15000;

  function hold(form, isSent) {
    form.toggleAttribute("data-sent", isSent);
    form.querySelectorAll("[type=submit]").forEach(function (button) {
      // Not `disabled`: a button that sends a value would not send it then.
      button.setAttribute("aria-disabled", String(isSent));
    });
  }

  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (event.defaultPrevented || form.getAttribute("method") !== "post") return;
    if (form.hasAttribute("data-sent")) return event.preventDefault();
    hold(form, true);
    setTimeout(function () { hold(form, false); }, sentMilliseconds);
  });
  addEventListener("pageshow", function () {
    document.querySelectorAll("form[data-sent]").forEach(function (form) { hold(form, false); });
  });

  function asked(form) { return String(new URLSearchParams(new FormData(form))); }

  var liveForms = Array.from(document.querySelectorAll("form[hx-get]"), function (form) {
    return { form: form, asked: asked(form) };
  });

  // A library is larger than the page: it comes once the page is there to be read.
  function addLibrary(path, begin) {
    addEventListener("load", function () {
      var script = document.createElement("script");
      script.src = path;
      script.addEventListener("load", begin);
      document.head.append(script);
    });
  }

  // What makes lists answer while somebody types looks for what was chosen meanwhile.
  var library = document.querySelector("meta[name=htmx-script]");
  if (library) {
    addLibrary(library.content, function () {
      liveForms.forEach(function (live) {
        if (asked(live.form) !== live.asked) live.form.dispatchEvent(new Event("change"));
      });
    });
  }

  document.addEventListener("keydown", function (event) {
    var menu = document.querySelector("details.menu[open]");
    if (event.key === "Escape" && menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
})();
