// The officer's page as a state machine: `step(state, event)` gives the next state and the effects that it asks for. Pure:
// no document, no clock, no timer, no network; `console.js` makes the events and runs the effects. One topic a module.
//
// An event is `{type, now, ...}`, `now` in milliseconds since 1970:
//
// | type | when | fields |
// |---|---|---|
// | `start` | the page is loaded, and the first language | |
// | `pulse`, `tick` | the timer asked for; every second | |
// | `reply` | the agent answered `ask`, or not | `then`, `call`, `of` as asked; `ok` or `failed: {status, message, hint, more}`, `status` null if no reply came |
// | `stream` | an event of the agent's stream, `open` or `error` | `name`, `data` |
// | `loaded` | a language's messages are here, or not | `language`, `failed` |
// | `zone`, `badge` | a reader or the officer typed one | `text` |
// | `used` | a key, a finger, a wheel | `repeat` |
// | `dialog_closed` | by the browser | |
// | all others | the officer pressed a key or a button | see `ACTS` |
//
// An effect is `{do, ...}`:
//
// | do | what | fields |
// |---|---|---|
// | `ask` | asks the agent; always replied to | `then`, `call`, `args`, `of` |
// | `listen`, `deafen` | opens the stream of events; closes it | |
// | `timer` | makes the event `name` after `ms`, in the place of the last one of that name | `name`, `ms` |
// | `load` | gets the messages of a language | `language` |
// | `show`, `draw` | draws all, and moves the focus to what is new; draws all, with what is typed or without it | `typed` |
// | `bar`, `times`, `dialog`, `reports` | draws bar and banners; ages and clocks; the dialog, none if there is none; the states of reports in it | `calm` |
// | `focus`, `scroll_to_chosen`, `clear_note` | in what was drawn | `section` |
// | `say` | to a screen reader, see `voice.js` | `said` |
// | `sound` | the tick of an answer | |
// | `store` | in the browser: `settings`, `seen`, `locked` | `what`, `value` |
//
// Effects that draw carry nothing: they show the state. So nothing discreet leaves the state but by the dialog and the report.

import { choose, dialogClosed, drill, drilled, nextHit, openMenu, setSetting, showEncounter, showOwners } from "./acts.js";
import { ownerOf } from "./facts.js";
import { overdueClocks } from "./clocks.js";
import { close, lose, refresh } from "./link.js";
import { given, report, reportLate } from "./outcomes.js";
import { nothing, replies, saw, watchDrill } from "./pending.js";
import { sessionReply, statusReply, streamed } from "./refresh.js";
import { NO_REPORTS, draft, openReports, reported, reveal, revealed, sendReport } from "./reports.js";
import { expireClear, moreSeen, putAway, scan, scanned } from "./scans.js";
import { badgeRead, languageLoaded, renew, renewed, signIn, signOut, signedIn, signedOut, used } from "./session.js";
import { Turn } from "./turn.js";

/** The state of a page that has just been loaded. `settings`: see `settings.js`; `locked`, `seen`: what the browser stored. */
export function initial({ settings, locked = false, seen = [] }) {
  return {
    settings,
    language: settings.language, // that is spoken
    wanted: settings.language,   // that is spoken once it is loaded
    link: { connected: false, listening: false },
    status: null,                // the agent's, and when it came
    status_at: 0,
    session: null,               // who is signed in, `heard` when, and whether anybody must be
    locked,                      // another officer's badge waits for its PIN
    entering: false,             // signed in, the page opens once it speaks the language
    renewed: null,               // when the session was last renewed
    screen: { name: "lost", id: 0 }, // ready; checking; refused {title, why}; lost; sign_in {badge, message}; answer {answer, at, chosen}
    screens: 0,                  // shown so far
    scans: 0,                    // begun or overtaken so far: a reply to an older one is not shown
    shown: [],                   // scans whose answers were shown, the newest first
    meanwhile: null,             // the last answer that a reader met while a document was checked
    failure: null,               // what went wrong, until the next screen
    announced: [],               // ids of the notices that were said
    voice: { said: [], at: 0 },  // what was last said, and when
    dialog: null,                // {id, name: "menu"}; {id, name: "reports", refused, revealed, failures}
    dialogs: 0,                  // opened so far
    reports: NO_REPORTS,         // typed and sent reports of discreet checks
    pending: nothing(seen),      // what is not over yet, see `pending.js`
    overdue: [],                 // encounters whose clock is known to have run out
  };
}

/** The next state and the effects. An event of an unknown type is an error of the caller. */
export function step(state, event) {
  const turn = new Turn(state, event.now);
  EVENTS[event.type](turn, event);
  return [turn.state, turn.effects];
}

function start(turn) {
  turn.redraw();
  refresh(turn, "pulse");
}

/** Every second: what ends by itself. */
function tick(turn) {
  turn.do("times");
  const overdue = overdueClocks(turn.state.pending, turn.now);
  const news = overdue.filter(({ encounter_id }) => !turn.state.overdue.includes(encounter_id));
  turn.set({ overdue: overdue.map(({ encounter_id }) => encounter_id) });
  if (news.length > 0) turn.sayToo(...news.map(({ list }) => ({ what: "overdue", owner: ownerOf(turn.state, list) })));
  watchDrill(turn);
  turn.drawBar({ calm: true });
  expireClear(turn);
}

const REPLIES = {
  ...replies, session: sessionReply, status: statusReply, scanned, more: moreSeen, given, revealed, reported, drilled,
  signed_in: signedIn, signed_out: signedOut, renewed,
};

/** Calls to which 401 does not mean that the session is over: `session` reports it, the others take a PIN or end a session. */
const OPEN_CALLS = ["session", "sign_in", "renew", "sign_out", "reveal"];

function reply(turn, event) {
  const { then, call, failed } = event;
  if (failed?.status === null) lose(turn);
  else if (failed?.status === 401 && !OPEN_CALLS.includes(call)) close(turn);
  REPLIES[then](turn, event);
}

/** What the officer does. */
const ACTS = {
  put_away: putAway,
  choose,                     // at
  outcome: report,            // outcome, of
  outcome_late: reportLate,   // encounter, outcome
  next_hit: nextHit,          // screen, if only there
  owners: showOwners,         // screen, if only there
  encounter: showEncounter,   // encounter
  saw,                        // seen
  sign_in: signIn,            // badge, pin
  sign_out: signOut,
  stay: renew,
  menu: openMenu,
  set: setSetting,            // name, value
  drill,                      // minutes, or null to end it
  reports: openReports,
  reveal,                     // pin
  draft,                      // encounter, field, text
  report: sendReport,         // encounter, outcome
};

const EVENTS = {
  ...ACTS, start, tick, reply, used,
  pulse: (turn) => refresh(turn, "pulse"),
  stream: streamed,
  loaded: languageLoaded,
  zone: scan,
  badge: badgeRead,
  dialog_closed: dialogClosed,
};
