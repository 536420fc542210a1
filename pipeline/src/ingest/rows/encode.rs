//! Hashes and encodes typed rows of tables.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array, Int64Array, RecordBatch};
use xxhash_rust::xxh3::xxh3_64;

use super::{EncodedRows, FileContext, Statements, Tables};
use crate::catalog::ledger_tables::Kind;
use crate::error::Result;
use crate::ingest::column_data::ColumnData;
use crate::ingest::keys::{KeyHash, mix_content, row_keys};
use crate::ingest::store::references;
use crate::ingest::versions::{DELETED, Entry, EntryRun, OWN};

/// Typed rows of a table, with the lines they stand on.
pub type TypedRows = (&'static str, Vec<ColumnData>, Vec<i64>);

/// Encoded rows, what was said of keys without encoding a row, and the lines all of whose rows the store has already.
#[derive(Default)]
pub struct Encoded {
    /// Rows by table.
    pub tables: Vec<EncodedRows>,
    /// Rows that are known.
    pub statements: Statements,
    /// Their lines, ascending.
    pub known_lines: Vec<i64>,
}

impl FileContext {
    /// Hashes and encodes the rows that the records of a block became. Records of which every row is known are left out.
    pub(super) fn encode(&self, rows: Vec<TypedRows>) -> Result<Encoded> {
        self.encode_changed(rows, Vec::new())
    }

    /// The same, where records on the lines `changed` say something new beside their rows.
    pub(super) fn encode_changed(&self, rows: Vec<TypedRows>, changed: Vec<i64>) -> Result<Encoded> {
        let mut encoded = Encoded::default();
        let mut hashed: Vec<Hashed> = rows.into_iter().map(|rows| Hashed::new(&self.tables, rows)).collect();
        if !self.known_rows.is_empty() {
            encoded.known_lines = self.known_lines(&hashed, changed);
        }
        if !encoded.known_lines.is_empty() {
            for table in &mut hashed {
                encoded.statements.push((table.table, table.leave_out(&encoded.known_lines)));
            }
        }
        for table in hashed {
            encoded.tables.extend(table.encode(&self.tables, self.recorded_at, self.number)?);
        }
        Ok(encoded)
    }

    /// The lines of which every row is what the store says last.
    fn known_lines(&self, hashed: &[Hashed], changed: Vec<i64>) -> Vec<i64> {
        let (mut lines, mut new) = (Vec::new(), changed);
        for table in hashed {
            let known = self.known_rows.get(table.table);
            for (row, line) in table.lines.iter().enumerate() {
                let is_known = table.recorded[row] == 0 && known.is_some_and(|known| known.says(table.keys[row], table.contents[row]));
                if is_known {
                    lines.push(*line);
                } else {
                    new.push(*line);
                }
            }
        }
        for lines in [&mut lines, &mut new] {
            lines.sort_unstable();
            lines.dedup();
        }
        let mut is_new = are_in(&lines, &new).into_iter();
        lines.retain(|_| is_new.next() == Some(false));
        lines
    }
}

/// Which lines are among others that are sorted. Lines that ascend, as those of a block do, are found in one walk.
fn are_in(lines: &[i64], sorted: &[i64]) -> Vec<bool> {
    let (mut at, mut last) = (0, i64::MIN);
    let is_in = |line: &i64| {
        if *line < last {
            at = 0;
        }
        last = *line;
        at += sorted[at..].iter().take_while(|other| *other < line).count();
        sorted.get(at) == Some(line)
    };
    lines.iter().map(is_in).collect()
}

/// Typed rows of a table with their hashes.
struct Hashed {
    table: &'static str,
    columns: Vec<ColumnData>,
    lines: Vec<i64>,
    keys: Vec<KeyHash>,
    contents: Vec<u64>,
    /// As in [`Entry`].
    recorded: Vec<u32>,
}

impl Hashed {
    fn new(tables: &Tables, (table, columns, lines): TypedRows) -> Self {
        let rows = lines.len();
        let (layout, _) = &tables[table];
        let keys = keys_of(tables, table, &columns, layout.table.key, rows);
        let (recorded_at, is_deleted) = (columns.len() - 2, columns.len() - 1);
        let mut contents = vec![0_u64; rows];
        for (position, described) in layout.columns.iter().enumerate().take(is_deleted) {
            if !layout.table.key.contains(&described.name) {
                // recorded_at has a fixed place, whatever columns a table gets later.
                mix_content(&mut contents, if position == recorded_at { 1000 } else { position }, &columns[position]);
            }
        }
        let recorded = contents.iter_mut().enumerate().map(|(row, content)| {
            let hash = |at: i64| u32::try_from(xxh3_64(&at.to_le_bytes()) >> 32).unwrap_or(0);
            let own = columns[recorded_at].long(row).map_or(0, |at| (hash(at) & !DELETED) | OWN);
            if columns[is_deleted].flag(row) == Some(true) {
                *content = xxh3_64(&content.to_le_bytes());
                own | DELETED
            } else {
                own
            }
        });
        let recorded = recorded.collect();
        Hashed { table, columns, lines, keys, contents, recorded }
    }

    /// Leaves out the rows of these lines; gives what they say.
    fn leave_out(&mut self, known: &[i64]) -> EntryRun {
        let keep: Vec<bool> = are_in(&self.lines, known).into_iter().map(|is_known| !is_known).collect();
        let left_out = (0..keep.len()).filter(|row| !keep[*row]).map(|row| Entry::known(self.keys[row], self.contents[row]));
        let entries = EntryRun::new(&left_out.collect::<Vec<_>>());
        for column in &mut self.columns {
            column.retain(&keep);
        }
        fn retain<T>(values: &mut Vec<T>, keep: &[bool]) {
            let mut rows = keep.iter();
            values.retain(|_| rows.next().copied().unwrap_or(false));
        }
        retain(&mut self.lines, &keep);
        retain(&mut self.keys, &keep);
        retain(&mut self.contents, &keep);
        retain(&mut self.recorded, &keep);
        entries
    }

    /// Nothing when there are no rows. Rows that do not say when they were recorded get `at`.
    fn encode(mut self, tables: &Tables, at: Option<i64>, number: u32) -> Result<Option<EncodedRows>> {
        let rows = self.lines.len();
        if rows == 0 {
            return Ok(None);
        }
        let (layout, encoder) = &tables[self.table];
        let references: Vec<Vec<i64>> = references(layout.table)
            .into_iter()
            .map(|(_, names)| keys_of(tables, self.table, &self.columns, names, rows).iter().map(|key| key.row_key()).collect())
            .collect();
        let entries: Vec<Entry> = (0..rows)
            .map(|row| Entry {
                key: self.keys[row],
                content: self.contents[row],
                recorded: self.recorded[row],
                row: u32::try_from(row).expect("a block has fewer than 2^32 rows"),
            })
            .collect();
        let recorded_at = self.columns.len() - 2;
        if let Some(at) = at {
            self.columns[recorded_at] = filled(&self.columns[recorded_at], at);
        }
        let mut arrays: Vec<ArrayRef> = Vec::with_capacity(layout.schema.fields().len());
        for (column, described) in self.columns.into_iter().zip(&layout.columns) {
            arrays.push(column.into_array(described.kind)?);
        }
        arrays.push(Arc::new(self.keys.iter().map(|key| key.row_key()).collect::<Int64Array>()));
        arrays.extend(references.into_iter().map(|keys| -> ArrayRef { Arc::new(Int64Array::from(keys)) }));
        let number = i32::try_from(number).expect("files are numbered below 2^31");
        arrays.push(Arc::new(Int32Array::from(vec![number; rows])));
        arrays.push(Arc::new(Int64Array::from(self.lines)));
        let group = encoder.group(RecordBatch::try_new(Arc::clone(encoder.schema()), arrays)?)?;
        Ok(Some(EncodedRows { table: self.table, group, entries: EntryRun::new(&entries) }))
    }
}

fn keys_of(tables: &Tables, table: &str, columns: &[ColumnData], names: &[&str], rows: usize) -> Vec<KeyHash> {
    let (layout, _) = &tables[table];
    let column = |name: &str| layout.columns.iter().position(|column| column.name == name).map(|position| &columns[position]);
    row_keys(&names.iter().filter_map(|name| column(name)).collect::<Vec<_>>(), rows)
}

/// Hashes and encodes typed rows of a table, which stand in these lines of the file of that number; nothing when there are none.
/// Rows that do not say when they were recorded get `at`.
pub fn encode_rows(
    tables: &Tables,
    at: Option<i64>,
    table: &'static str,
    columns: Vec<ColumnData>,
    (lines, number): (&[i64], u32),
) -> Result<Option<EncodedRows>> {
    if lines.is_empty() {
        return Ok(None);
    }
    Hashed::new(tables, (table, columns, lines.to_vec())).encode(tables, at, number)
}

/// The instants of a column, with `at` where there is none.
fn filled(column: &ColumnData, at: i64) -> ColumnData {
    let mut filled = ColumnData::new(Kind::Instant);
    for row in 0..column.rows() {
        filled.push_long(column.long(row).unwrap_or(at));
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::are_in;

    #[test]
    fn lines_are_found_among_others_whether_they_ascend_or_not() {
        let sorted = [2, 5, 6, 9];
        assert_eq!(are_in(&[1, 2, 2, 5, 7, 9, 10], &sorted), [false, true, true, true, false, true, false]);
        assert_eq!(are_in(&[9, 2, 6, 1], &sorted), [true, true, true, false]);
        assert_eq!(are_in(&[1], &[]), [false]);
    }
}
