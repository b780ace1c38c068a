//! Operators: who may do what, what is signed by whom, and that their certificates let nobody in anywhere.

use super::*;
use crate::authority::audit::{Act, Filter, Line, log};
use crate::authority::pki;
use crate::collector::CollectorError;
use crate::collector::answer::answer;
use crate::collector::encounters::pages;
use crate::fleet::enrol::{self, EnrolOptions};
use crate::operators::account::{self, NewOperator, OperatorView};
use crate::operators::enter::enter;
use crate::operators::{OperatorError, Role};
use rcgen::{CertificateParams, KeyPair};
use rustls::RootCertStore;
use rustls::server::WebPkiClientVerifier;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, UnixTime};
use std::path::PathBuf;
use std::time::Duration;
use vedette_shim::trust::OwnerWord;

pub(super) struct Office {
    pub(super) dir: TempDir,
    pub(super) home: Home,
    pub(super) time: Arc<ManualTime>,
}

impl Office {
    /// A home with the administrator `ada`.
    pub(super) fn new() -> Office {
        let (dir, home, time) = new_home_and_time();
        let office = Office { dir, home, time };
        office.add("ada", &[Role::Administrator]).unwrap();
        office
    }

    pub(super) fn folder(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn new_operator(&self, name: &str, roles: &[Role]) -> NewOperator {
        NewOperator {
            roles: roles.to_vec(),
            out: Some(self.folder(name)),
            csr: None,
            certificate_days: 365,
            emergency: None,
        }
    }

    pub(super) fn add(&self, name: &str, roles: &[Role]) -> Result<OperatorView, OperatorError> {
        account::add(&self.home, name, &self.new_operator(name, roles))
    }

    /// The home for an act of an operator.
    pub(super) fn enter(&self, name: &str, act: Act) -> Result<Home, OperatorError> {
        enter(&self.home, Some(&self.folder(name)), act)
    }

    pub(super) fn lines(&self) -> Vec<Line> {
        log::pages(&self.home, Filter::default()).unwrap().flat_map(Result::unwrap).collect()
    }
}

#[test]
fn before_the_first_operator_everybody_may_and_after_it_nobody_unnamed() {
    let (dir, home) = new_home();
    assert!(enter(&home, None, Act::Revoke).is_ok());
    let office = Office { dir, home, time: Arc::new(ManualTime::starting_at(NOW)) };
    let refused = office.add("pia", &[Role::Publisher]).unwrap_err();
    assert!(matches!(refused, OperatorError::FirstOperator), "{refused}");
    assert!(enter(&office.home, None, Act::Revoke).is_ok());
    office.add("ada", &[Role::Administrator]).unwrap();
    let refused = enter(&office.home, None, Act::Revoke).unwrap_err();
    assert_eq!(refused.to_string(), "revoke needs an operator with the role fleet");
    let last = office.lines().pop().unwrap();
    assert_eq!((last.act.as_str(), last.state.as_str()), ("revoke", "refused"));
}

#[test]
fn each_role_may_what_the_table_says_and_a_refusal_is_a_line_that_the_refused_signed() {
    let office = Office::new();
    for role in Role::ALL {
        office.add(role.name(), &[role]).unwrap();
        for act in [Act::Publish, Act::Answer, Act::Enrol, Act::AuditExport, Act::OperatorAdd, Act::Lists] {
            let entered = office.enter(role.name(), act);
            assert_eq!(entered.is_ok(), role.covers(act), "{role} {act:?}");
            if let Err(error) = entered {
                assert!(matches!(error, OperatorError::NotCovered { .. }), "{error}");
                let line = office.lines().pop().unwrap();
                assert_eq!((line.act, line.state.as_str()), (act.name(), "refused"));
                assert!(line.operator == role.name() && !line.operator_signature.is_empty());
            }
        }
    }
    log::verify(&office.home, None).unwrap();
    for act in [Act::Renew, Act::ReplaceKey, Act::ReplaceCa, Act::ListCreate, Act::Backup, Act::ConfirmClock]
    {
        assert!(Role::ALL.iter().all(|role| role.covers(act) == (*role == Role::Administrator)), "{act:?}");
    }
}

#[test]
fn an_act_of_an_operator_has_the_operator_s_signature_and_no_other_holds() {
    let office = Office::new();
    office.add("flo", &[Role::Fleet]).unwrap();
    let home = office.enter("flo", Act::Enrol).unwrap();
    enrol::enrol(&home, &device_id(), &EnrolOptions::into(office.folder("post-7"))).unwrap();
    let mut all = office.lines();
    let line = all.pop().unwrap();
    assert_eq!((line.act.as_str(), line.operator.as_str()), ("enrol", "flo"));
    log::verify(&office.home, None).unwrap();
    // Headquarters alone, with the audit key, cannot say that flo did it.
    let mut verifier = crate::authority::audit::verify::Verifier::new(None, None);
    all.iter().for_each(|line| verifier.take(line).unwrap());
    let key = crate::authority::keys::Key::Audit.signing(&office.home).unwrap();
    let mut forged = Line { object: "post-8".into(), ..line };
    forged.hash = crate::authority::audit::line::hash_of(&forged);
    forged.signature = key.sign_message(&crate::authority::audit::line::to_sign(&forged.hash));
    let error = verifier.take(&forged).unwrap_err().to_string();
    assert!(error.contains("not signed by the operator \"flo\""), "{error}");
    forged.operator_signature.clear();
    assert!(verifier.take(&forged).is_err());
}

#[test]
fn who_was_removed_or_has_an_old_certificate_or_another_s_key_acts_no_more() {
    let office = Office::new();
    for name in ["flo", "finn"] {
        office.add(name, &[Role::Fleet]).unwrap();
    }
    account::remove(&office.home, "finn").unwrap();
    let why = |name: &str| office.enter(name, Act::Enrol).unwrap_err().to_string();
    assert!(why("finn").contains("was removed"), "{}", why("finn"));
    // The key of another beside the certificate.
    fs::create_dir(office.folder("mixed")).unwrap();
    fs::copy(office.folder("flo").join("operator.pem"), office.folder("mixed").join("operator.pem")).unwrap();
    fs::copy(office.folder("ada").join("operator.key"), office.folder("mixed").join("operator.key")).unwrap();
    assert!(why("mixed").contains("not its certificate's"), "{}", why("mixed"));
    // A certificate of another home, and one of a device.
    let other = Office::new();
    assert!(enter(&office.home, Some(&other.folder("ada")), Act::Backup).is_err());
    assert!(why("nobody").contains("cannot read"), "{}", why("nobody"));
    // A new certificate ends the one before.
    let again =
        NewOperator { out: Some(office.folder("flo-2")), ..office.new_operator("flo", &[Role::Fleet]) };
    account::add(&office.home, "flo", &again).unwrap();
    assert!(why("flo").contains("not one in force"), "{}", why("flo"));
    assert!(office.enter("flo-2", Act::Enrol).is_ok());
    let crl = fs::read(office.home.pki("crl.pem")).unwrap();
    let crl = vedette_common::mqtt::crl::Crl::from_pem(&crl).unwrap();
    for name in ["flo", "finn"] {
        let serial = pki::serial_of(&fs::read(office.folder(name).join("operator.pem")).unwrap()).unwrap();
        assert!(crl.serials().contains(&serial), "{name} is on the CRL");
    }
    office.time.pass(366 * 86_400);
    assert!(why("flo-2").contains("ended at"), "{}", why("flo-2"));
    log::verify(&office.home, None).unwrap();
}

#[test]
fn the_last_administrator_stays_and_lost_keys_are_got_over_with_root_keys() {
    let office = Office::new();
    let refused = account::remove(&office.home, "ada").unwrap_err();
    assert!(matches!(refused, OperatorError::LastAdministrator(_)), "{refused}");
    let demoted = NewOperator { out: None, ..office.new_operator("ada", &[Role::Auditor]) };
    assert!(matches!(account::add(&office.home, "ada", &demoted), Err(OperatorError::LastAdministrator(_))));
    assert!(office.enter("ada", Act::OperatorAdd).is_ok());
    let emergency = NewOperator {
        emergency: Some("ada's key is lost".into()),
        ..office.new_operator("eve", &[Role::Administrator])
    };
    let aside = office.folder("aside");
    for root in ["root-1", "root-2"] {
        vedette_common::files::persist(&office.home.keys().join(root), &aside.with_extension(root)).unwrap();
    }
    assert!(account::add(&office.home, "eve", &emergency).is_err());
    vedette_common::files::persist(&aside.with_extension("root-1"), &office.home.keys().join("root-1"))
        .unwrap();
    account::add(&office.home, "eve", &emergency).unwrap();
    assert_eq!(office.lines().pop().unwrap().reason, "ada's key is lost");
    account::remove(&office.home, "ada").unwrap();
}

#[test]
fn a_key_that_the_operator_made_stays_with_the_operator() {
    let office = Office::new();
    let key = KeyPair::generate().unwrap();
    let csr = CertificateParams::default().serialize_request(&key).unwrap().pem().unwrap();
    let path = office.folder("request.pem");
    fs::write(&path, csr).unwrap();
    let new = NewOperator { csr: Some(path.clone()), ..office.new_operator("flo", &[Role::Fleet]) };
    account::add(&office.home, "flo", &new).unwrap();
    assert!(!office.folder("flo").join("operator.key").exists());
    fs::write(office.folder("flo").join("operator.key"), key.serialize_pem()).unwrap();
    assert!(office.enter("flo", Act::Enrol).is_ok());
    fs::write(&path, "no request").unwrap();
    let new = NewOperator { csr: Some(path), ..office.new_operator("max", &[Role::Fleet]) };
    assert!(matches!(account::add(&office.home, "max", &new), Err(OperatorError::BadRequest { .. })));
    assert!(!office.folder("max").exists());
}

#[test]
fn an_operator_s_certificate_lets_nobody_in_at_a_tls_server() {
    let office = Office::new();
    enrol::enrol(&office.home, &device_id(), &EnrolOptions::into(office.folder("post-7"))).unwrap();
    let pem = |path: PathBuf| CertificateDer::from_pem_slice(&fs::read(path).unwrap()).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(pem(office.home.pki("ca.pem"))).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
    let now = UnixTime::since_unix_epoch(Duration::from_secs(NOW + 60));
    let device = pem(office.folder("post-7").join("device.pem"));
    verifier.verify_client_cert(&device, &[], now).unwrap();
    let operator = pem(office.folder("ada").join("operator.pem"));
    let error = verifier.verify_client_cert(&operator, &[], now).unwrap_err();
    assert!(error.to_string().contains("xtended"), "for its use, and no other reason: {error}");
}

#[test]
fn encounters_are_read_for_a_purpose_and_answered_by_each_operator_once() {
    let office = Office::new();
    for name in ["olga", "omar"] {
        office.add(name, &[Role::Owner]).unwrap();
    }
    store_encounter(&office.home, [7; 16]);
    let [olga, omar] = ["olga", "omar"].map(|name| office.enter(name, Act::Answer).unwrap());
    assert!(matches!(pages(&olga, " ").err(), Some(CollectorError::NoPurpose)));
    let said = |home: &Home, word, even_so| answer(home, [7; 16], None, word, "", even_so);
    said(&olga, OwnerWord::Confirmed, None).unwrap();
    said(&omar, OwnerWord::Confirmed, None).unwrap();
    let asked = said(&omar, OwnerWord::NotThePerson, None).unwrap_err();
    assert!(asked.to_string().starts_with("omar answered confirmed at "), "{asked}");
    said(&olga, OwnerWord::NotThePerson, Some("the fingerprints differ")).unwrap();
    let shown = pages(&olga, "case 7").unwrap().next().unwrap().unwrap().remove(0);
    assert_eq!(shown.answer, Some(OwnerWord::NotThePerson));
    let answers: Vec<_> = shown.answers.iter().map(|a| (a.operator.as_str(), a.word)).collect();
    assert_eq!(answers, [("olga", OwnerWord::NotThePerson), ("omar", OwnerWord::Confirmed)]);
    let reasons: Vec<_> = office.lines().into_iter().rev().take(2).map(|line| line.reason).collect();
    assert_eq!(reasons, ["case 7", "the fingerprints differ"]);
}
