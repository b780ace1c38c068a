// The officer's language: messages by key, ages, dates, and what others wrote made safe to look at.

import { el } from "./dom.js";

/** Every language, as it calls itself. */
export const LANGUAGES = { en: "English", fr: "Français", es: "Español", ar: "العربية" };
const RIGHT_TO_LEFT = ["ar"];

/** Characters of foreign text that are shown, at most. */
const SHOWN_MAX = 80;
/** Marks over one letter that are shown, at most. */
const MARKS_MAX = 3;

let messages = {};

/** The language the browser asks for, of those there are. */
export function preferred() {
  const wanted = navigator.languages.map((tag) => tag.split("-")[0].toLowerCase());
  return wanted.find((language) => language in LANGUAGES) ?? "en";
}

/** Speaks a language from now on; what is on the screen must be drawn anew. */
export async function speak(language) {
  const answer = await fetch(`/console/messages/${language}.json`);
  if (!answer.ok) throw new Error(`messages/${language}.json: ${answer.status}`);
  messages = await answer.json();
  document.documentElement.lang = language;
  document.documentElement.dir = RIGHT_TO_LEFT.includes(language) ? "rtl" : "ltr";
}

/** Whether there is such a message. */
export function has(key) {
  return Object.hasOwn(messages, key);
}

/** A message, filled with numbers and foreign text; the latter is made safe. A key without a message shows as itself. */
export function say(key, values = {}) {
  const safe = Object.entries(values).map(([name, value]) => [name, typeof value === "number" ? value : isolate(value)]);
  return fill(key, Object.fromEntries(safe));
}

/** A message, filled with what is safe already: other messages, isolated text. */
export function fill(key, values) {
  const message = has(key) ? messages[key] : key;
  return message.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

/** Foreign text within a sentence: made safe, its direction kept to itself. */
export function isolate(text) {
  return `\u2068${shown(text)}\u2069`;
}

/** `family.word` where there is such a message; else the word itself, made safe: a newer agent may know more. */
export function term(family, word) {
  return has(`${family}.${word}`) ? say(`${family}.${word}`) : shown(word);
}

/** A sentence of the agent's: `{code, values, text}`. */
export function phrase({ code, values, text }) {
  return has(code) ? say(code, values) : shown(text, 400);
}

/** Why the agent refused: in the officer's language where there are words for it, else what it says, in English. */
export function reasons({ message, hint, more }) {
  return more?.why && has(more.why.code) ? [phrase(more.why)] : [message, hint].filter(Boolean).map(english);
}

/** A message with `{error}` in it, in parts: why the agent refused is one. */
export function refusal(key, error) {
  const [before, after = ""] = messages[key].split("{error}");
  return [before, reasons(error)[0], after];
}

/** Text that is English whatever the page speaks. */
function english(text) {
  return el("span", { lang: "en", dir: "ltr" }, shown(text, 300));
}

/** Seconds, as an age: `42 s`, `12 min`, `5 h`, `3 d`. */
export function age(seconds) {
  const units = [["s", 1, 120], ["min", 60, 7_200], ["h", 3_600, 172_800], ["d", 86_400, Infinity]];
  const [unit, size] = units.find(([, , below]) => seconds < below);
  return say(`age.${unit}`, { n: Math.max(0, Math.floor(seconds / size)) });
}

/** A time of the agent's, RFC 3339, as the post's own: `14:05`, on another day `2026-11-23 14:05`. */
export function moment(text) {
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) return isolate(text);
  const time = `${two(at.getHours())}:${two(at.getMinutes())}`;
  return isolate(dayOf(at) === today() ? time : `${dayOf(at)} ${time}`);
}

/** Today here, `2026-11-23`. */
export function today() {
  return dayOf(new Date());
}

function dayOf(at) {
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

function two(n) {
  return String(n).padStart(2, "0");
}

/** A date of a machine readable zone, YYMMDD, as YYYY-MM-DD; unknown parts as `??`. `ahead`: years it may lie ahead. */
export function zoneDate(text, ahead = 0) {
  if (!/^[0-9<]{6}$/.test(text)) return shown(text);
  const [year, month, day] = text.replaceAll("<", "?").match(/../g);
  const latest = new Date().getFullYear() + ahead;
  const century = Number(`20${year}`) > latest ? "19" : "20";
  return `${year === "??" ? "??" : century}${year}-${month}-${day}`;
}

/**
 * What somebody else wrote, so that it cannot lie: controls, directions and other unseen characters show their code,
 * marks do not pile up, and it is cut where it is too long.
 */
export function shown(text, max = SHOWN_MAX) {
  let out = "";
  let count = 0;
  let marks = 0;
  for (const character of String(text)) {
    if (/\p{M}/u.test(character)) {
      if (++marks > MARKS_MAX) continue;
    } else marks = 0;
    if (++count > max) return `${out}…`;
    out += /[\p{C}\p{Zl}\p{Zp}]/u.test(character) ? `⟨${code(character)}⟩` : character;
  }
  return out;
}

function code(character) {
  return `U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
}
