// The faulty rows of an import, corrected like a spreadsheet. A changed cell is posted to data-url as row, column, value;
// the answer is {"faults": {"3": "…"}, "note": "", "faulty": "128"}: the faults of the row by column, and how many rows are left.

import { all, ask, make, one } from "./dom.js";

export function attach(form) {
  const check = async (input) => {
    const row = input.closest("tr");
    const body = new URLSearchParams({ row: row.dataset.row, column: input.dataset.column, value: input.value });
    const answer = await ask(form.dataset.url, { method: "POST", body }).catch(() => null);
    if (!answer?.ok) return;
    const { faults, note, faulty } = await answer.json();
    input.defaultValue = input.value;
    for (const cell of all("input", row)) {
      const fault = faults[cell.dataset.column];
      cell.parentElement.classList.toggle("bad", !!fault);
      if (fault) cell.setAttribute("aria-invalid", "true");
      else cell.removeAttribute("aria-invalid");
    }
    const texts = [...Object.values(faults), note].filter(Boolean);
    one(".wrong", row).replaceChildren(...texts.map((text) => make("span", {}, text)));
    row.className = Object.keys(faults).length ? "fault" : note ? "duplicate" : "fixed";
    if (faulty != null) one("[data-faulty]").textContent = faulty;
  };
  form.addEventListener("change", (event) => event.target.matches(".grid input") && check(event.target));
  form.addEventListener("click", (event) => {
    const proposal = event.target.closest(".proposal");
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
