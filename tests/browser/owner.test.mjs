// The owner's side of a hit on the page: the clock until it must be confirmed, the answer, what was listed only after its
// scan, the drill. All of it survives a reload, and nothing of it tells of a discreet alert.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { clean, fits } from "./axe.mjs";
import { openConsole, scan, screen, startBrowser, startStage, verdict } from "./stage.mjs";

/** Within so many seconds the owner of these lists must confirm. */
const WITHIN_S = 25;

let stage;
let browser;
before(async () => {
  [stage, browser] = await Promise.all([startStage(), startBrowser()]);
  await stage.command(`clocked ${WITHIN_S}s`);
});
after(async () => Promise.all([browser?.close(), stage?.end()]));

const open = (options = {}) => openConsole(browser, stage, { reducedMotion: "reduce", bypassCSP: true, ...options });

/** Waits until a screen reader has heard `text`. */
async function heard(page, text) {
  await page.waitForFunction((text) => {
    window.heard ??= [];
    window.heard.push(document.getElementById("said").textContent);
    return window.heard.some((said) => said.includes(text));
  }, text);
}
const clock = (page, state, where = ".verdict") => page.waitForSelector(`${where} .clock[data-clock="${state}"]`);
const seconds = (text) => text.trim().replace("+", "").split(":").reduce((sum, part) => sum * 60 + Number(part), 0);

test("a hit that needs a confirmation says so with a clock that runs, offline too; it runs out, and escalates once the link is back", async () => {
  const page = await open();
  await stage.command("outage");
  await page.waitForSelector('.link[data-online="false"]');
  await scan(page, stage.zones.clocked);
  const waiting = await clock(page, "waiting");
  assert.match(await waiting.innerText(), /Awaiting confirmation by \W?Utopia Registry/);
  assert.match(await page.innerText("#bar [data-act=owners]"), /1 to be confirmed\s+0:\d\d/);
  const left = async () => seconds(await page.innerText(".verdict .timer"));
  const first = await left();
  assert.ok(first > 0 && first <= WITHIN_S, `${first} s left`);
  await page.waitForFunction((first) => document.querySelector(".verdict .timer").textContent !== first, await page.innerText(".verdict .timer"));
  assert.ok(await left() < first);
  await clean(page, "waiting");
  await page.fill("[name=note]", "holds two passports");

  const overdue = await clock(page, "overdue");
  assert.match(await overdue.innerText(), /^\+0:0\d\s+OVERDUE[\s\S]*as soon as the link is back/);
  await heard(page, "OVERDUE");
  assert.match(await page.innerText("#bar [data-act=owners]"), /1 OVERDUE/);
  await clean(page, "overdue");
  await stage.command("link");
  await page.waitForFunction(() => /Headquarters was notified/.test(document.querySelector(".verdict .clock").textContent));
  assert.equal(await page.inputValue("[name=note]"), "holds two passports", "what was typed stays");

  await page.keyboard.press("Escape");
  await page.waitForSelector('.banner[data-what="overdue"]');
  await clock(page, "overdue", ".owners");
  await clean(page, "ready, with an overdue clock");
  await page.reload();
  await page.waitForSelector('.banner[data-what="overdue"]');
  await page.click('.banner[data-what="overdue"] button');
  await page.waitForFunction(() => document.querySelector(".verdict .number")?.textContent === "X00000031");
  await page.context().close();
});

for (const [language, words, advice] of [
  ["en", /NOT THE PERSON, says \W?Utopia Registry/, /Do not act on it any more/],
  ["ar", /ليس الشخص/, /لا تتصرف/],
]) {
  test(`the owner's answer takes the place of what was to be done, and is said aloud: ${language}`, async () => {
    const page = await open({ language });
    await scan(page, stage.zones.clocked_too);
    await clock(page, "waiting");
    await stage.command("answer UTO-P-X00000032 not_the_person another holder");
    const answer = await clock(page, "not_the_person");
    assert.match(await answer.innerText(), words);
    assert.match(await answer.innerText(), /another holder/);
    assert.equal(await page.locator(".verdict .do li").count(), 1);
    assert.match(await page.innerText(".verdict .do"), advice);
    await heard(page, await page.innerText(".verdict .do"));
    await clean(page, `answered, ${language}`);
    await page.context().close();
  });
}

