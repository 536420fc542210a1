//! Hashes and encodes typed rows of one table.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array, Int64Array, RecordBatch};
use xxhash_rust::xxh3::xxh3_64;

use super::{EncodedRows, Tables};
use crate::catalog::ledger_tables::Kind;
use crate::error::Result;
use crate::ingest::columns::ColumnData;
use crate::ingest::keys::{mix_content, row_keys};
use crate::ingest::store::references;
use crate::ingest::versions::{DELETED, Entry, EntryRun, OWN};

/// Hashes and encodes typed rows of a table, which stand in these lines of the file of that number; nothing when there are none.
/// Rows that do not say when they were recorded get `at`.
pub fn encode_rows(
    tables: &Tables,
    at: Option<i64>,
    table: &'static str,
    mut columns: Vec<ColumnData>,
    (lines, number): (&[i64], u32),
) -> Result<Option<EncodedRows>> {
    let rows = lines.len();
    if rows == 0 {
        return Ok(None);
    }
    let (layout, encoder) = &tables[table];
    let column = |name: &str| layout.columns.iter().position(|column| column.name == name).map(|position| &columns[position]);
    let keys_of = |names: &[&str]| row_keys(&names.iter().filter_map(|name| column(name)).collect::<Vec<_>>(), rows);
    let keys = keys_of(layout.table.key);
    let references: Vec<Vec<i64>> =
        references(layout.table).into_iter().map(|(_, names)| keys_of(names).iter().map(|key| key.row_key()).collect()).collect();

    let (recorded_at, is_deleted) = (columns.len() - 2, columns.len() - 1);
    let mut contents = vec![0_u64; rows];
    for (position, described) in layout.columns.iter().enumerate().take(is_deleted) {
        if !layout.table.key.contains(&described.name) {
            // recorded_at has a fixed place, whatever columns a table gets later.
            mix_content(&mut contents, if position == recorded_at { 1000 } else { position }, &columns[position]);
        }
    }
    for (row, content) in contents.iter_mut().enumerate() {
        if columns[is_deleted].flag(row) == Some(true) {
            *content = xxh3_64(&content.to_le_bytes());
        }
    }
    let recorded = |row: usize| {
        let hash = |at: i64| u32::try_from(xxh3_64(&at.to_le_bytes()) >> 32).unwrap_or(0);
        let own = columns[recorded_at].long(row).map_or(0, |at| (hash(at) & !DELETED) | OWN);
        if columns[is_deleted].flag(row) == Some(true) { own | DELETED } else { own }
    };
    let entries: Vec<Entry> = (0..rows)
        .map(|row| Entry {
            key: keys[row],
            content: contents[row],
            recorded: recorded(row),
            row: u32::try_from(row).expect("a block has fewer than 2^32 rows"),
        })
        .collect();

    if let Some(at) = at {
        columns[recorded_at] = filled(&columns[recorded_at], at);
    }
    let mut arrays: Vec<ArrayRef> = Vec::with_capacity(layout.schema.fields().len());
    for (column, described) in columns.into_iter().zip(&layout.columns) {
        arrays.push(column.into_array(described.kind)?);
    }
    arrays.push(Arc::new(keys.iter().map(|key| key.row_key()).collect::<Int64Array>()));
    arrays.extend(references.into_iter().map(|keys| -> ArrayRef { Arc::new(Int64Array::from(keys)) }));
    let number = i32::try_from(number).expect("files are numbered below 2^31");
    arrays.push(Arc::new(Int32Array::from(vec![number; rows])));
    arrays.push(Arc::new(Int64Array::from(lines.to_vec())));
    let group = encoder.group(RecordBatch::try_new(Arc::clone(encoder.schema()), arrays)?)?;
    Ok(Some(EncodedRows { table, group, entries: EntryRun::new(&entries) }))
}

/// The instants of a column, with `at` where there is none.
fn filled(column: &ColumnData, at: i64) -> ColumnData {
    let mut filled = ColumnData::new(Kind::Instant);
    for row in 0..column.rows() {
        filled.push_long(column.long(row).unwrap_or(at));
    }
    filled
}
