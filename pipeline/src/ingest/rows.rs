//! From a block of records to encoded rows of the ledger: read, check, split by shape, hash, encode.
//!
//! Everything here works on one block and knows nothing of the others, so that blocks can be worked on in any order.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array, Int64Array, RecordBatch};
use xxhash_rust::xxh3::xxh3_64;

use super::columns::{CellError, ColumnData, Origin, Values, currency_digits, is_finer};
use super::discover::Target;
use super::keys::{mix_content, row_keys};
use super::plan::FilePlan;
use super::quarantine::{QuarantinedRow, lossy};
use super::reason;
use super::records::{BrokenRecord, Grid};
use super::store::{RowCounts, RowGroup, RowGroupEncoder, TableLayout, references};
use super::versions::{DELETED, Entry, EntryRun, OWN};
use crate::catalog::ledger_tables::{CREDIT_TYPES, Kind, RECORDED_AT};
use crate::config::{DAY_MICROS, NegativeAmount};
use crate::error::Result;

/// Records that are looked at together, column by column: few enough to stay in the processor's cache.
pub const RECORDS_AT_ONCE: usize = 2048;

/// Columns whose sign a source may write reversed.
const SIGNED_COLUMNS: &[&str] = &["amount", "base_amount", "credit_amount", "paid_amount"];

/// What all blocks of a file have in common.
pub struct FileContext {
    /// How it is read.
    pub plan: FilePlan,
    /// What it holds.
    pub target: Target,
    /// Its number in the index.
    pub number: u32,
    /// What a row without `recorded_at` gets; nothing in a first delivery.
    pub recorded_at: Option<i64>,
    /// What a negative amount means.
    pub negative_amount: NegativeAmount,
    /// Whether signs are reversed.
    pub reverse_sign: bool,
    /// The tables the file fills, with what encodes their rows.
    pub tables: BTreeMap<&'static str, (Arc<TableLayout>, RowGroupEncoder)>,
}

/// Encoded rows of one table.
pub struct EncodedRows {
    /// The table.
    pub table: &'static str,
    /// Its rows.
    pub group: RowGroup,
    /// Their keys and contents.
    pub entries: EntryRun,
}

/// What a block became.
#[derive(Default)]
pub struct BlockOutput {
    /// Rows of the ledger.
    pub tables: Vec<EncodedRows>,
    /// Rows that could not be taken.
    pub quarantined: Vec<QuarantinedRow>,
    /// Law 4.
    pub counts: RowCounts,
    /// Amounts finer than their minor unit.
    pub finer_than_minor_unit: u64,
    /// Lines that were repaired.
    pub repaired: Vec<u64>,
    /// The customers of a flat file.
    pub customers: Customers,
    /// The earliest instant at which a row says itself that it was recorded.
    pub earliest_recorded_at: Option<i64>,
}

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

/// What the flat rows of a delivery say about one customer: the row with the latest document date, the last on ties.
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

/// Collects the records of a block, typed and checked.
pub struct BlockRows<'a> {
    context: &'a FileContext,
    data: Vec<ColumnData>,
    lines: Vec<i64>,
    keep: Vec<bool>,
    repaired: Vec<usize>,
    credit_notes: Vec<usize>,
    quarantined: Vec<QuarantinedRow>,
    errors: Vec<CellError>,
}

impl<'a> BlockRows<'a> {
    /// No rows yet.
    pub fn new(context: &'a FileContext) -> Self {
        let column = |plan: &super::columns::ColumnPlan| match plan.origin {
            Origin::Absent => ColumnData::absent(0),
            _ => ColumnData::new(plan.column.kind),
        };
        BlockRows {
            context,
            data: context.plan.columns.iter().map(column).collect(),
            lines: Vec::new(),
            keep: Vec::new(),
            repaired: Vec::new(),
            credit_notes: Vec::new(),
            quarantined: Vec::new(),
            errors: Vec::new(),
        }
    }

    /// Reads and checks the records of a grid.
    pub fn add(&mut self, grid: &Grid, block: &[u8]) {
        let first = self.lines.len();
        let mut errors = std::mem::take(&mut self.errors);
        for (position, plan) in self.context.plan.columns.iter().enumerate() {
            plan.read(position, grid, block, &mut self.data[position], &mut errors);
        }
        self.lines.extend(grid.records.iter().map(|record| record.line.cast_signed()));
        self.keep.resize(self.lines.len(), true);
        self.check_amounts(first, &mut errors);
        if matches!(self.context.target, Target::FlatInvoices) {
            self.check_payments(first, &mut errors);
        }
        errors.sort_by_key(|error| (error.row, error.column));
        errors.dedup_by_key(|error| error.row);
        for error in errors.drain(..) {
            self.quarantine(&error, first, grid, block);
        }
        self.errors = errors;
    }

