//! Tables of `encounters`, `devices` and `lists` for a person at a terminal. Whatever a device or a document says goes
//! through [`printable`], so that it cannot steer the terminal or forge a line.

use vedette_common::clock::{rfc3339, system_now};
use vedette_common::text::{age, json_word, owner_word, printable};
use vedette_hq::devices::{ContradictionView, HeldView, RefusalView, StatusView};
use vedette_hq::encounters::{EncounterView, OutcomeView};
use vedette_hq::flags::Flag;
use vedette_hq::inventory::devices::FlaggedDevice;
use vedette_hq::list::ListView;

/// A line each, and what came of it below.
pub(super) fn encounters(rows: &[EncounterView]) -> String {
    let line = |e: &EncounterView| {
        let d = &e.document;
        let mut marks = String::new();
        for (is, mark) in [(e.device_revoked, "DEVICE REVOKED"), (e.late, "LATE: listed after the scan")] {
            marks += &if is { format!("  {mark}") } else { String::new() };
        }
        if e.conflicts > 0 {
            marks += &format!("  CONFLICT: {} other(s) with the number {}", e.conflicts, e.id);
        }
        match (e.answer, e.overdue_since) {
            (Some(word), _) => {
                let by = e
                    .answers
                    .first()
                    .map_or(String::new(), |last| format!(" by {}", printable(&last.operator)));
                marks += &format!("  answered: {}{by}", owner_word(word).replace('_', " "));
            }
            (None, Some(since)) => marks += &format!("  ANSWER OVERDUE since {}: {}", rfc3339(since), e.id),
            (None, None) => {}
        }
        let verdict = vedette_common::text::verdict_word(e.verdict);
        let (made, device, list, alert) = (rfc3339(e.made_at), &e.device, &e.list, printable(&e.alert));
        let (surname, given_names) = (printable(&d.surname), printable(&d.given_names));
        let outcomes: String = e.outcomes.iter().map(outcome_line).collect();
        format!("{made}  {device}  {verdict}  {list}  {alert}  {surname}, {given_names}{marks}\n{outcomes}")
    };
    rows.iter().map(line).collect()
}

fn outcome_line(outcome: &OutcomeView) -> String {
    let what = json_word(&outcome.outcome).replace('_', " ");
    let (at, who, note) = (rfc3339(outcome.at), printable(&outcome.who), printable(&outcome.note));
    let note = if note.is_empty() { note } else { format!(": {note}") };
    format!("    {at}  {what}, says {who}{note}\n")
}

/// A line each, and what it holds below.
pub(super) fn devices(rows: &[FlaggedDevice]) -> String {
    let now = system_now();
    let line = |FlaggedDevice { device: d, flags }: &FlaggedDevice| {
        let link = match (d.online, d.last_seen) {
            (true, _) => "online".into(),
            (false, Some(at)) => format!("last seen {} ago", age(now.saturating_sub(at))),
            (false, None) => "never seen".into(),
        };
        let waiting =
            d.spool.filter(|spool| *spool > 0).map_or(String::new(), |spool| format!(", {spool} waiting"));
        let held = |h: &HeldView| {
            format!(
                "    {} edition {}, confirmed {} ago\n",
                h.list,
                h.edition,
                age(now.saturating_sub(h.confirmed_at))
            )
        };
        let held: String = d.held.iter().map(held).collect();
        let refused = match d.refused {
            Some(count) if count > 0 => refused(count, &d.refusals),
            _ => String::new(),
        };
        let said = d.said.as_ref().map_or(String::new(), |said| said_line(said, now));
        let contradictions: String = d.contradictions.iter().map(contradiction).collect();
        // The others have lines of their own.
        let flags =
            flags.iter().filter(|flag| matches!(flag.flag, Flag::Lag | Flag::Clock | Flag::Certificate));
        let flags = crate::holders::flags(flags);
        format!(
            "{} ({}): {}, {link}{waiting}\n{flags}{said}{contradictions}{refused}{held}",
            d.device,
            d.post,
            json_word(&d.state)
        )
    };
    rows.iter().map(line).collect()
}

/// What a device says of itself, faults in capitals.
fn said_line(said: &StatusView, now: u64) -> String {
    let heartbeat = match said.heartbeat {
        0 => "no heartbeat".into(),
        at => format!("heartbeat {} old", age(now.saturating_sub(at))),
    };
    let (root, roster, order, journal) = (said.root, said.roster, said.order, said.journal);
    let lost = if said.time_lost { ", CANNOT TELL THE TIME" } else { "" };
    let fault = match said.store_fault.as_str() {
        "" => String::new(),
        why => format!("    STORE CANNOT BE WRITTEN: {}\n", printable(why)),
    };
    format!(
        "    root {root}, roster {roster}, order {order}, journal line {journal}, {heartbeat}{lost}\n{fault}"
    )
}

fn contradiction(c: &ContradictionView) -> String {
    let (what, last, at) = (printable(&c.what), printable(&c.last), rfc3339(c.last_at));
    format!("    CONTRADICTION: {what}; {} time(s), the last at {at}: {last}\n", c.count)
}

/// How many encounters wait at a device because they were refused here, and why those were that came last.
fn refused(count: u32, refusals: &[RefusalView]) -> String {
    let why = |r: &RefusalView| {
        format!(
            "    refused: {}; {} time(s), the last at {}\n",
            printable(&r.why),
            r.count,
            rfc3339(r.last_at)
        )
    };
    let why: String = refusals.iter().map(why).collect();
    format!(
        "    REFUSED {count}: set aside there; after the cause is gone, `vedette-hq send-again` asks for them\n{why}"
    )
}

/// A line each.
pub(super) fn lists(rows: &[ListView]) -> String {
    let line = |l: &ListView| {
        let pending = l.pending_entries.map_or(String::new(), |entries| format!(", {entries} pending"));
        let fork = l.overtaken_by.map_or(String::new(), |held| {
            format!("    FORK: a device holds edition {held}, which this home did not publish; the next `publish` goes past it\n")
        });
        let (list, edition, entries, segments, bytes) = (&l.list, l.edition, l.entries, l.segments, l.bytes);
        let held = l.devices_current;
        format!(
            "{list}: edition {edition}, {entries} alerts in {segments} segment(s), {bytes} bytes, held by {held} device(s){pending}\n{fork}"
        )
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_cannot_steer_the_terminal() {
        let hostile = "A\u{1b}[2J\nB";
        let encounter = serde_json::json!({
            "id": "00", "scan": "00", "device": "post-7", "post": "", "made_at": 0, "received_at": 0,
            "list": "uto/stolen", "edition": 1, "alert": hostile, "verdict": "hit", "score": 1000,
            "document": {
                "code": "P", "issuing_state": "UTO", "number": hostile, "surname": hostile, "given_names": hostile,
                "nationality": "UTO", "birth_date": "", "sex": "", "expiry_date": ""
            },
            "device_revoked": false, "conflicts": 0
        });
        let encounter: EncounterView = serde_json::from_value(encounter).unwrap();
        let shown = encounters(&[encounter]);
        assert!(!shown.contains('\u{1b}'), "{shown:?}");
        assert_eq!(shown.lines().count(), 1, "{shown:?}");
    }
}
