//! From the stored ledger to the book: reads the columns a run needs, resolves versions and keys, and says which rows
//! had to be left out and why.
//!
//! Row groups are decoded in parallel; nothing that is published depends on the order in which they arrive. Strings are
//! read as dictionaries, so that a label is interned once a row group and not once a row.

pub mod clearings;
mod contacts;
pub mod due_dates;
pub mod knowledge;
pub mod lookups;
mod orders;
mod overrides;
mod promises;

use crate::error::{Error, Result, io_error};
use crate::ledger::book::{
    Application, Book, Customer, DiscountTerms, Dispute, DocumentType, Item, ItemIndex, NO_AMOUNT, NO_DATE, NO_LABEL, Supplied,
};
use crate::ledger::calendar::Day;
use crate::ledger::money::minor_unit;
use crate::ledger::rates::Rates;
use crate::ledger::{currency, over_application};
use arrow::array::{Array, ArrayRef, AsArray as _, RecordBatch};
use arrow::datatypes::{DataType, Date32Type, Decimal64Type, Field, Int32Type, Int64Type, Schema, TimestampMicrosecondType};
use due_dates::{DueDateRule, DueDateRules, Filler};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::statistics::Statistics;
use rayon::prelude::*;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::hash::{BuildHasherDefault, Hasher};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// The stored ledger as files: what [`load`] reads.
#[derive(Clone, Debug, Default)]
pub struct LedgerFiles {
    /// By canonical table; a table that was never supplied has no entry.
    pub tables: BTreeMap<String, TableFiles>,
    /// For each file, by its number, where in the order of statements stands what follows from its delivery, and what it says.
    pub file_positions: Vec<(u32, u32)>,
    /// Segments of what could not be ingested.
    pub quarantine: Vec<PathBuf>,
    /// Rows of the files from this number on are invisible: the ledger as it was after so many deliveries. `None` for all.
    pub first_files: Option<u32>,
}

impl LedgerFiles {
    /// The files of the ledger under `output`, by its index.
    pub fn of(output: &std::path::Path, index: &super::store::LedgerIndex) -> Self {
        let ledger = super::store::ledger_directory(output);
        let tables = index.tables.iter().map(|(name, table)| {
            let segments = table.segments.iter().map(|segment| ledger.join(&segment.file)).collect();
            let corrected = table.corrected.iter().map(|file| ledger.join(file)).collect();
            (name.clone(), TableFiles { segments, corrected })
        });
        let quarantine = index.quarantine.iter().map(|segment| ledger.join(&segment.file)).collect();
        LedgerFiles { tables: tables.collect(), file_positions: index.positions(), quarantine, first_files: None }
    }

    /// The segments of a table; none where it was not supplied.
    pub fn segments(&self, table: &str) -> &[PathBuf] {
        self.tables.get(table).map_or(&[], |files| &files.segments)
    }
}

/// The files of one table.
#[derive(Clone, Debug, Default)]
pub struct TableFiles {
    /// Parquet segments, in the order of the index.
    pub segments: Vec<PathBuf>,
    /// Files of keys that have more than one version.
    pub corrected: Vec<PathBuf>,
}

/// What decides the view of the ledger.
#[derive(Clone, Debug)]
pub struct LoadOptions {
    /// ISO code of the base currency.
    pub base_currency: String,
    /// Rates are needed up to this day.
    pub as_of: Day,
    /// Rows recorded after this instant (microseconds UTC) are invisible; `None` for everything.
    pub known_as_of: Option<i64>,
    /// What fills due dates that no row says.
    pub due_dates: DueDateRules,
}

/// The book and what did not get into it.
#[derive(Debug)]
pub struct Loaded {
    /// The book.
    pub book: Book,
    /// For each item its row in the table of documents, counted over all segments.
    pub item_rows: Vec<u32>,
    /// What filled the due date of each row of documents; empty where nothing was filled.
    pub due_dates: Vec<DueDateRule>,
    /// Rows that other rows break, in the order of the ledger.
    pub left_out: Vec<LeftOut>,
    /// Day of the first document.
    pub first_day: Option<Day>,
}

/// A row that stays in the ledger and out of this night.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The canonical table.
    pub table: &'static str,
    /// The row, counted over all segments of the table.
    pub row: u32,
    /// The reason code.
    pub reason: &'static str,
}

