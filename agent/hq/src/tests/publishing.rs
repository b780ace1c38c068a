//! Publishing against a model: whatever is imported, published, revoked and cut off, a device that follows the manifests
//! ends with what was imported.

use super::{device_id, enrolment, list_name, new_home};
use crate::authority::AuthorityError;
use crate::authority::home::Home;
use crate::authority::keys::Key;
use crate::authority::renew::renew;
use crate::authority::root;
use crate::db::{editions, grants, lists, statements};
use crate::fleet::enrol::{EnrolOptions, enrol};
use crate::fleet::revoke::revoke;
use crate::publishing::PublishingError;
use crate::publishing::bundle::bundle;
use crate::publishing::import::{ImportOptions, import};
use crate::publishing::list::{CreateOptions, create};
use crate::publishing::publish::{PublishOptions, next, publish};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use tempfile::TempDir;
use vedette_common::crypto::RingVerify;
use vedette_lists::{DocumentId, Edition, SegmentFile, Status};
use vedette_shim::ids::{Digest, Hex};
use vedette_shim::list::Kind;
use vedette_shim::trust::{Floor, Grant, Heartbeat, Manifest, Root, SEGMENTS_MAX, SegmentRef, digest};

/// Document number -> status, and how many further documents no test looks at (so that there are tiers).
type Model = BTreeMap<u16, Status>;

struct Bench {
    dir: TempDir,
    home: Home,
    root: Root,
    floor: Option<Floor>,
    /// The edition the device has, and where it keeps its segments.
    held: Option<Manifest>,
    store: TempDir,
}

fn bench() -> Bench {
    let (dir, home) = new_home();
    create(&home, &list_name(), &CreateOptions::of(Kind::Documents)).unwrap();
    enrol(&home, &device_id(), &EnrolOptions::into(dir.path().join("post-7"))).unwrap();
    let root = root::newest(&home).unwrap().0;
    Bench { dir, home, root, floor: None, held: None, store: TempDir::new().unwrap() }
}

fn csv(model: &Model) -> String {
    let rows = model.iter().map(|(number, status)| format!("UTO,P,L{number:05},{}\n", status.word()));
    "issuing_state,document_type,document_number,status\n".to_string() + &rows.collect::<String>()
}

impl Bench {
    fn import(&self, model: &Model) {
        let file = self.dir.path().join("list.csv");
        fs::write(&file, csv(model)).unwrap();
        let options = ImportOptions { allow_empty: true, ..ImportOptions::default() };
        import(&self.home, &list_name(), &file, options).unwrap();
    }

    fn newest(&self) -> Vec<u8> {
        editions::newest_signed(self.home.database().unwrap().read(), &list_name()).unwrap().unwrap()
    }

    fn key(&self, number: u32) -> vedette_lists::ListKey {
        // As a device: only the keys that its grant holds.
        let db = self.home.database().unwrap();
        let (_, bytes) = grants::of_device(db.read(), &device_id()).unwrap().remove(0);
        let grant =
            Grant::accept(&bytes, &enrolment(&self.home), &self.root, |_| 0, self.home.now(), &RingVerify)
                .unwrap();
        assert!(grant.keys.iter().any(|key| key.number == number), "key {number} is not granted");
        Key::List(&list_name(), number).list_key(&self.home).unwrap()
    }

    fn path(&self, segment: &Digest) -> std::path::PathBuf {
        self.store.path().join(format!("{}.seg", Hex(segment)))
    }

    fn fetch(&self, segment: &SegmentRef) {
        fs::copy(self.home.segment(&segment.digest), self.path(&segment.digest)).unwrap();
    }

    fn open(&self, segment: &SegmentRef) -> SegmentFile {
        let path = self.path(&segment.digest);
        assert_eq!(fs::metadata(&path).unwrap().len(), segment.bytes);
        SegmentFile::open_verified(&path, segment.digest, &self.key(segment.key)).unwrap()
    }

