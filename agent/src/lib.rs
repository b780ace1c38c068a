//! The device's agent, as a library for embedders, and headquarters behind the feature `hq`.
