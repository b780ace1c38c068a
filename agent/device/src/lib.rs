//! The device's agent, as a library for embedders, and headquarters behind the feature `hq`.
//!
//! | module | what it is |
//! |---|---|
//! | [`config`] | `agent.toml` -> checked values |
//! | [`daemon`] | the parts, the channels between them, the order in which they stop |
//! | [`check`] | a scan -> lookups -> a verdict, recorded before it is given |
//! | [`desk`] | the local API and its client; [`show`]: what the terminal shows |
//! | [`officers`] | the roster, signing in offline |
//! | [`scanner`] | serial readers, and scanners with the shim |
//! | [`intake`] | what arrives -> trust -> store -> the [`holdings`] in use |
//! | [`link`] | MQTT: topics, TLS, one session at a time, what to send next |
//! | [`lists`], [`names`] | the list engine; recognising a person |
//! | [`state`], [`store`], [`spool`], [`journal`] | what is durable: SQLite, segment files, encounters, who searched |
//! | [`words`] | what the officer reads, in four languages |
//! | [`outcome`] | what came of an encounter, brought home like the encounter |
//! | [`crypto`], [`encounter`] | signatures and seals; a hit sealed to the list's owner |
//! | [`clock`], [`files`] | the one file each that reads the clock and names files |
//! | `hq`, `demo` | headquarters; the whole job on one machine (feature `hq`) |
//!
//! To embed: [`daemon::open`] a [`config::Config`], then [`check::Checker::check`] a [`check::Scan`];
//! [`daemon::run`] keeps the link beside it. `ARCHITECTURE.md` tells how it hangs together.

pub mod check;
pub mod config;
pub mod confirmation;
pub mod daemon;
pub mod desk;
pub mod drill;
pub mod holdings;
pub mod intake;
pub mod journal;
pub mod link;
pub mod mrz_view;
pub mod officers;

pub mod retro;
pub mod scanner;
mod schema;
pub mod show;

pub mod store;

#[cfg(test)]
mod words_tests;
