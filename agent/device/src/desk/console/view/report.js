// Reports of discreet checks, in a dialog that looks like any other form. Only draws: see `core/reports.js`.

import { ownersWord } from "../core/advice.js";
import { clockAt } from "../core/clocks.js";
import { shown, timeOf } from "../core/text.js";
import { whyNotIn } from "../core/voice.js";
import { bdi, el, sentence } from "./dom.js";
import { clockLine, clockList } from "./owner.js";

/** The form of Reg. (EU) 2018/1862 Art. 37(1), in its order. */
const FIELDS = ["place", "time", "reason", "route", "destination", "companions", "identity", "conveyance", "objects", "circumstances"];
/** Characters of one of its fields, at most. */
const FIELD_MAX = 250;

/** The dialog's children. `revealed`: null until the PIN was right; `refused`: why it was not. */
export function reports(page, { revealed, refused }) {
  const { words } = page;
  return {
    children: [
      el("h2", { id: "reports", tabindex: "-1" }, words.say("report.title")),
      ...revealed === null ? [pinForm(page, refused)] : found(page, revealed),
      el("form", { method: "dialog" }, el("button", {}, words.say("menu.close"))),
    ],
  };
}

function pinForm({ words, send }, refused) {
  const form = el("form", {
    onsubmit: (event) => {
      event.preventDefault();
      send("reveal", { pin: form.elements.pin.value });
    },
  },
  refused && el("p", { class: "message", role: "alert" }, sentence(whyNotIn(words, { what: "not_in", error: refused, pin: true }))),
  el("label", { class: "stacked" }, el("span", {}, words.say("report.pin")),
    el("input", { name: "pin", type: "password", inputmode: "numeric", autocomplete: "off", required: true, autofocus: true })),
  el("button", { class: "main" }, words.say("report.show")));
  return form;
}

/** A report for each alert of the last hour, and the clocks of older ones. */
function found(page, { scans, clocks }) {
  const { words, now } = page;
  const current = clocks.map((clock) => clockAt(clock, now));
  const met = scans.flatMap((scan) => scan.alerts.map((alert) =>
    report(page, scan, alert, current.find(({ encounter_id }) => encounter_id === alert.encounter_id))));
  const shownHere = scans.flatMap(({ alerts }) => alerts.map(({ encounter_id }) => encounter_id));
  const older = current.filter(({ encounter_id }) => !shownHere.includes(encounter_id));
  return [
    ...met.length > 0 ? met : [el("p", {}, words.say("report.none"))],
    ...older.length > 0 ? [el("section", { class: "report" }, el("h3", {}, words.say("confirm.title")), clockList(page, older))] : [],
  ];
}

function report(page, { at, document: read }, alert, clock) {
  const { state, words, send } = page;
  const { encounter_id: encounter, owner } = alert;
  const draft = state.reports.drafts[encounter] ?? {};
  const sendReport = (outcome) => () => send("report", { encounter, outcome });
  return el("section", { class: "report" },
    el("h3", {}, bdi(shown(alert.name) || words.term("kind", alert.kind)), " · ", timeOf(at * 1000)),
    el("p", {}, bdi(shown(read.number), { class: "mono" }), " · ", bdi(shown(`${read.surname} ${read.given_names}`))),
    clock && clockLine(page, clock, owner),
    el("p", {}, words.say(ownersWord(clock) ?? "do.discreet_check", { owner })),
    el("div", { class: "fields" }, FIELDS.map((field) => el("label", {},
      el("span", {}, words.say(`form.${field}`)),
      el("input", {
        name: field, value: draft[field] ?? "", maxlength: FIELD_MAX, autocomplete: "off", dir: "auto",
        oninput: (event) => send("draft", { encounter, field, text: event.target.value }),
      })))),
    el("div", { class: "send" },
      el("button", { type: "button", class: "main", onclick: sendReport("confirmed") }, words.say("report.send")),
      el("button", { type: "button", onclick: sendReport("not_the_person") }, words.say("outcome.not_the_person"))),
    el("p", { role: "status", "data-report": encounter }, stateOf(page, encounter)));
}

/** What became of a report: sent, refused, or nothing yet. */
function stateOf({ state, words }, encounter) {
  const { reports: { sent }, dialog: { failures } } = state;
  if (failures[encounter]) return sentence(words.refusal("outcome.failed", failures[encounter]));
  return sent[encounter] ? [words.fill("report.sent", { time: timeOf(sent[encounter]) })] : [];
}

/** Draws the states of the reports again, where they differ: a screen reader says what was changed. */
export function drawReportStates(page, dialog) {
  for (const line of dialog.querySelectorAll("[data-report]")) {
    const state = el("p", {}, stateOf(page, line.dataset.report));
    if (state.textContent !== line.textContent) line.replaceChildren(...state.childNodes);
  }
}
