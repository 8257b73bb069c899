// The receiving desk: what is counted now is taken as in order until somebody says otherwise, and the refund follows.
(function () {
  "use strict";
  function number(field) { return field ? Math.max(0, parseInt(field.value, 10) || 0) : 0; }

  function fields(piece) {
    const found = {};
    for (const name of ["now", "accepted", "damaged", "missing", "wrong"]) found[name] = piece.querySelector('[name^="' + name + '-"]');
    return found;
  }

  function recount(piece, changed) {
    const f = fields(piece);
    if (!f.now) return;
    const all = number(f.now) + (parseInt(piece.dataset.received, 10) || 0);
    if (changed !== f.accepted) f.accepted.value = Math.max(0, all - number(f.damaged) - number(f.missing) - number(f.wrong));
    const sum = number(f.accepted) + number(f.damaged) + number(f.missing) + number(f.wrong);
    piece.querySelector("[data-sum]").hidden = sum === all;
    unjudged(piece, number(f.accepted) + number(f.damaged) === 0);
  }

  // Where none of the article itself was found, it has no grade and is not sold again; what stood there comes back with it.
  function unjudged(piece, none) {
    for (const name of ["grade", "resellable"]) {
      const field = piece.querySelector('[name^="' + name + '-"]');
      if (none && field.value) { field.dataset.stood = field.value; field.value = ""; }
      else if (!none && !field.value && field.dataset.stood) field.value = field.dataset.stood;
    }
  }

  let waiting = 0;
  document.addEventListener("input", function (event) {
    const piece = event.target.closest("[data-piece]");
    const form = event.target.closest("form.rc");
    if (!form || event.target.type === "file") return;
    if (piece && event.target.classList.contains("rc-n")) recount(piece, event.target);
    clearTimeout(waiting);
    waiting = setTimeout(function () { form.dispatchEvent(new CustomEvent("recount")); }, 300);
  });

  // A scanner ends with Enter: in the counting form it must not send what is half filled in.
  document.addEventListener("keydown", function (event) {
    if (event.key === "Enter" && event.target.matches("form.rc input:not([type=submit])")) event.preventDefault();
  });
})();
