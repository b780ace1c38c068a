//! The search of a persons list: gather who shares most with the query, weigh each, rank, explain.

use super::align::{self, Alignment, Prepared};
use super::birth::birth;
use super::explain;
use super::gather::Candidate;
use super::index::PersonIndex;
use super::nation;
use super::query::prepare;
use super::score;
use super::weights::Fact;
use super::{PersonMatch, PersonQuery};

/// Persons of a list up to which chance meetings are as rare as the weights assume.
const USUAL_PERSONS: f32 = 10_000.0;

/// A person weighed, and the name that spoke best for them.
#[derive(Clone, Copy, Debug)]
struct Found {
    score: f32,
    person: u32,
    name: usize,
}

impl PersonIndex {
    /// The persons that `query` may be, best first, at most `limit`, none below `minimum` (0 to 1).
    pub fn search(&self, query: &PersonQuery, limit: usize, minimum: f32) -> Vec<PersonMatch> {
        let prepared = prepare(query, &self.vocabulary);
        let mut found: Vec<Found> = Vec::new();
        let mut alignment = Alignment::default();
        for Candidate { person, most } in self.gather(&prepared, query, score::sum_of(minimum)) {
            // Nobody that follows can be more than this one at most is.
            if found.len() >= limit && score::score_of(most) < found[limit - 1].score {
                break;
            }
            let one = self.weigh(&prepared, query, person, &mut alignment);
            if one.score >= minimum {
                let at = found.partition_point(|known| self.better(known, &one));
                found.insert(at, one);
                found.truncate(limit);
            }
        }
        found.into_iter().map(|found| self.explain(&prepared, query, &found, &mut alignment)).collect()
    }

    fn better(&self, one: &Found, other: &Found) -> bool {
        let by_id = || self.id(one.person).cmp(self.id(other.person));
        other.score.total_cmp(&one.score).then_with(by_id).is_lt()
    }

    fn explain(
        &self,
        prepared: &Prepared,
        query: &PersonQuery,
        found: &Found,
        alignment: &mut Alignment,
    ) -> PersonMatch {
        let &Found { score, person, name } = found;
        let tokens = self.name(name);
        align::align(prepared, tokens, |token| self.vocabulary.text(token), alignment);
        let listed = explain::Listed {
            tokens,
            births: self.births_of(person),
            nations: self.nations_of(person),
            sex: self.sexes[person as usize],
            kind: self.name_kinds[name],
        };
        let reasons = explain::reasons(query, prepared, &listed, alignment, &self.vocabulary);
        PersonMatch { alert_id: self.id(person).to_owned(), score, reasons }
    }

    pub(super) fn list_size(&self) -> f32 {
        (self.len() as f32 / USUAL_PERSONS).ln().max(0.0)
    }

