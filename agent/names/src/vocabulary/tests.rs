//! What a token is near to, and what is known of it beforehand.

use super::*;

fn vocabulary(tokens: &[(&str, u32)]) -> Vocabulary {
    let mut tokens = tokens.to_vec();
    tokens.sort_unstable();
    let bearers = tokens.iter().map(|(_, bearers)| *bearers).collect();
    Vocabulary::build(tokens.iter().map(|(token, _)| *token), bearers, 10_000)
}

fn near<'a>(vocabulary: &'a Vocabulary, token: &str) -> Vec<(&'a str, f32, f32)> {
    let mut out = Vec::new();
    vocabulary.near(token, false, &mut Scratch::default(), &mut out);
    out.iter().map(|near| (vocabulary.text(near.token), near.cost, near.weight)).collect()
}

#[test]
fn a_token_finds_its_spellings_nearest_first() {
    let list =
        vocabulary(&[("SERGEY", 200), ("SIARHEI", 30), ("GREGOR", 5), ("ALKHATIBI", 2), ("LINDQVIST", 1)]);
    let found = near(&list, "SERGEY");
    assert_eq!(found[0].0, "SERGEY");
    assert_eq!(found[1].0, "SIARHEI");
    assert_eq!(found.len(), 2);
    assert!(found[0].2 >= found[1].2, "a wider net is worth no more");
    assert_eq!(near(&list, "KHATIBI")[0].0, "ALKHATIBI");
    assert_eq!(near(&list, "LINDQVST")[0].0, "LINDQVIST");
    assert!(near(&list, "LINDQVIST")[0].2 > found[0].2, "a rare name is worth more");
}

#[test]
fn a_stump_finds_what_completes_it() {
    let list = vocabulary(&[("PETROVICH", 9), ("PETROVNA", 9), ("PAVLOVICH", 9)]);
    let mut out = Vec::new();
    list.completions("PETRO", &mut out);
    assert_eq!(out.len(), 2);
}

#[test]
fn what_is_known_is_what_would_be_found() {
    let names = ["MAHMUD", "MAHMOUD", "MEHMOOD", "TARZIMAL", "ZHANNA", "ZANNA"];
    let mut sorted = names;
    sorted.sort_unstable();
    let vocabulary = Vocabulary::build(sorted.iter().copied(), vec![2; 6], 9);
    for token in 0..6 {
        let mut found = Vec::new();
        vocabulary.find_respelt(vocabulary.text(token), false, &mut Scratch::default(), &mut found);
        let known = vocabulary.known().near(token).unwrap();
        let plain = |near: &Near| (near.token, near.cost, near.weight);
        assert!(found.len() == known.len() && found.iter().map(plain).eq(known.iter().map(plain)));
    }
}
