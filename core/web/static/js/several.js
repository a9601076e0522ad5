// Several related records: each chosen one becomes a tick that can be taken away again.

import { make, one } from "./dom.js";

export function attach(box) {
  const list = one("ul", box);
  const picker = one(".combobox", box);
  const id = one("input[type=hidden]", picker);
  const { name } = id;
  id.removeAttribute("name");
  picker.addEventListener("sopia:chosen", ({ detail }) => {
    if (!detail) return;
    const known = one(`input[value="${CSS.escape(detail.id)}"]`, list);
    if (known) known.checked = true;
    else list.append(make("li", {}, make("label", {}, make("input", { type: "checkbox", name, value: detail.id, checked: true }), detail.label)));
    one("input:not([type=hidden])", picker).value = "";
    id.value = "";
  });
}
