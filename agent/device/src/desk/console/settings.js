// What the officer chose for this screen, kept in the browser: nothing of travellers, nothing of officers.

import { LANGUAGES, preferred } from "./words.js";

const KEY = "vedette";
const THEMES = ["auto", "light", "dark"];

function stored() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? {};
  } catch {
    return {};
  }
}

const kept = stored();

export const settings = {
  language: kept.language in LANGUAGES ? kept.language : preferred(),
  theme: THEMES.includes(kept.theme) ? kept.theme : "auto",
  sound: kept.sound === true,
  shortcuts: kept.shortcuts !== false,

  /** Changes one, keeps it, and applies it to the page. */
  set(name, value) {
    this[name] = value;
    const { language, theme, sound, shortcuts } = this;
    localStorage.setItem(KEY, JSON.stringify({ language, theme, sound, shortcuts }));
    this.apply();
  },

  /** The theme; the language is spoken by `words`. */
  apply() {
    document.documentElement.dataset.theme = this.theme;
  },
};

export { THEMES };
