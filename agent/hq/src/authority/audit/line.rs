//! What a line's hash and signatures cover, and the line as JSON.
//!
//! ```text
//! body       the line's JSON without hash, signature and operator_signature: keys sorted, no white space, UTF-8
//! hash       SHA-256 of the body
//! signature  Ed25519 by the audit key over "vedette audit line 1\n" and the 32 bytes of the hash
//! operator_signature   ECDSA P-256 with SHA-256 over "vedette audit operator 1\n" and the same, DER
//! ```

use crate::db::audit::Line;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use vedette_shim::ids::Hex;
use vedette_shim::trust::digest;

/// The longest line as JSON, bytes: reading ends there.
pub const LINE_BYTES_MAX: usize = 128 * 1024;

/// What the hash covers, in the order of the names.
#[derive(Serialize)]
struct Body<'a> {
    act: &'a str,
    at: u64,
    details: &'a BTreeMap<String, Value>,
    number: u64,
    object: &'a str,
    operator: &'a str,
    previous: String,
    reason: &'a str,
    segment: u64,
    state: &'a str,
}

/// The hash that a line of this content has.
pub(crate) fn hash_of(line: &Line) -> [u8; 32] {
    let body = Body {
        act: &line.act,
        at: line.at,
        details: &line.details,
        number: line.number,
        object: &line.object,
        operator: &line.operator,
        previous: Hex(&line.previous).to_string(),
        reason: &line.reason,
        segment: line.segment,
        state: &line.state,
    };
    digest(&serde_json::to_vec(&body).expect("texts and numbers are JSON"))
}

/// What the audit key signs.
pub(crate) fn to_sign(hash: &[u8; 32]) -> Vec<u8> {
    [b"vedette audit line 1\n", &hash[..]].concat()
}

/// What an operator signs.
pub(crate) fn for_operator(hash: &[u8; 32]) -> Vec<u8> {
    [b"vedette audit operator 1\n", &hash[..]].concat()
}

/// The line as it is exported.
pub(crate) fn to_json(line: &Line) -> String {
    serde_json::to_string(line).expect("texts and numbers are JSON")
}

/// Reads an exported line, which must be written as [`to_json`] writes it: one line has one spelling.
pub(crate) fn from_json(text: &str) -> Result<Line, String> {
    let line: Line = serde_json::from_str(text).map_err(|error| error.to_string())?;
    match to_json(&line) == text {
        true => Ok(line),
        false => Err("it is not spelled as it was exported".into()),
    }
}
