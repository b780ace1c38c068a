//! Two agencies and headquarters, each with a home of its own: what each can read, and what each can make the others believe.

mod exchange;

use super::{NOW, clock_of, device_id, encounter_of, new_home_and_time};
use crate::agency::carrier::{Naming, add, agencies, give, take};
use crate::agency::home::init;
use crate::agency::{AgencyError, Taken, issuer};
use crate::authority::home::Home;
use crate::authority::{keys::Key, root};
use crate::collector::answer::answer;
use crate::collector::encounters::{self, Outcome, collect};
use crate::db::{devices as db_devices, editions, grants as db_grants, outcomes};
use crate::fleet::enrol::{EnrolOptions, enrol};
use crate::fleet::revoke::revoke;
use crate::publishing::PublishingError;
use crate::publishing::import::{ImportOptions, import};
use crate::publishing::list::{CreateOptions, create};
use crate::publishing::publish::{PublishOptions, publish};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;
use vedette_common::clock::testing::ManualTime;
use vedette_common::crypto::{BoxKey, RingVerify};
use vedette_common::encounter;
use vedette_shim::ids::ListName;
use vedette_shim::list::Kind;
use vedette_shim::trust::{Enrolment, Grant, Manifest, OwnerAnswer, OwnerWord, key_id};
use vedette_shim::wire::Report;

const HEADER: &str = "issuing_state,document_type,document_number,status\n";

const ALL: Naming = Naming { new: true, other_keys: true };

struct World {
    dir: TempDir,
    carrier: Home,
    time: Arc<ManualTime>,
}

fn world() -> World {
    let (dir, carrier, time) = new_home_and_time();
    World { dir, carrier, time }
}

impl World {
    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// An agency with a home, which headquarters has added.
    fn agency(&self, name: &str) -> Home {
        let anchor = self.carrier.roots().join("1.root");
        let home = self.path(name);
        let key = init(&home, name, &anchor, clock_of(&self.time)).unwrap();
        assert!(add(&self.carrier, name, &key).unwrap());
        assert!(!add(&self.carrier, name, &key).unwrap());
        Home::open(&home, clock_of(&self.time)).unwrap()
    }

    fn to_agency(&self, home: &Home, name: &str) -> Taken {
        let folder = self.path(&format!("to-{name}"));
        give(&self.carrier, name, &folder).unwrap();
        issuer::take(home, &folder).unwrap()
    }

    fn to_headquarters(&self, home: &Home, name: &str) -> Taken {
        let folder = self.path(&format!("from-{name}"));
        issuer::give(home, &folder).unwrap();
        take(&self.carrier, name, &folder, ALL).unwrap()
    }

    fn exchange(&self, home: &Home, name: &str) {
        for taken in [self.to_headquarters(home, name), self.to_agency(home, name)] {
            assert_eq!(taken.refused, Vec::<String>::new());
        }
    }

    /// Makes a list, has it named, and publishes `alerts` documents.
    fn published(&self, home: &Home, name: &str) -> ListName {
        let list: ListName = format!("{name}/stolen").parse().unwrap();
        create(home, &list, &CreateOptions::of(Kind::Documents)).unwrap();
        self.exchange(home, name);
        self.publish(home, &list, &["L898902C3"]);
        self.exchange(home, name);
        list
    }

    fn publish(&self, home: &Home, list: &ListName, numbers: &[&str]) {
        let file = self.path("file.csv");
        let rows = numbers.iter().map(|n| format!("UTO,P,{n},stolen\n"));
        fs::write(&file, format!("{HEADER}{}", rows.collect::<String>())).unwrap();
        import(home, list, &file, ImportOptions::default()).unwrap();
        publish(home, list, &PublishOptions::default()).unwrap();
    }

    /// Seals an encounter of [`device_id`] with a list and has headquarters store it.
    fn hit(&self, key: &BoxKey, id: u8, list: &ListName) {
        let owner = root::newest(&self.carrier).unwrap().0.issuer(list).unwrap().owner_key;
        let message = encounter::seal(&Report::Encounter(encounter_of([id; 16], list)), key, &owner).unwrap();
        let stored = collect(&self.carrier, &[(device_id(), message)]).unwrap();
        assert!(matches!(stored[0], Outcome::Stored(_)), "{stored:?}");
    }

