// Each verdict fills the screen with a word, a shape, what to do now and what it rests on; an outcome takes one key.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openConsole, scan, screen, startBrowser, startStage, style, verdict } from "./stage.mjs";

let stage;
let browser;
before(async () => [stage, browser] = await Promise.all([startStage(), startBrowser()]));
after(async () => Promise.all([browser?.close(), stage?.end()]));

const text = (page, selector) => page.innerText(selector);

test("a stolen document: take it, from whom, and which edition says so", async () => {
  const page = await openConsole(browser, stage);
  await scan(page, stage.zones.document);
  assert.equal(await verdict(page), "hit");
  assert.equal(await text(page, "#word"), "HIT");
  assert.match(await text(page, ".verdict .do"), /Take the document/);
  assert.match(await text(page, ".alert"), /Stolen[\s\S]*document number equal[\s\S]*X00000001/);
  assert.match(await text(page, ".lists"), /interpol\/sltd[\s\S]*Edition 1[\s\S]*hit/);
  await page.context().close();
});

test("a wanted person: warnings big, the action, the reasons, the owner", async () => {
  const page = await openConsole(browser, stage);
  await scan(page, stage.zones.person);
  assert.equal(await verdict(page), "hit");
  assert.match(await text(page, ".told .warnings"), /Armed[\s\S]*Violent/);
  const size = async (selector) => parseFloat(await style(page, selector, "fontSize"));
  assert.ok(await size(".told .warnings li") >= 22, "warnings are readable at arm's length");
  assert.ok(await size("#word") >= 64, "so is the verdict");
  assert.match(await text(page, ".verdict .do"), /Arrest the person[\s\S]*Utopia Criminal Police/);
  assert.match(await text(page, ".alert"), /name equal[\s\S]*birth date equal[\s\S]*Z-2026\/114/);
  await page.context().close();
});

test("a document and its bearer: both actions, the graver first, and the alerts in order", async () => {
  const page = await openConsole(browser, stage);
  await scan(page, stage.zones.both);
  assert.match(await text(page, ".verdict .do"), /Arrest the person[\s\S]*Take the document/);
  assert.deepEqual(await page.$$eval(".alert h3", (titles) => titles.map((title) => title.innerText)),
    ["Stolen", "Nora Lise Karlsen"]);
  await page.context().close();
});

test("perhaps a person: compare first, and why", async () => {
  const page = await openConsole(browser, stage);
  await scan(page, stage.zones.possible);
  assert.equal(await verdict(page), "possible");
  assert.match(await text(page, ".verdict .do"), /Compare[\s\S]*Take the person aside/);
  assert.match(await text(page, ".reasons"), /LINDKVIST[\s\S]*LINDQVIST/i);
  await page.context().close();
});

test("nothing: clear, with no alert and no outcome to give", async () => {
  const page = await openConsole(browser, stage);
  await scan(page, stage.zones.clear);
  assert.equal(await verdict(page), "clear");
  assert.equal(await page.locator(".alert, .outcomes").count(), 0);
  await page.context().close();
});

test("a misread number is not checked, and the officer is told why and what to do", async () => {
  const page = await openConsole(browser, stage);
  await scan(page, stage.zones.misread);
  assert.equal(await verdict(page), "not_checked");
  assert.match(await text(page, ".verdict .do"), /not a Clear[\s\S]*Read the document again/);
  assert.match(await text(page, ".lists"), /misread/);
  await page.context().close();
});

test("the four shapes differ, so no verdict is told by colour alone", async () => {
  const page = await openConsole(browser, stage);
  const shapes = new Set();
  for (const name of ["document", "possible", "clear", "misread"]) {
    await scan(page, stage.zones[name]);
    shapes.add(await page.$eval(".verdict .shape > *", (shape) => `${shape.tagName} ${shape.getAttribute("class")}`));
  }
  assert.equal(shapes.size, 4);
  await page.context().close();
});

