//! `holders` over 20,000 devices and 5 lists. The time that each question takes is printed (see PERFORMANCE.md):
//! `cargo --config 'profile.dev.package.vedette-hq.opt-level=3' test -p vedette-hq --lib twenty_thousand -- --nocapture`

use super::{new_home, status_with};
use crate::db::devices::{self, NewCertificate, NewEnrolment};
use crate::db::grants::{self, NewGrant};
use crate::db::{editions, statuses};
use crate::inventory::holders::{Question, Standing, holders};
use crate::publishing::import::{ImportOptions, import};
use crate::publishing::list::{CreateOptions, create};
use crate::publishing::publish::{PublishOptions, publish};
use std::fs;
use std::time::Instant;
use vedette_common::device_key::EnrolledKeys;
use vedette_shim::ids::{DeviceId, ListName};
use vedette_shim::list::Kind;
use vedette_shim::trust::{HeldList, SignedKind, Status, identity};

const DEVICES: u32 = 20_000;
const LISTS: u32 = 5;
/// One in so many devices has the edition before the newest.
const BEHIND: u32 = 10;

#[test]
fn each_of_twenty_thousand_devices_is_judged() {
    let (dir, home) = new_home();
    let lists: Vec<ListName> = (0..LISTS).map(|list| format!("uto/list-{list}").parse().unwrap()).collect();
    let file = dir.path().join("list.csv");
    for list in &lists {
        create(&home, list, &CreateOptions::of(Kind::Documents)).unwrap();
        // Each edition withdraws one alert and has one more.
        for edition in 0..3 {
            let rows: String =
                (edition..edition + 50).map(|number| format!("UTO,P,L{number:05},stolen\n")).collect();
            let rows = format!("issuing_state,document_type,document_number,status\n{rows}");
            fs::write(&file, rows).unwrap();
            import(&home, list, &file, ImportOptions::default()).unwrap();
            publish(&home, list, &PublishOptions::default()).unwrap();
        }
    }
    let mut db = home.database().unwrap();
    let change = db.change().unwrap();
    let manifest = |list: &ListName, edition| {
        identity(&editions::manifest(&change, list, edition).unwrap().unwrap(), SignedKind::Manifest).unwrap()
    };
    let manifests: Vec<_> = lists.iter().map(|list| [2, 3].map(|edition| manifest(list, edition))).collect();
    for number in 0..DEVICES {
        let device: DeviceId = format!("post-{number:05}").parse().unwrap();
        let mut key = [0; 32];
        key[..4].copy_from_slice(&number.to_be_bytes());
        let keys = EnrolledKeys { box_public: key, signing_public: key, route_key: key };
        let certificate = NewCertificate { serial: &key, ca: [0; 32], expires_at: home.now() + 90 * 86_400 };
        let enrolled_at = home.now();
        let new = NewEnrolment { device: &device, post: "Kehl", certificate, keys: &keys, enrolled_at };
        devices::enrol(&change, &new).unwrap();
        for list in &lists {
            let expires = home.now() + 180 * 86_400;
            let new = NewGrant { device: &device, list, keys: "1", number: 1, expires, bytes: &[0; 300] };
            grants::set(&change, &new).unwrap();
        }
        let newest = u64::from(number % BEHIND != 0);
        let held = lists.iter().zip(&manifests).map(|(list, manifests)| HeldList {
            list: list.clone(),
            edition: 2 + newest,
            manifest: manifests[newest as usize],
            age_s: 1,
        });
        let status = Status { device, at: home.now(), lists: held.collect(), ..status_with(1) };
        statuses::set(&change, &status, &[0; 32], home.now()).unwrap();
    }
    change.commit().unwrap();
    drop(db);

    let all = DEVICES as usize;
    let behind = (DEVICES / BEHIND) as usize;
    let alert = |number: u32| Question { alert: Some(format!("UTO-P-L{number:05}")), edition: None };
    let edition = |edition| Question { alert: None, edition: Some(edition) };
    let questions = [
        ("any edition", Question::default(), all),
        ("the newest edition", edition(3), all - behind),
        ("the edition before", edition(2), behind),
        ("an alert of all editions", alert(20), all),
        ("an alert that the newest withdrew", alert(1), behind),
        ("an alert that is new in the newest", alert(51), all - behind),
    ];
    for (what, question, holding) in questions {
        let begin = Instant::now();
        let found = holders(&home, &lists[2], &question).unwrap();
        println!("{what}: {:.0} ms", begin.elapsed().as_secs_f64() * 1000.0);
        let count = |standing| found.copies.iter().filter(|copy| copy.standing == standing).count();
        assert_eq!(found.copies.len(), all, "{what}");
        assert_eq!(count(Standing::Holds), holding, "{what}");
        assert_eq!(count(Standing::Never), 0, "{what}");
    }
}
