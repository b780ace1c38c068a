//! What keeps a process's memory, in which there are keys and travellers' data, to itself.
//!
//! * No core dump, and no other process of the same user may read it (`PR_SET_DUMPABLE`).
//! * No page of it is written to swap, where the limit of locked memory is lifted (`LimitMEMLOCK=infinity` of a unit; root lifts it
//!   itself). Pages are locked as they are first used, so nothing is read in or reserved by it. With a limit nothing is locked: an
//!   allocation past it would fail, and end the agent. Maps of segments are unlocked again by who makes them.
//!
//! Failure: what the system refuses is left out; [`keep_private`] says what came of it.

use rustix::mm::{MlockAllFlags, mlockall};
use rustix::process::{DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit};

/// What keeps memory out of swap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Memory {
    /// It is locked.
    Locked,
    /// Nothing: the process may not lock all of it.
    Swappable,
}

/// Keeps this process's memory to itself, as far as the system lets it. Call it first, before there is a secret.
pub fn keep_private() -> Memory {
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    // A kernel that has neither dumps nothing.
    let _ = setrlimit(Resource::Core, none);
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    let unlimited = Rlimit { current: None, maximum: None };
    let _ = setrlimit(Resource::Memlock, unlimited);
    if getrlimit(Resource::Memlock).current.is_some() {
        return Memory::Swappable;
    }
    match mlockall(MlockAllFlags::CURRENT | MlockAllFlags::FUTURE | MlockAllFlags::ONFAULT) {
        Ok(()) => Memory::Locked,
        Err(_) => Memory::Swappable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::process::dumpable_behavior;

    #[test]
    fn a_private_process_leaves_no_dump() {
        keep_private();
        assert_eq!(dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
        assert_eq!(getrlimit(Resource::Core), Rlimit { current: Some(0), maximum: Some(0) });
    }
}
