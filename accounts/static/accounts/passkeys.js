// Passkeys: hands the server's challenge to the browser, and the browser's answer to the form.
(function () {
  "use strict";

  function bytes(text) {
    const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
  }

  function words(buffer) {
    const plain = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
    return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  }

  function listed(keys) {
    return (keys || []).map((key) => Object.assign({}, key, { id: bytes(key.id) }));
  }

  function make(options) {
    options.challenge = bytes(options.challenge);
    options.user.id = bytes(options.user.id);
    options.excludeCredentials = listed(options.excludeCredentials);
    return navigator.credentials.create({ publicKey: options });
  }

  function show(options) {
    options.challenge = bytes(options.challenge);
    options.allowCredentials = listed(options.allowCredentials);
    return navigator.credentials.get({ publicKey: options });
  }

  function answer(key) {
    const response = {};
    const parts = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
    for (const part of parts) if (key.response[part]) response[part] = words(key.response[part]);
    return JSON.stringify({
      id: words(key.rawId), rawId: words(key.rawId), type: key.type, response, clientExtensionResults: {},
    });
  }

  async function options(form) {
    if (form.dataset.options) return JSON.parse(form.dataset.options);
    const given = await fetch(form.dataset.ask, {
      headers: { Accept: "application/json" }, credentials: "same-origin", cache: "no-store",
    });
    if (!given.ok || !(given.headers.get("Content-Type") || "").startsWith("application/json")) throw new Error("ask");
    return given.json();
  }

  function say(form, text) {
    const place = form.querySelector("[data-passkey-said]");
    place.textContent = text;
    place.hidden = !text;
  }

  function start(form) {
    const button = form.querySelector("button[type=submit]");
    const elsewhere = location.origin !== form.dataset.origin;
    if (!window.PublicKeyCredential || elsewhere) {
      if (form.hidden) return;
      say(form, elsewhere ? form.dataset.elsewhere : form.dataset.unable);
      button.disabled = true;
      return;
    }
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (button.disabled) return;
      button.disabled = true;
      say(form, "");
      try {
        const given = await options(form);
        const key = await (form.dataset.passkey === "make" ? make(given) : show(given));
        form.querySelector("[name=answer]").value = answer(key);
        form.submit();
      } catch (error) {
        const told = { InvalidStateError: form.dataset.there, NotAllowedError: form.dataset.cancelled };
        say(form, told[error.name] || form.dataset.failed);
        button.disabled = false;
      }
    });
  }

  for (const form of document.querySelectorAll("form[data-passkey]")) start(form);
  // Back from the next page: the button must work again.
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    for (const button of document.querySelectorAll("form[data-passkey] button")) button.disabled = false;
  });
})();
