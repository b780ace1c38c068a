//! The desk: the officer's side. A local API over a Unix socket and loopback, the console, and the client of the command
//! line.
//!
//! | call | body | answer |
//! |---|---|---|
//! | `POST /v1/scans` | [`crate::check::Scan`] | [`Answer`]; 422 if the zone is unreadable |
//! | `GET /v1/scans/{scan_id}` | | the [`Answer`] of a recent scan; 404 once it is forgotten |
//! | `GET /v1/open` | | [`OpenHit`]s: answers with an alert that has no outcome yet, the newest first |
//! | `POST /v1/encounters/{encounter_id}/outcome` | [`OutcomeGiven`] | [`OutcomeTaken`]; 404 for an encounter not made here |
//! | `GET /v1/lists` | | a list of [`ListView`] |
//! | `GET /v1/status` | | [`StatusView`] |
//! | `GET /v1/confirmations` | | the confirmation clocks: [`crate::confirmation::Confirmation`], the newest first |
//! | `GET /v1/late` | | documents listed only after they were scanned: [`crate::check::late::LateEncounter`] |
//! | `POST`, `GET`, `DELETE /v1/drill` | [`drill::Begin`] | an outage exercise: [`drill`] |
//! | `POST /v1/imports` | [`Import`] | [`crate::intake::bundle::Report`]; 422 if nothing could be read |
//! | `GET /v1/events` | | server-sent [`events::Event`]s |
//! | `POST`, `GET`, `PUT`, `DELETE /v1/session` | [`session::SignInRequest`] | an officer signs in, looks, goes on, signs out: [`session`] |
//! | `POST /v1/discreet` | [`session::Reveal`] | [`session::Revealed`]: discreet alerts, for an entitled officer |
//! | `GET /v1/openapi.json` | | OpenAPI 3.1 of all this; needs no token |
//! | `GET /metrics` | | Prometheus' text |
//!
//! Every error is [`Problem`]: `{"error": "...", "hint": "..."}`.
//!
//! | module | what it is |
//! |---|---|
//! | `listen` | the socket, loopback, and how many connections they take |
//! | [`access`] | who may call, how often, and what every answer's headers say |
//! | [`session`], `cookie` | what officers show there |
//! | [`tokens`] | what programs show on loopback |
//! | `router`, `routes` | the calls above; [`refusal`]: how they say no |
//! | [`events`] | what happens, told to everybody who listens |
//! | `recent` | the answers that can be asked for again |
//! | `openapi`, `metrics` | the API described; figures for Prometheus |
//! | `console` | the officer's page |
//! | `drill` | the outage exercise |
//! | [`views`] | plain data |
//! | [`client`] | the command line's side |

pub mod access;
pub mod client;
mod console;
mod cookie;
pub mod drill;
pub mod events;
mod listen;
mod metrics;
pub(crate) mod openapi;
mod recent;
pub mod refusal;
mod router;
mod routes;
pub mod session;
pub mod tokens;
pub mod views;

pub use listen::serve;
pub use views::{Import, ListView, OpenHit, Problem, SignIn, StatusView, list_views};

use crate::check::late;
use crate::check::outcome::{OutcomeError, OutcomeGiven, OutcomeTaken};
use crate::check::{Answer, CheckError, Checker, Scan};
use crate::confirmation;
use crate::drill::Drill;
use crate::intake::door::IntakeDoor;
use crate::link::LinkState;
use crate::officers::Officers;
use crate::store::DbError;
use crate::store::spool;
use crate::{journal, retro};
use events::{Event, Hub, Refused};
use metrics::Metrics;
use recent::Recent;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use vedette_shim::ids::from_hex;

/// How often the state is looked at for news, old answers are forgotten and idle sessions end.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often hashes that were kept long enough are destroyed.
const FORGET_EVERY: Duration = Duration::from_secs(60);

/// What the officer's side works with; shared by the API, the console and the scanners.
pub struct Desk {
    checker: Arc<Checker>,
    officers: Arc<Officers>,
    intake: IntakeDoor,
    link: watch::Receiver<LinkState>,
    /// Tells everybody who listens what happens.
    pub events: Hub,
    recent: Recent,
    metrics: Metrics,
    /// The outage exercise.
    drill: Arc<Drill>,
    /// Why documents are checked where nobody is asked why.
    purpose: String,
    /// Where loopback is served, once it is.
    listen: OnceLock<SocketAddr>,
}

impl Desk {
    /// A desk at which nothing has happened yet.
    pub fn new(
        checker: Arc<Checker>,
        officers: Arc<Officers>,
        intake: IntakeDoor,
        link: watch::Receiver<LinkState>,
        drill: Arc<Drill>,
        purpose: String,
    ) -> Desk {
        let recent = Recent::new(checker.limits().scans_kept_max, checker.limits().scans_kept_s);
        Desk {
            checker,
            officers,
            intake,
            link,
            events: Hub::default(),
            recent,
            metrics: Metrics::default(),
            drill,
            purpose,
            listen: OnceLock::new(),
        }
    }

    /// Answers a scan from wherever it came, remembers the answer and tells everybody who listens.
    ///
    /// Blocks for the journal's fsync: from async code, call it in `spawn_blocking`.
    pub fn check(&self, scan: &Scan) -> Result<Arc<Answer>, CheckError> {
        let checked = self.checker.check(scan);
        if let Err(CheckError::Unreadable(_)) = &checked {
            self.metrics.unreadable();
        }
        let answer = Arc::new(checked?);
        self.metrics.answered(&answer);
        self.recent.keep(answer.clone(), self.checker.now());
        self.drill.note(&answer);
        self.events.publish(&Event::Answer(answer.clone()));
        Ok(answer)
    }

