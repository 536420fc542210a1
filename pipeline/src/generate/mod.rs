//! `arrears generate`: a seeded synthetic ledger of any size, honest enough to develop every later part on.
//!
//! Responsible for the options, for dividing the work into chunks of customers, and for handing the chunks to the
//! writers in order. The same seed and options give the same bytes with any number of threads: every customer has
//! random streams of its own (`random`), and chunks are cut by the plan, never by the machine. Memory holds two batches
//! of chunks, one being simulated and one being written, whatever the size of the book.
//!
//! Not responsible for reading ledgers, and no part of a nightly run: what is generated is an export like any other.
//!
//! - `profile` names the shapes of a book; `customers` makes the customers and the latent path of each;
//! - `billing`, `decisions`, `payments`, `events`, `collapse` simulate one customer on the state in `simulation`;
//! - `book` holds the rows and checks the laws; `tables` spells them out; `write` makes files; `truth` says what was
//!   true and is never ingested.

mod billing;
mod book;
mod calendar;
mod collapse;
mod customers;
mod decisions;
mod events;
mod fx;
mod payments;
mod plan;
mod profile;
mod random;
mod simulation;
mod tables;
#[cfg(test)]
mod tests;
mod truth;
mod write;

use std::io;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use rayon::prelude::*;

use calendar::Calendar;
use fx::Rates;
use plan::Plan;
use profile::ProfileRates;
pub use profile::{Profile, UnknownProfile};
use tables::Chunk;
use write::{ChunkBytes, Writers};

/// What to generate.
#[derive(Clone, Debug)]
pub struct GenerateOptions {
    /// Folder to write into; must be absent or empty.
    pub out: PathBuf,
    /// Number of invoices. Rebilled invoices come on top, under half a per cent.
    pub invoices: u64,
    /// The seed: the same seed and options give the same bytes.
    pub seed: u64,
    /// The shape of the book.
    pub profile: Profile,
    /// File format of the ledger; `truth/` is always CSV.
    pub format: OutputFormat,
    /// Canonical tables, or one flat file of invoices.
    pub shape: OutputShape,
    /// First simulated day.
    pub start_date: NaiveDate,
    /// Last simulated day: nothing is dated or recorded after it.
    pub end_date: NaiveDate,
    /// Number of customers; by default one per 100 invoices, at least 20.
    pub customers: Option<u64>,
    /// Number of companies.
    pub companies: u32,
    /// Compress CSV files with gzip.
    pub compress: bool,
}

impl GenerateOptions {
    /// A mixed book in canonical CSV: three companies, 2022-01-01 to 2025-06-30.
    pub fn new(out: impl Into<PathBuf>, invoices: u64, seed: u64) -> Self {
        Self {
            out: out.into(),
            invoices,
            seed,
            profile: Profile::Mixed,
            format: OutputFormat::Csv,
            shape: OutputShape::Canonical,
            // Both are valid dates, so the fallback is never taken.
            start_date: NaiveDate::from_ymd_opt(2022, 1, 1).unwrap_or(NaiveDate::MIN),
            end_date: NaiveDate::from_ymd_opt(2025, 6, 30).unwrap_or(NaiveDate::MAX),
            customers: None,
            companies: 3,
            compress: false,
        }
    }

    fn customer_count(&self) -> u64 {
        self.customers.unwrap_or_else(|| (self.invoices / 100).max(20))
    }

    fn check(&self) -> Result<(), GenerateError> {
        let refuse = |what: String| Err(GenerateError::InvalidOption { what });
        let days = (self.end_date - self.start_date).num_days();
        let customers = self.customer_count();
        if !(61..=36_500).contains(&days) {
            return refuse(format!("the period has {days} days; it needs 61 to 36,500"));
        }
        if !(1..=9_000_000).contains(&customers) {
            return refuse(format!("{customers} customers; choose 1 to 9,000,000"));
        }
        if self.companies == 0 || u64::from(self.companies) > customers.min(99) {
            let most = customers.min(99);
            return refuse(format!("{} companies; choose 1 to {most}", self.companies));
        }
        if self.invoices > 2_000_000_000 {
            return refuse(format!("{} invoices; choose at most 2,000,000,000", self.invoices));
        }
        Ok(())
    }
}

/// File format of the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputFormat {
    /// Comma-separated values with a header line.
    Csv,
    /// Parquet, zstd: money DECIMAL(18,4), rates DECIMAL(18,10), DATE, TIMESTAMP in UTC.
    Parquet,
}

/// Shape of the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputShape {
    /// One file per canonical table in `ledger/`.
    Canonical,
    /// `invoices.csv`, one row per invoice or instalment, with a paid date and paid amount. What this shape cannot say is
    /// left out: credits and discounts count as paid, write-offs as open, and a rebilled invoice is missing.
    FlatInvoices,
}