/// Reads the ledger.
///
/// # Errors
/// When a segment cannot be read, or the base currency is not one of ISO 4217.
pub fn load(files: &LedgerFiles, options: &LoadOptions) -> Result<Loaded> {
    let Some(base_digits) = currency::minor_digits(&options.base_currency) else {
        return Err(Error::usage("unknown_currency", format!("base_currency is not an ISO 4217 code: {}", options.base_currency)));
    };
    let interner = Interners::new(&options.base_currency);
    let mut customers = load_customers(files, options, &interner)?;
    let mut documents = load_documents(files, options, &interner, &customers.by_key)?;
    customers.add_unknown(files, &documents, options)?;
    let remap = customers.sort();
    documents.finish(&customers, &remap);

    let promises = promises::read_promises(files, options, &interner)?;
    let orders = orders::read_orders(files, options, &interner)?;
    let overrides = overrides::read_overrides(files, options, &interner)?;

    let mut left_out = Vec::new();
    let rates = load_rates(files, options, &interner, &documents, minor_unit(base_digits))?;
    documents.drop_without_rate(&rates, &mut left_out);
    let keys = KeyIndex::new(&documents.row_keys);
    let first_day = documents.items.iter().map(|item| item.document_date).min();
    let instalments = promises::Instalments::find(files, &documents)?;
    instalments.mark(&mut documents.items);
    let applications = load_applications(files, options, &keys, &documents.items, &mut left_out)?;
    let (disputes, has_disputes) = load_disputes(files, options, &keys, &mut documents.items, &mut left_out)?;
    let supplied = Supplied {
        disputes: has_disputes,
        promises: promises.is_some(),
        discount_terms: documents.discounts.iter().any(|(item, _)| documents.items[*item as usize].document_date <= options.as_of),
        delivery_dates: documents.items.iter().any(|item| item.delivery_date != NO_DATE && item.document_date <= options.as_of),
    };
    let promises = promises::resolve_promises(
        promises.unwrap_or_default(),
        &customers,
        &remap,
        &documents.items,
        (&keys, &instalments),
        &rates,
        &mut left_out,
    );
    orders::leave_out(&orders, &customers, &rates, options.as_of, &mut left_out);
    overrides::leave_out(&overrides, &customers, &rates, options.as_of, &mut left_out);
    contacts::leave_out(files, options, &customers, &mut left_out)?;
    clearings::leave_out(files, options, &mut left_out)?;
    drop(keys);
    documents.row_keys = Vec::new();

    let assemble = |items, applications, companies, customers, disputes, rates| {
        Book::assemble(companies, interner.labels.clone_values(), customers, items, applications, disputes, supplied, rates)
    };
    let mut book = assemble(documents.items, applications, customers.companies, customers.rows, disputes, rates);
    let suspects = over_application::suspects(&book);
    if !suspects.is_empty() {
        let rejected = over_applied(files, &book, &suspects)?;
        if !rejected.is_empty() {
            left_out.extend(rejected.iter().map(|row| LeftOut { table: "applications", row: *row, reason: "over_applied" }));
            let kept = book.applications.iter().filter(|application| !rejected.contains(&application.row)).copied().collect();
            book = assemble(book.items, kept, book.companies, book.customers, book.disputes, book.rates);
        }
    }
    book.discounts = documents.discounts;
    book.promises = promises;
    left_out.sort_by_key(|row| (row.table, row.row));
    Ok(Loaded { book, item_rows: documents.rows, due_dates: documents.due_dates, left_out, first_day })
}

// ---------------------------------------------------------------------------------------------- reading columns

/// One row group's columns, with the number of its first row in the table.
struct RowGroup {
    batch: RecordBatch,
    first_row: u32,
}

impl RowGroup {
    /// A column by name.
    ///
    /// # Panics
    /// When it was not asked for.
    fn column(&self, name: &str) -> &ArrayRef {
        self.batch.column_by_name(name).expect("the column was asked for and every segment has it")
    }

    fn rows(&self) -> usize {
        self.batch.num_rows()
    }

    fn row(&self, position: usize) -> u32 {
        self.first_row + u32::try_from(position).expect("a row group has fewer than 2^32 rows")
    }

    fn i64s(&self, name: &str) -> &[i64] {
        self.column(name).as_primitive::<Int64Type>().values()
    }

    fn dates(&self, name: &str) -> Vec<Day> {
        self.column(name).as_primitive::<Date32Type>().iter().map(|day| day.unwrap_or(NO_DATE)).collect()
    }

    fn amounts(&self, name: &str) -> Vec<i64> {
        let array = self.column(name).as_primitive::<Decimal64Type>();
        if array.null_count() == 0 {
            return array.values().to_vec();
        }
        array.iter().map(|value| value.unwrap_or(NO_AMOUNT)).collect()
    }

    fn flags(&self, name: &str) -> Vec<bool> {
        self.column(name).as_boolean().iter().map(|flag| flag.unwrap_or(false)).collect()
    }

    fn texts(&self, name: &str) -> Vec<Option<String>> {
        self.column(name).as_string::<i32>().iter().map(|text| text.map(str::to_owned)).collect()
    }

    /// A dictionary column as codes: `code_of` is asked once for each distinct value; nulls and blanks get `missing`.
    fn codes(&self, name: &str, missing: u32, mut code_of: impl FnMut(&str) -> u32) -> Vec<u32> {
        let dictionary = self.column(name).as_dictionary::<Int32Type>();
        let values = dictionary.values().as_string::<i32>();
        let codes: Vec<u32> = values.iter().map(|value| value.filter(|text| !text.is_empty()).map_or(missing, &mut code_of)).collect();
        let keys = dictionary.keys();
        (0..keys.len()).map(|row| if keys.is_null(row) { missing } else { codes[keys.value(row) as usize] }).collect()
    }
}

/// Reads columns of a table, row group by row group in parallel, in the order of the table. `dictionaries` names the
/// string columns to be read as dictionaries. Of the row groups that hold only rows of files from number `first_files` on,
/// nothing is read; rows are counted as if it were.
///
/// # Errors
/// When a segment is missing or damaged.
fn read_row_groups<T: Send>(
    segments: &[PathBuf],
    first_files: Option<u32>,
    columns: &[&str],
    dictionaries: &[&str],
    read: impl Fn(&RowGroup) -> T + Sync,
) -> Result<Vec<T>> {
    let mut tasks = Vec::new();
    let mut first_row = 0_u32;
    for path in segments {
        let file = File::open(path).map_err(|cause| io_error("read the ledger's segment", path, &cause))?;
        let metadata = open_metadata(&file, dictionaries).map_err(|cause| damaged(path, &cause))?;
        for group in 0..metadata.metadata().num_row_groups() {
            if !is_later(metadata.metadata().row_group(group), first_files) {
                tasks.push((path, metadata.clone(), group, first_row));
            }
            let rows = metadata.metadata().row_group(group).num_rows();
            first_row = u32::try_from(i64::from(first_row) + rows)
                .map_err(|_| Error::unexpected("too_many_rows", "a table of the ledger has 2^32 rows or more"))?;
        }
    }
    tasks
        .into_par_iter()
        .map(|(path, metadata, group, first_row)| {
            let batch = read_row_group(path, metadata, group, columns).map_err(|cause| damaged(path, &cause))?;
            Ok(read(&RowGroup { batch, first_row }))
        })
        .collect()
}

