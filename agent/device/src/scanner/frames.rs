//! A scanner with the shim at a port: frames in and out, for what [`super::channel`] and [`super::session`] decide.
//!
//! Nothing is said to a scanner but through the channel, and nothing else of it is heard.
//!
//! Back-pressure: the scanner pulls what is installed, and one of its scans is checked at a time. A scan said again is
//! answered again, and not checked again, so it makes one encounter. Failure: what cannot be read is dropped and said in
//! the log; a port that fails ends this, and everything is taken up anew when it comes back.

use super::channel::{Heard, Host, ScannerChannel};
use super::notes::{self, NoteReceipt};
use super::port::{Port, PortError};
use super::session::{Command, OurList, Ours, ScannerEvent, ScannerSession};
use super::site::Site;
use crate::check::{Alert, Answer};
use crate::snapshot::{Content, EnrolledScanner, Snapshot, SnapshotList};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::timeout;
use vedette_common::crypto::random_secret;
use vedette_shim::frame::{self, CRC_BYTES, Decoder, encoded_max};
use vedette_shim::ids::{EncounterId, Hex};
use vedette_shim::scanner::{
    self, ALERTS_SHOWN_MAX, AlertShown, KeyFor, ListAsked, MESSAGE_BYTES_MAX, PIECE_BYTES_MAX, Piece,
    SCANNER_LISTS_MAX, SealedNote, ToHost, ToScanner,
};
use vedette_shim::session::PrivateKey;
use vedette_shim::trust::{Envelope, Freshness, Heartbeat, Manifest, SignedKind, decode_body, identity};
use vedette_shim::verdict::{ListResult, Verdict};
use zeroize::Zeroizing;

/// Bytes read at once.
const READ_BYTES: usize = 1024;
/// How often it is looked whether the lists in use have changed.
const HOLDINGS_TICK: Duration = Duration::from_secs(1);
/// Most bytes of an alert's text for a small display.
const WHAT_BYTES_MAX: usize = 120;

/// Serves the scanner until its port fails.
pub(super) async fn serve(port: &mut Port, site: &Site) -> PortError {
    let box_key = site.checker.box_key();
    let mut talk = Talk {
        port,
        site,
        host: Host {
            device: site.checker.device().clone(),
            key: box_key.session_key(),
            public: box_key.public(),
        },
        channel: ScannerChannel::default(),
        session: ScannerSession::new(Instant::now()),
        snapshot: site.checker.snapshot(),
        ours: Ours::default(),
        last_scan: None,
    };
    let ended = talk.run().await;
    site.standing.remove();
    match ended {
        Ok(never) => match never {},
        Err(error) => error,
    }
}

struct Talk<'s> {
    port: &'s mut Port,
    site: &'s Site,
    host: Host,
    channel: ScannerChannel,
    session: ScannerSession,
    snapshot: Arc<Snapshot>,
    ours: Ours,
    /// The last scan's number and text, and the answer to it.
    last_scan: Option<(u32, String, Option<Arc<Answer>>)>,
}

