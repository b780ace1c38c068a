//! Editions that need two operators: nothing goes out before another than the proposer has signed the very same.

use super::operators::Office;
use super::*;
use crate::authority::audit::{Act, log};
use crate::db::drafts::{self, Draft};
use crate::db::editions;
use crate::fleet::enrol::{self, EnrolOptions};
use crate::fleet::revoke;
use crate::operators::Role;
use crate::publishing::PublishingError;
use crate::publishing::approval::{approve, drafts as shown, reject};
use crate::publishing::change::{ChangeOptions, Changes, change};
use crate::publishing::draft::{Approvals, DRAFT_LIFE_S, DRAFTS_MAX, set_approvals};
use crate::publishing::import::{ImportOptions, import};
use crate::publishing::issue::Published;
use crate::publishing::list::{CreateOptions, create};
use crate::publishing::publish::{PublishOptions, publish};
use vedette_shim::list::Kind;

/// A list whose editions need two operators: `pia` and `paul` publish and approve.
struct Two(Office);

impl Two {
    fn new(urgent_withdrawals: bool) -> Two {
        let two = Two(Office::new());
        for name in ["pia", "paul"] {
            two.0.add(name, &[Role::Publisher, Role::Approver]).unwrap();
        }
        let ada = two.0.enter("ada", Act::ListSet).unwrap();
        create(&ada, &list_name(), &CreateOptions::of(Kind::Documents)).unwrap();
        set_approvals(&ada, &list_name(), Approvals { operators: 2, urgent_withdrawals }).unwrap();
        two
    }

    fn as_(&self, name: &str) -> Home {
        self.0.enter(name, Act::Publish).unwrap()
    }

    fn import(&self, numbers: &[&str]) {
        let file = self.0.folder("list.csv");
        let rows: String = numbers.iter().map(|number| format!("UTO,P,{number},stolen\n")).collect();
        let csv = format!("issuing_state,document_type,document_number,status\n{rows}");
        fs::write(&file, csv).unwrap();
        import(&self.as_("pia"), &list_name(), &file, ImportOptions::default()).unwrap();
    }

    fn publish(&self, name: &str) -> Published {
        publish(&self.as_(name), &list_name(), &PublishOptions::default()).unwrap()
    }

    fn approve(&self, name: &str, draft: u64) -> Result<Published, PublishingError> {
        approve(&self.as_(name), &list_name(), draft)
    }

    fn edition(&self) -> u64 {
        let db = self.0.home.database().unwrap();
        editions::newest(db.read(), &list_name()).unwrap().map_or(0, |last| last.edition)
    }

    /// Imports and publishes, with the second operator.
    fn out(&self, numbers: &[&str]) {
        self.import(numbers);
        let draft = self.publish("pia").draft.unwrap();
        self.approve("paul", draft).unwrap();
    }
}

#[test]
fn what_one_proposes_another_approves_and_both_sign_its_digest() {
    let two = Two::new(false);
    two.import(&["X1", "X2"]);
    let proposed = two.publish("pia");
    assert_eq!((proposed.is_new, proposed.draft, proposed.puts), (false, Some(1), 2));
    assert_eq!(two.edition(), 0);
    let draft = shown(&two.0.home, None, true).unwrap().remove(0);
    assert_eq!((draft.act.as_str(), draft.operator.as_str(), &draft.over), ("publish", "pia", &None));
    assert_eq!(draft.changes, ["put UTO-P-X1", "put UTO-P-X2"]);
    assert!(matches!(two.approve("pia", 1), Err(PublishingError::OwnDraft(1))));
    assert!(matches!(two.approve("paul", 2), Err(PublishingError::NoDraft { .. })));
    let approved = two.approve("paul", 1).unwrap();
    assert_eq!((approved.is_new, approved.edition, approved.puts, two.edition()), (true, 1, 2, 1));
    assert!(shown(&two.0.home, None, false).unwrap().is_empty());
    let signed = two.0.lines().into_iter().filter(|line| line.details.contains_key("digest"));
    let signed: Vec<_> =
        signed.map(|line| (line.operator, line.act, line.details["digest"].clone())).collect();
    let digest: serde_json::Value = draft.digest.into();
    let wanted = [("pia", "draft"), ("paul", "approve")];
    assert_eq!(signed, wanted.map(|(who, act)| (who.to_string(), act.to_string(), digest.clone())));
    log::verify(&two.0.home, None).unwrap();
    // A change is a draft too, and the edition that comes of it has what was proposed.
    let withdraw = Changes::Withdraw(vec!["UTO-P-X1".into()]);
    let proposed = change(&two.as_("paul"), &list_name(), &withdraw, ChangeOptions::default()).unwrap();
    assert_eq!((proposed.published.draft, two.edition()), (Some(2), 1));
    assert_eq!(shown(&two.0.home, None, true).unwrap()[0].changes, ["withdraw UTO-P-X1"]);
    assert_eq!(two.approve("pia", 2).unwrap().withdrawals, 1);
}

