//! The loop of the simulation: takes the next event, lets the device or headquarters it concerns do its work, carries what they
//! say, and asks after each step whether all is still true.

use super::device::Device;
use super::headquarters::Headquarters;
use super::network::{Broker, Event, Queue};
use super::random::Random;
use super::time::{MachineTime, WorldTime};
use super::truth::Truth;
use super::weather::Weather;
use super::{Counts, HEARTBEAT_EVERY_S, IDLE_S, IN_EFFECT_S, Plan, Report, Sabotage, Trace};
use crate::sample;
use bytes::Bytes;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use tempfile::TempDir;
use vedette_common::mqtt::session::Publish;
use vedette_common::mqtt::topics::{
    DeviceTopic, Subscription, Topic, device_subscriptions, headquarters_subscriptions,
};
use vedette_shim::ids::ListName;
use vedette_shim::trust::{Envelope, Heartbeat, Manifest, SignedKind, decode_body};

/// When it begins, seconds since 1970.
const BEGINS: u64 = 1_790_000_000;
const DAY_S: u64 = 86_400;
/// Days at the end in which nothing fails: what was refused is sent again after one.
const QUIET_DAYS: u64 = 3;
/// Documents in the first edition of each list.
const FIRST_NUMBERS: usize = 200;
/// Documents of one list have numbers below the next list's.
const NUMBERS_EACH: usize = 1_000_000;
/// Longest time between two turns of a device that awaits something, seconds.
const BUSY_S: u64 = 600;

/// The whole of it.
pub struct World {
    pub(super) plan: Plan,
    pub(super) dice: Random,
    pub(super) time: Arc<WorldTime>,
    pub(super) queue: Queue,
    pub(super) broker: Broker,
    pub(super) home: Headquarters,
    pub(super) home_is_up: bool,
    pub(super) devices: Vec<Device>,
    pub(super) weather: Weather,
    pub(super) truth: Truth,
    pub(super) counts: Counts,
    pub(super) lists: Vec<ListName>,
    pub(super) trace: Trace,
    /// Of each device: the number of its last call, when that is due, and how long it waited before.
    calls: Vec<(u64, u64, u64)>,
    /// Numbers given out so far, by list.
    numbers: Vec<usize>,
    /// Removed with it.
    folder: TempDir,
}

impl World {
    /// Headquarters with its lists, and every device enrolled and switched on.
    pub fn new(plan: Plan) -> World {
        let memory = PathBuf::from("/dev/shm");
        let parent = if memory.is_dir() { memory } else { std::env::temp_dir() };
        let folder = tempfile::Builder::new().prefix("vedette-simulation-").tempdir_in(parent);
        let folder = folder.expect("there is a writable folder for temporary files");
        let time = WorldTime::starting_at(BEGINS);
        let lists: Vec<ListName> =
            ["interpol/sltd", "eu/sis", "uto/stolen"].map(|list| list.parse().expect("a list's name")).into();
        let home = Headquarters::new(folder.path(), MachineTime::of(&time), &lists);
        let device = |n: usize| {
            let id = format!("post-{n}").parse().expect("a device's name");
            Device::new(id, folder.path().join(format!("device-{n}-0")), MachineTime::of(&time))
        };
        let devices: Vec<Device> = (0..plan.devices).map(device).collect();
        let mut world = World {
            dice: Random::of(plan.seed),
            queue: Queue::default(),
            broker: Broker::new(plan.devices),
            home_is_up: true,
            weather: Weather::new(plan),
            truth: Truth::new(BEGINS, &lists, plan.devices),
            counts: Counts::default(),
            trace: Trace { is_loud: plan.is_loud, ..Trace::default() },
            calls: vec![(0, 0, 1); plan.devices],
            numbers: vec![0; lists.len()],
            plan,
            time,
            home,
            devices,
            lists,
            folder,
        };
        world.begin();
        world
    }

