// "1,000+" becomes the exact number in place. Asks the same address with count=true; the answer is {"count": "12,345"}.

import { all, ask, one } from "./dom.js";

export function attach(link) {
  link.addEventListener("click", async (event) => {
    event.preventDefault();
    const answer = await ask(link.href, { headers: { Accept: "application/json" } }).catch(() => null);
    if (!answer?.ok || !answer.headers.get("Content-Type")?.includes("json")) return void (location.href = link.href);
    const { count } = await answer.json();
    const old = one(".bar .count")?.textContent;
    for (const place of all(".bar .count, [data-count]")) {
      for (const node of place.childNodes) if (node.nodeType === 3) node.textContent = node.textContent.replace(old, count);
      if (place.matches("a")) place.replaceWith(Object.assign(document.createElement("span"), { className: "count", textContent: count }));
    }
    all("[data-count] [data-module=count]").forEach((other) => other.remove());
  });
}
