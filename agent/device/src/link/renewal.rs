//! Our certificate: which one the next session shows, and how it is renewed over the link.
//!
//! ```text
//! link.certificate, link.key     the pair of the enrolment, or what an administrator put there since
//! state/certificate/waiting.key  the key that a certificate was asked for, PKCS #8
//! state/certificate/next.pair    certificate and key that came, not tried yet
//! state/certificate/own.pair     certificate and key that a session was made with
//! ```
//!
//! Of the configured pair and `own.pair` the one whose certificate was made last is in use, so a pair that an administrator copies
//! over counts. From the middle of its life on we ask for the next ([`Renewal::request`]), and at once when another CA took the place of the one
//! that signed it. What comes is checked against our key and name
//! and tried on a connection of its own; only when that session has its subscriptions it becomes `own.pair`. Whatever fails
//! leaves the pair in use: a session that fails with `next.pair` is followed by one with the old, at the same broker. When that works,
//! `next.pair` is dropped and asked for again; when it fails too, the two take turns. A certificate that our CA did not sign is
//! refused, so a broker cannot give us one that nobody else takes. A key in a token is certified again and again: there is no
//! `waiting.key`, and the pairs have no key.
//!
//! Invariants: no private key leaves the device; each file is written whole or not at all, and a cut anywhere leaves a pair
//! that works. Bounds: a request at first at once, then after [`ASK_AGAIN_FIRST_S`], doubling to [`ASK_AGAIN_MAX_S`].

use super::authorities::Authorities;
use super::{csr, read};
use crate::config::{LinkConfig, LinkKeyPlace};
use std::path::PathBuf;
use vedette_common::files;
use vedette_common::mqtt::tls::{Identity, LinkKey, Term, TlsError};
use vedette_common::renewal::{RENEWAL_BYTES_MAX, RenewalAnswer, RenewalRequest, is_due, signed};
use vedette_shim::ids::DeviceId;
use vedette_shim::wire;
use zeroize::Zeroizing;

/// How soon an unanswered request is repeated at first, seconds.
const ASK_AGAIN_FIRST_S: u64 = 60;
/// Longest wait between two requests, seconds.
const ASK_AGAIN_MAX_S: u64 = 6 * 3600;

/// Our certificate and its successors.
pub struct Renewal {
    config: LinkConfig,
    authorities: Authorities,
    device: DeviceId,
    folder: PathBuf,
    trial: Trial,
    wait_s: u64,
    /// When to ask next; seconds of a clock that does not go back.
    due: u64,
}

/// What is known of `next.pair` in this run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trial {
    /// There is none, or it is of no use.
    Nothing,
    /// It is to be tried.
    Waiting,
    /// The present session is made with it.
    Running,
    /// A session with it failed: the old pair is next.
    Failed,
}

impl Renewal {
    /// Of `device`; `folder`: `state/certificate`.
    pub fn of(config: LinkConfig, authorities: Authorities, device: DeviceId, folder: PathBuf) -> Renewal {
        let trial = if folder.join("next.pair").exists() { Trial::Waiting } else { Trial::Nothing };
        Renewal { config, authorities, device, folder, trial, wait_s: ASK_AGAIN_FIRST_S, due: 0 }
    }

    /// The pair in use.
    pub(super) fn present(&self) -> Result<Identity, String> {
        let configured = self.configured();
        let starts = |identity: &Identity| identity.term().map_or(0, |term| term.starts);
        match (configured, self.pair("own.pair")) {
            (Ok(configured), Some(own)) if starts(&own) > starts(&configured) => Ok(own),
            (Err(_), Some(own)) => Ok(own),
            (configured, _) => configured,
        }
    }

    fn configured(&self) -> Result<Identity, String> {
        let chain = read(&self.config.certificate)?;
        let identity = match &self.config.key {
            LinkKeyPlace::File(path) => Identity::from_pem(&chain, &Zeroizing::new(read(path)?)),
            LinkKeyPlace::Token(uri) => Identity::in_token(&chain, uri),
        };
        identity.map_err(said)
    }

    /// A certificate with its key, both DER; no key is the token's.
    fn identity(&self, certificate: &[u8], key: &[u8]) -> Result<Identity, String> {
        match &self.config.key {
            LinkKeyPlace::Token(_) if key.is_empty() => Ok(self.configured()?.with_certificate(certificate)),
            _ => Ok(Identity::from_der(certificate, key)),
        }
    }

    /// When the certificate in use begins and ends.
    pub(super) fn term(&self) -> Option<Term> {
        self.present().ok()?.term().ok()
    }

    /// The pair for the next session.
    pub(super) fn for_session(&mut self) -> Result<Identity, String> {
        if self.trial == Trial::Waiting {
            if let Some(next) = self.pair("next.pair") {
                self.trial = Trial::Running;
                return Ok(next);
            }
            tracing::warn!("the new certificate is of no use: another is asked for");
            self.trial = Trial::Nothing;
            // If it stays, it is looked at again after a start.
            let _ = files::remove(&self.folder.join("next.pair"));
        }
        self.present()
    }

    /// Whether a pair waits to be tried: the session should end for it.
    pub(super) fn waits(&self) -> bool {
        self.trial == Trial::Waiting
    }

