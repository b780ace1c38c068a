//! What is said with headquarters in a session, whatever carries it: which messages go out now, and what becomes of one that
//! comes in.
//!
//! It knows neither broker nor clock face: the uplink's task calls it, and so does the simulation, with a network of its own.
//! Invariant: an encounter leaves the spool only for a verified receipt over its bytes. Failure: what cannot be read or
//! verified is logged and dropped; a store that cannot be read is the caller's error, and ends the session.

use super::early::EarlyAnswers;
use super::self_report::SelfReport;
use super::session::LinkSession;
use crate::check::Checker;
use crate::intake::{Missing, Update};
use crate::store::{DbError, confirmations, spool};
use bytes::Bytes;
use std::sync::Arc;
use vedette_common::crypto::RingVerify;
use vedette_common::encounter;
use vedette_common::mqtt::session::{Publish, encoded};
use vedette_common::mqtt::topics::{DeviceTopic, Topic};
use vedette_shim::ids::{EncounterId, Hex};
use vedette_shim::trust::{OVERDUE_MAX, OwnerAnswer, Receipt, TrustError};

/// Bytes of a request for chunks, at most: digest, first, count.
const WANT_BYTES_MAX: usize = 64;

/// One device's side of what is said.
pub struct Exchange {
    checker: Arc<Checker>,
    /// Owners' answers that wait for a newer root.
    early: EarlyAnswers,
    report: SelfReport,
}

/// What a message has for the intake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ForIntake {
    /// A signed statement.
    Update(Update),
    /// An encoded chunk.
    Chunk(Bytes),
}

impl Exchange {
    /// Of the device of `checker`, which has spool, lists in use and clock.
    pub fn new(checker: Arc<Checker>) -> Exchange {
        Exchange { checker, early: EarlyAnswers::default(), report: SelfReport::default() }
    }

    /// Whose side it is.
    pub fn checker(&self) -> &Arc<Checker> {
        &self.checker
    }

    /// The messages that are due, at most `room`. `now`: seconds since the session began; `news`: what the status says has
    /// changed.
    pub fn outgoing(
        &self,
        session: &mut LinkSession,
        missing: Option<&Missing>,
        room: usize,
        now: u64,
        news: bool,
    ) -> Result<Vec<Publish>, DbError> {
        let own = |what| Topic::Device(self.checker.device().clone(), what).name();
        let mut out = Vec::new();
        if let Some(want) = session.want(now, missing) {
            let payload = encoded(&want, WANT_BYTES_MAX);
            out.push(Publish { topic: own(DeviceTopic::Want), payload, retain: false });
        }
        if session.status_due(now, news) {
            out.push(self.status(true));
        }
        let state = self.checker.db();
        let room = room.saturating_sub(out.len());
        let encounters = session.encounters(now, room, |after, limit| spool::after(state, after, limit))?;
        let batches = encounter::batches(encounters.into_iter().map(|spooled| spooled.message));
        let publish = |payload| Publish { topic: own(DeviceTopic::Encounter), payload, retain: false };
        out.extend(batches.into_iter().map(publish));
        Ok(out)
    }

    /// Takes a message: what it has for the intake. One that is not ours or cannot be read is logged and dropped.
    pub fn receive(&mut self, session: &mut LinkSession, topic: &str, payload: Bytes) -> Option<ForIntake> {
        let update = match Topic::parse(topic) {
            Some(Topic::Root(version)) => Update::Root(version, payload.into()),
            Some(Topic::Heartbeat) => Update::Heartbeat(payload.into()),
            Some(Topic::Roster) => Update::Roster(payload.into()),
            Some(Topic::Manifest(list)) => Update::Manifest(list, payload.into()),
            Some(Topic::Device(_, DeviceTopic::Grant(list))) => Update::Grant(list, payload.into()),
            Some(Topic::Device(_, DeviceTopic::Scanner(scanner))) => Update::Scanner(scanner, payload.into()),
            Some(Topic::Segment(..) | Topic::Device(_, DeviceTopic::Have)) => {
                return Some(ForIntake::Chunk(payload));
            }
            // Headquarters cleared what the broker retained.
            Some(Topic::Device(_, DeviceTopic::Order | DeviceTopic::Answer(_))) if payload.is_empty() => {
                return None;
            }
            Some(Topic::Device(_, DeviceTopic::Order)) => Update::Order(payload.into()),
            Some(Topic::Device(_, DeviceTopic::Receipt)) => {
                self.receipt(session, &payload);
                return None;
            }
            Some(Topic::Device(_, DeviceTopic::Answer(_))) => {
                self.answer(payload);
                return None;
            }
            _ => {
                tracing::warn!(%topic, "a message on an unexpected topic");
                return None;
            }
        };
        Some(ForIntake::Update(update))
    }

