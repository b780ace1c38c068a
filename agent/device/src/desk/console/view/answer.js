// The answer fills the screen: a word, a shape and a colour; what to do now; warnings; then the alerts with their reasons, the
// document, and the lists with their ages. Only draws.

import { whatToDo } from "../core/advice.js";
import { clockAt, clocksOf } from "../core/clocks.js";
import { OUTCOMES, chosenNow } from "../core/keys.js";
import { dayOf, shown, zoneDate } from "../core/text.js";
import { givenText } from "../core/voice.js";
import { bdi, el } from "./dom.js";
import { clockLine } from "./owner.js";
import { shape } from "./shape.js";

/** Years that a document's expiry may be in the future. */
const EXPIRY_AHEAD = 50;
/** Characters of a fact, and of a handling instruction, that are shown, at most. */
const FACT_MAX = 160;
/** Characters of a note, at most. */
const NOTE_MAX = 500;

/** `at`: when it came; `chosen`: which alert. */
export function answerScreen(page, { answer, at, chosen }) {
  const alert = answer.alerts[chosen];
  return el("article", { class: "answer", "data-verdict": answer.verdict },
    verdict(page, answer, alert, at),
    el("div", { class: "below" },
      answer.alerts.length > 0 && alerts(page, answer, chosen),
      el("div", { class: "side" }, read(page, answer.document), lists(page, answer.checked)),
    ),
    alert && outcomeBar(page, alert),
  );
}

function verdict(page, answer, alert, at) {
  const { state, words, now } = page;
  const { clocks } = state.pending;
  const warnings = [...new Set(answer.alerts.flatMap((met) => met.warnings ?? []))];
  // A list that failed midway has met something, and says why that may not be all.
  const partial = answer.verdict !== "not_checked" && answer.checked.some((list) => list.result === "not_checked" || list.why);
  const label = (alert) => answer.alerts.length > 1 && titleOf(words, alert);
  return el("section", { class: "verdict", "aria-labelledby": "word" },
    el("div", { class: "told" },
      el("div", { class: "headline" },
        shape(answer.verdict),
        el("h1", { id: "word", tabindex: "-1" }, words.say(`verdict.${answer.verdict}`))),
      el("p", { class: "whose" },
        bdi(shown(answer.document.number), { class: "mono number" }),
        bdi(`${shown(answer.document.surname)} ${shown(answer.document.given_names)}`.trim()),
        el("span", { class: "when", "data-at": at }),
      ),
      warnings.length > 0 && el("ul", { class: "warnings" }, warnings.map((word) => el("li", {}, words.term("warning", word)))),
      clocksOf(answer, clocks).map(({ alert, clock }) => clockLine(page, clockAt(clock, now), alert.owner, label(alert))),
      el("h2", { class: "unseen" }, words.say("now")),
      el("ul", { class: "do" }, whatToDo(words, answer, alert, clocks).map((sentence) => el("li", {}, sentence))),
      partial && el("p", { class: "notice" }, words.say("answer.partial")),
      answer.notices.map((notice) => el("p", { class: "notice" }, words.phrase(notice))),
    ),
  );
}

function alerts(page, answer, chosen) {
  const { words, send } = page;
  const many = answer.alerts.length > 1;
  return el("section", { class: "alerts", "aria-labelledby": "alerts" },
    el("h2", { id: "alerts" }, many ? words.say("alert.others", { count: answer.alerts.length }) : words.say("alerts.title")),
    el("ol", {}, answer.alerts.map((alert, at) => {
      const choose = () => send("choose", { at });
      const current = many && at === chosen;
      const pick = many && at !== chosen && { onclick: choose };
      return el("li", { class: "alert", "data-result": alert.result, "aria-current": current && "true", ...pick },
        alertCard(page, alert, many && choose, at));
    })),
  );
}

function titleOf(words, alert) {
  const title = alert.kind === "document" ? words.term("status", alert.status) : shown(alert.name);
  // An alert's name may be withheld from this officer.
  return title ? bdi(title) : words.term("kind", alert.kind);
}

function alertCard({ state, words }, alert, choose, at) {
  const heading = titleOf(words, alert);
  const done = state.pending.outcomes[alert.encounter_id];
  return [
    el("header", {},
      el("h3", {}, choose ? el("button", { type: "button", class: "plain", onclick: choose, "data-alert": at }, heading) : heading),
      el("p", { class: "kind" }, words.term("kind", alert.kind), " · ", el("strong", {}, words.term("action", alert.action)),
        tally(words, alert)),
    ),
    (alert.warnings ?? []).length > 0 &&
      el("ul", { class: "warnings small" }, alert.warnings.map((word) => el("li", {}, words.term("warning", word)))),
    alert.handling && handling(words, alert.handling),
    el("ul", { class: "reasons", "aria-label": words.say("alert.reasons") }, alert.reasons.map((reason) => el("li", { "data-standing": reason.standing }, words.phrase(reason)))),
    facts(words, alert),
    done && el("p", { class: "done" }, givenText(words, done)),
  ];
}

/** How much of a person is equal, differs and is not known; nothing where no fact is shown. */
function tally(words, alert) {
  const [equal, different, unknown] = ["equal", "differs", "unknown"].map((standing) =>
    alert.reasons.filter((reason) => reason.standing === standing).length);
  return equal + different + unknown > 0 && [" · ", words.say("alert.tally", { equal, different, unknown })];
}

