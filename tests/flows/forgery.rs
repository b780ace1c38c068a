//! What an attacker publishes, with the broker's rights or with stolen keys, is refused with its reason, and the last
//! good edition goes on serving.

use std::fs;
use vedette_common::clock::system_now;
use vedette_common::crypto::{SigningKey, random, sign_statement};
use vedette_shim::trust::{Heartbeat, ListState, Manifest, SignedKind, digest};
use vedette_tests::device::{Device, code};
use vedette_tests::intruder::{Identity, Intruder, read_manifest, sign_manifest};
use vedette_tests::post::{LIST, Post};
use vedette_tests::program::wait_until;
use vedette_tests::sample::{SPECIMEN, number, passport};

const MANIFEST_TOPIC: &str = "vedette/v1/list/interpol/sltd/manifest/all";

/// A device that holds edition 2 of the list, a session with headquarters' rights at the broker, and editions 1 and 2
/// as signed. Depot and collector are ended: nobody puts right what the attacker does.
struct Scene {
    post: Post,
    device: Device,
    attacker: Intruder,
    first: Vec<u8>,
    second: Vec<u8>,
}

impl Scene {
    fn set() -> Scene {
        let mut post = Post::serving();
        let device = post.start_device("post-7");
        let (stick, issuer) =
            (post.folder().join("stick"), |post: &Post| post.hq.stolen_key("issuer-interpol.sltd"));
        let manifest = || fs::read(stick.join("list").join(LIST).join("manifest")).unwrap();
        post.hq.publish_bundle(LIST, [number(1)], &stick);
        let first = manifest();
        post.hq.publish_bundle(LIST, [&number(1), SPECIMEN], &stick);
        let second = manifest();
        assert_eq!((read_manifest(&first).edition, read_manifest(&second).edition), (1, 2));
        assert_eq!(
            sign_manifest(&read_manifest(&second), &issuer(&post)),
            second,
            "we sign as headquarters does"
        );
        post.hq.run(&["publish", LIST, "--broker"]).expect_code(0);
        device.wait_for_edition(LIST, 2);
        post.hq.stop_serve();
        let attacker = Intruder::connect(post.broker.port(), &Identity::of_headquarters(&post.hq)).unwrap();
        Scene { post, device, attacker, first, second }
    }

    fn issuer(&self) -> SigningKey {
        self.post.hq.stolen_key("issuer-interpol.sltd")
    }

    /// Edition 3 as the attacker wants it, signed with the issuer's stolen key.
    fn third(&self, change: impl FnOnce(&mut Manifest)) -> Vec<u8> {
        let mut manifest = read_manifest(&self.second);
        manifest.edition = 3;
        change(&mut manifest);
        sign_manifest(&manifest, &self.issuer())
    }

    /// Publishes `manifest`; the device must refuse it with these words and go on serving edition 2.
    #[track_caller]
    fn refuses(mut self, manifest: &[u8], words: &str) {
        self.attacker.publish(MANIFEST_TOPIC, manifest, true).unwrap();
        let (device, words) = (&self.device, words.to_lowercase());
        let said = || device.whole_log().to_lowercase().contains(&words).then_some(());
        wait_until(format!("the device says {words:?}"), said, || device.log());
        assert_eq!(device.edition(LIST), Some(2));
        device.scan(&passport(SPECIMEN)).expect_code(code::HIT);
        device.scan(&passport(&number(7))).expect_code(code::CLEAR);
        // And it is not stuck: headquarters' next edition is taken.
        drop(self.attacker);
        self.post.hq.serve();
        self.post.hq.publish(LIST, [number(7)]);
        device.wait_for_edition(LIST, 3);
        device.scan(&passport(&number(7))).expect_code(code::HIT);
    }
}

#[test]
fn a_tampered_manifest_is_refused() {
    let scene = Scene::set();
    let mut tampered = scene.third(|_| ());
    let middle = tampered.len() / 2;
    tampered[middle] ^= 1;
    scene.refuses(&tampered, "the manifest");
}

#[test]
fn a_truncated_manifest_is_refused() {
    let scene = Scene::set();
    let whole = scene.third(|_| ());
    scene.refuses(&whole[..whole.len() - 1], "truncated or damaged");
}

