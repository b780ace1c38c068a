//! What the terminal shows: a verdict readable at arm's length, lists and status as tables, a configuration.
//!
//! Colour only on a terminal, and never alone: each verdict has its own word and shape too.

mod answer;
mod facts;
mod owners;

pub use answer::answer;
pub use owners::owners;

use crate::box_key::Protection;
use crate::config::Config;
use crate::desk::api::{ListView, SignIn, StatusView};
use crate::desk::tokens::TokenView;
use crate::journal::{AuditEvent, AuditLine, Ended};
use crate::post::status::RosterStanding;
use crate::scanner::channel::ScannerState;
use std::fmt::Write;
use std::path::Path;
use vedette_common::clock::{parse_rfc3339, rfc3339, system_now};
use vedette_common::mqtt::CERTIFICATE_WARN_S;
use vedette_common::text::{age, printable};
use vedette_shim::trust::Freshness;

/// A line of the journal.
pub fn line(line: &AuditLine) -> String {
    let at = rfc3339(line.at);
    let who = |who: &str| if who.is_empty() { "-".to_string() } else { printable(who) };
    match &line.event {
        AuditEvent::Check { who: officer, why, typed, verdict, lists, alerts } => {
            let lists: Vec<_> = lists.iter().map(|(list, edition)| format!("{list} {edition}")).collect();
            let met = if alerts.is_empty() { String::new() } else { format!("  met {}", alerts.join(", ")) };
            let (officer, why) = (who(officer), printable(why));
            let what = if *typed { "check, typed," } else { "check" };
            format!("{at}  {officer}  {what} {why:?}: {verdict}  asked {}{met}", lists.join(", "))
        }
        AuditEvent::SignIn { who: officer, pin: true } => format!("{at}  {}  signed in", who(officer)),
        AuditEvent::SignIn { who: officer, pin: false } => {
            format!("{at}  {}  took over by badge", who(officer))
        }
        AuditEvent::SignOut { who: officer, why } => {
            let why = match why {
                Ended::SignedOut => "signed out",
                Ended::Idle => "signed out: idle",
                Ended::HandedOver => "session ended: taken over",
                Ended::Removed => "session ended: no longer admitted by the roster",
            };
            format!("{at}  {}  {why}", who(officer))
        }
        AuditEvent::WrongPin { who: officer } => format!("{at}  {}  wrong PIN", who(officer)),
        AuditEvent::LockedOut { who: officer, until } => {
            format!("{at}  {}  locked until {} after wrong PINs", who(officer), rfc3339(*until))
        }
        AuditEvent::Unlocked { who: officer } => format!("{at}  {}  unlocked", who(officer)),
        AuditEvent::Outcome { who: officer, encounter, outcome } => {
            format!("{at}  {}  outcome of encounter {encounter}: {}", who(officer), printable(outcome))
        }
        AuditEvent::Revealed { who: officer, alerts } => {
            format!("{at}  {}  discreet alerts revealed: {}", who(officer), alerts.join(", "))
        }
        AuditEvent::Import { who: officer, taken, refused } => {
            format!("{at}  {}  import: {taken} taken, {refused} refused", who(officer))
        }
        AuditEvent::Drill { who: officer, what } => {
            format!("{at}  {}  drill {}", who(officer), printable(what))
        }
        AuditEvent::NoteAside { who: port, scanner, note, why, .. } => {
            format!("{at}  {}  note {note} of scanner {scanner} was set aside: {why}", who(port))
        }
        AuditEvent::StoreRestarted { set_aside, lines, encounters } => {
            let what = if set_aside.is_empty() {
                "missing".into()
            } else {
                format!("damaged, and is now {set_aside}")
            };
            format!("{at}  -  the store was {what}; saved: {lines} journal lines, {encounters} encounters")
        }
        AuditEvent::Exported { through } => {
            format!("{at}  -  lines up to {through} were exported and removed")
        }
    }
}

/// What a configuration means, once it is known to be good.
pub fn config(file: &Path, config: &Config) -> String {
    let mut out = String::new();
    let link = match config.link.enabled {
        true => {
            let brokers: Vec<_> = config.link.brokers.iter().map(ToString::to_string).collect();
            format!("{} as {}", brokers.join(", "), config.link.certificate.display())
        }
        false => "none: lists come by `vedette import`".into(),
    };
    push(&mut out, format_args!("{}: good", file.display()));
    push(&mut out, format_args!("  device   {} {}", config.device, printable(&config.post)));
    push(&mut out, format_args!("  state    {}", config.state.display()));
    push(&mut out, format_args!("  root     {}", config.root.display()));
    push(&mut out, format_args!("  broker   {link}"));
    push(&mut out, format_args!("  socket   {}", config.desk.socket.display()));
    let console = config.desk.listen.map_or("none".into(), |address| format!("http://{address}/"));
    push(&mut out, format_args!("  console  {console}"));
    let limits = serde_json::to_value(&config.limits).expect("limits are numbers under their keys");
    for (key, limit) in limits.as_object().into_iter().flatten() {
        push(&mut out, format_args!("  limit    {key}: {limit}"));
    }
    out
}

