//! The firmwares of cross/, in Rust and in C, on a Cortex-M4F in QEMU: the same answers as everywhere, through losses of
//! power, and what they noted handed to a host.
//!
//! Built only with the feature `firmware`; `cross/firmware-test` brings what it needs.

mod board;
mod home;
mod host;

use board::{Board, Factory, Running};
use vedette_shim::scanner::Note;
use vedette_tests::press::Press;
use vedette_tests::vectors;

const FIRMWARES: [&str; 2] = ["rust", "c"];
/// Most bytes of memory beside the page buffers.
const STATE_BYTES_MAX: u32 = 8 * 1024;
/// Most bytes of stack; the firmwares' linker script leaves them more.
const STACK_BYTES_MAX: u32 = 16 * 1024;

fn vector(name: &str) -> Vec<u8> {
    std::fs::read(vectors::folder().join(name)).expect("a file of the vectors")
}

/// A board that its factory told what the vectors say.
fn board(firmware: &'static str) -> Board {
    let board = Board::new(firmware);
    let (pinned, host, zones) = (vector("pinned.bin"), vector("host.bin"), vector("zones.txt"));
    board.make(&Factory { pinned: &pinned, host: &host, zones: &zones });
    board
}

fn number(text: &str) -> u32 {
    let digits = text.split(' ').find(|word| !word.is_empty()).unwrap_or_default();
    digits.parse().unwrap_or_else(|_| panic!("{text:?} begins with no number"))
}

#[track_caller]
fn expect_answers(run: &Running, firmware: &str) {
    let said = run.lines("answer ").join("\n") + "\n";
    let wanted = vector("answers.txt");
    assert!(said.as_bytes() == wanted, "{firmware}: other answers than on x86_64:\n{said}");
}

/// What each note of a whole run must say: the alert met and the zone, in order.
fn expected_notes() -> Vec<(String, String)> {
    let (zones, answers) = (vector("zones.txt"), vector("answers.txt"));
    let text = |bytes| String::from_utf8(bytes).expect("vectors are text");
    let (zones, answers) = (text(zones), text(answers));
    let alerts_of = |answer: &str| {
        let met = answer.split("; ").skip(2).map(|met| met.split(' ').nth(1).unwrap_or_default().to_string());
        met.collect::<Vec<_>>()
    };
    let pairs = zones.lines().zip(answers.lines());
    pairs.flat_map(|(zone, answer)| alerts_of(answer).into_iter().map(|a| (a, zone.into()))).collect()
}

fn said(note: &Note) -> (String, String) {
    (note.alert.as_str().into(), note.zone.as_str().into())
}

#[test]
fn both_answer_the_vectors_byte_for_byte_and_keep_to_their_memory() {
    for firmware in FIRMWARES {
        let board = board(firmware);
        let mut run = board.start(None);
        run.line("ready");
        expect_answers(&run, firmware);
        let (state, stack) = (run.lines("state "), run.lines("stack "));
        println!("{firmware}: state {}, stack {}", state[0], stack[0]);
        assert!(number(&state[0]) <= STATE_BYTES_MAX, "{firmware}: state {}", state[0]);
        assert!(number(&stack[0]) <= STACK_BYTES_MAX, "{firmware}: stack {}", stack[0]);
    }
}

/// Steps at the flash of a run without a loss of power: until all is set up, and until all is noted.
fn steps(board: &Board) -> (u32, u32) {
    let mut run = board.start(None);
    (number(&run.line("steps ")), number(&run.line("steps ")))
}

/// Installing, from the first step to the last; in the middle of a page; noting; the last note.
fn cuts(ready: u32, all: u32) -> [u32; 8] {
    let noting = all - ready;
    [1, ready / 5, ready / 2, ready - 3, ready + 1, ready + noting / 3, ready + noting / 2 + 1, all - 1]
}

#[test]
fn what_was_noted_before_the_power_went_is_handed_over_whole_and_in_order() {
    let (key, expected) = (Press::default().scanner_key, expected_notes());
    for firmware in FIRMWARES {
        let (ready, all) = steps(&board(firmware));
        for cut in cuts(ready, all) {
            let board = board(firmware);
            let mut first = board.start(Some(cut));
            first.line("power lost");
            let before = first.noted();
            drop(first);

            let mut second = board.start(None);
            let port = second.port();
            second.line("ready");
            expect_answers(&second, firmware);
            let after = second.noted();
            let taken = host::take_all(&port, &key);
            println!(
                "{firmware}: power lost in step {cut} of {all}: {} noted before, {} after, {} handed over",
                before.len(),
                after.len(),
                taken.len()
            );

            // The note that was being written is there or not; it was not promised.
            let being_written = taken.len() - before.len() - after.len();
            assert!(being_written <= 1, "{firmware}, step {cut}: {} handed over", taken.len());
            let ids: Vec<_> = taken.iter().map(|(id, _)| id.clone()).collect();
            assert_eq!(ids[..before.len()], before, "{firmware}, step {cut}");
            assert_eq!(ids[before.len() + being_written..], after, "{firmware}, step {cut}");
            let notes: Vec<_> = taken.iter().map(|(_, note)| said(note)).collect();
            let earlier = before.len() + being_written;
            assert_eq!(notes[..earlier], expected[..earlier], "{firmware}, step {cut}");
            assert_eq!(notes[earlier..], expected[..], "{firmware}, step {cut}");
        }
    }
}
