//! Grants, receipts, answers, orders.

use super::*;
use crate::ids::DeviceId;

pub(super) fn grant() -> Grant<'static> {
    let keys = [3, 4].map(|number| GrantedKey { number, sealed: &[9; SEALED_KEY_BYTES] });
    let keys = keys.into_iter().collect();
    Grant { device: device(), enrolment: us().key, list: list(), number: 120, expires: 600, keys }
}

pub(super) fn receipt() -> Receipt {
    let entry = ReceiptEntry { id: [1; 16], digest: [2; 16] };
    let refused = [[3; 16], [4; 16]].into_iter().collect();
    Receipt { device: device(), stored_at: 150, entries: [entry].into_iter().collect(), refused }
}

pub(super) fn answer() -> OwnerAnswer {
    let text = "seen at the border".try_into().unwrap();
    OwnerAnswer { device: device(), encounter: [1; 16], at: 150, word: OwnerWord::Confirmed, text }
}

pub(super) fn order(number: u64) -> Order {
    let order = OrderKind::EraseList(list());
    Order { device: device(), enrolment: us().key, number, voids_grants: 119, issued: 150, order }
}

#[test]
fn what_is_addressed_to_another_device_is_not_ours() {
    let root = root_in_use();
    let grant = sign(SignedKind::Grant, &grant(), &ISSUER);
    let order = sign(SignedKind::Order, &order(3), &ORDERS);
    let not_ours = |other: &Enrolment| {
        let read = Grant::accept(&grant, other, &root, |_| 0, 150, &Pretend);
        assert_eq!(read, Err(TrustError::NotForUs(SignedKind::Grant)));
        let read = Order::accept(&order, other, &root, 2, &Pretend);
        assert_eq!(read, Err(TrustError::NotForUs(SignedKind::Order)));
    };
    not_ours(&Enrolment { key: [78; 8], ..us() }); // of the same name, enrolled again
    for other in ["post-8", "post-70", "post"] {
        let other: DeviceId = other.parse().unwrap();
        not_ours(&Enrolment { device: DeviceId::clone(&other), ..us() });
        let receipt = sign(SignedKind::Receipt, &receipt(), &COLLECTOR);
        let read = Receipt::accept(&receipt, &other, &root, &Pretend);
        assert_eq!(read, Err(TrustError::NotForUs(SignedKind::Receipt)));
        let answer = sign(SignedKind::Answer, &answer(), &COLLECTOR);
        let read = OwnerAnswer::accept(&answer, &other, &root, &Pretend);
        assert_eq!(read, Err(TrustError::NotForUs(SignedKind::Answer)));
    }
}

#[test]
fn an_order_is_carried_out_once() {
    let bytes = sign(SignedKind::Order, &order(3), &ORDERS);
    let accept = |floor| Order::accept(&bytes, &us(), &root_in_use(), floor, &Pretend);
    assert_eq!(accept(2), Ok(order(3)));
    for floor in [3, 4] {
        let rollback = TrustError::Rollback { kind: SignedKind::Order, offered: 3, floor };
        assert_eq!(accept(floor), Err(rollback));
    }
}

#[test]
fn a_grant_is_the_issuers_and_takes_a_current_root() {
    let root = root_in_use();
    let accept = |grant: &Grant<'_>, now| {
        let bytes = sign(SignedKind::Grant, grant, &ISSUER);
        Grant::accept(&bytes, &us(), &root, |_| 0, now, &Pretend).map(|grant| grant.keys.len())
    };
    let long = Grant { expires: 5000, ..grant() };
    assert_eq!(accept(&long, 999), Ok(2));
    let expired = TrustError::Expired { kind: SignedKind::Root, at: 1000 };
    assert_eq!(accept(&long, 1000), Err(expired));
    let lost: ListName = "uto/lost".parse().unwrap();
    assert_eq!(accept(&Grant { list: lost.clone(), ..grant() }, 150), Err(TrustError::UnknownList(lost)));
}

#[test]
fn a_grant_counts_from_its_lists_floor_until_its_end() {
    let bytes = sign(SignedKind::Grant, &grant(), &ISSUER);
    let accept = |floor, now| {
        let floor_of = |of: &ListName| if *of == list() { floor } else { 0 };
        Grant::accept(&bytes, &us(), &root_in_use(), floor_of, now, &Pretend).map(|grant| grant.number)
    };
    assert_eq!((accept(119, 150), accept(120, 599)), (Ok(120), Ok(120)));
    let rollback = TrustError::Rollback { kind: SignedKind::Grant, offered: 120, floor: 121 };
    assert_eq!(accept(121, 150), Err(rollback));
    assert_eq!(accept(0, 600), Err(TrustError::Expired { kind: SignedKind::Grant, at: 600 }));
}

#[test]
fn a_grants_keys_are_whole_and_their_numbers_rise() {
    let accept = |keys: &[(u32, usize)]| {
        let sealed = [9; SEALED_KEY_BYTES + 1];
        let keys = keys.iter().map(|(number, len)| GrantedKey { number: *number, sealed: &sealed[..*len] });
        let grant = Grant { keys: keys.collect(), ..grant() };
        let bytes = sign(SignedKind::Grant, &grant, &ISSUER);
        Grant::accept(&bytes, &us(), &root_in_use(), |_| 0, 150, &Pretend).map(drop)
    };
    assert_eq!(accept(&[(3, 80)]), Ok(()));
    assert_eq!(accept(&[(3, 80), (7, 80)]), Ok(()));
    for broken in [&[][..], &[(3, 80), (3, 80)], &[(4, 80), (3, 80)], &[(3, 79)], &[(3, 80), (4, 81)]] {
        let read = accept(broken);
        assert!(matches!(read, Err(TrustError::Rule(SignedKind::Grant, _))), "{broken:?}: {read:?}");
    }
}

#[test]
fn receipts_and_answers_count_whenever_they_come() {
    // A root of any age: what is stored is stored.
    let root = Root { expires: 101, ..root_in_use() };
    let bytes = sign(SignedKind::Receipt, &receipt(), &COLLECTOR);
    assert_eq!(Receipt::accept(&bytes, &device(), &root, &Pretend), Ok(receipt()));
    let bytes = sign(SignedKind::Answer, &answer(), &COLLECTOR);
    assert_eq!(OwnerAnswer::accept(&bytes, &device(), &root, &Pretend), Ok(answer()));
}