    /// Follows the newest manifest as a device does: the delta and a merge of its own where it can.
    fn follow(&mut self) -> Edition {
        let bytes = self.newest();
        let now = self.home.now();
        self.root = root::newest(&self.home).unwrap().0;
        let (manifest, found) =
            Manifest::accept(&bytes, &list_name(), &self.root, self.floor, now, &RingVerify).unwrap();
        let heartbeat = statements::heartbeat(self.home.database().unwrap().read()).unwrap().unwrap().1;
        let heartbeat = Heartbeat::accept(&heartbeat, &self.root, 0, now, &RingVerify).unwrap();
        let announced = heartbeat.list(&list_name()).unwrap();
        assert_eq!((announced.edition, announced.manifest), (manifest.edition, found));
        self.floor = Some(Floor { edition: manifest.edition, manifest: found });

        let held = self.held.replace(manifest.clone());
        match (held, &manifest.delta) {
            (Some(held), Some(delta)) if held.edition + 1 == manifest.edition => {
                self.fetch(delta);
                if manifest.merged > 0 {
                    let keep = held.segments.len() - usize::from(manifest.merged);
                    let parts: Vec<_> =
                        held.segments[keep..].iter().chain([delta]).map(|s| self.open(s)).collect();
                    let key = self.key(delta.key);
                    let parts: Vec<_> = parts.iter().collect();
                    vedette_lists::merge(&parts, keep == 0, &key, self.store.path()).unwrap();
                }
            }
            _ => manifest.segments.iter().for_each(|segment| self.fetch(segment)),
        }
        assert!(manifest.segments.len() <= SEGMENTS_MAX);
        Edition::open(manifest.segments.iter().map(|segment| self.open(segment)).collect()).unwrap()
    }
}

fn content(edition: &Edition) -> BTreeMap<DocumentId, Status> {
    let alerts = vedette_lists::diff(None, edition).unwrap().map(|change| match change.unwrap() {
        vedette_lists::Change::Put(alert) => (alert.id(), alert.payload.status),
        vedette_lists::Change::Withdraw(id) => panic!("{id} is withdrawn from nothing"),
    });
    alerts.collect()
}

const WHOLE: PublishOptions = PublishOptions { whole: true, withdraw_many: false };

fn numbers(edition: &Edition) -> Model {
    let number = |id: DocumentId| id.key.number().as_str()[1..].parse().unwrap();
    content(edition).into_iter().map(|(id, status)| (number(id), status)).collect()
}

#[derive(Debug, Clone)]
enum Step {
    /// Import this and publish it.
    Publish(Model),
    /// The same, but publishing is cut off before the edition is recorded.
    CutOff(Model),
    /// Publish all anew.
    Whole,
    /// Enrol and revoke some other device: the list's key changes.
    Rotate,
    /// The device is not there when the next edition comes.
    Sleep,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let status = prop::sample::select(Status::ALL.to_vec());
    // Few numbers in common make withdrawals, changes and returns; lengths of all sizes make tiers.
    let model = prop::collection::btree_map(0u16..400, status, 0..300);
    let step = prop_oneof![
        5 => model.clone().prop_map(Step::Publish),
        2 => model.prop_map(Step::CutOff),
        1 => Just(Step::Whole),
        1 => Just(Step::Rotate),
        1 => Just(Step::Sleep),
    ];
    prop::collection::vec(step, 1..8)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn a_device_that_follows_has_what_was_imported(steps in steps()) {
        let mut bench = bench();
        let (mut imported, mut published): (Option<Model>, Option<Model>) = (None, None);
        let mut asleep = false;
        for (turn, step) in steps.into_iter().enumerate() {
            match step {
                Step::Sleep => asleep = true,
                Step::Rotate => {
                    let other = format!("other-{turn}").parse().unwrap();
                    enrol(&bench.home, &other, &EnrolOptions::into(bench.dir.path().join(other.as_str()))).unwrap();
                    revoke(&bench.home, &other).unwrap();
                }
                Step::CutOff(model) => {
                    bench.import(&model);
                    imported = Some(model);
                    let db = bench.home.database().unwrap();
                    let last = editions::newest(db.read(), &list_name()).unwrap();
                    let key = lists::find(db.read(), &list_name()).unwrap().unwrap().key_number;
                    next(&bench.home, db.read(), &list_name(), key, last.as_ref(), true).unwrap();
                }
                step => {
                    if let Step::Publish(model) = &step {
                        bench.import(model);
                        imported = Some(model.clone());
                    }
                    let whole = matches!(step, Step::Whole);
                    let options = PublishOptions { whole, withdraw_many: true };
                    let made = publish(&bench.home, &list_name(), &options);
                    match (made, imported.clone().or(published.clone())) {
                        (made, Some(now)) => {
                            let made = made.unwrap();
                            prop_assert!(whole || made.is_new == (published.as_ref() != Some(&now)));
                            prop_assert!(!whole || made.segments == 1);
                            published = Some(now);
                        }
                        (made, None) => prop_assert!(matches!(made, Err(PublishingError::NothingImported(_)))),
                    }
                    imported = None;
                    asleep = false;
                }
            }
            if let Some(published) = published.as_ref().filter(|_| !asleep) {
                prop_assert_eq!(&numbers(&bench.follow()), published);
            }
        }
    }
}

