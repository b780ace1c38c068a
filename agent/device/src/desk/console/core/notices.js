// What must not be missed, on whatever screen: the drill, owners' answers, clocks that ran out, late encounters, what went
// wrong, the end of the session, lists that cannot be asked or are old. Pure: data that the view draws as banners.
//
// A notice has `kind`, `weight` (`grave`, `mild`, `owner`, `drill`), what its sentences need, and, if it is said aloud as it
// appears, an `id` by which the same notice is known again.

import { allClocks, answerId, endedDrill, newAnswers, overdueClocks } from "./clocks.js";
import { endsSoon, grownBy, isOnline } from "./facts.js";

/** The newest owners' answers have a banner each; the others share one. */
const ANSWERS_MAX = 2;
/** So long after a drill's end encounters may be under way, milliseconds, as the agent judges it. */
const HOME_MS = 60_000;

/** Every notice, in the order of the page. */
export function noticesOf(state, now) {
  const { status, screen, link, failure, session } = state;
  const notices = [];
  if (status !== null && link.connected && screen.name !== "sign_in") {
    notices.push(...drillNotices(state, now), ...ownerNotices(state, now));
  }
  if (status?.store_fault) notices.push({ kind: "store", weight: "grave", id: "store" });
  if (failure !== null) notices.push({ kind: "failure", weight: "grave", failure });
  if (endsSoon(state, now)) notices.push({ kind: "ending", weight: "grave", id: "ending" });
  if (session?.roster?.state === "behind") notices.push({ kind: "roster_behind", weight: "grave", id: "roster behind" });
  if (["expired", "ended"].includes(session?.roster?.state)) notices.push({ kind: "roster", weight: "grave", id: "roster" });
  if (status !== null && link.connected) notices.push(...listNotices(status.lists, grownBy(state, now)));
  return notices;
}

function drillNotices({ status, pending }, now) {
  const until = status.drill_until;
  if (until) return [{ kind: "drill_running", weight: "drill", id: `drill until ${until}`, until }];
  const drill = endedDrill(pending, now);
  if (drill === null) return [];
  const { started, report } = drill;
  const outcome = outcomeOf(drill, now);
  return [{ kind: "drill_ended", weight: "drill", id: JSON.stringify([started, outcome, report]), started, outcome, report }];
}

/** Whether the post was ready is known once its encounters are home, or took too long. */
function outcomeOf({ ends, report }, now) {
  const underWay = report.home_after_s === undefined && now - Date.parse(ends) < HOME_MS;
  if (underWay && report.shortcomings.every((code) => code === "drill.not_home")) return "over";
  return report.shortcomings.length === 0 ? "ready" : "not_ready";
}

/**
 * Owners' answers, clocks that ran out, late encounters: one notice of a kind (but the newest answers), which counts them
 * where there are more. What the screen shows anyway has none, and beside a hit only answers are shown: the rest stays in
 * the bar.
 */
function ownerNotices(state, now) {
  const { pending, screen } = state;
  const onScreen = screen.answer?.alerts ?? [];
  const elsewhere = ({ encounter_id }) => onScreen.every((alert) => alert.encounter_id !== encounter_id);
  const newest = (a, b) => Date.parse(b.answer.at) - Date.parse(a.answer.at);
  const answers = newAnswers(pending, now).filter(elsewhere).sort(newest);
  const older = answers.slice(ANSWERS_MAX);
  const notices = answers.slice(0, ANSWERS_MAX).map((clock) => ({ kind: "answer", weight: "owner", clock }));
  if (older.length > 0) notices.push({ kind: "answers", weight: "owner", count: older.length, seen: older.map(answerId) });
  if (onScreen.length > 0) return notices;

  const online = isOnline(state);
  const overdue = overdueClocks(pending, now);
  if (overdue.length === 1) notices.push({ kind: "overdue", weight: "grave", online, clock: overdue[0] });
  if (overdue.length > 1) notices.push({ kind: "overdue_many", weight: "grave", online, count: overdue.length });
  const late = pending.late.filter(({ reported }) => !reported);
  if (late.length === 1) notices.push({ kind: "late", weight: "grave", id: `late ${late[0].encounter_id}`, late: late[0] });
  if (late.length > 1) notices.push({ kind: "late_many", weight: "grave", id: `late ${late.length}`, count: late.length });
  return notices;
}

/** One notice of a kind: after an outage all lists have one, and the answer must stay in view. */
function listNotices(lists, grown) {
  if (lists.length === 0) return [{ kind: "no_list", weight: "grave", id: "no_list" }];
  const all = lists.map((list) => noticeOf(list, grown)).filter(Boolean);
  return [["grave", "not_asked_many"], ["mild", "old_many"]].flatMap(([weight, many]) => {
    const some = all.filter((notice) => notice.weight === weight);
    return some.length > 1 ? [{ kind: many, weight, id: weight === "grave" && `lists ${some.length}`, count: some.length }] : some;
  });
}

/** What must be known about one list, or null. */
function noticeOf({ list, age_s, lease_s, why, doubt, edition, newest_known, freshness }, grown) {
  const mild = (kind, more) => ({ kind, weight: "mild", list, ...more });
  if (why || age_s + grown >= lease_s) {
    const reason = why ?? { code: "why.lease" };
    return { kind: "not_asked", weight: "grave", id: `list ${list} ${JSON.stringify(reason)}`, list, why: reason };
  }
  if (doubt) return mild("doubt", { why: doubt });
  if (newest_known > edition) return mild("behind", { newest: newest_known });
  return freshness === "stale" ? mild("stale", { age_s: age_s + grown }) : null;
}

/** What the bar counts: clocks that run, those that ran out, late encounters without an outcome. */
export function countsOf({ pending }, now) {
  const overdue = overdueClocks(pending, now);
  const running = allClocks(pending.clocks, now).filter(({ answer, left_s }) => !answer && left_s > 0);
  return { overdue: overdue.length, running, late: pending.late.filter(({ reported }) => !reported).length };
}
