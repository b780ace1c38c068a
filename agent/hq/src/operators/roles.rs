//! Which role may do what: the one table, from which acts are allowed and `operator roles` is printed.

use crate::authority::audit::Act;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// What an operator is for. One operator may have several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Brings lists up to date.
    Publisher,
    /// Looks a second time at what a publisher wants to publish.
    Approver,
    /// Answers encounters.
    Owner,
    /// Looks after devices, scanners and the officers at them.
    Fleet,
    /// Reads what came home.
    Analyst,
    /// Reads the audit log.
    Auditor,
    /// Looks after the home, its keys and its operators.
    Administrator,
}

/// Looking at the state of things: every role may.
const LOOK: [Act; 6] = [Act::Lists, Act::Drafts, Act::Devices, Act::Officers, Act::Scanners, Act::Agencies];

impl Role {
    /// Every role.
    pub const ALL: [Role; 7] = [
        Role::Publisher,
        Role::Approver,
        Role::Owner,
        Role::Fleet,
        Role::Analyst,
        Role::Auditor,
        Role::Administrator,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Role::Publisher => "publisher",
            Role::Approver => "approver",
            Role::Owner => "owner",
            Role::Fleet => "fleet",
            Role::Analyst => "analyst",
            Role::Auditor => "auditor",
            Role::Administrator => "administrator",
        }
    }

    /// What it may do besides looking at lists, drafts, devices, officers, scanners and agencies, which every role may.
    pub fn acts(self) -> &'static [Act] {
        match self {
            Role::Publisher => &[
                Act::Import,
                Act::Publish,
                Act::Put,
                Act::Withdraw,
                Act::Change,
                Act::AgencyGive,
                Act::Holders,
            ],
            Role::Approver => &[Act::Approve, Act::Reject],
            Role::Owner => &[Act::Encounters, Act::Holders, Act::Answer],
            Role::Fleet => &[
                Act::Enrol,
                Act::RenewDevice,
                Act::Revoke,
                Act::SendAgain,
                Act::Holders,
                Act::OfficerAdd,
                Act::OfficerRemove,
                Act::ScannerEnrol,
                Act::ScannerRevoke,
            ],
            Role::Analyst => &[Act::Encounters],
            Role::Auditor => {
                &[Act::Holders, Act::AuditShow, Act::AuditVerify, Act::AuditExport, Act::Operators]
            }
            Role::Administrator => &[
                Act::Backup,
                Act::Renew,
                Act::ReplaceKey,
                Act::ReplaceCa,
                Act::ReplaceRootKeys,
                Act::EraseOldKeys,
                Act::ConfirmClock,
                Act::ListCreate,
                Act::AgencyAdd,
                Act::AgencyGive,
                Act::AgencyTake,
                Act::ListSet,
                Act::OperatorAdd,
                Act::OperatorRemove,
                Act::Operators,
                Act::AuditShow,
                Act::AuditVerify,
                Act::AuditExport,
            ],
        }
    }

    /// Whether it covers an act.
    pub fn covers(self, act: Act) -> bool {
        LOOK.contains(&act) || self.acts().contains(&act)
    }

    /// The roles that cover an act, in words.
    pub(super) fn covering(act: Act) -> String {
        let names = Role::ALL.into_iter().filter(|role| role.covers(act)).map(Role::name);
        names.collect::<Vec<_>>().join(" or ")
    }
}

impl fmt::Display for Role {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Role, String> {
        let found = Role::ALL.into_iter().find(|role| role.name() == text);
        found.ok_or_else(|| Role::ALL.map(Role::name).join(", "))
    }
}
