//! The post: one device with its officers, and what it does for them, whoever asks: the local API, a reader at a serial
//! port, a program that embeds the agent.
//!
//! | file | what it is |
//! |---|---|
//! | `mod` | checks, outcomes, imports, discreet alerts |
//! | [`status`] | the device's state and its lists, as officers may know them |
//! | [`events`] | what happens, published to everybody who listens |
//! | `open_hits` | hits without an outcome, across a restart |
//! | [`recent`] | the answers that can be asked for again |
//! | [`counts`] | figures without personal data |
//! | [`exercise`] | beginning and ending a drill, journalled |
//! | [`housekeeping`] | what is due with time: retention, idle sessions, the drill, the lists' leases |
//!
//! Invariants: whatever is answered or recorded here is published once, after it is durable; nothing that is published
//! tells of a discreet alert. Every call that writes blocks for an fsync: from async code use `spawn_blocking`.
//!
//! Failure: each call's own error; nothing is published of what failed, except that a reader's scan has no answer.

mod about;
pub mod counts;
pub mod events;
pub mod exercise;
pub mod housekeeping;
mod open_hits;
pub mod recent;
pub mod status;

use crate::box_key::Protection;
use crate::check::discreet::DiscreetScan;
use crate::check::outcome::{OutcomeError, OutcomeGiven, OutcomeTaken};
use crate::check::{Alert, Answer, CheckError, Checker, Find, Scan, ScanId};
use crate::drill::Drill;
use crate::intake::bundle::{BundleError, Report};
use crate::intake::door::IntakeDoor;
use crate::journal;
use crate::link::LinkState;
use crate::officers::sign_in::Token;
use crate::officers::{Officers, RosterState, SignInError, Signed};
use crate::scanner::standing::Standings;
use crate::store::confirmations::{self, Audience, Confirmation};
use crate::store::late::{self, LateEncounter};
use crate::store::{Db, DbError};
use counts::{Counts, Figures};
use events::{Hub, Listener, PostEvent, ReaderRefusal};
use recent::{OpenHit, Recent, Views};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use vedette_common::pin::Pin;
use vedette_common::roster::Role;
use vedette_shim::ids::{EncounterId, ListName};

/// Hits without an outcome that are listed at once, at most.
const OPEN_MAX: usize = 20;

/// What a post is made of.
pub struct Parts {
    pub checker: Arc<Checker>,
    pub officers: Arc<Officers>,
    /// None while another process has the store: then the lists are read-only.
    pub intake: Option<IntakeDoor>,
    pub link: watch::Receiver<LinkState>,
    pub drill: Arc<Drill>,
    /// Why documents are checked where nobody is asked why.
    pub purpose: String,
    /// What a copy of the disk needs besides to open the lists.
    pub key_protection: Protection,
    /// What each role is shown of an answer.
    pub views: fn(&Answer) -> Views,
}

/// The service of one post; shared by all who ask.
pub struct Post {
    parts: Parts,
    events: Hub,
    recent: Recent,
    counts: Counts,
    standings: Standings,
}

/// Why a bundle was not imported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// It cannot be used.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// It was imported, and could not be journalled.
    #[error("the import could not be recorded: {0}")]
    Record(#[from] DbError),
    /// Another process has the store.
    #[error("another agent has the store: its lists are read-only here")]
    ReadOnly,
    /// The intake has stopped.
    #[error("the agent is stopping")]
    Stopping,
}

/// What only an entitled officer may see.
pub struct Revealed {
    /// Of the last hour, the newest first, each with the form to be filled in.
    pub scans: Vec<DiscreetScan>,
    /// Clocks of discreet alerts that their owners must confirm, of a week; the newest first.
    pub confirmations: Vec<Confirmation>,
}

impl Post {
    /// A post at which nothing has happened yet in this run.
    pub fn new(parts: Parts) -> Post {
        let limits = parts.checker.limits();
        let recent = Recent::new(limits.scans_kept_max, limits.scans_kept_s);
        let post = Post {
            parts,
            events: Hub::default(),
            recent,
            counts: Counts::default(),
            standings: Standings::default(),
        };
        post.restore_open();
        post
    }

    fn checker(&self) -> &Checker {
        &self.parts.checker
    }

