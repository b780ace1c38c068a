//! Signed lists for scanners, made with the library alone: no headquarters, no broker. The keys are known to everybody
//! and the bytes follow from the changes, so what is made here is the same every time.

use tempfile::TempDir;
use vedette_common::crypto::{SigningKey, sign_statement};
use vedette_lists::{DocumentChange, ListKey};
use vedette_shim::flash::{Geometry, Region};
use vedette_shim::ids::{Digest, ListName};
use vedette_shim::list::Kind;
use vedette_shim::seal::ScannerKey;
use vedette_shim::session::PrivateKey;
use vedette_shim::trust::{
    self, EnrolledPair, Heartbeat, ListState, Manifest, PinnedIssuer, Role, ScannerEnrolment, SegmentRef,
    SignedKind,
};
use vedette_shim::unit::{Pinned, Setup};

/// When the press prints, seconds since 1970.
pub const NOW: u64 = 1_790_000_000;
/// How long its editions may be used, seconds.
pub const LEASE_S: u32 = 48 * 3600;
/// The flash that [`Press::setup`] lays out: 16 sectors of 4 KiB.
pub const FLASH: Geometry = Geometry { sector: 4096, unit: 4, sectors: 32 };

/// The number of [`Press::enrolment`].
pub const ENROLMENT: u64 = NOW;

/// Prints editions of one list.
pub struct Press {
    issuer: SigningKey,
    heartbeat: SigningKey,
    orders: SigningKey,
    root: SigningKey,
    /// The scanner's own key.
    pub key: PrivateKey,
    /// Its host's.
    pub host_key: PrivateKey,
    /// Seals the segments; its number is 1.
    pub list_key: ListKey,
    /// What the scanner seals its encounters with.
    pub scanner_key: ScannerKey,
    list: ListName,
    dir: TempDir,
}

/// A segment, sealed.
#[derive(Debug, Clone)]
pub struct PrintedSegment {
    /// As a manifest names it.
    pub reference: SegmentRef,
    /// Its file.
    pub bytes: Vec<u8>,
}

/// An edition, signed.
#[derive(Debug, Clone)]
pub struct PrintedEdition {
    /// Its number.
    pub number: u64,
    /// The signed manifest.
    pub manifest: Vec<u8>,
    /// The oldest first.
    pub segments: Vec<PrintedSegment>,
}

impl PrintedEdition {
    /// The identity of its manifest.
    pub fn digest(&self) -> Digest {
        trust::identity(&self.manifest, SignedKind::Manifest).unwrap()
    }

    /// The bytes of the segment with this digest.
    pub fn segment(&self, digest: &Digest) -> Option<&[u8]> {
        self.segments.iter().find(|s| s.reference.digest == *digest).map(|s| s.bytes.as_slice())
    }
}

impl Default for Press {
    fn default() -> Self {
        Press {
            issuer: SigningKey::from_seed(&[1; 32]),
            heartbeat: SigningKey::from_seed(&[2; 32]),
            orders: SigningKey::from_seed(&[7; 32]),
            root: SigningKey::from_seed(&[8; 32]),
            key: PrivateKey([5; 32]),
            host_key: PrivateKey([6; 32]),
            list_key: ListKey([3; 32]),
            scanner_key: ScannerKey([4; 32]),
            list: "uto/stolen".parse().expect("a list name"),
            dir: tempfile::tempdir().expect("a temporary folder"),
        }
    }
}

impl Press {
    /// The list.
    pub fn list(&self) -> ListName {
        self.list.clone()
    }

    /// Where the segments' files are.
    pub fn folder(&self) -> &std::path::Path {
        self.dir.path()
    }

    /// Public keys of issuer, heartbeat and orders.
    pub fn pinned_keys(&self) -> [[u8; 32]; 3] {
        [self.issuer.public(), self.heartbeat.public(), self.orders.public()]
    }

    /// The root's public key.
    pub fn root_key(&self) -> [u8; 32] {
        self.root.public()
    }

    /// Signs that the scanner hangs at the host.
    pub fn enrolment(&self) -> Vec<u8> {
        self.enrolment_of(EnrolledPair {
            scanner_key: self.key.public(),
            host_key: self.host_key.public(),
            number: ENROLMENT,
            revoked: false,
        })
    }

    /// Signs an enrolment.
    pub fn enrolment_of(&self, pair: EnrolledPair) -> Vec<u8> {
        let enrolment = ScannerEnrolment {
            pair,
            expires: NOW + 180 * 24 * 3600,
            scanner: "scanner-1".parse().expect("a device id"),
            device: "post-7".parse().expect("a device id"),
            lists: [self.list()].into_iter().collect(),
        };
        sign_statement(SignedKind::Enrolment, &enrolment, &[&self.orders])
    }

    /// A scanner for this list, on a flash like [`FLASH`].
    pub fn setup(&self) -> Setup {
        let [issuer, heartbeat, orders] = self.pinned_keys();
        let role = |key| Role { threshold: 1, keys: [key].into_iter().collect() };
        let issuer = PinnedIssuer { list: self.list(), kind: Kind::Documents, role: role(issuer) };
        Setup {
            device: "scanner-1".parse().expect("a device id"),
            firmware: "0.1.0".try_into().expect("a short text"),
            key: self.key.clone(),
            root: role(self.root_key()),
            root_version: 1,
            heartbeat: role(heartbeat),
            orders: role(orders),
            kv: Region { first: 0, sectors: 2 },
            spool: Region { first: 2, sectors: 4 },
            lists: [Pinned { issuer, region: Region { first: 6, sectors: 26 } }].into_iter().collect(),
        }
    }

    /// Seals changes.
    pub fn segment(&self, changes: &[DocumentChange]) -> PrintedSegment {
        let changes = changes.iter().cloned().map(Ok::<_, std::convert::Infallible>);
        let (path, info) = vedette_lists::build_documents(changes, &self.list_key, self.dir.path())
            .expect("changes that make a segment");
        let reference = SegmentRef {
            digest: info.digest,
            bytes: info.bytes,
            entries: info.entries,
            withdrawals: info.withdrawals,
            key: 1,
        };
        PrintedSegment { reference, bytes: std::fs::read(path).expect("a file just written") }
    }

    /// Signs an edition of these segments.
    pub fn edition(&self, number: u64, segments: &[PrintedSegment]) -> PrintedEdition {
        let manifest = Manifest {
            list: self.list(),
            kind: Kind::Documents,
            edition: number,
            issued: NOW + number,
            expires: NOW + 30 * 24 * 3600,
            lease_s: LEASE_S,
            confirm_s: 0,
            handling: Default::default(),
            possible_from: 770,
            hit_from: 950,
            segments: segments.iter().map(|segment| segment.reference.clone()).collect(),
            delta: None,
            merged: 0,
        };
        let manifest = sign_statement(SignedKind::Manifest, &manifest, &[&self.issuer]);
        PrintedEdition { number, manifest, segments: segments.to_vec() }
    }

    /// Signs the word that this is the newest edition.
    pub fn heartbeat(&self, issued: u64, newest: &PrintedEdition) -> Vec<u8> {
        let state = ListState { list: self.list(), edition: newest.number, manifest: newest.digest() };
        let heartbeat = Heartbeat {
            issued,
            expires: issued + 600,
            root_version: 1,
            root: [0; 32], // a scanner knows no root
            roster: None,
            lists: [state].into_iter().collect(),
            devices: Default::default(),
        };
        sign_statement(SignedKind::Heartbeat, &heartbeat, &[&self.heartbeat])
    }
}
