//! The answer to a scan on the terminal: the same words, shapes and advice as on the officer's page, top to bottom in the
//! order in which they matter.

use super::{facts, push};
use crate::action::Action;
use crate::desk::api::{AlertView, AnswerView, CheckedView, StandingView};
use std::collections::BTreeMap;
use vedette_common::clock::parse_rfc3339;
use vedette_common::text::{json_word, printable};
use vedette_common::words::Words;
use vedette_names::handling::EUROPOL;
use vedette_shim::trust::Freshness;
use vedette_shim::verdict::{ListResult, Verdict};

/// Actions that are told at once, at most.
const ACTIONS_MAX: usize = 3;

/// The answer to a scan, in lines for the officer. What lists and documents say is made safe for a terminal.
/// `now`: seconds since 1970, for the clocks until owners must confirm.
pub fn answer(answer: &AnswerView, words: &Words, colour: bool, now: u64) -> String {
    let (shape, code) = match answer.verdict {
        Verdict::Hit => ('■', "1;97;41"),
        Verdict::Possible => ('▲', "1;30;43"),
        Verdict::Clear => ('●', "1;97;42"),
        Verdict::NotChecked => ('○', "1;97;45"),
    };
    let paint = |text: String, code: &str| if colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text };
    let mut out = String::new();
    let headline = format!("  {shape} {}  ", words.say(verdict_key(answer.verdict)));
    push(&mut out, format_args!("{}", paint(headline, code)));
    let d = &answer.document;
    let name = format!("{} {}", d.surname, d.given_names);
    push(
        &mut out,
        format_args!(
            "  {}  {}  {} {}  {}",
            printable(&d.number),
            printable(name.trim()),
            d.code,
            d.issuing_state,
            d.birth_date
        ),
    );
    if d.format == "typed" {
        push(&mut out, format_args!("  {}", words.say("document.typed")));
    }
    if !d.valid {
        push(&mut out, format_args!("  △ {}", words.say("document.invalid")));
    }
    let mut warnings = Vec::new();
    for warning in answer.alerts.iter().flat_map(|alert| &alert.warnings) {
        let warning = format!("▲ {}", term(words, "warning", &json_word(warning)).to_uppercase());
        if !warnings.contains(&warning) {
            warnings.push(warning);
        }
    }
    if !warnings.is_empty() {
        push(&mut out, format_args!("  {}", paint(format!(" {} ", warnings.join("  ")), "1;30;103")));
    }
    for alert in &answer.alerts {
        if let Some(left) = left_to_confirm(alert, now) {
            let owner = values([("owner", &alert.owner)]);
            push(&mut out, format_args!("  {}  {}", countdown(left), words.fill("confirm.waiting", &owner)));
        }
    }
    push(&mut out, format_args!("\n  {}:", words.say("now")));
    for sentence in what_to_do(answer, words) {
        push(&mut out, format_args!("  -> {sentence}"));
    }
    // A list that failed midway has met something, and says why that may not be all.
    let unasked =
        answer.checked.iter().any(|list| list.result == ListResult::NotChecked || list.why.is_some());
    if unasked && answer.verdict != Verdict::NotChecked {
        push(&mut out, format_args!("  !  {}", words.say("answer.partial")));
    }
    for notice in &answer.notices {
        push(&mut out, format_args!("  !  {}", printable(&words.phrase(notice))));
    }
    for (n, alert) in answer.alerts.iter().enumerate() {
        alert_lines(&mut out, n + 1, alert, words);
    }
    push(&mut out, format_args!("\n  {}:", words.say("document.title")));
    for (key, fact) in facts::of_document(&answer.document, words, now) {
        push(&mut out, format_args!("  {}: {}", words.say(key), printable(&fact)));
    }
    push(&mut out, format_args!("\n  {}:", words.say("lists.title")));
    answer.checked.iter().for_each(|checked| list_line(&mut out, checked, words));
    push(&mut out, format_args!("  {} us, {}", answer.elapsed_us, answer.scan_id));
    out
}

/// Seconds until its owner must have confirmed an alert; none if it needs no confirmation.
fn left_to_confirm(alert: &AlertView, now: u64) -> Option<u64> {
    Some(parse_rfc3339(alert.confirm_by.as_ref()?)?.saturating_sub(now))
}

