// Who else has the ticket open, and who writes: a light beat while the page is seen. It costs the database nothing.
(function () {
  "use strict";

  function start() {
    const place = document.getElementById("here");
    if (!place) return;
    const form = document.getElementById("reply");
    let typed = 0;
    let told = 0;

    function beat() {
      if (document.hidden) return;
      const typing = Date.now() - typed < 6000;
      fetch(place.dataset.here + (typing ? "&typing" : ""), { headers: { "X-Background": "1" }, redirect: "manual" })
        .then(function (answer) { return answer.status === 200 ? answer.text() : ""; })
        .then(function (html) { return html.trim(); })
        .then(function (html) { if (place.innerHTML !== html) place.innerHTML = html; })
        .catch(function () {});
    }

    if (form) {
      form.addEventListener("input", function () {
        typed = Date.now();
        if (typed - told > 4000) { told = typed; beat(); }
      });
    }
    document.addEventListener("visibilitychange", beat);
    window.addEventListener("pagehide", function () { fetch(place.dataset.here + "&leave", { keepalive: true, headers: { "X-Background": "1" } }).catch(function () {}); });
    window.setInterval(beat, 5000);
    beat();
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();

// Older messages are put before what is read; what is read stays where it is.
(function () {
  "use strict";
  let pane = null;
  let below = 0;
  document.addEventListener("htmx:beforeSwap", function (event) {
    const from = event.detail.requestConfig && event.detail.requestConfig.elt;
    if (!from || !from.hasAttribute || !from.hasAttribute("data-older")) return;
    pane = from.closest(".scr");
    below = pane.scrollHeight - pane.scrollTop;
  });
  document.addEventListener("htmx:afterSettle", function () {
    if (!pane) return;
    pane.scrollTop = pane.scrollHeight - below;
    pane = null;
  });
})();
