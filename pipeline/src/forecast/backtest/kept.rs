//! Replayed origins, each kept in a file, so that a backtest that was stopped goes on where it was and a longer one makes only
//! what the shorter did not.
//!
//! They lie in `OUTPUT/backtests/<fingerprint>/<origin>.parquet`. The fingerprint names everything that moves a replay: ledger,
//! settings, program. Where a backtest ends is not among it.

use super::file::{program, write};
use super::{Plan, Recipe};
use crate::error::{Result, io_error};
use crate::forecast::baselines;
use crate::forecast::cash::{CashForecast, Component, LEVELS};
use crate::forecast::cells::{Cell, Cells};
use crate::forecast::grid::{Grid, Periods};
use crate::forecast::replay::{ReplayedOrigin, Target};
use crate::forecast::timing::Tier;
use crate::ledger::book::Book;
use crate::ledger::calendar::{Day, date_of};
use crate::ledger::rates::CurrencyIndex;
use crate::ledger::scopes::Scope;
use arrow::array::{Array, ArrayRef, AsArray, Date32Array, Decimal128Array, Float64Array, Int32Array, RecordBatch, StringArray};
use arrow::compute::concat_batches;
use arrow::datatypes::{Date32Type, Decimal128Type, Float64Type};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use xxhash_rust::xxh3::Xxh3;

/// Everything that moves a replayed origin.
#[derive(Clone, Debug, Serialize)]
pub struct Settings {
    program: String,
    program_hash: String,
    ledger: String,
    from: String,
    every_days: u16,
    refit_days: u16,
    weeks: usize,
    paths: usize,
    tier: &'static str,
    half_life_days: u32,
    base_currency: String,
    include_intercompany: bool,
    calendar: String,
    direct_debits: Vec<String>,
}

/// What of the configuration and the ledger moves a replay.
#[derive(Clone, Debug)]
pub struct Basis {
    /// Names the ledger by its content.
    pub ledger: String,
    /// The currency of totals.
    pub base_currency: String,
    /// Whether customers of the same group count.
    pub include_intercompany: bool,
    /// The business days, as far as the configuration sets them.
    pub calendar: String,
    /// The customers that pay by direct debit, as the configuration names them.
    pub direct_debits: Vec<String>,
}

impl Settings {
    /// The settings of a plan, a recipe and what they are applied to.
    pub fn new(plan: &Plan, recipe: Recipe, basis: &Basis) -> Self {
        Settings {
            program: program(),
            program_hash: program_hash(),
            ledger: basis.ledger.clone(),
            from: date_of(plan.from).to_string(),
            every_days: plan.every_days,
            refit_days: plan.refit_days,
            weeks: plan.weeks,
            paths: plan.paths,
            tier: recipe.tier_word(),
            half_life_days: recipe.half_life_days,
            base_currency: basis.base_currency.clone(),
            include_intercompany: basis.include_intercompany,
            calendar: basis.calendar.clone(),
            direct_debits: basis.direct_debits.clone(),
        }
    }

    fn text(&self) -> String {
        serde_json::to_string_pretty(self).expect("texts and numbers") + "\n"
    }

