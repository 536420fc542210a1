//! Files: CSV, gzip and Parquet, encoded in parallel and written in order.
//!
//! Responsible for bytes and files, for the folder's layout and the ready configuration beside it. Chunks are encoded on
//! the threads that simulated them: text to bytes, gzip to deflate blocks that join into one member, Parquet to a row
//! group. Not responsible for what stands in a row: see `tables`.

mod columns;
mod text;

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::{Compress, Compression, Crc, FlushCompress};
use parquet::arrow::arrow_writer::ArrowColumnChunk;
use parquet::errors::ParquetError;
use parquet::file::writer::SerializedFileWriter;

use super::book::instant;
use super::customers::company_id;
use super::tables::{Chunk, RowSink, Table};
use super::{GenerateError, GenerateOptions, GenerateSummary, OutputFormat, OutputShape, Totals, World};
use columns::{ColumnEncoding, ColumnSink};
use text::CsvSink;

/// The tables of each shape that are made from books, in the order they are encoded.
const CANONICAL: [Table; 8] = [
    Table::Documents,
    Table::Applications,
    Table::Customers,
    Table::Disputes,
    Table::Promises,
    Table::Contacts,
    Table::CustomerEvents,
    Table::Orders,
];
const FLAT: [Table; 1] = [Table::FlatInvoices];
const TRUTH: [Table; 3] = [Table::TruthCustomers, Table::TruthRunDays, Table::TruthDefaultProbability];

/// The control account in the general ledger.
const CONTROL_ACCOUNT: &[u8] = b"1200";

/// How one table is encoded.
#[derive(Debug)]
enum Encoding {
    Csv,
    Gzip,
    Parquet(ColumnEncoding),
}

/// Encodes chunks; shared by all threads.
#[derive(Debug)]
pub(super) struct Encoder {
    tables: Vec<(Table, PathBuf, Encoding)>,
}

/// One chunk of every table, ready to be written.
pub(super) struct ChunkBytes {
    parts: Vec<Part>,
}

/// Some rows of one table.
struct Part {
    rows: u64,
    content: Content,
}

enum Content {
    Csv(Vec<u8>),
    Gzip { bytes: Vec<u8>, checksum: Crc },
    Parquet(Vec<ArrowColumnChunk>),
}

/// Where the rows of a table come from.
trait RowSource {
    /// Spells out the rows and returns their number.
    fn fill(&self, sink: &mut impl RowSink) -> u64;
}

struct ChunkRows<'a> {
    world: &'a World,
    chunk: &'a Chunk,
    table: Table,
}

impl RowSource for ChunkRows<'_> {
    fn fill(&self, sink: &mut impl RowSink) -> u64 {
        self.table.fill(self.world, self.chunk, sink)
    }
}

/// The daily rates, known in the evening.
struct RateRows<'a>(&'a World);

impl RowSource for RateRows<'_> {
    fn fill(&self, sink: &mut impl RowSink) -> u64 {
        let rows = self.0.rates.published(&self.0.calendar);
        for (day, currency, rate) in &rows {
            sink.date(*day);
            sink.text(currency.code().as_bytes());
            sink.rate(*rate);
            sink.instant(instant(&self.0.calendar, *day, 4 * 3_600));
            sink.end_row();
        }
        rows.len() as u64
    }
}

/// The control accounts at each month end and at the end date: the sum over items of round(open × rate of the document
/// date), rounded half away from zero to the cent.
struct LedgerRows<'a>(&'a World, &'a Totals);

impl RowSource for LedgerRows<'_> {
    fn fill(&self, sink: &mut impl RowSink) -> u64 {
        let mut rows = 0;
        for (company, changes) in self.1.ledger_changes.iter().enumerate() {
            let mut balance = 0;
            for (month, change) in changes.iter().enumerate() {
                balance += change;
                let day = self.0.calendar.month_end(month);
                sink.text(company_id(company as u32).as_bytes());
                sink.date(day);
                sink.text(CONTROL_ACCOUNT);
                sink.money(balance, 2);
                sink.instant(instant(&self.0.calendar, day, 23 * 3_600));
                sink.end_row();
                rows += 1;
            }
        }
        rows
    }
}

impl Encoder {
    /// Encodes every table of a chunk.
    ///
    /// # Errors
    /// `Encode` with the file's path.
    pub(super) fn encode(&self, world: &World, chunk: &Chunk) -> Result<ChunkBytes, GenerateError> {
        let parts = self.tables.iter().map(|(table, path, encoding)| {
            let rows = ChunkRows { world, chunk, table: *table };
            let part = encoding.encode(world, *table, &rows);
            part.map_err(|source| GenerateError::encode(path, source))
        });
        Ok(ChunkBytes { parts: parts.collect::<Result<_, _>>()? })
    }
}

