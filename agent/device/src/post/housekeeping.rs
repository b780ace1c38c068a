//! What is due with time, whether or not anybody asks: old answers are forgotten, idle sessions end, a drill ends, hashes
//! kept for late listings and encounters receipted long ago are deleted, leases run out; and what changed is published.
//!
//! It needs neither HTTP nor an async runtime: [`Housekeeper::run`] is for the daemon, [`on_thread`] for a program that
//! embeds the agent.
//!
//! Failure: logged; the next turn tries again.

use super::Post;
use super::events::PostEvent;
use super::status::Status;
use crate::retro;
use crate::store::DbError;
use crate::store::confirmations::{self, Audience};
use crate::store::{open_hits, receipted};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;
use vedette_shim::ids::EncounterId;

/// One turn's length.
const TICK: Duration = Duration::from_secs(1);
/// How often hashes that were kept long enough are destroyed. A night without a scan must not keep what the day left.
const FORGET_EVERY: Duration = Duration::from_secs(60);

/// Keeps one post in order.
pub struct Housekeeper {
    post: Arc<Post>,
    /// None before the first time: what was kept may be due since before the start.
    forgot: Option<Instant>,
    published: Option<Status>,
    /// When each owner's answer that was published was given, seconds since 1970.
    answers: HashMap<EncounterId, u64>,
}

impl Housekeeper {
    /// Nothing is published yet.
    pub fn new(post: Arc<Post>) -> Housekeeper {
        Housekeeper { post, forgot: None, published: None, answers: HashMap::new() }
    }

    /// Runs until `stop`; publishes a change of the link at once.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut link = self.post.parts.link.clone();
        let mut linked = true;
        let mut tick = tokio::time::interval(TICK);
        loop {
            tokio::select! {
                _ = tick.tick() => self.tick(),
                changed = link.changed(), if linked => {
                    // A device without a link has nobody who would change it.
                    linked = changed.is_ok();
                    self.publish_news();
                }
                () = stop.cancelled() => return,
            }
        }
    }

    /// One turn; call it every second.
    pub fn tick(&mut self) {
        let post = &self.post;
        if let Some(intake) = &post.parts.intake {
            intake.tick();
        }
        post.recent.forget(post.now());
        post.forget_erased();
        match post.parts.officers.sweep(&post.roster_state()) {
            Ok(ended) if ended.is_empty() => {}
            Ok(_) => post.events.publish(|| PostEvent::Session),
            Err(error) => tracing::error!(%error, "a session's end could not be recorded"),
        }
        if let Err(error) = post.tick_drill() {
            tracing::error!(%error, "the drill could not be updated");
        }
        if self.forgot.is_none_or(|at| at.elapsed() >= FORGET_EVERY) {
            self.forgot = Some(Instant::now());
            let keep_s = post.checker().retro_keep_s();
            if let Err(error) = retro::forget_due(post.db(), post.now(), keep_s) {
                tracing::error!(%error, "hashes that are due could not be destroyed");
            }
            if let Err(error) = open_hits::forget_due(post.db(), post.now()) {
                tracing::error!(%error, "hits that waited too long for an outcome could not be forgotten");
            }
            let keep_s = post.checker().limits().keep_receipted_days * 24 * 3600;
            if let Err(error) = receipted::forget_old(post.db(), post.now().saturating_sub(keep_s)) {
                tracing::error!(%error, "encounters receipted long ago could not be deleted");
            }
        }
        self.publish_news();
    }

    /// Publishes owners' new answers, and the status if it changed.
    fn publish_news(&mut self) {
        if let Err(error) = self.publish_answers() {
            tracing::error!(%error, "owners' answers could not be read");
        }
        if !self.post.events.has_listeners() {
            self.published = None;
            return;
        }
        match self.post.status() {
            Ok(status) => {
                if self.published.as_ref().is_none_or(|published| published.differs(&status)) {
                    self.post.events.publish(|| PostEvent::Status(Arc::new(status.clone())));
                    self.published = Some(status);
                }
            }
            Err(error) => tracing::error!(%error, "the status could not be read"),
        }
    }

    fn publish_answers(&mut self) -> Result<(), DbError> {
        // Discreet ones are published to nobody: an entitled officer asks for them.
        let clocks = confirmations::shown(self.post.db(), Audience::Everybody)?;
        let before = std::mem::take(&mut self.answers);
        for clock in clocks {
            let Some(at) = clock.answer.as_ref().map(|answer| answer.at) else { continue };
            self.answers.insert(clock.encounter, at);
            if before.get(&clock.encounter) != Some(&at) {
                self.post.events.publish(|| PostEvent::Confirmation(clock.clone()));
            }
        }
        Ok(())
    }
}

/// A [`Housekeeper`] on a thread of its own, which ends with this value.
pub struct KeeperThread(Option<(SyncSender<()>, JoinHandle<()>)>);

