// The agent on this machine: its calls and its stream of events. Only the page's half of the session's secret is kept, in the
// page's own storage: the cookie with the other half goes to every port of this machine, and a page of another port must
// get nothing with it.

/** The longest wait for a reply, milliseconds. */
const REPLY_WAIT_MS = 5_000;

const STREAM = "/v1/events";
/** Events of the stream that carry something. */
const EVENTS = ["state", "answer", "refused", "outcome", "confirmation", "session", "lagged"];

const part = encodeURIComponent;

/** Where the page's half is kept, until the tab is closed; and the header that shows it. */
const PAGE = "vedette-page";

const pageHalf = () => sessionStorage.getItem(PAGE) ?? "";

/** Every call: method, path, and body where there is one. */
const CALLS = {
  // Who is signed in, and whether anybody must be.
  session: () => ["GET", "/v1/session"],
  // Signs an officer in; without a PIN only a shift change gets in.
  sign_in: (badge, pin) => ["POST", "/v1/session", pin ? { badge, pin } : { badge }],
  // Says that the officer is there.
  renew: () => ["PUT", "/v1/session"],
  sign_out: () => ["DELETE", "/v1/session"],
  status: () => ["GET", "/v1/status"],
  // Checks a zone.
  scan: (mrz) => ["POST", "/v1/scans", { mrz }],
  // A recent scan's answer, as far as the officer who is signed in may see it.
  answer: (scan) => ["GET", `/v1/scans/${part(scan)}`],
  // Hits without an outcome.
  open: () => ["GET", "/v1/open"],
  // Reports what came of an encounter; `form`: that of a discreet check.
  outcome: (encounter, outcome, note, form = {}) => ["POST", `/v1/encounters/${part(encounter)}/outcome`, { outcome, note, form }],
  // The clocks of alerts that their owners must confirm.
  confirmations: () => ["GET", "/v1/confirmations"],
  // Documents that were listed after they had been scanned.
  late: () => ["GET", "/v1/late"],
  // The drill that runs, or the last; refused where there was none.
  drill: () => ["GET", "/v1/drill"],
  begin_drill: (minutes) => ["POST", "/v1/drill", { minutes }],
  end_drill: () => ["DELETE", "/v1/drill"],
  // The discreet alerts of the last hour, for an entitled officer who gives the PIN once more.
  reveal: (pin) => ["POST", "/v1/discreet", { pin }],
};

/** Calls the agent: `{ok}`, or `{failed: {status, message, hint, more}}`; `status` is null if no reply came. */
export async function call(name, args) {
  const [method, path, body] = CALLS[name](...args);
  try {
    const response = await fetch(path, {
      method,
      headers: { [PAGE]: pageHalf(), ...(body === undefined ? {} : { "content-type": "application/json" }) },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(REPLY_WAIT_MS),
    });
    const content = response.status === 204 ? null : await response.json().catch(() => ({}));
    if (name === "sign_in" && response.ok) sessionStorage.setItem(PAGE, content.page);
    return response.ok ? { ok: content } : { failed: refused(response.status, content ?? {}) };
  } catch (error) {
    return { failed: { status: null, message: error.message, hint: "", more: {} } };
  }
}

function refused(status, { error = "", hint = "", ...more }) {
  return { status, message: error || `HTTP ${status}`, hint, more };
}

/** Opens the stream; `heard(name, data)` takes its events, `open` and `error` too. Returns how to close it. */
export function listenToAgent(heard) {
  const events = new EventSource(`${STREAM}?page=${part(pageHalf())}`);
  for (const name of EVENTS) events.addEventListener(name, (event) => heard(name, JSON.parse(event.data)));
  events.onopen = () => heard("open");
  events.onerror = () => heard("error");
  return () => events.close();
}
