//! Intake against a publisher of its own: real signatures, real segments, no network.

use super::*;
use crate::check::{self, Checker, Scan};
use crate::config::Limits;
use std::path::PathBuf;
use tempfile::TempDir;
use vedette_common::clock::testing::ManualTime;
use vedette_common::crypto::{self, SigningKey, random_secret, seal, sign_statement};
use vedette_common::grant::{GRANT_INFO, grant_additional_data};
use vedette_lists::{
    self, Change, DocumentAlert, DocumentChange, DocumentId, DocumentPayload, ListKey, SegmentFile,
    SegmentInfo, Status,
};
use vedette_shim::document::DocumentKey;
use vedette_shim::list::Kind;
use vedette_shim::mrz::{Fields, compose};
use vedette_shim::trust::{
    Grant, GrantedKey, Issuer, ListState, Order, OrderKind, Role, SegmentRef, SignedKind, identity, key_id,
};
use vedette_shim::verdict::Verdict;
use vedette_shim::wire::CHUNK_BYTES;

mod again;
mod filtered;
mod frozen;
mod leases;
mod repairing;
mod replayed;
mod roster;
mod scanners;
mod sticks;
mod thresholds;
mod unsure;

const LEASE: u32 = 3_600;
const GRANT_LIFE_S: u64 = 90 * 86_400;

/// Headquarters and one device, in one folder.
struct World {
    folder: TempDir,
    time: Arc<ManualTime>,
    clock: Arc<Clock>,
    root_key: SigningKey,
    issuer: SigningKey,
    root: Root,
    list_key: ListKey,
    box_key: Arc<BoxKey>,
    list: ListName,
    device: DeviceId,
    now: u64,
}

fn role(key: &SigningKey) -> Role {
    Role { threshold: 1, keys: [key.public()].into_iter().collect() }
}

impl World {
    fn new() -> World {
        let (root_key, issuer) =
            (SigningKey::from_seed(&crypto::random()), SigningKey::from_seed(&crypto::random()));
        let list: ListName = "interpol/sltd".parse().unwrap();
        let now = 1_790_000_000;
        let time = Arc::new(ManualTime::starting_at(now));
        let clock = Arc::new(Clock::of(time.clone(), 0));
        let issuers = Issuer {
            list: list.clone(),
            kind: Kind::Documents,
            role: role(&issuer),
            owner_key: BoxKey::from_private(random_secret()).public(),
            owner: "INTERPOL".try_into().unwrap(),
        };
        let root = Root {
            version: 1,
            issued: now - 10,
            expires: now + 1_000_000,
            root: role(&root_key),
            heartbeat: role(&root_key),
            roster: role(&root_key),
            collector: role(&root_key),
            orders: role(&root_key),
            issuers: [issuers].into_iter().collect(),
        };
        World {
            folder: tempfile::tempdir().unwrap(),
            time,
            clock,
            root_key,
            issuer,
            root,
            list_key: ListKey(crypto::random()),
            box_key: Arc::new(BoxKey::from_private(random_secret())),
            list,
            device: "post-7".parse().unwrap(),
            now,
        }
    }

    fn published(&self) -> PathBuf {
        let path = self.folder.path().join("published");
        std::fs::create_dir_all(&path).unwrap();
        path
    }

    fn segment(&self, put: &[&str], withdraw: &[&str]) -> (PathBuf, SegmentInfo) {
        let key = |number: &&str| DocumentKey::new("UTO", "P", number).unwrap();
        let puts = put.iter().map(|number| {
            let payload = DocumentPayload::new(Status::Stolen);
            Change::Put(DocumentAlert { key: key(number), to: None, payload })
        });
        let withdrawals = withdraw.iter().map(|number| Change::Withdraw(DocumentId::document(key(number))));
        let changes = puts.chain(withdrawals).map(Ok::<DocumentChange, std::convert::Infallible>);
        vedette_lists::build_documents(changes, &self.list_key, &self.published()).unwrap()
    }

