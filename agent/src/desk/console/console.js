// The officer's page: what is scanned, what is shown, what a key does. State lives here; the other modules draw or listen.
//
// Never shown: an answer that is not the last scan's. A new scan, a lost connection or the officer puts the old one away.

import { Agent, Refused } from "./agent.js";
import { OUTCOMES, answerScreen, shape, spoken } from "./answer.js";
import { banners, bar, heldLists } from "./bar.js";
import { signInScreen, whyNot } from "./officer.js";
import { forgetReports, reports } from "./report.js";
import { bdi, el } from "./dom.js";
import { menu } from "./menu.js";
import { settings } from "./settings.js";
import { tick } from "./sound.js";
import { lines, listen, whole } from "./wedge.js";
import { LANGUAGES, age, fill, say, shown as safe, speak } from "./words.js";

/** A Clear goes from the screen by itself after this, milliseconds: the traveller has gone on. */
const CLEAR_SHOWN_MS = 60_000;
/** Hits without an outcome that are remembered; then the oldest goes. */
const OPEN_MAX = 20;
/** A zone of fewer characters came in part. */
const ZONE_MIN = 30;

/** Set while somebody else's badge waits for its PIN. */
const LOCKED = "vedette-locked";

const agent = new Agent();
const part = (id) => document.getElementById(id);
const state = {
  status: null,
  statusAt: 0,
  session: null,         // who is signed in, and whether anybody must be
  screen: { name: "lost" },
  open: new Map(),       // scan -> {answer, at}: hits that have no outcome yet
  outcomes: new Map(),   // encounter -> {outcome, time}
  scans: 0,
  failure: null,         // what could not be recorded, until the next screen
};

// --- Drawing -----------------------------------------------------------------------------------------------------------

const screens = {
  ready: () => el("section", { class: "ready", "aria-labelledby": "word" },
    el("h1", { id: "word", tabindex: "-1" }, say("ready.title")),
    el("p", { class: "lead" }, say("ready.text")),
    zoneForm(),
    heldLists(state.status, grown()),
  ),
  checking: () => plain("checking", "checking.title", []),
  refused: ({ title, error, hint }) => plain("refused", title, [say("refused.again"), error, hint]),
  lost: () => plain("lost", "lost.title", [say("lost.text"), say("lost.do")]),
  sign_in: (screen) => signInScreen({ ...screen, enter: signIn }),
  answer: (screen) => answerScreen({ ...screen, outcomes: state.outcomes, choose, report }),
};

function plain(name, title, sentences) {
  return el("section", { class: `plain ${name}`, "aria-labelledby": "word" },
    el("div", { class: "told" },
      name !== "checking" && shape("not_checked"),
      el("h1", { id: "word", tabindex: "-1" }, say(title)),
      sentences.filter(Boolean).map((sentence, n) => el("p", { class: n === 0 ? "do" : "" }, bdi(sentence)))));
}

function zoneForm() {
  const field = el("textarea", {
    id: "zone", name: "zone", rows: 3, cols: 44, dir: "ltr", spellcheck: "false", autocomplete: "off",
    autocapitalize: "characters", "aria-describedby": "zone-label",
    onkeydown: (event) => {
      if (event.key === "Enter" && whole(`${field.value.toUpperCase().trim()}\n`)) {
        event.preventDefault();
        send();
      }
    },
  });
  const send = () => field.value.trim() !== "" && scan(lines(field.value.trim().toUpperCase()));
  return el("form", { class: "zone", onsubmit: (event) => { event.preventDefault(); send(); } },
    el("label", { for: "zone", id: "zone-label" }, say("ready.zone")),
    field,
    el("button", { class: "main" }, say("ready.check")));
}

function show(screen) {
  Object.assign(state, { screen, failure: null });
  part("dialog").close();
  draw();
  (document.querySelector("[data-focus]") ?? part("word"))?.focus({ preventScroll: true });
  window.scrollTo(0, 0);
}

