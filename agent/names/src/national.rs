//! Names respelt: how ICAO's rules, or English ones, would spell what another state's rules spelt.
//!
//! One Cyrillic name is JEGOROW in German, JEGOROV in Czech and EGOROV in a Russian passport; SHARQAWI is CHERKAOUI where
//! French was the office language. A spelling does not say whose it is, so a token is respelt by each state's rules that
//! its letters could come from, and two tokens may be one name if any of their readings are. Readings of one token are
//! told apart by their *way*, 1 to [`WAYS`]; way 0 is the token as it stands.
//!
//! Sources: Duden (German), PN-I-06000 and the popular rules (Polish), ISO 9:1995 without its marks, which zones leave out
//! (also Czech, Croatian and Serbian Latin), the rules of French registries and newspapers, the Hunterian and Thai systems'
//! letters of aspiration, and Greek as it sounds. Bounds: nine readings a token, none longer than twice it.

use super::fold::hash;

/// Ways to respell.
pub(super) const WAYS: usize = 9;
/// Letters of a token from which on it is respelt: of shorter ones too many would meet by chance (CHEN and SHEN).
const LETTERS_MIN: usize = 5;
/// Classes of a key: what follows is left to the distance.
const CLASSES_MAX: usize = 16;
/// The mark of vowels in a key.
const VOWELS: u8 = b'.';

/// A way to respell.
struct Way {
    /// Letters that this state's rules do not write: a token with them is not its.
    never: &'static [&'static str],
    /// Endings one of which it has; none for any.
    ends: &'static [&'static str],
    /// What letters become, the longest first where one begins another. `^` stands before a token, `$` after it,
    /// `+` before a consonant or the end.
    rules: &'static [(&'static str, &'static str)],
}

/// Endings of Slavic family names, however they are spelt.
const SLAVIC_ENDS: &[&str] = &[
    "OV", "EV", "IN", "YN", "OVA", "EVA", "INA", "YNA", "KII", "KAIA", "KI", "KY", "KIY", "KAYA", "KO", "UK",
    "YKH", "IKH", "IJ", "ICH", "YI", "ETS",
];

#[rustfmt::skip]
const TABLE: [Way; WAYS] = [
    Way { // German
        never: &["SH", "KH", "ZH"],
        ends: &[],
        rules: &[("SCHTSCH", "SHCH"), ("TSCH", "CH"), ("DSCH", "DZH"), ("DS", "DZ"), ("SCH", "SH"), ("CHS", "KHS"), ("CH", "KH"), ("TZ", "TS"), ("JE", "E"), ("JO", "E"),
            ("IJ", "I"), ("J", "I"), ("W", "V"), ("Z", "TS")],
    },
    Way { // Polish
        never: &["SH", "KH", "ZH", "SCH"],
        ends: &[],
        rules: &[("SZCZ", "SHCH"), ("SZ", "SH"), ("CZ", "CH"), ("RZ", "ZH"), ("CH", "KH"), ("CK", "TSK"), ("C", "TS"), ("W", "V"), ("JE", "E"), ("JO", "E"),
            ("IJ", "I"), ("J", "I"), ("IE", "E"), ("IO", "E")],
    },
    Way { // ISO 9, Czech, Croatian: C is Č
        never: &["SH", "KH", "ZH", "SCH", "TS"],
        ends: &[],
        rules: &[("SCC", "SHCHTS"), ("SC", "SHCH"), ("CC", "CHTS"), ("CEV", "TSEV"), ("CYN", "TSYN"), ("ICIN", "ITSIN"), ("CH", "KH"),
            ("DJ", "D"), ("C", "CH"), ("LJ+", "L"), ("NJ+", "N"), ("JE", "E"), ("JO", "E"), ("IJ", "I"), ("J", "I"), ("W", "V")],
    },
    Way { // the same, where C is C
        never: &["SH", "KH", "ZH", "SCH", "TS"],
        ends: &[],
        rules: &[("CH", "KH"), ("DJ", "D"), ("C", "TS"), ("LJ+", "L"), ("NJ+", "N"), ("JE", "E"), ("JO", "E"), ("IJ", "I"), ("J", "I"), ("W", "V")],
    },
    Way { // French
        never: &["SH", "ZH", "SCH"],
        ends: &[],
        rules: &[("CHTCH", "SHCH"), ("TCH", "CH"), ("CH", "SH"), ("DJ", "J"), ("J", "ZH"), ("OU", "U"), ("GUE", "GE"), ("GUI", "GI"), ("QU", "K"), ("W", "V"),
            ("INE$", "IN")],
    },
    Way { // aspiration
        never: &[],
        ends: &[],
        rules: &[("PH", "P"), ("KH", "K"), ("TH", "T"), ("BH", "B"), ("DH", "D"), ("GH", "G"), ("CHH", "CH"), ("JH", "J")],
    },
    Way { // Greek as it sounds
        never: &["SH", "ZH", "SCH"],
        ends: &[],
        rules: &[("GIA", "IA"), ("GIO", "IO"), ("GIE", "IE"), ("^MP", "B"), ("^NT", "D"), ("^GK", "G"), ("MP", "B"), ("CH", "H"), ("J", "I"), ("PH", "F")],
    },
    Way { // marks left out: as it stands, but SH may be an S, ZH a Z, and KH an H
        never: &[],
        ends: SLAVIC_ENDS,
        rules: &[("SH", "SH"), ("ZH", "ZH"), ("KH", "KH"), ("H", "H")],
    },
    Way { // Spanish
        never: &["W", "SH", "TCH", "KH"],
        ends: SLAVIC_ENDS,
        rules: &[("J", "KH"), ("GUE", "GE"), ("GUI", "GI"), ("SCH", "SHCH")],
    },
];