impl Encoding {
    fn encode(&self, world: &World, table: Table, source: &impl RowSource) -> Result<Part, ParquetError> {
        if let Self::Parquet(encoding) = self {
            let mut sink = ColumnSink::new(table);
            let rows = source.fill(&mut sink);
            // A row group without rows is noise in the file.
            let columns = if rows == 0 { Vec::new() } else { encoding.encode(sink)? };
            return Ok(Part { rows, content: Content::Parquet(columns) });
        }
        let mut sink = CsvSink::new(&world.calendar);
        let rows = source.fill(&mut sink);
        Ok(Part { rows, content: self.pack(sink.into_bytes()) })
    }

    fn pack(&self, bytes: Vec<u8>) -> Content {
        if !matches!(self, Self::Gzip) {
            return Content::Csv(bytes);
        }
        let mut checksum = Crc::new();
        checksum.update(&bytes);
        Content::Gzip { bytes: deflate(&bytes), checksum }
    }
}

/// Raw deflate blocks that end on a byte boundary, so that chunks can follow each other in one stream.
fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut compress = Compress::new(Compression::fast(), false);
    let mut packed = Vec::with_capacity(bytes.len() / 3 + 1_024);
    loop {
        let consumed = compress.total_in() as usize;
        let before = packed.len();
        // Deflate of a plain buffer cannot fail: there is no header, dictionary or stream to be wrong.
        let status = compress.compress_vec(&bytes[consumed..], &mut packed, FlushCompress::Sync);
        let is_done = compress.total_in() as usize == bytes.len() && packed.len() < packed.capacity();
        if status.is_err() || is_done {
            return packed;
        }
        if packed.len() == before || packed.len() == packed.capacity() {
            packed.reserve(bytes.len() / 4 + 1_024);
        }
    }
}

/// A file that grows by parts.
struct TableFile {
    path: PathBuf,
    rows: u64,
    output: Output,
}

enum Output {
    Csv(File),
    Gzip { file: File, checksum: Crc },
    Parquet(Box<SerializedFileWriter<File>>),
}

const GZIP_HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
/// An empty last block, which ends a deflate stream.
const DEFLATE_END: [u8; 2] = [3, 0];

impl TableFile {
    /// Creates the file with its header, and what encodes its rows.
    fn create(folder: &Path, table: Table, format: OutputFormat, compress: bool) -> Result<(Self, Encoding), GenerateError> {
        let ending = match (format, compress) {
            (OutputFormat::Parquet, _) => "parquet",
            (OutputFormat::Csv, true) => "csv.gz",
            (OutputFormat::Csv, false) => "csv",
        };
        let path = folder.join(format!("{}.{ending}", table.name()));
        let file = File::create(&path).map_err(|source| GenerateError::write(&path, source))?;
        let (output, encoding) = match (format, compress) {
            (OutputFormat::Parquet, _) => {
                let (writer, encoding) = ColumnEncoding::create(file, table).map_err(|source| GenerateError::encode(&path, source))?;
                (Output::Parquet(Box::new(writer)), Encoding::Parquet(encoding))
            }
            (OutputFormat::Csv, true) => (Output::Gzip { file, checksum: Crc::new() }, Encoding::Gzip),
            (OutputFormat::Csv, false) => (Output::Csv(file), Encoding::Csv),
        };
        let mut created = Self { path, rows: 0, output };
        if let Output::Gzip { file, .. } = &mut created.output {
            file.write_all(&GZIP_HEADER).map_err(|source| GenerateError::write(&created.path, source))?;
        }
        if !matches!(encoding, Encoding::Parquet(_)) {
            let header = encoding.pack(text::header(table));
            created.append(Part { rows: 0, content: header })?;
        }
        Ok((created, encoding))
    }

    fn append(&mut self, part: Part) -> Result<(), GenerateError> {
        self.rows += part.rows;
        let written = match (&mut self.output, part.content) {
            (Output::Csv(file), Content::Csv(bytes)) => file.write_all(&bytes),
            (Output::Gzip { file, checksum }, Content::Gzip { bytes, checksum: of_part }) => {
                checksum.combine(&of_part);
                file.write_all(&bytes)
            }
            (Output::Parquet(writer), Content::Parquet(columns)) => {
                return columns::append(writer, columns).map_err(|source| GenerateError::encode(&self.path, source));
            }
            // A part is encoded by the encoding that was made together with the file.
            _ => Err(std::io::Error::other("part of another format")),
        };
        written.map_err(|source| GenerateError::write(&self.path, source))
    }

