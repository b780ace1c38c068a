// Text and dates that need no language. Pure: a time is passed in, as milliseconds since 1970.

/** Characters of foreign text that are shown, at most. */
const SHOWN_MAX = 80;
/** Marks over one letter that are shown, at most. */
const MARKS_MAX = 3;

/**
 * Foreign text, so that it cannot deceive: control, direction and other invisible characters show their
 * code, marks do not pile up, and what is longer than `max` characters is cut.
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

/** Foreign text inside a sentence: made safe, its direction isolated. */
export function isolate(text) {
  return `\u2068${shown(text)}\u2069`;
}

/** The post's local day, `2026-11-23`. */
export function dayOf(time) {
  const at = new Date(time);
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

/** The post's local time of day, `14:05`. */
export function timeOf(time) {
  const at = new Date(time);
  return `${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** A time of the agent, RFC 3339, as the post's own: `14:05`, on another day than `now` `2026-11-23 14:05`. */
export function moment(text, now) {
  const at = Date.parse(text);
  if (Number.isNaN(at)) return isolate(text);
  return isolate(dayOf(at) === dayOf(now) ? timeOf(at) : `${dayOf(at)} ${timeOf(at)}`);
}

/** A date of a machine readable zone, YYMMDD, as YYYY-MM-DD; unknown parts as `??`. `ahead`: years it may be in the future. */
export function zoneDate(text, now, ahead = 0) {
  if (!/^[0-9<]{6}$/.test(text)) return shown(text);
  const [year, month, day] = text.replaceAll("<", "?").match(/../g);
  const latest = new Date(now).getFullYear() + ahead;
  const century = Number(`20${year}`) > latest ? "19" : "20";
  return `${year === "??" ? "??" : century}${year}-${month}-${day}`;
}

function two(n) {
  return String(n).padStart(2, "0");
}
