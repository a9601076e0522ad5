// An address to be copied: by the button, or marked whole as soon as it is clicked.

import { one } from "./dom.js";

export function attach(box) {
  const field = one("input", box);
  const button = one("button", box);
  field.addEventListener("focus", () => field.select());
  button.hidden = false;
  button.addEventListener("click", async () => {
    field.select();
    // Browsers keep the clipboard from pages that come without https; the old way works there.
    if (navigator.clipboard) await navigator.clipboard.writeText(field.value).catch(() => document.execCommand("copy"));
    else document.execCommand("copy");
    one("span", button).textContent = button.dataset.done;
  });
}
