//! `vedette find`: what an officer typed without a zone -> the running agent's answer, or the store's own.

use super::asking::Asking;
use super::failure::{Failure, USAGE};
use clap::Subcommand;
use vedette::desk::api::{AnswerView, FindRequest, NameRequest, NumberRequest};
use vedette::desk::client;
use vedette::{Agent, Config};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Find a document by its number.
    #[command(
        after_help = "Quote ? and *, or the shell takes them: vedette find number 'L89?902*' --state UTO."
    )]
    Number {
        /// The number; ? stands for one character that cannot be read, * for any count of them.
        number: String,
        /// The issuing state, ICAO code (UTO); all states if left out.
        #[arg(long, value_name = "CODE", default_value = "")]
        state: String,
        /// The document's code (P, ID); all types if left out.
        #[arg(long = "type", value_name = "CODE", default_value = "")]
        kind: String,
        #[command(flatten)]
        asking: Asking,
    },
    /// Find a person by name, with what else is known.
    Name {
        /// Family names; the whole name where its parts are not known apart.
        surname: String,
        /// Given names.
        #[arg(long, value_name = "NAMES", default_value = "")]
        given: String,
        /// Birth date as far as it is known: 1974-08-12, 1974-08, 1974, or at most 20 years, 1970..1975.
        #[arg(long, value_name = "DATE", default_value = "")]
        born: String,
        /// Nationality, ICAO code.
        #[arg(long, value_name = "CODE", default_value = "")]
        nationality: String,
        /// M, F or X.
        #[arg(long, default_value = "")]
        sex: String,
        #[command(flatten)]
        asking: Asking,
    },
    /// Find by any other identifier: a national number, an alert's id or reference.
    Identifier {
        /// The identifier; ? and * as in a number.
        identifier: String,
        #[command(flatten)]
        asking: Asking,
    },
}

pub(super) async fn run(command: Command, config: &Config) -> Result<u8, Failure> {
    let (mut request, asking) = match command {
        Command::Number { number, state, kind, asking } => {
            let number = Some(NumberRequest { number, state, r#type: kind });
            (FindRequest { number, ..FindRequest::default() }, asking)
        }
        Command::Name { surname, given, born, nationality, sex, asking } => {
            let name = NameRequest { surname, given_names: given, birth_date: born, nationality, sex };
            (FindRequest { name: Some(name), ..FindRequest::default() }, asking)
        }
        Command::Identifier { identifier, asking } => {
            (FindRequest { identifier: Some(identifier), ..FindRequest::default() }, asking)
        }
    };
    (request.who, request.why) = (asking.who.clone(), asking.why.clone());
    let answer: AnswerView = if asking.standalone {
        let find = request.by(asking.who.clone());
        let find = find.ok_or_else(|| Failure::new(USAGE, "nothing to search was given", ""))?;
        (&*Agent::open(config)?.find(&find)?).into()
    } else {
        client::post(&config.desk.socket, "/v1/finds", &request).await?
    };
    asking.show(&answer)
}
