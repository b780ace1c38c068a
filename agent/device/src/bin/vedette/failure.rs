//! What went wrong: the exit code, one line, and what to do.

use vedette::agent::AgentError;
use vedette::check::CheckError;
use vedette::config::ConfigError;
use vedette::desk::client::ClientError;
use vedette::desk::tokens::TokenError;
use vedette::journal::ExportError;
use vedette::post::ImportError;
use vedette::store::DbError;

pub(super) const FAILED: u8 = 1;
pub(super) const USAGE: u8 = 64;
pub(super) const UNREADABLE: u8 = 65;
const NO_AGENT: u8 = 69;
const BAD_CONFIG: u8 = 78;

/// What to do with a journal whose chain is broken.
pub(super) const EVIDENCE: &str = "keep this store as evidence and inform the data protection officer";

/// Why a command failed.
pub(super) struct Failure {
    pub(super) code: u8,
    error: String,
    hint: String,
}

impl Failure {
    /// `hint` may be empty.
    pub(super) fn new(code: u8, error: impl ToString, hint: &str) -> Failure {
        Failure { code, error: error.to_string(), hint: hint.into() }
    }

    /// Onto standard error.
    pub(super) fn print(&self) {
        eprintln!("error: {}", self.error);
        if !self.hint.is_empty() {
            eprintln!("hint: {}", self.hint);
        }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Failure {
        Failure::new(BAD_CONFIG, error, "--config names the agent.toml that `vedette-hq enrol` wrote")
    }
}

impl From<AgentError> for Failure {
    fn from(error: AgentError) -> Failure {
        let hint = match &error {
            AgentError::Damaged => {
                "start it again: it sets the damaged file aside and goes on with what can be read"
            }
            AgentError::BoxKey(_) => {
                "a key that is sealed comes from systemd: `systemctl start vedette`; agent/docs/device.md"
            }
            AgentError::Locked { .. } => "ask that agent: leave --standalone away, or stop it first",
            _ => "",
        };
        Failure::new(FAILED, error, hint)
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Failure {
        match error {
            ClientError::NoAgent { .. } => {
                Failure::new(NO_AGENT, error, "start it with `vedette run`, or use --standalone")
            }
            ClientError::Refused { status: 422, problem } => {
                Failure::new(UNREADABLE, problem.error, &problem.hint)
            }
            ClientError::Refused { problem, .. } => Failure::new(FAILED, problem.error, &problem.hint),
            _ => Failure::new(FAILED, error, "see the agent's log"),
        }
    }
}

impl From<CheckError> for Failure {
    fn from(error: CheckError) -> Failure {
        let code = if matches!(error, CheckError::Unreadable(_) | CheckError::Find(_)) {
            UNREADABLE
        } else {
            FAILED
        };
        Failure::new(code, &error, error.hint())
    }
}

impl From<ImportError> for Failure {
    fn from(error: ImportError) -> Failure {
        let hint = if matches!(error, ImportError::Bundle(_)) { vedette::intake::bundle::HINT } else { "" };
        Failure::new(FAILED, error, hint)
    }
}

impl From<ExportError> for Failure {
    fn from(error: ExportError) -> Failure {
        match &error {
            ExportError::Exists(_) => Failure::new(USAGE, error, "name a file that does not exist yet"),
            ExportError::Broken { .. } => Failure::new(FAILED, error, EVIDENCE),
            _ => Failure::new(FAILED, error, ""),
        }
    }
}

impl From<TokenError> for Failure {
    fn from(error: TokenError) -> Failure {
        let code = if matches!(error, TokenError::Name { .. }) { USAGE } else { FAILED };
        Failure::new(code, error, "`vedette token list` shows the tokens there are")
    }
}

impl From<DbError> for Failure {
    fn from(error: DbError) -> Failure {
        Failure::new(FAILED, error, "")
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Failure {
        Failure::new(FAILED, error, "")
    }
}
