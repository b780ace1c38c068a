// The officer's page. All that it decides is in `core/machine.js`; this makes its events of what happens in the document, at
// the agent and in time, and runs its effects. One event after the other, each to its end.

import { call, listenToAgent } from "./agent.js";
import { actOf } from "./core/keys.js";
import { initial, step } from "./core/machine.js";
import { saidText } from "./core/voice.js";
import { Words } from "./core/words.js";
import { listenToKeys } from "./keyboard.js";
import { ticker } from "./sound.js";
import { store, stored } from "./storage.js";
import { applyTheme, drawBar, drawDialog, drawReports, drawScreen, drawTimes, part, redrawScreen, showScreen } from "./view/page.js";

/** The machine steps at this interval for what ends by itself, milliseconds. */
const TICK_MS = 1_000;

let state = initial(stored());
const languages = new Map(); // those that were loaded
const timers = new Map();
const waiting = []; // events that came while another was under way
let running = false;
let stopListening = () => {};
const sound = ticker();

/** An event for the machine. */
function dispatch(type, more = {}) {
  waiting.push({ ...more, type });
  if (running) return;
  running = true;
  try {
    while (waiting.length > 0) {
      if (wasClosed()) run({ type: "dialog_closed" });
      run(waiting.shift());
    }
  } finally {
    running = false;
  }
}

/** Whether the browser closed the dialog, and its event comes only later. */
function wasClosed() {
  return state.dialog !== null && !part("dialog").open;
}

/** What a key that is pressed now does, or null. */
function decide(key) {
  if (wasClosed()) dispatch("dialog_closed");
  return actOf(state, key, note().value);
}

/** Steps the machine and runs what it asks for. */
function run(event) {
  let effects;
  [state, effects] = step(state, { ...event, now: Date.now() });
  for (const effect of effects) EFFECTS[effect.do](effect);
}

/** What the view draws from. */
function page() {
  return { state, words: languages.get(state.language), now: Date.now(), send: dispatch };
}

const EFFECTS = {
  ask: async ({ then, call: name, args, of }) => dispatch("reply", { then, call: name, of, ...await call(name, args) }),
  listen: () => { stopListening = listenToAgent((name, data) => dispatch("stream", { name, data })); },
  deafen: () => stopListening(),
  timer: ({ name, ms }) => {
    clearTimeout(timers.get(name));
    timers.set(name, setTimeout(() => dispatch(name), ms));
  },
  load: async ({ language }) => dispatch("loaded", { language, failed: !await load(language) }),
  show: () => showScreen(page()),
  draw: ({ typed }) => typed ? redrawScreen(page()) : drawScreen(page()),
  bar: ({ calm }) => drawBar(page(), calm),
  times: () => drawTimes(page()),
  dialog: () => drawDialog(page()),
  reports: () => drawReports(page()),
  focus: ({ section }) => {
    part(section)?.focus();
    part(section)?.scrollIntoView({ block: "start" });
  },
  scroll_to_chosen: () => document.querySelector('[aria-current="true"]')?.scrollIntoView({ block: "nearest" }),
  clear_note: () => { note().value = ""; },
  say: ({ said }) => { part("said").textContent = saidText(page().words, said, Date.now()); },
  sound,
  store: ({ what, value }) => store(what, value),
};

/** Where the officer types a note. */
function note() {
  return document.querySelector("[name=note]") ?? { value: "" };
}

/** Loads a language's messages; says whether they are here. */
async function load(language) {
  if (languages.has(language)) return true;
  const response = await fetch(`/console/messages/${language}.json`).catch(() => null);
  if (!response?.ok) return false;
  languages.set(language, new Words(language, await response.json()));
  return true;
}

function listen() {
  listenToKeys({
    zone: (text) => dispatch("zone", { text }),
    badge: (text) => dispatch("badge", { text }),
    decide,
    act: ({ type, ...more }) => dispatch(type, more),
  });
  // Once a pointer is let go: what is drawn in between would take the pressed button away.
  for (const kind of ["keydown", "pointerup", "pointercancel", "wheel"]) {
    window.addEventListener(kind, ({ repeat = false }) => dispatch("used", { repeat }), { capture: true, passive: true });
  }
  part("dialog").addEventListener("close", () => wasClosed() && dispatch("dialog_closed"));
}

applyTheme(state);
// A page without messages is of no use: it is tried again until the agent answers.
while (!await load(state.language)) await new Promise((later) => setTimeout(later, TICK_MS));
dispatch("start");
listen();
setInterval(() => dispatch("tick"), TICK_MS);
