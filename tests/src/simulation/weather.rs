//! What goes wrong, and when: by the dice, and never in the quiet days at the end.
//!
//! Bounds, so that what is promised can be expected: a device is out of reach for at most [`AWAY_MAX_S`], because receipted
//! encounters are kept for seven days; only in the first third of the time, when no home is lost, for weeks.

use super::headquarters::copy_folder;
use super::network::{Event, Memory};
use super::truth::CUT_OFF_WITHIN_S;
use super::world::World;
use super::{Plan, Sabotage};
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use vedette_hq::keys::OnlineRole;

const HOUR_S: u64 = 3_600;
const DAY_S: u64 = 86_400;
/// Longest time out of reach, seconds.
const AWAY_MAX_S: u64 = 4 * DAY_S;
/// Messages of a million that are lost, that come twice, and of these, in a hundred, that come hours later.
const LOST_PER_MILLION: u64 = 20_000;
const REPEATED_PER_MILLION: u64 = 20_000;
const HOURS_LATER_PERCENT: u64 = 10;

/// What was planned.
pub(super) struct Weather {
    days: u64,
    /// Of each device: the number of the last plan for its link, and of its enrolments.
    links: Vec<u64>,
    enrolments: Vec<u32>,
    /// Days on which headquarters makes a backup, and a day later loses its home.
    backups: Vec<u64>,
    /// Devices that were revoked or enrolled since the backup: its administrators do it again after a restore.
    changed: BTreeSet<usize>,
    /// Roles whose key was replaced since the backup: it is replaced again after a restore, for the old one may be stolen.
    replaced: Vec<OnlineRole>,
    /// Lists that wait for headquarters to be up.
    unpublished: Vec<usize>,
    /// Disks that were copied, to be put back: a sabotage.
    old_disks: Vec<Option<PathBuf>>,
}

impl Weather {
    /// For a fleet.
    pub(super) fn new(plan: Plan) -> Weather {
        Weather {
            days: plan.days,
            links: vec![0; plan.devices],
            enrolments: vec![0; plan.devices],
            backups: vec![plan.days * 5 / 10, plan.days * 8 / 10],
            changed: BTreeSet::new(),
            replaced: Vec::new(),
            unpublished: Vec::new(),
            old_disks: vec![None; plan.devices],
        }
    }

    /// How often a device was enrolled before.
    pub(super) fn enrolments(&self, device: usize) -> u32 {
        self.enrolments[device]
    }

    /// Of a million days, so many for what should happen so often in a year, and in a short simulation at all.
    fn daily(&self, times_a_year: u64) -> u64 {
        (times_a_year * 1_000_000 / 365).max(2_000_000 / self.days).min(500_000)
    }
}

impl World {
    /// How late a message comes, for each time that it comes, and whether that is a repeat.
    pub(super) fn fates(&mut self) -> Vec<(u64, bool)> {
        let late_s = |world: &mut World| match world.dice.below(20) {
            0 => world.dice.between(2, 30),
            _ => world.dice.between(0, 2),
        };
        if self.is_quiet() {
            return vec![(late_s(self), false)];
        }
        let mut fates = Vec::new();
        match self.dice.per_million(LOST_PER_MILLION) {
            true => self.counts.lost += 1,
            false => fates.push((late_s(self), false)),
        }
        if self.dice.per_million(REPEATED_PER_MILLION) {
            self.counts.repeated += 1;
            let hours = if self.dice.percent(HOURS_LATER_PERCENT) { 3 * HOUR_S } else { 0 };
            fates.push((late_s(self) + self.dice.between(0, hours), true));
        }
        fates
    }

    /// What happens to links, machines and homes.
    pub(super) fn weathered(&mut self, event: Event) {
        match event {
            Event::LinkUp { device, plan } if self.weather.links[device] == plan => self.link_up(device),
            Event::LinkDown { device, plan } if self.weather.links[device] == plan => self.link_down(device),
            Event::ClockRight(device) => self.devices[device].time.set_ahead(0),
            Event::CutOff { device, enrolment } if self.weather.enrolments[device] == enrolment => {
                self.broker.refuses[device] = true;
                self.break_session(device);
                self.plan_link_up(device, DAY_S);
            }
            Event::Enrol(device) => {
                self.trace.note(self.now(), format_args!("{device} is enrolled again"));
                self.devices[device].stop();
                self.break_session(device);
                self.weather.enrolments[device] += 1;
                self.weather.changed.insert(device);
                self.devices[device].time.set_ahead(0);
                self.enrol(device);
                self.look();
            }
            Event::Day(day) => self.day(day),
            Event::BrokerUp => {
                let memory = match self.dice.below(4) {
                    0 => Memory::Backup,
                    1 | 2 => Memory::Nothing,
                    _ => Memory::All,
                };
                self.trace.note(self.now(), format_args!("the broker is back with {memory:?}"));
                self.broker.start(memory);
                self.connect_home();
            }
            Event::HeadquartersUp => {
                self.home_is_up = true;
                self.connect_home();
                for list in std::mem::take(&mut self.weather.unpublished) {
                    self.publish(list);
                }
            }
            Event::Restore => self.restore(),
            _ => {} // planned otherwise since
        }
    }

