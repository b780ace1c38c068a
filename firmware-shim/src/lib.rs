//! What a scanner and a workstation must agree on, written once, without std and without alloc.
//!
//! | module | what it is |
//! |---|---|
//! | [`mrz`] | lines of a machine readable zone -> fields with per-check results |
//! | [`document`] | (state, type, number) -> the key a list is asked for |
//! | [`states`] | the codes of issuing states, and which stand for one issuer |
//! | [`ids`] | the bounded names of lists, devices, digests |
//! | [`list`] | the sealed segment format; lookup over [`list::BlockRead`] |
//! | [`seal`] | page encryption and key derivation behind a small [`seal::Aead`] |
//! | [`trust`] | root, roles, thresholds, manifest, heartbeat: accept (bytes, floor, now) |
//! | [`wire`] | the messages of the link, postcard, a version first |
//! | [`scanner`] | the messages between a scanner and its host |
//! | [`session`] | the secure channel between a scanner and its host |
//! | [`frame`] | frames for serial lines: COBS and CRC-32 |
//! | [`query`] | a zone -> the keys that a list of documents is asked for |
//! | [`verdict`] | (how a list was asked, what it matched) -> its answer; all answers -> the verdict |
//! | [`flash`] | the firmware's flash driver, and records that survive a power cut |
//! | [`kv`] | a key-value store in flash: floors, editions in use, the last signed time |
//! | [`spool`] | encounters kept in flash until the host takes them |
//! | [`installer`] | a list in flash: installed piece by piece, switched at once |
//! | `ffi` | (feature `c`) the C interface, `include/vedette_shim.h` |
//! | [`unit`] | a scanner as a whole: checks, notes, and answers its host |
//!
//! Data flows one way: bytes come in from the caller's buffers, answers go out by value. Nothing here
//! reads a clock, allocates or blocks.
//!
//! Where a function with large locals is marked `#[inline(never)]`, it is for the stack: inlined into its caller, its
//! locals would lie there beside those of every other, for as long as the caller runs.
#![no_std]

#[cfg(any(test, feature = "testing"))]
extern crate std;

pub mod document;
#[cfg(feature = "c")]
pub mod ffi;
pub mod flash;
pub mod frame;
pub mod ids;
pub mod installer;
pub mod kv;
pub mod list;
pub mod mrz;
pub mod query;
pub mod scanner;
pub mod seal;
pub mod session;
pub mod spool;
pub mod states;
pub mod trust;
pub mod unit;
#[cfg(all(test, feature = "soft"))]
mod vectors;
pub mod verdict;
pub mod wire;
