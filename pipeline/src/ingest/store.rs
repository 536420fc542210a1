//! The store: append-only Parquet segments and the index that says which of them count.
//!
//! `OUT/ledger/index.json` is replaced as a whole, so that a reader sees a ledger before or after a delivery, never half of
//! it. Segments are written under their final names but belong to the ledger only once the index lists them; what no index
//! lists is removed at the next ingest. The index holds no instant of its own and no absolute path: the same deliveries
//! give the same bytes.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use std::sync::{Arc, LazyLock};

use arrow::array::{ArrayRef, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::ArrowSchemaConverter;
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::basic::{Compression, Encoding};
use parquet::column::writer::ColumnCloseResult;
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesPtr};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnPath;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};
use xxhash_rust::xxh3::Xxh3;

use super::columns::data_type;
use super::overlay::Mend;
use crate::catalog::ledger_tables::{Column, IS_DELETED, Kind, RECORDED_AT, Table};
use crate::error::{Error, Result, io_error};
use crate::ledger::money::{AMOUNT_SCALE, display_amount};

/// The number of the store's format; a newer one is refused.
pub const FORMAT: u32 = 2;

/// What the ledger consists of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerIndex {
    /// [`FORMAT`].
    pub format: u32,
    /// The tables that were supplied, by name.
    pub tables: BTreeMap<String, TableIndex>,
    /// The files that were ingested, by number.
    pub files: Vec<FileRecord>,
    /// What could not be ingested.
    pub quarantine: Vec<SegmentRecord>,
}

/// One table of the store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableIndex {
    /// Its rows: every version of every key.
    pub segments: Vec<SegmentRecord>,
    /// Parquet files with one column, `row_key`, ascending: the keys that have more than one version. A key may stand in
    /// several of them; a key in none has one version.
    pub corrected: Vec<String>,
    /// The sorted keys and content hashes of the rows, one file for each ingest.
    pub keys: Vec<SegmentRecord>,
}

/// One file of the store; its path is relative to `OUT/ledger`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentRecord {
    /// Path under `OUT/ledger`, with `/`.
    pub file: String,
    /// Rows (or keys) in it.
    pub rows: u64,
    /// Its length.
    pub bytes: u64,
    /// xxh3-128 of its bytes, in hexadecimal.
    pub content_hash: String,
}

/// One delivered file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecord {
    /// Its number, as in `source_file`; numbers ascend in the order of ingestion.
    pub number: u32,
    /// The source it belongs to.
    pub source: String,
    /// Its path relative to the configuration.
    pub file: String,
    /// xxh3-128 of its bytes, in hexadecimal.
    pub content_hash: String,
    /// Its length.
    pub bytes: u64,
    /// When it was delivered, in microseconds; null where its name does not say so and the ledger begins with it.
    pub delivered_at: Option<i64>,
    /// Whether the ledger begins with it: then its rows are known from the beginning.
    pub is_first_delivery: bool,
    /// Whether it is a part of a full delivery, which deletes what it does not contain.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_full: bool,
    /// Which of several deliveries at one instant it belongs to, by their order of coming; 0 where the name carries the date.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub batch: u32,
    /// The earliest instant, in microseconds, at which one of its rows says itself that it was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earliest_recorded_at: Option<i64>,
    /// Law 4: what became of its rows, by table; a flat file's rows stand under `flat_invoices`, whatever they became.
    pub tables: BTreeMap<String, RowCounts>,
    /// What was noticed without taking a row out.
    pub findings: BTreeMap<String, u64>,
    /// What the object store called its version; empty for files of this machine.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub remote_version: String,
    /// The names in its header, in order; none for files of before they were remembered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub header: Vec<String>,
    /// Whether it is an overlay of its source: its rows are quarantined ones, mended.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_overlay: bool,
    /// The rows it mends.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mends: Vec<Mend>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// What became of the rows of a file: `read = accepted + repaired + unchanged + quarantined`, in rows and in amounts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowCounts {
    /// Rows read.
    pub read: u64,
    /// Rows taken as they were.
    pub accepted: u64,
    /// Rows taken after a repair that the configuration asks for.
    pub repaired: u64,
    /// Rows that say what the ledger already says.
    pub unchanged: u64,
    /// Rows that could not be taken.
    pub quarantined: u64,
    /// The same in amounts, where they can be read; amounts of all currencies added, to compare, not to report.
    pub amounts: AmountCounts,
    /// Quarantined rows by reason.
    pub reasons: BTreeMap<String, u64>,
}

