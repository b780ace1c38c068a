//! A document alert as people and programs handle it, and the lean form that streams through merges.

use serde::{Deserialize, Serialize};
use vedette_shim::document::{DocumentKey, Number, State};
use vedette_shim::list::details::{
    FIELD_BYTES_MAX, NATIONAL_REF_BYTES_MAX, REMARK_BYTES_MAX, read_loose, write_fields,
};
use vedette_shim::list::segment::range_key;
use vedette_shim::list::{Day, Details, ReadError, Status, Texts};

use super::{ListError, RangeError};

/// One change of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change<T, Id> {
    /// The alert is new, or replaces the one with its identity.
    Put(T),
    /// The alert with this identity is no longer listed.
    Withdraw(Id),
}

/// A change of a list of documents.
pub type DocumentChange = Change<DocumentAlert, DocumentId>;

/// What a document alert is of: one document, or a range of numbers (stolen blanks).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DocumentId {
    /// The document, or the first of the range.
    pub key: DocumentKey,
    /// The last number of the range.
    pub to: Option<Number>,
}

/// `{state}-{type}-{number}`, or `{state}-{type}-{from}:{to}`.
impl std::fmt::Display for DocumentId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.to {
            None => write!(f, "{}", self.key),
            Some(to) => write!(f, "{}:{to}", self.key),
        }
    }
}

/// Reads back what [`DocumentId`] is shown as.
impl std::str::FromStr for DocumentId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = text.splitn(3, '-');
        let (Some(state), Some(kind), Some(number)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(
                "an id is STATE-TYPE-NUMBER, as in UTO-P-L898902C3, a range STATE-TYPE-FIRST:LAST".into()
            );
        };
        let (first, last) =
            number.split_once(':').map_or((number, None), |(first, last)| (first, Some(last)));
        let key = DocumentKey::new(state, kind, first).map_err(|error| error.to_string())?;
        match last {
            None => Ok(DocumentId::document(key)),
            Some(last) => {
                let last = Number::new(last).map_err(|error| error.to_string())?;
                DocumentId::range(key, last).map_err(|error| error.to_string())
            }
        }
    }
}

impl DocumentId {
    /// One document.
    pub fn document(key: DocumentKey) -> Self {
        DocumentId { key, to: None }
    }

    /// All numbers from the key's to `to`, both included. They must have the same format.
    pub fn range(key: DocumentKey, to: Number) -> Result<Self, RangeError> {
        let from = *key.number();
        if !from.same_format(&to) {
            return Err(RangeError::Format { from, to });
        }
        if from > to {
            return Err(RangeError::Order { from, to });
        }
        Ok(DocumentId { key, to: Some(to) })
    }
}

/// What is known of a listed document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentPayload {
    /// Why it is listed.
    pub status: Status,
    /// When the document was issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issue_date: Option<Day>,
    /// When it expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiry_date: Option<Day>,
    /// When it was lost or stolen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub theft_date: Option<Day>,
    /// Where it was lost or stolen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub theft_state: Option<State>,
    /// When the alert is to be reviewed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review_date: Option<Day>,
    /// The issuer's own reference, at most 64 bytes; empty means none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub national_ref: String,
    /// A remark that names no person, at most 255 bytes; empty means none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub remark: String,
}

impl DocumentPayload {
    /// A payload with a status and nothing else.
    pub fn new(status: Status) -> Self {
        DocumentPayload {
            status,
            issue_date: None,
            expiry_date: None,
            theft_date: None,
            theft_state: None,
            review_date: None,
            national_ref: String::new(),
            remark: String::new(),
        }
    }

    pub(super) fn from_parts(details: &Details, national_ref: &str, remark: &str) -> Self {
        DocumentPayload {
            status: details.status,
            issue_date: details.issue_date,
            expiry_date: details.expiry_date,
            theft_date: details.theft_date,
            theft_state: details.theft_state,
            review_date: details.review_date,
            national_ref: national_ref.to_owned(),
            remark: remark.to_owned(),
        }
    }

    fn into_alert(self, id: &DocumentId) -> Result<Alert, ListError> {
        for (what, text, max) in [
            ("national_ref", &self.national_ref, NATIONAL_REF_BYTES_MAX),
            ("remark", &self.remark, REMARK_BYTES_MAX),
        ] {
            if text.len() > max {
                return Err(ListError::TooLong { id: id.to_string(), what, bytes: text.len(), max });
            }
        }
        let details = Details {
            status: self.status,
            issue_date: self.issue_date,
            expiry_date: self.expiry_date,
            theft_date: self.theft_date,
            review_date: self.review_date,
            theft_state: self.theft_state,
        };
        Ok(Alert::new(details, &self.national_ref, &self.remark))
    }
}

