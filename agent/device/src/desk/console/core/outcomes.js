// What the officer reports of a hit. Pure. A report is of the alert that was chosen as the key was pressed, whatever is in
// view when the agent's reply comes.

import { badgeOf, firstOpen } from "./facts.js";
import { resolve } from "./pending.js";

/** Reports an outcome. `of`: what it is of, see `keys.js`; or nothing, where no alert can have one. */
export function report(turn, { outcome, of }) {
  if (of !== null && of.badge === badgeOf(turn.state)) give(turn, of.encounter, outcome, of.note, of);
}

/** Reports a late encounter's outcome. */
export function reportLate(turn, { encounter, outcome }) {
  give(turn, encounter, outcome, "", null);
}

function give(turn, encounter, outcome, note, from) {
  turn.ask("given", "outcome", [encounter, outcome, note], { encounter, outcome, from });
}

/** The agent's reply: says that it is recorded, or why not, and goes on to the next alert. */
export function given(turn, { of, ok, failed }) {
  if (failed) return turn.fail({ key: "outcome.failed", error: failed });
  resolve(turn, ok);
  turn.sayToo({ what: "given", outcome: of.outcome, at: turn.state.pending.outcomes[of.encounter]?.at ?? ok.at });
  const { from } = of;
  const { screen, pending } = turn.state;
  if (from === null || screen.id !== from.screen || screen.chosen !== from.chosen) return;
  const next = firstOpen(screen.answer, pending.outcomes);
  if (next >= 0) turn.set({ screen: { ...screen, chosen: next } });
  turn.do("clear_note");
  turn.redraw();
}
