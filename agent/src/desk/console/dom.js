// Makes elements. Text becomes text nodes and nothing is ever parsed as markup: there is no innerHTML in this page.

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
