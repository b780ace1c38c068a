//! Helpers of the flow tests: a real broker, headquarters and devices in temporary directories.