function draw() {
  const screen = part("screen");
  screen.dataset.screen = state.screen.name;
  screen.replaceChildren(screens[state.screen.name](state.screen));
  drawBar();
  drawAges();
}

function drawBar() {
  const { status, open } = state;
  const shown = {
    status, connected: agent.connected, open: open.size, showMenu, showOpen: nextOpen,
    officer: state.screen.name !== "sign_in" && state.session?.officer, signOut: () => agent.signOut(),
    putAway: ["answer", "refused"].includes(state.screen.name) && putAway,
  };
  part("bar").replaceChildren(...bar(shown));
  part("banners").replaceChildren(...banners(agent.connected ? status : null, grown(), state));
}

function drawAges() {
  for (const when of document.querySelectorAll("[data-at]")) {
    when.textContent = fill("answer.age", { age: age((Date.now() - Number(when.dataset.at)) / 1000) });
  }
}

function grown() {
  return (Date.now() - state.statusAt) / 1000;
}

function announce(text) {
  part("said").textContent = text;
}

// --- A scan ------------------------------------------------------------------------------------------------------------

async function scan(zone) {
  if (state.screen.name === "sign_in") return show({ ...state.screen, message: say("session.first") });
  const mine = ++state.scans;
  if (zone.replaceAll("\n", "").length < ZONE_MIN) {
    return refuse("refused.title", say("refused.part", { n: zone.length }));
  }
  show({ name: "checking" });
  try {
    const answer = await agent.scan(zone);
    if (mine === state.scans) showAnswer(answer);
    else keepOpen(answer, Date.now());
  } catch (error) {
    if (mine !== state.scans || !(error instanceof Refused) || error.status === 401) return;
    refuse(error.status === 422 ? "refused.title" : "refused.failed", safe(error.message, 300), safe(error.hint, 300));
  }
}

function refuse(title, error, hint) {
  show({ name: "refused", title, error, hint });
  announce(`${say(title)}. ${say("refused.again")}`);
}

function showAnswer(answer) {
  const { screen } = state;
  if (screen.name === "sign_in") return;
  if (screen.name === "answer" && screen.answer.scan_id === answer.scan_id) {
    // Told to everybody already; told to this officer, it may say more.
    screen.answer = answer;
    return draw();
  }
  const at = Date.now();
  keepOpen(answer, at);
  show({ name: "answer", answer, at, chosen: 0 });
  announce(spoken(answer));
  if (settings.sound) tick();
}

function keepOpen(answer, at) {
  if (!answer.alerts.some(unresolved)) return;
  state.open.set(answer.scan_id, { answer, at });
  if (state.open.size > OPEN_MAX) state.open.delete(state.open.keys().next().value);
}

function unresolved(alert) {
  return alert.encounter_id && !state.outcomes.has(alert.encounter_id);
}

// --- What the officer does ----------------------------------------------------------------------------------------------

function choose(at) {
  if (state.screen.name !== "answer" || at < 0 || at >= state.screen.answer.alerts.length) return;
  state.screen.chosen = at;
  draw();
  document.querySelector('[aria-current="true"]')?.scrollIntoView({ block: "nearest" });
}

async function report(outcome) {
  const { screen } = state;
  const alert = screen.name === "answer" ? screen.answer.alerts[screen.chosen] : null;
  if (!alert?.encounter_id) return;
  const note = document.querySelector("[name=note]")?.value.trim() ?? "";
  try {
    await agent.outcome(alert.encounter_id, outcome, note);
  } catch (error) {
    state.failure = fill("outcome.failed", { error: safe(error.message, 200) });
    announce(state.failure);
    return drawBar();
  }
  const time = new Date().toTimeString().slice(0, 5);
  state.outcomes.set(alert.encounter_id, { outcome, time });
  if (!screen.answer.alerts.some(unresolved)) state.open.delete(screen.answer.scan_id);
  const next = screen.answer.alerts.findIndex(unresolved);
  if (state.screen === screen && next >= 0) screen.chosen = next;
  draw();
  announce(fill("outcome.done", { outcome: say(`outcome.${outcome}`), time }));
}

