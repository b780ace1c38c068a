//! The first pass of building a segment: which formats become classes, and how details are packed.
//!
//! The rules are part of the format: every builder must decide alike, or merges would differ.
//! - A format (state, type, length, pattern) with at least [`CLASS_ENTRIES_MIN`] entries becomes a class, if its
//!   universe fits 56 bits and there are fewer than 65,535 classes before it. Fewer entries would not pay for the row.
//! - A position's alphabet is all digits or all letters, unless the characters seen save more than their mask costs:
//!   `entries * (log2 of all - log2 of seen) > 8 * cost` bits, with logarithms in 1/256 bit by [`LOG2`] and a cost
//!   of 3 bytes for one character, 4 for digits, 6 for letters. Where that universe does not fit, those seen.
//! - A field is packed if at least a quarter of the classes' alerts have it; the status always is. Its smallest
//!   number and the width of the largest are over those alerts.

use vedette_shim::list::class::{CLASSES_MAX, Class, DIGITS, LETTERS, bit};
use vedette_shim::list::details::FIELDS;
use vedette_shim::list::root::{Field, Schema};
use vedette_shim::list::{Kind, bits};

use super::ListError;
use super::documents::{Document, Record};
use super::stream::Source;

/// Fewest entries of a class.
pub(super) const CLASS_ENTRIES_MIN: u64 = 16;

/// 256 * log2(n), rounded, for n = 1 to 26.
const LOG2: [u64; 26] = [
    0, 256, 406, 512, 594, 662, 719, 768, 812, 850, 886, 918, 947, 975, 1000, 1024, 1046, 1068, 1087, 1106,
    1124, 1142, 1158, 1174, 1189, 1203,
];

/// What the first pass found out.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Plan {
    pub(super) kind: Kind,
    pub(super) alerts: u64,
    pub(super) withdrawals: u64,
    pub(super) schema: Schema,
    /// By format.
    pub(super) classes: Vec<(u64, Class)>,
}

/// Reads all changes once.
pub(super) fn survey(kind: Kind, source: &impl Source) -> Result<Plan, ListError> {
    let mut plan = Plan { kind, alerts: 0, withdrawals: 0, schema: Schema::default(), classes: Vec::new() };
    let mut fields = Fields::default();
    let mut format: Option<FormatSurvey> = None;
    for document in source.documents()? {
        let document = document?;
        count(&mut plan, document.alert.is_some());
        if format.as_ref().is_none_or(|format| format.format != document.key.format())
            && let Some(done) = format.replace(FormatSurvey::new(&document))
        {
            done.finish(&mut plan, &mut fields);
        }
        if let Some(format) = &mut format {
            format.add(&document);
        }
    }
    if let Some(done) = format {
        done.finish(&mut plan, &mut fields);
    }
    for record in source.records()? {
        count(&mut plan, record?.value.is_some());
    }
    plan.schema = fields.schema();
    Ok(plan)
}

fn count(plan: &mut Plan, alert: bool) {
    if alert {
        plan.alerts += 1;
    } else {
        plan.withdrawals += 1;
    }
}

/// Most formats of which a survey is kept: 16 MB.
const FORMATS_KEPT_MAX: usize = 1 << 16;

/// What is known of some changes, to be added to that of others; of no format more than once.
#[derive(Default)]
pub(super) struct Survey {
    alerts: u64,
    withdrawals: u64,
    /// In the order of the formats.
    formats: Vec<FormatSurvey>,
}

impl Survey {
    /// With one more document, the next in order; `None` if there are too many formats.
    pub(super) fn with(mut self, document: &Document) -> Option<Survey> {
        self.count(document.alert.is_some());
        if self.formats.last().is_none_or(|last| last.format != document.key.format()) {
            if self.formats.len() == FORMATS_KEPT_MAX {
                return None;
            }
            self.formats.push(FormatSurvey::new(document));
        }
        self.formats.last_mut()?.add(document);
        Some(self)
    }

    pub(super) fn with_record(mut self, record: &Record) -> Survey {
        self.count(record.value.is_some());
        self
    }

    fn count(&mut self, is_alert: bool) {
        match is_alert {
            true => self.alerts += 1,
            false => self.withdrawals += 1,
        }
    }

    /// Both together; they have no change in common.
    pub(super) fn and(mut self, other: &Survey) -> Option<Survey> {
        (self.alerts, self.withdrawals) = (self.alerts + other.alerts, self.withdrawals + other.withdrawals);
        for format in &other.formats {
            match self.formats.binary_search_by_key(&format.format, |known| known.format) {
                Ok(at) => self.formats[at].join(format),
                Err(_) if self.formats.len() == FORMATS_KEPT_MAX => return None,
                Err(at) => self.formats.insert(at, format.clone()),
            }
        }
        Some(self)
    }