impl Talk<'_> {
    async fn run(&mut self) -> Result<std::convert::Infallible, PortError> {
        let mut decoder = Decoder::new(vec![0; MESSAGE_BYTES_MAX + CRC_BYTES]);
        let mut buffer = [0; READ_BYTES];
        loop {
            self.compare_with_snapshot();
            self.speak().await?;
            self.tell_standing();
            let now = Instant::now();
            let wakes_at = match self.channel.scanner() {
                Some(_) => self.session.wakes_at(),
                None => self.channel.wakes_at(now),
            };
            let wait = wakes_at.saturating_duration_since(now).min(HOLDINGS_TICK);
            let Ok(read) = timeout(wait, self.port.read(&mut buffer)).await else { continue };
            for byte in buffer.iter().take(read?) {
                match decoder.push(*byte) {
                    Some(Ok(payload)) => self.hear(payload).await?,
                    Some(Err(error)) => tracing::debug!(scanner = %self.site.name, %error, "not a frame"),
                    None => {}
                }
            }
        }
    }

    fn compare_with_snapshot(&mut self) {
        let now = self.site.checker.snapshot();
        self.channel.enrolments_changed(&now.scanners, &self.host, self.site.checker.now());
        if !Arc::ptr_eq(&now, &self.snapshot) {
            self.snapshot = now;
            self.take_ours();
        }
    }

    /// What the scanner in the channel may have of what is here.
    fn take_ours(&mut self) {
        self.ours = match self.channel.scanner() {
            Some(scanner) => ours(&self.snapshot, scanner),
            None => Ours::default(),
        };
        self.session.ours_changed();
    }

    /// Says all that is to be said now.
    async fn speak(&mut self) -> Result<(), PortError> {
        if self.channel.scanner().is_none() {
            let random = || PrivateKey(*random_secret());
            if let Some(payload) = self.channel.next(&self.host, Instant::now(), random) {
                self.port.write_all(&framed(&payload)).await?;
            }
            return Ok(());
        }
        let known = self.session.hello().is_some();
        while let Some(say) = self.session.next(&self.ours, Instant::now()) {
            self.say(&say).await?;
        }
        if known && self.session.hello().is_none() {
            tracing::warn!(scanner = %self.site.name, "the scanner does not answer any more");
            self.channel.close();
        }
        Ok(())
    }

    /// Tells the desk how it stands with what is at the port, and the log when that changes.
    fn tell_standing(&self) {
        let (state, claimed) = self.channel.standing();
        self.site.standing.set(state, claimed);
    }

    async fn hear(&mut self, payload: &mut [u8]) -> Result<(), PortError> {
        let (clock, now) = (self.site.checker.now(), Instant::now());
        let enrolled = &self.snapshot.scanners;
        match self.channel.received(payload, enrolled, &self.host, clock, now) {
            Heard::Nothing => Ok(()),
            Heard::Opened => {
                self.session = ScannerSession::new(now);
                self.last_scan = None;
                self.take_ours();
                Ok(())
            }
            Heard::Text(text) => self.obey(text).await,
        }
    }

    async fn obey(&mut self, text: &[u8]) -> Result<(), PortError> {
        let name = &self.site.name;
        let message = match scanner::decode::<ToHost>(text) {
            Ok(message) => message,
            Err(error) => {
                tracing::warn!(scanner = %name, %error, "a message cannot be read");
                return Ok(());
            }
        };
        match self.session.received(message, Instant::now()) {
            ScannerEvent::Noted => {}
            ScannerEvent::Started => {
                self.last_scan = None;
                if let Some(hello) = self.session.hello() {
                    tracing::info!(scanner = %name, firmware = hello.firmware.as_str(),
                        lists = hello.lists.len(), encounters = hello.encounters, "scanner is there");
                }
            }
            ScannerEvent::Check(number, text) => self.check(number, text).await?,
            ScannerEvent::Store(id, sealed) => self.store(id, sealed).await,
            ScannerEvent::Refused(say, refusal) => {
                tracing::warn!(scanner = %name, %refusal, "the scanner refused {}", word(&say));
            }
        }
        Ok(())
    }

    async fn check(&mut self, number: u32, text: &str) -> Result<(), PortError> {
        let known = self.last_scan.as_ref().is_some_and(|(n, t, _)| *n == number && t == text);
        if !known {
            let answer = self.site.check(text.to_string()).await;
            self.last_scan = Some((number, text.into(), answer));
        }
        let Some((_, _, answer)) = &self.last_scan else { return Ok(()) };
        self.session.answered();
        let sealed = with_answer(number, answer.as_deref(), |answer| self.channel.seal(answer));
        self.write(sealed).await
    }

    async fn store(&mut self, id: EncounterId, sealed: &[u8]) {
        let Some(scanner) = self.channel.scanner().map(|scanner| scanner.enrolment.clone()) else { return };
        if !self.site.may_note() {
            return self.not_stored(&id, &"more notes than `limits.scans_per_minute_max`");
        }
        let (site, sealed) = (self.site.clone(), sealed.to_vec());
        let taken = tokio::task::spawn_blocking(move || {
            notes::take(&site, &scanner, &SealedNote { id, sealed: &sealed })
        });
        match taken.await {
            Ok(Ok(taken)) => {
                let (name, encounter) = (&self.site.name, Hex(&id));
                match taken {
                    NoteReceipt::New => {
                        tracing::info!(scanner = %name, %encounter, "an encounter was taken over")
                    }
                    NoteReceipt::Before => {
                        tracing::info!(scanner = %name, %encounter, "it was taken over before")
                    }
                    NoteReceipt::Aside(why) => tracing::error!(scanner = %name, %encounter, %why,
                        "an encounter cannot be brought home from here: it was set aside in the journal"),
                }
                self.session.stored(id);
            }
            Ok(Err(error)) => self.not_stored(&id, &error),
            Err(error) => self.not_stored(&id, &error),
        }
    }

    fn not_stored(&mut self, id: &EncounterId, error: &dyn std::fmt::Display) {
        tracing::error!(scanner = %self.site.name, encounter = %Hex(id), %error, "an encounter stays with the scanner");
        self.session.not_stored(Instant::now());
    }

    async fn say(&mut self, say: &Command) -> Result<(), PortError> {
        let mut piece = [0; PIECE_BYTES_MAX];
        let message = match say {
            Command::Who => ToScanner::Who,
            Command::Time(_) => match &self.ours.heartbeat {
                Some((_, envelope)) => ToScanner::Time(envelope),
                None => return Ok(()),
            },
            Command::EncounterKey => match self.channel.scanner() {
                Some(scanner) => {
                    let key = notes::key_of(self.site, &scanner.enrolment.pair.scanner_key);
                    ToScanner::Key(KeyFor::Encounters(key))
                }
                None => return Ok(()),
            },
            Command::ListKey(list, number) => {
                match self.ours.lists.get(list).and_then(|l| l.keys.get(number)) {
                    Some(key) => {
                        ToScanner::Key(KeyFor::List { list: list.clone(), number: *number, key: key.clone() })
                    }
                    None => return Ok(()),
                }
            }
            Command::Offer(list, _) => match self.ours.lists.get(list) {
                Some(list) => ToScanner::Offer(&list.manifest),
                None => return Ok(()),
            },
            Command::Piece(segment, offset, bytes) => {
                let length = usize::from(*bytes).min(piece.len());
                let read = self.site.store.read_piece(segment, (*offset).into(), &mut piece[..length]);
                match read {
                    Ok(length) => ToScanner::Piece(Piece {
                        segment: *segment,
                        offset: *offset,
                        bytes: &piece[..length],
                    }),
                    Err(error) => {
                        // A newer edition has swept it; that one is offered next.
                        tracing::debug!(scanner = %self.site.name, %error, "no such piece");
                        return Ok(());
                    }
                }
            }
            Command::Next => ToScanner::Next,
            Command::Taken(id) => ToScanner::Taken(*id),
        };
        let sealed = self.channel.seal(&message);
        drop(message);
        self.write(sealed).await
    }

    async fn write(&mut self, sealed: Option<Zeroizing<Vec<u8>>>) -> Result<(), PortError> {
        match sealed {
            Some(frame) => self.port.write_all(&frame).await,
            None => {
                tracing::error!(scanner = %self.site.name, "a message is larger than a scanner takes");
                Ok(())
            }
        }
    }
}

