// A field that two columns claim is marked, and a changed encoding or sheet reads the file again.

import { all, make, one } from "./dom.js";

export function attach(form) {
  const selects = all(".map select", form);
  const note = one("[data-twice]", form);
  const look = () => {
    let doubled = false;
    for (const select of selects) {
      const twice = select.value && selects.filter((other) => other.value === select.value).length > 1;
      doubled ||= twice;
      if (twice) select.setAttribute("aria-invalid", "true");
      else select.removeAttribute("aria-invalid");
    }
    if (note) note.hidden = !doubled;
  };
  form.addEventListener("change", (event) => {
    if (["encoding", "sheet"].includes(event.target.name)) {
      form.append(make("input", { type: "hidden", name: "_reread", value: "true" }));
      form.requestSubmit();
    }
    look();
  });
  look();
}
