//! The device's status: what it holds and how it is, signed and numbered, so that headquarters believes the broker in nothing.
//!
//! Invariants: each status has another number, higher than the one before, stored before the status leaves; so a copy of the
//! store, or an older state of it, shows at headquarters. The number and the journal's end are read in one transaction.
//!
//! It names the certificate that the session is made with: headquarters ends a CA only when no device needs it any more.
//!
//! Failure: where the store cannot be written, numbers go on in memory, and the status says what the fault is.

use crate::check::Checker;
use crate::snapshot::SnapshotList;
use crate::store::{DbError, journal, roster, spool, trust};
use std::sync::atomic::{AtomicU64, Ordering};
use vedette_common::crypto::sign_statement;
use vedette_common::device_key;
use vedette_common::mqtt::session::Publish;
use vedette_common::mqtt::topics::{DeviceTopic, Topic};
use vedette_common::text::cut;
use vedette_shim::ids::{Digest, EncounterId};
use vedette_shim::trust::{
    self as shim_trust, Envelope, Heartbeat, HeldList, OVERDUE_MAX, SERIAL_BYTES_MAX, SignedKind, Status,
};

/// What was said of itself so far.
#[derive(Default)]
pub(super) struct SelfReport {
    last: AtomicU64,
    /// The number of the will of the session that began last.
    session: u64,
    /// The serial number of the certificate that it is made with.
    certificate: heapless::Vec<u8, SERIAL_BYTES_MAX>,
}

/// Number, and where the journal ends.
struct Place {
    number: u64,
    journal: u64,
    journal_hash: Digest,
}

impl SelfReport {
    /// What is published when the session that begins now ends. `certificate`: the serial number of the one that it is made with.
    pub(super) fn will(
        &mut self,
        checker: &Checker,
        certificate: &[u8],
        overdue: heapless::Vec<EncounterId, OVERDUE_MAX>,
    ) -> Publish {
        let place = self.next(checker);
        self.session = place.number;
        self.certificate = heapless::Vec::from_slice(certificate).unwrap_or_default();
        self.say(checker, false, overdue, &place)
    }

    /// What is true now.
    pub(super) fn status(
        &self,
        checker: &Checker,
        online: bool,
        overdue: heapless::Vec<EncounterId, OVERDUE_MAX>,
    ) -> Publish {
        let place = self.next(checker);
        self.say(checker, online, overdue, &place)
    }

    fn next(&self, checker: &Checker) -> Place {
        let before = self.last.load(Ordering::Relaxed);
        let place = checker.db().transaction("number the status", |t| {
            let number = trust::next_status(t, before)?;
            let journal = journal::last_written(t)? as u64;
            Ok::<_, DbError>(Place { number, journal, journal_hash: journal::last_hash(t)? })
        });
        let place = place.unwrap_or_else(|error| {
            tracing::error!(%error, "the status has a number that is not stored");
            Place { number: before + 1, journal: 0, journal_hash: Digest::default() }
        });
        self.last.store(place.number, Ordering::Relaxed);
        place
    }

