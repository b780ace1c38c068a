//! Who may see what of an answer: pure functions over what the lists said.
//!
//! | of an alert | is seen by |
//! |---|---|
//! | one whose action is `discreet_check` | nobody here: the answer is what it would be without; see [`super::discreet`] |
//! | action, warnings, list, owner, id, score, caveat | everybody who gets the answer |
//! | the rest, under handling code H2, H3 or another scale's, its own or its list's | supervisors |
//! | of a document that is under such a code, besides: how its number was met | everybody: it is what was scanned |
//! | a field that its owner restricts to a role | that role and those above |
//!
//! Invariants: leaving a discreet alert out and never having met it give equal answers ([`disclose`] is tested for it), as
//! long as one list has at most `alerts_max` of them for a traveller; a warning for the officer's safety is never hidden.

use super::alert::{Alert, Match, Reason, Subject};
use super::answer::{Answer, Asked, Checked, Document, Gap, Notice, ScanId};
use crate::action::Action;
use serde_json::Value;
use vedette_common::roster::Role;
use vedette_names::handling::{Field, Handling};
use vedette_shim::ids::ListName;
use vedette_shim::verdict::{ListResult, Verdict, decide};

/// What all lists said, parted.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Disclosed {
    /// The verdict to be shown.
    pub(super) verdict: Verdict,
    /// Every list's answer, as shown.
    pub(super) checked: Vec<Checked>,
    /// The matches to be shown, ranked: documents first, then hits, then by score.
    pub(super) open: Vec<Match>,
    /// Those that nobody may notice, ranked as well.
    pub(super) discreet: Vec<Match>,
}

/// Parts what everybody may know from what nobody may notice; at most `alerts_max` matches each.
pub(super) fn disclose(asked: Vec<Asked>, alerts_max: usize) -> Disclosed {
    let (mut open, mut discreet, mut checked) = (Vec::new(), Vec::new(), Vec::new());
    for Asked { checked: mut list, basis, matches } in asked {
        let (hidden, shown): (Vec<_>, Vec<_>) =
            matches.into_iter().partition(|found| found.action == Action::DiscreetCheck);
        list.result = basis.result(shown.iter().map(|found| found.result));
        if !shown.is_empty() {
            // A doubt about what was read stands with the alert; that part of the list was not asked does not.
            list.gap.take_if(|gap| *gap != Gap::Damaged);
        }
        checked.push(list);
        open.extend(shown);
        discreet.extend(hidden);
    }
    for matches in [&mut open, &mut discreet] {
        matches.sort_by(|a: &Match, b| {
            let rank = |found: &Match| (!found.subject.is_document(), found.result != ListResult::Hit);
            rank(a).cmp(&rank(b)).then(b.score.total_cmp(&a.score)).then(a.alert_id.cmp(&b.alert_id))
        });
        matches.truncate(alerts_max);
    }
    let verdict = decide(checked.iter().map(|checked| checked.result));
    Disclosed { verdict, checked, open, discreet }
}

impl Answer {
    /// An answer that shows what an officer may see; `full` is what may be shown to somebody.
    pub(crate) fn new(
        scan_id: ScanId,
        verdict: Verdict,
        document: Document,
        checked: Vec<Checked>,
        full: Vec<Alert>,
        notices: Vec<Notice>,
        elapsed_us: u64,
    ) -> Answer {
        let alerts = full.iter().map(|alert| alert.seen_by(Role::Officer)).collect();
        Answer { scan_id, verdict, document, checked, alerts, notices, elapsed_us, full }
    }

    /// The answer as `role` may see it: handling codes and owners' restrictions hide parts of alerts.
    pub fn seen_by(&self, role: Role) -> Answer {
        let alerts = self.full.iter().map(|alert| alert.seen_by(role)).collect();
        Answer { alerts, ..self.clone() }
    }

    /// The answer without the alerts of the lists that are `gone`; none if it has none of them. The verdict stays: it was given.
    pub(crate) fn without(&self, gone: impl Fn(&ListName) -> bool) -> Option<Answer> {
        if !self.full.iter().any(|alert| gone(&alert.found.list)) {
            return None;
        }
        let mut left = self.clone();
        left.alerts.retain(|alert| !gone(&alert.found.list));
        left.full.retain(|alert| !gone(&alert.found.list));
        Some(left)
    }
}

impl Alert {
    /// The alert as `role` may see it.
    pub(crate) fn seen_by(&self, role: Role) -> Alert {
        Alert { found: seen_by(&self.found, role), encounter: self.encounter }
    }
}

