// A long walk of random events through the page's machine, beside a model of the agent: what must hold on every screen, in
// whatever order things happen. Prints its seed; `WALK_SEED=n node --test walk.test.mjs` walks the same way again.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { actOf } from "../../agent/device/src/desk/console/core/keys.js";
import { saidText } from "../../agent/device/src/desk/console/core/voice.js";
import { Words } from "../../agent/device/src/desk/console/core/words.js";
import { Desk, ZONE, alert, answer, clock, list, officer, outcome, session, status } from "./desk.mjs";

const SEED = Number(process.env.WALK_SEED ?? Math.floor(Math.random() * 2 ** 32));
const WALKS = 30;
const STEPS = 700;

const ENGLISH = new Words("en", JSON.parse(readFileSync(new URL("../../agent/common/src/messages/en.json", import.meta.url), "utf8")));

const OFFICERS = [
  officer("anna", { discreet: true }), officer("boris", { language: "fr" }),
  officer("carla", { role: "administrator", discreet: true }),
];

/** Reproducible numbers (mulberry32). */
function numbers(seed) {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The agent, another screen and the officers: what they would do, at random. What it shows to one officer only says to whom. */
class World {
  signedIn = null;
  scans = 0;
  encounters = [];
  replies = []; // calls that are under way

  constructor(random) {
    this.random = random;
    this.signIn = this.chance(0.8) ? "required" : "none";
  }

  chance(share) {
    return this.random() < share;
  }

  pick(all) {
    return all[Math.floor(this.random() * all.length)];
  }

  /** A new answer, as `badge` may see it; or as every listener may. */
  answer(badge = null) {
    const alerts = Array.from({ length: this.pick([0, 0, 1, 1, 2, 3]) }, () => {
      const encounter = this.chance(0.05) ? "" : `e${this.encounters.length}`;
      this.encounters.push(encounter);
      return alert(encounter, { details: badge && { remark: `for ${badge} alone` }, confirm_by: this.chance(0.3) ? "x" : undefined });
    });
    this.scans += 1;
    return answer(`s${this.scans}`, alerts);
  }

  outcome() {
    return outcome(this.pick(this.encounters) ?? "e");
  }

  clock() {
    const word = this.pick(["confirmed", "not_the_person", "withdrawn"]);
    const answered = this.chance(0.4) ? { word, at: "2026-11-28T08:59:00Z", text: "" } : undefined;
    return clock(this.pick(this.encounters) ?? "e", { left_s: Math.floor(this.random() * 90), answer: answered });
  }

  status() {
    const lists = this.pick([this.chance(0.2) ? [] : [list()], [list()], [list({ keys_erased: this.chance(0.2), why: { code: "why.lease" } })], [list(), list({ list: "uto/other", freshness: "stale" })]]);
    return status({ online: this.chance(0.7), late: this.pick([0, 1, 2]), lists, confirmations: { waiting: this.pick([0, 1]) }, drill_until: this.chance(0.1) ? "2026-11-28T12:00:00Z" : undefined });
  }

  /** What the agent makes of a call as it comes in. `badge`: whom the page thinks signed in; the reply is for that officer alone. */
  take({ call, args, of, then }, badge) {
    const closed = this.signIn === "required" && this.signedIn === null;
    const refuse = (code, more = {}) => ({ failed: { status: code, message: "no", hint: "", more } });
    const make = {
      session: () => ({ ok: { sign_in: this.signIn, ...this.signedIn && { officer: this.signedIn } } }),
      sign_in: () => this.enter(args, refuse),
      sign_out: () => { this.signedIn = null; return { ok: null }; },
      renew: () => this.signedIn ? { ok: {} } : refuse(401),
      reveal: () => this.signedIn?.discreet && this.chance(0.8) ? { ok: this.discreet(badge) } : refuse(401),
    }[call] ?? (() => closed ? refuse(401) : this.chance(0.1) ? refuse(this.pick([404, 422, 500, 503])) : { ok: this.made(call, args, badge) });
    this.replies.push({ then, call, of, ...make() });
  }

  made(call, args, badge) {
    const drill = { started: "s", ends: "2026-11-28T08:59:50Z", running: this.chance(0.5), report: { checks: 1, not_checked: 0, p99_us: 1, spooled: 0, shortcomings: [] } };
    const late = { encounter_id: "l", alert_id: "L", list: "uto/stolen", scanned_at: "x", raised_at: "x", reported: this.chance(0.5) };
    const full = (scan) => ({ ...this.answer(badge), scan_id: scan });
    return {
      status: () => this.status(), scan: () => this.answer(badge), answer: () => full(args[0]),
      open: () => [{ age_s: 5, answer: this.answer(badge), outcomes: [] }], outcome: () => outcome(args[0]),
      confirmations: () => [this.clock()], late: () => this.chance(0.5) ? [late] : [], drill: () => drill,
      begin_drill: () => ({}), end_drill: () => ({}),
    }[call]();
  }

  enter([badge, pin], refuse) {
    const officer = OFFICERS.find((one) => one.badge === badge);
    if (!officer || this.chance(0.2)) return refuse(401);
    if (pin === "" && this.chance(0.4)) return refuse(428);
    this.signedIn = officer;
    return { ok: officer };
  }

  discreet(badge) {
    const met = alert(`DISCREET for ${badge} alone`);
    return { scans: [{ at: 1, document: { number: "x", surname: "y", given_names: "z" }, form: { place: "p" }, alerts: [met] }], confirmations: [clock(met.encounter_id)] };
  }
}

/** One random event. Returns what happened, for the message of a failure. */
function wander(desk, world) {
  const { state } = desk;
  const roll = world.random();
  if (roll < 0.4 && world.replies.length > 0) {
    const [reply] = world.replies.splice(Math.floor(world.random() * world.replies.length), 1);
    const { then, call, of } = reply;
    return ["reply", world.chance(0.03) ? { then, call, of, failed: { status: null, message: "gone", hint: "", more: {} } } : reply];
  }
  if (roll < 0.65 && state.link.listening) {
    const name = world.pick(["open", "error", "lagged", "session", "state", "answer", "answer", "answer", "refused", "outcome", "confirmation"]);
    const data = { state: () => world.status(), answer: () => world.answer(), refused: () => ({ read: world.chance(0.5), why: { code: "x", text: "" } }),
      outcome: () => world.outcome(), confirmation: () => world.clock() }[name]?.();
    return ["stream", { name, data }];
  }
  if (roll < 0.66) {
    world.signedIn = null;
    return ["pulse", {}];
  }
  if (roll < 0.75) return [world.pick(["tick", "tick", "pulse"]), {}];
  if (roll < 0.85) {
    const act = actOf(state, world.pick(["1", "3", "n", "c", "Escape", "F2", "F8", "ArrowDown", "ArrowUp"]), "note");
    if (act === null) return ["used", { repeat: false }];
    const { type, ...more } = act;
    return [type, more];
  }
  return world.pick([
    () => ["zone", { text: world.chance(0.9) ? ZONE : "P<" }],
    () => ["zone", { text: ZONE }],
    () => ["badge", { text: world.pick(["anna", "boris", "carla", "nobody"]) }],
    () => ["sign_in", { badge: world.pick(["anna", "boris", "carla"]), pin: "1" }],
    () => ["sign_out", {}],
    () => ["menu", {}],
    () => ["reports", {}],
    () => state.dialog?.name === "reports" ? ["reveal", { pin: "1" }] : ["reports", {}],
    () => draftOrReport(state, world),
    () => ["dialog_closed", {}],
    () => ["next_hit", {}],
    () => ["owners", {}],
    () => ["encounter", { encounter: world.pick(world.encounters) ?? "e" }],
    () => ["outcome_late", { encounter: "l", outcome: "seized" }],
    () => ["loaded", { language: world.pick(["en", "fr"]), failed: world.chance(0.2) }],
    () => ["set", { name: "sound", value: world.chance(0.5) }],
  ])();
}

function draftOrReport(state, world) {
  const encounter = state.dialog?.revealed?.scans[0].alerts[0].encounter_id;
  if (encounter === undefined) return ["used", { repeat: true }];
  return world.chance(0.5) ? ["draft", { encounter, field: "route", text: `DISCREET ${encounter}` }] : ["report", { encounter, outcome: "confirmed" }];
}

const badgeOf = ({ session }) => session?.officer?.badge;
const isOpen = (alert, { outcomes }) => alert.encounter_id !== "" && !Object.hasOwn(outcomes, alert.encounter_id);
const openScans = ({ pending }) => pending.hits.filter(({ answer }) => answer.alerts.some((alert) => isOpen(alert, pending))).map(({ answer }) => answer.scan_id);

/** What must hold after every event. */
function check(before, desk, [type, event]) {
  const { state, effects } = desk;
  const text = JSON.stringify([state, effects]);

  // Nobody sees what the agent showed to another officer.
  for (const [, badge] of text.matchAll(/for (\w+) alone/g)) assert.equal(badgeOf(state), badge, "this officer may not see that");

  // Nothing discreet but in the dialog, in what was typed, and in the report that is sent.
  const { dialog, reports, ...rest } = state;
  assert.doesNotMatch(JSON.stringify([rest, effects.filter(({ call }) => call !== "outcome")]), /DISCREET/);
  if (state.screen.name === "sign_in" || !state.session?.officer?.discreet) assert.doesNotMatch(JSON.stringify(dialog), /DISCREET/);

  // A hit without an outcome is not lost, but by an outcome, its list's keys, another officer, the session's end, or the bound.
  const now = openScans(state);
  const lost = openScans(before).filter((scan) => !now.includes(scan));
  const outcomes = ["given", "open", "known"].includes(event.then) || event.name === "outcome";
  const forgotten = badgeOf(before) !== badgeOf(state) || (before.screen.name !== "sign_in" && state.screen.name === "sign_in");
  const same = ["answer", "more"].includes(event.name ?? event.then); // the same scan's answer, with other alerts
  const status = event.name === "state" ? event.data : event.then === "status" ? event.ok : undefined;
  const erased = status && !status.lists.some(({ list, keys_erased }) => list === "uto/stolen" && !keys_erased);
  if (erased) assert.deepEqual(now, [], "what a list said goes with its keys");
  if (lost.length > 0) assert.ok(erased || outcomes || forgotten || same || state.pending.hits.length === 20, `${lost} were lost`);

  // What comes by itself ends no check, and opens no locked page.
  if (before.screen.name === "checking" && type === "stream" && event.name === "answer") assert.equal(state.screen.id, before.screen.id);
  const locked = before.locked && before.screen.name === "sign_in" && before.session?.officer && badgeOf(before) === badgeOf(state);
  if (locked && state.locked) assert.ok(["sign_in", "lost"].includes(state.screen.name), `locked, but ${state.screen.name}`);

  // An overtaken scan's answer is not shown.
  if (event.then === "scanned" && event.ok && event.of.scans !== before.scans) assert.equal(state.screen.id, before.screen.id);

  // A lost connection leaves no verdict.
  if (before.link.connected && !state.link.connected) assert.equal(state.screen.name, "lost");

  // Whatever is said has words.
  for (const { said } of effects.filter((effect) => effect.do === "say" && effect.said.length > 0)) {
    const aloud = saidText(ENGLISH, said, desk.now);
    assert.doesNotMatch(aloud, /undefined|null|NaN|\[object|\w\.\w+\.\w|^$/, JSON.stringify(said));
  }

  // Only plain data, within bounds.
  assert.deepEqual(structuredClone(state), state);
  assert.ok(state.pending.hits.length <= 20 && state.shown.length <= 50 && state.voice.said.length <= 16);
}

test(`a walk of random events, WALK_SEED=${SEED}`, (t) => {
  t.diagnostic(`WALK_SEED=${SEED}`);
  const random = numbers(SEED);
  const seen = new Set();
  for (let walk = 0; walk < WALKS; walk += 1) {
    const [desk, world] = [new Desk(), new World(random)];
    const way = [];
    const go = (event) => {
      const before = desk.state;
      way.push(event);
      try {
        desk.send(event[0], event[1]);
        desk.asked.splice(0).forEach((ask) => world.take(ask, badgeOf(desk.state)));
        check(before, desk, event);
      } catch (error) {
        const last = way.slice(-8).map((one) => JSON.stringify(one)).join("\n");
        throw new Error(`${error.message}\nWALK_SEED=${SEED}, walk ${walk}, step ${way.length}; the last events:\n${last}`, { cause: error });
      }
      seen.add(desk.screen.name).add(desk.state.dialog?.name);
    };
    go(["start", {}]);
    for (let step = 0; step < STEPS; step += 1) {
      desk.later(Math.floor(random() * 3_000));
      go(wander(desk, world));
    }
  }
  // The walk went everywhere, or it shows nothing.
  for (const screen of ["ready", "checking", "refused", "lost", "sign_in", "answer", "reports", "menu"]) assert.ok(seen.has(screen), `never ${screen}`);
});