    fn manifest(&self, edition: u64, segments: &[SegmentInfo]) -> Manifest {
        Manifest {
            list: self.list.clone(),
            kind: Kind::Documents,
            edition,
            issued: self.now,
            expires: self.now + 86_400,
            lease_s: LEASE,
            confirm_s: 0,
            handling: Default::default(),
            possible_from: 800,
            hit_from: 920,
            segments: segments.iter().map(reference).collect(),
            delta: None,
            merged: 0,
        }
    }

    fn sign(&self, manifest: &Manifest) -> Vec<u8> {
        sign_statement(SignedKind::Manifest, manifest, &[&self.issuer])
    }

    fn grant(&self) -> Update {
        let additional = grant_additional_data(&self.device, &self.list, 1);
        let sealed = seal(&self.box_key.public(), GRANT_INFO, &additional, &self.list_key.0).unwrap();
        let keys = [GrantedKey { number: 1, sealed: &sealed }].into_iter().collect();
        let enrolment = key_id(&self.box_key.public());
        let (device, list, number) = (self.device.clone(), self.list.clone(), self.now);
        let grant = Grant { device, enrolment, list, number, expires: self.now + GRANT_LIFE_S, keys };
        Update::Grant(self.list.clone(), sign_statement(SignedKind::Grant, &grant, &[&self.issuer]))
    }

    /// An order to erase everything, and every grant made until now.
    fn order(&self, number: u64) -> Order {
        Order {
            device: self.device.clone(),
            enrolment: key_id(&self.box_key.public()),
            number,
            voids_grants: self.now,
            issued: self.now,
            order: OrderKind::EraseAll,
        }
    }

    fn sign_order(&self, order: &Order) -> Update {
        Update::Order(sign_statement(SignedKind::Order, order, &[&self.root_key]))
    }

    /// A heartbeat over these lists, under root 1.
    fn heartbeat_body(&self, issued: u64, lists: &[ListState]) -> Heartbeat {
        Heartbeat {
            issued,
            expires: issued + 86_400,
            root_version: 1,
            root: identity(&self.anchor(), SignedKind::Root).unwrap(),
            roster: None,
            lists: lists.iter().cloned().collect(),
            devices: Default::default(),
        }
    }

    fn sign_heartbeat(&self, heartbeat: &Heartbeat) -> Update {
        Update::Heartbeat(sign_statement(SignedKind::Heartbeat, heartbeat, &[&self.root_key]))
    }

    fn state(&self, edition: u64, manifest: &[u8]) -> ListState {
        let manifest = identity(manifest, SignedKind::Manifest).unwrap();
        ListState { list: self.list.clone(), edition, manifest }
    }

    fn anchor(&self) -> Vec<u8> {
        sign_statement(SignedKind::Root, &self.root, &[&self.root_key])
    }

    fn heartbeat(&self, issued: u64, edition: u64, manifest: &[u8]) -> Update {
        self.sign_heartbeat(&self.heartbeat_body(issued, &[self.state(edition, manifest)]))
    }

    fn device(&self) -> Intake {
        Intake::open(self.parts()).unwrap()
    }

    fn parts(&self) -> Parts {
        let state = self.folder.path().join("device");
        std::fs::create_dir_all(&state).unwrap();
        Parts {
            device: self.device.clone(),
            box_key: self.box_key.clone(),
            db: Arc::new(Db::open(&state.join("state.db")).unwrap()),
            store: SegmentStore::open(&state).unwrap(),
            clock: self.clock.clone(),
            anchor: self.anchor(),
            segment_bytes_max: u64::MAX,
            filter_bytes_max: 0,
            stale_after_s: Some(900),
        }
    }

    /// A device with edition 1 in use, which lists `numbers`, and that edition's segment.
    fn device_with(&self, numbers: &[&str]) -> (Intake, SegmentInfo) {
        let mut device = self.device();
        device.apply(self.grant()).unwrap();
        let (_, info) = self.segment(numbers, &[]);
        let manifest = self.sign(&self.manifest(1, &[info]));
        device.apply(Update::Manifest(self.list.clone(), manifest)).unwrap();
        self.fetch(&mut device);
        (device, info)
    }

