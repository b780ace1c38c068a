// Officers sign in, hand over, are locked out; discreet alerts show to nobody who does not ask, entitled, with the PIN.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openConsole, scan, screen, startBrowser, startStage, verdict } from "./stage.mjs";
import { wedge } from "./wedge.mjs";

let stage;
let browser;
before(async () => {
  [stage, browser] = await Promise.all([startStage(), startBrowser()]);
  await stage.command("roster");
});
after(async () => Promise.all([browser?.close(), stage?.end()]));

const open = (options = {}) => openConsole(browser, stage, { first: "sign_in", ...options });

async function signIn(page, badge, pin) {
  await page.fill("[name=badge]", badge);
  await page.fill("[name=pin]", pin);
  await page.keyboard.press("Enter");
  await screen(page, "ready");
}

test("nobody scans before signing in, and the sign-in is by keys alone", async () => {
  const page = await open();
  await wedge(page, stage.zones.document);
  await page.waitForFunction(() => /Sign in first/.test(document.querySelector(".message")?.textContent));
  await signIn(page, "anna", "471108");
  assert.match(await page.innerText("#bar .officer"), /Anna Berg/);
  await scan(page, stage.zones.document);
  assert.equal(await verdict(page), "hit");
  await page.click("#bar .officer");
  await screen(page, "sign_in");
  assert.equal(await page.locator(".answer").count(), 0);
  await page.context().close();
});

test("a wrong PIN is said to be one", async () => {
  const page = await open();
  await page.fill("[name=badge]", "boris");
  await page.fill("[name=pin]", "000000");
  await page.click(".sign-in .main");
  await page.waitForFunction(() => /wrong/.test(document.querySelector(".message")?.textContent));
  await page.context().close();
});

test("a shift change in one scan of the badge; the first time with the PIN, in the officer's language", async () => {
  const page = await open();
  await wedge(page, "anna\n");
  await page.waitForFunction(() => document.activeElement?.name === "pin");
  assert.equal(await page.inputValue("[name=badge]"), "anna");
  await page.keyboard.insertText("471108");
  await page.keyboard.press("Enter");
  await screen(page, "ready");
  await scan(page, stage.zones.person);
  await wedge(page, "boris\n");
  await screen(page, "sign_in");
  assert.equal(await page.locator(".answer").count(), 0, "nothing of the shift before is left");
  await page.fill("[name=pin]", "580133");
  await page.keyboard.press("Enter");
  await screen(page, "ready");
  assert.equal(await page.innerText("#word"), "Prêt");
  await wedge(page, "anna\n");
  await page.waitForFunction(() => /Anna Berg/.test(document.querySelector("#bar .officer")?.textContent));
  await page.context().close();
});

test("a discreet alert looks like a Clear to all; F8 and the PIN show it to who is entitled", async () => {
  const page = await open();
  await signIn(page, "anna", "471108");
  await scan(page, stage.zones.discreet);
  assert.equal(await verdict(page), "clear");
  const like = async () => (await page.innerHTML("#screen")).replaceAll(/data-at="\d+"|C0000000\d|\d+ s ago|[A-Z]{4,}|19\d\d-\d\d-\d\d|>[MF]</g, "");
  const discreet = await like();
  await scan(page, stage.zones.clear);
  assert.equal(discreet, await like(), "nothing on the screen differs from another Clear");
  await page.keyboard.press("F8");
  await page.fill("dialog [name=pin]", "471108");
  await page.keyboard.press("Enter");
  await page.waitForSelector("dialog .report");
  assert.match(await page.innerText("dialog"), /Tomas Stille[\s\S]*C00000005[\s\S]*not let the person notice/);
  await page.fill("dialog [name=destination]", "Port of Zenith");
  await scan(page, stage.zones.document);
  assert.equal(await page.locator("dialog[open]").count(), 0, "a scan covers it at once");
  await page.keyboard.press("F8");
  await page.fill("dialog [name=pin]", "471108");
  await page.keyboard.press("Enter");
  await page.waitForSelector("dialog .report");
  assert.equal(await page.inputValue("dialog [name=destination]"), "Port of Zenith", "what was typed is kept");
  await page.context().close();
});

test("who is not entitled finds nothing behind F8, nor in the menu", async () => {
  const page = await open();
  await signIn(page, "boris", "580133");
  await page.keyboard.press("F8");
  await page.keyboard.press("F2");
  await page.waitForSelector("dialog[open]");
  assert.doesNotMatch(await page.innerText("dialog"), /F8/);
  await page.context().close();
});
