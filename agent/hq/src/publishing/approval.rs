//! `drafts`, `approve`, `reject`: the second operator.
//!
//! Invariants: who approves is another operator than the proposer, and approves the very draft whose digest the proposer signed; the
//! edition, the line of the log and the end of the draft are one transaction.

#![allow(missing_docs)] // plain data: a field that its name and type explain has none

use crate::authority::audit::log::pages;
use crate::authority::audit::{self, Act, Filter};
use crate::authority::home::Home;
use crate::db::drafts::{self, DraftRow};
use crate::db::{Session, editions};
use crate::publishing::draft::{DRAFT_LIFE_S, is_over};
use crate::publishing::error::PublishingError;
use crate::publishing::issue::{Published, issue_draft};
use crate::publishing::{list, next};
use serde::Serialize;
use vedette_lists::{Change, Edition};
use vedette_shim::ids::{Hex, ListName};
use vedette_shim::list::Kind;

/// So many alerts of a draft are shown by their ids, at most.
pub const SHOWN_MAX: usize = 40;

/// A draft as `drafts` shows it. Times are seconds since 1970.
#[derive(Debug, Clone, Serialize)]
pub struct DraftView {
    pub draft: u64,
    pub list: String,
    /// What was asked for, such as `publish`.
    pub act: String,
    /// Who asked.
    pub operator: String,
    pub at: u64,
    /// It cannot be approved later.
    pub ends_at: u64,
    /// The edition that it follows; 0 for none.
    pub follows: u64,
    pub puts: u64,
    pub withdrawals: u64,
    /// What proposer and approver sign, hexadecimal.
    pub digest: String,
    /// Why it cannot be approved any more.
    pub over: Option<String>,
    /// The first alerts that it changes: `put ID` or `withdraw ID`; at most [`SHOWN_MAX`].
    pub changes: Vec<String>,
}

/// The drafts of a list, or of all, the oldest first; `with_changes`: also which alerts they change.
pub fn drafts(
    home: &Home,
    list: Option<&ListName>,
    with_changes: bool,
) -> Result<Vec<DraftView>, PublishingError> {
    let db = home.database()?;
    let view = |row: DraftRow| {
        let over = is_over(db.read(), &row, home.now())?;
        let changes = match with_changes && over.is_none() {
            true => changes(home, db.read(), &row)?,
            false => Vec::new(),
        };
        let DraftRow { number, act, operator, at, draft } = row;
        Ok(DraftView {
            draft: number,
            list: draft.list.to_string(),
            act,
            operator,
            at,
            ends_at: at + DRAFT_LIFE_S,
            follows: draft.base,
            puts: draft.change.entries,
            withdrawals: draft.change.withdrawals,
            digest: Hex(&draft.digest()).to_string(),
            over: over.map(String::from),
            changes,
        })
    };
    drafts::all(db.read(), list)?.into_iter().map(view).collect()
}

/// Approves a draft that another operator proposed: it is the list's next edition.
pub fn approve(home: &Home, name: &ListName, number: u64) -> Result<Published, PublishingError> {
    let _lock = home.lock()?;
    let mut db = home.database()?;
    let row = find(db.read(), name, number)?;
    if !home.actor().is_operator() {
        return Err(PublishingError::NoOperators);
    }
    if home.actor().name() == row.operator {
        return Err(PublishingError::OwnDraft(number));
    }
    if let Some(why) = is_over(db.read(), &row, home.now())? {
        return Err(PublishingError::DraftOver { draft: number, why });
    }
    let digest = Hex(&row.draft.digest()).to_string();
    if !is_signed(home, &row, &digest)? {
        return Err(PublishingError::DraftNotSigned(number));
    }
    let act = Act::Approve.of(name).with("draft", number).with("digest", digest);
    let list = list::get(db.read(), name)?;
    issue_draft(home, &mut db, &list, row.draft, act.with("proposed_by", row.operator))
}

/// Ends a draft.
pub fn reject(home: &Home, name: &ListName, number: u64, reason: &str) -> Result<(), PublishingError> {
    let _lock = home.lock()?;
    let mut db = home.database()?;
    let change = db.change()?;
    let row = find(&change, name, number)?;
    drafts::remove(&change, number)?;
    let act = Act::Reject.of(name).with("draft", number).with("digest", Hex(&row.draft.digest()).to_string());
    audit::record(home, &change, act.because(reason))?;
    Ok(change.commit()?)
}

fn find(db: &Session, name: &ListName, number: u64) -> Result<DraftRow, PublishingError> {
    let mut rows = drafts::all(db, Some(name))?.into_iter();
    let found = rows.find(|row| row.number == number);
    found.ok_or_else(|| PublishingError::NoDraft { list: name.clone(), draft: number })
}

/// Whether the proposer's line in the log names this very draft.
fn is_signed(home: &Home, row: &DraftRow, digest: &str) -> Result<bool, PublishingError> {
    let wanted = Filter {
        act: Some(Act::Draft.name()),
        object: Some(row.draft.list.to_string()),
        operator: Some(row.operator.clone()),
        ..Filter::default()
    };
    for page in pages(home, wanted)? {
        if page?.iter().any(|line| line.details.get("digest").is_some_and(|signed| signed == digest)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The first alerts that a draft changes.
fn changes(home: &Home, db: &Session, row: &DraftRow) -> Result<Vec<String>, PublishingError> {
    let draft = &row.draft;
    let open = |segment: &_| next::open_segment(home, &draft.list, segment);
    let new = Edition::open(draft.segments.iter().map(open).collect::<Result<_, _>>()?)?;
    let last = editions::newest(db, &draft.list)?;
    let old = match &last {
        Some(last) => Some(Edition::open(next::open_segments(home, &draft.list, last)?)?),
        None => None,
    };
    let mut found = Vec::new();
    match new.kind() {
        Kind::Documents => {
            for change in vedette_lists::diff(old.as_ref(), &new)?.take(SHOWN_MAX) {
                found.push(match change? {
                    Change::Put(alert) => format!("put {}", alert.id()),
                    Change::Withdraw(id) => format!("withdraw {id}"),
                });
            }
        }
        Kind::Persons => {
            for record in vedette_lists::diff_records(old.as_ref(), &new)?.take(SHOWN_MAX) {
                let record = record?;
                let what = if record.value.is_some() { "put" } else { "withdraw" };
                found.push(format!("{what} {}", String::from_utf8_lossy(&record.key)));
            }
        }
    }
    Ok(found)
}
