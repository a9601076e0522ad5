// Panels that the page has only counted come when their reader gets near them: those of one moment in one answer.

import { ask, fragment, one } from "./dom.js";

const NEAR = "600px 0px";

const waiting = new Set();
let due = 0;

const watcher = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      watcher.unobserve(entry.target);
      waiting.add(entry.target);
    }
    if (waiting.size && !due) due = setTimeout(load);
  },
  { rootMargin: NEAR },
);

async function load() {
  const places = [...waiting];
  waiting.clear();
  due = 0;
  const url = places[0].dataset.url + "?" + new URLSearchParams(places.map((place) => ["key", place.dataset.key]));
  const answer = await ask(url).catch(() => null);
  const came = answer?.ok ? fragment(await answer.text()) : null;
  for (const place of places) {
    const panel = came && one("#" + CSS.escape(place.id), came);
    // Without an answer there is still the link, which leads to the whole page.
    if (!panel) place.classList.add("failed");
    else {
      place.replaceWith(panel);
      panel.dispatchEvent(new CustomEvent("sopia:arrived", { bubbles: true }));
    }
  }
}

export function attach(place) {
  watcher.observe(place);
}
