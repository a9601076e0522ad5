// Rows of fields that can be added and taken away: order lines, memberships.

import { all, one } from "./dom.js";

export function attach(box) {
  const { key } = box.dataset;
  const body = one("tbody", box);
  const count = one(`[name="${CSS.escape(key)}-count"]`, box);
  const blank = one("template", box);
  const add = one("[data-add]", box);
  add.hidden = false;
  add.addEventListener("click", () => {
    const number = Number(count.value);
    const row = blank.content.firstElementChild.cloneNode(true);
    for (const element of all("[name], [id], [for]", row)) {
      for (const name of ["name", "id", "for"]) {
        const value = element.getAttribute(name);
        if (!value) continue;
        const plain = value.replace(/^f-/, "");
        const full = plain.startsWith(key + "-__-") ? plain.replace("-__-", `-${number}-`) : `${key}-${number}-${plain}`;
        element.setAttribute(name, (name === "name" ? "" : "f-") + full);
      }
    }
    count.value = number + 1;
    body.append(row);
    row.dispatchEvent(new CustomEvent("sopia:arrived", { bubbles: true }));
    one("input:not([type=hidden]), select", row)?.focus();
  });
}
