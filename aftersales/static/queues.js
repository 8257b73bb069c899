// Queues: columns put in order, the list remembered for the ticket's page, rows that left the view, the quick look.
(function () {
  "use strict";
  const KEY = "desk.list";
  function rows() { return Array.from(document.querySelectorAll("[data-row]")); }

  // Columns ---------------------------------------------------------------------------------------------------
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

  // The list somebody comes from: kept in this tab only, for "next" and "back" on the ticket's page ---------------
  function remember() {
    const split = document.querySelector("[data-list]");
    if (!split) return;
    const urls = rows().map(function (row) { return row.querySelector("a.sj").getAttribute("href"); });
    try { sessionStorage.setItem(KEY, JSON.stringify({ at: location.pathname + location.search, urls: urls })); } catch { /* private window */ }
  }

  function walkBar() {
    const bar = document.querySelector("[data-walk]");
    let list = null;
    try { list = JSON.parse(sessionStorage.getItem(KEY) || "null"); } catch { list = null; }
    if (!bar || !list || !Array.isArray(list.urls)) return;
    const back = document.querySelector("[data-back]");
    if (back && typeof list.at === "string" && list.at.startsWith("/")) back.setAttribute("href", list.at);
    const at = list.urls.indexOf(location.pathname);
    if (at < 0) return;
    bar.hidden = false;
    bar.querySelector("[data-place]").textContent = (at + 1) + " / " + list.urls.length;
    for (const [name, url] of [["[data-prev]", list.urls[at - 1]], ["[data-next]", list.urls[at + 1]]]) {
      const link = bar.querySelector(name);
      if (url) link.setAttribute("href", url);
      else { link.setAttribute("aria-disabled", "true"); link.removeAttribute("data-key"); }
    }
  }

  // Rows that left: they stay where they are, grey and with a word, until the reader asks for the list anew ---------
  document.addEventListener("left", function (event) {
    const words = (document.getElementById("pulse") || { dataset: {} }).dataset.left || "";
    const gone = new Set((event.detail.ids || []).map(String));
    for (const row of rows()) {
      const box = row.querySelector("input[name=ids]");
      const left = gone.has(box ? box.value : "");
      row.classList.toggle("left", left);
      const said = row.querySelector(".leftw");
      if (left && !said) {
        const word = document.createElement("span");
        word.className = "leftw";
        word.textContent = words;
        row.querySelector(".c-sub .mt").append(word);
      } else if (!left && said) said.remove();
    }
  });

  // Quick look: its place in the list, and its own buttons to walk --------------------------------------------------
  function place() {
    const mark = document.querySelector("#look [data-place]");
    const all = rows();
    const at = all.findIndex(function (row) { return row.getAttribute("aria-current") === "true"; });
    if (mark && at >= 0) mark.textContent = (at + 1) + " / " + all.length;
  }
  document.addEventListener("htmx:afterSwap", function (event) { if (event.target.id === "look") { place(); fit(); } else remember(); });

  // However low the window is and whatever stands above the list: the bar of its acts stays in sight.
  function fit() {
    const panel = document.getElementById("look");
    if (panel && !panel.hidden) panel.style.setProperty("--ql-top", Math.max(0, Math.round(panel.getBoundingClientRect().top)) + "px");
  }
  window.addEventListener("scroll", fit, { passive: true });
  window.addEventListener("resize", fit);
  document.addEventListener("click", function (event) {
    const step = event.target.closest("#look [data-step]");
    if (!step) return;
    const key = step.dataset.step === "1" ? "j" : "k";
    document.body.dispatchEvent(new KeyboardEvent("keydown", { key: key, bubbles: true }));
  });

  // What this person has read: kept in this browser, so that looking costs the database nothing. A dot is for words of
  // the customer that are newer; a ring for those that were read and wait for an answer ---------------------------
  const READ = "desk.read." + (document.body.dataset.me || "");
  const MOST = 1000;
  function known() {
    try { return JSON.parse(localStorage.getItem(READ) || "{}") || {}; } catch { return {}; }
  }
  function read() {
    const place = document.querySelector("[data-read][data-wrote]");
    const wrote = place ? Number(place.dataset.wrote) : 0;
    if (wrote) {
      const found = known();
      delete found[place.dataset.read];
      found[place.dataset.read] = wrote;
      const names = Object.keys(found);
      for (const old of names.slice(0, Math.max(0, names.length - MOST))) delete found[old];
      try { localStorage.setItem(READ, JSON.stringify(found)); } catch { /* private window */ }
    }
    rings();
  }
  function rings() {
    const dots = document.querySelectorAll("[data-row] .dotn[data-wrote]");
    const found = dots.length ? known() : {};
    for (const dot of dots) {
      const number = dot.closest("a").getAttribute("href").split("/").filter(Boolean).pop();
      if (!(Number(found[number]) >= Number(dot.dataset.wrote)) || dot.classList.contains("seen")) continue;
      dot.classList.add("seen");
      dot.title = dot.dataset.seen;
    }
  }
  document.addEventListener("htmx:afterSwap", read);
  window.addEventListener("pageshow", rings);
  window.addEventListener("storage", function (event) { if (event.key === READ) rings(); });

  // What is written there: the box opens by its button or key; a refusal is shown with the words -------------------
  document.addEventListener("click", function (event) {
    const button = event.target.closest("#look [data-speak]");
    if (!button) return;
    const box = document.querySelector("#look [data-box]");
    const voice = box.querySelector('input[name=voice][value="' + button.dataset.speak + '"]');
    box.hidden = false;
    voice.checked = true;
    box.querySelector("textarea[name=text]").focus();
    box.scrollIntoView({ block: "nearest" });
  });
  document.addEventListener("htmx:beforeSwap", function (event) {
    if (event.detail.target.id !== "look" || ![409, 422].includes(event.detail.xhr.status)) return;
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  });

  function start() {
    remember();
    walkBar();
    read();
    if (location.hash === "#note") {
      const note = document.querySelector("[data-key=n]");
      if (note) note.click();
    }
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start); else start();
})();
