// In the reply box: / opens the answer templates, @ in a note the people who can see the ticket. Type to narrow,
// arrows to walk, Enter to take, Escape to leave. The lists come from the server once, when they are first asked for.
(function () {
  "use strict";

  function start() {
    const form = document.getElementById("reply");
    if (!form) return;
    const box = form.elements.text;
    const panel = document.createElement("div");
    const lists = {};
    let open = null; // what is open: its kind, where its mark stands, the options that fit
    panel.className = "pick";
    panel.hidden = true;
    form.append(panel);

    function note() {
      const voice = form.querySelector("input[name=voice]:checked");
      return voice ? voice.value : "";
    }

    // The word at the caret that begins with / or @, when nothing but a blank or a line's end stands before it.
    function word() {
      const upTo = box.value.slice(0, box.selectionStart);
      const found = /(^|[\s，。！？、；：（(])([/@])([^\s/@]{0,24})$/.exec(upTo);
      if (!found || (found[2] === "@" && note() !== "note")) return null;
      return { kind: found[2], at: upTo.length - found[3].length - 1, typed: found[3].toLowerCase() };
    }

    function look() {
      const now = word();
      if (!now || box.selectionStart !== box.selectionEnd) { close(); return; }
      const address = now.kind === "/" ? form.dataset.answers : form.dataset.people;
      if (!address) return;
      if (!lists[now.kind]) {
        lists[now.kind] = fetch(address, { redirect: "manual" })
          .then(function (answer) { return answer.ok ? answer.text() : ""; }).catch(function () { return ""; });
      }
      lists[now.kind].then(function (html) {
        const still = word();
        if (!still || still.kind !== now.kind) return;
        if (!open || open.kind !== now.kind) panel.innerHTML = html; // made by our own templates, escaped there
        show(still);
      });
    }

    function show(now) {
      const all = Array.from(panel.querySelectorAll("[role=option]"));
      const fit = all.filter(function (item) {
        item.hidden = !item.dataset.words.toLowerCase().includes(now.typed) || (!now.typed && item.hasAttribute("data-rest"));
        return !item.hidden;
      });
      const none = panel.querySelector("[data-none]");
      if (none) none.hidden = fit.length > 0;
      if (now.kind === "@" && !fit.length) { close(); return; }
      open = { kind: now.kind, at: now.at, fit: fit, chosen: 0 };
      panel.hidden = false;
      box.setAttribute("aria-controls", "pick-list");
      mark();
    }

    function mark() {
      panel.querySelectorAll("[role=option]").forEach(function (item) { item.setAttribute("aria-selected", "false"); });
      const item = open.fit[open.chosen];
      if (!item) { box.removeAttribute("aria-activedescendant"); return; }
      item.setAttribute("aria-selected", "true");
      item.scrollIntoView({ block: "nearest" });
      box.setAttribute("aria-activedescendant", item.id);
    }

    function close() {
      open = null;
      panel.hidden = true;
      box.removeAttribute("aria-activedescendant");
    }

    function put(at, text) {
      const end = box.selectionStart;
      box.setRangeText(text, at, end, "end");
      const blank = /\{[A-Za-z][A-Za-z_]{0,30}\}/.exec(text);
      if (blank) box.setSelectionRange(at + blank.index, at + blank.index + blank[0].length);
      box.dispatchEvent(new Event("input", { bubbles: true }));
      close();
      box.focus();
    }

    function take(item) {
      const at = open.at;
      if (item.dataset.name) { put(at, "@" + item.dataset.name + " "); return; }
      close();
      fetch(item.dataset.fill + "?voice=" + encodeURIComponent(note()), { redirect: "manual" })
        .then(function (answer) { return answer.json(); })
        .then(function (filled) { if (filled.text) { put(at, filled.text); missing(filled.missing); } })
        .catch(function () {});
    }

    function missing(words) {
      const old = form.querySelector(".blank-n");
      if (old) old.remove();
      if (!words.length) return;
      const line = document.createElement("p");
      line.className = "blank-n";
      line.setAttribute("role", "status");
      line.textContent = form.dataset.missing + " " + words.join(form.dataset.comma);
      box.after(line);
    }

    box.addEventListener("input", function () {
      look();
      const line = form.querySelector(".blank-n");
      if (line && !/\{[A-Za-z][A-Za-z_]{0,30}\}/.test(box.value)) line.remove();
    });
    box.addEventListener("blur", function () { window.setTimeout(function () { if (document.activeElement !== box) close(); }, 200); });
    box.addEventListener("keydown", function (event) {
      if (!open || event.isComposing || event.ctrlKey || event.metaKey) return;
      if (event.key === "Escape") { close(); }
      else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        const many = open.fit.length || 1;
        open.chosen = (open.chosen + (event.key === "ArrowDown" ? 1 : many - 1)) % many;
        mark();
      } else if ((event.key === "Enter" || event.key === "Tab") && open.fit[open.chosen]) { take(open.fit[open.chosen]); }
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
    panel.addEventListener("mousedown", function (event) {
      const item = event.target.closest("[role=option]");
      if (!item || !open) return;
      event.preventDefault();
      take(item);
    });
  }

  document.addEventListener("htmx:afterSwap", function (event) { if (event.target.id === "look") start(); });
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
