//! The search of a persons list: gather who shares most with the query, weigh each, rank, explain.

use super::align::{self, Alignment, Prepared};
use super::birth::birth;
use super::explain;
use super::index::{PersonIndex, nation, span};
use super::query::prepare;
use super::score;
use super::weights::{FACTS, Fact, Facts, WEIGHTS};
use super::{PersonMatch, PersonQuery};

/// Persons of a list up to which chance meetings are as rare as the weights assume.
const USUAL_PERSONS: f32 = 10_000.0;

impl PersonIndex {
    /// The persons that `query` may be, best first, at most `limit`, none below `minimum` (0 to 1).
    pub fn search(&self, query: &PersonQuery, limit: usize, minimum: f32) -> Vec<PersonMatch> {
        let prepared = prepare(query, &self.vocabulary);
        let mut found: Vec<(f32, u32, usize)> = Vec::new();
        let mut alignment = Alignment::default();
        for person in self.gather(&prepared, query.birth_date, score::sum_of(minimum)) {
            let (facts, name) = self.facts(&prepared, query, person, &mut alignment);
            let score = score::score(score::sum(&facts, &WEIGHTS));
            if score >= minimum {
                found.push((score, person, name));
            }
        }
        found.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| self.id(a.1).cmp(self.id(b.1))));
        found.truncate(limit);
        found
            .into_iter()
            .map(|(score, person, name)| {
                let tokens = self.name(name);
                align::align(&prepared, tokens, |token| self.vocabulary.text(token), &mut alignment);
                let listed = explain::Listed {
                    tokens,
                    births: self.births_of(person),
                    nation: self.nation_fact(query, person),
                    sex: self.sexes[person as usize],
                    kind: self.name_kinds[name],
                };
                let reasons = explain::reasons(query, &prepared, &listed, &alignment, &self.vocabulary);
                PersonMatch { alert_id: self.id(person).to_owned(), score, reasons }
            })
            .collect()
    }

    fn nation_fact(&self, query: &PersonQuery, person: u32) -> Option<Fact> {
        let listed = &self.nations[span(&self.nation_ends, person as usize)];
        let read = nation(&query.nationality)?;
        if listed.is_empty() {
            None
        } else if listed.contains(&read) {
            Some(Fact::NationEqual)
        } else {
            Some(Fact::NationOther)
        }
    }

    pub(super) fn list_size(&self) -> f32 {
        (self.len() as f32 / USUAL_PERSONS).ln().max(0.0)
    }

    /// The facts of the name that speaks best for the person, and its number.
    fn facts(
        &self,
        prepared: &Prepared,
        query: &PersonQuery,
        person: u32,
        alignment: &mut Alignment,
    ) -> (Facts, usize) {
        let mut best: Option<(f32, Facts, usize)> = None;
        for name in self.names_of(person) {
            let tokens = self.name(name);
            align::align(prepared, tokens, |token| self.vocabulary.text(token), alignment);
            let weight = |token| self.vocabulary.weight(self.vocabulary.bearers(token) as f32);
            let facts = score::name_facts(prepared, tokens, weight, self.name_kinds[name], alignment);
            let sum = score::sum(&facts, &WEIGHTS);
            if best.as_ref().is_none_or(|(known, _, _)| sum > *known) {
                best = Some((sum, facts, name));
            }
        }
        let (_, mut facts, name) = best.unwrap_or((0.0, [0.0; FACTS], 0));
        let birth = birth(query.birth_date, self.births_of(person).iter().copied());
        facts[birth.fact() as usize] = 1.0;
        facts[Fact::ListSize as usize] = self.list_size();
        let sex = score::sex(query.sex, self.sexes[person as usize]);
        for fact in self.nation_fact(query, person).into_iter().chain(sex) {
            facts[fact as usize] = 1.0;
        }
        (facts, name)
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