    fn quarantine(&mut self, error: &CellError, first: usize, grid: &Grid, block: &[u8]) {
        let record = grid.records[error.row];
        let plan = &self.context.plan.columns[error.column];
        let value = match &plan.origin {
            Origin::Field(field) => Some(lossy(grid.field(block, error.row, *field))),
            Origin::Constant(text) => Some(lossy(text)),
            Origin::Absent => None,
        };
        self.keep[first + error.row] = false;
        self.quarantined.push(QuarantinedRow {
            line: record.line,
            column: Some(plan.header.clone()),
            reason: error.reason,
            value,
            raw: lossy(&block[record.start..record.end]),
            amount: self.amount_position().and_then(|position| self.data[position].long(first + error.row)),
        });
    }

    /// Takes up records that could not even be split.
    pub fn add_broken(&mut self, broken: &[BrokenRecord], block: &[u8]) {
        self.quarantined.extend(broken.iter().map(|broken| QuarantinedRow {
            line: broken.record.line,
            column: None,
            reason: broken.reason,
            value: None,
            raw: lossy(&block[broken.record.start..broken.record.end]),
            amount: None,
        }));
    }

    fn amount_position(&self) -> Option<usize> {
        let name = match self.context.target {
            Target::Table(table) => table.amount?,
            Target::FlatInvoices => "amount",
        };
        Some(self.context.plan.position(name))
    }

    /// The sign rules: amounts of documents are never negative.
    fn check_amounts(&mut self, first: usize, errors: &mut Vec<CellError>) {
        if self.context.reverse_sign {
            for name in SIGNED_COLUMNS {
                if let Some(position) = self.context.plan.columns.iter().position(|plan| plan.column.name == *name) {
                    self.negate(position, first);
                }
            }
        }
        let has_documents = match self.context.target {
            Target::Table(table) => table.name == "documents",
            Target::FlatInvoices => true,
        };
        if !has_documents {
            return;
        }
        let amount = self.context.plan.position("amount");
        let base_amount = self.context.plan.position("base_amount");
        let document_type = self.context.plan.position("document_type");
        for row in first..self.lines.len() {
            let Some(value) = self.data[amount].long(row).filter(|value| *value < 0) else { continue };
            let becomes_credit_note = || matches!(self.data[document_type].text(row), Some(b"invoice" | b"debit_note"));
            match self.context.negative_amount {
                NegativeAmount::Absolute => self.repaired.push(row),
                NegativeAmount::CreditNote if becomes_credit_note() => self.credit_notes.push(row),
                _ => {
                    errors.push(CellError { row: row - first, column: amount, reason: reason::NEGATIVE_AMOUNT });
                    continue;
                }
            }
            self.data[amount].set_long(row, -value);
            if let Some(base) = self.data[base_amount].long(row).filter(|base| *base < 0) {
                self.data[base_amount].set_long(row, -base);
            }
        }
    }

    fn negate(&mut self, position: usize, first: usize) {
        for row in first..self.lines.len() {
            if let Some(value) = self.data[position].long(row) {
                self.data[position].set_long(row, -value);
            }
        }
    }

    /// What a flat row may say about its payment.
    fn check_payments(&self, first: usize, errors: &mut Vec<CellError>) {
        let plan = &self.context.plan;
        let (date, amount) = (plan.position("paid_date"), plan.position("paid_amount"));
        if !plan.is_supplied("paid_date") && !plan.is_supplied("paid_amount") {
            return;
        }
        let document_type = plan.position("document_type");
        let mut flips = self.credit_notes.iter().skip_while(|row| **row < first).peekable();
        for row in first..self.lines.len() {
            let flips = flips.next_if_eq(&&row).is_some();
            let is_credit = flips || self.data[document_type].text(row).is_some_and(is_credit_type);
            let paid = self.data[amount].long(row);
            let mut error = |column, reason| errors.push(CellError { row: row - first, column, reason });
            match (self.data[date].day(row), paid) {
                (_, Some(paid)) if paid < 0 => error(amount, reason::NEGATIVE_AMOUNT),
                (None, Some(paid)) if paid > 0 => error(amount, reason::PAID_AMOUNT_WITHOUT_DATE),
                (Some(_), paid) if is_credit && paid != Some(0) => error(date, reason::PAYMENT_ON_CREDIT),
                _ => {}
            }
        }
    }

