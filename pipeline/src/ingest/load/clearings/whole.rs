//! All that is said about clearings, in parts that are small enough to be resolved in memory.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use super::super::knowledge::versions;
use super::super::{LedgerFiles, read_row_groups};
use super::fact::{COLUMNS, FOR_GOOD, Place, place_of, read_facts};
use crate::error::Result;
use crate::ingest::clearings::parts::Parts;

/// Until when a row with several versions was what was known, and what replaced it; `None` when it never was.
type Until = HashMap<u32, Option<(i64, Place)>>;

/// Until when the rows of items with several versions were known.
fn replaced(files: &LedgerFiles) -> Result<Until> {
    let versions = versions(files, "clearings", None)?;
    let rows: std::collections::HashSet<u32> = versions.values().flatten().map(|version| version.row).collect();
    let mut places: HashMap<u32, Place> = HashMap::new();
    if !rows.is_empty() {
        let groups = read_row_groups(files.segments("clearings"), None, &["source_file", "source_line"], &[], |group| {
            let wanted = (0..group.rows()).filter(|row| rows.contains(&group.row(*row)));
            wanted.map(|row| (group.row(row), place_of(group, row))).collect::<Vec<_>>()
        })?;
        places.extend(groups.into_iter().flatten());
    }
    let mut until = Until::new();
    for of_key in versions.values() {
        for (at, version) in of_key.iter().enumerate() {
            let end = match of_key.get(at + 1) {
                // Of what became known at one instant only the last is said.
                Some(next) if next.recorded_at == version.recorded_at => None,
                Some(next) => Some((next.recorded_at, places[&next.row])),
                None => Some((FOR_GOOD, Place::default())),
            };
            until.insert(version.row, end);
        }
    }
    Ok(until)
}

/// The facts of all clearings in `count` parts: all items of a clearing belong to the same part.
///
/// What does not fit the memory goes to a temporary file at `path`.
///
/// # Errors
/// When a segment cannot be read, or the file cannot be written.
pub fn facts_in_parts(files: &LedgerFiles, count: usize, path: PathBuf) -> Result<Parts> {
    let until = replaced(files)?;
    let parts = Mutex::new(Parts::new(count, path));
    let added = read_row_groups(files.segments("clearings"), None, &COLUMNS, &[], |group| {
        let read = read_facts(files, group);
        let mut of_group: Vec<Vec<u8>> = vec![Vec::new(); count];
        for row in 0..group.rows() {
            let mut fact = read(row);
            let end = until.get(&group.row(row)).copied().unwrap_or(Some((FOR_GOOD, Place::default())));
            let (Some((until, until_place)), Some(_), false) = (end, fact.clearing_id, fact.is_deleted) else { continue };
            (fact.until, fact.until_place) = (until, until_place);
            let part = usize::try_from(fact.clearing % count as u64).expect("there are few parts");
            fact.pack(&mut of_group[part]);
        }
        parts.lock().unwrap_or_else(PoisonError::into_inner).add(of_group)
    })?;
    added.into_iter().collect::<Result<()>>()?;
    Ok(parts.into_inner().unwrap_or_else(PoisonError::into_inner))
}