    /// The beginning of the SHA-256 of all settings.
    pub fn fingerprint(&self) -> String {
        Sha256::digest(self.text().as_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// A hash of the program itself: while it is being changed its version says too little. Empty where it cannot be read.
fn program_hash() -> String {
    let Some(bytes) = std::env::current_exe().ok().and_then(|path| std::fs::read(path).ok()) else { return String::new() };
    let mut hash = Xxh3::new();
    hash.update(&bytes);
    format!("{:016x}", hash.digest())
}

/// The folder of the replayed origins of some settings.
#[derive(Clone, Debug)]
pub struct KeptOrigins {
    /// The folder.
    pub folder: PathBuf,
    is_fresh: bool,
}

const SETTINGS: &str = "settings.json";
const OPEN_ITEMS: &str = "actual_open_items";
const TOTAL: &str = "actual_total";
/// The columns of what was expected, in the order of the components.
const MEANS: [&str; Component::ALL.len()] = ["new_billing", "open_items", "orders", "promises"];
/// What was open, the same for each row of a cell.
const OPEN: &str = "open";

impl KeptOrigins {
    /// Those of an output; with `is_fresh` none counts as kept.
    pub fn new(output: &Path, settings: &Settings, is_fresh: bool) -> Self {
        KeptOrigins { folder: output.join("backtests").join(settings.fingerprint()), is_fresh }
    }

    /// Says in the folder what its origins were replayed with.
    ///
    /// # Errors
    /// When the disk is full or may not be written.
    pub fn begin(&self, settings: &Settings) -> Result<()> {
        std::fs::create_dir_all(&self.folder).map_err(|cause| io_error("create the folder", &self.folder, &cause))?;
        let path = self.folder.join(SETTINGS);
        std::fs::write(&path, settings.text()).map_err(|cause| io_error("write", &path, &cause))
    }

    fn path(&self, origin: Day) -> PathBuf {
        self.folder.join(format!("{}.parquet", date_of(origin)))
    }

    /// The kept replay of an origin over the periods after it; `None` where there is none, or none that can be read.
    pub fn read(&self, book: &Book, periods: Periods) -> Option<ReplayedOrigin> {
        if self.is_fresh {
            return None;
        }
        let file = std::fs::File::open(self.path(periods.origin)).ok()?;
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).ok()?;
        let schema = reader.schema().clone();
        let batches: Vec<RecordBatch> = reader.build().ok()?.collect::<Result<_, _>>().ok()?;
        origin_of(book, &concat_batches(&schema, &batches).ok()?, periods)
    }

    /// Keeps a replayed origin.
    ///
    /// # Errors
    /// When the disk is full or may not be written.
    pub fn keep(&self, book: &Book, origin: &ReplayedOrigin) -> Result<()> {
        write(&self.path(origin.origin), columns(book, origin), &[])
    }
}

fn baseline_column(target: Target, name: &str) -> String {
    format!("{}/{name}", target.word())
}

fn quantile_column(target: Target, level: f64) -> String {
    format!("{} at {level}", target.word())
}

/// One row a cell and week.
fn columns(book: &Book, origin: &ReplayedOrigin) -> Vec<(String, ArrayRef)> {
    let forecast = &origin.forecast;
    let (cells, periods) = (forecast.cells.all(), forecast.periods.all());
    let rows = cells.len() * periods.len();
    let cell_of = |row: usize| &cells[row / periods.len()];
    let texts =
        |of: &dyn Fn(&Cell) -> Option<String>| -> ArrayRef { Arc::new((0..rows).map(|row| of(cell_of(row))).collect::<StringArray>()) };
    let mut columns: Vec<(String, ArrayRef)> = vec![
        ("origin".into(), Arc::new(Date32Array::from(vec![origin.origin; rows]))),
        ("fitted_on".into(), Arc::new(Date32Array::from(vec![origin.fitted; rows]))),
        ("tier".into(), Arc::new(StringArray::from(vec![origin.tier.word(); rows]))),
        ("company_id".into(), texts(&|cell| cell.company.map(|company| book.companies[company].clone()))),
        ("scope".into(), texts(&|cell| Some(cell.scope.word().to_owned()))),
        ("value".into(), texts(&|cell| Some(cell.value.clone()))),
        ("currency".into(), texts(&|cell| cell.currency.map(|currency| book.rates.code(currency).to_owned()))),
        ("week".into(), Arc::new((0..rows).map(|row| i32::try_from(periods[row % periods.len()].horizon).ok()).collect::<Int32Array>())),
    ];
    for (at, name) in MEANS.iter().enumerate() {
        let values = Decimal128Array::from_iter_values(forecast.means.iter().map(|means| means[at]));
        // Ten-thousandths, 38 digits: whatever an i128 of the ledger's money holds.
        let values = values.with_precision_and_scale(38, 4).expect("amounts have fewer digits than 38");
        columns.push(((*name).into(), Arc::new(values)));
    }
    for (target, quantiles) in [(Target::OpenItems, &forecast.open_quantiles), (Target::Total, &forecast.quantiles)] {
        for (at, level) in LEVELS.iter().enumerate() {
            let values = quantiles.iter().map(|quantiles| Some(quantiles[at])).collect::<Float64Array>();
            columns.push((quantile_column(target, *level), Arc::new(values)));
        }
    }
    let open = (0..rows).map(|row| Some(forecast.open[row / periods.len()])).collect::<Float64Array>();
    columns.push((OPEN.into(), Arc::new(open)));
    for (name, actual) in [OPEN_ITEMS, TOTAL].into_iter().zip(&origin.actual) {
        columns.push((name.into(), Arc::new(actual.iter().copied().collect::<Float64Array>())));
    }
    for (target, name, amounts) in &origin.baselines {
        columns.push((baseline_column(*target, name), Arc::new(Float64Array::from(amounts.clone()))));
    }
    columns
}

/// The reverse of [`columns`]; `None` for a file of another shape or about other cells.
fn origin_of(book: &Book, rows: &RecordBatch, periods: Periods) -> Option<ReplayedOrigin> {
    let texts = |name: &str| rows.column_by_name(name)?.as_string_opt::<i32>();
    let numbers = |name: &str| rows.column_by_name(name)?.as_primitive_opt::<Float64Type>();
    let day = |name: &str| Some(rows.column_by_name(name)?.as_primitive_opt::<Date32Type>()?.value(0));
    let weeks = periods.count(Grid::Week);
    if rows.num_rows() == 0 || weeks != periods.all().len() || !rows.num_rows().is_multiple_of(weeks) || day("origin")? != periods.origin {
        return None;
    }
    let (companies, scopes, values, currencies) = (texts("company_id")?, texts("scope")?, texts("value")?, texts("currency")?);
    let cell = |row: usize| {
        let company = match companies.is_valid(row) {
            true => Some(book.companies.iter().position(|name| name == companies.value(row))?),
            false => None,
        };
        let currency = if currencies.is_valid(row) { Some(currency_named(book, currencies.value(row))?) } else { None };
        Some(Cell { company, scope: Scope::named(scopes.value(row))?, value: values.value(row).to_owned(), currency })
    };
    let cells: Vec<Cell> = (0..rows.num_rows()).step_by(weeks).map(cell).collect::<Option<_>>()?;
    let mut means = vec![[0; MEANS.len()]; rows.num_rows()];
    for (at, name) in MEANS.iter().enumerate() {
        let column = rows.column_by_name(name)?.as_primitive_opt::<Decimal128Type>()?;
        means.iter_mut().zip(column.values()).for_each(|(means, value)| means[at] = *value);
    }
    let quantiles = |target: Target| {
        let mut found = vec![[0.0; LEVELS.len()]; rows.num_rows()];
        for (at, level) in LEVELS.iter().enumerate() {
            let column = numbers(&quantile_column(target, *level))?;
            found.iter_mut().zip(column.values()).for_each(|(quantiles, value)| quantiles[at] = *value);
        }
        Some(found)
    };
    let mut found = Vec::new();
    for target in Target::ALL {
        for name in baselines::NAMES {
            if let Some(column) = numbers(&baseline_column(target, name)) {
                found.push((target, name, column.values().to_vec()));
            }
        }
    }
    Some(ReplayedOrigin {
        origin: periods.origin,
        fitted: day("fitted_on")?,
        tier: Tier::named(texts("tier")?.value(0))?,
        forecast: CashForecast {
            cells: Cells::alone(cells),
            means,
            quantiles: quantiles(Target::Total)?,
            open_quantiles: quantiles(Target::OpenItems)?,
            open: numbers(OPEN)?.values().iter().copied().step_by(weeks).collect(),
            periods,
        },
        actual: [numbers(OPEN_ITEMS)?.iter().collect(), numbers(TOTAL)?.iter().collect()],
        baselines: found,
    })
}

fn currency_named(book: &Book, code: &str) -> Option<CurrencyIndex> {
    (0..book.rates.len()).filter_map(|at| CurrencyIndex::try_from(at).ok()).find(|currency| book.rates.code(*currency) == code)
}
