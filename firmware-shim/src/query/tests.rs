//! What is asked of lists for zones of every kind that came out Clear although the document was listed. All invented.

use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::mrz::{Fields, Format, compose, parse};
use crate::trust::Freshness;
use crate::verdict::{Basis, ListResult};

fn zone(text: &str) -> Mrz {
    parse(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// A passport of this state, nationality and number, with right digits.
fn passport(state: &str, nationality: &str, number: &str) -> String {
    let fields = Fields { nationality, ..Fields::specimen_passport(state, number) };
    compose(&fields).unwrap().to_string()
}

/// A card of this code, state and number.
fn card(code: &str, state: &str, number: &str, optional1: &str) -> String {
    let fields = Fields {
        format: Format::Td1,
        document_code: code,
        optional1,
        ..Fields::specimen_passport(state, number)
    };
    compose(&fields).unwrap().to_string()
}

/// Every key, and how it differs from what was read.
fn lookups(text: &str) -> Vec<(String, String)> {
    let (zone, mut all) = (zone(text), Vec::new());
    let query = DocumentQuery::new(&zone);
    query.visit(&mut |lookup| all.push((lookup.key.to_string(), lookup.how.to_string())));
    assert!(all.len() <= LOOKUPS_MAX);
    all
}

fn asks(text: &str, key: &str, how: &str) -> bool {
    lookups(text).contains(&(key.to_string(), how.to_string()))
}

/// What a list that has only `listed` answers.
fn answer(text: &str, listed: &DocumentKey) -> ListResult {
    let zone = zone(text);
    let query = DocumentQuery::new(&zone);
    let basis = Basis { freshness: Some(Freshness::Fresh), doubtful: query.doubtful, complete: true };
    let mut matches = Vec::new();
    query.visit(&mut |lookup| {
        if lookup.key == *listed {
            matches.push(basis.match_result(lookup.how == How::Read));
        }
    });
    basis.result(matches)
}

#[test]
fn what_was_read_is_asked_first_and_alone_is_a_hit() {
    let text = passport("UTO", "UTO", "AC3347379");
    assert_eq!(lookups(&text)[0], ("UTO-P-AC3347379".to_string(), String::new()));
    let listed = DocumentKey::new("UTO", "P", "AC3347379").unwrap();
    assert_eq!(answer(&text, &listed), ListResult::Hit);
    let with_digit = DocumentKey::new("UTO", "P", "AC33473790").unwrap();
    assert_ne!(answer(&text, &with_digit), ListResult::Hit);
}

#[test]
fn a_slip_is_asked_for_with_its_place() {
    let text = passport("UTO", "UTO", "612345678");
    assert!(asks(&text, "UTO-P-G12345678", " [2:1 6>G]"));
    let text = passport("UTO", "UTO", "AB12345").replacen("AB12345<", "AB12345K", 1);
    assert!(asks(&text, "UTO-P-AB12345", " [2:8 K><]"));
    assert!(asks(&passport("UTO", "UTO", "AB1OO4567"), "UTO-P-AB1004567", " [2:4 O>0] [2:5 O>0]"));
}

#[test]
fn a_state_is_asked_for_by_every_code_of_its_issuer() {
    for (read, listed) in [
        ("ROU", "ROM"),
        ("ROM", "ROU"),
        ("COD", "ZAR"),
        ("CHN", "HKG"),
        ("CHN", "MAC"),
        ("GBD", "GBR"),
        ("GBR", "GBN"),
        ("SRB", "YUG"),
        ("YUG", "SRB"),
        ("SCG", "MNE"),
        ("UKR", "SUN"),
        ("SUN", "KAZ"),
        ("CZE", "CSK"),
        ("D", "DDR"),
    ] {
        let text = passport(read, read, "K01234567");
        assert!(asks(&text, &format!("{listed}-P-K01234567"), " [state]"), "{read}");
    }
    // D and DEU are one code.
    assert_eq!(lookups(&passport("D", "D", "C01X00T47"))[0].0, "DEU-P-C01X00T47");
}

#[test]
fn of_a_state_that_is_none_those_it_may_be_are_asked() {
    let german = passport("D", "D", "C01X00T47");
    for misread in ["DCC", "DKK", "DK<", "D<K", "DEE"] {
        let text = german.replacen("P<D<<", &format!("P<{misread}"), 1);
        assert!(asks(&text, "DEU-P-C01X00T47", " [state]"), "{misread}: {:?}", lookups(&text));
        assert!(DocumentQuery::new(&zone(&text)).doubtful);
        // The nationality may be misread too.
        let both = text.replacen("78D<<", &format!("78{misread}"), 1);
        assert!(asks(&both, "DEU-P-C01X00T47", " [state]"), "{misread}");
    }
    let american = passport("USA", "USA", "506182433").replacen("P<USA", "P<UST", 1);
    assert!(asks(&american, "USA-P-506182433", " [state]"));
    let chinese = passport("CHN", "XXA", "E12345678").replacen("P<CHN", "P<CHM", 1);
    assert!(asks(&chinese, "CHN-P-E12345678", " [state]"), "by its letters alone");
    let utopian = passport("UTO", "UTO", "AC3347379").replacen("P<UTO", "P<UT0", 1);
    assert!(asks(&utopian, "UTO-P-AC3347379", " [1:5 0>O]"));
}

#[test]
fn of_a_passport_the_nationality_is_asked_where_the_states_differ() {
    assert!(asks(&passport("AUS", "AUT", "N1234567"), "AUT-P-N1234567", " [state]"));
    // Not of a permit, whose bearer is always of another state.
    assert!(
        !lookups(&card("IR", "AUT", "N1234567", "").replace("AUT<<<", "UTO<<<"))
            .iter()
            .any(|(key, _)| { key.starts_with("UTO") })
    );
    // No state issues for refugees of any.
    assert!(!lookups(&passport("CHE", "XXB", "N1234567")).iter().any(|(key, _)| key.starts_with("CHE-P-X")));
}

#[test]
fn other_letters_for_the_same_document_are_asked() {
    for (text, key) in [
        (card("IP", "IRL", "C01234567", ""), "IRL-P-C01234567"),
        (card("IR", "GBR", "ZU0123456", ""), "GBR-R-ZU0123456"),
        (card("AR", "UTO", "ZU0123456", ""), "UTO-R-ZU0123456"),
        (card("RP", "EST", "RB0123456", ""), "EST-I-RB0123456"),
        (card("LX", "UTO", "RB0123456", ""), "UTO-I-RB0123456"),
        (card("P<", "UTO", "RB0123456", ""), "UTO-I-RB0123456"),
        (card("VC", "UTO", "RB0123456", ""), "UTO-I-RB0123456"),
        (passport("UTO", "UTO", "AC3347379").replacen("P<", "F<", 1), "UTO-P-AC3347379"),
        (passport("UTO", "UTO", "AC3347379").replacen("P<", "PD", 1), "UTO-D-AC3347379"),
        (passport("UTO", "UTO", "AC3347379").replacen("P<", "PT", 1), "UTO-T-AC3347379"),
        (passport("UTO", "UTO", "AC3347379").replacen("P<", "XP", 1), "UTO-P-AC3347379"),
    ] {
        assert!(asks(&text, key, " [type]"), "{text}: {:?}", lookups(&text));
        assert!(!DocumentQuery::new(&zone(&text)).doubtful, "{text}");
    }
    let kinds = |text: &str| lookups(text).iter().filter(|(_, how)| how == " [type]").count();
    let ordinary = passport("UTO", "UTO", "AC3347379");
    assert_eq!(
        kinds(&ordinary) + kinds(&ordinary.replacen("P<", "PP", 1)),
        0,
        "it is listed as nothing else"
    );
}

#[test]
fn numbers_are_asked_for_as_printed_and_as_people_type_them() {
    let russian =
        "PNRUSIVANOV<<IVAN<<<<<<<<<<<<<<<<<<<<<<<<<<<\n4501234568RUS8501019F<<<<<<09100101770001<12";
    assert_eq!(lookups(russian)[0].0, "RUS-P-4509123456");
    for (text, key) in [
        (russian.to_string(), "RUS-P-450123456"),
        (card("ID", "ESP", "BAA000589", "99999999R"), "ESP-I-99999999R"),
        (card("IR", "NLD", "I01234567", ""), "NLD-I-NLDI01234567"),
        (card("ID", "ARE", "123456789", "784198012345678"), "ARE-I-784198012345678"),
        // The check digit typed with the number, zeros in front lost, letters for zeros.
        (passport("UTO", "UTO", "L89890200"), "UTO-P-L898902007"),
        (passport("UTO", "UTO", "000123456"), "UTO-P-123456"),
        (passport("UTO", "UTO", "AB0123406"), "UTO-P-ABO123406"),
        (passport("UTO", "UTO", "AB0123406"), "UTO-P-ABO1234O6"),
    ] {
        assert!(asks(&text, key, " [number]"), "{key}: {:?}", lookups(&text));
    }
}

#[test]
fn a_zone_that_gives_no_key_asks_for_none_or_for_what_it_may_be() {
    let text = passport("UTO", "UTO", "AC3347379").replacen("AC3347379", "<<<<<<<<<", 1);
    assert!(lookups(&text).is_empty());
    // A numeral where only a letter can be is the letter that it looks like.
    let text = passport("UTO", "UTO", "AC3347379").replacen("P<UTO", "1<UTO", 1);
    assert!(DocumentQuery::new(&zone(&text)).doubtful);
    assert!(asks(&text, "UTO-I-AC3347379", " [1:1 1>I]") && asks(&text, "UTO-P-AC3347379", " [type]"));
}

/// Pairs that readers take for each other.
const ALIKE: [(u8, u8); 7] =
    [(b'0', b'O'), (b'1', b'I'), (b'2', b'Z'), (b'5', b'S'), (b'6', b'G'), (b'8', b'B'), (b'1', b'L')];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    /// A listed number read with any one look-alike slip, or with any two, is never Clear.
    #[test]
    fn a_listed_number_that_is_misread_is_never_clear(
        number in "[A-Z]{0,3}[0-9]{5,6}", slips in prop::collection::vec((0..9usize, any::<usize>()), 1..3),
    ) {
        let listed = DocumentKey::new("UTO", "P", &number).unwrap();
        let mut field = format!("{number:<<9}").into_bytes();
        for (at, which) in slips {
            let c = field[at];
            let mut choices: Vec<u8> =
                ALIKE.iter().flat_map(|(a, b)| [(*a, *b), (*b, *a)]).filter(|(a, _)| *a == c).map(|(_, b)| b).collect();
            if at == number.len() {
                choices = b"K0CS".to_vec();
            }
            if !choices.is_empty() && c == format!("{number:<<9}").as_bytes()[at] {
                field[at] = choices[which % choices.len()];
            }
        }
        let field = String::from_utf8(field).unwrap();
        let text = passport("UTO", "UTO", &number).replacen(&format!("\n{number:<<9}"), &format!("\n{field}"), 1);
        prop_assert_ne!(answer(&text, &listed), ListResult::Clear, "{}", text);
    }

    /// What is read well and not listed is Clear.
    #[test]
    fn an_unlisted_document_that_is_read_well_is_clear(
        number in "[A-Z0-9]{5,9}", code in prop::sample::select(&["P", "PD", "ID", "IR", "RP", "C1", "AC"][..]),
        state in prop::sample::select(&["UTO", "D", "CHN", "GBR", "XXA", "ESP"][..]),
    ) {
        let listed = DocumentKey::new("UTO", "P", "ZZ99999999999").unwrap();
        let text = if code.starts_with('P') { passport(state, state, &number) } else { card(code, state, &number, "") };
        prop_assert_eq!(answer(&text, &listed), ListResult::Clear);
    }

    /// A list that has only some formats is asked for all of theirs, and for nothing else but what was read.
    #[test]
    fn a_list_that_knows_its_formats_is_asked_for_those(
        number in "[A-Z0]{0,3}[0-9OIGK]{4,6}0{0,3}", optional1 in "([0-9]{0,12}|99999999R)", misread in any::<bool>(),
        code in prop::sample::select(&["P", "PD", "PN", "ID", "IR", "IP", "RP", "XP"][..]),
        state in prop::sample::select(&["UTO", "D", "CHN", "GBR", "RUS", "ESP", "NLD"][..]), kept in any::<u64>(),
    ) {
        let number = &number[..number.len().min(9)];
        let mut text = match code {
            "P" | "PD" | "PN" | "XP" => passport(state, "UTO", number).replacen("P<", &format!("{code:<<2}"), 1),
            _ => card(code, state, number, &optional1),
        };
        if misread {
            text = text.replacen(number, &number.replacen('0', "O", 1), 1);
        }
        let zone = zone(&text);
        let query = DocumentQuery::new(&zone);
        let (mut all, mut asked) = (Vec::new(), Vec::new());
        query.visit(&mut |lookup| all.push(*lookup));
        let mut formats: Vec<u64> = all.iter().map(|lookup| lookup.key.format()).collect();
        formats.sort_unstable();
        formats.dedup();
        let mut n = 0;
        formats.retain(|_| {
            n += 1;
            kept >> (n % 64) & 1 == 1
        });
        query.visit_listed(Some(&formats), &mut |lookup| asked.push(*lookup));
        let listed = |lookup: &Lookup| lookup.how == How::Read || formats.contains(&lookup.key.format());
        let expected: Vec<Lookup> = all.iter().copied().filter(listed).collect();
        if all.iter().filter(|lookup| matches!(lookup.how, How::Misread(_))).count() < mrz::TWINS_MAX {
            prop_assert_eq!(asked, expected, "{}", text);
        } else {
            prop_assert!(asked.iter().all(listed) && expected.iter().all(|one| asked.contains(one)), "{}", text);
        }
    }

    /// Of any zone whatever.
    #[test]
    fn any_zone_has_bounded_lookups(text in prop::sample::select(&[30usize, 69, 72, 88, 90][..]).prop_flat_map(
        |length| proptest::string::string_regex(&format!("[A-Z0-9<]{{{length}}}")).unwrap()
    )) {
        if let Ok(zone) = parse(&text) {
            let mut count = 0;
            DocumentQuery::new(&zone).visit(&mut |_| count += 1);
            prop_assert!(count <= LOOKUPS_MAX);
        }
    }
}
