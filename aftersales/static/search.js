// The one box: arrow keys walk what was found, Enter opens it, Escape puts it away. htmx brings the suggestions.
(function () {
  "use strict";
  function box() { return document.querySelector("[data-search-all]"); }
  function options() { return Array.from(document.querySelectorAll("#gs-found [role=option]")); }
  function chosen() { return options().find(function (one) { return one.getAttribute("aria-selected") === "true"; }); }

  function choose(one) {
    for (const other of options()) other.setAttribute("aria-selected", String(other === one));
    if (one) { box().setAttribute("aria-activedescendant", one.id); one.scrollIntoView({ block: "nearest" }); }
    else box().removeAttribute("aria-activedescendant");
  }

  function clear() {
    const found = document.getElementById("gs-found");
    if (found) found.replaceChildren();
    choose(null);
    box().setAttribute("aria-expanded", "false");
  }

  document.addEventListener("keydown", function (event) {
    if (event.isComposing || !event.target.matches || !event.target.matches("[data-search-all]")) return;
    const all = options();
    const at = all.indexOf(chosen());
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (!all.length) return;
      event.preventDefault();
      const by = event.key === "ArrowDown" ? 1 : -1;
      choose(all[(at + by + all.length + (at < 0 && by < 0 ? 1 : 0)) % all.length]);
    } else if (event.key === "Enter" && at >= 0) {
      event.preventDefault();
      all[at].click();
    } else if (event.key === "Escape" && all.length) {
      event.stopPropagation();
      clear();
    }
  }, true);

  document.addEventListener("input", function (event) {
    if (event.target.matches("[data-search-all]") && !event.target.value.trim()) clear();
  });

  document.addEventListener("htmx:afterSwap", function (event) {
    if (event.target.id === "gs-found" && box()) box().setAttribute("aria-expanded", String(options().length > 0));
  });

  // Answers to a word that is no longer in the box are not shown.
  document.addEventListener("htmx:beforeSwap", function (event) {
    if (event.detail.target.id === "gs-found" && !box().value.trim()) event.detail.shouldSwap = false;
  });

  // On the page of everything found the arrow keys walk the hits as well.
  document.addEventListener("keydown", function (event) {
    if (event.isComposing || (event.key !== "ArrowDown" && event.key !== "ArrowUp")) return;
    const hits = Array.from(document.querySelectorAll("[data-hit]"));
    const at = hits.indexOf(document.activeElement);
    if (!hits.length || (at < 0 && document.activeElement.id !== "q")) return;
    event.preventDefault();
    const next = at + (event.key === "ArrowDown" ? 1 : -1);
    if (next < 0) document.getElementById("q").focus(); else if (hits[next]) hits[next].focus();
  });
})();
