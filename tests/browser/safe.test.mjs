// What others wrote cannot act, hide or lie; the page talks to nobody but the desk.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openConsole, scan, startBrowser, startStage, verdict } from "./stage.mjs";

let stage;
let browser;
before(async () => [stage, browser] = await Promise.all([startStage(), startBrowser()]));
after(async () => Promise.all([browser?.close(), stage?.end()]));

test("a hostile list: markup is text, unseen characters are seen, directions stay where they are", async () => {
  const page = await openConsole(browser, stage);
  await scan(page, stage.zones.hostile);
  assert.equal(await verdict(page), "hit");
  assert.equal(await page.title(), "Vedette");
  assert.equal(await page.locator("#screen img, #screen script, #screen b").count(), 0);
  const shown = await page.innerText("#screen");
  assert.match(shown, /<img src=x/);
  // An import leaves them out of alerts; what the issuer says of itself is shown as it is signed.
  assert.match(shown, /EVIL/);
  assert.match(shown, /<b>Owner<\/b> ⟨U\+202E⟩/);
  assert.doesNotMatch(shown, /[\u202a-\u202e\u200b\ufeff]/);
  assert.doesNotMatch(shown, /W{300}/, "long texts are cut");
  assert.match(shown, /W…/);
  await page.context().close();
});

test("10 kB of anything is cut and takes no room but its own", async () => {
  const page = await openConsole(browser, stage);
  const shown = await page.evaluate(async () => {
    const { shown } = await import("/console/core/text.js");
    return ["W".repeat(10_000), `e${"\u0301".repeat(10_000)}`, "\u202e".repeat(10_000), "\u{1f469}\u200d".repeat(5_000)].map((text) => shown(text));
  });
  assert.equal(shown[0], `${"W".repeat(80)}…`);
  assert.equal(shown[1], "e\u0301\u0301\u0301");
  shown.forEach((text) => assert.ok(text.length < 900, `${text.length} characters`));
  await page.context().close();
});

test("a strict policy: no inline script or style, no eval, no markup from text, no frame", async () => {
  const page = await openConsole(browser, stage);
  const response = await page.request.get(stage.url);
  const policy = response.headers()["content-security-policy"];
  for (const part of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "base-uri 'none'",
    "frame-ancestors 'none'", "form-action 'none'", "require-trusted-types-for 'script'"]) {
    assert.ok(policy.includes(part), `${part} is missing in ${policy}`);
  }
  assert.doesNotMatch(policy, /unsafe/);
  const markup = await page.evaluate(() => {
    try {
      document.body.innerHTML = "<b>x</b>";
      return "written";
    } catch (error) {
      return error.name;
    }
  });
  assert.equal(markup, "TypeError");
  await page.context().close();
});

test("no request goes anywhere else, and nothing goes wrong in the page", async () => {
  const page = await openConsole(browser, stage);
  for (const name of ["both", "hostile", "possible", "clear", "misread"]) await scan(page, stage.zones[name]);
  await page.keyboard.press("F2");
  await page.check("[name=sound]");
  await page.check('[name=language][value="ar"]');
  await page.keyboard.press("Escape");
  await scan(page, stage.zones.document);
  assert.deepEqual(page.foreign, []);
  assert.deepEqual(page.wrong, []);
  await page.context().close();
});

test("nothing of a traveller stays in the browser", async () => {
  const page = await openConsole(browser, stage);
  await scan(page, stage.zones.person);
  const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]));
  assert.doesNotMatch(kept, /KARLSEN|C00000001/);
  await page.context().close();
});
