//! The formats that lists come in: a file becomes alerts, and a report of what was repaired or left out.

mod blocks;
mod cells;
pub(crate) mod documents;
pub mod error;
pub mod import_report;
pub(crate) mod persons;
mod rows;
mod states;
mod xml;
