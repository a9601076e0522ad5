// One fact edited where it stands. GET data-url answers form_fragment.html with this one field; posting it answers
// 200 with the new fact (parts/facts.html), 422 with the form and its fault, 412 with the address of the merge page in Location.

import { ask, fragment, one, say } from "./dom.js";

export function attach(fact) {
  const value = one("dd", fact);
  const start = async (event) => {
    event.preventDefault();
    if (one("form", value)) return;
    const answer = await ask(fact.dataset.url).catch(() => null);
    if (!answer?.ok) return void (location.href = fact.dataset.url);
    const kept = [...value.childNodes];
    show(await answer.text());
    value.addEventListener("sopia:back", () => value.replaceChildren(...kept), { once: true });
  };
  const show = (html) => {
    value.replaceChildren(fragment(html));
    const form = one("form", value);
    if (!form) return fact.replaceWith(...value.childNodes);
    form.addEventListener("submit", send);
    form.addEventListener("keydown", (event) => event.key === "Escape" && back());
    one("[data-leaves]", form)?.addEventListener("click", (event) => (event.preventDefault(), event.stopPropagation(), back()));
    value.dispatchEvent(new CustomEvent("sopia:arrived", { bubbles: true }));
    one("input:not([type=hidden]), select, textarea", form)?.focus();
  };
  const back = () => value.dispatchEvent(new Event("sopia:back"));
  const send = async (event) => {
    event.preventDefault();
    event.stopPropagation();
    const form = event.target;
    const answer = await ask(form.action, { method: "POST", body: new FormData(form) }).catch(() => null);
    if (!answer) return say("–", { tone: "bad" });
    if (answer.status === 412) return void (location.href = answer.headers.get("Location") ?? location.href);
    const html = await answer.text();
    if (answer.status === 422) return show(html);
    if (!answer.ok) return void form.submit();
    const fresh = fragment(html).firstElementChild;
    fact.replaceWith(fresh);
    fresh.dispatchEvent(new CustomEvent("sopia:arrived", { bubbles: true }));
    one(".fact-edit", fresh)?.focus();
  };
  one(".fact-edit", fact)?.addEventListener("click", start);
  value.addEventListener("dblclick", (event) => !event.target.closest("a, form") && start(event));
}