/// What was written.
#[derive(Clone, Debug, Default)]
pub struct GenerateSummary {
    /// Every file with its number of rows, header lines not counted.
    pub files: Vec<(PathBuf, u64)>,
    /// Customers.
    pub customers: u64,
    /// Invoices, rebilled ones included.
    pub invoices: u64,
    /// Customers that defaulted by the end date, as `models.md` defines the event.
    pub defaulted_customers: u64,
}

/// Why nothing, or not everything, was generated.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// The output folder holds something already.
    #[error("output folder is not empty: {}", path.display())]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// An option is out of range.
    #[error("cannot generate such a book: {what}")]
    InvalidOption {
        /// Which option, its value and what is allowed.
        what: String,
    },
    /// A file could not be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A Parquet file could not be encoded.
    #[error("cannot encode {}", path.display())]
    Encode {
        /// The file.
        path: PathBuf,
        /// The encoder's reason.
        source: parquet::errors::ParquetError,
    },
    /// The simulation made a book that breaks a law of the ledger. A bug: please report seed and options.
    #[error("the generated book would over-apply document {document}; this is a bug")]
    BrokenLaw {
        /// The document.
        document: String,
    },
}

impl GenerateError {
    fn write(path: &Path, source: io::Error) -> Self {
        Self::Write { path: path.to_owned(), source }
    }

    fn encode(path: &Path, source: parquet::errors::ParquetError) -> Self {
        Self::Encode { path: path.to_owned(), source }
    }
}

/// What every customer shares.
#[derive(Debug)]
struct World {
    seed: u64,
    calendar: Calendar,
    rates: Rates,
    rates_of_profile: ProfileRates,
    customer_count: u32,
}

impl World {
    fn new(options: &GenerateOptions) -> Self {
        let calendar = Calendar::new(options.start_date, options.end_date);
        let rates = Rates::new(options.seed, &calendar);
        Self {
            seed: options.seed,
            calendar,
            rates,
            rates_of_profile: options.profile.rates(),
            customer_count: options.customer_count() as u32,
        }
    }
}

/// Generates a book into `options.out`. `progress` is told the number of invoices done after each batch of chunks.
///
/// # Errors
/// `NotEmpty` and `InvalidOption` before anything is written; `Write` and `Encode` name the file.
pub fn generate(options: &GenerateOptions, progress: &mut dyn FnMut(u64)) -> Result<GenerateSummary, GenerateError> {
    options.check()?;
    let world = World::new(options);
    let plan = Plan::new(&world, options.invoices, options.companies);
    let mut writers = Writers::create(options, &world)?;
    let mut totals = Totals::new(&world, options.companies);
    // On one thread a batch is one chunk; batches decide how much is in memory, never what is in the files.
    let batch_size = rayon::current_num_threads().max(1);
    let mut waiting: Vec<ChunkBytes> = Vec::new();
    for batch in plan.chunks.chunks(batch_size) {
        let simulate = || simulate_batch(&world, &plan, batch, &writers.encoder);
        // Written while the next batch is simulated.
        let (written, simulated) = rayon::join(|| writers.files.append(waiting), simulate);
        written?;
        waiting = Vec::with_capacity(batch.len());
        for (bytes, chunk_totals) in simulated? {
            totals.add(&chunk_totals);
            waiting.push(bytes);
        }
        progress(totals.billed);
    }
    writers.files.append(waiting)?;
    writers.finish(options, &world, totals)
}

/// Sums over chunks.
#[derive(Debug)]
struct Totals {
    /// Change of each company's receivable per month, in base cents.
    ledger_changes: Vec<Vec<i64>>,
    customers: u64,
    /// Planned invoices.
    billed: u64,
    /// Invoices written.
    invoices: u64,
    defaulted_customers: u64,
}

impl Totals {
    fn new(world: &World, companies: u32) -> Self {
        let months = world.calendar.month_starts().len();
        Self { ledger_changes: vec![vec![0; months]; companies as usize], customers: 0, billed: 0, invoices: 0, defaulted_customers: 0 }
    }

    fn add(&mut self, other: &Self) {
        for (company, changes) in self.ledger_changes.iter_mut().zip(&other.ledger_changes) {
            for (month, change) in company.iter_mut().zip(changes) {
                *month += change;
            }
        }
        self.customers += other.customers;
        self.billed += other.billed;
        self.invoices += other.invoices;
        self.defaulted_customers += other.defaulted_customers;
    }
}

type Simulated = Result<Vec<(ChunkBytes, Totals)>, GenerateError>;

fn simulate_batch(world: &World, plan: &Plan, batch: &[plan::ChunkPlan], encoder: &write::Encoder) -> Simulated {
    let one = |chunk_plan: &plan::ChunkPlan| {
        let chunk = Chunk::simulate(world, plan, chunk_plan)?;
        let totals = chunk.totals(world, plan, chunk_plan);
        Ok((encoder.encode(world, &chunk)?, totals))
    };
    batch.par_iter().map(one).collect()
}
