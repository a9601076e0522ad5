// The frame: menus that close, navigation that remembers, looks, notices, keys, the way to the palette.

import { all, ask, fade, one, writing } from "./dom.js";

export function attach() {
  menus();
  navigation();
  preferences();
  all("[data-toast]").forEach(fade);
  keys();
  const search = one(".top-search");
  if (search) palette(search);
}

function menus() {
  document.addEventListener("click", (event) => {
    for (const menu of all("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    const menu = event.target.closest?.("details.menu[open]") ?? one("details.menu[open]");
    if (!menu) return;
    if (event.key === "Escape") {
      menu.open = false;
      one("summary", menu).focus();
    } else if (["ArrowDown", "ArrowUp"].includes(event.key) && !writing(event)) {
      const items = all(".menu-item", menu);
      const next = items.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
      items[(next + items.length) % items.length]?.focus();
      event.preventDefault();
    }
  });
}

const remember = (name, value) => (document.cookie = `${name}=${encodeURIComponent(value)}; path=/; max-age=31536000; samesite=lax`);

function navigation() {
  const groups = all(".side-group");
  for (const group of groups) {
    group.addEventListener("toggle", () => remember("sopia_open", groups.filter((g) => g.open).map((g) => g.dataset.group).join(".")));
  }
  const narrow = one("[data-narrow-switch]");
  narrow?.addEventListener("click", () => {
    const on = document.documentElement.toggleAttribute("data-narrow");
    narrow.setAttribute("aria-pressed", on);
    remember("sopia_narrow", on ? "1" : "");
  });
}

function preferences() {
  for (const form of all("form[data-preference]")) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const name = form.dataset.preference;
      const value = event.submitter.value;
      document.documentElement.dataset[name] = value;
      for (const button of all("button", form)) button.setAttribute("aria-pressed", button.value === value);
      ask(form.action, { method: "POST", body: new URLSearchParams({ [name]: value }) });
    });
  }
}

function keys() {
  document.addEventListener("keydown", (event) => {
    if (writing(event) || event.ctrlKey || event.metaKey || event.altKey || one("dialog[open]")) return;
    const target = all("[data-key]").find((element) => element.dataset.key === event.key && element.checkVisibility());
    if (!target) return;
    event.preventDefault();
    if (target.matches("input")) target.focus();
    else target.click();
  });
  document.addEventListener("keydown", (event) => {
    const save = (event.ctrlKey || event.metaKey) && ["s", "Enter"].includes(event.key) && event.target.closest?.("form.form");
    if (!save) return;
    event.preventDefault();
    save.requestSubmit();
  });
}

function palette(form) {
  const open = async (text = "") => (await import("./palette.js")).open(form.dataset.palette, form.action, text, form);
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      open();
    }
  });
  const input = one("input", form);
  input.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    open(input.value);
  });
}
