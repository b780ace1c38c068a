//! The queue of what will happen, and the broker: sessions, retained messages, restarts, backups of its own.
//!
//! As MQTT 3.1.1 says it, as far as it is used: clean sessions, retained messages for every new subscription, an empty one
//! clears its topic. Its rights are those of `config/`: a device hears what is for all and what is its own.

use bytes::Bytes;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use vedette_common::mqtt::session::Publish;
use vedette_common::mqtt::topics::Subscription;

/// What may happen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Event {
    /// A device does what is due, unless it was called again since.
    Turn {
        device: usize,
        call: u64,
    },
    /// A message reaches a device; `session`: only in that one, none for a late repeat.
    ToDevice {
        device: usize,
        session: Option<u64>,
        topic: String,
        payload: Bytes,
    },
    /// A message reaches headquarters, in that session of its own.
    ToHeadquarters {
        session: u64,
        topic: String,
        payload: Bytes,
        retained: bool,
    },
    /// A device's link comes or goes, unless that was planned otherwise since.
    LinkUp {
        device: usize,
        plan: u64,
    },
    LinkDown {
        device: usize,
        plan: u64,
    },
    /// An officer scans a document.
    Scan(usize),
    /// Somebody sets a device's clock right.
    ClockRight(usize),
    /// The broker refuses the device, which was revoked, from now on.
    CutOff {
        device: usize,
        enrolment: u32,
    },
    /// The device is enrolled again.
    Enrol(usize),
    /// What a heartbeat named must be in effect on the device, if both sessions lasted.
    InEffect {
        device: usize,
        session: u64,
        home_session: u64,
        named: Vec<(usize, u64)>,
    },
    /// Headquarters looks at its terms.
    Look,
    /// A day begins.
    Day(u64),
    BrokerUp,
    HeadquartersUp,
    /// Headquarters' machine is lost, and its backup restored.
    Restore,
}

/// What will happen, in the order of time and then of planning.
#[derive(Default)]
pub struct Queue {
    waiting: BinaryHeap<Reverse<(u64, u64, Event)>>,
    planned: u64,
}

impl Queue {
    /// Plans an event.
    pub fn put(&mut self, at: u64, event: Event) {
        self.planned += 1;
        self.waiting.push(Reverse((at, self.planned, event)));
    }

    /// The next event and its time.
    pub fn take_next(&mut self) -> Option<(u64, Event)> {
        self.waiting.pop().map(|Reverse((at, _, event))| (at, event))
    }
}

/// The one broker.
pub struct Broker {
    pub is_up: bool,
    /// The session of each device.
    pub sessions: Vec<Option<u64>>,
    /// Headquarters' session.
    pub home: Option<u64>,
    /// Devices whose certificate it refuses.
    pub refuses: Vec<bool>,
    retained: BTreeMap<String, Bytes>,
    backup: BTreeMap<String, Bytes>,
    opened: u64,
}

impl Broker {
    /// One that serves nobody yet.
    pub fn new(devices: usize) -> Broker {
        Broker {
            is_up: true,
            sessions: vec![None; devices],
            home: None,
            refuses: vec![false; devices],
            retained: BTreeMap::new(),
            backup: BTreeMap::new(),
            opened: 0,
        }
    }

    /// The number of a new session.
    pub fn open(&mut self) -> u64 {
        self.opened += 1;
        self.opened
    }

    /// Keeps a retained message for later subscribers.
    pub fn keep(&mut self, publish: &Publish) {
        match (publish.retain, publish.payload.is_empty()) {
            (false, _) => {}
            (true, true) => drop(self.retained.remove(&publish.topic)),
            (true, false) => {
                drop(self.retained.insert(publish.topic.clone(), publish.payload.clone().into()))
            }
        }
    }

    /// What a new subscription to these filters brings, in their order.
    pub fn retained(&self, filters: &[Subscription]) -> Vec<(String, Bytes)> {
        let mut found = Vec::new();
        for Subscription { filter, .. } in filters {
            let fixed = filter.split('+').next().unwrap_or(filter);
            let range = self.retained.range(fixed.to_string()..);
            let in_range = range.take_while(|(topic, _)| topic.starts_with(fixed));
            let matching = in_range.filter(|(topic, _)| matches(filter, topic));
            found.extend(matching.map(|(topic, payload)| (topic.clone(), payload.clone())));
        }
        found
    }

    /// Its administrator saves what it retains.
    pub fn back_up(&mut self) {
        self.backup = self.retained.clone();
    }

    /// It starts again with what it retained, with nothing, or with the backup.
    pub fn start(&mut self, memory: Memory) {
        self.is_up = true;
        match memory {
            Memory::All => {}
            Memory::Nothing => self.retained.clear(),
            Memory::Backup => self.retained = self.backup.clone(),
        }
    }
}

/// What a broker has after a restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Memory {
    All,
    Nothing,
    Backup,
}

/// Whether an MQTT filter without `#` has this topic.
fn matches(filter: &str, topic: &str) -> bool {
    let (mut wanted, mut found) = (filter.split('/'), topic.split('/'));
    loop {
        match (wanted.next(), found.next()) {
            (None, None) => return true,
            (Some("+"), Some(_)) => {}
            (Some(want), Some(part)) if want == part => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_match_as_mqtt_says() {
        assert!(matches("a/+/c", "a/b/c") && matches("a/b", "a/b"));
        assert!(!matches("a/+", "a/b/c") && !matches("a/+/c", "a/b") && !matches("a/b", "a/c"));
    }
}
