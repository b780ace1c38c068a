//! The device and its lists.

use super::schema;
use crate::box_key::Protection;
use crate::post::status::{ListStatus, RosterStanding, RosterStatus, Status};
use crate::scanner::channel::ScannerState;
use crate::scanner::standing::AtPort;
use crate::snapshot::{Doubt, Unavailable};
use crate::store::confirmations::Counts;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use utoipa::ToSchema;
use vedette_common::clock::rfc3339;
use vedette_common::words::Phrase;
use vedette_shim::list::Kind;
use vedette_shim::trust::Freshness;

/// One list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ListView {
    /// `owner/name`.
    pub list: String,
    /// Documents or persons.
    #[schema(value_type = schema::Kind)]
    pub kind: Kind,
    pub owner: String,
    /// The edition in use; 0 for none.
    pub edition: u64,
    /// The newest edition known to exist.
    pub newest_known: u64,
    /// Alerts in it.
    pub entries: u64,
    /// When it was issued; empty for none.
    pub issued: String,
    /// Seconds since it was last confirmed.
    pub age_s: u64,
    /// Its lease, seconds.
    pub lease_s: u64,
    /// How far it may be relied on.
    #[schema(value_type = schema::Freshness)]
    pub freshness: Freshness,
    /// Its keys were erased, by order or with the lease: nothing that it said of anybody may be shown any more.
    pub keys_erased: bool,
    /// Why it cannot be asked; none if it can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schema::Phrase>)]
    pub why: Option<Phrase>,
    /// Why it cannot be determined whether it is the newest; none if it can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schema::Phrase>)]
    pub doubt: Option<Phrase>,
}

impl From<&ListStatus> for ListView {
    fn from(list: &ListStatus) -> ListView {
        ListView {
            list: list.list.to_string(),
            kind: list.kind,
            owner: list.owner.clone(),
            edition: list.edition,
            newest_known: list.newest_known,
            entries: list.entries,
            issued: if list.edition == 0 { String::new() } else { rfc3339(list.issued) },
            age_s: list.age_s,
            lease_s: list.lease_s,
            freshness: list.freshness,
            keys_erased: list.keys_erased,
            why: list.unavailable.map(Unavailable::phrase),
            doubt: list.doubt.map(Doubt::phrase),
        }
    }
}

/// Whether officers sign in on the console.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignIn {
    /// No roster ever came: the console works without, and says so.
    #[default]
    None,
    /// By badge and PIN.
    Required,
}

impl SignIn {
    pub(in super::super) fn of(required: bool) -> SignIn {
        if required { SignIn::Required } else { SignIn::None }
    }
}

/// The roster as everybody may see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RosterView {
    pub number: u64,
    pub expires: String,
    #[schema(value_type = schema::RosterState)]
    pub state: RosterStanding,
}

impl From<RosterStatus> for RosterView {
    fn from(roster: RosterStatus) -> RosterView {
        RosterView { number: roster.number, expires: rfc3339(roster.expires), state: roster.state }
    }
}

/// How many confirmation clocks there are that may be shown to every officer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Counts)]
pub struct CountsView {
    /// Still running.
    pub waiting: u64,
    /// Run out without an answer.
    pub overdue: u64,
    /// Answered by the owner.
    pub answered: u64,
}

impl From<Counts> for CountsView {
    fn from(counts: Counts) -> CountsView {
        let Counts { waiting, overdue, answered } = counts;
        CountsView { waiting, overdue, answered }
    }
}

/// What is at a port that expects a scanner with the shim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ScannerView {
    /// The port, as the configuration names it.
    pub port: String,
    #[schema(value_type = schema::ScannerState)]
    pub state: ScannerState,
    /// The name that it says is its own; empty if it said none. Unless it is connected, that is a claim.
    pub name: String,
    /// Why it gets nothing, and what to do; none while all is well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schema::Phrase>)]
    pub why: Option<Phrase>,
}

impl ScannerView {
    fn new(at: &AtPort, status: &Status) -> ScannerView {
        let name = at.claimed.as_ref().map_or_else(String::new, ToString::to_string);
        let code = match at.state {
            ScannerState::Silent | ScannerState::Connected => None,
            ScannerState::Unknown => Some("scanner.unknown"),
            ScannerState::Elsewhere => Some("scanner.elsewhere"),
            ScannerState::Expired => Some("scanner.expired"),
            ScannerState::Revoked => Some("scanner.revoked"),
            ScannerState::Unproven => Some("scanner.unproven"),
            ScannerState::Foreign => Some("scanner.foreign"),
        };
        let values =
            || [("port", at.port.clone()), ("name", name.clone()), ("device", status.device.to_string())];
        let why = code.map(|code| Phrase::with(code, values()));
        ScannerView { port: at.port.clone(), state: at.state, name, why }
    }
}

/// The device's state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StatusView {
    pub device: String,
    pub post: String,
    /// The program's version.
    pub version: String,
    /// Whether the session with headquarters is up.
    pub online: bool,
    /// The broker's address, `HOST:PORT`, while it is; else the one that was tried last. Empty if none was.
    #[serde(default)]
    pub broker: String,
    /// Why not, or the last error; empty if there was none.
    pub link: String,
    /// When the certificate of the link ends; none while it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_ends: Option<String>,
    /// Whether officers sign in on the console.
    #[serde(default)]
    pub sign_in: SignIn,
    /// None where none is in effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roster: Option<RosterView>,
    /// Address of the console and the API on this machine's loopback; empty if there is none.
    #[serde(default)]
    pub listen: String,
    /// What keeps the store from being written, so that there are no answers; empty while it can be.
    #[serde(default)]
    pub store_fault: String,
    /// What a copy of the disk needs besides to open the lists.
    #[schema(value_type = schema::KeyProtection)]
    pub key_protection: Protection,
    /// Encounters that wait for a receipt.
    pub spool: u64,
    /// Those of them that headquarters refused: they are kept, and sent again once a day.
    #[serde(default)]
    pub refused: u64,
    #[serde(default)]
    pub confirmations: CountsView,
    /// Late encounters of the last week: documents listed only after they were scanned.
    #[serde(default)]
    pub late: u64,
    /// While a drill holds the link back: until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drill_until: Option<String>,
    /// The version of the trusted root.
    pub root: u32,
    pub lists: Vec<ListView>,
    /// What is at the ports that expect a scanner with the shim.
    #[serde(default)]
    pub scanners: Vec<ScannerView>,
}

impl StatusView {
    /// `listen`: where loopback is served.
    pub fn new(status: &Status, listen: Option<SocketAddr>) -> StatusView {
        StatusView {
            device: status.device.to_string(),
            post: status.post.clone(),
            version: env!("CARGO_PKG_VERSION").into(),
            online: status.link.online,
            broker: status.link.broker.clone(),
            link: status.link.why.clone(),
            certificate_ends: status.link.certificate_ends.map(rfc3339),
            sign_in: SignIn::of(status.sign_in),
            roster: status.roster.map(RosterView::from),
            listen: listen.map_or_else(String::new, |address| address.to_string()),
            store_fault: status.store_fault.clone().unwrap_or_default(),
            key_protection: status.key_protection,
            spool: status.spool,
            refused: status.refused,
            confirmations: status.confirmations.into(),
            late: status.late,
            drill_until: status.drill_until.map(rfc3339),
            root: status.root,
            lists: status.lists.iter().map(ListView::from).collect(),
            scanners: status.scanners.iter().map(|at| ScannerView::new(at, status)).collect(),
        }
    }
}
