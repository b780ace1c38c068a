// Officers on the page: sign-in, hand-over, the locked page, languages, discreet alerts. The machine without a browser.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Desk, LOADED, ZONE, alert, answer, hit, hits, officer, outcome, press, ready, session, status } from "./desk.mjs";

test("a locked page stays locked when a scan made before is refused, here or at a reader", () => {
  for (const code of [401, 422, 503]) {
    const desk = ready(officer("anna")).send("zone", { text: ZONE }).hear("answer", hit("s", "e"));
    desk.send("badge", { text: "boris" }).refuse("signed_in", 428).refuse("scanned", code);
    assert.equal(desk.screen.name, "sign_in");
    assert.equal(desk.hear("refused", { read: true, why: { code: "x", text: "" } }).screen.name, "sign_in");
  }
});

test("another officer takes over: nothing stays of what the one before could see, late replies included", () => {
  const desk = ready(officer("anna", { role: "supervisor" })).scan(hit("s", "e"));
  desk.hear("answer", hit("t", "f")).hear("open").hear("state", status());
  desk.send("zone", { text: ZONE }).hear("session").reply("session", session(officer("boris")));
  assert.equal(desk.screen.name, "ready");
  desk.reply("status", status());
  const late = { ...alert("e"), details: { remark: "for anna" } };
  const open = [{ age_s: 1, answer: answer("s", [late]), outcomes: [] }];
  desk.reply("open", open).reply("more", answer("t", [late])).reply("scanned", answer("u", [late]));
  assert.deepEqual([desk.screen.name, hits(desk), desk.state.voice.said], ["ready", [], []]);
  assert.doesNotMatch(JSON.stringify(desk.state), /for anna/);
});

test("another officer takes over while a dialog is open, or a report under way: it is closed, and the reply is not taken", () => {
  const desk = ready(officer("anna", { discreet: true })).send("reports").send("report", { encounter: "secret", outcome: "confirmed" });
  desk.hear("session").reply("session", session(officer("boris", { discreet: true })));
  assert.equal(desk.state.dialog, null);
  assert.deepEqual(desk.reply("reported", {}).state.reports.sent, {});
});

test("a supervisor sees another screen's hit in full, when it comes", () => {
  const desk = ready(officer("carla", { role: "supervisor" })).hear("answer", hit("s", "e"));
  const full = answer("s", [alert("e", { status: "a name" })]);
  desk.later(1_000).reply("more", full);
  assert.deepEqual([desk.screen.answer, desk.state.pending.hits], [full, [{ answer: full, at: LOADED, unseen: false }]]);
  assert.ok(!ready(officer("anna")).hear("answer", hit("s", "e")).asked.some(({ then }) => then === "more"));
});

test("a badge that needs its PIN locks the page, also after a reload; the PIN opens it, and what is pending is asked for", () => {
  const desk = ready(officer("anna")).scan(hit("s", "e")).send("badge", { text: "boris" });
  desk.refuse("signed_in", 428);
  assert.deepEqual([desk.screen.name, desk.screen.badge, desk.did("store")], ["sign_in", "boris", [{ do: "store", what: "locked", value: "yes" }]]);
  assert.deepEqual([desk.said, desk.state.voice.said], [[], []], "nothing stays of what was said");
  desk.hear("answer", hit("t", "f"));
  assert.equal(press(press(desk, "n"), "c").screen.name, "sign_in");
  assert.equal(desk.send("encounter", { encounter: "e" }).screen.name, "sign_in", "the hits are those of an officer who has left");
  const reloaded = new Desk({ locked: true }).send("start").refreshed(session(officer("anna")));
  assert.equal(reloaded.screen.name, "sign_in");
  desk.send("sign_in", { badge: "boris", pin: "1" }).reply("signed_in", {});
  desk.asked = desk.asked.filter(({ then }) => then === "session");
  desk.reply("session", session(officer("boris"))).reply("status", status());
  assert.deepEqual([desk.screen.name, desk.state.locked], ["ready", false]);
  assert.ok(desk.asked.some(({ then }) => then === "open"));
  desk.synced().send("badge", { text: "carla" }).refuse("signed_in", 428).send("sign_in", { badge: "boris", pin: "1" }).reply("signed_in", {});
  desk.reply("session", session(officer("boris"))).reply("status", status());
  assert.ok(desk.asked.some(({ then }) => then === "open"), "while it was locked, it kept nothing of what happened");
});

test("a wrong PIN is said to be one, and nobody scans before signing in", () => {
  const desk = new Desk().send("start").reply("session", { sign_in: "required" });
  assert.equal(desk.screen.name, "sign_in");
  desk.send("zone", { text: ZONE });
  assert.deepEqual([desk.screen.message, desk.did("ask")], [{ what: "first" }, []]);
  desk.send("sign_in", { badge: "anna", pin: "0" }).refuse("signed_in", 401);
  assert.deepEqual([desk.screen.name, desk.screen.message.pin], ["sign_in", true]);
});

test("the page opens once it speaks the officer's language", () => {
  const desk = new Desk({ locked: true }).send("start").refreshed(session(officer("anna")));
  desk.send("sign_in", { badge: "boris", pin: "1" }).reply("signed_in", {});
  desk.reply("session", session(officer("boris", { language: "fr" })));
  assert.deepEqual(desk.did("load"), [{ do: "load", language: "fr" }]);
  desk.reply("status", status());
  assert.equal(desk.screen.name, "sign_in");
  desk.send("loaded", { language: "en" });
  assert.equal(desk.state.language, "en");
  desk.send("loaded", { language: "fr" });
  assert.deepEqual([desk.state.language, desk.screen.name], ["fr", "ready"]);
});

