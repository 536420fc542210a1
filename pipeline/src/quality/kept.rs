//! The rows that break a rule, as they are kept beside the run: where each stands, and what it is. No free text of theirs.

use super::ROWS_KEPT;
use super::hits::Subject;
use super::judge::{Input, changed_columns};
use super::rules::Rule;
use crate::error::Result;
use crate::ingest::known::LedgerView;
use crate::ingest::load::LeftOutRow;
use crate::ingest::load::lookups::{RowPlace, places};
use crate::ingest::{FileRecord, load::Loaded};
use crate::ledger::calendar::Day;
use crate::marts::frame::{dates, optional_amounts, texts};
use polars::prelude::*;
use std::collections::{HashMap, HashSet};

/// A row that breaks a rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeptRow {
    /// Its company.
    pub company_id: Option<String>,
    /// Its customer.
    pub customer_id: Option<String>,
    /// The document, the application, or the key of a row that was left out.
    pub record_key: Option<String>,
    /// The item of a document.
    pub item_no: Option<i64>,
    /// The document that it repeats, or the debit document of an application.
    pub other_key: Option<String>,
    /// Its date.
    pub record_date: Option<Day>,
    /// Its amount, in `currency`.
    pub amount: Option<i64>,
    /// Its currency.
    pub currency: Option<String>,
    /// The source.
    pub source: Option<String>,
    /// The file.
    pub file: Option<String>,
    /// Its line there.
    pub line: Option<i64>,
    /// The column at fault.
    pub column_name: Option<String>,
}

impl KeptRow {
    fn at(mut self, record: Option<&FileRecord>, line: Option<i64>) -> Self {
        self.source = record.map(|file| file.source.clone());
        self.file = record.map(|file| file.file.clone());
        self.line = line;
        self
    }
}

/// The rows as a frame.
///
/// # Errors
/// When Polars fails.
pub fn frame(rows: &[KeptRow]) -> Result<DataFrame> {
    let text = |name: &str, of: fn(&KeptRow) -> &Option<String>| texts(name, rows.iter().map(|row| of(row).as_deref()));
    Ok(DataFrame::new_infer_height(vec![
        text("company_id", |row| &row.company_id),
        text("customer_id", |row| &row.customer_id),
        text("record_key", |row| &row.record_key),
        Column::new("item_no".into(), rows.iter().map(|row| row.item_no).collect::<Vec<_>>()),
        text("other_key", |row| &row.other_key),
        dates("record_date", rows.iter().map(|row| row.record_date)),
        optional_amounts("amount", rows.iter().map(|row| row.amount)),
        text("currency", |row| &row.currency),
        text("source", |row| &row.source),
        text("file", |row| &row.file),
        Column::new("line".into(), rows.iter().map(|row| row.line).collect::<Vec<_>>()),
        text("column_name", |row| &row.column_name),
    ])?)
}

/// Looks up what the book does not keep of its rows: for all rules at once, because their rows stand all over the tables.
pub(super) struct Lookup<'a> {
    loaded: &'a Loaded,
    files: HashMap<i32, &'a FileRecord>,
    documents: HashMap<u32, RowPlace>,
    applications: HashMap<u32, RowPlace>,
    customers: HashMap<u32, RowPlace>,
    customer_rows: &'a [Option<u32>],
}

impl<'a> Lookup<'a> {
    /// Looks up these subjects.
    pub fn of(input: &Input<'a>, subjects: impl Iterator<Item = Subject>, customer_rows: &'a [Option<u32>]) -> Result<Self> {
        let Loaded { book, item_rows, .. } = input.loaded;
        let (mut documents, mut applications, mut customers) = (HashSet::new(), HashSet::new(), HashSet::new());
        for subject in subjects {
            match subject {
                Subject::Item(item) => documents.extend([item_rows[item as usize]]),
                Subject::Repeated(item, first) => documents.extend([item_rows[item as usize], item_rows[first as usize]]),
                Subject::Application(position) => {
                    let application = &book.applications[position as usize];
                    applications.insert(application.row);
                    documents.extend([item_rows[application.debit as usize], item_rows[application.credit as usize]]);
                }
                Subject::Customer(customer) => customers.extend(customer_rows[customer as usize]),
            }
        }
        let look = |table: &str, rows: &HashSet<u32>| {
            if rows.is_empty() { Ok(HashMap::new()) } else { places(&input.view.files, table, rows) }
        };
        Ok(Lookup {
            loaded: input.loaded,
            files: input.view.all_files.iter().filter_map(|file| Some((i32::try_from(file.number).ok()?, file))).collect(),
            documents: look("documents", &documents)?,
            applications: look("applications", &applications)?,
            customers: look("customers", &customers)?,
            customer_rows,
        })
    }

