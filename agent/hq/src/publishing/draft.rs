//! Editions that need two operators: what one proposes is stored as a draft, and nothing goes out.
//!
//! A draft is the edition to come, with its segments. Its proposer signs its digest, as a line of the audit log; who approves it
//! signs it too (see [`super::approval`]). It ends after [`DRAFT_LIFE_S`], and when the list has moved on: another edition, another
//! import or another key.
//!
//! Bounds: [`DRAFTS_MAX`] drafts a list.

pub use crate::db::drafts::Approvals;

use crate::authority::audit::{self, Act, Entry};
use crate::authority::home::Home;
use crate::db::drafts::{self, Draft, DraftRow};
use crate::db::{Db, Session, editions, lists, operators};
use crate::operators::Role;
use crate::operators::account::roles_of;
use crate::publishing::error::PublishingError;
use vedette_shim::ids::{Hex, ListName};

/// How long a draft can be approved, seconds.
pub const DRAFT_LIFE_S: u64 = 7 * 86_400;
/// Drafts of a list, at most.
pub const DRAFTS_MAX: usize = 16;
/// The detail of an act that says that a withdrawal cannot wait for a second operator.
pub(super) const URGENT: &str = "urgent";

/// Says what an edition of a list needs: `operators` 1 or 2.
pub fn set_approvals(home: &Home, list: &ListName, needs: Approvals) -> Result<(), PublishingError> {
    if !(1..=2).contains(&needs.operators) {
        let value = needs.operators.to_string();
        return Err(PublishingError::Value { what: "approvals", value, rule: "1 or 2" });
    }
    if needs.operators > 1 && !home.actor().is_operator() {
        return Err(PublishingError::NoOperators);
    }
    let _lock = home.lock()?;
    let mut db = home.database()?;
    let change = db.change()?;
    super::list::get(&change, list)?;
    drafts::set_approvals(&change, list, needs)?;
    let act = Act::ListSet.of(list).with("approvals", needs.operators);
    audit::record(home, &change, act.with("urgent_withdrawals", needs.urgent_withdrawals))?;
    Ok(change.commit()?)
}

/// Whether what `act` makes of a list waits for a second operator.
pub(super) fn is_needed(db: &Session, list: &ListName, act: &Entry) -> Result<bool, PublishingError> {
    let needs = drafts::approvals(db, list)?;
    if needs.operators < 2 {
        return Ok(false);
    }
    match (act.details.contains_key(URGENT), needs.urgent_withdrawals) {
        (true, false) => Err(PublishingError::NotUrgent(list.clone())),
        (is_urgent, _) => Ok(!is_urgent),
    }
}

/// Stores what an operator proposes, and records it; the draft's number. Drafts that are over go.
pub(super) fn store(home: &Home, db: &mut Db, draft: &Draft, act: Entry) -> Result<u64, PublishingError> {
    if !home.actor().is_operator() {
        return Err(PublishingError::NoOperators);
    }
    let now = home.now();
    let change = db.change()?;
    for row in drafts::all(&change, Some(&draft.list))? {
        if row.at + DRAFT_LIFE_S <= now {
            drafts::remove(&change, row.number)?;
        }
    }
    if drafts::all(&change, Some(&draft.list))?.len() >= DRAFTS_MAX {
        return Err(PublishingError::TooManyDrafts(draft.list.clone()));
    }
    let asked = act.act.name();
    let number = drafts::insert(&change, draft, &asked, &home.actor().name(), now)?;
    let entry = Entry { act: Act::Draft, ..act };
    let entry =
        entry.with("asked", asked).with("draft", number).with("digest", Hex(&draft.digest()).to_string());
    let entry = entry.with("put", draft.change.entries).with("withdrawn", draft.change.withdrawals);
    audit::record(home, &change, entry)?;
    change.commit()?;
    Ok(number)
}

/// Why a draft cannot be approved any more; `None` while it can.
pub(super) fn is_over(
    db: &Session,
    row: &DraftRow,
    now: u64,
) -> Result<Option<&'static str>, PublishingError> {
    let draft = &row.draft;
    let newest = editions::newest(db, &draft.list)?.map_or(0, |last| last.edition);
    let pending = editions::pending(db, &draft.list)?.map(|pending| pending.digest);
    let key_number = lists::find(db, &draft.list)?.map_or(0, |list| list.key_number);
    let proposer = operators::find(db, &row.operator)?;
    let may_propose = proposer.is_some_and(|proposer| {
        let publishes = roles_of(&proposer).contains(&Role::Publisher);
        proposer.removed_at.is_none() && now < proposer.expires_at && publishes
    });
    Ok(match () {
        () if !may_propose => Some("its proposer may propose no more"),
        () if row.at + DRAFT_LIFE_S <= now => Some("its seven days are over"),
        () if newest != draft.base => Some("the list has another edition"),
        () if pending != draft.pending => Some("the list has another import"),
        () if key_number != draft.key_number => Some("the list has another key"),
        () => None,
    })
}
