//! Two agencies issue lists on machines of their own, headquarters carries them, a device asks all of them: each agency reads its own
//! hits and nobody else's, and headquarters holds none in the clear.

use serde_json::Value;
use std::fs;
use std::path::Path;
use vedette_tests::device::code;
use vedette_tests::headquarters::Headquarters;
use vedette_tests::http::Http;
use vedette_tests::post::{LIST, Post};
use vedette_tests::program::wait_until;
use vedette_tests::sample::{SPECIMEN, csv, number, passport};

/// The given names of everybody in these passports.
const NAMES: &str = "ANNA MARIA";

fn publish(agency: &Headquarters, list: &str, numbers: &[&str]) {
    agency.import(list, &csv(numbers)).expect_code(0);
    agency.run(&["publish", list]).expect_code(0);
}

fn holds(folder: &Path, text: &str) -> bool {
    fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()).any(|path| {
        if path.is_dir() {
            return holds(&path, text);
        }
        fs::read(&path).is_ok_and(|bytes| bytes.windows(text.len()).any(|window| window == text.as_bytes()))
    })
}

fn lists_of(encounters: &[Value]) -> Vec<&str> {
    encounters.iter().map(|encounter| encounter["list"].as_str().unwrap()).collect()
}

#[test]
fn agencies_that_do_not_read_each_other_s_hits_share_a_headquarters() {
    let post = Post::serving();
    let mut device = post.enrol_by_request("post-7");
    let key = fs::read_to_string(device.folder().join("box.key")).unwrap();
    device.start();
    // Headquarters has a list of its own, too, by the same code.
    post.hq.publish(LIST, [number(1)]);
    device.wait_for_edition(LIST, 1);
    let agencies = ["rur", "uto"].map(|name| (name, post.hq.agency(name)));
    for (name, agency) in &agencies {
        let list = format!("{name}/stolen");
        agency.run(&["list", "create", &list, "--kind", "documents", "--confirm", "1h"]).expect_code(0);
        post.hq.exchange(agency, name);
        publish(agency, &list, &[SPECIMEN, &number(2)]);
        post.hq.exchange(agency, name);
        device.wait_for_edition(&list, 1);
    }
    let hit = device.scan(&passport(SPECIMEN)).expect_code(code::HIT).json();
    assert_eq!(hit["alerts"].as_array().unwrap().len(), 2);
    device.wait_for_receipts();
    assert_eq!(post.hq.encounters(), Vec::<Value>::new());
    for (name, agency) in &agencies {
        post.hq.exchange(agency, name);
        let encounters = agency.encounters();
        assert_eq!(lists_of(&encounters), [format!("{name}/stolen")]);
        assert_eq!(encounters[0]["document"]["given_names"], NAMES);
    }
    for folder in ["hq", "broker", "to-rur", "from-rur", "post-7-given"] {
        for secret in [NAMES, key.trim()] {
            assert!(!holds(&post.folder().join(folder), secret), "{folder} holds {secret}");
        }
    }
    assert!(!String::from_utf8_lossy(&post.hq.whole_log()).contains(NAMES));

    // An agency that is away stops nobody: the other publishes, and both lists answer.
    let (_, utopia) = &agencies[1];
    publish(utopia, "uto/stolen", &[&number(2)]);
    post.hq.exchange(utopia, "uto");
    device.wait_for_edition("uto/stolen", 2);
    let hit = device.scan(&passport(SPECIMEN)).expect_code(code::HIT).json();
    assert_eq!(hit["alerts"][0]["list"], "rur/stolen");

    // Its owner answers, and the officer hears it.
    let id = utopia.encounters()[0]["id"].as_str().unwrap().to_string();
    utopia.run(&["answer", &id, "confirmed"]).expect_code(0);
    post.hq.exchange(utopia, "uto");
    let answered = || {
        let clocks = Http::at(&device.listen()).as_page().get("/v1/confirmations").expect(200).json();
        let of_list = clocks.as_array()?.iter().filter(|clock| clock["list"] == "uto/stolen");
        (of_list.filter(|clock| clock["answer"]["word"] == "confirmed").count() == 1).then_some(())
    };
    wait_until("the officer hears the owner's answer", answered, || device.log());
    // A device that is revoked at headquarters gets no further key from an agency.
    post.hq.run(&["revoke", "post-7"]).expect_code(0);
    let erased = || (device.scan(&passport(&number(2))).code == code::NOT_CHECKED).then_some(());
    wait_until("the lists are erased", erased, || device.log());
    post.hq.exchange(utopia, "uto");
    publish(utopia, "uto/stolen", &[SPECIMEN]);
    post.hq.exchange(utopia, "uto");
    assert!(utopia.home().join("keys/list-uto.stolen-2").is_file(), "the next edition has another key");
    device.scan(&passport(SPECIMEN)).expect_code(code::NOT_CHECKED);
}
