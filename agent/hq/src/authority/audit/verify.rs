//! Verifies the audit log line by line, from its first: chain, hashes, signatures, numbers, segments.
//!
//! A line that was changed, removed, inserted or moved is found at that line or the one after. What the lines themselves cannot
//! show is that the last ones are missing: for that somebody must have noted a later line's hash elsewhere (`--head`).

use crate::authority::audit::act::{AUDIT_KEY, Act, BEGAN, DONE};
use crate::authority::audit::actor::{LOCAL, SERVE};
use crate::authority::audit::line::{for_operator, hash_of, to_sign};
use crate::authority::error::AuthorityError;
use crate::db::audit::Line;
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use std::collections::BTreeMap;
use vedette_common::crypto::RingVerify;
use vedette_common::text::bytes_of_hex;
use vedette_shim::ids::{Hex, from_hex};
use vedette_shim::trust::{PublicKey, Verify};

/// Acts that began and have not ended that are remembered, at most.
pub const OPEN_MAX: usize = 1000;

/// What a good log is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verified {
    /// The number of its last line, which is how many it has.
    pub lines: u64,
    /// The last line's hash.
    pub head: [u8; 32],
    /// The audit key that signed its first lines, hexadecimal: what an export is verified with.
    pub key: String,
    /// The audit key that signs the next line; another where the key was replaced.
    pub last_key: String,
    /// The lines with which a restored home went on: what was done after the line before each and lost with the home before it is
    /// not in the log.
    pub restores: Vec<u64>,
    /// Acts that began and have no end, by line.
    pub open: BTreeMap<u64, String>,
    /// The line that has the hash that was looked for.
    pub found: Option<u64>,
}

/// Takes the lines of a log, the first first.
pub struct Verifier {
    /// The audit key; before the first line, the one that it must name.
    key: Option<PublicKey>,
    /// A hash that some line must have.
    wanted: Option<[u8; 32]>,
    segment: u64,
    /// The public keys of the operators, P-256 points.
    operators: BTreeMap<String, Vec<u8>>,
    verified: Verified,
}

impl Verifier {
    /// Of a log whose lines are signed by `key`; without, by the key that its first line names.
    pub fn new(key: Option<PublicKey>, wanted: Option<[u8; 32]>) -> Verifier {
        Verifier { key, wanted, segment: 0, operators: BTreeMap::new(), verified: Verified::default() }
    }

    /// Takes the next line.
    ///
    /// # Errors
    /// [`AuthorityError::BadLine`] names it.
    pub fn take(&mut self, line: &Line) -> Result<(), AuthorityError> {
        let number = self.verified.lines + 1;
        self.check(line, number).map_err(|why| AuthorityError::BadLine { line: number, why })?;
        self.note(line);
        self.verified.lines = number;
        self.verified.head = line.hash;
        Ok(())
    }

    /// What all of them are, after the last.
    ///
    /// # Errors
    /// [`AuthorityError::BadLine`] if there is none, or none with the hash that was wanted.
    pub fn end(self) -> Result<Verified, AuthorityError> {
        let next = self.verified.lines + 1;
        let bad = |why: &str| AuthorityError::BadLine { line: next, why: why.into() };
        if next == 1 {
            return Err(bad("the log is empty"));
        }
        if self.wanted.is_some() && self.verified.found.is_none() {
            return Err(bad(
                "no line has the hash that is looked for: the log ends before it, or is another",
            ));
        }
        let last_key = Hex(&self.key.unwrap_or_default()).to_string();
        Ok(Verified { last_key, ..self.verified })
    }

    fn check(&mut self, line: &Line, number: u64) -> Result<(), String> {
        if line.number != number {
            return Err(format!("the line here has the number {}", line.number));
        }
        if line.previous != self.verified.head {
            return Err("it does not follow the line before".into());
        }
        if line.hash != hash_of(line) {
            return Err("its hash is not that of its content".into());
        }
        let is_restore = line.act == Act::Restore.name();
        match (number == 1, line.act == Act::LogBegins.name()) {
            (true, true) => self.begin(line)?,
            (false, false) if is_restore && line.segment <= self.segment => {
                return Err("it is a restore, and begins no new segment".into());
            }
            (false, false) if !is_restore && line.segment != self.segment => {
                return Err("it begins a new segment, and is no restore".into());
            }
            (false, false) => {}
            _ => return Err("only the first line begins the log".into()),
        }
        let key = self.key.unwrap_or_default();
        if !RingVerify.verify(&key, &to_sign(&line.hash), &line.signature) {
            return Err("it is not signed by the audit key".into());
        }
        self.check_operator(line)
    }

    fn begin(&mut self, line: &Line) -> Result<(), String> {
        let named = line.details.get("key").and_then(|key| from_hex(key.as_str()?));
        let named: PublicKey = named.ok_or("it names no audit key")?;
        if self.key.is_some_and(|key| key != named) {
            return Err("the log is not one of this audit key".into());
        }
        (self.key, self.segment) = (Some(named), line.segment);
        self.verified.key = Hex(&named).to_string();
        Ok(())
    }

    /// That an operator's line is signed by the operator, and no other line by anybody.
    fn check_operator(&self, line: &Line) -> Result<(), String> {
        let signature = &line.operator_signature;
        if line.operator == SERVE || line.operator.starts_with(LOCAL) {
            return match signature.is_empty() {
                true => Ok(()),
                false => Err("it has a signature of an operator, and none acted".into()),
            };
        }
        let Some(key) = self.operators.get(&line.operator) else {
            return Err(format!("no operator {:?} was in force", line.operator));
        };
        let signature = bytes_of_hex(signature).ok_or("the operator's signature is not hexadecimal")?;
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key)
            .verify(&for_operator(&line.hash), &signature)
            .map_err(|_| format!("it is not signed by the operator {:?}", line.operator))
    }

    /// What later lines are judged by, and what the report says.
    fn note(&mut self, line: &Line) {
        self.segment = line.segment;
        if line.act == Act::Restore.name() {
            self.verified.restores.push(line.number);
        }
        let began = line.details.get(BEGAN).and_then(serde_json::Value::as_u64);
        began.and_then(|began| self.verified.open.remove(&began));
        if line.state == BEGAN && self.verified.open.len() < OPEN_MAX {
            self.verified.open.insert(line.number, line.act.clone());
        }
        let is_done = line.state == DONE;
        if is_done && line.act == Act::ReplaceKey.name() && line.object == AUDIT_KEY {
            self.key = line.details.get("key").and_then(|key| from_hex(key.as_str()?));
        }
        if is_done && line.act == Act::OperatorAdd.name() {
            let key = line.details.get("key").and_then(|key| bytes_of_hex(key.as_str()?));
            self.operators.insert(line.object.clone(), key.unwrap_or_default());
        }
        if is_done && line.act == Act::OperatorRemove.name() {
            self.operators.remove(&line.object);
        }
        if self.wanted == Some(line.hash) {
            self.verified.found = Some(line.number);
        }
    }
}