test("the answer of another scanner on this device appears, and is said to a screen reader", async () => {
  const page = await openConsole(browser, stage);
  const answer = await stage.command(`scan ${stage.zones.document.trim().replace("\n", "/")}`);
  assert.equal(answer.verdict, "hit");
  await screen(page, "answer");
  assert.equal(await text(page, ".verdict .number"), "X00000001");
  assert.match(await page.textContent("#said"), /^HIT\. Take the document/);
  assert.equal(await page.getAttribute("#said", "aria-live"), "assertive");
  await page.context().close();
});

test("an answer that was put away does not come back, however late the others hear of it", async () => {
  const page = await openConsole(browser, stage);
  // The stream tells of the answer only once the officer has put it away.
  await page.evaluate(() => {
    const known = EventTarget.prototype.addEventListener;
    EventTarget.prototype.addEventListener = function (name, heard, ...more) {
      const late = this instanceof EventSource && name === "answer" ? (event) => setTimeout(() => { heard(event); window.late = true; }, 1500) : heard;
      return known.call(this, name, late, ...more);
    };
  });
  // A new stream, with the late listener.
  await stage.command("kill");
  await screen(page, "lost");
  await stage.command("start");
  await screen(page, "ready");
  await scan(page, stage.zones.document);
  await page.keyboard.press("Escape");
  await screen(page, "ready");
  await page.waitForFunction(() => window.late);
  assert.equal(await page.getAttribute("#screen", "data-screen"), "ready");
  await page.context().close();
});

test("what is told of another document does not end a check that is under way", async () => {
  const page = await openConsole(browser, stage);
  let go;
  const held = new Promise((resolve) => { go = resolve; });
  await page.route("**/v1/scans", async (route) => {
    await held;
    await route.continue();
  });
  await page.fill("#zone", stage.zones.document.trim());
  await page.click(".zone .main");
  await screen(page, "checking");
  const told = page.evaluate(() => new Promise((resolve) => {
    const events = new EventSource("/v1/events");
    events.addEventListener("answer", () => { events.close(); setTimeout(resolve, 200); });
    events.onopen = () => { window.hears = true; };
  }));
  await page.waitForFunction(() => window.hears);
  await stage.command(`scan ${stage.zones.clear.trim().replaceAll("\n", "/")}`);
  await told;
  assert.equal(await page.getAttribute("#screen", "data-screen"), "checking");
  go();
  await screen(page, "answer");
  assert.equal(await verdict(page), "hit");
  await page.context().close();
});

test("what to do: one sentence an action, the gravest first, with every owner in it", async () => {
  const page = await openConsole(browser, stage);
  const told = await page.evaluate(async () => {
    const [{ whatToDo }, { Words }] = [await import("/console/core/advice.js"), await import("/console/core/words.js")];
    const words = new Words("en", await (await fetch("/console/messages/en.json")).json());
    const met = (action, owner) => ({ encounter_id: "", result: "hit", action, owner, status: "" });
    const alerts = [...["A", "B", "C", "A"].map((owner) => met("seize_document", owner)), met("locate", "D"), met("arrest", "E"), met("unheard_of", "F")];
    return whatToDo(words, { verdict: "hit", alerts, checked: [] }, alerts[0], {});
  });
  const plain = told.map((sentence) => sentence.replaceAll(/[\u2066-\u2069]/g, ""));
  assert.equal(plain.length, 3);
  assert.match(plain[0], /Arrest the person. Then tell E/);
  assert.match(plain[1], /^Take the document.*Tell A, B, C\.$/);
  assert.match(plain[2], /Ask where/);
  await page.context().close();
});

for (const [language, words] of Object.entries({
  fr: [/SIGNALÉ/, /Arrêtez la personne/, /nom identique/],
  es: [/ALERTA/, /Detenga a la persona/, /nombre igual/],
  ar: [/تطابق/, /أوقف الشخص/, /الاسم مطابق/],
})) {
  test(`the whole answer speaks the officer's language: ${language}`, async () => {
    const page = await openConsole(browser, stage, { language });
    await scan(page, stage.zones.person);
    const shown = await text(page, "#screen");
    words.forEach((word) => assert.match(shown, word));
    assert.equal(await page.getAttribute("html", "dir"), language === "ar" ? "rtl" : "ltr");
    await page.context().close();
  });
}
