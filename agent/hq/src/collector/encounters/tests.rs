use super::*;
use crate::authority::keys::Key;
use crate::db::devices::{self as db_devices, NewCertificate, NewEnrolment};
use crate::publishing::PublishingError;
use crate::publishing::replace::{erase_old_owner_keys, replace_owner};
use crate::tests::{device_id, list_name, new_home, new_list};
use proptest::prelude::*;
use std::collections::BTreeSet;
use tempfile::TempDir;
use vedette_common::crypto::{BoxKey, random_secret};
use vedette_common::device_key::EnrolledKeys;
use vedette_shim::ids::Hex;
use vedette_shim::list::Kind;
use vedette_shim::verdict::Verdict;
use vedette_shim::wire::{
    Encounter, EncounterOutcome, FormEntry, FormField, Outcome as OutcomeKind, Report, ScannedDocument,
};

fn other() -> DeviceId {
    "post-8".parse().unwrap()
}

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
    new_list(&home, &list_name(), Kind::Documents);
    let db = crate::db::in_memory();
    let list = lists::find(home.database().unwrap().read(), &list_name()).unwrap().unwrap();
    lists::insert(db.read(), &list, 1).unwrap();
    let (key, old_key) = (BoxKey::from_private(random_secret()), BoxKey::from_private(random_secret()));
    for (serial, key) in [(1u8, &old_key), (2, &key)] {
        db_devices::revoke(db.read(), &device_id(), 5).unwrap();
        let enrolment = NewEnrolment {
            device: &device_id(),
            post: "Kehl",
            certificate: NewCertificate { serial: &[serial], ca: [0; 32], expires_at: 9 },
            keys: &EnrolledKeys::of(key),
            enrolled_at: 1,
        };
        db_devices::enrol(db.read(), &enrolment).unwrap();
    }
    Bench { _dir: dir, home, db, key, old_key }
}

impl Bench {
    fn message(&self, id: u8, alert: &str, key: &BoxKey) -> Vec<u8> {
        self.message_of(device_id(), id, alert, key)
    }

    fn owner(&self) -> [u8; 32] {
        Key::Owner(&list_name()).opening(&self.home).unwrap().public()
    }

    fn message_of(&self, device: DeviceId, id: u8, alert: &str, key: &BoxKey) -> Vec<u8> {
        encounter::seal(&Report::Encounter(encounter_of(device, id, alert)), key, &self.owner()).unwrap()
    }

    /// Sealed to this key, whoever owns the list now.
    fn message_with(&self, owner: &[u8; 32], id: u8) -> Vec<u8> {
        encounter::seal(&Report::Encounter(encounter_of(device_id(), id, "A")), &self.key, owner).unwrap()
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
        encounter::seal(&Report::Outcome(outcome), &self.key, &self.owner()).unwrap()
    }

    fn store(&mut self, messages: &[Vec<u8>]) -> Vec<Outcome> {
        let messages: Vec<_> = messages.iter().map(|message| (device_id(), message)).collect();
        let outcomes = store(&mut self.db, &messages, 77).unwrap();
        self.open();
        outcomes
    }

    /// As `serve` when it starts.
    fn open(&mut self) {
        Opening::with_keys_of(&self.home).open_stored(&mut self.db).unwrap();
    }

    fn store_from(&mut self, device: &DeviceId, message: &[u8]) -> Outcome {
        let messages = [(device.clone(), message)];
        let outcome = store(&mut self.db, &messages, 77).unwrap().remove(0);
        self.open();
        outcome
    }

    /// Enrols [`other`]; its key.
    fn enrol_other(&self) -> BoxKey {
        let key = BoxKey::from_private(random_secret());
        let enrolment = NewEnrolment {
            device: &other(),
            post: "Lauterbourg",
            certificate: NewCertificate { serial: &[3], ca: [0; 32], expires_at: 9 },
            keys: &EnrolledKeys::of(&key),
            enrolled_at: 1,
        };
        db_devices::enrol(self.db.read(), &enrolment).unwrap();
        key
    }

    fn views(&self) -> Vec<EncounterView> {
        encounters::page(self.db.read(), &Position::START, 100).unwrap().0
    }
}

fn encounter_of(device: DeviceId, id: u8, alert: &str) -> Encounter {
    Encounter {
        id: [id; 16],
        scan: [9; 16],
        device,
        post: "Kehl".try_into().unwrap(),
        made_at: u64::MAX,
        list: list_name(),
        edition: 4,
        alert: alert.try_into().unwrap(),
        verdict: Verdict::Hit,
        score: 1000,
        document: ScannedDocument::default(),
        late: false,
    }
}

