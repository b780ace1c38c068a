// Officers come and go: sign-in, hand-over, the locked page, the end of an idle session. Pure.
//
// What two officers may see differs: with another officer nothing stays of what the one before could see.

import { badgeOf, endsSoon, officerHere } from "./facts.js";
import { deafen, refresh } from "./link.js";
import { forget, resync, sync } from "./pending.js";
import { forgetReports } from "./reports.js";
import { LANGUAGES } from "./words.js";

/** The session is renewed at most once in this time, milliseconds; a short session once in a fifth of it. */
const RENEW_MS = 30_000;
/** The same while its end is announced. */
const RENEW_LATE_MS = 1_000;

/** Who is signed in, as the agent says. */
export function sessionCame(turn, session) {
  const before = badgeOf(turn.state);
  const { officer } = session;
  turn.set({ session: officer ? { ...session, officer: { ...officer, heard: turn.now } } : session });
  if (badgeOf(turn.state) !== before) handOver(turn);
}

function handOver(turn) {
  const { scans, screen, session, settings } = turn.state;
  turn.set({ scans: scans + 1 });
  forgetReports(turn);
  forget(turn);
  turn.silence();
  turn.closeDialog();
  // The officer's language; the device's for one who has none, and where no officer is signed in.
  const { language } = session.officer ?? {};
  useLanguage(turn, Object.hasOwn(LANGUAGES, language) ? language : settings.language);
  const opens = session.officer || session.sign_in !== "required";
  if (opens && ["answer", "checking", "refused"].includes(screen.name)) turn.show({ name: "ready" });
}

/** Asks for a language, unless it is spoken. */
export function useLanguage(turn, wanted) {
  turn.set({ wanted });
  if (wanted !== turn.state.language) turn.do("load", { language: wanted });
}

/** A language's messages are here, or `failed` to come. */
export function languageLoaded(turn, { language, failed }) {
  if (language !== turn.state.wanted) return;
  if (failed) turn.set({ wanted: turn.state.language });
  // In another language every notice is said again.
  else turn.set({ language, announced: [] });
  if (turn.state.entering) return enter(turn);
  turn.redraw();
  if (turn.state.dialog?.name === "menu") turn.do("dialog");
}

/** A badge, with the PIN or without: then only a shift change gets in. */
export function signIn(turn, { badge, pin }) {
  turn.ask("signed_in", "sign_in", [badge, pin], { badge, pin: pin !== "" });
}

/** A badge was scanned. */
export function badgeRead(turn, { text }) {
  if (turn.state.session?.sign_in === "required") signIn(turn, { badge: text, pin: "" });
}

/** The agent's reply to a sign-in. */
export function signedIn(turn, { of, failed }) {
  if (!failed) {
    deafen(turn);
    return refresh(turn, "enter");
  }
  if (failed.status === null) return;
  // Another officer is here. The session before goes on until the PIN takes over from it, but this page is locked, also
  // after a reload.
  lock(turn, true);
  turn.show({ name: "sign_in", badge: of.badge, message: { what: "not_in", error: failed, pin: of.pin } });
}

function lock(turn, locked) {
  turn.set({ locked });
  turn.do("store", { what: "locked", value: locked ? "yes" : null });
}

/** Signed in, and the session is known: the page opens once it speaks the officer's language. */
export function entered(turn) {
  // While the page was locked, it kept nothing of what happened.
  resync(turn);
  sync(turn, turn.state.status);
  lock(turn, false);
  if (turn.state.wanted === turn.state.language) enter(turn);
  else turn.set({ entering: true });
}

function enter(turn) {
  turn.set({ entering: false });
  if (turn.state.link.connected && badgeOf(turn.state)) turn.show({ name: "ready" });
  else turn.redraw();
}

/** The connection is there: the page opens by itself, unless it is locked. */
export function found(turn) {
  const { screen, locked, session } = turn.state;
  const stays = locked && Boolean(session.officer);
  if (screen.name === "lost") turn.show(stays ? { name: "sign_in", badge: "", message: null } : { name: "ready" });
  else if (screen.name === "sign_in" && !stays) turn.show({ name: "ready" });
}

/** The officer leaves. */
export function signOut(turn) {
  turn.ask("signed_out", "sign_out");
}

export function signedOut(turn, { failed }) {
  if (!failed) refresh(turn);
}

/** Somebody types or touches: the session goes on, and the agent hears it, seldom. */
export function used(turn, { repeat }) {
  const officer = officerHere(turn.state);
  // A key that only repeats may have something lying on it.
  if (officer === null || repeat) return;
  const often = endsSoon(turn.state, turn.now) ? RENEW_LATE_MS : Math.min(RENEW_MS, officer.idle_s * 200);
  const { renewed } = turn.state;
  if (renewed !== null && Math.abs(turn.now - renewed) < often) return;
  turn.set({ renewed: turn.now });
  renew(turn);
}

/** The officer stays. */
export function renew(turn) {
  turn.ask("renewed", "renew");
}

export function renewed(turn, { failed }) {
  if (failed?.status !== null) refresh(turn, "bar");
}
