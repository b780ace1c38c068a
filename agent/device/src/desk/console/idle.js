// A session ends when nobody uses it. Whoever types or touches is there: the agent is told, seldom; and before the session
// ends the page says so, in time to stay. Only listens and reckons.

/** The agent is told at most so often, milliseconds; of short sessions after a fifth of them. */
const RENEW_MS = 30_000;
/** The end is told so long before, seconds; of short sessions in their last third. */
const WARN_S = 60;

/** Calls `renew` when somebody is there. `officer()`: who is signed in and sees this page, or nobody. */
export function watchUse(officer, renew) {
  let renewed = -Infinity;
  const used = ({ repeat }) => {
    const here = officer();
    // A key that only repeats may have something lying on it.
    if (!here || repeat) return;
    const often = ending(here) ? 1000 : Math.min(RENEW_MS, here.idle_s * 200);
    if (performance.now() - renewed < often) return;
    renewed = performance.now();
    renew();
  };
  // Once a pointer is let go: what is drawn anew in between would take the pressed button away.
  for (const kind of ["keydown", "pointerup", "pointercancel", "wheel"]) window.addEventListener(kind, used, { capture: true, passive: true });
}

/** Whether a session is about to end. `heard`: when the agent said how long it lasts, milliseconds since 1970. */
export function ending({ idle_s, idle_left_s, heard }) {
  return idle_left_s - (Date.now() - heard) / 1000 <= Math.min(WARN_S, idle_s / 3);
}
