// A list: j and k move, Enter opens, x ticks, Shift extends; the bulk bar counts and asks.

import { all, ask, fragment, make, one, writing } from "./dom.js";

// Asked seldom, so fetched when asked.
const confirm = async (question) => (await import("./dialog.js")).confirm(question);

export function attach(sheet) {
  const body = one("tbody", sheet);
  const boxes = () => all(".s input", body);
  const everything = one("[data-everything] input", sheet);
  let last = null;

  const count = () => {
    const ticked = boxes().filter((box) => box.checked).length;
    const label = one("[data-selected]", sheet);
    if (label) label.textContent = label.dataset.text.replace("{count}", ticked);
    const head = one("[data-all]", sheet);
    if (head) {
      head.checked = ticked > 0 && ticked === boxes().length;
      head.indeterminate = ticked > 0 && !head.checked;
    }
    if (everything && ticked < boxes().length) everything.checked = false;
    return ticked;
  };
  sheet.addEventListener("change", (event) => {
    if (event.target.matches("[data-all]")) boxes().forEach((box) => (box.checked = event.target.checked));
    if (everything?.checked) boxes().forEach((box) => (box.checked = true));
    count();
  });
  body.addEventListener("click", (event) => {
    const box = event.target.closest(".s input");
    if (box) {
      if (event.shiftKey && last) {
        const list = boxes();
        const [from, to] = [list.indexOf(last), list.indexOf(box)].sort((a, b) => a - b);
        list.slice(from, to + 1).forEach((other) => (other.checked = box.checked));
      }
      last = box;
      count();
      return;
    }
    // The whole row leads where its title leads, unless one marks text or hits a link.
    const row = event.target.closest("tr");
    if (!row || event.target.closest("a, button, input, label") || getSelection().toString()) return;
    if (event.target.closest(".s")) one(".s input", row)?.click();
    else if (event.metaKey || event.ctrlKey) open(one("a", row)?.href, "_blank");
    else one("a", row)?.click();
  });

  let current = -1;
  const move = (step) => {
    const rows = all("tr", body);
    rows[current]?.removeAttribute("aria-current");
    current = Math.max(0, Math.min(rows.length - 1, current + step));
    rows[current].setAttribute("aria-current", "true");
    rows[current].scrollIntoView({ block: "nearest" });
    one("a", rows[current])?.focus({ preventScroll: true });
  };
  document.addEventListener("keydown", (event) => {
    if (writing(event) || event.ctrlKey || event.metaKey || event.altKey || one("dialog[open]")) return;
    const row = all("tr", body)[current];
    if (event.key === "j") move(1);
    else if (event.key === "k") move(-1);
    else if (event.key === "x" && row) {
      one(".s input", row)?.click();
    } else if (event.key === "Escape" && count()) {
      boxes().forEach((box) => (box.checked = false));
      count();
    } else return;
    event.preventDefault();
  });
  body.addEventListener("focusin", (event) => {
    const row = event.target.closest("tr");
    if (row && event.target.matches("a")) {
      all("[aria-current]", body).forEach((other) => other.removeAttribute("aria-current"));
      current = all("tr", body).indexOf(row);
      row.setAttribute("aria-current", "true");
    }
  });

  one("[data-clear]", sheet)?.addEventListener("click", () => {
    boxes().forEach((box) => (box.checked = false));
    count();
  });
  let sure = false;
  sheet.addEventListener("submit", async (event) => {
    const button = event.submitter;
    if (sure || !button) return;
    if (button.dataset.dialog) {
      event.preventDefault();
      dialog(button, boxes().filter((box) => box.checked));
    } else if (button.dataset.ask) {
      event.preventDefault();
      const title = button.dataset.ask.replace("{count}", everything?.checked ? everything.parentElement.textContent.trim() : count());
      if (!(await confirm({ title, button: button.textContent.trim(), cancel: button.dataset.cancel, danger: button.matches(".danger") }))) return;
      sure = true;
      sheet.append(make("input", { type: "hidden", name: "confirmed", value: "true" }));
      sheet.requestSubmit(button);
    }
  });
  count();
}

// A bulk action with fields of its own: the server's fragment is a form that posts by itself.
async function dialog(button, ticked) {
  const url = new URL(button.dataset.dialog, location.href);
  ticked.forEach((box) => url.searchParams.append("id", box.value));
  const answer = await ask(url).catch(() => null);
  if (!answer?.ok) return;
  const box = make("dialog", { class: "with-form", "aria-label": button.textContent.trim() }, make("h2", {}, button.textContent.trim()), fragment(await answer.text()));
  document.body.append(box);
  box.addEventListener("close", () => box.remove());
  box.addEventListener("click", (event) => {
    if (event.target === box || event.target.closest("[data-leaves]")) {
      event.preventDefault();
      box.close();
    }
  });
  box.showModal();
  box.dispatchEvent(new CustomEvent("sopia:arrived", { bubbles: true }));
}
