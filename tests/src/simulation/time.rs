//! The world's time, which moves from event to event, and each machine's clocks, which may be wrong.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;
use vedette_common::clock::{Clock, TimeSource};

/// The true time, seconds since 1970.
#[derive(Debug)]
pub struct WorldTime(AtomicU64);

impl WorldTime {
    /// A world that begins now.
    pub fn starting_at(now: u64) -> Arc<WorldTime> {
        Arc::new(WorldTime(now.into()))
    }

    /// The time.
    pub fn now(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// It is later.
    pub fn advance_to(&self, time: u64) {
        self.0.store(time, Ordering::Relaxed);
    }
}

/// The clocks of one machine.
#[derive(Debug)]
pub struct MachineTime {
    world: Arc<WorldTime>,
    booted_at: AtomicU64,
    /// How far the system's clock is ahead, seconds.
    ahead: AtomicI64,
    /// When that was set last.
    set_at: AtomicU64,
    /// Since when both clocks stand still: a sabotage; 0: they run.
    stopped_at: AtomicU64,
}

impl MachineTime {
    /// A machine that starts now, with the right time.
    pub fn of(world: &Arc<WorldTime>) -> Arc<MachineTime> {
        let booted_at = world.now().into();
        Arc::new(MachineTime {
            world: world.clone(),
            booted_at,
            ahead: 0.into(),
            set_at: 0.into(),
            stopped_at: 0.into(),
        })
    }

    /// The clock of the software on it.
    pub fn clock(self: &Arc<Self>, floor: u64) -> Arc<Clock> {
        Arc::new(Clock::of(self.clone(), floor))
    }

    /// It was off and starts.
    pub fn boot(&self) {
        self.booted_at.store(self.world.now(), Ordering::Relaxed);
    }

    /// Since when its system's clock is right; since when it runs, if it is not. In the world's time.
    pub fn knows_since(&self) -> u64 {
        let booted_at = self.booted_at.load(Ordering::Relaxed);
        if self.is_right() { booted_at.max(self.set_at.load(Ordering::Relaxed)) } else { booted_at }
    }

    /// Sets the system's clock so far ahead of the world's; negative: behind.
    pub fn set_ahead(&self, seconds: i64) {
        self.ahead.store(seconds, Ordering::Relaxed);
        self.set_at.store(self.world.now(), Ordering::Relaxed);
    }

    /// Whether the system's clock shows the world's time.
    pub fn is_right(&self) -> bool {
        self.ahead.load(Ordering::Relaxed) == 0
    }

    /// Stops both clocks, or lets them go on as if no time had passed.
    pub fn stop(&self, stopped: bool) {
        let at = if stopped { self.world.now() } else { 0 };
        self.stopped_at.store(at, Ordering::Relaxed);
    }

    fn shown(&self) -> u64 {
        match self.stopped_at.load(Ordering::Relaxed) {
            0 => self.world.now(),
            stopped_at => stopped_at,
        }
    }
}

impl TimeSource for MachineTime {
    fn system(&self) -> u64 {
        self.shown().saturating_add_signed(self.ahead.load(Ordering::Relaxed))
    }

    fn since_boot(&self) -> Duration {
        Duration::from_secs(self.shown().saturating_sub(self.booted_at.load(Ordering::Relaxed)))
    }
}
