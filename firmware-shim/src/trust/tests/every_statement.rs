//! What is the same for every kind: signatures, kinds, versions, bytes.

use super::messages::{answer, grant, order, receipt};
use super::*;
use std::boxed::Box;

/// A scanner's enrolment of this number.
fn enrolment(number: u64) -> ScannerEnrolment {
    let pair = EnrolledPair { scanner_key: [1; 32], host_key: [2; 32], number, revoked: false };
    let lists = [list()].into_iter().collect();
    ScannerEnrolment { pair, expires: 1000, scanner: device(), device: device(), lists }
}

const CAS: &str = "-----BEGIN CERTIFICATE-----\nold\n-----BEGIN CERTIFICATE-----\nnew\n";

#[test]
fn of_two_cas_the_last_makes_certificates() {
    let newest = |certificates| Authorities { number: 1, certificates }.newest();
    assert_eq!(newest(CAS), "-----BEGIN CERTIFICATE-----\nnew\n");
    assert_eq!([newest(&CAS[..32]), newest("")], [&CAS[..32], ""]);
}

#[test]
fn an_enrolment_below_the_floor_is_refused() {
    let old = sign(SignedKind::Enrolment, &enrolment(2), &ORDERS[..2]);
    let accepted = ScannerEnrolment::accept(&old, &root_in_use(), |_| 3, &Pretend);
    assert_eq!(accepted, Err(TrustError::Rollback { kind: SignedKind::Enrolment, offered: 2, floor: 3 }));
}

type Accept = dyn Fn(&[u8]) -> Result<(), TrustError>;

/// A kind of statement: its body, the keys of the role that signs it, and how it is accepted.
struct Statement {
    kind: SignedKind,
    body: Vec<u8>,
    keys: [u8; 3],
    accept: Box<Accept>,
    /// It is the root that a device is enrolled with.
    is_anchor: bool,
}

fn statement(
    kind: SignedKind,
    body: &impl Serialize,
    keys: [u8; 3],
    accept: impl Fn(&[u8]) -> Result<(), TrustError> + 'static,
) -> Statement {
    Statement { kind, body: encode(body), keys, accept: Box::new(accept), is_anchor: false }
}

/// Every way in that a statement has.
fn statements() -> Vec<Statement> {
    use SignedKind as K;
    let pinned = PinnedIssuer { list: list(), kind: Kind::Documents, role: role(2, &ISSUER) };
    let of_root = root_in_use;
    let anchor = statement(K::Root, &root_in_use(), ROOT, |bytes| Root::pinned(bytes, &Pretend).map(drop));
    vec![
        Statement { is_anchor: true, ..anchor },
        statement(K::Root, &root_with(2, &ROOT), ROOT, move |bytes| {
            of_root().next(bytes, &Pretend).map(drop)
        }),
        statement(K::Manifest, &manifest(5), ISSUER, move |bytes| {
            Manifest::accept(bytes, &list(), &of_root(), None, 150, &Pretend).map(drop)
        }),
        statement(K::Manifest, &manifest(5), ISSUER, move |bytes| {
            Manifest::verified(bytes, &list(), &of_root(), &Pretend).map(drop)
        }),
        statement(K::Manifest, &manifest(5), ISSUER, move |bytes| {
            pinned.check(bytes, &Pretend)?.accept(None).map(drop)
        }),
        statement(K::Heartbeat, &heartbeat(150), HEARTBEAT, move |bytes| {
            Heartbeat::accept(bytes, &of_root(), 0, 150, &Pretend).map(drop)
        }),
        statement(K::Heartbeat, &heartbeat(150), HEARTBEAT, |bytes| {
            Heartbeat::accept_pinned(bytes, &role(2, &HEARTBEAT), 0, &Pretend, |_| ()).map(drop)
        }),
        statement(K::Grant, &grant(), ISSUER, move |bytes| {
            Grant::accept(bytes, &us(), &of_root(), |_| 0, 150, &Pretend).map(drop)
        }),
        statement(K::Receipt, &receipt(), COLLECTOR, move |bytes| {
            Receipt::accept(bytes, &device(), &of_root(), &Pretend).map(drop)
        }),
        statement(K::Answer, &answer(), COLLECTOR, move |bytes| {
            OwnerAnswer::accept(bytes, &device(), &of_root(), &Pretend).map(drop)
        }),
        statement(K::Enrolment, &enrolment(3), ORDERS, move |bytes| {
            ScannerEnrolment::accept(bytes, &of_root(), |_| 3, &Pretend).map(drop)
        }),
        statement(K::Order, &order(3), ORDERS, move |bytes| {
            Order::accept(bytes, &us(), &of_root(), 2, &Pretend).map(drop)
        }),
        statement(K::Authorities, &Authorities { number: 3, certificates: CAS }, ROOT, move |bytes| {
            Authorities::accept(bytes, &of_root(), &Pretend).map(drop)
        }),
    ]
}

