// What the owners of alerts have to do with a hit: the clock until they must confirm it, their answer, and what they listed
// only after it was scanned. Only draws.

import { bdi, el } from "./dom.js";
import { OUTCOMES } from "./pending.js";
import { fill, isolate, moment, say, shown } from "./words.js";

/** Clocks in one answer, at most. */
const CLOCKS_MAX = 3;
/** The newest owners' answers have a banner each; the others share one. */
const ANSWERS_MAX = 2;

/** The clocks of an answer's alerts, in their order; nothing where none needs a confirmation. */
export function clocksOf(answer, pending) {
  const clocks = answer.alerts.map((alert) => ({ alert, clock: pending.clock(alert.encounter_id) }));
  return clocks.filter(({ clock }) => clock).slice(0, CLOCKS_MAX);
}

/** One clock, or what ended it. `online`: whether headquarters has heard; `label`: which alert's, where there are several. */
export function clockLine(clock, owner, online, label = null) {
  const { answer } = clock;
  const said = answer
    ? [el("strong", { class: "owner-word" }, say(`confirm.${answer.word}`, { owner })),
      answer.text && bdi(`“${shown(answer.text, 300)}”`, { class: "owner-text" }),
      el("span", { class: "owner-when" }, fill("confirm.answered", { time: moment(answer.at) }))]
    : overdue(clock)
      ? [timer(clock), el("strong", {}, say("confirm.overdue", { owner })), el("span", {}, say(online ? "confirm.escalated" : "confirm.escalates"))]
      : [timer(clock), el("span", {}, say("confirm.waiting", { owner }))];
  const state = answer ? answer.word : overdue(clock) ? "overdue" : "waiting";
  const line = el("div", { class: "clock", "data-clock": state }, label && el("span", { class: "owner-label" }, label), said);
  line.runOut = () => line.replaceWith(clockLine({ ...clock, left_s: 0 }, owner, online, label));
  return line;
}

export function overdue({ answer, left_s }) {
  return !answer && left_s <= 0;
}

/** The time left, or, after a `+`, the time since; it is kept up to date where it stands. */
export function timer(clock) {
  return el("span", { class: "timer", role: "timer", dir: "ltr", "data-due": Date.now() + clock.left_s * 1000 }, countdown(clock.left_s));
}

/** `9:41`, `1:59:59`, `+0:07`. */
export function countdown(left_s) {
  const seconds = Math.abs(left_s > 0 ? Math.ceil(left_s) : Math.floor(left_s));
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (n) => String(n).padStart(2, "0");
  return (left_s > 0 ? "" : "+") + (hours > 0 ? `${hours}:${two(minutes)}` : `${minutes}`) + `:${two(rest)}`;
}

/** What the owner's answer changes of what is to be done: its code, or none. */
export function ownersWord(clock) {
  return clock?.answer ? `do.owner.${clock.answer.word}` : null;
}

/** Clocks that ran out, of encounters whose outcome nobody has given. */
export function overdueClocks(pending) {
  return pending.allClocks().filter((clock) => overdue(clock) && !pending.isDone(clock));
}

/**
 * Banners: answers that came, clocks that ran out, documents listed late; one of a kind (but the newest answers), which counts
 * them where there are more. What the screen shows anyway (`onScreen`: the answer on it) needs none, and beside a hit only
 * answers are told: the rest stays in the line above.
 */
