//! The shim as firmware uses it: in Rust and in C, with power cuts, against the agent's own engine.

mod believing;
mod header;
mod installing;
mod noting;
mod replaying;
mod vectors;
