// The first tour: one step at a time in a dialog; without the script its link opens a page with all of them.
(function () {
  "use strict";
  function show(dialog, at) {
    const steps = Array.from(dialog.querySelectorAll(".tours li"));
    const to = Math.max(0, Math.min(steps.length - 1, at));
    steps.forEach(function (step, n) { step.hidden = n !== to; });
    dialog.dataset.at = String(to);
    dialog.querySelector("[data-step-no]").textContent = (to + 1) + " / " + steps.length;
    dialog.querySelector("[data-step-back]").hidden = to === 0;
    dialog.querySelector("[data-on]").hidden = to === steps.length - 1;
    dialog.querySelector("[data-end-tour]").hidden = to !== steps.length - 1;
    steps[to].querySelector("h3").focus();
  }
  document.addEventListener("click", function (event) {
    const dialog = document.getElementById("tour");
    const at = event.target.closest("[data-tour], #tour [data-on], #tour [data-step-back]");
    if (!dialog || !at) return;
    event.preventDefault();
    if (at.hasAttribute("data-tour")) { if (!dialog.open) dialog.showModal(); show(dialog, 0); return; }
    show(dialog, Number(dialog.dataset.at || 0) + (at.hasAttribute("data-on") ? 1 : -1));
  });
  document.addEventListener("keydown", function (event) {
    const dialog = document.getElementById("tour");
    if (event.isComposing || !dialog || !dialog.open) return;
    if (event.key === "ArrowRight") show(dialog, Number(dialog.dataset.at || 0) + 1);
    else if (event.key === "ArrowLeft") show(dialog, Number(dialog.dataset.at || 0) - 1);
  });
})();
