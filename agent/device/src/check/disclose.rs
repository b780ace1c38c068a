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

use super::answer::{Alert, Checked};
use super::ask::DAMAGED;
use serde_json::Value;
use vedette_common::roster::Role;
use vedette_common::words::Phrase;
use vedette_names::handling::Handling;
use vedette_shim::verdict::{Basis, ListResult, Verdict, decide};

/// The action that nobody may notice.
const DISCREET: &str = "discreet_check";

/// The kind of a document's alert.
const DOCUMENT: &str = "document";

/// Fields that reasons tell of, and how the codes of those reasons begin. Names are told by nearly all.
const TELLING: [(&str, &str); 3] =
    [("birth_dates", "reason.birth_"), ("nationalities", "reason.nationality_"), ("sex", "reason.sex_")];

/// What one list said.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Asked {
    /// Its answer if it had met nothing: Clear, or NotChecked and why.
    pub(super) checked: Checked,
    /// What its answer rests on, beside what it met.
    pub(super) basis: Basis,
    /// What it met.
    pub(super) alerts: Vec<Alert>,
}

/// What all lists said, parted.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Disclosed {
    /// The verdict to be shown.
    pub(super) verdict: Verdict,
    /// Every list's answer, as shown.
    pub(super) checked: Vec<Checked>,
    /// The alerts to be shown, ranked: document alerts first, then hits, then by score.
    pub(super) open: Vec<Alert>,
    /// The alerts that nobody may notice, ranked as well.
    pub(super) discreet: Vec<Alert>,
}

/// Parts what everybody may know from what nobody may notice; at most `alerts_max` alerts each.
pub(super) fn disclose(asked: Vec<Asked>, alerts_max: usize) -> Disclosed {
    let (mut open, mut discreet, mut checked) = (Vec::new(), Vec::new(), Vec::new());
    for Asked { checked: mut list, basis, alerts } in asked {
        let (hidden, shown): (Vec<_>, Vec<_>) =
            alerts.into_iter().partition(|alert| alert.action == DISCREET);
        list.result = basis.result(shown.iter().map(|alert| alert.result));
        if !shown.is_empty() {
            // A doubt about what was read stands with the alert; that part of the list was not asked does not.
            list.why.take_if(|why| why.code != DAMAGED);
        }
        checked.push(list);
        open.extend(shown);
        discreet.extend(hidden);
    }
    for alerts in [&mut open, &mut discreet] {
        alerts.sort_by(|a: &Alert, b| {
            let rank = |alert: &Alert| (alert.kind != "document", alert.result != ListResult::Hit);
            rank(a).cmp(&rank(b)).then(b.score.total_cmp(&a.score)).then(a.alert_id.cmp(&b.alert_id))
        });
        alerts.truncate(alerts_max);
    }
    let verdict = decide(checked.iter().map(|checked| checked.result));
    Disclosed { verdict, checked, open, discreet }
}