    fn finish(self) -> Result<(PathBuf, u64), GenerateError> {
        match self.output {
            Output::Csv(_) => {}
            Output::Gzip { mut file, checksum } => {
                let mut trailer = DEFLATE_END.to_vec();
                trailer.extend_from_slice(&checksum.sum().to_le_bytes());
                trailer.extend_from_slice(&checksum.amount().to_le_bytes());
                file.write_all(&trailer).map_err(|source| GenerateError::write(&self.path, source))?;
            }
            Output::Parquet(writer) => {
                writer.close().map_err(|source| GenerateError::encode(&self.path, source))?;
            }
        }
        Ok((self.path, self.rows))
    }
}

/// The growing files, in the order of the encoder's tables.
pub(super) struct Files(Vec<TableFile>);

impl Files {
    /// Writes chunks in order.
    ///
    /// # Errors
    /// `Write` or `Encode` with the file's path.
    pub(super) fn append(&mut self, chunks: Vec<ChunkBytes>) -> Result<(), GenerateError> {
        for chunk in chunks {
            for (file, part) in self.0.iter_mut().zip(chunk.parts) {
                file.append(part)?;
            }
        }
        Ok(())
    }
}

/// Everything that is open while a book is generated.
pub(super) struct Writers {
    /// Shared by the simulating threads.
    pub encoder: Encoder,
    /// Written by one thread at a time.
    pub files: Files,
    folder: PathBuf,
}

impl Writers {
    /// Creates the folders and files.
    ///
    /// # Errors
    /// `NotEmpty` when the output folder holds anything; `Write` and `Encode` with the path.
    pub(super) fn create(options: &GenerateOptions, world: &World) -> Result<Self, GenerateError> {
        refuse_non_empty(&options.out)?;
        let (folder, tables): (PathBuf, &[Table]) = match options.shape {
            OutputShape::Canonical => (options.out.join("ledger"), &CANONICAL),
            OutputShape::FlatInvoices => (options.out.clone(), &FLAT),
        };
        let truth = options.out.join("truth");
        for path in [&folder, &truth] {
            fs::create_dir_all(path).map_err(|source| GenerateError::write(path, source))?;
        }
        let mut encoder = Encoder { tables: Vec::new() };
        let mut files = Vec::new();
        for &table in tables.iter().chain(&TRUTH) {
            let (file, encoding) = if table.is_truth() {
                TableFile::create(&truth, table, OutputFormat::Csv, false)?
            } else {
                TableFile::create(&folder, table, options.format, options.compress)?
            };
            encoder.tables.push((table, file.path.clone(), encoding));
            files.push(file);
        }
        let mut writers = Self { encoder, files: Files(files), folder };
        writers.whole_table(options, world, Table::FxRates, &RateRows(world))?;
        Ok(writers)
    }

    /// Writes a table that needs no books.
    fn whole_table(
        &mut self,
        options: &GenerateOptions,
        world: &World,
        table: Table,
        source: &impl RowSource,
    ) -> Result<(), GenerateError> {
        let (mut file, encoding) = TableFile::create(&self.folder, table, options.format, options.compress)?;
        let part = encoding.encode(world, table, source).map_err(|source| GenerateError::encode(&file.path, source))?;
        file.append(part)?;
        self.files.0.push(file);
        Ok(())
    }

    /// Writes what needs the whole book, closes the files and writes the configuration.
    ///
    /// # Errors
    /// `Write` or `Encode` with the file's path.
    pub(super) fn finish(mut self, options: &GenerateOptions, world: &World, totals: Totals) -> Result<GenerateSummary, GenerateError> {
        if options.shape == OutputShape::Canonical {
            self.whole_table(options, world, Table::GlBalances, &LedgerRows(world, &totals))?;
        }
        let mut summary = GenerateSummary {
            files: Vec::new(),
            customers: totals.customers,
            invoices: totals.invoices,
            defaulted_customers: totals.defaulted_customers,
        };
        for file in self.files.0 {
            summary.files.push(file.finish()?);
        }
        let path = options.out.join("arrears.toml");
        let text = text::configuration(options);
        fs::write(&path, text).map_err(|source| GenerateError::write(&path, source))?;
        Ok(summary)
    }
}

fn refuse_non_empty(path: &Path) -> Result<(), GenerateError> {
    match fs::read_dir(path) {
        Ok(mut entries) => match entries.next() {
            Some(_) => Err(GenerateError::NotEmpty { path: path.to_owned() }),
            None => Ok(()),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(GenerateError::write(path, error)),
    }
}
