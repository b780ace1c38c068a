//! What an attacker publishes, with the broker's rights or with stolen keys, is refused for its own reason, and the last
//! good edition stays in use. Reasons are the words of `TrustError::reason`, as the log has them.

use std::fs;
use vedette_common::clock::system_now;
use vedette_common::crypto::{SigningKey, random, sign_statement};
use vedette_shim::trust::{ListState, Manifest, SignedKind, identity};
use vedette_tests::device::{Device, code};
use vedette_tests::intruder::{Identity, Intruder, read_manifest, sign_manifest};
use vedette_tests::post::{LIST, Post};
use vedette_tests::program::wait_until;
use vedette_tests::sample::{SPECIMEN, number, passport};

const MANIFEST_TOPIC: &str = "vedette/v1/list/interpol/sltd/manifest/all";

/// A device that uses edition 2 of the list, a session with headquarters' rights at the broker, and editions 1 and 2
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

    /// Publishes `bytes` on `topic`; the device must refuse `what` for this reason.
    #[track_caller]
    fn refuses(&mut self, topic: &str, bytes: &[u8], what: &str, reason: &str) {
        let device = &self.device;
        let before = device.whole_log().len();
        self.attacker.publish(topic, bytes, true).unwrap();
        let update = format!("update{{what={what}}}");
        let refused = || {
            let log = device.whole_log();
            let of_it = log[before..].lines().find(|line| line.contains(&update) && line.contains("reason="));
            of_it.map(ToString::to_string)
        };
        let line = wait_until(format!("the device refuses the {what}"), refused, || device.log());
        assert!(line.contains(&format!("reason={reason} ")), "not for {reason}: {line}");
    }

    /// Publishes `manifest`; the device must refuse it for this reason and continue with edition 2.
    #[track_caller]
    fn refuses_manifest(self, manifest: &[u8], reason: &str) {
        self.refuses_manifest_and(manifest, reason, code::HIT, code::CLEAR);
    }

    /// Then a listed and an unlisted document answer so, until headquarters' next edition comes.
    #[track_caller]
    fn refuses_manifest_and(mut self, manifest: &[u8], reason: &str, listed: i32, unlisted: i32) {
        self.refuses(MANIFEST_TOPIC, manifest, &format!("manifest of {LIST}"), reason);
        let device = &self.device;
        assert_eq!(device.edition(LIST), Some(2));
        device.scan(&passport(SPECIMEN)).expect_code(listed);
        device.scan(&passport(&number(7))).expect_code(unlisted);
        // And it is not stuck: headquarters' next edition is applied.
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
    // A longer lease under the signature of a shorter one: nothing else is wrong with it.
    let mut tampered = scene.third(|manifest| manifest.lease_s = 3_600);
    let longer = scene.third(|manifest| manifest.lease_s = 3_601);
    let at = tampered.iter().zip(&longer).position(|(one, other)| one != other).unwrap();
    tampered[at] = longer[at];
    assert_eq!(read_manifest(&tampered), read_manifest(&longer));
    scene.refuses_manifest(&tampered, "signatures");
}

#[test]
fn a_truncated_manifest_is_refused() {
    let scene = Scene::set();
    let whole = scene.third(|_| ());
    scene.refuses_manifest(&whole[..whole.len() - 1], "malformed");
}

#[test]
fn a_manifest_signed_by_another_key_is_refused() {
    let scene = Scene::set();
    let mut manifest = read_manifest(&scene.second);
    manifest.edition = 3;
    let forged = sign_manifest(&manifest, &SigningKey::from_seed(&random()));
    scene.refuses_manifest(&forged, "signatures");
}

#[test]
fn a_manifest_signed_by_another_role_is_refused() {
    let scene = Scene::set();
    let mut manifest = read_manifest(&scene.second);
    manifest.edition = 3;
    let forged = sign_manifest(&manifest, &scene.post.hq.stolen_key("heartbeat"));
    scene.refuses_manifest(&forged, "signatures");
}

#[test]
fn a_rolled_back_manifest_is_refused() {
    let scene = Scene::set();
    let first = scene.first.clone();
    scene.refuses_manifest(&first, "rollback");
}

#[test]
fn an_expired_manifest_is_refused() {
    let scene = Scene::set();
    let expired = scene.third(|manifest| {
        manifest.issued = system_now() - 100;
        manifest.expires = system_now() - 10;
    });
    scene.refuses_manifest(&expired, "expired");
}

#[test]
fn of_two_manifests_of_the_same_edition_neither_is_believed() {
    let scene = Scene::set();
    let forked = scene.third(|manifest| {
        manifest.edition = 2;
        manifest.lease_s += 1;
    });
    scene.refuses_manifest_and(&forked, "forked", code::NOT_CHECKED, code::NOT_CHECKED);
}

#[test]
fn an_oversized_manifest_is_refused() {
    let scene = Scene::set();
    scene.refuses_manifest(&[1; 70_000], "oversized");
}

#[test]
fn an_older_heartbeat_is_refused_and_one_of_another_key_too() {
    let mut scene = Scene::set();
    let heartbeat = |issued: u64, expires: u64, key: &SigningKey| {
        let manifest = identity(&scene.second, SignedKind::Manifest).unwrap();
        let lists = [ListState { list: LIST.parse().unwrap(), edition: 2, manifest }];
        let body = scene.post.hq.heartbeat(2, issued, expires, &lists);
        sign_statement(SignedKind::Heartbeat, &body, &[key])
    };
    let now = system_now();
    let stolen = scene.post.hq.stolen_key("heartbeat");
    let old = heartbeat(now - 5_000, now + 5_000, &stolen);
    let forged = heartbeat(now, now + 5_000, &scene.issuer());
    for (bytes, reason) in [(old, "rollback"), (forged, "signatures")] {
        scene.refuses("vedette/v1/heartbeat", &bytes, "heartbeat", reason);
    }
    scene.device.scan(&passport(SPECIMEN)).expect_code(code::HIT);
}

#[test]
fn a_list_past_its_lease_answers_not_checked_and_its_key_is_erased() {
    let mut scene = Scene::set();
    // Signed word that two days have passed, and none that our edition is still the newest: no need to wait for it.
    let later = system_now() + 49 * 3600;
    let silent = scene.post.hq.heartbeat(2, later, later + 3600, &[]);
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
