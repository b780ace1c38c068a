// What the browser stores: the settings of this screen, and until the browser is closed what was put away and whether the page
// is locked. Nothing about travellers or officers: ids and times only.

import { settingsOf } from "./core/settings.js";

const SETTINGS = "vedette";
const SEEN = "vedette-seen";
const LOCKED = "vedette-locked";

/** What was stored. */
export function stored() {
  return {
    settings: settingsOf(localStorage.getItem(SETTINGS), navigator.languages),
    seen: JSON.parse(sessionStorage.getItem(SEEN) ?? "[]"),
    locked: sessionStorage.getItem(LOCKED) !== null,
  };
}

const STORES = {
  settings: (settings) => localStorage.setItem(SETTINGS, JSON.stringify(settings)),
  seen: (seen) => sessionStorage.setItem(SEEN, JSON.stringify(seen)),
  locked: (locked) => locked === null ? sessionStorage.removeItem(LOCKED) : sessionStorage.setItem(LOCKED, locked),
};

/** Stores `settings`, `seen` or `locked`. */
export function store(what, value) {
  STORES[what](value);
}
