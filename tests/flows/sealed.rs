//! A device whose disk is copied to another machine opens no list there: its key is sealed to the TPM, here a software one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use vedette_shim::ids::from_hex;
use vedette_tests::device::{Device, code};
use vedette_tests::post::{LIST, Post};
use vedette_tests::program::{self, copy_folder, wait_until};
use vedette_tests::sample::{SPECIMEN, passport};

const CREDENTIAL: &str = "vedette.box-key";

/// A TPM 2 in software; its secrets lie in a folder, as a chip's lie in the chip.
struct Tpm {
    program: Child,
    socket: PathBuf,
}

impl Tpm {
    fn start(folder: &Path) -> Tpm {
        fs::create_dir_all(folder).unwrap();
        let socket = folder.join("socket");
        let control = folder.join("socket.ctrl");
        let mut command = Command::new("swtpm");
        command.args(["socket", "--tpm2", "--flags", "not-need-init,startup-clear", "--tpmstate"]);
        command.arg(format!("dir={}", folder.display()));
        command.arg("--server").arg(format!("type=unixio,path={}", socket.display()));
        command.arg("--ctrl").arg(format!("type=unixio,path={}", control.display()));
        let program = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let program = program.unwrap_or_else(|error| {
            panic!("swtpm: {error}\nhint: apt-get install swtpm libtss2-tcti-swtpm0 libtss2-esys-3.0.2-0 libtss2-rc0")
        });
        wait_until("the TPM is ready", || (socket.exists() && control.exists()).then_some(()), String::new);
        Tpm { program, socket }
    }

    /// As systemd names it.
    fn name(&self) -> String {
        format!("swtpm:path={}", self.socket.display())
    }
}

impl Drop for Tpm {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
        let _ = fs::remove_file(&self.socket);
        let _ = fs::remove_file(self.socket.with_extension("ctrl"));
    }
}

/// What systemd does when it starts the service: opens the credential into memory. Where it cannot, the service does not start.
fn open_credential(sealed: &Path, tpm: &Tpm, into: &Path) -> Result<(), String> {
    fs::create_dir_all(into).unwrap();
    let mut command = Command::new("systemd-creds");
    command.args(["decrypt", "--name", CREDENTIAL, "--tpm2-device", &tpm.name()]);
    let output = command.arg(sealed).arg(into.join(CREDENTIAL)).output().unwrap();
    match output.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

fn seal_key(device: &Device, tpm: &Tpm, into: &Path) -> program::Ended {
    device.run("seal-key", &["--tpm2-device", &tpm.name(), "--into", into.to_str().unwrap()])
}

/// Whether any file below a folder has these bytes, raw or in hexadecimal.
fn is_on_disk(folder: &Path, key: &[u8], hex: &str) -> bool {
    let mut left = vec![folder.to_path_buf()];
    while let Some(path) = left.pop() {
        if path.is_dir() {
            left.extend(path.read_dir().unwrap().map(|entry| entry.unwrap().path()));
        } else if let Ok(bytes) = fs::read(&path) {
            let has = |what: &[u8]| bytes.windows(what.len()).any(|window| window == what);
            if has(key) || has(hex.as_bytes()) {
                return true;
            }
        }
    }
    false
}

#[test]
fn a_copied_disk_opens_no_list_without_the_tpm() {
    let post = Post::serving();
    let mut device = post.enrol("post-7");
    let said = device.run("status", &[]);
    assert_eq!(said.code, 69, "{said}");
    device.start();
    post.hq.publish(LIST, [SPECIMEN]);
    device.wait_for_edition(LIST, 1);
    let said = device.run("status", &[]).expect_code(0).out;
    assert!(said.contains("key: a file: a copy of this disk OPENS the lists"), "{said}");
    assert!(device.whole_log().contains("a copy of this disk opens the lists"), "{}", device.log());
    device.stop();

    let tpm = Tpm::start(&post.folder().join("tpm"));
    let key_file = device.folder().join("box.key");
    let hex = fs::read_to_string(&key_file).unwrap().trim().to_string();
    let sealed = device.folder().join("credstore");
    seal_key(&device, &tpm, &sealed).expect_code(0);
    let key = from_hex::<32>(&hex).unwrap();
    assert!(!key_file.exists() && !is_on_disk(device.folder(), &key, &hex), "the key is nowhere on the disk");

    // This machine: the service manager opens the key, also after a restart of the machine.
    let memory = post.folder().join("memory");
    open_credential(&sealed.join(CREDENTIAL), &tpm, &memory).unwrap();
    device.start_with(&[("CREDENTIALS_DIRECTORY", memory.to_str().unwrap())]);
    let hits = || (device.scan(&passport(SPECIMEN)).code == code::HIT).then_some(());
    wait_until("it answers", hits, || device.log());
    assert!(device.run("status", &[]).expect_code(0).out.contains("key: sealed to this machine's TPM"));
    assert_eq!(device.status().unwrap()["key_protection"], "tpm2");
    device.stop();
    drop(tpm);
    let tpm = Tpm::start(&post.folder().join("tpm"));
    open_credential(&sealed.join(CREDENTIAL), &tpm, &memory).unwrap();
    drop(tpm);

    // Another machine with a copy of the disk, and a TPM of its own.
    let thief = Device::at("post-7", copy_folder(device.folder(), &post.folder().join("copy")));
    let other = Tpm::start(&post.folder().join("other-tpm"));
    let elsewhere = post.folder().join("elsewhere");
    let refused = open_credential(&thief.folder().join("credstore").join(CREDENTIAL), &other, &elsewhere);
    assert!(refused.is_err() && !elsewhere.join(CREDENTIAL).exists());
    let scanned = thief.scan_standalone(&passport(SPECIMEN)).expect_code(1);
    assert!(scanned.err.contains("box.key") && scanned.err.contains("sealed"), "{scanned}");
}

#[test]
fn a_key_that_cannot_be_sealed_stays_where_it_is() {
    let post = Post::new();
    let device = post.enrol("post-7");
    let into = post.folder().join("credstore");
    let nowhere = ["--tpm2-device", "swtpm:path=/nowhere", "--into", into.to_str().unwrap()];
    let refused = device.run("seal-key", &nowhere).expect_code(1);
    assert!(refused.err.contains("cannot seal the key") && refused.err.contains("--host-key"), "{refused}");
    assert!(device.folder().join("box.key").exists() && !into.join(CREDENTIAL).exists());
    fs::write(device.folder().join("box.key"), "no key").unwrap();
    let refused = device.run("seal-key", &nowhere).expect_code(1);
    assert!(refused.err.contains("not a key of 64"), "{refused}");
}
