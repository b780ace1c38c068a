//! The private keys: one file each in `keys/`, 64 hexadecimal digits, mode 0600.
//!
//! | file | what |
//! |---|---|
//! | `root-1`, `root-2`, `root-3` | Ed25519 seeds, two of which sign a root; may live elsewhere between uses |
//! | `heartbeat`, `roster`, `collector`, `orders` | Ed25519 seeds; `serve` needs `heartbeat` and `collector` only |
//! | `audit` | Ed25519 seed that signs the lines of the audit log; made with the first line |
//! | `issuer-<list>` | Ed25519 seed that signs the list's manifests and grants |
//! | `owner-<list>` | X25519 private key that opens the encounters with the list |
//! | `agency`, `agency-name` | in an agency's home: Ed25519 seed that signs what it asks of headquarters; its name, which is no secret |
//! | `list-<list>-<number>` | AES-256 key that segments are sealed under |
//! | `<key>.next`, `<key>.until-<root>` | while `replace-key` is at work: the key to come; one that was replaced by that root; `audit`'s by that line |
//!
//! `<list>` is the list's name with `.` for `/`. Invariant: no secret is ever overwritten before it lies elsewhere too.

use crate::authority::error::AuthorityError;
use crate::authority::home::Home;
use std::path::{Path, PathBuf};
use vedette_common::crypto::{BoxKey, SigningKey, random_secret, secret_line};
use vedette_common::files::{self, FileError};
use vedette_shim::ids::{ListName, from_hex};
use vedette_shim::seal::ListKey;
use vedette_shim::trust::{Role, Root};
use zeroize::Zeroizing;

/// How many root keys there are.
pub const ROOT_KEYS: u8 = 3;
/// How many of them sign a root.
pub const ROOT_THRESHOLD: u8 = 2;
/// Between a key's name and the root that replaced it.
const UNTIL: &str = ".until-";

/// A role whose key is online.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnlineRole {
    /// Says which editions are the newest, and what time it is.
    Heartbeat,
    /// Says who may sign in.
    Roster,
    /// Says what has come home, and what owners answer.
    Collector,
    /// Orders devices to erase what they hold.
    Orders,
}

impl OnlineRole {
    /// Every one.
    pub const ALL: [OnlineRole; 4] = [Self::Heartbeat, Self::Roster, Self::Collector, Self::Orders];

    /// Its name, which is its key's file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Heartbeat => "heartbeat",
            Self::Roster => "roster",
            Self::Collector => "collector",
            Self::Orders => "orders",
        }
    }

    /// The file of its key.
    pub(crate) fn key(self) -> Key<'static> {
        match self {
            Self::Heartbeat => Key::Heartbeat,
            Self::Roster => Key::Roster,
            Self::Collector => Key::Collector,
            Self::Orders => Key::Orders,
        }
    }

    /// The role in a root.
    pub(crate) fn of(self, root: &mut Root) -> &mut Role {
        match self {
            Self::Heartbeat => &mut root.heartbeat,
            Self::Roster => &mut root.roster,
            Self::Collector => &mut root.collector,
            Self::Orders => &mut root.orders,
        }
    }
}