    /// Answers a scan from a reader at the post. Once a roster is held, it is the scan of the officer who is at work on the
    /// console, and there is no answer while nobody is. Nobody who asked is there to be told, so a scan without an answer is
    /// told to everybody who listens: no screen may go on showing an older one. Blocks as [`Self::check`] does.
    pub fn check_at_reader(&self, scan: &Scan) -> Result<Arc<Answer>, CheckError> {
        let checked = self.check_for_whom_is_at_work(scan);
        if let Err(error) = &checked {
            let read = !matches!(error, CheckError::Unreadable(_));
            self.events.publish(&Event::Refused(Refused {
                reader: scan.who.clone(),
                read,
                why: error.phrase(),
            }));
        }
        checked
    }

    fn check_for_whom_is_at_work(&self, scan: &Scan) -> Result<Arc<Answer>, CheckError> {
        let mut scan = scan.clone();
        self.give_purpose(&mut scan);
        let roll = self.checker.holdings().roll.clone();
        if roll.asks_for_sign_in() {
            scan.who = self.officers.at_work(&roll)?.ok_or(CheckError::NobodySignedIn)?.to_string();
        }
        self.check(&scan)
    }

    /// The purpose of a scan that came with none.
    fn give_purpose(&self, scan: &mut Scan) {
        if scan.why.is_empty() {
            scan.why = self.purpose.clone();
        }
    }

    /// Takes what came of an encounter and tells everybody who listens. Blocks as [`Self::check`] does.
    pub fn outcome(&self, encounter_id: &str, given: &OutcomeGiven) -> Result<OutcomeTaken, OutcomeError> {
        let (taken, shown) = self.checker.outcome(encounter_id, given)?;
        if shown {
            self.recent.outcome(&taken);
            self.events.publish(&Event::Outcome(taken.clone()));
        }
        Ok(taken)
    }

    /// The answer to a recent scan, by its `scan_id`.
    pub fn answer(&self, scan_id: &str) -> Option<Arc<Answer>> {
        self.recent.get(&from_hex(scan_id)?, self.checker.now())
    }

    /// The device's state.
    pub fn status(&self) -> Result<StatusView, DbError> {
        let checker = &self.checker;
        let holdings = checker.holdings();
        let link = self.link.borrow().clone();
        Ok(StatusView {
            device: checker.device().to_string(),
            post: checker.post().into(),
            version: env!("CARGO_PKG_VERSION").into(),
            online: link.online,
            link: link.why,
            certificate_ends: link.certificate_ends.map(vedette_common::clock::rfc3339),
            sign_in: self.sign_in(),
            roster: self.roster_view(),
            listen: self.listen.get().map_or_else(String::new, ToString::to_string),
            spool: spool::depth_shown(checker.db())?,
            confirmations: confirmation::counts(checker.db(), checker.now())?,
            late: late::count(checker.db(), checker.now())?,
            drill_until: self.drill.view().filter(|drill| drill.running).map(|drill| drill.ends),
            root: holdings.root.version,
            lists: list_views(&holdings, checker.now()),
        })
    }

    /// Figures for Prometheus.
    pub fn metrics(&self) -> Result<String, DbError> {
        let state = self.checker.db();
        Ok(self.metrics.text(&self.status()?, journal::lines(state)?))
    }

    /// Tells the state whenever it has changed, and forgets old answers, until `stop`.
    async fn watch(&self, stop: CancellationToken) {
        let mut link = self.link.clone();
        let mut tick = tokio::time::interval(LOOK_EVERY);
        // The first one at once: what was kept may be due since before the start.
        let mut forget = tokio::time::interval(FORGET_EVERY);
        let mut told: Option<StatusView> = None;
        let mut answers = HashMap::new();
        loop {
            tokio::select! {
                _ = tick.tick() => {
                    self.recent.forget(self.checker.now());
                    self.end_sessions();
                    if let Err(error) = self.look_after_drill() {
                        tracing::error!(%error, "the drill cannot be looked after");
                    }
                }
                _ = forget.tick() => {
                    let checker = &self.checker;
                    let forgotten = retro::forget_due(checker.db(), checker.now(), checker.retro_keep_s());
                    if let Err(error) = forgotten {
                        tracing::error!(%error, "kept hashes cannot be destroyed");
                    }
                }
                changed = link.changed() => if changed.is_err() { return },
                () = stop.cancelled() => return,
            }
            if let Err(error) = self.tell_answers(&mut answers) {
                tracing::error!(%error, "owners' answers cannot be told");
            }
            if !self.events.has_listeners() {
                told = None;
                continue;
            }
            match self.status() {
                Ok(status) => {
                    if told.as_ref().is_none_or(|told| told.differs(&status)) {
                        self.events.publish(&Event::State(Box::new(status.clone())));
                        told = Some(status);
                    }
                }
                Err(error) => tracing::error!(%error, "the state cannot be told"),
            }
        }
    }

    /// Tells the owners' answers that came since the last look. `told`: when each was given, by encounter.
    fn tell_answers(&self, told: &mut HashMap<String, String>) -> Result<(), DbError> {
        // Discreet ones are told to nobody: they are shown when an entitled officer asks.
        let clocks = confirmation::shown(self.checker.db(), self.checker.now(), false)?;
        let answered = clocks.into_iter().filter_map(|clock| Some((clock.answer.clone()?.at, clock)));
        let before = std::mem::take(told);
        for (at, clock) in answered {
            if before.get(&clock.encounter_id) != Some(&at) {
                self.events.publish(&Event::Confirmation(clock.clone()));
            }
            told.insert(clock.encounter_id, at);
        }
        Ok(())
    }
}
