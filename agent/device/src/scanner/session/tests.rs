//! A talk with a model of a scanner, over a line that loses what it is told to.

use super::*;
use proptest::prelude::*;
use vedette_shim::scanner::{ListInUse, SealedNote, Want};

const SEGMENT: Digest = [9; 32];
const PIECES: u32 = 4;

/// What a scanner does, without its bytes.
struct Model {
    hello: Hello,
    notes: Vec<EncounterId>,
    list_keys: HashSet<u32>,
    pieces: u32,
    refuses_offers: bool,
}

enum Reply {
    Hello(Box<Hello>),
    Want(u32),
    Installed(ListName, u64),
    Encounter(EncounterId),
    Nothing,
    Done,
    Refused(ScannerRefusal),
}

fn list() -> ListName {
    "interpol/sltd".parse().unwrap()
}

fn ours(edition: u64) -> Ours {
    let keys = [(1, ListKey([1; 32])), (2, ListKey([2; 32]))].into();
    let list_in_use = OurList { edition, manifest: Arc::from([0; 8]), digest: [edition as u8; 32], keys };
    Ours { heartbeat: Some((1_700_000_000, Arc::from([0; 8]))), lists: [(list(), list_in_use)].into() }
}

impl Model {
    fn new(notes: u8) -> Model {
        let held = ListInUse { list: list(), edition: 0, manifest: [0; 32], keyed: false };
        let hello = Hello {
            firmware: "1".try_into().unwrap(),
            lists: [held].into_iter().collect(),
            room_bytes: 1 << 20,
            encounters: notes.into(),
            time: 0,
            keyed: false,
        };
        let notes = (1..=notes).map(|n| [n; 16]).collect();
        Model { hello, notes, list_keys: HashSet::new(), pieces: 0, refuses_offers: false }
    }

    fn hears(&mut self, say: &Command, ours: &Ours) -> Reply {
        let oldest = |notes: &[EncounterId]| notes.first().map_or(Reply::Nothing, |id| Reply::Encounter(*id));
        match say {
            Command::Who => {
                self.hello.encounters = self.notes.len() as u32;
                Reply::Hello(Box::new(self.hello.clone()))
            }
            Command::Time(time) => {
                self.hello.time = *time;
                Reply::Done
            }
            Command::EncounterKey => {
                self.hello.keyed = true;
                Reply::Done
            }
            Command::ListKey(_, number) => {
                self.list_keys.insert(*number);
                Reply::Done
            }
            Command::Offer(..) if self.refuses_offers => Reply::Refused(ScannerRefusal::NoRoom),
            Command::Offer(..) if self.list_keys.len() < 2 => Reply::Refused(ScannerRefusal::NoKey),
            Command::Offer(..) | Command::Piece(..) => {
                if matches!(say, Command::Piece(_, offset, _) if *offset == self.pieces) {
                    self.pieces += 1;
                }
                if self.pieces < PIECES {
                    return Reply::Want(self.pieces);
                }
                let ours = &ours.lists[&list()];
                self.hello.lists[0] =
                    ListInUse { list: list(), edition: ours.edition, manifest: ours.digest, keyed: true };
                Reply::Installed(list(), ours.edition)
            }
            Command::Next => oldest(&self.notes),
            Command::Taken(id) => {
                self.notes.retain(|note| note != id);
                oldest(&self.notes)
            }
        }
    }
}

fn message(reply: &Reply) -> ToHost<'_> {
    match reply {
        Reply::Hello(hello) => ToHost::Hello((**hello).clone()),
        Reply::Want(offset) => ToHost::Want(Want { segment: SEGMENT, offset: *offset, bytes: 1 }),
        Reply::Installed(list, edition) => ToHost::Installed { list: list.clone(), edition: *edition },
        Reply::Encounter(id) => ToHost::Encounter(SealedNote { id: *id, sealed: b"sealed" }),
        Reply::Nothing => ToHost::Nothing,
        Reply::Done => ToHost::Done,
        Reply::Refused(refusal) => ToHost::Refused(*refusal),
    }
}

