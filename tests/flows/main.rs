//! The flows: what users rely on, over a real broker, with real processes. See `vedette_tests`.

mod authorities;
mod brokers;
mod delivery;
mod desk;
mod documents;
mod embedding;
mod faults;
mod finds;
mod forgery;
mod home;
mod homecoming;
mod keys;
mod kills;
mod mistakes;
mod officers;
mod offline;
mod open_hits;
mod owner;
mod private;
mod renewal;
mod revocation;
mod rights;
mod scanners;
mod sealed;
mod secrets;
mod stolen;
