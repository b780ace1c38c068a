// The answer fills the screen: a word, a shape and a colour; what to do now; warnings; then the alerts with their
// reasons, the document, and the lists with their ages. Only draws: what is chosen and recorded is the caller's to keep.

import { bdi, el, svg } from "./dom.js";
import { clockLine, clocksOf, ownersWord } from "./owner.js";
import { OUTCOMES } from "./pending.js";
import { age, fill, has, isolate, phrase, say, shown, term, today, zoneDate } from "./words.js";

/** Years that a document's expiry may lie ahead. */
const EXPIRY_AHEAD = 50;

/** Actions that are told at once, at most. */
const ACTIONS_MAX = 3;
/** Actions, the gravest first: what can hurt somebody, then whom to hold, then what to take, then whom to ask or tell. */
const GRAVITY = ["arrest", "bearer_sought", "protect", "specific_check", "seize_document", "refuse_entry", "return", "inquiry_check", "locate", "inform"];

/** The shape of a verdict, the same as on the terminal: square, triangle, disc, ring. */
export function shape(verdict) {
  const shapes = {
    hit: () => svg("rect", { x: 6, y: 6, width: 88, height: 88, rx: 4 }),
    possible: () => svg("path", { d: "M50 5 97 91H3z" }),
    clear: () => svg("circle", { cx: 50, cy: 50, r: 45 }),
    not_checked: () => svg("circle", { cx: 50, cy: 50, r: 38, class: "ring" }),
  };
  return svg("svg", { class: "shape", viewBox: "0 0 100 100", "aria-hidden": "true" }, shapes[verdict]());
}

/**
 * What the officer is to do, in a few sentences: of a Hit, the actions of every alert that hits; else the chosen one's. Where
 * an owner has answered, that comes first, and an alert that is none any more asks for nothing.
 */
export function whatToDo(answer, alert, pending) {
  const clocks = clocksOf(answer, pending).map(({ clock }) => clock);
  const words = [...new Set(clocks.map(ownersWord).filter(Boolean))].map((key) => say(key));
  const over = (id) => ["not_the_person", "withdrawn"].includes(pending.clock(id)?.answer?.word);
  const left = answer.alerts.filter(({ encounter_id }) => !over(encounter_id));
  if (words.length > 0 && left.length === 0) return words;
  return [...words, ...advice({ ...answer, alerts: left }, left.includes(alert) ? alert : left[0])];
}

function advice(answer, alert) {
  if (answer.verdict === "clear") return [say("do.clear")];
  if (answer.verdict === "not_checked") {
    const why = answer.checked.find((list) => list.result === "not_checked")?.why?.code ?? "why.no_list";
    return [say(has(`do.${why}`) ? `do.${why}` : "do.why.damaged")];
  }
  const hits = answer.alerts.filter(({ result }) => result === "hit");
  if (hits.length === 0) return [say("do.compare"), ...actions([alert])];
  return actions(hits);
}

/** One sentence an action, the gravest first, with every owner who is to be told. */
function actions(alerts) {
  const owners = new Map(); // action -> owners
  for (const { action, owner } of alerts) {
    const known = GRAVITY.includes(action) ? action : "inform";
    owners.set(known, new Set([...owners.get(known) ?? [], isolate(owner)]));
  }
  const told = GRAVITY.filter((action) => owners.has(action)).slice(0, ACTIONS_MAX);
  return told.map((action) => fill(`do.${action}`, { owner: [...owners.get(action)].reduce((one, other) => fill("owners.joined", { one, other })) }));
}

/** The screen of an answer. `pending`: outcomes and clocks of its alerts; `online`: whether headquarters hears us. */
export function answerScreen({ answer, at, chosen, pending, online, choose, report }) {
  const { outcomes } = pending;
  const alert = answer.alerts[chosen];
  return el("article", { class: "answer", "data-verdict": answer.verdict },
    verdict(answer, alert, at, pending, online),
    el("div", { class: "below" },
      answer.alerts.length > 0 && alerts(answer, chosen, outcomes, choose),
      el("div", { class: "side" }, read(answer.document), lists(answer.checked)),
    ),
    alert && outcomeBar(alert, outcomes.get(alert.encounter_id), report),
  );
}

