// A month to choose a day from, beside a text field that takes dates as one writes them.

import { icon, make, one } from "./dom.js";

const two = (number) => String(number).padStart(2, "0");
const written = (date) => `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;

/** The day in a text: 2026-3-5, 2026/3/5, 2026年3月5日, 20260305. */
export function read(text) {
  const match = text.match(/(\d{4})\D(\d{1,2})\D(\d{1,2})/) ?? text.match(/(\d{4})(\d{2})(\d{2})/);
  if (!match) return null;
  const date = new Date(+match[1], +match[2] - 1, +match[3]);
  return date.getMonth() === +match[2] - 1 ? date : null;
}

export function attach(element) {
  const input = element.matches("input") ? element : one("input", element);
  if (input.readOnly) return;
  if (element === input) {
    element = make("span", { class: "dated" });
    input.replaceWith(element);
    element.append(input);
  }
  const language = document.documentElement.lang;
  const title = new Intl.DateTimeFormat(language, { year: "numeric", month: "long" });
  const full = new Intl.DateTimeFormat(language, { dateStyle: "full" });
  const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  let shown;
  let panel;

  const open = () => {
    if (panel) return close();
    shown = read(input.value) ?? new Date();
    panel = make("div", { class: "calendar", role: "dialog", "aria-label": input.getAttribute("aria-label") ?? "" });
    element.append(panel);
    draw();
  };
  const close = () => {
    panel?.remove();
    panel = null;
  };
  const take = (date) => {
    const time = element.hasAttribute("data-time") ? (input.value.match(/\d{1,2}:\d{2}.*$/)?.[0] ?? "09:00") : "";
    input.value = (written(date) + " " + time).trim();
    close();
    input.focus();
    input.dispatchEvent(new Event("input", { bubbles: true }));
    input.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const turn = (months) => {
    shown = new Date(shown.getFullYear(), shown.getMonth() + months, 1);
    draw();
  };
  const square = (name, words, run) => make("button", { type: "button", class: "quiet square", "aria-label": words, onclick: run }, icon(name));

  const draw = (focus) => {
    const first = new Date(shown.getFullYear(), shown.getMonth(), 1);
    const day = new Date(first);
    day.setDate(1 - ((first.getDay() + 6) % 7));
    const chosen = read(input.value);
    const rows = [];
    const names = [...Array(7).keys()].map((n) => new Intl.DateTimeFormat(language, { weekday: "narrow" }).format(new Date(2024, 0, 1 + n)));
    for (let week = 0; week < 6; week++) {
      const cells = [];
      for (let n = 0; n < 7; n++) {
        const date = new Date(day);
        const outside = date.getMonth() !== shown.getMonth();
        const barred = (element.dataset.min && written(date) < element.dataset.min) || (element.dataset.max && written(date) > element.dataset.max);
        const now = written(date) === written(new Date());
        const button = make("button", { type: "button", "aria-label": full.format(date), "aria-selected": String(!!chosen && written(date) === written(chosen)), class: [outside && "outside", now && "today"].filter(Boolean).join(" "), disabled: barred, "data-day": written(date), onclick: () => take(date), tabindex: "-1" }, String(date.getDate()));
        cells.push(make("td", {}, button));
        day.setDate(day.getDate() + 1);
      }
      rows.push(make("tr", {}, ...cells));
    }
    panel.replaceChildren(
      make("header", {}, make("strong", { "aria-live": "polite" }, title.format(shown)), square("left", relative.format(-1, "month"), () => turn(-1)), square("right", relative.format(1, "month"), () => turn(1))),
      make("table", { role: "grid" }, make("thead", {}, make("tr", {}, ...names.map((name) => make("th", { scope: "col" }, name)))), make("tbody", {}, ...rows)),
      make("footer", {}, ...[0, 1].map((n) => make("button", { type: "button", class: "quiet", onclick: () => take(new Date(Date.now() + n * 864e5)) }, relative.format(n, "day")))),
    );
    if (focus) one(`[data-day="${written(shown)}"]`, panel)?.focus();
  };

  element.append(make("button", { type: "button", class: "open", "aria-label": full.format(new Date()), onclick: open, tabindex: "-1" }, icon("calendar")));
  element.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" && event.target === input) {
      event.preventDefault();
      if (!panel) open();
      draw(true);
    } else if (event.key === "Escape" && panel) {
      event.stopPropagation();
      close();
      input.focus();
    } else if (panel && event.target.dataset.day) {
      const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 }[event.key];
      if (!step) return;
      event.preventDefault();
      shown = read(event.target.dataset.day);
      shown.setDate(shown.getDate() + step);
      draw(true);
    }
  });
  document.addEventListener("pointerdown", (event) => panel && !element.contains(event.target) && close());
}