/// Whether every row of a row group came with a file of number `first_files` or later.
fn is_later(group: &RowGroupMetaData, first_files: Option<u32>) -> bool {
    let Some(first_files) = first_files else { return false };
    match super::known::statistics(group, "source_file") {
        Some(Statistics::Int32(files)) => {
            files.min_opt().is_some_and(|least| u32::try_from(*least).is_ok_and(|least| least >= first_files))
        }
        _ => false,
    }
}

fn damaged(path: &std::path::Path, cause: &(dyn std::error::Error + 'static)) -> Error {
    Error::unexpected("ledger_damaged", format!("a segment of the ledger cannot be read: {}", path.display()))
        .caused_by(cause)
        .hint("restore the ledger folder from a backup, or delete the output and ingest the sources again")
}

fn open_metadata(file: &File, dictionaries: &[&str]) -> parquet::errors::Result<ArrowReaderMetadata> {
    let metadata = ArrowReaderMetadata::load(file, ArrowReaderOptions::new())?;
    let fields: Vec<Field> = metadata
        .schema()
        .fields()
        .iter()
        .map(|field| {
            let field = field.as_ref().clone();
            // Amounts and rates stand in 64 bits in the file; wider arrays would only be narrowed again.
            if let DataType::Decimal128(precision, scale) = *field.data_type()
                && precision <= 18
            {
                return field.with_data_type(DataType::Decimal64(precision, scale));
            }
            if !dictionaries.contains(&field.name().as_str()) {
                return field;
            }
            field.with_data_type(DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)))
        })
        .collect();
    let schema = Arc::new(Schema::new_with_metadata(fields, metadata.schema().metadata().clone()));
    ArrowReaderMetadata::try_new(metadata.metadata().clone(), ArrowReaderOptions::new().with_schema(schema))
}

fn read_row_group(path: &std::path::Path, metadata: ArrowReaderMetadata, group: usize, columns: &[&str]) -> Result<RecordBatch> {
    let file = File::open(path).map_err(|cause| io_error("read the ledger's segment", path, &cause))?;
    let rows = usize::try_from(metadata.metadata().row_group(group).num_rows()).unwrap_or(0);
    let schema = metadata.schema().clone();
    let mask = ProjectionMask::columns(metadata.parquet_schema(), columns.iter().copied());
    let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata);
    let mut reader = builder.with_projection(mask).with_row_groups(vec![group]).with_batch_size(rows.max(1)).build()?;
    match reader.next() {
        Some(batch) => Ok(batch?),
        None => {
            let wanted: Vec<usize> = (0..schema.fields().len()).filter(|at| columns.contains(&schema.field(*at).name().as_str())).collect();
            Ok(RecordBatch::new_empty(Arc::new(schema.project(&wanted)?)))
        }
    }
}

// ------------------------------------------------------------------------------------------------- versions

/// Which rows of a table are visible: the latest known version of each key, deletions left out. `None` when all are.
fn invisible_rows(files: &LedgerFiles, table: &str, known_as_of: Option<i64>) -> Result<HashSet<u32>> {
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
fn is_delivered_later(files: &LedgerFiles, source_file: i32) -> bool {
    files.first_files.is_some_and(|first| u32::try_from(source_file).is_ok_and(|file| file >= first))
}

/// Where a row stands in the order of statements. A row without a line follows from its delivery.
fn position_of(files: &LedgerFiles, source_file: i32, line: i64) -> u32 {
    let positions = usize::try_from(source_file).ok().and_then(|file| files.file_positions.get(file)).copied().unwrap_or_default();
    if line > 0 { positions.1 } else { positions.0 }
}

/// A version of a row, ordered by what wins: recorded later, delivered later (what a file says over what follows from its
/// delivery), later file name, later line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Version {
    recorded_at: i64,
    position: u32,
    line: i64,
    row: u32,
    is_deleted: bool,
}

// -------------------------------------------------------------------------------------------------- interning

/// Words by number, shared by the threads that read. Which number a word gets depends on who comes first; nothing that
/// is published does.
struct Interner(Mutex<(HashMap<String, u32>, Vec<String>)>);

impl Interner {
    fn new(first: &str) -> Self {
        Interner(Mutex::new((HashMap::from([(first.to_owned(), 0)]), vec![first.to_owned()])))
    }

    fn number(&self, word: &str) -> u32 {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (numbers, words) = &mut *inner;
        if let Some(number) = numbers.get(word) {
            return *number;
        }
        let number = u32::try_from(words.len()).expect("fewer than 2^32 labels");
        numbers.insert(word.to_owned(), number);
        words.push(word.to_owned());
        number
    }

    fn clone_values(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1.clone()
    }
}

struct Interners {
    /// 0 is "(none)".
    labels: Interner,
    /// 0 is the base currency.
    currencies: Interner,
}

impl Interners {
    fn new(base_currency: &str) -> Self {
        Interners { labels: Interner::new(NO_LABEL), currencies: Interner::new(base_currency) }
    }

    fn currency(&self, code: &str) -> u16 {
        u16::try_from(self.currencies.number(code)).expect("a book has fewer than 65,536 currencies")
    }

    fn label(&self, text: &Option<String>) -> u32 {
        text.as_deref().filter(|text| !text.is_empty()).map_or(0, |text| self.labels.number(text))
    }
}

/// Row keys are hashes already.
#[derive(Default)]
struct AlreadyHashed(u64);

impl Hasher for AlreadyHashed {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, _: &[u8]) {
        unreachable!("only 64-bit keys are hashed")
    }
    fn write_i64(&mut self, key: i64) {
        self.0 = key.cast_unsigned();
    }
}

