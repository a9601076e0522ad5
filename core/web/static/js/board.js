// Cards are dragged between lanes by mouse and touch; the card's menu does the same by keyboard.
// Posts id, version, to; the answer is {"version": 8} or an error with its reason as text/plain.

import { all, ask, one, say } from "./dom.js";

export function attach(board) {
  if (!board.dataset.move) return;
  for (const card of all(".card", board)) {
    card.draggable = true;
    card.addEventListener("dragstart", (event) => {
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", card.dataset.id);
      card.classList.add("dragged");
    });
    card.addEventListener("dragend", () => card.classList.remove("dragged"));
  }
  for (const lane of all(".lane[data-movable]", board)) {
    lane.addEventListener("dragover", (event) => (event.preventDefault(), lane.classList.add("over")));
    lane.addEventListener("dragleave", (event) => lane.contains(event.relatedTarget) || lane.classList.remove("over"));
    lane.addEventListener("drop", (event) => {
      event.preventDefault();
      lane.classList.remove("over");
      const card = one(".card.dragged", board);
      if (card && card.closest(".lane") !== lane) move(board, card, lane);
    });
  }
  board.addEventListener("submit", (event) => {
    event.preventDefault();
    const card = event.target.closest(".card");
    move(board, card, one(`[data-lane="${CSS.escape(event.submitter.value)}"]`, board));
  });
}

async function move(board, card, lane) {
  const from = card.parentElement;
  const before = card.nextElementSibling;
  one(".menu", card)?.removeAttribute("open");
  const shift = () => one("ul", lane).prepend(card);
  if (document.startViewTransition) document.startViewTransition(shift);
  else shift();
  const body = new URLSearchParams({ id: card.dataset.id, version: card.dataset.version, to: lane.dataset.lane });
  const answer = await ask(board.dataset.move, { method: "POST", body }).catch(() => null);
  if (answer?.ok) {
    card.dataset.version = (await answer.json()).version;
    say(board.dataset.moved.replace("{lane}", lane.getAttribute("aria-label")));
  } else {
    from.insertBefore(card, before);
    const reason = answer?.headers.get("Content-Type")?.startsWith("text/plain") ? await answer.text() : "";
    say(reason || board.dataset.failed, { tone: "bad" });
  }
}
