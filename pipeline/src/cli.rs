//! The command line: definitions only.

use crate::ingest::known::KnownAsOf;
use crate::run::reporter::LogFormat;
use chrono::NaiveDate;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// From ledger files to a published snapshot of receivables analytics.
#[derive(Debug, Parser)]
#[command(name = "arrears", version, about, max_term_width = 110, propagate_version = true)]
#[command(
    after_help = "Exit status: 0 published or nothing to do; 1 unexpected; 2 wrong command line or configuration; 3 a check failed;\n\
    4 input missing or incomplete; 5 another run is at work; 6 published in the output, not in the object store. Unless it is 0 or 6,\n\
    what is published is what it was."
)]
pub struct Cli {
    /// How events are written to standard error
    #[arg(long, global = true, value_enum, default_value_t = LogFormatArgument::Text, env = "ARREARS_LOG_FORMAT")]
    pub log_format: LogFormatArgument,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// How events are written.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum LogFormatArgument {
    /// Sentences
    Text,
    /// One JSON object a line
    Json,
}

impl From<LogFormatArgument> for LogFormat {
    fn from(argument: LogFormatArgument) -> Self {
        match argument {
            LogFormatArgument::Text => LogFormat::Text,
            LogFormatArgument::Json => LogFormat::Json,
        }
    }
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Look at ledger files and propose a configuration that reads them
    Init(InitArguments),
    /// Ingest what is new, compute a night, check it and publish it
    Run(RunArguments),
    /// Read what is new in the sources into the ledger, and publish nothing
    Ingest(IngestArguments),
    /// Say what a run would read and publish, and change nothing
    Plan(PlanArguments),
    /// Restore a working output, ledger, nights and models, from an object store
    Pull(PullArguments),
    /// Remove from an object store what nobody can read any more: old commits, and objects that no other lists
    Prune(PruneArguments),
    /// Check a published night against the ledger
    Check(CheckArguments),
    /// List what could not be read, or write an overlay of it to fill in
    Quarantine(QuarantineArguments),
    /// Ask what is published, in SQL, through DuckDB
    Query(QueryArguments),
    /// Replay earlier forecasts with what was known then, and score them against what came
    #[command(subcommand)]
    Backtest(BacktestCommand),
    /// Say why an open invoice is expected to be paid when it is, or why a customer has its grade
    Explain(ExplainArguments),
    /// Write what a published night says for another system
    #[command(subcommand)]
    Export(ExportCommand),
    /// Say what cash, DSO and costs would be if customers paid otherwise
    WhatIf(WhatIfArguments),
    /// Write a synthetic ledger of any size
    Generate(GenerateArguments),
    /// List the runs of an output
    Runs(RunsArguments),
    /// List the presets, or show one: what its system exports, column by column
    Presets(PresetsArguments),
    /// Look at the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
}

/// Where the configuration is.
#[derive(Args, Clone, Debug)]
pub struct ConfigArguments {
    /// The configuration; its paths are relative to it
    #[arg(long, value_name = "FILE", default_value = "arrears.toml", env = "ARREARS_CONFIG")]
    pub config: PathBuf,
    /// The output folder, instead of the configuration's
    #[arg(long, value_name = "FOLDER")]
    pub output: Option<PathBuf>,
}

/// `arrears init`.
#[derive(Args, Debug)]
#[command(
    after_help = "The files are looked at in part where they are large: head, middle and tail. Every line of the configuration says why it \
    is there; what is not sure is marked LOW CONFIDENCE and said again at the end. The proposal is then tried: the files, or the head of a \
    large one, are read with it into a folder that is removed again, and the first rows and what would be quarantined are shown.\n\
    Exit status: 0 the configuration can be run; 4 it cannot yet, and says in lines with TODO what is missing."
)]
pub struct InitArguments {
    /// Files, folders or globs: CSV, TSV (also .gz and .zst), Excel, Parquet
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<String>,
    /// The configuration to write; its paths are relative to it
    #[arg(long, value_name = "FILE", default_value = "arrears.toml")]
    pub out: PathBuf,
    /// Write it in place of one that is there
    #[arg(long)]
    pub force: bool,
    /// Write the configuration to standard output, and no file
    #[arg(long, conflicts_with_all = ["out", "force"])]
    pub print: bool,
    /// The currency of totals, and of amounts of which nothing says it [default: the files' most frequent, else EUR]
    #[arg(long, value_name = "CODE")]
    pub base_currency: Option<String>,
}

/// `arrears presets`.
#[derive(Args, Debug)]
pub struct PresetsArguments {
    /// The preset to show
    pub name: Option<String>,
}

