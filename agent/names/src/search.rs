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
        let nation = nation::compare(&query.nationality, self.nations_of(person));
        let mut best = Found { score: 0.0, person, name: self.names_of(person).start };
        for name in self.names_of(person) {
            let tokens = self.name(name);
            align::align(prepared, tokens, |token| self.vocabulary.text(token), alignment);
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
    fn strangers_and_namesakes_are_not_alarmed() {
        let index = sample();
        for read in [
            query("NAKAMURA", "KENJI", "1974-08-12"),
            query("ERIKSSON", "ANNA<MARIA", "1991-05-30"),
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
        let weak = sample().search(&query("FOX", "SILVER", "1974-08-12"), 1, 0.0);
        assert!(
            weak[0].reasons.contains(&explain::Reason::Alias { listed: "SILVER FOX".into(), weak: true })
        );
    }

    fn word() -> impl Strategy<Value = String> {
        "(KA|LO|MI|SER|DU|AL|BIN|RA|NO|VE|KHA|SH|OV){1,4}"
    }

    fn birth() -> impl Strategy<Value = String> {
        prop_oneof!["19[5-6][0-9]-0[1-3]-0[1-9]", "19[5-6][0-9]", Just(String::new())]
    }

    proptest! {
        /// Nothing that reaches the minimum is lost by looking only where it can be reached; answers are ranked.
        #[test]
        fn a_minimum_only_cuts_the_tail(
            list in proptest::collection::vec((word(), word(), birth()), 1..40),
            (surname, given, date) in (word(), word(), birth()),
            minimum in 0.0f32..1.0,
        ) {
            let alerts = list.iter().zip(0..).map(|((s, g, b), n)| alert(&n.to_string(), s, g, b));
            let index = PersonIndex::build(alerts);
            let read = query(&surname, &given, &date);
            let all = index.search(&read, 100, 0.0);
            for two in all.windows(2) {
                let tie = two[0].score == two[1].score && two[0].alert_id < two[1].alert_id;
                prop_assert!(two[0].score > two[1].score || tie);
            }
            prop_assert!(all.iter().all(|found| (0.0..=1.0).contains(&found.score) && !found.reasons.is_empty()));
            let cut: Vec<PersonMatch> = all.into_iter().filter(|found| found.score >= minimum).collect();
            prop_assert_eq!(index.search(&read, 100, minimum), cut);
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
