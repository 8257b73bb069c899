// The wall fills the screen when asked; Escape gives it back (the browser's own).
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-fullscreen]");
  const wall = document.getElementById("main");
  if (button && wall && wall.requestFullscreen) wall.requestFullscreen();
});
