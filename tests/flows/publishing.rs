//! An administrator publishes: what devices see of it, and what they do not.

use vedette_tests::device::code;
use vedette_tests::post::{LIST, Post};
use vedette_tests::sample::{SPECIMEN, number, passport};

#[test]
fn a_list_that_is_made_and_imported_touches_no_device_before_its_first_edition() {
    let post = Post::serving();
    post.hq.publish(LIST, [number(1)]);
    let device = post.start_device("post-7");
    device.wait_for_edition(LIST, 1);

    post.hq.create_list("uto/another", "48h");
    post.hq.import("uto/another", &vedette_tests::sample::csv([SPECIMEN])).expect_code(0);
    // Everything that headquarters has signed goes out before this edition.
    post.hq.publish(LIST, [number(1), number(2)]);
    device.wait_for_edition(LIST, 2);
    let clear = device.scan(&passport(SPECIMEN)).expect_code(code::CLEAR).json();
    let checked: Vec<_> = clear["checked"].as_array().unwrap().iter().map(|list| &list["list"]).collect();
    assert_eq!(checked, [LIST]);
    // Nor does one that is enrolled in between know of it.
    let early = post.start_device("post-8");
    early.wait_for_edition(LIST, 2);
    early.scan(&passport(SPECIMEN)).expect_code(code::CLEAR);

    post.hq.run(&["publish", "uto/another"]).expect_code(0);
    for device in [&device, &early] {
        device.wait_for_edition("uto/another", 1);
        device.scan(&passport(SPECIMEN)).expect_code(code::HIT);
    }
}
