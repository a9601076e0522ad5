// A button whose action asks for something: its form comes in a small dialog. Without a script it is a page of its own.
// The form answers 204 with the way in Location when it is done, and itself with what is wrong when it is not.

import { ask, fragment, make, one } from "./dom.js";

export function attach(link) {
  link.addEventListener("click", async (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    link.closest("details.menu")?.removeAttribute("open");
    const way = await inDialog(link.href, link.textContent.trim());
    if (way) location.href = way;
  });
}

/** Ask with the server's form for an action; the answer is where to go, or nothing when it was given up. */
export async function inDialog(url, title) {
  const answer = await ask(url).catch(() => null);
  if (!answer?.ok) return void (location.href = url);
  return new Promise((resolve) => {
    const place = make("div");
    const dialog = make("dialog", { class: "with-form", "aria-label": title }, make("h2", {}, title), place);
    const show = (html) => {
      place.replaceChildren(fragment(html));
      place.dispatchEvent(new CustomEvent("sopia:arrived", { bubbles: true }));
      one("form", place).addEventListener("submit", send);
      one("input:not([type=hidden]), select, textarea", place)?.focus();
    };
    const send = async (event) => {
      event.preventDefault();
      event.stopPropagation();
      const form = event.target;
      const told = await ask(form.action, { method: "POST", body: new FormData(form) }).catch(() => null);
      if (!told) return void form.submit();
      if (told.status === 204) return dialog.close(told.headers.get("Location"));
      if (told.status === 409 || told.status === 422) return show(await told.text());
      form.submit();
    };
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue);
    });
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog || event.target.closest("[data-leaves]")) {
        event.preventDefault();
        event.stopPropagation();
        dialog.close("");
      }
    }, true);
    document.body.append(dialog);
    dialog.showModal();
    answer.text().then(show);
  });
}
