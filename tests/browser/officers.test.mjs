// Officers sign in, hand over, are locked out; discreet alerts show to nobody who does not ask, entitled, with the PIN.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { clean, fits } from "./axe.mjs";
import { giveAll, openConsole, press, scan, screen, startBrowser, startStage, verdict } from "./stage.mjs";
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
  await page.reload();
  await page.waitForFunction(() => document.getElementById("word")?.textContent === "Prêt");
  await wedge(page, "anna\n");
  await page.waitForFunction(() => /Anna Berg/.test(document.querySelector("#bar .officer")?.textContent));
  await page.waitForFunction(() => document.getElementById("word").textContent === "Ready");
  await page.context().close();
});

/** The open hit that N brings, as the page shows it. */
async function openHit(page) {
  await page.waitForSelector("#bar [data-act=open]");
  await page.click("#bar [data-act=open]");
  await screen(page, "answer");
  return page.innerText("#screen");
}

test("who takes over sees open hits as far as he may, and not as the officer before saw them", async () => {
  const page = await open();
  await signIn(page, "boris", "580133");
  await wedge(page, "carla\n");
  await screen(page, "sign_in");
  await signIn(page, "carla", "639204");
  await giveAll(page);
  await scan(page, stage.zones.withheld);
  assert.match(await page.innerText("#screen"), /Iris Zimmer[\s\S]*Part of a case/, "an administrator sees it all");
  await wedge(page, "boris\n");
  await page.waitForFunction(() => /Boris Vogt/.test(document.querySelector("#bar .officer")?.textContent));
  await screen(page, "ready");
  assert.doesNotMatch(await openHit(page), /Iris Zimmer|Part of a case/);
  await wedge(page, "carla\n");
  await page.waitForFunction(() => /Carla Ott/.test(document.querySelector("#bar .officer")?.textContent));
  assert.match(await openHit(page), /Iris Zimmer[\s\S]*Part of a case/);
  await page.context().close();
});

test("a supervisor sees a reader's hit in full, also when it is called up again", async () => {
  const page = await open();
  await signIn(page, "carla", "639204");
  await giveAll(page);
  await stage.lay(stage.zones.withheld);
  await screen(page, "answer");
  await page.waitForFunction(() => /Iris Zimmer[\s\S]*Part of a case/.test(document.getElementById("screen").innerText));
  await page.keyboard.press("Escape");
  await screen(page, "ready");
  assert.match(await openHit(page), /Iris Zimmer[\s\S]*Part of a case/);
  await page.context().close();
});

test("a hit that a reader met while the page was locked is there once it is unlocked", async () => {
  const page = await open();
  await signIn(page, "anna", "471108");
  await giveAll(page);
  await wedge(page, "nobody\n");
  await screen(page, "sign_in");
  await stage.lay(stage.zones.document);
  await page.waitForFunction(async () => (await (await fetch("/v1/open", { headers: { "vedette-page": sessionStorage.getItem("vedette-page") ?? "" } })).json()).length > 0);
  await signIn(page, "anna", "471108");
  await page.waitForSelector("#bar [data-act=open]");
  await page.context().close();
});

