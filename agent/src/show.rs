//! What the terminal shows: a verdict readable at arm's length, lists and status as tables, a configuration.
//!
//! Colour only on a terminal, and never alone: each verdict has its own word and shape too.

mod answer;
mod facts;
mod owners;

pub use answer::answer;
pub use owners::owners;

use crate::clock::{parse_rfc3339, rfc3339, system_now};
use crate::config::Config;
use crate::desk::session::RosterState;
use crate::desk::tokens::TokenView;
use crate::desk::{ListView, SignIn, StatusView};
use crate::journal::{Event, Line};
use crate::link::CERTIFICATE_WARN_S;
use crate::officers::sign_in::Ended;
use std::fmt::Write;
use std::path::Path;
use vedette_shim::trust::Freshness;

/// A line of the journal.
pub fn line(line: &Line) -> String {
    let at = rfc3339(line.at);
    let who = |who: &str| if who.is_empty() { "-".to_string() } else { printable(who) };
    match &line.event {
        Event::Check { who: officer, why, verdict, lists, alerts } => {
            let lists: Vec<_> = lists.iter().map(|(list, edition)| format!("{list} {edition}")).collect();
            let met = if alerts.is_empty() { String::new() } else { format!("  met {}", alerts.join(", ")) };
            let (officer, why) = (who(officer), printable(why));
            format!("{at}  {officer}  check {why:?}: {verdict}  asked {}{met}", lists.join(", "))
        }
        Event::SignIn { who: officer, pin: true } => format!("{at}  {}  signed in", who(officer)),
        Event::SignIn { who: officer, pin: false } => format!("{at}  {}  took over by badge", who(officer)),
        Event::SignOut { who: officer, why } => {
            let why = match why {
                Ended::SignedOut => "signed out",
                Ended::Idle => "signed out: idle",
                Ended::HandedOver => "session ended: taken over",
                Ended::Removed => "session ended: no longer admitted by the roster",
            };
            format!("{at}  {}  {why}", who(officer))
        }
        Event::WrongPin { who: officer } => format!("{at}  {}  wrong PIN", who(officer)),
        Event::LockedOut { who: officer, until } => {
            format!("{at}  {}  locked until {} after wrong PINs", who(officer), rfc3339(*until))
        }
        Event::Outcome { who: officer, encounter, outcome } => {
            format!("{at}  {}  outcome of encounter {encounter}: {}", who(officer), printable(outcome))
        }
        Event::Revealed { who: officer, alerts } => {
            format!("{at}  {}  discreet alerts revealed: {}", who(officer), alerts.join(", "))
        }
        Event::Import { who: officer, taken, refused } => {
            format!("{at}  {}  import: {taken} taken, {refused} refused", who(officer))
        }
        Event::Drill { who: officer, what } => format!("{at}  {}  drill {}", who(officer), printable(what)),
        Event::NoteAside { who: port, scanner, note, why, .. } => {
            format!("{at}  {}  note {note} of scanner {scanner} was set aside: {why}", who(port))
        }
        Event::Exported { through } => format!("{at}  -  lines up to {through} were exported and removed"),
    }
}