type KeyMap<V> = HashMap<i64, V, BuildHasherDefault<AlreadyHashed>>;

/// Items by row key: shards that are built in parallel.
struct KeyIndex(Vec<KeyMap<ItemIndex>>);

impl KeyIndex {
    const SHARDS: usize = 16;

    fn new(keys: &[i64]) -> Self {
        let shards = (0..Self::SHARDS).into_par_iter().map(|shard| {
            let mut map = KeyMap::default();
            map.reserve(keys.len() / Self::SHARDS);
            for (item, key) in keys.iter().enumerate() {
                if Self::shard(*key) == shard {
                    map.insert(*key, u32::try_from(item).expect("items are counted in 32 bits"));
                }
            }
            map
        });
        KeyIndex(shards.collect())
    }

    fn get(&self, key: i64) -> Option<ItemIndex> {
        self.0[Self::shard(key)].get(&key).copied()
    }

    /// Bits that the map itself does not use for its buckets (it takes the lowest and the highest seven).
    fn shard(key: i64) -> usize {
        ((key.cast_unsigned() >> 48) % Self::SHARDS as u64) as usize
    }
}

// -------------------------------------------------------------------------------------------------- customers

struct Customers {
    companies: Vec<String>,
    rows: Vec<Customer>,
    company_ids: Vec<String>,
    by_key: KeyMap<u32>,
}

fn load_customers(files: &LedgerFiles, options: &LoadOptions, interner: &Interners) -> Result<Customers> {
    let mut customers = Customers { companies: Vec::new(), rows: Vec::new(), company_ids: Vec::new(), by_key: KeyMap::default() };
    let Some(table) = files.tables.get("customers") else { return Ok(customers) };
    let invisible = invisible_rows(files, "customers", options.known_as_of)?;
    let columns = [
        "row_key",
        "company_id",
        "customer_id",
        "segment",
        "region",
        "country",
        "industry",
        "account_manager",
        "is_intercompany",
        "credit_limit",
        "credit_limit_currency",
        "insured_amount",
    ];
    let groups = read_row_groups(&table.segments, files.first_files, &columns, &[], |group| {
        let labels: Vec<Vec<u32>> =
            columns[3..8].iter().map(|name| group.texts(name).iter().map(|text| interner.label(text)).collect()).collect();
        let (companies, ids) = (group.texts("company_id"), group.texts("customer_id"));
        let (limits, limit_currencies) = (group.amounts("credit_limit"), group.texts("credit_limit_currency"));
        let insured = group.amounts("insured_amount");
        let (keys, intercompany) = (group.i64s("row_key"), group.flags("is_intercompany"));
        let rows = (0..group.rows()).filter(|row| !invisible.contains(&group.row(*row)));
        rows.map(|row| {
            let customer = Customer {
                company: 0,
                id: ids[row].clone().unwrap_or_default(),
                labels: [labels[0][row], labels[1][row], labels[2][row], labels[3][row]],
                account_manager: labels[4][row],
                is_intercompany: intercompany[row],
                credit_limit: (limits[row] != NO_AMOUNT).then_some(limits[row]),
                credit_limit_currency: limit_currencies[row].clone(),
                insured_amount: (insured[row] != NO_AMOUNT).then_some(insured[row]),
            };
            // A limit may be in a currency that no document has; it needs its rates all the same.
            if let Some(code) = &customer.credit_limit_currency {
                interner.currencies.number(code);
            }
            (keys[row], companies[row].clone().unwrap_or_default(), customer)
        })
        .collect::<Vec<_>>()
    })?;
    for (key, company, customer) in groups.into_iter().flatten() {
        customers.push(key, company, customer);
    }
    Ok(customers)
}

impl Customers {
    fn push(&mut self, key: i64, company: String, customer: Customer) {
        let next = u32::try_from(self.rows.len()).expect("customers are counted in 32 bits");
        // Documents of several row groups name a customer several times.
        if let Entry::Vacant(slot) = self.by_key.entry(key) {
            slot.insert(next);
            self.rows.push(customer);
            self.company_ids.push(company);
        }
    }

    /// Customers that documents name and the table of customers does not know: they have no labels.
    fn add_unknown(&mut self, files: &LedgerFiles, documents: &Documents, options: &LoadOptions) -> Result<()> {
        if documents.items.iter().all(|item| item.customer != UNKNOWN) {
            return Ok(());
        }
        let Some(table) = files.tables.get("documents") else { return Ok(()) };
        let invisible = invisible_rows(files, "documents", options.known_as_of)?;
        let by_key = &self.by_key;
        let groups = read_row_groups(&table.segments, files.first_files, &["customer_key", "company_id", "customer_id"], &[], |group| {
            let (companies, ids) = (group.column("company_id").as_string::<i32>(), group.column("customer_id").as_string::<i32>());
            let mut found: BTreeMap<i64, (String, String)> = BTreeMap::new();
            for (row, key) in group.i64s("customer_key").iter().enumerate() {
                if !by_key.contains_key(key) && !invisible.contains(&group.row(row)) {
                    found.entry(*key).or_insert_with(|| (companies.value(row).to_owned(), ids.value(row).to_owned()));
                }
            }
            found
        })?;
        for (key, (company, id)) in groups.into_iter().flatten() {
            let customer = Customer {
                company: 0,
                id,
                labels: [0; 4],
                account_manager: 0,
                is_intercompany: false,
                credit_limit: None,
                credit_limit_currency: None,
                insured_amount: None,
            };
            self.push(key, company, customer);
        }
        Ok(())
    }

