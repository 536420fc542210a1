//! Trying a configuration: its files, or the head of large ones, are read into a folder that is removed again.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use arrow::util::display::{ArrayFormatter, FormatOptions};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::config::{Config, DAY_MICROS};
use crate::error::{Result, io_error};
use crate::ingest::input::{open_stream, read_error};
use crate::ingest::{FileKind, IngestOptions, LedgerIndex, Silent, ingest, ledger_directory, planned_files};

/// Bytes of the files of a source beyond which only the head of one is read.
const WHOLE_BYTES_MAX: u64 = 24 << 20;
/// Bytes of that head, decompressed.
const HEAD_BYTES: u64 = 16 << 20;
/// Rows that are shown.
const SHOWN: usize = 8;
/// Columns of a document that are shown.
const COLUMNS: &[&str] = &["document_id", "document_type", "customer_id", "document_date", "due_date", "amount", "currency"];

/// A row that would be quarantined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// File and line.
    pub place: String,
    /// The reason word.
    pub reason: String,
    /// The column at fault with what stands there, where one is.
    pub value: Option<(String, String)>,
    /// What stands in the whole row.
    pub raw: String,
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Preview {
    /// Rows read.
    pub rows: u64,
    /// Rows that would be quarantined.
    pub quarantined: u64,
    /// Of these, rows that sum others up.
    pub totals: u64,
    /// Their amounts, and all amounts, in ten-thousandths.
    pub amounts: (i128, i128),
    /// By reason.
    pub reasons: BTreeMap<String, u64>,
    /// The first rows that would be quarantined.
    pub refused: Vec<Refused>,
    /// The first documents, under the names of [`COLUMNS`].
    pub documents: Vec<Vec<String>>,
    /// Rows of each table.
    pub tables: BTreeMap<String, u64>,
    /// Whether only the head of a file was read.
    pub is_sample: bool,
    /// The latest document date in the rows shown to come from all files, for the next command.
    pub last_date: Option<String>,
}

/// A folder that goes when it is dropped.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Self> {
        let path = std::env::temp_dir().join(format!("arrears-init-{}", std::process::id()));
        std::fs::create_dir_all(&path).map_err(|cause| io_error("create", &path, &cause))?;
        Ok(Scratch(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // It lies in the folder for temporary files, where the system clears up too.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Preview {
    /// Reads with a configuration.
    ///
    /// # Errors
    /// What the reader finds wrong, with its own exit status.
    pub fn of(mut config: Config) -> Result<Preview> {
        let scratch = Scratch::new()?;
        let mut preview = Preview { is_sample: shorten(&mut config, &scratch.0)?, ..Preview::default() };
        config.output.value = scratch.0.join("out");
        std::fs::create_dir_all(ledger_directory(&config.output)).map_err(|cause| io_error("create", &scratch.0, &cause))?;
        // Rows that do not say when they were recorded may stand in any file: the date matters to no row that is shown.
        let pending = ingest(&config, &IngestOptions { delivered_at: 20_000 * DAY_MICROS }, &Silent)?;
        preview.count(&pending.index);
        preview.read_documents(&config.output, &pending.index)?;
        preview.read_refused(&config.output, &pending.index)?;
        Ok(preview)
    }

    /// Shares of rows and of amounts that would be quarantined, but for rows that sum others up.
    pub fn quarantined_shares(&self) -> (f64, f64) {
        let share = |part: f64, whole: f64| if whole == 0.0 { 0.0 } else { (part / whole).abs() };
        (share((self.quarantined - self.totals) as f64, self.rows as f64), share(self.amounts.0 as f64, self.amounts.1 as f64))
    }

    fn count(&mut self, index: &LedgerIndex) {
        for counts in index.files.iter().flat_map(|file| file.tables.values()) {
            self.rows += counts.read;
            self.quarantined += counts.quarantined;
            self.totals += counts.reasons.get(crate::ingest::reason::TOTAL_ROW).copied().unwrap_or(0);
            self.amounts.0 += counts.amounts.quarantined.0;
            self.amounts.1 += counts.amounts.read.0;
            for (reason, rows) in &counts.reasons {
                *self.reasons.entry(reason.clone()).or_default() += rows;
            }
        }
        for (name, table) in &index.tables {
            let rows: u64 = table.segments.iter().map(|segment| segment.rows).sum();
            if rows > 0 {
                self.tables.insert(name.clone(), rows);
            }
        }
    }

    fn read_documents(&mut self, out: &Path, index: &LedgerIndex) -> Result<()> {
        let Some(table) = index.tables.get("documents") else { return Ok(()) };
        for segment in &table.segments {
            let mut wanted = COLUMNS.to_vec();
            wanted.push("source_line");
            let path = ledger_directory(out).join(&segment.file);
            let dates = rows_of(&path, &["document_date"], usize::MAX)?;
            let latest = dates.into_iter().filter_map(|mut row| row.pop()).max();
            self.last_date = self.last_date.take().max(latest);
            let rows = rows_of(&path, &wanted, 5000)?;
            let mut rows: Vec<(u64, Vec<String>)> =
                rows.into_iter().map(|mut row| (row.pop().and_then(|line| line.parse().ok()).unwrap_or(0), row)).collect();
            rows.sort_by_key(|(line, _)| *line);
            let room = SHOWN.saturating_sub(self.documents.len());
            self.documents.extend(rows.into_iter().take(room).map(|(_, row)| row));
        }
        Ok(())
    }

    fn read_refused(&mut self, out: &Path, index: &LedgerIndex) -> Result<()> {
        for segment in &index.quarantine {
            let wanted = ["file", "source_line", "reason", "column_name", "value_text", "raw_text"];
            for row in rows_of(&ledger_directory(out).join(&segment.file), &wanted, 5000)? {
                let [file, line, reason, column, value, raw] = row.as_slice() else { continue };
                // A few of each reason say more than many of one.
                if self.refused.iter().filter(|known| known.reason == *reason).count() >= 3 {
                    continue;
                }
                self.refused.push(Refused {
                    place: format!("{file}:{line}"),
                    reason: reason.clone(),
                    value: (!column.is_empty()).then(|| (column.clone(), value.clone())),
                    raw: raw.clone(),
                });
            }
        }
        Ok(())
    }
}

/// The names of the columns that [`Preview::documents`] has.
pub fn document_columns() -> &'static [&'static str] {
    COLUMNS
}

