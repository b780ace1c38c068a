//! `operator`: who may act at headquarters, on the command line.

use crate::door::Door;
use crate::print;
use clap::Subcommand;
use std::path::PathBuf;
use vedette_common::clock::rfc3339;
use vedette_hq::audit::Act;
use vedette_hq::operators::Role;
use vedette_hq::operators::account::{self, NewOperator, OperatorView};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Add an operator, or change the roles or the certificate of one. The first must be an administrator; from then on every
    /// command needs an operator whose roles cover it.
    Add {
        /// The name, as the log has it: 1 to 32 of a-z, 0-9, '-', '.' and '_'.
        name: String,
        /// What the operator may do: see `operator roles`.
        #[arg(long, required = true, value_delimiter = ',', value_name = "ROLE,ROLE")]
        roles: Vec<Role>,
        /// Make a new certificate into this folder; the one before is revoked. Its private key lies there too, if it is made here.
        #[arg(long, value_name = "FOLDER")]
        out: Option<PathBuf>,
        /// A request for a certificate (PEM, ECDSA P-256): the key stays with the operator.
        #[arg(long, value_name = "FILE", requires = "out")]
        csr: Option<PathBuf>,
        /// Life of the certificate, days.
        #[arg(long, default_value_t = 365)]
        cert_days: u32,
        /// Needs no operator, but two root keys in reach: for when no administrator can act. Why; it is recorded.
        #[arg(long, value_name = "REASON")]
        emergency: Option<String>,
    },
    /// Remove an operator, and revoke the certificate. The last administrator stays.
    Remove {
        /// The operator.
        name: String,
    },
    /// Show the operators.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show which role may do what.
    Roles,
}

pub(super) fn run(door: &Door, command: Command) -> anyhow::Result<()> {
    match command {
        Command::Add { name, roles, out, csr, cert_days, emergency } => {
            let home = match &emergency {
                Some(_) => door.open_unasked()?,
                None => door.open(Act::OperatorAdd)?,
            };
            let makes_key = csr.is_none();
            let new = NewOperator { roles, out: out.clone(), csr, certificate_days: cert_days, emergency };
            let added = account::add(&home, &name, &new)?;
            let roles = added.roles.iter().map(|role| role.name()).collect::<Vec<_>>().join(", ");
            println!("{name}: {roles}; the certificate ends at {}", rfc3339(added.expires_at));
            if let Some(out) = out {
                let out = out.display();
                if !makes_key {
                    println!("{name} puts the private key beside it: {out}/operator.key, PKCS #8");
                }
                println!("{name} acts with: vedette-hq --operator {out} ...");
            }
        }
        Command::Remove { name } => {
            account::remove(&door.open(Act::OperatorRemove)?, &name)?;
            println!("{name}: removed");
        }
        Command::List { json } => print::rows(json, account::operators(&door.open(Act::Operators)?)?, show)?,
        Command::Roles => {
            for role in Role::ALL {
                let acts: Vec<String> = role.acts().iter().map(|act| act.name()).collect();
                println!("{:<14} {}", role.name(), acts.join(", "));
            }
            println!("every role     lists, drafts, devices, officers, scanners");
            println!("no role needed init, restore, serve, screen, completions, operator roles");
        }
    }
    Ok(())
}

fn show(rows: &[OperatorView]) -> String {
    let line = |o: &OperatorView| {
        let roles = o.roles.iter().map(|role| role.name()).collect::<Vec<_>>().join(", ");
        let state = match o.removed_at {
            Some(at) => format!("removed {}", rfc3339(at)),
            None => format!("until {}", rfc3339(o.expires_at)),
        };
        format!("{}  {roles}  {state}\n", o.name)
    };
    rows.iter().map(line).collect::<String>() + &format!("{} operator(s)\n", rows.len())
}
