// The connection to the agent on this machine: asked at intervals, and heard through a stream of events. Pure.
//
// `refresh` asks who is signed in, then for the status; `refresh.js` takes the replies. The stream is opened when both came.

import { forget, resync } from "./pending.js";
import { forgetReports } from "./reports.js";

/** The agent is asked at this interval whether it still runs, milliseconds. */
const PULSE_MS = 5_000;
/** The same while it does not answer. */
const SEEK_MS = 1_000;

/** Asks for session and status. `after`: what goes on once both came, or did not: see `refresh.js`. */
export function refresh(turn, after = null) {
  turn.ask("session", "session", [], { after });
}

/** The time until the agent is asked again. */
export function pulse(turn) {
  turn.do("timer", { name: "pulse", ms: turn.state.link.connected ? PULSE_MS : SEEK_MS });
}

/** Closes the stream: with the next session another one is opened. */
export function deafen(turn) {
  turn.set({ link: { ...turn.state.link, listening: false } });
  turn.do("deafen");
}

/** The agent answers: opens the stream if there is none. */
export function connect(turn) {
  if (!turn.state.link.listening) turn.do("listen");
  turn.set({ link: { connected: true, listening: true } });
}

/** The agent does not answer. Nothing that it said is shown any more. */
export function lose(turn) {
  deafen(turn);
  const { link, screen, scans } = turn.state;
  turn.set({ link: { ...link, connected: false } });
  if (link.connected) pulse(turn);
  if (screen.name === "lost") return turn.drawBar();
  turn.set({ scans: scans + 1 });
  resync(turn);
  turn.say({ what: "lost" });
  turn.show({ name: "lost" });
}

/** The agent answers, but an officer must sign in first. */
export function close(turn) {
  deafen(turn);
  const { link, screen, scans } = turn.state;
  turn.set({ link: { ...link, connected: true } });
  if (screen.name === "sign_in") return;
  turn.set({ scans: scans + 1, status: null });
  forget(turn);
  forgetReports(turn);
  turn.show({ name: "sign_in", badge: "", message: null });
}