    /// What [`survey`] makes of the same changes.
    pub(super) fn plan(self, kind: Kind) -> Plan {
        let (schema, classes) = (Schema::default(), Vec::new());
        let mut plan = Plan { kind, alerts: self.alerts, withdrawals: self.withdrawals, schema, classes };
        let mut fields = Fields::default();
        self.formats.into_iter().for_each(|format| format.finish(&mut plan, &mut fields));
        plan.schema = fields.schema();
        plan
    }
}

/// The documents of one format.
#[derive(Clone)]
struct FormatSurvey {
    format: u64,
    entries: u64,
    masks: Vec<u64>,
    fields: Fields,
}

impl FormatSurvey {
    fn new(first: &Document) -> Self {
        let masks = vec![0; first.key.number().chars().len()];
        FormatSurvey { format: first.key.format(), entries: 0, masks, fields: Fields::default() }
    }

    fn add(&mut self, document: &Document) {
        self.entries += 1;
        for (mask, &c) in self.masks.iter_mut().zip(document.key.number().chars()) {
            *mask |= bit(c);
        }
        match &document.alert {
            None => self.fields.withdrawals = true,
            Some(alert) => {
                self.fields.alerts += 1;
                self.fields.texts |= alert.texts.is_some();
                for (seen, number) in self.fields.seen.iter_mut().zip(alert.details.numbers()) {
                    if let Some(number) = number {
                        seen.add(&Seen { count: 1, min: number, max: number });
                    }
                }
            }
        }
    }

    fn join(&mut self, other: &FormatSurvey) {
        self.entries += other.entries;
        self.masks.iter_mut().zip(&other.masks).for_each(|(mask, other)| *mask |= other);
        self.fields.add(&other.fields);
    }

    fn finish(self, plan: &mut Plan, fields: &mut Fields) {
        if self.entries < CLASS_ENTRIES_MIN || plan.classes.len() >= CLASSES_MAX {
            return;
        }
        let widened: Vec<u64> = self.masks.iter().map(|&mask| self.alphabet(mask)).collect();
        if let Some(class) = Class::new(&widened).or_else(|| Class::new(&self.masks)) {
            plan.classes.push((self.format, class));
            fields.add(&self.fields);
        }
    }

    fn alphabet(&self, seen: u64) -> u64 {
        let (all, cost) = if seen & DIGITS != 0 { (DIGITS, 4) } else { (LETTERS, 6) };
        let cost = if seen.count_ones() == 1 { 3 } else { cost };
        let log2 = |mask: u64| LOG2[mask.count_ones() as usize - 1];
        let saved = self.entries.saturating_mul(log2(all) - log2(seen));
        if saved > 256 * 8 * cost { seen } else { all }
    }
}

/// What was seen of one field.
#[derive(Debug, Clone, Copy)]
struct Seen {
    count: u64,
    min: u32,
    max: u32,
}

impl Seen {
    fn add(&mut self, other: &Seen) {
        self.count += other.count;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }
}

/// What was seen of all fields.
#[derive(Clone)]
struct Fields {
    alerts: u64,
    withdrawals: bool,
    texts: bool,
    seen: [Seen; FIELDS],
}

impl Default for Fields {
    fn default() -> Self {
        let nothing = Seen { count: 0, min: u32::MAX, max: 0 };
        Fields { alerts: 0, withdrawals: false, texts: false, seen: [nothing; FIELDS] }
    }
}

impl Fields {
    fn add(&mut self, other: &Fields) {
        self.alerts += other.alerts;
        self.withdrawals |= other.withdrawals;
        self.texts |= other.texts;
        for (seen, other) in self.seen.iter_mut().zip(&other.seen) {
            seen.add(other);
        }
    }

    fn schema(&self) -> Schema {
        let mut schema = Schema { withdrawals: self.withdrawals, extras: self.texts, ..Schema::default() };
        for (field, seen) in schema.fields.iter_mut().zip(&self.seen) {
            if seen.count == 0 {
                continue;
            }
            if seen.count.saturating_mul(4) < self.alerts {
                schema.extras = true;
                continue;
            }
            let optional = seen.count < self.alerts;
            let largest = u64::from(seen.max - seen.min) + u64::from(optional);
            *field = Field { packed: true, optional, bits: bits::width(largest) as u8, min: seen.min };
        }
        schema
    }
}

#[cfg(test)]
mod tests {
    use super::LOG2;

    #[test]
    fn the_table_is_the_logarithm() {
        for (i, &entry) in LOG2.iter().enumerate() {
            assert_eq!(entry, (256.0 * ((i + 1) as f64).log2()).round() as u64);
        }
    }
}
