// Cards are dragged between lanes by mouse and touch; the card's menu does the same by keyboard.
// Posts id, version, to. The answer is {"version": 8, "lane": "won"}, or {"ask": address, "title": …} where the step
// asks for something, or an error with its reason as text/plain.

import { all, ask, fragment, one, say } from "./dom.js";

const leads = (from, to) => (from.dataset.targets || "").includes(`|${to.dataset.lane}|`);

export function attach(board) {
  if (!board.dataset.move) return;
  for (const card of all(".card", board)) {
    card.draggable = true;
    card.addEventListener("dragstart", (event) => {
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", card.dataset.id);
      card.classList.add("dragged");
      const from = card.closest(".lane");
      for (const lane of all(".lane", board)) lane.classList.toggle("closed", lane !== from && !leads(from, lane));
    });
    card.addEventListener("dragend", () => {
      card.classList.remove("dragged");
      all(".lane", board).forEach((lane) => lane.classList.remove("closed", "over"));
    });
  }
  for (const lane of all(".lane[data-movable]", board)) {
    lane.addEventListener("dragover", (event) => {
      if (lane.classList.contains("closed")) return;
      event.preventDefault();
      lane.classList.add("over");
    });
    lane.addEventListener("dragleave", (event) => lane.contains(event.relatedTarget) || lane.classList.remove("over"));
    lane.addEventListener("drop", (event) => {
      event.preventDefault();
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
  put(() => one("ul", lane).prepend(card));
  const back = () => put(() => from.insertBefore(card, before));
  const body = new URLSearchParams({ id: card.dataset.id, version: card.dataset.version, to: lane.dataset.lane });
  const answer = await ask(board.dataset.move, { method: "POST", body }).catch(() => null);
  if (!answer?.ok) {
    back();
    const reason = answer?.headers.get("Content-Type")?.startsWith("text/plain") ? await answer.text() : "";
    return say(reason || board.dataset.failed, { tone: "bad" });
  }
  const told = await answer.json();
  if (told.ask) {
    const { inDialog } = await import("./asks.js");
    if (!(await inDialog(told.ask, told.title))) return back();
  }
  await renew(board, card.dataset.id);
  const now = one(`.card[data-id="${CSS.escape(card.dataset.id)}"]`)?.closest(".lane") ?? lane;
  say(board.dataset.moved.replace("{lane}", now.getAttribute("aria-label")));
}

function put(shift) {
  if (document.startViewTransition) document.startViewTransition(shift);
  else shift();
}

// Counts and sums of the lanes, and where the card stands in its order, are the server's.
async function renew(board, id) {
  const answer = await fetch(location.href, { credentials: "same-origin" }).catch(() => null);
  const fresh = answer?.ok && one(".board", fragment(await answer.text()));
  if (!fresh) return location.reload();
  const { scrollLeft } = board;
  board.replaceWith(fresh);
  fresh.scrollLeft = scrollLeft;
  fresh.dispatchEvent(new CustomEvent("sopia:arrived", { bubbles: true }));
  one(`.card[data-id="${CSS.escape(id)}"] a`, fresh)?.focus({ preventScroll: true });
}
