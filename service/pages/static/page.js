// Only what a page cannot do by itself; every page is whole without it.
document.addEventListener("click", (event) => {
  const button = event.target.closest("button.copy");
  if (!button) return;
  const text = button.parentElement.querySelector("code").textContent;
  navigator.clipboard.writeText(text).then(() => {
    button.textContent = "Copied";
  });
});
const show = () => {
  if (!navigator.clipboard) return;
  document.querySelectorAll("button.copy[hidden]").forEach((one) => {
    one.hidden = false;
  });
};
show();
document.addEventListener("htmx:afterSwap", show);