    /// The time now, seconds since 1970.
    pub fn now(&self) -> u64 {
        self.checker().now()
    }

    /// Requests a caller of the local API may make in a second.
    pub fn requests_per_s_max(&self) -> u32 {
        self.checker().limits().requests_per_s_max
    }

    /// How it stands with the scanners at the ports: told by their tasks.
    pub fn standings(&self) -> &Standings {
        &self.standings
    }

    /// What is durable on this device.
    pub fn db(&self) -> &Db {
        self.checker().db()
    }

    /// Answers a scan, remembers the answer and publishes it.
    pub fn check(&self, scan: &Scan) -> Result<Arc<Answer>, CheckError> {
        let checked = self.checker().check(scan);
        if let Err(CheckError::Unreadable(_)) = &checked {
            self.counts.unreadable();
        }
        Ok(self.publish(checked?))
    }

    /// Answers what somebody typed without a zone, remembers the answer and publishes it.
    pub fn find(&self, find: &Find) -> Result<Arc<Answer>, CheckError> {
        Ok(self.publish(self.checker().find(find)?))
    }

    /// See [`Checker::leave_reserve`].
    pub fn leave_reserve(&self) -> Result<(), CheckError> {
        self.checker().leave_reserve()
    }

    fn publish(&self, answer: Answer) -> Arc<Answer> {
        let answer = Arc::new(answer);
        self.counts.answered(&answer);
        self.recent.keep(answer.clone(), self.now());
        self.parts.drill.note(&answer);
        self.events.publish(|| PostEvent::Answer(answer.clone()));
        // After it: a screen need not wait for the disk.
        self.store_open(&answer);
        answer
    }

    /// Forgets the alerts of lists whose keys are erased, or that are no more.
    fn forget_erased(&self) {
        let snapshot = self.checker().snapshot();
        let is_kept =
            |list: &ListName| snapshot.lists.iter().any(|held| held.list == *list && !held.keys_erased);
        if self.recent.forget_erased(is_kept) {
            tracing::info!("alerts of a list whose keys are erased are not shown any more");
        }
    }

    /// Answers a scan from a reader at the post. With a roster it is the scan of the officer who is signed in, and there
    /// is no answer while nobody is. Nobody waits for the answer at a reader, so that there is none is published too: no
    /// screen may go on showing an older one.
    pub fn check_at_reader(&self, scan: &Scan) -> Result<Arc<Answer>, CheckError> {
        let checked = self.check_for_whom_is_at_work(scan);
        if let Err(error) = &checked {
            let read = !matches!(error, CheckError::Unreadable(_));
            let refusal = || ReaderRefusal { reader: scan.who.clone(), read, why: error.phrase() };
            self.events.publish(|| PostEvent::Refused(refusal()));
        }
        checked
    }

    fn check_for_whom_is_at_work(&self, scan: &Scan) -> Result<Arc<Answer>, CheckError> {
        let mut scan = scan.clone();
        self.give_purpose(&mut scan.why);
        let roster_state = self.roster_state();
        if roster_state.asks_for_sign_in() {
            scan.who =
                self.parts.officers.at_work(&roster_state)?.ok_or(CheckError::NobodySignedIn)?.to_string();
        }
        self.check(&scan)
    }

    /// Gives a check that came without a purpose the post's.
    pub fn give_purpose(&self, why: &mut String) {
        if why.is_empty() {
            *why = self.parts.purpose.clone();
        }
    }

    /// Records what came of an encounter, and publishes it.
    pub fn outcome(
        &self,
        encounter: &EncounterId,
        given: &OutcomeGiven,
    ) -> Result<OutcomeTaken, OutcomeError> {
        let (taken, shown) = self.checker().outcome(encounter, given)?;
        if shown {
            self.recent.outcome(&taken);
            self.events.publish(|| PostEvent::Outcome(taken.clone()));
        }
        Ok(taken)
    }

    /// The answer to a recent scan.
    pub fn answer(&self, scan_id: &ScanId) -> Option<Arc<Answer>> {
        self.recent.get(scan_id, self.now())
    }

    /// Recent answers with an alert that has no outcome yet, as `role` may see them; the newest first.
    pub fn open_hits(&self, role: Role) -> Vec<OpenHit> {
        self.recent.open(role, OPEN_MAX, self.now())
    }

