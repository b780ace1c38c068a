//! What an integrator copies works: the programs of embedding.md, as they stand there, and the example of the library.

use std::fs;
use std::path::Path;
use std::process::Command;
use vedette_tests::device::Device;
use vedette_tests::post::{LIST, Post};
use vedette_tests::program::{Ended, command};
use vedette_tests::sample::{SPECIMEN, number, passport};

/// The document's block of a language.
fn block(language: &str) -> String {
    let document = include_str!("../../agent/docs/embedding.md");
    let start = format!("\n```{language}\n");
    let (_, rest) = document.split_once(&start).unwrap_or_else(|| panic!("embedding.md has no {language}"));
    rest.split_once("\n```").expect("a block ends").0.into()
}

fn ended(mut command: Command) -> Ended {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    Ended {
        command: format!("{command:?}"),
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

fn post_with_device() -> (Post, Device) {
    let post = Post::serving();
    let device = post.start_device("post-7");
    post.hq.publish(LIST, [SPECIMEN]);
    device.wait_for_edition(LIST, 1);
    (post, device)
}

/// Runs a program of the document over the device's socket.
fn ask(program: &str, arguments: &[&Path], device: &Device, zone: &str) -> Ended {
    let mut command = Command::new(program);
    command.args(arguments).arg(device.folder().join("vedette.sock")).args(zone.lines());
    ended(command)
}

#[test]
fn the_c_client_compiles_without_a_warning_and_checks_a_document() {
    let (post, device) = post_with_device();
    let (source, program) = (post.folder().join("check.c"), post.folder().join("check"));
    fs::write(&source, block("c")).unwrap();
    let mut compile = Command::new("cc");
    compile.args(["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-o"]).arg(&program).arg(&source);
    ended(compile).expect_code(0);
    let program = program.to_str().unwrap();
    let hit = ask(program, &[], &device, &passport(SPECIMEN)).expect_code(0).json();
    assert_eq!((&hit["verdict"], &hit["document"]["number"]), (&"hit".into(), &SPECIMEN.into()));
    assert_eq!(ask(program, &[], &device, &passport(&number(9))).expect_code(0).json()["verdict"], "clear");
    assert!(ask(program, &[], &device, "P<UTO").expect_code(1).json()["error"].is_string());
    ask(program, &[], &device, "P<UTO\"}").expect_code(65);
}

#[test]
fn the_python_client_checks_a_document_and_says_what_came_of_it() {
    let (post, device) = post_with_device();
    let script = post.folder().join("check.py");
    fs::write(&script, block("python")).unwrap();
    let hit = ask("python3", &[&script], &device, &passport(SPECIMEN)).expect_code(0);
    assert!(hit.out.starts_with("hit L898902C3\nUTO-P-L898902C3 of interpol/sltd seize_document"), "{hit}");
    let clear = ask("python3", &[&script], &device, &passport(&number(9))).expect_code(0);
    assert_eq!(clear.out, "clear X00000009\n");
    assert!(ask("python3", &[&script], &device, "P<UTO").expect_code(1).err.contains("MRZ"));
    post.wait_for_encounters(&device, 1);
    device.wait_for_receipts();
    assert_eq!(post.hq.encounters()[0]["outcomes"][0]["outcome"], "passed_on");
}

#[test]
fn the_library_s_example_checks_a_document_without_a_daemon() {
    let (_post, mut device) = post_with_device();
    device.stop();
    let mut embed = command("examples/embed");
    embed.arg(device.config()).args(passport(SPECIMEN).lines());
    let hit = ended(embed).expect_code(0);
    assert!(
        hit.out.starts_with("L898902C3: HIT\nUTO-P-L898902C3 of interpol/sltd: stolen, seize_document\n"),
        "{hit}"
    );
    device.start();
    device.wait_for_receipts();
}
