// A file may be dropped on the form; choosing one sends it.

import { one } from "./dom.js";

export function attach(form) {
  const input = one("input[type=file]", form);
  for (const kind of ["dragenter", "dragover"]) form.addEventListener(kind, (event) => (event.preventDefault(), form.classList.add("over")));
  for (const kind of ["dragleave", "drop"]) form.addEventListener(kind, () => form.classList.remove("over"));
  form.addEventListener("drop", (event) => {
    event.preventDefault();
    if (!event.dataTransfer.files.length) return;
    input.files = event.dataTransfer.files;
    form.requestSubmit();
  });
}