/// The amounts of [`RowCounts`], as the ledger would hold them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AmountCounts {
    /// Amounts read.
    pub read: ExactAmount,
    /// Of rows taken as they were.
    pub accepted: ExactAmount,
    /// Of repaired rows.
    pub repaired: ExactAmount,
    /// Of unchanged rows.
    pub unchanged: ExactAmount,
    /// Of quarantined rows.
    pub quarantined: ExactAmount,
}

/// A sum of ten-thousandths, written as decimal text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExactAmount(pub i128);

impl Serialize for ExactAmount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&display_amount(self.0, AMOUNT_SCALE).replace(',', ""))
    }
}

impl<'de> Deserialize<'de> for ExactAmount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bad = || serde::de::Error::custom(format!("not an amount with four decimals: {text}"));
        let (whole, fraction) = text.split_once('.').ok_or_else(bad)?;
        if fraction.len() != AMOUNT_SCALE as usize {
            return Err(bad());
        }
        format!("{whole}{fraction}").parse().map(ExactAmount).map_err(|_| bad())
    }
}

impl RowCounts {
    /// Whether law 4 holds.
    pub fn balances(&self) -> bool {
        let amounts = &self.amounts;
        self.read == self.accepted + self.repaired + self.unchanged + self.quarantined
            && amounts.read.0 == amounts.accepted.0 + amounts.repaired.0 + amounts.unchanged.0 + amounts.quarantined.0
            && self.quarantined == self.reasons.values().sum::<u64>()
    }

    /// Adds the counts of another part of the file.
    pub fn add(&mut self, other: &RowCounts) {
        self.read += other.read;
        self.accepted += other.accepted;
        self.repaired += other.repaired;
        self.unchanged += other.unchanged;
        self.quarantined += other.quarantined;
        self.amounts.read.0 += other.amounts.read.0;
        self.amounts.accepted.0 += other.amounts.accepted.0;
        self.amounts.repaired.0 += other.amounts.repaired.0;
        self.amounts.unchanged.0 += other.amounts.unchanged.0;
        self.amounts.quarantined.0 += other.amounts.quarantined.0;
        for (reason, rows) in &other.reasons {
            *self.reasons.entry(reason.clone()).or_default() += rows;
        }
    }
}

/// `OUT/ledger`.
pub fn ledger_directory(out: &Path) -> PathBuf {
    out.join("ledger")
}

const INDEX: &str = "index.json";
const NEXT_INDEX: &str = "index.next.json";
const UNFINISHED_INDEX: &str = "index.unfinished.json";

impl LedgerIndex {
    /// The index of an empty ledger.
    pub fn empty() -> Self {
        LedgerIndex { format: FORMAT, tables: BTreeMap::new(), files: Vec::new(), quarantine: Vec::new() }
    }

    /// The index in force under `out`, if there is a ledger.
    ///
    /// # Errors
    /// Exit status 2 when it was written by a newer version, 1 when it cannot be read.
    pub fn read(out: &Path) -> Result<Option<LedgerIndex>> {
        read_index(&ledger_directory(out).join(INDEX))
    }

    /// The index that a run prepared and did not commit, if there is one.
    ///
    /// # Errors
    /// As [`LedgerIndex::read`].
    pub fn read_prepared(out: &Path) -> Result<Option<LedgerIndex>> {
        read_index(&ledger_directory(out).join(NEXT_INDEX))
    }

