// The faulty rows of an import, corrected like a spreadsheet. A changed cell is posted to data-url as row, column, value and
// what it was; the answer is {"faults": {"3": "…"}, "note": "", "faulty": "128", "good": "2,872", "about": "…", "run": "…",
// "like": 4}: the faults of the row by column, how many rows are left, how many are right and what they will do, what the
// button of the import says, and how many other cells were wrong in the same way.

import { all, ask, make, one, say } from "./dom.js";

export function attach(form) {
  const send = async (input, value, was, everywhere) => {
    const body = new URLSearchParams({ row: input.closest("tr").dataset.row, column: input.dataset.column, value, was });
    if (everywhere) body.set("all", "true");
    const answer = await ask(form.dataset.url, { method: "POST", body }).catch(() => null);
    if (answer?.ok) return answer.json();
    say(form.dataset.failed ?? "", { tone: "bad" });
    return null;
  };
  const check = async (input) => {
    const row = input.closest("tr");
    const was = input.defaultValue;
    const value = input.value;
    const answer = await send(input, value, was);
    if (!answer) return;
    const { faults, note, faulty, good, about, run, like } = answer;
    input.defaultValue = value;
    for (const cell of all("input", row)) {
      const fault = faults[cell.dataset.column];
      if (!fault && cell.parentElement.matches(".bad")) cell.parentElement.classList.add("mended");
      cell.parentElement.classList.toggle("bad", !!fault);
      if (fault) cell.setAttribute("aria-invalid", "true");
      else cell.removeAttribute("aria-invalid");
    }
    const told = Object.entries(faults).map(([column, text]) => {
      const title = one(`[data-head="${column}"]`, form)?.textContent;
      return make("label", { for: `c-${row.dataset.row}-${column}` }, ...(title ? [make("b", {}, title), " "] : []), text);
    });
    const right = !told.length && !note;
    if (note) told.push(make("span", {}, note));
    if (right && form.dataset.right) told.push(make("span", {}, form.dataset.right));
    if (like && form.dataset.like && !faults[input.dataset.column]) {
      const words = form.dataset.like.replace("{count}", like);
      told.push(make("button", { type: "button", class: "proposal", onclick: () => everywhere(input, value, was) }, words));
    }
    one(".wrong", row).replaceChildren(...told);
    row.className = Object.keys(faults).length ? "fault" : note ? "duplicate" : "fixed";
    if (faulty != null) one("[data-faulty]").textContent = faulty;
    if (good == null) return;
    const button = one("[data-import]");
    button.hidden = !run;
    button.textContent = run;
    one("[data-good]").textContent = good;
    if (about) one("[data-about]").textContent = about;
  };
  const everywhere = async (input, value, was) => (await send(input, value, was, true)) && location.reload();
  form.addEventListener("change", (event) => event.target.matches(".grid input") && check(event.target));
  form.addEventListener("click", (event) => {
    const proposal = event.target.closest(".proposal[data-value]");
    if (!proposal) return;
    const input = one(`[data-column="${proposal.dataset.column}"]`, proposal.closest("tr"));
    input.value = proposal.dataset.value;
    check(input);
    input.focus();
  });
  form.addEventListener("keydown", (event) => {
    const input = event.target;
    if (!input.matches(".grid input") || event.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1, Enter: event.shiftKey ? -1 : 1 }[event.key];
    if (event.key === "Escape") input.value = input.defaultValue;
    if (!step) return;
    event.preventDefault();
    const column = all(`.grid input[data-column="${input.dataset.column}"]`, form);
    const next = column[column.indexOf(input) + step];
    next?.focus();
    next?.select();
    if (!next) input.blur();
  });
}