/// `arrears run`.
#[derive(Args, Debug)]
pub struct RunArguments {
    /// Where the configuration is
    #[command(flatten)]
    pub config: ConfigArguments,
    /// The business date, YYYY-MM-DD; there is no default, because nothing reads the clock
    #[arg(long, value_name = "DATE", value_parser = date)]
    pub as_of: NaiveDate,
    /// Publish anew what was published from other inputs; the old night is kept in replaced/
    #[arg(long)]
    pub replace: bool,
    /// When files that do not say so were delivered, YYYY-MM-DD [default: the end of --as-of]
    #[arg(long, value_name = "DATE", value_parser = date)]
    pub delivered_at: Option<NaiveDate>,
    /// Only what was known then: a date (its whole day) or an instant in UTC; needs an --output of its own
    #[arg(long, value_name = "DATE|INSTANT", value_parser = known_as_of)]
    pub known_as_of: Option<KnownAsOf>,
    /// Read the ledger that this other output keeps, as it is, and ingest nothing
    #[arg(long, value_name = "FOLDER", conflicts_with = "delivered_at")]
    pub ledger_of: Option<PathBuf>,
    /// Write figures of the run for Prometheus into this file
    #[arg(long, value_name = "FILE")]
    pub metrics_file: Option<PathBuf>,
}

/// `arrears ingest`.
#[derive(Args, Debug)]
pub struct IngestArguments {
    /// Where the configuration is
    #[command(flatten)]
    pub config: ConfigArguments,
    /// The business date, YYYY-MM-DD: files that do not say when they were delivered were at its end
    #[arg(long, value_name = "DATE", value_parser = date)]
    pub as_of: NaiveDate,
    /// When files that do not say so were delivered, YYYY-MM-DD [default: the end of --as-of]
    #[arg(long, value_name = "DATE", value_parser = date)]
    pub delivered_at: Option<NaiveDate>,
}

/// `arrears plan`.
#[derive(Args, Debug)]
pub struct PlanArguments {
    /// Where the configuration is
    #[command(flatten)]
    pub config: ConfigArguments,
    /// The business date, YYYY-MM-DD
    #[arg(long, value_name = "DATE", value_parser = date)]
    pub as_of: NaiveDate,
}

/// `arrears pull`.
#[derive(Args, Debug)]
#[command(
    after_help = "Every file is checked against the SHA-256 of its commit. A pull that was interrupted goes on when it is run again. \
    Credentials come from the AWS_* variables. A run with publish_to and an empty output pulls by itself."
)]
pub struct PullArguments {
    /// The store: what publish_to says
    #[arg(value_name = "URL")]
    pub url: String,
    /// The output folder: new, empty, or one that was pulled or published from before
    #[arg(long, value_name = "FOLDER")]
    pub output: PathBuf,
    /// Take the store's nights also where others of the same dates are here; these are kept in replaced/
    #[arg(long)]
    pub replace: bool,
    /// A configuration, for its [object_store]
    #[arg(long, value_name = "FILE", env = "ARREARS_CONFIG")]
    pub config: Option<PathBuf>,
}

/// `arrears prune`.
#[derive(Args, Debug)]
#[command(
    after_help = "Safe beside runs that publish, and beside readers whose commit was the newest within the grace period: choose it longer than the longest \
    pull or query. The newest commit and what it lists always stay. A clean-up that was interrupted is finished by the next. \
    Parts of uploads that were never completed are swept by a lifecycle rule of the store. Credentials come from the AWS_* variables."
)]
pub struct PruneArguments {
    /// The store: what publish_to says
    #[arg(value_name = "URL")]
    pub url: String,
    /// How many days a commit and what it lists stay readable after the next one was put
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u16).range(1..=3650))]
    pub grace_days: u16,
    /// Only list what would be removed
    #[arg(long)]
    pub dry_run: bool,
    /// A configuration, for its [object_store]
    #[arg(long, value_name = "FILE", env = "ARREARS_CONFIG")]
    pub config: Option<PathBuf>,
}

/// `arrears check`.
#[derive(Args, Debug)]
pub struct CheckArguments {
    /// Where the configuration is
    #[command(flatten)]
    pub config: ConfigArguments,
    /// The night, YYYY-MM-DD [default: the newest that is published]
    #[arg(long, value_name = "DATE", value_parser = date)]
    pub as_of: Option<NaiveDate>,
    /// The output that keeps the ledger, for nights that were run with --ledger-of
    #[arg(long, value_name = "FOLDER")]
    pub ledger_of: Option<PathBuf>,
    /// List the checks and what they assert
    #[arg(long)]
    pub list: bool,
    /// Recompute every mart in SQL, on DuckDB, and compare every cell
    #[arg(long, conflicts_with_all = ["list", "names"])]
    pub parity: bool,
    /// The checks to run [default: all]
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
}