    /// Sorts by company and id; returns for each old position the new one.
    fn sort(&mut self) -> Vec<u32> {
        self.companies = self.company_ids.clone();
        self.companies.sort_unstable();
        self.companies.dedup();
        for (customer, company) in self.rows.iter_mut().zip(&self.company_ids) {
            let position = self.companies.binary_search(company).expect("every company is listed");
            customer.company = u32::try_from(position).expect("companies are counted in 32 bits");
        }
        let mut order: Vec<u32> = (0..u32::try_from(self.rows.len()).expect("customers are counted in 32 bits")).collect();
        order.sort_by(|a, b| {
            let (a, b) = (&self.rows[*a as usize], &self.rows[*b as usize]);
            (a.company, &a.id).cmp(&(b.company, &b.id))
        });
        let mut remap = vec![0; order.len()];
        for (new, old) in order.iter().enumerate() {
            remap[*old as usize] = u32::try_from(new).expect("customers are counted in 32 bits");
        }
        self.rows = order.iter().map(|old| self.rows[*old as usize].clone()).collect();
        self.company_ids = Vec::new();
        remap
    }
}

// -------------------------------------------------------------------------------------------------- documents

const UNKNOWN: u32 = u32::MAX;

#[derive(Default)]
struct Documents {
    items: Vec<Item>,
    rows: Vec<u32>,
    row_keys: Vec<i64>,
    /// Items that offer a discount for early payment, in the order of the items.
    discounts: Vec<(ItemIndex, DiscountTerms)>,
    /// Whether an item number other than 1 occurs.
    has_instalments: bool,
    /// Customer keys of the items whose customer the table of customers does not know.
    unknown: Vec<(usize, i64)>,
    /// What filled due dates, by row of the table; empty where nothing was filled.
    due_dates: Vec<DueDateRule>,
    /// The same of the rows of one group of which something was.
    filled: Vec<(u32, DueDateRule)>,
}

fn load_documents(files: &LedgerFiles, options: &LoadOptions, interner: &Interners, customers: &KeyMap<u32>) -> Result<Documents> {
    let mut documents = Documents::default();
    let Some(table) = files.tables.get("documents") else { return Ok(documents) };
    let invisible = invisible_rows(files, "documents", options.known_as_of)?;
    let columns = [
        "row_key",
        "customer_key",
        "document_type",
        "document_date",
        "due_date",
        "amount",
        "currency",
        "base_amount",
        "terms",
        "account_manager",
        "item_no",
        "discount_percent",
        "discount_date",
        "delivery_date",
        "source_file",
    ];
    let dictionaries = ["document_type", "currency", "terms", "account_manager"];
    let filler = Filler::read(files, options)?;
    let groups = read_row_groups(&table.segments, files.first_files, &columns, &dictionaries, |group| {
        read_items(group, &invisible, interner, (customers, &filler))
    })?;
    let count = groups.iter().map(|group| group.items.len()).sum();
    documents.items.reserve_exact(count);
    documents.rows.reserve_exact(count);
    documents.row_keys.reserve_exact(count);
    for group in groups {
        let first = documents.items.len();
        documents.unknown.extend(group.unknown.iter().map(|(position, key)| (first + position, *key)));
        let offset = u32::try_from(first).expect("items are counted in 32 bits");
        documents.discounts.extend(group.discounts.iter().map(|(position, terms)| (offset + position, *terms)));
        documents.has_instalments |= group.has_instalments;
        for (row, rule) in group.filled {
            let row = row as usize;
            documents.due_dates.resize(documents.due_dates.len().max(row + 1), DueDateRule::None);
            documents.due_dates[row] = rule;
        }
        documents.items.extend_from_slice(&group.items);
        documents.rows.extend_from_slice(&group.rows);
        documents.row_keys.extend_from_slice(&group.row_keys);
    }
    Ok(documents)
}

