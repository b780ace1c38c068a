// A scan and its answer. Pure.
//
// Never shown: an answer that is not the last scan's. A new scan, a lost connection or the officer puts the old one away.

import { badgeOf } from "./facts.js";
import { askClocks, keep, shorten } from "./pending.js";

/** A zone with fewer characters is only part of one. */
const ZONE_MIN = 30;
/** Scans that are known to have been shown: more than can be on their way twice. */
const SHOWN_MAX = 50;
/** A Clear leaves the screen by itself after this, milliseconds: the traveller has gone on. */
const CLEAR_SHOWN_MS = 60_000;
/** Roles that may see more than what is sent to every listener. */
const SEES_MORE = ["supervisor", "administrator"];

/** A zone was read or typed. */
export function scan(turn, { text }) {
  const { screen } = turn.state;
  if (screen.name === "sign_in") return turn.show({ ...screen, message: { what: "first" } });
  const scans = turn.state.scans + 1;
  turn.set({ scans });
  if (text.replaceAll("\n", "").length < ZONE_MIN) return refuse(turn, "refused.title", { what: "part", n: text.length });
  turn.show({ name: "checking" });
  turn.ask("scanned", "scan", [text], { scans, badge: badgeOf(turn.state) });
}

/** The agent's reply to a scan made here. */
export function scanned(turn, { of, ok, failed }) {
  const last = of.scans === turn.state.scans;
  if (failed) return last && refuseScan(turn, failed);
  if (last) showAnswer(turn, ok, true);
  else if (of.badge === badgeOf(turn.state)) keepOnly(turn, ok);
}

/**
 * This check has no answer. What a reader met meanwhile is shown then, unless it is a Clear: that could be taken for this
 * one's.
 */
function refuseScan(turn, error) {
  const { meanwhile } = turn.state;
  const title = error.status === 422 ? "refused.title" : "refused.failed";
  refuse(turn, title, { what: "error", error });
  if (meanwhile === null || meanwhile.verdict === "clear") return;
  showAnswer(turn, meanwhile, false);
  turn.fail({ title, error });
}

/** A locked page stays so. */
function refuse(turn, title, why) {
  if (turn.state.screen.name === "sign_in") return;
  turn.say({ what: "refused", title });
  turn.show({ name: "refused", title, why });
}

/** A reader's scan has no answer: whatever is on the screen is of another document. */
export function readerRefused(turn, { read, why }) {
  turn.set({ scans: turn.state.scans + 1 });
  refuse(turn, read ? "refused.failed" : "refused.title", { what: "phrase", phrase: why });
}

/** An answer as every listener may see it: to a scan made here, on another screen or at a reader. */
export function answerHeard(turn, answer) {
  if (answer.alerts.some(({ confirm_by }) => confirm_by)) askClocks(turn);
  showAnswer(turn, answer, false);
  const { officer } = turn.state.session ?? {};
  if (answer.alerts.length === 0 || !SEES_MORE.includes(officer?.role)) return;
  turn.ask("more", "answer", [answer.scan_id], { badge: officer.badge });
}

/** The same answer as this officer may see it. Without it less is shown, which is not wrong. */
export function moreSeen(turn, { of, ok, failed }) {
  if (failed || of.badge !== badgeOf(turn.state)) return;
  if (turn.state.shown.includes(ok.scan_id)) showAnswer(turn, ok, true);
  else keep(turn, ok, turn.now, true);
}

/** `mine`: for this officer, who asked; what is sent to every listener may say less, and may come before or after it. */
function showAnswer(turn, answer, mine) {
  const { screen, shown, settings } = turn.state;
  if (screen.name === "sign_in") return;
  // A document is being checked: what comes meanwhile is another's.
  if (screen.name === "checking" && !mine) {
    turn.set({ meanwhile: answer });
    return keep(turn, answer, turn.now, true);
  }
  if (shown.includes(answer.scan_id)) {
    if (mine) replaceShown(turn, answer);
    return;
  }
  noteShown(turn, answer);
  keep(turn, answer, turn.now);
  // First: what else is new with the screen is said after it.
  turn.say({ what: "answer", answer, clocks: ownersSay(turn.state.pending, answer) });
  turn.show({ name: "answer", answer, at: turn.now, chosen: 0 });
  if (settings.sound) turn.do("sound");
}

/** The clocks of an answer's alerts. */
function ownersSay({ clocks }, { alerts }) {
  const ids = alerts.map(({ encounter_id }) => encounter_id).filter((id) => Object.hasOwn(clocks, id));
  return Object.fromEntries(ids.map((id) => [id, clocks[id]]));
}

/** An answer that was put away does not come back by itself. */
function replaceShown(turn, answer) {
  keep(turn, answer, turn.now);
  const { screen } = turn.state;
  if (screen.answer?.scan_id !== answer.scan_id) return;
  turn.set({ screen: { ...screen, answer } });
  turn.redraw();
}

/** The answer to a scan after which another was made: not shown any more, nor when it is sent to every listener. */
function keepOnly(turn, answer) {
  keep(turn, answer, turn.now, true);
  noteShown(turn, answer);
}

function noteShown(turn, { scan_id }) {
  turn.set({ shown: [scan_id, ...turn.state.shown].slice(0, SHOWN_MAX) });
}

/** Puts an old Clear away. */
export function expireClear(turn) {
  const { screen } = turn.state;
  if (screen.name === "answer" && screen.answer.verdict === "clear" && turn.now - screen.at > CLEAR_SHOWN_MS) putAway(turn);
}

/** An alert is not shown any more once its list's keys are erased, by an order or at the end of its lease; an answer goes with its last alert. */
export function forgetErased(turn, { lists }) {
  const kept = lists.filter(({ keys_erased }) => !keys_erased).map(({ list }) => list);
  const left = (answer) => {
    const alerts = answer.alerts.filter(({ list }) => kept.includes(list));
    if (alerts.length === answer.alerts.length) return answer;
    return alerts.length > 0 ? { ...answer, alerts } : undefined;
  };
  shorten(turn, left);
  const { screen } = turn.state;
  if (screen.name !== "answer") return;
  const answer = left(screen.answer);
  if (answer === undefined) return putAway(turn);
  if (answer === screen.answer) return;
  turn.set({ screen: { ...screen, answer } });
  turn.redraw();
}

/** The officer has done with the answer. */
export function putAway(turn) {
  if (["answer", "refused"].includes(turn.state.screen.name)) turn.show({ name: "ready" });
}
