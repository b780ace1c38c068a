// What the officer is to do, in a few sentences. Pure; the terminal says the same (`show/answer.rs`).

import { clocksOf } from "./clocks.js";
import { isolate, shown } from "./text.js";

/** Actions that are said at once, at most. */
const ACTIONS_MAX = 3;
/** Actions, the gravest first: what can hurt somebody, then whom to hold, then what to take, then whom to ask or tell. */
const GRAVITY = ["arrest", "bearer_sought", "protect", "specific_check", "seize_document", "refuse_entry", "return", "inquiry_check", "locate", "inform"];
/** Answers of an owner after which an alert asks for nothing. */
const ENDS = ["not_the_person", "withdrawn"];

/** What the owner's answer changes of what is to be done: its code, or null. */
export function ownersWord(clock) {
  return clock?.answer ? `do.owner.${clock.answer.word}` : null;
}

/**
 * Of a Hit, the actions of every alert that hits; else the chosen `alert`'s. Where an owner has answered, that comes first.
 * `clocks`: by encounter.
 */
export function whatToDo(words, answer, alert, clocks) {
  const said = clocksOf(answer, clocks).map(({ clock }) => ownersWord(clock)).filter(Boolean);
  const sentences = [...new Set(said)].map((key) => words.say(key));
  const left = answer.alerts.filter(({ encounter_id }) => !ENDS.includes(clocks[encounter_id]?.answer?.word));
  if (sentences.length > 0 && left.length === 0) return sentences;
  return [...sentences, ...advice(words, { ...answer, alerts: left }, left.includes(alert) ? alert : left[0])];
}

function advice(words, answer, alert) {
  if (answer.verdict === "clear") return [words.say("do.clear")];
  if (answer.verdict === "not_checked") {
    const why = answer.checked.find((list) => list.result === "not_checked")?.why?.code ?? "why.no_list";
    return [words.say(words.has(`do.${why}`) ? `do.${why}` : "do.why.damaged")];
  }
  const hits = answer.alerts.filter(({ result }) => result === "hit");
  if (hits.length === 0) return [words.say("do.compare"), ...actions(words, [alert])];
  return actions(words, hits);
}

/** One sentence an action, the gravest first, with every owner who is to be notified. */
function actions(words, alerts) {
  const owners = new Map(); // action -> owners
  for (const { action, owner } of alerts) {
    const known = GRAVITY.includes(action) ? action : "inform";
    owners.set(known, new Set([...owners.get(known) ?? [], isolate(owner)]));
  }
  const joined = (action) => [...owners.get(action)].reduce((one, other) => words.fill("owners.joined", { one, other }));
  const gravest = GRAVITY.filter((action) => owners.has(action)).slice(0, ACTIONS_MAX);
  return gravest.map((action) => words.fill(`do.${action}`, { owner: joined(action) }));
}

/** The sentence that a screen reader says for an answer. */
export function spoken(words, answer, clocks) {
  const alert = answer.alerts[0];
  const warnings = (alert?.warnings ?? []).map((warning) => words.term("warning", warning));
  return [words.say(`verdict.${answer.verdict}`), ...warnings, ...whatToDo(words, answer, alert, clocks), shown(answer.document.number)].join(". ");
}