/// Talks until nothing is said for a while; returns what was said, and the encounters stored.
fn talk(
    session: &mut ScannerSession,
    model: &mut Model,
    ours: &Ours,
    losses: &[bool],
) -> (Vec<Command>, Vec<EncounterId>) {
    let (mut now, mut said, mut stored) = (session.received_at, Vec::new(), Vec::new());
    let mut losses = losses.iter().copied();
    let mut lost = || losses.next().unwrap_or(false);
    for _ in 0..2_000 {
        let Some(say) = session.next(ours, now) else {
            if session.waiting.is_none() && session.hello.is_some() {
                return (said, stored);
            }
            now = session.wakes_at();
            continue;
        };
        if let Command::Taken(id) = &say {
            assert!(stored.contains(id), "never taken before it was stored");
        }
        said.push(say.clone());
        if lost() {
            continue;
        }
        let reply = model.hears(&say, ours);
        if !lost()
            && let ScannerEvent::Store(id, _) = session.received(message(&reply), now)
        {
            stored.push(id);
            session.stored(id);
        }
    }
    panic!("no end of it: {:?}", &said[said.len() - 20..]);
}

proptest! {
    /// Whatever is lost, in the end the scanner has everything, and the host has every encounter.
    #[test]
    fn a_talk_over_a_bad_line_comes_to_the_same_end(
        losses in proptest::collection::vec(any::<bool>(), 0..60),
        notes in 0u8..4,
    ) {
        let (ours, mut model, mut session) = (ours(3), Model::new(notes), ScannerSession::new(Instant::now()));
        let (_, mut stored) = talk(&mut session, &mut model, &ours, &losses);
        stored.dedup();
        prop_assert_eq!(stored.len(), usize::from(notes));
        prop_assert!(model.notes.is_empty());
        prop_assert_eq!(model.hello.lists[0].edition, 3);
        prop_assert!(model.hello.keyed);
        prop_assert_eq!(model.hello.time, 1_700_000_000);
        // And then there is nothing more to say than whether it is still there.
        let later = session.received_at + ASK_EVERY;
        prop_assert_eq!(session.next(&ours, later), Some(Command::Who));
    }
}

#[test]
fn what_is_refused_is_not_said_again_until_something_changes() {
    let (mut model, mut session) = (Model::new(0), ScannerSession::new(Instant::now()));
    model.refuses_offers = true;
    let offers = |said: &[Command]| said.iter().filter(|say| matches!(say, Command::Offer(..))).count();
    assert_eq!(offers(&talk(&mut session, &mut model, &ours(1), &[]).0), 1);
    assert_eq!(offers(&talk(&mut session, &mut model, &ours(1), &[]).0), 0);
    session.ours_changed();
    assert_eq!(offers(&talk(&mut session, &mut model, &ours(2), &[]).0), 1);
    let later = session.received_at + REFUSED_WAIT;
    assert!(matches!(session.next(&ours(2), later), Some(Command::Offer(..))), "and after a while");
}

#[test]
fn a_scanner_that_restarts_gets_its_keys_again_at_once() {
    let (mut model, mut session) = (Model::new(0), ScannerSession::new(Instant::now()));
    talk(&mut session, &mut model, &ours(1), &[]);
    (model.hello.keyed, model.hello.time, model.hello.lists[0].keyed) = (false, 0, false);
    model.list_keys.clear();
    let now = session.received_at;
    assert_eq!(session.received(ToHost::Hello(model.hello.clone()), now), ScannerEvent::Started);
    talk(&mut session, &mut model, &ours(1), &[]);
    assert!(model.hello.keyed && model.hello.time > 0 && model.list_keys.len() == 2);
}

