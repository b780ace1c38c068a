// What must not be missed and what is said aloud: clocks, owners, late encounters, drill, lists. The machine without a browser.

import assert from "node:assert/strict";
import { test } from "node:test";
import { noticesOf } from "../../agent/device/src/desk/console/core/notices.js";
import { Desk, LOADED, alert, answer, clock, hit, list, outcome, ready, status } from "./desk.mjs";

test("a clock counts by the agent's time, runs out once, and escalates", () => {
  const desk = ready().scan(answer("s", [alert("e", { confirm_by: "x" })])).hear("answer", answer("s", [alert("e", { confirm_by: "x" })]));
  desk.later(10_000).reply("clocks", [clock("e", { left_s: 2 })]);
  assert.deepEqual(desk.later(1_000).send("tick").said, []);
  assert.deepEqual(desk.later(1_000).send("tick").said, [{ what: "overdue", owner: "Registry" }]);
  assert.deepEqual(desk.later(10_000).send("tick").said, []);
});

test("a clock whose outcome was given does not run out aloud", () => {
  const desk = ready().hear("confirmation", clock("e", { left_s: 1 })).hear("outcome", outcome("e"));
  assert.deepEqual(desk.later(2_000).send("tick").said, []);
});

test("an answered clock does not run out; an outcome asks for late encounters again", () => {
  const answered = clock("e", { left_s: 1, answer: { word: "confirmed", at: "2026-11-28T08:59:00Z", text: "" } });
  assert.deepEqual(ready().hear("confirmation", answered).later(5_000).send("tick").said, []);
  assert.deepEqual(ready().hear("outcome", outcome("e")).did("ask").map(({ then }) => then), ["late"]);
});

test("notices: a store that cannot be written is said", () => {
  const desk = ready().hear("state", status({ store_fault: "cannot write the journal in state.db: database or disk is full" }));
  assert.ok(noticesOf(desk.state, desk.now).some(({ kind, weight }) => kind === "store" && weight === "grave"));
});

test("notices: a roster that is behind is said, for who was removed may still sign in", () => {
  const kinds = (state) => {
    const session = { sign_in: "required", roster: { number: 1, expires: "2027-01-01T00:00:00Z", state }, officer: null };
    const desk = new Desk().send("start").reply("session", session);
    return noticesOf(desk.state, desk.now).map(({ kind }) => kind);
  };
  assert.deepEqual([kinds("current"), kinds("behind"), kinds("expired")], [[], ["roster_behind"], ["roster"]]);
});

test("notices: an owner's answer is news for twelve hours after a reload, and longer to a page that heard it", () => {
  const answered = clock("e", { answer: { word: "confirmed", at: "2026-11-27T20:00:00Z", text: "" } });
  const kinds = (desk) => noticesOf(desk.state, desk.now).map(({ kind }) => kind);
  const reloaded = new Desk().send("start").reply("session", { sign_in: "none" }).reply("status", status());
  assert.deepEqual(kinds(reloaded.reply("clocks", [answered])), []);
  const heard = ready().hear("confirmation", answered).hear("open").hear("state", status());
  assert.deepEqual(kinds(heard.reply("clocks", [answered])), ["answer"]);
});

test("notices: beside a hit only the answers of other hits; the newest two, and the count of the others", () => {
  const answered = (id, at) => clock(id, { answer: { word: "confirmed", at: `2026-11-28T08:5${at}:00Z`, text: "" } });
  const desk = ready().scan(hit("s", "e")).hear("confirmation", clock("late", { left_s: -5 }));
  for (const [id, at] of [["e", 9], ["f", 1], ["g", 4], ["h", 3]]) desk.hear("confirmation", answered(id, at));
  const notices = () => noticesOf(desk.state, desk.now).map(({ kind, clock, count }) => [kind, clock?.encounter_id ?? count]);
  assert.deepEqual(notices(), [["answer", "g"], ["answer", "h"], ["answers", 1]]);
  desk.send("put_away");
  assert.deepEqual(notices(), [["answer", "e"], ["answer", "g"], ["answers", 2], ["overdue", "late"]]);
});

test("notices: what must be known of lists, one of a kind", () => {
  const kinds = (...lists) => noticesOf(ready().hear("state", status({ lists })).state, LOADED).map(({ kind, count }) => count ? `${kind} ${count}` : kind);
  assert.deepEqual(kinds(), ["no_list"]);
  assert.deepEqual(kinds(list()), []);
  assert.deepEqual(kinds(list({ newest_known: 2 })), ["behind"]);
  assert.deepEqual(kinds(list({ doubt: { code: "x" }, newest_known: 2 })), ["doubt"]);
  assert.deepEqual(kinds(list({ freshness: "stale" })), ["stale"]);
  assert.deepEqual(kinds(list({ freshness: "stale" }), list({ newest_known: 2 }), list({ age_s: 3_600 })), ["not_asked", "old_many 2"]);
});

