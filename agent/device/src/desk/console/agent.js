// The agent on this machine: one request at a time each, and its events. Nothing here is ever remembered as an answer.
//
// Events: `state` (detail: status), `answer` (detail: answer), `refused` (a reader's scan has no answer), `session` (detail: who is signed in, and whether anybody must
// be), `outcome` (what came of an encounter, on whichever screen), `confirmation` (an owner answered), `missed` (events may
// have been), `closed` (sign in first), `lost` and `found` (the connection).

/** Longest wait for an answer, milliseconds. */
const ANSWER_WAIT_MS = 5_000;
/** The agent is asked whether it still lives so often, milliseconds. */
const PULSE_MS = 5_000;
/** While it is lost, it is looked for so often, milliseconds. */
const SEEK_MS = 1_000;

/** The agent said no. */
export class Refused extends Error {
  constructor(status, { error = "", hint = "", ...more } = {}) {
    super(error || `HTTP ${status}`);
    Object.assign(this, { status, hint, more });
  }
}

export class Agent extends EventTarget {
  connected = false;
  #events = null;
  #pulse = 0;

  /** Connects, and stays so. */
  async start() {
    await this.refresh();
    this.#again(this.connected ? PULSE_MS : SEEK_MS);
  }

  #again(wait) {
    clearTimeout(this.#pulse);
    this.#pulse = setTimeout(() => this.start(), wait);
  }

  /** Asks who is signed in and for the state; opens the stream of events when there is none. */
  async refresh() {
    try {
      const session = await this.#call("GET", "/v1/session");
      this.#tell("session", session);
      if (session.sign_in === "required" && !session.officer) return this.#close();
      this.#tell("state", await this.#call("GET", "/v1/status"));
      this.#found();
    } catch (error) {
      if (error instanceof Refused && error.status === 401) this.#close();
      else this.#lose();
    }
  }

  /** Signs an officer in; without a PIN only a shift change gets in. */
  async signIn(badge, pin) {
    await this.#call("POST", "/v1/session", pin ? { badge, pin } : { badge });
    this.#deaf();
    await this.refresh();
  }

  /** Says that the officer is there. */
  async renew() {
    try {
      await this.#call("PUT", "/v1/session");
    } catch (error) {
      if (!(error instanceof Refused)) return;
    }
    await this.refresh();
  }

  /** Signs the officer out. */
  async signOut() {
    await this.#call("DELETE", "/v1/session");
    await this.refresh();
  }

  /** The discreet alerts of the last hour, for an entitled officer who gives the PIN once more. */
  reveal(pin) {
    return this.#call("POST", "/v1/discreet", { pin });
  }

  /** A recent scan's answer, as far as whoever is signed in may see it. */
  answer(scan) {
    return this.#call("GET", `/v1/scans/${encodeURIComponent(scan)}`);
  }

  /** Hits without an outcome. */
  open() {
    return this.#call("GET", "/v1/open");
  }

  /** The clocks of alerts that their owners must confirm. */
  confirmations() {
    return this.#call("GET", "/v1/confirmations");
  }

  /** Documents that were listed after they had been scanned. */
  late() {
    return this.#call("GET", "/v1/late");
  }

  /** The drill that runs, or the last; refused where there was none. */
  drill() {
    return this.#call("GET", "/v1/drill");
  }

  /** Begins a drill: an administrator may. */
  beginDrill(minutes) {
    return this.#call("POST", "/v1/drill", { minutes });
  }

  /** Ends it now. */
  endDrill() {
    return this.#call("DELETE", "/v1/drill");
  }

  /** Checks a zone. */
  scan(mrz) {
    return this.#call("POST", "/v1/scans", { mrz });
  }

  /** Reports what came of an encounter; `form`: that of a discreet check. */
  outcome(encounter, outcome, note, form = {}) {
    return this.#call("POST", `/v1/encounters/${encodeURIComponent(encounter)}/outcome`, { outcome, note, form });
  }

  async #call(method, path, body) {
    let response;
    try {
      response = await fetch(path, {
        method,
        headers: body === undefined ? {} : { "content-type": "application/json" },
        body: body === undefined ? undefined : JSON.stringify(body),
        signal: AbortSignal.timeout(ANSWER_WAIT_MS),
      });
      const content = response.status === 204 ? null : await response.json().catch(() => ({}));
      if (response.ok) return content;
      // A session may end at any moment; at the two calls that take a PIN, 401 says that it was wrong.
      if (response.status === 401 && !["/v1/session", "/v1/discreet"].includes(path)) this.#close();
      throw new Refused(response.status, content ?? {});
    } catch (error) {
      if (!(error instanceof Refused)) this.#lose();
      throw error;
    }
  }

  #found() {
    if (this.#events === null) this.#listen();
    this.connected = true;
    this.#tell("found");
  }

  #listen() {
    const events = new EventSource("/v1/events");
    const heard = (name) => (event) => this.#tell(name, JSON.parse(event.data));
    for (const name of ["state", "answer", "refused", "outcome", "confirmation"]) events.addEventListener(name, heard(name));
    events.addEventListener("lagged", () => {
      this.#tell("missed");
      this.refresh();
    });
    events.addEventListener("session", () => this.refresh());
    // What happened between the last question and now was told to nobody.
    events.onopen = () => this.#tell("missed");
    // The stream ends when the agent does, or the session: asking tells which.
    events.onerror = () => {
      this.#deaf();
      this.#tell("missed");
      this.refresh();
    };
    this.#events = events;
  }

  #deaf() {
    this.#events?.close();
    this.#events = null;
  }

  #close() {
    this.#deaf();
    this.connected = true;
    this.#tell("closed");
  }

  #lose() {
    this.#deaf();
    if (this.connected) {
      this.connected = false;
      this.#again(SEEK_MS);
    }
    this.#tell("lost");
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
