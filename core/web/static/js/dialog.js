// The question before something is lost. Resolves to true or false.

import { make } from "./dom.js";

export function confirm({ title, text = "", losses = [], note = "", button, cancel, typed = "", danger = true }) {
  return new Promise((resolve) => {
    const go = make("button", { class: danger ? "primary danger" : "primary", value: "go" }, button || title);
    const form = make("form", { method: "dialog" }, make("h2", { id: "ask" }, title));
    if (text) form.append(make("p", {}, text));
    if (losses.length) form.append(make("ul", {}, ...losses.map((loss) => make("li", {}, loss))));
    if (note) form.append(make("p", { class: "quiet" }, note));
    if (typed) {
      const input = make("input", { autocomplete: "off", placeholder: typed, "aria-label": typed });
      go.disabled = true;
      input.addEventListener("input", () => (go.disabled = input.value !== typed));
      form.append(input);
    }
    form.append(make("div", { class: "dialog-foot" }, make("button", { class: "quiet", value: "", formnovalidate: true }, cancel), go));
    const dialog = make("dialog", { "aria-labelledby": "ask" }, form);
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "go");
    });
    document.body.append(dialog);
    dialog.showModal();
    if (!typed) go.focus();
  });
}
