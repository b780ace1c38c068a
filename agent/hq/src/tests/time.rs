//! What headquarters does as time passes, and when its clock is set.

use super::{NOW, device_id, list_name, new_home_and_time, store_encounter};
use crate::authority::home::Home;
use crate::authority::root;
use crate::collector::answer::{answer, retained};
use crate::db::{devices, editions, outcomes, statements};
use crate::fleet::enrol::{EnrolOptions, enrol};
use crate::fleet::revoke::revoke;
use crate::publishing::import::{ImportOptions, import};
use crate::publishing::list::{CreateOptions, create};
use crate::publishing::publish::{MANIFEST_LIFE_S, PublishOptions, Published, publish};
use vedette_common::crypto::RingVerify;
use vedette_common::mqtt::OWNER_ANSWER_KEPT_S;
use vedette_shim::list::Kind;
use vedette_shim::trust::{Heartbeat, Manifest, OwnerWord};

const CSV: &str = "issuing_state,document_type,document_number,status\nUTO,P,1,lost\n";

fn published(home: &Home) -> Published {
    publish(home, &list_name(), &PublishOptions::default()).unwrap()
}

/// A list with one edition.
fn publish_first(home: &Home) {
    create(home, &list_name(), &CreateOptions::of(Kind::Documents)).unwrap();
    let file = home.dir().join("list.csv");
    std::fs::write(&file, CSV).unwrap();
    import(home, &list_name(), &file, ImportOptions::default()).unwrap();
    assert_eq!(published(home).edition, 1);
}

#[test]
fn the_same_content_is_an_edition_again_only_past_half_of_a_manifest_s_life() {
    let (_dir, home, time) = new_home_and_time();
    publish_first(&home);
    time.pass(MANIFEST_LIFE_S / 2 - 1);
    assert_eq!((published(&home).edition, published(&home).is_new), (1, false));
    time.pass(1);
    let again = published(&home);
    assert!(again.is_new);
    assert_eq!((again.edition, again.entries, again.puts, again.delta_bytes), (2, 1, 0, 0));
    // A device that was off all the time accepts it.
    let root = root::newest(&home).unwrap().0;
    let bytes = editions::newest_signed(home.database().unwrap().read(), &list_name()).unwrap().unwrap();
    let now = NOW + MANIFEST_LIFE_S / 2 + MANIFEST_LIFE_S - 1;
    Manifest::accept(&bytes, &list_name(), &root, None, now, &RingVerify).unwrap();
}

#[test]
fn a_clock_that_is_set_back_takes_no_signed_time_back() {
    let (_dir, home, time) = new_home_and_time();
    publish_first(&home);
    let times = || {
        let db = home.database().unwrap();
        let manifest = editions::newest(db.read(), &list_name()).unwrap().unwrap();
        let (issued, bytes) = statements::heartbeat(db.read()).unwrap().unwrap();
        let root = root::newest(&home).unwrap().0;
        let heartbeat = Heartbeat::accept(&bytes, &root, 0, NOW, &RingVerify).unwrap();
        (manifest.issued, issued, heartbeat.issued)
    };
    assert_eq!(times(), (NOW, NOW, NOW));
    time.set_system(NOW - 3_600);
    let file = home.dir().join("list.csv");
    std::fs::write(&file, format!("{CSV}UTO,P,2,lost\n")).unwrap();
    import(&home, &list_name(), &file, ImportOptions::default()).unwrap();
    assert_eq!(published(&home).edition, 2);
    assert_eq!(times(), (NOW, NOW, NOW));
}

#[test]
fn of_two_answers_in_one_second_the_second_is_later_and_old_ones_leave_the_broker() {
    let (_dir, home, time) = new_home_and_time();
    store_encounter(&home, [7; 16]);
    let at = || outcomes::answered_at(home.database().unwrap().read(), &[7; 16]).unwrap();
    answer(&home, [7; 16], OwnerWord::Confirmed, "").unwrap();
    assert_eq!(at(), Some(NOW));
    answer(&home, [7; 16], OwnerWord::Withdrawn, "").unwrap();
    assert_eq!(at(), Some(NOW + 1));
    let kept = |time| retained(home.database().unwrap().read(), time).unwrap();
    let is_cleared = |time| kept(time).iter().map(|(_, bytes)| bytes.is_empty()).collect::<Vec<_>>();
    assert_eq!(is_cleared(NOW + 1 + OWNER_ANSWER_KEPT_S), [false]);
    assert_eq!(is_cleared(NOW + 2 + OWNER_ANSWER_KEPT_S), [true]);
    assert_eq!(is_cleared(NOW + 2 + 2 * OWNER_ANSWER_KEPT_S), Vec::<bool>::new());
    time.pass(10);
    answer(&home, [7; 16], OwnerWord::Confirmed, "").unwrap();
    assert_eq!(at(), Some(NOW + 10));
}

#[test]
fn a_revoked_certificate_is_on_the_crl_until_it_ends() {
    let (dir, home, _) = new_home_and_time();
    let options = EnrolOptions { certificate_days: 2, ..EnrolOptions::into(dir.path().join("post-7")) };
    let enrolled = enrol(&home, &device_id(), &options).unwrap();
    revoke(&home, &device_id()).unwrap();
    let on_crl = |time| devices::revoked(home.database().unwrap().read(), time).unwrap().len();
    assert_eq!(enrolled.certificate_expires_at, NOW + 2 * 86_400);
    assert_eq!(on_crl(enrolled.certificate_expires_at - 1), 1);
    assert_eq!(on_crl(enrolled.certificate_expires_at), 0);
}
