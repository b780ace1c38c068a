// Makes elements, and puts them where others of their kind stand. Text becomes text nodes and nothing is ever parsed as
// markup: there is no innerHTML in this page.

const SVG = "http://www.w3.org/2000/svg";

/** An element: attributes by name, `onclick` and the like as functions; false and null attributes are left away. */
export function el(name, attributes = {}, ...children) {
  return furnish(document.createElement(name), attributes, children);
}

/** The same for SVG. */
export function svg(name, attributes = {}, ...children) {
  return furnish(document.createElementNS(SVG, name), attributes, children);
}

/** Text that somebody else wrote, its direction kept to itself. */
export function bdi(text, attributes = {}) {
  return el("bdi", attributes, text);
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
 * Puts elements where others of their kind stand, if they differ in more than times that count by themselves: what is drawn
 * anew while nothing changed is read anew, and takes the place in the text away.
 */
export function put(into, elements) {
  const looks = elements.map(({ outerHTML }) => outerHTML).join("").replaceAll(/ data-due="[^"]*">[^<]*/g, "");
  if (looks === drawn.get(into)) return keepTime(into, elements);
  drawn.set(into, looks);
  keepFocus(() => into.replaceChildren(...elements));
}

/** The clocks that stay run on as those that would have been put there. */
function keepTime(into, elements) {
  const due = elements.flatMap((element) => [...element.querySelectorAll("[data-due]")]);
  into.querySelectorAll("[data-due]").forEach((timer, n) => { timer.dataset.due = due[n].dataset.due; });
}

/** How what was put somewhere last looked. */
const drawn = new Map();

/** Draws anew, and leaves the focus and what is typed where it was. */
function keepFocus(drawing) {
  const focused = document.activeElement;
  const act = focused?.dataset.act;
  drawing();
  if (act) [...document.querySelectorAll("[data-act]")].find((element) => element.dataset.act === act)?.focus({ preventScroll: true });
}
