//! `vedette status`: the running agent's link, spool and lists.

use super::failure::Failure;
use super::output::print;
use vedette::desk::api::StatusView;
use vedette::desk::client;
use vedette::{Config, show};

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(arguments: &Arguments, config: &Config) -> Result<u8, Failure> {
    let status: StatusView = client::get(&config.desk.socket, "/v1/status").await?;
    print(arguments.json, &status, show::status)
}
