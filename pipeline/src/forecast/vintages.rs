//! Vintages: each date's forecast as it was published first, kept for good and scored when its weeks have ended.
//!
//! Responsible for keeping and reading them, and for putting what came beside them. A night that is replaced leaves its
//! vintage as it was: what counts is what people were told. What came is what is known of it today; base currency at the
//! rates of the vintage's own date.

use super::accuracy::{BANDS, Key, Scores};
use super::cash::LEVELS;
use super::cells::Cell;
use super::replay::{FINAL_AFTER_DAYS, Target};
use super::snapshot::Companies;
use crate::error::{Error, Result, io_error};
use crate::ledger::book::Book;
use crate::ledger::calendar::{Day, day_of};
use crate::ledger::money::RATE_ONE;
use crate::ledger::rates::CurrencyIndex;
use crate::ledger::scopes::Scope;
use crate::publish::night::{night_folder, nights};
use crate::scoring::facts::{Exit, Facts};
use chrono::NaiveDate;
use polars::prelude::*;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The tables of a vintage.
const TABLES: [&str; 2] = ["cash_forecast", "cash_baselines"];
/// Vintages older than this are not scored any more: their weeks have all ended long ago.
const AGE_MOST_DAYS: i32 = 2 * 366;
/// Weeks that a vintage forecasts.
const WEEKS: usize = 26;

fn folder(output: &Path) -> PathBuf {
    output.join("vintages")
}

/// Keeps the forecasts of published nights whose dates have no vintage yet: that of the night just published, and of one whose
/// run was killed in between.
///
/// # Errors
/// When the disk is full or may not be written.
pub fn keep(output: &Path, run_id: &str) -> Result<()> {
    for as_of_date in nights(output)? {
        let night = night_folder(output, &as_of_date);
        let target = folder(output).join(format!("as_of_date={as_of_date}"));
        if target.exists() || !night.join(TABLES[0]).exists() {
            continue;
        }
        keep_night(output, &night, &target, run_id)?;
    }
    Ok(())
}

fn keep_night(output: &Path, night: &Path, target: &Path, run_id: &str) -> Result<()> {
    let staged = output.join("staging").join(format!("{run_id}-vintage"));
    for table in TABLES {
        let (from, to) = (night.join(table).join("part-00000.parquet"), staged.join(table).join("part-00000.parquet"));
        let parent = staged.join(table);
        std::fs::create_dir_all(&parent).map_err(|cause| io_error("create", &parent, &cause))?;
        std::fs::copy(&from, &to).map_err(|cause| io_error("keep the vintage", &to, &cause))?;
    }
    std::fs::create_dir_all(folder(output)).map_err(|cause| io_error("create", &folder(output), &cause))?;
    std::fs::rename(&staged, target).map_err(|cause| io_error("keep the vintage", target, &cause))
}

/// The dates of the vintages before a day, oldest first.
fn dates(output: &Path, as_of: Day) -> Result<Vec<Day>> {
    let entries = match std::fs::read_dir(folder(output)) {
        Ok(entries) => entries,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(cause) => return Err(io_error("read", &folder(output), &cause)),
    };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let parsed = names.filter_map(|name| name.strip_prefix("as_of_date=")?.parse::<NaiveDate>().ok().map(day_of));
    let mut dates: Vec<Day> = parsed.filter(|day| *day < as_of && *day > as_of - AGE_MOST_DAYS).collect();
    dates.sort_unstable();
    Ok(dates)
}

/// One figure of a vintage.
struct Forecast {
    cell: (Option<usize>, Option<CurrencyIndex>, String),
    target: Target,
    method: &'static str,
    week: usize,
    mean: f64,
    quantiles: Option<[f64; LEVELS.len()]>,
    is_calibrated: bool,
}

