//! The device's state and its lists, as officers may know them: nothing here tells of a discreet alert.

use crate::box_key::Protection;
use crate::link::LinkState;
use crate::scanner::standing::AtPort;
use crate::snapshot::{Content, Doubt, SnapshotList, Unavailable};
use crate::store::confirmations;
use serde::{Deserialize, Serialize};
use vedette_shim::ids::{DeviceId, ListName};
use vedette_shim::list::Kind;
use vedette_shim::trust::Freshness;

#[derive(Debug, Clone, PartialEq)]
pub struct Status {
    pub device: DeviceId,
    pub post: String,
    pub link: LinkState,
    /// Officers must sign in: a roster came once.
    pub sign_in: bool,
    /// None where none is in effect.
    pub roster: Option<RosterStatus>,
    /// What keeps the store from being written: there are no answers.
    pub store_fault: Option<String>,
    /// What a copy of the disk needs besides to open the lists.
    pub key_protection: Protection,
    /// Encounters that wait for a receipt.
    pub spool: u64,
    /// Those of them that headquarters refused.
    pub refused: u64,
    pub confirmations: confirmations::Counts,
    /// Documents of the last week that were listed only after their scan.
    pub late: u64,
    /// While a drill holds the link back: until when, seconds since 1970.
    pub drill_until: Option<u64>,
    /// The version of the trusted root.
    pub root: u32,
    pub lists: Vec<ListStatus>,
    /// What is at the ports that expect a scanner with the shim.
    pub scanners: Vec<AtPort>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RosterStatus {
    pub number: u64,
    /// Seconds since 1970.
    pub expires: u64,
    pub state: RosterStanding,
}

/// How far a roster is in effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RosterStanding {
    Current,
    /// A heartbeat names a newer one, which has not arrived: who was removed since may still sign in.
    Behind,
    /// Expired, in its grace: officers still sign in, and a new one is overdue.
    Expired,
    /// Its grace is over: only administrators sign in.
    Ended,
}

/// One list.
#[derive(Debug, Clone, PartialEq)]
pub struct ListStatus {
    pub list: ListName,
    pub kind: Kind,
    /// As the officer reads it.
    pub owner: String,
    /// The edition in use; 0 for none.
    pub edition: u64,
    /// The newest edition known to exist.
    pub newest_known: u64,
    /// Alerts in it.
    pub entries: u64,
    /// Seconds since 1970; 0 without an edition.
    pub issued: u64,
    /// Seconds since it was last confirmed.
    pub age_s: u64,
    pub lease_s: u64,
    pub freshness: Freshness,
    /// Its keys were erased, by order or with the lease: nothing that it said of anybody may be shown any more.
    pub keys_erased: bool,
    /// Why it cannot be asked.
    pub unavailable: Option<Unavailable>,
    /// Why it cannot be determined whether it is the newest.
    pub doubt: Option<Doubt>,
}

impl Status {
    /// Whether the difference is worth publishing: ages alone are not.
    pub(super) fn differs(&self, other: &Status) -> bool {
        let ageless = |status: &Status| {
            let mut status = status.clone();
            status.lists.iter_mut().for_each(|list| list.age_s = 0);
            status
        };
        ageless(self) != ageless(other)
    }
}

impl ListStatus {
    /// A list at `now`, seconds since 1970.
    pub fn of(held: &SnapshotList, now: u64) -> ListStatus {
        let (age_s, freshness) = held.freshness(now);
        ListStatus {
            list: held.list.clone(),
            kind: held.kind,
            owner: held.owner.clone(),
            edition: held.edition,
            newest_known: held.newest_known,
            entries: held.entries,
            issued: if held.edition == 0 { 0 } else { held.issued },
            age_s,
            lease_s: held.lease_s.into(),
            freshness,
            keys_erased: held.keys_erased,
            unavailable: match held.content {
                Content::Nothing(why) => Some(why),
                _ => (freshness == Freshness::Expired).then_some(Unavailable::PastLease),
            },
            doubt: held.doubt,
        }
    }
}
