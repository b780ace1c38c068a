//! A number that cannot all be read finds every listed document and range that it may be.

use super::*;

fn edition(changes: [&[DocumentChange]; 2], dir: &Path) -> Edition {
    Edition::open(changes.map(|changes| open(changes, dir)).into()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_is_listed_is_among_the_candidates(
        older in any_changes(120),
        newer in any_changes(60),
        unreadable in any::<u32>(),
        star in prop::option::of((0..32usize, 0..32usize)),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let edition = edition([&older, &newer], dir.path());
        for alert in edition.iter().unwrap().map(Result::unwrap) {
            let number = alert.key.number().as_str();
            let mut text: Vec<char> = number
                .chars()
                .enumerate()
                .map(|(at, c)| if unreadable >> at & 1 == 1 { '?' } else { c })
                .collect();
            if let Some((from, to)) = star {
                let (from, to) = (from.min(text.len()), to.min(text.len()));
                text.splice(from.min(to)..from.max(to), ['*']);
            }
            let text: String = text.into_iter().collect();
            let Ok(wildcard) = Wildcard::new(&text) else { continue };
            prop_assert!(wildcard.fits(number));
            let same = |state, kind| (state, kind) == (alert.key.state(), alert.key.kind());
            match edition.candidates(&wildcard, same, 1_000) {
                Ok(keys) => {
                    prop_assert!(keys.contains(&alert.key), "{text} of {}", alert.key);
                    let asked = keys.iter().map(DocumentKey::to_string).collect::<std::collections::BTreeSet<_>>();
                    prop_assert_eq!(asked.len(), keys.len(), "each once");
                    prop_assert!(keys.iter().all(|key| wildcard.fits(key.number().as_str())));
                }
                Err(NoCandidates::TooMany(count)) => prop_assert!(count > 1_000),
                Err(NoCandidates::Unreadable) => prop_assert!(false, "nothing is damaged"),
            }
        }
    }
}

#[test]
fn of_a_class_only_the_characters_that_the_list_has_are_tried() {
    let dir = tempfile::tempdir().unwrap();
    let put = |number: String| {
        put(DocumentId::document(key("UTO", "P", &number)), DocumentPayload::new(Status::Stolen))
    };
    let changes: Vec<_> = (0..2_000).map(|n| put(format!("{}{n:04}", ["AB", "AC"][n % 2]))).collect();
    let edition = edition([&changes, &[]], dir.path());
    let candidates = |text: &str, max| edition.candidates(&Wildcard::new(text).unwrap(), |_, _| true, max);
    let numbers: Vec<_> =
        candidates("A?0001", 10).unwrap().iter().map(|key| key.number().to_string()).collect();
    assert_eq!(numbers, ["AB0001", "AC0001"]);
    assert_eq!(candidates("AB?0??", 199), Err(NoCandidates::TooMany(200)), "the first digit is 0 or 1");
    assert_eq!(candidates("AB?0??", 200).map(|keys| keys.len()), Ok(200));
    assert_eq!(candidates("XY12?4", 10), Ok(vec![]), "no format has it");
}