#[test]
fn two_of_three_keys_are_needed_each_once_and_no_other() {
    for Statement { kind, body, keys: [a, b, c], accept, is_anchor } in statements() {
        let signed = |keys: &[u8]| accept(&sign_bytes(kind, &body, keys));
        for enough in [&[a, b][..], &[a, c], &[b, c]] {
            assert_eq!(signed(enough), Ok(()), "{kind} by {enough:?}");
        }
        let surplus = if is_anchor { Ok(()) } else { Err(TrustError::Surplus(kind)) };
        for more in [&[a, b, c][..], &[99, a, b]] {
            assert_eq!(signed(more), surplus, "{kind} by {more:?}");
        }
        for twice in [&[a, a][..], &[a, a, b], &[b, b, b, b, b, b, b, b]] {
            assert_eq!(signed(twice), Err(TrustError::Malformed(kind)), "{kind} by {twice:?}");
        }
        let thief_of = |found| Err(TrustError::Signatures { kind, found, needed: 2 });
        for (keys, found) in
            [(&[][..], 0), (&[a], 1), (&[c], 1), (&[a, 98], 1), (&[98, 99], 0), (&[a, 61], 1)]
        {
            assert_eq!(signed(keys), thief_of(found), "{kind} by {keys:?}");
        }
    }
}

#[test]
fn there_is_one_encoding() {
    for Statement { kind, body, keys, accept, .. } in statements() {
        let whole = sign_bytes(kind, &body, &keys[..2]);
        // The kind is the second byte; a varint of two bytes says the same.
        let long = [&whole[..1], &[whole[1] | 0x80, 0], &whole[2..]].concat();
        assert_eq!(accept(&long), Err(TrustError::Malformed(kind)), "{kind}");
        let mut exchanged = Envelope::read(&whole, kind).unwrap();
        exchanged.signatures.swap(0, 1);
        assert_eq!(accept(&encode(&exchanged)), Err(TrustError::Malformed(kind)), "{kind}");
    }
    // A body that its signers have written so is refused too: 150 in three bytes instead of two.
    let body = encode(&heartbeat(150));
    assert_eq!(body[..2], [0x96, 0x01]);
    let long = [&[0x96, 0x81, 0x00], &body[2..]].concat();
    let bytes = sign_bytes(SignedKind::Heartbeat, &long, &HEARTBEAT[..2]);
    let malformed = Err(TrustError::Malformed(SignedKind::Heartbeat));
    let read = Heartbeat::accept(&bytes, &root_in_use(), 0, 150, &Pretend);
    assert_eq!(read.map(drop), malformed);
    let pinned = Heartbeat::accept_pinned(&bytes, &role(2, &HEARTBEAT), 0, &Pretend, |_| ());
    assert_eq!(pinned.map(drop), malformed);
}

#[test]
fn a_signature_under_the_id_of_another_key_counts_for_none() {
    for Statement { kind, body, keys: [a, b, _], accept, .. } in statements() {
        let message = message_to_sign(kind, &body);
        let (mine, short) = (signature_of(a, &message), [1; 63]);
        for forged in [&mine[..], &short, &[]] {
            let signatures = [(a, &mine[..]), (b, forged)];
            let mut signatures = signatures.map(|(key, bytes)| Signature { key: key_id(&[key; 32]), bytes });
            signatures.sort_unstable_by_key(|signature| signature.key);
            let bytes = encode(&Envelope::new(kind, &body, signatures.into_iter().collect()));
            assert_eq!(accept(&bytes), Err(TrustError::Signatures { kind, found: 1, needed: 2 }));
        }
    }
}

