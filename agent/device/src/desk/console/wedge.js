// A keyboard-wedge reader types like a keyboard, only faster than a person can. This tells the two apart, wherever the
// focus is: a burst of keys goes to `read`, single keys to `typed`, and a field that caught the first keys of a burst gets
// back what it held.
//
// A burst ends with the zone's last character where its length says so, with Enter or Tab after a whole zone, or with
// silence. Keys that a busy machine handed over late belong to the burst they were typed in, which is then read anew, whole.
// A reader that was set up for another keyboard layout than this machine's is understood by its physical keys.
//
// Some readers are slow, or falter. Outside a field nobody writes, so there a row of keys is a zone at any pace, or part of
// one, and a key acts only by itself: with silence before it and after it. What it does is settled when it is pressed, and
// done after the silence; or at once, when a key that no row has, or a click, says that a person is there.

/** Keys of a burst begin by following each other within this, milliseconds; people need longer. */
const GAP_MS = 45;
/** So many keys in such a row are a burst. */
const BURST_KEYS = 5;
/** Silence that ends a burst, milliseconds. */
const END_MS = 250;
/** Silence that ends a row of keys outside a field, and that a single key needs on both sides, milliseconds. */
const ROW_MS = 300;
/** Keys of one burst, at most; the rest is dropped. */
const KEYS_MAX = 400;
/** The longest machine readable zone, characters. */
const ZONE_MAX = 90;
/** Anything shorter, without a filler, is a badge. */
const BADGE_MAX = 27;

/**
 * Listens to the keyboard. `zone(text)` and `badge(text)` take what was read; `typed(key, event)` is asked as a key is pressed,
 * and returns what it does, if anything. Returns how to stop.
 */
export function listen({ zone, badge, typed }) {
  let keys = [];
  let last = -Infinity;
  let bursting = false;
  let field = null;
  let silence = 0;
  let told = "";
  let over = false; // whether a whole zone came: only an Enter or Tab at its end belongs to it yet
  let quiet = true; // whether there was silence before the row
  let act = null;   // what the row's only key does, if it stays alone

  const onKey = (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || event.isComposing) return;
    const ends = event.key === "Enter" || event.key === "Tab";
    const prints = event.key.length === 1 || event.key === "Dead" || event.key === "Unidentified";
    if (!ends && !prints) {
      if (event.key.length > 1 && !/^(Shift|CapsLock|AltGraph)$/.test(event.key)) {
        alone();
        typed(event.key, event)?.();
      }
      return;
    }
    const outside = !writes(event.target);
    const gap = Math.abs(event.timeStamp - last);
    // What was read already goes on only with keys that were handed over late, at the reader's pace.
    const anew = over || told !== "" || event.timeStamp < last;
    const together = anew ? GAP_MS : bursting ? END_MS : outside && field === null ? ROW_MS : GAP_MS;
    if (gap > together || (over ? prints : keys.length === 0)) {
      settle();
      quiet = gap > ROW_MS;
    }
    last = event.timeStamp;
    // Enter, Tab and Space work the page, unless they stand in a row.
    const stray = keys.length === 0 || (gap > GAP_MS && keys.length < BURST_KEYS);
    if ((ends || event.key === " ") && !bursting && stray) return settle();
    if (keys.length < KEYS_MAX) keys.push({ key: ends ? "\n" : event.key, code: event.code, shift: event.shiftKey, gap });
    act = outside && quiet && keys.length === 1 ? typed(event.key, event) : null;
    clearTimeout(silence);
    if (!bursting && fast(keys)) {
      bursting = true;
      field?.restore();
    }
    if (bursting || (outside && keys.length >= BURST_KEYS)) {
      event.preventDefault();
      event.stopImmediatePropagation();
      if (whole(characters(keys))) {
        finish();
        end();
        over = true;
        return;
      }
    }
    if (bursting) silence = setTimeout(finish, END_MS);
    else if (outside) silence = setTimeout(settle, ROW_MS);
  };

  const begin = () => {
    end();
    over = false;
    bursting = false;
    field = remember(document.activeElement);
  };

  const end = () => {
    keys = [];
    told = "";
    act = null;
  };

  /** A row is over, also where the page was too busy to notice: one key that stood alone was a person's, a long row a reader's. */
  const settle = () => {
    clearTimeout(silence);
    const done = act;
    if (bursting || keys.length >= BURST_KEYS) finish();
    begin();
    done?.();
  };

  /** Somebody is there: a key that stood alone until now stays alone, and so does the next one. */
  const alone = () => {
    if (!act) return;
    settle();
    last = -Infinity;
  };

  const finish = () => {
    clearTimeout(silence);
    const text = characters(keys).trim();
    const typed = keys.map(({ key }) => key).join("").trim();
    if (text === "" || text === told) return;
    told = text;
    // A slow row is no badge: whoever types beside a field must not sign in.
    if (text.length > BADGE_MAX || text.includes("<") || !bursting) zone(lines(text));
    else badge(typed);
  };

  window.addEventListener("keydown", onKey, true);
  window.addEventListener("click", alone, true);
  return () => {
    window.removeEventListener("keydown", onKey, true);
    window.removeEventListener("click", alone, true);
  };
}

/** Whether the last keys of a row follow each other as no person's do. */
function fast(keys) {
  return keys.length >= BURST_KEYS && keys.slice(1 - BURST_KEYS).every(({ gap }) => gap <= GAP_MS);
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
