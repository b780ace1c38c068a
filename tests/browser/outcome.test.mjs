// What came of a hit: one key or one tap, and headquarters knows.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openConsole, press, scan, screen, startBrowser, startStage } from "./stage.mjs";

let stage;
let browser;
before(async () => [stage, browser] = await Promise.all([startStage(), startBrowser()]));
after(async () => Promise.all([browser?.close(), stage?.end()]));

const current = (page, at) => page.waitForFunction((n) => document.querySelectorAll(".alert")[n]?.getAttribute("aria-current") === "true", at);

test("one key an alert; the next alert without an outcome is chosen by itself", async () => {
  const page = await openConsole(browser, stage);
  await scan(page, stage.zones.both);
  await page.keyboard.press("ArrowDown");
  await current(page, 1);
  await press(page, "1");
  await page.waitForFunction(() => document.querySelectorAll(".alert")[1]?.querySelector(".done"));
  assert.match(await page.innerText(".alert:nth-child(2) .done"), /Confirmed/);
  await current(page, 0);
  assert.match(await page.innerText("#bar"), /1 without outcome/);
  await press(page, "3");
  await page.waitForFunction(() => document.querySelectorAll(".alert .done").length === 2);
  assert.equal(await page.locator("#bar .open").count(), 0);
  await page.context().close();
});

test("a key is of the alert that was chosen as it was pressed, whatever the officer does next", async () => {
  const page = await openConsole(browser, stage);
  const done = (at) => page.waitForFunction((n) => document.querySelectorAll(".alert")[n]?.querySelector(".done"), at);
  await scan(page, stage.zones.both);
  await press(page, "1");
  await page.keyboard.press("ArrowDown");
  await done(0);
  assert.equal(await page.locator(".alert .done").count(), 1);
  await current(page, 1);
  const asked = page.waitForRequest("**/outcome");
  await press(page, "3");
  await page.keyboard.press("Escape");
  assert.equal((await asked).postDataJSON().outcome, "seized");
  await screen(page, "ready");
  await page.waitForFunction(() => document.querySelector("#bar [data-act=open]") === null);
  await scan(page, stage.zones.both);
  await press(page, "1");
  await page.click(".alert:nth-child(2) button");
  await done(0);
  assert.equal(await page.locator(".alert .done").count(), 1);
  await page.context().close();
});

test("one tap on 320 px, with a note", async () => {
  const page = await openConsole(browser, stage, { viewport: { width: 320, height: 640 }, hasTouch: true, isMobile: true });
  await scan(page, stage.zones.person);
  await page.fill("[name=note]", "handed to the night shift");
  await page.tap("[data-outcome=passed_on]");
  await page.waitForSelector(".alert .done");
  assert.equal(await page.getAttribute("[data-outcome=passed_on]", "aria-pressed"), "true");
  await page.context().close();
});

test("an outcome that cannot be recorded is said to be none", async () => {
  const page = await openConsole(browser, stage);
  await scan(page, stage.zones.person);
  await page.route("**/outcome", (route) => route.fulfill({ status: 500, json: { error: "the disk is full", hint: "" } }));
  await press(page, "2");
  await page.waitForSelector('.banner[data-weight="grave"]');
  assert.match(await page.innerText('.banner[data-weight="grave"]'), /NOT recorded[\s\S]*the disk is full/);
  assert.equal(await page.locator(".alert .done").count(), 0);
  await page.keyboard.press("Escape");
  await screen(page, "ready");
  await page.context().close();
});

test("a refusal speaks the officer's language, and what is English all the same is marked so", async () => {
  const page = await openConsole(browser, stage, { language: "fr" });
  await scan(page, stage.zones.person);
  const why = { code: "outcome.why.full", text: "" };
  await page.route("**/outcome", (route) => route.fulfill({ status: 507, json: { error: "the spool is full", hint: "", why } }));
  await press(page, "2");
  await page.waitForFunction(() => /la file est pleine/.test(document.querySelector('.banner[data-what="failure"]')?.textContent));
  await page.keyboard.press("Escape");
  await page.fill("#zone", "P<UTO".padEnd(44, "<"));
  await page.click(".zone .main");
  await screen(page, "refused");
  assert.match(await page.innerText("#screen"), /NON LU[\s\S]*zone de lecture automatique est illisible/);
  assert.equal(await page.locator("#screen [lang=en]").count(), 0);
  await page.route("**/v1/scans", (route) => route.fulfill({ status: 503, json: { error: "something else", hint: "" } }));
  await page.keyboard.press("Escape");
  await page.fill("#zone", stage.zones.clear.trim());
  await page.click(".zone .main");
  await screen(page, "refused");
  await page.waitForSelector("#screen [lang=en]");
  assert.equal(await page.innerText("#screen [lang=en]"), "something else");
  await page.context().close();
});