/// `arrears query`.
#[derive(Args, Debug)]
#[command(after_help = "The tables are views: kpis holds every night, kpis_latest the newest one. SHOW TABLES lists them, DESCRIBE kpis \
    says what its columns are. Questions to start from are in sql/examples.")]
pub struct QueryArguments {
    /// Where the configuration is; with --output none is needed
    #[command(flatten)]
    pub config: ConfigArguments,
    /// Read the SQL from this file
    #[arg(long, value_name = "FILE", conflicts_with = "sql")]
    pub file: Option<PathBuf>,
    /// How the rows are printed [default: table on a terminal, else csv]
    #[arg(long, value_enum)]
    pub format: Option<RowFormat>,
    /// The query, or - to read it from standard input
    // It may begin with a comment, and so with a hyphen.
    #[arg(value_name = "SQL", required_unless_present = "file", allow_hyphen_values = true)]
    pub sql: Option<String>,
}

/// How rows are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RowFormat {
    /// Aligned columns
    Table,
    /// Comma-separated values with a heading
    Csv,
    /// An array of objects
    Json,
}

/// `arrears quarantine`.
#[derive(Args, Debug)]
pub struct QuarantineArguments {
    /// Where the configuration is; with --output none is needed
    #[command(flatten)]
    pub config: ConfigArguments,
    /// The night, YYYY-MM-DD [default: the newest, also one that was not published]
    #[arg(long, value_name = "DATE", value_parser = date)]
    pub as_of: Option<NaiveDate>,
    /// Only rows of this source
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,
    /// Write an overlay into this new file: one line a row, the values left to fill in
    #[arg(long, value_name = "FILE")]
    pub overlay: Option<PathBuf>,
}

/// `arrears backtest`.
#[derive(Debug, Subcommand)]
pub enum BacktestCommand {
    /// Cash forecasts
    Forecast(BacktestForecastArguments),
    /// The chance that an invoice is paid late, and by how many days, as of the day it is issued
    Late(BacktestLateArguments),
    /// The chance that a customer defaults
    Risk(BacktestRiskArguments),
}

/// `arrears backtest forecast`.
#[derive(Args, Debug)]
pub struct BacktestForecastArguments {
    /// Where the configuration is
    #[command(flatten)]
    pub config: ConfigArguments,
    /// The first origin, YYYY-MM-DD
    #[arg(long, value_name = "DATE", value_parser = date)]
    pub from: NaiveDate,
    /// The last origin, YYYY-MM-DD
    #[arg(long, value_name = "DATE", value_parser = date)]
    pub to: NaiveDate,
    /// Days between origins
    #[arg(long, value_name = "DAYS", default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=366))]
    pub every_days: u16,
    /// Days between fits of the model
    #[arg(long, value_name = "DAYS", default_value_t = 28, value_parser = clap::value_parser!(u16).range(1..=366))]
    pub refit_days: u16,
    /// Weeks to look ahead
    #[arg(long, value_name = "WEEKS", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=52))]
    pub weeks: u16,
    /// Simulated paths of each forecast, a multiple of 50
    #[arg(long, value_name = "NUMBER", default_value_t = 200, value_parser = paths)]
    pub paths: u16,
    /// The step of the ladder, in place of the configuration's: auto, hazard, residual_curve, pooled_curve, no_model
    #[arg(long, value_name = "TIER", conflicts_with_all = ["challenger_tier", "challenger_half_life"])]
    pub tier: Option<String>,
    /// Replay another recipe on the same origins, and say whether it should replace the configuration's: its step of the ladder
    #[arg(long, value_name = "TIER")]
    pub challenger_tier: Option<String>,
    /// The same, with another half-life of payments
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(7..=3_650))]
    pub challenger_half_life: Option<u32>,
    /// Write the whole table, every week ahead of every cell, into this Parquet file
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Print the whole table as JSON
    #[arg(long)]
    pub json: bool,
    /// Replay every origin anew, also those kept by an earlier backtest with the same settings
    #[arg(long)]
    pub fresh: bool,
    /// Write the rows of the fits and of the open items at each origin into this folder, as Parquet
    #[arg(long, value_name = "FOLDER")]
    pub rows: Option<PathBuf>,
}

