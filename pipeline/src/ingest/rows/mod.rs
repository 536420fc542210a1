//! From a block of records to encoded rows of the ledger: read, check, split by shape, hash, encode.
//!
//! Everything here works on one block and knows nothing of the others, so that blocks can be worked on in any order.

mod customers;
mod due_dates;
mod encode;
mod flat;
mod open_and_cleared;
mod signs;
mod statements;
mod totals;
mod transactions;

pub use due_dates::Filled;
use std::collections::BTreeMap;
use std::sync::Arc;

pub use customers::{BlockCustomers, Customers, KnownDetails};
pub use encode::{Encoded, encode_rows};
pub use statements::Statements;

use super::column_data::ColumnData;
use super::columns::{CellError, ColumnPlan, Origin, currency_digits, is_finer};
use super::discover::Target;
use super::kept_text::record_of_grid;
use super::plan::FilePlan;
use super::quarantine::{QuarantinedRow, lossy};
use super::records::{BrokenRecord, Dialect, Grid};
use super::store::{RowCounts, RowGroup, RowGroupEncoder, TableLayout};
use super::versions::{EntryRun, KnownContents};
use crate::catalog::ledger_tables::RECORDED_AT;
use crate::config::{CreditRows, DueDates, NegativeAmount};
use crate::error::Result;

/// Records that are looked at together, column by column: few enough to stay in the processor's cache.
pub const RECORDS_AT_ONCE: usize = 2048;

/// The tables a file fills, with what encodes their rows.
pub type Tables = BTreeMap<&'static str, (Arc<TableLayout>, RowGroupEncoder)>;

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
    /// What fills a missing due date.
    pub due_dates: DueDates,
    /// Whether signs are reversed.
    pub reverse_sign: bool,
    /// In how many rows a credit stands.
    pub credit_rows: CreditRows,
    /// First words of rows that sum others up.
    pub total_words: Vec<String>,
    /// The tables the file fills, with what encodes their rows.
    pub tables: Tables,
    /// What is known of customers from earlier blocks of the delivery.
    pub known_customers: Arc<KnownDetails>,
    /// Whether another delivery of the source may say otherwise: one that was before, or an older one that comes late. Then a payment
    /// that a row does not say has to be looked for.
    pub is_one_of_several: bool,
    /// Whether the delivery is full: what it does not contain is deleted.
    pub is_full: bool,
    /// What the store says last, by table, where most rows are likely to be known; empty otherwise.
    pub known_rows: BTreeMap<&'static str, Arc<KnownContents>>,
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
    /// Due dates that were filled.
    pub due_dates_filled: Filled,
    /// Lines that were repaired.
    pub repaired: Vec<u64>,
    /// Lines that say an application and no document.
    pub only_applications: Vec<u64>,
    /// The customers that split rows name.
    pub customers: BlockCustomers,
    /// The earliest instant at which a row says itself that it was recorded.
    pub earliest_recorded_at: Option<i64>,
    /// What rows say about keys without becoming rows.
    pub statements: Statements,
    /// Lines all of whose rows are known, ascending.
    known_lines: Vec<i64>,
}

impl BlockOutput {
    fn take(&mut self, encoded: Encoded) {
        self.tables.extend(encoded.tables);
        self.statements.extend(encoded.statements);
        self.known_lines = encoded.known_lines;
    }

    /// Moves the records that are known from the accepted and the repaired to the unchanged. `amounts` are those of the lines.
    fn account_for_known(&mut self, lines: &[i64], amounts: &[Option<i64>]) {
        let counts = &mut self.counts;
        for line in &self.known_lines {
            let amount = lines.binary_search(line).ok().and_then(|row| amounts.get(row).copied().flatten()).map_or(0, i128::from);
            if self.repaired.binary_search(&line.cast_unsigned()).is_ok() {
                counts.repaired -= 1;
                counts.amounts.repaired.0 -= amount;
            } else {
                counts.accepted -= 1;
                counts.amounts.accepted.0 -= amount;
            }
            counts.unchanged += 1;
            counts.amounts.unchanged.0 += amount;
        }
    }
}

/// Collects the records of a block, typed and checked.
pub struct BlockRows<'a> {
    context: &'a FileContext,
    /// How the text of a record is written that the source has only the fields of.
    written_in: Option<Dialect>,
    data: Vec<ColumnData>,
    lines: Vec<i64>,
    keep: Vec<bool>,
    repaired: Vec<usize>,
    /// Rows whose sign says that they are of another type, ascending.
    retyped: Vec<(usize, &'static str)>,
    quarantined: Vec<QuarantinedRow>,
    errors: Vec<CellError>,
}

impl<'a> BlockRows<'a> {
    /// No rows yet.
    pub fn new(context: &'a FileContext) -> Self {
        let column = |plan: &ColumnPlan| match plan.origin {
            Origin::Absent => ColumnData::absent(0),
            _ => ColumnData::new(plan.column.kind),
        };
        BlockRows {
            context,
            written_in: None,
            data: context.plan.columns.iter().map(column).collect(),
            lines: Vec::new(),
            keep: Vec::new(),
            repaired: Vec::new(),
            retyped: Vec::new(),
            quarantined: Vec::new(),
            errors: Vec::new(),
        }
    }