    /// Fetches what is missing, as the link would; how many segments that were.
    fn fetch(&self, intake: &mut Intake) -> usize {
        let mut fetched = 0;
        while let Some(missing) = intake.missing().unwrap() {
            let name = format!("{}.seg", vedette_shim::ids::Hex(&missing.segment.digest));
            let bytes = std::fs::read(self.published().join(name)).unwrap();
            for (index, bytes) in bytes.chunks(CHUNK_BYTES).enumerate() {
                let chunk =
                    vedette_shim::wire::Chunk { segment: missing.segment.digest, index: index as u32, bytes };
                intake.chunk(&chunk).unwrap();
            }
            fetched += 1;
        }
        fetched
    }

    fn verdict(&self, intake: &Intake, number: &str) -> Verdict {
        let settings = check::Settings {
            device: self.device.clone(),
            post: "North gate".into(),
            box_key: self.box_key.clone(),
            limits: Limits::default(),
            retro_keep_s: 0,
        };
        let checker = Checker::new(settings, intake.db.clone(), intake.shared(), self.clock.clone());
        checker.check(&Scan { mrz: zone(number), who: String::new(), why: String::new() }).unwrap().verdict
    }
}

fn reference(info: &SegmentInfo) -> SegmentRef {
    SegmentRef {
        digest: info.digest,
        bytes: info.bytes,
        entries: info.entries,
        withdrawals: info.withdrawals,
        key: 1,
    }
}

fn zone(number: &str) -> String {
    compose(&Fields::specimen_passport("UTO", number)).unwrap().iter().collect::<Vec<_>>().join("\n")
}

#[test]
fn an_edition_is_used_once_it_is_whole_and_across_a_restart() {
    let world = World::new();
    let mut device = world.device();
    assert_eq!(world.verdict(&device, "L898902C3"), Verdict::NotChecked, "no list at all");
    let (_, info) = world.segment(&["L898902C3"], &[]);
    let bytes = world.sign(&world.manifest(1, &[info]));
    assert_eq!(device.apply(world.grant()).unwrap(), UpdateOutcome::Applied);
    assert_eq!(
        device.apply(Update::Manifest(world.list.clone(), bytes.clone())).unwrap(),
        UpdateOutcome::Applied
    );
    assert_eq!(device.apply(Update::Manifest(world.list.clone(), bytes)).unwrap(), UpdateOutcome::Duplicate);
    assert_eq!(world.verdict(&device, "L898902C3"), Verdict::NotChecked, "the edition is not whole yet");
    assert_eq!(world.fetch(&mut device), 1);
    assert_eq!(world.verdict(&device, "L898902C3"), Verdict::Hit);
    assert_eq!(world.verdict(&device, "L898902C4"), Verdict::Clear);
    drop(device);
    let mut device = world.device();
    assert_eq!(world.verdict(&device, "L898902C3"), Verdict::Hit, "after a restart");
    assert_eq!(device.missing().unwrap(), None);
}

