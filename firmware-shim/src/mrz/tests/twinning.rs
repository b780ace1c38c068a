//! Twins: what the check digits cannot see. Reports of people who read zones, and every slip of whatever number.

use std::string::ToString;
use std::vec::Vec;

use super::super::{Fields, Format, NumberForm, Shapes, TWINS_MAX, compose, twins};
use super::composing::specimen;
use super::*;

/// The numbers of all twins, without fillers.
fn numbers(mrz: &Mrz) -> Vec<String> {
    let mut numbers = Vec::new();
    twins(mrz, Shapes::ANY, |twin| numbers.push(twin.number().replace('<', "")));
    numbers
}

/// The zone of a passport with this number, its field read as `misread`.
fn passport(number: &str, misread: &str) -> Mrz {
    let lines = compose(&Fields::specimen_passport("UTO", number)).unwrap().to_string();
    read(&lines.replacen(&format!("\n{number:<<9}"), &format!("\n{misread:<<9}"), 1))
}

#[test]
fn slips_that_no_digit_sees_have_the_printed_number_among_their_twins() {
    for (printed, misread) in [
        // Fillers read as K or 0, one and all.
        ("AB12345", "AB12345K"),
        ("AB12345", "AB12345<K"),
        ("AB12345", "AB12345KK"),
        ("AB12345", "AB1234500"),
        ("E7652878", "E7652878K"),
        // A 0 read as a filler: the last, an inner one, two.
        ("AB1234560", "AB123456<"),
        ("AB1034567", "AB1<34567"),
        ("AB1234500", "AB12345"),
        // A K read as a filler.
        ("AB123456K", "AB123456<"),
        // Values that differ by ten.
        ("G12345678", "612345678"),
        ("A61234567", "AG1234567"),
        ("L12345678", "112345678"),
        // Two slips that cancel.
        ("AB1004567", "AB1OO4567"),
        ("AO1304567", "A013O4567"),
        ("G1234567", "61234567K"),
    ] {
        let mrz = passport(printed, misread);
        assert!(failing(&mrz).is_empty() && !mrz.number_doubtful(), "{misread}: no digit sees it");
        assert!(numbers(&mrz).contains(&printed.to_string()), "{printed} of {misread}: {:?}", numbers(&mrz));
    }
}

#[test]
fn every_repair_of_a_number_whose_digit_fails_is_a_twin() {
    for (printed, misread) in [
        ("B00055731", "BO0055731"),
        ("B00055731", "800055731"),
        ("AO6475123", "A06475123"),
        ("O996470", "0996470"),
        ("AB12345", "AB12345S"),
        ("AB12345", "AB12345E"),
        ("AB12345", "AB12345<C"),
        ("012345678", "<12345678"),
        ("AB1034567", "ABI034S67"),
    ] {
        let mrz = passport(printed, misread);
        if misread != "<12345678" {
            assert!(failing(&mrz).contains(&CheckName::Number), "{misread}");
        }
        assert!(mrz.number_doubtful(), "{misread}");
        assert!(numbers(&mrz).contains(&printed.to_string()), "{printed} of {misread}: {:?}", numbers(&mrz));
    }
}

#[test]
fn a_twin_says_where_and_what_stood_there() {
    let mrz = passport("AB1004567", "AB1OO4567");
    let mut places = Vec::new();
    twins(&mrz, Shapes::ANY, |twin| {
        if twin.number() == "AB1004567" {
            places = twin.changes().map(|c| (c.line, c.column, c.from, c.to)).collect();
        }
    });
    assert_eq!(places, [(2, 4, 'O', '0'), (2, 5, 'O', '0')]);
    let mrz = passport("AB12345", "AB12345KK");
    twins(&mrz, Shapes::ANY, |twin| {
        if twin.number() == "AB12345<<" {
            places = twin.changes().map(|c| (c.line, c.column, c.from, c.to)).collect();
        }
    });
    assert_eq!(places, [(2, 8, 'K', '<'), (2, 9, 'K', '<')]);
}

#[test]
fn a_number_of_nothing_to_confuse_has_no_twins() {
    assert!(numbers(&passport("AC3347379", "AC3347379")).is_empty());
}

