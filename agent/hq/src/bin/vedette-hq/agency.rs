//! `agency`: the exchange between headquarters and agencies that issue lists on machines of their own. `give` and `take` are said on
//! both sides; the home says which side it is.

use crate::door::{Door, clock};
use crate::print;
use clap::Subcommand;
use std::path::PathBuf;
use vedette_hq::agency::carrier::{self, AgencyView};
use vedette_hq::agency::{Taken, home, issuer};
use vedette_hq::audit::Act;
use vedette_shim::ids::Hex;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Make an agency's home (--home): it issues lists and reads its encounters; headquarters carries what it cannot read.
    Init {
        /// The agency's name: its lists begin with it and `/`.
        agency: String,
        /// Headquarters' newest root, `root/N.root` of its home, brought by hand: all that comes later is believed by it.
        #[arg(long, value_name = "FILE")]
        root: PathBuf,
    },
    /// At headquarters: add an agency by the public key that its `agency init` printed.
    Add {
        /// The agency's name.
        agency: String,
        /// Its key, 64 hexadecimal digits. Have it confirmed by another way than it came.
        key: String,
    },
    /// At headquarters: show the agencies.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Write what the other side should take into a folder; one that was written so is replaced.
    Give {
        /// The folder.
        folder: PathBuf,
        /// At headquarters: for which agency.
        #[arg(long)]
        to: Option<String>,
    },
    /// Take what the other side gave.
    Take {
        /// The folder.
        folder: PathBuf,
        /// At headquarters: from which agency.
        #[arg(long)]
        from: Option<String>,
        /// At headquarters: name the lists that it asks for in the next root; root keys must be in the home.
        #[arg(long, requires = "from")]
        name_lists: bool,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

pub(super) fn run(door: &Door, command: Command) -> anyhow::Result<()> {
    match command {
        Command::Init { agency, root } => {
            let key = Hex(&home::init(door.dir(), &agency, &root, clock())?).to_string();
            println!("{agency}: home made in {}", door.dir().display());
            println!("headquarters adds it with: vedette-hq agency add {agency} {key}");
        }
        Command::Add { agency, key } => {
            match carrier::add(&door.open(Act::AgencyAdd)?, &agency, &carrier::parse_key(&key)?)? {
                true => println!("{agency}: added; `agency give DIR --to {agency}` gives it what it needs"),
                false => println!("{agency}: was added before; nothing changes"),
            }
        }
        Command::List { json } => print::rows(json, carrier::agencies(&door.open(Act::Agencies)?)?, shown)?,
        Command::Give { folder, to: Some(agency) } => {
            let messages = carrier::give(&door.open(Act::AgencyGive)?, &agency, &folder)?;
            println!("{}: roots, devices and {messages} message(s) for {agency}", folder.display());
        }
        Command::Give { folder, to: None } => {
            let requested = issuer::give(&door.open(Act::AgencyGive)?, &folder)?;
            println!("{}: manifests, segments and grants for headquarters", folder.display());
            for list in requested {
                println!("{list}: headquarters is asked to name it; give again when it has, to publish");
            }
        }
        Command::Take { folder, from: Some(agency), name_lists, json } => {
            show(&carrier::take(&door.open(Act::AgencyTake)?, &agency, &folder, name_lists)?, json)?;
        }
        Command::Take { folder, from: None, json, .. } => {
            show(&issuer::take(&door.open(Act::AgencyTake)?, &folder)?, json)?
        }
    }
    Ok(())
}

fn show(taken: &Taken, json: bool) -> anyhow::Result<()> {
    if json {
        println!("{}", serde_json::to_string(taken)?);
    } else {
        println!("{} new, {} known", taken.new, taken.known);
        for list in &taken.requested {
            println!("{list}: is asked for; --name-lists names it in the next root");
        }
    }
    for refused in &taken.refused {
        eprintln!("refused: {refused}");
    }
    let refused = taken.refused.len() + taken.refused_besides;
    anyhow::ensure!(refused == 0, "{refused} piece(s) were refused; the others are taken");
    Ok(())
}

fn shown(agencies: &[AgencyView]) -> String {
    let line = |a: &AgencyView| {
        let lists = if a.lists.is_empty() { "no list yet".into() } else { a.lists.join(", ") };
        format!("{}: {lists}; {} message(s) not taken; key {}\n", a.agency, a.waiting, a.key)
    };
    agencies.iter().map(line).collect()
}