/// Scores of the vintages before a night whose weeks have ended.
///
/// # Errors
/// When a vintage cannot be read.
pub fn scores(output: &Path, book: &Book, facts: &Facts, companies: &Companies, as_of: Day) -> Result<BTreeMap<Key, Scores>> {
    let vintages = dates(output, as_of)?;
    let mut found: BTreeMap<Key, Scores> = BTreeMap::new();
    if vintages.is_empty() {
        return Ok(found);
    }
    let open = cash_of_open_items(facts, companies, &vintages, as_of);
    let all = super::actuals::cash_by_day(facts, companies, as_of);
    for (position, origin) in vintages.iter().enumerate() {
        for forecast in read(output, book, *origin)? {
            let start = origin + 1 + 7 * (forecast.week as i32 - 1);
            if start + 6 + FINAL_AFTER_DAYS > as_of {
                continue;
            }
            let (company, currency, value) = &forecast.cell;
            let is_of = |(of, _): &(usize, CurrencyIndex)| company.is_none_or(|company| company == *of);
            let rate = |of: CurrencyIndex| match currency {
                Some(_) => 1.0,
                None if of == book.rates.base() => 1.0,
                None => book.rates.on(of, *origin).map_or(0.0, |rate| rate as f64 / RATE_ONE as f64),
            };
            let is_meant = |cell: &(usize, CurrencyIndex)| is_of(cell) && currency.is_none_or(|currency| currency == cell.1);
            let actual: f64 = match forecast.target {
                Target::Total => all
                    .iter()
                    .filter(|(cell, _)| is_meant(cell))
                    .map(|(cell, days)| days.range(start..=start + 6).map(|(_, amount)| *amount).sum::<i64>() as f64 * rate(cell.1))
                    .sum(),
                Target::OpenItems => open[position]
                    .iter()
                    .filter(|((cell, week), _)| is_meant(cell) && *week == forecast.week)
                    .map(|((cell, _), amount)| *amount as f64 * rate(cell.1))
                    .sum(),
            };
            let cell = Cell { company: *company, scope: Scope::Company, value: value.clone(), currency: *currency };
            for week in [forecast.week, 0] {
                let scores = found.entry((cell.clone(), forecast.target, forecast.method, week)).or_default();
                scores.add_mean((*origin, forecast.week), forecast.mean, actual);
                if let Some(quantiles) = &forecast.quantiles {
                    scores.add_bands(*origin, quantiles, &BANDS.map(|_| forecast.is_calibrated), actual);
                }
            }
        }
    }
    Ok(found)
}

/// Cash by company, currency and week ahead, document currency, ten-thousandths.
type CashByWeek = BTreeMap<((usize, CurrencyIndex), usize), i64>;

/// For each vintage the cash that came from the items open on its date, by company, currency and week.
fn cash_of_open_items(facts: &Facts, companies: &Companies, vintages: &[Day], as_of: Day) -> Vec<CashByWeek> {
    let mut found = vec![CashByWeek::new(); vintages.len()];
    for customer in 0..facts.customers() {
        for item in facts.all_items_of(customer) {
            let last = facts.left(item, as_of).map(|left| left.visible_date.max(left.effective_date)).max().unwrap_or(item.document_date);
            let first = vintages.partition_point(|day| *day < item.visible_from());
            for (position, day) in vintages.iter().enumerate().skip(first).take_while(|(_, day)| **day < last) {
                if !item.is_known(*day) || facts.open(item, *day) <= 0 {
                    continue;
                }
                for left in facts.left_since(item, *day, as_of).filter(|left| left.exit == Exit::Cash && left.effective_date > *day) {
                    let week = usize::try_from((left.effective_date - day - 1) / 7).expect("after the day") + 1;
                    if week <= WEEKS {
                        *found[position].entry(((companies.company(customer), item.currency), week)).or_default() += left.amount;
                    }
                }
            }
        }
    }
    found
}

