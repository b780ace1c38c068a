//! A file's pages in memory, where a page that cannot be read costs the one question and not the process.
//!
//! A map of a file that is cut off, or that the disk cannot give back, ends a process by SIGBUS. Here the signal's handler notes
//! that this map is broken and puts an empty page under the read, which then goes on; the reader sees the note and takes nothing
//! from the map any more ([`GuardedMap::read`]). What the handler does is fit for a signal: atomics, and one system call.
//!
//! Memory that is to stay out of swap is locked as a whole (`vedette_common::memory`); maps are unlocked again, for a list of
//! 700 MB must not stay in memory.
//!
//! Bounds: [`MAPS_MAX`] maps in one process; for more there is none, and files are read at offsets.
//!
//! Invariants: a slot of the table names mapped memory as long as it is taken. SIGBUS of other memory goes to whoever had the
//! signal before. A program that embeds the lists and takes SIGBUS itself, later, must hand on what is not its own.

use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering, compiler_fence};
use std::sync::{Mutex, OnceLock, PoisonError};

use memmap2::{Advice, Mmap, MmapOptions, UncheckedAdvice};

/// Files mapped at once, at most: 64 lists of eight segments.
const MAPS_MAX: usize = 512;

/// A map that a signal's handler knows. All zero when it is free.
struct Slot {
    start: AtomicUsize,
    end: AtomicUsize,
    is_broken: AtomicBool,
}

static SLOTS: [Slot; MAPS_MAX] = [const {
    Slot { start: AtomicUsize::new(0), end: AtomicUsize::new(0), is_broken: AtomicBool::new(false) }
}; MAPS_MAX];
/// Taken to give a slot out; the handler needs no lock.
static GIVING: Mutex<()> = Mutex::new(());
/// Who had the signal before; with it, whether the handler is in place.
static BEFORE: OnceLock<Option<libc::sigaction>> = OnceLock::new();
static PAGE_BYTES: AtomicUsize = AtomicUsize::new(0);

/// A map of an immutable file.
pub(super) struct GuardedMap {
    map: Mmap,
    slot: &'static Slot,
}

impl GuardedMap {
    /// Maps a file that nobody writes to any more; none when too many are.
    pub(super) fn new(file: &File) -> io::Result<Option<Self>> {
        let guarded = BEFORE.get_or_init(|| {
            PAGE_BYTES.store(page_bytes(), Ordering::Relaxed);
            install()
        });
        if guarded.is_none() {
            return Ok(None);
        }
        let _giving = GIVING.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(slot) = SLOTS.iter().find(|slot| slot.start.load(Ordering::Acquire) == 0) else {
            return Ok(None);
        };
        // SAFETY: segments are written under another name, renamed when whole and never written again; deleting the
        // name keeps the mapped bytes. Bytes that an enemy of the machine changes underneath are copied out before
        // they are opened and checked, so no reference to them is held. Those of a file that was cut off are `guard`'s.
        let map = unsafe { MmapOptions::new().map(file)? };
        map.advise(Advice::Random)?;
        // Not locked in the first place is fine as well.
        let _ = map.unlock();
        let start = map.as_ptr() as usize;
        slot.is_broken.store(false, Ordering::Relaxed);
        slot.end.store(start + map.len(), Ordering::Relaxed);
        slot.start.store(start, Ordering::Release);
        Ok(Some(GuardedMap { map, slot }))
    }

    /// Fills `out` from `offset`, which lies within the map; false when the map is broken, and `out` is nothing then.
    pub(super) fn read(&self, offset: usize, out: &mut [u8]) -> bool {
        let Some(bytes) = self.map.get(offset..).and_then(|bytes| bytes.get(..out.len())) else {
            return false;
        };
        if self.slot.is_broken.load(Ordering::Acquire) {
            return false;
        }
        out.copy_from_slice(bytes);
        // The handler ran within the copy, on this thread, or wrote the note before another thread saw its empty page.
        compiler_fence(Ordering::SeqCst);
        !self.slot.is_broken.load(Ordering::Acquire)
    }

    /// Says that these bytes will be read soon. Only a hint.
    pub(super) fn will_need(&self, offset: usize, bytes: usize) {
        if offset < self.map.len() {
            let _ = self.map.advise_range(Advice::WillNeed, offset, bytes.min(self.map.len() - offset));
        }
    }

    /// Gives pages back that were read; they come again from the file when they are asked for.
    pub(super) fn release(&self) {
        // SAFETY: nobody writes to the map or to its file (see `new`), so a page reads the same bytes when it comes again, and an
        // empty page of a broken map is not used.
        let _ = unsafe { self.map.unchecked_advise(UncheckedAdvice::DontNeed) };
    }
}

impl Drop for GuardedMap {
    fn drop(&mut self) {
        // Nobody reads it any more. The memory is unmapped after this.
        self.slot.start.store(0, Ordering::Release);
    }
}

fn page_bytes() -> usize {
    // SAFETY: it asks for a number.
    let bytes = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(bytes).unwrap_or(4096)
}

