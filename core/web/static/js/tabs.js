// The tabs of a form: one part is shown, all are sent. A part with a fault comes first.

import { all, one } from "./dom.js";

export function attach(list) {
  const form = list.closest("form");
  const tabs = all("[data-tab]", list);
  const parts = all("fieldset[data-tab]", form);
  list.setAttribute("role", "tablist");
  const show = (key, focus) => {
    for (const tab of tabs) {
      const on = tab.dataset.tab === key;
      tab.setAttribute("aria-selected", String(on));
      tab.tabIndex = on ? 0 : -1;
      if (on && focus) tab.focus();
    }
    for (const part of parts) part.toggleAttribute("data-off", part.dataset.tab !== key);
  };
  for (const tab of tabs) {
    tab.setAttribute("role", "tab");
    tab.addEventListener("click", (event) => {
      event.preventDefault();
      event.stopPropagation();
      show(tab.dataset.tab);
    });
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (step) show(tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length].dataset.tab, true);
    });
  }
  const faulty = one(".field.bad", form)?.closest("fieldset[data-tab]");
  show(faulty?.dataset.tab ?? tabs[0]?.dataset.tab);
}
