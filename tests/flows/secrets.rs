//! Nothing secret is in a log, whatever is logged, nor in a dump or in swap.

use data_encoding::{BASE64, HEXLOWER, HEXUPPER};
use serde_json::json;
use std::fs;
use std::path::Path;
use vedette_shim::ids::from_hex;
use vedette_tests::device::code;
use vedette_tests::http::Http;
use vedette_tests::post::{LIST, Post};
use vedette_tests::program::wait_until;
use vedette_tests::sample::{SPECIMEN, passport};

const PIN: &str = "274916";
/// Bytes of a secret that are looked for: as many cannot be met by chance.
const PIECE: usize = 12;

/// A secret, by what it is.
struct Secret {
    what: String,
    bytes: Vec<u8>,
}

/// Every form in which this piece may have been written; base64 begins at any of three places.
fn forms(piece: &[u8]) -> Vec<Vec<u8>> {
    let list = |digit: fn(&u8) -> String| piece.iter().map(digit).collect::<Vec<_>>().join(", ");
    let mut forms = vec![
        piece.to_vec(),
        HEXLOWER.encode(piece).into_bytes(),
        HEXUPPER.encode(piece).into_bytes(),
        list(|byte| format!("{byte}")).into_bytes(),
        list(|byte| format!("0x{byte:02x}")).into_bytes(),
        list(|byte| format!("{byte:02x}")).into_bytes(),
        piece.escape_ascii().to_string().into_bytes(),
    ];
    for from in 0..3 {
        let whole = &piece[from..from + (piece.len() - from) / 3 * 3];
        let text = BASE64.encode(whole);
        forms.push(text.replace('+', "-").replace('/', "_").into_bytes());
        forms.push(text.into_bytes());
    }
    forms
}

/// Where in `log` there is some of the secret.
fn found(log: &[u8], secret: &Secret) -> Option<String> {
    let pieces =
        secret.bytes.chunks(PIECE).filter(|piece| piece.len() == PIECE || secret.bytes.len() < PIECE);
    let forms = pieces.flat_map(forms).filter(|form| form.len() >= PIN.len());
    let at = forms.filter_map(|form| log.windows(form.len()).position(|window| window == form)).next()?;
    let near = &log[at.saturating_sub(100)..log.len().min(at + 100)];
    Some(format!("{}: {}", secret.what, String::from_utf8_lossy(near)))
}

/// What lies in the key files of a folder: 64 hexadecimal digits, or PEM.
fn keys_in(folder: &Path) -> Vec<Secret> {
    let mut secrets = Vec::new();
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let what = path.display().to_string();
        if let Some(key) = from_hex::<32>(text.trim()) {
            secrets.push(Secret { what, bytes: key.to_vec() });
        } else if text.contains("PRIVATE KEY") {
            let body: String = text.lines().filter(|line| !line.starts_with("-----")).collect();
            let der = BASE64.decode(body.as_bytes()).unwrap();
            // PKCS #8 of P-256: the private key follows 36 bytes that all such keys share; its public key follows that.
            secrets.push(Secret { what, bytes: der[36..68].to_vec() });
        }
    }
    secrets
}

#[test]
fn what_is_secret_is_found_in_every_form() {
    let secret = Secret { what: "a key".into(), bytes: (100..132).collect() };
    for form in forms(&secret.bytes[12..24]) {
        let log = [b"before ".as_slice(), &form, b" after"].concat();
        assert!(found(&log, &secret).is_some(), "{}", String::from_utf8_lossy(&form));
    }
    assert!(found(b"nothing of it: 100, 102, 104", &secret).is_none());
}