    /// Enrols the device; its key.
    fn device(&self) -> BoxKey {
        let folder = self.path("post-7");
        enrol(&self.carrier, &device_id(), &EnrolOptions::into(&folder)).unwrap();
        super::box_key(&folder)
    }
}

/// A device, its key, and the agency `uto` with a list that is published.
fn settled() -> (World, BoxKey, Home, ListName) {
    let world = world();
    let key = world.device();
    let utopia = world.agency("uto");
    world.to_agency(&utopia, "uto");
    let list = world.published(&utopia, "uto");
    (world, key, utopia, list)
}

/// Whether a file below a folder has this text in it.
fn holds(folder: &Path, text: &str) -> bool {
    folder.read_dir().unwrap().flatten().map(|entry| entry.path()).any(|path| {
        if path.is_dir() {
            return holds(&path, text);
        }
        fs::read(&path).unwrap().windows(text.len()).any(|window| window == text.as_bytes())
    })
}

fn hits(home: &Home) -> Vec<(String, String)> {
    let pages = encounters::pages(home, "").unwrap().map(Result::unwrap);
    pages.flatten().map(|view| (view.list, view.alert)).collect()
}

#[test]
fn each_agency_reads_its_own_hits_and_headquarters_none() {
    let world = world();
    let key = world.device();
    let (utopia, ruritania) = (world.agency("uto"), world.agency("rur"));
    world.to_agency(&utopia, "uto");
    world.to_agency(&ruritania, "rur");
    let lists = [world.published(&utopia, "uto"), world.published(&ruritania, "rur")];

    // A device takes manifest and grant by the newest root, and nothing tells it who has issued them.
    let db = world.carrier.database().unwrap();
    let (root, _) = root::newest(&world.carrier).unwrap();
    let us = Enrolment { device: device_id(), key: key_id(&key.public()) };
    for list in &lists {
        let signed = editions::newest_signed(db.read(), list).unwrap().unwrap();
        Manifest::accept(&signed, list, &root, None, NOW, &RingVerify).unwrap();
        let grants = db_grants::of_device(db.read(), &device_id()).unwrap();
        let grant = &grants.iter().find(|(of, _)| of == list).unwrap().1;
        Grant::accept(grant, &us, &root, |_| 0, NOW, &RingVerify).unwrap();
        for segment in editions::read(&signed).unwrap().segments {
            assert!(world.carrier.segment(&segment.digest).is_file());
        }
    }

    world.hit(&key, 1, &lists[0]);
    world.hit(&key, 2, &lists[1]);
    assert_eq!(hits(&world.carrier), []);
    let waiting = || agencies(&world.carrier).unwrap().iter().map(|a| a.waiting).collect::<Vec<_>>();
    assert_eq!(waiting(), [1, 1]);
    for (home, name, list) in [(&utopia, "uto", &lists[0]), (&ruritania, "rur", &lists[1])] {
        assert_eq!(hits(home), []);
        world.to_agency(home, name);
        let own = [(list.to_string(), "UTO-P-1".to_string())];
        assert_eq!(hits(home), own);
        world.to_agency(home, name);
        assert_eq!(hits(home), own, "taken again, it is known");
        world.to_headquarters(home, name);
    }
    assert_eq!(waiting(), [0, 0]);
    // Its owner answers, and the device hears it from headquarters.
    answer(&utopia, [1; 16], None, OwnerWord::Confirmed, "", None).unwrap();
    assert!(answer(&utopia, [2; 16], None, OwnerWord::Confirmed, "", None).is_err(), "another agency's");
    for _ in 0..2 {
        world.to_headquarters(&utopia, "uto");
    }
    let answers = outcomes::answers_since(db.read(), 0).unwrap();
    assert_eq!(answers.len(), 1);
    let said = OwnerAnswer::accept(&answers[0].bytes, &device_id(), &root, &RingVerify).unwrap();
    assert_eq!((said.encounter, said.word), ([1; 16], OwnerWord::Confirmed));
    let stolen = world.path("stolen");
    fs::create_dir_all(stolen.join("answer/post-7")).unwrap();
    fs::copy(
        world.path("from-uto/answer/post-7").join("01".repeat(16)),
        stolen.join("answer/post-7").join("01".repeat(16)),
    )
    .unwrap();
    assert_eq!(take(&world.carrier, "rur", &stolen, Naming::default()).unwrap().refused.len(), 1);
    for secret in ["UTO-P-1", "L898902C3"] {
        assert!(!holds(world.carrier.dir(), secret), "{secret} is in headquarters' home");
    }
    let names =
        |home: &Home| fs::read_dir(home.keys()).unwrap().flatten().map(|e| e.file_name()).collect::<Vec<_>>();
    let is_secret = |name: &std::ffi::OsString| {
        ["issuer-", "owner-", "list-"].iter().any(|start| name.to_str().unwrap().starts_with(start))
    };
    assert!(!names(&world.carrier).iter().any(is_secret), "{:?}", names(&world.carrier));
}

