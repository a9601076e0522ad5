// A form that is not left by accident, not sent twice, and that leads to its first fault.

import { all, one } from "./dom.js";

// Asked seldom, so fetched when asked.
const confirm = async (question) => (await import("./dialog.js")).confirm(question);

export function attach(form) {
  const state = one(".form-state", form);
  let changed = !!one("[aria-invalid]", form);
  let leaving = false;
  form.addEventListener("input", () => {
    changed = true;
    if (state) state.textContent = state.dataset.dirty;
  });
  addEventListener("beforeunload", (event) => changed && !leaving && form.isConnected && form.dataset.leave && event.preventDefault());
  form.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    leaving = true;
    if (state) state.textContent = state.dataset.sending;
    setTimeout(() => all("button", form).forEach((button) => !button.type.startsWith("b") && (button.disabled = true)));
  });
  addEventListener("pageshow", () => {
    leaving = false;
    all("button:disabled", form).forEach((button) => (button.disabled = false));
  });
  if (form.dataset.leave && !form.closest("dialog, .fact")) {
    document.addEventListener("click", async (event) => {
      const link = event.target.closest?.("a[href]");
      if (!changed || leaving || !link || link.target || link.hash || event.ctrlKey || event.metaKey || link.origin !== location.origin) return;
      event.preventDefault();
      const { leave, leaveText, leaveButton, cancel } = form.dataset;
      if (!(await confirm({ title: leave, text: leaveText, button: leaveButton, cancel }))) return;
      leaving = true;
      location.href = link.href;
    });
  }
  one(".field.bad input:not([type=hidden]), .field.bad select, .field.bad textarea", form)?.focus();
}
