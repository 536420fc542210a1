//! Whether the number of a document identifies a row, and what does where it does not.

use std::collections::HashMap;

use super::mapping::Mapping;
use super::profile::Column;
use super::sample::Sample;

/// What identifies a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// The document id alone, with the item number where one is mapped.
    Unique,
    /// The document id with this column as item number.
    WithItem(usize),
    /// The document id is unique among the documents of a type only.
    WithType(usize),
    /// Rows share a document id.
    Repeated {
        /// Rows whose id another row has too.
        rows: usize,
        /// Of these, rows that are the same in every column as an earlier one.
        copies: usize,
        /// An id that comes again.
        example: String,
    },
}

fn key(sample: &Sample, row: usize, positions: &[usize]) -> u64 {
    let mut text = String::new();
    for position in positions {
        text.push_str(sample.cell(row, *position));
        text.push('\u{1}');
    }
    xxhash_rust::xxh3::xxh3_64(text.as_bytes())
}

/// Rows of keys that come more than once; rows without a document id do not count.
fn repeated(sample: &Sample, positions: &[usize]) -> Vec<usize> {
    let mut counts: HashMap<u64, usize> = HashMap::new();
    let rows = || (0..sample.rows()).filter(|row| !sample.cell(*row, positions[0]).is_empty());
    for row in rows() {
        *counts.entry(key(sample, row, positions)).or_default() += 1;
    }
    rows().filter(|row| counts[&key(sample, *row, positions)] > 1).collect()
}

/// Looks for what identifies a row.
pub fn key_of(sample: &Sample, columns: &[Column], mapping: &Mapping) -> Option<Key> {
    let document = *mapping.columns.get("document_id")?;
    let mut positions = vec![document];
    positions.extend(mapping.columns.get("company_id"));
    positions.extend(mapping.columns.get("item_no"));
    let rows = repeated(sample, &positions);
    if rows.is_empty() {
        return Some(Key::Unique);
    }
    let used: Vec<usize> = mapping.columns.values().copied().collect();
    let is_count = |column: &Column| column.is_number() && column.with_letters == 0 && !column.header.is_empty() && column.distinct < 1000;
    for (position, column) in columns.iter().enumerate() {
        if !used.contains(&position)
            && !mapping.columns.contains_key("item_no")
            && is_count(column)
            && !column.has_decimals(sample, position)
        {
            let mut with_item = positions.clone();
            with_item.push(position);
            if repeated(sample, &with_item).is_empty() {
                return Some(Key::WithItem(position));
            }
        }
    }
    if let Some(type_column) = mapping.columns.get("document_type") {
        let mut with_type = positions.clone();
        with_type.push(*type_column);
        if repeated(sample, &with_type).is_empty() {
            return Some(Key::WithType(*type_column));
        }
    }
    let all: Vec<usize> = std::iter::once(document).chain((0..sample.header.len()).filter(|position| *position != document)).collect();
    let mut seen = std::collections::HashSet::new();
    let copies = rows.iter().filter(|row| !seen.insert(key(sample, **row, &all))).count();
    let example = rows.first().map_or_else(String::new, |row| sample.cell(*row, document).to_owned());
    Some(Key::Repeated { rows: rows.len(), copies, example })
}
