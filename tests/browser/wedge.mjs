// A keyboard-wedge reader: key events as the operating system hands them to the browser, each with the time at which it
// happened, so that a busy test machine does not slow the reader down.

/** Milliseconds between two keys of a reader. */
const KEY_MS = 6;
/** Milliseconds between two documents, at least: one is not laid down while the last is still being typed. */
const PAUSE_MS = 100;

/** When the last key of a page's reader was pressed. */
const ended = new WeakMap();

/**
 * Types `text` as a reader set up for the US layout does; `layout` maps a key to what this machine's layout makes of it.
 * `falters: [n, ms]`: the reader does so for `ms` before its key `n`. `held: [n, ms]`: the machine is so busy that what comes after `n` keys reaches the page `ms` late.
 */
export async function wedge(page, text, { layout = (key) => key, keyMs = KEY_MS, held = [], falters = [0, 0] } = {}) {
  const client = await page.context().newCDPSession(page);
  const lasts = text.length * keyMs + falters[1];
  const early = (ended.get(page) ?? 0) + PAUSE_MS - (Date.now() - lasts);
  if (early > 0) await new Promise((later) => setTimeout(later, early));
  ended.set(page, Date.now());
  let at = (Date.now() - lasts) / 1000;
  const sent = [];
  for (const [n, character] of [...text].entries()) {
    if (n === held[0]) await new Promise((late) => setTimeout(late, held[1]));
    if (n === falters[0]) at += falters[1] / 1000;
    const { key, code, shift } = physical(character);
    const shown = key === "Enter" ? key : layout(key);
    const event = { key: shown, code, modifiers: shift ? 8 : 0, timestamp: at };
    const typed = key === "Enter" ? "\r" : shown;
    sent.push(client.send("Input.dispatchKeyEvent", { type: "keyDown", ...event, text: typed, unmodifiedText: typed }));
    sent.push(client.send("Input.dispatchKeyEvent", { type: "keyUp", ...event }));
    at += keyMs / 1000;
  }
  await Promise.all(sent);
  await client.detach();
}

function physical(character) {
  if (character === "\n") return { key: "Enter", code: "Enter", shift: false };
  if (character === "<") return { key: "<", code: "Comma", shift: true };
  if (/[0-9]/.test(character)) return { key: character, code: `Digit${character}`, shift: false };
  return { key: character, code: `Key${character.toUpperCase()}`, shift: /[A-Z]/.test(character) };
}
