//! Words that stand where a name is not known. They name nobody, so neither side has them.
//!
//! Sources: US visas print FNU and LNU (9 FAM 403.9), Emirates' and others' tickets XXX, airlines NONAME and NOLASTNAME.

/// Words that are always placeholders, sorted.
const WORDS: &[&str] = &[
    "DESCONOCIDA",
    "DESCONOCIDO",
    "FNU",
    "INCONNU",
    "INCONNUE",
    "LNU",
    "NFN",
    "NLN",
    "NN",
    "NOFAMILYNAME",
    "NOFIRSTNAME",
    "NOGIVENNAME",
    "NOLASTNAME",
    "NONAME",
    "NOSURNAME",
    "NOTAVAILABLE",
    "NOTKNOWN",
    "NOTSTATED",
    "UNBEKANNT",
    "UNKNOWN",
    "UNNAMED",
    "UNSPECIFIED",
];

/// Phrases that are, longest first where one begins another.
const PHRASES: &[&[&str]] = &[
    &["NO", "FAMILY", "NAME"],
    &["NO", "FIRST", "NAME"],
    &["NO", "GIVEN", "NAME"],
    &["NO", "LAST", "NAME"],
    &["NO", "SURNAME"],
    &["NO", "NAME"],
    &["NAME", "UNKNOWN"],
    &["NOT", "AVAILABLE"],
    &["NOT", "KNOWN"],
    &["NOT", "STATED"],
];

/// Takes the placeholders out of a field's tokens.
pub(super) fn remove(tokens: &mut Vec<String>) {
    let mut at = 0;
    while at < tokens.len() {
        let begins = |phrase: &&&[&str]| {
            tokens[at..].iter().map(String::as_str).take(phrase.len()).eq(phrase.iter().copied())
        };
        match PHRASES.iter().find(begins) {
            Some(phrase) => drop(tokens.drain(at..at + phrase.len())),
            None if is_placeholder(&tokens[at]) => drop(tokens.remove(at)),
            None => at += 1,
        }
    }
}

/// Whether a token names nobody: one of the words, or X alone or repeated.
fn is_placeholder(token: &str) -> bool {
    WORDS.binary_search(&token).is_ok() || token.bytes().all(|letter| letter == b'X')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_name_nobody_and_names_stay() {
        assert!(WORDS.is_sorted());
        for (text, left) in [
            ("FNU", ""),
            ("XXXXX", ""),
            ("NO LAST NAME", ""),
            ("NO NAME ANNA", "ANNA"),
            ("ANNA UNKNOWN MARIA", "ANNA MARIA"),
            ("NO GWANG", "NO GWANG"),
            ("XAVIER NOT KNOWN", "XAVIER"),
        ] {
            let mut tokens: Vec<String> = text.split(' ').map(str::to_owned).collect();
            remove(&mut tokens);
            assert_eq!(tokens.join(" "), left, "{text}");
        }
    }
}
