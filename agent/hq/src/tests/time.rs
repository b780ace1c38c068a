//! What headquarters does as time passes, and when its clock is set.

use super::{NOW, device_id, list_name, new_home_and_time, store_encounter};
use crate::authority::AuthorityError;
use crate::authority::home::Home;
use crate::authority::keys::OnlineRole;
use crate::authority::replace::replace_key;
use crate::authority::root;
use crate::authority::signing_time::{AHEAD_S_MAX, confirm_clock};
use crate::collector::CollectorError;
use crate::collector::answer::{answer, retained};
use crate::db::{devices, editions, grants, officers, outcomes, statements};
use crate::fleet::FleetError;
use crate::fleet::enrol::{EnrolOptions, enrol};
use crate::fleet::officer::remove;
use crate::fleet::revoke::revoke;
use crate::publishing::PublishingError;
use crate::publishing::import::{ImportOptions, import};
use crate::publishing::list::{CreateOptions, create};
use crate::publishing::publish::{MANIFEST_LIFE_S, PublishOptions, Published, publish};
use std::sync::Arc;
use tempfile::TempDir;
use vedette_common::clock::testing::ManualTime;
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
    confirm_clock(&home).unwrap();
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
    let at = || outcomes::answered_at(home.database().unwrap().read(), &[7; 16], &device_id()).unwrap();
    answer(&home, [7; 16], None, OwnerWord::Confirmed, "", None).unwrap();
    assert_eq!(at(), Some(NOW));
    answer(&home, [7; 16], None, OwnerWord::Withdrawn, "", Some("withdrawn since")).unwrap();
    assert_eq!(at(), Some(NOW + 1));
    let kept = |time| retained(home.database().unwrap().read(), time).unwrap();
    let is_cleared = |time| kept(time).iter().map(|(_, bytes)| bytes.is_empty()).collect::<Vec<_>>();
    assert_eq!(is_cleared(NOW + 1 + OWNER_ANSWER_KEPT_S), [false]);
    assert_eq!(is_cleared(NOW + 2 + OWNER_ANSWER_KEPT_S), [true]);
    assert_eq!(is_cleared(NOW + 2 + 2 * OWNER_ANSWER_KEPT_S), Vec::<bool>::new());
    time.pass(10);
    answer(&home, [7; 16], None, OwnerWord::Confirmed, "", Some("seen again")).unwrap();
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

/// What devices are given: the newest root's version, heartbeat, roster and editions, grants and orders.
fn given(home: &Home) -> (u32, Vec<Vec<u8>>) {
    let db = home.database().unwrap();
    let db = db.read();
    let mut all: Vec<Vec<u8>> = editions::newest_of_all(db).unwrap().into_iter().map(|list| list.2).collect();
    all.extend(statements::heartbeat(db).unwrap().map(|heartbeat| heartbeat.1));
    all.extend(officers::roster(db).unwrap().map(|roster| roster.bytes));
    all.extend(grants::of_device(db, &device_id()).unwrap().into_iter().map(|grant| grant.1));
    all.extend(statements::orders(db).unwrap().into_iter().map(|order| order.2));
    (root::newest(home).unwrap().0.version, all)
}

/// A home with an edition out, a device, an encounter, and an import to be published.
fn home_at_work() -> (TempDir, Home, Arc<ManualTime>) {
    let (dir, home, time) = new_home_and_time();
    publish_first(&home);
    enrol(&home, &device_id(), &EnrolOptions::into(dir.path().join("post-7"))).unwrap();
    store_encounter(&home, [7; 16]);
    import_two(&home);
    (dir, home, time)
}

fn import_two(home: &Home) {
    let file = home.dir().join("list.csv");
    std::fs::write(&file, format!("{CSV}UTO,P,2,lost\n")).unwrap();
    import(home, &list_name(), &file, ImportOptions::default()).unwrap();
}

