//! Agent, broker and collector are killed at random while an officer scans and editions come: whatever was answered comes home
//! once, and no verdict is wrong.
//!
//! `KILLS=1000 cargo nextest run -p vedette-tests -E 'test(kills)'` runs long; `SEED=n` replays a run's choices.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use vedette_tests::device::code;
use vedette_tests::post::{LIST, Post};
use vedette_tests::program::{run, wait_until};
use vedette_tests::sample::{SPECIMEN, number, passport};

/// Kills of a short run.
const KILLS: u64 = 9;

/// Not listed in any edition.
const UNLISTED: usize = 999;

/// What the officer saw.
#[derive(Default)]
struct Seen {
    /// Scans with a hit, as answered.
    hits: BTreeSet<String>,
    /// Scans that got no answer: the agent was killed, perhaps after it had recorded one.
    unanswered: usize,
    clear: usize,
}

impl Seen {
    fn scan(&mut self, config: &str, zone: &str, listed: bool) {
        let scanned = run("vedette", ["scan", "--json", "--config", config], zone);
        match (scanned.code, listed) {
            (code::HIT, true) => {
                self.hits.insert(scanned.json()["scan_id"].as_str().expect("an id").into());
            }
            (code::CLEAR, false) => self.clear += 1,
            (code, _) if is_no_answer(code) => self.unanswered += 1,
            _ => panic!("a wrong verdict: {scanned}"),
        }
    }
}

/// No agent, or it ended before it had answered.
fn is_no_answer(code: i32) -> bool {
    ![code::HIT, code::CLEAR, code::POSSIBLE, code::NOT_CHECKED, code::UNREADABLE, code::USAGE]
        .contains(&code)
}

fn from_environment(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

/// splitmix64.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

#[test]
fn whatever_is_answered_comes_home_once_through_kills_of_agent_broker_and_collector() {
    let kills = from_environment("KILLS").unwrap_or(KILLS);
    let seed = from_environment("SEED").unwrap_or_else(|| u64::from(std::process::id()));
    eprintln!("KILLS={kills} SEED={seed}");
    let mut random = Random(seed);
    let mut post = Post::serving();
    let mut device = post.start_device("post-7");
    post.hq.publish(LIST, [SPECIMEN, &number(0)]);
    device.wait_for_edition(LIST, 1);
    let config = device.config();
    let (listed, unlisted) = (passport(SPECIMEN), passport(&number(UNLISTED)));
    let over = AtomicBool::new(false);
    let seen = std::thread::scope(|scope| {
        let officer = scope.spawn(|| {
            let mut seen = Seen::default();
            while !over.load(Ordering::Relaxed) {
                seen.scan(config.to_str().expect("a path"), &listed, true);
                seen.scan(config.to_str().expect("a path"), &unlisted, false);
            }
            seen
        });
        for kill in 0..kills {
            std::thread::sleep(Duration::from_millis(random.below(300)));
            match random.below(4) {
                0 => {
                    post.broker.kill().expect("it runs");
                    std::thread::sleep(Duration::from_millis(random.below(200)));
                    post.broker.restart().expect("it starts again");
                }
                1 => {
                    post.hq.kill_serve();
                    post.hq.serve();
                }
                2 => post.hq.publish(LIST, [SPECIMEN.to_string(), number(kill as usize + 1)]),
                _ => {
                    device.kill();
                    device.start();
                }
            }
        }
        wait_until("the agent answers", || device.status(), || device.log());
        over.store(true, Ordering::Relaxed);
        officer.join().expect("no verdict was wrong")
    });
    wait_until(
        "every encounter has its receipt",
        || (device.spool() == Some(0)).then_some(()),
        || device.log(),
    );
    let stored = post.hq.encounters();
    let scans: BTreeSet<String> = stored.iter().map(|e| e["scan"].as_str().expect("an id").into()).collect();
    assert_eq!(scans.len(), stored.len(), "SEED={seed}: an encounter came twice");
    let lost: Vec<_> = seen.hits.difference(&scans).collect();
    assert!(lost.is_empty(), "SEED={seed}: lost {lost:?}");
    let unsaid = scans.difference(&seen.hits).count();
    assert!(unsaid <= seen.unanswered, "SEED={seed}: {unsaid} came home that nobody made");
    let (hits, clear, unanswered) = (seen.hits.len(), seen.clear, seen.unanswered);
    eprintln!(
        "{kills} steps: {hits} hits and {clear} clear, {unanswered} without an answer; 0 lost, 0 doubled, 0 wrong"
    );
    assert!(hits > 0 && clear > 0, "nothing was tried");
}
