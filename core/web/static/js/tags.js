// Words as tags: Enter or a comma makes one, Backspace takes the last; sent as one text joined by commas.

import { all, icon, make, one } from "./dom.js";

let number = 0;

export function attach(box) {
  const field = one("input", box);
  const known = one("datalist", box);
  const words = field.value.split(/[,，、]/).map((word) => word.trim()).filter(Boolean);
  const input = make("input", { id: field.id, autocomplete: "off", "aria-label": field.labels?.[0]?.textContent });
  field.type = "hidden";
  field.removeAttribute("id");
  if (known) {
    known.id = `tags-${++number}`;
    input.setAttribute("list", known.id);
  }
  box.classList.add("live");
  box.append(input);

  const draw = () => {
    all(".tag", box).forEach((tag) => tag.remove());
    input.before(...words.map((word, n) => make("span", { class: "tag" }, word, make("button", { type: "button", "aria-label": `${box.dataset.remove} ${word}`, onclick: () => (words.splice(n, 1), keep()) }, icon("close")))));
    field.value = words.join(", ");
  };
  const keep = () => {
    draw();
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const take = () => {
    const word = input.value.replace(/[,，、]/g, "").trim();
    input.value = "";
    if (word && !words.includes(word)) {
      words.push(word);
      keep();
    }
  };
  input.addEventListener("input", (event) => {
    event.stopPropagation();
    if (/[,，、]/.test(input.value) || (known && event.inputType === "insertReplacementText")) take();
  });
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Enter" && input.value) {
      event.preventDefault();
      take();
    } else if (event.key === "Backspace" && !input.value && words.length) {
      words.pop();
      keep();
    }
  });
  input.addEventListener("blur", take);
  draw();
}