#[test]
fn no_log_has_a_secret_in_it_at_any_level() {
    let mut post = Post::new();
    post.hq.serve_tracing();
    post.hq.add_officer("anna", PIN, &["--name", "Anna Berg", "--role", "administrator"]);
    let mut device = post.enrol("post-7");
    let token = device.run("token", &["new", "kiosk"]).expect_code(0).out.trim().to_string();
    device.start_tracing();
    post.hq.publish(LIST, [SPECIMEN]);
    device.wait_for_edition(LIST, 1);
    post.hq.publish(LIST, [SPECIMEN, "X0000001"]);
    device.wait_for_edition(LIST, 2);
    wait_until("the roster is there", || device.status()?["roster"]["number"].as_u64(), || device.log());

    let page = Http::at(&device.listen()).as_page();
    let signed = page.post("/v1/session", &json!({"badge": "anna", "pin": PIN})).expect(200);
    let cookie = signed.head.split("vedette_session=").nth(1).unwrap().split(';').next().unwrap().to_string();
    let scan = json!({"mrz": passport(SPECIMEN), "who": "", "why": "entry"});
    page.with_session_of(&signed).post("/v1/scans", &scan).expect(200);
    Http::at(&device.listen()).with_token(&token).post("/v1/scans", &scan).expect(200);
    post.wait_for_encounters(&device, 2);
    device.wait_for_receipts();
    post.hq.run(&["replace-key", "collector"]).expect_code(0);
    post.hq.run(&["revoke", "post-7"]).expect_code(0);
    let erased = || (device.scan(&passport(SPECIMEN)).code == code::NOT_CHECKED).then_some(());
    wait_until("the lists are erased", erased, || device.log());
    device.stop();
    // A key file that was damaged is named, and not shown.
    let key = fs::read_to_string(device.folder().join("device.key")).unwrap();
    let damaged: String = key.lines().skip(1).collect::<Vec<_>>().join("\n");
    let secrets = [keys_in(&post.hq.home().join("keys")), keys_in(&post.hq.home().join("pki"))];
    let mut secrets: Vec<_> = secrets.into_iter().flatten().chain(keys_in(device.folder())).collect();
    fs::write(device.folder().join("device.key"), damaged).unwrap();
    device.start_tracing();
    let said = || device.whole_log().contains("the private key cannot be read").then_some(());
    wait_until("the damaged key is named", said, || device.log());

    assert!(secrets.len() > 12, "{} secrets", secrets.len());
    for (what, text) in [("the token", token), ("the cookie", cookie), ("the PIN", PIN.into())] {
        secrets.push(Secret { what: what.into(), bytes: text.into_bytes() });
    }
    let (agent, serve) = (device.whole_log().into_bytes(), post.hq.whole_log());
    for (log, level) in [(&agent, b" DEBUG "), (&serve, b"  INFO ")] {
        assert!(log.windows(7).any(|window| window == level), "it logs what it has to say");
        let leaks: Vec<_> = secrets.iter().filter_map(|secret| found(log, secret)).collect();
        assert!(leaks.is_empty(), "{leaks:#?}");
    }
}

#[test]
fn memory_is_locked_and_not_dumped() {
    let mut post = Post::new();
    post.hq.serve();
    let device = post.start_device("post-7");
    post.hq.publish(LIST, [SPECIMEN]);
    device.wait_for_edition(LIST, 1);
    let of = |file: &str| fs::read_to_string(format!("/proc/{}/{file}", device.process())).unwrap();
    let limits = of("limits");
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"], "{core}");
    let locked = limits.lines().find(|line| line.starts_with("Max locked memory")).unwrap();
    let status = of("status");
    let kib = |name: &str| -> u64 {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    };
    // Where the limit cannot be lifted (not root, and no unit that lifts it) nothing is locked.
    assert_eq!(kib("VmLck:") > 1024, locked.contains("unlimited"), "{locked}: {} KiB", kib("VmLck:"));
    let maps = of("smaps");
    let segment = maps
        .split("\n")
        .skip_while(|line| !line.contains(".seg"))
        .take_while(|line| !line.starts_with("VmFlags"));
    let locked = segment.filter(|line| line.starts_with("Locked:")).collect::<Vec<_>>();
    assert!(locked.iter().all(|line| line.split_whitespace().nth(1) == Some("0")), "{locked:?}");
}
