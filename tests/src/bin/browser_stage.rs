//! What the browser tests drive: headquarters, a broker and a device whose desk listens, all real, ended with this program.
//!
//! Says one line of JSON when the desk answers: its URL, and the machine readable zones of invented travellers. Then obeys one
//! command a line of standard input, each answered by one line of JSON; ends with its standard input.
//!
//! | command | |
//! |---|---|
//! | `kill`, `start` | the agent, on the same port |
//! | `outage`, `link` | the broker goes down, and comes back |
//! | `clocked SECONDS` | two lists whose owners must confirm within so long: documents, and persons with a discreet alert |
//! | `answer ALERT WORD TEXT` | the owner's answer to the newest encounter with this alert that has none |
//! | `late` | the document of zone `late` is listed from now on |
//! | `drill COMMAND` | `start --minutes 5` and so on, as `vedette drill` takes it |
//! | `lapse` | the device gets a list whose lease ends at once |
//! | `lay TEXT` | text from the reader of lines at the post; `/` parts its lines |
//! | `scan ZONE` | another program checks a document; lines parted by `/` |
//! | `say LANGUAGE ZONE` | what the terminal says of it |
//! | `idle SECONDS` | the agent starts anew, and sessions end when nothing was done for so long |
//! | `expire_roster` | the next roster expires at once |
//! | `encounters` | what headquarters stored |
//! | `roster` | officers from now on: anna (PIN 471108, entitled to discreet alerts), boris (580133, French), and carla (639204), an administrator |

use serde_json::{Value, json};
use std::io::{BufRead, stdin};
use vedette_common::clock::system_now;
use vedette_common::crypto::sign_statement;
use vedette_common::roster::Roster;
use vedette_shim::mrz::{Fields, compose};
use vedette_shim::trust::{Envelope, SignedKind, decode_body};
use vedette_tests::cable::Cable;
use vedette_tests::device::Device;
use vedette_tests::post::{LIST, Post};
use vedette_tests::program::wait_until;

const PERSONS: &str = "uto/wanted";
const HOSTILE: &str = "evil/list";
const LAPSING: &str = "uto/lapsing";
const CLOCKED: &str = "uto/clocked";
const WATCHED: &str = "uto/watched";

/// Names and texts that try to break out of the page, turn its lines around or hide themselves.
const MARKUP: &str =
    "<img src=x onerror=\\\"document.title='pwned'\\\"><script>document.title='pwned'</script>";
const TURNED: &str = "\u{202e}EVIL\u{2066}\u{200b}\u{feff}\u{7}";

/// How long a roster lasts that is to expire, seconds: the first that the device takes in time.
const ROSTER_LASTS_S: [u64; 4] = [1, 3, 9, 27];

fn main() {
    let mut post = Post::serving();
    publish(&post);
    let mut device = post.enrol("post-7");
    let reader = Cable::plugged_in(&post.folder().join("reader"));
    let port = reader.port();
    device.configure(&format!(
        "[retro]\nkeep_h = 2\n[[scanner]]\nport = {port:?}\nkind = \"lines\"\nname = \"lane 1\""
    ));
    device.start();
    let listen = device.listen();
    // The same port again after a restart.
    let config = std::fs::read_to_string(device.config()).expect("the device has its configuration");
    let fixed = config.replace("127.0.0.1:0", &listen);
    std::fs::write(device.config(), fixed).expect("the configuration can be written");
    for list in [LIST, PERSONS, HOSTILE] {
        device.wait_for_edition(list, 1);
    }
    say(&json!({ "url": format!("http://{listen}/"), "zones": zones() }));
    for line in stdin().lock().lines().map_while(Result::ok) {
        let (command, rest) = line.split_once(' ').unwrap_or((&line, ""));
        say(&obey(&mut post, &mut device, &reader, command, rest));
    }
}

fn say(line: &Value) {
    println!("{line}");
}