test("many at once are said together, sixteen at most", () => {
  const desk = ready();
  for (let n = 0; n < 30; n += 1) desk.hear("confirmation", clock(`e${n}`, { answer: { word: "confirmed", at: "2026-11-28T08:59:00Z", text: "" } }));
  assert.equal(desk.said.length, 16);
});

test("an owner's answer is drawn and said; that it was put away is stored", () => {
  const answered = clock("e", { answer: { word: "confirmed", at: "2026-11-28T08:59:00Z", text: "" } });
  const desk = ready().hear("confirmation", answered);
  assert.deepEqual([desk.said, desk.did("draw").length], [[{ what: "owner", word: "confirmed", owner: "Registry" }], 1]);
  desk.send("saw", { seen: ["e 2026-11-28T08:59:00Z"] });
  assert.deepEqual(desk.did("store"), [{ do: "store", what: "seen", value: ["e 2026-11-28T08:59:00Z"] }]);
});

test("of two answers at once neither silences the other", () => {
  const answered = (id, word) => clock(id, { answer: { word, at: "2026-11-28T08:59:00Z", text: "" } });
  const desk = ready().hear("confirmation", answered("e", "confirmed")).later(1_000).hear("confirmation", answered("f", "withdrawn"));
  assert.deepEqual(desk.said.map(({ word }) => word), ["confirmed", "withdrawn"]);
  desk.later(3_000).hear("confirmation", answered("g", "confirmed"));
  assert.equal(desk.said.length, 1, "by now they were heard");
});

test("late encounters: asked for when their number changes, said once, reported without a note", () => {
  const desk = ready().hear("state", status({ late: 1 }));
  desk.reply("late", [{ encounter_id: "e", alert_id: "A", list: "uto/stolen", scanned_at: "x", raised_at: "x", reported: false }]);
  assert.deepEqual(desk.said.map(({ notice }) => notice.kind), ["late"]);
  assert.deepEqual(desk.send("tick").said, []);
  desk.send("owners");
  assert.deepEqual([desk.screen.name, desk.did("focus")], ["ready", [{ do: "focus", section: "late" }]]);
  desk.send("outcome_late", { encounter: "e", outcome: "seized" });
  assert.deepEqual(desk.asked.at(-1).args, ["e", "seized", ""]);
});

test("a drill: said as it begins and ends; once it ended it is asked for until all is home, and put away", () => {
  const report = { checks: 1, not_checked: 0, p99_us: 100, spooled: 1, shortcomings: [] };
  const drill = { started: "2026-11-28T08:00:00Z", ends: "2026-11-28T08:59:50Z", running: false, report };
  const desk = ready().hear("state", status({ drill_until: "2026-11-28T09:05:00Z" }));
  assert.deepEqual(desk.said.map(({ notice }) => notice.kind), ["drill_running"]);
  desk.refuse("drill", 404).hear("state", status()).reply("drill", drill);
  assert.deepEqual(desk.said.at(-1).notice.outcome, "over");
  assert.equal(desk.send("tick").did("ask").length, 1);
  desk.reply("drill", { ...drill, report: { ...report, home_after_s: 4 } });
  assert.equal(desk.said.at(-1).notice.outcome, "ready");
  const never = ready().hear("state", status({ drill_until: "x" })).reply("drill", drill).hear("state", status()).reply("drill", drill);
  assert.equal(never.later(60_000).send("tick").said.at(-1).notice.outcome, "ready", "nothing is missing");
  const missing = { ...drill, report: { ...report, shortcomings: ["drill.not_home"] } };
  assert.equal(ready().hear("state", status({ drill_until: "x" })).reply("drill", missing).hear("state", status()).reply("drill", missing).later(60_000).send("tick").said.at(-1).notice.outcome, "not_ready");
  assert.deepEqual([desk.send("tick").did("ask"), desk.send("saw", { seen: [drill.started] }).state.pending.seen], [[], [drill.started]]);
});

test("headquarters out of reach is said, and a list past its lease too; what stays so is not said again", () => {
  const desk = ready().hear("state", status({ online: false }));
  assert.deepEqual(desk.said, [{ what: "link", online: false }]);
  desk.later(5_000).hear("state", status({ online: false, lists: [list({ why: { code: "why.lease" } })] }));
  assert.deepEqual(desk.said.map(({ notice }) => notice.kind), ["not_asked"]);
  assert.deepEqual(desk.later(5_000).send("tick").said, []);
  const growing = ready(null).hear("state", status({ lists: [list({ age_s: 3_590 })] }));
  assert.equal(growing.later(11_000).send("tick").said[0].notice.why.code, "why.lease", "by the page's own count");
});
