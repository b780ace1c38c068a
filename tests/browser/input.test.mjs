// A scan at any moment, keys alone, fingers alone.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fits } from "./axe.mjs";
import { giveAll, openConsole, press, scan, screen, startBrowser, startStage, verdict } from "./stage.mjs";
import { wedge } from "./wedge.mjs";

let stage;
let browser;
before(async () => [stage, browser] = await Promise.all([startStage(), startBrowser()]));
after(async () => Promise.all([browser?.close(), stage?.end()]));

const answered = async (page, number) => {
  await screen(page, "answer");
  await page.waitForFunction((expected) => document.querySelector(".verdict .number")?.textContent === expected, number);
};

test("a reader that sends no Enter at all: the zone's length is its end", async () => {
  const page = await openConsole(browser, stage);
  await wedge(page, stage.zones.clear.trim().replace("\n", ""));
  await answered(page, "C00000007");
  await page.context().close();
});

test("a machine too busy to hand the keys over in time: the document is checked all the same, once", async () => {
  const page = await openConsole(browser, stage);
  const asked = [];
  page.on("request", (request) => request.method() === "POST" && asked.push(new URL(request.url()).pathname));
  await wedge(page, `${stage.zones.document}\n`, { held: [20, 600] });
  await answered(page, "X00000001");
  await wedge(page, `${stage.zones.clear.slice(0, 70)}\n`, { held: [70, 600] });
  await screen(page, "refused");
  await wedge(page, `${stage.zones.clear}\n`, { held: [89, 600] });
  await answered(page, "C00000007");
  assert.deepEqual(asked, ["/v1/scans", "/v1/scans", "/v1/scans"]);
  await page.context().close();
});

test("a scan while the focus is in a field leaves the field as it was", async () => {
  const page = await openConsole(browser, stage);
  await page.fill("#zone", "HALF TYPED");
  await scan(page, stage.zones.document);
  await page.fill("[name=note]", "seen with a child");
  await page.evaluate(() => {
    const field = document.querySelector("[name=note]");
    field.focus();
    window.caught = new Promise((resolve) => {
      new MutationObserver(() => resolve(field.value)).observe(document.getElementById("screen"), { childList: true });
    });
  });
  await scan(page, stage.zones.clear);
  assert.equal(await page.evaluate(() => window.caught), "seen with a child", "no character of the zone stayed in the note");
  await page.context().close();
});

test("a scan while the menu is open is checked all the same", async () => {
  const page = await openConsole(browser, stage);
  await page.keyboard.press("F2");
  await page.waitForSelector("dialog[open]");
  await scan(page, stage.zones.document);
  assert.equal(await verdict(page), "hit");
  assert.ok(await page.isVisible("#word"));
  assert.equal(await page.locator("dialog[open]").count(), 0, "nothing covers the answer");
  await page.context().close();
});

test("a reader set up for the US layout on a machine with an Arabic one", async () => {
  const page = await openConsole(browser, stage);
  const arabic = { a: "ش", b: "لا", c: "ؤ", e: "ث", g: "ل", l: "م", n: "ى", o: "خ", p: "ح", r: "ق", t: "ف", u: "ع", w: "ص", "<": "," };
  const layout = (key) => arabic[key.toLowerCase()] ?? key;
  await wedge(page, stage.zones.clear, { layout });
  await answered(page, "C00000007");
  await page.context().close();
});

for (const [name, type] of Object.entries({
  slow: (page, text) => wedge(page, text, { keyMs: 70 }),
  faltering: (page, text) => wedge(page, text, { falters: [30, 150] }),
})) {
  test(`a ${name} reader: its zone is checked, and its digits report no outcomes of the hit in view`, async () => {
    const page = await openConsole(browser, stage);
    await giveAll(page);
    await scan(page, stage.zones.document);
    await page.waitForTimeout(1500);
    const asked = [];
    page.on("request", (request) => request.method() === "POST" && asked.push(new URL(request.url()).pathname));
    await type(page, stage.zones.clear.trim().replace("\n", ""));
    await answered(page, "C00000007");
    assert.deepEqual(asked, ["/v1/scans"]);
    assert.match(await page.innerText("#bar [data-act=open]"), /1 without outcome/);
    await page.context().close();
  });
}

test("slow keys that are no whole zone are said to be none, and two keys in a row do nothing", async () => {
  const page = await openConsole(browser, stage);
  await giveAll(page);
  await scan(page, stage.zones.document);
  await page.waitForTimeout(500);
  await wedge(page, "12", { keyMs: 100 });
  await page.waitForTimeout(700);
  assert.match(await page.innerText("#bar [data-act=open]"), /1 without outcome/);
  await wedge(page, "3141592", { keyMs: 100 });
  await screen(page, "refused");
  assert.match(await page.innerText("#screen"), /NOT READ[\s\S]*7 characters/);
  assert.match(await page.innerText("#bar [data-act=open]"), /1 without outcome/);
  await page.context().close();
});

test("a person who types is no reader", async () => {
  const page = await openConsole(browser, stage);
  await page.focus("#zone");
  await page.keyboard.type("P<UTOWENGER", { delay: 120 });
  assert.equal(await page.inputValue("#zone"), "P<UTOWENGER");
  await page.context().close();
});

test("part of a zone is said to be one, and nothing is checked", async () => {
  const page = await openConsole(browser, stage);
  await scan(page, stage.zones.clear);
  await wedge(page, "P<UTOWENGER<<PAULA\n");
  await screen(page, "refused");
  assert.match(await page.innerText("#screen"), /NOT READ[\s\S]*Nothing was checked/);
  await page.context().close();
});

