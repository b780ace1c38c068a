//! `vedette import`: a bundle's folder -> the running agent, or the store itself when none runs.

use super::failure::{FAILED, Failure};
use std::path::PathBuf;
use vedette::desk::api::{Import, ImportView};
use vedette::desk::client::{self, ClientError};
use vedette::{Agent, Config};

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The folder that `vedette-hq publish --bundle` wrote.
    path: PathBuf,
}

pub(super) async fn run(arguments: &Arguments, config: &Config) -> Result<u8, Failure> {
    let path = std::path::absolute(&arguments.path)?;
    let asked = client::post(&config.desk.socket, "/v1/imports", &Import { path: path.clone() }).await;
    let report: ImportView = match asked {
        Err(ClientError::NoAgent { .. }) => Agent::open_alone(config)?.import(&path, "").await?.into(),
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
    eprintln!("hint: what was refused changed nothing; the editions before stay in use");
    Ok(FAILED)
}
