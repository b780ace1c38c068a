// A keyboard-wedge reader types like a keyboard, only faster than a person can. This distinguishes the two, wherever the focus
// is: a burst of keys is a zone or a badge, single keys act, and a field that caught the first keys of a burst gets back what
// it contained. Pure: `press(wedge, event)` gives the next state and effects, which `keyboard.js` makes and runs.
//
// A burst ends with the zone's last character where its length says so, with Enter or Tab after a whole zone, or with silence.
// Keys that a busy machine delivers late belong to the burst they were typed in, which is then read again, whole. A reader
// that was set up for another keyboard layout than this machine's is understood by its physical keys.
//
// Some readers are slow, or falter. Outside a field nothing is written, so there a row of keys is a zone at any pace, or part of
// one, and a key acts only by itself: with silence before it and after it. What it does is decided when it is pressed, and
// done after the silence; or at once, when a key that no row has, or a click, shows that a person is there.
//
// | event | fields |
// |---|---|
// | `key` | `key`, `code`, `shift`, `at`: the event's own time, milliseconds; `outside`: nothing typed there is written |
// | `silence` | the time that was asked for is over |
// | `click` | |
// | `remembered` | `field`: whether the focus is in a field, whose content was remembered |
// | `decided` | `act`: what the key that was asked about does, if anything |
//
// | effect | |
// |---|---|
// | `zone`, `badge` | `text` was read |
// | `take` | the key is the reader's: the page does not get it |
// | `remember`, `restore` | the content of the field that has the focus; as it was remembered |
// | `decide` | asks what `key` does, if it stays alone |
// | `act` | does what was decided |
// | `press` | does what `key` does, at once |
// | `silence` | asks for an event after `ms`, in the place of the last; `ms` null: no more |

import { characters, lines, whole } from "./zone.js";

/** Keys of a burst begin by following each other within this, milliseconds; people need longer. */
const GAP_MS = 45;
/** So many keys in such a row are a burst. */
const BURST_KEYS = 5;
/** Silence that ends a burst, milliseconds. */
const END_MS = 250;
/** Silence that ends a row of keys outside a field, and that a single key needs on both sides, milliseconds. */
const ROW_MS = 300;
/** Keys of one burst, at most; the rest is dropped. */
const KEYS_MAX = 400;
/** Anything shorter, without a filler, is a badge. */
const BADGE_MAX = 27;

/** Nobody has typed yet. */
export const IDLE = {
  keys: [],        // of the row, each {key, code, shift, gap}
  last: -Infinity, // when the last key was pressed
  bursting: false,
  field: false,    // whether a field had the focus as the row began
  read: "",        // what the row was already read as
  over: false,     // whether a whole zone came: only an Enter or Tab at its end belongs to it yet
  quiet: true,     // whether there was silence before the row
  act: null,       // what the row's only key does, if it stays alone
};

/** The next state and the effects. */
export function press(wedge, event) {
  const row = new Row(wedge);
  row[event.type](event);
  return [row.wedge, row.effects];
}

class Row {
  effects = [];

  constructor(wedge) {
    this.wedge = { ...wedge };
  }

  do(name, more = {}) {
    this.effects.push({ do: name, ...more });
  }

  key(event) {
    const ends = event.key === "Enter" || event.key === "Tab";
    const prints = event.key.length === 1 || event.key === "Dead" || event.key === "Unidentified";
    if (ends || prints) return this.rowKey(event, ends, prints);
    if (/^(Shift|CapsLock|AltGraph)$/.test(event.key)) return;
    this.click();
    this.do("press", { key: event.key });
  }

  /** A key that a row may have. */
  rowKey(event, ends, prints) {
    const { wedge } = this;
    const gap = Math.abs(event.at - wedge.last);
    if (gap > this.reach(event) || (wedge.over ? prints : wedge.keys.length === 0)) {
      this.settle();
      wedge.quiet = gap > ROW_MS;
    }
    wedge.last = event.at;
    // Enter, Tab and Space work the page, unless they are within a row.
    const stray = wedge.keys.length === 0 || (gap > GAP_MS && wedge.keys.length < BURST_KEYS);
    if ((ends || event.key === " ") && !wedge.bursting && stray) return this.settle();
    this.add(event, ends, gap);
    if (!wedge.bursting && fast(wedge.keys)) {
      wedge.bursting = true;
      if (wedge.field) this.do("restore");
    }
    if (wedge.bursting || (event.outside && wedge.keys.length >= BURST_KEYS)) {
      this.do("take");
      if (whole(characters(wedge.keys))) return this.complete();
    }
    if (wedge.bursting) this.do("silence", { ms: END_MS });
    else if (event.outside) this.do("silence", { ms: ROW_MS });
  }

  /** Within this time a key goes on with the row, milliseconds. */
  reach({ at, outside }) {
    const { over, read, last, bursting, field } = this.wedge;
    // What was read already goes on only with keys that were delivered late, at the reader's pace.
    if (over || read !== "" || at < last) return GAP_MS;
    if (bursting) return END_MS;
    return outside && !field ? ROW_MS : GAP_MS;
  }

  add({ key, code, shift, outside }, ends, gap) {
    const { wedge } = this;
    if (wedge.keys.length < KEYS_MAX) wedge.keys = [...wedge.keys, { key: ends ? "\n" : key, code, shift, gap }];
    wedge.act = null;
    if (outside && wedge.quiet && wedge.keys.length === 1) this.do("decide", { key });
    this.do("silence", { ms: null });
  }

  decided({ act }) {
    this.wedge.act = act;
  }

  remembered({ field }) {
    this.wedge.field = field;
  }

  /** The row is over, also where the page was too busy to notice: one key that was alone was a person's, a long row a reader's. */
  settle() {
    const { wedge } = this;
    const { act } = wedge;
    this.do("silence", { ms: null });
    if (wedge.bursting || wedge.keys.length >= BURST_KEYS) this.finish();
    this.end();
    Object.assign(wedge, { over: false, bursting: false });
    this.do("remember");
    if (act !== null) this.do("act", { act });
  }

  /** Silence: a burst may still go on with late keys, a slow row is over. */
  silence() {
    if (this.wedge.bursting) this.finish();
    else this.settle();
  }

  /** Somebody is there: a key that was alone until now stays alone, and so does the next one. */
  click() {
    if (this.wedge.act === null) return;
    this.settle();
    this.wedge.last = -Infinity;
  }

  /** A whole zone. */
  complete() {
    this.finish();
    this.end();
    this.wedge.over = true;
  }

  end() {
    Object.assign(this.wedge, { keys: [], read: "", act: null });
  }

  /** Reads the row. */
  finish() {
    const { wedge } = this;
    this.do("silence", { ms: null });
    const text = characters(wedge.keys).trim();
    if (text === "" || text === wedge.read) return;
    wedge.read = text;
    // A slow row is no badge: a person who types beside a field must not sign in.
    if (text.length > BADGE_MAX || text.includes("<") || !wedge.bursting) this.do("zone", { text: lines(text) });
    else this.do("badge", { text: wedge.keys.map(({ key }) => key).join("").trim() });
  }
}

/** Whether the last keys of a row follow each other as no person's do. */
function fast(keys) {
  return keys.length >= BURST_KEYS && keys.slice(1 - BURST_KEYS).every(({ gap }) => gap <= GAP_MS);
}