fn obey(post: &mut Post, device: &mut Device, reader: &Cable, command: &str, rest: &str) -> Value {
    match command {
        "kill" => device.kill(),
        "start" => {
            device.start();
            device.listen();
        }
        "outage" => post.broker.stop().expect("the broker can be stopped"),
        "link" => post.broker.restart().expect("the broker can be started again"),
        "clocked" => {
            let hq = &post.hq;
            let create = |list, kind| {
                let create =
                    ["list", "create", list, "--kind", kind, "--owner", "Utopia Registry", "--confirm", rest];
                hq.run(&create).expect_code(0);
            };
            create(CLOCKED, "documents");
            hq.publish(CLOCKED, ["X00000031", "X00000032", "X00000033"]);
            create(WATCHED, "persons");
            let watched = r#"{"id": "D-9", "names": [{"surname": "Leise", "given": "Vera"}],
                "birth_dates": ["1979-09-09"], "kind": "sis_check", "action": "discreet_check"}"#;
            import_persons(post, WATCHED, &[watched.replace('\n', " ")]);
            for list in [CLOCKED, WATCHED] {
                device.wait_for_edition(list, 1);
            }
        }
        "answer" => {
            let words: Vec<_> = rest.splitn(3, ' ').collect();
            let [alert, word, text] = words[..] else { panic!("answer ALERT WORD TEXT") };
            let newest = || {
                let all = post.hq.encounters();
                let met = all
                    .iter()
                    .filter(|encounter| encounter["alert"] == alert && encounter["answer"].is_null());
                met.max_by_key(|encounter| encounter["made_at"].as_u64())?["id"].as_str().map(String::from)
            };
            let encounter = wait_until("the encounter is home", newest, || device.log());
            post.hq.run(&["answer", &encounter, word, "--text", text]).expect_code(0);
        }
        "late" => post.hq.publish(LIST, ["X00000001", "X00000002", "C00000008"]),
        "drill" => {
            device.run("drill", &rest.split(' ').collect::<Vec<_>>()).expect_code(0);
        }
        "lapse" => {
            post.hq.create_list(LAPSING, "1s");
            post.hq.publish(LAPSING, ["X99999999"]);
            let lapsed = || {
                let status = device.status()?;
                let lists = status["lists"].as_array()?;
                // Before its edition is here it cannot be asked either.
                let over =
                    |l: &Value| l["list"] == LAPSING && l["edition"] == 1 && l["freshness"] == "expired";
                lists.iter().any(over).then_some(())
            };
            wait_until("the lease ends", lapsed, || device.log());
        }
        "lay" => reader.send(format!("{}\r\n", rest.replace('/', "\r\n")).as_bytes()),
        "scan" => return device.scan(&rest.replace('/', "\n")).json(),
        "say" => {
            let (language, zone) = rest.split_once(' ').expect("say LANGUAGE ZONE");
            let lines = zone.split('/');
            let arguments: Vec<_> = ["--lang", language].into_iter().chain(lines).collect();
            return Value::String(device.run("scan", &arguments).out);
        }
        "roster" => {
            post.hq.add_officer("anna", "471108", &["--name", "Anna Berg", "--discreet"]);
            post.hq.add_officer("boris", "580133", &["--name", "Boris Vogt", "--language", "fr"]);
            post.hq.add_officer("carla", "639204", &["--name", "Carla Ott", "--role", "administrator"]);
            // Three changes of the roster: the last holds all.
            let held =
                || device.status()?["roster"]["number"].as_u64().filter(|number| *number >= 3).map(drop);
            wait_until("the roster is there", held, || device.log());
        }
        "idle" => {
            device.kill();
            // The table may stand there once: what this command added before goes.
            let text =
                std::fs::read_to_string(device.config()).expect("an enrolled device has its configuration");
            let before = text.split("\n[officers]").next().unwrap_or_default();
            std::fs::write(device.config(), before).expect("a temporary file can be written");
            device.configure(&format!("[officers]\nidle_s = {rest}"));
            device.start();
            device.listen();
        }
        "expire_roster" => expire_roster(post, device),
        "encounters" => return post.hq.encounters().into(),
        unknown => panic!("no such command: {unknown:?}"),
    }
    Value::Null
}

/// A roster that expires in a moment, signed as headquarters signs, comes by a bundle. On a busy machine the moment may be over
/// before the device reads it, which then refuses it: the next one lasts longer.
fn expire_roster(post: &Post, device: &Device) {
    let bundle = post.folder().join("expiring");
    let path = bundle.to_str().expect("a temporary path is text");
    post.hq.run(&["publish", LIST, "--bundle", path]).expect_code(0);
    let file = bundle.join("roster");
    let bytes = std::fs::read(&file).expect("a bundle has the roster");
    let envelope = Envelope::read(&bytes, SignedKind::Roster).expect("headquarters wrote it");
    let mut roster: Roster = decode_body(SignedKind::Roster, envelope.body).expect("headquarters wrote it");
    roster.number += 1;
    let imported = ROSTER_LASTS_S.into_iter().any(|lasts_s| {
        roster.expires = system_now() + lasts_s;
        let signed = sign_statement(SignedKind::Roster, &roster, &[&post.hq.stolen_key("roster")]);
        std::fs::write(&file, signed).expect("a temporary file can be written");
        device.run("import", &[path]).code == 0
    });
    assert!(imported, "the device refuses rosters that last {ROSTER_LASTS_S:?} s\n{}", device.log());
    let expired = || (device.status()?["roster"]["state"] == "expired").then_some(());
    wait_until("the roster expires", expired, || device.log());
}

