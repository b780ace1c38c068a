//! The desk: the officer's side of the [`crate::post`] over HTTP. A local API on a Unix socket and loopback, the console,
//! and the client of the command line.
//!
//! | call | body | answer ([`api`]) |
//! |---|---|---|
//! | `POST /v1/scans` | [`crate::check::Scan`] | the answer; 422 if the zone is unreadable |
//! | `GET /v1/scans/{scan_id}` | | the answer of a recent scan; 404 once it is forgotten |
//! | `GET /v1/open` | | answers with an alert that has no outcome yet, the newest first |
//! | `POST /v1/encounters/{encounter_id}/outcome` | [`api::OutcomeRequest`] | [`api::OutcomeView`]; 404 for an encounter not made here |
//! | `GET /v1/lists`, `GET /v1/status` | | [`api::ListView`]s, [`api::StatusView`] |
//! | `GET /v1/confirmations`, `GET /v1/late` | | [`api::ConfirmationView`]s, [`api::LateView`]s, the newest first |
//! | `POST`, `GET`, `DELETE /v1/drill` | [`api::DrillRequest`] | an outage exercise: [`api::DrillView`] |
//! | `POST /v1/imports` | [`api::Import`] | [`api::ImportView`]; 422 if nothing could be read |
//! | `GET /v1/events` | | server-sent events: `stream` |
//! | `POST`, `GET`, `PUT`, `DELETE /v1/session` | [`api::SignInRequest`] | an officer signs in, reads, goes on, signs out: `session` |
//! | `POST /v1/discreet` | [`api::RevealRequest`] | [`api::RevealedView`]: discreet alerts, for an entitled officer |
//! | `GET /v1/openapi.json` | | OpenAPI 3.1 of all this; needs no token |
//! | `GET /metrics` | | Prometheus' text |
//!
//! Every error is [`api::Problem`]: `{"error": "...", "hint": "..."}`.
//!
//! | module | what it is |
//! |---|---|
//! | `listen`, `connections` | the socket, loopback, and how many connections they take |
//! | [`access`] | who may call, how often, and what every answer's headers say |
//! | `session`, `cookie` | what officers show there |
//! | [`tokens`] | what programs show on loopback |
//! | `router`, `routes`, `drill`, `stream` | the calls above; `error`: how they refuse |
//! | [`api`] | what goes in and out, as plain data, and its description |
//! | `metrics` | figures for Prometheus |
//! | `console` | the officer's page |
//! | [`client`] | the command line's side |

pub mod access;
pub mod api;
pub mod client;
mod connections;
mod console;
mod cookie;
mod drill;
mod error;
mod listen;
mod metrics;
mod router;
mod routes;
mod session;
mod stream;
pub mod tokens;

pub use connections::answer;
pub use listen::serve;
pub use router::router;