    /// Encodes what was collected.
    ///
    /// # Errors
    /// Exit status 1 when Parquet cannot encode it.
    pub fn finish(mut self) -> Result<BlockOutput> {
        let mut output = BlockOutput::default();
        if !self.credit_notes.is_empty() {
            self.write_credit_notes();
        }
        let amount = self.amount_position();
        output.repaired = self.repaired.iter().filter(|row| self.keep[**row]).map(|row| self.lines[*row].cast_unsigned()).collect();
        let counts = &mut output.counts;
        if let Some(amount) = amount {
            for row in self.repaired.iter().filter(|row| self.keep[**row]) {
                counts.amounts.repaired.0 += i128::from(self.data[amount].long(*row).unwrap_or(0));
            }
        }
        if self.keep.contains(&false) {
            for column in &mut self.data {
                column.retain(&self.keep);
            }
            let mut keep = self.keep.iter();
            self.lines.retain(|_| keep.next().copied().unwrap_or(false));
        }
        let rows = self.lines.len();
        if let Some(amount) = amount {
            let total: i128 = (0..rows).filter_map(|row| self.data[amount].long(row)).map(i128::from).sum();
            counts.amounts.accepted.0 = total - counts.amounts.repaired.0;
        }
        counts.repaired = output.repaired.len() as u64;
        counts.accepted = rows as u64 - counts.repaired;
        self.quarantined.sort_by_key(|row| row.line);
        for row in &self.quarantined {
            counts.quarantined += 1;
            counts.amounts.quarantined.0 += i128::from(row.amount.unwrap_or(0));
            *counts.reasons.entry(row.reason.to_owned()).or_default() += 1;
        }
        counts.read = rows as u64 + counts.quarantined;
        counts.amounts.read.0 = counts.amounts.accepted.0 + counts.amounts.repaired.0 + counts.amounts.quarantined.0;
        output.finer_than_minor_unit = self.count_finer();
        let recorded_at = &self.data[self.context.plan.position(RECORDED_AT.name)];
        output.earliest_recorded_at = (0..rows).filter_map(|row| recorded_at.long(row)).min();
        output.quarantined = std::mem::take(&mut self.quarantined);
        match self.context.target {
            Target::Table(table) => {
                let rows = encode_rows(self.context, table.name, self.data, &self.lines, self.context.number)?;
                output.tables.extend(rows);
            }
            Target::FlatInvoices => self.finish_flat(&mut output)?,
        }
        Ok(output)
    }

    fn count_finer(&self) -> u64 {
        let find = |name: &str| self.context.plan.columns.iter().position(|plan| plan.column.name == name);
        let (Some(amount), Some(currency)) = (find("amount"), find("currency")) else { return 0 };
        let (amounts, currencies) = (&self.data[amount], &self.data[currency]);
        let finer = (0..self.lines.len()).filter(|row| match (amounts.long(*row), currencies.text(*row).and_then(currency_digits)) {
            (Some(amount), Some(digits)) => is_finer(amount, digits),
            _ => false,
        });
        finer.count() as u64
    }

    fn write_credit_notes(&mut self) {
        let position = self.context.plan.position("document_type");
        let mut flips = self.credit_notes.iter().peekable();
        let mut column = ColumnData::new(self.context.plan.columns[position].column.kind);
        for row in 0..self.lines.len() {
            if flips.next_if_eq(&&row).is_some() {
                column.push_text(b"credit_note");
            } else {
                column.push_from(&self.data[position], row);
            }
        }
        self.data[position] = column;
    }

    /// Splits flat rows into an invoice, a receipt and an application each, and collects the customers.
    fn finish_flat(mut self, output: &mut BlockOutput) -> Result<()> {
        let context = self.context;
        let column = |name: &str| &self.data[context.plan.position(name)];
        let rows = self.lines.len();
        let (paid_date, paid_amount, amount) = (column("paid_date"), column("paid_amount"), column("amount"));
        // A date alone means paid in full; nothing paid is no payment.
        let payments: Vec<Option<(i32, i64)>> = (0..rows)
            .map(|row| {
                let paid = paid_amount.long(row).or(amount.long(row)).filter(|paid| *paid > 0)?;
                paid_date.day(row).map(|day| (day, paid))
            })
            .collect();
        if context.tables.contains_key("customers") {
            output.customers = self.customers();
        }
        let (documents, document_lines) = self.flat_documents(&payments);
        let (applications, application_lines) = self.flat_applications(&payments);
        self.data.clear();
        output.tables.extend(encode_rows(context, "documents", documents, &document_lines, context.number)?);
        output.tables.extend(encode_rows(context, "applications", applications, &application_lines, context.number)?);
        Ok(())
    }

