//! `vedette lists`: the stored lists, their editions and ages.

use super::failure::Failure;
use super::output::print;
use vedette::desk::api::ListView;
use vedette::desk::client;
use vedette::{Agent, Config, show};

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// Open the store itself instead of asking the running agent.
    #[arg(long)]
    standalone: bool,
}

pub(super) async fn run(arguments: &Arguments, config: &Config) -> Result<u8, Failure> {
    let lists: Vec<ListView> = match arguments.standalone {
        true => Agent::open(config)?.lists().iter().map(ListView::from).collect(),
        false => client::get(&config.desk.socket, "/v1/lists").await?,
    };
    print(arguments.json, &lists, |lists| show::lists(lists))
}
