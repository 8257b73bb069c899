// An exam paper: each answer is sent as it is given and sent again until the server has it, also after a lost
// connection or a closed page; the clock is only shown here, the server keeps it.
(function () {
  "use strict";
  const AGAIN = 3000; // ms between two tries while the connection is gone
  const TYPED = 800; // ms after the last stroke

  function start(form) {
    const key = `exam:${form.dataset.answer}`;
    const status = form.querySelector("[data-status]");
    const clock = form.querySelector("[data-clock]");
    const ends = Date.now() + Number(form.dataset.left) * 1000;
    const waiting = read();
    const typing = new Set(); // questions with strokes that are not kept yet
    const hint = form.querySelector("[data-unanswered]");
    let busy = false;
    let over = false;

    function read() {
      try { return JSON.parse(localStorage.getItem(key)) || {}; } catch { return {}; }
    }

    function keep() {
      try {
        if (Object.keys(waiting).length) localStorage.setItem(key, JSON.stringify(waiting));
        else localStorage.removeItem(key);
      } catch { /* private window: kept by the page alone */ }
    }

    function given(box) {
      if (box.dataset.kind === "order") {
        const ranks = Array.from(box.querySelectorAll("select")).map((one, n) => [Number(one.value), n]);
        return { picked: ranks.filter((one) => one[0]).sort((a, b) => a[0] - b[0]).map((one) => one[1]), words: "" };
      }
      const text = box.querySelector("textarea");
      if (text) return { picked: [], words: text.value };
      return { picked: Array.from(box.querySelectorAll("input:checked")).map((one) => Number(one.value)), words: "" };
    }

    function show(box, answer) {
      const text = box.querySelector("textarea");
      if (text) text.value = answer.words;
      for (const one of box.querySelectorAll("input")) one.checked = answer.picked.includes(Number(one.value));
      box.querySelectorAll("select").forEach((one, n) => { one.value = String(answer.picked.indexOf(n) + 1 || ""); });
    }

    function changed(box) {
      typing.delete(box);
      const serial = Math.max(Date.now(), Number(box.dataset.serial) + 1);
      box.dataset.serial = serial;
      waiting[box.dataset.place] = { ...given(box), serial };
      keep();
      hint.hidden = true;
      say("saving");
      send();
    }

    function empty(box) {
      const answer = given(box);
      return !answer.picked.length && !answer.words.trim();
    }

    // Handing in cannot be taken back: a person is asked once where answers are missing; the clock never asks.
    function ask(event) {
      const places = Array.from(form.querySelectorAll("[data-place]")).filter(empty).map((one) => one.dataset.place);
      if (!event.isTrusted || !places.length || !hint.hidden) return;
      event.preventDefault();
      hint.textContent = hint.dataset.unanswered.replace("{places}", places.join(", "));
      hint.hidden = false;
    }

    function say(name, more) {
      status.dataset.state = name;
      status.textContent = more || form.dataset[name];
    }

    async function send() {
      const [place, answer] = Object.entries(waiting)[0] || [];
      if (busy || over) return;
      if (!place) { if (status.dataset.state) say("saved"); return; }
      busy = true;
      const data = new FormData();
      data.append("csrfmiddlewaretoken", form.querySelector("[name=csrfmiddlewaretoken]").value);
      data.append("place", place);
      data.append("serial", answer.serial);
      data.append("words", answer.words);
      for (const one of answer.picked) data.append("picked", one);
      let reply = null;
      try {
        const sent = await fetch(form.dataset.answer, { method: "POST", body: data, credentials: "same-origin" });
        reply = sent.status === 200 || sent.status === 409 ? await sent.json() : null;
      } catch { /* no connection: tried again */ }
      busy = false;
      if (!reply) { say("offline"); setTimeout(send, AGAIN); return; }
      if (waiting[place] && waiting[place].serial === answer.serial) { delete waiting[place]; keep(); }
      if (!reply.ok) { over = ["late", "handed_in", "gone"].includes(reply.code); say("offline", reply.message); if (over) return; }
      send();
    }

    function tick() {
      const left = Math.max(Math.round((ends - Date.now()) / 1000), 0);
      clock.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
      clock.classList.toggle("soon", left < 300);
      if (left) { setTimeout(tick, 500); return; }
      form.querySelector("[data-submit]").click();
    }

    for (const box of form.querySelectorAll("[data-place]")) {
      const left = waiting[box.dataset.place];
      if (left && left.serial > Number(box.dataset.serial)) { show(box, left); box.dataset.serial = left.serial; }
      else delete waiting[box.dataset.place];
      let timer = 0;
      box.addEventListener("change", () => changed(box));
      box.addEventListener("input", (event) => {
        if (event.target.tagName !== "TEXTAREA") return;
        typing.add(box);
        clearTimeout(timer);
        timer = setTimeout(() => changed(box), TYPED);
      });
    }
    keep();
    if (Object.keys(waiting).length) say("saving");
    // Kept until the server has it: a form that is sent without a connection takes no answer with it.
    form.addEventListener("submit", () => typing.forEach(changed));
    form.querySelector("[data-submit]").addEventListener("click", ask);
    window.addEventListener("online", send);
    send();
    tick();
  }

  document.querySelectorAll("[data-exam]").forEach(start);
})();