/// Names one key file.
#[derive(Debug, Clone, Copy)]
pub enum Key<'a> {
    /// A root key, from 1 to [`ROOT_KEYS`].
    Root(u8),
    /// Will replace a root key.
    NextRoot(u8),
    /// Signs heartbeats.
    Heartbeat,
    /// Signs rosters.
    Roster,
    /// Signs receipts.
    Collector,
    /// Signs orders.
    Orders,
    /// Signs the lines of the audit log.
    Audit,
    /// Will replace it.
    NextAudit,
    /// Will replace an online role's key.
    Next(OnlineRole),
    /// Signs a list's manifests and grants.
    Issuer(&'a ListName),
    /// Will replace it.
    NextIssuer(&'a ListName),
    /// Opens the encounters with a list.
    Owner(&'a ListName),
    /// Will replace it.
    NextOwner(&'a ListName),
    /// Seals a list's segments.
    List(&'a ListName, u32),
    /// Signs an agency's requests.
    Agency,
}

impl Key<'_> {
    fn path(&self, home: &Home) -> PathBuf {
        let flat = |list: &ListName| list.as_str().replace('/', ".");
        home.keys().join(match self {
            Key::Root(number) => format!("root-{number}"),
            Key::NextRoot(number) => format!("root-{number}.next"),
            Key::Heartbeat => OnlineRole::Heartbeat.name().into(),
            Key::Roster => OnlineRole::Roster.name().into(),
            Key::Collector => OnlineRole::Collector.name().into(),
            Key::Orders => OnlineRole::Orders.name().into(),
            Key::Audit => "audit".into(),
            Key::NextAudit => "audit.next".into(),
            Key::Next(role) => format!("{}.next", role.name()),
            Key::Issuer(list) => format!("issuer-{}", flat(list)),
            Key::NextIssuer(list) => format!("issuer-{}.next", flat(list)),
            Key::Owner(list) => format!("owner-{}", flat(list)),
            Key::NextOwner(list) => format!("owner-{}.next", flat(list)),
            Key::List(list, number) => format!("list-{}-{number}", flat(list)),
            Key::Agency => "agency".into(),
        })
    }

    /// Makes the key, unless it is there.
    pub(crate) fn make(&self, home: &Home) -> Result<(), AuthorityError> {
        let path = self.path(home);
        if !path.exists() {
            files::write(&path, &secret_line(&random_secret()))?;
        }
        Ok(())
    }

    /// Whether its file is in reach.
    pub(crate) fn is_here(&self, home: &Home) -> bool {
        self.path(home).is_file()
    }

    /// Becomes `role`; the key before, if it is there, is kept as `<role>.until-<root_version>`.
    pub(crate) fn succeed(
        &self,
        home: &Home,
        role: &Key<'_>,
        root_version: u32,
    ) -> Result<(), AuthorityError> {
        let path = role.path(home);
        if role.is_here(home) {
            let mut aside = path.clone().into_os_string();
            aside.push(format!("{UNTIL}{root_version}"));
            files::write(Path::new(&aside), &secret_line(&*role.read(home)?))?;
        }
        Ok(files::write(&path, &secret_line(&*self.read(home)?))?)
    }

    /// Removes its file.
    pub(crate) fn remove(&self, home: &Home) -> Result<(), AuthorityError> {
        Ok(files::remove(&self.path(home))?)
    }

    /// The files of the keys that it replaced, each with the root that did; the oldest first.
    pub(crate) fn replaced(&self, home: &Home) -> Result<Vec<(u32, PathBuf)>, AuthorityError> {
        let (folder, path) = (home.keys(), self.path(home));
        let name = path.file_name().unwrap_or_default();
        let mut found = Vec::new();
        for entry in folder.read_dir().map_err(FileError::at("list", &folder))? {
            let path = entry.map_err(FileError::at("list", &folder))?.path();
            let rest = path.file_name().and_then(|file| file.to_str()?.strip_prefix(name.to_str()?));
            let root = rest.and_then(|rest| rest.strip_prefix(UNTIL)?.parse().ok());
            found.extend(root.map(|root| (root, path)));
        }
        found.sort_unstable();
        Ok(found)
    }

    /// Whether both files have the same secret.
    pub(crate) fn is_same(&self, home: &Home, other: &Key<'_>) -> Result<bool, AuthorityError> {
        Ok(*self.read(home)? == *other.read(home)?)
    }

    fn read(&self, home: &Home) -> Result<Zeroizing<[u8; 32]>, AuthorityError> {
        read(&self.path(home))
    }

    /// Reads a key that signs.
    pub(crate) fn signing(&self, home: &Home) -> Result<SigningKey, AuthorityError> {
        Ok(SigningKey::from_seed(&*self.read(home)?))
    }

    /// Reads the first that signed in its place: the oldest that was replaced, or itself.
    pub(crate) fn first_signing(&self, home: &Home) -> Result<SigningKey, AuthorityError> {
        match self.replaced(home)?.first() {
            Some((_, path)) => Ok(SigningKey::from_seed(&*read(path)?)),
            None => self.signing(home),
        }
    }

    /// Reads a key that opens.
    pub(crate) fn opening(&self, home: &Home) -> Result<BoxKey, AuthorityError> {
        Ok(BoxKey::from_private(self.read(home)?))
    }

    /// Reads a list's key.
    pub(crate) fn list_key(&self, home: &Home) -> Result<ListKey, AuthorityError> {
        Ok(ListKey(*self.read(home)?))
    }
}

/// Every key that opens encounters with a list: of its owner now, of the one to come, and of those before, for as long as
/// their files are there. One that cannot be read keeps none of the others away; the first such error.
pub(crate) fn owners(home: &Home, list: &ListName) -> (Vec<BoxKey>, Option<AuthorityError>) {
    let (owner, next) = (Key::Owner(list), Key::NextOwner(list));
    let mut files = vec![owner.path(home)];
    files.extend(next.is_here(home).then(|| next.path(home)));
    let (mut keys, mut failed) = (Vec::new(), None);
    match owner.replaced(home) {
        Ok(replaced) => files.extend(replaced.into_iter().map(|(_, path)| path)),
        Err(error) => failed = Some(error),
    }
    for path in files {
        match read(&path) {
            Ok(secret) => keys.push(BoxKey::from_private(secret)),
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    (keys, failed)
}

fn read(path: &Path) -> Result<Zeroizing<[u8; 32]>, AuthorityError> {
    let text = Zeroizing::new(files::read(path, 128)?);
    let digits = std::str::from_utf8(&text).map(str::trim).unwrap_or_default();
    from_hex(digits).map(Zeroizing::new).ok_or_else(|| AuthorityError::BadKey(path.into()))
}
