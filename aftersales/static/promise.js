// The promise in the reply box: opened by its key, filled from what was written or selected, cleared when shut.
(function () {
  "use strict";
  const WAIT = 700; // ms after the last stroke
  const HOLDS_TIME = /\d|[今明周天日月点半]|小时|分钟|星期|礼拜|today|tonight|noon|hour|minute|day|week|morrow/i;

  function start(box) {
    const form = box.closest("form");
    const text = form.querySelector("textarea[name=text]");
    const what = box.querySelector("[name=promise_what]");
    const at = box.querySelector("[name=promise_at]");
    const ask = box.querySelector("[data-promise-ask]");
    const hint = box.querySelector("[data-promise-hint]");
    const plain = hint.textContent;
    let timer = 0;

    function guess(words, called) {
      const data = new FormData();
      data.append("text", words);
      if (called) data.append("called", "1");
      data.append("csrfmiddlewaretoken", form.querySelector("[name=csrfmiddlewaretoken]").value);
      return fetch(box.dataset.guess, { method: "POST", body: data, credentials: "same-origin" })
        .then((answer) => (answer.ok ? answer.json() : null))
        .catch(() => null);
    }

    function choose(value) {
      const radio = times().find((one) => one.value === value);
      if (radio) radio.checked = true;
      return Boolean(radio);
    }

    function times() { return Array.from(box.querySelectorAll("[name=promise_by]")); }

    // A time is taken from the words or chosen by hand; nobody is bound to one that he did not say.
    async function fill() {
      const chosen = text.value.slice(text.selectionStart, text.selectionEnd).trim();
      for (const one of times()) one.checked = false;
      const found = await guess(chosen || text.value, true);
      if (!box.open) return;
      if (found && !what.value) what.value = chosen.slice(0, 300) || found.what;
      if (!times().some((one) => one.checked)) {
        if (found && found.due && !choose(found.due)) {
          at.value = found.due;
          choose("at");
        }
        ask.hidden = times().some((one) => one.checked);
      }
      if (ask.hidden) what.focus();
      else if (times().length) times()[0].focus();
    }

    box.addEventListener("toggle", function () {
      hint.textContent = plain;
      box.classList.remove("found");
      ask.hidden = true;
      if (!box.open) {
        what.value = at.value = "";
        choose("");
      } else if (!what.value && !at.value) { // else it came back with what was promised
        fill();
      }
    });
    at.addEventListener("input", function () { choose("at"); ask.hidden = true; });
    box.addEventListener("change", function (event) { if (event.target.name === "promise_by") ask.hidden = true; });
    form.addEventListener("submit", function (event) {
      const dropping = event.submitter && event.submitter.hasAttribute("data-drop");
      if (!box.open || !box.offsetParent || dropping || times().some((one) => one.checked)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      ask.hidden = false;
      if (times().length) times()[0].focus();
    }, true);
    text.addEventListener("input", function () {
      clearTimeout(timer);
      if (box.open) return;
      timer = setTimeout(async function () {
        const found = HOLDS_TIME.test(text.value) ? await guess(text.value, false) : null;
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