    /// No rows yet, of a source that has fields and no text of its own: the quarantine keeps its records written like this.
    pub fn of_fields(context: &'a FileContext, written_in: Dialect) -> Self {
        BlockRows { written_in: Some(written_in), ..BlockRows::new(context) }
    }

    /// Makes room for this many records of this many bytes in all.
    pub fn reserve(&mut self, records: usize, bytes: usize) {
        let width = self.context.plan.width.max(1);
        for column in &mut self.data {
            column.reserve(records, bytes / width);
        }
        self.lines.reserve(records);
        self.keep.reserve(records);
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
        match self.context.target {
            Target::Table(_) => {}
            Target::FlatInvoices => self.check_payments(first, &mut errors),
            Target::Transactions => self.check_postings(first, &mut errors),
            Target::OpenAndCleared => self.check_clearings(first, &mut errors),
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
            Origin::Joined(joined) => {
                let parts: Vec<String> = joined.fields().map(|field| lossy(grid.field(block, error.row, field))).collect();
                Some(parts.join(" "))
            }
            Origin::Constant(text) => Some(lossy(text)),
            Origin::Absent => None,
        };
        self.keep[first + error.row] = false;
        let written = self.written_in.map(|dialect| record_of_grid((grid, block), error.row, self.context.plan.width, dialect));
        let raw = written.as_deref().unwrap_or(&block[record.start..record.end]);
        let fields = self.context.plan.columns.iter().filter_map(|column| match &column.origin {
            Origin::Field(field) => Some((column.header.as_str(), grid.field(block, error.row, *field))),
            _ => None,
        });
        if totals::is_total(raw, &self.context.total_words) || totals::is_blank(raw) || totals::repeats_header(fields) {
            self.quarantined.push(totals::quarantined(record.line, raw));
            return;
        }
        self.quarantined.push(QuarantinedRow {
            line: record.line,
            column: Some(plan.header.clone()),
            reason: error.reason,
            value,
            raw: lossy(raw),
            amount: self.amount_position().and_then(|position| self.data[position].long(first + error.row)),
        });
    }

    /// Takes up records that could not even be split.
    pub fn add_broken(&mut self, broken: &[BrokenRecord], block: &[u8]) {
        for broken in broken {
            let raw = &block[broken.record.start..broken.record.end];
            self.add_refused(broken.record.line, broken.reason, None, raw);
        }
    }

    /// Takes up a record of which no field is read, with the header of the column at fault and what stands there.
    pub fn add_refused(&mut self, line: u64, reason: &'static str, fault: Option<(String, &[u8])>, raw: &[u8]) {
        if totals::is_total(raw, &self.context.total_words) {
            self.quarantined.push(totals::quarantined(line, raw));
            return;
        }
        let (column, value) = fault.map(|(column, value)| (column, lossy(value))).unzip();
        self.quarantined.push(QuarantinedRow { line, column, reason, value, raw: lossy(raw), amount: None });
    }

    fn column(&self, name: &str) -> &ColumnData {
        &self.data[self.context.plan.position(name)]
    }

    fn amount_position(&self) -> Option<usize> {
        self.context.target.amount().map(|name| self.context.plan.position(name))
    }

    /// Encodes what was collected.
    ///
    /// # Errors
    /// Exit status 1 when Parquet cannot encode it.
    pub fn finish(mut self) -> Result<BlockOutput> {
        let mut output = BlockOutput::default();
        self.write_types();
        output.due_dates_filled = self.fill_due_dates();
        let amount = self.amount_position();
        output.repaired = self.repaired.iter().filter(|row| self.keep[**row]).map(|row| self.lines[*row].cast_unsigned()).collect();
        let counts = &mut output.counts;
        if let Some(amount) = amount {
            for row in self.repaired.iter().filter(|row| self.keep[**row]) {
                counts.amounts.repaired.0 += i128::from(self.data[amount].long(*row).unwrap_or(0));
            }
        }
        output.statements = self.seen();
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
        let looks_for_known = !self.context.known_rows.is_empty();
        let lines = if looks_for_known { self.lines.clone() } else { Vec::new() };
        let amounts = amount.filter(|_| looks_for_known).map(|amount| (0..rows).map(|row| self.data[amount].long(row)).collect::<Vec<_>>());
        match self.context.target {
            Target::Table(table) => output.take(self.context.encode(vec![(table.name, self.data, self.lines)])?),
            Target::FlatInvoices => self.finish_flat(&mut output)?,
            Target::Transactions => self.finish_transactions(&mut output)?,
            Target::OpenAndCleared => self.finish_open_and_cleared(&mut output)?,
        }
        output.account_for_known(&lines, &amounts.unwrap_or_default());
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
}
