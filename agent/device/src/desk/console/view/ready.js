// The ready screen: what is pending, the form for a zone that is typed, the lists on this device. Only draws.

import { grownBy } from "../core/facts.js";
import { shown } from "../core/text.js";
import { lines, whole } from "../core/zone.js";
import { bdi, el } from "./dom.js";
import { clocksSection, lateSection } from "./owner.js";

export function readyScreen(page) {
  const { words } = page;
  return el("section", { class: "ready", "aria-labelledby": "word" },
    el("h1", { id: "word", tabindex: "-1" }, words.say("ready.title")),
    el("p", { class: "lead" }, words.say("ready.text")),
    lateSection(page),
    zoneForm(page),
    clocksSection(page),
    listsSection(page));
}

function zoneForm({ words, send }) {
  const field = el("textarea", {
    id: "zone", name: "zone", rows: 3, cols: 44, dir: "ltr", spellcheck: "false", autocomplete: "off",
    autocapitalize: "characters", "aria-describedby": "zone-label",
    onkeydown: (event) => {
      if (event.key === "Enter" && whole(`${field.value.toUpperCase().trim()}\n`)) {
        event.preventDefault();
        check();
      }
    },
  });
  const check = () => field.value.trim() !== "" && send("zone", { text: lines(field.value.trim().toUpperCase()) });
  return el("form", { class: "zone", onsubmit: (event) => { event.preventDefault(); check(); } },
    el("label", { for: "zone", id: "zone-label" }, words.say("ready.zone")),
    field,
    el("button", { class: "main" }, words.say("ready.check")));
}

/** The lists on this device; nothing where there is none. */
function listsSection({ state, words, now }) {
  const lists = state.status?.lists ?? [];
  if (lists.length === 0) return null;
  const grown = grownBy(state, now);
  return el("section", { class: "cached", "aria-labelledby": "cached" },
    el("h2", { id: "cached" }, words.say("lists.held")),
    el("ul", {}, lists.map((list) => el("li", { "data-freshness": list.freshness },
      bdi(list.list, { class: "mono" }),
      bdi(shown(list.owner)),
      el("span", {}, words.say("lists.edition"), " ", list.edition === 0 ? words.say("lists.none") : String(list.edition)),
      el("span", {}, list.edition === 0 ? "" : words.fill("lists.ago", { age: words.age(list.age_s + grown) })),
      el("strong", { class: "freshness" }, words.say(`freshness.${list.freshness}`)),
    ))),
  );
}