    fn say(
        &self,
        checker: &Checker,
        online: bool,
        overdue: heapless::Vec<EncounterId, OVERDUE_MAX>,
        place: &Place,
    ) -> Publish {
        let (db, now, snapshot) = (checker.db(), checker.now(), checker.snapshot());
        let count = |count: Result<u64, DbError>| {
            count.map_or(u32::MAX, |count| u32::try_from(count).unwrap_or(u32::MAX))
        };
        let held = |held: &SnapshotList| HeldList {
            list: held.list.clone(),
            edition: held.edition,
            manifest: held.manifest.as_ref().and_then(|m| manifest_identity(m)).unwrap_or_default(),
            age_s: held.freshness(now).0,
        };
        let heartbeat = snapshot.heartbeat.as_ref().and_then(|heartbeat| issued(heartbeat));
        let status = Status {
            device: checker.device().clone(),
            enrolment: shim_trust::key_id(&checker.box_key().public()),
            number: place.number,
            session: self.session,
            online,
            at: now,
            version: env!("CARGO_PKG_VERSION").try_into().unwrap_or_default(),
            certificate: self.certificate.clone(),
            heartbeat: heartbeat.unwrap_or(0),
            time_lost: checker.clock().is_lost(),
            root: snapshot.root.version,
            roster: roster::get(db).ok().flatten().map_or(0, |roster| roster.floor.number),
            order: trust::order_floor(db).unwrap_or(0),
            journal: place.journal,
            journal_hash: place.journal_hash,
            store_fault: cut(&db.fault().unwrap_or_default()),
            spool: count(spool::depth(db)),
            refused: count(spool::refused(db)),
            lists: snapshot.lists.iter().map(held).take(shim_trust::LISTS_MAX).collect(),
            overdue,
        };
        let payload = sign_statement(SignedKind::Status, &status, &[&device_key::signing(checker.box_key())]);
        let topic = Topic::Device(checker.device().clone(), DeviceTopic::Status).name();
        Publish { topic, payload, retain: true }
    }
}

fn manifest_identity(envelope: &[u8]) -> Option<Digest> {
    shim_trust::identity(envelope, SignedKind::Manifest).ok()
}

/// When a heartbeat that was verified was issued, seconds since 1970.
fn issued(envelope: &[u8]) -> Option<u64> {
    let envelope = Envelope::read(envelope, SignedKind::Heartbeat).ok()?;
    shim_trust::decode_body::<Heartbeat>(SignedKind::Heartbeat, envelope.body).ok().map(|h| h.issued)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::tests::checker;
    use crate::journal::{self as audit, AuditEvent};
    use vedette_common::crypto::RingVerify;
    use vedette_shim::trust::{Enrolment, key_id};

    /// What headquarters reads of it.
    fn read(checker: &Checker, publish: &Publish) -> Status {
        assert!(publish.retain && publish.topic == "vedette/v1/device/post-7/status");
        let us = Enrolment { device: "post-7".parse().unwrap(), key: key_id(&checker.box_key().public()) };
        let key = device_key::signing(checker.box_key()).public();
        Status::accept(&publish.payload, &us, &key, &RingVerify).unwrap()
    }

    #[test]
    fn numbers_rise_over_restarts_and_a_full_disk_and_the_journal_s_end_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let checker = checker(folder.path(), 1_000_000);
        let (mut report, none) = (SelfReport::default(), heapless::Vec::new);
        let will = read(&checker, &report.will(&checker, &[0x40, 7], none()));
        assert!(will.is_will() && (will.number, will.session, will.journal) == (1, 1, 0));
        let event = AuditEvent::StoreRestarted { set_aside: String::new(), lines: 0, encounters: 0 };
        audit::record(checker.db(), 1, event).unwrap();
        let status = read(&checker, &report.status(&checker, true, none()));
        assert!(!status.is_will() && status.online);
        assert_eq!((status.number, status.session, status.journal), (2, 1, 1));
        assert_eq!((&will.certificate[..], &status.certificate[..]), (&[0x40, 7][..], &[0x40, 7][..]));
        assert_ne!(status.journal_hash, will.journal_hash);
        checker.db().refuse_writes(true);
        let fault = read(&checker, &report.status(&checker, true, none()));
        assert!(fault.number == 3 && !fault.store_fault.is_empty(), "{fault:?}");
        checker.db().refuse_writes(false);
        assert_eq!(read(&checker, &report.status(&checker, true, none())).number, 4);
        let mut again = SelfReport::default();
        let longest = [0x7f; SERIAL_BYTES_MAX];
        let will = read(&checker, &again.will(&checker, &longest, none()));
        assert_eq!((will.number, &will.certificate[..]), (5, &longest[..]), "after a restart");
    }
}