fn seen_by(found: &Match, role: Role) -> Match {
    let mut seen = found.clone();
    if role < Role::Supervisor && seen.handling.as_ref().is_some_and(Handling::hides_details) {
        withhold_reasons(&mut seen);
        seen.subject = match seen.subject {
            Subject::Document { .. } => Subject::Document { status: None },
            Subject::Person { .. } => Subject::Person { kind: None, name: None },
        };
        seen.details = Value::Null;
        return seen;
    }
    let restricted = found.restricted.iter().filter(|restriction| role < restriction.role);
    let hidden: Vec<Field> = restricted.map(|restriction| restriction.field).collect();
    // Reasons say what is listed, or that it is equal to what was read, or another.
    if hidden.contains(&Field::Names) {
        withhold_reasons(&mut seen);
    }
    seen.reasons.retain(|reason| !reason.reveals().is_some_and(|field| hidden.contains(&field)));
    if let Subject::Person { kind, name } = &mut seen.subject {
        kind.take_if(|_| hidden.contains(&Field::Kind));
        name.take_if(|_| hidden.contains(&Field::Names));
    }
    if let Value::Object(details) = &mut seen.details {
        details.retain(|word, _| !hidden.iter().any(|field| field.word() == word));
    }
    seen
}

/// Leaves how a document's number was found, and that something may be misread: neither says anything of the alert, and
/// the officer must know it.
fn withhold_reasons(seen: &mut Match) {
    seen.reasons.retain(|reason| reason.reveals().is_none());
    seen.reasons.push(Reason::Withheld);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::alert::Home;
    use proptest::prelude::*;
    use serde_json::json;
    use vedette_names::Birth;
    use vedette_names::handling::Restriction;
    use vedette_names::person::{AlertKind, BirthDate, Warning};
    use vedette_shim::list::Status;
    use vedette_shim::trust::Freshness;
    use vedette_shim::verdict::Basis;

    const MAX: usize = 4;

    fn checked(list: usize, result: ListResult) -> Checked {
        Checked {
            list: format!("a/{list}").parse().unwrap(),
            edition: 1,
            issued: 0,
            age_s: 1,
            freshness: Freshness::Fresh,
            result,
            gap: (result == ListResult::NotChecked).then_some(Gap::NumberMisread),
        }
    }

    fn basis(doubtful: bool) -> Basis {
        Basis { freshness: Some(Freshness::Fresh), doubtful, complete: true }
    }

    fn found(id: u16, action: Action, hit: bool) -> Match {
        Match {
            list: "a/0".parse().unwrap(),
            owner: "UTO".into(),
            alert_id: id.to_string(),
            result: if hit { ListResult::Hit } else { ListResult::Possible },
            subject: Subject::Person { kind: Some(AlertKind::Red), name: Some("ANNA BERG".into()) },
            action,
            score: f32::from(id % 10) / 10.0,
            reasons: vec![Reason::Person(vedette_names::Reason::NameEqual)],
            warnings: vec![Warning::Armed],
            handling: None,
            restricted: vec![],
            details: json!({"names": [{"surname": "BERG"}], "reason": "wanted for theft", "warnings": ["armed"]}),
            home: Home { edition: 1, owner_key: [7; 32], confirm_s: 0 },
        }
    }

    fn wanted() -> Match {
        found(1, Action::Arrest, true)
    }

    fn matches(action: Action) -> impl Strategy<Value = Vec<Match>> {
        let found = (any::<u16>(), any::<bool>()).prop_map(move |(id, hit)| found(id, action, hit));
        prop::collection::vec(found, 0..=MAX)
    }

    proptest! {
        /// With discreet alerts anywhere among the others, everything shown is what it is without them.
        #[test]
        fn a_discreet_alert_changes_nothing_that_is_shown(
            lists in prop::collection::vec(
                (matches(Action::Arrest), matches(Action::DiscreetCheck), any::<bool>(), any::<prop::sample::Index>()), 0..4)
        ) {
            let asked = |with: bool| {
                let list = |(n, (open, discreet, misread, at)): (usize, &(Vec<_>, Vec<_>, bool, prop::sample::Index))| {
                    let basis = basis(*misread);
                    let mut matches = open.clone();
                    if with {
                        for found in discreet.clone() {
                            matches.insert(at.index(matches.len() + 1), found);
                        }
                    }
                    Asked { checked: checked(n, basis.result([])), basis, matches }
                };
                lists.iter().enumerate().map(list).collect()
            };
            let (with, without) = (disclose(asked(true), MAX), disclose(asked(false), MAX));
            prop_assert_eq!(Disclosed { discreet: vec![], ..with.clone() }, without);
            let met: usize = lists.iter().map(|(_, discreet, ..)| discreet.len()).sum();
            prop_assert_eq!(with.discreet.len(), met.min(MAX));
        }
    }

    #[test]
    fn a_list_that_failed_midway_says_so_beside_what_it_met() {
        let gap_of = |gap| {
            let not_checked = Checked { gap: Some(gap), ..checked(0, ListResult::NotChecked) };
            let possible = found(1, Action::Arrest, false);
            let asked = Asked { checked: not_checked, basis: basis(true), matches: vec![possible] };
            let shown = disclose(vec![asked], MAX);
            assert_eq!(shown.checked[0].result, ListResult::Possible);
            shown.checked[0].gap.clone()
        };
        assert_eq!(gap_of(Gap::Damaged), Some(Gap::Damaged));
        assert_eq!(gap_of(Gap::NumberMisread), None);
    }

    /// Whether a text stands anywhere in what is seen.
    fn shows(seen: &Match, text: &str) -> bool {
        format!("{seen:?}").contains(text)
    }

    #[test]
    fn a_code_hides_details_from_officers_and_never_a_warning() {
        let handled = |code: &str| Match {
            handling: Some(Handling { scale: "europol".into(), code: code.into(), text: "ask first".into() }),
            ..wanted()
        };
        for open in [wanted(), handled("H0"), handled("H1")] {
            assert_eq!(seen_by(&open, Role::Officer), open);
        }
        for code in ["H2", "H3", "X9"] {
            let full = handled(code);
            let seen = seen_by(&full, Role::Officer);
            assert_eq!(seen.details, Value::Null);
            assert_eq!(seen.subject, Subject::Person { kind: None, name: None });
            assert_eq!(seen.reasons, [Reason::Withheld]);
            assert!(!shows(&seen, "BERG"));
            assert_eq!((&seen.action, &seen.warnings), (&full.action, &full.warnings));
            assert_eq!(seen.handling, full.handling, "the caveat is shown");
            assert_eq!(seen_by(&full, Role::Supervisor), full);
        }
    }

    #[test]
    fn of_a_document_under_a_code_an_officer_sees_what_to_do_and_how_it_was_met() {
        let full = Match {
            subject: Subject::Document { status: Some(Status::Stolen) },
            handling: Handling::of_list("europol/H3"),
            reasons: vec![Reason::NumberMisread],
            details: json!({"remark": "from the raid in Zenith"}),
            ..found(1, Action::SeizeDocument, true)
        };
        let seen = seen_by(&full, Role::Officer);
        assert_eq!(
            (seen.subject.clone(), seen.action),
            (Subject::Document { status: None }, Action::SeizeDocument)
        );
        assert_eq!(seen.reasons, [Reason::NumberMisread, Reason::Withheld]);
        assert!(!shows(&seen, "Zenith"));
        assert_eq!(seen_by(&full, Role::Supervisor), full);
    }

    #[test]
    fn that_a_reading_is_doubtful_is_never_withheld() {
        let person = vedette_names::Reason::Alias { listed: "BERG".into(), weak: false };
        let full = Match {
            handling: Handling::of_list("europol/H3"),
            reasons: vec![Reason::Person(person), Reason::BearerMisread],
            ..wanted()
        };
        assert_eq!(seen_by(&full, Role::Officer).reasons, [Reason::BearerMisread, Reason::Withheld]);
    }

    #[test]
    fn an_owners_restriction_hides_a_field_from_the_roles_below() {
        let restrict = |field, role| Match { restricted: vec![Restriction { field, role }], ..wanted() };
        let reason = restrict(Field::Reason, Role::Administrator);
        for (role, shown) in [(Role::Officer, false), (Role::Supervisor, false), (Role::Administrator, true)]
        {
            assert_eq!(seen_by(&reason, role).details.get("reason").is_some(), shown);
        }
        let names = seen_by(&restrict(Field::Names, Role::Supervisor), Role::Officer);
        assert!(!shows(&names, "BERG"), "{names:?}");
        assert!(names.details.get("reason").is_some());
    }

    #[test]
    fn nothing_of_a_restricted_field_shows_not_even_in_a_reason() {
        use vedette_names::Reason as Person;
        let secret = || "SECRET".to_string();
        let birth = |evidence| Person::BirthDate { evidence, listed: Some(BirthDate::of_year(1948)) };
        for (field, reasons) in [
            (Field::Kind, vec![]),
            (
                Field::Names,
                vec![
                    Person::Alias { listed: secret(), weak: false },
                    Person::Spelling { family: true, read: "A".into(), listed: secret(), letters: 1 },
                    Person::NotRead(secret()),
                    Person::NameRare,
                ],
            ),
            (Field::BirthDates, [Birth::Exact, Birth::Other, Birth::Absent].map(birth).into()),
            (Field::BirthPlaces, vec![]),
            (
                Field::Nationalities,
                [Some(true), Some(false), None].map(|equal| Person::Nationality { equal }).into(),
            ),
            (Field::Sex, [Some(true), Some(false), None].map(|equal| Person::Sex { equal }).into()),
            (Field::Documents, vec![]),
            (Field::Reason, vec![]),
            (Field::Authority, vec![]),
            (Field::Reference, vec![]),
            (Field::Remark, vec![]),
        ] {
            let mut full = wanted();
            let named = (field == Field::Names).then(secret);
            full.subject = Subject::Person { kind: Some(AlertKind::Red), name: named };
            full.reasons = reasons.into_iter().map(Reason::Person).collect();
            full.restricted = vec![Restriction { field, role: Role::Supervisor }];
            full.details = json!({ field.word(): secret(), "warnings": ["armed"] });
            let seen = seen_by(&full, Role::Officer);
            assert!(!shows(&seen, "SECRET"), "{field:?}: {seen:?}");
            assert!(!seen.reasons.iter().any(|reason| full.reasons.contains(reason)), "{field:?}");
            let kind = matches!(seen.subject, Subject::Person { kind: Some(_), .. });
            assert_eq!(kind, field != Field::Kind);
            assert_eq!(seen.warnings, full.warnings);
            assert_eq!(seen_by(&full, Role::Supervisor), full);
        }
    }
}