/// `9:41`, `1:59:59`: as the page's clock starts.
pub(super) fn countdown(seconds: u64) -> String {
    let (hours, minutes, rest) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{rest:02}") } else { format!("{minutes}:{rest:02}") }
}

/// What the officer is to do: of a Hit, the actions of every alert that hits, the gravest first; else the first one's.
fn what_to_do(answer: &AnswerView, words: &Words) -> Vec<String> {
    let hits = answer.alerts.iter().filter(|alert| alert.result == ListResult::Hit);
    match answer.verdict {
        Verdict::Clear => vec![words.say("do.clear").into()],
        Verdict::NotChecked => {
            let asked = answer.checked.iter().find(|list| list.result == ListResult::NotChecked);
            let why = asked.and_then(|list| list.why.as_ref()).map_or("why.no_list", |why| why.code.as_str());
            let key = format!("do.{why}");
            vec![words.say(if words.has(&key) { &key } else { "do.why.damaged" }).into()]
        }
        Verdict::Possible => {
            let compare = words.say("do.compare").to_string();
            std::iter::once(compare).chain(actions(answer.alerts.first().into_iter(), words)).collect()
        }
        Verdict::Hit => actions(hits, words),
    }
}

/// One sentence an action, the gravest first, with every owner who is to be told.
fn actions<'a>(alerts: impl Iterator<Item = &'a AlertView> + Clone, words: &Words) -> Vec<String> {
    let sentence = |action: Action| {
        let mut owners: Vec<String> = Vec::new();
        for alert in alerts.clone().filter(|alert| alert.action == action) {
            let owner = printable(&alert.owner);
            if !owners.contains(&owner) {
                owners.push(owner);
            }
        }
        let joined = owners
            .into_iter()
            .reduce(|one, other| words.fill("owners.joined", &values([("one", &one), ("other", &other)])))?;
        Some(words.fill(&format!("do.{}", action.word()), &values([("owner", &joined)])))
    };
    Action::ALL.into_iter().filter_map(sentence).take(ACTIONS_MAX).collect()
}

fn alert_lines(out: &mut String, n: usize, alert: &AlertView, words: &Words) {
    let kind = term(words, "kind", &alert.kind);
    let title = match (alert.status.as_str(), alert.name.as_str()) {
        // Withheld from this officer.
        ("", "") => kind.clone(),
        ("", name) => printable(name),
        (status, _) => term(words, "status", status),
    };
    let action = term(words, "action", alert.action.word());
    push(out, format_args!("\n  {n}. {title} · {kind} · {action}{}", tally(alert, words)));
    if let Some(handling) = &alert.handling {
        let meant =
            if handling.scale == EUROPOL { term(words, "handling", &handling.code) } else { String::new() };
        let said = format!("{meant} {}", printable(&handling.text));
        push(out, format_args!("     {}: {}", printable(&handling.code), said.trim()));
    }
    for reason in &alert.reasons {
        let mark = match reason.standing {
            Some(StandingView::Equal) => '=',
            Some(StandingView::Differs) => '≠',
            Some(StandingView::Unknown) => '?',
            Some(StandingView::Strength) | None => '–',
        };
        push(out, format_args!("     {mark} {}", printable(&words.phrase(&reason.phrase))));
    }
    for (key, fact) in facts::of_alert(alert) {
        push(out, format_args!("     {}: {}", words.say(key), printable(&fact)));
    }
}

/// How much of a person is equal, differs and is not known; nothing where no fact is shown. A share of equality would hide
/// the differences.
fn tally(alert: &AlertView, words: &Words) -> String {
    let counts = alert.tally();
    if counts == [0; 3] {
        return String::new();
    }
    let [equal, different, unknown] = counts.map(|count| count.to_string());
    let counts = values([("equal", &equal), ("different", &different), ("unknown", &unknown)]);
    format!(" · {}", words.fill("alert.tally", &counts))
}

