//! The device's configuration: raw TOML (unknown keys refused) -> checked values. One file a section.
//!
//! Invariants: every bound the agent has is a named key with its unit and a default; paths are absolute after
//! loading (relative ones are relative to the file). Failure: one error that names the file, the key and a hint;
//! nothing is started.

mod desk;
mod limits;
mod link;
mod officers;
mod retro;
mod scanner;
mod value;

pub use desk::DeskConfig;
pub use limits::Limits;
pub use link::{LinkConfig, LinkKeyPlace};
pub use officers::SignInRules;
pub use retro::KEEP_H_MAX;
pub use scanner::{Framing, SCANNERS_MAX, ScannerConfig, Speaks};

use serde::Deserialize;
use std::path::{Path, PathBuf};
use value::{WrongValue, bytes_within, wrong};
use vedette_common::files::{self, FileError};
use vedette_shim::ids::DeviceId;

/// Longest name of a post, bytes.
const POST_BYTES_MAX: usize = 64;
/// A configuration file larger than this is not one.
const CONFIG_BYTES_MAX: u64 = 256 * 1024;

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It could not be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// Not TOML, an unknown key, or a value of the wrong type; the parser's words name line and key.
    #[error("{}: {why}", path.display())]
    Toml {
        path: PathBuf,
        /// Line, column, key and what is wrong.
        why: String,
    },
    /// A value out of its range.
    #[error("{}: {key} = {value}: {rule}", path.display())]
    Value {
        path: PathBuf,
        /// `section.key`.
        key: &'static str,
        /// What it was.
        value: String,
        /// What it must be.
        rule: String,
    },
}

