//! Forms in which two spellings are the same letters: without the marks of letters, or as a reader sees them.
//!
//! A listed token that has such a form of its own has a key for it; a query asks for its own form, and for the plain token.

use super::fold::hash;

/// A form: what letters become in it.
pub(super) struct Form {
    rules: &'static [(&'static str, &'static str)],
    /// Letters of the shortest token in the form.
    letters_min: usize,
    /// The tag of its keys.
    tag: u8,
    /// What a meeting in this form costs, in wrong letters.
    pub(super) cost: f32,
}

/// All forms.
pub(super) const FORMS: &[Form] = &[
    // Marks left out, where others write them as ICAO and English do: ZANNA and ZHANNA for Žanna.
    Form {
        rules: &[("DJ", "D"), ("ZH", "Z"), ("SH", "S"), ("CH", "C")],
        letters_min: 4,
        tag: b'm',
        cost: 0.1,
    },
    // What a camera takes for one letter.
    Form { rules: &[("RN", "M"), ("VV", "W"), ("NN", "M")], letters_min: 4, tag: b'o', cost: 0.3 },
];

impl Form {
    /// A token in this form; None where it is the token itself, or too short to tell anything.
    pub(super) fn of(&self, token: &str) -> Option<String> {
        // Compared as bytes: a search of a text in a text is set up anew for each rule.
        let stands = |from: &str| token.as_bytes().windows(from.len()).any(|part| part == from.as_bytes());
        let has = self.rules.iter().any(|(from, _)| stands(from));
        let form =
            has.then(|| self.rules.iter().fold(token.to_owned(), |text, (from, to)| text.replace(from, to)));
        form.filter(|form| form.len() >= self.letters_min)
    }

    /// The key of a token in this form.
    pub(super) fn key(&self, form: &str) -> u32 {
        hash(self.tag, form.as_bytes(), None)
    }
}

/// The keys of a listed token's forms.
pub(super) fn keys(token: &str) -> impl Iterator<Item = u32> {
    FORMS.iter().filter_map(move |form| Some(form.key(&form.of(token)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_one_name_are_the_same() {
        let [marks, looks] = FORMS else { panic!("two forms") };
        assert_eq!(marks.of("ZHANNA").as_deref(), Some("ZANNA"));
        assert_eq!(looks.of("MORNINGTON").as_deref(), Some("MOMINGTON"));
        assert_eq!((marks.of("ANNA"), marks.of("SHO"), looks.of("TARZIMAL")), (None, None, None));
    }
}
