//! One device: the agent's own intake, checks and side of the session, over a folder in memory and clocks of the simulation.
//!
//! Left out are the shells: threads, MQTT, HTTP, serial ports. What the daemon's tasks call each second is called in
//! [`Device::turn`], when the world says that something may be due.

use super::time::MachineTime;
use bytes::Bytes;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use vedette::Answer;
use vedette::check::{Checker, Scan, Settings};
use vedette::config::Limits;
use vedette::intake::{Intake, Parts, Update, bundle};
use vedette::link::asking::Asking;
use vedette::link::exchange::{Exchange, ForIntake};
use vedette::link::session::LinkSession;
use vedette::store::segments::SegmentStore;
use vedette::store::{Db, editions, receipted, trust};
use vedette_common::crypto::BoxKey;
use vedette_common::mqtt::session::Publish;
use vedette_common::mqtt::topics::Retained;
use vedette_shim::ids::{DeviceId, ListName, from_hex};
use vedette_shim::wire::{self, Chunk};
use zeroize::Zeroizing;

/// Messages that a session hands over at once, at most.
const ROOM: usize = 64;
const DAY_S: u64 = 86_400;
/// Only days count there.
const FORGET_EVERY_S: u64 = 3_600;

/// A machine with the agent on it; off at first.
pub struct Device {
    pub id: DeviceId,
    /// What `enrol` made, and the agent's state.
    pub folder: PathBuf,
    pub time: Arc<MachineTime>,
    running: Option<Running>,
}

struct Running {
    intake: Intake,
    exchange: Exchange,
    session: Option<Session>,
    /// When old receipted encounters are forgotten next.
    forget_at: u64,
}

struct Session {
    link: LinkSession,
    asking: Asking,
    begun_at: u64,
    /// What the last status said.
    reported: Option<(Vec<u64>, usize)>,
}

/// What comes of a turn.
#[derive(Default)]
pub struct Turn {
    pub out: Vec<Publish>,
    /// Retained statements to subscribe to again.
    pub ask: BTreeSet<Retained>,
    /// Something is awaited, so another turn is due soon.
    pub is_busy: bool,
}

impl Device {
    /// Enrolled into `folder`.
    pub fn new(id: DeviceId, folder: PathBuf, time: Arc<MachineTime>) -> Device {
        Device { id, folder, time, running: None }
    }

    fn limits() -> Limits {
        // An answer's step would wait in real time, a filter is built by another thread, and statuses are not what is tried.
        Limits { answer_step_ms: 0, filter_bytes_max: 0, status_every_s: 2 * DAY_S, ..Limits::default() }
    }

    /// Whether its agent runs.
    pub fn is_on(&self) -> bool {
        self.running.is_some()
    }

    /// Whether it has a session.
    pub fn is_connected(&self) -> bool {
        self.running.as_ref().is_some_and(|running| running.session.is_some())
    }

    /// Switches it on.
    pub fn start(&mut self) {
        self.time.boot();
        let state = self.folder.join("state");
        fs::create_dir_all(&state).expect("the simulation's folder is writable");
        // In place of the 4 MB that an agent keeps for a full disk.
        fs::write(state.join("reserve"), "").expect("the simulation's folder is writable");
        let db = Arc::new(Db::open_in(&state).expect("the store opens"));
        let clock = self.time.clock(trust::clock_floor(&db).expect("the store can be read"));
        let box_key = Arc::new(box_key(&self.folder));
        let mut intake = Intake::open(Parts {
            device: self.id.clone(),
            box_key: box_key.clone(),
            db: db.clone(),
            store: SegmentStore::open(&state).expect("the store opens"),
            clock: clock.clone(),
            anchor: fs::read(self.folder.join("root.anchor")).expect("enrol writes an anchor"),
            segment_bytes_max: Self::limits().segment_bytes_max,
            filter_bytes_max: 0,
            stale_after_s: Some(3 * super::HEARTBEAT_EVERY_S),
        })
        .expect("the intake opens");
        for (list, path) in bundle::grants(&self.folder.join("grants")).expect("the grants can be listed") {
            let grant = fs::read(&path).expect("the grant can be read");
            if intake.apply(Update::Grant(list, grant)).is_ok() {
                fs::remove_file(path).expect("the simulation's folder is writable");
            }
        }
        let settings = Settings {
            device: self.id.clone(),
            post: self.id.to_string(),
            box_key,
            limits: Self::limits(),
            retro_keep_s: 0,
        };
        let checker = Arc::new(Checker::new(settings, db, intake.shared(), clock));
        self.running =
            Some(Running { intake, exchange: Exchange::new(checker), session: None, forget_at: 0 });
    }

