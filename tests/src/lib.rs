//! Helpers of the flow tests: a real broker, headquarters and devices, as processes, in a temporary directory.
//!
//! | module | what it is |
//! |---|---|
//! | [`post`] | the whole: headquarters, broker and devices on one machine |
//! | [`headquarters`] | `vedette-hq` on a home of its own, and its `serve` as a process |
//! | [`device`] | an enrolled device: `vedette run` as a process, and what an officer does with it |
//! | [`handheld`], [`cable`] | a scanner with the shim that runs, and a cable to it that can be pulled out |
//! | [`program`] | runs a built program; waits for what must happen |
//! | [`useless_broker`] | a broker that is of no use to its clients |
//! | [`sample`] | invented documents, their CSV and their machine readable zones |
//! | [`http`] | a bare HTTP client of the desk on loopback |
//! | [`press`] | signed lists for a scanner, made with the library and with keys that everybody knows |
//! | [`scanner`] | a scanner in memory and a host that talks to it in frames |
//! | [`host_line`] | its end of the line: the secure channel |
//! | [`vectors`] | what firmware is tested with on every processor: `firmware-shim/tests/vectors` |
//! | [`simulation`] | a year of a fleet by the dice of a seed, over both ends' own code, without a broker |
//! | [`seen`] | what officers saw while the store could not be relied on, and that it comes home |
//! | [`line`] | a line to the broker that counts what goes over it, and can be cut |
//! | [`power_cut`] | what a real program wrote, and every state of the disk that a power cut may leave of it |
//! | [`intruder`] | a bare MQTT client with whatever certificate it is given, and forged statements |
//!
//! Everything goes through the command lines, as for a user; only the simulation, and what an attacker or a scanner does, use
//! the library.
//! Every wait has a deadline, far above what a slow machine needs, and fails with the logs of the processes it waited for.

pub mod cable;
pub mod device;
pub mod handheld;
pub mod headquarters;
pub mod host_line;
pub mod http;
pub mod intruder;
pub mod line;
pub mod post;
pub mod power_cut;
pub mod press;
pub mod program;
pub mod sample;
pub mod scanner;
pub mod seen;
pub mod simulation;
pub mod useless_broker;
pub mod vectors;
