//! What split rows say about customers: gathered over a delivery, one row each.

use std::collections::{BTreeMap, HashMap};

use super::{BlockRows, EncodedRows, FileContext, encode_rows};
use crate::error::Result;
use crate::ingest::columns::{ColumnData, Values};

/// A value of any kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Nothing.
    Null,
    /// Text of any kind.
    Text(Vec<u8>),
    /// A number.
    Long(i64),
    /// A date.
    Day(i32),
    /// A flag.
    Flag(bool),
}

/// What the split rows of a delivery say about one customer: the row with the latest document date, the last on ties.
#[derive(Clone, Debug)]
pub struct CustomerRow {
    /// Document date, file number and line of the row: the greatest wins.
    pub order: (i32, u32, u64),
    /// The columns of `customers`, then `recorded_at` and `is_deleted`.
    pub cells: Vec<Cell>,
}

/// Customers by company and id.
pub type Customers = BTreeMap<(Vec<u8>, Vec<u8>), CustomerRow>;

/// Adds what later blocks or files say about customers.
pub fn merge_customers(into: &mut Customers, from: Customers) {
    for (key, row) in from {
        match into.entry(key) {
            std::collections::btree_map::Entry::Vacant(entry) => {
                entry.insert(row);
            }
            std::collections::btree_map::Entry::Occupied(mut entry) => {
                if entry.get().order <= row.order {
                    entry.insert(row);
                }
            }
        }
    }
}

impl BlockRows<'_> {
    pub(super) fn customers(&self) -> Customers {
        let (layout, _) = &self.context.tables["customers"];
        let plan = &self.context.plan;
        let column = |name: &str| &self.data[plan.position(name)];
        let (companies, ids, dates) = (column("company_id"), column("customer_id"), column("document_date"));
        let mut latest: HashMap<(&[u8], &[u8]), usize> = HashMap::new();
        for row in 0..self.lines.len() {
            let key = (companies.text(row).unwrap_or_default(), ids.text(row).unwrap_or_default());
            let chosen = latest.entry(key).or_insert(row);
            if dates.day(*chosen) <= dates.day(row) {
                *chosen = row;
            }
        }
        let cell = |name: &str, row: usize| {
            // account_manager is the document's; recorded_at and is_deleted are the invoice's, not the customer's.
            if ["account_manager", "recorded_at", "is_deleted"].contains(&name) {
                return Cell::Null;
            }
            let column = column(name);
            if !column.is_valid(row) {
                return Cell::Null;
            }
            match &column.values {
                Values::Absent => Cell::Null,
                Values::Text(texts) => Cell::Text(texts.get(row).to_vec()),
                Values::Long(values) => Cell::Long(values[row]),
                Values::Day(days) => Cell::Day(days[row]),
                Values::Flag(flags) => Cell::Flag(flags[row]),
            }
        };
        let row_of = |row: usize| CustomerRow {
            order: (dates.day(row).unwrap_or(i32::MIN), self.context.number, self.lines[row].cast_unsigned()),
            cells: layout.columns.iter().map(|column| cell(column.name, row)).collect(),
        };
        latest.into_iter().map(|((company, id), row)| ((company.to_vec(), id.to_vec()), row_of(row))).collect()
    }
}

/// Encodes the customers that the files of a delivery named, those of file `number`.
pub fn encode_customers(context: &FileContext, customers: &[&CustomerRow], number: u32) -> Result<Option<EncodedRows>> {
    let (layout, _) = &context.tables["customers"];
    let columns = layout.columns.iter().enumerate().map(|(position, wanted)| {
        let mut column = ColumnData::new(wanted.kind);
        for customer in customers {
            match &customer.cells[position] {
                Cell::Null => column.push_null(),
                Cell::Text(text) => column.push_text(text),
                Cell::Long(value) => column.push_long(*value),
                Cell::Day(day) => column.push_day(*day),
                Cell::Flag(flag) => column.push_flag(*flag),
            }
        }
        column
    });
    let lines: Vec<i64> = customers.iter().map(|customer| customer.order.2.cast_signed()).collect();
    encode_rows(&context.tables, context.recorded_at, "customers", columns.collect(), (&lines, number))
}
