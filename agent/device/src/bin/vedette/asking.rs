//! What every command that checks something takes, and how it shows the answer.

use super::failure::Failure;
use super::output::{environment_language, print};
use std::io::IsTerminal;
use vedette::desk::api::AnswerView;
use vedette::show;
use vedette_common::clock::system_now;
use vedette_common::words::{Language, Words};
use vedette_shim::verdict::Verdict;

const CLEAR: u8 = 0;
const HIT: u8 = 10;
const POSSIBLE: u8 = 11;
const NOT_CHECKED: u8 = 12;

#[derive(clap::Args)]
pub(super) struct Asking {
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    /// Open the store itself instead of asking the running agent.
    #[arg(long)]
    pub(super) standalone: bool,
    /// Who searches (badge), for the journal.
    #[arg(long, default_value = "")]
    pub(super) who: String,
    /// Why, for the journal.
    #[arg(long, default_value = "")]
    pub(super) why: String,
    /// Language of the answer: en, fr, es, ar. Default: that of the environment (LC_ALL, LC_MESSAGES, LANG).
    #[arg(long, value_name = "LANGUAGE", value_parser = language)]
    lang: Option<Language>,
}

fn language(tag: &str) -> Result<Language, String> {
    Language::of(tag).ok_or_else(|| "there are en, fr, es and ar".into())
}

impl Asking {
    /// Prints an answer; its verdict's exit code.
    pub(super) fn show(&self, answer: &AnswerView) -> Result<u8, Failure> {
        let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        let words = Words::of(self.lang.unwrap_or_else(environment_language));
        print(self.json, answer, |answer| show::answer(answer, words, colour, system_now()))?;
        Ok(match answer.verdict {
            Verdict::Clear => CLEAR,
            Verdict::Hit => HIT,
            Verdict::Possible => POSSIBLE,
            Verdict::NotChecked => NOT_CHECKED,
        })
    }
}
