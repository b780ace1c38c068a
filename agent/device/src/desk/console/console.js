// The officer's page: what is scanned, what is shown, what a key does. State lives here; the other modules draw or listen.
//
// Never shown: an answer that is not the last scan's. A new scan, a lost connection or the officer puts the old one away.

import { Agent, Refused } from "./agent.js";
import { answerScreen, spoken } from "./answer.js";
import { banners, bar, heldLists } from "./bar.js";
import { signInScreen, whyNot } from "./officer.js";
import { forgetReports, reports } from "./report.js";
import { el, put } from "./dom.js";
import { drillBanners, drillForm } from "./drill.js";
import { clocksSection, countdown, lateSection, overdueClocks, ownerBanners } from "./owner.js";
import { OUTCOMES, Pending } from "./pending.js";
import { ending, watchUse } from "./idle.js";
import { menu } from "./menu.js";
import { plain, zoneForm } from "./plain.js";
import { announce, announceNew, announceToo } from "./said.js";
import { settings } from "./settings.js";
import { tick } from "./sound.js";
import { listen } from "./wedge.js";
import { LANGUAGES, age, fill, phrase, reasons, refusal, say, speak } from "./words.js";

/** A Clear goes from the screen by itself after this, milliseconds: the traveller has gone on. */
const CLEAR_SHOWN_MS = 60_000;
/** A zone of fewer characters came in part. */
const ZONE_MIN = 30;

/** Scans that are known to have been shown: more than can be on their way twice. */
const SHOWN_KEPT = 50;
/** Set while somebody else's badge waits for its PIN. */
const LOCKED = "vedette-locked";

/** Done once the officer's language is spoken. */
let speaking = Promise.resolve();

const agent = new Agent();
const pending = new Pending(agent);
const part = (id) => document.getElementById(id);
const state = {
  status: null,
  statusAt: 0,
  session: null,         // who is signed in, and whether anybody must be
  screen: { name: "lost" },
  scans: 0,
  shown: [],             // the last scans whose answers were shown
  overdue: new Set(),    // encounters whose clock is known to have run out
  held: null,            // the last answer that a reader met while a document was checked
  failure: null,         // says what could not be recorded, until the next screen
};

// --- Drawing -----------------------------------------------------------------------------------------------------------

const screens = {
  ready: () => el("section", { class: "ready", "aria-labelledby": "word" },
    el("h1", { id: "word", tabindex: "-1" }, say("ready.title")),
    el("p", { class: "lead" }, say("ready.text")),
    lateSection(pending, { ownerOf, report: give }),
    zoneForm(scan),
    clocksSection(pending, { ownerOf, online: isOnline() }),
    heldLists(state.status, grown()),
  ),
  checking: () => plain("checking", "checking.title", []),
  refused: ({ title, why }) => plain("refused", title, [say("refused.again"), ...why]),
  lost: () => plain("lost", "lost.title", [say("lost.text"), say("lost.do")]),
  sign_in: (screen) => signInScreen({ ...screen, enter: signIn }),
  answer: (screen) => answerScreen({ ...screen, pending, online: isOnline(), choose, report }),
};

function show(screen) {
  Object.assign(state, { screen, failure: null, held: screen.name === "checking" ? state.held : null });
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
  const { status } = state;
  const shown = {
    status, connected: agent.connected, open: pending.hits.size, pending, showMenu, showOpen: nextOpen, showOwners,
    officer: state.screen.name !== "sign_in" && state.session?.officer, signOut: () => agent.signOut(),
    putAway: ["answer", "refused"].includes(state.screen.name) && putAway,
  };
  const told = status === null || state.screen.name === "sign_in" || !agent.connected ? [] : [
    ...drillBanners(status, pending, (drill) => pending.saw(drill)),
    ...ownerBanners(pending, { onScreen: state.screen.answer, ownerOf, online: isOnline(), show: showEncounter, showAll: showOwners, saw: (clock) => pending.saw(clock) }),
  ];
  const here = officerHere();
  told.push(...banners(agent.connected ? status : null, grown(), { ...state, stay: here !== null && ending(here) && (() => agent.renew()) }));
  put(part("bar"), bar(shown));
  put(part("banners"), told);
  // A region that scrolls must be reached by keys.
  part("banners").tabIndex = part("banners").scrollHeight > part("banners").clientHeight ? 0 : -1;
  announceNew(told);
}