/// Respells `token` by a way into `out`, which is cleared first; whether the way has anything to say of it.
pub(super) fn respell(token: &str, way: usize, out: &mut String) -> bool {
    out.clear();
    let Way { never, ends, rules } = &TABLE[way - 1];
    let (letters, known) = (token.as_bytes(), letters_of(token));
    let could = RULE_LETTERS[way - 1].iter().any(|needed| *needed != 0 && needed & !known == 0);
    let other =
        || never.iter().any(|group| letters.windows(group.len()).any(|part| part == group.as_bytes()));
    let ended = || ends.is_empty() || ends.iter().any(|end| letters.ends_with(end.as_bytes()));
    if token.len() < LETTERS_MIN || !could || !ended() || other() {
        return false;
    }
    let mut changed = false;
    let mut at = 0;
    let rule_at = |at: usize| {
        let begins = RULE_STARTS[way - 1] & letter_bit(letters[at]) != 0;
        let mut rules = rules.iter().filter(|_| begins);
        rules.find_map(|(from, to)| stands(from.as_bytes(), letters, at).map(|length| (length, to)))
    };
    while at < letters.len() {
        match rule_at(at) {
            Some((length, to)) => {
                out.push_str(to);
                at += length;
                changed = true;
            }
            None => {
                out.push(char::from(letters[at]));
                at += 1;
            }
        }
    }
    changed
}

/// The letters that a rule's beginning takes of `letters` at `at`; None where it does not stand there.
fn stands(from: &[u8], letters: &[u8], at: usize) -> Option<usize> {
    let after = |from: &[u8]| letters.get(at + from.len()).copied();
    let (from, place) = match from {
        [b'^', from @ ..] => (from, at == 0),
        [from @ .., b'$'] => (from, after(from).is_none()),
        [from @ .., b'+'] => (from, !matches!(after(from), Some(b'A' | b'E' | b'I' | b'O' | b'U' | b'Y'))),
        _ => (from, true),
    };
    // The first letter decides nearly always, and comparing slices calls a function.
    (from[0] == letters[at] && place && letters[at..].starts_with(from)).then_some(from.len())
}

/// The letters of a text as bits, so that most tokens are told at once to have nothing to respell.
const fn letters_of(text: &str) -> u32 {
    let (letters, mut set, mut at) = (text.as_bytes(), 0, 0);
    while at < letters.len() {
        set |= letter_bit(letters[at]);
        at += 1;
    }
    set
}

/// A letter as a bit; none for a mark of rules.
const fn letter_bit(letter: u8) -> u32 {
    if letter.is_ascii_uppercase() { 1 << (letter - b'A') } else { 0 }
}

/// Rules of one way, at most.
const RULES_MAX: usize = 16;
/// The letters that each rule of each way needs; 0 where there is no rule.
const RULE_LETTERS: [[u32; RULES_MAX]; WAYS] = {
    let (mut all, mut way) = ([[0; RULES_MAX]; WAYS], 0);
    while way < WAYS {
        let mut rule = 0;
        while rule < TABLE[way].rules.len() {
            all[way][rule] = letters_of(TABLE[way].rules[rule].0);
            rule += 1;
        }
        way += 1;
    }
    all
};

/// The letters that rules of each way begin with, as bits: most letters begin none.
const RULE_STARTS: [u32; WAYS] = {
    let (mut all, mut way) = ([0; WAYS], 0);
    while way < WAYS {
        let mut rule = 0;
        while rule < TABLE[way].rules.len() {
            let from = TABLE[way].rules[rule].0.as_bytes();
            all[way] |= letter_bit(if from[0] == b'^' { from[1] } else { from[0] });
            rule += 1;
        }
        way += 1;
    }
    all
};

