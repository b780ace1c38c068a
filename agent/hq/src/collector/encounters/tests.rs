use super::*;
use crate::db::devices::{self as db_devices, NewEnrolment};
use crate::publishing::list::{CreateOptions, create};
use crate::tests::{device_id, list_name, new_home};
use proptest::prelude::*;
use std::collections::{BTreeSet, HashMap};
use tempfile::TempDir;
use vedette_common::crypto::random_secret;
use vedette_shim::ids::Hex;
use vedette_shim::list::Kind;
use vedette_shim::verdict::Verdict;
use vedette_shim::wire::{
    Encounter, EncounterOutcome, FormEntry, FormField, Outcome as OutcomeKind, ScannedDocument,
};

/// A home with one list, a database with one device whose former key was revoked, and both keys.
struct Bench {
    _dir: TempDir,
    home: Home,
    db: Db,
    key: BoxKey,
    old_key: BoxKey,
}

fn bench() -> Bench {
    let (dir, home) = new_home();
    create(&home, &list_name(), &CreateOptions::of(Kind::Documents)).unwrap();
    let db = crate::db::in_memory();
    let (key, old_key) = (BoxKey::from_private(random_secret()), BoxKey::from_private(random_secret()));
    for (serial, key) in [(1u8, &old_key), (2, &key)] {
        db_devices::revoke(db.read(), &device_id(), 5).unwrap();
        let enrolment = NewEnrolment {
            device: &device_id(),
            post: "Kehl",
            serial: &[serial],
            box_public: &key.public(),
            enrolled_at: 1,
            expires_at: 9,
        };
        db_devices::enrol(db.read(), &enrolment).unwrap();
    }
    Bench { _dir: dir, home, db, key, old_key }
}

impl Bench {
    fn message(&self, id: u8, alert: &str, key: &BoxKey) -> Vec<u8> {
        let encounter = Encounter {
            id: [id; 16],
            scan: [9; 16],
            device: device_id(),
            post: "Kehl".try_into().unwrap(),
            made_at: u64::MAX,
            list: list_name(),
            edition: 4,
            alert: alert.try_into().unwrap(),
            verdict: Verdict::Hit,
            score: 1000,
            document: ScannedDocument::default(),
            late: false,
        };
        let owner = Key::Owner(&list_name()).opening(&self.home).unwrap().public();
        encounter::seal(&Report::Encounter(encounter), key, &owner).unwrap()
    }

    fn outcome(&self, id: u8, of: u8, outcome: OutcomeKind, at: u64) -> Vec<u8> {
        let entry = FormEntry { field: FormField::Place, text: "Kehl".try_into().unwrap() };
        let outcome = EncounterOutcome {
            id: [id; 16],
            encounter: [of; 16],
            device: device_id(),
            list: list_name(),
            at,
            who: "12".try_into().unwrap(),
            outcome,
            note: "twin".try_into().unwrap(),
            form: [entry].into_iter().collect(),
        };
        let owner = Key::Owner(&list_name()).opening(&self.home).unwrap().public();
        encounter::seal(&Report::Outcome(outcome), &self.key, &owner).unwrap()
    }

    fn store(&mut self, messages: &[Vec<u8>]) -> Vec<Outcome> {
        let messages: Vec<_> = messages.iter().map(|message| (device_id(), message)).collect();
        store(&mut self.db, &mut Owners::of(&self.home), &messages, 77).unwrap()
    }

    fn views(&self) -> Vec<EncounterView> {
        encounters::page(self.db.read(), &Position::START, 100).unwrap().0
    }
}

#[test]
fn what_nobody_vouched_for_is_refused_and_leaves_nothing() {
    let mut bench = bench();
    let stranger = BoxKey::from_private(random_secret());
    let good = bench.message(1, "UTO-P-1", &bench.key);
    let forged = bench.message(1, "UTO-P-1", &stranger);
    let mut flipped = good.clone();
    *flipped.last_mut().unwrap() ^= 1;
    let messages = [forged, flipped, good[..40].to_vec(), Vec::new(), vec![1; MESSAGE_BYTES_MAX + 1]];
    let refused = |why| Outcome::Refused(why);
    assert_eq!(
        bench.store(&messages),
        [
            refused(Refusal::DoesNotOpen),
            refused(Refusal::DoesNotOpen),
            refused(Refusal::Unreadable),
            refused(Refusal::Unreadable),
            refused(Refusal::Unreadable)
        ]
    );
    let other: DeviceId = "post-8".parse().unwrap();
    let mut owners = Owners::of(&bench.home);
    let stored = store(&mut bench.db, &mut owners, &[(other, &good)], 77).unwrap();
    assert_eq!(stored, [refused(Refusal::OtherDevice)]);
    assert!(bench.views().is_empty());
}