#[test]
fn a_list_waits_for_an_administrator_and_then_for_the_root() {
    let world = world();
    let utopia = world.agency("uto");
    let list: ListName = "uto/stolen".parse().unwrap();
    let elsewhere: ListName = "rur/stolen".parse().unwrap();
    let wrong = create(&utopia, &elsewhere, &CreateOptions::of(Kind::Documents));
    assert!(matches!(wrong, Err(PublishingError::Value { .. })), "{wrong:?}");
    create(&utopia, &list, &CreateOptions::of(Kind::Documents)).unwrap();
    let file = world.path("file.csv");
    fs::write(&file, format!("{HEADER}UTO,P,L898902C3,stolen\n")).unwrap();
    import(&utopia, &list, &file, ImportOptions::default()).unwrap();
    let early = publish(&utopia, &list, &PublishOptions::default());
    assert!(matches!(early, Err(PublishingError::NotNamed(_))), "{early:?}");
    let folder = world.path("asks");
    assert_eq!(issuer::give(&utopia, &folder).unwrap(), ["uto/stolen"]);
    let asked = take(&world.carrier, "uto", &folder, Naming::default()).unwrap();
    assert_eq!((asked.requested, asked.new), (vec!["uto/stolen".to_string()], 0));
    assert_eq!(root::newest(&world.carrier).unwrap().0.version, 1);
    take(&world.carrier, "uto", &folder, ALL).unwrap();
    take(&world.carrier, "uto", &folder, ALL).unwrap();
    assert_eq!(root::newest(&world.carrier).unwrap().0.version, 2, "once");
    world.to_agency(&utopia, "uto");
    publish(&utopia, &list, &PublishOptions::default()).unwrap();
    // Cut off between the root and the list's row: the same folder again finishes.
    let db = world.carrier.database().unwrap();
    crate::db::lists::lose(db.read(), &list);
    assert_eq!(take(&world.carrier, "uto", &folder, Naming::default()).unwrap().new, 1);
    assert_eq!(root::newest(&world.carrier).unwrap().0.version, 2);
    // What is the agency's to do is refused at headquarters, and the other way round.
    let there = publish(&world.carrier, &list, &PublishOptions::default());
    assert!(matches!(there, Err(PublishingError::IssuedElsewhere { .. })), "{there:?}");
    assert!(matches!(give(&utopia, "uto", &world.path("x")), Err(AgencyError::IsAgencys(_))));
    assert!(matches!(issuer::take(&world.carrier, &folder), Err(AgencyError::IsHeadquarters(_))));
}