    /// The clocks of hits that their owners must confirm, discreet ones apart; the newest first.
    pub fn confirmations(&self) -> Result<Vec<Confirmation>, DbError> {
        confirmations::shown(self.db(), Audience::Everybody)
    }

    /// Documents that were listed only after they had been scanned; the newest first.
    pub fn late_encounters(&self) -> Result<Vec<LateEncounter>, DbError> {
        late::shown(self.db(), self.now())
    }

    /// Imports a bundle from a folder of this machine, with its line in the journal; `who` asked for it.
    pub async fn import(&self, folder: PathBuf, who: String) -> Result<Report, ImportError> {
        let intake = self.parts.intake.as_ref().ok_or(ImportError::ReadOnly)?;
        let report = intake.import(folder).await.ok_or(ImportError::Stopping)??;
        let (taken, refused) = (report.applied as u64, report.refused.len() as u64);
        journal::record(self.db(), self.now(), journal::AuditEvent::Import { who, taken, refused })?;
        Ok(report)
    }

    /// For how long the intake has been at its present job.
    pub(crate) fn intake_busy_for(&self) -> Option<Duration> {
        self.parts.intake.as_ref()?.busy_for()
    }

    /// Everything that happens from now on; none if too many listen already.
    pub fn listen(&self) -> Option<Listener> {
        self.events.listen()
    }

    /// Figures since the start, without personal data.
    pub fn figures(&self) -> Result<Figures, DbError> {
        Ok(self.counts.figures(journal::lines(self.db())?))
    }

    /// Who may sign in now.
    pub fn roster_state(&self) -> RosterState {
        self.checker().snapshot().roster_state.clone()
    }

    /// Signs an officer in, see [`Officers::sign_in`]; takes as long as hashing a PIN does.
    pub fn sign_in(
        &self,
        badge: &str,
        pin: Option<&Pin>,
        current: Option<&Token>,
    ) -> Result<(Token, Signed), SignInError> {
        let signed = self.parts.officers.sign_in(&self.roster_state(), badge, pin, current)?;
        self.events.publish(|| PostEvent::Session);
        Ok(signed)
    }

    /// The officer of a session, without keeping it alive.
    pub fn session(&self, session: &Token) -> Result<Option<Signed>, DbError> {
        self.parts.officers.session(&self.roster_state(), session, false)
    }

    /// The officer of a session that is used now.
    pub fn use_session(&self, session: &Token) -> Result<Option<Signed>, DbError> {
        self.parts.officers.session(&self.roster_state(), session, true)
    }

    /// Ends a session; done as well when there was none.
    pub fn sign_out(&self, session: &Token) -> Result<(), DbError> {
        self.parts.officers.sign_out(session)?;
        self.events.publish(|| PostEvent::Session);
        Ok(())
    }

    /// The discreet alerts of the last hour, or of one scan, for a signed-in officer who gives the PIN again. Journalled
    /// before they are returned. Whether the officer is entitled is the caller's to check.
    pub fn reveal(
        &self,
        session: &Token,
        pin: &Pin,
        scan_id: Option<&ScanId>,
    ) -> Result<Revealed, SignInError> {
        let signed = self.parts.officers.confirm(&self.roster_state(), session, pin)?;
        let now = self.now();
        let mut scans = self.checker().discreet().recent(scan_id, now);
        for alert in scans.iter_mut().flat_map(|scan| &mut scan.alerts) {
            *alert = alert.seen_by(signed.role);
        }
        let confirmations = confirmations::shown(self.db(), Audience::Entitled)?;
        let named = |alert: &Alert| format!("{}/{}", alert.found.list, alert.found.alert_id);
        let mut alerts: Vec<String> = scans.iter().flat_map(|scan| &scan.alerts).map(named).collect();
        for clock in confirmations.iter().map(|clock| format!("{}/{}", clock.list, clock.alert_id)) {
            if !alerts.contains(&clock) {
                alerts.push(clock);
            }
        }
        journal::record(self.db(), now, journal::AuditEvent::Revealed { who: signed.badge, alerts })?;
        Ok(Revealed { scans, confirmations })
    }
}
