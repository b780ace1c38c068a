//! `vedette`: arguments -> configuration -> run -> exit code.

mod drill;
mod journal;

use clap::{CommandFactory, Parser, Subcommand};
use std::io::{BufReader, IsTerminal, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use tokio_util::sync::CancellationToken;
use vedette::check::late::LateEncounter;
use vedette::check::{Answer, CheckError, Scan};
use vedette::config::{Config, ConfigError};
use vedette::confirmation::Confirmation;
use vedette::daemon::{self, DaemonError};
use vedette::desk::client::{self, ClientError};
use vedette::desk::tokens::{self, TokenError};
use vedette::desk::{Import, ListView, StatusView, list_views};
use vedette::intake::bundle::{self, Report};
use vedette::journal::Event;
use vedette::store::{Db, DbError};
use vedette::{mrz_view, show};
use vedette_common::clock::system_now;
use vedette_common::words::{Language, Words};
use vedette_shim::verdict::Verdict;

const CLEAR: u8 = 0;
const FAILED: u8 = 1;
const HIT: u8 = 10;
const POSSIBLE: u8 = 11;
const NOT_CHECKED: u8 = 12;
const USAGE: u8 = 64;
const UNREADABLE: u8 = 65;
const NO_AGENT: u8 = 69;
const BAD_CONFIG: u8 = 78;

/// A machine readable zone on standard input is shorter than this, bytes.
const ZONE_BYTES_MAX: u64 = 4096;

/// Signed watchlists beside the officer: answers offline, brings every hit home.
#[derive(Parser)]
#[command(
    version,
    after_help = "Exit codes of scan: 0 Clear, 10 Hit, 11 Possible, 12 NotChecked, 64 usage, \
65 unreadable MRZ. Others: 1 failed, 69 no agent answers, 78 configuration."
)]
struct Cli {
    /// Configuration file.
    #[arg(long, short, global = true, env = "VEDETTE_CONFIG", default_value = "/etc/vedette/agent.toml")]
    config: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the agent: link, intake, local API, spool.
    Run,
    /// Check a document: MRZ lines as arguments, or on standard input.
    Scan {
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
        /// Open the store itself instead of asking the running agent.
        #[arg(long)]
        standalone: bool,
        /// Who searches (badge), for the journal.
        #[arg(long, default_value = "")]
        who: String,
        /// Why, for the journal.
        #[arg(long, default_value = "")]
        why: String,
        /// Language of the answer: en, fr, es, ar. Default: that of the environment (LC_ALL, LC_MESSAGES, LANG).
        #[arg(long, value_name = "LANGUAGE", value_parser = language)]
        lang: Option<Language>,
        /// The lines of the machine readable zone.
        lines: Vec<String>,
    },
    /// Read machine readable zones from standard input, samples separated by a blank line.
    Mrz {
        /// Print one JSON object a sample.
        #[arg(long)]
        json: bool,
        /// Print a passport's zone for STATE:NUMBER instead (for trying things out).
        #[arg(long, value_name = "STATE:NUMBER")]
        specimen: Option<String>,
    },
    /// Show the lists held, their editions and ages.
    Lists {
        /// Print JSON.
        #[arg(long)]
        json: bool,
        /// Open the store itself instead of asking the running agent.
        #[arg(long)]
        standalone: bool,
    },
    /// Show the agent's state: link, spool, lists.
    Status {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show which alerts their owners must still confirm, what they answered, and what was listed after its scan.
    Owners {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Take a bundle, such as from a USB stick. Uses the running agent, or the store itself when none runs.
    Import {
        /// The folder that `vedette-hq publish --bundle` wrote.
        path: PathBuf,
    },
    /// Check the configuration file and say what it means.
    CheckConfig,
    /// Verify, show or export the record of who searched what, when and why.
    #[command(subcommand)]
    Journal(journal::Command),
    /// An outage exercise: hold the link back for some minutes and measure how ready the post is.
    #[command(subcommand)]
    Drill(drill::Command),
    /// Client tokens: what programs show to call the API on loopback.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Print a completion script.
    Completions {
        /// For which shell.
        shell: clap_complete::Shell,
    },
}

#[derive(Subcommand)]
enum TokenCommand {
    /// Make a token and print it; it cannot be shown again.
    New {
        /// The program, as the journal will name it.
        name: String,
    },
    /// Show the names of all tokens.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Refuse a token from now on.
    Revoke {
        /// Its name.
        name: String,
    },
}

/// What went wrong: the exit code, one line, and what to do.
struct Failure {
    code: u8,
    error: String,
    hint: String,
}

impl Failure {
    fn new(code: u8, error: impl ToString, hint: &str) -> Failure {
        Failure { code, error: error.to_string(), hint: hint.into() }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Failure {
        Failure::new(BAD_CONFIG, error, "--config names the agent.toml that `vedette-hq enrol` wrote")
    }
}

impl From<DaemonError> for Failure {
    fn from(error: DaemonError) -> Failure {
        let hint = match &error {
            DaemonError::Locked { .. } => "ask that agent: leave --standalone away, or stop it first",
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
            ClientError::Answer(_) => Failure::new(FAILED, error, "see the agent's log"),
        }
    }
}

impl From<CheckError> for Failure {
    fn from(error: CheckError) -> Failure {
        match error {
            CheckError::Unreadable(_) => Failure::new(UNREADABLE, &error, error.hint()),
            _ => Failure::new(FAILED, &error, error.hint()),
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

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no errors; clap knows which stream each goes to.
            let code = if error.use_stderr() { USAGE } else { 0 };
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    let filter = tracing_subscriber::EnvFilter::try_from_env("VEDETTE_LOG");
    tracing_subscriber::fmt()
        .with_env_filter(filter.unwrap_or_else(|_| match cli.command {
            Command::Run => "info,rumqttc=warn".into(),
            _ => "error".into(),
        }))
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
    let done = tokio::runtime::Runtime::new().map_err(Failure::from).and_then(|rt| rt.block_on(command(cli)));
    match done {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            eprintln!("error: {}", failure.error);
            if !failure.hint.is_empty() {
                eprintln!("hint: {}", failure.hint);
            }
            ExitCode::from(failure.code)
        }
    }
}

async fn command(cli: Cli) -> Result<u8, Failure> {
    let config = || Config::load(&cli.config).map_err(Failure::from);
    match cli.command {
        Command::Run => run(config()?).await,
        Command::Scan { json, standalone, who, why, lang, lines } => {
            let scan = Scan { mrz: zone(lines)?, who, why };
            let answer = match standalone {
                true => daemon::open(&config()?)?.checker.check(&scan)?,
                false => client::post(&config()?.desk.socket, "/v1/scans", &scan).await?,
            };
            print_answer(&answer, json, lang.unwrap_or_else(environment_language))
        }
        Command::Mrz { specimen: Some(of), .. } => specimen(&of),
        Command::Mrz { json, specimen: None } => {
            let readable =
                mrz_view::run(BufReader::new(std::io::stdin().lock()), std::io::stdout().lock(), json)?;
            Ok(if readable { 0 } else { UNREADABLE })
        }
        Command::Lists { json, standalone } => {
            let lists: Vec<ListView> = match standalone {
                true => {
                    let checker = daemon::open(&config()?)?.checker;
                    list_views(&checker.holdings(), checker.now())
                }
                false => client::get(&config()?.desk.socket, "/v1/lists").await?,
            };
            print(json, &lists, |lists| show::lists(lists))
        }
        Command::Status { json } => {
            let status: StatusView = client::get(&config()?.desk.socket, "/v1/status").await?;
            print(json, &status, show::status)
        }
        Command::Owners { json } => owners(&config()?, json).await,
        Command::Import { path } => import(&config()?, path).await,
        Command::CheckConfig => {
            print!("{}", show::config(&cli.config, &config()?));
            Ok(0)
        }
        Command::Token(command) => token(&config()?, command),
        Command::Journal(command) => journal::run(command, &config()?),
        Command::Drill(command) => drill::run(command, &config()?).await,
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "vedette", &mut std::io::stdout());
            Ok(0)
        }
    }
}

async fn run(config: Config) -> Result<u8, Failure> {
    let stop = CancellationToken::new();
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    let signalled = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        signalled.cancel();
    });
    daemon::run(config, stop).await?;
    Ok(0)
}

