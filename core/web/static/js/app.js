// The entry: gives elements with data-module="name" the behaviour of ./name.js, now and when fragments arrive.

import { all } from "./dom.js";

const modules = {
  asks: () => import("./asks.js"),
  board: () => import("./board.js"),
  calendar: () => import("./calendar.js"),
  columns: () => import("./columns.js"),
  combobox: () => import("./combobox.js"),
  confirm: () => import("./confirm.js"),
  copy: () => import("./copy.js"),
  count: () => import("./count.js"),
  drop: () => import("./drop.js"),
  duplicates: () => import("./duplicates.js"),
  filters: () => import("./filters.js"),
  find: () => import("./find.js"),
  form: () => import("./form.js"),
  grid: () => import("./grid.js"),
  inplace: () => import("./inplace.js"),
  later: () => import("./later.js"),
  lines: () => import("./lines.js"),
  mapping: () => import("./mapping.js"),
  month: () => import("./month.js"),
  more: () => import("./more.js"),
  picks: () => import("./picks.js"),
  progress: () => import("./progress.js"),
  redraft: () => import("./redraft.js"),
  roles: () => import("./roles.js"),
  rows: () => import("./rows.js"),
  several: () => import("./several.js"),
  shell: () => import("./shell.js"),
  tabs: () => import("./tabs.js"),
  tags: () => import("./tags.js"),
  upload: () => import("./upload.js"),
  write: () => import("./write.js"),
};

const done = new WeakMap();

// What lies in a closed menu waits for its opening: most menus are never opened.
function closed(element) {
  return element.matches("details") ? !element.open && element : element.closest("details.menu:not([open])");
}

async function attach(root) {
  const elements = [...(root.matches?.("[data-module]") ? [root] : []), ...all("[data-module]", root)];
  for (const element of elements) {
    const menu = closed(element);
    if (menu) {
      menu.addEventListener("toggle", () => attach(menu), { once: true });
      continue;
    }
    for (const name of element.dataset.module.split(" ")) {
      const given = done.get(element) ?? new Set();
      if (given.has(name) || !modules[name]) continue;
      done.set(element, given.add(name));
      (await modules[name]()).attach(element);
    }
  }
}

// A module that inserts markup announces it: element.dispatchEvent(new CustomEvent("sopia:arrived", {bubbles: true})).
document.addEventListener("sopia:arrived", (event) => attach(event.target));
attach(document);