#[test]
fn a_misread_filler_moves_where_a_number_ends() {
    let card = |number, optional1| {
        let fields = Fields { document_number: number, optional1, ..specimen(Format::Td1) };
        compose(&fields).unwrap().to_string()
    };
    // The digit 0 of a short number read as the filler that says that it continues.
    let short = card("D23145893", "AB57");
    assert!(short.starts_with("I<UTOD231458930AB57"), "{short}");
    assert!(numbers(&read(&short.replacen("8930AB", "893<AB", 1))).contains(&"D23145893".to_string()));
    // And that filler read as a digit or a letter.
    let long = card("123456789ABD", "");
    for misread in ["0", "K"] {
        let mrz = read(&long.replacen("789<ABD", &format!("789{misread}ABD"), 1));
        assert_eq!(mrz.number_form(), NumberForm::Short);
        assert!(numbers(&mrz).contains(&"123456789ABD".to_string()), "{misread}");
    }
    // The filler behind a long number's digit read as K.
    let mrz = read(&long.replacen("ABD3<", "ABD3K", 1));
    assert!(numbers(&mrz).contains(&"123456789ABD".to_string()), "{:?}", numbers(&mrz));
}

#[test]
fn of_numbers_that_have_digits_only_by_law_letters_are_digits() {
    let russian =
        "PNRUSIVANOV<<IVAN<<<<<<<<<<<<<<<<<<<<<<<<<<<\n4501234568RUS8501019F<<<<<<09100101770001<12";
    assert!(numbers(&read(russian)).is_empty());
    let misread = read(&russian.replacen("4501234568", "45O1234S68", 1));
    assert!(misread.number_doubtful());
    assert_eq!(numbers(&misread), ["4509123456"]);
}

/// Pairs of characters that readers take for each other, on one table of this test's own.
const ALIKE: [(u8, u8); 9] = [
    (b'0', b'O'),
    (b'1', b'I'),
    (b'2', b'Z'),
    (b'5', b'S'),
    (b'6', b'G'),
    (b'8', b'B'),
    (b'1', b'L'),
    (b'0', b'D'),
    (b'0', b'Q'),
];

/// What a reader may give for a character of a number.
fn misreadings(c: u8) -> Vec<u8> {
    let pairs = ALIKE.iter().flat_map(|(a, b)| [(*a, *b), (*b, *a)]);
    pairs.filter(|(from, _)| *from == c).map(|(_, to)| to).collect()
}

/// Numbers of national shapes: a letter for A, a digit for 9, either for X.
fn number() -> impl Strategy<Value = String> {
    const SHAPES: [&str; 9] = [
        "[0-9]{9}",
        "[A-Z][0-9]{8}",
        "[A-Z]{2}[0-9]{7}",
        "[A-Z]{2}[0-9]{6}",
        "[A-Z][0-9]{6}",
        "[A-Z]{3}[0-9]{6}",
        "[0-9]{2}[A-Z]{2}[0-9]{5}",
        "[0-9]{8}",
        "[CFGHJKLMNPRTVWXYZ0-9]{9}",
    ];
    prop::sample::select(&SHAPES[..]).prop_flat_map(|shape| proptest::string::string_regex(shape).unwrap())
}