#[test]
fn a_clock_far_ahead_signs_nothing_until_somebody_says_that_it_is_right() {
    let (dir, home, time) = home_at_work();
    let before = given(&home);
    time.set_system(NOW + AHEAD_S_MAX + 1);
    let is_refused = |error: AuthorityError| {
        assert!(matches!(error, AuthorityError::ClockAhead { .. }), "{error}");
        assert!(error.hint().unwrap().contains("--clock-is-right"));
    };
    let of_publishing = |result: Result<_, PublishingError>| match result {
        Err(PublishingError::Authority(error)) => is_refused(error),
        other => panic!("{other:?}"),
    };
    let of_fleet = |result: Result<(), FleetError>| match result {
        Err(FleetError::Authority(error)) => is_refused(error),
        other => panic!("{other:?}"),
    };
    of_publishing(publish(&home, &list_name(), &PublishOptions::default()).map(drop));
    of_publishing(create(&home, &"uto/lost".parse().unwrap(), &CreateOptions::of(Kind::Documents)).map(drop));
    let other = EnrolOptions::into(dir.path().join("post-8"));
    of_fleet(enrol(&home, &"post-8".parse().unwrap(), &other).map(drop));
    of_fleet(crate::fleet::enrol::renew(&home, &device_id(), &other.out, 90).map(drop));
    of_fleet(revoke(&home, &device_id()).map(drop));
    of_fleet(remove(&home, &"b-1".parse().unwrap()).map(drop));
    for role in OnlineRole::ALL {
        is_refused(replace_key(&home, role).unwrap_err());
    }
    is_refused(crate::authority::renew::renew(&home, false).unwrap_err());
    match answer(&home, [7; 16], None, OwnerWord::Confirmed, "", None) {
        Err(CollectorError::Authority(error)) => is_refused(error),
        other => panic!("{other:?}"),
    }
    assert_eq!(given(&home), before);
    assert!(!other.out.exists());

    confirm_clock(&home).unwrap();
    assert_eq!(published(&home).edition, 2);
}

#[test]
fn what_a_clock_ahead_may_sign_heals_by_itself() {
    let (_dir, home, time) = new_home_and_time();
    publish_first(&home);
    import_two(&home);
    time.set_system(NOW + AHEAD_S_MAX);
    assert_eq!(published(&home).edition, 2);
    time.set_system(NOW + 1);
    let file = home.dir().join("list.csv");
    std::fs::write(&file, CSV).unwrap();
    import(&home, &list_name(), &file, ImportOptions::default()).unwrap();
    assert_eq!(published(&home).edition, 3);
}

#[test]
fn what_was_signed_ahead_is_followed_by_what_devices_accept() {
    let (_dir, home, time) = new_home_and_time();
    publish_first(&home);
    import_two(&home);
    time.set_system(NOW + 8 * 86_400);
    confirm_clock(&home).unwrap();
    assert_eq!(published(&home).edition, 2);
    time.set_system(NOW + 60);
    replace_key(&home, OnlineRole::Heartbeat).unwrap();
    // The content is the same, and is issued again with the right time.
    let again = published(&home);
    assert_eq!((again.edition, again.is_new), (3, true));
    let root = root::newest(&home).unwrap().0;
    let bytes = editions::newest_signed(home.database().unwrap().read(), &list_name()).unwrap().unwrap();
    let (manifest, _) = Manifest::accept(&bytes, &list_name(), &root, None, NOW + 60, &RingVerify).unwrap();
    assert_eq!((manifest.issued, manifest.expires), (NOW + 60, NOW + 60 + MANIFEST_LIFE_S));
    // The word that the clock was right counts no more either.
    time.set_system(NOW + 60 + AHEAD_S_MAX + 1);
    assert!(publish(&home, &list_name(), &PublishOptions::default()).is_err());
}

#[test]
fn what_devices_would_refuse_is_not_signed_and_nothing_changes() {
    let (dir, home, _) = home_at_work();
    let before = given(&home);
    let strange = vedette_common::crypto::random_secret();
    let line = vedette_common::crypto::secret_line(&strange);
    let with_another_key = |file: &str, work: &dyn Fn() -> Box<dyn std::error::Error>| {
        let path = home.keys().join(file);
        let right = std::fs::read(&path).unwrap();
        std::fs::write(&path, &line).unwrap();
        let refused = work().to_string();
        assert!(refused.starts_with("internal error: devices would refuse this"), "{file}: {refused}");
        assert_eq!(given(&home), before, "{file}");
        std::fs::write(&path, right).unwrap();
    };
    let publish_it = || publish(&home, &list_name(), &PublishOptions::default()).unwrap_err().into();
    with_another_key("issuer-interpol.sltd", &publish_it);
    with_another_key("heartbeat", &publish_it);
    with_another_key("root-1", &|| crate::authority::renew::renew(&home, false).unwrap_err().into());
    with_another_key("orders", &|| revoke(&home, &device_id()).unwrap_err().into());
    with_another_key("collector", &|| {
        answer(&home, [7; 16], None, OwnerWord::Confirmed, "", None).unwrap_err().into()
    });
    with_another_key("issuer-interpol.sltd", &|| {
        let options = EnrolOptions::into(dir.path().join("post-8"));
        enrol(&home, &"post-8".parse().unwrap(), &options).unwrap_err().into()
    });
    assert_eq!(published(&home).edition, 2);
}
