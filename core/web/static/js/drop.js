// A file may be dropped on the form. One that is too large is refused before it is sent, since a server that does not
// read to the end cannot say so: data-most are bytes, data-too-large the words, data-sending those while it is on its way.

import { one } from "./dom.js";

export function attach(form) {
  const input = one("input[type=file]", form);
  const error = one("[role=alert]", form);
  const name = one("[data-name]", form);
  const none = name?.textContent;
  const fits = () => {
    const large = Number(form.dataset.most) > 0 && [...input.files].some((file) => file.size > form.dataset.most);
    if (error) {
      error.textContent = large ? form.dataset.tooLarge : "";
      error.hidden = !large;
    }
    if (name) name.textContent = input.files[0]?.name ?? none;
    input.toggleAttribute("aria-invalid", large);
    return !large;
  };
  for (const kind of ["dragenter", "dragover"]) form.addEventListener(kind, (event) => (event.preventDefault(), form.classList.add("over")));
  for (const kind of ["dragleave", "drop"]) form.addEventListener(kind, () => form.classList.remove("over"));
  form.addEventListener("drop", (event) => {
    event.preventDefault();
    if (!event.dataTransfer.files.length) return;
    input.files = event.dataTransfer.files;
    if (fits()) form.requestSubmit();
  });
  input.addEventListener("change", fits);
  const button = one("button.primary", form);
  const words = one("span", button);
  const usual = words?.textContent;
  form.addEventListener("submit", (event) => {
    if (!fits()) return void event.preventDefault();
    if (words && form.dataset.sending) words.textContent = form.dataset.sending;
    setTimeout(() => (button.disabled = true));
  });
  addEventListener("pageshow", () => {
    button.disabled = false;
    if (words) words.textContent = usual;
  });
}