#[test]
fn a_scanner_that_restarts_unheard_gets_its_keys_and_the_time_again() {
    let (mut model, mut session) = (Model::new(0), ScannerSession::new(Instant::now()));
    talk(&mut session, &mut model, &ours(1), &[]);
    // Its hello is lost, or it never says one by itself; some hardware keeps the key for encounters.
    for keyed in [false, true] {
        (model.hello.keyed, model.hello.time, model.hello.lists[0].keyed) = (keyed, 0, false);
        model.list_keys.clear();
        let now = session.received_at + ASK_EVERY;
        assert_eq!(session.next(&ours(1), now), Some(Command::Who));
        assert_eq!(session.received(ToHost::Hello(model.hello.clone()), now), ScannerEvent::Started);
        talk(&mut session, &mut model, &ours(1), &[]);
        assert!(model.hello.keyed && model.hello.time > 0 && model.list_keys.len() == 2);
    }
    // It restarts in the middle of an installation: what it refuses then is offered again as soon as that is known.
    let now = session.received_at;
    session.urgent = Some(Command::Piece(SEGMENT, 0, 1));
    session.offered = Some((list(), [2; 32]));
    assert_eq!(session.next(&ours(2), now), Some(Command::Piece(SEGMENT, 0, 1)));
    assert!(matches!(
        session.received(ToHost::Refused(ScannerRefusal::Unexpected), now),
        ScannerEvent::Refused(..)
    ));
    assert_eq!(session.next(&ours(2), now), None, "the offer is barred");
    (model.hello.time, model.pieces) = (0, 0);
    assert_eq!(session.next(&ours(2), now + ASK_EVERY), Some(Command::Who));
    session.received(ToHost::Hello(model.hello.clone()), now + ASK_EVERY);
    talk(&mut session, &mut model, &ours(2), &[]);
    assert_eq!(model.hello.lists[0].edition, 2);
}

#[test]
fn a_scanner_with_the_key_of_another_host_is_given_ours() {
    let (mut model, mut session) = (Model::new(0), ScannerSession::new(Instant::now()));
    model.hello.keyed = true;
    let keys = |said: &[Command]| said.iter().filter(|say| **say == Command::EncounterKey).count();
    assert_eq!(keys(&talk(&mut session, &mut model, &ours(1), &[]).0), 1);
    assert_eq!(keys(&talk(&mut session, &mut model, &ours(1), &[]).0), 0);
}

/// A step of the flash took longer than the wait, so a message was said twice, and both are answered.
#[test]
fn a_late_answer_doubles_nothing() {
    let (mut model, ours, mut now) = (Model::new(0), ours(1), Instant::now());
    let mut session = ScannerSession::new(now);
    let mut answers = std::collections::VecDeque::new();
    let mut pieces = 0;
    while model.hello.lists[0].edition == 0 {
        while let Some(say) = session.next(&ours, now) {
            pieces += usize::from(matches!(say, Command::Piece(..)));
            let slow = matches!(say, Command::Offer(..));
            answers.push_back(model.hears(&say, &ours));
            if slow && answers.len() < 2 {
                now += ANSWER_WAIT;
            }
        }
        let answer = answers.pop_front().expect("something was said");
        session.received(message(&answer), now);
    }
    assert_eq!(pieces, PIECES as usize);
}

#[test]
fn a_scanner_that_refuses_to_say_who_it_is_is_asked_again_after_a_while() {
    let (mut session, now) = (ScannerSession::new(Instant::now()), Instant::now());
    assert_eq!(session.next(&ours(1), now), Some(Command::Who));
    let refused = ToHost::Refused(ScannerRefusal::Flash);
    assert_eq!(session.received(refused, now), ScannerEvent::Refused(Command::Who, ScannerRefusal::Flash));
    assert_eq!(session.next(&ours(1), now), None);
    assert_eq!(session.next(&ours(1), now + ANSWER_WAIT), Some(Command::Who));
}

#[test]
fn an_encounter_that_cannot_be_stored_waits_with_the_scanner() {
    let (ours, mut session, now) = (ours(1), ScannerSession::new(Instant::now()), Instant::now());
    let note = || ToHost::Encounter(SealedNote { id: [1; 16], sealed: b"" });
    session.received(ToHost::Hello(Model::new(1).hello), now);
    assert!(matches!(session.received(note(), now), ScannerEvent::Store(..)));
    session.not_stored(now);
    while let Some(say) = session.next(&ours, now) {
        assert_ne!(say, Command::Next);
        assert!(!matches!(say, Command::Taken(_)));
        session.received(ToHost::Done, now);
        if matches!(say, Command::Offer(..)) {
            session.received(ToHost::Installed { list: list(), edition: 1 }, now);
        }
    }
}