fn publish(post: &Post) {
    let hq = &post.hq;
    hq.publish(LIST, ["X00000001", "X00000002"]);
    let persons = [
        r#"{"id": "U-17", "names": [{"surname": "Karlsen", "given": "Nora Lise"}, {"surname": "Carlsen", "given": "Nora"}],
            "birth_dates": ["1981-03-04"], "nationalities": ["UTO"], "sex": "female", "kind": "red", "action": "arrest",
            "warnings": ["armed", "violent"], "reason": "Armed robbery", "authority": "District court of Zenith",
            "reference": "Z-2026/114"}"#,
        r#"{"id": "U-23", "names": [{"surname": "Lindqvist", "given": "Oskar Emil"}],
            "nationalities": ["UTO"], "sex": "male", "kind": "sis_check", "action": "inquiry_check",
            "authority": "Utopia Customs"}"#,
        r#"{"id": "D-5", "names": [{"surname": "Stille", "given": "Tomas"}], "birth_dates": ["1977-07-07"],
            "nationalities": ["UTO"], "sex": "male", "kind": "sis_check", "action": "discreet_check"}"#,
        r#"{"id": "H-2", "names": [{"surname": "Zimmer", "given": "Iris"}], "birth_dates": ["1966-06-06"],
            "nationalities": ["UTO"], "kind": "red", "action": "arrest", "reason": "Part of a case",
            "handling": {"scale": "europol", "code": "H2", "text": "ask first"}}"#,
    ];
    publish_persons(post, PERSONS, "Utopia Criminal Police", &persons.map(|line| line.replace('\n', " ")));
    let turned: String = TURNED.chars().map(|c| format!("\\u{:04x}", c as u32)).collect();
    let hostile = format!(
        r#"{{"id": "E-1", "names": [{{"full": "{MARKUP}{turned}"}}, {{"surname": "Hostile", "given": "Harry"}}],
            "birth_dates": ["1970-01-02"], "nationalities": ["UTO"], "kind": "red", "action": "arrest",
            "reason": "{MARKUP}", "authority": "{turned}", "remark": "{}"}}"#,
        "W".repeat(2000)
    );
    publish_persons(post, HOSTILE, "<b>Owner</b> \u{202e}", &[hostile.replace('\n', " ")]);
}

fn publish_persons(post: &Post, list: &str, owner: &str, lines: &[String]) {
    let hq = &post.hq;
    hq.run(&["list", "create", list, "--kind", "persons", "--owner", owner]).expect_code(0);
    import_persons(post, list, lines);
}

fn import_persons(post: &Post, list: &str, lines: &[String]) {
    let hq = &post.hq;
    let file = post.folder().join("persons.jsonl");
    std::fs::write(&file, lines.join("\n") + "\n").expect("a temporary file can be written");
    hq.run(&["import", list, file.to_str().expect("a temporary path is text")]).expect_code(0);
    hq.run(&["publish", list, "--broker"]).expect_code(0);
}

/// Travellers: what the lists have of each is in the name.
fn zones() -> Value {
    let passport = |number, surname, given_names, birth_date, sex| {
        let specimen = Fields::specimen_passport("UTO", number);
        let fields = Fields { surname, given_names, birth_date, sex, ..specimen };
        compose(&fields).expect("an invented passport fits").to_string()
    };
    let nobody = |number| passport(number, "WENGER", "PAULA", "900517", 'F');
    let clear = nobody("C00000007");
    let misread = clear.replacen("C00000007", "C0000000B", 1);
    json!({
        "document": nobody("X00000001"),
        "person": passport("C00000001", "KARLSEN", "NORA LISE", "810304", 'F'),
        "both": passport("X00000002", "KARLSEN", "NORA LISE", "810304", 'F'),
        "possible": passport("C00000002", "LINDKVIST", "OSKAR", "690611", 'M'),
        "discreet": passport("C00000005", "STILLE", "TOMAS", "770707", 'M'),
        "clocked": nobody("X00000031"),
        "clocked_too": nobody("X00000032"),
        "withheld": passport("C00000011", "ZIMMER", "IRIS", "660606", 'F'),
        "late": nobody("C00000008"),
        "watched": passport("C00000009", "LEISE", "VERA", "790909", 'F'),
        "clear": clear,
        "misread": misread,
        "hostile": passport("C00000004", "HOSTILE", "HARRY", "700102", 'M'),
    })
}