test("a setting is stored; only a language that is chosen is loaded", () => {
  const desk = ready(officer("boris", { language: "fr" })).send("loaded", { language: "fr" }).send("menu");
  desk.send("set", { name: "theme", value: "dark" });
  assert.deepEqual([desk.did("store")[0].value.theme, desk.did("load"), desk.state.wanted], ["dark", [], "fr"]);
  desk.send("set", { name: "language", value: "ar" });
  assert.deepEqual(desk.did("load"), [{ do: "load", language: "ar" }]);
  desk.send("loaded", { language: "ar", failed: true });
  assert.equal(desk.state.language, "fr");
  desk.send("set", { name: "language", value: "es" }).send("set", { name: "language", value: "fr" }).send("loaded", { language: "es" });
  assert.equal(desk.state.language, "fr", "the last choice counts");
});

test("the session ends: nothing of the last answer is left, and the dialog over it is closed", () => {
  for (const end of [(desk) => desk.hear("session").reply("session", { sign_in: "required" }), (desk) => desk.send("zone", { text: ZONE }).refuse("scanned", 401)]) {
    const desk = ready(officer("anna", { discreet: true })).scan(hit("s", "e")).send("reports");
    end(desk.send("draft", { encounter: "secret", field: "route", text: "north" }));
    assert.deepEqual([desk.screen.name, desk.state.dialog, hits(desk), desk.state.status], ["sign_in", null, [], null]);
    assert.equal(desk.did("deafen").length, 1);
    assert.deepEqual(desk.state.reports.drafts, {});
    assert.doesNotMatch(JSON.stringify({ ...desk.state, shown: [] }), /"s"|A-e/);
  }
});

test("who uses the page stays signed in; the agent hears it seldom, and often once the end is near", () => {
  const desk = ready(officer("anna", { idle_s: 300, idle_left_s: 300 }));
  const renews = (repeat = false) => desk.send("used", { repeat }).did("ask").filter(({ call }) => call === "renew").length;
  assert.deepEqual([renews(true), renews(), renews()], [0, 1, 0]);
  desk.later(29_999);
  assert.equal(renews(), 0);
  desk.later(1);
  assert.equal(renews(), 1);
  desk.later(210_000).send("tick");
  assert.deepEqual(desk.said.map(({ notice }) => notice?.kind), ["ending"]);
  assert.equal(renews(), 1);
  desk.later(1_000);
  assert.equal(renews(), 1);
  const short = ready(officer("anna", { idle_s: 30, idle_left_s: 30 })).later(19_999).send("tick");
  assert.deepEqual([short.said.length, short.later(1).send("tick").said.length], [0, 1], "of a short session in its last third");
  assert.equal(ready().send("used", { repeat: false }).did("ask").length, 0, "nobody is signed in");
});

test("an administrator's drill closes the menu it came from, and no other dialog", () => {
  const desk = ready(officer("carla", { role: "administrator" })).send("menu").send("drill", { minutes: 15 });
  assert.deepEqual(desk.asked.at(-1).args, [15]);
  assert.equal(desk.reply("drilled", {}).state.dialog, null);
  desk.send("menu").send("drill", { minutes: null }).send("dialog_closed").send("menu").refuse("drilled", 409);
  assert.equal(desk.state.dialog.name, "menu");
  assert.equal(desk.state.failure.error.status, 409);
});

test("discreet alerts: behind F8 and the PIN, for who is entitled; too late they show nowhere; what was typed is kept", () => {
  assert.equal(ready(officer("boris")).send("reports").state.dialog, null);
  const found = { scans: [{ at: 1, document: {}, form: { place: "post" }, alerts: [alert("secret")] }], confirmations: [] };
  const desk = ready(officer("anna", { discreet: true })).send("reports").send("reveal", { pin: "1" });
  desk.send("dialog_closed").send("menu").reply("revealed", found);
  assert.doesNotMatch(JSON.stringify(desk.state), /secret/);
  desk.send("dialog_closed").send("reports").send("reveal", { pin: "0" }).refuse("revealed", 401);
  assert.equal(desk.state.dialog.refused.status, 401);
  assert.equal(desk.screen.name, "ready", "a wrong PIN ends no session");
  desk.send("reveal", { pin: "1" }).reply("revealed", found);
  desk.send("draft", { encounter: "secret", field: "route", text: "north" });
  desk.send("zone", { text: ZONE });
  assert.equal(desk.state.dialog, null, "a scan covers it at once");
  desk.send("reports").send("reveal", { pin: "1" }).reply("revealed", found);
  desk.send("report", { encounter: "secret", outcome: "confirmed" });
  assert.deepEqual(desk.asked.at(-1).args, ["secret", "confirmed", "", { place: "post", route: "north" }]);
  assert.equal(desk.refuse("reported", 507).state.dialog.failures.secret.status, 507);
  desk.send("report", { encounter: "secret", outcome: "confirmed" }).reply("reported", {});
  assert.deepEqual([desk.state.dialog.failures, desk.state.reports.sent.secret], [{}, desk.now]);
  desk.hear("session").reply("session", session(officer("boris")));
  assert.doesNotMatch(JSON.stringify(desk.state), /secret/);
});