test("keys alone: type a zone, choose an alert, put the answer away", async () => {
  const page = await openConsole(browser, stage);
  await page.keyboard.press("Tab");
  for (let tabs = 0; tabs < 12; tabs += 1) {
    if (await page.evaluate(() => document.activeElement.id === "zone")) break;
    await page.keyboard.press("Tab");
  }
  await page.keyboard.insertText(stage.zones.both.trim());
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await answered(page, "X00000002");
  await page.keyboard.press("ArrowDown");
  await page.waitForFunction(() => document.querySelectorAll(".alert")[1]?.getAttribute("aria-current") === "true");
  await page.keyboard.press("Escape");
  await screen(page, "ready");
  await page.context().close();
});

test("a hit without an outcome is kept in view, and one key brings it back", async () => {
  const page = await openConsole(browser, stage);
  const before = await giveAll(page);
  await scan(page, stage.zones.document);
  await scan(page, stage.zones.clear);
  assert.match(await page.innerText("#bar [data-act=open]"), /1 without outcome/);
  await press(page, "n");
  await answered(page, "X00000001");
  assert.ok(before > 0, "the hits of other pages were open here too");
  await page.context().close();
});

test("what is open is still open after the page is loaded anew, but what has its outcome by now", async () => {
  const page = await openConsole(browser, stage);
  await giveAll(page);
  await scan(page, stage.zones.both);
  await scan(page, stage.zones.document);
  await page.reload();
  await page.waitForFunction(() => /2 without outcome/.test(document.querySelector("#bar [data-act=open]")?.textContent));
  await press(page, "n");
  await answered(page, "X00000002");
  await press(page, "3");
  await page.waitForSelector(".alert .done");
  await page.reload();
  await page.waitForFunction(() => /2 without outcome/.test(document.querySelector("#bar [data-act=open]")?.textContent));
  await press(page, "n");
  await answered(page, "X00000002");
  assert.equal(await page.locator(".alert .done").count(), 1, "one of its two alerts has an outcome");
  await press(page, "1");
  await page.waitForFunction(() => /1 without outcome/.test(document.querySelector("#bar [data-act=open]")?.textContent));
  await page.reload();
  await page.waitForFunction(() => /1 without outcome/.test(document.querySelector("#bar [data-act=open]")?.textContent));
  await page.context().close();
});

test("a hit that got its outcome while the page was deaf is open no more; one that a new agent does not know stays", async () => {
  const [page, other] = [await openConsole(browser, stage), await openConsole(browser, stage)];
  await giveAll(page);
  await scan(page, stage.zones.document);
  await page.waitForSelector("#bar [data-act=open]");
  await page.context().setOffline(true);
  await screen(page, "lost");
  assert.equal(await giveAll(other), 1);
  await page.context().setOffline(false);
  await screen(page, "ready");
  await page.waitForFunction(() => document.querySelector("#bar [data-act=open]") === null);
  await scan(page, stage.zones.document);
  await stage.command("kill");
  await screen(page, "lost");
  await stage.command("start");
  await screen(page, "ready");
  await page.waitForTimeout(500);
  assert.match(await page.innerText("#bar [data-act=open]"), /1 without outcome/);
  await Promise.all([page.context().close(), other.context().close()]);
});

test("what a reader meets while a document is checked is shown if that check is refused", async () => {
  const [page, other] = [await openConsole(browser, stage), await openConsole(browser, stage)];
  let refuse;
  const refused = new Promise((resolve) => { refuse = resolve; });
  await page.route("**/v1/scans", async (route) => {
    await refused;
    await route.fulfill({ status: 503, json: { error: "something else", hint: "" } });
  });
  await wedge(page, `${stage.zones.clear}\n`);
  await screen(page, "checking");
  const open = () => page.evaluate(() => document.querySelector("#bar [data-act=open]")?.textContent ?? "");
  const before = await open();
  await scan(other, stage.zones.document);
  await page.waitForFunction((before) => (document.querySelector("#bar [data-act=open]")?.textContent ?? "") !== before, before);
  assert.equal(await page.getAttribute("#screen", "data-screen"), "checking");
  refuse();
  await answered(page, "X00000001");
  assert.match(await page.innerText('.banner[data-what="failure"]'), /NO ANSWER[\s\S]*something else/);
  await Promise.all([page.context().close(), other.context().close()]);
});

test("single keys do nothing once the officer turned them off", async () => {
  const page = await openConsole(browser, stage);
  await giveAll(page);
  await page.keyboard.press("F2");
  await page.uncheck("[name=shortcuts]");
  await page.keyboard.press("Escape");
  await scan(page, stage.zones.document);
  await press(page, "1");
  await page.keyboard.press("Escape");
  await screen(page, "ready");
  assert.match(await page.innerText("#bar [data-act=open]"), /1 without outcome/);
  await page.context().close();
});

test("fingers on 320 px: nothing is wider than the screen, targets are big", async () => {
  const page = await openConsole(browser, stage, { viewport: { width: 320, height: 640 }, hasTouch: true, isMobile: true });
  await fits(page, "ready");
  for (const name of ["both", "possible", "misread", "hostile", "clear"]) {
    await scan(page, stage.zones[name]);
    await fits(page, name);
  }
  await page.tap("#bar .tools button:last-child");
  await page.waitForSelector("dialog[open]");
  await fits(page, "menu");
  await page.tap("dialog .main");
  await page.tap("#bar .tools button:first-child");
  await page.fill("#zone", stage.zones.person.trim());
  await page.tap(".zone .main");
  await answered(page, "C00000001");
  await page.context().close();
});
