// The sign-in screen, where the device holds a roster: a badge, scanned or typed, and a PIN.

import { el } from "./dom.js";
import { refusal, say } from "./words.js";

/** The screen. `badge`: what was scanned already; `message`: why this officer is not in; `enter(badge, pin)`. */
export function signInScreen({ badge = "", message = "", enter }) {
  const field = (name, type, more) => el("label", {}, el("span", {}, say(`session.${name}`)),
    el("input", { name, type, autocomplete: "off", spellcheck: "false", autocapitalize: "none", dir: "ltr", required: true, ...more }));
  const form = el("form", {
    onsubmit: (event) => {
      event.preventDefault();
      const { badge, pin } = Object.fromEntries(new FormData(form));
      enter(badge.trim(), pin);
    },
  },
  field("badge", "text", { value: badge, "data-focus": badge === "" }),
  field("pin", "password", { inputmode: "numeric", "data-focus": badge !== "" }),
  el("button", { class: "main" }, say("session.enter")));
  return el("section", { class: "sign-in", "aria-labelledby": "word" },
    el("h1", { id: "word", tabindex: "-1" }, say("session.title")),
    el("p", {}, say("session.scan")),
    el("p", { class: message && "message", role: "alert" }, message),
    form);
}

/** Why somebody was not signed in: a sentence, or its parts. */
export function whyNot(error, pin) {
  const { status, more } = error;
  if (status === 428) return say("session.pin_needed");
  if (status === 401) return say(pin ? "session.wrong" : "session.pin_needed");
  if (status === 429 && more.retry_after_s) return say("session.locked", { n: more.retry_after_s });
  if (status === 403) return say("session.ended");
  return refusal("session.failed", error);
}
