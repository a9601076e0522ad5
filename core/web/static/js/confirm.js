// A form that asks first: data-title, data-text, data-losses (one per line), data-button, data-typed, data-undoable.
// What was asked is posted as `confirmed=true`, so that the server need not ask again.

import { make } from "./dom.js";

// Asked seldom, so fetched when asked.
const confirm = async (question) => (await import("./dialog.js")).confirm(question);

export function attach(form) {
  let sure = false;
  form.addEventListener("submit", async (event) => {
    if (sure) return;
    event.preventDefault();
    const { title, text, losses, button, typed, cancel, undoable } = form.dataset;
    const label = button || event.submitter?.textContent.trim();
    if (!(await confirm({ title, text, losses: losses ? losses.split("\n") : [], button: label, typed, cancel, note: undoable }))) return;
    sure = true;
    form.append(make("input", { type: "hidden", name: "confirmed", value: "true" }));
    if (typed) form.append(make("input", { type: "hidden", name: "typed", value: typed }));
    form.requestSubmit(event.submitter);
  });
}