/// A slip in a field of nine: where, and which of what the reader may give.
fn slipped(field: &mut [u8], at: usize, which: usize) -> bool {
    let end = field.iter().rposition(|c| *c != b'<').map_or(0, |last| last + 1);
    let choices = match field[at] {
        b'<' if at == end => b"KCESLX0".to_vec(),
        b'<' => return false,
        b'0' if which.is_multiple_of(3) => b"<".to_vec(),
        c => misreadings(c),
    };
    if choices.is_empty() {
        return false;
    }
    field[at] = choices[which % choices.len()];
    true
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    /// Every twin agrees with every digit that was read, whatever was misread.
    #[test]
    fn every_twin_passes_the_digits_that_were_read(
        number in number(), slips in prop::collection::vec((0..9usize, any::<usize>()), 0..3),
        format in prop::sample::select(&[Format::Td1, Format::Td2, Format::Td3, Format::MrvA, Format::MrvB][..]),
    ) {
        let fields = Fields { format, document_code: if matches!(format, Format::MrvA | Format::MrvB) { "V" } else { "P" },
            ..Fields::specimen_passport("UTO", &number) };
        let printed = compose(&fields).unwrap().to_string();
        let mut field = format!("{number:<<9}").into_bytes();
        for (at, which) in slips {
            slipped(&mut field, at, which);
        }
        let field = String::from_utf8(field).unwrap();
        let text = printed.replacen(&format!("{number:<<9}"), &field, 1).replace('\n', "");
        let Ok(mrz) = parse(&text) else { return Ok(()) };
        let mut count = 0;
        let mut wrong = None;
        twins(&mrz, Shapes::ANY, |twin| {
            count += 1;
            let mut mended = text.clone().into_bytes();
            let width = mrz.lines().iter().next().unwrap().len();
            for change in twin.changes() {
                let at = usize::from(change.line - 1) * width + usize::from(change.column) - 1;
                if mended[at] != change.from as u8 {
                    wrong = Some(format!("{} is not what was read", change.from));
                }
                mended[at] = change.to as u8;
            }
            let mended = read(core::str::from_utf8(&mended).unwrap());
            if !failing(&mended).is_empty() || mended.document_number() != twin.number().trim_matches('<') {
                wrong = Some(format!("{} of {text}", twin.number()));
            }
        });
        prop_assert!(wrong.is_none(), "{wrong:?}");
        prop_assert!(count <= TWINS_MAX);
    }

    /// A number read with any one slip, or any two of which one is of letters and digits, is read as such, or its zone is in
    /// doubt; and either way the printed number is asked for.
    #[test]
    fn a_misread_number_is_among_its_twins(
        number in number(), slips in prop::collection::vec((0..9usize, any::<usize>()), 1..3),
    ) {
        let mut field = format!("{number:<<9}").into_bytes();
        let mut fillers = 0;
        let before = field.clone();
        for (at, which) in slips {
            // Not twice at one place.
            if field[at] == before[at]
                && slipped(&mut field, at, which)
                && (before[at] == b'<' || field[at] == b'<')
            {
                fillers += 1;
            }
        }
        // Of fillers one slip: two are asked for only as a run of them.
        if fillers > 1 || field == before || field.iter().all(|c| *c == b'<') {
            return Ok(());
        }
        let field = String::from_utf8(field).unwrap();
        let mrz = passport(&number, &field);
        let numbers = numbers(&mrz);
        prop_assert!(numbers.len() == TWINS_MAX || numbers.contains(&number), "{number} read {field}: {numbers:?}");
    }

    /// The same of a number that continues in the optional data.
    #[test]
    fn a_misread_long_number_is_among_its_twins(
        number in "[A-Z]{0,2}[0-9]{10,12}", slips in prop::collection::vec((0..14usize, any::<usize>()), 1..3),
        counts_filler: bool,
    ) {
        let fields = Fields { document_number: &number, counts_filler, ..specimen(Format::Td1) };
        let printed = compose(&fields).unwrap().to_string();
        let mut misread = number.clone().into_bytes();
        for (at, which) in slips {
            let at = at % misread.len();
            let choices = misreadings(number.as_bytes()[at]);
            if !choices.is_empty() {
                misread[at] = choices[which % choices.len()];
            }
        }
        let misread = String::from_utf8(misread).unwrap();
        if misread == number {
            return Ok(());
        }
        let text = printed.replacen(&number[..9], &misread[..9], 1);
        let text = text.replacen(&format!("<{}", &number[9..]), &format!("<{}", &misread[9..]), 1);
        let mrz = read(&text);
        let numbers = numbers(&mrz);
        prop_assert!(numbers.len() == TWINS_MAX || numbers.contains(&number), "{number} read {misread}: {numbers:?}");
    }

    /// Of any zone whatever.
    #[test]
    fn any_characters_have_bounded_twins(text in zone_of("[A-Z0-9<]")) {
        if let Ok(mrz) = parse(&text) {
            let mut count = 0;
            twins(&mrz, Shapes::ANY, |twin| count += twin.changes().count().min(1));
            prop_assert!(count <= TWINS_MAX);
        }
    }
}

#[test]
fn what_was_read_is_no_twin_of_itself() {
    // Found by fuzzing: the digit behind the number is a filler, and 0 in its place reads as the same number.
    let mrz = read("XYZ125F<<\nFACHE1\nU3<2<<TOPIE<\nCA9MHR<U3<2<<TOPIE<MARLVACHEUR<<AN\nU3<2<<TER<<\n");
    let mut of_itself = Vec::new();
    twins(&mrz, Shapes::ANY, |twin| {
        if twin.number() == mrz.document_number() {
            of_itself.push((twin.number().to_string(), twin.changes().collect::<Vec<_>>()));
        }
    });
    assert!(of_itself.is_empty(), "{of_itself:?}");
}
