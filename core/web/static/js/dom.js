// Small things the other modules share: elements, fragments, fetching, words, notices.

/** The first or all matches below a root. */
export const one = (selector, root = document) => root.querySelector(selector);
export const all = (selector, root = document) => [...root.querySelectorAll(selector)];

/** An element with attributes and children; text is always text, never markup. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child != null));
  return element;
}

const sheet = new URL("../icons.svg", import.meta.url).href;
const space = "http://www.w3.org/2000/svg";

/** A symbol of the icon sheet. */
export function icon(name) {
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("class", "i");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", (one("link[data-icons]")?.href ?? sheet) + "#" + name);
  svg.append(use);
  return svg;
}

const trusted = globalThis.trustedTypes?.createPolicy("sopia", { createHTML: (html) => html });

/** Markup that our own server wrote, as nodes. */
export function fragment(html) {
  const template = document.createElement("template");
  template.innerHTML = trusted ? trusted.createHTML(html) : html;
  return template.content;
}

/**
 * Ask the server as a script does: it answers with a fragment, JSON or an empty 204 instead of a page.
 * A redirect means that it answers with a page after all (the session has ended): that is no answer.
 */
export async function ask(url, options = {}) {
  const answer = await fetch(url, { credentials: "same-origin", ...options, headers: { "Sopia-Fragment": "1", ...options.headers } });
  if (answer.redirected) throw new Error(`${url} led to ${answer.url}`);
  return answer;
}

/** Run after a pause, and only the last of several calls. */
export function later(milliseconds, run) {
  let timer;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => run(...values), milliseconds);
  };
}

/** Whether somebody is writing, so that single keys mean letters. */
export const writing = (event) => event.target.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");

/** Say something at the foot of the page; `undo` is a function. */
export function say(text, { tone = "", undo } = {}) {
  const place = one(".toasts");
  if (!place) return;
  const toast = make("div", { class: "toast " + tone, "data-toast": true }, make("span", {}, text));
  if (undo) toast.append(make("button", { type: "button", onclick: () => (toast.remove(), undo()) }, place.dataset.undo));
  place.append(toast);
  fade(toast);
}

/** Take a notice away after a while, not while it is being read or used. */
export function fade(toast) {
  const wait = () => (toast.matches(":hover, :focus-within") ? setTimeout(wait, 2000) : toast.remove());
  setTimeout(wait, toast.querySelector("button, a") ? 9000 : 4500);
}