/** What came by itself changes the screen under the officer's hands: what is typed stays, and where. */
function redraw() {
  const fields = () => [...part("screen").querySelectorAll("input, textarea")];
  const typed = new Map(fields().map(({ name, value }) => [name, value]));
  const { name, selectionStart, selectionEnd, dataset } = document.activeElement;
  // Of several documents' buttons the same one's, or none: the next Enter must not report another.
  const of = dataset.encounter ? `[data-encounter="${CSS.escape(dataset.encounter)}"]` : "";
  const focused = name ? `[name="${name}"]` : dataset.outcome ? `[data-outcome="${dataset.outcome}"]${of}` : null;
  draw();
  for (const field of fields()) field.value = typed.get(field.name) ?? field.value;
  if (focused === null) return;
  const field = part("screen").querySelector(focused);
  field?.focus({ preventScroll: true });
  if (typeof selectionStart === "number") field?.setSelectionRange(selectionStart, selectionEnd);
}

function isOnline() {
  return agent.connected && state.status?.online === true;
}

function ownerOf(list) {
  return state.status?.lists.find((held) => held.list === list)?.owner ?? list;
}

function drawAges() {
  for (const when of document.querySelectorAll("[data-at]")) {
    when.textContent = fill("answer.age", { age: age((Date.now() - Number(when.dataset.at)) / 1000) });
  }
}

/** Clocks count down where they stand; that one has run out is said once. */
function drawTimers() {
  for (const timer of document.querySelectorAll("[data-due]")) {
    const left = (Number(timer.dataset.due) - Date.now()) / 1000;
    const ranOut = left <= 0 && !timer.textContent.startsWith("+");
    timer.textContent = countdown(left);
    if (ranOut) timer.closest(".clock")?.runOut();
  }
  const over = overdueClocks(pending);
  const news = over.filter(({ encounter_id }) => !state.overdue.has(encounter_id));
  state.overdue = new Set(over.map(({ encounter_id }) => encounter_id));
  if (news.length > 0) announceToo(news.map(({ list }) => say("confirm.overdue", { owner: ownerOf(list) })).join(" "));
}

function grown() {
  return (Date.now() - state.statusAt) / 1000;
}

// --- A scan ------------------------------------------------------------------------------------------------------------

async function scan(zone) {
  if (state.screen.name === "sign_in") return show({ ...state.screen, message: say("session.first") });
  const mine = ++state.scans;
  if (zone.replaceAll("\n", "").length < ZONE_MIN) {
    return refuse("refused.title", say("refused.part", { n: zone.length }));
  }
  const asking = whose();
  show({ name: "checking" });
  let answer;
  try {
    answer = await agent.scan(zone);
  } catch (error) {
    if (mine === state.scans && error instanceof Refused && error.status !== 401) refuseScan(error);
    return;
  }
  if (mine === state.scans) showAnswer(answer, true);
  else if (asking === whose()) keepOnly(answer);
}

/** This check has no answer. What a reader met meanwhile is shown then, unless it is a Clear: that could be taken for this one's. */
function refuseScan(error) {
  const { held } = state;
  const title = error.status === 422 ? "refused.title" : "refused.failed";
  refuse(title, ...reasons(error));
  if (held === null || held.verdict === "clear") return;
  showAnswer(held, false);
  fail(() => [say(title), ". ", reasons(error)[0]]);
}

function refuse(title, ...why) {
  announce(`${say(title)}. ${say("refused.again")}`);
  show({ name: "refused", title, why });
}

/** `mine`: told to this officer, who asked; what is told to everybody may say less, and may come before or after it. */
function showAnswer(answer, mine) {
  const { screen } = state;
  if (screen.name === "sign_in") return;
  // A document is being checked: what comes meanwhile is another's.
  if (screen.name === "checking" && !mine) {
    state.held = answer;
    return pending.keep(answer, Date.now(), true);
  }
  const at = Date.now();
  if (state.shown.includes(answer.scan_id)) {
    if (!mine) return;
    pending.keep(answer, at);
    // An answer that was put away does not come back by itself.
    if (screen.answer?.scan_id !== answer.scan_id) return;
    screen.answer = answer;
    return redraw();
  }
  shownOnce(answer);
  pending.keep(answer, at);
  // First: what else is new with the screen is said after it.
  announce(spoken(answer, pending));
  show({ name: "answer", answer, at, chosen: 0 });
  if (settings.sound) tick();
}

/** The answer to a scan after which another was made: not shown any more, nor when it is told to everybody. */
function keepOnly(answer) {
  pending.keep(answer, Date.now(), true);
  shownOnce(answer);
}

/** Notes that an answer need not be shown again. */
function shownOnce({ scan_id }) {
  state.shown = [scan_id, ...state.shown].slice(0, SHOWN_KEPT);
}

/** What is told to everybody is what every officer may see; who may see more asks for it. */
async function seeMore({ scan_id }) {
  const { officer } = state.session ?? {};
  if (!["supervisor", "administrator"].includes(officer?.role)) return;
  // What is shown without it is less, and right.
  const answer = await agent.answer(scan_id).catch(() => null);
  if (answer === null || officer.badge !== whose()) return;
  if (state.shown.includes(scan_id)) showAnswer(answer, true);
  else pending.keep(answer, Date.now(), true);
}