    pub(super) fn plan_link_up(&mut self, device: usize, after_s: u64) {
        self.weather.links[device] += 1;
        let plan = self.weather.links[device];
        self.queue.put(self.now() + after_s, Event::LinkUp { device, plan });
    }

    fn link_up(&mut self, device: usize) {
        if !self.devices[device].is_on() {
            self.switch_on(device);
        }
        if !self.connect(device) {
            let wait = self.dice.between(60, if self.broker.refuses[device] { DAY_S } else { 600 });
            return self.plan_link_up(device, wait);
        }
        if self.plan.sabotage == Some(Sabotage::ClocksStandStill) {
            self.devices[device].time.stop(false);
        }
        if !self.is_quiet() {
            let lasts = self.dice.between(HOUR_S, 12 * DAY_S);
            self.weather.links[device] += 1;
            let plan = self.weather.links[device];
            self.queue.put(self.now() + lasts, Event::LinkDown { device, plan });
        }
    }

    fn break_session(&mut self, device: usize) {
        self.broker.sessions[device] = None;
        self.devices[device].disconnect();
    }

    fn link_down(&mut self, device: usize) {
        if self.is_quiet() {
            return;
        }
        self.counts.outages += 1;
        self.break_session(device);
        if self.plan.sabotage == Some(Sabotage::ClocksStandStill) {
            self.devices[device].time.stop(true);
        }
        let away_s = self.away();
        self.trace.note(self.now(), format_args!("{device} is away for {away_s}"));
        match self.dice.below(10) {
            0 => {
                self.devices[device].stop();
                self.switch_on(device);
            }
            1..4 => {
                self.devices[device].stop();
                self.keep_disk(device);
            }
            _ => {}
        }
        self.plan_link_up(device, away_s);
    }

    /// For how long a device is out of reach, seconds.
    fn away(&mut self) -> u64 {
        let is_early = self.days_gone() < self.plan.days / 3;
        let quiet_in_s = self.plan.days.saturating_sub(self.days_gone()) * DAY_S;
        let away_s = match self.dice.below(100) {
            0..60 => self.dice.between(5, 1_800),
            60..85 => self.dice.between(HOUR_S, 12 * HOUR_S),
            85..98 => self.dice.between(DAY_S, AWAY_MAX_S),
            _ if is_early && self.plan.days >= 90 => self.dice.between(10 * DAY_S, 25 * DAY_S),
            _ => AWAY_MAX_S,
        };
        away_s.min(quiet_in_s + 60)
    }

    fn switch_on(&mut self, device: usize) {
        self.counts.restarts += 1;
        let time = self.devices[device].time.clone();
        time.set_ahead(0);
        if !self.is_quiet() {
            let ahead = match self.dice.below(100) {
                0..6 => -(self.now() as i64 - 946_684_800), // a dead battery: the year 2000
                6..9 => 5 * DAY_S as i64,
                _ => 0,
            };
            time.set_ahead(ahead);
            if ahead != 0 {
                let right_in_s = self.dice.between(HOUR_S, 20 * HOUR_S);
                self.queue.put(self.now() + right_in_s, Event::ClockRight(device));
            }
        }
        self.put_disk_back(device);
        self.devices[device].start();
        self.trace.note(self.now(), format_args!("{device} starts"));
        self.truth.uses(device, self.now(), self.devices[device].editions());
        self.call_soon(device);
    }

    /// What headquarters does in a day, and what befalls it and the broker.
    fn day(&mut self, day: u64) {
        self.queue.put(self.now() + DAY_S, Event::Day(day + 1));
        // A manifest counts for a week, so every list has an edition in each.
        if let Some(list) = (0..self.lists.len()).find(|list| day as usize % 5 == *list) {
            match self.home_is_up {
                true => self.publish(list),
                false => self.weather.unpublished.push(list),
            }
        }
        if self.is_quiet() {
            return;
        }
        if self.weather.backups.contains(&day) {
            self.home.backup();
            self.weather.changed.clear();
            self.weather.replaced.clear();
            self.truth.backed_up();
            self.queue.put(self.now() + DAY_S - HOUR_S, Event::Restore);
        }
        if self.dice.per_million(self.weather.daily(15)) && self.home_is_up {
            self.revoke_one();
        }
        // Often in the day between a backup and the loss of the home, too.
        let is_replaced = match self.weather.backups.contains(&day) {
            true => self.dice.percent(30),
            false => self.dice.per_million(self.weather.daily(6)),
        };
        if is_replaced && self.home_is_up {
            let roles = [OnlineRole::Heartbeat, OnlineRole::Collector, OnlineRole::Orders];
            let role = roles[self.dice.below(roles.len() as u64) as usize];
            self.trace.note(self.now(), format_args!("the key of {role:?} is replaced"));
            self.home.replace_key(role);
            self.weather.replaced.push(role);
            self.look();
        }
        if self.dice.per_million(self.weather.daily(20)) {
            self.broker.back_up();
        }
        if self.dice.per_million(self.weather.daily(24)) && self.broker.is_up {
            self.break_broker();
        }
        if self.dice.per_million(self.weather.daily(24)) && self.home_is_up {
            self.home_down();
            self.home.restart();
            let down_s = self.dice.between(60, 12 * HOUR_S);
            self.queue.put(self.now() + down_s, Event::HeadquartersUp);
        }
    }

