// What every screen must keep: WCAG 2.2 AA as far as axe can tell, and nothing wider than a screen of 320 px.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import assert from "node:assert/strict";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** Axe finds nothing on the screen as it is. The page needs `bypassCSP`. */
export async function clean(page, where) {
  // The page's policy lets no script in, so axe comes through the debugger.
  const { violations, passes } = await page.evaluate(`(() => { ${AXE}; return axe.run({ runOnly: ${JSON.stringify(RULES)} }); })()`);
  assert.ok(passes.length > 20, `axe looked at only ${passes.length} things`);
  const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.target} ${node.failureSummary}`).join(" | ")}`);
  assert.deepEqual(told, [], where);
}

/** Nothing that stays in view takes more than half of it: at 400 % that leaves no room to read. */
export async function leavesRoom(page, where) {
  const heights = await page.evaluate(() => [...document.querySelectorAll("body *")].filter((element) => ["sticky", "fixed"].includes(getComputedStyle(element).position))
    .map((element) => [element.id || element.className, element.getBoundingClientRect().height]).filter(([, height]) => height > innerHeight / 2));
  assert.deepEqual(heights, [], where);
}

/** On 320 px nothing scrolls sideways, and everything that is pressed is at least 24 px wide and high. */
export async function fits(page, where) {
  assert.equal(page.viewportSize().width, 320);
  const width = await page.evaluate(() => Math.max(document.documentElement.scrollWidth, ...[...document.querySelectorAll("dialog[open]")].map((d) => d.scrollWidth)));
  assert.ok(width <= 320, `${where} scrolls sideways: ${width} px`);
  const small = await page.$$eval("button, input:not([type=radio], [type=checkbox]), textarea, dialog label", (targets) =>
    targets.filter((target) => target.checkVisibility()).map((target) => [target.innerText, target.getBoundingClientRect()])
      .filter(([, box]) => box.width < 24 || box.height < 24).map(([name]) => name));
  assert.deepEqual(small, [], `${where}: targets of less than 24 px`);
}