#[test]
fn what_nobody_vouched_for_is_refused_and_leaves_nothing() {
    let mut bench = bench();
    let stranger = BoxKey::from_private(random_secret());
    let good = bench.message(1, "UTO-P-1", &bench.key);
    let forged = bench.message(1, "UTO-P-1", &stranger);
    let flipped = |at: usize| {
        let mut flipped = good.clone();
        flipped[at] ^= 1;
        flipped
    };
    // In the id, the name of the list, the sealed bytes, the signature.
    let messages = [
        forged,
        flipped(1),
        flipped(17),
        flipped(100),
        flipped(good.len() - 1),
        good[..40].to_vec(),
        Vec::new(),
        vec![1; MESSAGE_BYTES_MAX + 1],
    ];
    let refused = |why| Outcome::Refused(why);
    assert_eq!(
        bench.store(&messages),
        [
            refused(Refusal::NotSigned),
            refused(Refusal::NotSigned),
            refused(Refusal::NotSigned),
            refused(Refusal::NotSigned),
            refused(Refusal::NotSigned),
            refused(Refusal::Unreadable),
            refused(Refusal::Unreadable),
            refused(Refusal::Unreadable)
        ]
    );
    assert_eq!(bench.store_from(&other(), &good), refused(Refusal::UnknownDevice));
    bench.enrol_other();
    assert_eq!(bench.store_from(&other(), &good), refused(Refusal::NotSigned));
    assert!(bench.views().is_empty());
}

#[test]
fn after_the_owner_s_key_is_replaced_old_and_new_encounters_open_until_the_old_key_is_erased() {
    let mut bench = bench();
    let old_owner = bench.owner();
    let (on_its_way, late) = (bench.message(1, "A", &bench.key), bench.message(2, "A", &bench.key));
    replace_owner(&bench.home, &list_name()).unwrap();
    let new = bench.message(3, "A", &bench.key);
    replace_owner(&bench.home, &list_name()).unwrap();
    let newest = bench.message(4, "A", &bench.key);
    for message in [&on_its_way, &new, &newest] {
        let stored = bench.store_from(&device_id(), message);
        assert!(matches!(stored, Outcome::Stored(_)), "{stored:?}");
    }
    // A key that cannot be read keeps only its own away: it may come back.
    let file = |name: &str| bench.home.keys().join(name);
    let damaged = file("owner-interpol.sltd.until-3");
    let secret = std::fs::read(&damaged).unwrap();
    std::fs::write(&damaged, "damaged").unwrap();
    let fifth = bench.message(6, "A", &bench.key);
    assert!(matches!(bench.store_from(&device_id(), &fifth), Outcome::Stored(_)));
    assert!(matches!(bench.store_from(&device_id(), &late), Outcome::Stored(_)), "whoever can read it");
    let opened = |bench: &Bench| bench.views().len();
    assert_eq!(opened(&bench), 4);
    std::fs::write(&damaged, secret).unwrap();
    bench.open();
    assert_eq!(opened(&bench), 5, "it waited for its key");
    let refused = erase_old_owner_keys(&bench.home, &list_name(), false);
    assert!(matches!(refused, Err(PublishingError::OldKeyNeeded { .. })), "{refused:?}");
    assert_eq!(erase_old_owner_keys(&bench.home, &list_name(), true).unwrap(), 2);
    let too_late = bench.message_with(&old_owner, 7);
    assert!(matches!(bench.store_from(&device_id(), &too_late), Outcome::Stored(_)));
    assert_eq!(opened(&bench), 5);
    assert_eq!(messages::unreadable(bench.db.read()).unwrap(), [(list_name().to_string(), 1)]);
    let stored = bench.store_from(&device_id(), &bench.message(5, "A", &bench.key));
    assert!(matches!(stored, Outcome::Stored(_)), "{stored:?}");
    assert_eq!(erase_old_owner_keys(&bench.home, &list_name(), false).unwrap(), 0);
}

#[test]
fn an_encounter_of_another_device_under_the_same_id_hides_none() {
    let mut bench = bench();
    let other_key = bench.enrol_other();
    // The broker learns the id of a hit, withholds it, and has its accomplice send something harmless under it.
    let hit = bench.message(1, "UTO-P-1", &bench.key);
    let harmless = bench.message_of(other(), 1, "HARMLESS", &other_key);
    assert_eq!(bench.store_from(&other(), &harmless), Outcome::Stored(entry([1; 16], &harmless)));
    assert_eq!(bench.store_from(&device_id(), &harmless), Outcome::Refused(Refusal::NotSigned));
    let came = bench.store_from(&device_id(), &hit);
    assert_eq!(came, Outcome::Conflict(entry([1; 16], &hit)), "the receipt is over its own bytes");
    assert_eq!(bench.store_from(&device_id(), &hit), Outcome::Known(entry([1; 16], &hit)));
    let mut views: Vec<_> =
        bench.views().into_iter().map(|view| (view.device, view.alert, view.conflicts)).collect();
    views.sort();
    assert_eq!(views, [("post-7".into(), "UTO-P-1".into(), 1), ("post-8".into(), "HARMLESS".into(), 1)]);
    for device in db_devices::page(bench.db.read(), "", 10).unwrap() {
        let said: Vec<_> = device.contradictions.iter().map(|c| (c.what.as_str(), c.count)).collect();
        assert_eq!(said, [("encounters with one id and different contents", 1)], "{}", device.device);
    }
}

