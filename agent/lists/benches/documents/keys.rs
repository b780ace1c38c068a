//! The documents of the benchmark: the same in every run and for every engine, in order, of any number, in no memory.
//!
//! The 200 states that issue passports, with shares by Zipf's law (1, 1/2, 1/3 ...), each with a passport in two formats
//! and an identity card, of a dozen national formats. One key in twenty lies in a run of 20 serial numbers; the others are spread evenly over
//! their format. The seed is fixed.

use vedette_lists::{Change, Day, DocumentAlert, DocumentChange, DocumentId, DocumentPayload, Status};
use vedette_shim::document::{DocumentKey, Number, State};

const STATES: u32 = 200;
/// The members of the United Nations, and others whose passports carry a code of their own, in order.
const CODES: &str = "\
    AFG AGO ALB AND ARE ARG ARM ATG AUS AUT AZE BDI BEL BEN BFA BGD BGR BHR BHS BIH BLR BLZ BOL BRA BRB BRN BTN BWA CAF \
    CAN CHE CHL CHN CIV CMR COD COG COL COM CPV CRI CUB CYP CZE DEU DJI DMA DNK DOM DZA ECU EGY ERI ESP EST ETH FIN FJI \
    FRA FSM GAB GBR GEO GHA GIN GMB GNB GNQ GRC GRD GTM GUY HKG HND HRV HTI HUN IDN IND IRL IRN IRQ ISL ISR ITA JAM JOR \
    JPN KAZ KEN KGZ KHM KIR KNA KOR KWT LAO LBN LBR LBY LCA LIE LKA LSO LTU LUX LVA MAC MAR MCO MDA MDG MDV MEX MHL MKD \
    MLI MLT MMR MNE MNG MOZ MRT MUS MWI MYS NAM NER NGA NIC NLD NOR NPL NRU NZL OMN PAK PAN PER PHL PLW PNG POL PRK PRT \
    PRY PSE QAT RKS ROU RUS RWA SAU SDN SEN SGP SLB SLE SLV SMR SOM SRB SSD STP SUR SVK SVN SWE SWZ SYC SYR TCD TGO THA \
    TJK TKM TLS TON TTO TUN TUR TUV TWN TZA UGA UKR UNO URY USA UZB VAT VCT VEN VNM VUT WSM YEM ZAF ZMB ZWE";
/// A letter for a letter, a digit for a digit.
const FORMATS: [&str; 12] = [
    "999999999",
    "A99999999",
    "AA9999999",
    "AA999999",
    "99999999",
    "A9999999",
    "AAA999999",
    "99AA99999",
    "A999999",
    "9999999999",
    "AA99999999",
    "99A999999",
];
const RUN: u32 = 20;
/// Single keys for each run, so that one key in twenty lies in a run.
const SINGLES_A_RUN: f64 = 19.0 * RUN as f64;
/// Dates of theft lie in 15 years, dates of expiry in 10.
const THEFT_DAYS: u64 = 5479;
const EXPIRY_DAYS: u64 = 3653;
const FIRST_DAY: u32 = 40_000;

/// Small, fast, good enough random numbers: splitmix64.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Random(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(bound)) >> 64) as u64
    }

    fn unit(&mut self) -> f64 {
        ((self.next() >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }
}

/// A listed document.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) key: DocumentKey,
    pub(crate) value: u64,
}

impl Listed {
    /// The key of the peers: state, type and number as text. Sorts as the documents come.
    pub(crate) fn text(&self) -> Vec<u8> {
        text(&self.key)
    }

    /// The change that lists it.
    pub(crate) fn change(&self) -> DocumentChange {
        let mut payload = DocumentPayload::new(Status::ALL[(self.value & 3) as usize]);
        payload.theft_date = Day::from_number(FIRST_DAY + ((self.value >> 2) & 0xffff) as u32);
        payload.expiry_date = Day::from_number(FIRST_DAY + (self.value >> 18) as u32);
        Change::Put(DocumentAlert { key: self.key, to: None, payload })
    }
}

