// What follows from the state: who is here, whether headquarters hears, whose a list is. Pure.

/** The end of a session is announced so long before, seconds; of a short session in its last third. */
const WARN_S = 60;

/** The badge of the officer who is signed in, or undefined. */
export function badgeOf({ session }) {
  return session?.officer?.badge;
}

/** The officer who is signed in and sees this page, or null. */
export function officerHere({ screen, session }) {
  return screen.name === "sign_in" ? null : session?.officer ?? null;
}

/** Whether the session of the officer who sees this page is about to end. */
export function endsSoon(state, now) {
  const officer = officerHere(state);
  if (officer === null) return false;
  const { idle_s, idle_left_s, heard } = officer;
  return idle_left_s - (now - heard) / 1000 <= Math.min(WARN_S, idle_s / 3);
}

/** Whether the agent has a session with headquarters. */
export function isOnline({ link, status }) {
  return link.connected && status?.online === true;
}

/** Who answers for a list's hits, as the list names its owner; else the list's name. */
export function ownerOf({ status }, name) {
  return status?.lists.find(({ list }) => list === name)?.owner ?? name;
}

/** Seconds since the status came: so much older its lists are by now. */
export function grownBy({ status_at }, now) {
  return (now - status_at) / 1000;
}

/** Whether an alert's encounter awaits an outcome; one that could not be recorded can have none. */
export function isOpen({ encounter_id }, outcomes) {
  return Boolean(encounter_id) && !Object.hasOwn(outcomes, encounter_id);
}

/** The first alert of an answer that awaits an outcome, or -1. */
export function firstOpen(answer, outcomes) {
  return answer.alerts.findIndex((alert) => isOpen(alert, outcomes));
}
