//! The whole of Vedette on one machine: headquarters, a real broker, a device.

pub mod broker;
