// The pages of queues: columns put in order.
(function () {
  "use strict";
  document.addEventListener("click", function (event) {
    const button = event.target.closest("[data-sortable] [data-up], [data-sortable] [data-down]");
    if (!button) return;
    const item = button.closest("li");
    const up = button.hasAttribute("data-up");
    const other = up ? item.previousElementSibling : item.nextElementSibling;
    if (!other) return;
    if (up) other.before(item); else other.after(item);
    button.focus();
  });
})();