/// Groups of letters with the class of their sound, the longest first: S for all that hisses, C for what stops and hisses, X for
/// KH and H.
const GROUPS: &[(&str, &str)] = &[
    ("SHCH", "SC"),
    ("DZH", "C"),
    ("TCH", "C"),
    ("SH", "S"),
    ("CH", "C"),
    ("ZH", "S"),
    ("KH", "X"),
    ("TS", "C"),
    ("TZ", "C"),
    ("DZ", "C"),
    ("DJ", "C"),
    ("GH", "K"),
    ("PH", "V"),
    ("TH", "T"),
    ("CK", "K"),
];

/// The key of a reading: its consonants by class, with a mark for the vowels between them, whichever they are. None
/// where too few consonants are left to say anything.
pub(super) fn key(reading: &str) -> Option<u32> {
    let mut classes = [0u8; CLASSES_MAX];
    let mut length = 0;
    let mut push = |class: u8| {
        if length < CLASSES_MAX && (length == 0 || classes[length - 1] != class) {
            classes[length] = class;
            length += 1;
        }
    };
    let letters = reading.as_bytes();
    let mut at = 0;
    while at < letters.len() {
        if let Some((group, sounds)) =
            GROUPS.iter().find(|(group, _)| letters[at..].starts_with(group.as_bytes()))
        {
            sounds.bytes().for_each(&mut push);
            at += group.len();
            continue;
        }
        let soft = matches!(letters.get(at + 1), Some(b'E' | b'I' | b'Y'));
        match letters[at] {
            b'K' | b'G' | b'Q' => push(b'K'),
            b'C' => push(if soft { b'S' } else { b'K' }),
            b'X' => b"KS".iter().for_each(|&class| push(class)),
            b'S' | b'Z' => push(b'S'),
            b'J' => push(b'C'),
            b'H' => push(b'X'),
            b'T' | b'D' => push(b'T'),
            b'P' | b'B' => push(b'P'),
            b'F' | b'V' => push(b'V'),
            letter @ (b'L' | b'M' | b'N' | b'R') => push(letter),
            _ => push(VOWELS), // and the W of Arabic names
        }
        at += 1;
    }
    let consonants = classes[..length].iter().filter(|&&class| class != VOWELS).count();
    (consonants >= 2).then(|| hash(b'n', &classes[..length], None))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn readings(token: &str) -> Vec<String> {
        let ways = (1..=WAYS).map(|way| {
            let mut out = String::new();
            respell(token, way, &mut out).then_some(out)
        });
        ways.flatten().collect()
    }

    #[test]
    fn each_states_rules_give_icaos_spelling() {
        for (token, spelling) in [
            ("JEGOROW", "EGOROV"),
            ("TSCHERNYSCHOW", "CHERNYSHOV"),
            ("SCHTSCHUKIN", "SHCHUKIN"),
            ("CHARITONOW", "KHARITONOV"),
            ("ZWETKOW", "TSVETKOV"),
            ("SZYSZKOWSKI", "SHYSHKOVSKI"),
            ("SZCZERBAKOW", "SHCHERBAKOV"),
            ("SAMIEDOW", "SAMEDOV"),
            ("CYPKIN", "TSYPKIN"),
            ("VJAZEMSKIJ", "VIAZEMSKI"),
            ("CAROVIC", "CHAROVICH"),
            ("DJORDJEVIC", "DORDEVICH"),
            ("TCHERNYCHOV", "CHERNYSHOV"),
            ("CHERKAOUI", "SHERKAUI"),
            ("JOULIANSKI", "ZHULIANSKI"),
            ("POUTINE", "PUTIN"),
            ("PHONGPHAN", "PONGPAN"),
            ("GIANNOPOULOS", "IANNOPOULOS"),
            ("MPAMPIS", "BABIS"),
        ] {
            assert!(
                readings(token).iter().any(|reading| reading == spelling),
                "{token}: {:?}",
                readings(token)
            );
        }
    }

    #[test]
    fn short_and_english_spellings_stay() {
        assert_eq!(readings("CHEN"), [""; 0]);
        assert_eq!(readings("SHUVALOV"), ["SHUVALOV"], "only its marks may be left out");
        assert_eq!(readings("MARTIN"), [""; 0]);
    }

    #[test]
    fn one_name_has_one_key_whatever_its_vowels() {
        for (one, other) in [
            ("SHYSHKOVSKI", "SHISHKOVSKII"),
            ("TSVETKOV", "TSVETKOV"),
            ("NURDZIEVA", "NURDZHIEVA"),
            ("IANISEVSKI", "IANISHEVSKII"),
        ] {
            assert_eq!(key(one), key(other), "{one} {other}");
        }
        assert_eq!(key("AIO"), None);
    }
}