#[test]
fn pages_lose_none_of_those_that_have_one_id() {
    let mut bench = bench();
    let other_key = bench.enrol_other();
    let messages = ["A", "B"].map(|alert| bench.message(1, alert, &bench.key));
    bench.store(&messages);
    let third = bench.message_of(other(), 1, "C", &other_key);
    bench.store_from(&other(), &third);
    let (mut found, mut after) = (BTreeSet::new(), Some(Position::START));
    while let Some(place) = after {
        let (page, next) = encounters::page(bench.db.read(), &place, 1).unwrap();
        found.extend(page.into_iter().map(|view| (view.alert, view.conflicts)));
        after = next;
    }
    assert_eq!(found, ["A", "B", "C"].map(|alert| (alert.to_string(), 2)).into());
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
    let messages = [later.clone(), encounter.clone(), earlier.clone(), later.clone(), other.clone()];
    assert_eq!(
        bench.store(&messages),
        [
            Outcome::Stored(entry([5; 16], &later)),
            Outcome::Stored(entry([3; 16], &encounter)),
            Outcome::Stored(entry([4; 16], &earlier)),
            Outcome::Known(entry([5; 16], &later)),
            Outcome::Conflict(entry([5; 16], &other)),
        ]
    );
    let view = |at, outcome| OutcomeView {
        at,
        who: "12".into(),
        outcome,
        note: "twin".into(),
        form: [(FormField::Place, "Kehl".to_string())].into(),
    };
    let expected = [
        view(10, OutcomeKind::Confirmed),
        view(20, OutcomeKind::NotThePerson),
        view(30, OutcomeKind::Seized),
    ];
    assert_eq!(bench.views()[0].outcomes, expected);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    /// However messages repeat and whatever batches they come in: one row a message, and receipts over its own bytes.
    #[test]
    fn a_message_is_stored_once_and_none_takes_another_s_place(
        batches in prop::collection::vec(prop::collection::vec((0u8..3, 0usize..2), 1..6), 1..6)
    ) {
        let mut bench = bench();
        let made: Vec<[Vec<u8>; 2]> = (0..3)
            .map(|id| ["UTO-P-1", "UTO-P-2"].map(|alert| bench.message(id, alert, &bench.key)))
            .collect();
        let mut came: BTreeSet<(u8, usize)> = BTreeSet::new();
        for batch in batches {
            let messages: Vec<_> =
                batch.iter().map(|(id, content)| made[usize::from(*id)][*content].clone()).collect();
            for ((id, content), outcome) in batch.into_iter().zip(bench.store(&messages)) {
                let entry = entry([id; 16], &made[usize::from(id)][content]);
                let expected = match (came.contains(&(id, content)), came.contains(&(id, 1 - content))) {
                    (true, _) => Outcome::Known(entry),
                    (false, true) => Outcome::Conflict(entry),
                    (false, false) => Outcome::Stored(entry),
                };
                came.insert((id, content));
                prop_assert_eq!(outcome, expected);
            }
        }
        let expected: BTreeSet<_> = came
            .iter()
            .map(|(id, content)| {
                let alert = ["UTO-P-1", "UTO-P-2"][*content].to_string();
                (Hex(&[*id; 16]).to_string(), alert, u32::from(came.contains(&(*id, 1 - content))))
            })
            .collect();
        let stored = bench.views();
        prop_assert_eq!(stored.len(), expected.len());
        let stored: BTreeSet<_> =
            stored.into_iter().map(|view| (view.id, view.alert, view.conflicts)).collect();
        prop_assert_eq!(stored, expected);
    }
}

#[test]
fn a_collector_without_any_owner_s_key_stores_and_receipts_and_holds_nothing_in_the_clear() {
    let mut bench = bench();
    let key = bench.home.keys().join("owner-interpol.sltd");
    let secret = std::fs::read(&key).unwrap();
    let (hit, outcome) = ([1; 16], [2; 16]);
    let messages = [bench.message(1, "UTO-P-1", &bench.key), bench.outcome(2, 1, OutcomeKind::Confirmed, 10)];
    std::fs::remove_file(&key).unwrap();
    let stored = [Outcome::Stored(entry(hit, &messages[0])), Outcome::Stored(entry(outcome, &messages[1]))];
    assert_eq!(bench.store(&messages), stored);
    assert!(bench.views().is_empty());
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("hq.db");
    bench.db.copy_to(&copy).unwrap();
    let bytes = std::fs::read(copy).unwrap();
    let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds("post-7"), "else this test shows nothing");
    assert!(!holds("UTO-P-1") && !holds("twin"));

    std::fs::write(&key, secret).unwrap();
    bench.open();
    let views = bench.views();
    assert_eq!((views.len(), views[0].alert.as_str(), views[0].outcomes.len()), (1, "UTO-P-1", 1));
    assert_eq!((views[0].received_at, views[0].conflicts), (77, 0));
    bench.open();
    assert_eq!(bench.views(), views, "once");
}