/// Some columns of the first rows of a Parquet file, as text; null is empty.
fn rows_of(path: &Path, wanted: &[&str], rows_max: usize) -> Result<Vec<Vec<String>>> {
    let file = File::open(path).map_err(|cause| io_error("open", path, &cause))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file)?;
    let names: Vec<usize> = builder
        .schema()
        .fields()
        .iter()
        .enumerate()
        .filter(|(_, field)| wanted.contains(&field.name().as_str()))
        .map(|(at, _)| at)
        .collect();
    let mask = ProjectionMask::roots(builder.parquet_schema(), names);
    let options = FormatOptions::default().with_null("");
    let mut rows = Vec::new();
    for batch in builder.with_projection(mask).with_limit(rows_max).build()? {
        let batch = batch?;
        let columns: Vec<_> = wanted.iter().map(|name| batch.column_by_name(name)).collect();
        let formatters = columns.iter().map(|column| column.map(|column| ArrayFormatter::try_new(column.as_ref(), &options)).transpose());
        let formatters = formatters.collect::<Result<Vec<_>, _>>()?;
        for row in 0..batch.num_rows() {
            rows.push(
                formatters
                    .iter()
                    .map(|formatter| formatter.as_ref().map_or_else(String::new, |formatter| formatter.value(row).to_string()))
                    .collect(),
            );
        }
    }
    Ok(rows)
}

/// Puts the head of a file in place of each source whose files are large; true when that was needed.
fn shorten(config: &mut Config, scratch: &Path) -> Result<bool> {
    let planned = planned_files(config, None)?;
    let (sources, mut is_sample) = (config.sources.clone(), false);
    for (number, source) in sources.iter().enumerate() {
        let bytes: u64 = planned
            .iter()
            .filter(|file| file.source == source.name)
            .map(|file| weight(Path::new(&file.name), file.bytes.unwrap_or(0)))
            .sum();
        if bytes <= WHOLE_BYTES_MAX {
            continue;
        }
        let folder = scratch.join(format!("source-{number}"));
        std::fs::create_dir_all(&folder).map_err(|cause| io_error("create", &folder, &cause))?;
        let paths: Vec<PathBuf> = crate::ingest::discover::discover_local(config)?
            .0
            .iter()
            .filter(|delivery| delivery.source.name == source.name && FileKind::of(&delivery.path) == FileKind::Text)
            .map(|delivery| delivery.path.clone())
            .collect();
        // A folder of tables is shortened table by table, of many deliveries the first stands for all.
        let is_folder = source.path.is_dir();
        for path in paths.iter().take(if is_folder { paths.len() } else { 1 }) {
            let target = folder.join(unpacked_name(path));
            copy_head(path, &target)?;
            if !is_folder {
                config.sources[number].path = target;
            }
        }
        if paths.is_empty() {
            continue;
        }
        if is_folder {
            config.sources[number].path = folder;
        }
        is_sample = true;
    }
    Ok(is_sample)
}

/// Packed text is several times longer than its file.
fn weight(path: &Path, bytes: u64) -> u64 {
    let packed = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gz") || extension.eq_ignore_ascii_case("zst"));
    if packed { bytes * 6 } else { bytes }
}

fn unpacked_name(path: &Path) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let lower = name.to_ascii_lowercase();
    let packed = if lower.ends_with(".gz") {
        3
    } else if lower.ends_with(".zst") {
        4
    } else {
        0
    };
    name[..name.len() - packed].to_owned()
}

/// The first lines of a file, decompressed.
fn copy_head(from: &Path, to: &Path) -> Result<()> {
    let mut head = Vec::new();
    open_stream(from)?.take(HEAD_BYTES).read_to_end(&mut head).map_err(|cause| read_error(from, &cause))?;
    if head.len() as u64 == HEAD_BYTES {
        let end = memchr::memrchr(b'\n', &head).map_or(head.len(), |end| end + 1);
        head.truncate(end);
    }
    let mut file = File::create(to).map_err(|cause| io_error("create", to, &cause))?;
    file.write_all(&head).map_err(|cause| io_error("write", to, &cause))
}
