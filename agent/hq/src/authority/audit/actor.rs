//! Who acts: an operator with a key, whoever runs the command, or `serve` by itself.

use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use std::fmt;
use vedette_common::files;
use vedette_shim::ids::Hex;

/// What `serve` does by itself is done by this name.
pub const SERVE: &str = "serve";
/// Where there are no operators, a name begins with this.
pub const LOCAL: &str = "local:";
/// The largest `/etc/passwd` that is read, bytes.
const PASSWD_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Who acts.
#[derive(Default)]
pub enum Actor {
    /// Whoever runs the command, by the user that the system says.
    #[default]
    Local,
    /// `serve`, of which nobody asked it.
    Serve,
    /// An operator, who signs.
    Operator {
        /// The operator's name.
        name: String,
        /// The key of the operator's certificate.
        key: Box<EcdsaKeyPair>,
    },
}

impl Actor {
    /// The operator of this name; `None` if the key, PKCS #8, is not that of the public key.
    pub(crate) fn operator(name: &str, key: &[u8], public_key: &[u8]) -> Option<Actor> {
        let key =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, key, &SystemRandom::new()).ok()?;
        let is_its = key.public_key().as_ref() == public_key;
        is_its.then(|| Actor::Operator { name: name.into(), key: Box::new(key) })
    }

    /// Whether it is an operator, who answers for the act.
    pub(crate) fn is_operator(&self) -> bool {
        matches!(self, Actor::Operator { .. })
    }

    /// As the log has it.
    pub fn name(&self) -> String {
        match self {
            Actor::Local => format!("{LOCAL}{}", user()),
            Actor::Serve => SERVE.into(),
            Actor::Operator { name, .. } => name.clone(),
        }
    }

    /// An operator's signature, DER in hexadecimal; empty for others.
    pub(super) fn sign(&self, message: &[u8]) -> String {
        let Actor::Operator { key, .. } = self else { return String::new() };
        let signature = key.sign(&SystemRandom::new(), message).expect("the system gives random numbers");
        Hex(signature.as_ref()).to_string()
    }
}

impl fmt::Debug for Actor {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.name())
    }
}

/// The name of the user that this process runs as; its number where `/etc/passwd` does not have it.
fn user() -> String {
    let number = rustix::process::getuid().as_raw().to_string();
    let users = files::read("/etc/passwd".as_ref(), PASSWD_BYTES_MAX).unwrap_or_default();
    let users = String::from_utf8_lossy(&users);
    let line = |line: &str| {
        let mut fields = line.split(':');
        let (name, _, id) = (fields.next()?, fields.next()?, fields.next()?);
        (id == number).then(|| name.to_string())
    };
    users.lines().find_map(line).unwrap_or(number)
}
