// Runs before the first paint: the chosen theme (the key Unfold uses as well) and the folded side bar.
(function () {
  const root = document.documentElement;
  function stored(key, fallback) {
    try { return JSON.parse(localStorage.getItem(key)) ?? fallback; } catch { return fallback; }
  }
  const theme = stored("_x_adminTheme", "auto");
  const dark = theme === "dark" || (theme === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
  root.classList.toggle("dark", dark);
  root.classList.toggle("folded", stored("desk.folded", false) === true);
})();
