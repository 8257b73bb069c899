// The staff side's only script: side bar, theme, dialogs, keys, messages, minute-fresh clocks, htmx manners.
// Everything hangs on data attributes, nothing is inline, and a page works without it for reading.
// Unfold's pages load htmx without our settings: its inline style for indicators would break the content policy.
if (window.htmx) window.htmx.config.includeIndicatorStyles = false;

function desk() {
  "use strict";
  const root = document.documentElement;
  const body = document.body;
  const own = body.classList.contains("desk");

  function keep(key, value) {
    try { localStorage.setItem(key, JSON.stringify(value)); } catch { /* private window: not kept */ }
  }

  // Side bar and theme ---------------------------------------------------------------------------------------
  function toggleNav() {
    if (matchMedia("(max-width: 800px)").matches) {
      body.classList.toggle("nav-open");
    } else {
      keep("desk.folded", root.classList.toggle("folded"));
    }
  }

  function setTheme(theme) {
    keep("_x_adminTheme", theme);
    root.dataset.chosen = theme === "auto" ? "" : theme;
    const dark = theme === "dark" || (theme === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
    root.classList.toggle("dark", dark);
    showTheme();
  }

  // The choice is kept with the person: the form behind the button is sent without leaving the page.
  function keepTaste(button) {
    const form = button.form;
    if (!form) return;
    const sent = new FormData(form);
    sent.set(button.name, button.value);
    document.cookie = "theme=" + button.value + "; path=/; max-age=31536000; samesite=lax";
    fetch(form.action, { method: "POST", body: new URLSearchParams(sent), redirect: "manual" }).catch(function () {});
  }

  function showTheme() {
    let theme = "auto";
    try { theme = JSON.parse(localStorage.getItem("_x_adminTheme")) || "auto"; } catch { /* default */ }
    for (const b of document.querySelectorAll("[data-theme]")) {
      b.setAttribute("aria-pressed", String(b.dataset.theme === theme));
    }
  }

  // Dialogs --------------------------------------------------------------------------------------------------
  function openDialog(id) {
    const dialog = document.getElementById(id);
    if (dialog && !dialog.open) {
      dialog.showModal();
      focusFirst(dialog);
    }
  }

  function focusFirst(dialog) {
    const first = dialog.querySelector("[autofocus], textarea, select, input:not([type=hidden])");
    if (first) first.focus();
  }

  document.addEventListener("click", function (event) {
    const at = event.target.closest("[data-dialog],[data-close],[data-hide],[data-nav],[data-theme],[data-print],[data-copy],[data-fill]");
    if (event.target.matches && event.target.matches("dialog.dlg")) event.target.close();
    for (const menu of document.querySelectorAll("details.me[open], details.pop[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
    if (!at) return;
    if (at.dataset.dialog && at.getAttribute("aria-disabled") !== "true") {
      if (at.href) event.preventDefault(); // without the script the link opens it
      if (at.hasAttribute("hx-get")) document.getElementById(at.dataset.dialog).replaceChildren(); // it is asked for anew
      openDialog(at.dataset.dialog);
    }
    else if (at.hasAttribute("data-close")) (at.closest("dialog") ? at.closest("dialog").close() : at.closest(".toast, .closable").remove());
    else if (at.dataset.hide) document.getElementById(at.dataset.hide).hidden = true;
    else if (at.hasAttribute("data-nav")) toggleNav();
    else if (at.dataset.theme) { event.preventDefault(); setTheme(at.dataset.theme); keepTaste(at); }
    else if (at.hasAttribute("data-print")) window.print();
    else if (at.dataset.fill) fillIn(at);
    else if (at.dataset.copy) copy(at);
  });

  // Without a secure address there is no clipboard: then the text is selected, ready to be copied by hand.
  function copy(button) {
    const field = document.getElementById(button.dataset.copy);
    if (!field) return;
    field.select();
    if (navigator.clipboard) navigator.clipboard.writeText(field.value);
    else document.execCommand("copy");
  }

  function fillIn(button) {
    const field = document.getElementById(button.dataset.fill);
    if (!field) return;
    field.value = field.value ? field.value + "\n" + button.dataset.text : button.dataset.text;
    field.focus();
    const box = button.closest("details[open]");
    if (box) box.open = false;
  }

  // An act on the chosen rows takes those that are chosen at the moment of the click.
  document.addEventListener("submit", function (event) {
    const form = event.target;
    if (!form.hasAttribute("data-chosen") || !document.querySelector("[data-row]")) return;
    for (const old of form.querySelectorAll("input[name=ids]")) old.remove();
    for (const box of document.querySelectorAll("[data-row] input[name=ids]:checked")) {
      const field = document.createElement("input");
      field.type = "hidden";
      field.name = "ids";
      field.value = box.value;
      form.append(field);
    }
  });

  // One act, one request: a second click on a sent form does nothing.
  document.addEventListener("submit", function (event) {
    const form = event.target;
    if (form.method !== "post" || form.hasAttribute("data-again")) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    setTimeout(function () { delete form.dataset.sent; }, 4000);
  });

  // Tabs: buttons with data-tab show the panel of that id and hide their siblings' -----------------------------
  document.addEventListener("click", function (event) {
    const tab = event.target.closest("[data-tab]");
    if (!tab) return;
    for (const other of tab.closest("[role=tablist]").querySelectorAll("[data-tab]")) {
      const on = other === tab;
      other.setAttribute("aria-selected", String(on));
      const panel = document.getElementById(other.dataset.tab);
      if (panel) panel.hidden = !on;
    }
    if (tab.dataset.value) {
      const field = document.getElementById(tab.dataset.field);
      if (field) { field.value = tab.dataset.value; field.dispatchEvent(new Event("change", { bubbles: true })); }
    }
  });

  // The stream shows everything, the conversation, the notes or the timeline ------------------------------------
  document.addEventListener("click", function (event) {
    const button = event.target.closest("[data-show]");
    if (!button) return;
    for (const other of button.parentElement.querySelectorAll("[data-show]")) {
      other.setAttribute("aria-pressed", String(other === button));
    }
    const pane = button.closest(".conv").querySelector("[data-stream]");
    pane.dataset.stream = button.dataset.show;
    pane.scrollTop = pane.scrollHeight;
  });

  // To whom: after choosing, the box is ready to type in; the arrow keys go on walking the choices
  document.addEventListener("click", function (event) {
    const label = event.target.closest(".rt label");
    if (!label || event.target.matches("input")) return;
    window.setTimeout(function () { label.closest("form").querySelector("textarea").focus(); });
  });

  // Keys: an element with data-key is clicked or focused by it; ? lists them ------------------------------------
  function typing(target) {
    return target.closest("input:not([type=checkbox]), textarea, select, [contenteditable=true]");
  }

  // What stands in a closed menu works by its key as well, as long as the menu itself is there.
  function visible(element) {
    const menu = element.closest("details.pop:not([open])");
    return (menu || element).getClientRects().length > 0;
  }

  document.addEventListener("keydown", function (event) {
    if (event.isComposing) return;
    if ((event.ctrlKey || event.metaKey) && event.key === "Enter") {
      const form = event.target.closest("form");
      if (form) { event.preventDefault(); form.requestSubmit(); }
      return;
    }
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      const search = document.querySelector("[data-search-all]");
      if (search) { event.preventDefault(); search.focus(); search.select(); }
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || !own) return;
    if (body.dataset.keys === "off" && event.key.length === 1) return;
    if (event.key === "Escape") { escape(event); return; }
    if (typing(event.target) || document.querySelector("dialog[open]")) return;
    if (event.key === "?") { showKeys(); return; }
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (rowKeys(key, event)) return;
    for (const element of document.querySelectorAll('[data-key="' + CSS.escape(key) + '"]')) {
      if (!visible(element) || element.disabled || element.getAttribute("aria-disabled") === "true") continue;
      event.preventDefault();
      if (element.matches("input, textarea, select")) element.focus(); else element.click();
      return;
    }
    sayWhyNot(key);
  });

  // A key of an act that is not possible here says why, instead of nothing.
  function sayWhyNot(key) {
    if (key.length !== 1 || !(body.dataset.actKeys || "").includes(key)) return;
    const off = document.querySelector('[data-key-off="' + CSS.escape(key) + '"]');
    const words = off ? off.dataset.why : body.dataset.noKey.replace("{key}", key.toUpperCase());
    const told = Array.from(document.querySelectorAll(".toasts .toast p"));
    if (words && !told.some(function (line) { return line.textContent === words; })) say(words, "info");
  }

  function escape(event) {
    if (body.classList.contains("nav-open")) body.classList.remove("nav-open");
    else if (document.querySelector("#look:not([hidden])") && !typing(event.target)) document.getElementById("look").hidden = true;
    else if (typing(event.target) && !document.querySelector("dialog[open]")) event.target.blur();
  }

  function showKeys() {
    const dialog = document.getElementById("keys");
    if (!dialog) return;
    const list = dialog.querySelector(".keys");
    for (const made of list.querySelectorAll("[data-made]")) made.remove();
    const listed = new Set();
    for (const element of document.querySelectorAll("[data-key][data-key-label]")) {
      const shown = element.dataset.key.length === 1 ? element.dataset.key.toUpperCase() : element.dataset.key;
      const said = shown + " " + element.dataset.keyLabel; // the same act stands in several places
      if (listed.has(said) || element.closest("#look[hidden]")) continue;
      listed.add(said);
      const item = document.createElement("li");
      const word = document.createElement("span");
      const key = document.createElement("kbd");
      item.dataset.made = "1";
      word.textContent = element.dataset.keyLabel;
      key.textContent = shown;
      item.append(word, key);
      list.append(item);
    }
    dialog.showModal();
  }

  // Rows of a queue: J and K walk, Enter opens, X selects, R and N write in the quick look ---------------------------
  function rows() {
    return Array.from(document.querySelectorAll("[data-row]"));
  }

  function rowKeys(key, event) {
    if (!["j", "k", "Enter", "x", "r", "n"].includes(key)) return false;
    const all = rows();
    if (all.length && (key === "j" || key === "k") && ends(all, key)) { say(body.dataset.lastRow, "info"); event.preventDefault(); return true; }
    if (!all.length || (key === "Enter" && event.target.closest("a, button, summary, label"))) return false;
    const at = all.findIndex(function (row) { return row.getAttribute("aria-current") === "true"; });
    if (key === "j" || key === "k") {
      walk(all, at, key === "j" ? 1 : -1);
    } else if (key === "r" || key === "n") {
      const panel = document.getElementById("look");
      const bulk = document.querySelector(".bulk:not([hidden])"); // of chosen rows it is the bar's key
      if (at < 0 || !panel || !panel.hidden || bulk) return false;
      quickLook(all[at], key);
    } else if (at >= 0) {
      const target = all[at].querySelector(key === "Enter" ? "a[href]" : "input[type=checkbox]");
      if (target) target.click();
    } else {
      return false;
    }
    event.preventDefault();
    return true;
  }

  function ends(all, key) {
    const edge = key === "j" ? all[all.length - 1] : all[0];
    return edge.getAttribute("aria-current") === "true" && Boolean(body.dataset.lastRow);
  }

  function walk(all, at, by) {
    const next = all[Math.max(0, Math.min(all.length - 1, at < 0 ? 0 : at + by))];
    for (const row of all) row.removeAttribute("aria-current");
    next.setAttribute("aria-current", "true");
    next.scrollIntoView({ block: "nearest" });
    const panel = document.getElementById("look");
    if (panel && !panel.hidden) quickLook(next);
  }

  document.addEventListener("click", function (event) {
    const row = event.target.closest("[data-row]");
    if (!row || event.target.closest("a, button, input, label")) return;
    for (const other of rows()) other.removeAttribute("aria-current");
    row.setAttribute("aria-current", "true");
    quickLook(row);
  });

  // The quick look keeps the list in place; on a narrow window a click on a row opens the ticket instead.
  function quickLook(row, key) {
    const panel = document.getElementById("look");
    if (!panel || !row.dataset.look || !window.htmx) return;
    if (matchMedia("(max-width: 1100px)").matches) {
      const link = row.querySelector("a[href]");
      if (key) window.location.assign(link.href + (key === "n" ? "#note" : "#reply")); else link.click();
      return;
    }
    panel.hidden = false;
    window.htmx.ajax("GET", row.dataset.look, { target: panel, swap: "innerHTML" }).then(function () {
      if (key) body.dispatchEvent(new KeyboardEvent("keydown", { key: key, bubbles: true }));
    });
  }

  // Selection and the bulk bar ----------------------------------------------------------------------------------
  let asked = "";

  function showSelection() {
    const bar = document.querySelector(".bulk");
    if (!bar) return;
    const boxes = Array.from(document.querySelectorAll("[data-row] input[type=checkbox]"));
    const chosen = boxes.filter(function (box) { return box.checked; });
    for (const box of boxes) box.closest("[data-row]").classList.toggle("sel", box.checked);
    bar.hidden = chosen.length === 0;
    askWhatIsPossible(chosen);
    const count = bar.querySelector("[data-count]");
    if (count) count.textContent = String(chosen.length);
    const all = document.querySelector("[data-all]");
    if (all) { all.checked = chosen.length > 0 && chosen.length === boxes.length; all.indeterminate = chosen.length > 0 && !all.checked; }
  }

  // Which of the chosen an act would refuse, and why: one request for each change of the choice.
  function askWhatIsPossible(chosen) {
    const acts = document.getElementById("acts");
    const now = chosen.map(function (box) { return box.value; }).join(" ");
    if (!acts || !window.htmx || now === asked) return;
    asked = now;
    if (now) { acts.setAttribute("aria-busy", "true"); window.htmx.trigger(acts, "chosen"); }
  }

  document.addEventListener("change", function (event) {
    if (event.target.matches("[data-all]")) {
      for (const box of document.querySelectorAll("[data-row] input[type=checkbox]")) box.checked = event.target.checked;
    }
    if (event.target.matches("[data-all], [data-row] input[type=checkbox]")) showSelection();
    if (event.target.matches("#bulk-to") && window.htmx) window.htmx.trigger(document.getElementById("acts"), "chosen");
    if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
    if (event.target.matches("input[type=file][data-names]")) showNames(event.target);
    if (event.target.matches("[data-shows]")) showPart(event.target);
  });

  document.addEventListener("click", function (event) {
    if (!event.target.closest("[data-none]")) return;
    for (const box of document.querySelectorAll("[data-row] input[type=checkbox], [data-all]")) box.checked = false;
    showSelection();
  });

  function showNames(input) {
    const list = document.getElementById(input.dataset.names);
    list.textContent = Array.from(input.files).map(function (file) { return file.name; }).join(", ");
  }

  // A select with data-shows shows the part whose data-for equals its value.
  function showPart(select) {
    for (const part of document.querySelectorAll('[data-part="' + select.dataset.shows + '"]')) {
      const on = part.dataset.for.split(" ").includes(select.value);
      part.hidden = !on;
      for (const field of part.querySelectorAll("input, select, textarea")) field.disabled = !on;
    }
  }

  // Clocks: words and tone once a minute ------------------------------------------------------------------------
  let words = null;
  try { words = JSON.parse(body.dataset.words || "null"); } catch { words = null; }

  function put(pattern, values) {
    return pattern.replace(/%\((\w+)\)[ds]/g, function (_all, name) { return values[name]; });
  }

  function duration(seconds) {
    const s = Math.abs(Math.trunc(seconds));
    if (s < 3600) return put(words.minutes, { minutes: Math.floor(s / 60) });
    if (s < 172800) {
      const hours = Math.floor(s / 3600), minutes = Math.floor(s % 3600 / 60);
      return put(minutes ? words.hours_minutes : words.hours, { hours: hours, minutes: minutes });
    }
    const days = Math.floor(s / 86400), hours = Math.floor(s % 86400 / 3600);
    return put(hours ? words.days_hours : words.days, { days: days, hours: hours });
  }

  function refreshClocks() {
    if (!words) return;
    const now = Date.now() / 1000;
    for (const clock of document.querySelectorAll("[data-due]")) {
      const due = Number(clock.dataset.due), start = Number(clock.dataset.start), warn = Number(clock.dataset.warn);
      const tone = due < now ? "bad" : warn && now >= warn ? "warn" : "calm";
      const text = clock.querySelector(".clk-t b");
      if (text) text.textContent = put(due < now ? words.late : words.left, { duration: duration(due - now) });
      for (const part of [clock, ...clock.querySelectorAll(".bar")]) {
        part.classList.remove("k-calm", "k-warn", "k-bad");
        part.classList.add("k-" + tone);
      }
      const fill = clock.querySelector(".fi");
      if (fill && start) fill.setAttribute("width", String(Math.max(0, Math.min(100, Math.round(100 * (now - start) / (due - start))))));
    }
  }

  // Messages ----------------------------------------------------------------------------------------------------
  // The seconds count from when the page is there: on a slow machine a message would be gone before it can be read.
  function fade(toast) {
    if (toast.classList.contains("error")) return;
    const later = function () { setTimeout(function () { toast.remove(); }, 7000); };
    if (document.readyState === "complete") later();
    else window.addEventListener("load", later, { once: true });
  }

  function say(text, level) {
    const box = document.querySelector(".toasts");
    if (!box) return;
    const toast = document.createElement("div");
    const line = document.createElement("p");
    toast.className = "toast " + (level || "success");
    line.textContent = text;
    toast.append(line);
    box.append(toast);
    setTimeout(function () { toast.remove(); }, 7000);
  }

  // Numbers of the queue: they come after the page, with each beat, and have their places already -----------------
  const numbers = {};

  function showNumbers() {
    for (const place of document.querySelectorAll("[data-number]")) {
      const text = numbers[place.dataset.number];
      if (text === undefined) continue;
      place.textContent = text;
      if (place.dataset.number === "breached") place.classList.toggle("bad", text !== "0");
    }
  }

  document.addEventListener("numbers", function (event) { Object.assign(numbers, event.detail); showNumbers(); });

  // Those beside the words of the side bar, on every page: once the page stands, then once a minute while it is seen.
  function askNumbers() {
    const side = document.querySelector("[data-numbers]");
    if (!side || document.hidden) return;
    fetch(side.dataset.numbers, { headers: { "X-Background": "1" }, redirect: "manual" })
      .then(function (answer) { return answer.ok ? answer.json() : {}; })
      .then(function (found) { Object.assign(numbers, found); showNumbers(); })
      .catch(function () {});
  }

  // htmx ----------------------------------------------------------------------------------------------------------
  document.addEventListener("htmx:configRequest", function (event) {
    const token = body.dataset.csrf;
    if (token) event.detail.headers["X-CSRFToken"] = token;
  });
  document.addEventListener("htmx:afterSettle", function (event) {
    event.target.removeAttribute("aria-busy");
    showSelection();
    showNumbers();
    toEnd();
    if (event.target.matches("dialog[open]")) focusFirst(event.target);
  });
  document.addEventListener("htmx:afterRequest", function (event) {
    const dialog = event.target.closest && event.target.closest("dialog[open]");
    const into = event.detail.target;
    // What was sent is done; what a dialog only asks for, and what answers inside it, belongs into it.
    const inside = dialog && into !== dialog && dialog.contains(into);
    if (dialog && !inside && event.detail.successful && event.detail.requestConfig.verb !== "get") dialog.close();
  });
  document.addEventListener("htmx:responseError", function () { say(body.dataset.failed || "", "error"); });
  document.addEventListener("htmx:sendError", function () { say(body.dataset.failed || "", "error"); });
  document.addEventListener("say", function (event) { say(event.detail.text, event.detail.level); });

  // A conversation opens at its end.
  function toEnd() {
    for (const pane of document.querySelectorAll("[data-end]:not([data-ended])")) {
      pane.scrollTop = pane.scrollHeight;
      pane.dataset.ended = "1";
    }
  }

  // What stands above the conversation takes its height: the send button stays in the window.
  function fitConversation() {
    const pane = document.querySelector(".conv");
    if (!pane) return;
    const sticky = getComputedStyle(pane).position === "sticky";
    const above = pane.parentElement.getBoundingClientRect().top + window.scrollY;
    pane.style.minHeight = sticky ? "440px" : "";
    pane.style.height = sticky ? "calc(100vh - " + Math.round(above + 14) + "px)" : "";
  }

  showTheme();
  fitConversation();
  window.addEventListener("resize", fitConversation);
  document.addEventListener("htmx:afterSettle", fitConversation);
  askNumbers();
  setInterval(askNumbers, 60000);
  showSelection();
  toEnd();
  for (const select of document.querySelectorAll("[data-shows]")) showPart(select);
  for (const toast of document.querySelectorAll(".toast")) fade(toast);
  refreshClocks();
  setInterval(refreshClocks, 60000);
  const opened = document.querySelector("dialog[data-open]");
  if (opened) opened.showModal();
}

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", desk);
else desk();
