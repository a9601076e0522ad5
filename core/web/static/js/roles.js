// The grid of a role: colours follow the choice, and one head sets its whole column.

import { all } from "./dom.js";

export function attach(form) {
  const colour = (select) => (select.className = `scope ${select.value || `open ${select.dataset.inherited}`}`);
  form.addEventListener("change", (event) => event.target.matches(".scope") && colour(event.target));
  for (const button of all("thead [data-column]", form)) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const column = all(`tbody td:nth-child(${Number(button.dataset.column) + 1}) > select.scope`, form);
      const value = column[0]?.value;
      for (const select of column) {
        select.value = value;
        colour(select);
      }
      form.dispatchEvent(new Event("input", { bubbles: true }));
    });
  }
}
