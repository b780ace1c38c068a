//! How fast a traveller's name is looked up, and in how much memory.
//!
//!     cargo bench -p vedette-names --bench names [-- PERSONS...]
//!
//! Lists of 10 k, 100 k and 1 M invented persons: names are built of syllables in six manners of speech, given and
//! family names are as unequally frequent as people's are (the k-th has a share of about 1/k), a third of the persons have
//! a second name, and dates lie between 1940 and 2005. Half of the queries are travellers who are not listed; the others are listed
//! persons, one in two misspelt. One thread; a query's time is its fastest of three passes over all queries. Beside it, in the
//! same run, what a loop of Jaro-Winkler (the crate rapidfuzz, one cached comparator a query, every full name of every person)
//! takes for the same queries. The last column is the p99 of 600 others: two or three of the commonest names of one manner of
//! speech, without a date, at the score from which a list calls a match possible. The seed is fixed.

use rapidfuzz::distance::jaro_winkler::BatchComparator;
use std::time::{Duration, Instant};
use vedette_names::{BirthDate, PersonAlert, PersonIndex, PersonName, PersonQuery};

const QUERIES: usize = 4000;
/// Passes over all queries; a query's time is its fastest, so that what else the machine does counts less.
const ROUNDS: usize = 3;
const SEED: u64 = 20_240_229;
/// Queries of common names, and how many of the commonest given and family names they are put together from.
const COMMON_QUERIES: usize = 600;
const COMMONEST: usize = 20;
/// The score from which a list calls a match possible, as its default is.
const POSSIBLE: f32 = 0.77;

fn main() {
    let sizes: Vec<usize> = std::env::args().skip(1).filter_map(|word| word.parse().ok()).collect();
    let sizes = if sizes.is_empty() { vec![10_000, 100_000, 1_000_000] } else { sizes };
    println!("seed {SEED}, {QUERIES} queries, one thread");
    println!(
        "{:>9} {:>8} {:>9} {:>9} {:>9} {:>9} {:>10} {:>9} {:>11} {:>8} {:>7} {:>13}",
        "persons",
        "build s",
        "index MB",
        "grown MB",
        "B/person",
        "p50 us",
        "p99 us",
        "max us",
        "queries/s",
        "JW ms",
        "x",
        "common p99 us"
    );
    for persons in sizes {
        measure(persons);
    }
}

fn measure(persons: usize) {
    let mut random = Random(SEED);
    let tongues: Vec<Tongue> = (0..6).map(|number| Tongue::new(number, &mut random)).collect();
    let seed = random.0;
    let before = resident_mb();
    let started = Instant::now();
    let mut list = Random(seed);
    let index = PersonIndex::build((0..persons).map(|number| person(number, &tongues, &mut list)));
    let build = started.elapsed();
    let grown = resident_mb() - before;

    // The same persons again, now for queries and for the loop.
    let mut list = Random(seed);
    let alerts: Vec<PersonAlert> = (0..persons).map(|number| person(number, &tongues, &mut list)).collect();
    let queries: Vec<PersonQuery> = (0..QUERIES)
        .map(|number| {
            if number % 2 == 0 {
                query(&person(number, &tongues, &mut list))
            } else {
                let mut query = query(&alerts[list.below(alerts.len())]);
                if number % 4 == 1 {
                    misspell(&mut query.surname, &mut list);
                }
                query
            }
        })
        .collect();
    let (times, found) = times(&index, &queries, 0.5);
    assert!(found > QUERIES / 3, "the listed half must be found: {found}");
    let total: Duration = times.iter().sum();
    let common: Vec<PersonQuery> =
        (0..COMMON_QUERIES).map(|number| common(&tongues[number % tongues.len()], &mut list)).collect();
    let (common, _) = self::times(&index, &common, POSSIBLE);

    let names: Vec<String> = alerts.iter().flat_map(|alert| alert.names.iter().map(full_name)).collect();
    let loops = (2_000_000 / persons).clamp(3, 100);
    let mut brute = Duration::ZERO;
    for query in queries.iter().take(loops) {
        let comparator = BatchComparator::new(format!("{} {}", query.given, query.surname).chars());
        let pass = || {
            let started = Instant::now();
            let best = names.iter().map(|name| comparator.similarity(name.chars())).fold(0.0, f64::max);
            std::hint::black_box(best);
            started.elapsed()
        };
        brute += (0..ROUNDS).map(|_| pass()).min().unwrap_or_default() / loops as u32;
    }
    let mean = total / queries.len() as u32;
    let index_mb = index.memory_bytes() as f64 / 1e6;
    println!(
        "{persons:>9} {:>8.2} {index_mb:>9.1} {grown:>9.1} {:>9.0} {:>9.0} {:>10.0} {:>9.0} {:>11.0} {:>8.2} {:>7.0} {:>13.0}",
        build.as_secs_f64(),
        index_mb * 1e6 / persons as f64,
        micros(times[times.len() / 2]),
        micros(times[times.len() * 99 / 100]),
        micros(times[times.len() - 1]),
        1.0 / mean.as_secs_f64(),
        brute.as_secs_f64() * 1e3,
        brute.as_secs_f64() / mean.as_secs_f64(),
        micros(common[common.len() * 99 / 100]),
    );
}

