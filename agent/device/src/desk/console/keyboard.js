// Listens to the keyboard for `core/wedge.js`, before any field: makes its events and runs its effects.

import { IDLE, press } from "./core/wedge.js";

/**
 * `zone(text)` and `badge(text)` take what was read; `decide(key)` says what a key that is pressed now does, if anything, and
 * `act(what)` does it.
 */
export function listenToKeys({ zone, badge, decide, act }) {
  let wedge = IDLE;
  let remembered = null;
  let timer = 0;

  const dispatch = (event, key = null) => {
    let effects;
    [wedge, effects] = press(wedge, event);
    for (const effect of effects) run[effect.do](effect, key);
  };

  const run = {
    zone: ({ text }) => zone(text),
    badge: ({ text }) => badge(text),
    take: (_, key) => {
      key.preventDefault();
      key.stopImmediatePropagation();
    },
    remember: () => {
      remembered = remember(document.activeElement);
      dispatch({ type: "remembered", field: remembered !== null });
    },
    restore: () => remembered?.restore(),
    decide: ({ key }) => dispatch({ type: "decided", act: decide(key) }),
    act: (effect) => act(effect.act),
    press: (effect, key) => {
      const what = decide(effect.key);
      if (what === null) return;
      key.preventDefault();
      act(what);
    },
    silence: ({ ms }) => {
      clearTimeout(timer);
      if (ms !== null) timer = setTimeout(() => dispatch({ type: "silence" }), ms);
    },
  };

  window.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || event.isComposing) return;
    const { key, code, shiftKey: shift, timeStamp: at } = event;
    dispatch({ type: "key", key, code, shift, at, outside: !writes(event.target) }, event);
  }, true);
  window.addEventListener("click", () => dispatch({ type: "click" }), true);
}

/** Whether keys typed there write something. */
function writes(target) {
  return target instanceof Element && target.closest("input, textarea, select") !== null;
}

/** The content of a field, to be put back. */
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