/// What this device has for a scanner: the lists of documents in use that it is enrolled for, and the newest heartbeat.
fn ours(snapshot: &Snapshot, scanner: &EnrolledScanner) -> Ours {
    let heartbeat = snapshot.heartbeat.clone().and_then(|envelope| {
        let heartbeat: Heartbeat = body(SignedKind::Heartbeat, &envelope)?;
        Some((heartbeat.issued, envelope))
    });
    let may_have = |held: &&SnapshotList| scanner.enrolment.lists.contains(&held.list);
    let documents =
        snapshot.lists.iter().filter(|held| matches!(held.content, Content::Documents(_))).filter(may_have);
    let lists = documents.filter_map(|held| {
        let envelope = held.manifest.clone()?;
        let manifest: Manifest = body(SignedKind::Manifest, &envelope)?;
        let needed = |number: &u32| manifest.segments.iter().any(|segment| segment.key == *number);
        let keys: BTreeMap<_, _> =
            held.keys.iter().filter(|(number, _)| needed(number)).map(|(n, key)| (*n, key.clone())).collect();
        let digest = identity(&envelope, SignedKind::Manifest).ok()?;
        Some((held.list.clone(), OurList { edition: held.edition, manifest: envelope, digest, keys }))
    });
    Ours { heartbeat, lists: lists.collect() }
}

