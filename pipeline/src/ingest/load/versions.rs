//! Which version of a row counts in a view of the ledger.

use super::LedgerFiles;
use super::row_groups::read_row_groups;
use crate::error::Result;
use arrow::array::{Array as _, AsArray as _};
use arrow::datatypes::{Int32Type, TimestampMicrosecondType};
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

/// Which rows of a table are visible: the latest known version of each key, deletions left out. `None` when all are.
pub(super) fn invisible_rows(files: &LedgerFiles, table: &str, known_as_of: Option<i64>) -> Result<HashSet<u32>> {
    let Some(table_files) = files.tables.get(table) else { return Ok(HashSet::new()) };
    let mut corrected: HashSet<i64> = HashSet::new();
    for keys in read_row_groups(&table_files.corrected, None, &["row_key"], &[], |group| group.i64s("row_key").to_vec())? {
        corrected.extend(keys);
    }
    let columns = ["row_key", "recorded_at", "is_deleted", "source_file", "source_line"];
    // A ledger without corrections needs only its deletions looked up, and the recorded instants where they matter.
    let sees_all = known_as_of.is_none() && files.first_files.is_none();
    let wanted: &[&str] = if corrected.is_empty() && sees_all { &columns[2..3] } else { &columns };
    let needs_versions = wanted.len() > 1;
    struct Part {
        invisible: Vec<u32>,
        versions: Vec<(i64, Version)>,
    }
    let parts = read_row_groups(&table_files.segments, files.first_files, wanted, &[], |group| {
        let mut part = Part { invisible: Vec::new(), versions: Vec::new() };
        let deleted = group.column("is_deleted").as_boolean();
        let is_deleted = |row: usize| deleted.is_valid(row) && deleted.value(row);
        if !needs_versions {
            if deleted.null_count() < deleted.len() {
                part.invisible.extend((0..group.rows()).filter(|row| is_deleted(*row)).map(|row| group.row(row)));
            }
            return part;
        }
        let recorded = group.column("recorded_at").as_primitive::<TimestampMicrosecondType>();
        let source_files = group.column("source_file").as_primitive::<Int32Type>();
        let (keys, lines) = (group.i64s("row_key"), group.i64s("source_line"));
        for row in 0..group.rows() {
            let recorded_at = if recorded.is_null(row) { i64::MIN } else { recorded.value(row) };
            if is_delivered_later(files, source_files.value(row)) || known_as_of.is_some_and(|known| recorded_at > known) {
                part.invisible.push(group.row(row));
            } else if corrected.contains(&keys[row]) {
                let position = position_of(files, source_files.value(row), lines[row]);
                part.versions.push((
                    keys[row],
                    Version { recorded_at, position, line: lines[row], row: group.row(row), is_deleted: is_deleted(row) },
                ));
            } else if is_deleted(row) {
                part.invisible.push(group.row(row));
            }
        }
        part
    })?;
    let mut invisible = HashSet::new();
    let mut latest: HashMap<i64, Version> = HashMap::new();
    for part in parts {
        invisible.extend(part.invisible);
        for (key, version) in part.versions {
            let loser = match latest.entry(key) {
                Entry::Vacant(slot) => {
                    slot.insert(version);
                    continue;
                }
                Entry::Occupied(mut slot) => {
                    if version > *slot.get() {
                        slot.insert(version)
                    } else {
                        version
                    }
                }
            };
            invisible.insert(loser.row);
        }
    }
    invisible.extend(latest.into_values().filter(|version| version.is_deleted).map(|version| version.row));
    Ok(invisible)
}

/// Whether a row came with a file that this view does not know.
pub(super) fn is_delivered_later(files: &LedgerFiles, source_file: i32) -> bool {
    files.first_files.is_some_and(|first| u32::try_from(source_file).is_ok_and(|file| file >= first))
}

/// Where a row stands in the order of statements. A row without a line follows from its delivery.
pub(super) fn position_of(files: &LedgerFiles, source_file: i32, line: i64) -> u32 {
    let positions = usize::try_from(source_file).ok().and_then(|file| files.file_positions.get(file)).copied().unwrap_or_default();
    if line > 0 { positions.1 } else { positions.0 }
}

/// A version of a row, ordered by what wins: recorded later, delivered later (what a file says over what follows from its
/// delivery), later file name, later line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version {
    pub(super) recorded_at: i64,
    pub(super) position: u32,
    pub(super) line: i64,
    pub(super) row: u32,
    pub(super) is_deleted: bool,
}