function handling(words, { scale, code, text }) {
  const meant = scale === "europol" ? words.term("handling", code) : "";
  return el("p", { class: "handling" }, el("strong", {}, bdi(shown(code))), " ", meant, " ", bdi(shown(text ?? "", FACT_MAX)));
}

function facts(words, alert) {
  const details = alert.details ?? {};
  const known = [
    ["alert.owner", alert.owner],
    ["alert.id", `${alert.alert_id} · ${alert.list}`],
    ["fact.names", (details.names ?? []).slice(1).map(nameOf).join("; ")],
    ["fact.birth_dates", (details.birth_dates ?? []).map(birthOf).join("; ")],
    ["fact.birth_places", (details.birth_places ?? []).join("; ")],
    ["fact.nationalities", (details.nationalities ?? []).join(", ")],
    ["fact.documents", (details.documents ?? []).map((d) => [d.kind, d.state, d.number].filter(Boolean).join(" ")).join("; ")],
    ...["reason", "authority", "reference", "issue_date", "expiry_date", "theft_date", "theft_state", "review_date",
      "national_ref", "remark"].map((key) => [`fact.${key}`, details[key]]),
  ];
  const rows = known.filter(([, value]) => value !== undefined && value !== null && value !== "");
  return el("dl", {}, rows.map(([key, value]) => [el("dt", {}, words.say(key)), el("dd", {}, bdi(shown(value, FACT_MAX)))]));
}

function nameOf({ full, given, surname }) {
  return full || `${given ?? ""} ${surname ?? ""}`.trim();
}

function birthOf({ year, month, day, circa }) {
  const parts = [year, month, day].filter((part) => part !== null && part !== undefined);
  return (circa ? "~ " : "") + parts.map((part) => String(part).padStart(2, "0")).join("-");
}

function read({ words, now }, document) {
  const expires = zoneDate(document.expiry_date, now, EXPIRY_AHEAD);
  // Dates are compared, not instants: on its last day a document is still valid.
  const expired = /^\d{4}-\d\d-\d\d$/.test(expires) && expires < dayOf(now);
  const rows = [
    ["document.number", bdi(shown(document.number), { class: "mono" })],
    ["document.issued_by", bdi(shown(`${document.code} ${document.issuing_state}`), { class: "mono" })],
    ["document.name", bdi(`${shown(document.surname)}, ${shown(document.given_names)}`)],
    ["document.nationality", bdi(shown(document.nationality), { class: "mono" })],
    ["document.born", bdi(zoneDate(document.birth_date, now), { class: "mono" })],
    ["document.sex", bdi(shown(document.sex))],
    ["document.expires", [bdi(expires, { class: "mono" }), expired && [" ", el("strong", { class: "flag" }, words.say("document.expired"))]]],
  ];
  return el("section", { class: "read" },
    el("h2", {}, words.say("document.title")),
    document.format === "typed" && el("p", {}, words.say("document.typed")),
    !document.valid && el("p", { class: "flag" }, words.say("document.invalid")),
    el("dl", {}, rows.map(([key, value]) => [el("dt", {}, words.say(key)), el("dd", {}, value)])),
  );
}

function lists({ words }, checked) {
  return el("section", { class: "lists" },
    el("h2", {}, words.say("lists.title")),
    el("ul", {}, checked.map((list) => el("li", { "data-result": list.result, "data-freshness": list.freshness },
      bdi(list.list, { class: "mono" }),
      el("span", {}, words.say("lists.edition"), " ", list.edition === 0 ? words.say("lists.none") : String(list.edition),
        list.edition !== 0 && [" · ", words.fill("lists.ago", { age: words.age(list.age_s) })]),
      el("span", { class: "freshness" }, words.say(`freshness.${list.freshness}`)),
      el("strong", {}, words.say(`result.${list.result}`), list.why && [": ", words.phrase(list.why)]),
    ))),
  );
}

function outcomeBar({ state, words, send }, alert) {
  if (!alert.encounter_id) return el("p", { class: "outcomes notice" }, words.say("outcome.no_encounter"));
  const done = state.pending.outcomes[alert.encounter_id];
  const note = el("input", { name: "note", maxlength: NOTE_MAX, autocomplete: "off", dir: "auto" });
  const report = (outcome) => () => send("outcome", { outcome, of: chosenNow(state, note.value) });
  return el("form", { class: "outcomes", "aria-labelledby": "outcome", onsubmit: (event) => event.preventDefault() },
    el("h2", { id: "outcome", class: "unseen" }, words.say("outcome.title")),
    el("div", { class: "choices" }, OUTCOMES.map((outcome, n) =>
      el("button", {
        type: "button", "data-outcome": outcome, "aria-pressed": String(done?.outcome === outcome),
        "aria-keyshortcuts": n + 1, onclick: report(outcome),
      }, el("kbd", { "aria-hidden": "true" }, String(n + 1)), el("span", {}, words.say(`outcome.${outcome}`))))),
    el("label", { class: "note" }, el("span", {}, words.say("outcome.note")), note),
  );
}