    /// The plug is pulled: nothing but what is on disk stays.
    pub fn stop(&mut self) {
        self.running = None;
    }

    /// The broker took it.
    pub fn connect(&mut self, now: u64) {
        if let Some(running) = &mut self.running {
            running.session = Some(Session {
                link: LinkSession::new(&Self::limits()),
                asking: Asking::default(),
                begun_at: now,
                reported: None,
            });
        }
    }

    /// Its session is over.
    pub fn disconnect(&mut self) {
        if let Some(running) = &mut self.running {
            running.session = None;
        }
    }

    /// A message arrives in its session; what came of it, in a word that is the same in every run.
    pub fn receive(&mut self, topic: &str, payload: Bytes) -> String {
        let Some(Running { intake, exchange, session: Some(session), .. }) = &mut self.running else {
            return "no session".into();
        };
        match exchange.receive(&mut session.link, topic, payload) {
            None => "taken".into(),
            Some(ForIntake::Update(update)) => match intake.apply(update) {
                Ok(outcome) => format!("{outcome:?}"),
                Err(error) => error.reason().into(),
            },
            Some(ForIntake::Chunk(message)) => {
                let chunk = wire::decode::<Chunk<'_>>(&message).expect("headquarters encodes chunks");
                intake
                    .chunk(&chunk)
                    .map_or_else(|error| error.reason().into(), |whole| format!("whole: {whole}"))
            }
        }
    }

    /// What is due with time, and what is to be sent.
    pub fn turn(&mut self, now: u64) -> Turn {
        let Some(Running { intake, exchange, session, forget_at }) = &mut self.running else {
            return Turn::default();
        };
        intake.tick().expect("the store can be written");
        let checker = exchange.checker().clone();
        if now >= *forget_at {
            *forget_at = now + FORGET_EVERY_S;
            let kept_s = checker.limits().keep_receipted_days * DAY_S;
            receipted::forget_old(checker.db(), checker.now().saturating_sub(kept_s))
                .expect("the store can be written");
        }
        let Some(session) = session else { return Turn::default() };
        exchange.answer_again();
        exchange.send_again();
        let needs = intake.needs().expect("the store can be read");
        let reported = exchange.reported();
        let is_news = session.reported.as_ref() != Some(&reported);
        session.reported = Some(reported);
        let since = now - session.begun_at;
        let out = exchange
            .outgoing(&mut session.link, needs.segment.as_ref(), ROOM, since, is_news)
            .expect("the store can be read");
        let ask = session.asking.due(since, &needs.behind);
        let is_awaiting = !session.link.in_flight().is_empty() || needs.segment.is_some();
        let is_busy = is_awaiting || !needs.behind.is_empty() || !out.is_empty();
        Turn { out, ask, is_busy }
    }

    /// An officer scans a document; none while it is off.
    pub fn scan(&self, mrz: String) -> Option<Answer> {
        let checker = self.running.as_ref()?.exchange.checker();
        let scan = Scan { mrz, who: "officer".into(), why: "entry".into() };
        Some(checker.check(&scan).expect("a check is recorded"))
    }

    /// The edition in use of every list that can be asked.
    pub fn editions(&self) -> Vec<(ListName, u64)> {
        let Some(running) = &self.running else { return Vec::new() };
        let snapshot = running.exchange.checker().snapshot();
        snapshot.lists.iter().map(|held| (held.list.clone(), held.edition)).collect()
    }

    /// Whether any list's key is in memory or in the store; none while it is off.
    pub fn has_keys(&self) -> Option<bool> {
        let checker = self.running.as_ref()?.exchange.checker();
        let in_memory = checker.snapshot().lists.iter().any(|held| !held.keys.is_empty());
        Some(in_memory || !editions::grants(checker.db()).expect("the store can be read").is_empty())
    }
}

fn box_key(folder: &Path) -> BoxKey {
    let text = fs::read_to_string(folder.join("box.key")).expect("enrol writes a key");
    BoxKey::from_private(Zeroizing::new(from_hex(text.trim()).expect("the key is hexadecimal")))
}