fn list_line(out: &mut String, checked: &CheckedView, words: &Words) {
    let edition = match checked.edition {
        0 => words.say("lists.none").to_string(),
        edition => format!("{edition}, {}", ago(checked.age_s, words)),
    };
    let freshness = words.say(match checked.freshness {
        Freshness::Fresh => "freshness.fresh",
        Freshness::Stale => "freshness.stale",
        Freshness::Expired => "freshness.expired",
    });
    let result = words.say(match checked.result {
        ListResult::Clear => "result.clear",
        ListResult::Possible => "result.possible",
        ListResult::Hit => "result.hit",
        ListResult::NotChecked => "result.not_checked",
    });
    let why = checked.why.as_ref().map(|why| format!(": {}", printable(&words.phrase(why))));
    push(
        out,
        format_args!(
            "  {:<28} {} {edition}, {freshness}: {result}{}",
            checked.list.as_str(),
            words.say("lists.edition"),
            why.unwrap_or_default()
        ),
    );
}

fn ago(seconds: u64, words: &Words) -> String {
    let (key, count) = match seconds {
        0..=119 => ("age.s", seconds),
        120..=7_199 => ("age.min", seconds / 60),
        7_200..=172_799 => ("age.h", seconds / 3_600),
        _ => ("age.d", seconds / 86_400),
    };
    let age = words.fill(key, &values([("n", &count.to_string())]));
    words.fill("lists.ago", &values([("age", &age)]))
}

fn verdict_key(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Hit => "verdict.hit",
        Verdict::Possible => "verdict.possible",
        Verdict::Clear => "verdict.clear",
        Verdict::NotChecked => "verdict.not_checked",
    }
}

/// `family.word` where there is such a message; else the word itself: a list may know more.
fn term(words: &Words, family: &str, word: &str) -> String {
    let key = format!("{family}.{word}");
    if words.has(&key) { words.say(&key).into() } else { printable(word) }
}

pub(super) fn values<const N: usize>(values: [(&str, &str); N]) -> BTreeMap<String, String> {
    values.map(|(name, value)| (name.to_string(), printable(value))).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alert(action: Action, owner: &str) -> AlertView {
        let alert = serde_json::json!({"list": "a/b", "alert_id": "1", "kind": "document", "result": "hit",
            "status": "",
            "action": action, "score": 1.0, "reasons": [], "owner": owner, "details": null});
        serde_json::from_value(alert).unwrap()
    }

    #[test]
    fn the_gravest_action_is_never_cut_off_and_owners_share_a_sentence() {
        let words = Words::of(vedette_common::words::Language::En);
        let met = ["A", "B", "C", "A"].map(|owner| alert(Action::SeizeDocument, owner));
        let others = [(Action::Locate, "D"), (Action::Arrest, "E"), (Action::Inform, "F")];
        let others = others.map(|(action, owner)| alert(action, owner));
        let told = actions(met.iter().chain(&others), words);
        assert_eq!(told.len(), ACTIONS_MAX);
        assert!(told[0].contains("Arrest") && told[0].contains('E'), "{told:?}");
        assert!(told[1].starts_with("Take the document") && told[1].ends_with("Tell A, B, C."), "{told:?}");
        assert!(told[2].contains("Ask where"), "{told:?}");
        assert_eq!(actions(others[2..].iter(), words), ["Tell F before the person goes on."]);
    }

    #[test]
    fn every_action_has_its_sentence_in_the_order_of_the_page() {
        let words = Words::of(vedette_common::words::Language::En);
        for action in Action::ALL {
            assert!(words.has(&format!("do.{action}")) && words.has(&format!("action.{action}")), "{action}");
        }
        // A discreet check is among no others on the page.
        let page = include_str!("../desk/console/core/advice.js");
        let shown = Action::ALL.into_iter().filter(|action| *action != Action::DiscreetCheck);
        let order = shown.map(|action| format!("\"{action}\"")).collect::<Vec<_>>().join(", ");
        assert!(page.contains(&format!("const GRAVITY = [{order}];")), "{order}");
    }

    #[test]
    fn a_clock_counts_down_as_on_the_page() {
        let shown = [0, 9, 61, 581, 3_600, 43_199].map(countdown);
        assert_eq!(shown, ["0:00", "0:09", "1:01", "9:41", "1:00:00", "11:59:59"]);
    }
}
