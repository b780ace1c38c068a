//! The home and who may speak for it: its keys, roots, certificates and heartbeat.
//!
//! | file | what it does |
//! |---|---|
//! | [`home`] | the folder everything lives in, its lock |
//! | `new_folder` | folders that appear whole or not at all |
//! | [`init`] | makes a home: root, CA, roles |
//! | [`audit`] | the log of every act |
//! | [`keys`] | the key files, one role each |
//! | [`root`] | reads the roots, issues the next one |
//! | `pins` | signs for scanners which keys a root replaces |
//! | [`pki`] | the CA: certificates of the broker, headquarters and devices, the CRL |
//! | `services` | services' certificates made again and revoked; the CRLs |
//! | [`heartbeat`] | signs which editions are the newest |
//! | [`roster`] | signs who may sign in at the devices |
//! | `sign` | signs, after devices' own verifier has read it |
//! | [`signing_time`] | whether the clock's time may be signed |
//! | [`renew`] | a new term for the root and for the services' certificates |
//! | [`replace_root`] | new root keys |
//! | [`replace`] | a new key for a role that is online |
//! | [`replace_ca`] | another CA |

pub mod audit;
mod error;
pub mod heartbeat;
pub mod home;
pub mod init;
pub mod keys;
pub(crate) mod new_folder;
pub(crate) mod pins;
pub mod pki;
pub mod renew;
pub mod replace;
pub mod replace_ca;
pub mod replace_root;
pub mod root;
pub mod roster;
pub(crate) mod services;
pub(crate) mod sign;
pub mod signing_time;

pub use error::AuthorityError;
pub(crate) use error::few;
