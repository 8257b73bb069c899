// The promise in the reply box: opened by its key, filled from what was written or selected, cleared when shut.
(function () {
  "use strict";
  const WAIT = 700; // ms after the last stroke
  const HOLDS_TIME = /\d|今|明|后天|小时|分钟|工作日|半|today|tomorrow|within/i;

  function start(box) {
    const form = box.closest("form");
    const text = form.querySelector("textarea[name=text]");
    const what = box.querySelector("[name=promise_what]");
    const at = box.querySelector("[name=promise_at]");
    const hint = box.querySelector("[data-promise-hint]");
    const plain = hint.textContent;
    let timer = 0;

    function guess(words) {
      const data = new FormData();
      data.append("text", words);
      data.append("csrfmiddlewaretoken", form.querySelector("[name=csrfmiddlewaretoken]").value);
      return fetch(box.dataset.guess, { method: "POST", body: data, credentials: "same-origin" })
        .then((answer) => (answer.ok ? answer.json() : null))
        .catch(() => null);
    }

    function choose(value) {
      const radio = Array.from(box.querySelectorAll("[name=promise_by]")).find((one) => one.value === value);
      if (radio) radio.checked = true;
      return Boolean(radio);
    }

    async function fill() {
      const chosen = text.value.slice(text.selectionStart, text.selectionEnd).trim();
      const found = await guess(chosen || text.value);
      if (!box.open) return;
      if (found && !what.value) what.value = chosen.slice(0, 300) || found.what;
      if (found && found.due && !choose(found.due)) {
        at.value = found.due;
        choose("at");
      } else if (!found || !found.due) {
        const first = box.querySelector("[name=promise_by]");
        if (first) first.checked = true;
      }
      what.focus();
    }

    box.addEventListener("toggle", function () {
      hint.textContent = plain;
      box.classList.remove("found");
      if (box.open) {
        fill();
      } else {
        what.value = at.value = "";
        choose("");
      }
    });
    at.addEventListener("input", function () { choose("at"); });
    text.addEventListener("input", function () {
      clearTimeout(timer);
      if (box.open) return;
      timer = setTimeout(async function () {
        const found = HOLDS_TIME.test(text.value) ? await guess(text.value) : null;
        if (box.open) return;
        box.classList.toggle("found", Boolean(found && found.words));
        hint.textContent = (found && found.words) || plain;
      }, WAIT);
    });
    form.addEventListener("keydown", function (event) {
      if (!event.altKey || event.ctrlKey || event.metaKey || event.code !== "KeyW") return;
      event.preventDefault();
      box.open = !box.open;
      if (!box.open) text.focus();
    });
  }

  function startAll() { document.querySelectorAll("[data-promise]").forEach(start); }
  document.addEventListener("htmx:afterSwap", function (event) { if (event.target.id === "look") startAll(); });
  startAll();
})();