#[test]
fn a_manifest_signed_by_another_key_is_refused() {
    let scene = Scene::set();
    let mut manifest = read_manifest(&scene.second);
    manifest.edition = 3;
    let forged = sign_manifest(&manifest, &SigningKey::from_seed(&random()));
    scene.refuses(&forged, "0 valid signature(s) of its role, needs 1");
}

#[test]
fn a_manifest_signed_by_another_role_is_refused() {
    let scene = Scene::set();
    let mut manifest = read_manifest(&scene.second);
    manifest.edition = 3;
    let forged = sign_manifest(&manifest, &scene.post.hq.stolen_key("heartbeat"));
    scene.refuses(&forged, "0 valid signature(s) of its role, needs 1");
}

#[test]
fn a_rolled_back_manifest_is_refused() {
    let scene = Scene::set();
    let first = scene.first.clone();
    scene.refuses(&first, "rollback");
}

#[test]
fn an_expired_manifest_is_refused() {
    let scene = Scene::set();
    let expired = scene.third(|manifest| {
        manifest.issued = system_now() - 100;
        manifest.expires = system_now() - 10;
    });
    scene.refuses(&expired, "the manifest expired");
}

#[test]
fn a_second_manifest_of_the_same_edition_is_refused() {
    let scene = Scene::set();
    let forked = scene.third(|manifest| {
        manifest.edition = 2;
        manifest.lease_s += 1;
    });
    scene.refuses(&forked, "claim to be number 2");
}

#[test]
fn an_oversized_manifest_is_refused() {
    let scene = Scene::set();
    scene.refuses(&[1; 70_000], "over the limit");
}

#[test]
fn an_older_heartbeat_is_refused_and_one_of_another_key_too() {
    let mut scene = Scene::set();
    let heartbeat = |issued: u64, expires: u64, key: &SigningKey| {
        let lists = [ListState { list: LIST.parse().unwrap(), edition: 2, manifest: digest(&scene.second) }];
        let body = Heartbeat { issued, expires, root_version: 2, lists: lists.into_iter().collect() };
        sign_statement(SignedKind::Heartbeat, &body, &[key])
    };
    let now = system_now();
    let stolen = scene.post.hq.stolen_key("heartbeat");
    let old = heartbeat(now - 5_000, now + 5_000, &stolen);
    let forged = heartbeat(now, now + 5_000, &scene.issuer());
    for (bytes, words) in [(old, "rollback: the heartbeat"), (forged, "the heartbeat has 0 valid")] {
        scene.attacker.publish("vedette/v1/heartbeat", &bytes, true).unwrap();
        let device = &scene.device;
        let said = || device.whole_log().contains(words).then_some(());
        wait_until(format!("the device says {words:?}"), said, || device.log());
    }
    scene.device.scan(&passport(SPECIMEN)).expect_code(code::HIT);
}

#[test]
fn a_list_past_its_lease_answers_not_checked_and_its_key_is_erased() {
    let mut scene = Scene::set();
    // Signed word that two days have passed, and none that our edition is still the newest: no need to wait for it.
    let later = system_now() + 49 * 3600;
    let silent =
        Heartbeat { issued: later, expires: later + 3600, root_version: 2, lists: Default::default() };
    let silent = sign_statement(SignedKind::Heartbeat, &silent, &[&scene.post.hq.stolen_key("heartbeat")]);
    scene.attacker.publish("vedette/v1/heartbeat", &silent, true).unwrap();
    let device = &scene.device;
    let answer = || {
        let answer = device.scan(&passport(&number(7)));
        (answer.code != code::CLEAR).then_some(answer)
    };
    let answer = wait_until("the lease ends", answer, || device.log()).expect_code(code::NOT_CHECKED).json();
    assert_eq!(answer["checked"][0]["freshness"], "expired");
    assert_eq!(answer["checked"][0]["result"], "not_checked");
    // Nor does a listed document come out as anything else: there is no key to look it up with.
    let listed = device.scan(&passport(SPECIMEN)).expect_code(code::NOT_CHECKED).json();
    assert_eq!(listed["alerts"].as_array().unwrap().len(), 0);
}
