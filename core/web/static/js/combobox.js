// The relation picker. Asks data-url?q=… and gets {"items": [{"id": 3, "label": "…", "hint": "…"}], "more": true}.
// The hidden field before the text has the id; text without an id is looked up by the server.

import { all, ask, later, make, one } from "./dom.js";

let number = 0;

export function attach(box) {
  const id = one("input[type=hidden]", box);
  const input = one("input:not([type=hidden])", box);
  const list = make("div", { class: "options", role: "listbox", id: `options-${++number}`, hidden: true });
  for (const [name, value] of Object.entries({ role: "combobox", "aria-expanded": "false", "aria-controls": list.id, "aria-autocomplete": "list" })) input.setAttribute(name, value);
  box.append(list);
  let known = input.value;
  let asked = 0;

  const close = () => {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const take = (item) => {
    id.value = item ? item.id : "";
    input.value = known = item ? item.label : "";
    close();
    id.dispatchEvent(new CustomEvent("sopia:chosen", { bubbles: true, detail: item }));
    input.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const load = async () => {
    const mine = ++asked;
    const text = input.value === known ? "" : input.value.trim();
    const url = box.dataset.url + (box.dataset.url.includes("?") ? "&" : "?") + "q=" + encodeURIComponent(text);
    const answer = await ask(url).catch(() => null);
    if (mine !== asked || !answer?.ok || document.activeElement !== input) return;
    const { items, more } = await answer.json();
    list.replaceChildren(
      ...items.map((item, n) => make("div", { role: "option", id: `${list.id}-${n}`, "aria-selected": String(n === 0), onpointerdown: (event) => (event.preventDefault(), take(item)) }, item.label, item.hint ? make("small", {}, item.hint) : null)),
      ...(items.length ? [] : [make("p", {}, box.dataset.none ?? "–")]),
      ...(more ? [make("p", {}, "…")] : []),
    );
    if (text && box.dataset.create) list.append(make("a", { role: "option", href: `${box.dataset.create}?name=${encodeURIComponent(text)}`, target: "_blank", onpointerdown: (event) => event.preventDefault() }, box.dataset.createText.replace("{text}", text)));
    list.items = items;
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    mark(0);
  };
  const mark = (position) => {
    all("[role=option]", list).forEach((option, n) => {
      option.ariaSelected = String(n === position);
      if (n !== position) return;
      option.scrollIntoView({ block: "nearest" });
      input.setAttribute("aria-activedescendant", option.id);
    });
  };
  const soon = later(110, load);

  input.addEventListener("input", () => {
    id.value = "";
    soon();
  });
  input.addEventListener("click", () => list.hidden && !input.readOnly && load());
  input.addEventListener("blur", () => {
    asked++;
    close();
    if (!input.value) id.value = "";
    else if (input.value === known && id.defaultValue) id.value ||= id.defaultValue;
  });
  input.addEventListener("keydown", (event) => {
    const options = all("[role=option]", list);
    const now = options.findIndex((option) => option.ariaSelected === "true");
    if (event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) load();
      else mark((now + (event.key === "ArrowDown" ? 1 : -1) + options.length) % options.length);
    } else if (event.key === "Enter" && !list.hidden) {
      event.preventDefault();
      if (list.items[now]) take(list.items[now]);
      else options[now]?.click();
    } else if (event.key === "Tab" && !list.hidden && input.value && !id.value && list.items[now]) take(list.items[now]);
    else if (event.key === "Escape" && !list.hidden) {
      event.stopPropagation();
      close();
    }
  });
}