#[test]
fn a_draft_ends_when_the_list_moves_on_or_its_time_is_over() {
    let two = Two::new(true);
    two.out(&["X1", "X2", "X3"]);
    let over = |draft: u64| match two.approve("paul", draft) {
        Err(PublishingError::DraftOver { why, .. }) => why,
        other => panic!("{other:?}"),
    };
    let propose = || {
        two.import(&["X1", "X2", "X3", "X4"]);
        two.publish("pia").draft.unwrap()
    };
    let draft = propose();
    two.import(&["X1"]);
    assert_eq!(over(draft), "the list has another import");
    let draft = propose();
    enrol::enrol(&two.0.home, &device_id(), &EnrolOptions::into(two.0.folder("post-7"))).unwrap();
    revoke::revoke(&two.0.home, &device_id()).unwrap();
    assert_eq!(over(draft), "the list has another key");
    let draft = propose();
    let segments = fs::read_dir(two.0.home.segments()).unwrap().count();
    two.0.time.pass(DRAFT_LIFE_S);
    crate::authority::signing_time::confirm_clock(&two.0.home).unwrap();
    assert_eq!(over(draft), "its seven days are over");
    assert!(shown(&two.0.home, None, false).unwrap()[0].over.is_some());
    // The next proposal clears those that are over away, with their segments when something is published.
    let draft = propose();
    assert_eq!(shown(&two.0.home, None, false).unwrap().len(), 1);
    two.approve("paul", draft).unwrap();
    assert!(fs::read_dir(two.0.home.segments()).unwrap().count() <= segments);
    assert_eq!(two.edition(), 2);
}

#[test]
fn an_urgent_withdrawal_goes_out_at_once_where_the_list_lets_it_and_ends_the_drafts() {
    let urgent = Changes::WithdrawUrgently(vec!["UTO-P-X1".into()], "the holder is at the border".into());
    let withdraw = |two: &Two| change(&two.as_("pia"), &list_name(), &urgent, ChangeOptions::default());
    let strict = Two::new(false);
    strict.out(&["X1", "X2"]);
    assert!(matches!(withdraw(&strict), Err(PublishingError::NotUrgent(_))));
    let two = Two::new(true);
    two.out(&["X1", "X2"]);
    let waiting = Changes::Withdraw(vec!["UTO-P-X2".into()]);
    let waiting = change(&two.as_("pia"), &list_name(), &waiting, ChangeOptions::default()).unwrap();
    let published = withdraw(&two).unwrap().published;
    assert_eq!((published.draft, published.edition, two.edition()), (None, 2, 2));
    assert_eq!(two.0.lines().pop().unwrap().reason, "the holder is at the border");
    assert!(matches!(
        two.approve("paul", waiting.published.draft.unwrap()),
        Err(PublishingError::NoDraft { .. })
    ));
}

#[test]
fn a_draft_keeps_its_segments_while_others_publish_and_one_nobody_signed_is_refused() {
    let two = Two::new(false);
    two.import(&["X1"]);
    let draft = two.publish("pia").draft.unwrap();
    let other = "uto/other".parse().unwrap();
    create(&two.0.home, &other, &CreateOptions::of(Kind::Documents)).unwrap();
    import(&two.0.home, &other, &two.0.folder("list.csv"), ImportOptions::default()).unwrap();
    publish(&two.0.home, &other, &PublishOptions::default()).unwrap();
    // Somebody who writes the database makes a draft of it that withdraws nothing.
    let mut db = two.0.home.database().unwrap();
    let proposed = drafts::all(db.read(), None).unwrap().remove(0).draft;
    let change = db.change().unwrap();
    let forged = Draft { merged: 1, ..proposed };
    let forged = drafts::insert(&change, &forged, "publish", "pia", NOW).unwrap();
    change.commit().unwrap();
    assert!(matches!(two.approve("paul", forged), Err(PublishingError::DraftNotSigned(_))));
    two.approve("paul", draft).unwrap();
    assert_eq!(two.edition(), 1);
}

#[test]
fn a_rejected_draft_is_gone_and_says_why_and_drafts_are_bounded() {
    let two = Two::new(false);
    two.import(&["X1"]);
    let draft = two.publish("pia").draft.unwrap();
    reject(&two.as_("paul"), &list_name(), draft, "the file is last week's").unwrap();
    assert_eq!(two.0.lines().pop().unwrap().reason, "the file is last week's");
    assert!(matches!(two.approve("paul", draft), Err(PublishingError::NoDraft { .. })));
    for _ in 0..DRAFTS_MAX {
        two.publish("pia");
    }
    let one_more = publish(&two.as_("pia"), &list_name(), &PublishOptions::default());
    assert!(matches!(one_more, Err(PublishingError::TooManyDrafts(_))));
    // Without an operator nobody proposes, and nobody asks for two.
    let nobody = publish(&two.0.home, &list_name(), &PublishOptions::default());
    assert!(matches!(nobody, Err(PublishingError::NoOperators)));
    let needs = Approvals { operators: 2, urgent_withdrawals: false };
    assert!(matches!(set_approvals(&two.0.home, &list_name(), needs), Err(PublishingError::NoOperators)));
}
