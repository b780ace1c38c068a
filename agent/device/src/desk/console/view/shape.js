// The shape of a verdict, the same as on the terminal: square, triangle, disc, ring. Only draws.

import { svg } from "./dom.js";

const SHAPES = {
  hit: () => svg("rect", { x: 6, y: 6, width: 88, height: 88, rx: 4 }),
  possible: () => svg("path", { d: "M50 5 97 91H3z" }),
  clear: () => svg("circle", { cx: 50, cy: 50, r: 45 }),
  not_checked: () => svg("circle", { cx: 50, cy: 50, r: 38, class: "ring" }),
};

export function shape(verdict) {
  return svg("svg", { class: "shape", viewBox: "0 0 100 100", "aria-hidden": "true" }, SHAPES[verdict]());
}