export function ownerBanners(pending, { onScreen, ownerOf, online, show, showAll, saw }) {
  const elsewhere = ({ encounter_id }) => !onScreen?.alerts.some((alert) => alert.encounter_id === encounter_id);
  const calm = !(onScreen?.alerts.length > 0);
  const named = (key, { alert_id, list }, more = {}) => fill(key, { alert: isolate(alert_id), list: isolate(list), ...more });
  const button = (act, key, onclick) => el("button", { type: "button", "data-act": act, onclick }, say(key));
  const escalates = () => say(online ? "confirm.escalated" : "confirm.escalates");
  const newest = (a, b) => Date.parse(b.answer.at) - Date.parse(a.answer.at);
  const answers = () => pending.news().filter(elsewhere).sort(newest);
  const kinds = [
    [answers().slice(0, ANSWERS_MAX), ANSWERS_MAX, (clock) => banner("owner", clock.answer.word,
      el("p", {}, named("banner.answer", clock), " ", el("strong", {}, say(`confirm.${clock.answer.word}`, { owner: ownerOf(clock.list) }))),
      el("p", {}, say(`do.owner.${clock.answer.word}`), clock.answer.text && [" ", bdi(`“${shown(clock.answer.text, 300)}”`)]),
      button(`show ${clock.encounter_id}`, "banner.show", () => show(clock)), button(`saw ${clock.encounter_id} ${clock.answer.at}`, "banner.seen", () => saw(clock))),
    ],
    [answers().slice(ANSWERS_MAX), 0, () => null, (count) => banner("owner", "answers", el("p", {}, say("banner.answer_many", { count })),
      button("show answers", "banner.show", showAll), button("saw answers", "banner.seen", () => answers().slice(ANSWERS_MAX).forEach(saw)))],
    [calm ? overdueClocks(pending) : [], 1, (clock) => banner("grave", "overdue",
      el("p", {}, named("banner.overdue", clock), " ", escalates()),
      button(`show ${clock.encounter_id}`, "banner.show", () => show(clock))),
    (count) => banner("grave", "overdue", el("p", {}, say("banner.overdue_many", { count }), " ", escalates()),
      button("show overdue", "banner.show", showAll))],
    [calm ? pending.late.filter(({ reported }) => !reported) : [], 1, (late) => banner("grave", "late",
      el("p", {}, named("banner.late", late, { scanned: moment(late.scanned_at) })),
      button(`late ${late.encounter_id}`, "banner.show", () => show(late))),
    (count) => banner("grave", "late", el("p", {}, say("banner.late_many", { count })),
      button("show late", "banner.show", showAll))],
  ];
  return kinds.flatMap(([all, most, one, many]) => all.length > most ? [many(all.length)] : all.map(one));
}

function banner(weight, what, ...children) {
  return el("div", { class: "banner", "data-weight": weight, "data-what": what }, children);
}

/** The ready screen's section of clocks; nothing where none runs. */
export function clocksSection(pending, { ownerOf, online }) {
  const clocks = pending.allClocks();
  if (clocks.length === 0) return null;
  return el("section", { class: "owners", "aria-labelledby": "owners" },
    el("h2", { id: "owners", tabindex: "-1" }, say("confirm.title")),
    el("ul", {}, clocks.map((clock) => clockItem(clock, ownerOf, online))));
}

/** A clock in a list, with the alert it is of. */
export function clockItem(clock, ownerOf, online) {
  return el("li", {},
    el("p", {}, bdi(shown(clock.alert_id), { class: "mono" }), " ", bdi(clock.list), " ", el("span", { class: "soft" }, moment(clock.made_at))),
    clockLine(clock, ownerOf(clock.list), online));
}

/** The ready screen's section of documents listed late; nothing where there is none. `report(encounter, outcome)`. */
export function lateSection(pending, { ownerOf, report }) {
  if (pending.late.length === 0) return null;
  return el("section", { class: "late", "aria-labelledby": "late" },
    el("h2", { id: "late", tabindex: "-1" }, say("late.title")),
    el("ul", {}, pending.late.map((late) => el("li", { "data-reported": String(late.reported) },
      el("h3", {}, bdi(shown(late.alert_id), { class: "mono" })),
      el("p", {}, fill("late.scanned", { time: moment(late.scanned_at) }), " ",
        fill("late.listed", { time: moment(late.raised_at), list: isolate(late.list), owner: isolate(ownerOf(late.list)) })),
      late.reported
        ? el("p", { class: "done" }, say("late.reported"))
        : [el("p", { class: "do" }, say(late.action === "bearer_sought" ? "do.late_bearer" : "do.late", { owner: ownerOf(late.list) })),
          el("div", { class: "choices" }, OUTCOMES.map((outcome) => el("button", {
            type: "button", "data-outcome": outcome, "data-encounter": late.encounter_id, onclick: () => report(late.encounter_id, outcome),
          }, say(`outcome.${outcome}`))))]))));
}
