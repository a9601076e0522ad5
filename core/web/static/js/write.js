// Ctrl and Enter send a remark. An @ offers colleagues by name, pinyin or initials; data-people says where to ask.

import { ask, later, make } from "./dom.js";

let number = 0;

export function attach(form) {
  const area = form.querySelector("textarea");
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  form.closest("details")?.addEventListener("toggle", () => area.focus());
  if (form.dataset.people) mention(form, area);
}

function mention(form, area) {
  const list = make("div", { class: "options", role: "listbox", id: `people-${++number}`, hidden: true });
  area.setAttribute("aria-controls", list.id);
  form.append(list);
  let items = [];
  let now = 0;
  let asked = 0;
  const word = () => /(?:^|[^\w.@])@([^\s@]{0,20})$/.exec(area.value.slice(0, area.selectionStart))?.[1];
  const close = () => (list.hidden = true);
  const take = (item) => {
    const end = area.selectionStart;
    area.setRangeText(`${item.label} `, end - word().length, end, "end");
    close();
    area.focus();
  };
  const mark = (position) => {
    now = position;
    [...list.children].forEach((option, n) => (option.ariaSelected = String(n === position)));
    list.children[position]?.scrollIntoView({ block: "nearest" });
  };
  const load = async () => {
    const text = word();
    if (text === undefined) return close();
    const mine = ++asked;
    const answer = await ask(`${form.dataset.people}?q=${encodeURIComponent(text)}`).catch(() => null);
    if (mine !== asked || !answer?.ok || word() === undefined) return;
    items = (await answer.json()).items.slice(0, 6);
    list.replaceChildren(...items.map((item) => make("div", { role: "option", onpointerdown: (event) => (event.preventDefault(), take(item)) }, item.label, item.hint ? make("small", {}, item.hint) : null)));
    list.hidden = !items.length;
    mark(0);
  };
  area.addEventListener("input", later(90, load));
  area.addEventListener("blur", close);
  area.addEventListener("keydown", (event) => {
    if (list.hidden || event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      mark((now + (event.key === "ArrowDown" ? 1 : -1) + items.length) % items.length);
    } else if ((event.key === "Enter" && !event.ctrlKey && !event.metaKey) || event.key === "Tab") {
      event.preventDefault();
      take(items[now]);
    } else if (event.key === "Escape") {
      event.stopPropagation();
      close();
    }
  });
}
