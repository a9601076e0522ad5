// A search form whose address stays tidy: fields without a value are not sent; a chip opens its filter.

import { all, one } from "./dom.js";

export function tidy(form) {
  form.addEventListener("formdata", (event) => {
    for (const name of new Set(event.formData.keys())) {
      const values = event.formData.getAll(name).filter((value) => value !== "");
      event.formData.delete(name);
      if (!name.endsWith("__label")) values.forEach((value) => event.formData.append(name, value));
    }
  });
}

export function attach(form) {
  tidy(form);
  for (const chip of all("[data-edit]", form)) {
    chip.addEventListener("click", (event) => {
      const menu = one("details.filters");
      if (!menu) return;
      event.stopPropagation();
      menu.open = true;
      const field = one(`[data-field="${CSS.escape(chip.dataset.edit)}"]`, menu);
      if (!field) return;
      field.open = true;
      one("input:not([type=hidden]), select", field)?.focus();
    });
  }
  one("input[type=search]", form)?.addEventListener("keydown", (event) => {
    const input = event.target;
    if (event.key === "Backspace" && !input.value) all(".chip a", form).at(-1)?.click();
    else if (event.key === "Escape") input.blur();
  });
}