    fn publish(&mut self, list: usize) {
        let count = self.dice.between(1, 8) as usize;
        let (put, withdrawn) = (self.new_numbers(list, count + 1), self.some_listed(list, count));
        let edition = self.home.change(&self.lists[list], &put, &withdrawn);
        self.truth.published(list, edition, &put, &withdrawn);
        self.counts.editions += 1;
        self.trace
            .note(self.now(), format_args!("list {list}: {} more, {} less", put.len(), withdrawn.len()));
        self.look();
    }

    fn revoke_one(&mut self) {
        let device = self.dice.below(self.devices.len() as u64) as usize;
        if self.truth.is_revoked(device) {
            return;
        }
        self.counts.revoked += 1;
        let stored = self.home.stored();
        self.truth.revoked(device, self.now(), &stored);
        self.trace.note(self.now(), format_args!("{device} is revoked"));
        if self.plan.sabotage == Some(Sabotage::RevocationForgotten) {
            return;
        }
        self.weather.changed.insert(device);
        self.home.revoke(&self.devices[device].id);
        let (cut_off_s, again_s) =
            (self.dice.between(0, CUT_OFF_WITHIN_S), self.dice.between(6 * DAY_S, 20 * DAY_S));
        let enrolment = self.weather.enrolments[device];
        self.queue.put(self.now() + cut_off_s, Event::CutOff { device, enrolment });
        self.queue.put(self.now() + again_s, Event::Enrol(device));
        self.look();
    }

    fn break_broker(&mut self) {
        self.trace.note(self.now(), format_args!("the broker stops"));
        self.broker.is_up = false;
        self.broker.home = None;
        for device in 0..self.devices.len() {
            if self.broker.sessions[device].is_some() {
                self.break_session(device);
                let wait = self.dice.between(1, 600);
                self.plan_link_up(device, wait);
            }
        }
        let down_s = self.dice.between(5, 2 * HOUR_S);
        self.queue.put(self.now() + down_s, Event::BrokerUp);
    }

    fn home_down(&mut self) {
        self.trace.note(self.now(), format_args!("headquarters stops"));
        self.home_is_up = false;
        self.broker.home = None;
    }

    fn restore(&mut self) {
        self.home_down();
        self.counts.restored += 1;
        match self.plan.sabotage {
            Some(Sabotage::BackupCopiedPlainly) => self.home.copy_plainly(),
            _ => self.home.restore(),
        }
        for list in 0..self.lists.len() {
            let edition = self.home.publish_again(&self.lists[list]);
            self.truth.restored(list, edition);
        }
        for role in std::mem::take(&mut self.weather.replaced) {
            self.trace.note(self.now(), format_args!("the key of {role:?} is replaced again"));
            self.home.replace_key(role);
        }
        // The home has forgotten whom it revoked and enrolled since: it is done again, and those enrolled get new keys.
        for device in std::mem::take(&mut self.weather.changed) {
            self.home.revoke(&self.devices[device].id);
            self.truth.enrolment_lost(device);
            if !self.truth.is_revoked(device) {
                self.queue.put(self.now() + 1, Event::Enrol(device));
            }
        }
        let down_s = self.dice.between(60, 6 * HOUR_S);
        self.queue.put(self.now() + down_s, Event::HeadquartersUp);
    }

    /// Sabotage: a copy of the disk.
    fn keep_disk(&mut self, device: usize) {
        if self.plan.sabotage == Some(Sabotage::OldDiskPutBack) && self.weather.old_disks[device].is_none() {
            let copy = self.devices[device].folder.with_extension("old");
            copy_folder(&self.devices[device].folder, &copy);
            self.weather.old_disks[device] = Some(copy);
        }
    }

    /// Sabotage: the disk as it was when it was copied, weeks ago.
    fn put_disk_back(&mut self, device: usize) {
        if self.plan.sabotage != Some(Sabotage::OldDiskPutBack) {
            return;
        }
        if let Some(copy) = self.weather.old_disks[device].clone()
            && self.counts.editions >= 6
        {
            fs::remove_dir_all(&self.devices[device].folder).expect("the simulation's folder is writable");
            copy_folder(&copy, &self.devices[device].folder);
        }
    }
}
