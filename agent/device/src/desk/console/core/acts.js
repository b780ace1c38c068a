// What the officer does by key or button, beside scans, outcomes and reports. Pure.

import { firstOpen } from "./facts.js";
import { keep } from "./pending.js";
import { useLanguage } from "./session.js";

/** Chooses an alert of the answer. */
export function choose(turn, { at }) {
  const { screen } = turn.state;
  if (screen.name !== "answer" || at < 0 || at >= screen.answer.alerts.length) return;
  turn.set({ screen: { ...screen, chosen: at } });
  turn.redraw({ typed: false });
  turn.do("scroll_to_chosen");
}

/** Shows the oldest hit without an outcome that is not in view. `screen`: only if it is still the one in view. */
export function nextHit(turn, { screen: only }) {
  const { screen, pending } = turn.state;
  if (only !== undefined && only !== screen.id) return;
  const hit = pending.hits.find(({ answer }) => answer.scan_id !== screen.answer?.scan_id);
  if (!hit) return;
  keep(turn, hit.answer, hit.at);
  showHit(turn, hit, Math.max(0, firstOpen(hit.answer, pending.outcomes)));
}

/** On a locked page the hits are those of an officer who has left it. */
function showHit(turn, { answer, at }, chosen) {
  if (turn.state.screen.name !== "sign_in") turn.show({ name: "answer", answer, at, chosen });
}

/** Shows what owners must confirm, and late encounters: the ready screen has them. */
export function showOwners(turn, { screen: only } = {}) {
  const { screen, pending } = turn.state;
  if ((only !== undefined && only !== screen.id) || ["lost", "sign_in"].includes(screen.name)) return;
  turn.show({ name: "ready" });
  turn.do("focus", { section: pending.late.some(({ reported }) => !reported) ? "late" : "owners" });
}

/** Shows the hit of a clock, if it is still here; else what its owner says. */
export function showEncounter(turn, { encounter }) {
  const madeBy = ({ answer }) => answer.alerts.findIndex(({ encounter_id }) => encounter_id === encounter);
  const hit = turn.state.pending.hits.find((hit) => madeBy(hit) >= 0);
  if (hit) showHit(turn, hit, madeBy(hit));
  else showOwners(turn);
}

/** Opens the menu. */
export function openMenu(turn) {
  turn.openDialog({ name: "menu" });
}

/** A setting was changed in the menu. */
export function setSetting(turn, { name, value }) {
  const settings = { ...turn.state.settings, [name]: value };
  turn.set({ settings });
  turn.do("store", { what: "settings", value: settings });
  if (name === "language") return useLanguage(turn, value);
  turn.redraw();
  turn.do("dialog");
}

/** The dialog was closed by the browser, or by its own button. */
export function dialogClosed(turn) {
  turn.closeDialog();
}

/** An administrator begins a drill, or ends it. */
export function drill(turn, { minutes }) {
  const of = { dialog: turn.state.dialog?.id };
  if (minutes === null) turn.ask("drilled", "end_drill", [], of);
  else turn.ask("drilled", "begin_drill", [minutes], of);
}

/** The agent's reply: the menu closes, and says why if it was refused. */
export function drilled(turn, { of, failed }) {
  if (turn.state.dialog?.id === of.dialog) turn.closeDialog();
  if (failed) turn.fail({ error: failed });
}
