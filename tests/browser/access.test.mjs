// WCAG 2.2 AA as far as axe can tell, on every screen, in day, night and from right to left.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openConsole, scan, screen, startBrowser, startStage } from "./stage.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

let stage;
let browser;
before(async () => [stage, browser] = await Promise.all([startStage(), startBrowser()]));
after(async () => Promise.all([browser?.close(), stage?.end()]));

async function violations(page) {
  // The page's policy lets no script in, so axe comes through the debugger.
  const { violations, passes } = await page.evaluate(`(() => { ${AXE}; return axe.run({ runOnly: ${JSON.stringify(RULES)} }); })()`);
  assert.ok(passes.length > 20, `axe looked at only ${passes.length} things`);
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.target} ${node.failureSummary}`).join(" | ")}`);
}

for (const [name, options] of Object.entries({
  day: { colorScheme: "light" },
  night: { colorScheme: "dark" },
  "right to left, at night": { colorScheme: "dark", language: "ar" },
  "right to left, small": { colorScheme: "light", language: "ar", viewport: { width: 320, height: 640 } },
})) {
  test(`axe finds nothing: ${name}`, async () => {
    const page = await openConsole(browser, stage, { reducedMotion: "reduce", bypassCSP: true, ...options });
    const clean = async (where) => assert.deepEqual(await violations(page), [], where);
    await clean("ready");
    for (const zone of ["both", "possible", "clear", "misread", "hostile"]) {
      await scan(page, stage.zones[zone]);
      await clean(zone);
    }
    await page.keyboard.press("F2");
    await page.waitForSelector("dialog[open]");
    await clean("menu");
    await page.keyboard.press("Escape");
    await stage.command("kill");
    await screen(page, "lost");
    await clean("lost");
    await stage.command("start");
    await screen(page, "ready");
    await page.context().close();
  });
}

test("the theme can be chosen against the system's, and stays", async () => {
  const page = await openConsole(browser, stage, { colorScheme: "light" });
  const paper = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const day = await paper();
  await page.keyboard.press("F2");
  await page.check('[name=theme][value="dark"]');
  await page.keyboard.press("Escape");
  assert.notEqual(await paper(), day);
  await page.reload();
  await screen(page, "ready");
  assert.notEqual(await paper(), day);
  await page.context().close();
});

test("whoever wants no motion gets none", async () => {
  const page = await openConsole(browser, stage, { reducedMotion: "reduce" });
  await scan(page, stage.zones.document);
  assert.equal(await page.$eval(".verdict .shape", (shape) => getComputedStyle(shape).animationName), "none");
  await page.context().close();
});
