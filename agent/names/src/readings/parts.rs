//! A name in two parts.

/// A surname and a given name, or a whole name and nothing.
pub(super) type Parts = (String, String);
