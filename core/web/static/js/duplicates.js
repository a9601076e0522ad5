// Says while one types that a record may exist. Posts the form's fields to data-url and shows the fragment
// (parts/duplicates.html, empty where there is nothing).

import { all, ask, fragment, later } from "./dom.js";

export function attach(place) {
  const form = place.closest("form");
  if (!place.dataset.url) return;
  let asked = 0;
  const look = later(350, async () => {
    const mine = ++asked;
    const values = new URLSearchParams();
    for (const field of all("[data-suggest], [name=_id]", form)) values.append(field.name, field.value);
    const answer = await ask(place.dataset.url, { method: "POST", body: values }).catch(() => null);
    if (mine !== asked || !answer?.ok) return;
    place.replaceChildren(fragment(answer.status === 204 ? "" : await answer.text()));
  });
  form.addEventListener("input", (event) => event.target.matches("[data-suggest]") && look());
}