/// What an envelope says; it was checked when it was taken.
fn body<T: serde::de::DeserializeOwned + serde::Serialize>(kind: SignedKind, envelope: &[u8]) -> Option<T> {
    decode_body(kind, Envelope::read(envelope, kind).ok()?.body).ok()
}

fn framed(payload: &[u8]) -> Vec<u8> {
    let mut out = vec![0; encoded_max(payload.len())];
    let used = frame::encode(payload, &mut out).expect("the buffer is as large as the frame").len();
    out.truncate(used);
    out
}

/// The answer for a small display. A zone that cannot be read was not checked.
fn with_answer<T>(scan: u32, answer: Option<&Answer>, say: impl FnOnce(&ToScanner<'_>) -> T) -> T {
    let alerts = answer.map_or(&[][..], |answer| &answer.alerts);
    let texts: Vec<String> = alerts.iter().take(ALERTS_SHOWN_MAX).map(what).collect();
    let shown = alerts.iter().zip(&texts).map(|(alert, text)| AlertShown {
        list: alert.found.list.clone(),
        alert: &alert.found.alert_id,
        what: text,
    });
    let mut lists: Vec<_> = answer.map_or(&[][..], |answer| &answer.checked).iter().collect();
    lists.sort_by_key(|asked| match asked.result {
        ListResult::Hit => 0,
        ListResult::Possible => 1,
        ListResult::NotChecked => 2,
        ListResult::Clear if asked.freshness != Freshness::Fresh => 3,
        ListResult::Clear => 4,
    });
    let asked = lists.into_iter().take(SCANNER_LISTS_MAX).map(|asked| ListAsked {
        list: asked.list.clone(),
        edition: asked.edition,
        age_s: asked.age_s,
        freshness: asked.freshness,
        result: asked.result,
    });
    say(&ToScanner::Answer(scanner::ScanAnswer {
        scan,
        verdict: answer.map_or(Verdict::NotChecked, |answer| answer.verdict),
        alerts: shown.collect(),
        more: alerts.len().saturating_sub(ALERTS_SHOWN_MAX) as u16,
        lists: asked.collect(),
    }))
}

/// What an alert is and what to do, cut to what a display takes.
fn what(alert: &Alert) -> String {
    let mut text = format!("{}: {}", alert.found.subject, alert.found.action);
    let mut end = text.len().min(WHAT_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text
}

fn word(say: &Command) -> &'static str {
    match say {
        Command::Who => "to say who it is",
        Command::Time(_) => "the time",
        Command::EncounterKey => "the key for its encounters",
        Command::ListKey(..) => "a list's key",
        Command::Offer(..) | Command::Piece(..) => "an edition",
        Command::Next => "to hand over encounters",
        Command::Taken(_) => "to forget an encounter",
    }
}
