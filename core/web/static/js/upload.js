// The place for a file on a form: it may be dropped there, its name becomes the title while that is empty, and one that is
// too large is refused before it is sent: data-most are bytes, data-too-large the words, data-names the field of the title.

import { one } from "./dom.js";

export function attach(place) {
  const input = one("input[type=file]", place);
  const error = one("[role=alert]", place);
  const name = one("[data-name]", place);
  const size = one("[data-size]", place);
  const none = name.textContent;
  const title = input.form.elements[place.dataset.names];
  let named = "";
  const show = () => {
    const file = input.files[0];
    const large = Boolean(file) && file.size > Number(place.dataset.most);
    error.textContent = large ? place.dataset.tooLarge : "";
    error.hidden = !large;
    input.setCustomValidity(error.textContent);
    place.classList.toggle("chosen", Boolean(file));
    name.textContent = file?.name ?? none;
    size.textContent = file ? (file.size < 1e6 ? `${Math.ceil(file.size / 1e3)} KB` : `${(file.size / 1e6).toFixed(1)} MB`) : "";
    if (title && file && (title.value === "" || title.value === named)) {
      title.value = named = file.name.replace(/\.[^.]+$/, "");
      title.dispatchEvent(new Event("input", { bubbles: true }));
    }
  };
  for (const kind of ["dragenter", "dragover"]) place.addEventListener(kind, (event) => (event.preventDefault(), place.classList.add("over")));
  for (const kind of ["dragleave", "drop"]) place.addEventListener(kind, () => place.classList.remove("over"));
  place.addEventListener("drop", (event) => {
    event.preventDefault();
    if (!event.dataTransfer.files.length) return;
    input.files = event.dataTransfer.files;
    show();
  });
  input.addEventListener("change", show);
  input.form.addEventListener("submit", (event) => {
    if (!error.hidden) (event.preventDefault(), event.stopImmediatePropagation(), input.focus());
  }, true);
}
