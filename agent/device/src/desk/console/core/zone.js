// The text of a machine readable zone, as keys bring it. Pure.

/** The longest machine readable zone, characters. */
const ZONE_MAX = 90;

/** The characters of a burst of keys: as this machine's layout has them, or by the physical keys where that is no zone. */
export function characters(keys) {
  const typed = keys.map(({ key }) => key.toUpperCase());
  if (typed.every((key) => /^[A-Z0-9<\n -]$/.test(key))) return typed.join("");
  return keys.map(physical).join("");
}

function physical({ key, code, shift }) {
  if (key === "\n") return key;
  if (/^Key[A-Z]$/.test(code)) return code.slice(3);
  if (/^(Digit|Numpad)[0-9]$/.test(code)) return code.slice(-1);
  if (code === "IntlBackslash" || (code === "Comma" && shift)) return "<";
  return key.length === 1 ? key.toUpperCase() : "";
}

/** Whether a text is a whole zone that cannot go on. */
export function whole(text) {
  const parts = text.split("\n").filter((line) => line !== "");
  const lengths = parts.map((line) => line.length).join();
  if (text.endsWith("\n") && ["30,30,30", "36,36", "44,44", "90", "88", "72"].includes(lengths)) return true;
  const all = parts.join("");
  if (all.length >= ZONE_MAX) return true;
  return all.length === 88 && /^[PV]/.test(all);
}

/** A zone that came in one piece, in its lines. */
export function lines(text) {
  const one = text.replaceAll("\n", "");
  if (text.includes("\n") || ![72, 88, 90].includes(one.length)) return text;
  const width = { 72: 36, 88: 44, 90: 30 }[one.length];
  return one.match(new RegExp(`.{${width}}`, "g")).join("\n");
}
