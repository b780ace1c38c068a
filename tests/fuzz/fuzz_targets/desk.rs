//! Any bytes on a connection to the desk, the first one choosing its door: answered or hung up on within a minute of its own
//! time, never a panic. No answer is 500, and every refusal is JSON with the words for it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vedette_fuzz::Desk;

thread_local! {
    static DESK: Desk = Desk::new();
}

fuzz_target!(|bytes: &[u8]| DESK.with(|desk| desk.answer(bytes)));