fn read_items(
    group: &RowGroup,
    invisible: &HashSet<u32>,
    interner: &Interners,
    (customers, filler): (&KeyMap<u32>, &Filler<'_>),
) -> Documents {
    let (row_keys, customer_keys) = (group.i64s("row_key"), group.i64s("customer_key"));
    let types = group.codes("document_type", UNKNOWN, |word| DocumentType::named(word).map_or(UNKNOWN, |kind| kind as u32));
    let currencies = group.codes("currency", UNKNOWN, |code| interner.currencies.number(code));
    let terms = group.codes("terms", 0, |text| interner.labels.number(text));
    let managers = group.codes("account_manager", 0, |text| interner.labels.number(text));
    let (document_dates, due_dates) = (group.dates("document_date"), group.dates("due_date"));
    let (amounts, base_amounts) = (group.amounts("amount"), group.amounts("base_amount"));
    let (discount_percents, discount_dates) = (group.amounts("discount_percent"), group.dates("discount_date"));
    let (delivery_dates, item_numbers) = (group.dates("delivery_date"), group.i64s("item_no"));
    let source_files = group.column("source_file").as_primitive::<Int32Type>().values();
    let mut net_terms: HashMap<i32, u32> = HashMap::new();
    let mut documents = Documents { items: Vec::with_capacity(group.rows()), ..Documents::default() };
    for row in 0..group.rows() {
        let Some(document_type) = DocumentType::ALL.get(types[row] as usize).copied() else { continue };
        if !invisible.is_empty() && invisible.contains(&group.row(row)) {
            continue;
        }
        let (document_date, mut due_date) = (document_dates[row], due_dates[row]);
        if due_date == NO_DATE
            && let Some(filled) = filler.now(document_type, customer_keys[row], document_date, source_files[row])
        {
            due_date = filled.due_date;
            documents.filled.push((group.row(row), filled.rule));
        }
        let payment_terms = if terms[row] != 0 || due_date == NO_DATE {
            terms[row]
        } else {
            let days = due_date - document_date;
            *net_terms.entry(days).or_insert_with(|| interner.labels.number(&format!("net {days}")))
        };
        let customer = customers.get(&customer_keys[row]).copied().unwrap_or(UNKNOWN);
        if customer == UNKNOWN {
            documents.unknown.push((documents.items.len(), customer_keys[row]));
        }
        let has_discount = discount_percents[row] != NO_AMOUNT && discount_dates[row] != NO_DATE;
        if has_discount {
            let terms = DiscountTerms { percent: discount_percents[row], last_date: discount_dates[row] };
            documents.discounts.push((u32::try_from(documents.items.len()).expect("items are counted in 32 bits"), terms));
        }
        documents.has_instalments |= item_numbers[row] != 1;
        documents.items.push(Item {
            amount: amounts[row],
            base_amount: base_amounts[row],
            document_date,
            due_date,
            customer,
            account_manager: managers[row],
            payment_terms,
            currency: u16::try_from(currencies[row]).expect("a book has fewer than 65,536 currencies"),
            document_type,
            delivery_date: delivery_dates[row],
            has_disputes: false,
            has_discount,
            is_first_item: true,
        });
        documents.rows.push(group.row(row));
        documents.row_keys.push(row_keys[row]);
    }
    documents
}

impl Documents {
    /// Gives every item its customer's final position and, where it has none of its own, its account manager.
    fn finish(&mut self, customers: &Customers, remap: &[u32]) {
        for (position, key) in &self.unknown {
            self.items[*position].customer = *customers.by_key.get(key).expect("unknown customers were added");
        }
        self.unknown = Vec::new();
        self.items.par_iter_mut().for_each(|item| {
            item.customer = remap[item.customer as usize];
            if item.account_manager == 0 {
                item.account_manager = customers.rows[item.customer as usize].account_manager;
            }
        });
    }

    /// Leaves out what cannot be valued: a document in a currency that has no rate on or before its date.
    fn drop_without_rate(&mut self, rates: &Rates, left_out: &mut Vec<LeftOut>) {
        let has_rate = |item: &Item| item.currency == rates.base() || rates.on(item.currency, item.document_date).is_some();
        if self.items.iter().all(has_rate) {
            return;
        }
        let keep: Vec<bool> = self.items.iter().map(has_rate).collect();
        for (position, keep) in keep.iter().enumerate() {
            if !keep {
                left_out.push(LeftOut { table: "documents", row: self.rows[position], reason: "no_rate" });
            }
        }
        let mut position = 0_u32;
        let mut new_positions: Vec<u32> = Vec::with_capacity(keep.len());
        for keep in &keep {
            new_positions.push(position);
            position += u32::from(*keep);
        }
        self.discounts.retain(|(item, _)| keep[*item as usize]);
        self.discounts.iter_mut().for_each(|(item, _)| *item = new_positions[*item as usize]);
        let mut kept = keep.iter();
        self.items.retain(|_| kept.next().copied().unwrap_or(true));
        let mut kept = keep.iter();
        self.rows.retain(|_| kept.next().copied().unwrap_or(true));
        let mut kept = keep.iter();
        self.row_keys.retain(|_| kept.next().copied().unwrap_or(true));
    }
}

// ------------------------------------------------------------------------------------- rates, applications, disputes

fn load_rates(files: &LedgerFiles, options: &LoadOptions, interner: &Interners, documents: &Documents, base_unit: i64) -> Result<Rates> {
    let mut dated: BTreeMap<String, Vec<(Day, i64)>> = BTreeMap::new();
    if let Some(table) = files.tables.get("fx_rates") {
        let invisible = invisible_rows(files, "fx_rates", options.known_as_of)?;
        let groups = read_row_groups(&table.segments, files.first_files, &["rate_date", "currency", "rate"], &[], |group| {
            let (days, codes, rates) = (group.dates("rate_date"), group.texts("currency"), group.amounts("rate"));
            let rows = (0..group.rows()).filter(|row| !invisible.contains(&group.row(*row)));
            rows.map(|row| (codes[row].clone().unwrap_or_default(), days[row], rates[row])).collect::<Vec<_>>()
        })?;
        for (code, day, rate) in groups.into_iter().flatten() {
            dated.entry(code).or_default().push((day, rate));
        }
    }
    let codes = interner.currencies.clone_values();
    let first_day = documents.items.iter().map(|item| item.document_date).min().unwrap_or(options.as_of);
    let last_day = documents.items.iter().map(|item| item.document_date).max().unwrap_or(options.as_of).max(options.as_of);
    let currencies = codes.into_iter().map(|code| (code.clone(), dated.remove(&code).unwrap_or_default())).collect();
    Ok(Rates::new(&options.base_currency, base_unit, first_day, last_day, currencies))
}

fn load_applications(
    files: &LedgerFiles,
    options: &LoadOptions,
    keys: &KeyIndex,
    items: &[Item],
    left_out: &mut Vec<LeftOut>,
) -> Result<Vec<Application>> {
    let Some(table) = files.tables.get("applications") else { return Ok(Vec::new()) };
    let invisible = invisible_rows(files, "applications", options.known_as_of)?;
    let columns = ["credit_key", "debit_key", "applied_date", "amount", "credit_amount"];
    let groups = read_row_groups(&table.segments, files.first_files, &columns, &[], |group| {
        let (credits, debits) = (group.i64s("credit_key"), group.i64s("debit_key"));
        let (dates, amounts, credit_amounts) = (group.dates("applied_date"), group.amounts("amount"), group.amounts("credit_amount"));
        let mut applications = Vec::with_capacity(group.rows());
        let mut refused = Vec::new();
        for row in 0..group.rows() {
            if !invisible.is_empty() && invisible.contains(&group.row(row)) {
                continue;
            }
            match resolve(keys, items, debits[row], credits[row], dates[row], amounts[row], credit_amounts[row], group.row(row)) {
                Ok(application) => applications.push(application),
                Err(reason) => refused.push(LeftOut { table: "applications", row: group.row(row), reason }),
            }
        }
        (applications, refused)
    })?;
    let mut applications = Vec::with_capacity(groups.iter().map(|(part, _)| part.len()).sum());
    for (part, refused) in groups {
        applications.extend_from_slice(&part);
        left_out.extend(refused);
    }
    Ok(applications)
}

#[expect(clippy::too_many_arguments, reason = "the columns of one row")]
fn resolve(
    keys: &KeyIndex,
    items: &[Item],
    debit_key: i64,
    credit_key: i64,
    applied_date: Day,
    amount: i64,
    credit_amount: i64,
    row: u32,
) -> std::result::Result<Application, &'static str> {
    let (Some(debit), Some(credit)) = (keys.get(debit_key), keys.get(credit_key)) else { return Err("unknown_document") };
    let (debit_item, credit_item) = (&items[debit as usize], &items[credit as usize]);
    if !debit_item.document_type.is_debit() || credit_item.document_type.is_debit() {
        return Err("wrong_side");
    }
    let credit_amount = resolve_amount(debit_item, credit_item, amount, credit_amount)?;
    let visible_date = applied_date.max(debit_item.document_date).max(credit_item.document_date);
    Ok(Application { debit, credit, visible_date, amount, credit_amount, row })
}

