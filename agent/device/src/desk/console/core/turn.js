// One step of the machine: the state that it makes, and the effects that it asks for. Every topic module works on a turn.
//
// The parts of a state are shared with the state before: they are replaced, never changed in place.

import { noticesOf } from "./notices.js";

/** A screen reader may take so long to say a sentence, milliseconds. */
const HEARD_MS = 3_000;
/** Sentences that are said together, at most: the newest. */
const SAID_MAX = 16;

export class Turn {
  effects = [];

  /** `now`: milliseconds since 1970. */
  constructor(state, now) {
    this.state = { ...state };
    this.now = now;
  }

  /** Changes parts of the state. */
  set(change) {
    Object.assign(this.state, change);
  }

  /** Asks the shell for an effect. */
  do(name, more = {}) {
    this.effects.push({ do: name, ...more });
  }

  /** Asks the agent; the reply comes as an event for `then`, and brings `of` back. */
  ask(then, call, args = [], of = {}) {
    this.do("ask", { then, call, args, of });
  }

  /** Puts a screen in the place of the last one, closes the dialog over it, and moves the focus. */
  show(screen) {
    const screens = this.state.screens + 1;
    const meanwhile = screen.name === "checking" ? this.state.meanwhile : null;
    this.closeDialog();
    if (screen.name === "sign_in") this.silence();
    this.set({ screens, screen: { ...screen, id: screens }, failure: null, meanwhile });
    this.do("show");
    this.#sayNews();
  }

  /** Draws the screen again; `typed`: what is typed stays, and the focus. */
  redraw({ typed = true } = {}) {
    this.do("draw", { typed });
    this.#sayNews();
  }

  /** Draws the bar and the banners; `calm`: not while one of their buttons is being pressed. */
  drawBar({ calm = false } = {}) {
    this.do("bar", { calm });
    this.#sayNews();
  }

  /** Whether the screen shows what is not over yet. */
  get showsPending() {
    return ["ready", "answer"].includes(this.state.screen.name);
  }

  openDialog(dialog) {
    const dialogs = this.state.dialogs + 1;
    this.set({ dialogs, dialog: { ...dialog, id: dialogs } });
    this.do("dialog");
  }

  closeDialog() {
    if (this.state.dialog === null) return;
    this.set({ dialog: null });
    this.do("dialog");
  }

  /** Says `what` aloud in the place of what was said before. */
  say(...what) {
    const said = what.slice(-SAID_MAX);
    this.set({ voice: { said, at: this.now } });
    this.do("say", { said });
  }

  /** Nothing stays of what was said: it may have been about a traveller, and another officer is here. */
  silence() {
    if (this.state.voice.said.length > 0) this.say();
  }

  /** Says `what`; what was said just before, and may not have been heard to its end, is said again with it. */
  sayToo(...what) {
    const { said, at } = this.state.voice;
    this.say(...this.now - at < HEARD_MS ? said : [], ...what);
  }

  /** Shows and says, until the next screen, what went wrong. */
  fail(failure) {
    this.set({ failure });
    this.sayToo({ what: "failure", failure });
    this.drawBar();
  }

  /** A notice that was not there before is said. */
  #sayNews() {
    const notices = noticesOf(this.state, this.now).filter(({ id }) => id);
    const news = notices.filter(({ id }) => !this.state.announced.includes(id));
    this.set({ announced: notices.map(({ id }) => id) });
    if (news.length > 0) this.sayToo(...news.map((notice) => ({ what: "notice", notice })));
  }
}