#[test]
fn a_revoked_device_s_encounter_is_kept_and_marked() {
    let mut bench = bench();
    let message = bench.message(3, "UTO-P-1", &bench.old_key);
    assert_eq!(bench.store(std::slice::from_ref(&message)), [Outcome::Stored(entry([3; 16], &message))]);
    let view = bench.views().remove(0);
    assert!(view.device_revoked && view.conflicts == 0 && view.alert == "UTO-P-1", "{view:?}");
}

#[test]
fn outcomes_are_stored_once_and_stand_beside_their_encounter_whichever_came_first() {
    let mut bench = bench();
    let later = bench.outcome(5, 3, OutcomeKind::NotThePerson, 20);
    let earlier = bench.outcome(4, 3, OutcomeKind::Confirmed, 10);
    let encounter = bench.message(3, "UTO-P-1", &bench.key);
    let other = bench.outcome(5, 3, OutcomeKind::Seized, 30);
    let messages = [later.clone(), encounter.clone(), earlier.clone(), later.clone(), other];
    assert_eq!(
        bench.store(&messages),
        [
            Outcome::Stored(entry([5; 16], &later)),
            Outcome::Stored(entry([3; 16], &encounter)),
            Outcome::Stored(entry([4; 16], &earlier)),
            Outcome::Known(entry([5; 16], &later)),
            Outcome::Conflict(entry([5; 16], &later)),
        ]
    );
    let view = |at, outcome| OutcomeView {
        at,
        who: "12".into(),
        outcome,
        note: "twin".into(),
        form: [(FormField::Place, "Kehl".to_string())].into(),
    };
    let expected = [view(10, OutcomeKind::Confirmed), view(20, OutcomeKind::NotThePerson)];
    assert_eq!(bench.views()[0].outcomes, expected);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    /// However messages repeat and whatever batches they come in: one row an id, the first content, and receipts
    /// that name the first content only.
    #[test]
    fn an_encounter_is_stored_once_and_the_first_stays(
        batches in prop::collection::vec(prop::collection::vec((0u8..3, 0usize..2), 1..6), 1..6)
    ) {
        let mut bench = bench();
        let made: Vec<[Vec<u8>; 2]> = (0..3)
            .map(|id| ["UTO-P-1", "UTO-P-2"].map(|alert| bench.message(id, alert, &bench.key)))
            .collect();
        let mut first: HashMap<u8, usize> = HashMap::new();
        let mut conflicts: HashMap<u8, u32> = HashMap::new();
        for batch in batches {
            let messages: Vec<_> =
                batch.iter().map(|(id, content)| made[usize::from(*id)][*content].clone()).collect();
            for ((id, content), outcome) in batch.into_iter().zip(bench.store(&messages)) {
                let is_new = !first.contains_key(&id);
                let stays = *first.entry(id).or_insert(content);
                let entry = entry([id; 16], &made[usize::from(id)][stays]);
                if stays != content {
                    *conflicts.entry(id).or_default() += 1;
                    prop_assert_eq!(outcome, Outcome::Conflict(entry));
                } else if is_new {
                    prop_assert_eq!(outcome, Outcome::Stored(entry));
                } else {
                    prop_assert_eq!(outcome, Outcome::Known(entry));
                }
            }
        }
        let expected: BTreeSet<_> = first
            .iter()
            .map(|(id, content)| {
                let alert = ["UTO-P-1", "UTO-P-2"][*content].to_string();
                (Hex(&[*id; 16]).to_string(), alert, false, conflicts.get(id).copied().unwrap_or(0))
            })
            .collect();
        let stored = bench.views();
        prop_assert_eq!(stored.len(), expected.len());
        let stored: BTreeSet<_> =
            stored.into_iter().map(|view| (view.id, view.alert, view.device_revoked, view.conflicts)).collect();
        prop_assert_eq!(stored, expected);
    }
}
