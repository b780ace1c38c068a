// What a key does that acts by itself. Pure.

import { badgeOf } from "./facts.js";

/** The outcomes, in the order of their keys 1 to 5. */
export const OUTCOMES = ["confirmed", "not_the_person", "seized", "released", "passed_on"];

/** Keys that always act, and the events they make. */
const KEYS = { Escape: "put_away", F2: "menu", F8: "reports" };
/** Keys that choose an alert where there are several. */
const STEPS = { ArrowDown: 1, ArrowUp: -1 };
/** Single keys that act on the screen in view, unless the officer turned them off, as they turn the outcomes' off. */
const LETTERS = { n: "next_hit", c: "owners" };

/** What an outcome reported now is of: the chosen alert, and the note that was typed; or null. */
export function chosenNow(state, note) {
  const { screen } = state;
  const encounter = screen.name === "answer" && screen.answer.alerts[screen.chosen]?.encounter_id;
  return encounter ? { screen: screen.id, encounter, chosen: screen.chosen, note: note.trim(), badge: badgeOf(state) } : null;
}

/** The event of a key that is pressed now, or null: it acts on what is in view now, whatever is done before it. `note`: what is typed. */
export function actOf(state, key, note) {
  if (state.dialog !== null) return null;
  const { screen, settings } = state;
  if (Object.hasOwn(KEYS, key)) return { type: KEYS[key] };
  if (Object.hasOwn(STEPS, key)) {
    const many = screen.name === "answer" && screen.answer.alerts.length > 1;
    return many ? { type: "choose", at: screen.chosen + STEPS[key] } : null;
  }
  if (!settings.shortcuts) return null;
  const outcome = OUTCOMES[Number(key) - 1];
  if (outcome) return { type: "outcome", outcome, of: chosenNow(state, note) };
  const letter = key.toLowerCase();
  return Object.hasOwn(LETTERS, letter) ? { type: LETTERS[letter], screen: screen.id } : null;
}