    /// SHA-256 of the index as written.
    pub fn fingerprint(&self) -> String {
        Sha256::digest(self.to_json().as_bytes()).iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
    }

    /// For each file, by number, its place in the order of deliveries: the first delivery of a source, then by instant, then
    /// by file name. Of two versions of a row recorded at the same instant, that of the later delivery counts.
    pub fn delivery_ranks(&self) -> Vec<u32> {
        let mut order: Vec<usize> = (0..self.files.len()).collect();
        order.sort_by_key(|position| delivery_order(&self.files[*position]));
        let mut ranks = vec![0; self.files.len()];
        for (rank, position) in order.into_iter().enumerate() {
            ranks[position] = u32::try_from(rank).expect("files are numbered in 32 bits");
        }
        ranks
    }

    /// For each file, by number, where it stands in the order of statements: first what follows from its delivery without
    /// standing in it, then what it says. What follows comes before all that is said at the same instant.
    pub fn positions(&self) -> Vec<(u32, u32)> {
        let ranks = self.delivery_ranks();
        let mut lowest: HashMap<(Option<i64>, u32), u32> = HashMap::new();
        for (file, rank) in self.files.iter().zip(&ranks) {
            lowest.entry((file.delivered_at, file.batch)).and_modify(|lowest| *lowest = (*lowest).min(*rank)).or_insert(*rank);
        }
        self.files.iter().zip(&ranks).map(|(file, rank)| (2 * lowest[&(file.delivered_at, file.batch)], 2 * rank + 1)).collect()
    }

    fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("an index has only texts and numbers");
        text.push('\n');
        text
    }

    /// Every file of the store that the index refers to, relative to `OUT/ledger`.
    pub fn paths(&self) -> BTreeSet<String> {
        let tables = self.tables.values().flat_map(|table| {
            let records = table.segments.iter().chain(&table.keys).map(|record| record.file.clone());
            records.chain(table.corrected.iter().cloned())
        });
        tables.chain(self.quarantine.iter().map(|record| record.file.clone())).collect()
    }
}

/// What a file is sorted by among deliveries.
pub fn delivery_order(record: &FileRecord) -> (Option<i64>, u32, &str, &str, u32) {
    (record.delivered_at, record.batch, &record.file, &record.source, record.number)
}

fn read_index(path: &Path) -> Result<Option<LedgerIndex>> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(cause) => return Err(io_error("read the ledger's index", path, &cause)),
    };
    #[derive(Deserialize)]
    struct Format {
        format: u32,
    }
    let damaged = |cause: serde_json::Error| {
        Error::unexpected("index_damaged", format!("the ledger's index cannot be read: {}", path.display()))
            .caused_by(&cause)
            .hint("restore it from a backup, or move the folder `ledger` away and ingest again")
    };
    let format = serde_json::from_str::<Format>(&text).map_err(damaged)?.format;
    if format > FORMAT {
        return Err(Error::usage("format_too_new", format!("the ledger has format {format}, this version knows {FORMAT}"))
            .at(path.display())
            .hint("update arrears, or give another --output"));
    }
    serde_json::from_str(&text).map(Some).map_err(damaged)
}

/// Writes `index.next.json`: under another name first, so that a run killed while it writes leaves none instead of half of one.
pub(super) fn write_prepared(out: &Path, index: &LedgerIndex) -> Result<()> {
    let directory = ledger_directory(out);
    let (unfinished, path) = (directory.join(UNFINISHED_INDEX), directory.join(NEXT_INDEX));
    let failed = |cause: &std::io::Error| io_error("write the ledger's index", &path, cause);
    let mut file = File::create(&unfinished).map_err(|cause| failed(&cause))?;
    file.write_all(index.to_json().as_bytes()).and_then(|()| file.sync_all()).map_err(|cause| failed(&cause))?;
    std::fs::rename(&unfinished, &path).map_err(|cause| failed(&cause))?;
    sync_directory(&directory)
}