/// How long each query takes, ascending, and how many persons one pass found.
fn times(index: &PersonIndex, queries: &[PersonQuery], minimum: f32) -> (Vec<Duration>, usize) {
    let mut times = vec![Duration::MAX; queries.len()];
    let mut found = 0;
    for _ in 0..ROUNDS {
        found = 0;
        for (query, time) in queries.iter().zip(&mut times) {
            let started = Instant::now();
            found += std::hint::black_box(index.search(query, 10, minimum)).len();
            *time = started.elapsed().min(*time);
        }
    }
    times.sort();
    (times, found)
}

/// A traveller of two or three of the commonest names, of whom no birth date is known.
fn common(tongue: &Tongue, random: &mut Random) -> PersonQuery {
    let mut given = tongue.given[random.below(COMMONEST)].clone();
    if random.below(2) == 0 {
        given = format!("{given}<{}", tongue.given[random.below(COMMONEST)]);
    }
    let surname = tongue.family[random.below(COMMONEST)].clone();
    PersonQuery { surname, given, nationality: tongue.state.clone(), ..PersonQuery::default() }
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// Resident memory of this process; 0 where /proc does not say.
fn resident_mb() -> f64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: f64 = text.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0.0);
    pages * 4096.0 / 1e6
}

/// SplitMix64: the same numbers on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }
    /// A rank below `end`, rank k with a share of about 1/k.
    fn rank(&mut self, end: usize) -> usize {
        let share = (self.next() >> 11) as f64 / (1u64 << 53) as f64;
        ((end as f64).powf(share) as usize).min(end) - 1
    }
}

/// A manner of speech: its given and family names.
struct Tongue {
    state: String,
    given: Vec<String>,
    family: Vec<String>,
}

const SYLLABLES: [&str; 6] = [
    "MA HA SA RI LA NA DA BA KA FA HU SU MU NU ZA IR AN AR IM ID SHA KHA JA WA YA GHA",
    "VO RO MI SLA NI KO LE VA SE GO RA DI BO TO PE ZHE IL OV EN IK CHA YU STA VLA DMI GRI",
    "LO RE NA GAR CI MAR TI NE ZA PE RA DRO JO CAR LES SAN CHE QUI VE RO MON TA BE LI A DA",
    "LI WE XI ZHA NG HO CHE YA SU PA KI MO RI TA NA KU DA SHI GU BO TE YO WA HE LU FE",
    "BER GER MAN STEIN HOF LIN DE NER WAL SCH TZ KEL BRU FRI HEL MUT KLA US PET ER SON TH OR GUN NAR EK",
    "O KA NU BE CHI DI MA KWE ESE TO LA MBA NGO SI FU LE AD EY EMI IWU OBI TU ZI NDA GA YE",
];

impl Tongue {
    fn new(number: usize, random: &mut Random) -> Tongue {
        let syllables: Vec<&str> = SYLLABLES[number].split(' ').collect();
        let mut word = |least: usize, most: usize| {
            let count = least + random.below(most - least + 1);
            (0..count).map(|_| syllables[random.below(syllables.len())]).collect::<String>()
        };
        let given = (0..2500).map(|_| word(2, 3)).collect();
        let family = (0..60_000).map(|_| word(2, 4)).collect();
        Tongue { state: ["UTO", "UTA", "UTB", "UTC", "UTD", "UTE"][number].to_owned(), given, family }
    }

    fn name(&self, random: &mut Random) -> PersonName {
        let mut given = self.given[random.rank(self.given.len())].clone();
        if random.below(3) > 0 {
            given = format!("{given} {}", self.given[random.rank(self.given.len())]);
        }
        let mut surname = self.family[random.rank(self.family.len())].clone();
        if random.below(4) == 0 {
            surname = format!("{surname} {}", self.family[random.rank(self.family.len())]);
        }
        PersonName { surname, given, ..PersonName::default() }
    }
}

fn person(number: usize, tongues: &[Tongue], random: &mut Random) -> PersonAlert {
    let tongue = &tongues[random.below(tongues.len())];
    let mut names = vec![tongue.name(random)];
    if random.below(3) == 0 {
        names.push(tongue.name(random));
    }
    let year = 1940 + random.below(66) as u16;
    let date = match random.below(10) {
        0 => None,
        1 | 2 => Some(BirthDate::of_year(year)),
        _ => Some(BirthDate::new(year, 1 + random.below(12) as u8, 1 + random.below(28) as u8)),
    };
    PersonAlert {
        id: format!("p-{number}"),
        names,
        birth_dates: date.into_iter().collect(),
        nationalities: vec![tongue.state.clone()],
        ..PersonAlert::default()
    }
}

fn query(alert: &PersonAlert) -> PersonQuery {
    let name = &alert.names[0];
    let date = alert.birth_dates.first().copied().unwrap_or(BirthDate::new(1970, 1, 1));
    PersonQuery {
        surname: name.surname.replace(' ', "<"),
        given: name.given.replace(' ', "<"),
        birth_date: Some(BirthDate { month: date.month.or(Some(6)), day: date.day.or(Some(15)), ..date }),
        nationality: alert.nationalities[0].clone(),
        ..PersonQuery::default()
    }
}

fn misspell(word: &mut String, random: &mut Random) {
    let at = random.below(word.len());
    let letter = char::from(b'A' + random.below(26) as u8);
    word.replace_range(at..=at, letter.encode_utf8(&mut [0; 4]));
}

fn full_name(name: &PersonName) -> String {
    format!("{} {}", name.given, name.surname)
}
