// Scans, answers, hits and their outcomes on the officer's page, and its connection: the machine without a browser.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Desk, LOADED, ZONE, alert, answer, hit, hits, key, list, officer, outcome, press, ready, session, status, whats } from "./desk.mjs";

test("a page that is loaded asks who is here and how the device is, listens, and is ready", () => {
  const desk = new Desk().send("start");
  assert.equal(desk.screen.name, "lost");
  desk.reply("session", { sign_in: "none" }).reply("status", status());
  assert.deepEqual(["listen", "show"].map((name) => desk.did(name).length), [1, 1]);
  assert.deepEqual(desk.did("timer"), [{ do: "timer", name: "pulse", ms: 5_000 }]);
  assert.equal(desk.screen.name, "ready");
  desk.synced().send("pulse").reply("session", { sign_in: "none" }).reply("status", status());
  assert.deepEqual([desk.did("listen"), desk.did("show")], [[], []], "the next pulse changes nothing");
});

test("a scan shows its answer, says it, and makes a sound only where that was chosen", () => {
  const desk = ready().send("zone", { text: ZONE });
  assert.equal(desk.screen.name, "checking");
  desk.reply("scanned", hit("s", "e"));
  assert.deepEqual([desk.screen.name, desk.screen.answer.verdict, desk.screen.at], ["answer", "hit", LOADED]);
  assert.deepEqual([whats(desk), desk.did("sound").length], [["answer"], 0]);
  assert.deepEqual(hits(desk), ["s"]);
  assert.equal(ready(null, { settings: { sound: true } }).scan(answer("s")).did("sound").length, 1);
});

test("part of a zone is refused, and nothing is asked", () => {
  const desk = ready().send("zone", { text: "P<UTO" });
  assert.deepEqual([desk.screen.name, desk.screen.why, desk.asked], ["refused", { what: "part", n: 5 }, []]);
});

test("the answer to a scan after which another was made is not shown, but its hit is kept", () => {
  const desk = ready().send("zone", { text: ZONE }).send("zone", { text: ZONE });
  desk.reply("scanned", hit("first", "e"));
  assert.deepEqual([desk.screen.name, hits(desk)], ["checking", ["first"]]);
  desk.hear("answer", hit("first", "e"));
  assert.equal(desk.screen.name, "checking");
  desk.reply("scanned", answer("second"));
  assert.equal(desk.screen.answer.scan_id, "second");
  desk.hear("answer", hit("first", "e"));
  assert.equal(desk.screen.answer.scan_id, "second", "however late everybody hears of it");
});

test("an answer that was put away does not come back by itself", () => {
  const desk = ready().scan(hit("s", "e")).send("put_away").hear("answer", hit("s", "e"));
  assert.deepEqual([desk.screen.name, hits(desk)], ["ready", ["s"]]);
  const full = ready(officer("carla", { role: "supervisor" })).hear("answer", hit("s", "e")).send("put_away").reply("more", hit("s", "e"));
  assert.deepEqual(Object.keys(full.screen), ["name", "id"]);
});

test("what this officer may see is not replaced by what everybody may", () => {
  const [full, less] = [answer("s", [alert("e", { status: "a name" })]), answer("s", [alert("e", { status: "" })])];
  const desk = ready().scan(full).hear("answer", less);
  assert.deepEqual([desk.screen.answer, desk.state.pending.hits[0].answer], [full, full]);
});

test("another screen's answer appears, but not while a document is checked here", () => {
  const desk = ready().hear("answer", hit("theirs", "e"));
  assert.equal(desk.screen.answer.scan_id, "theirs");
  desk.send("zone", { text: ZONE }).hear("answer", hit("other", "f"));
  assert.deepEqual([desk.screen.name, hits(desk)], ["checking", ["theirs", "other"]]);
});

for (const [name, code, title] of [["unreadable", 422, "refused.title"], ["not answered", 503, "refused.failed"]]) {
  test(`a scan that is ${name}: says so; what a reader met meanwhile is shown, unless it is a Clear`, () => {
    const refused = () => ready().send("zone", { text: ZONE });
    assert.equal(refused().refuse("scanned", code).screen.title, title);
    assert.equal(refused().hear("answer", answer("c")).refuse("scanned", code).screen.name, "refused");
    const desk = refused().hear("answer", hit("h", "e")).refuse("scanned", code);
    assert.equal(desk.screen.answer.scan_id, "h");
    assert.deepEqual([desk.state.failure.title, whats(desk)], [title, ["answer", "failure"]]);
  });
}

