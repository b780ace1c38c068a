// What is not over yet, as the agent knows it: hits without an outcome, alerts that their owners must confirm, late
// encounters, the drill. Pure. All of it is asked for again when the page is loaded, so a reload loses nothing. Nothing
// discreet is ever in here.
//
// Whatever is asked carries the generation it was asked in. With another officer, or a lost connection, a new generation
// begins, and replies of an older one are dropped: another officer may see less.

import { isOpen, ownerOf } from "./facts.js";

/** Hits without an outcome that are remembered; then the oldest goes. */
const HITS_MAX = 20;
/** Answers and drills that are remembered as put away; then the oldest goes. */
const SEEN_MAX = 500;

/** Nothing pending. `seen`: what the officer put away (ids of answers, drills). */
export function nothing(seen) {
  return {
    hits: [],       // {answer, at, unseen}, the oldest first: has an alert without an outcome, or that can have none and was not seen
    outcomes: {},   // encounter -> {outcome, at}
    clocks: {},     // encounter -> the agent's clock, `heard`: when it came, `fresh`: not only at a reload
    late: [],
    drill: null,
    synced: null,   // the status that all this belongs to
    generation: 0,
    seen,
  };
}

function put(turn, change) {
  turn.set({ pending: { ...turn.state.pending, ...change } });
}

/** Something here changed: the screen shows it. `answered`: the clock whose owner has just answered. */
function changed(turn, answered = null) {
  if (turn.showsPending) turn.redraw();
  if (answered?.answer) turn.sayToo({ what: "owner", word: answered.answer.word, owner: ownerOf(turn.state, answered.list) });
}

/** Asks for what changed since the status before. */
export function sync(turn, status) {
  const before = turn.state.pending.synced;
  put(turn, { synced: status });
  const differs = (key) => before === null || JSON.stringify(before[key]) !== JSON.stringify(status[key]);
  if (before === null) askHits(turn);
  if (differs("confirmations")) askClocks(turn);
  if (differs("late")) askLate(turn);
  if (differs("drill_until")) ask(turn, "drill");
}

/** An ended drill is asked for until all its encounters are home. */
export function watchDrill(turn) {
  const { drill } = turn.state.pending;
  if (drill !== null && !drill.running && drill.report.home_after_s === undefined) ask(turn, "drill");
}

/** The connection is gone, or events were missed: with the next status everything is asked for again. */
export function resync(turn) {
  put(turn, { synced: null, generation: turn.state.pending.generation + 1 });
}

/** Forgets everything: the session is over, or another officer's. */
export function forget(turn) {
  const { seen, generation } = turn.state.pending;
  put(turn, { ...nothing(seen), generation: generation + 1 });
}

/** An answer was shown, or would have been; `unseen`: it was not. */
export function keep(turn, answer, at, unseen = false) {
  const { hits, outcomes } = turn.state.pending;
  const known = hits.findIndex((hit) => hit.answer.scan_id === answer.scan_id);
  const open = answer.alerts.some((alert) => isOpen(alert, outcomes));
  if (!open && !(unseen && answer.alerts.length > 0)) return put(turn, { hits: hits.filter((_, n) => n !== known) });
  const hit = { answer, at: hits[known]?.at ?? at, unseen: !open };
  put(turn, { hits: known >= 0 ? hits.with(known, hit) : [...hits, hit].slice(-HITS_MAX) });
}

/** Keeps of each hit's answer what `left(answer)` leaves; a hit goes with the last alert that it was kept for. */
export function shorten(turn, left) {
  const { hits, outcomes } = turn.state.pending;
  const stays = ({ answer, unseen }) => answer !== undefined && (unseen || answer.alerts.some((alert) => isOpen(alert, outcomes)));
  const kept = hits.map((hit) => ({ ...hit, answer: left(hit.answer) })).filter(stays);
  if (kept.length === hits.length && kept.every(({ answer }, place) => answer === hits[place].answer)) return;
  put(turn, { hits: kept });
  changed(turn);
}

/** What came of an encounter, here or on another screen. */
export function resolve(turn, taken) {
  take(turn, taken);
  changed(turn);
}

function take(turn, { encounter_id, outcome, at }) {
  const outcomes = { ...turn.state.pending.outcomes, [encounter_id]: { outcome, at } };
  const stays = ({ answer, unseen }) => unseen || answer.alerts.some((alert) => isOpen(alert, outcomes));
  put(turn, { outcomes, hits: turn.state.pending.hits.filter(stays) });
}

/** Puts an owner's answer, or a drill's end, away. */
export function saw(turn, { seen }) {
  const all = [...new Set([...turn.state.pending.seen, ...seen])].slice(-SEEN_MAX);
  put(turn, { seen: all });
  turn.do("store", { what: "seen", value: all });
  changed(turn);
}

/** An owner answered. */
export function confirmed(turn, clock) {
  putClock(turn, clock, true);
  changed(turn, clock);
}

/** An answer came that may need a confirmation, or an outcome that may be of a late encounter. */
export function askClocks(turn) {
  ask(turn, "clocks", "confirmations");
}

export function askLate(turn) {
  ask(turn, "late");
}

function askHits(turn) {
  const known = turn.state.pending.hits.filter(({ unseen }) => !unseen).map(({ answer }) => answer.scan_id);
  ask(turn, "open", "open", [], { known });
}

function ask(turn, then, call = then, args = [], of = {}) {
  turn.ask(then, call, args, { ...of, generation: turn.state.pending.generation });
}

function putClock(turn, clock, fresh) {
  const { clocks } = turn.state.pending;
  const known = clocks[clock.encounter_id]?.fresh === true;
  put(turn, { clocks: { ...clocks, [clock.encounter_id]: { ...clock, heard: turn.now, fresh: fresh || known } } });
}

/** Replaces a part; says whether it differs. */
function replace(turn, name, value) {
  const differs = JSON.stringify(turn.state.pending[name]) !== JSON.stringify(value);
  put(turn, { [name]: value });
  return differs;
}

/** Takes what was asked in this generation; a refusal changes nothing (404: there was no drill, no such scan). */
function ifCurrent(takes) {
  return (turn, reply) => {
    if (reply.failed || reply.of.generation !== turn.state.pending.generation) return;
    if (takes(turn, reply.ok, reply.of)) changed(turn);
  };
}

/** What is done with the agent's replies; each returns whether anything changed. */
export const replies = {
  open: ifCurrent((turn, open, { known }) => {
    // A hit that is not open any more got its outcomes while the page did not listen, unless the agent restarted and forgot it.
    const gone = known.filter((scan) => open.every(({ answer }) => answer.scan_id !== scan));
    gone.forEach((scan) => ask(turn, "known", "answer", [scan], { scan }));
    for (const { age_s, answer, outcomes } of open.toReversed()) {
      outcomes.forEach((taken) => take(turn, taken));
      const has = turn.state.pending.hits.some((hit) => hit.answer.scan_id === answer.scan_id);
      if (!has) keep(turn, answer, turn.now - age_s * 1000);
    }
    return open.length > 0;
  }),
  known: ifCurrent((turn, _, { scan }) => {
    const { hits } = turn.state.pending;
    put(turn, { hits: hits.filter(({ answer }) => answer.scan_id !== scan) });
    return turn.state.pending.hits.length < hits.length;
  }),
  clocks: ifCurrent((turn, clocks) => {
    clocks.forEach((clock) => putClock(turn, clock, false));
    return clocks.length > 0;
  }),
  late: ifCurrent((turn, late) => replace(turn, "late", late)),
  drill: ifCurrent((turn, drill) => replace(turn, "drill", drill)),
};