    fn begin(&mut self) {
        for list in 0..self.lists.len() {
            let numbers = self.new_numbers(list, FIRST_NUMBERS);
            let edition = self.home.publish_first(&self.lists[list], &numbers.iter().copied().collect());
            self.truth.published(list, edition, &numbers, &[]);
        }
        for device in 0..self.devices.len() {
            self.enrol(device);
            let first = self.now() + self.dice.between(1, DAY_S);
            self.queue.put(first, Event::Scan(device));
        }
        self.queue.put(self.now(), Event::HeadquartersUp);
        self.queue.put(self.now() + HEARTBEAT_EVERY_S, Event::Look);
        self.queue.put(self.now() + DAY_S, Event::Day(1));
    }

    /// The true time.
    pub(super) fn now(&self) -> u64 {
        self.time.now()
    }

    /// Whole days since it began.
    pub(super) fn days_gone(&self) -> u64 {
        (self.now() - BEGINS) / DAY_S
    }

    /// Whether things may still go wrong.
    pub(super) fn is_quiet(&self) -> bool {
        self.now() >= BEGINS + self.plan.days * DAY_S
    }

    /// Runs to the end.
    pub fn run(mut self) -> Report {
        let end = BEGINS + (self.plan.days + QUIET_DAYS) * DAY_S;
        while let Some((at, event)) = self.queue.take_next() {
            // Devices would ask without end for what is withheld.
            let is_seen = self.plan.sabotage == Some(Sabotage::ManifestsWithheld) && self.truth.is_broken();
            if at >= end || is_seen {
                break;
            }
            self.time.advance_to(at);
            self.counts.events += 1;
            self.happen(event);
        }
        for device in 0..self.devices.len() {
            let used = self.devices[device].editions();
            self.truth.settled(device, self.now(), &used);
        }
        let stored = self.home.stored();
        self.truth.stored(self.now(), &stored);
        self.counts.hits = self.truth.answered() as u64;
        Report { plan: self.plan, trace: self.trace.end(), counts: self.counts, broken: self.truth.broken() }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Turn { device, call } if self.calls[device].0 == call => self.turn(device),
            Event::Turn { .. } => {}
            Event::ToDevice { device, session, topic, payload } => {
                let of_now = self.broker.sessions[device];
                if of_now.is_some() && (session.is_none() || session == of_now) {
                    self.arrive(device, &topic, payload);
                }
            }
            Event::ToHeadquarters { session, topic, payload, retained } => {
                if self.broker.home == Some(session) {
                    self.home.take(&topic, payload, retained);
                    self.flush_home();
                }
            }
            Event::Scan(device) => self.scan(device),
            Event::InEffect { device, session, home_session, named } => {
                let lasted =
                    self.broker.sessions[device] == Some(session) && self.broker.home == Some(home_session);
                if lasted && !self.truth.is_revoked(device) && self.devices[device].time.is_right() {
                    let used = self.devices[device].editions();
                    self.truth.in_effect(device, self.now(), &named, &used);
                }
            }
            Event::Look => {
                self.queue.put(self.now() + HEARTBEAT_EVERY_S, Event::Look);
                self.look();
            }
            other => self.weathered(other),
        }
    }

    /// Headquarters looks at its home, and what is new goes out.
    pub(super) fn look(&mut self) {
        if self.broker.home.is_some() {
            self.home.look();
            self.flush_home();
        }
    }

    /// Hands what headquarters has to say to the broker.
    pub(super) fn flush_home(&mut self) {
        if self.broker.home.is_none() {
            return;
        }
        while let Some(publish) = self.home.next_message() {
            self.broker.keep(&publish);
            let payload = Bytes::from(publish.payload);
            match Topic::parse(&publish.topic) {
                Some(Topic::Device(id, _)) => {
                    let device = self.devices.iter().position(|device| device.id == id);
                    device.into_iter().for_each(|device| self.carry_down(device, &publish.topic, &payload));
                }
                _ => (0..self.devices.len())
                    .for_each(|device| self.carry_down(device, &publish.topic, &payload)),
            }
        }
    }

    /// A message on its way to a device: it may be lost, late, or come twice.
    pub(super) fn carry_down(&mut self, device: usize, topic: &str, payload: &Bytes) {
        let Some(session) = self.broker.sessions[device] else { return };
        if self.plan.sabotage == Some(Sabotage::ManifestsWithheld)
            && matches!(Topic::parse(topic), Some(Topic::Manifest(list)) if list == self.lists[0])
            && self.counts.editions > 0
        {
            return;
        }
        for (late_s, is_repeat) in self.fates() {
            // What comes again may come in a later session, as from a broker that plays it again.
            let session = (!is_repeat).then_some(session);
            let event = Event::ToDevice { device, session, topic: topic.into(), payload: payload.clone() };
            self.queue.put(self.now() + late_s, event);
        }
    }

    fn carry_up(&mut self, publish: Publish) {
        self.broker.keep(&publish);
        let Some(session) = self.broker.home else { return };
        let payload = Bytes::from(publish.payload);
        for (late_s, _) in self.fates() {
            let (topic, payload) = (publish.topic.clone(), payload.clone());
            self.queue
                .put(self.now() + late_s, Event::ToHeadquarters { session, topic, payload, retained: false });
        }
    }

    fn arrive(&mut self, device: usize, topic: &str, payload: Bytes) {
        let now = self.now();
        self.note_heard(device, topic, &payload);
        let came_of_it = self.devices[device].receive(topic, payload);
        let kind = match Topic::parse(topic) {
            Some(Topic::Segment(..)) => "segment".into(),
            Some(Topic::Device(_, DeviceTopic::Answer(_))) => "answer".into(),
            _ => topic.to_string(),
        };
        self.trace.note(now, format_args!("{device} {kind} {came_of_it}"));
        self.truth.uses(device, now, self.devices[device].editions());
        self.call_soon(device);
    }

    /// What signed times a device hears, and what a heartbeat says should be in effect soon.
    fn note_heard(&mut self, device: usize, topic: &str, payload: &Bytes) {
        let now = self.now();
        match Topic::parse(topic) {
            Some(Topic::Heartbeat) => {
                let envelope = Envelope::read(payload, SignedKind::Heartbeat).expect("it is headquarters'");
                let heartbeat: Heartbeat =
                    decode_body(envelope.kind, envelope.body).expect("it is headquarters'");
                self.truth.heard(device, now, heartbeat.issued);
                let number = |list| self.lists.iter().position(|name| name == list);
                let named =
                    heartbeat.lists.iter().filter_map(|state| Some((number(&state.list)?, state.edition)));
                let named: Vec<_> = named.collect();
                if let (Some(session), Some(home_session)) = (self.broker.sessions[device], self.broker.home)
                {
                    self.queue
                        .put(now + IN_EFFECT_S, Event::InEffect { device, session, home_session, named });
                }
            }
            Some(Topic::Manifest(_)) => {
                let envelope = Envelope::read(payload, SignedKind::Manifest).expect("it is headquarters'");
                let manifest: Manifest =
                    decode_body(envelope.kind, envelope.body).expect("it is headquarters'");
                self.truth.heard(device, now, manifest.issued);
            }
            _ => {}
        }
    }

    /// A device does what is due.
    pub(super) fn turn(&mut self, device: usize) {
        if !self.devices[device].is_on() {
            return;
        }
        let now = self.now();
        let turn = self.devices[device].turn(now);
        for publish in turn.out {
            self.carry_up(publish);
        }
        if !turn.ask.is_empty() {
            let id = self.devices[device].id.clone();
            self.trace.note(now, format_args!("{device} asks again for {:?}", turn.ask));
            let filters: Vec<Subscription> = turn.ask.iter().map(|kind| kind.subscription(&id)).collect();
            self.send_retained(device, &filters);
        }
        if self.truth.is_revoked(device) && self.devices[device].has_keys() == Some(true) {
            let time = &self.devices[device].time;
            self.truth.has_keys(device, now, time.is_right(), time.knows_since());
        }
        self.truth.uses(device, now, self.devices[device].editions());
        let wait = if turn.is_busy { self.calls[device].2 } else { IDLE_S };
        self.calls[device].2 = (self.calls[device].2 * 3).min(BUSY_S);
        self.call(device, now + wait);
    }

    /// Something happened to a device: it has a turn in a second.
    pub(super) fn call_soon(&mut self, device: usize) {
        self.calls[device].2 = 1;
        let due = self.now() + 1;
        if self.calls[device].1 != due {
            self.call(device, due);
        }
    }

    fn call(&mut self, device: usize, at: u64) {
        let (call, due, _) = &mut self.calls[device];
        (*call, *due) = (*call + 1, at);
        self.queue.put(at, Event::Turn { device, call: self.calls[device].0 });
    }

    /// A subscription brings what the broker retains.
    fn send_retained(&mut self, device: usize, filters: &[Subscription]) {
        for (topic, payload) in self.broker.retained(filters) {
            self.carry_down(device, &topic, &payload);
        }
    }

    /// A device connects, if broker and device are there.
    pub(super) fn connect(&mut self, device: usize) -> bool {
        if !self.broker.is_up || self.broker.refuses[device] || !self.devices[device].is_on() {
            return false;
        }
        let session = self.broker.open();
        self.broker.sessions[device] = Some(session);
        let now = self.now();
        self.devices[device].connect(now);
        self.trace.note(self.now(), format_args!("{device} connects"));
        self.send_retained(device, &device_subscriptions(&self.devices[device].id));
        self.call_soon(device);
        true
    }

    /// Headquarters connects, if both are there.
    pub(super) fn connect_home(&mut self) {
        if !self.broker.is_up || !self.home_is_up {
            return;
        }
        let session = self.broker.open();
        self.broker.home = Some(session);
        self.home.connect();
        for (topic, payload) in self.broker.retained(&headquarters_subscriptions()) {
            self.home.take(&topic, payload, true);
        }
        self.flush_home();
    }

    /// An officer scans a document: one that is listed, one that was, or one that never was.
    fn scan(&mut self, device: usize) {
        let now = self.now();
        self.queue.put(now + self.dice.between(3_600, 4 * DAY_S), Event::Scan(device));
        let list = self.dice.below(self.lists.len() as u64) as usize;
        let number = match self.dice.below(10) {
            0..4 => {
                let listed = self.truth.listed(list);
                let nth = self.dice.below(listed.len() as u64) as usize;
                listed.iter().nth(nth).copied().unwrap_or_default()
            }
            4..8 => list * NUMBERS_EACH + self.dice.below(self.numbers[list] as u64) as usize,
            _ => (list + 1) * NUMBERS_EACH - 1 - self.dice.below(1_000) as usize,
        };
        let Some(answer) = self.devices[device].scan(sample::passport(&sample::number(number))) else {
            return;
        };
        self.counts.scans += 1;
        self.trace.note(now, format_args!("{device} scans {number}: {:?}", answer.verdict));
        let is_right = self.devices[device].time.is_right();
        self.truth.scanned(device, now, is_right, number, &answer);
        self.call_soon(device);
    }

    /// Numbers that no edition of the list had yet.
    pub(super) fn new_numbers(&mut self, list: usize, count: usize) -> Vec<usize> {
        let first = list * NUMBERS_EACH + self.numbers[list];
        self.numbers[list] += count;
        (first..first + count).collect()
    }

    /// Enrols a device, with a new folder and new keys, and switches it on.
    pub(super) fn enrol(&mut self, device: usize) {
        let folder = self.folder.path().join(format!("device-{device}-{}", self.weather.enrolments(device)));
        self.home.enrol(&self.devices[device].id, &folder);
        self.devices[device].folder = folder;
        self.broker.refuses[device] = false;
        self.truth.enrolled(device, self.now());
        self.devices[device].start();
        self.plan_link_up(device, 1);
        self.call_soon(device);
    }

    /// Documents to be withdrawn from a list.
    pub(super) fn some_listed(&mut self, list: usize, count: usize) -> Vec<usize> {
        let listed: Vec<usize> = self.truth.listed(list).iter().copied().collect();
        let pick = |_| listed[self.dice.below(listed.len() as u64) as usize];
        (0..count).map(pick).collect::<BTreeSet<usize>>().into_iter().collect()
    }
}
