// Older entries are added below instead of a new page. The address answers parts/entries.html.

import { ask, fragment } from "./dom.js";

export function attach(link) {
  link.addEventListener("click", async (event) => {
    event.preventDefault();
    const answer = await ask(link.href).catch(() => null);
    if (!answer?.ok) return void (location.href = link.href);
    const list = link.closest("ol");
    link.closest("li").replaceWith(fragment(await answer.text()));
    list.dispatchEvent(new CustomEvent("sopia:arrived", { bubbles: true }));
  });
}
