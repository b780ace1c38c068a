// The page: which screen, the bar, the banners, the dialog, and what counts by itself. Draws from `page`: the machine's
// `state`, the officer's `words`, `now` (milliseconds since 1970), and `send(type, fields)` for what the officer does.

import { countdown } from "../core/clocks.js";
import { endsSoon } from "../core/facts.js";
import { noticesOf } from "../core/notices.js";
import { whyRefused } from "../core/voice.js";
import { answerScreen } from "./answer.js";
import { banner } from "./banners.js";
import { bar } from "./bar.js";
import { el, put } from "./dom.js";
import { menu } from "./menu.js";
import { plain } from "./plain.js";
import { readyScreen } from "./ready.js";
import { drawReportStates, reports } from "./report.js";
import { signInScreen } from "./sign_in.js";

const SCREENS = {
  ready: readyScreen,
  checking: (page) => plain(page, "checking.title", []),
  refused: (page, { title, why }) => plain(page, title, [page.words.say("refused.again"), ...whyRefused(page.words, why)]),
  lost: (page) => plain(page, "lost.title", [page.words.say("lost.text"), page.words.say("lost.do")]),
  sign_in: signInScreen,
  answer: answerScreen,
};

const DIALOGS = { menu, reports };

/** An element of the page by its id, or null. */
export function part(id) {
  return document.getElementById(id);
}

/** Day or night, as the officer chose. */
export function applyTheme({ settings }) {
  document.documentElement.dataset.theme = settings.theme;
}

/** Draws a screen that was not there before: the focus moves to it. */
export function showScreen(page) {
  drawScreen(page);
  (document.querySelector("[data-focus]") ?? part("word"))?.focus({ preventScroll: true });
  window.scrollTo(0, 0);
}

/** Draws everything but the dialog. */
export function drawScreen(page) {
  const { state, words } = page;
  applyTheme(state);
  Object.assign(document.documentElement, { lang: words.language, dir: words.direction });
  const screen = part("screen");
  screen.dataset.screen = state.screen.name;
  screen.replaceChildren(SCREENS[state.screen.name](page, state.screen));
  drawBar(page);
  drawTimes(page);
}

/** Something came by itself and changes the screen under the officer's hands: what is typed stays, and where. */
export function redrawScreen(page) {
  const fields = () => [...part("screen").querySelectorAll("input, textarea")];
  const typed = new Map(fields().map(({ name, value }) => [name, value]));
  const { selectionStart, selectionEnd } = document.activeElement;
  const focused = sameAs(document.activeElement);
  drawScreen(page);
  for (const field of fields()) field.value = typed.get(field.name) ?? field.value;
  if (focused === null) return;
  const field = part("screen").querySelector(focused);
  field?.focus({ preventScroll: true });
  if (typeof selectionStart === "number") field?.setSelectionRange(selectionStart, selectionEnd);
}

/** Selects the same field, or the same outcome of the same document, or nothing: the next Enter must not report another. */
function sameAs({ name, dataset }) {
  if (name) return `[name="${name}"]`;
  if (!dataset.outcome) return null;
  const of = dataset.encounter ? `[data-encounter="${CSS.escape(dataset.encounter)}"]` : "";
  return `[data-outcome="${dataset.outcome}"]${of}`;
}

/** Draws the bar and the banners; `calm`: not while one of their buttons is being pressed, which must not be replaced. */
export function drawBar(page, calm = false) {
  if (calm && document.querySelector("#bar:active, #banners:active")) return;
  put(part("bar"), bar(page));
  const banners = part("banners");
  put(banners, noticesOf(page.state, page.now).map((notice) => banner(page, notice)));
  // A region that scrolls must be reached by keys.
  banners.tabIndex = banners.scrollHeight > banners.clientHeight ? 0 : -1;
}

/** Ages grow and clocks count down where they are. */
export function drawTimes({ state, words, now }) {
  for (const when of document.querySelectorAll("[data-at]")) {
    when.textContent = words.fill("answer.age", { age: words.age((now - Number(when.dataset.at)) / 1000) });
  }
  for (const timer of document.querySelectorAll("[data-due]")) {
    const left_s = (Number(timer.dataset.due) - now) / 1000;
    const ranOut = left_s <= 0 && !timer.textContent.startsWith("+");
    timer.textContent = countdown(left_s);
    if (ranOut) timer.closest(".clock")?.runOut();
  }
  // A dialog covers the banners: the end of the session is announced in it.
  const ending = part("dialog").querySelector(".ending");
  const ends = part("dialog").open && endsSoon(state, now);
  if (!ends) ending?.remove();
  else if (ending === null) part("dialog").prepend(el("p", { class: "message ending", role: "alert" }, words.say("session.ends")));
}

/** Opens, draws or closes the dialog. What it showed is gone with it, not only hidden: it may have been discreet. */
export function drawDialog(page) {
  const dialog = part("dialog");
  const open = page.state.dialog;
  if (open === null) {
    dialog.close();
    return dialog.replaceChildren();
  }
  const { children, focus = "h2" } = DIALOGS[open.name](page, open);
  dialog.replaceChildren(...children);
  dialog.setAttribute("aria-labelledby", children.find(({ localName }) => localName === "h2").id);
  if (dialog.open) dialog.querySelector(focus)?.focus();
  else dialog.showModal();
}

/** Draws what became of reports; the fields in the dialog stay as they are. */
export function drawReports(page) {
  drawReportStates(page, part("dialog"));
}
