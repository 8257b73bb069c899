// The reply box: drafts are saved while one writes, pictures are pasted and dropped, a reply on its way counts down.
// Without this script the box is an ordinary form: files by the field, drafts by "send" only, the server holds a reply.
(function () {
  "use strict";

  function put(pattern, values) {
    return pattern.replace(/%\((\w+)\)[ds]/g, function (_all, name) { return values[name]; });
  }

  function start() {
    const form = document.getElementById("reply");
    if (form) { drafts(form); attachments(form); judged(form); }
    counting();
  }

  // In the quick look another ticket's box comes and goes: what was written is saved first.
  document.addEventListener("htmx:beforeSwap", function (event) {
    const form = document.getElementById("reply");
    if (form && event.detail.target.contains(form)) save(form);
  });
  document.addEventListener("htmx:afterSwap", function (event) { if (event.target.id === "look") start(); });

  function problem(text) {
    const line = document.getElementById("reply-error");
    line.textContent = text;
    line.hidden = !text;
  }

  // Drafts: saved a moment after the last key, and at once when the page goes away --------------------------------
  let unsaved = false;
  let saving = null;

  function content(form) {
    const data = new FormData();
    for (const name of ["csrfmiddlewaretoken", "form_key", "text"]) data.append(name, form.elements[name].value);
    const voice = form.querySelector("input[name=voice]:checked");
    data.append("voice", voice ? voice.value : "");
    return data;
  }

  function save(form) {
    window.clearTimeout(saving);
    if (!unsaved) return Promise.resolve();
    unsaved = false;
    return fetch(form.dataset.draft, { method: "POST", body: content(form), redirect: "manual" })
      .then(function (answer) { unsaved = unsaved || answer.status === 409; return answer.ok ? answer.json() : {}; })
      .then(function (said) { if (said.saved) document.getElementById("draft-state").textContent = said.saved; })
      .catch(function () { unsaved = true; });
  }

  function drafts(form) {
    form.addEventListener("input", function (event) {
      if (event.target.name !== "text") return;
      problem("");
      unsaved = true;
      window.clearTimeout(saving);
      saving = window.setTimeout(function () { save(form); }, 1500);
    });
    form.addEventListener("submit", function () { unsaved = false; window.clearTimeout(saving); });
    form.addEventListener("focusout", function (event) { if (event.target.name === "text") save(form); });
  }

  window.addEventListener("pagehide", function () {
    const form = document.getElementById("reply");
    if (form && unsaved) navigator.sendBeacon(form.dataset.draft, content(form));
    unsaved = false;
  });

  // What the server would refuse is said before anything is sent -------------------------------------------------
  function judged(form) {
    form.addEventListener("submit", function (event) {
      const voice = form.querySelector("input[name=voice]:checked");
      const dropping = event.submitter && event.submitter.hasAttribute("data-drop");
      if (dropping || !voice || !["customer", "merchant"].includes(voice.value)) return;
      const text = form.elements.text.value;
      const left = Array.from(new Set(text.match(/\{[A-Za-z][A-Za-z_]{0,30}\}/g) || []));
      if (!left.length) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      problem(put(form.dataset.unfilled, { names: left.join("") }));
      const at = text.indexOf(left[0]);
      form.elements.text.focus();
      form.elements.text.setSelectionRange(at, at + left[0].length);
    }, true);
  }

  // Files: chosen, pasted or dropped; shown small, removed before sending ----------------------------------------
  function attachments(form) {
    const input = form.querySelector("input[type=file]");
    const list = document.getElementById("files");
    const limits = new Map(form.dataset.sizes.split(" ").map(function (pair) { return pair.split(":"); }));
    let chosen = [];

    function refusal(file) {
      const ending = file.name.includes(".") ? file.name.split(".").pop().toLowerCase() : "";
      const limit = Number(limits.get(ending));
      if (!limit) return put(form.dataset.unknown, { name: file.name, known: Array.from(limits.keys()).join(", ") });
      if (file.size > limit) return put(form.dataset.tooLarge, { name: file.name, limit: Math.floor(limit / 1048576) });
      return "";
    }

    function add(files) {
      const refused = [];
      for (const file of files) {
        const why = refusal(file);
        if (why) refused.push(why);
        else if (chosen.length + list.querySelectorAll("input[name=kept]:checked").length >= Number(form.dataset.most)) refused.push(form.dataset.tooMany);
        else chosen.push(file);
      }
      problem(Array.from(new Set(refused)).join(" "));
      show();
    }

    function show() {
      const held = new DataTransfer();
      for (const file of chosen) held.items.add(file);
      input.files = held.files;
      for (const old of list.querySelectorAll("[data-chosen]")) old.remove();
      chosen.forEach(function (file, at) { list.append(line(file, at)); });
    }

    function line(file, at) {
      const item = document.createElement("li");
      const name = document.createElement("span");
      const size = document.createElement("em");
      const remove = document.createElement("button");
      item.dataset.chosen = "1";
      name.textContent = file.name;
      size.textContent = file.size < 1048576 ? Math.ceil(file.size / 1024) + " KB" : (file.size / 1048576).toFixed(1) + " MB";
      remove.type = "button";
      remove.className = "ib";
      remove.setAttribute("aria-label", form.dataset.remove + " " + file.name);
      remove.textContent = "×";
      remove.addEventListener("click", function () { chosen.splice(at, 1); show(); });
      if (file.type.startsWith("image/")) item.append(preview(file));
      item.append(name, size, remove);
      return item;
    }

    // Drawn on a canvas: no address of ours or of the browser's has to be allowed for it.
    function preview(file) {
      const canvas = document.createElement("canvas");
      canvas.width = canvas.height = 68;
      createImageBitmap(file).then(function (picture) {
        const side = Math.min(picture.width, picture.height);
        canvas.getContext("2d").drawImage(
          picture, (picture.width - side) / 2, (picture.height - side) / 2, side, side, 0, 0, 68, 68);
        picture.close();
      }).catch(function () { canvas.remove(); });
      return canvas;
    }

    input.addEventListener("change", function () {
      const fresh = Array.from(input.files).filter(function (file) { return !chosen.includes(file); });
      add(fresh);
    });
    form.addEventListener("paste", function (event) {
      const files = Array.from(event.clipboardData.files);
      if (!files.length) return;
      event.preventDefault();
      add(files);
    });
    form.addEventListener("dragover", function (event) {
      if (!Array.from(event.dataTransfer.types).includes("Files")) return;
      event.preventDefault();
      form.classList.add("drop");
    });
    form.addEventListener("dragleave", function (event) { if (!form.contains(event.relatedTarget)) form.classList.remove("drop"); });
    form.addEventListener("drop", function (event) {
      form.classList.remove("drop");
      if (!event.dataTransfer.files.length) return;
      event.preventDefault();
      add(Array.from(event.dataTransfer.files));
    });
  }

  // A reply on its way counts down; when its time is over it is sent from here too, if no worker was faster -----------
  document.addEventListener("submit", function (event) {
    const form = document.getElementById("reply");
    if (!event.target.hasAttribute("data-take-back") || !form || !unsaved) return;
    event.preventDefault(); // what is being written now comes back together with what is taken back
    event.stopPropagation();
    save(form).then(function () { event.target.requestSubmit(); });
  }, true);

  function counting() {
    const marks = Array.from(document.querySelectorAll("[data-held]"));
    if (!marks.length) return;
    const beat = window.setInterval(function () {
      let open = 0;
      for (const mark of marks) {
        if (mark.dataset.over || !mark.isConnected) continue;
        const left = Math.ceil(Number(mark.dataset.held) - Date.now() / 1000);
        mark.textContent = left > 0 ? put(mark.dataset.soon, { n: left }) : mark.dataset.now;
        if (left > 0) { open += 1; continue; }
        mark.dataset.over = "1";
        const sending = mark.closest(".going").querySelector("[data-send-now]");
        if (sending) window.setTimeout(function () { sent(mark, sending); }, 1200);
      }
      if (!open) window.clearInterval(beat);
    }, 250);
  }

  // State, clocks, promises and moves are another's once words went out: the page is read anew unless somebody writes,
  // chooses or sends at this moment. What is typed while it goes away would be lost: it takes no keys any more.
  let leaving = false;
  document.addEventListener("submit", function (event) {
    if (!event.defaultPrevented && event.target.method !== "dialog") leaving = true;
  });

  function busy() {
    const form = document.getElementById("reply");
    const writes = form && (form.elements.text.value.trim() || form.contains(document.activeElement));
    return leaving || writes || document.querySelector("dialog[open]");
  }

  function again() { if (!busy()) anew(); }

  function anew() {
    const row = document.querySelector("#look") && document.querySelector("[data-row][aria-current=true]");
    if (row) { window.htmx.ajax("GET", row.dataset.look, { target: "#look", swap: "innerHTML" }); return; }
    document.body.inert = true;
    window.location.reload();
  }

  // Words that came back to their writer stand in the box as soon as he has his hands free.
  function back() { if (busy()) window.setTimeout(back, 3000); else anew(); }

  function sent(mark, sending) {
    fetch(sending.action, { method: "POST", body: new FormData(sending), headers: { "HX-Request": "true" }, redirect: "manual" })
      .then(function (answer) { return answer.ok ? answer.json() : {}; })
      .then(function (said) {
        if (!said.sent) { back(); return; }
        mark.textContent = mark.dataset.done;
        const bubble = mark.closest(".going");
        bubble.classList.add("gone");
        bubble.querySelector(".hb-a").remove();
        again();
      })
      .catch(function () {});
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
