// What the agent says of itself: session and status, in that order, and the events of its stream. Pure.

import { isOnline } from "./facts.js";
import { close, connect, deafen, lose, pulse, refresh } from "./link.js";
import { askLate, confirmed, resolve, resync, sync } from "./pending.js";
import { answerHeard, forgetErased, readerRefused } from "./scans.js";
import { entered, found, sessionCame } from "./session.js";

/** What goes on after a refresh, whatever came of it. */
const AFTER = { pulse, enter: entered, bar: (turn) => turn.drawBar() };

function done(turn, { after }) {
  AFTER[after]?.(turn);
}

/** The reply to who is signed in. */
export function sessionReply(turn, { of, ok, failed }) {
  if (failed) return refreshFailed(turn, of, failed);
  sessionCame(turn, ok);
  if (ok.sign_in !== "required" || ok.officer) return turn.ask("status", "status", [], of);
  close(turn);
  done(turn, of);
}

/** The reply to how the device is. */
export function statusReply(turn, { of, ok, failed }) {
  if (failed) return refreshFailed(turn, of, failed);
  statusCame(turn, ok);
  connect(turn);
  found(turn);
  done(turn, of);
}

function refreshFailed(turn, of, { status }) {
  if (status === 401) close(turn);
  else lose(turn);
  done(turn, of);
}

/** The status, asked for or sent when it changes. */
function statusCame(turn, status) {
  const [before, known] = [isOnline(turn.state), turn.state.status !== null];
  turn.set({ status, status_at: turn.now });
  sync(turn, status);
  forgetErased(turn, status);
  const online = isOnline(turn.state);
  if (known && before !== online) turn.sayToo({ what: "link", online });
  // Whether headquarters knows about what is overdue is on the screen.
  if (before !== online && turn.showsPending) turn.redraw();
  else turn.drawBar();
}

/** Events may have been missed. */
function missed(turn) {
  resync(turn);
  refresh(turn);
}

const STREAM = {
  // What happened between the last call and now was not sent.
  open: resync,
  // The stream ends when the agent does, or the session: a refresh shows which.
  error: (turn) => {
    deafen(turn);
    missed(turn);
  },
  lagged: missed,
  session: (turn) => refresh(turn),
  state: statusCame,
  answer: answerHeard,
  refused: readerRefused,
  outcome: (turn, taken) => {
    resolve(turn, taken);
    askLate(turn);
  },
  confirmation: confirmed,
};

/** An event of the stream, `name` with its `data`; unknown ones are a newer agent's. */
export function streamed(turn, { name, data }) {
  STREAM[name]?.(turn, data);
}
