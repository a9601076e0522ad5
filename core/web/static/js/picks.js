// A form of choices that is sent as soon as one is made; without scripts its button does it.

export function attach(form) {
  form.classList.add("at-once");
  form.addEventListener("change", (event) => event.target.matches("select") && form.requestSubmit());
}
