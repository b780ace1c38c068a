// The screens that are no answer: checking, not read, no connection. Only draws.

import { bdi, el, sentence } from "./dom.js";
import { shape } from "./shape.js";

/** A word that fills the screen, and what to do; the first sentence is what matters most. */
export function plain({ state, words }, title, sentences) {
  const { name } = state.screen;
  return el("section", { class: `plain ${name}`, "aria-labelledby": "word" },
    el("div", { class: "told" },
      name !== "checking" && shape("not_checked"),
      el("h1", { id: "word", tabindex: "-1" }, words.say(title)),
      sentences.filter(Boolean).map((one, n) => el("p", { class: n === 0 ? "do" : "" }, bdi(sentence([one]))))));
}
