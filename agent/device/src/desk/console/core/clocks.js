// The clocks of alerts that their owners must confirm. Pure. A clock is the agent's `Confirmation` with `heard`: when it came,
// milliseconds since 1970. `left_s` was true then and counts down from there, so the machine's clock need not be the agent's.

/** Clocks in one answer, at most. */
const CLOCKS_MAX = 3;
/** For so long an owner's answer, or a drill's end, is news to a page that has just been loaded, milliseconds. */
const NEWS_MS = 12 * 3_600_000;

/** A clock as it is at `now`. */
export function clockAt(clock, now) {
  return { ...clock, left_s: clock.left_s - (now - clock.heard) / 1000 };
}

/** Every clock as it is at `now`, the most urgent first, then those that are answered. `clocks`: by encounter. */
export function allClocks(clocks, now) {
  const all = Object.values(clocks).map((clock) => clockAt(clock, now));
  return all.sort((a, b) => Boolean(a.answer) - Boolean(b.answer) || a.left_s - b.left_s);
}

/** The clocks of an answer's alerts, in their order, each with its alert; nothing where none needs a confirmation. */
export function clocksOf(answer, clocks) {
  const all = answer.alerts.map((alert) => ({ alert, clock: clocks[alert.encounter_id] }));
  return all.filter(({ clock }) => clock).slice(0, CLOCKS_MAX);
}

/** Whether the owner has not answered in time. */
export function isOverdue({ answer, left_s }) {
  return !answer && left_s <= 0;
}

/** Whether the officer has said what came of a clock's encounter. `outcomes`: by encounter. */
export function isDone({ encounter_id, reported }, outcomes) {
  return reported || Object.hasOwn(outcomes, encounter_id);
}

/** Clocks that ran out, of encounters without an outcome. */
export function overdueClocks({ clocks, outcomes }, now) {
  return allClocks(clocks, now).filter((clock) => isOverdue(clock) && !isDone(clock, outcomes));
}

/** What an officer puts away when an owner's answer was seen; another answer to the same encounter is news again. */
export function answerId({ encounter_id, answer }) {
  return `${encounter_id} ${answer.at}`;
}

/** Owners' answers that the officer has not put away, and that still matter. */
export function newAnswers({ clocks, outcomes, seen }, now) {
  return allClocks(clocks, now).filter((clock) => clock.answer && !isDone(clock, outcomes) && !seen.includes(answerId(clock))
    && (clock.fresh || now - Date.parse(clock.answer.at) < NEWS_MS));
}

/** The drill that ended, until it is put away; or null. */
export function endedDrill({ drill, seen }, now) {
  const ended = drill !== null && !drill.running && now - Date.parse(drill.ends) < NEWS_MS;
  return ended && !seen.includes(drill.started) ? drill : null;
}

/** `9:41`, `1:59:59`; after the end, from then, `+0:07`. */
export function countdown(left_s) {
  const seconds = Math.abs(left_s > 0 ? Math.ceil(left_s) : Math.floor(left_s));
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (n) => String(n).padStart(2, "0");
  return (left_s > 0 ? "" : "+") + (hours > 0 ? `${hours}:${two(minutes)}` : `${minutes}`) + `:${two(rest)}`;
}
