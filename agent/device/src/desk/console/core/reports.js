// Reports of discreet checks, for an entitled officer: opened by a deliberate act (F8, then the PIN once more), never by
// itself. Pure. What was revealed is in the state only while the dialog is open; what was typed stays until it is sent or the
// session ends, and no effect but the report itself carries it.

import { badgeOf } from "./facts.js";

/** No drafts: `{drafts: {encounter: {field: text}}, sent: {encounter: time}}`. */
export const NO_REPORTS = { drafts: {}, sent: {} };

/** Forgets what was typed and sent: another officer is here, or none. */
export function forgetReports(turn) {
  turn.set({ reports: NO_REPORTS });
}

/** Opens the dialog, which asks for the PIN. */
export function openReports(turn) {
  const { session, screen } = turn.state;
  if (session?.officer?.discreet && screen.name !== "sign_in") {
    turn.openDialog({ name: "reports", refused: null, revealed: null, failures: {} });
  }
}

/** The PIN was typed. */
export function reveal(turn, { pin }) {
  turn.ask("revealed", "reveal", [pin], { dialog: turn.state.dialog?.id });
}

/** The agent's reply. Meanwhile the dialog may have been closed, and be another by now. */
export function revealed(turn, { of, ok, failed }) {
  const { dialog, reports } = turn.state;
  if (dialog === null || dialog.id !== of.dialog || failed?.status === null) return;
  if (failed) turn.set({ dialog: { ...dialog, refused: failed } });
  else {
    const { scans, confirmations } = ok;
    const forms = scans.flatMap(({ form, alerts }) => alerts.map(({ encounter_id }) => [encounter_id, { ...form }]));
    turn.set({
      dialog: { ...dialog, revealed: { scans, clocks: confirmations.map((clock) => ({ ...clock, heard: turn.now })) } },
      reports: { ...reports, drafts: { ...Object.fromEntries(forms), ...reports.drafts } },
    });
  }
  turn.do("dialog");
}

/** A field of a report was typed in. The page shows it already. */
export function draft(turn, { encounter, field, text }) {
  const { reports } = turn.state;
  turn.set({ reports: { ...reports, drafts: { ...reports.drafts, [encounter]: { ...reports.drafts[encounter], [field]: text } } } });
}

/** Sends a report. */
export function sendReport(turn, { encounter, outcome }) {
  const filled = Object.entries(turn.state.reports.drafts[encounter] ?? {}).filter(([, text]) => text !== "");
  turn.ask("reported", "outcome", [encounter, outcome, "", Object.fromEntries(filled)], { encounter, badge: badgeOf(turn.state) });
}

/** It was taken, or not. */
export function reported(turn, { of, failed }) {
  const { dialog, reports } = turn.state;
  if (of.badge !== badgeOf(turn.state)) return;
  if (!failed) turn.set({ reports: { ...reports, sent: { ...reports.sent, [of.encounter]: turn.now } } });
  if (dialog?.name !== "reports") return;
  const { [of.encounter]: _, ...failures } = dialog.failures;
  turn.set({ dialog: { ...dialog, failures: failed ? { ...failures, [of.encounter]: failed } : failures } });
  turn.do("reports");
}
