// The sign-in screen, where the device has a roster: a badge, scanned or typed, and a PIN. Only draws.

import { whyNotIn } from "../core/voice.js";
import { el, sentence } from "./dom.js";

/** `badge`: what was scanned already; `message`: why this officer is not in. */
export function signInScreen({ words, send }, { badge, message }) {
  const why = whyNotIn(words, message);
  const field = (name, type, more) => el("label", {}, el("span", {}, words.say(`session.${name}`)),
    el("input", { name, type, autocomplete: "off", spellcheck: "false", autocapitalize: "none", dir: "ltr", required: true, ...more }));
  const form = el("form", {
    onsubmit: (event) => {
      event.preventDefault();
      const { badge, pin } = Object.fromEntries(new FormData(form));
      send("sign_in", { badge: badge.trim(), pin });
    },
  },
  field("badge", "text", { value: badge, "data-focus": badge === "" }),
  field("pin", "password", { inputmode: "numeric", "data-focus": badge !== "" }),
  el("button", { class: "main" }, words.say("session.enter")));
  return el("section", { class: "sign-in", "aria-labelledby": "word" },
    el("h1", { id: "word", tabindex: "-1" }, words.say("session.title")),
    el("p", {}, words.say("session.scan")),
    el("p", { class: why.length > 0 && "message", role: "alert" }, sentence(why)),
    form);
}