/// Everything `vedette` needs to know.
#[derive(Debug, Clone)]
pub struct Config {
    /// This device's id, the CN of its certificate.
    pub device: DeviceId,
    /// The post's name, as encounters carry it.
    pub post: String,
    /// Folder of the store: `state.db`, segments, partial downloads.
    pub state: PathBuf,
    /// The root this device was enrolled with.
    pub root: PathBuf,
    /// The device's X25519 private key.
    pub box_key: PathBuf,
    /// Folder of the grants it was enrolled with.
    pub grants: PathBuf,
    /// Where headquarters' broker is and how to speak to it.
    pub link: LinkConfig,
    /// The officer's side.
    pub desk: DeskConfig,
    /// The rules of signing in.
    pub officers: SignInRules,
    /// The scanners at serial ports.
    pub scanners: Vec<ScannerConfig>,
    /// How long the keyed hashes of documents that met no alert are stored, seconds; 0: they are not.
    pub retro_keep_s: u64,
    pub limits: Limits,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    device: RawDevice,
    trust: RawTrust,
    link: link::RawLink,
    #[serde(default)]
    desk: desk::RawDesk,
    #[serde(default)]
    officers: SignInRules,
    #[serde(default)]
    scanner: Vec<scanner::RawScanner>,
    #[serde(default)]
    retro: retro::RawRetro,
    #[serde(default)]
    limits: Limits,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDevice {
    id: String,
    #[serde(default)]
    post: String,
    #[serde(default = "state_default")]
    state: PathBuf,
}

fn state_default() -> PathBuf {
    "state".into()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTrust {
    root: PathBuf,
    box_key: PathBuf,
    grants: PathBuf,
}

impl Config {
    /// Reads and checks a configuration file.
    pub fn load(path: &Path) -> Result<Config, ConfigError> {
        let bytes = files::read(path, CONFIG_BYTES_MAX)?;
        let text = String::from_utf8(bytes)
            .map_err(|e| ConfigError::Toml { path: path.into(), why: format!("not UTF-8: {e}") })?;
        Self::parse(&text, path)
    }

    /// Checks a configuration's text; `path` is where it came from.
    pub fn parse(text: &str, path: &Path) -> Result<Config, ConfigError> {
        let raw: Raw = toml::from_str(text)
            .map_err(|e| ConfigError::Toml { path: path.into(), why: e.to_string().trim_end().into() })?;
        let folder = std::path::absolute(path).ok().and_then(|p| p.parent().map(Path::to_path_buf));
        let folder = folder.unwrap_or_else(|| PathBuf::from("."));
        raw.check(&folder).map_err(|WrongValue { key, found, rule }| ConfigError::Value {
            path: path.into(),
            key,
            value: found,
            rule,
        })
    }
}

impl Raw {
    /// `folder`: of the file, for its relative paths.
    fn check(self, folder: &Path) -> Result<Config, WrongValue> {
        let id = &self.device.id;
        let device = id
            .parse::<DeviceId>()
            .map_err(|error| wrong("device.id", format_args!("{id:?}"), error.to_string()))?;
        bytes_within("device.post", &self.device.post, 0..=POST_BYTES_MAX)?;
        if self.scanner.len() > SCANNERS_MAX {
            return Err(wrong("scanner", self.scanner.len(), format!("at most {SCANNERS_MAX}")));
        }
        Ok(Config {
            device,
            post: self.device.post,
            state: folder.join(self.device.state),
            root: folder.join(self.trust.root),
            box_key: folder.join(self.trust.box_key),
            grants: folder.join(self.trust.grants),
            link: self.link.check(folder)?,
            desk: self.desk.check(folder)?,
            officers: self.officers.check()?,
            scanners: self.scanner.into_iter().map(scanner::RawScanner::check).collect::<Result<_, _>>()?,
            retro_keep_s: self.retro.check()?,
            limits: self.limits.check()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        [device]
        id = "post-7"
        [trust]
        root = "root.anchor"
        box_key = "box.key"
        grants = "grants"
        [link]
        host = "localhost"
        ca = "ca.pem"
        certificate = "device.pem"
        key = "device.key"
    "#;

    fn error(text: &str) -> String {
        Config::parse(text, Path::new("/etc/vedette/agent.toml")).unwrap_err().to_string()
    }

    #[test]
    fn paths_are_relative_to_the_file() {
        let config = Config::parse(GOOD, Path::new("/etc/vedette/agent.toml")).unwrap();
        assert_eq!(config.state, Path::new("/etc/vedette/state"));
        assert_eq!(config.desk.socket, Path::new("/etc/vedette/vedette.sock"));
        assert_eq!(config.link.brokers[0].to_string(), "localhost:8883");
    }

    /// The reference in config/ names every key, and its values are the defaults.
    #[test]
    fn the_shipped_reference_is_what_the_program_does() {
        let reference = include_str!("../../../../config/agent.toml");
        let config = Config::parse(reference, Path::new("/etc/vedette/agent.toml")).unwrap();
        assert_eq!((config.limits, config.officers), (Limits::default(), SignInRules::default()));
        let bare = Config::parse(GOOD, Path::new("/etc/vedette/agent.toml")).unwrap();
        assert_eq!(config.link.brokers[0].port, bare.link.brokers[0].port);
        assert_eq!(config.link.keep_alive, bare.link.keep_alive);
        assert_eq!((config.link.retry_max, config.link.enabled), (bare.link.retry_max, bare.link.enabled));
        assert_eq!((config.state, config.desk.socket), (bare.state, bare.desk.socket));
        assert_eq!((config.desk.listen, config.desk.purpose), (bare.desk.listen, bare.desk.purpose));
        assert!(reference.contains("\nlisten = "), "desk.listen is missing");
        let named: toml::Table = toml::from_str(reference).unwrap();
        let defaults = [
            ("limits", toml::Table::try_from(Limits::default()).unwrap()),
            ("officers", toml::Table::try_from(SignInRules::default()).unwrap()),
        ];
        for (section, keys) in defaults {
            for key in keys.keys() {
                assert!(named[section].get(key).is_some(), "{section}.{key} is missing");
            }
        }
    }

    #[test]
    fn a_broker_may_have_several_addresses() {
        let several = GOOD.replace("\"localhost\"", r#"["a", "b:8884", "[::1]:1"]"#);
        let config = Config::parse(&several, Path::new("/etc/vedette/agent.toml")).unwrap();
        let brokers: Vec<_> = config.link.brokers.iter().map(ToString::to_string).collect();
        assert_eq!(brokers, ["a:8883", "b:8884", "[::1]:1"]);
        for wrong in ["[]", "[\"a\", \"\"]", "\"a:b\"", r#"["a","a","a","a","a","a","a","a","a"]"#] {
            assert!(error(&GOOD.replace("\"localhost\"", wrong)).contains("link.host"), "{wrong}");
        }
        assert!(error(&GOOD.replace("\"localhost\"", "7")).contains("host name"));
    }

    #[test]
    fn every_mistake_is_named_with_its_key() {
        assert!(error(&GOOD.replace("host =", "hots =")).contains("hots"));
        assert!(error(&GOOD.replace("\"post-7\"", "\"post 7\"")).contains("device.id"));
        assert!(error(&GOOD.replace("host = \"localhost\"", "host = \"\"")).contains("link.host"));
        assert!(error(&format!("{GOOD}\n[limits]\nalerts_max = 0")).contains("limits.alerts_max = 0"));
        assert!(error(&format!("{GOOD}\n[limits]\nalerts = 1")).contains("alerts"));
        for outside in ["0.0.0.0:8470", "192.0.2.1:8470", "localhost:8470", "8470"] {
            let desk = format!("{GOOD}\n[desk]\nlisten = \"{outside}\"");
            assert!(error(&desk).contains("desk.listen"), "{outside}");
        }
        assert!(error(&format!("{GOOD}\n[desk]\npurpose = \"\"")).contains("desk.purpose"));
        assert!(error("device = 3").contains("agent.toml"));
    }
}