test("a reader's scan without an answer ends the one before it, and a check under way", () => {
  const why = { code: "refused.why.unreadable", text: "" };
  const desk = ready().scan(answer("s")).hear("refused", { read: false, why });
  assert.deepEqual([desk.screen.name, desk.screen.title, desk.screen.why.phrase], ["refused", "refused.title", why]);
  desk.send("zone", { text: ZONE }).hear("refused", { read: true, why });
  assert.equal(desk.reply("scanned", answer("t")).screen.name, "refused");
});

test("a Clear goes by itself after a minute, a hit does not", () => {
  for (const [given, then] of [[answer("s"), "ready"], [hit("s", "e"), "answer"]]) {
    const desk = ready().scan(given).later(60_000).send("tick");
    assert.equal(desk.screen.name, "answer");
    assert.equal(desk.later(1).send("tick").screen.name, then);
  }
});

test("several candidates: keys choose, an outcome is of the chosen one, and the next open one is chosen", () => {
  const desk = ready().scan(hit("s", "e", "f", "g"));
  press(press(desk, "ArrowDown"), "3", " a note ");
  assert.deepEqual(desk.asked[0].args, ["f", "seized", "a note"]);
  press(desk, "ArrowDown");
  desk.reply("given", outcome("f"));
  assert.equal(desk.screen.chosen, 2, "the officer went on: nothing moves under the hands");
  press(desk, "1").reply("given", outcome("g"));
  assert.deepEqual([desk.screen.chosen, desk.did("clear_note").length, whats(desk).at(-1)], [0, 1, "given"]);
  assert.deepEqual(hits(desk), ["s"], "one is open still");
  assert.deepEqual(hits(press(desk, "1").reply("given", outcome("e"))), []);
  assert.equal(desk.screen.answer.scan_id, "s", "the answer stays in view");
});

test("the arrows choose only where there are several, and not beyond", () => {
  const one = ready().scan(hit("s", "e"));
  assert.equal(key(one, "ArrowDown"), null);
  const two = ready().scan(hit("s", "e", "f"));
  assert.equal(press(two, "ArrowUp").screen.chosen, 0);
  assert.equal(press(press(two, "ArrowDown"), "ArrowDown").screen.chosen, 1);
});

test("single keys do nothing once they are off, nor under a dialog, nor on a screen that has gone", () => {
  assert.equal(key(ready(null, { settings: { shortcuts: false } }).scan(hit("s", "e")), "1"), null);
  assert.equal(key(ready().send("menu"), "Escape"), null);
  const desk = ready().scan(hit("s", "e"));
  const { type, ...more } = key(desk, "c");
  assert.equal(desk.send("put_away").send("menu").send("zone", { text: ZONE }).send(type, more).screen.name, "checking");
  const next = key(desk, "n");
  assert.equal(desk.reply("scanned", answer("t")).send(next.type, { screen: next.screen }).screen.answer.scan_id, "t");
});

test("an outcome that is not recorded is said to be none, until the next screen", () => {
  const desk = press(ready().scan(hit("s", "e")), "1").refuse("given", 507);
  assert.deepEqual([desk.state.failure.key, whats(desk).at(-1), hits(desk)], ["outcome.failed", "failure", ["s"]]);
  assert.equal(desk.send("put_away").state.failure, null);
});

test("an outcome whose reply comes late changes nothing on the screen after it", () => {
  const desk = press(ready().scan(hit("s", "e")), "1").scan(hit("t", "f")).reply("given", outcome("e"));
  assert.deepEqual([desk.did("clear_note"), whats(desk).at(-1), hits(desk)], [[], "given", ["t"]]);
});

test("an outcome is not reported once another officer is here", () => {
  const desk = ready(officer("anna")).scan(hit("s", "e"));
  const { type, ...more } = key(desk, "1");
  desk.hear("session").reply("session", session(officer("boris"))).send(type, more);
  assert.ok(!desk.asked.some(({ call }) => call === "outcome"));
});

test("hits are kept until they have an outcome, twenty at most; a key brings the oldest back", () => {
  const desk = ready();
  for (let n = 0; n < 21; n += 1) desk.scan(hit(`s${n}`, `e${n}`));
  assert.equal(hits(desk).length, 20);
  assert.equal(press(desk.send("put_away"), "n").screen.answer.scan_id, "s1");
  assert.equal(press(desk, "n").screen.answer.scan_id, "s2");
  assert.equal(hits(desk.hear("outcome", outcome("e1"))).length, 19);
});

test("a hit is known by its scan: it keeps its time, and an alert without an encounter holds nothing open", () => {
  const desk = ready().scan(hit("s", "e")).later(1_000).scan(hit("t", "f"));
  press(desk, "n").hear("answer", hit("s", "e"));
  assert.deepEqual(desk.state.pending.hits.map(({ at }) => at), [LOADED, LOADED + 1_000]);
  assert.deepEqual(hits(ready().scan(hit("u", ""))), []);
});

