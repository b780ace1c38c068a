//! Any text as agent.toml: values within their bounds, or an error that names the file; never a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::path::Path;
use vedette::Config;

fuzz_target!(|text: &str| {
    match Config::parse(text, Path::new("/etc/vedette/agent.toml")) {
        Ok(config) => assert!(config.state.is_absolute() && config.limits.journal_bytes_max >= 64 * 1024),
        Err(error) => assert!(error.to_string().starts_with("/etc/vedette/agent.toml: ")),
    }
});