/// `arrears backtest late`.
#[derive(Args, Debug)]
pub struct BacktestLateArguments {
    /// Where the configuration is
    #[command(flatten)]
    pub config: ConfigArguments,
    /// The model is fitted at the end of this day, and tested on invoices issued after it, YYYY-MM-DD
    #[arg(long, value_name = "DATE", value_parser = date)]
    pub cut: NaiveDate,
    /// It learns from invoices due more than so many days before
    #[arg(long, value_name = "DAYS", default_value_t = 45)]
    pub gap_days: u16,
    /// How invoices came out is what is known at the end of this day, YYYY-MM-DD [default: the last on which anything changes]
    #[arg(long, value_name = "DATE", value_parser = date)]
    pub to: Option<NaiveDate>,
    /// Write the rows of the fit and of the test into this Parquet file
    #[arg(long, value_name = "FILE")]
    pub rows: Option<PathBuf>,
}

/// `arrears backtest risk`.
#[derive(Args, Debug)]
#[command(after_help = "Each month end gets the model that would have been fitted on it, from what was known then, and is judged by the \
    defaults that followed within the horizon. Beside it stands the rule of thumb: worst days past due now, ties by the worst of twelve \
    months. Intervals are drawn by families of customers. With --outcomes the ledger's own defaults are not looked at: the file says \
    which documents ended badly, and five models, each fitted without a fifth of the customers, score them from what was recorded \
    strictly before each; the rule of thumb is then the customer's late rate.")]
pub struct BacktestRiskArguments {
    /// Where the configuration is
    #[command(flatten)]
    pub config: ConfigArguments,
    /// The first month end, YYYY-MM-DD [default: eleven months before the last]
    #[arg(long, value_name = "DATE", value_parser = date, conflicts_with = "outcomes")]
    pub from: Option<NaiveDate>,
    /// The last month end, YYYY-MM-DD [default: the last whose outcome is known]
    #[arg(long, value_name = "DATE", value_parser = date, conflicts_with = "outcomes")]
    pub to: Option<NaiveDate>,
    /// Judge given outcomes instead: a CSV file (also .gz) with customer_id, document_id, bad (1 or 0), and company_id where needed
    #[arg(long, value_name = "FILE")]
    pub outcomes: Option<PathBuf>,
    /// Replay another recipe on the same month ends, and say whether it should replace the configuration's: its step of the ladder
    #[arg(long, value_name = "TIER", conflicts_with = "outcomes")]
    pub challenger_tier: Option<String>,
    /// The same, learning from so many month ends
    #[arg(long, value_name = "MONTHS", value_parser = clap::value_parser!(u32).range(1..=120), conflicts_with = "outcomes")]
    pub challenger_months: Option<u32>,
    /// Print the figures as JSON
    #[arg(long)]
    pub json: bool,
    /// Write the rows, with their characteristics and outcomes, into this Parquet file
    #[arg(long, value_name = "FILE")]
    pub rows: Option<PathBuf>,
}

/// `arrears explain`.
#[derive(Args, Debug)]
#[command(
    group = clap::ArgGroup::new("subject").required(true).args(["invoice", "customer"]),
    after_help = "The figures are those of the tables invoice_forecasts, or customer_scores and score_points, of the same night. The night \
    need not be published; the ledger must have been read (arrears ingest or arrears run). An invoice that was settled is said to be, \
    with what settled it."
)]
pub struct ExplainArguments {
    /// Where the configuration is
    #[command(flatten)]
    pub config: ConfigArguments,
    /// The business date, YYYY-MM-DD: what was known at its end
    #[arg(long, value_name = "DATE", value_parser = date)]
    pub as_of: NaiveDate,
    /// The invoice, by its document id
    #[arg(long, value_name = "ID")]
    pub invoice: Option<String>,
    /// The customer, by its id: why it has its grade, and what would change it
    #[arg(long, value_name = "ID")]
    pub customer: Option<String>,
    /// Its company, where several have an invoice or a customer of that id
    #[arg(long, value_name = "ID")]
    pub company: Option<String>,
    /// Print JSON instead of text
    #[arg(long)]
    pub json: bool,
}

/// `arrears export`.
#[derive(Debug, Subcommand)]
pub enum ExportCommand {
    /// The queue of credit-limit reviews, as it stands in exports/ of the night
    CreditReviews(ExportArguments),
}

/// `arrears export credit-reviews`.
#[derive(Args, Debug)]
#[command(
    after_help = "In CSV a text that a spreadsheet could run as a formula has an apostrophe before it; so has one that begins with an \
    apostrophe: take one off and you have what was written. In JSON money is text; --schema prints the JSON schema."
)]
pub struct ExportArguments {
    /// Where the configuration is; with --output none is needed
    #[command(flatten)]
    pub config: ConfigArguments,
    /// The night, YYYY-MM-DD [default: the newest that is published]
    #[arg(long, value_name = "DATE", value_parser = date)]
    pub as_of: Option<NaiveDate>,
    /// In which form
    #[arg(long, value_enum, default_value_t = ExportFormat::Csv)]
    pub format: ExportFormat,
    /// Into this file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Print the JSON schema instead
    #[arg(long, conflicts_with_all = ["as_of", "format"])]
    pub schema: bool,
}

