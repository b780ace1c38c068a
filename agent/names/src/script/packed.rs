//! Tables packed into texts: on a small device a slice of pairs takes ten times their room.

/// The reading of `letter` in a packed table, `letters=reading` between spaces.
pub(super) fn packed(table: &'static str, letter: char) -> Option<&'static str> {
    let (_, rest) = table.split_at(table.find(letter)?);
    let reading = &rest[rest.find('=')? + 1..];
    Some(&reading[..reading.find(' ').unwrap_or(reading.len())])
}

/// The item of a packed list, items between spaces; `-` is an empty one.
pub(super) fn item(list: &'static str, at: usize) -> &'static str {
    match list.split(' ').nth(at) {
        Some("-") | None => "",
        Some(item) => item,
    }
}
