// A keyboard-wedge reader types like a keyboard, only faster than a person can. This tells the two apart, wherever the
// focus is: a burst of keys goes to `read`, single keys to `typed`, and a field that caught the first keys of a burst gets
// back what it held.
//
// A burst ends with the zone's last character where its length says so, with Enter or Tab after a whole zone, or with
// silence. Keys that a busy machine handed over late belong to the burst they were typed in, which is then read anew, whole.
// A reader that was set up for another keyboard layout than this machine's is understood by its physical keys.

/** Keys of a burst follow each other within this, milliseconds; people need longer. */
const GAP_MS = 45;
/** So many keys in such a row are a burst. */
const BURST_KEYS = 5;
/** Silence that ends a burst, milliseconds. */
const END_MS = 250;
/** Keys of one burst, at most; the rest is dropped. */
const KEYS_MAX = 400;
/** The longest machine readable zone, characters. */
const ZONE_MAX = 90;
/** Anything shorter, without a filler, is a badge. */
const BADGE_MAX = 27;

/** Listens to the keyboard. `read.zone(text)`, `read.badge(text)`, `typed(key, event)`. Returns how to stop. */
export function listen({ zone, badge, typed }) {
  let keys = [];
  let last = -Infinity;
  let bursting = false;
  let field = null;
  let silence = 0;
  let alone = 0;
  let told = "";

  const onKey = (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || event.isComposing) return;
    const ends = event.key === "Enter" || event.key === "Tab";
    const prints = event.key.length === 1 || event.key === "Dead" || event.key === "Unidentified";
    if (!ends && !prints) {
      if (event.key.length > 1 && !/^(Shift|CapsLock|AltGraph)$/.test(event.key)) typed(event.key, event);
      return;
    }
    if (Math.abs(event.timeStamp - last) > GAP_MS) begin();
    last = event.timeStamp;
    if (keys.length < KEYS_MAX) keys.push({ key: ends ? "\n" : event.key, code: event.code, shift: event.shiftKey });
    clearTimeout(alone);
    if (!bursting && keys.length >= BURST_KEYS) {
      bursting = true;
      field?.restore();
    }
    if (bursting) {
      event.preventDefault();
      event.stopImmediatePropagation();
      clearTimeout(silence);
      if (whole(characters(keys))) {
        finish();
        end();
      } else silence = setTimeout(finish, END_MS);
    } else if (keys.length === 1 && prints && !writes(event.target)) {
      // Only when no second key follows was it a person.
      alone = setTimeout(() => typed(event.key, event), GAP_MS);
    }
  };

  const begin = () => {
    end();
    bursting = false;
    field = remember(document.activeElement);
  };

  const end = () => {
    keys = [];
    told = "";
  };

  const finish = () => {
    clearTimeout(silence);
    const text = characters(keys).trim();
    const typed = keys.map(({ key }) => key).join("").trim();
    if (!bursting || text === told) return;
    told = text;
    if (text.length > BADGE_MAX || text.includes("<")) zone(lines(text));
    else badge(typed);
  };

  window.addEventListener("keydown", onKey, true);
  return () => window.removeEventListener("keydown", onKey, true);
}

/** Whether keys typed there write something. */
function writes(target) {
  return target instanceof Element && target.closest("input, textarea, select") !== null;
}

/** What a field holds now, to be put back. */
function remember(element) {
  if (!writes(element)) return null;
  const { value, selectionStart, selectionEnd } = element;
  return {
    restore() {
      element.value = value;
      if (typeof selectionStart === "number") element.setSelectionRange(selectionStart, selectionEnd);
      element.dispatchEvent(new Event("input", { bubbles: true }));
    },
  };
}

/** The characters of a burst: as this machine's layout has them, or by the physical keys where that is no zone. */
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

/** Whether a burst is a whole zone that cannot go on. */
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