/// The peers' key.
pub(crate) fn text(key: &DocumentKey) -> Vec<u8> {
    let mut text = Vec::with_capacity(16);
    text.extend_from_slice(key.state().letters().as_bytes());
    text.push(key.kind() as u8);
    text.extend_from_slice(key.number().chars());
    text
}

/// The change that withdraws a document.
pub(crate) fn withdrawal(key: DocumentKey) -> DocumentChange {
    Change::Withdraw(DocumentId::document(key))
}

/// A random payload: status of 4, date of theft, date of expiry.
pub(crate) fn value(random: &mut Random) -> u64 {
    random.below(4) | random.below(THEFT_DAYS) << 2 | random.below(EXPIRY_DAYS) << 18
}

/// Serial numbers of one state, type and format.
#[derive(Clone)]
pub(crate) struct Series {
    first: DocumentKey,
    format: &'static [u8],
    universe: u64,
    /// About how many are listed.
    listed: f64,
}

impl Series {
    fn key(&self, mut rank: u64) -> DocumentKey {
        let mut chars = [0; 10];
        for (c, &kind) in chars[..self.format.len()].iter_mut().zip(self.format).rev() {
            let (base, radix) = if kind == b'A' { (b'A', 26) } else { (b'0', 10) };
            *c = base + (rank % radix) as u8;
            rank /= radix;
        }
        let number = Number::from_chars(&chars[..self.format.len()]).expect("letters and digits");
        self.first.with_number(number)
    }
}

/// All series of a list of about `n` documents, in order; those of one state and type together.
fn series(n: u64) -> Vec<Vec<Series>> {
    let harmonic: f64 = (1..=STATES).map(|rank| 1.0 / f64::from(rank)).sum();
    let mut groups = Vec::new();
    for (state, code) in (0..STATES).zip(CODES.split(' ')) {
        // Shares are dealt over the alphabet, so that large and small states alternate in the order of keys.
        let rank = state * 77 % STATES;
        let documents = n as f64 / harmonic / f64::from(rank + 1);
        let make = |kind: u8, format: u32, share: f64| {
            let format = FORMATS[(format % 12) as usize].as_bytes();
            let number = Number::from_chars(format).expect("a format is a number");
            let state = State::new(code).expect("three letters");
            Series {
                first: DocumentKey::from_parts(state, kind, number).expect("I or P"),
                format,
                universe: format.iter().map(|&kind| if kind == b'A' { 26 } else { 10 }).product(),
                listed: documents * share,
            }
        };
        groups.push(vec![make(b'I', rank * 7 + 1, 0.15)]);
        groups.push(vec![make(b'P', rank, 0.7), make(b'P', rank + 5, 0.15)]);
    }
    groups.sort_by_key(|group| (group[0].first.state(), group[0].first.kind()));
    groups
}

/// Documents of the list's formats in the list's shares, most of them unlisted.
pub(crate) fn travellers(n: u64, count: u64, random: &mut Random) -> impl Iterator<Item = DocumentKey> {
    let share = count as f64 / n as f64;
    series(n).into_iter().flatten().flat_map(move |series| {
        let count = (series.listed * share).round() as u64;
        (0..count).map(|_| series.key(random.below(series.universe))).collect::<Vec<_>>()
    })
}

/// The listed documents in order.
pub(crate) fn listed(n: u64) -> impl Iterator<Item = Listed> {
    let mut seed = 0x5eed;
    series(n).into_iter().flat_map(move |group| {
        let mut streams: Vec<_> = group
            .into_iter()
            .map(|series| {
                seed += 1;
                Stream::new(series, seed).peekable()
            })
            .collect();
        std::iter::from_fn(move || {
            let heads =
                streams.iter_mut().map(|stream| stream.peek().map(|listed| padded(listed.key.number())));
            let (_, at) = heads.zip(0..).filter_map(|(head, at)| Some((head?, at))).min()?;
            streams[at].next()
        })
    })
}