/// What an application takes off the credit item, in that item's currency.
fn resolve_amount(debit_item: &Item, credit_item: &Item, amount: i64, credit_amount: i64) -> std::result::Result<i64, &'static str> {
    match (debit_item.currency == credit_item.currency, credit_amount) {
        (true, _) => Ok(amount),
        (false, NO_AMOUNT) => Err("missing_credit_amount"),
        (false, credit_amount) => Ok(credit_amount),
    }
}

type DisputesByItem = HashMap<ItemIndex, Vec<Dispute>>;

fn load_disputes(
    files: &LedgerFiles,
    options: &LoadOptions,
    keys: &KeyIndex,
    items: &mut [Item],
    left_out: &mut Vec<LeftOut>,
) -> Result<(DisputesByItem, bool)> {
    let Some(table) = files.tables.get("disputes") else { return Ok((HashMap::new(), false)) };
    let invisible = invisible_rows(files, "disputes", options.known_as_of)?;
    let groups =
        read_row_groups(&table.segments, files.first_files, &["document_key", "opened_date", "closed_date", "amount"], &[], |group| {
            let (opened, closed, amounts) = (group.dates("opened_date"), group.dates("closed_date"), group.amounts("amount"));
            let rows = (0..group.rows()).filter(|row| !invisible.contains(&group.row(*row)));
            rows.map(|row| {
                let dispute = Dispute { opened_date: opened[row], closed_date: closed[row], amount: amounts[row] };
                (group.row(row), group.i64s("document_key")[row], dispute)
            })
            .collect::<Vec<_>>()
        })?;
    let mut disputes: DisputesByItem = HashMap::new();
    for (row, key, dispute) in groups.into_iter().flatten() {
        match keys.get(key) {
            Some(item) => {
                items[item as usize].has_disputes = true;
                disputes.entry(item).or_default().push(dispute);
            }
            None => left_out.push(LeftOut { table: "disputes", row, reason: "unknown_document" }),
        }
    }
    Ok((disputes, true))
}

/// How many rows a table has, every version counted.
///
/// # Errors
/// When a segment cannot be read.
pub fn rows_of(files: &LedgerFiles, table: &str) -> Result<u64> {
    let groups = read_row_groups(files.segments(table), None, &["row_key"], &[], |group| group.rows() as u64)?;
    Ok(groups.into_iter().sum())
}

/// The key of every row of the documents, by its number: rows of one key are versions of one item.
///
/// # Errors
/// When a segment cannot be read.
pub fn document_keys(files: &LedgerFiles) -> Result<Vec<i64>> {
    let groups = read_row_groups(files.segments("documents"), None, &["row_key"], &[], |group| group.i64s("row_key").to_vec())?;
    Ok(groups.concat())
}

/// Document id and item number of some rows of the documents.
///
/// # Errors
/// When a segment cannot be read.
pub fn document_ids(files: &LedgerFiles, rows: &HashSet<u32>) -> Result<HashMap<u32, (String, i64)>> {
    let groups = read_row_groups(files.segments("documents"), None, &["document_id", "item_no"], &[], |group| {
        let ids = group.column("document_id").as_string::<i32>();
        let items = group.i64s("item_no");
        let wanted = (0..group.rows()).filter(|row| rows.contains(&group.row(*row)));
        wanted.map(|row| (group.row(row), (ids.value(row).to_owned(), items[row]))).collect::<Vec<_>>()
    })?;
    Ok(groups.into_iter().flatten().collect())
}

/// A version of a document's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentRow {
    /// Its company.
    pub company_id: String,
    /// Its customer.
    pub customer_id: String,
    /// Its id.
    pub document_id: String,
    /// When it was recorded, microseconds UTC; the beginning of its date where it does not say.
    pub instant: i64,
}