/// Makes the prepared index the one in force: one rename. Nothing to do when there is none.
///
/// # Errors
/// Exit status 1.
pub fn commit_prepared(out: &Path) -> Result<()> {
    let directory = ledger_directory(out);
    let (next, index) = (directory.join(NEXT_INDEX), directory.join(INDEX));
    match std::fs::rename(&next, &index) {
        Ok(()) => sync_directory(&directory),
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(cause) => Err(io_error("replace the ledger's index", &index, &cause)),
    }
}

/// Takes a prepared index back, and everything of the store that only it refers to.
///
/// # Errors
/// Exit status 1.
pub fn discard_prepared(out: &Path) -> Result<()> {
    for name in [NEXT_INDEX, UNFINISHED_INDEX] {
        remove_if_there(&ledger_directory(out).join(name))?;
    }
    remove_orphans(out)
}

fn remove_if_there(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => Err(io_error("remove", path, &cause)),
        _ => Ok(()),
    }
}

pub(super) fn sync_directory(path: &Path) -> Result<()> {
    File::open(path).and_then(|directory| directory.sync_all()).map_err(|cause| io_error("sync", path, &cause))
}

/// Removes files of the store that the index in force does not refer to: what a killed run left behind.
pub(super) fn remove_orphans(out: &Path) -> Result<()> {
    let directory = ledger_directory(out);
    let known = LedgerIndex::read(out)?.unwrap_or_else(LedgerIndex::empty).paths();
    let Ok(folders) = std::fs::read_dir(&directory) else { return Ok(()) };
    for folder in folders.flatten().filter(|entry| entry.path().is_dir()) {
        let Ok(files) = std::fs::read_dir(folder.path()) else { continue };
        for file in files.flatten() {
            let name = format!("{}/{}", folder.file_name().to_string_lossy(), file.file_name().to_string_lossy());
            let ours = ["seg-", "corrected-", "tmp-", "follows-", "merged-"]
                .iter()
                .any(|prefix| file.file_name().to_string_lossy().starts_with(prefix));
            if ours && !known.contains(&name) {
                remove_if_there(&file.path())?;
            }
        }
    }
    Ok(())
}

/// Counts and hashes what is written.
pub(super) struct HashingWriter {
    file: File,
    bytes: u64,
    hash: Xxh3,
    /// Bytes since the last time the file was handed to be synced.
    unsynced: u64,
}

/// Bytes after which a file that is being written is synced in the background.
const SYNC_BYTES: u64 = 64 << 20;

/// Syncs files on a thread of its own while they are written, so that little is left to wait for at the end.
///
/// This only spreads the work: every file is synced again, and its failure seen, before the index refers to it.
static BACKGROUND: LazyLock<Option<Sender<File>>> = LazyLock::new(|| {
    let (sender, receiver) = std::sync::mpsc::channel::<File>();
    let thread = std::thread::Builder::new().name("sync".to_owned()).spawn(move || {
        for file in receiver {
            let _ = file.sync_data();
        }
    });
    thread.ok().map(|_| sender)
});

impl HashingWriter {
    pub(super) fn create(path: &Path) -> Result<BufWriter<Self>> {
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(|cause| io_error("create", parent, &cause))?;
        }
        let file = File::create(path).map_err(|cause| io_error("create", path, &cause))?;
        Ok(BufWriter::with_capacity(1 << 18, HashingWriter { file, bytes: 0, hash: Xxh3::new(), unsynced: 0 }))
    }

    pub(super) fn record(self, name: String, rows: u64) -> (SegmentRecord, File) {
        let content_hash = format!("{:032x}", self.hash.digest128());
        (SegmentRecord { file: name, rows, bytes: self.bytes, content_hash }, self.file)
    }
}