#[test]
fn an_agency_speaks_for_no_list_but_its_own_and_headquarters_for_none() {
    let (world, _, utopia, list) = settled();
    let ruritania = world.agency("rur");
    // Ruritania passes on what Utopia gave, as its own.
    let folder = world.path("from-uto");
    let taken = take(&world.carrier, "rur", &folder, ALL).unwrap();
    assert_eq!((taken.new, taken.refused.len()), (0, 3), "a manifest, a grant, what was taken: {taken:?}");
    // And asks for a list of Utopia's.
    let request = world.path("from-rur");
    fs::create_dir_all(request.join("request/uto")).unwrap();
    create(&ruritania, &"rur/stolen".parse().unwrap(), &CreateOptions::of(Kind::Documents)).unwrap();
    let own = world.path("own");
    issuer::give(&ruritania, &own).unwrap();
    fs::copy(own.join("request/rur/stolen"), request.join("request/uto/stolen")).unwrap();
    let taken = take(&world.carrier, "rur", &request, ALL).unwrap();
    assert_eq!((taken.new, taken.refused.len()), (0, 1), "{taken:?}");
    // A folder that was changed on the way: a segment, a manifest, a grant.
    world.publish(&utopia, &list, &["L898902C3", "L898902C4"]);
    let changed = world.path("changed");
    issuer::give(&utopia, &changed).unwrap();
    let is_new = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap();
        !world.carrier.segments().join(format!("{name}.seg")).exists()
    };
    let mut segments = changed.join("segment").read_dir().unwrap().flatten().map(|entry| entry.path());
    let segment = segments.find(is_new).unwrap();
    let [manifest, grant] =
        ["list/uto/stolen/manifest", "grant/post-7/uto/stolen"].map(|file| changed.join(file));
    for path in [segment, manifest, grant] {
        let right = fs::read(&path).unwrap();
        let mut wrong = right.clone();
        *wrong.last_mut().unwrap() ^= 1;
        fs::write(&path, wrong).unwrap();
        let taken = take(&world.carrier, "uto", &changed, Naming::default()).unwrap();
        assert_eq!(taken.refused.len(), 1, "{}: {taken:?}", path.display());
        fs::write(&path, right).unwrap();
    }
    // Headquarters says of a device what only the key of orders may, and what it said before counts no more.
    let before = world.path("before");
    give(&world.carrier, "uto", &before).unwrap();
    world.time.pass(10);
    revoke(&world.carrier, &device_id()).unwrap();
    let rotated = || Key::List(&list, 2).is_here(&utopia);
    assert!(!rotated());
    world.to_agency(&utopia, "uto");
    assert!(rotated(), "the next edition is sealed under another key");
    let db = utopia.database().unwrap();
    assert_eq!(db_devices::box_in_force(db.read(), &device_id()).unwrap(), None);
    let old = issuer::take(&utopia, &before).unwrap();
    assert_eq!(old.refused.len(), 1, "{old:?}");
    assert_eq!(db_devices::box_in_force(db.read(), &device_id()).unwrap(), None);
    let name = before.join("device/post-7").read_dir().unwrap().next().unwrap().unwrap().file_name();
    let forged = world.path("to-uto/device/post-7").join("0");
    fs::copy(before.join("device/post-7").join(name), &forged).unwrap();
    let mut bytes = fs::read(&forged).unwrap();
    bytes[40] ^= 1;
    fs::write(&forged, bytes).unwrap();
    assert_eq!(issuer::take(&utopia, &world.path("to-uto")).unwrap().refused.len(), 1);
}

#[test]
fn an_agency_that_was_restored_gets_its_encounters_again() {
    let (world, key, utopia, list) = settled();
    let backup = world.path("backup");
    crate::backup::backup(&utopia, &backup).unwrap();
    world.hit(&key, 1, &list);
    world.exchange(&utopia, "uto");
    world.to_headquarters(&utopia, "uto");
    let restored =
        crate::backup::restore(&world.path("restored"), &backup, clock_of(&world.time), false).unwrap();
    assert_eq!(hits(&restored), []);
    world.exchange(&restored, "uto");
    assert_eq!(hits(&restored).len(), 1);
    world.publish(&restored, &list, &["L898902C3", "L898902C5"]);
    let taken = world.to_headquarters(&restored, "uto");
    assert!(taken.refused.is_empty() && taken.new > 0, "{taken:?}");
}
