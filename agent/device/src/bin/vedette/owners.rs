//! `vedette owners`: what owners must confirm, what they answered, and what they listed only after its scan.

use super::failure::Failure;
use super::output::{environment_language, print};
use vedette::desk::api::{ConfirmationView, LateView, StatusView};
use vedette::desk::client;
use vedette::{Config, show};
use vedette_common::words::Words;

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(arguments: &Arguments, config: &Config) -> Result<u8, Failure> {
    let socket = &config.desk.socket;
    let clocks: Vec<ConfirmationView> = client::get(socket, "/v1/confirmations").await?;
    let late: Vec<LateView> = client::get(socket, "/v1/late").await?;
    let status: StatusView = client::get(socket, "/v1/status").await?;
    let both = serde_json::json!({ "confirmations": clocks, "late": late });
    let words = Words::of(environment_language());
    print(arguments.json, &both, |_| show::owners(&clocks, &late, &status, words))
}
