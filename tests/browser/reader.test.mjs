// A serial reader at the post: nobody types there, so whatever comes of it must come to the page by itself.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openConsole, screen, startBrowser, startStage, verdict } from "./stage.mjs";

let stage;
let browser;
before(async () => [stage, browser] = await Promise.all([startStage(), startBrowser()]));
after(async () => Promise.all([browser?.close(), stage?.end()]));

test("a document that the reader cannot read ends the answer before it, and is said to be unread", async () => {
  const page = await openConsole(browser, stage);
  await stage.lay(stage.zones.clear);
  await screen(page, "answer");
  assert.equal(await verdict(page), "clear");
  await stage.lay("P<UTOWENGER<<PAULA");
  await screen(page, "refused");
  assert.equal(await page.locator(".answer").count(), 0, "nothing of the traveller before is left");
  assert.match(await page.innerText("#screen"), /NOT READ[\s\S]*Nothing was checked/);
  assert.match(await page.textContent("#said"), /NOT READ/);
  await stage.lay(stage.zones.document);
  await screen(page, "answer");
  assert.equal(await verdict(page), "hit");
  await page.context().close();
});
