// The column chooser: columns can be moved, by dragging and with Alt and the arrows; sent as `columns=a,b,c`.

import { all, icon, make, one } from "./dom.js";

export function attach(menu) {
  const form = one("form", menu);
  const list = one("ol", menu);
  for (const box of all("[data-fixed]", list)) box.addEventListener("click", (event) => event.preventDefault());
  for (const item of list.children) {
    const label = one("label", item).textContent.trim();
    const handle = make("button", { type: "button", class: "move", "aria-label": label, title: "Alt ↑ ↓" }, icon("drag"));
    handle.addEventListener("keydown", (event) => {
      if (event.key === "ArrowUp" && item.previousElementSibling) item.previousElementSibling.before(item);
      else if (event.key === "ArrowDown" && item.nextElementSibling) item.nextElementSibling.after(item);
      else return;
      event.preventDefault();
      event.stopPropagation();
      handle.focus();
    });
    handle.addEventListener("pointerdown", (event) => {
      handle.setPointerCapture(event.pointerId);
      item.classList.add("dragged");
      const drag = (moved) => {
        const over = document.elementFromPoint(list.getBoundingClientRect().left + 30, moved.clientY)?.closest("li");
        if (!over || over === item || over.parentElement !== list) return;
        const below = moved.clientY > over.getBoundingClientRect().top + over.offsetHeight / 2;
        over[below ? "after" : "before"](item);
      };
      handle.addEventListener("pointermove", drag);
      handle.addEventListener("pointerup", () => (item.classList.remove("dragged"), handle.removeEventListener("pointermove", drag)), { once: true });
    });
    item.append(handle);
  }
  form.addEventListener("formdata", ({ formData }) => {
    const columns = formData.getAll("columns");
    formData.set("columns", columns.join(","));
  });
}
