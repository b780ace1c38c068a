//! The agent of one border device: signed watchlists cached beside the officer, verdicts without a network, every hit brought
//! home. This is its library, for programs that embed it; the program `vedette` is made of the same.
//!
//! To embed: open an [`Agent`] with a [`Config`], and [`Agent::check`] a [`Scan`]. The [`Answer`] has a [`Verdict`], the
//! [`Alert`]s that matched, and what every list that should have been asked said. [`run`] is the whole agent, with its link to
//! headquarters, its readers and its local API.
//!
//! # What is where
//!
//! | module | what it is |
//! |---|---|
//! | `config` | `agent.toml` -> checked values |
//! | `open`, `agent`, `daemon` | a device's parts; the agent inside a program; the whole agent, and the order in which it stops |
//! | `action` | what the officer is to do |
//! | `check` | a scan -> lookups -> a verdict, recorded before it is given; outcomes, late encounters |
//! | `post` | what a post does for its officers, whoever asks; what is due with time |
//! | `desk` | the post over HTTP: local API, console, the command line's client |
//! | `show`, `mrz_view` | what the terminal shows |
//! | `officers` | the roster, signing in offline |
//! | `scanner` | serial readers, and scanners with the shim |
//! | `intake` | what arrives -> trust -> store -> the `holdings` in use |
//! | `link` | one MQTT session at a time, what to send next |
//! | `drill` | the outage exercise |
//! | `store` | what is durable: `state.db`, segments |
//! | `journal`, `retro` | who searched what, in a chain of hashes; hashes of documents that may be listed later |

#[doc(hidden)]
pub mod action;
#[doc(hidden)]
pub mod agent;
#[doc(hidden)]
pub mod check;
#[doc(hidden)]
pub mod config;
#[doc(hidden)]
pub mod daemon;
#[doc(hidden)]
pub mod desk;
#[doc(hidden)]
pub mod drill;
#[doc(hidden)]
pub mod holdings;
#[doc(hidden)]
pub mod intake;
#[doc(hidden)]
pub mod journal;
#[doc(hidden)]
pub mod link;
#[doc(hidden)]
pub mod mrz_view;
#[doc(hidden)]
pub mod officers;
mod open;
#[doc(hidden)]
pub mod post;
#[doc(hidden)]
pub mod retro;
#[doc(hidden)]
pub mod scanner;
#[doc(hidden)]
pub mod show;
#[doc(hidden)]
pub mod store;

pub use action::Action;
pub use agent::{Agent, AgentError};
pub use check::outcome::{OutcomeError, OutcomeGiven, OutcomeTaken};
pub use check::{
    Alert, Answer, CheckError, Checked, Document, Encountered, Gap, Match, Notice, Reason, Scan, ScanId,
    Subject,
};
pub use config::{Config, ConfigError};
pub use daemon::run;
pub use holdings::{Doubt, Unavailable};
pub use intake::bundle::Report as ImportReport;
pub use post::ImportError;
pub use post::status::ListStatus;
pub use vedette_shim::trust::Freshness;
pub use vedette_shim::verdict::{ListResult, Verdict};
pub use vedette_shim::wire::Outcome;

#[cfg(test)]
mod words_tests;
