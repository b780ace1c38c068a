// Reports of discreet checks, for an entitled officer: opened by a deliberate act (F8, then the PIN once more), never by
// itself, and looking like any other form. What was typed stays until it is sent, the session ends, or the page goes.

import { bdi, el } from "./dom.js";
import { Refused } from "./agent.js";
import { whyNot } from "./officer.js";
import { clockItem, clockLine, ownersWord } from "./owner.js";
import { fill, refusal, say, shown, term } from "./words.js";

/** The form of Reg. (EU) 2018/1862 Art. 37(1), in its order. */
const FIELDS = ["place", "time", "reason", "route", "destination", "companions", "identity", "conveyance", "objects", "circumstances"];

const drafts = new Map(); // encounter -> {field: text}
const sent = new Map();   // encounter -> time

/** Forgets what was typed and sent: another officer is here, or none. */
export function forgetReports() {
  drafts.clear();
  sent.clear();
}

/** Opens the dialog. */
export function reports(dialog, agent, { ownerOf, isOnline }) {
  const draw = (...children) => dialog.replaceChildren(
    el("h2", { id: "reports", tabindex: "-1" }, say("report.title")),
    ...children.flat(Infinity).filter(Boolean),
    el("form", { method: "dialog" }, el("button", {}, say("menu.close"))));
  dialog.setAttribute("aria-labelledby", "reports");
  draw(ask());
  dialog.showModal();

  function ask(message = "") {
    const form = el("form", {
      onsubmit: async (event) => {
        event.preventDefault();
        let answered;
        try {
          const revealed = await agent.reveal(form.elements.pin.value);
          answered = () => found(revealed);
        } catch (error) {
          if (!(error instanceof Refused)) return;
          answered = () => [ask(whyNot(error, true))];
        }
        // Meanwhile the dialog may have been closed, and be another's by now.
        if (!form.isConnected) return;
        draw(...answered());
        dialog.querySelector("h2").focus();
      },
    },
    message && el("p", { class: "message", role: "alert" }, message),
    el("label", { class: "stacked" }, el("span", {}, say("report.pin")),
      el("input", { name: "pin", type: "password", inputmode: "numeric", autocomplete: "off", required: true, autofocus: true })),
    el("button", { class: "main" }, say("report.show")));
    return form;
  }

  function found({ scans, confirmations }) {
    const heard = Date.now();
    const clock = (id) => {
      const clock = confirmations.find(({ encounter_id }) => encounter_id === id);
      return clock && { ...clock, left_s: clock.left_s - (Date.now() - heard) / 1000 };
    };
    const met = scans.flatMap((scan) => scan.alerts.map((alert) => report(scan, alert, clock(alert.encounter_id))));
    const shown = new Set(scans.flatMap(({ alerts }) => alerts.map(({ encounter_id }) => encounter_id)));
    const older = confirmations.filter(({ encounter_id }) => !shown.has(encounter_id));
    return [
      met.length > 0 ? met : el("p", {}, say("report.none")),
      older.length > 0 && el("section", { class: "report" }, el("h3", {}, say("confirm.title")),
        el("ul", {}, older.map((clock) => clockItem(clock, ownerOf, isOnline())))),
    ];
  }

  function report({ at, document: read, form: known }, alert, clock) {
    const id = alert.encounter_id;
    const draft = drafts.get(id) ?? { ...known };
    drafts.set(id, draft);
    const state = el("p", { role: "status" }, sent.has(id) && fill("report.sent", { time: sent.get(id) }));
    const send = async (outcome) => {
      try {
        await agent.outcome(id, outcome, "", Object.fromEntries(Object.entries(draft).filter(([, text]) => text !== "")));
        sent.set(id, new Date().toTimeString().slice(0, 5));
        state.textContent = fill("report.sent", { time: sent.get(id) });
      } catch (error) {
        state.replaceChildren(...refusal("outcome.failed", error));
      }
    };
    return el("section", { class: "report" },
      el("h3", {}, bdi(shown(alert.name) || term("kind", alert.kind)), " · ", new Date(at * 1000).toTimeString().slice(0, 5)),
      el("p", {}, bdi(shown(read.number), { class: "mono" }), " · ", bdi(shown(`${read.surname} ${read.given_names}`))),
      clock && clockLine(clock, alert.owner, isOnline()),
      el("p", {}, say(ownersWord(clock) ?? "do.discreet_check", { owner: alert.owner })),
      el("div", { class: "fields" }, FIELDS.map((field) => el("label", {},
        el("span", {}, say(`form.${field}`)),
        el("input", { name: field, value: draft[field] ?? "", maxlength: 250, autocomplete: "off", dir: "auto", oninput: (event) => { draft[field] = event.target.value; } })))),
      el("div", { class: "send" },
        el("button", { type: "button", class: "main", onclick: () => send("confirmed") }, say("report.send")),
        el("button", { type: "button", onclick: () => send("not_the_person") }, say("outcome.not_the_person"))),
      state);
  }
}