// --- What the officer does ----------------------------------------------------------------------------------------------

function choose(at) {
  if (state.screen.name !== "answer" || at < 0 || at >= state.screen.answer.alerts.length) return;
  state.screen.chosen = at;
  draw();
  document.querySelector('[aria-current="true"]')?.scrollIntoView({ block: "nearest" });
}

/** What an outcome given now is of: the chosen alert, and what was typed for it. */
function chosenNow() {
  const { screen } = state;
  const encounter = screen.name === "answer" && screen.answer.alerts[screen.chosen]?.encounter_id;
  return encounter ? { screen, encounter, chosen: screen.chosen, note: document.querySelector("[name=note]").value.trim(), badge: whose() } : null;
}

async function report(outcome, of = chosenNow()) {
  if (of === null || of.badge !== whose() || !await give(of.encounter, outcome, of.note)) return;
  const { screen } = of;
  if (state.screen !== screen || screen.chosen !== of.chosen) return;
  const next = firstOpen(screen.answer);
  if (next >= 0) screen.chosen = next;
  document.querySelector("[name=note]").value = "";
  redraw();
}

/** Gives an encounter's outcome; says so, or why not. */
async function give(encounter, outcome, note = "") {
  try {
    pending.resolve(await agent.outcome(encounter, outcome, note));
    announceToo(fill("outcome.done", { outcome: say(`outcome.${outcome}`), time: pending.outcomes.get(encounter).time }));
    return true;
  } catch (error) {
    fail(() => refusal("outcome.failed", error));
    return false;
  }
}

/** Says, until the next screen, what went wrong. */
function fail(why) {
  state.failure = why;
  announceToo(el("p", {}, why()).textContent);
  drawBar();
}

function firstOpen(answer) {
  return answer.alerts.findIndex((alert) => pending.unresolved(alert));
}

function putAway() {
  if (state.screen.name === "answer" || state.screen.name === "refused") show({ name: "ready" });
}

function nextOpen() {
  const [first] = [...pending.hits.values()].filter(({ answer }) => answer.scan_id !== state.screen.answer?.scan_id);
  if (!first) return;
  pending.keep(first.answer, first.at);
  show({ name: "answer", ...first, chosen: Math.max(0, firstOpen(first.answer)) });
}

/** What owners must confirm and what they listed late stands on the ready screen. */
function showOwners() {
  if (["lost", "sign_in"].includes(state.screen.name)) return;
  show({ name: "ready" });
  const section = part(pending.late.some(({ reported }) => !reported) ? "late" : "owners");
  section?.focus();
  section?.scrollIntoView({ block: "start" });
}

/** The hit of a clock, if it is still at hand; else what the owner says of it. */
function showEncounter({ encounter_id }) {
  const made = ({ answer }) => answer.alerts.findIndex((alert) => alert.encounter_id === encounter_id);
  const hit = [...pending.hits.values()].find((hit) => made(hit) >= 0);
  if (hit) show({ name: "answer", ...hit, chosen: made(hit) });
  else showOwners();
}

/** The badge of whoever is signed in, if somebody is. */
function whose() {
  return state.session?.officer?.badge;
}

/** Who is signed in and sees this page. */
function officerHere() {
  return state.screen.name === "sign_in" ? null : state.session?.officer ?? null;
}

/** A dialog covers the banners: the end of the session is told in it. */
function tellEnd() {
  const [dialog, here] = [part("dialog"), officerHere()];
  const told = dialog.querySelector(".ending");
  const ends = dialog.open && here !== null && ending(here);
  if (!ends) told?.remove();
  else if (!told) dialog.prepend(el("p", { class: "message ending", role: "alert" }, say("session.ends")));
}

/** Somebody else is here, or nobody: nothing stays of what the officer before could see. */
function handOver() {
  state.scans += 1;
  forgetReports();
  pending.forget();
  part("dialog").close();
  speaking = speakTo(state.session.officer);
  if (whose() && ["answer", "checking", "refused"].includes(state.screen.name)) show({ name: "ready" });
}

/** Speaks an officer's language; the device's to one who has none, and to nobody. */
async function speakTo(officer) {
  const language = officer?.language in LANGUAGES ? officer.language : settings.language;
  if (language === document.documentElement.lang) return;
  await speak(language);
  redraw();
}