    fn flat_documents(&self, payments: &[Option<(i32, i64)>]) -> (Vec<ColumnData>, Vec<i64>) {
        let (layout, _) = &self.context.tables["documents"];
        let mut lines = Vec::new();
        for (line, payment) in self.lines.iter().zip(payments) {
            lines.push(*line);
            lines.extend(payment.map(|_| *line));
        }
        let mut id = Vec::new();
        let columns = layout.columns.iter().map(|wanted| {
            let source = &self.data[self.context.plan.position(wanted.name)];
            if source.is_absent() {
                return ColumnData::absent(lines.len());
            }
            let mut column = ColumnData::new(wanted.kind);
            for (row, payment) in payments.iter().enumerate() {
                column.push_from(source, row);
                let Some((day, paid)) = *payment else { continue };
                match wanted.name {
                    "document_id" => {
                        suffixed(&mut id, source.text(row), b"-R");
                        column.push_text(&id);
                    }
                    "document_type" => column.push_text(b"receipt"),
                    "document_date" => column.push_day(day),
                    "amount" => column.push_long(paid),
                    "recorded_at" => push_payment_recorded_at(&mut column, source.long(row), day),
                    "company_id" | "item_no" | "customer_id" | "currency" | "payment_method" | "is_deleted" => {
                        column.push_from(source, row);
                    }
                    _ => column.push_null(),
                }
            }
            column
        });
        (columns.collect(), lines)
    }

    fn flat_applications(&self, payments: &[Option<(i32, i64)>]) -> (Vec<ColumnData>, Vec<i64>) {
        let (layout, _) = &self.context.tables["applications"];
        let paid = || payments.iter().enumerate().filter_map(|(row, payment)| payment.map(|payment| (row, payment)));
        let lines: Vec<i64> = paid().map(|(row, _)| self.lines[row]).collect();
        let source = |name: &str| &self.data[self.context.plan.position(name)];
        let (ids, items, amounts) = (source("document_id"), source("item_no"), source("amount"));
        let mut id = Vec::new();
        let columns = layout.columns.iter().map(|wanted| {
            let mut column = ColumnData::new(wanted.kind);
            for (row, (day, paid)) in paid() {
                match wanted.name {
                    "application_id" => {
                        match items.long(row) {
                            None | Some(1) => suffixed(&mut id, ids.text(row), b"-A"),
                            Some(item) => suffixed(&mut id, ids.text(row), format!("-{item}-A").as_bytes()),
                        }
                        column.push_text(&id);
                    }
                    "credit_document_id" => {
                        suffixed(&mut id, ids.text(row), b"-R");
                        column.push_text(&id);
                    }
                    "debit_document_id" => column.push_from(ids, row),
                    "credit_item_no" | "debit_item_no" => column.push_from(items, row),
                    "applied_date" => column.push_day(day),
                    // What is paid beyond the invoice stays unapplied.
                    "amount" => column.push_long(paid.min(amounts.long(row).unwrap_or(0))),
                    "recorded_at" => push_payment_recorded_at(&mut column, source("recorded_at").long(row), day),
                    "company_id" => column.push_from(source("company_id"), row),
                    "is_deleted" => column.push_from(source("is_deleted"), row),
                    _ => column.push_null(),
                }
            }
            column
        });
        (columns.collect(), lines)
    }

    fn customers(&self) -> Customers {
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

fn is_credit_type(word: &[u8]) -> bool {
    CREDIT_TYPES.iter().any(|credit| credit.as_bytes() == word)
}

fn suffixed(buffer: &mut Vec<u8>, id: Option<&[u8]>, suffix: &[u8]) {
    buffer.clear();
    buffer.extend_from_slice(id.unwrap_or_default());
    buffer.extend_from_slice(suffix);
}

/// A payment cannot have been known before the day it was made.
fn push_payment_recorded_at(column: &mut ColumnData, recorded_at: Option<i64>, day: i32) {
    match recorded_at {
        Some(recorded_at) => column.push_long(recorded_at.max(i64::from(day) * DAY_MICROS)),
        None => column.push_null(),
    }
}

/// Encodes the customers that the flat files of a delivery named, those of file `number`.
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
    encode_rows(context, "customers", columns.collect(), &lines, number)
}

/// Hashes and encodes typed rows of a table; nothing when there are none.
fn encode_rows(
    context: &FileContext,
    table: &'static str,
    mut columns: Vec<ColumnData>,
    lines: &[i64],
    number: u32,
) -> Result<Option<EncodedRows>> {
    let rows = lines.len();
    if rows == 0 {
        return Ok(None);
    }
    let (layout, encoder) = &context.tables[table];
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
        let own =
            columns[recorded_at].long(row).map_or(0, |at| (u32::try_from(xxh3_64(&at.to_le_bytes()) >> 32).unwrap_or(0) & !DELETED) | OWN);
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

    if let Some(at) = context.recorded_at {
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