test("a locked page shows no hit of the officer who left it, and nothing that was said of it", async () => {
  const page = await open();
  await signIn(page, "anna", "471108");
  await scan(page, stage.zones.document);
  assert.equal(await page.locator("#bar [data-act=open]").count(), 1);
  await wedge(page, "nobody\n");
  await screen(page, "sign_in");
  assert.equal(await page.locator("#bar [data-act=open]").count(), 0);
  await page.evaluate(() => document.activeElement.blur());
  await press(page, "n");
  await page.waitForTimeout(1000);
  assert.equal(await page.getAttribute("#screen", "data-screen"), "sign_in");
  assert.doesNotMatch(await page.textContent("body"), /X00000001/);
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

test("what is revealed too late shows nowhere: the dialog was closed meanwhile, or is the menu now", async () => {
  const page = await open();
  await signIn(page, "anna", "471108");
  await scan(page, stage.zones.discreet);
  let go;
  const held = new Promise((resolve) => { go = resolve; });
  await page.route("**/v1/discreet", async (route) => {
    const response = await route.fetch();
    await held;
    await route.fulfill({ response });
  });
  await page.keyboard.press("F8");
  await page.fill("dialog [name=pin]", "471108");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Escape");
  await page.keyboard.press("F2");
  await page.waitForSelector("dialog[open] [name=theme]");
  const told = page.waitForResponse("**/v1/discreet");
  go();
  await told;
  await page.waitForTimeout(300);
  assert.doesNotMatch(await page.innerText("dialog"), /Tomas Stille/);
  assert.equal(await page.locator("dialog [name=theme]").count(), 3);
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

for (const [name, options] of Object.entries({
  "by day": { colorScheme: "light" },
  "from right to left, at night": { colorScheme: "dark", language: "ar" },
})) {
  test(`sign-in, refused and reports: axe finds nothing, and they fit 320 px, ${name}`, async () => {
    const page = await open({ viewport: { width: 320, height: 640 }, reducedMotion: "reduce", bypassCSP: true, ...options });
    const look = async (where) => {
      await clean(page, where);
      await fits(page, where);
    };
    await look("sign-in");
    await page.fill("[name=badge]", "anna");
    await page.fill("[name=pin]", "111111");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".sign-in .message");
    await look("sign-in, wrong");
    await signIn(page, "anna", "471108");
    await wedge(page, "P<UTOWENGER<<PAULA\n");
    await screen(page, "refused");
    await look("refused");
    await scan(page, stage.zones.discreet);
    await page.keyboard.press("F8");
    await page.waitForSelector("dialog [name=pin]");
    await look("reports, the PIN");
    await page.fill("dialog [name=pin]", "471108");
    await page.keyboard.press("Enter");
    await page.waitForSelector("dialog .report");
    await look("reports");
    await page.context().close();
  });
}

test("the report of a discreet check reaches headquarters, with what was typed and what the device knew", async () => {
  const page = await open();
  await signIn(page, "anna", "471108");
  await scan(page, stage.zones.discreet);
  await page.keyboard.press("F8");
  await page.fill("dialog [name=pin]", "471108");
  await page.keyboard.press("Enter");
  const report = page.locator("dialog .report").first();
  await report.locator("[name=companions]").fill("one child");
  await report.locator("[name=conveyance]").fill("blue van, ZN-48");
  await report.locator(".main").click();
  await page.waitForFunction(() => /^Sent, /.test(document.querySelector("dialog .report [role=status]").textContent));
  const reported = async () => (await stage.command("encounters")).filter(({ alert }) => alert === "D-5")
    .flatMap(({ outcomes }) => outcomes).find(({ form }) => form?.companions === "one child");
  let home;
  while ((home = await reported()) === undefined) await page.waitForTimeout(200);
  assert.deepEqual([home.outcome, home.who, home.form.conveyance, home.form.place], ["confirmed", "anna", "blue van, ZN-48", "post-7"]);
  assert.ok(home.form.time);
  await page.context().close();
});

test("an administrator starts and ends a drill from the menu; nobody else finds it there", async () => {
  const page = await open({ reducedMotion: "reduce", bypassCSP: true });
  await signIn(page, "carla", "639204");
  const menu = async () => {
    await page.keyboard.press("F2");
    await page.waitForSelector("dialog[open]");
  };
  await menu();
  await clean(page, "the administrator's menu");
  await page.fill("dialog [name=minutes]", "30");
  await page.click("dialog .drill button");
  await page.waitForSelector('.banner[data-what="running"]');
  await page.waitForSelector('.link[data-online="false"]');
  await menu();
  await page.click("dialog .drill button");
  await page.waitForSelector('.banner[data-weight="drill"]:not([data-what="running"])');
  await page.click("#bar .officer");
  await screen(page, "sign_in");
  await signIn(page, "anna", "471108");
  await menu();
  assert.equal(await page.locator("dialog .drill").count(), 0);
  await page.context().close();
});

test("an expired roster is said on every screen, and its officers work on", async () => {
  const page = await open();
  await stage.command("expire_roster");
  const said = () => page.waitForFunction(() => /roster of officers expired/.test(document.querySelector('.banner[data-weight="grave"]')?.textContent));
  await page.reload();
  await screen(page, "sign_in");
  await said();
  await signIn(page, "anna", "471108");
  await said();
  await scan(page, stage.zones.document);
  await said();
  assert.equal(await verdict(page), "hit");
  await page.context().close();
});

test("an idle page locks itself: nothing of the last answer is left, and nothing is answered", async () => {
  await stage.command("idle 10");
  const page = await open({ viewport: { width: 320, height: 640 }, reducedMotion: "reduce", bypassCSP: true });
  await signIn(page, "anna", "471108");
  await scan(page, stage.zones.person);
  await page.keyboard.press("F8");
  await page.waitForSelector("dialog[open]");
  await screen(page, "sign_in");
  assert.equal(await page.locator("dialog[open]").count(), 0);
  assert.doesNotMatch(await page.textContent("main"), /KARLSEN|C00000001/);
  assert.equal(await page.evaluate(() => fetch("/v1/status").then(({ status }) => status)), 401);
  await clean(page, "idle");
  await fits(page, "idle");
  await wedge(page, stage.zones.document);
  await page.waitForFunction(() => /Sign in first/.test(document.querySelector(".message")?.textContent));
  await page.context().close();
});

test("whoever types stays signed in; before the session ends the page says so, also in a dialog, and a key stays", async () => {
  await stage.command("idle 18");
  const page = await open();
  await signIn(page, "anna", "471108");
  await scan(page, stage.zones.discreet);
  await page.keyboard.press("F8");
  await page.fill("dialog [name=pin]", "471108");
  await page.keyboard.press("Enter");
  await page.waitForSelector("dialog .report");
  await page.focus("dialog [name=route]");
  await page.keyboard.type("by the north road", { delay: 1150 });
  assert.equal(await page.inputValue("dialog [name=route]"), "by the north road", "longer than a session lasts");
  await page.waitForSelector("dialog .ending");
  await page.keyboard.press("Shift");
  await page.waitForFunction(() => document.querySelector("dialog .ending") === null);
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => document.querySelector("dialog[open]") === null);
  await page.waitForSelector('.banner[data-what="ending"]');
  assert.match(await page.textContent("#said"), /about to be signed out/);
  await page.hover('.banner[data-what="ending"] button');
  await page.evaluate(() => {
    window.pressed = document.querySelector('.banner[data-what="ending"] button');
    window.pressed.addEventListener("click", () => { window.clicked = true; });
  });
  await page.mouse.down();
  await page.waitForTimeout(1200);
  await page.mouse.up();
  await page.waitForFunction(() => window.clicked && !window.pressed.isConnected, null);
  await page.waitForFunction(() => document.querySelector('.banner[data-what="ending"]') === null);
  assert.equal(await page.getAttribute("#screen", "data-screen"), "answer");
  await screen(page, "sign_in");
  await page.context().close();
});
