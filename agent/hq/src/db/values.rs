//! How values of ours stand in columns: names, codes and times.

use super::error::DbError;
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error, StrDeserializer};
use std::str::FromStr;

/// Reads back a name or number that this program wrote as text.
pub(super) fn parse<T: FromStr>(text: &str) -> Result<T, DbError> {
    text.parse().map_err(|_| DbError::Damaged(format!("{text:?} is not what its column holds")))
}

/// Reads back a code that was written as its word in JSON.
pub(super) fn code<T: for<'a> Deserialize<'a>>(word: &str) -> Result<T, DbError> {
    let word_deserializer: StrDeserializer<'_, Error> = word.into_deserializer();
    T::deserialize(word_deserializer)
        .map_err(|_| DbError::Damaged(format!("{word:?} is not a code of its column")))
}

/// A number as its column has it. SQLite has no unsigned numbers: what is beyond 2^63 - 1, such as the time of a device
/// whose clock is wrong, is stored as that.
pub(super) fn stored(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A text read from a column, within the bound of its field.
pub(super) fn bounded<const N: usize>(text: &str) -> Result<heapless::String<N>, DbError> {
    text.try_into().map_err(|_| DbError::Damaged(format!("{text:?} is longer than its field")))
}