/// The weekly figures of companies of one vintage. Companies and currencies that the book does not know are passed over.
fn read(output: &Path, book: &Book, origin: Day) -> Result<Vec<Forecast>> {
    let folder = folder(output).join(format!("as_of_date={}", crate::ledger::calendar::date_of(origin)));
    let rows = |table: &str| -> Result<DataFrame> {
        let path = folder.join(table).join("part-00000.parquet");
        let file = std::fs::File::open(&path).map_err(|cause| io_error("read the vintage", &path, &cause))?;
        ParquetReader::new(file).finish().map_err(|cause| {
            Error::unexpected("vintage_damaged", format!("a vintage cannot be read: {}", path.display()))
                .caused_by(&cause)
                .hint("restore the folder from a backup, or delete it: the date is then not scored")
        })
    };
    let mut found = Vec::new();
    let forecasts = rows("cash_forecast")?;
    let words = |frame: &DataFrame, name: &str| -> Result<StringChunked> { Ok(frame.column(name)?.str()?.clone()) };
    let cell = |company: &str, basis: &str, currency: &str| {
        let company = if company == crate::ledger::scopes::ALL_COMPANIES {
            (None, company.to_owned())
        } else {
            (Some(book.companies.iter().position(|known| known == company)?), company.to_owned())
        };
        let codes = (0..book.rates.len()).map(|at| CurrencyIndex::try_from(at).expect("currencies are counted in 16 bits"));
        let mut codes = codes.filter(|at| book.rates.code(*at) == currency);
        let currency = if basis == "base" { None } else { Some(codes.next()?) };
        Some((company.0, currency, company.1))
    };
    {
        let frame = &forecasts;
        let (company, scope, basis) = (words(frame, "company_id")?, words(frame, "scope")?, words(frame, "basis")?);
        let (currency, grid, component) = (words(frame, "currency")?, words(frame, "grid")?, words(frame, "component")?);
        let calibration = words(frame, "calibration")?;
        let horizon = frame.column("horizon")?.i64()?.clone();
        let mean = amounts(frame, "mean")?;
        let quantiles = LEVELS.iter().map(|level| amounts(frame, &format!("p{:03}", (level * 1_000.0).round() as i64)));
        let quantiles = quantiles.collect::<Result<Vec<_>>>()?;
        for row in 0..frame.height() {
            let is_weekly = grid.get(row) == Some("week") && scope.get(row) == Some(Scope::Company.word());
            let target = match component.get(row) {
                Some("total") => Target::Total,
                Some("open_items_and_promises") => Target::OpenItems,
                _ => continue,
            };
            let (Some(company), Some(basis), Some(currency)) = (company.get(row), basis.get(row), currency.get(row)) else { continue };
            let (true, Some(cell)) = (is_weekly, cell(company, basis, currency)) else { continue };
            let mut of_row = [0.0; LEVELS.len()];
            of_row.iter_mut().zip(&quantiles).for_each(|(quantile, column)| *quantile = column[row].unwrap_or(0.0));
            found.push(Forecast {
                cell,
                target,
                method: "model",
                week: usize::try_from(horizon.get(row).unwrap_or(0)).unwrap_or(0),
                mean: mean[row].unwrap_or(0.0),
                quantiles: Some(of_row),
                is_calibrated: calibration.get(row) == Some("calibrated"),
            });
        }
    }
    let frame = &rows("cash_baselines")?;
    let (company, basis, currency) = (words(frame, "company_id")?, words(frame, "basis")?, words(frame, "currency")?);
    let (target, method) = (words(frame, "target")?, words(frame, "method")?);
    let horizon = frame.column("horizon")?.i64()?.clone();
    for (row, amount) in amounts(frame, "amount")?.into_iter().enumerate() {
        let (Some(company), Some(basis), Some(currency)) = (company.get(row), basis.get(row), currency.get(row)) else { continue };
        let Some(cell) = cell(company, basis, currency) else { continue };
        let Some(target) = Target::ALL.into_iter().find(|known| target.get(row) == Some(known.word())) else { continue };
        let Some(method) = super::baselines::NAMES.into_iter().find(|known| method.get(row) == Some(known)) else { continue };
        let week = usize::try_from(horizon.get(row).unwrap_or(0)).unwrap_or(0);
        found.push(Forecast { cell, target, method, week, mean: amount.unwrap_or(0.0), quantiles: None, is_calibrated: false });
    }
    Ok(found)
}

/// A column of amounts, ten-thousandths.
fn amounts(frame: &DataFrame, name: &str) -> Result<Vec<Option<f64>>> {
    let column = frame.column(name)?.cast(&DataType::Float64)?;
    Ok(column.f64()?.iter().map(|amount| amount.map(|amount| amount * 10_000.0)).collect())
}
