//! The private key of the link is in a PKCS #11 token, SoftHSM here: a device connects with it, and its certificate is renewed for it.
//!
//! SoftHSM reads where its tokens are from its environment, so the flow runs in a process of its own.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use vedette::Config;
use vedette_common::mqtt::token::TokenKey;
use vedette_tests::device::Device;
use vedette_tests::post::Post;
use vedette_tests::program::wait_until;

const MODULES: [&str; 2] = ["/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so"];
const PIN: &str = "274916";

#[test]
fn a_device_connects_and_renews_with_a_key_that_never_leaves_its_token() {
    run_in_its_environment("with_its_environment");
}

#[test]
fn a_wrong_pin_is_given_to_the_token_once() {
    run_in_its_environment("with_a_wrong_pin");
}

fn run_in_its_environment(test: &str) {
    let folder = tempfile::tempdir().unwrap();
    let tokens = folder.path().join("tokens");
    fs::create_dir(&tokens).unwrap();
    let config = folder.path().join("softhsm2.conf");
    fs::write(&config, format!("directories.tokendir = {}\nobjectstore.backend = file\n", tokens.display()))
        .unwrap();
    let mut inner = Command::new(std::env::current_exe().unwrap());
    inner.args(["--exact", test, "--ignored", "--nocapture"]).env("SOFTHSM2_CONF", &config);
    let ended = inner.output().unwrap();
    let said = String::from_utf8_lossy(&ended.stdout) + String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success() && said.contains("1 passed"), "{said}");
}

fn softhsm(arguments: &[&str]) {
    let ended = Command::new("softhsm2-util").args(arguments).output().expect("softhsm2-util runs");
    assert!(ended.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&ended.stderr));
}

/// The count of wrong PINs is SoftHSM's to say: it has none that locks, and notes that there was a wrong one.
#[test]
#[ignore = "run by the other test, with its environment"]
fn with_a_wrong_pin() {
    let post = Post::new();
    let device = post.enrol("post-7");
    move_key(&device);
    let (config, pin) = (fs::read_to_string(device.config()).unwrap(), device.folder().join("pin"));
    let uri = config.lines().find_map(|line| line.strip_prefix("key = \"")?.strip_suffix('"')).unwrap();
    let open = || TokenKey::open(uri).map(drop).map_err(|error| error.to_string());
    let is_refused_by_us = |said: &str| said.contains("not tried again until the PIN file changes");
    for wrong in ["000000", "000001"] {
        fs::write(&pin, wrong).unwrap();
        let by_token = open().unwrap_err();
        assert!(!is_refused_by_us(&by_token) && !by_token.contains(wrong), "{by_token}");
        for _ in 0..3 {
            let said = open().unwrap_err();
            assert!(is_refused_by_us(&said), "{said}");
        }
    }
    fs::write(&pin, PIN).unwrap();
    open().unwrap();
    open().unwrap();
}

/// Moves the device's key into a token.
fn move_key(device: &Device) {
    let key = device.folder().join("device.key");
    softhsm(&["--init-token", "--free", "--label", "post 7", "--so-pin", "12345678", "--pin", PIN]);
    let import = [
        "--import",
        key.to_str().unwrap(),
        "--token",
        "post 7",
        "--label",
        "link",
        "--id",
        "01",
        "--pin",
        PIN,
    ];
    softhsm(&import);
    fs::remove_file(&key).unwrap();
    let pin = device.folder().join("pin");
    fs::write(&pin, format!("{PIN}\n")).unwrap();
    let module = MODULES.iter().find(|module| Path::new(module).exists()).expect("SoftHSM is installed");
    let uri = format!("pkcs11:token=post%207;object=link?module-path={module}&pin-source={}", pin.display());
    let config = fs::read_to_string(device.config()).unwrap();
    assert!(config.contains("key = \"device.key\""));
    fs::write(device.config(), config.replace("key = \"device.key\"", &format!("key = \"{uri}\""))).unwrap();
}

#[test]
#[ignore = "run by the other test, with its environment"]
fn with_its_environment() {
    let mut post = Post::serving();
    let device = post.enrol("post-7");
    move_key(&device);
    // Leaked: dropping it would wait for the agent, also where the test has failed.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let runtime: &tokio::runtime::Runtime = Box::leak(Box::new(runtime));
    let stop = CancellationToken::new();
    let agent = runtime.spawn(vedette::run(Config::load(&device.config()).unwrap(), stop.clone()));
    let online = || (device.status()?["online"] == true).then_some(());
    wait_until("it is online", online, || post.broker.log_tail());

    // A new CA has it ask for another certificate, for the same key.
    post.hq.run(&["replace-ca"]).expect_code(0);
    post.broker.stop().unwrap();
    post.broker.restart().unwrap();
    post.hq.finish_replacing_the_ca(|| post.broker.log_tail());
    let own = device.folder().join("state/certificate/own.pair");
    let (waiting, pair) = (own.with_file_name("waiting.key"), fs::read(&own).unwrap());
    assert!(!waiting.exists() && pair.last() == Some(&0), "a certificate, and no key");
    post.hq.stop_serve();
    post.broker.restart().unwrap();
    post.hq.serve();
    wait_until("it is online again", online, || post.broker.log_tail());
    stop.cancel();
    let ended = runtime.block_on(async { tokio::time::timeout(Duration::from_secs(10), agent).await });
    ended.expect("it ends in time").unwrap().unwrap();
}