/// A number's characters as the peers sort them.
fn padded(number: &Number) -> [u8; 10] {
    let mut padded = [0; 10];
    padded[..number.chars().len()].copy_from_slice(number.chars());
    padded
}

struct Stream {
    series: Series,
    random: Random,
    rank: f64,
    last: u64,
    run_left: u32,
}

impl Stream {
    fn new(series: Series, seed: u64) -> Self {
        Stream { series, random: Random::new(seed << 32), rank: 0.0, last: 0, run_left: 0 }
    }
}

impl Iterator for Stream {
    type Item = Listed;

    fn next(&mut self) -> Option<Listed> {
        if self.run_left > 0 {
            self.run_left -= 1;
            self.last += 1;
        } else {
            let events = self.series.listed * (SINGLES_A_RUN + 1.0) / (SINGLES_A_RUN + f64::from(RUN));
            self.rank -= self.random.unit().ln() * self.series.universe as f64 / events;
            // After a run the next one must still come later.
            self.last = (self.rank as u64).max(self.last + 1);
            self.rank = self.rank.max(self.last as f64);
            if self.random.unit() * (SINGLES_A_RUN + 1.0) < 1.0 {
                self.run_left = RUN - 1;
            }
        }
        if self.last >= self.series.universe {
            return None;
        }
        Some(Listed { key: self.series.key(self.last), value: value(&mut self.random) })
    }
}

/// What is asked: listed documents and others, each once, in random order.
pub(crate) struct Queries {
    pub(crate) hits: Vec<Listed>,
    pub(crate) misses: Vec<DocumentKey>,
    /// About every so many-th document is a hit.
    every: u64,
    left: u64,
    /// Random keys in order, and how many have been passed.
    candidates: Vec<(Vec<u8>, DocumentKey)>,
    passed: usize,
    random: Random,
}

impl Queries {
    /// About `count` of each; give every listed document in order to [`Queries::see`].
    pub(crate) fn new(n: u64, count: u64) -> Self {
        let mut random = Random::new(0xa5);
        let mut candidates = Vec::new();
        for series in series(n).iter().flatten() {
            for _ in 0..(series.listed / n as f64 * count as f64).ceil() as u64 {
                let key = series.key(random.below(series.universe));
                candidates.push((text(&key), key));
            }
        }
        candidates.sort();
        candidates.dedup();
        let every = (n / count).max(1);
        Queries { hits: Vec::new(), misses: Vec::new(), every, left: 0, candidates, passed: 0, random }
    }

    /// Takes the next listed document.
    pub(crate) fn see(&mut self, listed: &Listed) {
        if self.left == 0 {
            self.hits.push(*listed);
            self.left = 1 + self.random.below(2 * self.every - 1);
        }
        self.left -= 1;
        let text = listed.text();
        while let Some((candidate, key)) = self.candidates.get(self.passed).filter(|(key, _)| *key <= text) {
            if *candidate < text {
                self.misses.push(*key);
            }
            self.passed += 1;
        }
    }

    /// After the last document.
    pub(crate) fn finish(&mut self) {
        self.misses.extend(self.candidates.drain(..).skip(self.passed).map(|(_, key)| key));
        shuffle(&mut self.hits, &mut self.random);
        shuffle(&mut self.misses, &mut self.random);
    }
}

fn shuffle<T>(items: &mut [T], random: &mut Random) {
    for i in (1..items.len()).rev() {
        items.swap(i, random.below(i as u64 + 1) as usize);
    }
}

/// log2 of the number of ways to choose the listed documents: no exact code is shorter. By Stirling, series by series.
pub(crate) fn information_bits(n: u64) -> f64 {
    let ln_factorial =
        |x: f64| if x < 1.0 { 0.0 } else { x * x.ln() - x + (2.0 * std::f64::consts::PI * x).ln() / 2.0 };
    let bits = |series: &Series| {
        let (u, k) = (series.universe as f64, series.listed.round());
        (ln_factorial(u) - ln_factorial(k) - ln_factorial(u - k)) / std::f64::consts::LN_2
    };
    series(n).iter().flatten().map(bits).sum()
}