/** The sentence that a screen reader says. */
export function spoken(answer, pending) {
  const alert = answer.alerts[0];
  const warnings = (alert?.warnings ?? []).map((warning) => term("warning", warning));
  return [say(`verdict.${answer.verdict}`), ...warnings, ...whatToDo(answer, alert, pending), shown(answer.document.number)].join(". ");
}

function verdict(answer, alert, at, pending, online) {
  const warnings = [...new Set(answer.alerts.flatMap((met) => met.warnings ?? []))];
  // A list that failed midway has met something, and says why that may not be all.
  const partial = answer.verdict !== "not_checked" && answer.checked.some((list) => list.result === "not_checked" || list.why);
  return el("section", { class: "verdict", "aria-labelledby": "word" },
    el("div", { class: "told" },
      el("div", { class: "headline" },
        shape(answer.verdict),
        el("h1", { id: "word", tabindex: "-1" }, say(`verdict.${answer.verdict}`))),
      el("p", { class: "whose" },
        bdi(shown(answer.document.number), { class: "mono number" }),
        bdi(`${shown(answer.document.surname)} ${shown(answer.document.given_names)}`.trim()),
        el("span", { class: "when", "data-at": at }),
      ),
      warnings.length > 0 && el("ul", { class: "warnings" }, warnings.map((word) => el("li", {}, term("warning", word)))),
      clocksOf(answer, pending).map(({ alert, clock }) => clockLine(clock, alert.owner, online, answer.alerts.length > 1 && titleOf(alert))),
      el("h2", { class: "unseen" }, say("now")),
      el("ul", { class: "do" }, whatToDo(answer, alert, pending).map((sentence) => el("li", {}, sentence))),
      partial && el("p", { class: "notice" }, say("answer.partial")),
      answer.notices.map((notice) => el("p", { class: "notice" }, phrase(notice))),
    ),
  );
}

function alerts(answer, chosen, outcomes, choose) {
  const many = answer.alerts.length > 1;
  return el("section", { class: "alerts", "aria-labelledby": "alerts" },
    el("h2", { id: "alerts" }, many ? say("alert.others", { count: answer.alerts.length }) : say("alerts.title")),
    el("ol", {}, answer.alerts.map((alert, at) => {
      const current = many && at === chosen;
      const pick = many && at !== chosen && { onclick: () => choose(at) };
      return el("li", { class: "alert", "data-result": alert.result, "aria-current": current && "true", ...pick },
        alertCard(alert, outcomes.get(alert.encounter_id), many && (() => choose(at)), at));
    })),
  );
}

function titleOf(alert) {
  const title = alert.kind === "document" ? term("status", alert.status) : shown(alert.name);
  // An alert's name may be withheld from this officer.
  return title ? bdi(title) : term("kind", alert.kind);
}

function alertCard(alert, done, choose, at) {
  const heading = titleOf(alert);
  return [
    el("header", {},
      el("h3", {}, choose ? el("button", { type: "button", class: "plain", onclick: choose, "data-alert": at }, heading) : heading),
      el("p", { class: "kind" }, term("kind", alert.kind), " · ", el("strong", {}, term("action", alert.action)),
        alert.kind !== "document" && [" · ", say("alert.score", { n: Math.round(alert.score * 100) })]),
    ),
    (alert.warnings ?? []).length > 0 &&
      el("ul", { class: "warnings small" }, alert.warnings.map((word) => el("li", {}, term("warning", word)))),
    alert.handling && handling(alert.handling),
    el("ul", { class: "reasons", "aria-label": say("alert.reasons") }, alert.reasons.map((reason) => el("li", {}, phrase(reason)))),
    facts(alert),
    done && el("p", { class: "done" }, fill("outcome.done", { outcome: say(`outcome.${done.outcome}`), time: done.time })),
  ];
}

