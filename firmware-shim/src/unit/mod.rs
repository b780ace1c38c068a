//! A scanner as a whole: what it holds in flash, what it checks and notes, and how it answers its host.
//!
//! | module | what it is |
//! |---|---|
//! | this | the lists in use, their keys, the time |
//! | [`check`] | a zone -> lookups -> an outcome; notes of it |
//! | [`setup`] | what it is made with, and what its flash has of that; roles whose keys were replaced since |
//! | [`pins`] | such a role is taken |
//! | [`host`] | who may say something: the channel to the enrolled host |
//! | [`talk`] | a message of the host -> what is done -> the answer |
//!
//! Invariants: nothing is believed that the pinned roles, or those that the root pinned after them, did not sign, and nobody is heard but the host that headquarters
//! enrolled it at; list keys and the scanner key are in memory only and erased when it ends; the time is the last heartbeat's issue time and the seconds counted since, and never goes
//! back below that of any heartbeat taken before. What the issuer before signed ends with his keys, floors too. The unit reads no clock: its caller gives `uptime_s`, seconds since it
//! was switched on.
//!
//! Failure: a key-value store or spool that cannot be opened is an error at the start; after that each call says what failed.

mod check;
mod host;
mod pins;
mod setup;
mod talk;
#[cfg(all(test, feature = "soft"))]
mod tests;

pub use check::{ALERTS_MAX, AlertMet, NoteError, ScanOutcome};
use setup::find;
pub use setup::{Pinned, Setup, SetupError, kv_half_bytes};
#[cfg(all(test, feature = "soft"))]
use talk::Step;

use core::marker::PhantomData;
use heapless::Vec;

use crate::document::DocumentKey;
use crate::flash::{Flash, FlashError, Region};
use crate::ids::ListName;
use crate::installer::{Install, InstalledEdition, Place};
use crate::kv::{KvStore, VALUE_BYTES_MAX};
use crate::list::segment::Segment;
use crate::list::{ReadError, Scratch, edition};
use crate::scanner::{Hello, KeyFor, ListInUse, SCANNER_LISTS_MAX, ScannerRefusal};
use crate::seal::{Aead, ListKey, ScannerKey};
use crate::session::Channel;
use crate::spool::Spool;
use crate::trust::{Freshness, Heartbeat, Verify, freshness};

/// Most list keys held at once. A key beyond them takes the place of the oldest.
pub const KEYS_MAX: usize = 16;
/// The store's key of the last signed time, a floor.
const TIME: u8 = 1;
/// The store's key of the highest enrolment's number, a floor.
const ENROLMENT: u8 = 2;

/// What is known of a list since the scanner started.
#[derive(Debug, Clone, Copy, Default)]
struct Confirmed {
    /// The issue time of the last heartbeat that named the edition in use as the newest; 0 if none did.
    at: u64,
    /// The last heartbeat named a newer one.
    newer: bool,
}

/// A scanner.
pub struct Unit<F, A, V> {
    setup: Setup,
    /// The public half of its key, once a host has opened: at the start the stack has no room for making it.
    public: Option<[u8; 32]>,
    flash: F,
    verify: V,
    kv: KvStore,
    spool: Spool,
    install: Option<Install>,
    keys: Vec<(u8, u32, ListKey), KEYS_MAX>,
    scanner_key: Option<ScannerKey>,
    /// To the host, once it has opened one.
    channel: Option<Channel>,
    confirmed: [Confirmed; SCANNER_LISTS_MAX],
    /// Issue time of the last heartbeat since the start, and the uptime it came at.
    time: Option<(u64, u64)>,
    aead: PhantomData<A>,
}

impl<F: Flash, A: Aead, V: Verify> Unit<F, A, V> {
    /// Starts a scanner on what its flash holds. Inlined, so that it is made where its caller wants it.
    #[inline(always)]
    pub fn open(mut setup: Setup, mut flash: F, verify: V) -> Result<Self, SetupError> {
        let (kv, spool) = find(&mut setup, &mut flash)?;
        Ok(Unit {
            public: None,
            setup,
            flash,
            verify,
            kv,
            spool,
            install: None,
            keys: Vec::new(),
            scanner_key: None,
            channel: None,
            confirmed: Default::default(),
            time: None,
            aead: PhantomData,
        })
    }

