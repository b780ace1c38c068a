// What is not over yet, as the agent knows it: hits without an outcome, alerts that their owners must confirm, documents
// listed only after their scan, the drill. All of it is asked for anew when the page is loaded, so a reload loses nothing.
// Nothing discreet is ever in here.
//
// Event: `changed`; its detail is the owner's answer that came, if it was one.

/** The outcomes, in the order of their keys 1 to 5. */
export const OUTCOMES = ["confirmed", "not_the_person", "seized", "released", "passed_on"];

/** Hits without an outcome that are remembered; then the oldest goes. */
const OPEN_MAX = 20;
/** So long after it was given an answer, or a drill's end, is news to a page that has just been loaded, milliseconds. */
const NEWS_MS = 12 * 3_600_000;
/** What the officer put away, until the browser is closed. Only numbers that nobody can do anything with. */
const SEEN = "vedette-seen";

export class Pending extends EventTarget {
  hits = new Map();     // scan -> {answer, at, unseen}: with an alert that has no outcome yet, or that can have none and was not seen
  outcomes = new Map(); // encounter -> {outcome, time}
  clocks = new Map();   // encounter -> the agent's clock, and when it was heard of
  late = [];
  drill = null;
  #agent;
  #synced = null;       // the state that all this belongs to
  #generation = 0;      // what was asked in an older one is not taken: another officer may see less
  #seen = new Set(JSON.parse(sessionStorage.getItem(SEEN) ?? "[]"));

