// Makes elements, and puts them where others of their kind are. Text becomes text nodes and nothing is ever parsed as markup:
// there is no innerHTML in this page.

const SVG = "http://www.w3.org/2000/svg";

/** An element: attributes by name, `onclick` and the like as functions; false and null attributes are left out. */
export function el(name, attributes = {}, ...children) {
  return furnish(document.createElement(name), attributes, children);
}

/** The same for SVG. */
export function svg(name, attributes = {}, ...children) {
  return furnish(document.createElementNS(SVG, name), attributes, children);
}

/** Foreign text, its direction isolated. */
export function bdi(text, attributes = {}) {
  return el("bdi", attributes, text);
}

/** Parts of a sentence: text, and text in English whatever the page speaks, which is marked as such. */
export function sentence(parts) {
  return parts.map((part) => part.english ? el("span", { lang: "en", dir: "ltr" }, part.text) : part);
}

function furnish(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value !== false && value !== null && value !== undefined) {
      element.setAttribute(key, value === true ? "" : String(value));
    }
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/**
 * Puts elements where others of their kind are, if they differ in more than times that count by themselves: what is drawn
 * again while nothing changed is read aloud again, and loses the place in the text.
 */
export function put(into, elements) {
  if (looksOf([...into.children]) !== looksOf(elements)) return keepFocus(() => into.replaceChildren(...elements));
  // The clocks that stay run on as those that would have been put there.
  const due = elements.flatMap((element) => [...element.querySelectorAll("[data-due]")]);
  into.querySelectorAll("[data-due]").forEach((timer, n) => { timer.dataset.due = due[n].dataset.due; });
}

function looksOf(elements) {
  return elements.map(({ outerHTML }) => outerHTML).join("").replaceAll(/ data-due="[^"]*">[^<]*/g, "");
}

/** Draws, and leaves the focus on the button that does the same. */
function keepFocus(draw) {
  const act = document.activeElement?.dataset.act;
  draw();
  if (act) [...document.querySelectorAll("[data-act]")].find((element) => element.dataset.act === act)?.focus({ preventScroll: true });
}
