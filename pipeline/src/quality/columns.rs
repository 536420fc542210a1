//! What changed in the columns of a file since its last delivery.

use crate::ingest::FileRecord;
use crate::ingest::reason;

/// A change of a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderChange {
    /// [`reason::COLUMN_VANISHED`], [`reason::COLUMN_APPEARED`] or [`reason::COLUMNS_REORDERED`].
    pub finding: &'static str,
    /// The column; the first that stands elsewhere, of those that were reordered.
    pub column: String,
}

/// What differs between two headers, by name. A column that was renamed has vanished and appeared.
///
/// ```
/// use arrears::quality::header_changes;
/// let header = |names: &str| names.split(' ').map(str::to_owned).collect::<Vec<_>>();
/// let words = |before: &str, now: &str| -> Vec<String> {
///     header_changes(&header(before), &header(now)).into_iter().map(|change| format!("{} {}", change.finding, change.column)).collect()
/// };
/// assert_eq!(words("a b c", "a c"), ["column_vanished b"]);
/// assert_eq!(words("a b c", "a x c"), ["column_vanished b", "column_appeared x"]);
/// assert_eq!(words("a b c", "a c b d"), ["column_appeared d", "columns_reordered c"]);
/// assert_eq!(words("a b", "a b"), Vec::<String>::new());
/// ```
pub fn header_changes(before: &[String], now: &[String]) -> Vec<HeaderChange> {
    let change = |finding, column: &String| HeaderChange { finding, column: column.clone() };
    let missing = before.iter().filter(|name| !now.contains(name)).map(|name| change(reason::COLUMN_VANISHED, name));
    let new = now.iter().filter(|name| !before.contains(name)).map(|name| change(reason::COLUMN_APPEARED, name));
    let kept_before = before.iter().filter(|name| now.contains(name));
    let kept_now = now.iter().filter(|name| before.contains(name));
    let moved = kept_before.zip(kept_now).find(|(then, now)| then != now).map(|(_, now)| change(reason::COLUMNS_REORDERED, now));
    missing.chain(new).chain(moved).collect()
}

/// The delivery before a file, of the same source and of the same tables, of which the header is known.
pub fn delivery_before<'a>(files: impl Iterator<Item = &'a FileRecord>, record: &FileRecord) -> Option<&'a FileRecord> {
    let same = |file: &&FileRecord| {
        let is_known = file.number < record.number && !file.header.is_empty();
        is_known && file.source == record.source && file.tables.keys().eq(record.tables.keys())
    };
    files.filter(same).max_by_key(|file| file.number)
}