/// Keeps a post in order until the value is dropped.
pub fn on_thread(post: Arc<Post>) -> std::io::Result<KeeperThread> {
    let (stop, stopped) = sync_channel(0);
    let mut keeper = Housekeeper::new(post);
    let work = move || {
        while stopped.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
            keeper.tick();
        }
    };
    let thread = std::thread::Builder::new().name("housekeeping".into()).spawn(work)?;
    Ok(KeeperThread(Some((stop, thread))))
}

impl Drop for KeeperThread {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.0.take() {
            // The thread waits on the other end, and wakes when this one goes.
            drop(stop);
            // An error means that it panicked, which standard error shows; there is nothing else to end.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::recent::Views;
    use super::*;
    use crate::box_key::Protection;
    use crate::check::tests::checker_at;
    use crate::check::{Checker, Scan};
    use crate::drill::Drill;
    use crate::journal;
    use crate::link::LinkState;
    use crate::officers::Officers;
    use crate::post::Parts;
    use crate::store::Db;
    use tokio::sync::watch;
    use vedette_common::clock::Clock;
    use vedette_shim::mrz::{Fields, compose};

    const DAY_S: u64 = 86_400;

    /// A post without HTTP or intake, and the end of its link.
    fn post_at(
        clock: Arc<Clock>,
        folder: &std::path::Path,
    ) -> (Arc<Post>, Arc<Checker>, watch::Sender<LinkState>) {
        let checker = Arc::new(checker_at(clock.clone(), folder, u64::MAX, DAY_S));
        let db = Arc::new(Db::open(&folder.join("state.db")).unwrap());
        let officers = Officers::new(db, clock, Default::default());
        let (link, link_state) = watch::channel(LinkState::default());
        let post = Post::new(Parts {
            checker: checker.clone(),
            officers: Arc::new(officers),
            intake: None,
            link: link_state,
            drill: Arc::new(Drill::default()),
            purpose: "entry".into(),
            key_protection: Protection::File,
            views: |_| Views { answer: String::new(), alerts: vec![] },
        });
        (Arc::new(post), checker, link)
    }

    fn hashes(checker: &Checker) -> i64 {
        crate::store::retro::counts(checker.db()).0
    }

    fn scan(post: &Post) {
        let mrz = compose(&Fields::specimen_passport("UTO", "X1")).unwrap().to_string();
        post.check(&Scan { mrz, ..Scan::default() }).unwrap();
    }

    #[test]
    fn hashes_that_are_due_are_destroyed_without_http_runtime_or_scan() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(Clock::default());
        let (post, checker, _link) = post_at(clock.clone(), folder.path());
        scan(&post);
        assert_eq!(hashes(&checker), 1);
        clock.raise(clock.now() + 2 * DAY_S);
        let keeper = on_thread(post).unwrap();
        while hashes(&checker) > 0 {
            std::thread::sleep(Duration::from_millis(20));
        }
        drop(keeper);
    }

    #[tokio::test]
    async fn a_device_without_a_link_is_kept_in_order_all_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(Clock::default());
        let (post, checker, link) = post_at(clock.clone(), folder.path());
        drop(link);
        scan(&post);
        clock.raise(clock.now() + 2 * DAY_S);
        let stop = CancellationToken::new();
        let keeper = tokio::spawn(Housekeeper::new(post).run(stop.clone()));
        while hashes(&checker) > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        stop.cancel();
        keeper.await.unwrap();
    }

    #[test]
    fn a_drill_ends_by_itself_and_is_journalled_under_who_began_it() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(Clock::default());
        let (post, checker, _link) = post_at(clock.clone(), folder.path());
        post.start_drill("b-1", 1).unwrap();
        let mut keeper = Housekeeper::new(post.clone());
        keeper.tick();
        assert!(post.drill().unwrap().running, "its minute is not over");
        clock.raise(clock.now() + 61);
        keeper.tick();
        keeper.tick();
        assert!(!post.drill().unwrap().running);
        let mut drills = Vec::new();
        journal::walk(checker.db(), |row| {
            if let Ok(journal::AuditLine { event: journal::AuditEvent::Drill { who, what }, .. }) =
                journal::AuditLine::read(&row.text)
            {
                drills.push((who, what.split(':').next().unwrap().to_string()));
            }
            true
        })
        .unwrap();
        assert_eq!(drills, [("b-1".into(), "started".into()), ("b-1".into(), "ended".to_string())]);
    }

    #[tokio::test]
    async fn a_change_of_the_link_is_published_at_once_and_ages_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let (post, _checker, link) = post_at(Arc::default(), folder.path());
        let mut heard = post.listen().unwrap();
        let mut keeper = Housekeeper::new(post);
        keeper.publish_news();
        keeper.publish_news();
        link.send_modify(|link| link.online = true);
        keeper.publish_news();
        let mut online = Vec::new();
        for _ in 0..2 {
            let Some(PostEvent::Status(status)) = heard.next().await else { panic!() };
            online.push(status.link.online);
        }
        assert_eq!(online, [false, true], "one for each change, none for a turn without one");
    }
}