function handling({ scale, code, text }) {
  const meant = scale === "europol" ? term("handling", code) : "";
  return el("p", { class: "handling" }, el("strong", {}, bdi(shown(code))), " ", meant, " ", bdi(shown(text ?? "", 160)));
}

function facts(alert) {
  const details = alert.details ?? {};
  const told = [
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
  const rows = told.filter(([, value]) => value !== undefined && value !== null && value !== "");
  return el("dl", {}, rows.map(([key, value]) => [el("dt", {}, say(key)), el("dd", {}, bdi(shown(value, 160)))]));
}

function nameOf({ full, given, surname }) {
  return full || `${given ?? ""} ${surname ?? ""}`.trim();
}

function birthOf({ year, month, day, circa }) {
  const parts = [year, month, day].filter((part) => part !== null && part !== undefined);
  return (circa ? "~ " : "") + parts.map((part) => String(part).padStart(2, "0")).join("-");
}

function read(document) {
  const expires = zoneDate(document.expiry_date, EXPIRY_AHEAD);
  // Dates are compared, not instants: on its last day a document is still valid.
  const expired = /^\d{4}-\d\d-\d\d$/.test(expires) && expires < today();
  const rows = [
    ["document.number", bdi(shown(document.number), { class: "mono" })],
    ["document.issued_by", bdi(shown(`${document.code} ${document.issuing_state}`), { class: "mono" })],
    ["document.name", bdi(`${shown(document.surname)}, ${shown(document.given_names)}`)],
    ["document.nationality", bdi(shown(document.nationality), { class: "mono" })],
    ["document.born", bdi(zoneDate(document.birth_date), { class: "mono" })],
    ["document.sex", bdi(shown(document.sex))],
    ["document.expires", [bdi(expires, { class: "mono" }), expired && [" ", el("strong", { class: "flag" }, say("document.expired"))]]],
  ];
  return el("section", { class: "read" },
    el("h2", {}, say("document.title")),
    !document.valid && el("p", { class: "flag" }, say("document.invalid")),
    el("dl", {}, rows.map(([key, value]) => [el("dt", {}, say(key)), el("dd", {}, value)])),
  );
}

function lists(checked) {
  return el("section", { class: "lists" },
    el("h2", {}, say("lists.title")),
    el("ul", {}, checked.map((list) => el("li", { "data-result": list.result, "data-freshness": list.freshness },
      bdi(list.list, { class: "mono" }),
      el("span", {}, say("lists.edition"), " ", list.edition === 0 ? say("lists.none") : String(list.edition),
        list.edition !== 0 && [" · ", fill("lists.ago", { age: age(list.age_s) })]),
      el("span", { class: "freshness" }, say(`freshness.${list.freshness}`)),
      el("strong", {}, say(`result.${list.result}`), list.why && [": ", phrase(list.why)]),
    ))),
  );
}

function outcomeBar(alert, done, report) {
  if (!alert.encounter_id) return el("p", { class: "outcomes notice" }, say("outcome.no_encounter"));
  return el("form", { class: "outcomes", "aria-labelledby": "outcome", onsubmit: (event) => event.preventDefault() },
    el("h2", { id: "outcome", class: "unseen" }, say("outcome.title")),
    el("div", { class: "choices" }, OUTCOMES.map((outcome, n) =>
      el("button", {
        type: "button", "data-outcome": outcome, "aria-pressed": String(done?.outcome === outcome),
        "aria-keyshortcuts": n + 1, onclick: () => report(outcome),
      }, el("kbd", { "aria-hidden": "true" }, String(n + 1)), el("span", {}, say(`outcome.${outcome}`))))),
    el("label", { class: "note" }, el("span", {}, say("outcome.note")),
      el("input", { name: "note", maxlength: 500, autocomplete: "off", dir: "auto" })),
  );
}
