//! `init`: makes a home.

use crate::authority::audit::{self, Act};
use crate::authority::error::AuthorityError;
use crate::authority::home::Home;
use crate::authority::new_folder::NewFolder;
use crate::authority::{pki, root, services};
use crate::db::settings;
use std::path::Path;
use std::sync::Arc;
use vedette_common::clock::Clock;
use vedette_common::files;

/// What a new home should know.
#[derive(Debug, Clone)]
pub struct InitOptions {
    /// Names and addresses of the broker besides `localhost` and `127.0.0.1`; devices connect to the first.
    pub broker_hosts: Vec<String>,
    /// The broker's port.
    pub broker_port: u16,
}

impl Default for InitOptions {
    fn default() -> Self {
        InitOptions { broker_hosts: Vec::new(), broker_port: 8883 }
    }
}

/// Makes a home in `dir`: three root keys of which two sign, every role's key, the CA and its first certificates.
/// The home appears whole or not at all; a folder that exists and is not empty is refused.
pub fn init(dir: &Path, options: &InitOptions, clock: Arc<Clock>) -> Result<Home, AuthorityError> {
    let folder = NewFolder::at(dir, 0o700)?;
    let home = Home::at(folder.path(), Arc::clone(&clock));
    let now = home.now();
    for part in ["root", "keys", "pki", "segments"] {
        files::make_folder(&home.dir().join(part))?;
    }
    let hosts: Vec<_> =
        ["localhost".into(), "127.0.0.1".into()].into_iter().chain(options.broker_hosts.clone()).collect();
    let ca = pki::Ca::make(&home, pki::CA, now)?;
    ca.certify_services(&home, &hosts, now)?;
    services::write_crls(&home, &[ca], &[], now)?;
    root::issue_first(&home, now)?;
    let mut db = home.new_database()?;
    let change = db.change()?;
    let host = options.broker_hosts.first().unwrap_or(&hosts[0]);
    settings::set_broker(&change, host, &hosts, options.broker_port)?;
    audit::record(&home, &change, Act::Init.of("home").with("brokers", hosts))?;
    change.commit()?;
    drop(db);
    folder.finish()?;
    Home::open(dir, clock)
}