/// One alert of a list of documents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentAlert {
    /// The document, or the first of the range.
    pub key: DocumentKey,
    /// The last number of the range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Number>,
    /// What is known of it.
    #[serde(flatten)]
    pub payload: DocumentPayload,
}

impl DocumentAlert {
    /// The alert's identity.
    pub fn id(&self) -> DocumentId {
        DocumentId { key: self.key, to: self.to }
    }

    /// The identity as text: `{state}-{type}-{number}`, or `{state}-{type}-{from}:{to}`.
    pub fn alert_id(&self) -> String {
        self.id().to_string()
    }
}

/// The content of an alert, small while it has no texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Alert {
    pub(super) details: Details,
    /// National reference and remark; `None` when both are empty.
    pub(super) texts: Option<Box<[String; 2]>>,
}

impl Alert {
    pub(super) fn new(details: Details, national_ref: &str, remark: &str) -> Self {
        let some = !national_ref.is_empty() || !remark.is_empty();
        Alert { details, texts: some.then(|| Box::new([national_ref.to_owned(), remark.to_owned()])) }
    }

    pub(super) fn texts(&self) -> [&str; 2] {
        self.texts.as_ref().map_or(["", ""], |texts| [&texts[0], &texts[1]])
    }

    /// The bytes of a loose document or a range, in `out`.
    pub(super) fn write_loose(&self, out: &mut Vec<u8>) {
        let mut fields = [0; FIELD_BYTES_MAX];
        let len = write_fields(&self.details.numbers(), self.texts(), &mut fields);
        out.push(self.details.status as u8);
        out.extend_from_slice(&fields[..len]);
    }

    pub(super) fn read_loose(value: &[u8]) -> Result<Self, ReadError> {
        let mut texts = Texts::default();
        let details = read_loose(value, &mut texts)?;
        Ok(Alert::new(details, &texts.national_ref, &texts.remark))
    }

    fn payload(&self) -> DocumentPayload {
        let [national_ref, remark] = self.texts();
        DocumentPayload::from_parts(&self.details, national_ref, remark)
    }
}

/// A document of a segment; `None` is a withdrawal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Document {
    pub(super) key: DocumentKey,
    pub(super) alert: Option<Alert>,
}

/// A record of a segment: a range or a person; `None` is a withdrawal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// What it is sorted and found by.
    pub key: Vec<u8>,
    /// What the list says of it.
    pub value: Option<Vec<u8>>,
}

/// A change in the form of its part of a segment.
pub(super) enum Streamed {
    Document(Document),
    Range(Record),
}

impl Streamed {
    pub(super) fn new(change: DocumentChange) -> Result<Self, ListError> {
        let (id, alert) = match change {
            Change::Put(alert) => {
                let mut id = alert.id();
                if let Some(to) = id.to {
                    id = DocumentId::range(id.key, to)?;
                }
                (id, Some(alert.payload.into_alert(&id)?))
            }
            Change::Withdraw(id) => (id, None),
        };
        Ok(match id.to {
            None => Streamed::Document(Document { key: id.key, alert }),
            Some(to) => Streamed::Range(Record {
                key: range_key(&id.key, to.chars()).to_vec(),
                value: alert.map(|alert| {
                    let mut value = Vec::new();
                    alert.write_loose(&mut value);
                    value
                }),
            }),
        })
    }
}

impl Document {
    pub(super) fn into_change(self) -> DocumentChange {
        match self.alert {
            None => Change::Withdraw(DocumentId::document(self.key)),
            Some(alert) => Change::Put(DocumentAlert { key: self.key, to: None, payload: alert.payload() }),
        }
    }
}

/// A range's record as a change.
pub(super) fn range_change(record: &Record) -> Result<DocumentChange, ReadError> {
    let bad = ReadError::Malformed("range");
    let (key, to) = DocumentKey::from_sort_bytes(&record.key).ok_or(bad)?;
    let to = Number::from_chars(to).ok_or(bad)?;
    let id = DocumentId::range(key, to).map_err(|_| bad)?;
    Ok(match &record.value {
        None => Change::Withdraw(id),
        Some(value) => {
            Change::Put(DocumentAlert { key, to: Some(to), payload: Alert::read_loose(value)?.payload() })
        }
    })
}
