// A reader's keys, told from a person's by their times: without a browser, every key as the core gets it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { IDLE, press } from "../../agent/device/src/desk/console/core/wedge.js";

const PASSPORT = ["P<UTOERIKSSON<<ANNA<MARIA".padEnd(44, "<"), "L898902C36UTO7408122F1204159ZE184226B<<<<<10"];
const CARD = ["I<UTOD231458907".padEnd(30, "<"), "7408122F1204159UTO".padEnd(29, "<") + "6", "ERIKSSON<<ANNA".padEnd(30, "<")];

/** A keyboard whose silences are made by hand. `field`: whether the focus is in a field. */
class Keyboard {
  wedge = IDLE;
  done = [];
  taken = 0;
  at = 10_000;
  silent = null;

  constructor({ field = false } = {}) {
    this.field = field;
    this.send({ type: "remembered", field });
  }

  send(event) {
    let effects;
    [this.wedge, effects] = press(Object.freeze(this.wedge), event);
    for (const effect of effects) this.run(effect);
    return this;
  }

  run({ do: name, ...more }) {
    if (name === "remember") this.send({ type: "remembered", field: this.field });
    else if (name === "decide") this.send({ type: "decided", act: /[0-9]/.test(more.key) ? more.key : null });
    else if (name === "silence") this.silent = more.ms;
    else if (name === "take") this.taken += 1;
    else this.done.push([name, ...Object.values(more)].join(" "));
  }

  key(key, gap = 500, code = "") {
    this.at += gap;
    // A timer that is over before the next key comes.
    if (this.silent !== null && gap > this.silent) this.hush();
    return this.send({ type: "key", key, code, shift: false, at: this.at, outside: !this.field });
  }

  type(text, gap = 6) {
    [...text].forEach((character, n) => this.key(character === "\n" ? "Enter" : character, n === 0 ? 500 : gap));
    return this;
  }

  hush() {
    if (this.silent === null) return this;
    this.silent = null;
    return this.send({ type: "silence" });
  }
}

const zone = (lines) => [`zone ${lines.join("\n")}`];

test("a burst is a zone as soon as its length says so, with Enter or without, in lines or in one piece", () => {
  for (const text of [PASSPORT.join("\n"), `${PASSPORT.join("\n")}\n`, PASSPORT.join("")]) assert.deepEqual(new Keyboard().type(text).hush().done, zone(PASSPORT));
  assert.deepEqual(new Keyboard().type(`${CARD.join("\n")}\n`).hush().done, zone(CARD));
});

test("the page gets no key of a burst once it is known to be one, nor the Enter after it", () => {
  assert.equal(new Keyboard().type(`${PASSPORT.join("")}\n`).taken, 88 - 4 + 1);
});

test("two documents one after the other are two zones", () => {
  const keyboard = new Keyboard().type(`${PASSPORT.join("\n")}\n`).type(`${PASSPORT.join("\n")}\n`);
  assert.deepEqual(keyboard.hush().done, [...zone(PASSPORT), ...zone(PASSPORT)]);
});

test("part of a zone ends with silence; what a busy machine delivers late is read again with it, whole", () => {
  const keyboard = new Keyboard().type("P<UTOERIKSSON<<ANNA").hush();
  assert.deepEqual(keyboard.done, ["zone P<UTOERIKSSON<<ANNA"]);
  for (const character of "<MARIA") keyboard.key(character, 6);
  assert.deepEqual(keyboard.hush().done.at(-1), "zone P<UTOERIKSSON<<ANNA<MARIA");
});

test("what follows a zone is a part of it only at the reader's pace", () => {
  const keyboard = new Keyboard().type(PASSPORT.join("")).key("1", 100);
  assert.deepEqual(keyboard.hush().done, zone(PASSPORT), "without silence before it a key does nothing");
  assert.deepEqual(new Keyboard().type(PASSPORT.join("") + PASSPORT.join("")).done, [...zone(PASSPORT), ...zone(PASSPORT)]);
  const part = new Keyboard().type("P<UTOERIKSSON").hush().key("1", 100).hush();
  assert.deepEqual(part.done, ["zone P<UTOERIKSSON"]);
});

test("a badge is a short burst; slow, beside a field, it is none", () => {
  assert.deepEqual(new Keyboard().type("anna-4711\n").hush().done, ["badge anna-4711"]);
  assert.deepEqual(new Keyboard().type("anna-4711", 100).hush().done, ["zone ANNA-4711"]);
});

test("a field that caught the first keys of a burst gets back what it contained; a person who types in it is no reader", () => {
  assert.deepEqual(new Keyboard({ field: true }).type(PASSPORT.join("")).done, ["restore", ...zone(PASSPORT)]);
  assert.deepEqual(new Keyboard({ field: true }).type("P<UTOWENGER", 120).hush().done, []);
});

test("outside a field a slow or faltering reader's keys are one zone, and none of them acts", () => {
  assert.deepEqual(new Keyboard().type(PASSPORT.join(""), 70).done, zone(PASSPORT));
  const keyboard = new Keyboard().type(PASSPORT.join("").slice(0, 30));
  keyboard.at += 150;
  [...PASSPORT.join("").slice(30)].forEach((key) => keyboard.key(key, 6));
  assert.deepEqual(keyboard.done, zone(PASSPORT));
});

test("a key acts by itself, after silence; two in a row do nothing; a click says at once that a person is there", () => {
  assert.deepEqual(new Keyboard().key("1").done, []);
  assert.deepEqual(new Keyboard().key("1").hush().done, ["act 1"]);
  assert.deepEqual(new Keyboard().key("1").key("2", 100).hush().done, []);
  assert.deepEqual(new Keyboard().key("1").send({ type: "click" }).done, ["act 1"]);
  assert.deepEqual(new Keyboard().key("1").send({ type: "click" }).key("3", 10).hush().done, ["act 1", "act 3"]);
});

test("a key that no row has acts at once, after the one before it; Shift is part of typing", () => {
  assert.deepEqual(new Keyboard().key("1").key("ArrowDown", 50).done, ["act 1", "press ArrowDown"]);
  assert.deepEqual(new Keyboard().key("1").key("Shift", 50).done, []);
});

test("Enter, Tab and Space work the page, and are no row of their own", () => {
  const keyboard = new Keyboard().key("Enter").key(" ").key("Tab").hush();
  assert.deepEqual([keyboard.done, keyboard.wedge.keys], [[], []]);
});

test("another keyboard layout is read by its physical keys", () => {
  const arabic = { A: "ش", E: "ث", F: "ب", U: "ع", "<": "," };
  const keyboard = new Keyboard();
  [...PASSPORT.join("")].forEach((character, n) => {
    keyboard.at += n === 0 ? 500 : 6;
    const code = character === "<" ? "Comma" : /\d/.test(character) ? `Digit${character}` : `Key${character}`;
    keyboard.send({ type: "key", key: arabic[character] ?? character, code, shift: character === "<", at: keyboard.at, outside: true });
  });
  assert.deepEqual(keyboard.done, zone(PASSPORT));
});

test("a reader that never stops is cut, and the next document is read all the same", () => {
  const keyboard = new Keyboard();
  for (let n = 0; n < 2_000; n += 1) keyboard.key("Dead", 6);
  assert.equal(keyboard.wedge.keys.length, 400);
  assert.deepEqual(keyboard.type(`${PASSPORT.join("\n")}\n`).hush().done.at(-1), zone(PASSPORT)[0]);
});
