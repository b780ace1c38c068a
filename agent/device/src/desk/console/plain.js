// The screens that are no answer (checking, not read, no connection), and the form for a zone that is typed. Only draws.

import { shape } from "./answer.js";
import { bdi, el } from "./dom.js";
import { say } from "./words.js";
import { lines, whole } from "./wedge.js";

/** A word that fills the screen, and what to do. `name`: the screen; the first sentence is what matters most. */
export function plain(name, title, sentences) {
  return el("section", { class: `plain ${name}`, "aria-labelledby": "word" },
    el("div", { class: "told" },
      name !== "checking" && shape("not_checked"),
      el("h1", { id: "word", tabindex: "-1" }, say(title)),
      sentences.filter(Boolean).map((sentence, n) => el("p", { class: n === 0 ? "do" : "" }, bdi(sentence)))));
}

/** Where a zone is typed; `scan(zone)` once it is whole. */
export function zoneForm(scan) {
  const field = el("textarea", {
    id: "zone", name: "zone", rows: 3, cols: 44, dir: "ltr", spellcheck: "false", autocomplete: "off",
    autocapitalize: "characters", "aria-describedby": "zone-label",
    onkeydown: (event) => {
      if (event.key === "Enter" && whole(`${field.value.toUpperCase().trim()}\n`)) {
        event.preventDefault();
        send();
      }
    },
  });
  const send = () => field.value.trim() !== "" && scan(lines(field.value.trim().toUpperCase()));
  return el("form", { class: "zone", onsubmit: (event) => { event.preventDefault(); send(); } },
    el("label", { for: "zone", id: "zone-label" }, say("ready.zone")),
    field,
    el("button", { class: "main" }, say("ready.check")));
}
