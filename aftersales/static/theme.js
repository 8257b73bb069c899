// Runs before the first paint, also on Unfold's pages: the chosen appearance and the folded side bar.
// The cookie says what the person chose (the server keeps it with him); Unfold reads its own key, so both agree.
(function () {
  const root = document.documentElement;
  function stored(key, fallback) {
    try { return JSON.parse(localStorage.getItem(key)) ?? fallback; } catch { return fallback; }
  }
  const said = document.cookie.match(/(?:^|; )theme=(auto|light|dark)/);
  const theme = said ? said[1] : stored("_x_adminTheme", "auto");
  if (said) {
    try { localStorage.setItem("_x_adminTheme", JSON.stringify(theme)); } catch { /* private window: not kept */ }
  }
  const system = matchMedia("(prefers-color-scheme: dark)");
  function paint() { root.classList.toggle("dark", theme === "dark" || (theme === "auto" && system.matches)); }
  paint();
  system.addEventListener("change", function () { if (!root.dataset.chosen) paint(); });
  root.classList.toggle("folded", stored("desk.folded", false) === true);
})();