#[test]
fn a_statement_of_another_kind_is_refused_whatever_its_label() {
    use SignedKind as K;
    for Statement { kind, body, keys, accept, .. } in statements() {
        for other in
            [K::Root, K::Manifest, K::Heartbeat, K::Grant, K::Receipt, K::Order, K::Roster, K::Answer]
        {
            if other == kind {
                continue;
            }
            let theirs = sign_bytes(other, &body, &keys[..2]);
            assert_eq!(accept(&theirs), Err(TrustError::WrongKind { wanted: kind, found: other }));
            // The number of the kind is the second byte; what was signed is still the other one.
            let mut relabelled = theirs;
            relabelled[1] = sign_bytes(kind, &body, &keys[..2])[1];
            assert_eq!(accept(&relabelled), Err(TrustError::Signatures { kind, found: 0, needed: 2 }));
        }
    }
}

#[test]
fn only_version_two_is_read() {
    for Statement { kind, body, keys, accept, .. } in statements() {
        for version in [0, 1, 3, 0x7f, 0x82] {
            let mut bytes = sign_bytes(kind, &body, &keys[..2]);
            bytes[0] = version;
            assert_eq!(accept(&bytes), Err(TrustError::Version(version)), "{kind}");
        }
    }
}

#[test]
fn what_is_cut_anywhere_is_refused() {
    for Statement { kind, body, keys, accept, .. } in statements() {
        let whole = sign_bytes(kind, &body, &keys[..2]);
        for len in 0..whole.len() {
            assert_eq!(accept(&whole[..len]), Err(TrustError::Malformed(kind)), "{kind} cut at {len}");
        }
        // Signed as it is cut: the signatures are good, the content is none.
        for len in 0..body.len() {
            let cut = sign_bytes(kind, &body[..len], &keys[..2]);
            assert_eq!(accept(&cut), Err(TrustError::Malformed(kind)), "the {kind}'s body cut at {len}");
        }
    }
}

#[test]
fn nothing_may_follow() {
    for Statement { kind, body, keys, accept, .. } in statements() {
        let behind = [sign_bytes(kind, &body, &keys[..2]), vec![0]].concat();
        assert_eq!(accept(&behind), Err(TrustError::Malformed(kind)));
        let within = sign_bytes(kind, &[body, vec![0]].concat(), &keys[..2]);
        assert_eq!(accept(&within), Err(TrustError::Malformed(kind)));
    }
}

#[test]
fn every_bit_counts() {
    for Statement { kind, body, keys, accept, .. } in statements() {
        let whole = sign_bytes(kind, &body, &keys[..2]);
        for at in 0..whole.len() {
            for bit in 0..8 {
                let mut changed = whole.clone();
                changed[at] ^= 1 << bit;
                assert!(accept(&changed).is_err(), "{kind}, bit {bit} of byte {at}");
            }
        }
    }
}

#[test]
fn endless_data_is_refused_unread() {
    for Statement { kind, accept, .. } in statements() {
        let bytes = vec![1; METADATA_BYTES_MAX + 1];
        assert_eq!(accept(&bytes), Err(TrustError::Oversized { bytes: bytes.len() }), "{kind}");
        assert!(!matches!(accept(&bytes[1..]), Err(TrustError::Oversized { .. })), "{kind}");
    }
}

#[test]
fn a_role_without_a_threshold_believes_nobody() {
    let nobody = role(0, &HEARTBEAT);
    let bytes = sign_bytes(SignedKind::Heartbeat, &encode(&heartbeat(150)), &HEARTBEAT);
    let accepted = Heartbeat::accept_pinned(&bytes, &nobody, 0, &Pretend, |_| ());
    assert_eq!(accepted, Err(TrustError::Signatures { kind: SignedKind::Heartbeat, found: 3, needed: 1 }));
}