    /// The session has its subscriptions.
    pub(super) fn worked(&mut self) {
        let next = self.folder.join("next.pair");
        let done = match self.trial {
            Trial::Nothing | Trial::Waiting => return,
            Trial::Running => files::persist(&next, &self.folder.join("own.pair"))
                .map(|()| tracing::info!("our certificate is renewed")),
            Trial::Failed => {
                tracing::warn!("the new certificate did not work, the old one does: another is asked for");
                files::remove(&next)
            }
        };
        // Also if the file stays where it is: it is tried again after a start, not over and over.
        self.trial = Trial::Nothing;
        if let Err(error) = done {
            tracing::error!(%error, "a certificate that was tried cannot be put in its place");
        }
    }

    /// The session ended before that.
    pub(super) fn ended(&mut self) {
        self.trial = match self.trial {
            Trial::Running => Trial::Failed,
            Trial::Failed => Trial::Waiting,
            other => other,
        };
    }

    /// Another CA may have taken the place of ours: the next request waits for nothing.
    pub(super) fn ask_at_once(&mut self) {
        (self.wait_s, self.due) = (ASK_AGAIN_FIRST_S, 0);
    }

    /// The request that is due, as a message's payload. `uptime`: seconds of a clock that does not go back; `now`: since 1970.
    pub(super) fn request(&mut self, uptime: u64, now: u64) -> Option<Vec<u8>> {
        if uptime < self.due || self.trial != Trial::Nothing {
            return None;
        }
        let present = self.present().ok()?;
        let term = present.term().ok()?;
        if !is_due(term.starts, term.ends, now) && !self.authorities.have_replaced(&present) {
            (self.wait_s, self.due) = (ASK_AGAIN_FIRST_S, uptime + ASK_AGAIN_FIRST_S);
            return None;
        }
        self.due = uptime + self.wait_s;
        self.wait_s = (self.wait_s * 2).min(ASK_AGAIN_MAX_S);
        match self.signed_request(&present) {
            Ok(payload) => Some(payload),
            Err(why) => {
                tracing::error!(%why, "a new certificate cannot be asked for");
                None
            }
        }
    }

    fn signed_request(&self, present: &Identity) -> Result<Vec<u8>, String> {
        let key = present.signer().map_err(said)?;
        let request = match &self.config.key {
            LinkKeyPlace::Token(_) => csr::request(&self.device, &key),
            LinkKeyPlace::File(_) => {
                let waiting = self.waiting_key()?;
                LinkKey::read(&waiting).and_then(|waiting| csr::request(&self.device, &waiting))
            }
        };
        let request = request.map_err(said)?;
        let signature = key.sign(&signed(&request)).map_err(said)?;
        let renewal =
            RenewalRequest { request: &request, certificate: present.certificate(), signature: &signature };
        let mut buffer = vec![0; RENEWAL_BYTES_MAX];
        Ok(wire::encode(&renewal, &mut buffer).map_err(|error| error.to_string())?.to_vec())
    }

    /// The key that a certificate is asked for; made if there is none.
    fn waiting_key(&self) -> Result<Zeroizing<Vec<u8>>, String> {
        let path = self.folder.join("waiting.key");
        if let Ok(key) = read(&path) {
            let key = Zeroizing::new(key);
            if LinkKey::read(&key).is_ok() {
                return Ok(key);
            }
        }
        let key = LinkKey::generate().map_err(said)?;
        files::make_folder(&self.folder)
            .and_then(|()| files::write(&path, &key))
            .map_err(|e| e.to_string())?;
        Ok(key)
    }

    /// Takes what headquarters gave, so that it is tried next.
    pub(super) fn take(&mut self, payload: &[u8], now: u64) {
        match self.store(payload, now) {
            Ok(()) => tracing::info!("a new certificate came, and is tried"),
            Err(why) => tracing::warn!(%why, "a new certificate is refused"),
        }
    }

    fn store(&mut self, payload: &[u8], now: u64) -> Result<(), String> {
        let renewed: RenewalAnswer = wire::decode(payload).map_err(|error| error.to_string())?;
        let waiting = self.folder.join("waiting.key");
        let key = match &self.config.key {
            LinkKeyPlace::Token(_) => Vec::new(),
            LinkKeyPlace::File(_) => read(&waiting).map_err(|_| "nothing was asked for")?,
        };
        let key = Zeroizing::new(key);
        let next = self.identity(renewed.certificate, &key)?;
        next.check(&self.device).map_err(|error| error.to_string())?;
        next.check_issuer(&self.authorities.pem()?).map_err(|error| error.to_string())?;
        let term = next.term().map_err(|error| error.to_string())?;
        let ends = self.term().map_or(0, |term| term.ends);
        if term.ends <= ends.max(now) {
            return Err("it ends no later than the one in use".into());
        }
        let mut buffer = Zeroizing::new(vec![0; RENEWAL_BYTES_MAX]);
        let pair = wire::encode(&(renewed.certificate, &key[..]), &mut buffer).map_err(|e| e.to_string())?;
        files::write(&self.folder.join("next.pair"), pair).map_err(|error| error.to_string())?;
        self.trial = Trial::Waiting;
        // The pair has it. Left behind it would only be asked for again.
        let _ = files::remove(&waiting);
        Ok(())
    }

    fn pair(&self, name: &str) -> Option<Identity> {
        let bytes = Zeroizing::new(read(self.folder.join(name)).ok()?);
        let (certificate, key): (&[u8], &[u8]) = wire::decode(&bytes).ok()?;
        let identity = self.identity(certificate, key).ok()?;
        identity.check(&self.device).ok()?;
        identity.check_issuer(&self.authorities.pem().ok()?).ok()?;
        Some(identity)
    }
}

fn said(error: TlsError) -> String {
    error.to_string()
}
