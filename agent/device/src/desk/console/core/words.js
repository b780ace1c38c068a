// The officer's language: messages by key, filled with values. Pure. What is in another language than the page's is marked
// as `{text, english: true}`, so that a screen reader pronounces it right.

import { isolate, shown } from "./text.js";

/** Every language, as it calls itself. */
export const LANGUAGES = { en: "English", fr: "Français", es: "Español", ar: "العربية" };
const RIGHT_TO_LEFT = ["ar"];

/** Characters of an agent's sentence that are shown, at most. */
const PHRASE_MAX = 400;
/** Characters of an agent's error that are shown, at most. */
const ERROR_MAX = 300;

export class Words {
  #messages;

  /** `messages`: `{key: text}`, of one language. */
  constructor(language, messages) {
    this.language = language;
    this.#messages = messages;
  }

  /** `ltr` or `rtl`. */
  get direction() {
    return RIGHT_TO_LEFT.includes(this.language) ? "rtl" : "ltr";
  }

  /** Whether there is such a message. */
  has(key) {
    return Object.hasOwn(this.#messages, key);
  }

  /** A message, filled with numbers and foreign text; the latter is made safe. A key without a message shows as itself. */
  say(key, values = {}) {
    const safe = Object.entries(values).map(([name, value]) => [name, typeof value === "number" ? value : isolate(value)]);
    return this.fill(key, Object.fromEntries(safe));
  }

  /** A message, filled with what is safe already: other messages, isolated text. */
  fill(key, values) {
    const message = this.has(key) ? this.#messages[key] : key;
    return message.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
  }

  /** `family.word` where there is such a message; else the word itself, made safe: a newer agent may know more. */
  term(family, word) {
    return this.has(`${family}.${word}`) ? this.say(`${family}.${word}`) : shown(word);
  }

  /** A sentence of the agent: `{code, values, text}`. */
  phrase({ code, values, text }) {
    return this.has(code) ? this.say(code, values) : shown(text, PHRASE_MAX);
  }

  /** Seconds, as an age: `42 s`, `12 min`, `5 h`, `3 d`. */
  age(seconds) {
    const units = [["s", 1, 120], ["min", 60, 7_200], ["h", 3_600, 172_800], ["d", 86_400, Infinity]];
    const [unit, size] = units.find(([, , below]) => seconds < below);
    return this.say(`age.${unit}`, { n: Math.max(0, Math.floor(seconds / size)) });
  }

  /** Why the agent refused: one sentence in the officer's language if there is one, else its error and hint, in English. */
  reasons({ message, hint, more }) {
    if (more?.why && this.has(more.why.code)) return [this.phrase(more.why)];
    return [message, hint].filter(Boolean).map((text) => ({ text: shown(text, ERROR_MAX), english: true }));
  }

  /** A message with `{error}` in it, in parts; one of them is why the agent refused. */
  refusal(key, error) {
    const [before, after = ""] = this.fill(key, { error: "\0" }).split("\0");
    return [before, this.reasons(error)[0] ?? "", after];
  }
}

/** The text of parts of a sentence. */
export function textOf(parts) {
  return parts.map((part) => part.text ?? part).join("");
}
