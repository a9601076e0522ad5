// The form of a new record that begins otherwise for another kind of it: what nobody has touched is drafted anew.

import { all, fragment, one } from "./dom.js";

export function attach(form) {
  const names = form.dataset.redraft.split(" ");
  const touched = new Set();
  form.addEventListener("input", (event) => touched.add(event.target.closest(".field")?.id));
  form.addEventListener("change", async (event) => {
    if (!names.includes(event.target.name)) return;
    const address = new URL(location.href);
    for (const name of names) address.searchParams.set(name, form.elements[name]?.value ?? "");
    const answer = await fetch(address).catch(() => null);
    if (!answer?.ok) return;
    for (const fresh of all(".form .field[id]", fragment(await answer.text()))) {
      const old = one(`#${CSS.escape(fresh.id)}`, form);
      if (!old || touched.has(fresh.id) || names.includes(fresh.id.replace(/^field-/, ""))) continue;
      one("[autofocus]", fresh)?.removeAttribute("autofocus");
      if (old.contains(document.activeElement)) continue;
      old.replaceWith(fresh);
      fresh.dispatchEvent(new CustomEvent("sopia:arrived", { bubbles: true }));
    }
  });
}
