// The terminal and the page say the same, word for word, in every language.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openConsole, scan, startBrowser, startStage } from "./stage.mjs";

let stage;
let browser;
before(async () => {
  [stage, browser] = await Promise.all([startStage(), startBrowser()]);
  await stage.command("clocked 1h");
});
after(async () => Promise.all([browser?.close(), stage?.end()]));

/** Without isolates, and ages and clocks, which differ by the moment, as one sign. */
const plain = (text) => text.replaceAll(/[\u2066-\u2069]/g, "").replaceAll(/\d+ (s|min|h|d|\p{L}+)\b/gu, "#").replaceAll(/\d?\d:\d\d(:\d\d)?/g, "#")
  .replaceAll(/\s+/g, " ").trim();

const LANGUAGES = ["en", "fr", "es", "ar"];
for (const language of LANGUAGES) {
  for (const name of ["document", "person", "both", "possible", "clear", "misread", "clocked"]) {
    test(`${name}, ${language}`, () => compare(language, name));
  }
}

test("with a list that cannot be asked", async () => {
  await stage.command("lapse");
  for (const language of LANGUAGES) {
    await compare(language, "document");
    await compare(language, "clear");
  }
});

async function compare(language, name) {
  const page = await openConsole(browser, stage, { language });
  await scan(page, stage.zones[name]);
  if (name === "clocked") await page.waitForSelector(".verdict .clock");
  const all = (selector) => page.$$eval(selector, (elements) => elements.map((element) => element.textContent)).then((texts) => texts.map(plain));
  const terminal = await stage.command(`say ${language} ${stage.zones[name].trim().replaceAll("\n", "/")}`);
  const lines = terminal.split("\n").map(plain);
  const marked = (mark) => lines.filter((line) => line.startsWith(`${mark} `)).map((line) => line.slice(mark.length + 1));

  assert.match(lines[0], new RegExp(`^[■▲●○] ${(await all("#word"))[0]}$`));
  assert.deepEqual(marked("->"), await all(".verdict .do li"), "what to do now");
  assert.deepEqual(marked("!"), await all(".verdict .notice"), "notices");
  const reasons = lines.filter((line) => /^[–=≠?] /.test(line)).map((line) => line.slice(2));
  assert.deepEqual(reasons, await all(".reasons li"), "reasons");
  assert.deepEqual(marked("#"), (await all(".verdict .clock")).map((clock) => clock.replace(/^# ?/, "")), "clocks");
  const warnings = [...new Set((await all(".told .warnings li")).map((warning) => warning.toUpperCase()))];
  assert.deepEqual((lines.find((line) => line.startsWith("▲ ") && line !== lines[0]) ?? "").split("▲").map((w) => w.trim()).filter(Boolean), warnings);
  const alerts = await page.$$eval(".alert", (cards) => cards.map((card) => [card.querySelector("h3"), card.querySelector(".kind")].map((part) => part.textContent)));
  const titles = lines.filter((line) => /^\d+\. /.test(line));
  assert.deepEqual(titles, alerts.map(([title, kind], n) => plain(`${n + 1}. ${title} · ${kind}`)));
  const facts = await page.$$eval(".alert dl, .read dl", (lists) => lists.flatMap((list) => [...list.querySelectorAll("dt")].map((dt) => `${dt.textContent}: ${dt.nextElementSibling.textContent}`)));
  assert.ok(facts.length >= 7, `${facts}`);
  for (const fact of facts) {
    assert.ok(lines.includes(plain(fact)), `${fact} is not on the terminal: ${terminal}`);
  }
  const lists = await page.$$eval(".lists li", (items) => items.map((item) => [...item.children].map((part) => part.textContent)));
  assert.ok(lists.length >= 5, `${lists}`);
  for (const list of lists) {
    const [list_, edition, freshness, result] = list.map(plain);
    assert.ok(lines.includes(`${list_} ${edition.replace(" · ", ", ")}, ${freshness}: ${result}`), `${list} is not on the terminal: ${terminal}`);
  }
  await page.context().close();
}
