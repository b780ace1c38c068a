//! How commands come to the home: as whom, and for which act.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use vedette_common::clock::Clock;
use vedette_hq::audit::Act;
use vedette_hq::operators::enter::enter;
use vedette_hq::{AuthorityError, Home, agency};

/// The home's folder, and the folder of the operator who acts, if one was named.
pub(crate) struct Door {
    pub(crate) dir: PathBuf,
    pub(crate) operator: Option<PathBuf>,
}

impl Door {
    /// The home's folder.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Opens the home for an act, if it is done in such a home and whoever acts may do it.
    pub(crate) fn open(&self, act: Act) -> anyhow::Result<Home> {
        let home = self.open_unasked()?;
        agency::home::check_act(&home, act)?;
        Ok(enter(&home, self.operator.as_deref(), act)?)
    }

    /// Opens the home for what needs no operator.
    pub(crate) fn open_unasked(&self) -> Result<Home, AuthorityError> {
        Home::open(&self.dir, clock())
    }
}

/// The machine's clock.
pub(crate) fn clock() -> Arc<Clock> {
    Arc::new(Clock::default())
}
