// What is always in view: the post, the link, the queue, hits without an outcome, what owners must confirm, and the tools.
// Only draws.

import { isOnline, officerHere } from "../core/facts.js";
import { countsOf } from "../core/notices.js";
import { shown } from "../core/text.js";
import { bdi, el } from "./dom.js";
import { timer } from "./owner.js";

/** The line at the top. */
export function bar(page) {
  const { status } = page.state;
  return [
    el("p", { class: "where" },
      el("span", { class: "mark", "aria-hidden": "true" }),
      bdi(shown(status?.post || status?.device || "Vedette"), { class: "post" }),
      status?.post && status.post !== status.device && bdi(shown(status.device), { class: "device" })),
    el("ul", { class: "states" }, status && link(page), ownersState(page), openHits(page)),
    el("div", { class: "tools" }, tools(page)),
  ];
}

function link({ state, words }) {
  const online = isOnline(state);
  const { spool } = state.status;
  return [
    el("li", { class: "link", "data-online": String(online), title: shown(state.status.broker ?? "") },
      el("span", { class: "dot", "aria-hidden": "true" }), words.say(online ? "bar.online" : "bar.offline")),
    el("li", { class: "queue", "data-waiting": String(spool > 0) }, words.say("bar.queue", { count: spool })),
  ];
}

/** Clocks that run, the most urgent one's time, how many ran out, and late encounters. */
function ownersState(page) {
  const { state, words, now, send } = page;
  const { overdue, running, late } = countsOf(state, now);
  const parts = [
    overdue > 0 && words.say("bar.overdue", { count: overdue }),
    running.length > 0 && [words.say("bar.waiting", { count: running.length }), " ", timer(running[0], now)],
    late > 0 && words.say("bar.late", { count: late }),
  ].filter(Boolean);
  if (parts.length === 0) return null;
  return el("li", {}, el("button", { type: "button", class: "open", "data-act": "owners", "data-overdue": String(overdue > 0), onclick: () => send("owners") },
    parts.map((part, n) => n === 0 ? part : [" · ", part]),
    key("C")));
}

function openHits({ state, words, send }) {
  const count = state.screen.name === "sign_in" ? 0 : state.pending.hits.length;
  return count > 0 && el("li", {}, el("button", { type: "button", class: "open", "data-act": "open", onclick: () => send("next_hit") },
    words.say("bar.open", { count }), key("N")));
}

function tools({ state, words, send }) {
  const officer = officerHere(state);
  const tool = (act, event, more, ...children) => el("button", { type: "button", "data-act": act, onclick: () => send(event), ...more }, children);
  return [
    officer && tool("sign-out", "sign_out", { class: "officer" }, bdi(shown(officer.name)), " · ", words.say("session.sign_out")),
    ["answer", "refused"].includes(state.screen.name) && tool("away", "put_away", {}, words.say("answer.away"), key("Esc")),
    tool("menu", "menu", {}, words.say("bar.menu"), key("F2")),
  ];
}

function key(name) {
  return el("kbd", { "aria-hidden": "true" }, name);
}
