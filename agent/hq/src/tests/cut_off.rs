//! Commands that were cut off, and homes that were damaged: the next command finishes, sweeps or says what is wrong.

use super::{clock, device_id, list_name, new_home, new_list};
use crate::authority::AuthorityError;
use crate::authority::home::Home;
use crate::authority::init::{InitOptions, init};
use crate::authority::new_folder::NewFolder;
use crate::authority::pki::{self, Ca};
use crate::db::devices::NewCertificate;
use crate::db::under_way::{self, UnderWay};
use crate::db::{DbError, devices};
use crate::fleet::FleetError;
use crate::fleet::enrol::{EnrolOptions, enrol, renew};
use crate::fleet::revoke::revoke;
use crate::publishing::list::{CreateOptions, create};
use std::fs;
use std::os::unix::fs::FileExt;
use std::path::Path;
use vedette_common::files::persist;
use vedette_shim::list::Kind;
use x509_parser::prelude::FromDer;

/// A command on a home, that may make a folder.
type Command = dyn Fn(&Home, &Path);

/// The serial numbers on the CRL.
fn crl(home: &Home) -> Vec<Vec<u8>> {
    let pem = fs::read(home.pki("crl.pem")).unwrap();
    let (_, pem) = x509_parser::pem::parse_x509_pem(&pem).unwrap();
    let (_, crl) = x509_parser::revocation_list::CertificateRevocationList::from_der(&pem.contents).unwrap();
    crl.iter_revoked_certificates().map(|revoked| revoked.raw_serial().to_vec()).collect()
}

fn in_force(home: &Home) -> Vec<u8> {
    devices::serial_in_force(home.database().unwrap().read(), &device_id()).unwrap().unwrap()
}

