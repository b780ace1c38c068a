// Pictures of every verdict and of an owner's clock and answer, by day and by night, for the README; invented travellers.
//
//   cargo build --workspace --bins && node tests/browser/screenshots.mjs

import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { openConsole, scan, startBrowser, startStage } from "./stage.mjs";

const FOLDER = fileURLToPath(new URL("screenshots/", import.meta.url));
const VERDICTS = { hit: "both", possible: "possible", clear: "clear", "not-checked": "misread" };

/** Small files: the pictures are looked at in a table. */
const SCALE = { deviceScaleFactor: 0.5 };

mkdirSync(FOLDER, { recursive: true });
const [stage, browser] = await Promise.all([startStage(), startBrowser()]);
for (const [light, colorScheme] of Object.entries({ day: "light", night: "dark" })) {
  const page = await openConsole(browser, stage, { ...SCALE, colorScheme, reducedMotion: "reduce" });
  const picture = (name, of = page) => of.screenshot({ path: `${FOLDER}${name}-${light}.png` });
  for (const [name, zone] of Object.entries(VERDICTS)) {
    await scan(page, stage.zones[zone]);
    await picture(name);
  }
  await page.context().close();
}
const arabic = await openConsole(browser, stage, { ...SCALE, colorScheme: "dark", language: "ar", reducedMotion: "reduce" });
await scan(arabic, stage.zones.person);
await arabic.screenshot({ path: `${FOLDER}arabic-night.png` });
const small = await openConsole(browser, stage, { viewport: { width: 320, height: 640 }, colorScheme: "light", reducedMotion: "reduce" });
await scan(small, stage.zones.person);
await small.screenshot({ path: `${FOLDER}small-day.png` });
await stage.command("clocked 10m");
for (const [light, zone, answer] of [["day", "clocked"], ["night", "clocked_too", "not_the_person another holder; the document is genuine"]]) {
  const page = await openConsole(browser, stage, { ...SCALE, colorScheme: light === "day" ? "light" : "dark", reducedMotion: "reduce" });
  await scan(page, stage.zones[zone]);
  await page.waitForSelector('.verdict .clock[data-clock="waiting"]');
  if (answer) {
    await stage.command(`answer UTO-P-X00000032 ${answer}`);
    await page.waitForSelector('.verdict .clock[data-clock="not_the_person"]');
  }
  await page.screenshot({ path: `${FOLDER}owner-${light}.png` });
  await page.context().close();
}
await browser.close();
await stage.end();