test("an answer that nobody saw is kept, also where no alert of it can have an outcome, until it is called up", () => {
  const desk = ready().send("zone", { text: ZONE }).hear("answer", hit("unseen", "")).hear("outcome", outcome("x"));
  assert.deepEqual(hits(desk.reply("scanned", answer("s"))), ["unseen"]);
  assert.equal(press(desk, "n").screen.answer.scan_id, "unseen");
  assert.deepEqual(hits(desk), []);
});

test("after a reload what is open is asked for, with the outcomes that it has; the newest is the last", () => {
  const desk = new Desk().send("start").reply("session", { sign_in: "none" }).reply("status", status());
  desk.reply("open", [
    { age_s: 5, answer: hit("new", "e"), outcomes: [] },
    { age_s: 50, answer: hit("old", "f", "g"), outcomes: [outcome("f")] },
  ]);
  assert.deepEqual(hits(desk), ["old", "new"]);
  assert.equal(desk.state.pending.hits[0].at, LOADED - 50_000);
  assert.deepEqual(Object.keys(desk.state.pending.outcomes), ["f"]);
});

test("a hit that got its outcome while nobody listened goes; one that the agent forgot stays", () => {
  const desk = ready().scan(hit("done", "e")).scan(hit("forgotten", "f"));
  desk.hear("open").hear("state", status()).reply("open", []);
  assert.deepEqual(desk.did("ask").map(({ args }) => args[0]), ["done", "forgotten"]);
  desk.reply("known", hit("done", "e")).refuse("known", 404);
  assert.deepEqual(hits(desk), ["forgotten"]);
});

test("what a list said leaves the page with the list's keys, from the screen too", () => {
  const other = answer("other", [alert("g", { list: "uto/other" })]);
  const both = answer("both", [alert("h"), alert("i", { list: "uto/other" })]);
  const lists = [list({ list: "uto/other" }), list({ keys_erased: true })];
  const desk = ready().scan(other).scan(both).scan(hit("s", "e")).hear("state", status({ lists }));
  assert.deepEqual([hits(desk), desk.screen.name], [["other", "both"], "ready"]);
  assert.deepEqual(desk.state.pending.hits[1].answer.alerts.map(({ list }) => list), ["uto/other"], "the other list's alert stays");
  desk.hear("state", status({ lists: [] }));
  assert.deepEqual(hits(desk), [], "nor of a list that is not granted any more");
});

test("the connection is lost: said once, no old verdict, and what was asked before is not taken", () => {
  const desk = ready().scan(answer("s")).hear("open").hear("state", status()).hear("error");
  assert.equal(desk.screen.name, "answer", "asking tells whether the agent or the session ended");
  desk.refuse("session");
  assert.deepEqual([desk.screen.name, whats(desk), desk.did("timer")[0].ms], ["lost", ["lost"], 1_000]);
  assert.deepEqual(desk.send("zone", { text: ZONE }).refuse("scanned").did("timer"), [], "what fails meanwhile does not put the next pulse off");
  desk.send("pulse").refuse("session");
  assert.deepEqual([desk.said, desk.did("show")], [[], []]);
  desk.send("pulse").reply("session", { sign_in: "none" }).reply("status", status());
  assert.deepEqual([desk.screen.name, desk.did("listen").length], ["ready", 1]);
});

test("what was asked before the connection was lost is not taken: it may have changed", () => {
  const desk = ready().hear("open").hear("state", status()).send("pulse").refuse("session");
  assert.deepEqual(hits(desk.reply("open", [{ age_s: 1, answer: hit("before", "e"), outcomes: [] }])), []);
});

test("a call without a reply is a lost connection, whatever it was", () => {
  const desk = ready().send("zone", { text: ZONE }).refuse("scanned");
  assert.deepEqual([desk.screen.name, desk.state.link.connected], ["lost", false]);
});

test("the agent hangs up in the middle of a scan: no verdict, nor when a reply comes all the same", () => {
  const desk = ready().send("zone", { text: ZONE }).send("pulse").refuse("session");
  assert.equal(desk.reply("scanned", answer("s")).screen.name, "lost");
});

test("events were missed: everything is asked for again with the next status", () => {
  const desk = ready().hear("lagged");
  desk.asked = [];
  desk.hear("state", status());
  assert.deepEqual(desk.did("ask").map(({ then }) => then), ["open", "clocks", "late", "drill"]);
  assert.deepEqual(desk.hear("state", status()).did("ask"), [], "but once");
});