impl Write for HashingWriter {
    fn write(&mut self, buffer: &[u8]) -> std::io::Result<usize> {
        let written = self.file.write(buffer)?;
        self.hash.update(&buffer[..written]);
        self.bytes += written as u64;
        self.unsynced += written as u64;
        if self.unsynced >= SYNC_BYTES
            && let Some(background) = &*BACKGROUND
        {
            self.unsynced = 0;
            if let Ok(file) = self.file.try_clone() {
                let _ = background.send(file);
            }
        }
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

/// The columns of a table in the store.
#[derive(Debug)]
pub struct TableLayout {
    /// The table.
    pub table: &'static Table,
    /// Its canonical columns, then `recorded_at` and `is_deleted`.
    pub columns: Vec<Column>,
    /// All stored columns.
    pub schema: SchemaRef,
}

impl TableLayout {
    /// The layout of a table.
    pub fn of(table: &'static Table) -> Self {
        let columns: Vec<Column> = table.columns.iter().copied().chain([RECORDED_AT, IS_DELETED]).collect();
        let mut fields: Vec<Field> =
            columns.iter().map(|column| Field::new(column.name, data_type(column.kind), !column.required)).collect();
        let mut internal = |name: &str, data_type: DataType| fields.push(Field::new(name, data_type, false));
        internal("row_key", DataType::Int64);
        for (name, _) in references(table) {
            internal(name, DataType::Int64);
        }
        internal("source_file", DataType::Int32);
        internal("source_line", DataType::Int64);
        TableLayout { table, columns, schema: Arc::new(Schema::new(fields)) }
    }
}

/// The keys of other rows that a table's rows carry, and the columns each is made of.
pub fn references(table: &Table) -> Vec<(&'static str, &'static [&'static str])> {
    let mut references: Vec<(&'static str, &'static [&'static str])> = Vec::new();
    if table.has("customer_id") {
        references.push(("customer_key", &["company_id", "customer_id"]));
    }
    match table.name {
        "applications" => {
            references.push(("credit_key", &["company_id", "credit_document_id", "credit_item_no"]));
            references.push(("debit_key", &["company_id", "debit_document_id", "debit_item_no"]));
        }
        "disputes" => references.push(("document_key", &["company_id", "document_id", "item_no"])),
        _ => {}
    }
    references
}

/// How the columns of a file of the store are encoded, by what they hold.
///
/// Ids are unlike each other but like their neighbours, so that each is written as what it adds to the one before; hashes
/// cannot be shortened at all; what repeats goes into a dictionary.
fn properties(schema: &Schema, layout: Option<&TableLayout>) -> WriterPropertiesPtr {
    let mut builder = WriterProperties::builder()
        .set_created_by("arrears".to_owned())
        .set_compression(Compression::SNAPPY)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true)
        .set_write_batch_size(8192)
        .set_data_page_row_count_limit(usize::MAX)
        .set_dictionary_enabled(false);
    for field in schema.fields() {
        let path = ColumnPath::from(field.name().as_str());
        let kind = layout.and_then(|layout| layout.columns.iter().find(|column| column.name == field.name())).map(|column| column.kind);
        let repeats = match kind {
            Some(Kind::Word(_) | Kind::Currency | Kind::Boolean | Kind::Integer | Kind::Percent | Kind::Rate) => true,
            Some(Kind::Text) => !["name", "reference"].contains(&field.name().as_str()),
            Some(Kind::Id) => ["company_id", "account"].contains(&field.name().as_str()),
            _ => false,
        };
        builder = match (kind, field.name().as_str()) {
            _ if repeats => builder.set_column_dictionary_enabled(path, true),
            // The least and the greatest id of a row group tell nobody anything, and finding them compares every id twice.
            (Some(Kind::Id | Kind::Text), _) => builder
                .set_column_encoding(path.clone(), Encoding::DELTA_BYTE_ARRAY)
                .set_column_statistics_enabled(path, EnabledStatistics::None),
            (Some(Kind::Date | Kind::Instant), _) | (None, "source_line" | "source_file") => builder
                .set_column_encoding(path.clone(), Encoding::DELTA_BINARY_PACKED)
                .set_column_compression(path, Compression::UNCOMPRESSED),
            (None, name) if name.ends_with("_key") => builder
                .set_column_compression(path.clone(), Compression::UNCOMPRESSED)
                .set_column_statistics_enabled(path, EnabledStatistics::None),
            _ => builder,
        };
    }
    Arc::new(builder.build())
}

/// Encodes the columns of a row group, away from the file they will stand in.
#[derive(Clone)]
pub struct RowGroupEncoder {
    factory: Arc<ArrowRowGroupWriterFactory>,
    schema: SchemaRef,
}

impl RowGroupEncoder {
    /// Encodes rows, if they are enough for a row group.
    pub fn group(&self, batch: RecordBatch) -> Result<RowGroup> {
        if batch.num_rows() < GROUP_ROWS_MIN {
            return Ok(RowGroup::Few(batch));
        }
        Ok(RowGroup::Encoded(self.encode(batch.columns())?, rows_of(&batch)))
    }

    /// The schema of the file.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Encodes arrays, one for each column of the schema.
    pub fn encode(&self, arrays: &[ArrayRef]) -> Result<Vec<ArrowColumnChunk>> {
        let writers = self.factory.create_column_writers(0)?;
        let mut chunks = Vec::with_capacity(writers.len());
        for ((mut writer, array), field) in writers.into_iter().zip(arrays).zip(self.schema.fields()) {
            for leaf in compute_leaves(field, array)? {
                writer.write(&leaf)?;
            }
            chunks.push(writer.close()?);
        }
        Ok(chunks)
    }
}

/// Rows below which a group is not written by itself but with those that follow: many small files, or the few rows of a
/// delivery that say something new, must not become as many row groups.
pub const GROUP_ROWS_MIN: usize = 1 << 14;
/// Rows at which collected groups are written.
const GROUP_ROWS: usize = 1 << 16;

/// Rows for a segment: encoded already, or too few to be a row group of their own.
pub enum RowGroup {
    /// Encoded columns and the number of their rows.
    Encoded(Vec<ArrowColumnChunk>, u32),
    /// Rows to be collected.
    Few(RecordBatch),
}

impl RowGroup {
    /// Number of rows.
    pub fn rows(&self) -> u32 {
        match self {
            RowGroup::Encoded(_, rows) => *rows,
            RowGroup::Few(batch) => rows_of(batch),
        }
    }
}

fn rows_of(batch: &RecordBatch) -> u32 {
    u32::try_from(batch.num_rows()).expect("a block has fewer than 2^32 rows")
}

/// Writes one Parquet file of the store, a row group at a time.
pub struct SegmentWriter {
    few: Vec<RecordBatch>,
    writer: SerializedFileWriter<BufWriter<HashingWriter>>,
    encoder: RowGroupEncoder,
    path: PathBuf,
    name: String,
    rows: u64,
}

impl SegmentWriter {
    /// Creates `OUT/ledger/<name>`.
    pub fn create(out: &Path, name: String, schema: &SchemaRef, layout: Option<&TableLayout>) -> Result<Self> {
        let path = ledger_directory(out).join(&name);
        let parquet_schema = ArrowSchemaConverter::new().schema_root("ledger").convert(schema)?;
        let writer =
            SerializedFileWriter::new(HashingWriter::create(&path)?, parquet_schema.root_schema_ptr(), properties(schema, layout))?;
        let factory = Arc::new(ArrowRowGroupWriterFactory::new(&writer, Arc::clone(schema)));
        Ok(SegmentWriter { writer, few: Vec::new(), encoder: RowGroupEncoder { factory, schema: Arc::clone(schema) }, path, name, rows: 0 })
    }

    /// What encodes row groups for this file.
    pub fn encoder(&self) -> RowGroupEncoder {
        self.encoder.clone()
    }

    /// Rows so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Appends rows.
    pub fn append(&mut self, group: RowGroup) -> Result<()> {
        if group.rows() == 0 {
            return Ok(());
        }
        self.rows += u64::from(group.rows());
        match group {
            RowGroup::Encoded(chunks, _) => {
                self.flush()?;
                self.write(chunks)
            }
            RowGroup::Few(batch) => {
                self.few.push(batch);
                if self.few.iter().map(RecordBatch::num_rows).sum::<usize>() >= GROUP_ROWS { self.flush() } else { Ok(()) }
            }
        }
    }

    /// Writes the rows that were collected.
    fn flush(&mut self) -> Result<()> {
        let few = std::mem::take(&mut self.few);
        if few.is_empty() {
            return Ok(());
        }
        let batch = concat_batches(&self.encoder.schema, &few)?;
        let chunks = self.encoder.encode(batch.columns())?;
        self.write(chunks)
    }

    fn write(&mut self, chunks: Vec<ArrowColumnChunk>) -> Result<()> {
        let mut group = self.writer.next_row_group()?;
        for chunk in chunks {
            chunk.append_to_row_group(&mut group)?;
        }
        group.close()?;
        Ok(())
    }

    /// Appends a row group of another file of the same layout, byte by byte.
    pub fn append_encoded(&mut self, file: &File, group: &RowGroupMetaData) -> Result<()> {
        self.flush()?;
        let mut written = self.writer.next_row_group()?;
        for column in group.columns() {
            let closed = ColumnCloseResult {
                bytes_written: column.compressed_size().cast_unsigned(),
                rows_written: group.num_rows().cast_unsigned(),
                metadata: column.clone(),
                bloom_filter: None,
                column_index: None,
                offset_index: None,
            };
            written.append_column(file, closed)?;
        }
        written.close()?;
        self.rows += group.num_rows().cast_unsigned();
        Ok(())
    }

    /// Completes the file; without rows there is none.
    pub fn finish(mut self) -> Result<Option<(SegmentRecord, File)>> {
        self.flush()?;
        if self.rows == 0 {
            drop(self.writer);
            remove_if_there(&self.path)?;
            return Ok(None);
        }
        let buffered = self.writer.into_inner()?;
        let writer = buffered.into_inner().map_err(|cause| io_error("write", &self.path, cause.error()))?;
        Ok(Some(writer.record(self.name, self.rows)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_reads_back_as_it_was_written() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        assert_eq!(LedgerIndex::read(folder.path()).expect("reads"), None);
        std::fs::create_dir_all(ledger_directory(folder.path())).expect("creates");
        let mut index = LedgerIndex::empty();
        let mut counts = RowCounts { read: 2, accepted: 2, ..RowCounts::default() };
        counts.amounts.read = ExactAmount(-12_345);
        counts.amounts.accepted = ExactAmount(-12_345);
        assert!(counts.balances());
        index.tables.insert("documents".to_owned(), TableIndex::default());
        index.files.push(FileRecord {
            source: "s".to_owned(),
            file: "f.csv".to_owned(),
            content_hash: "00".to_owned(),
            bytes: 1,
            delivered_at: Some(1),
            tables: [("documents".to_owned(), counts)].into(),
            ..FileRecord::default()
        });
        write_prepared(folder.path(), &index).expect("writes");
        assert_eq!(LedgerIndex::read(folder.path()).expect("reads"), None);
        assert_eq!(LedgerIndex::read_prepared(folder.path()).expect("reads"), Some(index.clone()));
        commit_prepared(folder.path()).expect("commits");
        commit_prepared(folder.path()).expect("has nothing to do");
        assert_eq!(LedgerIndex::read(folder.path()).expect("reads"), Some(index.clone()));
        assert!(index.to_json().contains("\"-1.2345\""));
    }

    #[test]
    fn a_newer_store_is_refused() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir_all(ledger_directory(folder.path())).expect("creates");
        std::fs::write(ledger_directory(folder.path()).join(INDEX), "{\"format\": 3}").expect("writes");
        let error = LedgerIndex::read(folder.path()).expect_err("is refused");
        assert_eq!((error.code(), error.status()), ("format_too_new", crate::ExitStatus::Usage));
    }
}
