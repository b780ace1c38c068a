// The agent on this machine: one request at a time each, and its events. Nothing here is ever remembered as an answer.
//
// Events: `state` (detail: status), `answer` (detail: answer), `lost` and `found` (the connection), `closed` (sign in first).

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

  /** Asks for the state; opens the stream of events when there is none. */
  async refresh() {
    try {
      this.#tell("state", await this.#call("GET", "/v1/status"));
      this.#found();
    } catch (error) {
      if (error instanceof Refused && error.status === 401) this.#tell("closed", error);
      else this.#lose();
    }
  }

  /** Checks a zone. */
  scan(mrz) {
    return this.#call("POST", "/v1/scans", { mrz });
  }

  /** Reports what came of an encounter. */
  outcome(encounter, outcome, note) {
    return this.#call("POST", `/v1/encounters/${encodeURIComponent(encounter)}/outcome`, { outcome, note });
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
      throw new Refused(response.status, content ?? {});
    } catch (error) {
      if (!(error instanceof Refused)) this.#lose();
      throw error;
    }
  }

  #found() {
    if (this.#events === null) this.#listen();
    if (this.connected) return;
    this.connected = true;
    this.#tell("found");
  }

  #listen() {
    const events = new EventSource("/v1/events");
    const heard = (name) => (event) => this.#tell(name, JSON.parse(event.data));
    events.addEventListener("state", heard("state"));
    events.addEventListener("answer", heard("answer"));
    events.addEventListener("lagged", () => this.refresh());
    // The stream ends when the agent does: there is no quicker sign.
    events.onerror = () => this.#lose();
    this.#events = events;
  }

  #lose() {
    this.#events?.close();
    this.#events = null;
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