#[test]
fn a_small_change_of_a_large_list_is_a_small_delta() {
    let mut bench = bench();
    // Not serial numbers: a series of them takes next to nothing.
    let mut model: Model = (0..20_000).map(|n| (n * 3, Status::Lost)).collect();
    bench.import(&model);
    let first = publish(&bench.home, &list_name(), &PublishOptions::default()).unwrap();
    bench.follow();
    model.remove(&(7 * 3));
    model.insert(8 * 3, Status::Stolen);
    model.insert(60_001, Status::Lost);
    bench.import(&model);
    let second = publish(&bench.home, &list_name(), &PublishOptions::default()).unwrap();
    assert_eq!((second.edition, second.puts, second.withdrawals, second.segments), (2, 2, 1, 2));
    assert!(second.delta_bytes < 2048 && second.delta_bytes * 8 < first.delta_bytes, "{second:?} {first:?}");
    assert_eq!(numbers(&bench.follow()), model);

    bench.import(&model);
    let third = publish(&bench.home, &list_name(), &PublishOptions::default()).unwrap();
    assert!(!third.is_new && third.edition == 2, "{third:?}");
    // Neither what was pending nor an empty delta is left.
    assert_eq!(fs::read_dir(bench.home.segments()).unwrap().count(), 2);
}

#[test]
fn a_file_cut_short_does_not_clear_a_list_unless_that_is_meant() {
    let mut bench = bench();
    let model = |numbers: std::ops::Range<u16>| -> Model { numbers.map(|n| (n, Status::Lost)).collect() };
    let publish = |bench: &Bench, model: &Model, whole, withdraw_many| {
        bench.import(model);
        publish(&bench.home, &list_name(), &PublishOptions { whole, withdraw_many })
    };
    publish(&bench, &model(0..100), false, false).unwrap();
    let refused = |made: Result<_, PublishingError>, count: u64| {
        let error = made.unwrap_err();
        assert!(
            matches!(error, PublishingError::WithdrawsMuch { withdrawn, held: 100, .. } if withdrawn == count)
        );
        assert!(error.hint().unwrap().contains("--withdraw-many"));
    };
    for whole in [false, true] {
        refused(publish(&bench, &model(0..0), whole, false), 100);
        refused(publish(&bench, &model(0..74), whole, false), 26);
        refused(publish(&bench, &model(50..200), whole, false), 50);
    }
    assert_eq!(numbers(&bench.follow()).len(), 100);
    // A quarter may go unasked, and a few of a small list, but not all of it.
    assert_eq!(publish(&bench, &model(25..100), false, false).unwrap().withdrawals, 25);
    publish(&bench, &model(25..40), false, true).unwrap();
    assert_eq!(publish(&bench, &model(25..30), false, false).unwrap().withdrawals, 10);
    assert!(matches!(
        publish(&bench, &model(0..0), false, false),
        Err(PublishingError::WithdrawsMuch { .. })
    ));
    publish(&bench, &model(0..0), false, true).unwrap();
    assert!(numbers(&bench.follow()).is_empty());
}