/// The zone's text: the arguments, or standard input.
fn zone(lines: Vec<String>) -> Result<String, Failure> {
    if !lines.is_empty() {
        return Ok(lines.join("\n"));
    }
    if std::io::stdin().is_terminal() {
        eprintln!("Type or scan the machine readable zone, then Ctrl-D:");
    }
    let mut bytes = Vec::new();
    std::io::stdin().lock().take(ZONE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > ZONE_BYTES_MAX {
        let error = format!("unreadable MRZ: standard input has more than {ZONE_BYTES_MAX} bytes");
        return Err(Failure::new(UNREADABLE, error, "give the two or three lines of one document"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let error = format!("unreadable MRZ: not UTF-8 at byte {}", error.utf8_error().valid_up_to());
        Failure::new(UNREADABLE, error, "a machine readable zone holds A-Z, 0-9 and <")
    })
}

fn language(tag: &str) -> Result<Language, String> {
    Language::of(tag).ok_or_else(|| "there are en, fr, es and ar".into())
}

/// As POSIX says: the first of these that is set and not empty decides.
fn environment_language() -> Language {
    let set = ["LC_ALL", "LC_MESSAGES", "LANG"].map(|name| std::env::var(name).unwrap_or_default());
    set.iter().find(|tag| !tag.is_empty()).and_then(|tag| Language::of(tag)).unwrap_or_default()
}

fn print_answer(answer: &Answer, json: bool, language: Language) -> Result<u8, Failure> {
    let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    print(json, answer, |answer| show::answer(answer, Words::of(language), colour, system_now()))?;
    Ok(match answer.verdict {
        Verdict::Clear => CLEAR,
        Verdict::Hit => HIT,
        Verdict::Possible => POSSIBLE,
        Verdict::NotChecked => NOT_CHECKED,
    })
}

async fn owners(config: &Config, json: bool) -> Result<u8, Failure> {
    let socket = &config.desk.socket;
    let clocks: Vec<Confirmation> = client::get(socket, "/v1/confirmations").await?;
    let late: Vec<LateEncounter> = client::get(socket, "/v1/late").await?;
    let status: StatusView = client::get(socket, "/v1/status").await?;
    let both = serde_json::json!({ "confirmations": clocks, "late": late });
    print(json, &both, |_| show::owners(&clocks, &late, &status, Words::of(environment_language())))
}

async fn import(config: &Config, path: PathBuf) -> Result<u8, Failure> {
    let path = std::path::absolute(&path)?;
    let asked = client::post(&config.desk.socket, "/v1/imports", &Import { path: path.clone() }).await;
    let report: Report = match asked {
        Err(ClientError::NoAgent { .. }) => {
            let mut opened = daemon::open_alone(config)?;
            let report =
                opened.intake.import(&path).map_err(|error| Failure::new(FAILED, error, bundle::HINT))?;
            let event = Event::Import {
                who: String::new(),
                taken: report.applied as u64,
                refused: report.refused.len() as u64,
            };
            vedette::journal::record(opened.checker.db(), opened.checker.now(), event)?;
            report
        }
        Err(ClientError::Refused { problem, .. }) => {
            return Err(Failure::new(FAILED, problem.error, &problem.hint));
        }
        other => other?,
    };
    println!("{} updates applied, {} in effect already", report.applied, report.duplicates);
    for (list, edition) in &report.lists {
        println!("{list}: edition {edition} in use");
    }
    for list in &report.incomplete {
        eprintln!("error: {list}: the bundle lacks segments of its newest edition");
    }
    for refused in &report.refused {
        eprintln!("error: {refused}");
    }
    if report.refused.is_empty() && report.incomplete.is_empty() {
        return Ok(0);
    }
    eprintln!("hint: what was refused changed nothing; the editions before go on serving");
    Ok(FAILED)
}

fn token(config: &Config, command: TokenCommand) -> Result<u8, Failure> {
    let db = Db::open_in(&config.state)?;
    match command {
        TokenCommand::New { name } => {
            let token = tokens::create(&db, &name, system_now())?;
            println!("{}", token.as_str());
            Ok(0)
        }
        TokenCommand::List { json } => print(json, &tokens::list(&db)?, |all| show::tokens(all)),
        TokenCommand::Revoke { name } => {
            tokens::revoke(&db, &name)?;
            Ok(0)
        }
    }
}

fn specimen(of: &str) -> Result<u8, Failure> {
    let usage =
        |error: &dyn ToString| Failure::new(USAGE, error.to_string(), "for example --specimen UTO:L898902C3");
    let (state, number) = of.split_once(':').ok_or_else(|| usage(&"not STATE:NUMBER"))?;
    let fields = vedette_shim::mrz::Fields::specimen_passport(state, number);
    let lines = vedette_shim::mrz::compose(&fields).map_err(|error| usage(&error))?;
    lines.iter().for_each(|line| println!("{line}"));
    Ok(0)
}

fn print<T: serde::Serialize>(json: bool, value: &T, text: impl Fn(&T) -> String) -> Result<u8, Failure> {
    let out = match json {
        true => serde_json::to_string(value).map_err(|e| Failure::new(FAILED, e, ""))? + "\n",
        false => text(value),
    };
    std::io::stdout().write_all(out.as_bytes())?;
    Ok(0)
}
