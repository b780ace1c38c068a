// What must not be missed, as banners. Only draws: `core/notices.js` says which there are.

import { answerId } from "../core/clocks.js";
import { ownerOf } from "../core/facts.js";
import { failureParts, noticeSentences } from "../core/voice.js";
import { el, sentence } from "./dom.js";
import { ownersText } from "./owner.js";

/** One notice. */
export function banner(page, notice) {
  const sentences = noticeSentences(page.words, notice, page.now);
  const { what, parts } = (WITH_BUTTONS[notice.kind] ?? WITHOUT)(page, notice, sentences);
  const attributes = { class: "banner", "data-weight": notice.weight, "data-what": what };
  return parts ? el("div", attributes, parts) : el("p", attributes, sentencesOf(page, notice, sentences));
}

const WITHOUT = (_, { kind }) => ({ what: kind === "failure" && "failure" });

/** What went wrong may be said in English, whatever the page speaks. */
function sentencesOf({ words }, notice, sentences) {
  return notice.kind === "failure" ? sentence(failureParts(words, notice.failure)) : sentences;
}

/** Banners with something to do, by kind: `what` they are, and their `parts`. */
const WITH_BUTTONS = {
  ending: ({ words, send }, _, sentences) => ({
    what: "ending",
    parts: [el("p", {}, sentences), button("stay", words.say("session.stay"), () => send("stay"))],
  }),
  drill_running: (_, __, sentences) => ({ what: "running", parts: [el("p", {}, sentences)] }),
  drill_ended: (page, { started, outcome }, [head, shortcomings, counted]) => ({
    what: outcome.replace("_", "-"),
    parts: [el("p", {}, el("strong", {}, head), " ", shortcomings), el("p", {}, counted), putAway(page, "drill", [started])],
  }),
  answer: (page, { clock }, sentences) => ({ what: clock.answer.word, parts: answer(page, clock, sentences) }),
  answers: (page, { seen }, sentences) => ({
    what: "answers",
    parts: [el("p", {}, sentences), showAll(page, "answers"), putAway(page, "answers", seen)],
  }),
  overdue: (page, { clock }, sentences) => ({
    what: "overdue",
    parts: [el("p", {}, sentences.join(" ")), showHit(page, "show", clock)],
  }),
  overdue_many: (page, _, sentences) => ({ what: "overdue", parts: [el("p", {}, sentences.join(" ")), showAll(page, "overdue")] }),
  late: (page, { late }, sentences) => ({ what: "late", parts: [el("p", {}, sentences), showHit(page, "late", late)] }),
  late_many: (page, _, sentences) => ({ what: "late", parts: [el("p", {}, sentences), showAll(page, "late")] }),
};

function answer(page, clock, sentences) {
  const { state, words } = page;
  const { word, text } = clock.answer;
  return [
    el("p", {}, sentences, " ", el("strong", {}, words.say(`confirm.${word}`, { owner: ownerOf(state, clock.list) }))),
    el("p", {}, words.say(`do.owner.${word}`), text && [" ", ownersText(text)]),
    showHit(page, "show", clock),
    putAway(page, answerId(clock), [answerId(clock)]),
  ];
}

function button(act, text, onclick) {
  return el("button", { type: "button", "data-act": act, onclick }, text);
}

function showHit({ words, send }, act, { encounter_id: encounter }) {
  return button(`${act} ${encounter}`, words.say("banner.show"), () => send("encounter", { encounter }));
}

function showAll({ words, send }, of) {
  return button(`show ${of}`, words.say("banner.show"), () => send("owners"));
}

function putAway({ words, send }, of, seen) {
  return button(`saw ${of}`, words.say("banner.seen"), () => send("saw", { seen }));
}
