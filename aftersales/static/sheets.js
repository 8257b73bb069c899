// The upload page: what a column profile asks for is shown and required only while that profile is chosen.
(() => {
  const profile = document.getElementById("profile");
  const asked = document.querySelectorAll("[data-asked-by]");
  if (!profile || !asked.length) return;
  const show = () => asked.forEach((field) => {
    const wanted = field.dataset.askedBy.split(" ").includes(profile.value);
    field.hidden = !wanted;
    field.querySelector("input").required = wanted;
  });
  profile.addEventListener("change", show);
  show();
})();
