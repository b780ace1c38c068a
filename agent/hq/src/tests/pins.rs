//! What scanners are told of replaced keys.

use super::{list_name, new_home, new_list};
use crate::authority::home::Home;
use crate::authority::keys::OnlineRole;
use crate::authority::replace::{Replaced, replace_key};
use crate::authority::replace_root::replace_root_keys;
use crate::authority::{pins, root};
use crate::db::scanners::ScannerRow;
use crate::publishing::replace::replace_issuer;
use vedette_common::crypto::RingVerify;
use vedette_common::scanner_papers::ScannerPapers;
use vedette_shim::ids::ListName;
use vedette_shim::list::Kind;
use vedette_shim::trust::{EnrolledPair, Pin, PinnedRole, Root, ScannerEnrolment};

/// The pins that a scanner with these lists is brought.
fn brought(home: &Home, lists: &[&ListName]) -> Vec<Pin> {
    let pair = EnrolledPair { scanner_key: [1; 32], host_key: [2; 32], number: 1, revoked: false };
    let enrolment = ScannerEnrolment {
        pair,
        expires: 9,
        scanner: "lane-1".parse().unwrap(),
        device: "post-7".parse().unwrap(),
        lists: lists.iter().map(|list| (*list).clone()).collect(),
    };
    let row = ScannerRow { enrolment, bytes: vec![7] };
    let papers = pins::papers(&pins::all(home).unwrap(), &row);
    let papers = ScannerPapers::decode(&papers).unwrap();
    assert_eq!(papers.enrolment, [7]);
    papers.pins.iter().map(|pin| Pin::read(pin).unwrap()).collect()
}

/// Follows the pins as a scanner does that was made under `made`; the roles of root, heartbeat, orders and issuer then.
fn follow(home: &Home, made: &Root, list: &ListName) -> [vedette_shim::trust::Role; 4] {
    let mut roles =
        [&made.root, &made.heartbeat, &made.orders, &made.issuer(list).unwrap().role].map(Clone::clone);
    for (pin, bytes) in pins::all(home).unwrap() {
        if pin.version <= made.version {
            continue;
        }
        Pin::accept(&bytes, &roles[0], &RingVerify).unwrap();
        let place = match &pin.of {
            PinnedRole::Root => 0,
            PinnedRole::Heartbeat => 1,
            PinnedRole::Orders => 2,
            PinnedRole::Issuer(of) if of == list => 3,
            PinnedRole::Issuer(_) => continue,
        };
        roles[place] = pin.role;
    }
    roles
}

#[test]
fn a_scanner_made_under_any_root_follows_to_the_newest_roles() {
    let (_dir, home) = new_home();
    let other: ListName = "uto/other".parse().unwrap();
    for list in [&list_name(), &other] {
        new_list(&home, list, Kind::Documents);
    }
    let mut made = vec![root::newest(&home).unwrap().0];
    let steps: [&dyn Fn() -> Replaced; 6] = [
        &|| replace_key(&home, OnlineRole::Heartbeat).unwrap(),
        &|| replace_issuer(&home, &list_name()).unwrap(),
        &|| replace_root_keys(&home).unwrap(),
        &|| replace_key(&home, OnlineRole::Orders).unwrap(),
        &|| replace_root_keys(&home).unwrap(),
        &|| replace_issuer(&home, &other).unwrap(),
    ];
    for step in steps {
        step();
        let newest = root::newest(&home).unwrap().0;
        made.push(newest.clone());
        for made in &made {
            let issuer = newest.issuer(&list_name()).unwrap().role.clone();
            let named = [&newest.root, &newest.heartbeat, &newest.orders, &issuer].map(Clone::clone);
            assert_eq!(follow(&home, made, &list_name()), named, "from {} on", made.version);
        }
    }
    let of = |pins: Vec<Pin>| pins.into_iter().map(|pin| (pin.version, pin.of)).collect::<Vec<_>>();
    let [first, second, third] = [6, 8, 9];
    assert_eq!(
        of(brought(&home, &[&list_name()])),
        [
            (first, PinnedRole::Root),
            (second, PinnedRole::Root),
            (second, PinnedRole::Heartbeat),
            (second, PinnedRole::Orders),
            (second, PinnedRole::Issuer(list_name())),
        ],
        "every root's, of others the newest, and no list's that it does not have"
    );
    assert!(of(brought(&home, &[&other])).contains(&(third, PinnedRole::Issuer(other.clone()))));
}

#[test]
fn what_changes_no_role_of_a_scanner_s_brings_nothing() {
    let (_dir, home) = new_home();
    new_list(&home, &list_name(), Kind::Documents);
    replace_key(&home, OnlineRole::Roster).unwrap();
    replace_key(&home, OnlineRole::Collector).unwrap();
    assert_eq!(brought(&home, &[&list_name()]), []);
    // A command that was cut off before its root was stored left pins of it, and another root took the number.
    let next = root::newest(&home).unwrap().0.version + 1;
    std::fs::write(home.roots().join(format!("{next}.pins")), "left").unwrap();
    assert_eq!(brought(&home, &[&list_name()]), [], "nobody reads them");
    root::issue_next(&home, home.now(), |_| Ok(())).unwrap();
    assert_eq!(brought(&home, &[&list_name()]), []);
}