/// The lists held, as a table.
pub fn lists(lists: &[ListView]) -> String {
    let mut out = String::new();
    push(
        &mut out,
        format_args!("{:<28} {:>8} {:>12} {:>10} {:>10}  STATE", "LIST", "EDITION", "ALERTS", "AGE", "LEASE"),
    );
    for list in lists {
        let behind = match list.newest_known > list.edition {
            true => format!(", edition {} exists", list.newest_known),
            false => String::new(),
        };
        let why = list.why.as_ref().or(list.doubt.as_ref());
        let why = why.map(|why| format!(", {}", why.text)).unwrap_or_default();
        push(
            &mut out,
            format_args!(
                "{:<28} {:>8} {:>12} {:>10} {:>10}  {}{behind}{why}",
                list.list,
                list.edition,
                list.entries,
                age(list.age_s),
                age(list.lease_s),
                freshness(list.freshness),
            ),
        );
    }
    out
}

/// What protects the device's key, and what to do about it.
fn protection(of: Protection) -> &'static str {
    match of {
        Protection::Tpm2 => "sealed to this machine's TPM",
        Protection::HostKey => "sealed with systemd's host key: a copy of the whole disk OPENS the lists",
        Protection::File => {
            "a file: a copy of this disk OPENS the lists; `vedette seal-key` seals it to the TPM"
        }
    }
}

/// The client tokens there are.
pub fn tokens(tokens: &[TokenView]) -> String {
    tokens.iter().map(|token| format!("{:<28} made {}\n", token.name, token.made)).collect()
}

/// The agent's state.
pub fn status(status: &StatusView) -> String {
    let mut out = String::new();
    let link = match status.online {
        true => format!("online, broker {}", status.broker),
        false => format!("offline ({})", status.link),
    };
    let post = if status.post.is_empty() { String::new() } else { format!(" at {}", status.post) };
    push(&mut out, format_args!("vedette {}: {}{post}", status.version, status.device));
    push(&mut out, format_args!("link: {link}"));
    if let Some(ends) = &status.certificate_ends {
        let end_soon = parse_rfc3339(ends).is_some_and(|at| at < system_now() + CERTIFICATE_WARN_S);
        let (word, device) = (if end_soon { "ENDS" } else { "until" }, &status.device);
        let how = format!(", and the link with it: `vedette-hq enrol {device} --renew` makes the next");
        push(&mut out, format_args!("certificate: {word} {ends}{}", if end_soon { &how } else { "" }));
    }
    if !status.store_fault.is_empty() {
        push(
            &mut out,
            format_args!("STORE: cannot be written, so there are no answers: {}", status.store_fault),
        );
    }
    push(&mut out, format_args!("key: {}", protection(status.key_protection)));
    push(&mut out, format_args!("encounters waiting for a receipt: {}", status.spool));
    if status.refused > 0 {
        let refused = status.refused;
        push(
            &mut out,
            format_args!(
                "REFUSED by headquarters, kept and sent again daily: {refused}; headquarters must say why"
            ),
        );
    }
    let clocks = &status.confirmations;
    if clocks.waiting + clocks.overdue > 0 {
        let (waiting, overdue) = (clocks.waiting, clocks.overdue);
        push(&mut out, format_args!("owners must confirm: {waiting} in time yet, {overdue} OVERDUE"));
    }
    if status.late > 0 {
        push(&mut out, format_args!("listed after their scan, in a week: {}", status.late));
    }
    if let Some(until) = &status.drill_until {
        push(&mut out, format_args!("DRILL: the link is held back until {until}"));
    }
    push(&mut out, format_args!("root: version {}", status.root));
    let roster = match (&status.roster, status.sign_in) {
        (None, SignIn::None) => "none: the console works without signing in".to_string(),
        (None, SignIn::Required) => "NONE THAT COUNTS: nobody can sign in".to_string(),
        (Some(roster), _) => {
            let state = match roster.state {
                RosterStanding::Current => "expires",
                RosterStanding::Behind => "BEHIND, a newer one is signed and has not arrived; expires",
                RosterStanding::Expired => "EXPIRED, a new one is overdue:",
                RosterStanding::Ended => "ENDED, only administrators sign in: expired",
            };
            format!("number {}, {state} {}", roster.number, roster.expires)
        }
    };
    push(&mut out, format_args!("roster: {roster}"));
    for scanner in &status.scanners {
        let text = match &scanner.why {
            Some(why) => format!("GETS NOTHING: {}", why.text),
            None if scanner.state == ScannerState::Connected => format!("{}: {}", scanner.port, scanner.name),
            None => format!("{}: nothing answers", scanner.port),
        };
        push(&mut out, format_args!("scanner: {}", printable(&text)));
    }
    if !status.listen.is_empty() {
        push(&mut out, format_args!("console: http://{}/", status.listen));
    }
    out + &lists(&status.lists)
}

fn push(out: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(out, "{line}").expect("writing to a string does not fail");
}

fn freshness(freshness: Freshness) -> &'static str {
    match freshness {
        Freshness::Fresh => "fresh",
        Freshness::Stale => "STALE",
        Freshness::Expired => "EXPIRED",
    }
}
