// The menu: language, light, sound, single keys, the keys, and for an administrator the drill. Only draws.

import { officerHere } from "../core/facts.js";
import { THEMES } from "../core/settings.js";
import { LANGUAGES } from "../core/words.js";
import { el } from "./dom.js";

/** How long a drill lasts unless the administrator says otherwise, minutes, and at most. */
const MINUTES = 15;
const MINUTES_MAX = 120;

const KEYS = [
  [["1", "…", "5"], "keys.outcome"],
  [["↑", "↓"], "keys.choose"],
  [["N"], "keys.open"],
  [["C"], "keys.owners"],
  [["Esc"], "keys.away"],
  [["F2"], "keys.menu"],
  [["F8"], "keys.report"],
];

/** The menu's children, and what has the focus once they are drawn again. */
export function menu(page) {
  const { state, words } = page;
  const officer = officerHere(state);
  return {
    focus: sameAs(document.activeElement),
    children: [
      el("h2", { id: "menu", tabindex: "-1" }, words.say("menu.title")),
      choice(page, "language", "menu.language", Object.entries(LANGUAGES).map(([code, name]) => [code, name, code])),
      choice(page, "theme", "menu.theme", THEMES.map((theme) => [theme, words.say(`menu.${theme}`)])),
      yesNo(page, "sound", "menu.sound"),
      yesNo(page, "shortcuts", "menu.shortcuts"),
      ...officer?.role === "administrator" ? [drillForm(page)] : [],
      el("h3", {}, words.say("menu.keys")),
      keys(words, officer?.discreet === true),
      el("form", { method: "dialog" }, el("button", { class: "main" }, words.say("menu.close"))),
    ],
  };
}

/** Selects the same field. */
function sameAs({ name, type, value }) {
  if (!name) return "h2";
  return `[name="${name}"]${type === "radio" ? `[value="${value}"]` : ""}`;
}

function choice({ state, words, send }, name, label, options) {
  return el("fieldset", {},
    el("legend", {}, words.say(label)),
    options.map(([value, text, language]) => el("label", { lang: language },
      el("input", { type: "radio", name, value, checked: state.settings[name] === value, onchange: () => send("set", { name, value }) }),
      el("span", {}, text))));
}

function yesNo({ state, words, send }, name, label) {
  return el("label", { class: "yes-no" },
    el("input", { type: "checkbox", name, checked: state.settings[name], onchange: (event) => send("set", { name, value: event.target.checked }) }),
    el("span", {}, words.say(label)));
}

/** `entitled`: to reports of discreet checks; no other officer learns of them here. */
function keys(words, entitled) {
  const known = KEYS.filter(([, label]) => entitled || label !== "keys.report");
  return el("dl", { class: "keys" }, known.map(([names, label]) => [
    el("dt", {}, names.map((name) => el("kbd", {}, name))), el("dd", {}, words.say(label)),
  ]));
}

/** Begins the outage drill, or ends it. */
function drillForm({ state, words, send }) {
  const running = Boolean(state.status?.drill_until);
  const form = el("form", {
    class: "drill",
    onsubmit: (event) => {
      event.preventDefault();
      send("drill", { minutes: running ? null : Number(form.elements.minutes.value) });
    },
  },
  el("h3", {}, words.say("drill.title")),
  !running && el("label", {}, el("span", {}, words.say("drill.minutes")),
    el("input", { name: "minutes", type: "number", min: 1, max: MINUTES_MAX, value: MINUTES, required: true })),
  el("button", {}, words.say(running ? "drill.stop" : "drill.start")));
  return form;
}
