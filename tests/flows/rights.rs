//! Who may connect to the broker, and say and hear what there.

use std::fs;
use std::path::Path;
use vedette_tests::device::Device;
use vedette_tests::headquarters::Headquarters;
use vedette_tests::intruder::{Identity, Intruder};
use vedette_tests::post::Post;

const LAST: &str = "vedette/v1/device/post-7/status";

/// Connects as `id`, publishes to `topic`, and tells whether headquarters got it.
fn arrives(post: &Post, writer: &Device, topic: &str) -> bool {
    let mut listener = Intruder::connect(post.broker.port(), &Identity::of_headquarters(&post.hq)).unwrap();
    listener.subscribe("vedette/v1/#");
    let mut writer = Intruder::connect(post.broker.port(), &Identity::of_device(writer)).unwrap();
    writer.publish(topic, b"x", false).unwrap();
    writer.publish(LAST, b"x", false).unwrap();
    listener.topics_until(LAST).iter().any(|heard| heard == topic && heard != LAST)
}

#[test]
fn a_client_without_a_certificate_is_not_let_in() {
    let post = Post::new();
    let nobody = Identity::none(&post.hq.home().join("pki/ca.pem"));
    let refused = Intruder::connect(post.broker.port(), &nobody).err().unwrap();
    assert!(refused.contains("ertificate"), "{refused}");
}

#[test]
fn a_certificate_of_another_authority_is_not_let_in() {
    let post = Post::new();
    let other_folder = post.folder().join("other");
    fs::create_dir(&other_folder).unwrap();
    let other = Headquarters::init(&other_folder, 1);
    let out = other_folder.join("post-7");
    other.run(&["enrol", "post-7", "--out", out.to_str().unwrap()]).expect_code(0);
    let ca = post.hq.home().join("pki/ca.pem");
    let stranger = Identity::of(&ca, &out.join("device.pem"), &out.join("device.key"));
    let refused = Intruder::connect(post.broker.port(), &stranger).err().unwrap();
    assert!(refused.contains("alert") || refused.contains("ertificate"), "{refused}");
}

#[test]
fn a_revoked_device_is_not_let_in_once_the_broker_has_read_the_list_anew() {
    let mut post = Post::new();
    let (lost, kept) = (post.enrol("post-7"), post.enrol("post-8"));
    let port = post.broker.port();
    assert!(Intruder::connect(port, &Identity::of_device(&lost)).is_ok());
    post.hq.run(&["revoke", "post-7"]).expect_code(0);
    post.broker.reload().unwrap();
    let refused = Intruder::connect(port, &Identity::of_device(&lost)).err().unwrap();
    assert!(refused.contains("evoked"), "{refused}");
    assert!(Intruder::connect(port, &Identity::of_device(&kept)).is_ok());
}

#[test]
fn a_device_speaks_under_its_own_name_only() {
    let post = Post::new();
    let (device, _other) = (post.enrol("post-7"), post.enrol("post-8"));
    for own in ["want", "encounter", "renewal"] {
        let topic = format!("vedette/v1/device/post-7/{own}");
        assert!(arrives(&post, &device, &topic), "{topic} must arrive");
    }
    for others in [
        "vedette/v1/device/post-8/encounter",
        "vedette/v1/device/post-8/status",
        "vedette/v1/device/post-7/order",
        "vedette/v1/device/post-7/receipt",
        "vedette/v1/device/post-7/certificate",
        "vedette/v1/heartbeat",
        "vedette/v1/root/2",
        "vedette/v1/list/interpol/sltd/manifest/all",
    ] {
        assert!(!arrives(&post, &device, others), "{others} must not arrive");
    }
}

#[test]
fn a_device_hears_its_own_mail_and_what_is_for_all() {
    let post = Post::new();
    let (device, _other) = (post.enrol("post-7"), post.enrol("post-8"));
    let mut ear = Intruder::connect(post.broker.port(), &Identity::of_device(&device)).unwrap();
    ear.subscribe("vedette/v1/#");
    let mut hq = Intruder::connect(post.broker.port(), &Identity::of_headquarters(&post.hq)).unwrap();
    let heard = [
        "vedette/v1/heartbeat",
        "vedette/v1/root/1",
        "vedette/v1/device/post-7/receipt",
        "vedette/v1/device/post-7/order",
    ];
    for topic in [
        heard[0],
        "vedette/v1/device/post-8/receipt",
        heard[1],
        "vedette/v1/device/post-8/grant/interpol/sltd",
        heard[2],
        "vedette/v1/device/post-8/order",
        heard[3],
    ] {
        hq.publish(topic, b"x", false).unwrap();
    }
    assert_eq!(ear.topics_until(heard[3]), heard);
}

#[test]
fn a_message_over_the_brokers_limit_ends_its_senders_session_and_reaches_nobody() {
    let post = Post::new();
    let device = post.enrol("post-7");
    let mut sender = Intruder::connect(post.broker.port(), &Identity::of_device(&device)).unwrap();
    let mut listener = Intruder::connect(post.broker.port(), &Identity::of_headquarters(&post.hq)).unwrap();
    listener.subscribe("vedette/v1/#");
    sender.publish("vedette/v1/device/post-7/encounter", &[7; 140_000], false).unwrap_err();
    let mut again = Intruder::connect(post.broker.port(), &Identity::of_device(&device)).unwrap();
    again.publish(LAST, b"x", false).unwrap();
    assert_eq!(listener.topics_until(LAST), [LAST]);
}

#[test]
fn a_device_cannot_be_enrolled_under_headquarters_name() {
    let folder = tempfile::tempdir().unwrap();
    let hq = Headquarters::init(folder.path(), 1);
    for name in ["headquarters", "publisher", "broker"] {
        let out = folder.path().join(name);
        let refused = hq.run(&["enrol", name, "--out", out.to_str().unwrap()]);
        assert_ne!(refused.code, 0, "{refused}");
        assert!(refused.err.contains("not for devices"), "{refused}");
        assert!(!Path::new(&out).exists());
    }
}

#[test]
fn a_device_cannot_end_anothers_session_by_taking_its_client_id() {
    let post = Post::new();
    let (device, other) = (post.enrol("post-7"), post.enrol("post-8"));
    let port = post.broker.port();
    let mut hq = Intruder::connect_as("headquarters", port, &Identity::of_headquarters(&post.hq)).unwrap();
    hq.subscribe("vedette/v1/#");
    let mut session = Intruder::connect_as("post-7", port, &Identity::of_device(&device)).unwrap();
    for stolen in ["headquarters", "post-7"] {
        Intruder::connect_as(stolen, port, &Identity::of_device(&other)).unwrap();
    }
    session.publish(LAST, b"x", false).unwrap();
    assert_eq!(hq.topics_until(LAST), [LAST]);
}