test("an answer that comes later is a banner on every screen, also after a reload, until the officer has seen it", async () => {
  const page = await open();
  await scan(page, stage.zones.clocked_too);
  await clock(page, "waiting");
  await scan(page, stage.zones.document);
  await stage.command("answer UTO-P-X00000032 confirmed hold the bearer");
  const banner = await page.waitForSelector('.banner[data-what="confirmed"]');
  assert.match(await banner.innerText(), /UTO-P-X00000032[\s\S]*CONFIRMED by \W?Utopia Registry[\s\S]*Do as it says[\s\S]*hold the bearer/);
  await clean(page, "an answer's banner");
  await page.reload();
  await page.waitForSelector('.banner[data-what="confirmed"]');
  await page.click('.banner[data-what="confirmed"] [data-act^=show]');
  await clock(page, "confirmed");
  assert.match(await page.innerText(".verdict .do"), /The owner confirms[\s\S]*Take the document/);
  await page.keyboard.press("Escape");
  await page.click('.banner[data-what="confirmed"] [data-act^=saw]');
  await page.waitForFunction(() => document.querySelector('.banner[data-what="confirmed"]') === null);
  await page.reload();
  await page.waitForSelector('.owners [data-clock="confirmed"]');
  assert.equal(await page.locator('.banner[data-what="confirmed"]').count(), 0);
  await page.context().close();
});

test("a document listed after its scan: which, when it was scanned, what to do; until its outcome is given", async () => {
  const page = await open();
  await scan(page, stage.zones.late);
  assert.equal(await verdict(page), "clear");
  await stage.command("late");
  const banner = await page.waitForSelector('.banner[data-what="late"]');
  await heard(page, "was scanned here");
  assert.match(await banner.innerText(), /UTO-P-C00000008\W+was scanned here \W?\d\d:\d\d[\s\S]*Now \W?interpol\/sltd/);
  await page.reload();
  await page.waitForSelector('.banner[data-what="late"] button');
  await clean(page, "late");
  await page.click('.banner[data-what="late"] button');
  assert.match(await page.innerText(".late"), /UTO-P-C00000008[\s\S]*no list had it[\s\S]*If the traveller is still here/);
  await page.click(".late [data-outcome=passed_on]");
  await page.waitForSelector('.late [data-reported="true"]');
  await page.waitForFunction(() => document.querySelector('.banner[data-what="late"]') === null);
  const home = (await stage.command("encounters")).filter(({ late }) => late);
  assert.equal(home.length, 1);
  await page.context().close();
});

test("of two documents listed late, the focus stays on the one it was on", async () => {
  const page = await open();
  const late = (n) => ({ encounter_id: `${n}`.repeat(32), alert_id: `UTO-P-${n}`, list: "interpol/sltd", action: "seize_document",
    scanned_at: "2026-01-01T00:00:00Z", raised_at: "2026-01-01T00:00:00Z", reported: false });
  await page.route("**/v1/late", (route) => route.fulfill({ json: [late(1), late(2)] }));
  await page.route("**/outcome", (route) => route.fulfill({ json: { encounter_id: late(1).encounter_id, outcome: "seized", at: late(1).scanned_at } }));
  await page.reload();
  await page.waitForFunction(() => document.querySelectorAll(".late [data-outcome=seized]").length === 2);
  await page.evaluate(() => {
    const [first, second] = document.querySelectorAll(".late [data-outcome=seized]");
    second.focus();
    window.before = second;
    first.click();
  });
  await page.waitForFunction(() => !window.before.isConnected);
  assert.equal(await page.evaluate(() => document.activeElement.dataset.encounter), late(2).encounter_id);
  await page.context().close();
});

test("a drill: a banner on every screen while it runs; then how ready the post was", async () => {
  const page = await open();
  await stage.command("drill start --minutes 5");
  const running = await page.waitForSelector('.banner[data-what="running"]');
  assert.match(await running.innerText(), /DRILL until \W?\d\d:\d\d/);
  await heard(page, "DRILL until");
  await scan(page, stage.zones.document);
  assert.equal(await verdict(page), "hit", "a drill's answers are real");
  assert.ok(await page.isVisible('.banner[data-what="running"]'));
  await clean(page, "drill");
  await stage.command("drill stop");
  const ready = await page.waitForSelector('.banner[data-what="ready"]');
  assert.match(await ready.innerText(), /this post is READY[\s\S]*Checked: \S*1[\s\S]*home after/);
  await clean(page, "a drill's end");
  await page.reload();
  await page.click('.banner[data-what="ready"] button');
  await page.waitForFunction(() => document.querySelector('.banner[data-weight="drill"]') === null);

  await stage.command("drill start --minutes 5");
  await page.waitForSelector('.banner[data-what="running"]');
  await stage.command("drill stop");
  const not = await page.waitForSelector('.banner[data-what="not-ready"]');
  assert.match(await not.innerText(), /NOT READY[\s\S]*Nobody scanned a document/);
  await page.context().close();
});