async function signIn(badge, pin) {
  try {
    await agent.signIn(badge, pin);
    // While the page was locked, it kept nothing of what happened.
    pending.lost();
    pending.sync(state.status);
    sessionStorage.removeItem(LOCKED);
    await speaking;
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
  if (state.session?.officer?.discreet && state.screen.name !== "sign_in") reports(part("dialog"), agent, { ownerOf, isOnline });
}

function showMenu() {
  const { officer } = state.session ?? {};
  const failed = (error) => {
    part("dialog").close();
    fail(() => reasons(error)[0]);
  };
  menu(part("dialog"), {
    entitled: officer?.discreet === true,
    drill: () => officer?.role === "administrator" && drillForm(Boolean(state.status?.drill_until), {
      beginDrill: (minutes) => agent.beginDrill(minutes).then(() => part("dialog").close()),
      endDrill: () => agent.endDrill().then(() => part("dialog").close()),
    }, failed),
    changed: async () => {
      await speak(settings.language);
      draw();
    },
  });
}

/** What a key that is pressed now does, if anything: of what is in view now, whatever comes before it is done. */
function typed(key, event) {
  if (part("dialog").open) return null;
  const acts = {
    Escape: putAway,
    F2: showMenu,
    F8: showReports,
    ArrowDown: () => choose(state.screen.chosen + 1),
    ArrowUp: () => choose(state.screen.chosen - 1),
  };
  if (key in acts) {
    const many = state.screen.name === "answer" && state.screen.answer.alerts.length > 1;
    if (key.startsWith("Arrow") && !many) return null;
    event.preventDefault();
    return acts[key];
  }
  const [{ screen }, of, outcome] = [state, chosenNow(), OUTCOMES[Number(key) - 1]];
  if (!settings.shortcuts) return null;
  if (outcome) return () => report(outcome, of);
  const act = new Map([["n", nextOpen], ["c", showOwners]]).get(key.toLowerCase());
  return act ? () => state.screen === screen && act() : null;
}

// --- The agent ---------------------------------------------------------------------------------------------------------

agent.addEventListener("state", ({ detail }) => {
  const [before, known] = [isOnline(), state.status !== null];
  Object.assign(state, { status: detail, statusAt: Date.now() });
  pending.sync(detail);
  if (known && before !== isOnline()) announceToo(say(isOnline() ? "bar.online" : "bar.offline"));
  // Whether headquarters knows of what is overdue stands on the screen.
  if (before !== isOnline() && ["ready", "answer"].includes(state.screen.name)) redraw();
  else drawBar();
});
pending.addEventListener("changed", ({ detail: answered }) => {
  if (["ready", "answer"].includes(state.screen.name)) redraw();
  if (answered?.answer) announceToo(`${say(`confirm.${answered.answer.word}`, { owner: ownerOf(answered.list) })}. ${say(`do.owner.${answered.answer.word}`)}`);
});
agent.addEventListener("answer", ({ detail }) => {
  showAnswer(detail, false);
  if (detail.alerts.length > 0) seeMore(detail);
});
// Whatever is on the screen is of another document.
agent.addEventListener("refused", ({ detail: { read, why } }) => {
  if (state.screen.name === "sign_in") return;
  state.scans += 1;
  refuse(read ? "refused.failed" : "refused.title", phrase(why));
});
agent.addEventListener("session", ({ detail }) => {
  const before = whose();
  state.session = detail;
  if (detail.officer) detail.officer.heard = Date.now();
  if (whose() !== before) handOver();
});
agent.addEventListener("found", () => {
  const locked = sessionStorage.getItem(LOCKED) !== null && state.session.officer;
  if (state.screen.name === "lost") show({ name: locked ? "sign_in" : "ready" });
  if (state.screen.name === "sign_in" && !locked) show({ name: "ready" });
});
agent.addEventListener("closed", () => {
  if (state.screen.name === "sign_in") return;
  Object.assign(state, { scans: state.scans + 1, status: null });
  pending.forget();
  forgetReports();
  show({ name: "sign_in" });
});
agent.addEventListener("lost", () => {
  if (state.screen.name === "lost") return drawBar();
  state.scans += 1;
  pending.lost();
  announce(`${say("lost.title")}. ${say("lost.text")}`);
  show({ name: "lost" });
});

setInterval(() => {
  drawAges();
  drawTimers();
  tellEnd();
  pending.look();
  drawBarWhenIdle();
  const { screen } = state;
  if (screen.name === "answer" && screen.answer.verdict === "clear" && Date.now() - screen.at > CLEAR_SHOWN_MS) putAway();
}, 1_000);

// A button that is being pressed must not be replaced.
function drawBarWhenIdle() {
  if (!document.querySelector("#bar:active, #banners:active")) drawBar();
}

// What a dialog told is gone with it, not only hidden: it may have been discreet.
part("dialog").addEventListener("close", ({ target }) => !target.open && target.replaceChildren());

settings.apply();
await speak(settings.language);
draw();
listen({ zone: scan, badge: (badge) => state.session?.sign_in === "required" && signIn(badge, ""), typed });
watchUse(officerHere, () => agent.renew().then(drawBar));
agent.start();