  constructor(agent) {
    super();
    this.#agent = agent;
    agent.addEventListener("answer", ({ detail }) => detail.alerts.some(({ confirm_by }) => confirm_by) && this.#askClocks());
    agent.addEventListener("missed", () => this.lost());
    agent.addEventListener("confirmation", ({ detail }) => {
      this.#putClock(detail);
      this.#changed(detail);
    });
    agent.addEventListener("outcome", ({ detail }) => {
      this.resolve(detail);
      this.#askLate();
    });
  }

  /** Asks for what changed with the agent's state. */
  sync(status) {
    const before = this.#synced;
    this.#synced = status;
    const differs = (...keys) => before === null || keys.some((key) => JSON.stringify(before[key]) !== JSON.stringify(status[key]));
    if (before === null) this.#askHits();
    if (differs("confirmations")) this.#askClocks();
    if (differs("late")) this.#askLate();
    if (differs("drill_until") || this.#drillIsOpen()) this.#askDrill();
  }

  /** Once a second: an ended drill is looked at until everything is home. */
  look() {
    if (this.#drillIsOpen()) this.#askDrill();
  }

  /** The connection is gone, or events were missed: with the next state everything is asked for anew. */
  lost() {
    this.#synced = null;
    this.#generation += 1;
  }

  /** Forgets everything: the session is over, or another officer's. */
  forget() {
    this.lost();
    [this.hits, this.outcomes, this.clocks].forEach((map) => map.clear());
    Object.assign(this, { late: [], drill: null });
  }

  /** An answer was shown, or would have been; `unseen`: it was not. */
  keep(answer, at, unseen = false) {
    const open = answer.alerts.some((alert) => this.unresolved(alert));
    if (!open && !(unseen && answer.alerts.length > 0)) return this.hits.delete(answer.scan_id);
    this.hits.set(answer.scan_id, { answer, at: this.hits.get(answer.scan_id)?.at ?? at, unseen: !open });
    if (this.hits.size > OPEN_MAX) this.hits.delete(this.hits.keys().next().value);
  }

  /** What came of an encounter, here or on another screen. */
  resolve({ encounter_id, outcome, at }) {
    this.outcomes.set(encounter_id, { outcome, time: new Date(at).toTimeString().slice(0, 5) });
    for (const [scan, { answer, unseen }] of this.hits) {
      if (!unseen && !answer.alerts.some((alert) => this.unresolved(alert))) this.hits.delete(scan);
    }
    this.#changed();
  }

  unresolved(alert) {
    return Boolean(alert.encounter_id) && !this.outcomes.has(alert.encounter_id);
  }

  /** Whether the officer has said what came of a clock's encounter. */
  isDone({ encounter_id, reported }) {
    return reported || this.outcomes.has(encounter_id);
  }

  /** The clock of an encounter as it stands now: `left_s` counts down by the agent's own clock. */
  clock(encounter) {
    const clock = this.clocks.get(encounter);
    return clock && { ...clock, left_s: clock.left_s - (Date.now() - clock.heard) / 1000 };
  }

  /** Every clock as it stands now, the most urgent first. */
  allClocks() {
    const all = [...this.clocks.keys()].map((encounter) => this.clock(encounter));
    return all.sort((a, b) => Boolean(a.answer) - Boolean(b.answer) || a.left_s - b.left_s);
  }

  /** Owners' answers that the officer has not put away. */
  news() {
    const now = Date.now();
    return this.allClocks().filter(({ answer, encounter_id, fresh, reported }) =>
      answer && !this.isDone({ encounter_id, reported }) && (fresh || now - Date.parse(answer.at) < NEWS_MS) && !this.#seen.has(`${encounter_id} ${answer.at}`));
  }

  /** The ended drill, until it is put away. */
  drillNews() {
    const { drill } = this;
    const ended = drill !== null && !drill.running && Date.now() - Date.parse(drill.ends) < NEWS_MS;
    return ended && !this.#seen.has(drill.started) ? drill : null;
  }

  /** Puts an answer or a drill away. */
  saw(what) {
    this.#seen.add(what.answer ? `${what.encounter_id} ${what.answer.at}` : what.started);
    sessionStorage.setItem(SEEN, JSON.stringify([...this.#seen]));
    this.#changed();
  }

  #drillIsOpen() {
    return this.drill !== null && !this.drill.running && this.drill.report.home_after_s === undefined;
  }

  #askHits() {
    const known = [...this.hits.keys()].filter((scan) => !this.hits.get(scan).unseen);
    this.#ask(this.#agent.open(), (open) => {
      known.filter((scan) => !open.some(({ answer }) => answer.scan_id === scan)).forEach((scan) => this.#askHit(scan));
      for (const { age_s, answer, outcomes } of open.reverse()) {
        outcomes.forEach((taken) => this.resolve(taken));
        if (!this.hits.has(answer.scan_id)) this.keep(answer, Date.now() - age_s * 1000);
      }
      return open.length > 0;
    });
  }

  /** A hit that is not open any more had its outcomes while nobody listened; one that an agent forgot is open still. */
  #askHit(scan) {
    this.#ask(this.#agent.answer(scan), () => this.hits.delete(scan));
  }

  #askClocks() {
    this.#ask(this.#agent.confirmations(), (clocks) => {
      clocks.forEach((clock) => this.#putClock(clock, false));
      return clocks.length > 0;
    });
  }

  #askLate() {
    this.#ask(this.#agent.late(), (late) => this.#put("late", late));
  }

  #askDrill() {
    this.#ask(this.#agent.drill(), (drill) => this.#put("drill", drill));
  }

  /** Whether it is news. */
  #put(name, value) {
    const before = this[name];
    this[name] = value;
    return JSON.stringify(before) !== JSON.stringify(value);
  }

  /** Takes what the agent answers, and tells it if it is news; if it was asked in another generation, nothing. */
  async #ask(asked, take) {
    const generation = this.#generation;
    // A lost connection and an ended session are told by the agent; 404: there was no drill, no such scan.
    const answer = await asked.catch(() => null);
    if (answer !== null && generation === this.#generation && take(answer)) this.#changed();
  }

  #putClock(clock, fresh = true) {
    const before = this.clocks.get(clock.encounter_id);
    this.clocks.set(clock.encounter_id, { ...clock, heard: Date.now(), fresh: fresh || before?.fresh === true });
  }

  #changed(detail) {
    this.dispatchEvent(new CustomEvent("changed", { detail }));
  }
}