#[test]
fn a_revoked_device_s_key_opens_nothing_of_a_list_published_whole() {
    let mut bench = bench();
    bench.import(&BTreeMap::from([(1, Status::Lost)]));
    publish(&bench.home, &list_name(), &PublishOptions::default()).unwrap();
    bench.follow();
    let thief = "thief".parse().unwrap();
    enrol(&bench.home, &thief, &EnrolOptions::into(bench.dir.path().join("thief"))).unwrap();
    revoke(&bench.home, &thief).unwrap();
    let made = publish(&bench.home, &list_name(), &WHOLE).unwrap();
    assert!(made.is_new && made.edition == 2);
    bench.follow();
    let segment = bench.held.as_ref().unwrap().segments[0].clone();
    assert_eq!(segment.key, 2);
    let old_key = Key::List(&list_name(), 1).list_key(&bench.home).unwrap();
    assert!(SegmentFile::open(&bench.path(&segment.digest), segment.digest, &old_key).is_err());
    assert!(!publish(&bench.home, &list_name(), &WHOLE).unwrap().is_new, "it is whole already");
}

/// Every file of a folder, by its path in it.
fn files(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => {
                    found.insert(path.strip_prefix(folder).unwrap().to_str().unwrap().into());
                }
            }
        }
    }
    found
}

#[test]
fn a_bundle_is_whole_replaces_a_bundle_and_nothing_else() {
    let bench = bench();
    let folder = bench.dir.path().join("stick");
    let mut digests = Vec::new();
    for model in [BTreeMap::from([(1, Status::Lost)]), (0..99).map(|n| (n, Status::Stolen)).collect()] {
        bench.import(&model);
        publish(&bench.home, &list_name(), &PublishOptions::default()).unwrap();
        bundle(&bench.home, &folder).unwrap();
        let manifest = editions::read(&bench.newest()).unwrap();
        digests = manifest.segments.iter().chain(&manifest.delta).map(|s| s.digest).collect();
    }
    let mut expected: BTreeSet<String> =
        ["root/1.root", "root/2.root", "heartbeat", "list/interpol/sltd/manifest"]
            .into_iter()
            .chain(["grant/post-7/interpol/sltd"])
            .map(String::from)
            .collect();
    expected.extend(digests.iter().map(|digest| format!("segment/{}", Hex(digest))));
    assert_eq!(files(&folder), expected);
    for wanted in digests {
        let path = folder.join(format!("segment/{}", Hex(&wanted)));
        assert_eq!(digest(&fs::read(path).unwrap()), wanted);
    }

    // A folder that merely has the same parts, such as `/`, stays as it is; so does a bundle with something else in it.
    let like = bench.dir.path().join("like");
    fs::create_dir_all(like.join("root")).unwrap();
    fs::write(like.join("root/diary"), "x").unwrap();
    assert!(matches!(bundle(&bench.home, &like), Err(PublishingError::Authority(AuthorityError::Exists(_)))));
    assert!(like.join("root/diary").exists());
    fs::write(folder.join("holiday.jpg"), "x").unwrap();
    let refused = bundle(&bench.home, &folder);
    assert!(matches!(refused, Err(PublishingError::Authority(AuthorityError::Exists(_)))), "{refused:?}");
    assert!(folder.join("holiday.jpg").exists() && folder.join("heartbeat").exists());
    let left: Vec<_> = fs::read_dir(bench.dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_str().unwrap().starts_with(".vedette-")), "{left:?}");
}

#[test]
fn a_renewed_root_follows_the_one_before() {
    let bench = bench();
    let before = bench.root.clone();
    let broker = fs::read(bench.home.pki("broker.pem")).unwrap();
    assert_eq!(crate::authority::renew::due(&bench.home, bench.home.now()).unwrap(), Vec::<String>::new());
    let renewed = renew(&bench.home, false).unwrap();
    let after = before.next(&root::newest(&bench.home).unwrap().1, &RingVerify).unwrap();
    assert_eq!((after.version, after.expires), (renewed.root_version, renewed.root_expires_at));
    assert_eq!(after.issuers, before.issuers);
    assert_ne!(fs::read(bench.home.pki("broker.pem")).unwrap(), broker);
    let at_the_end = renewed.root_expires_at - 86_400;
    let due = crate::authority::renew::due(&bench.home, at_the_end).unwrap();
    assert_eq!(due.len(), 4, "{due:?}");
    assert!(due[3].contains("post-7") && due[3].contains("enrol post-7 --renew"), "{due:?}");
}
