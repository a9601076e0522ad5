// The filter menu: finding a field by its name, and an address without empty parameters.

import { all, one } from "./dom.js";
import { tidy } from "./find.js";

export function attach(menu) {
  tidy(one("form", menu));
  const fields = all("details[data-field]", menu);
  const find = one("[data-find]", menu);
  find.hidden = fields.length < 8;
  find.addEventListener("input", () => {
    const text = find.value.trim().toLowerCase();
    for (const field of fields) field.hidden = !one("summary", field).textContent.toLowerCase().includes(text);
    const left = fields.filter((field) => !field.hidden);
    if (text && left.length === 1) left[0].open = true;
  });
  for (const field of fields) {
    field.addEventListener("toggle", () => field.open && menu.open && one("input:not([type=hidden]), select", field)?.focus());
  }
}