    /// A subject that was looked up, as it is kept.
    pub fn row(&self, subject: Subject) -> KeptRow {
        let book = &self.loaded.book;
        match subject {
            Subject::Item(item) => self.document(item, None),
            Subject::Repeated(item, first) => self.document(item, Some(first)),
            Subject::Application(position) => {
                let application = &book.applications[position as usize];
                let debit = &book.items[application.debit as usize];
                let kept = KeptRow {
                    record_key: self.applications.get(&application.row).map(|place| place.id.clone()),
                    other_key: self.document_id(application.debit),
                    record_date: Some(application.visible_date),
                    amount: Some(application.amount),
                    currency: Some(book.rates.code(debit.currency).to_owned()),
                    ..self.customer(debit.customer)
                };
                self.placed(kept, self.applications.get(&application.row))
            }
            Subject::Customer(customer) => {
                let row = self.customer_rows[customer as usize];
                self.placed(self.customer(customer), row.and_then(|row| self.customers.get(&row)))
            }
        }
    }

    fn document(&self, item: u32, repeats: Option<u32>) -> KeptRow {
        let book = &self.loaded.book;
        let of = &book.items[item as usize];
        let place = self.documents.get(&self.loaded.item_rows[item as usize]);
        let kept = KeptRow {
            record_key: place.map(|place| place.id.clone()),
            item_no: place.map(|place| place.item_no),
            other_key: repeats.and_then(|first| self.document_id(first)),
            record_date: Some(of.document_date),
            amount: Some(of.amount),
            currency: Some(book.rates.code(of.currency).to_owned()),
            ..self.customer(of.customer)
        };
        self.placed(kept, place)
    }

    fn document_id(&self, item: u32) -> Option<String> {
        self.documents.get(&self.loaded.item_rows[item as usize]).map(|place| place.id.clone())
    }

    fn customer(&self, customer: u32) -> KeptRow {
        let book = &self.loaded.book;
        let of = &book.customers[customer as usize];
        KeptRow { company_id: Some(book.companies[of.company as usize].clone()), customer_id: Some(of.id.clone()), ..KeptRow::default() }
    }

    fn placed(&self, kept: KeptRow, place: Option<&RowPlace>) -> KeptRow {
        kept.at(place.and_then(|place| self.files.get(&place.source_file).copied()), place.map(|place| place.line))
    }
}

/// The first rows that are in the quarantine for a reason.
pub(super) fn kept_of_quarantine(view: &LedgerView, rule: &Rule) -> Result<Vec<KeptRow>> {
    let occurs = |file: &FileRecord| file.tables.values().any(|counts| counts.reasons.contains_key(rule.name));
    if view.files.quarantine.is_empty() || !view.index.files.iter().any(occurs) {
        return Ok(Vec::new());
    }
    let paths: Vec<PlRefPath> = view.files.quarantine.iter().map(|path| PlRefPath::new(path.to_string_lossy())).collect();
    let scan = LazyFrame::scan_parquet_files(paths.into(), ScanArgsParquet { glob: false, ..ScanArgsParquet::default() })?;
    let of_rule = scan.filter(col("reason").eq(lit(rule.name)));
    let limit = IdxSize::try_from(ROWS_KEPT).unwrap_or(IdxSize::MAX);
    let columns = ["source_file", "source_line", "column_name"].map(col);
    let rows = of_rule.select(columns).limit(limit).collect()?;
    let (files, lines) = (rows.column("source_file")?.i32()?, rows.column("source_line")?.i64()?);
    let names = rows.column("column_name")?.str()?;
    let record = |at: usize| view.index.files.iter().find(|file| i32::try_from(file.number).ok() == files.get(at));
    let row = |at: usize| KeptRow { column_name: names.get(at).map(str::to_owned), ..KeptRow::default() }.at(record(at), lines.get(at));
    // What later deliveries brought is not known here.
    Ok((0..rows.height()).filter(|at| record(*at).is_some()).map(row).collect())
}

/// The files that were noted for something, and the columns that changed.
pub(super) fn kept_of_findings(view: &LedgerView, rule: &Rule) -> Vec<KeptRow> {
    let changed = changed_columns(view, rule);
    if !changed.is_empty() {
        let row = |(file, column): &(&FileRecord, String)| {
            KeptRow { column_name: Some(column.clone()), ..KeptRow::default() }.at(Some(file), None)
        };
        return changed.iter().take(ROWS_KEPT).map(row).collect();
    }
    let noted = view.index.files.iter().filter(|file| file.findings.contains_key(rule.name));
    noted.take(ROWS_KEPT).map(|file| KeptRow::default().at(Some(file), None)).collect()
}

/// The first rows that are left out for a reason.
pub(super) fn kept_of_left_out(view: &LedgerView, left_out: &[LeftOutRow], rule: &Rule) -> Vec<KeptRow> {
    let record = |row: &LeftOutRow| view.all_files.iter().find(|file| usize::try_from(file.number) == Ok(row.source_file));
    let kept =
        |row: &LeftOutRow| KeptRow { record_key: Some(row.key.clone()), ..KeptRow::default() }.at(record(row), Some(row.source_line));
    left_out.iter().filter(|row| row.left_out.reason == rule.name).take(ROWS_KEPT).map(kept).collect()
}