test("all of it on 320 px", async () => {
  const page = await open({ viewport: { width: 320, height: 640 }, colorScheme: "dark" });
  await fits(page, "ready");
  await scan(page, stage.zones.clocked);
  await clock(page, "waiting");
  await stage.command("drill start --minutes 5");
  await page.waitForSelector('.banner[data-what="running"]');
  await fits(page, "a clock and a drill");
  await clean(page, "a clock and a drill, small");
  await stage.command("drill stop");
  await page.context().close();
});

test("of two answers at once neither silences the other", async () => {
  const page = await open();
  for (const zone of [stage.zones.clocked, stage.zones.clocked_too]) {
    await scan(page, zone);
    await clock(page, "waiting");
  }
  await stage.command("answer UTO-P-X00000031 confirmed one");
  await stage.command("answer UTO-P-X00000032 not_the_person two");
  await page.waitForFunction(() => ["CONFIRMED by", "NOT THE PERSON, says"].every((word) => document.getElementById("said").textContent.includes(word)));
  await page.context().close();
});

test("a discreet alert's clock shows to the entitled officer behind F8, and nowhere else", async () => {
  await stage.command("roster");
  const page = await open({ first: "sign_in" });
  await page.fill("[name=badge]", "anna");
  await page.fill("[name=pin]", "471108");
  await page.keyboard.press("Enter");
  await screen(page, "ready");
  const common = async () => ({
    bar: (await page.innerText("#bar")).replaceAll(/\+?\d+:\d\d(:\d\d)?/g, "T"),
    banners: await page.innerText("#banners"),
    status: (({ confirmations, late, spool }) => ({ confirmations, late, spool }))(await page.evaluate(() => fetch("/v1/status", { headers: { "vedette-page": sessionStorage.getItem("vedette-page") ?? "" } }).then((r) => r.json()))),
    clocks: await page.evaluate(() => fetch("/v1/confirmations", { headers: { "vedette-page": sessionStorage.getItem("vedette-page") ?? "" } }).then((r) => r.json())).then((clocks) => clocks.map(({ alert_id }) => alert_id)),
    open: await page.evaluate(() => fetch("/v1/open", { headers: { "vedette-page": sessionStorage.getItem("vedette-page") ?? "" } }).then((r) => r.json())).then((open) => open.map(({ answer }) => answer.scan_id)),
  });
  await scan(page, stage.zones.clear);
  // Other clocks, left by the tests before, have ended: none of them runs out amid the comparison.
  await page.waitForFunction(async () => (await (await fetch("/v1/confirmations", { headers: { "vedette-page": sessionStorage.getItem("vedette-page") ?? "" } })).json()).every(({ left_s, answer }) => answer || left_s < -1));
  const before = await common();
  const told = [];
  page.on("response", (response) => told.push(new URL(response.url()).pathname));
  await scan(page, stage.zones.watched);
  assert.equal(await verdict(page), "clear");
  await page.waitForTimeout(1500);
  assert.deepEqual(await common(), before);
  assert.ok(!told.slice(0, told.indexOf("/v1/status")).includes("/v1/confirmations"), "not even a request differs");
  assert.equal(await page.locator(".verdict .clock").count(), 0);

  const reveal = async () => {
    await page.keyboard.press("F8");
    await page.fill("dialog [name=pin]", "471108");
    await page.keyboard.press("Enter");
    await page.waitForSelector("dialog .report");
  };
  await reveal();
  await clock(page, "waiting", "dialog");
  await clean(page, "reports");
  await page.keyboard.press("Escape");
  await stage.command("answer D-9 confirmed follow them");
  // The answer is on the device when it is behind F8; all the while the common screen stays as it was.
  for (;;) {
    await reveal();
    if (await page.locator('dialog .clock[data-clock="confirmed"]').count() > 0) break;
    await page.keyboard.press("Escape");
  }
  assert.match(await page.innerText("dialog .report"), /CONFIRMED by[\s\S]*follow them/);
  await page.keyboard.press("Escape");
  assert.deepEqual(await common(), before);
  assert.doesNotMatch(await page.textContent("body"), /follow them/);
  await page.context().close();
});
