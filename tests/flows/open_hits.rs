//! A hit without an outcome is shown again after a restart of the agent, and nothing of it is on the disk in the clear.

use serde_json::{Value, json};
use std::fs;
use vedette_tests::device::{Device, code};
use vedette_tests::http::Http;
use vedette_tests::post::{LIST, Post};
use vedette_tests::program::wait_until;
use vedette_tests::sample::{SPECIMEN, passport};

fn open(device: &Device) -> Vec<Value> {
    let page = Http::at(&device.listen()).as_page();
    page.get("/v1/open").expect(200).json().as_array().unwrap().clone()
}

fn outcome(device: &Device, hit: &Value) {
    let encounter = hit["answer"]["alerts"][0]["encounter_id"].as_str().unwrap();
    let page = Http::at(&device.listen()).as_page();
    page.post(&format!("/v1/encounters/{encounter}/outcome"), &json!({"outcome": "seized", "who": "b-1"}))
        .expect(200);
}

#[test]
fn an_open_hit_is_shown_again_after_a_restart_until_it_has_its_outcome() {
    let post = Post::serving();
    let mut device = post.start_device("post-7");
    post.hq.publish(LIST, [SPECIMEN, "X0000001"]);
    device.wait_for_edition(LIST, 1);
    device.scan(&passport(SPECIMEN)).expect_code(code::HIT);
    device.scan(&passport("X0000001")).expect_code(code::HIT);
    device.scan(&passport("Z0000001")).expect_code(code::CLEAR);
    let shown = open(&device);
    assert_eq!(shown.len(), 2, "{shown:?}");

    device.kill();
    let database = fs::read(device.folder().join("state/state.db-wal")).unwrap();
    let clear = b"ANNA MARIA";
    assert!(!database.windows(clear.len()).any(|window| window == clear), "the traveller's name is sealed");
    device.start();
    let again = open(&device);
    let answers = |hits: &[Value]| hits.iter().map(|hit| hit["answer"].clone()).collect::<Vec<_>>();
    assert_eq!(answers(&again), answers(&shown), "as they were shown");
    outcome(&device, &again[0]);
    assert_eq!(answers(&open(&device)), answers(&shown[1..]));

    device.kill();
    device.start();
    assert_eq!(answers(&open(&device)), answers(&shown[1..]));
    // What an order erases is not shown any more, nor again.
    post.hq.run(&["revoke", "post-7"]).expect_code(0);
    let erased = || (device.scan(&passport(SPECIMEN)).code == code::NOT_CHECKED).then_some(());
    wait_until("the lists are erased", erased, || device.log());
    let gone = || open(&device).is_empty().then_some(());
    wait_until("the page is not shown them any more", gone, || device.log());
    device.kill();
    device.start();
    assert_eq!(open(&device), Vec::<Value>::new());
}
