//! What split rows say about customers: gathered over a delivery, one row each.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{PoisonError, RwLock};

use super::{BlockRows, EncodedRows, FileContext, encode_rows};
use crate::error::Result;
use crate::ingest::column_data::ColumnData;
use crate::ingest::keys::{KeyHash, mix_content, row_keys};

/// Columns of a split row that mean the document, not its customer, though the customer has a column of that name.
const OF_THE_DOCUMENT: &[&str] = &["account_manager", "recorded_at", "is_deleted"];

/// A row's place among those of a delivery: document date, file number, line. The greatest names the customer.
type Order = (i32, u32, u64);

/// What the rows of one block say about customers: for each the row with the latest document date, the last on ties.
#[derive(Debug, Default)]
pub struct BlockCustomers {
    latest: Vec<(KeyHash, Order, u64)>,
    /// Details that no block had said before this one was read, with the key and the hash of each.
    details: Vec<(KeyHash, u64)>,
    /// The columns of `customers` for `details`; empty when there are none.
    columns: Vec<ColumnData>,
}

/// What the split rows of a delivery say about customers.
///
/// A thousand rows say the same of a customer: only the hash of what they say is carried along, and the details are kept
/// once.
#[derive(Default)]
pub struct Customers {
    latest: HashMap<KeyHash, (Order, u64)>,
    /// Where the details stand: part and row.
    details: HashMap<(KeyHash, u64), (usize, usize)>,
    parts: Vec<Vec<ColumnData>>,
}

/// The details that are known, for the workers to look at.
pub type KnownDetails = RwLock<HashSet<(KeyHash, u64)>>;

impl Customers {
    /// Adds what a later block says.
    pub fn merge(&mut self, block: BlockCustomers, known: &KnownDetails) {
        if !block.details.is_empty() {
            let part = self.parts.len();
            for (row, details) in block.details.iter().enumerate() {
                self.details.entry(*details).or_insert((part, row));
            }
            known.write().unwrap_or_else(PoisonError::into_inner).extend(block.details);
            self.parts.push(block.columns);
        }
        for (key, order, content) in block.latest {
            let latest = self.latest.entry(key).or_insert((order, content));
            if latest.0 <= order {
                *latest = (order, content);
            }
        }
    }

    /// Encodes the customers, those of each file by themselves, in the order of their lines.
    ///
    /// # Errors
    /// Exit status 1 when Parquet cannot encode them.
    pub fn encode(&self, context: &FileContext, mut append: impl FnMut(EncodedRows, u32) -> Result<()>) -> Result<()> {
        let mut by_file: BTreeMap<u32, Vec<(u64, usize, usize)>> = BTreeMap::new();
        for (key, ((_, file, line), content)) in &self.latest {
            let (part, row) = self.details[&(*key, *content)];
            by_file.entry(*file).or_default().push((*line, part, row));
        }
        for (number, mut rows) in by_file {
            rows.sort_unstable();
            for rows in rows.chunks(1 << 16) {
                let (layout, _) = &context.tables["customers"];
                let columns = layout.columns.iter().enumerate().map(|(position, wanted)| {
                    let mut column = ColumnData::new(wanted.kind);
                    for (_, part, row) in rows {
                        column.push_from(&self.parts[*part][position], *row);
                    }
                    column
                });
                let lines: Vec<i64> = rows.iter().map(|(line, ..)| line.cast_signed()).collect();
                let encoded = encode_rows(&context.tables, context.recorded_at, "customers", columns.collect(), (&lines, number))?;
                if let Some(encoded) = encoded {
                    append(encoded, number)?;
                }
            }
        }
        Ok(())
    }
}

impl BlockRows<'_> {
    pub(super) fn customers(&self) -> BlockCustomers {
        let (layout, _) = &self.context.tables["customers"];
        let plan = &self.context.plan;
        let rows = self.lines.len();
        let column = |name: &str| &self.data[plan.position(name)];
        let keys = row_keys(&[column("company_id"), column("customer_id")], rows);
        let mut contents = vec![0_u64; rows];
        for (position, described) in layout.columns.iter().enumerate() {
            if !OF_THE_DOCUMENT.contains(&described.name) {
                mix_content(&mut contents, position, column(described.name));
            }
        }
        let dates = column("document_date");
        let order = |row: usize| (dates.day(row).unwrap_or(i32::MIN), self.context.number, self.lines[row].cast_unsigned());
        let mut latest: HashMap<KeyHash, usize> = HashMap::with_capacity(rows / 4);
        for (row, key) in keys.iter().enumerate() {
            let chosen = latest.entry(*key).or_insert(row);
            if dates.day(*chosen) <= dates.day(row) {
                *chosen = row;
            }
        }
        let mut chosen: Vec<usize> = latest.into_values().collect();
        chosen.sort_unstable();
        let known = self.context.known_customers.read().unwrap_or_else(PoisonError::into_inner);
        let new: Vec<usize> = chosen.iter().copied().filter(|row| !known.contains(&(keys[*row], contents[*row]))).collect();
        drop(known);
        let details = layout.columns.iter().map(|wanted| {
            let mut column_of = ColumnData::new(wanted.kind);
            for row in &new {
                if OF_THE_DOCUMENT.contains(&wanted.name) {
                    column_of.push_null();
                } else {
                    column_of.push_from(column(wanted.name), *row);
                }
            }
            column_of
        });
        BlockCustomers {
            columns: if new.is_empty() { Vec::new() } else { details.collect() },
            latest: chosen.iter().map(|row| (keys[*row], order(*row), contents[*row])).collect(),
            details: new.iter().map(|row| (keys[*row], contents[*row])).collect(),
        }
    }
}