/// An alert as `role` may see it.
pub(crate) fn seen_by(alert: &Alert, role: Role) -> Alert {
    let mut seen = alert.clone();
    if role < Role::Supervisor && seen.handling.as_ref().is_some_and(Handling::hides_details) {
        // How a document's number was met says nothing of the alert, and that it may be misread must be known.
        if alert.kind != DOCUMENT {
            seen.kind = "person".into();
            seen.reasons.clear();
        }
        seen.status = String::new();
        seen.reasons.push(Phrase::new("reason.withheld"));
        seen.details = Value::Null;
        return seen;
    }
    let hidden: Vec<&str> = alert
        .restricted
        .iter()
        .filter(|restriction| role < restriction.role)
        .map(|restriction| restriction.field.word())
        .collect();
    if hidden.contains(&"names") {
        // What is listed stands in the reasons too.
        seen.status = String::new();
        seen.reasons = vec![Phrase::new("reason.withheld")];
    }
    // So does that a fact is equal to what is listed, or another.
    for (field, told_by) in TELLING {
        if hidden.contains(&field) {
            seen.reasons.retain(|reason| !reason.code.starts_with(told_by));
        }
    }
    if hidden.contains(&"kind") {
        seen.kind = "person".into();
    }
    if let Value::Object(details) = &mut seen.details {
        details.retain(|field, _| !hidden.contains(&field.as_str()));
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;
    use vedette_names::handling::{Field, Restriction};
    use vedette_shim::trust::Freshness;

    const MAX: usize = 4;

    fn checked(list: usize, result: ListResult) -> Checked {
        Checked {
            list: format!("a/{list}").parse().unwrap(),
            edition: 1,
            issued: String::new(),
            age_s: 1,
            freshness: Freshness::Fresh,
            result,
            why: (result == ListResult::NotChecked).then(|| Phrase::new("why.misread")),
        }
    }

    fn basis(doubtful: bool) -> Basis {
        Basis { freshness: Some(Freshness::Fresh), doubtful, complete: true }
    }

    fn alert(id: u16, action: &str, hit: bool) -> Alert {
        Alert {
            encounter_id: String::new(),
            confirm_by: None,
            list: "a/0".parse().unwrap(),
            alert_id: id.to_string(),
            kind: "red".into(),
            result: if hit { ListResult::Hit } else { ListResult::Possible },
            status: "ANNA BERG".into(),
            action: action.into(),
            score: f32::from(id % 10) / 10.0,
            reasons: vec![Phrase::new("reason.name_equal")],
            warnings: vec!["armed".into()],
            owner: "UTO".into(),
            handling: None,
            restricted: vec![],
            details: json!({"names": [{"surname": "BERG"}], "reason": "wanted for theft", "warnings": ["armed"]}),
        }
    }

    fn alerts(action: &'static str) -> impl Strategy<Value = Vec<Alert>> {
        let alert = (any::<u16>(), any::<bool>()).prop_map(move |(id, hit)| alert(id, action, hit));
        prop::collection::vec(alert, 0..=MAX)
    }

    proptest! {
        /// With discreet alerts anywhere among the others, everything shown is what it is without them.
        #[test]
        fn a_discreet_alert_changes_nothing_that_is_shown(
            lists in prop::collection::vec(
                (alerts("arrest"), alerts(DISCREET), any::<bool>(), any::<prop::sample::Index>()), 0..4)
        ) {
            let asked = |with: bool| {
                let list = |(n, (open, discreet, misread, at)): (usize, &(Vec<_>, Vec<_>, bool, prop::sample::Index))| {
                    let basis = basis(*misread);
                    let mut alerts = open.clone();
                    if with {
                        for alert in discreet.clone() {
                            alerts.insert(at.index(alerts.len() + 1), alert);
                        }
                    }
                    Asked { checked: checked(n, basis.result([])), basis, alerts }
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
        let why_of = |code| {
            let not_checked = Checked { why: Some(Phrase::new(code)), ..checked(0, ListResult::NotChecked) };
            let asked =
                Asked { checked: not_checked, basis: basis(true), alerts: vec![alert(1, "arrest", false)] };
            let shown = disclose(vec![asked], MAX);
            assert_eq!(shown.checked[0].result, ListResult::Possible);
            shown.checked[0].why.clone()
        };
        assert_eq!(why_of(DAMAGED), Some(Phrase::new(DAMAGED)));
        assert_eq!(why_of("why.misread"), None);
    }

    #[test]
    fn a_code_hides_details_from_officers_and_never_a_warning() {
        let handled = |code: &str| Alert {
            handling: Some(Handling { scale: "europol".into(), code: code.into(), text: "ask first".into() }),
            ..alert(1, "arrest", true)
        };
        for open in [alert(1, "arrest", true), handled("H0"), handled("H1")] {
            assert_eq!(seen_by(&open, Role::Officer), open);
        }
        for code in ["H2", "H3", "X9"] {
            let full = handled(code);
            let seen = seen_by(&full, Role::Officer);
            assert_eq!(
                (&seen.details, seen.status.as_str(), seen.kind.as_str()),
                (&Value::Null, "", "person")
            );
            assert!(!serde_json::to_string(&seen).unwrap().contains("BERG"));
            assert_eq!((&seen.action, &seen.warnings), (&full.action, &full.warnings));
            assert_eq!(seen.handling, full.handling, "the caveat is shown");
            assert_eq!(seen_by(&full, Role::Supervisor), full);
        }
    }

    #[test]
    fn of_a_document_under_a_code_an_officer_sees_what_to_do_and_how_it_was_met() {
        let full = Alert {
            kind: DOCUMENT.into(),
            status: "stolen".into(),
            handling: Handling::of_list("europol/H3"),
            reasons: vec![Phrase::new("reason.number_misread")],
            details: json!({"remark": "from the raid in Zenith"}),
            ..alert(1, "seize_document", true)
        };
        let seen = seen_by(&full, Role::Officer);
        assert_eq!(
            (seen.kind.as_str(), seen.action.as_str(), seen.status.as_str()),
            (DOCUMENT, "seize_document", "")
        );
        let reasons: Vec<_> = seen.reasons.iter().map(|reason| reason.code.as_str()).collect();
        assert_eq!(reasons, ["reason.number_misread", "reason.withheld"]);
        assert!(!serde_json::to_string(&seen).unwrap().contains("Zenith"));
        assert_eq!(seen_by(&full, Role::Supervisor), full);
    }

    #[test]
    fn an_owners_restriction_hides_a_field_from_the_roles_below() {
        let restrict =
            |field, role| Alert { restricted: vec![Restriction { field, role }], ..alert(1, "arrest", true) };
        let reason = restrict(Field::Reason, Role::Administrator);
        for (role, shown) in [(Role::Officer, false), (Role::Supervisor, false), (Role::Administrator, true)]
        {
            assert_eq!(seen_by(&reason, role).details.get("reason").is_some(), shown);
        }
        let names = seen_by(&restrict(Field::Names, Role::Supervisor), Role::Officer);
        assert!(!serde_json::to_string(&names).unwrap().contains("BERG"), "{names:?}");
        assert!(names.details.get("reason").is_some());
    }

    #[test]
    fn nothing_of_a_restricted_field_shows_not_even_in_a_reason() {
        use Field::*;
        let secret = "SECRET";
        let told =
            |code: &str| Phrase { values: [("listed".into(), secret.into())].into(), ..Phrase::new(code) };
        for (field, reasons) in [
            (Kind, vec![]),
            (Names, vec!["reason.alias", "reason.family_letter", "reason.not_read", "reason.name_rare"]),
            (BirthDates, vec!["reason.birth_equal", "reason.birth_other", "reason.birth_unknown"]),
            (BirthPlaces, vec![]),
            (
                Nationalities,
                vec!["reason.nationality_equal", "reason.nationality_other", "reason.nationality_unknown"],
            ),
            (Sex, vec!["reason.sex_differs", "reason.sex_equal", "reason.sex_unknown"]),
            (Documents, vec![]),
            (Reason, vec![]),
            (Authority, vec![]),
            (Reference, vec![]),
            (Remark, vec![]),
        ] {
            let mut full = alert(1, "arrest", true);
            full.kind = if field == Kind { secret.into() } else { "red".into() };
            full.status = if field == Names { secret.into() } else { String::new() };
            full.reasons = reasons.iter().map(|code| told(code)).collect();
            full.restricted = vec![Restriction { field, role: Role::Supervisor }];
            full.details = json!({ field.word(): secret, "warnings": ["armed"] });
            let seen = seen_by(&full, Role::Officer);
            assert!(!serde_json::to_string(&seen).unwrap().contains(secret), "{field:?}: {seen:?}");
            assert!(!seen.reasons.iter().any(|reason| reasons.contains(&reason.code.as_str())), "{field:?}");
            assert_eq!(seen.warnings, full.warnings);
            assert_eq!(seen_by(&full, Role::Supervisor), full);
        }
    }
}