/// Every version of the documents with these ids, in the order of the ledger.
///
/// # Errors
/// When a segment cannot be read.
pub fn document_rows(files: &LedgerFiles, ids: &HashSet<&str>) -> Result<Vec<DocumentRow>> {
    let columns = ["company_id", "customer_id", "document_id", "document_date", "recorded_at"];
    let groups = read_row_groups(files.segments("documents"), None, &columns, &[], |group| {
        let text = |name: &str| group.column(name).as_string::<i32>();
        let (companies, customers, documents) = (text("company_id"), text("customer_id"), text("document_id"));
        let (dates, recorded) = (group.dates("document_date"), group.column("recorded_at").as_primitive::<TimestampMicrosecondType>());
        let row_of = |row: usize| DocumentRow {
            company_id: companies.value(row).to_owned(),
            customer_id: customers.value(row).to_owned(),
            document_id: documents.value(row).to_owned(),
            instant: if recorded.is_valid(row) { recorded.value(row) } else { i64::from(dates[row]) * crate::config::DAY_MICROS },
        };
        (0..group.rows()).filter(|row| ids.contains(documents.value(*row))).map(row_of).collect::<Vec<_>>()
    })?;
    Ok(groups.concat())
}

/// Rows of the documents with this id: row and item number, in the order of the ledger; superseded versions are among them.
///
/// # Errors
/// When a segment cannot be read.
pub fn rows_of_document(files: &LedgerFiles, id: &str) -> Result<Vec<(u32, i64)>> {
    let groups = read_row_groups(files.segments("documents"), None, &["document_id", "item_no"], &[], |group| {
        let ids = group.column("document_id").as_string::<i32>();
        let items = group.i64s("item_no");
        let wanted = (0..group.rows()).filter(|row| ids.value(*row) == id);
        wanted.map(|row| (group.row(row), items[row])).collect::<Vec<_>>()
    })?;
    Ok(groups.into_iter().flatten().collect())
}

/// Document ids that are nearly this one, the nearest first.
///
/// # Errors
/// When a segment cannot be read.
pub fn documents_nearly_named(files: &LedgerFiles, id: &str) -> Result<Vec<String>> {
    let groups = read_row_groups(files.segments("documents"), None, &["document_id"], &[], |group| {
        let ids = group.column("document_id").as_string::<i32>();
        crate::near::nearest(id, (0..group.rows()).map(|row| ids.value(row))).into_iter().map(str::to_owned).collect::<Vec<_>>()
    })?;
    let found: Vec<String> = groups.into_iter().flatten().collect();
    Ok(crate::near::nearest(id, found.iter().map(String::as_str)).into_iter().map(str::to_owned).collect())
}

/// Where a row that was left out came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOutRow {
    /// What was left out, and why.
    pub left_out: LeftOut,
    /// Number of the file that delivered it.
    pub source_file: usize,
    /// Its line there.
    pub source_line: i64,
    /// Its key, parts joined by `/`.
    pub key: String,
}

/// Finds the origin of rows that were left out; they are few, or the check of their share stops the run.
///
/// # Errors
/// When a segment cannot be read.
pub fn origins(files: &LedgerFiles, left_out: &[LeftOut]) -> Result<Vec<LeftOutRow>> {
    let mut by_table: BTreeMap<&'static str, HashMap<u32, LeftOut>> = BTreeMap::new();
    for row in left_out {
        by_table.entry(row.table).or_default().insert(row.row, *row);
    }
    let mut found = Vec::new();
    for (table, wanted) in by_table {
        let id = match table {
            "documents" | "clearings" => "document_id",
            "disputes" => "dispute_id",
            "promises" => "promise_id",
            "orders" => "order_id",
            "overrides" => "override_id",
            "contacts" => "contact_id",
            _ => "application_id",
        };
        let groups =
            read_row_groups(files.segments(table), files.first_files, &["company_id", id, "source_file", "source_line"], &[], |group| {
                let (companies, ids) = (group.column("company_id").as_string::<i32>(), group.column(id).as_string::<i32>());
                let (sources, lines) = (group.column("source_file").as_primitive::<Int32Type>(), group.i64s("source_line"));
                let rows = (0..group.rows()).filter_map(|row| Some((row, *wanted.get(&group.row(row))?)));
                rows.map(|(row, left_out)| LeftOutRow {
                    left_out,
                    source_file: usize::try_from(sources.value(row)).unwrap_or(0),
                    source_line: lines[row],
                    key: format!("{}/{}", companies.value(row), ids.value(row)),
                })
                .collect::<Vec<_>>()
            })?;
        found.extend(groups.into_iter().flatten());
    }
    Ok(found)
}

/// Rows of the applications that break law 5, judged in the order of the law.
fn over_applied(files: &LedgerFiles, book: &Book, suspects: &[ItemIndex]) -> Result<HashSet<u32>> {
    let positions = over_application::affected(book, suspects);
    let wanted: HashSet<u32> = positions.iter().map(|position| book.applications[*position as usize].row).collect();
    let order = application_order(files, &wanted)?;
    let mut ordered: Vec<Application> = positions.iter().map(|position| book.applications[*position as usize]).collect();
    ordered.sort_by(|a, b| (a.visible_date, &order[&a.row], a.row).cmp(&(b.visible_date, &order[&b.row], b.row)));
    Ok(over_application::judge(&book.items, &ordered).into_iter().map(|position| ordered[position].row).collect())
}

/// What decides between applications of one day, by row: when they were recorded, and their ids.
fn application_order(files: &LedgerFiles, wanted: &HashSet<u32>) -> Result<HashMap<u32, (i64, String)>> {
    let groups = read_row_groups(files.segments("applications"), files.first_files, &["application_id", "recorded_at"], &[], |group| {
        let ids = group.column("application_id").as_string::<i32>();
        let recorded = group.column("recorded_at").as_primitive::<TimestampMicrosecondType>();
        let rows = (0..group.rows()).filter(|row| wanted.contains(&group.row(*row)));
        rows.map(|row| {
            let recorded_at = if recorded.is_null(row) { i64::MIN } else { recorded.value(row) };
            (group.row(row), (recorded_at, ids.value(row).to_owned()))
        })
        .collect::<Vec<_>>()
    })?;
    Ok(groups.into_iter().flatten().collect())
}