#[test]
fn what_is_forged_old_or_foreign_is_refused_and_the_last_good_edition_serves_on() {
    let mut world = World::new();
    let mut device = world.device();
    device.apply(world.grant()).unwrap();
    let (_, info) = world.segment(&["L898902C3"], &[]);
    let good = world.manifest(5, &[info]);
    device.apply(Update::Manifest(world.list.clone(), world.sign(&good))).unwrap();
    world.fetch(&mut device);

    let mut refuse = |bytes: Vec<u8>, reason: &str| {
        let error = device.apply(Update::Manifest(world.list.clone(), bytes)).unwrap_err();
        assert_eq!(error.reason(), reason, "{error}");
        assert_eq!(world.verdict(&device, "L898902C3"), Verdict::Hit);
    };
    let (_, other) = world.segment(&["X1"], &[]);
    let next = world.manifest(6, &[other]);
    let signed = world.sign(&next);
    let mut tampered = signed.clone();
    // The last byte is the signature's.
    *tampered.last_mut().unwrap() ^= 1;
    refuse(tampered, "signatures");
    refuse(world.sign(&world.manifest(4, &[other])), "rollback");
    refuse(
        world.sign(&Manifest { expires: world.now - 1, issued: world.now - 2, ..next.clone() }),
        "expired",
    );
    refuse(world.sign(&Manifest { list: "a/b".parse().unwrap(), ..next.clone() }), "rule");
    refuse(sign_statement(SignedKind::Manifest, &next, &[&world.root_key]), "signatures");
    refuse(sign_statement(SignedKind::Heartbeat, &next, &[&world.issuer]), "wrong_kind");
    refuse(signed[..40].to_vec(), "malformed");
    refuse(signed.iter().copied().chain([0]).collect(), "malformed");
    refuse(vec![1; 70_000], "oversized");
    let another = world.sign(&Manifest { lease_s: LEASE + 1, ..next.clone() });
    let heartbeat = world.heartbeat(world.now, 6, &another);
    device.apply(heartbeat).unwrap();
    let error = device.apply(Update::Manifest(world.list.clone(), signed)).unwrap_err();
    assert_eq!(error.reason(), "not_as_announced", "{error}");
    world.now += 1;
    assert_eq!(world.verdict(&device, "L898902C3"), Verdict::Hit);
}