function putAway() {
  if (state.screen.name === "answer" || state.screen.name === "refused") show({ name: "ready" });
}

function nextOpen() {
  const [first] = [...state.open.values()].filter(({ answer }) => answer.scan_id !== state.screen.answer?.scan_id);
  if (first) show({ name: "answer", ...first, chosen: Math.max(0, first.answer.alerts.findIndex(unresolved)) });
}

async function signIn(badge, pin) {
  try {
    await agent.signIn(badge, pin);
    sessionStorage.removeItem(LOCKED);
    const { officer } = state.session;
    if (officer?.language in LANGUAGES) await speak(officer.language);
    show({ name: "ready" });
  } catch (error) {
    if (!(error instanceof Refused)) return;
    // Somebody else stands here. The session before stays until the PIN takes over from it, but this page is locked,
    // also after a reload.
    sessionStorage.setItem(LOCKED, "yes");
    show({ name: "sign_in", badge, message: whyNot(error, pin) });
  }
}

function showReports() {
  if (state.session?.officer?.discreet && state.screen.name !== "sign_in") reports(part("dialog"), agent);
}

function showMenu() {
  menu(part("dialog"), state.session?.officer?.discreet === true, async () => {
    await speak(settings.language);
    draw();
  });
}

function typed(key, event) {
  if (part("dialog").open) return;
  const acts = {
    Escape: putAway,
    F2: showMenu,
    F8: showReports,
    ArrowDown: () => choose(state.screen.chosen + 1),
    ArrowUp: () => choose(state.screen.chosen - 1),
  };
  if (key in acts) {
    const many = state.screen.name === "answer" && state.screen.answer.alerts.length > 1;
    if (key.startsWith("Arrow") && !many) return;
    event.preventDefault();
    acts[key]();
  } else if (settings.shortcuts) {
    if (OUTCOMES[Number(key) - 1]) report(OUTCOMES[Number(key) - 1]);
    if (key.toLowerCase() === "n") nextOpen();
  }
}

// --- The agent ---------------------------------------------------------------------------------------------------------

agent.addEventListener("state", ({ detail }) => {
  Object.assign(state, { status: detail, statusAt: Date.now() });
  drawBar();
});
agent.addEventListener("answer", ({ detail }) => showAnswer(detail));
agent.addEventListener("session", ({ detail }) => {
  if (detail.officer?.badge !== state.session?.officer?.badge) forgetReports();
  state.session = detail;
});
agent.addEventListener("found", () => {
  const locked = sessionStorage.getItem(LOCKED) !== null && state.session.officer;
  if (state.screen.name === "lost") show({ name: locked ? "sign_in" : "ready" });
  if (state.screen.name === "sign_in" && !locked) show({ name: "ready" });
});
agent.addEventListener("closed", () => {
  if (state.screen.name === "sign_in") return;
  Object.assign(state, { scans: state.scans + 1, status: null });
  forgetReports();
  show({ name: "sign_in" });
});
agent.addEventListener("lost", () => {
  if (state.screen.name === "lost") return drawBar();
  state.scans += 1;
  show({ name: "lost" });
  announce(`${say("lost.title")}. ${say("lost.text")}`);
});

setInterval(() => {
  drawAges();
  drawBarWhenIdle();
  const { screen } = state;
  if (screen.name === "answer" && screen.answer.verdict === "clear" && Date.now() - screen.at > CLEAR_SHOWN_MS) putAway();
}, 1_000);

// A button that is being pressed must not be replaced.
function drawBarWhenIdle() {
  if (!part("bar").matches(":focus-within, :active")) drawBar();
}

settings.apply();
await speak(settings.language);
draw();
listen({ zone: scan, badge: (badge) => state.session?.sign_in === "required" && signIn(badge, ""), typed });
agent.start();
