//! The whole way: headquarters, the agent as host, and a board as its scanner.

use super::FIRMWARES;
use super::board::{Board, Factory, Running};
use std::path::Path;
use vedette_shim::ids::Hex;
use vedette_shim::session::PrivateKey;
use vedette_shim::trust::{Root, SoftVerify};
use vedette_tests::device::Device;
use vedette_tests::post::Post;
use vedette_tests::program::wait_until;
use vedette_tests::sample::{number, passport};

/// The list that the firmwares are made for.
const LIST: &str = "uto/stolen";
/// Documents put on the scanner that the list names.
const LISTED: usize = 10;

/// The scanner's own key.
const KEY: PrivateKey = PrivateKey([88; 32]);

/// Public keys of the list's issuer, of the heartbeat and of orders, as a factory takes them from the root, and the scanner's
/// own; no random bytes, for no session is recorded.
fn pinned(device: &Device) -> Vec<u8> {
    let root = std::fs::read(device.folder().join("root.anchor")).expect("an enrolled device has its root");
    let root = Root::pinned(&root, &SoftVerify).expect("headquarters signed it");
    let issuer = root.issuer(&LIST.parse().expect("a list name")).expect("the root names its issuer");
    [issuer.role.keys[0], root.heartbeat.keys[0], root.orders.keys[0], KEY.0, [0; 32], root.root.keys[0]]
        .concat()
}

/// Switches the board on and plugs it in where the agent looks for it.
fn plug_in(board: &Board, link: &Path, cut: Option<u32>) -> Running {
    let mut run = board.start(cut);
    let _ = std::fs::remove_file(link);
    std::os::unix::fs::symlink(run.port(), link).expect("a link can be made");
    run
}

#[test]
fn encounters_come_home_through_the_agent_after_the_scanner_lost_power() {
    for firmware in FIRMWARES {
        let mut post = Post::new();
        post.hq.create_list(LIST, "48h");
        post.hq.serve();
        // A scanner is enrolled for, and made with, lists that the root names.
        post.hq.publish(LIST, (0..LISTED).map(number));
        let mut device = post.enrol("post-7");
        post.hq.enrol_scanner("scanner-1", "post-7", &Hex(&KEY.public()).to_string());
        let link = post.folder().join("scanner");
        device.configure(&format!("[[scanner]]\nport = {link:?}\nkind = \"frames\"\nname = \"lane 1\""));
        device.start();
        device.wait_for_edition(LIST, 1);

        let zone = |number: &str| passport(number).replace('\n', "") + "\n";
        let clear = zone("NOTHERE12");
        let all = (0..LISTED).fold(clear.clone(), |zones, n| zones + &zone(&number(n)));
        let (board, pinned) = (Board::new(firmware), pinned(&device));
        let factory = |zones: &str| {
            board.make(&Factory { pinned: &pinned, host: &[], zones: zones.as_bytes() });
        };

        factory(&clear);
        let mut run = plug_in(&board, &link, None);
        run.line("ready");
        assert!(run.lines("answer ")[0].starts_with("CLEAR"), "{:?}", run.lines("answer "));
        drop(run);

        // The list is there already; keys and time come from the agent. The power goes when some are noted.
        factory(&all);
        let mut run = plug_in(&board, &link, Some(250));
        run.line("power lost");
        let noted = run.noted();
        drop(run);
        println!("{firmware}: {} of {LISTED} noted when the power went", noted.len());
        assert!((1..LISTED).contains(&noted.len()), "{} noted", noted.len());

        factory(&clear);
        let mut run = plug_in(&board, &link, None);
        run.line("ready");
        let ids = || -> Vec<String> {
            let met = post.hq.encounters();
            met.iter().map(|met| met["id"].as_str().unwrap_or_default().to_string()).collect()
        };
        let logs = || format!("{}{}", post.hq.log(), device.log());
        let home = || (ids().len() >= noted.len()).then_some(());
        wait_until(format!("{} encounters are home", noted.len()), home, logs);
        device.wait_for_receipts();
        // Headquarters keeps them by their ids; in which order they came the agent's journal tells.
        let (home, mut noted) = (ids(), noted);
        noted.sort_unstable();
        let unpromised = home.iter().filter(|id| !noted.contains(id)).count();
        assert!(
            home.len() == noted.len() + unpromised && unpromised <= 1,
            "{firmware}: {home:?}, noted {noted:?}"
        );
        let met = post.hq.encounters().iter().map(ToString::to_string).collect::<String>();
        for n in 0..home.len() {
            assert!(met.contains(&number(n)), "{firmware}: {} is not home: {met}", number(n));
        }
        let journal = device.run("journal", &["show"]).expect_code(0).out;
        let places: Vec<_> = (0..home.len()).map(|n| journal.find(&number(n))).collect();
        assert!(places.is_sorted() && places[0].is_some(), "{firmware}: in another order:\n{journal}");
    }
}
