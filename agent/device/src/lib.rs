//! The agent of one border device: signed watchlists cached beside the officer, verdicts without a network, every hit brought
//! home. This is its library, for programs that embed it; the program `vedette` is made of the same.
//!
//! To embed: open an [`Agent`] with a [`Config`], and [`Agent::check`] a [`Scan`]. The [`Answer`] has a [`Verdict`], the
//! [`Alert`]s that matched, and what every list that should have been asked said. [`run`] is the whole agent, with its link to
//! headquarters, its readers and its local API.
//!
//! ```
//! use vedette::{Agent, Config, Find, Notice, Scan, Typed, Verdict};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # vedette_common::roster::testing::write_enrolment(folder.path())?;
//! // What `vedette-hq enrol` wrote; this device was granted no list yet.
//! let agent = Agent::open(&Config::load(&folder.path().join("agent.toml"))?)?;
//! let mrz = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10";
//! let answer = agent.check(&Scan { mrz: mrz.into(), who: "gate 4".into(), why: "entry".into() })?;
//! // No list was asked, which is never Clear.
//! assert_eq!(answer.verdict, Verdict::NotChecked);
//! assert!(answer.notices.contains(&Notice::NoList) && answer.alerts.is_empty());
//!
//! // Without a zone: a number of which one character cannot be read.
//! let typed = Typed::Number { number: "L898?02C3".into(), state: "UTO".into(), kind: String::new() };
//! let answer = agent.find(&Find { typed, who: "gate 4".into(), why: "call".into() })?;
//! assert_eq!((answer.verdict, answer.document.format), (Verdict::NotChecked, None));
//!
//! // What cannot be read is an error, and nothing was asked or recorded.
//! let error = agent.check(&Scan { mrz: "L898902C3".into(), ..Scan::default() }).unwrap_err();
//! assert!(error.to_string().starts_with("unreadable MRZ"));
//! # Ok(())
//! # }
//! ```
//!
//! # What is where
//!
//! | module | what it is |
//! |---|---|
//! | `config` | `agent.toml` -> checked values |
//! | `open`, `agent`, `daemon` | a device's parts; the agent inside a program; the whole agent, and the order in which it stops |
//! | `enrolment` | a new device's keys, made where they stay |
//! | `box_key` | the device's key, and its seal |
//! | `action` | what the officer is to do |
//! | `check` | a scan -> lookups -> a verdict, recorded before it is given; outcomes, late encounters |
//! | `post` | what a post does for its officers, whoever asks; what is due with time |
//! | `desk` | the post over HTTP: local API, console, the command line's client |
//! | `show`, `mrz_view` | what the terminal shows |
//! | `officers` | the roster, signing in offline |
//! | `scanner` | serial readers, and scanners with the shim |
//! | `identifiers` | the documents and numbers that persons' alerts name |
//! | `intake` | what arrives -> trust -> store -> the `snapshot` in use |
//! | `link` | one MQTT session at a time, what to send next |
//! | `drill` | the outage exercise |
//! | `store` | what is durable: `state.db`, segments |
//! | `journal`, `retro` | who searched what, in a chain of hashes; hashes of documents that may be listed later |

#[doc(hidden)]
pub mod action;
#[doc(hidden)]
pub mod agent;
#[doc(hidden)]
pub mod box_key;
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
pub mod enrolment;
mod identifiers;
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
pub mod snapshot;
#[doc(hidden)]
pub mod store;

pub use action::Action;
pub use agent::{Agent, AgentError};
pub use check::outcome::{OutcomeError, OutcomeGiven, OutcomeTaken};
pub use check::{
    Alert, Answer, CheckError, Checked, Document, Encountered, Find, FindError, Gap, Match, Notice, Reason,
    Scan, ScanId, Subject, Typed,
};
pub use config::{Config, ConfigError};
pub use daemon::run;
pub use intake::bundle::Report as ImportReport;
pub use post::ImportError;
pub use post::status::ListStatus;
pub use snapshot::{Doubt, Unavailable};
pub use vedette_shim::trust::Freshness;
pub use vedette_shim::verdict::{ListResult, Verdict};
pub use vedette_shim::wire::Outcome;

#[cfg(test)]
mod words_tests;