    /// The driver.
    pub fn flash(&mut self) -> &mut F {
        &mut self.flash
    }

    /// The time, seconds since 1970, by the last signed one; `None` if there was none since the start.
    pub fn time(&self, uptime_s: u64) -> Option<u64> {
        self.time.map(|(issued, at)| issued + uptime_s.saturating_sub(at))
    }

    /// Takes a heartbeat.
    #[inline(never)]
    pub(crate) fn set_time(&mut self, envelope: &[u8], uptime_s: u64) -> Result<(), ScannerRefusal> {
        let floor = self.floor(TIME)?;
        let (flash, kv, lists) = (&self.flash, &self.kv, &self.setup.lists);
        let mut confirmed = self.confirmed;
        let mut failed = false;
        let visit = |state: &crate::trust::ListState| {
            let Some(slot) = lists.iter().position(|pinned| pinned.issuer.list == state.list) else { return };
            match InstalledEdition::in_use(flash, kv, slot as u8) {
                Ok(Some(edition)) if edition.manifest == state.manifest => {
                    confirmed[slot] = Confirmed { at: u64::MAX, newer: false };
                }
                Ok(Some(edition)) => confirmed[slot].newer = state.edition > edition.edition,
                Ok(None) => {}
                Err(FlashError) => failed = true,
            }
        };
        let role = &self.setup.heartbeat;
        let issued = Heartbeat::accept_pinned(envelope, role, floor, &self.verify, visit).map_err(refusal)?;
        if failed {
            return Err(ScannerRefusal::Flash);
        }
        if issued > floor {
            self.set_floor(TIME, issued)?;
        }
        // The visitor cannot know the time yet; it left the largest.
        confirmed.iter_mut().filter(|list| list.at == u64::MAX).for_each(|list| list.at = issued);
        self.confirmed = confirmed;
        // The same heartbeat again does not set the clock back to its issue.
        if self.time(uptime_s).is_none_or(|now| issued > now) {
            self.time = Some((issued, uptime_s));
        }
        Ok(())
    }

    /// Takes a key that no host gave, for tests.
    #[cfg(feature = "testing")]
    pub fn take_key(&mut self, key: &KeyFor) {
        let _ = self.add_key(key);
    }

    /// Takes a key. It is not checked: a wrong one opens nothing.
    pub(crate) fn add_key(&mut self, key: &KeyFor) -> Result<(), ScannerRefusal> {
        match key {
            KeyFor::Encounters(key) => self.scanner_key = Some(key.clone()),
            KeyFor::List { list, number, key } => {
                let slot = self.slot(list).ok_or(ScannerRefusal::UnknownList)?;
                self.keys.retain(|(of, n, _)| (*of, *n) != (slot, *number));
                if self.keys.is_full() {
                    self.keys.remove(0);
                }
                // There is room: one was just removed if there was none.
                let _ = self.keys.push((slot, *number, key.clone()));
            }
        }
        Ok(())
    }

    /// Who it is and what it holds.
    pub fn hello(&self, uptime_s: u64) -> Result<Hello, FlashError> {
        let mut lists = Vec::new();
        let mut room = u32::MAX;
        for (slot, pinned) in self.setup.lists.iter().enumerate() {
            let edition = InstalledEdition::in_use(&self.flash, &self.kv, slot as u8)?;
            room = room.min(self.place(slot as u8).bank_bytes(&self.flash));
            let held = ListInUse {
                list: pinned.issuer.list.clone(),
                edition: edition.as_ref().map_or(0, |edition| edition.edition),
                manifest: edition.as_ref().map_or([0; 32], |edition| edition.manifest),
                keyed: edition.as_ref().is_some_and(|edition| {
                    edition.segments.iter().all(|kept| self.list_key(slot as u8, kept.key).is_some())
                }),
            };
            // As many as lists in the setup, which has the same bound.
            let _ = lists.push(held);
        }
        Ok(Hello {
            firmware: self.setup.firmware.clone(),
            lists,
            room_bytes: room,
            encounters: self.spool.waiting(),
            time: self.time(uptime_s).unwrap_or(0),
            keyed: self.scanner_key.is_some(),
        })
    }