    /// The score of the name that speaks best for the person.
    fn weigh(
        &self,
        prepared: &Prepared,
        query: &PersonQuery,
        person: u32,
        alignment: &mut Alignment,
    ) -> Found {
        let birth = birth(query.birth_date, self.births_of(person).iter().copied());
        let sex = score::sex(query.sex, self.sexes[person as usize]);
        let nation = nation::compare(prepared.nation, self.nations_of(person));
        let mut best = Found { score: 0.0, person, name: self.names_of(person).start };
        for name in self.names_of(person) {
            let tokens = self.name(name);
            align::align(prepared, tokens, |token| self.vocabulary.text(token), alignment);
            if alignment.pairs.is_empty() {
                continue; // birth date and nationality alone are nobody's
            }
            let rarity = |token| self.vocabulary.rarity(token);
            let mut facts = score::name_facts(prepared, tokens, rarity, self.name_kinds[name], alignment);
            score::add_birth(&mut facts, birth, alignment);
            facts[Fact::ListSize as usize] = self.list_size();
            for fact in nation.into_iter().chain(sex) {
                facts[fact as usize] = 1.0;
            }
            let score = score::score(&facts, birth, alignment);
            if score > best.score {
                best = Found { score, name, ..best };
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BirthDate;
    use crate::{NameKind, PersonAlert, PersonName, Sex};
    use proptest::prelude::*;

    fn alert(id: &str, surname: &str, given: &str, birth: &str) -> PersonAlert {
        PersonAlert {
            id: id.into(),
            names: vec![PersonName { surname: surname.into(), given: given.into(), ..PersonName::default() }],
            birth_dates: BirthDate::parse(birth).into_iter().collect(),
            ..PersonAlert::default()
        }
    }

    fn query(surname: &str, given: &str, birth: &str) -> PersonQuery {
        PersonQuery {
            surname: surname.into(),
            given: given.into(),
            birth_date: BirthDate::parse(birth),
            ..PersonQuery::default()
        }
    }

    fn sample() -> PersonIndex {
        let mut alerts = vec![
            alert("eriksson", "ERIKSSON", "ANNA MARIA", "1974-08-12"),
            alert("orel", "Орёл", "Дмитрий Николаевич", "1960-03-04"),
            alert("qadri", "AL QADRI", "ABD AL RAHMAN SALIM", "1951-01-20"),
            alert("montes", "MONTES ARRIETA", "LUZ ELENA", "1980-02-09"),
            alert("lund", "LUND", "PER", ""),
            alert("hassan", "HASSAN", "MOHAMED ALI", ""),
            alert("zelenko", "ZELENKO", "MYKOLA", "1966"),
            alert("rostam", "ROSTAM", "ABDOL REZA", "1971-11-02"),
        ];
        alerts[0].names.push(PersonName {
            kind: NameKind::Weak,
            full: "SILVER FOX".into(),
            ..PersonName::default()
        });
        alerts[0].sex = Sex::Female;
        PersonIndex::build(alerts.into_iter())
    }

    #[test]
    fn every_way_to_write_a_name_finds_its_person_first() {
        let index = sample();
        for (read, id) in [
            (query("ERIKSSON", "ANNA<MARIA", "1974-08-12"), "eriksson"),
            (query("ANNA<MARIA", "ERIKSSON", "1974-08-12"), "eriksson"), // order
            (query("ERIKSSON<ANNA<MARIA", "", "1974-08-12"), "eriksson"), // no parts
            (query("ERIKSSON", "ANNA", "1974-12-08"), "eriksson"),       // day and month, a name left out
            (query("ER1KSSON", "ANNA", "1974-08-12"), "eriksson"),       // OCR
            (query("OREL", "DMITRII<NIKOLAEVICH", "1960-03-04"), "orel"), // ICAO
            (query("ORYOL", "DZMITRY<MIKALAEVICH", "1960-03-04"), "orel"), // another language's
            (query("ALQADRI", "ABDULRAHMAN", "1951-01-20"), "qadri"),    // joined
            (query("QADRI", "ABDERRAHMANE<SALEM", "1951-01-20"), "qadri"), // no article
            (query("MONTES", "LUZ<ELENA", "1980-02-09"), "montes"),      // one of two family names
            (query("ZELENKA", "NIKOLAI", "1966-05-05"), "zelenko"),      // the year alone is listed
            (query("ROSTAM", "ABDORREZA", "1971-11-02"), "rostam"),      // ABD written on
        ] {
            let found = index.search(&read, 10, 0.5);
            assert!(found.first().is_some_and(|first| first.alert_id == id), "{read:?}: {found:?}");
        }
    }

    #[test]
    fn a_cut_name_is_a_prefix() {
        let read = PersonQuery { name_truncated: true, ..query("AL<QADRI", "ABD<AL<RAH", "1951-01-20") };
        let found = sample().search(&read, 10, 0.5);
        assert_eq!(found[0].alert_id, "qadri");
        assert!(found[0].reasons.iter().any(|reason| reason.to_string().contains("cut off")), "{found:?}");
    }

    #[test]
    fn strangers_and_common_namesakes_are_not_alarmed() {
        let index = sample();
        for read in [
            query("NAKAMURA", "KENJI", "1974-08-12"),
            query("ERIKSSON", "ANNA<MARIA", "1991-05-30"),
            query("HASSAN", "MOHAMED<ALI", "1991-05-30"), // no date is listed
            query("HOLMGREN", "ANNA<MARIA", "1979-01-02"),
            query("", "", ""),
            query("<<<", "<", "1974-08-12"),
        ] {
            assert_eq!(index.search(&read, 10, 0.8), [], "{read:?}");
        }
        assert_eq!(PersonIndex::build(std::iter::empty()).search(&query("A", "B", "1990"), 10, 0.0), []);
    }

    #[test]
    fn reasons_say_what_decided() {
        let read = PersonQuery { sex: Sex::Male, ..query("ERIKSON", "ANNA", "1974-12-08") };
        let found = sample().search(&read, 1, 0.0);
        let reasons: Vec<String> = found[0].reasons.iter().map(ToString::to_string).collect();
        for said in [
            "family name spelt otherwise: ERIKSON, listed ERIKSSON",
            "listed, not in the document: MARIA",
            "birth date with day and month swapped: listed 1974-08-12",
            "sex differs",
        ] {
            assert!(reasons.iter().any(|reason| reason == said), "{said}: {reasons:?}");
        }
        let standings: Vec<_> = found[0].reasons.iter().map(explain::Reason::standing).collect();
        assert!(
            standings.contains(&explain::Standing::Differs)
                && standings.contains(&explain::Standing::Unknown)
        );
        let weak = sample().search(&query("FOX", "SILVER", "1974-08-12"), 1, 0.0);
        assert!(
            weak[0].reasons.contains(&explain::Reason::Alias { listed: "SILVER FOX".into(), weak: true })
        );
    }

    fn word() -> impl Strategy<Value = String> {
        "(KA|LO|MI|SER|DU|AL|BIN|RA|NO|VE|KHA|SH|OV){1,4}"
    }

    /// One or two words, initials among them.
    fn words() -> impl Strategy<Value = String> {
        let more = prop_oneof![2 => Just(String::new()), 1 => word(), 1 => "[KLMSD]"];
        (prop_oneof![4 => word(), 1 => "[KLMSD]"], more).prop_map(|(one, more)| format!("{one} {more}"))
    }

    /// A name that no table of common names has.
    fn rare() -> impl Strategy<Value = String> {
        "(BRU|KLO|ZDE|VRU|GLO|TSK){2}(NGVAR|LDOSK|RMUZD|KTAVE)(OL|UX|EB|IK)"
    }

    fn birth() -> impl Strategy<Value = String> {
        prop_oneof!["19[5-6][0-9]-0[1-3]-0[1-9]", "19[5-6][0-9]", Just(String::new())]
    }

    proptest! {
        /// Looking only where a minimum can be reached finds what weighing everybody finds; answers are ranked.
        #[test]
        fn gathering_loses_nobody(
            list in proptest::collection::vec((words(), words(), birth()), 1..40),
            (surname, given, date) in (words(), prop_oneof![4 => words(), 1 => Just(String::new())], birth()),
            nation in prop_oneof![Just("UTO"), Just("")],
            minimum in 0.02f32..1.0,
        ) {
            let alerts = list.iter().zip(0..).map(|((s, g, b), n)| PersonAlert {
                nationalities: vec!["UTO".into()],
                ..alert(&n.to_string(), s, g, b)
            });
            let index = PersonIndex::build(alerts);
            let read = PersonQuery { nationality: nation.into(), ..query(&surname, &given, &date) };
            let prepared = prepare(&read, &index.vocabulary);
            let mut alignment = Alignment::default();
            let mut all: Vec<Found> = (0..index.len() as u32)
                .map(|person| index.weigh(&prepared, &read, person, &mut alignment))
                .filter(|found| found.score >= minimum)
                .collect();
            all.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| index.id(a.person).cmp(index.id(b.person))));
            for limit in [3, 100] {
                let found = index.search(&read, limit, minimum);
                let ids: Vec<(&str, f32)> = found.iter().map(|found| (&*found.alert_id, found.score)).collect();
                let wanted: Vec<(&str, f32)> =
                    all.iter().take(limit).map(|found| (index.id(found.person), found.score)).collect();
                prop_assert_eq!(ids, wanted);
            }
        }

        /// A birth date that differs is evidence against, and never evidence for.
        #[test]
        fn a_date_that_differs_never_scores_more_than_an_equal_one(
            (surname, given) in (word(), word()),
            (listed, read) in (birth(), birth()),
        ) {
            let index = PersonIndex::build(std::iter::once(alert("x", &surname, &given, &listed)));
            let score = |date: &str| index.search(&query(&surname, &given, date), 1, 0.0).first().map_or(0.0, |m| m.score);
            prop_assert!(score(&read) <= score(&listed), "{} {}", score(&read), score(&listed));
        }

        /// More of a listed name read, or one letter of it right again, is never worth less.
        #[test]
        fn scores_are_monotone_in_the_name(
            (surname, given, second) in (rare(), rare(), rare()),
            (listed, read) in (birth(), birth()),
            at in 0usize..8,
        ) {
            let whole = format!("{given} {second}");
            let index = PersonIndex::build(std::iter::once(alert("x", &surname, &whole, &listed)));
            let score = |surname: &str, given: &str| {
                index.search(&query(surname, given, &read), 1, 0.0).first().map_or(0.0, |m| m.score)
            };
            let mut wrong = surname.clone();
            let letter = if &surname[at..=at] == "Q" { "J" } else { "Q" };
            wrong.replace_range(at..=at, letter);
            let exact = score(&surname, &whole);
            prop_assert!(score(&wrong, &whole) <= exact);
            prop_assert!(score(&surname, &given) <= exact);
            prop_assert!(score("", &whole) <= exact);
        }

        /// A rare name exactly as listed is at least possible, whatever became of its birth date.
        #[test]
        fn a_rare_exact_name_is_possible_whatever_the_date(
            (surname, given, second) in (rare(), rare(), rare()),
            (year, month, day) in (1950u16..2000, 1u8..=12, 1u8..=28),
            (other_month, other_day, years) in (1u8..=12, 1u8..=28, 1u16..30),
        ) {
            let given = format!("{given} {second}");
            let full = format!("{year}-{month:02}-{day:02}");
            let cases = [
                (full.clone(), format!("{year}-{other_month:02}-{other_day:02}")), // another day and month
                (full.clone(), format!("{year}-01-01")),
                (full.clone(), format!("{}-01-01", year + 1)),
                (format!("{year}-01-01"), full.clone()),
                (format!("{year}"), format!("{}-{month:02}-{day:02}", year + 1)), // a Solar Hijri year
                (format!("{year}"), format!("{}-{month:02}-{day:02}", year - 1)),
                (format!("{year}-05-31"), format!("{year}-06-01")),
                (format!("{year}-12-31"), format!("{}-01-01", year + 1)),
                (format!("{year}"), format!("{}-{month:02}-{day:02}", year + 8)), // an Ethiopian one
                (full.clone(), String::new()),
                (String::new(), full.clone()),
                (full.clone(), format!("{}-{other_month:02}-{other_day:02}", year + years)), // any other
            ];
            for (listed, read) in cases {
                let index = PersonIndex::build(std::iter::once(alert("x", &surname, &given, &listed)));
                let found = index.search(&query(&surname, &given, &read), 1, 0.77);
                prop_assert_eq!(found.len(), 1, "{} {} listed {} read {}", &surname, &given, listed, read);
            }
        }

        #[test]
        fn any_text_is_searched(surname in any::<String>(), given in any::<String>(), truncated in any::<bool>()) {
            let read = PersonQuery { name_truncated: truncated, ..query(&surname, &given, "1974-08-12") };
            let _ = sample().search(&read, 10, 0.0);
        }

        #[test]
        fn any_listed_text_is_indexed(surname in any::<String>(), given in any::<String>()) {
            let index = PersonIndex::build(std::iter::once(alert("x", &surname, &given, "1974-08-12")));
            let _ = index.search(&query(&surname, &given, "1974-08-12"), 10, 0.0);
        }
    }
}
