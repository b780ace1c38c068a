// The console's machine without a browser: its events by hand, its effects to be looked at. Every state is frozen, so a step
// that changes the state before throws.

import { actOf } from "../../agent/device/src/desk/console/core/keys.js";
import { initial, step } from "../../agent/device/src/desk/console/core/machine.js";

/** When a page is loaded, milliseconds since 1970. */
export const LOADED = Date.parse("2026-11-28T09:00:00Z");
export const ZONE = `P<UTOWENGER<<PAULA${"<".repeat(26)}\nC000000074UTO7001017F3001019${"<".repeat(16)}`;

export class Desk {
  effects = []; // of the last event
  asked = [];   // calls without a reply yet

  constructor({ settings = {}, ...stored } = {}) {
    const defaults = { language: "en", theme: "auto", sound: false, shortcuts: true };
    this.state = freeze(initial({ settings: { ...defaults, ...settings }, ...stored }));
    this.now = LOADED;
  }

  send(type, more = {}) {
    const [state, effects] = step(this.state, { ...more, type, now: this.now });
    Object.assign(this, { state: freeze(state), effects: freeze(effects) });
    this.asked.push(...this.did("ask"));
    return this;
  }

  /** The agent's stream. */
  hear(name, data) {
    return this.send("stream", { name, data: freeze(data) });
  }

  later(ms) {
    this.now += ms;
    return this;
  }

  /** The agent replies to the oldest call of this kind. */
  reply(then, ok) {
    return this.#reply(then, { ok: freeze(ok) });
  }

  /** It refuses; without a status no reply comes at all. */
  refuse(then, status = null, more = {}) {
    return this.#reply(then, { failed: freeze({ status, message: "refused", hint: "", more }) });
  }

  #reply(then, outcome) {
    const at = this.asked.findIndex((ask) => ask.then === then);
    if (at < 0) throw new Error(`${then} was not asked, but ${this.asked.map((ask) => ask.then)}`);
    const [{ call, of }] = this.asked.splice(at, 1);
    return this.send("reply", { then, call, of, ...outcome });
  }

  /** The last event's effects of a kind. */
  did(name) {
    return this.effects.filter((effect) => effect.do === name);
  }

  /** What the last event said aloud. */
  get said() {
    return this.did("say").at(-1)?.said ?? [];
  }

  get screen() {
    return this.state.screen;
  }

  /** Session and status come; then what is pending. */
  refreshed(session = { sign_in: "none" }, more = {}) {
    this.reply("session", session).reply("status", status(more));
    return this.synced();
  }

  /** The agent says that nothing is pending, unless `more` says otherwise. */
  synced(more = {}) {
    const pending = { open: [], clocks: [], late: [], ...more };
    for (const [then, ok] of Object.entries(pending)) {
      if (this.asked.some((ask) => ask.then === then)) this.reply(then, ok);
    }
    while (this.asked.some(({ then }) => then === "drill")) this.refuse("drill", 404);
    return this;
  }

  /** A document is scanned here and answered. */
  scan(given) {
    return this.send("zone", { text: ZONE }).reply("scanned", given);
  }
}

/** A page that is ready, with nobody signed in, or `officer`. */
export function ready(officer = null, options = {}) {
  const desk = new Desk(options).send("start");
  return desk.refreshed(officer ? session(officer) : { sign_in: "none" });
}

export function session(officer) {
  return { sign_in: "required", officer };
}

export function officer(badge, more = {}) {
  return { badge, name: badge, role: "officer", idle_s: 600, idle_left_s: 600, discreet: false, ...more };
}

export function status(more = {}) {
  return { device: "d", post: "p", online: true, spool: 0, confirmations: { waiting: 0 }, late: 0, lists: [list()], ...more };
}

export function list(more = {}) {
  return { list: "uto/stolen", owner: "Registry", edition: 1, newest_known: 1, age_s: 10, lease_s: 3_600, freshness: "fresh", keys_erased: false, ...more };
}

export function answer(scan_id, alerts = [], more = {}) {
  const verdict = alerts.length > 0 ? "hit" : "clear";
  return { scan_id, verdict, alerts, document: { number: "X1", surname: "A", given_names: "B" }, checked: [], notices: [], ...more };
}

export function alert(encounter_id, more = {}) {
  return { encounter_id, alert_id: `A-${encounter_id}`, list: "uto/stolen", owner: "Registry", kind: "document", result: "hit", action: "seize_document", status: "stolen", reasons: [], ...more };
}

export function clock(encounter_id, more = {}) {
  return { encounter_id, alert_id: `A-${encounter_id}`, list: "uto/stolen", made_at: "2026-11-28T09:00:00Z", left_s: 60, reported: false, ...more };
}

export function outcome(encounter_id, more = {}) {
  return { encounter_id, outcome: "seized", at: "2026-11-28T09:01:00Z", ...more };
}

/** An answer with an alert for each encounter. */
export const hit = (scan, ...encounters) => answer(scan, encounters.map((encounter) => alert(encounter)));
/** The scans whose hits are pending. */
export const hits = (desk) => desk.state.pending.hits.map(({ answer }) => answer.scan_id);
/** What the last event said. */
export const whats = (desk) => desk.said.map(({ what }) => what);

/** The event of a key, or null. */
export function key(desk, name, note = "") {
  return actOf(desk.state, name, note);
}

/** A key that acts is pressed. */
export function press(desk, name, note) {
  const { type, ...more } = key(desk, name, note);
  return desk.send(type, more);
}

function freeze(value) {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  Object.values(value).forEach(freeze);
  return Object.freeze(value);
}
