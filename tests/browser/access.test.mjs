// WCAG 2.2 AA as far as axe can tell, on every screen, in day, night and from right to left.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { clean, fits, leavesRoom } from "./axe.mjs";
import { openConsole, scan, screen, startBrowser, startStage, style } from "./stage.mjs";

let stage;
let browser;
before(async () => [stage, browser] = await Promise.all([startStage(), startBrowser()]));
after(async () => Promise.all([browser?.close(), stage?.end()]));

for (const [name, options] of Object.entries({
  day: { colorScheme: "light" },
  night: { colorScheme: "dark" },
  "right to left, at night": { colorScheme: "dark", language: "ar" },
  "right to left, small": { colorScheme: "light", language: "ar", viewport: { width: 320, height: 640 } },
})) {
  test(`axe finds nothing: ${name}`, async () => {
    const page = await openConsole(browser, stage, { reducedMotion: "reduce", bypassCSP: true, ...options });
    await clean(page, "ready");
    for (const zone of ["both", "possible", "clear", "misread", "hostile"]) {
      await scan(page, stage.zones[zone]);
      await clean(page, zone);
    }
    await page.keyboard.press("F2");
    await page.waitForSelector("dialog[open]");
    await clean(page, "menu");
    await page.keyboard.press("Escape");
    await stage.command("kill");
    await screen(page, "lost");
    await clean(page, "lost");
    await stage.command("start");
    await screen(page, "ready");
    await page.context().close();
  });
}

test("at 400 % nothing that stays in view fills it", async () => {
  const page = await openConsole(browser, stage, { viewport: { width: 320, height: 200 } });
  for (const zone of ["both", "clear", "misread"]) {
    await scan(page, stage.zones[zone]);
    await fits(page, zone);
    await leavesRoom(page, zone);
  }
  await page.context().close();
});

test("what did not change is not drawn anew: a focused button stays the same one", async () => {
  const page = await openConsole(browser, stage);
  // With nothing under way: a queue that grows or shrinks is rightly drawn.
  await scan(page, stage.zones.clear);
  await page.waitForSelector('.queue[data-waiting="false"]');
  await page.focus("#bar [data-act=menu]");
  await page.evaluate(() => { window.focused = document.activeElement; });
  await page.waitForTimeout(2500);
  assert.ok(await page.evaluate(() => document.activeElement === window.focused && window.focused.isConnected));
  await page.context().close();
});

test("the theme can be chosen against the system's, and stays", async () => {
  const page = await openConsole(browser, stage, { colorScheme: "light" });
  const paper = () => style(page, ":root", "backgroundColor");
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
  assert.equal(await style(page, ".verdict .shape", "animationName"), "none");
  await page.context().close();
});
