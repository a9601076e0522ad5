// A running import. data-url answers {"state": "running" | "done" | "failed", "done": 1720, "total": 3000, "text": "…", "url": "…"};
// with a state other than running, the page goes to `url`.

import { ask, one } from "./dom.js";

export function attach(box) {
  const bar = one("progress", box);
  const text = one("[data-text]", box);
  let pause = 400;
  const look = async () => {
    const answer = await ask(box.dataset.url).catch(() => null);
    if (answer?.ok) {
      const now = await answer.json();
      if (now.state !== "running") return void location.replace(now.url);
      pause = now.done === bar.value ? Math.min(pause * 1.5, 4000) : 400;
      // Without a total, nobody knows yet how far it is, and the bar says so.
      if (now.total) [bar.max, bar.value] = [now.total, now.done];
      else bar.removeAttribute("value");
      text.textContent = now.text;
    } else pause = Math.min(pause * 2, 8000);
    setTimeout(look, pause);
  };
  setTimeout(look, pause);
}
