//! What the owners of alerts have to do with this device's hits, on the terminal: the clocks until they must confirm, their
//! answers, and what they listed only after it was scanned. The words are the page's (`desk/console/view/owner.js`).

use super::answer::{countdown, values};
use super::push;
use crate::action::Action;
use crate::desk::api::{ConfirmationView, LateView, StatusView};
use vedette_common::text::{owner_word, printable};
use vedette_common::words::Words;

/// Clocks and late encounters, the newest first; one line that there are none. `status`: for the owners' names, and
/// whether headquarters has heard.
pub fn owners(clocks: &[ConfirmationView], late: &[LateView], status: &StatusView, words: &Words) -> String {
    let owner = |list: &str| {
        let held = status.lists.iter().find(|held| held.list.as_str() == list);
        printable(held.map_or(list, |held| &held.owner))
    };
    let mut out = String::new();
    if clocks.is_empty() && late.is_empty() {
        push(&mut out, format_args!("{}", words.say("owners.none")));
    }
    if !clocks.is_empty() {
        push(&mut out, format_args!("{}:", words.say("confirm.title")));
    }
    for clock in clocks {
        push(&mut out, format_args!("  {}  {}  {}", printable(&clock.alert_id), clock.list, clock.made_at));
        clock_lines(&mut out, clock, &owner(&clock.list), status.online, words);
    }
    if !late.is_empty() {
        push(&mut out, format_args!("{}:", words.say("late.title")));
    }
    for found in late {
        let owner = owner(&found.list);
        push(&mut out, format_args!("  {}", printable(&found.alert_id)));
        let scanned = words.fill("late.scanned", &values([("time", &found.scanned_at)]));
        let listed = [("time", found.raised_at.as_str()), ("list", &found.list), ("owner", &owner)];
        push(&mut out, format_args!("    {scanned} {}", words.fill("late.listed", &values(listed))));
        let then = match found.reported {
            true => words.say("late.reported").to_string(),
            false => words.fill(late_key(found), &values([("owner", &owner)])),
        };
        push(&mut out, format_args!("    -> {then}"));
    }
    out
}

/// A valid document is not taken.
fn late_key(late: &LateView) -> &'static str {
    if late.action == Action::BearerSought { "do.late_bearer" } else { "do.late" }
}

fn clock_lines(out: &mut String, clock: &ConfirmationView, owner: &str, online: bool, words: &Words) {
    let owner = values([("owner", owner)]);
    let left = countdown(clock.left_s.unsigned_abs());
    let Some(answer) = &clock.answer else {
        if clock.left_s > 0 {
            push(out, format_args!("    {left}  {}", words.fill("confirm.waiting", &owner)));
        } else {
            let told = words.say(if online { "confirm.escalated" } else { "confirm.escalates" });
            push(out, format_args!("    +{left}  {} {told}", words.fill("confirm.overdue", &owner)));
        }
        return;
    };
    let code = owner_word(answer.word);
    let said = words.fill(&format!("confirm.{code}"), &owner);
    let text =
        if answer.text.is_empty() { String::new() } else { format!("  \"{}\"", printable(&answer.text)) };
    let when = words.fill("confirm.answered", &values([("time", &answer.at)]));
    push(out, format_args!("    {said}{text}  {when}"));
    push(out, format_args!("    -> {}", words.fill(&format!("do.owner.{code}"), &owner)));
}