/// Takes SIGBUS; who had it before, or none if the system refuses.
fn install() -> Option<libc::sigaction> {
    let mut before = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: all zero is a value of the struct, whose fields that matter are set: a handler for three arguments (SA_SIGINFO), on
    // the thread's signal stack if it has one. The handler does only what a handler may.
    let mut action = unsafe { MaybeUninit::<libc::sigaction>::zeroed().assume_init() };
    action.sa_sigaction = on_bus_error as *const () as usize;
    action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
    // SAFETY: both point to a struct of their type; on success the second is filled.
    unsafe {
        libc::sigemptyset(&mut action.sa_mask);
        (libc::sigaction(libc::SIGBUS, &action, before.as_mut_ptr()) == 0).then(|| before.assume_init())
    }
}

/// The signal's handler: breaks the map that the address lies in, and puts an empty page there; else hands on.
extern "C" fn on_bus_error(signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: the kernel hands over a siginfo that is filled (SA_SIGINFO).
    let address = unsafe { (*info).si_addr() } as usize;
    if let Some(slot) = slot_of(address) {
        slot.is_broken.store(true, Ordering::SeqCst);
        let page_bytes = PAGE_BYTES.load(Ordering::Relaxed);
        let page = address & !(page_bytes - 1);
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED;
        // SAFETY: the page lies in a map of this table, which exists as long as its slot is taken: the read that met the signal
        // borrows it. What is put in its place can be read as what was there.
        let put = unsafe { libc::mmap(page as *mut _, page_bytes, libc::PROT_READ, flags, -1, 0) };
        if put != libc::MAP_FAILED {
            return;
        }
    }
    hand_on(signal, info, context);
}

fn slot_of(address: usize) -> Option<&'static Slot> {
    SLOTS.iter().find(|slot| {
        let start = slot.start.load(Ordering::Acquire);
        start != 0 && start <= address && address < slot.end.load(Ordering::Relaxed)
    })
}

/// Does what would have been done without this handler.
fn hand_on(signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    let Some(Some(before)) = BEFORE.get() else {
        // SAFETY: the default, which ends the process as the read is tried again. Nothing was mapped here yet.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
        return;
    };
    match before.sa_sigaction {
        libc::SIG_DFL | libc::SIG_IGN => {
            // SAFETY: it is the action that was in effect before. The read is tried again, and then meets that.
            unsafe { libc::sigaction(signal, before, std::ptr::null_mut()) };
        }
        handler if before.sa_flags & libc::SA_SIGINFO != 0 => {
            // SAFETY: by its flags it is a function of these three arguments.
            let handler: extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void) =
                unsafe { std::mem::transmute(handler) };
            handler(signal, info, context);
        }
        handler => {
            // SAFETY: by its flags it is a function of the signal's number.
            let handler: extern "C" fn(libc::c_int) = unsafe { std::mem::transmute(handler) };
            handler(signal);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Seek, SeekFrom, Write};

    fn file_of(bytes: usize) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&vec![7; bytes]).unwrap();
        file
    }

    #[test]
    fn a_file_that_is_cut_off_breaks_its_map_and_no_other() {
        let (cut, whole) = (file_of(5 * 65_536), file_of(65_536));
        let (map, other) =
            (GuardedMap::new(&cut).unwrap().unwrap(), GuardedMap::new(&whole).unwrap().unwrap());
        let mut out = [0; 1000];
        assert!(map.read(3 * 65_536, &mut out) && out == [7; 1000]);
        cut.set_len(65_536).unwrap();
        assert!(!map.read(3 * 65_536, &mut out), "not there any more");
        assert!(!map.read(0, &mut out), "and nothing of it is believed after that");
        assert!(other.read(65_536 - 1000, &mut out) && out == [7; 1000]);
        map.release();
        assert!(!map.read(3 * 65_536, &mut out));
        drop(map);
        assert!(other.read(0, &mut out));

        // Its slot is given out again, and is as good as new.
        let mut cut = cut;
        cut.seek(SeekFrom::Start(0)).unwrap();
        cut.write_all(&[8; 65_536]).unwrap();
        let again = GuardedMap::new(&cut).unwrap().unwrap();
        assert!(again.read(10, &mut out) && out == [8; 1000]);
    }

    #[test]
    fn beyond_the_map_nothing_is_read_and_too_many_maps_are_none() {
        let file = file_of(10);
        let map = GuardedMap::new(&file).unwrap().unwrap();
        let mut out = [0; 4];
        assert!(map.read(6, &mut out) && !map.read(7, &mut out) && !map.read(usize::MAX, &mut out));
        let all: Vec<_> = (0..MAPS_MAX).map_while(|_| GuardedMap::new(&file).unwrap()).collect();
        assert!(GuardedMap::new(&file).unwrap().is_none());
        drop(all);
        assert!(GuardedMap::new(&file).unwrap().is_some());
    }

    #[test]
    fn many_threads_read_while_the_file_is_cut_off_and_take_nothing_wrong() {
        let file = file_of(256 * 4096);
        let map = GuardedMap::new(&file).unwrap().unwrap();
        std::thread::scope(|threads| {
            for thread in 0..4 {
                let map = &map;
                threads.spawn(move || {
                    let mut out = [0; 512];
                    let mut at = thread * 4096;
                    while map.read(at, &mut out) {
                        assert_eq!(out, [7; 512]);
                        at = (at + 4096 * 7) % (256 * 4096 - 512);
                    }
                });
            }
            file.set_len(4096).unwrap();
        });
    }
}