    /// A floor: u64, little-endian, and the mark of the keys that it was stored for. 0 with others, and before it was ever set.
    #[inline(never)]
    fn floor(&self, key: u8) -> Result<u64, ScannerRefusal> {
        let mut buffer = [0; VALUE_BYTES_MAX];
        let value = self.kv.get(&self.flash, key, &mut buffer).map_err(|FlashError| ScannerRefusal::Flash)?;
        let number = value.and_then(|value| value.strip_suffix(&self.mark(key)));
        Ok(number.and_then(|number| number.try_into().ok()).map_or(0, u64::from_le_bytes))
    }

    #[inline(never)]
    fn set_floor(&mut self, key: u8, number: u64) -> Result<(), ScannerRefusal> {
        let value = [number.to_le_bytes(), self.mark(key)];
        self.kv.put(&mut self.flash, key, value.as_flattened()).map_err(|_| ScannerRefusal::Flash)
    }

    /// That of the keys which a floor is for.
    fn mark(&self, key: u8) -> [u8; 8] {
        let role = if key == TIME { &self.setup.heartbeat } else { &self.setup.orders };
        role.mark("")
    }

    fn slot(&self, list: &ListName) -> Option<u8> {
        self.setup.lists.iter().position(|pinned| pinned.issuer.list == *list).map(|slot| slot as u8)
    }

    fn place(&self, slot: u8) -> Place {
        let region = self
            .setup
            .lists
            .get(usize::from(slot))
            .map_or(Region { first: 0, sectors: 0 }, |list| list.region);
        Place { slot, region }
    }

    fn list_key(&self, slot: u8, number: u32) -> Option<&ListKey> {
        self.keys.iter().find(|(of, n, _)| (*of, *n) == (slot, number)).map(|(_, _, key)| key)
    }

    /// How old a list's edition is and how far it may be relied on; `None` without a time.
    fn freshness(&self, slot: u8, edition: &InstalledEdition, uptime_s: u64) -> Option<(u64, Freshness)> {
        let confirmed = self.confirmed.get(usize::from(slot)).copied().unwrap_or_default();
        let at = confirmed.at.max(edition.issued);
        Some(freshness(at, edition.lease_s, confirmed.newer, self.time(uptime_s)?))
    }

    /// Asks a list's edition and adds what it has to `met`, also if it cannot be asked to the end. All its keys must be
    /// there.
    #[inline(never)]
    fn ask(
        &self,
        met: &mut edition::Met,
        slot: u8,
        edition: &InstalledEdition,
        key: &DocumentKey,
        scratch: &mut Scratch,
    ) -> Result<(), ReadError> {
        let place = self.place(slot);
        let open = |index: usize| {
            let missing = ReadError::NotASegment;
            let kept = edition.segments.get(index).ok_or(missing)?;
            let key = self.list_key(slot, kept.key).ok_or(missing)?;
            Segment::<_, A>::open(edition.segment(&self.flash, &place, index).ok_or(missing)?, key)
        };
        edition::find_into(met, edition.segments.len(), open, key, scratch)
    }
}

fn refusal(error: crate::trust::TrustError) -> ScannerRefusal {
    use crate::trust::TrustError as E;
    match error {
        E::Malformed(_) | E::Version(_) | E::WrongKind { .. } | E::Oversized { .. } => {
            ScannerRefusal::Unreadable
        }
        E::Rollback { .. } | E::Forked { .. } => ScannerRefusal::Rollback,
        E::UnknownList(_) => ScannerRefusal::UnknownList,
        _ => ScannerRefusal::Untrusted,
    }
}
