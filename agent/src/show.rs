//! What the terminal shows: a verdict readable at arm's length, lists and status as tables, a configuration.
//!
//! Colour only on a terminal, and never alone: each verdict has its own word and shape too.

use crate::check::{Alert, Answer, word};
use crate::clock::rfc3339;
use crate::config::Config;
use crate::desk::tokens::TokenView;
use crate::desk::{ListView, StatusView};
use crate::journal::{Event, Line};
use crate::officers::sign_in::Ended;
use std::fmt::Write;
use std::path::Path;
use vedette_shim::trust::Freshness;
use vedette_shim::verdict::{ListResult, Verdict};

/// The answer to a scan, in lines for the officer.
pub fn answer(answer: &Answer, colour: bool) -> String {
    let (shape, code) = match answer.verdict {
        Verdict::Hit => ("■ HIT", "1;97;41"),
        Verdict::Possible => ("▲ POSSIBLE", "1;30;43"),
        Verdict::Clear => ("● CLEAR", "1;97;42"),
        Verdict::NotChecked => ("○ NOT CHECKED", "1;97;45"),
    };
    let mut out = String::new();
    let headline = format!("  {shape}  ");
    match colour {
        true => push(&mut out, format_args!("\x1b[{code}m{headline}\x1b[0m")),
        false => push(&mut out, format_args!("{headline}")),
    }
    let d = &answer.document;
    let checks = if d.valid { "" } else { "  (check digits do not agree)" };
    push(&mut out, format_args!("  {} {} {}{checks}", d.code, d.issuing_state, printable(&d.number)));
    push(
        &mut out,
        format_args!("  {}, {}  {}  born {}", d.surname, d.given_names, d.nationality, d.birth_date),
    );
    for alert in &answer.alerts {
        alert_lines(&mut out, alert);
    }
    for checked in &answer.checked {
        let edition =
            if checked.edition == 0 { "no edition".into() } else { format!("edition {}", checked.edition) };
        let result = match checked.result {
            ListResult::Clear => "clear".to_string(),
            ListResult::Possible => "possible".into(),
            ListResult::Hit => "hit".into(),
            ListResult::NotChecked => {
                let why = checked.why.as_ref().map_or("", |why| why.text.as_str());
                format!("NOT CHECKED: {why}")
            }
        };
        let age = age(checked.age_s);
        let freshness = freshness(checked.freshness);
        push(
            &mut out,
            format_args!("  {:<28} {edition}, {age} old, {freshness}: {result}", checked.list.as_str()),
        );
    }
    for notice in &answer.notices {
        push(&mut out, format_args!("  ! {}", printable(&notice.text)));
    }
    push(
        &mut out,
        format_args!("  {} in {} us, scan {}", word(answer.verdict), answer.elapsed_us, answer.scan_id),
    );
    out
}

fn alert_lines(out: &mut String, alert: &Alert) {
    let kind = printable(&alert.kind);
    push(out, format_args!(""));
    push(
        out,
        format_args!(
            "  -> {}  {kind}: {}",
            alert.action.replace('_', " ").to_uppercase(),
            printable(&alert.status)
        ),
    );
    if !alert.warnings.is_empty() {
        push(out, format_args!("     WARNING: {}", alert.warnings.join(", ").to_uppercase()));
    }
    push(
        out,
        format_args!("     {} of {} ({})", printable(&alert.alert_id), alert.list, printable(&alert.owner)),
    );
    let reasons: Vec<_> = alert.reasons.iter().map(|reason| printable(&reason.text)).collect();
    push(out, format_args!("     score {:.2}: {}", alert.score, reasons.join("; ")));
}

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
        let why = list.why.as_ref().map(|why| format!(", {}", why.text)).unwrap_or_default();
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
    push(&mut out, format_args!("encounters waiting for a receipt: {}", status.spool));
    push(&mut out, format_args!("root: version {}", status.root));
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

/// Text from a list on a terminal: control and direction characters could forge what the officer reads.
fn printable(text: &str) -> String {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}')
    };
    text.chars().filter(|c| !hidden(*c)).take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_cannot_forge_the_terminal() {
        assert_eq!(printable("red\x1b[2Jhand\u{202e}kcab\n"), "red[2Jhandkcab");
        assert_eq!(printable(&"x".repeat(10_000)).len(), 200);
    }

    #[test]
    fn ages_are_short() {
        assert_eq!([age(5), age(600), age(7200), age(400_000)], ["5s", "10m", "2h", "4d"]);
    }
}
