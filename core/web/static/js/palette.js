// The command palette. Asks `palette_url?q=…` and gets
// {"groups": [{"title": "Customers", "items": [{"title": "…", "url": "/…", "icon": "people", "hint": "…"}]}]};
// with an empty q: the recent records and the pages one may go to.

import { all, ask, icon, later, make, one } from "./dom.js";

let dialog;

export function open(url, searchUrl, text, form) {
  dialog ??= build(url, searchUrl, form);
  const input = one("input", dialog);
  input.value = text;
  dialog.showModal();
  input.select();
  input.dispatchEvent(new Event("input"));
}

function build(url, searchUrl, form) {
  const label = one("input", form).getAttribute("aria-label");
  const input = make("input", { type: "search", "aria-label": label, placeholder: one("input", form).placeholder, role: "combobox", "aria-expanded": "true", "aria-controls": "palette-hits", autocomplete: "off", maxlength: 200 });
  const hits = make("div", { class: "palette-hits", id: "palette-hits", role: "listbox", "aria-label": label });
  const made = make("dialog", { class: "palette" }, input, hits);
  document.body.append(made);
  let asked = 0;
  const load = async () => {
    const mine = ++asked;
    const answer = await ask(`${url}?q=${encodeURIComponent(input.value)}`).catch(() => null);
    if (mine !== asked || !answer?.ok) return;
    show(hits, (await answer.json()).groups);
    choose(hits, 0, input);
  };
  const soon = later(90, load);
  input.addEventListener("input", () => (input.value ? soon() : load()));
  input.addEventListener("keydown", (event) => {
    const options = all("[role=option]", hits);
    const now = options.findIndex((o) => o.ariaSelected === "true");
    if (event.key === "Escape") {
      event.preventDefault();
      made.close();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      choose(hits, (now + (event.key === "ArrowDown" ? 1 : -1) + options.length) % options.length, input);
    } else if (event.key === "Enter" && !event.isComposing) {
      event.preventDefault();
      if (options[now]) options[now].click();
      else location.href = `${searchUrl}?q=${encodeURIComponent(input.value)}`;
    }
  });
  made.addEventListener("click", (event) => event.target === made && made.close());
  return made;
}

function show(hits, groups) {
  let number = 0;
  hits.replaceChildren(
    ...groups.flatMap((group) => [
      make("h3", {}, group.title),
      ...group.items.map((item) =>
        make("a", { role: "option", href: item.url, id: `hit-${number++}`, tabindex: "-1" }, item.icon ? icon(item.icon) : null, item.title, item.hint ? make("small", {}, item.hint) : null),
      ),
    ]),
  );
}

function choose(hits, position, input) {
  all("[role=option]", hits).forEach((option, n) => {
    option.ariaSelected = String(n === position);
    if (n !== position) return;
    option.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", option.id);
  });
}
