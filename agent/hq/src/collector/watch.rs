//! What `serve` signs, and when: heartbeats as they are due, receipts for what is stored; and what the broker should keep.
//!
//! Invariants: nothing is signed while the clock is far ahead of what was signed last and what has passed since; what cannot
//! be signed or read is an alarm, everything else goes on, and it is tried again. Time that passes while `serve` runs is
//! taken from the machine's uptime, so a key that is damaged for days does not make the clock look wrong.

use crate::authority::home::Home;
use crate::authority::keys::Key;
use crate::authority::sign::signed;
use crate::authority::{heartbeat, renew, root, signing_time};
use crate::collector::alarms::Alarms;
use crate::collector::error::CollectorError;
use crate::collector::retained;
use crate::db::{Db, Session, audit};
use std::time::Duration;
use tracing::info;
use vedette_common::crypto::{RingVerify, SigningKey};
use vedette_common::mqtt::session::Publish;
use vedette_common::mqtt::topics::{DeviceTopic, Topic};
use vedette_shim::ids::Hex;
use vedette_shim::trust::{Receipt, Root, SignedKind};

/// How often a term that ends soon is warned of.
const WARN_EVERY: Duration = Duration::from_secs(24 * 3600);
/// How soon a heartbeat that could not be signed is tried again.
const HEARTBEAT_AGAIN: Duration = Duration::from_secs(5);

const CLOCK: &str = "the clock";

/// Looks after the home's keys, clock and terms.
pub(crate) struct Watch<'a> {
    home: &'a Home,
    heartbeat_every: Duration,
    /// When the next heartbeat and the next warning are due: the home's uptime, seconds.
    heartbeat_due: u64,
    warning_due: u64,
    /// SQLite's data version when the home was last looked at.
    seen_version: Option<i64>,
    /// The last signed time, seconds since 1970, and the uptime when it was found, seconds.
    last_signed: Option<(u64, u64)>,
    /// The last line of the audit log that was logged.
    said_line: u64,
    /// Signs receipts, which are checked against the root.
    collector: Option<(SigningKey, Root)>,
}

impl<'a> Watch<'a> {
    pub(crate) fn over(home: &'a Home, heartbeat_every: Duration) -> Watch<'a> {
        Watch {
            home,
            heartbeat_every,
            heartbeat_due: 0,
            warning_due: 0,
            seen_version: None,
            last_signed: None,
            said_line: 0,
            collector: None,
        }
    }

    /// A new session: its broker may have nothing.
    pub(crate) fn start_over(&mut self) {
        self.seen_version = None;
    }

    /// The clock's time while it may be signed; `None` while it is far ahead, or nothing is known of the last signature.
    pub(crate) fn signing_time(&self) -> Option<u64> {
        signing_time::check(self.least()?, self.home.now()).ok()
    }

    /// The time to store things with: while the clock is far ahead, what was signed last and has passed since.
    pub(crate) fn time(&self) -> u64 {
        self.signing_time().or_else(|| self.least()).unwrap_or_else(|| self.home.now())
    }

    /// It is at least this time.
    fn least(&self) -> Option<u64> {
        let (signed, found) = self.last_signed?;
        Some(signed + self.home.uptime().saturating_sub(found))
    }

    /// Renews the heartbeat when it is due, warns of terms that end, and says what the broker should keep, if that may have
    /// changed.
    pub(crate) fn look(&mut self, db: &mut Db, alarms: &mut Alarms) -> Vec<Publish> {
        let at = self.time();
        let last = signing_time::last(self.home, db.read()).map_err(CollectorError::from);
        if let Some(last) = alarms.watch("the last signature", last, at)
            && self.last_signed.is_none_or(|(before, _)| before != last)
        {
            self.last_signed = Some((last, self.home.uptime()));
        }
        let is_signed = self.renew_heartbeat(db.read(), alarms);
        self.say_head(db.read(), alarms);
        if self.home.uptime() >= self.warning_due {
            self.warning_due = self.home.uptime() + WARN_EVERY.as_secs();
            let due = renew::due(self.home, self.time()).map_err(CollectorError::from);
            let due = alarms.watch("terms", due, at);
            due.unwrap_or_default().iter().for_each(|what| tracing::warn!("{what}"));
        }
        let version = alarms.watch("hq.db", db.version().map_err(CollectorError::from), at);
        if version.is_some() && self.seen_version == version && !is_signed {
            return Vec::new();
        }
        self.seen_version = version;
        // `replace-key` may have been the change.
        let collector =
            Key::Collector.signing(self.home).and_then(|key| Ok((key, root::newest(self.home)?.0)));
        self.collector = alarms.watch("the collector's key", collector.map_err(CollectorError::from), at);
        let mut failed = Ok(());
        let keep = retained::all(self.home, db.read(), self.time(), |error| failed = Err(error));
        alarms.watch("what the broker keeps", failed, at);
        keep
    }

    /// Logs the last line of the audit log when there is a new one: whoever keeps this log can tell later whether that line is
    /// still there.
    fn say_head(&mut self, db: &Session, alarms: &mut Alarms) {
        let head = audit::head(db).map_err(CollectorError::from);
        let Some(Some(head)) = alarms.watch("the audit log's head", head, self.time()) else { return };
        if head.number != self.said_line {
            self.said_line = head.number;
            info!(line = head.number, hash = %Hex(&head.hash), "the audit log's last line");
        }
    }

    /// Signs a heartbeat, if it is due and the clock is right; whether it did.
    fn renew_heartbeat(&mut self, db: &Session, alarms: &mut Alarms) -> bool {
        let at = self.time();
        let Some(least) = self.least() else { return false };
        let now = signing_time::check(least, self.home.now()).map_err(CollectorError::from);
        let Some(now) = alarms.watch(CLOCK, now, at) else { return false };
        if self.home.uptime() < self.heartbeat_due {
            return false;
        }
        let renewed = heartbeat::renew(self.home, db, now).map_err(CollectorError::from);
        let is_renewed = alarms.watch("the heartbeat", renewed, at).is_some();
        let wait = if is_renewed { self.heartbeat_every } else { HEARTBEAT_AGAIN.min(self.heartbeat_every) };
        self.heartbeat_due = self.home.uptime() + wait.as_secs();
        if is_renewed {
            self.last_signed = Some((now.max(least), self.home.uptime()));
        }
        is_renewed
    }

    /// Signs a receipt, if clock and key are good; otherwise what it is for comes again and gets one then.
    pub(crate) fn receipt(&self, receipt: &Receipt, alarms: &mut Alarms) -> Option<Publish> {
        let at = self.time();
        self.signing_time()?; // that it is wrong is the next look's alarm
        let (key, root) = self.collector.as_ref()?;
        let signed = signed(SignedKind::Receipt, receipt, &[key], |bytes| {
            Receipt::accept(bytes, &receipt.device, root, &RingVerify).map(drop)
        });
        let payload = alarms.watch("receipts", signed.map_err(CollectorError::from), at)?;
        let topic = Topic::Device(receipt.device.clone(), DeviceTopic::Receipt).name();
        Some(Publish { topic, payload, retain: false })
    }
}
