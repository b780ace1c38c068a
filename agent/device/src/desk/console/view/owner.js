// What the owners of alerts have to do with a hit: the clock until they must confirm it, their answer, and late encounters.
// Only draws.

import { allClocks, countdown, isOverdue } from "../core/clocks.js";
import { isOnline, ownerOf } from "../core/facts.js";
import { OUTCOMES } from "../core/keys.js";
import { isolate, moment, shown } from "../core/text.js";
import { bdi, el } from "./dom.js";

/** Characters of an owner's answer that are shown, at most. */
const ANSWER_MAX = 300;

/** One clock, or what ended it. `clock`: as it is now; `label`: which alert's, where there are several. */
export function clockLine(page, clock, owner, label = null) {
  const { words, now } = page;
  const { answer } = clock;
  const overdue = isOverdue(clock);
  const state = answer ? answer.word : overdue ? "overdue" : "waiting";
  const line = el("div", { class: "clock", "data-clock": state },
    label && el("span", { class: "owner-label" }, label),
    answer ? answered(words, answer, owner, now) : [timer(clock, now), overdue ? ranOut(page, owner) : el("span", {}, words.say("confirm.waiting", { owner }))]);
  line.runOut = () => line.replaceWith(clockLine(page, { ...clock, left_s: 0 }, owner, label));
  return line;
}

function answered(words, { word, text, at }, owner, now) {
  return [
    el("strong", { class: "owner-word" }, words.say(`confirm.${word}`, { owner })),
    text && ownersText(text, { class: "owner-text" }),
    el("span", { class: "owner-when" }, words.fill("confirm.answered", { time: moment(at, now) })),
  ];
}

function ranOut({ state, words }, owner) {
  const escalates = isOnline(state) ? "confirm.escalated" : "confirm.escalates";
  return [el("strong", {}, words.say("confirm.overdue", { owner })), el("span", {}, words.say(escalates))];
}

/** What an owner wrote. */
export function ownersText(text, attributes = {}) {
  return bdi(`“${shown(text, ANSWER_MAX)}”`, attributes);
}

/** The time left, or, after a `+`, the time since; `drawTimes` keeps it up to date. */
export function timer(clock, now) {
  return el("span", { class: "timer", role: "timer", dir: "ltr", "data-due": now + clock.left_s * 1000 }, countdown(clock.left_s));
}

/** The ready screen's section of clocks; nothing where none runs. */
export function clocksSection(page) {
  const clocks = allClocks(page.state.pending.clocks, page.now);
  if (clocks.length === 0) return null;
  return el("section", { class: "owners", "aria-labelledby": "owners" },
    el("h2", { id: "owners", tabindex: "-1" }, page.words.say("confirm.title")),
    clockList(page, clocks));
}

/** Clocks with the alerts they are of; `clocks`: as they came, or as they are now. */
export function clockList(page, clocks) {
  const { state, now } = page;
  return el("ul", {}, clocks.map((clock) => el("li", {},
    el("p", {}, bdi(shown(clock.alert_id), { class: "mono" }), " ", bdi(clock.list), " ", el("span", { class: "soft" }, moment(clock.made_at, now))),
    clockLine(page, clock, ownerOf(state, clock.list)))));
}

/** The ready screen's section of late encounters; nothing where there is none. */
export function lateSection(page) {
  const { late } = page.state.pending;
  if (late.length === 0) return null;
  return el("section", { class: "late", "aria-labelledby": "late" },
    el("h2", { id: "late", tabindex: "-1" }, page.words.say("late.title")),
    el("ul", {}, late.map((one) => lateItem(page, one))));
}

function lateItem({ state, words, now, send }, { encounter_id: encounter, alert_id, list, action, scanned_at, raised_at, reported }) {
  const owner = ownerOf(state, list);
  const outcomeButton = (outcome) => el("button", {
    type: "button", "data-outcome": outcome, "data-encounter": encounter, onclick: () => send("outcome_late", { encounter, outcome }),
  }, words.say(`outcome.${outcome}`));
  return el("li", { "data-reported": String(reported) },
    el("h3", {}, bdi(shown(alert_id), { class: "mono" })),
    el("p", {}, words.fill("late.scanned", { time: moment(scanned_at, now) }), " ",
      words.fill("late.listed", { time: moment(raised_at, now), list: isolate(list), owner: isolate(owner) })),
    reported
      ? el("p", { class: "done" }, words.say("late.reported"))
      : [el("p", { class: "do" }, words.say(action === "bearer_sought" ? "do.late_bearer" : "do.late", { owner })),
        el("div", { class: "choices" }, OUTCOMES.map(outcomeButton))]);
}