/// What a configuration means, once it is known to be good.
pub fn config(file: &Path, config: &Config) -> String {
    let mut out = String::new();
    let link = match config.link.enabled {
        true => format!("{}:{} as {}", config.link.host, config.link.port, config.link.certificate.display()),
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
    let limits = format!("{:?}", config.limits).replace("Limits { ", "").replace(" }", "");
    for limit in limits.split(", ") {
        push(&mut out, format_args!("  limit    {limit}"));
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

/// The client tokens there are.
pub fn tokens(tokens: &[TokenView]) -> String {
    tokens.iter().map(|token| format!("{:<28} made {}\n", token.name, token.made)).collect()
}

/// The agent's state.
pub fn status(status: &StatusView) -> String {
    let mut out = String::new();
    let link = if status.online { "online".to_string() } else { format!("offline ({})", status.link) };
    let post = if status.post.is_empty() { String::new() } else { format!(" at {}", status.post) };
    push(&mut out, format_args!("vedette {}: {}{post}", status.version, status.device));
    push(&mut out, format_args!("link: {link}"));
    if let Some(ends) = &status.certificate_ends {
        let end_soon = parse_rfc3339(ends).is_some_and(|at| at < system_now() + CERTIFICATE_WARN_S);
        let (word, device) = (if end_soon { "ENDS" } else { "until" }, &status.device);
        let how = format!(", and the link with it: `vedette-hq enrol {device} --renew` makes the next");
        push(&mut out, format_args!("certificate: {word} {ends}{}", if end_soon { &how } else { "" }));
    }
    push(&mut out, format_args!("encounters waiting for a receipt: {}", status.spool));
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
                RosterState::Current => "expires",
                RosterState::Expired => "EXPIRED, a new one is overdue:",
                RosterState::Ended => "ENDED, only administrators sign in: expired",
            };
            format!("number {}, {state} {}", roster.number, roster.expires)
        }
    };
    push(&mut out, format_args!("roster: {roster}"));
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

/// `42s`, `12m`, `5h`, `3d`.
pub fn age(seconds: u64) -> String {
    match seconds {
        0..=119 => format!("{seconds}s"),
        120..=7_199 => format!("{}m", seconds / 60),
        7_200..=172_799 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// Most characters of one text from a list or a document.
const PRINTED_MAX: usize = 200;
/// Most marks over one letter.
const MARKS_MAX: usize = 3;

/// Controls, directions and other characters that nobody sees (Unicode's Cc, Cf, Zl, Zp and private use).
const UNSEEN: &[std::ops::RangeInclusive<u32>] = &[
    0x0..=0x1f,
    0x7f..=0x9f,
    0xad..=0xad,
    0x600..=0x605,
    0x61c..=0x61c,
    0x6dd..=0x6dd,
    0x70f..=0x70f,
    0x890..=0x891,
    0x8e2..=0x8e2,
    0x180e..=0x180e,
    0x200b..=0x200f,
    0x2028..=0x202e,
    0x2060..=0x206f,
    0xe000..=0xf8ff,
    0xfeff..=0xfeff,
    0xfff9..=0xfffb,
    0x110bd..=0x110bd,
    0x110cd..=0x110cd,
    0x13430..=0x1343f,
    0x1bca0..=0x1bca3,
    0x1d173..=0x1d17a,
    0xe0000..=0x10ffff,
];
/// Marks that pile up on the letter before (the blocks of combining diacritical marks).
const MARKS: &[std::ops::RangeInclusive<u32>] =
    &[0x300..=0x36f, 0x1ab0..=0x1aff, 0x1dc0..=0x1dff, 0x20d0..=0x20ff, 0xfe20..=0xfe2f];

/// Text from a list or a document on a terminal, so that it cannot forge what the officer reads: characters that nobody
/// sees show their code, marks do not pile up, and it is cut where it is too long. As on the page.
pub fn printable(text: &str) -> String {
    let within =
        |ranges: &[std::ops::RangeInclusive<u32>], c: char| ranges.iter().any(|r| r.contains(&(c as u32)));
    let mut out = String::new();
    let (mut count, mut marks) = (0, 0);
    for c in text.chars() {
        marks = if within(MARKS, c) { marks + 1 } else { 0 };
        if marks > MARKS_MAX {
            continue;
        }
        count += 1;
        if count > PRINTED_MAX {
            out.push('…');
            break;
        }
        match within(UNSEEN, c) {
            true => out.push_str(&format!("⟨U+{:04X}⟩", c as u32)),
            false => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_cannot_forge_the_terminal() {
        assert_eq!(printable("red\x1b[2J\u{202e}kcab\n"), "red⟨U+001B⟩[2J⟨U+202E⟩kcab⟨U+000A⟩");
        assert_eq!(printable(&"x".repeat(10_000)), "x".repeat(PRINTED_MAX) + "…");
        assert_eq!(printable(&format!("e{}!", "\u{301}".repeat(10_000))), "e\u{301}\u{301}\u{301}!");
        assert_eq!(printable("Ångström نور"), "Ångström نور");
    }

    #[test]
    fn ages_are_short() {
        assert_eq!([age(5), age(600), age(7200), age(400_000)], ["5s", "10m", "2h", "4d"]);
    }
}
