//! Intake of scanners' enrolments: checked, stored with their numbers as floors, then swapped in with the lists.
//!
//! The newest enrolment of a scanner counts, also when it names another device or revokes the scanner: then it gets nothing
//! here. A root that replaces the key of orders ends belief in all of them; headquarters signs them again in the same command.
//!
//! Pins are handed on unverified, for a scanner may need some of roots that were never here. Whoever left some out, or put others in,
//! has only kept a scanner's keys as they were until headquarters' own come: a pin counts against others only if the root in effect
//! signed it. Pins that a newer root signed may come before it; then the papers wait for it.

use super::error::refused;
use super::{Intake, IntakeError, UpdateOutcome};
use crate::snapshot::{EnrolledScanner, EnrolledScanners};
use crate::store::scanners;
use std::sync::Arc;
use vedette_common::crypto::RingVerify;
use vedette_common::scanner_papers::ScannerPapers;
use vedette_shim::ids::DeviceId;
use vedette_shim::trust::{Pin, Role, ScannerEnrolment, SignedKind, TrustError};

/// Scanners that a device keeps enrolments of, at most: those at its ports, spare ones, and those that left.
const ENROLMENTS_MAX: usize = 64;

impl Intake {
    pub(super) fn apply_scanner(
        &mut self,
        scanner: &DeviceId,
        bytes: &[u8],
    ) -> Result<UpdateOutcome, IntakeError> {
        if bytes.is_empty() {
            return Ok(UpdateOutcome::Duplicate);
        }
        let kind = SignedKind::Enrolment;
        let refused = refused(format!("enrolment of scanner {scanner}"));
        let Ok(papers) = ScannerPapers::decode(bytes) else {
            return Err(refused(TrustError::Malformed(kind)));
        };
        let known = self.scanners.get(scanner);
        let same = known.filter(|known| *known.envelope == *papers.enrolment);
        if let Some(same) = same {
            if same.pins.iter().eq(&papers.pins) {
                return Ok(UpdateOutcome::Duplicate);
            }
            if let Err(error) = check_pins(&papers, same, &self.root.root) {
                return Err(refused(error));
            }
        }
        // Two contents of one number would be a fault of headquarters: the first stays.
        let again = u64::from(same.is_none());
        let floor =
            |name: &DeviceId| self.scanners.get(name).map_or(0, |known| known.enrolment.pair.number + again);
        let enrolment = match ScannerEnrolment::accept(papers.enrolment, &self.root, floor, &RingVerify) {
            Ok(enrolment) if enrolment.scanner == *scanner => enrolment,
            Ok(_) => return Err(refused(TrustError::NotForUs(kind))),
            Err(error) => return Err(refused(error)),
        };
        if known.is_none() && self.scanners.len() >= ENROLMENTS_MAX {
            return Err(refused(TrustError::Rule(kind, "a device keeps at most 64 of them")));
        }
        scanners::set_papers(&self.db, scanner, bytes)?;
        let revoked = enrolment.pair.revoked;
        tracing::info!(%scanner, device = %enrolment.device, revoked, "a scanner's enrolment is in effect");
        Arc::make_mut(&mut self.scanners).insert(scanner.clone(), known_by(&papers, enrolment));
        Ok(UpdateOutcome::Applied)
    }

    /// Reads the stored papers and verifies the enrolments under the root in effect.
    pub(super) fn load_scanners(&mut self) -> Result<(), IntakeError> {
        let mut known = EnrolledScanners::new();
        for bytes in scanners::papers(&self.db)? {
            let Ok(papers) = ScannerPapers::decode(&bytes) else {
                tracing::warn!("a scanner's stored papers cannot be read");
                continue;
            };
            match ScannerEnrolment::accept(papers.enrolment, &self.root, |_| 0, &RingVerify) {
                Ok(enrolment) => {
                    known.insert(enrolment.scanner.clone(), known_by(&papers, enrolment));
                }
                Err(error) => {
                    tracing::warn!(%error, "a stored enrolment of a scanner does not verify any more")
                }
            }
        }
        self.scanners = Arc::new(known);
        Ok(())
    }

    /// Ends belief in all of them, floors too.
    pub(super) fn forget_scanners(&mut self) -> Result<(), IntakeError> {
        scanners::forget_papers(&self.db)?;
        self.scanners = Arc::default();
        Ok(())
    }
}

/// Every role of which a verified pin is here must have one in the papers, at least as new.
fn check_pins(papers: &ScannerPapers<'_>, known: &EnrolledScanner, root: &Role) -> Result<(), TrustError> {
    let verified = |pin: &[u8]| Pin::accept(pin, root, &RingVerify).ok();
    let offered: Vec<Pin> = papers.pins.iter().copied().filter_map(verified).collect();
    for before in known.pins.iter().filter_map(|pin| verified(pin)) {
        let of_role = offered.iter().filter(|pin| pin.of == before.of);
        let newest = of_role.map(|pin| pin.version).max().unwrap_or(0);
        if newest < before.version {
            let (offered, floor) = (newest.into(), before.version.into());
            return Err(TrustError::Rollback { kind: SignedKind::Pin, offered, floor });
        }
    }
    Ok(())
}

fn known_by(papers: &ScannerPapers<'_>, enrolment: ScannerEnrolment) -> EnrolledScanner {
    let pins = papers.pins.iter().map(|pin| pin.to_vec()).collect();
    EnrolledScanner { enrolment, envelope: papers.enrolment.into(), pins }
}
