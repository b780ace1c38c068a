// What the officer chose for this screen. The browser stores it: nothing about travellers or officers. Pure.

import { LANGUAGES } from "./words.js";

export const THEMES = ["auto", "light", "dark"];

/** Settings from what was stored, JSON or null; anything unknown gets its default. `wanted`: languages as the browser lists them. */
export function settingsOf(stored, wanted) {
  const { language, theme, sound, shortcuts } = parsed(stored);
  return {
    language: Object.hasOwn(LANGUAGES, language) ? language : preferred(wanted),
    theme: THEMES.includes(theme) ? theme : "auto",
    sound: sound === true,
    shortcuts: shortcuts !== false,
  };
}

function parsed(stored) {
  try {
    return JSON.parse(stored) ?? {};
  } catch {
    return {};
  }
}

/** The first language that the browser asks for and that there is. */
function preferred(wanted) {
  const codes = wanted.map((tag) => tag.split("-")[0].toLowerCase());
  return codes.find((code) => Object.hasOwn(LANGUAGES, code)) ?? "en";
}