/// The form of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// Comma-separated values after RFC 4180
    Csv,
    /// JSON that the schema describes
    Json,
}

/// `arrears what-if`.
#[derive(Args, Debug)]
#[command(after_help = WHAT_IF_HELP)]
pub struct WhatIfArguments {
    /// The changes: a TOML file, see below
    #[arg(value_name = "SCENARIO")]
    pub scenario: PathBuf,
    /// Where the configuration is
    #[command(flatten)]
    pub config: ConfigArguments,
    /// The business date, YYYY-MM-DD: what was known at its end
    #[arg(long, value_name = "DATE", value_parser = date)]
    pub as_of: NaiveDate,
    /// Write the weekly table into this Parquet file
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

const WHAT_IF_HELP: &str = "\
A scenario, with one change of each kind; changes are made in the order of the file:
  name = \"longer terms for wholesale\"
  weeks = 26                          # how far to look, 1 to 104
  cost_of_capital = 0.08              # a year; without it financing is not reckoned

  [[change]]
  kind = \"terms\"                      # what is billed from now on; open invoices keep their terms
  from_days = 30
  to_days = 60
  segment = \"wholesale\"               # every change may name company, segment, customers

  [[change]]
  kind = \"early_payment_discount\"
  percent = 2
  within_days = 10
  take_up = 0.4                       # share of what is billed, and of open items not yet that old

  [[change]]
  kind = \"on_time\"                    # those who owe most pay by the due date, what is overdue now
  top = 10                            # or customers = [\"A\", \"B\"]

  [[change]]
  kind = \"disputes\"
  faster_by_days = 14

  [[change]]
  kind = \"delay\"                      # a shock
  days = 10

Nothing is published or changed. Amounts are in base currency at the rates of the date.";

/// `arrears generate`.
#[derive(Args, Debug)]
pub struct GenerateArguments {
    /// A new or empty folder
    #[arg(long, value_name = "FOLDER")]
    pub out: PathBuf,
    /// How many invoices
    #[arg(long, value_name = "NUMBER", default_value_t = 100_000)]
    pub invoices: u64,
    /// The same seed gives the same bytes
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub seed: u64,
    /// What kind of book: mixed, payment-runs, defaults-many, defaults-few, defaults-none
    #[arg(long, value_name = "PROFILE", default_value = "mixed")]
    pub profile: String,
    /// csv, csv.gz or parquet
    #[arg(long, value_name = "FORMAT", default_value = "csv")]
    pub format: String,
    /// canonical or flat_invoices
    #[arg(long, value_name = "SHAPE", default_value = "canonical")]
    pub shape: String,
    /// How many customers [default: about one for a hundred invoices]
    #[arg(long, value_name = "NUMBER")]
    pub customers: Option<u64>,
    /// How many companies
    #[arg(long, value_name = "NUMBER", default_value_t = 3)]
    pub companies: u32,
    /// First day
    #[arg(long, value_name = "DATE", value_parser = date, default_value = "2021-01-01")]
    pub start_date: NaiveDate,
    /// Last day: the date to run --as-of
    #[arg(long, value_name = "DATE", value_parser = date, default_value = "2024-12-31")]
    pub end_date: NaiveDate,
}

/// `arrears runs`.
#[derive(Args, Debug)]
pub struct RunsArguments {
    /// Where the configuration is
    #[command(flatten)]
    pub config: ConfigArguments,
    /// At most so many, the newest
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    pub most: usize,
}

/// `arrears config`.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print every value and where it came from
    Show(ConfigArguments),
}

/// A date as it is written everywhere here, and nothing that only looks like one.
fn date(text: &str) -> Result<NaiveDate, String> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| "not a date; write it as YYYY-MM-DD, for example 2025-06-30".to_owned())
}

fn paths(text: &str) -> Result<u16, String> {
    let paths = text.parse::<u16>().ok().filter(|paths| *paths > 0 && paths.is_multiple_of(50));
    paths.ok_or_else(|| "not a multiple of 50 up to 65500".to_owned())
}

fn known_as_of(text: &str) -> Result<KnownAsOf, String> {
    KnownAsOf::parse(text).ok_or_else(|| "neither a date nor an instant; for example 2025-06-30 or 2025-06-30T18:00:00Z".to_owned())
}