#[test]
fn deltas_are_merged_here_and_withdrawals_clear() {
    let world = World::new();
    let mut device = world.device();
    device.apply(world.grant()).unwrap();
    let many: Vec<String> = (0..500).map(|n| format!("A{n:07}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let (base_path, base) = world.segment(&many, &[]);
    device.apply(Update::Manifest(world.list.clone(), world.sign(&world.manifest(1, &[base])))).unwrap();
    world.fetch(&mut device);

    let (delta_path, delta) = world.segment(&["L898902C3"], &["A0000007"]);
    let second = Manifest { delta: Some(reference(&delta)), ..world.manifest(2, &[base, delta]) };
    device.apply(Update::Manifest(world.list.clone(), world.sign(&second))).unwrap();
    assert_eq!(world.fetch(&mut device), 1, "the delta alone");
    assert_eq!(world.verdict(&device, "L898902C3"), Verdict::Hit);
    assert_eq!(world.verdict(&device, "A0000007"), Verdict::Clear, "withdrawn");
    assert_eq!(world.verdict(&device, "A0000008"), Verdict::Hit);

    // The publisher merges all three; the device fetches the last delta and makes the same segment itself.
    let (third_path, third) = world.segment(&["B1234567"], &["L898902C3"]);
    let open =
        |path: &PathBuf, info: &SegmentInfo| SegmentFile::open(path, info.digest, &world.list_key).unwrap();
    let parts = [open(&base_path, &base), open(&delta_path, &delta), open(&third_path, &third)];
    let elsewhere = world.folder.path().join("merged");
    std::fs::create_dir_all(&elsewhere).unwrap();
    let parts: Vec<&SegmentFile> = parts.iter().collect();
    let (_, merged) = vedette_lists::merge(&parts, true, &world.list_key, &elsewhere).unwrap();
    let manifest = Manifest { delta: Some(reference(&third)), merged: 2, ..world.manifest(3, &[merged]) };
    device.apply(Update::Manifest(world.list.clone(), world.sign(&manifest))).unwrap();
    assert_eq!(world.fetch(&mut device), 1, "the delta, not the merged segment, which is not even published");
    assert_eq!(world.verdict(&device, "B1234567"), Verdict::Hit);
    assert_eq!(world.verdict(&device, "L898902C3"), Verdict::Clear);
    let left = std::fs::read_dir(device.store.folder()).unwrap().count();
    assert!(left <= 2, "the merged segment and the delta it names; the parts are swept: {left}");
    assert_eq!(Edition::open(vec![]).unwrap().alerts_at_most(), 0);
}

#[test]
fn a_delta_pushed_before_its_manifest_is_not_asked_for_again() {
    let world = World::new();
    let mut device = world.device();
    device.apply(world.grant()).unwrap();
    let (path, info) = world.segment(&["L898902C3"], &[]);
    let bytes = std::fs::read(path).unwrap();
    let chunk = vedette_shim::wire::Chunk { segment: info.digest, index: 0, bytes: &bytes };
    assert!(!device.chunk(&chunk).unwrap());
    device.apply(Update::Manifest(world.list.clone(), world.sign(&world.manifest(1, &[info])))).unwrap();
    assert_eq!(device.missing().unwrap(), None);
    assert_eq!(world.verdict(&device, "L898902C3"), Verdict::Hit);
}

#[test]
fn a_segment_that_never_comes_does_not_hold_up_the_others() {
    let world = World::new();
    let mut device = world.device();
    device.apply(world.grant()).unwrap();
    let infos = [world.segment(&["L898902C3"], &[]).1, world.segment(&["X1"], &[]).1];
    let manifest = world.sign(&world.manifest(1, &infos));
    device.apply(Update::Manifest(world.list.clone(), manifest)).unwrap();
    let mut requested = |after_s| {
        world.time.pass(after_s);
        device.missing().unwrap().unwrap().segment.digest
    };
    let [one, other] = infos.map(|info| info.digest);
    let after = segments::STUCK_AFTER_S;
    let order = [requested(0), requested(after - 1), requested(1), requested(after), requested(1)];
    assert_eq!(order, [one, one, other, one, one]);
}

#[test]
fn a_heartbeat_from_beyond_the_roots_end_is_not_believed_on_a_frozen_clock() {
    let world = World::new();
    let mut device = world.device();
    let heartbeat = world.heartbeat_body(world.root.expires, &[]);
    let error = device.apply(world.sign_heartbeat(&heartbeat)).unwrap_err();
    assert_eq!(error.reason(), "expired", "{error}");
    assert!(world.clock.now() < world.root.expires);
}

#[test]
fn a_root_that_replaces_the_issuer_starts_the_list_anew() {
    let mut world = World::new();
    let mut device = world.device();
    device.apply(world.grant()).unwrap();
    let (_, info) = world.segment(&["L898902C3"], &[]);
    // Whoever stole the issuer's key raised the edition to the sky.
    device
        .apply(Update::Manifest(world.list.clone(), world.sign(&world.manifest(u64::MAX, &[info]))))
        .unwrap();
    world.fetch(&mut device);
    world.issuer = SigningKey::from_seed(&crypto::random());
    let mut root = Root { version: 2, ..world.root.clone() };
    root.issuers[0].role = role(&world.issuer);
    let next = world.sign(&world.manifest(1, &[info]));
    assert!(device.apply(Update::Manifest(world.list.clone(), next)).is_err(), "not before the root");
    let signed = sign_statement(SignedKind::Root, &root, &[&world.root_key]);
    let skipped = sign_statement(SignedKind::Root, &Root { version: 3, ..root.clone() }, &[&world.root_key]);
    assert_eq!(device.apply(Update::Root(3, skipped)).unwrap(), UpdateOutcome::Waiting, "for root 2");
    assert_eq!(device.apply(Update::Root(2, signed)).unwrap(), UpdateOutcome::Applied);
    assert_eq!(device.root.version, 3);
    assert_eq!(
        world.verdict(&device, "L898902C3"),
        Verdict::NotChecked,
        "what the thief signed is not believed"
    );
    assert!(editions::grants(&device.db).unwrap().is_empty());
    // The manifest refused before the root was kept and is taken now, without being sent again.
    device.apply(world.grant()).unwrap();
    world.fetch(&mut device);
    assert_eq!(world.verdict(&device, "L898902C3"), Verdict::Hit);
    assert_eq!(device.shared().load().lists[0].edition, 1);
    let forged = sign_statement(SignedKind::Root, &Root { version: 4, ..root }, &[&world.issuer]);
    assert!(device.apply(Update::Root(4, forged)).is_err());
}
