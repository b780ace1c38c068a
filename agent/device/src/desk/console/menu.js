// The menu: language, light, sound, keys.

import { el } from "./dom.js";
import { THEMES, settings } from "./settings.js";
import { LANGUAGES, say } from "./words.js";

/**
 * Opens the menu in a dialog. `entitled`: to reports of discreet checks; `drill`: the administrator's form, drawn anew by
 * itself; `changed` runs after each change, when the page must be drawn anew.
 */
export function menu(dialog, { entitled, drill, changed }) {
  const set = async (name, value) => {
    settings.set(name, value);
    await changed();
    draw();
  };
  const choice = (name, label, options) => el("fieldset", {},
    el("legend", {}, say(label)),
    options.map(([value, text, language]) => el("label", { lang: language },
      el("input", { type: "radio", name, value, checked: settings[name] === value, onchange: () => set(name, value) }),
      el("span", {}, text))));
  const yesNo = (name, label) => el("label", { class: "yes-no" },
    el("input", { type: "checkbox", name, checked: settings[name], onchange: (event) => set(name, event.target.checked) }),
    el("span", {}, say(label)));
  const draw = () => {
    const focused = document.activeElement;
    const again = focused?.name ? `[name="${focused.name}"]${focused.type === "radio" ? `[value="${focused.value}"]` : ""}` : "h2";
    dialog.replaceChildren(
      el("h2", { id: "menu", tabindex: "-1" }, say("menu.title")),
      choice("language", "menu.language", Object.entries(LANGUAGES).map(([code, name]) => [code, name, code])),
      choice("theme", "menu.theme", THEMES.map((theme) => [theme, say(`menu.${theme}`)])),
      yesNo("sound", "menu.sound"),
      yesNo("shortcuts", "menu.shortcuts"),
      ...[drill()].filter(Boolean),
      el("h3", {}, say("menu.keys")),
      el("dl", { class: "keys" }, KEYS.filter(([, label]) => entitled || label !== "keys.report").map(([keys, label]) => [el("dt", {}, keys.map((key) => el("kbd", {}, key))), el("dd", {}, say(label))])),
      el("form", { method: "dialog" }, el("button", { class: "main" }, say("menu.close"))));
    if (dialog.open) dialog.querySelector(again)?.focus();
  };
  draw();
  dialog.setAttribute("aria-labelledby", "menu");
  dialog.showModal();
}

const KEYS = [
  [["1", "…", "5"], "keys.outcome"],
  [["↑", "↓"], "keys.choose"],
  [["N"], "keys.open"],
  [["C"], "keys.owners"],
  [["Esc"], "keys.away"],
  [["F2"], "keys.menu"],
  [["F8"], "keys.report"],
];