    fn receipt(&self, session: &mut LinkSession, bytes: &[u8]) {
        let root = &self.checker.snapshot().root;
        let receipt = match Receipt::accept(bytes, self.checker.device(), root, &RingVerify) {
            Ok(receipt) => receipt,
            Err(error) => {
                return tracing::warn!(reason = %error.reason(), %error, "a receipt is refused");
            }
        };
        let kept_at = (self.checker.limits().keep_receipted_days > 0).then(|| self.checker.now());
        match spool::receipted(self.checker.db(), &receipt.entries, kept_at) {
            // Not louder: after a Clear, this line would tell of a discreet alert.
            Ok(removed) => tracing::debug!(removed, "encounters are receipted"),
            Err(error) => return tracing::error!(%error, "a receipt cannot be stored"),
        }
        session.settled(receipt.entries.iter().map(|entry| entry.id));
        if !receipt.refused.is_empty() {
            self.set_aside(session, &receipt.refused);
        }
    }

    fn set_aside(&self, session: &mut LinkSession, refused: &[[u8; 16]]) {
        let (db, now) = (self.checker.db(), self.checker.now());
        match spool::set_aside(db, &session.in_flight(), refused, now) {
            Ok((aside, shown)) => {
                if shown > 0 {
                    tracing::error!(
                        shown,
                        "headquarters refuses encounters: they are kept, and sent again in a day"
                    );
                }
                session.settled(aside.into_iter());
            }
            Err(error) => tracing::error!(%error, "refused encounters cannot be set aside"),
        }
    }

    /// Sends again what was refused a day ago, and what headquarters ordered of what it had receipted.
    pub fn send_again(&self) {
        let (db, now) = (self.checker.db(), self.checker.now());
        let done = spool::refused_again(db, now.saturating_sub(spool::REFUSED_AGAIN_S))
            .and_then(|_| spool::receipted_again(db, self.checker.limits().spool_bytes_max));
        if let Err(error) = done {
            tracing::error!(%error, "encounters cannot be sent again");
        }
    }

    /// Verifies the answers again that came before their root.
    pub fn answer_again(&mut self) {
        for bytes in self.early.due(self.checker.snapshot().root.version) {
            self.answer(bytes);
        }
    }

    fn answer(&mut self, bytes: Bytes) {
        let root = &self.checker.snapshot().root;
        let answer = match OwnerAnswer::accept(&bytes, self.checker.device(), root, &RingVerify) {
            Ok(answer) => answer,
            Err(TrustError::Signatures { .. }) if self.early.add(bytes.clone(), root.version) => {
                return tracing::debug!("an owner's answer waits for a newer root");
            }
            Err(error) => {
                return tracing::warn!(reason = %error.reason(), %error, "an owner's answer is refused");
            }
        };
        match confirmations::answered(self.checker.db(), &answer) {
            // Not louder, as above: owners answer discreet alerts too.
            Ok(true) => tracing::debug!(encounter = %Hex(&answer.encounter), "the owner has answered"),
            Ok(false) => {}
            Err(error) => tracing::error!(%error, "an owner's answer cannot be stored"),
        }
    }

    /// The editions in use and what is overdue, to notice when they change.
    pub fn reported(&self) -> (Vec<u64>, usize) {
        let editions = self.checker.snapshot().lists.iter().map(|held| held.edition).collect();
        (editions, self.overdue().len())
    }

    fn overdue(&self) -> heapless::Vec<EncounterId, OVERDUE_MAX> {
        confirmations::overdue(self.checker.db(), self.checker.now()).unwrap_or_else(|error| {
            tracing::error!(%error, "overdue confirmations cannot be read");
            heapless::Vec::new()
        })
    }

    /// What the broker is to publish when the session that begins now ends. `certificate`: the serial number of the one that the
    /// session is made with.
    pub fn will(&mut self, certificate: &[u8]) -> Publish {
        let overdue = self.overdue();
        self.report.will(&self.checker, certificate, overdue)
    }

    /// What the device says of itself.
    pub fn status(&self, online: bool) -> Publish {
        self.report.status(&self.checker, online, self.overdue())
    }
}
