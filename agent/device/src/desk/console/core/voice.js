// Sentences for what the machine says aloud and shows as notices. Pure.

import { spoken } from "./advice.js";
import { isolate, moment, shown, timeOf } from "./text.js";
import { textOf } from "./words.js";

/** What is said at once, as one text. `said`: see `SAID`. */
export function saidText(words, said, now) {
  return said.map((one) => SAID[one.what](words, one, now)).join(" ");
}

const SAID = {
  answer: (words, { answer, clocks }) => spoken(words, answer, clocks),
  refused: (words, { title }) => `${words.say(title)}. ${words.say("refused.again")}`,
  lost: (words) => `${words.say("lost.title")}. ${words.say("lost.text")}`,
  link: (words, { online }) => words.say(online ? "bar.online" : "bar.offline"),
  given: (words, done) => givenText(words, done),
  failure: (words, { failure }) => textOf(failureParts(words, failure)),
  overdue: (words, { owner }) => words.say("confirm.overdue", { owner }),
  owner: (words, { word, owner }) => `${words.say(`confirm.${word}`, { owner })}. ${words.say(`do.owner.${word}`)}`,
  notice: (words, { notice }, now) => noticeSentences(words, notice, now).filter(Boolean).join(" "),
};

/** What came of an encounter, and when that was recorded. */
export function givenText(words, { outcome, at }) {
  return words.fill("outcome.done", { outcome: words.say(`outcome.${outcome}`), time: timeOf(at) });
}

/** What went wrong, in parts: `{key, error}`, a message with the error in it; `{title, error}`; or `{error}`. */
export function failureParts(words, { key, title, error }) {
  if (key) return words.refusal(key, error);
  const [reason = ""] = words.reasons(error);
  return title ? [words.say(title), ". ", reason] : [reason];
}

/** Why a scan was refused, in sentences. */
export function whyRefused(words, why) {
  if (why.what === "part") return [words.say("refused.part", { n: why.n })];
  return why.what === "phrase" ? [words.phrase(why.phrase)] : words.reasons(why.error);
}

/** Why an officer is not in, in parts; nothing at first. */
export function whyNotIn(words, message) {
  if (message === null) return [];
  if (message.what === "first") return [words.say("session.first")];
  const { error, pin } = message;
  const { status, more } = error;
  if (status === 428) return [words.say("session.pin_needed")];
  if (status === 401) return [words.say(pin ? "session.wrong" : "session.pin_needed")];
  if (status === 429 && more.retry_after_s) return [words.say("session.locked", { n: more.retry_after_s })];
  if (status === 403) return [words.say("session.ended")];
  return words.refusal("session.failed", error);
}

/** The sentences of a notice. */
export function noticeSentences(words, notice, now) {
  return NOTICES[notice.kind](words, notice, now);
}

const named = (words, key, { alert_id, list }, more = {}) => words.fill(key, { alert: isolate(alert_id), list: isolate(list), ...more });
const ofList = (words, key, { list, ...values }) => words.fill(key, { list: isolate(list), ...values });
const escalates = (words, online) => words.say(online ? "confirm.escalated" : "confirm.escalates");

const NOTICES = {
  failure: (words, { failure }) => [textOf(failureParts(words, failure))],
  ending: (words) => [words.say("session.ends")],
  roster: (words) => [words.say("banner.roster")],
  roster_behind: (words) => [words.say("banner.roster_behind")],
  store: (words) => [words.say("banner.store")],
  no_list: (words) => [words.say("banner.no_list")],
  not_asked: (words, { list, why }) => [ofList(words, "banner.not_asked", { list, why: words.phrase(why) })],
  not_asked_many: (words, { count }) => [words.say("banner.not_asked_many", { count })],
  doubt: (words, { list, why }) => [ofList(words, "banner.doubt", { list, why: words.phrase(why) })],
  behind: (words, { list, newest }) => [ofList(words, "banner.behind", { list, n: newest })],
  stale: (words, { list, age_s }) => [ofList(words, "banner.stale", { list, age: words.age(age_s) })],
  old_many: (words, { count }) => [words.say("banner.old_many", { count })],
  answer: (words, { clock }) => [named(words, "banner.answer", clock)],
  answers: (words, { count }) => [words.say("banner.answer_many", { count })],
  overdue: (words, { clock, online }) => [named(words, "banner.overdue", clock), escalates(words, online)],
  overdue_many: (words, { count, online }) => [words.say("banner.overdue_many", { count }), escalates(words, online)],
  late: (words, { late }, now) => [named(words, "banner.late", late, { scanned: moment(late.scanned_at, now) })],
  late_many: (words, { count }) => [words.say("banner.late_many", { count })],
  drill_running: (words, { until }, now) => [words.fill("drill.running", { time: moment(until, now) })],
  drill_ended: (words, { outcome, report }) => [words.say(`drill.${outcome}`), shortcomings(words, outcome, report), counted(words, report)],
};

function shortcomings(words, outcome, report) {
  const all = outcome === "not_ready" ? report.shortcomings : [];
  return all.map((code) => words.has(code) ? words.say(code) : shown(code)).join(" ");
}

function counted(words, { checks, not_checked, p99_us, spooled, home_after_s: n }) {
  const figures = words.say("drill.counted", { checks, not_checked, ms: Math.ceil(p99_us / 1000) });
  return `${figures} ${n === undefined ? words.say("drill.waits", { spooled }) : words.say("drill.home", { spooled, n })}`;
}
