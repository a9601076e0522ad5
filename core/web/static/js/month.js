// Entries of the calendar are dragged to another day; the menu of each does the same by keyboard and touch.
// Posts id, version, from, to; the answer is {"version": 8} or the reason against it as text/plain.

import { all, ask, say } from "./dom.js";

export function attach(calendar) {
  if (!calendar.dataset.move) return;
  let dragged = null;
  for (const entry of all(".month [data-movable]", calendar)) {
    entry.draggable = true;
    entry.addEventListener("dragstart", (event) => {
      dragged = entry;
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", entry.dataset.id);
    });
    entry.addEventListener("dragend", () => (dragged = null));
  }
  for (const day of all("td[data-day]", calendar)) {
    day.addEventListener("dragover", (event) => dragged && (event.preventDefault(), day.classList.add("over")));
    day.addEventListener("dragleave", (event) => day.contains(event.relatedTarget) || day.classList.remove("over"));
    day.addEventListener("drop", (event) => {
      event.preventDefault();
      day.classList.remove("over");
      if (dragged && dragged.dataset.day !== day.dataset.day) move(calendar, dragged, day);
    });
  }
}

async function move(calendar, entry, day) {
  const { id, version, day: from } = entry.dataset;
  const back = entry.nextElementSibling;
  const home = entry.parentElement;
  day.append(entry);
  const body = new URLSearchParams({ id, version, from, to: day.dataset.day });
  const answer = await ask(calendar.dataset.move, { method: "POST", body }).catch(() => null);
  // An entry may last several days, so the server draws them all anew.
  if (answer?.ok) return void location.reload();
  home.insertBefore(entry, back);
  const reason = answer?.headers.get("Content-Type")?.startsWith("text/plain") ? await answer.text() : "";
  say(reason || calendar.dataset.failed, { tone: "bad" });
}