fn entries(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// What a run leaves that is killed after it signed: a certificate in a folder with a temporary name, and its note.
fn killed_before_its_commit(home: &Home, out: &Path) -> Vec<u8> {
    let folder = out.with_file_name(".vedette-killed");
    fs::create_dir(&folder).unwrap();
    let serial = pki::serial();
    let noted =
        UnderWay { serial: serial.to_vec(), expires_at: u64::from(u32::MAX), folder, out: out.into() };
    under_way::note(home.database().unwrap().read(), &noted).unwrap();
    let signed = Ca::open(home).unwrap().certify_device(&device_id(), 90, home.now(), serial).unwrap();
    fs::write(noted.folder.join("device.pem"), signed.certificate_pem).unwrap();
    serial.to_vec()
}

#[test]
fn a_certificate_whose_making_was_cut_off_is_on_the_crl_and_its_folder_is_gone() {
    let commands: [&Command; 3] = [
        &|home, out| drop(enrol(home, &"post-8".parse().unwrap(), &EnrolOptions::into(out)).unwrap()),
        &|home, out| assert!(renew(home, &device_id(), out, 90).unwrap() > home.now()),
        &|home, _| drop(revoke(home, &device_id()).unwrap()),
    ];
    for command in commands {
        let (dir, home) = new_home();
        enrol(&home, &device_id(), &EnrolOptions::into(dir.path().join("post-7"))).unwrap();
        let lost = killed_before_its_commit(&home, &dir.path().join("lost"));
        command(&home, &dir.path().join("other"));
        assert!(crl(&home).contains(&lost));
        assert!(!entries(dir.path()).iter().any(|name| name.starts_with('.')), "{:?}", entries(dir.path()));
        assert!(under_way::all(home.database().unwrap().read()).unwrap().is_empty());
    }
}

#[test]
fn an_enrolment_cut_off_after_its_commit_is_finished_and_the_same_command_says_so() {
    let (dir, home) = new_home();
    new_list(&home, &list_name(), Kind::Documents);
    let options = EnrolOptions::into(dir.path().join("post-7"));
    enrol(&home, &device_id(), &options).unwrap();
    let serial = in_force(&home);
    let temporary = dir.path().join(".vedette-killed");
    persist(&options.out, &temporary).unwrap();
    let noted =
        UnderWay { serial: serial.clone(), expires_at: 9, folder: temporary, out: options.out.clone() };
    under_way::note(home.database().unwrap().read(), &noted).unwrap();

    let again = enrol(&home, &device_id(), &options).unwrap();
    assert_eq!((again.before, again.lists), (true, vec![list_name()]));
    assert_eq!(in_force(&home), serial);
    assert!(options.out.join("box.key").is_file());
    let elsewhere = enrol(&home, &device_id(), &EnrolOptions::into(dir.path().join("b")));
    assert!(matches!(elsewhere, Err(FleetError::DeviceExists(_))), "{elsewhere:?}");

    let out = dir.path().join("renewed");
    let ends = renew(&home, &device_id(), &out, 30).unwrap();
    let renewed = in_force(&home);
    assert_eq!((renew(&home, &device_id(), &out, 30).unwrap(), in_force(&home)), (ends, renewed));
    assert!(!revoke(&home, &device_id()).unwrap().before);
    let again = revoke(&home, &device_id()).unwrap();
    assert!(again.before && again.rotated.is_empty());
}

#[test]
fn two_renewals_at_one_time_leave_no_certificate_that_cannot_be_revoked() {
    let (dir, home) = new_home();
    enrol(&home, &device_id(), &EnrolOptions::into(dir.path().join("post-7"))).unwrap();
    // The command is cut off after its commit, and the device has its certificate renewed over the link before anyone repeats it.
    let out = dir.path().join("renewed");
    renew(&home, &device_id(), &out, 90).unwrap();
    let by_command = in_force(&home);
    let temporary = dir.path().join(".vedette-killed");
    persist(&out, &temporary).unwrap();
    let noted = UnderWay { serial: by_command.clone(), expires_at: 9, folder: temporary, out: out.clone() };
    let mut db = home.database().unwrap();
    under_way::note(db.read(), &noted).unwrap();
    let by_link = pki::serial().to_vec();
    let new = NewCertificate { serial: &by_link, ca: [0; 32], expires_at: home.now() + 9 };
    let change = db.change().unwrap();
    crate::fleet::devices::renew(&change, &device_id(), &new).unwrap();
    change.commit().unwrap();

    enrol(&home, &"post-8".parse().unwrap(), &EnrolOptions::into(dir.path().join("8"))).unwrap();
    assert!(out.join("device.pem").is_file(), "finished, not revoked");
    assert_eq!(crl(&home), [] as [Vec<u8>; 0]);
    revoke(&home, &device_id()).unwrap();
    let revoked = crl(&home);
    assert!(revoked.contains(&by_command) && revoked.contains(&by_link));
    let change = db.change().unwrap();
    let late = crate::fleet::devices::renew(&change, &device_id(), &new);
    assert!(matches!(late, Err(FleetError::DeviceRevoked(_))), "{late:?}");
}

#[test]
fn what_an_interrupted_command_left_is_removed_and_what_one_at_work_holds_is_not() {
    let (dir, home) = new_home();
    let left = dir.path().join(".vedette-aBc123");
    fs::create_dir(&left).unwrap();
    fs::write(left.join("ca.key"), "secret").unwrap();
    for file in ["keys/heartbeat.next.tmp", "segments/.12-0.tmp", "pki/crl.pem.tmp"] {
        fs::write(home.dir().join(file), "half").unwrap();
    }
    let at_work = NewFolder::at(&dir.path().join("work"), 0o700).unwrap();
    init(&dir.path().join("second"), &InitOptions::default(), clock()).unwrap();
    assert!(!left.exists());
    assert!(at_work.path().exists());
    create(&home, &list_name(), &CreateOptions::of(Kind::Documents)).unwrap();
    for folder in ["keys", "segments", "pki"] {
        let left = entries(&home.dir().join(folder)).into_iter().find(|name| name.ends_with(".tmp"));
        assert_eq!(left, None, "{folder}");
    }
}

#[test]
fn a_database_that_is_missing_empty_or_corrupt_is_refused_with_a_hint_and_left_alone() {
    let (_dir, home) = new_home();
    for n in 0..40 {
        create(&home, &format!("uto/l{n}").parse().unwrap(), &CreateOptions::of(Kind::Documents)).ok();
    }
    drop(home.database().unwrap());
    let file = home.dir().join("hq.db");
    let right = fs::read(&file).unwrap();
    let refused = |what: &str| {
        let error = Home::open(home.dir(), clock()).unwrap_err();
        assert!(error.hint().is_some_and(|hint| hint.contains("restore")), "{what}: {error}");
        error
    };
    fs::File::options()
        .write(true)
        .open(&file)
        .unwrap()
        .write_all_at(&[0xff; 8192], right.len() as u64 / 2)
        .unwrap();
    refused("corrupt");
    fs::write(&file, b"").unwrap();
    assert!(matches!(refused("empty"), AuthorityError::Db(DbError::Lost(_))));
    assert_eq!(fs::metadata(&file).unwrap().len(), 0, "nothing was made of it");
    fs::remove_file(&file).unwrap();
    refused("missing");
    assert!(!file.exists());
    fs::write(&file, right).unwrap();
    Home::open(home.dir(), clock()).unwrap();
}
