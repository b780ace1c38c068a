// How long an officer waits: from the last character of a scan to the frame that shows its answer. Prints a table.
//
//   cargo build --workspace --bins && node tests/browser/paint.mjs [SCANS]

import { openConsole, scan, screen, startBrowser, startStage } from "./stage.mjs";

const SCANS = Number(process.argv[2] ?? 300);
const NAMES = ["clear", "document", "person", "both", "possible", "misread"];

const [stage, browser] = await Promise.all([startStage(), startBrowser()]);
const page = await openConsole(browser, stage);
// Before the page's own listener, which keeps a reader's keys from everybody else.
await page.addInitScript(() => {
  window.waits = [];
  // One wait a scan: a reader's Enter may come after the answer, which the zone's length already asked for.
  window.awaited = false;
  let from = 0;
  window.addEventListener("keydown", () => { from = performance.now(); }, true);
  new MutationObserver(() => {
    if (document.getElementById("screen")?.dataset.screen !== "answer" || !window.awaited) return;
    const scanned = from;
    window.awaited = false;
    // The first task after the next frame was drawn.
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => window.waits.push(performance.now() - scanned);
      port2.postMessage(null);
    });
  }).observe(document, { childList: true, subtree: true });
});
await page.reload();
await screen(page, "ready");

console.log("| verdict | scans | median ms | p90 | p99 | most |");
console.log("|---|---|---|---|---|---|");
const all = [];
for (const name of NAMES) {
  await page.evaluate(() => { window.waits.length = 0; });
  for (let n = 0; n < SCANS / NAMES.length; n += 1) {
    await page.evaluate(() => { window.awaited = true; });
    await scan(page, stage.zones[name]);
    await page.waitForFunction((count) => window.waits.length === count, n + 1);
    await page.keyboard.press("Escape");
    await page.waitForFunction(() => document.getElementById("screen").dataset.screen === "ready");
  }
  const waits = await page.evaluate(() => window.waits);
  all.push(...waits);
  row(name, waits);
}
row("all", all);
await browser.close();
await stage.end();

function row(name, waits) {
  const sorted = waits.toSorted((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))].toFixed(1);
  console.log(`| ${name} | ${sorted.length} | ${at(0.5)} | ${at(0.9)} | ${at(0.99)} | ${at(1)} |`);
}
