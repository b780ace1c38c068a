// What must not be missed: no connection to the agent, no link to headquarters, a list past its lease.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openConsole, scan, screen, startBrowser, startStage, verdict } from "./stage.mjs";

let stage;
let browser;
before(async () => [stage, browser] = await Promise.all([startStage(), startBrowser()]));
after(async () => Promise.all([browser?.close(), stage?.end()]));

test("the agent is killed: the page says so at once, shows no old verdict, and recovers by itself", async () => {
  const page = await openConsole(browser, stage);
  await scan(page, stage.zones.clear);
  await stage.command("kill");
  await screen(page, "lost");
  assert.match(await page.innerText("#screen"), /NO CONNECTION[\s\S]*Nothing is checked/);
  assert.equal(await page.locator(".answer").count(), 0, "the old verdict is gone");
  assert.match(await page.textContent("#said"), /NO CONNECTION/);
  await stage.command("start");
  await screen(page, "ready");
  await scan(page, stage.zones.document);
  assert.equal(await verdict(page), "hit");
  await page.context().close();
});

test("the agent hangs up in the middle of a scan: no verdict is shown", async () => {
  const page = await openConsole(browser, stage);
  await scan(page, stage.zones.clear);
  await page.route("**/v1/scans", (route) => route.abort());
  await page.keyboard.press("Escape");
  await page.fill("#zone", stage.zones.document.trim());
  await page.click(".zone .main");
  await screen(page, "lost");
  assert.equal(await page.locator(".answer").count(), 0);
  await page.context().close();
});

test("headquarters out of reach: in view, with what waits; a verdict all the same", async () => {
  const page = await openConsole(browser, stage);
  await page.waitForSelector('.link[data-online="true"]');
  await stage.command("outage");
  await page.waitForSelector('.link[data-online="false"]');
  assert.match(await page.innerText("#bar"), /Offline/);
  assert.match(await page.textContent("#said"), /Offline/);
  await scan(page, stage.zones.document);
  assert.equal(await verdict(page), "hit");
  await page.waitForSelector('.queue[data-waiting="true"]');
  await stage.command("link");
  await page.waitForSelector('.link[data-online="true"]');
  await page.waitForSelector('.queue[data-waiting="false"]');
  await page.context().close();
});

test("what is the same of many lists and clocks is told once, and what has its outcome no more", async () => {
  const page = await openConsole(browser, stage);
  const lists = (count, more) => Array.from({ length: count }, (_, n) => ({ list: `uto/${n}`, age_s: 10, lease_s: 100, edition: 1, newest_known: 1, freshness: "fresh", ...more }));
  const told = await page.evaluate(async (lists) => {
    const [{ initial }, { noticesOf }, { banner }, { Words }] = await Promise.all(
      ["core/machine", "core/notices", "view/banners", "core/words"].map((name) => import(`/console/${name}.js`)));
    const words = new Words("en", await (await fetch("/console/messages/en.json")).json());
    const now = Date.now();
    const clocks = ["a", "b", "c", "d"].map((encounter_id) => ({ encounter_id, list: "uto/1", alert_id: encounter_id, left_s: -5, heard: now, reported: encounter_id === "a" }));
    const state = initial({ settings: { language: "en" } });
    Object.assign(state, { status: { lists, online: true }, status_at: now, link: { connected: true }, screen: { name: "ready" } });
    state.pending.clocks = Object.fromEntries(clocks.map((clock) => [clock.encounter_id, clock]));
    return noticesOf(state, now).map((notice) => banner({ state, words, now }, notice).textContent);
  }, [...lists(10, { freshness: "expired", why: { code: "why.lease" } }), ...lists(3, { freshness: "stale" })]);
  assert.equal(told.length, 3, `${told}`);
  assert.match(told[0], /3 alerts were not confirmed/);
  assert.match(told[1], /10 lists cannot be asked/);
  assert.match(told[2], /3 lists are stale/);
  await page.context().close();
});

test("a list past its lease: a banner on every screen, and no scan comes out Clear", async () => {
  const page = await openConsole(browser, stage);
  await stage.command("lapse");
  const banner = await page.waitForSelector('.banner[data-weight="grave"]');
  assert.match(await banner.innerText(), /uto\/lapsing\W+cannot be asked: past its lease/);
  assert.match(await page.textContent("#said"), /cannot be asked/);
  await scan(page, stage.zones.clear);
  assert.equal(await verdict(page), "not_checked");
  assert.match(await page.innerText(".verdict .do"), /not a Clear[\s\S]*radio or telephone/);
  assert.ok(await page.isVisible('.banner[data-weight="grave"]'));
  await scan(page, stage.zones.document);
  assert.equal(await verdict(page), "hit");
  assert.match(await page.innerText(".verdict"), /Not every list could be asked/);
  await page.context().close();
});
