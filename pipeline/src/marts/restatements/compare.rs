//! What two nights say of the same period end: the tables joined, and only what differs kept.

use super::first_nights::FirstNight;
use crate::error::Result;
use crate::ledger::calendar::Day;
use crate::marts::frame::{SCALE, SUM_PRECISION, dates};
use polars::prelude::*;
use std::path::Path;

/// The keys of a row of `restatements`, beside its table.
const KEYS: [&str; 5] = ["company_id", "scope", "scope_value", "period_end", "line"];

/// By how much a ratio must differ to be told.
const TOLERANCE: f64 = 1e-9;

/// What this night says, of the tables and scopes that are compared: kept while they are written.
#[derive(Default)]
pub struct CurrentTables {
    roll_forward: Vec<LazyFrame>,
    aging: Vec<LazyFrame>,
    kpis: Vec<LazyFrame>,
}

impl CurrentTables {
    /// Keeps the rows that are compared of a part of a table; other tables are none of its business.
    ///
    /// # Errors
    /// When Polars fails.
    pub fn keep(&mut self, table: &str, rows: &DataFrame) -> Result<()> {
        let kept = match table {
            "roll_forward" => &mut self.roll_forward,
            "aging" => &mut self.aging,
            "kpis" => &mut self.kpis,
            _ => return Ok(()),
        };
        let rows = rows.clone().lazy().filter(is_compared()).collect()?;
        if rows.height() > 0 {
            kept.push(rows.lazy());
        }
        Ok(())
    }
}

/// An amount of a period end that was published otherwise before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restated {
    /// Company, or all of them.
    pub company_id: String,
    /// `company` or `currency`.
    pub scope: String,
    /// The company or the currency.
    pub scope_value: String,
    /// `roll_forward` or `aging`.
    pub table_name: String,
    /// The period end.
    pub period_end: Day,
    /// The line, or `basis/bucket`.
    pub line: String,
    /// What the first night said, ten-thousandths.
    pub first_amount: i128,
    /// What this night says.
    pub amount: i128,
    /// Position of the first night.
    pub first_night: usize,
}

/// The table `restatements`, sorted by its key.
///
/// # Errors
/// When an earlier night cannot be read.
pub fn differences(current: &CurrentTables, firsts: &[FirstNight]) -> Result<DataFrame> {
    let published: LazyFrame = first_dates(firsts)?;
    let parts = [
        amounts("roll_forward", &current.roll_forward, col("line"), firsts)?,
        amounts("aging", &current.aging, slashed(&["basis", "bucket"]), firsts)?,
        ratios(&current.kpis, slashed(&["metric", "convention", "time_window"]), firsts)?,
    ];
    let keys = ["company_id", "scope", "scope_value", "table_name", "period_end", "line"];
    let found =
        concat(parts, UnionArgs::default())?.join(published, [col("period_end")], [col("period_end")], JoinArgs::new(JoinType::Inner));
    Ok(found.sort(keys, SortMultipleOptions::default()).collect()?)
}

/// The amounts of [`differences`].
///
/// # Errors
/// When Polars fails.
pub fn restated(differences: &DataFrame, firsts: &[FirstNight]) -> Result<Vec<Restated>> {
    let text = |name: &str| -> Result<StringChunked> { Ok(differences.column(name)?.str()?.clone()) };
    let names = ["company_id", "scope", "scope_value", "table_name", "line"].map(text);
    let [company_id, scope, scope_value, table_name, line] = names;
    let (company_id, scope, scope_value, table_name, line) = (company_id?, scope?, scope_value?, table_name?, line?);
    let days = |name: &str| -> Result<Int32Chunked> { Ok(differences.column(name)?.date()?.physical().clone()) };
    let (period_end, first_date) = (days("period_end")?, days("first_as_of_date")?);
    let sums = |name: &str| -> Result<Int128Chunked> { Ok(differences.column(name)?.decimal()?.physical().clone()) };
    let (first_amount, amount) = (sums("first_amount")?, sums("amount")?);
    let owned = |column: &StringChunked, row: usize| column.get(row).unwrap_or_default().to_owned();
    let of_row = |row: usize| {
        let first_date = first_date.get(row)?;
        Some(Restated {
            company_id: owned(&company_id, row),
            scope: owned(&scope, row),
            scope_value: owned(&scope_value, row),
            table_name: owned(&table_name, row),
            period_end: period_end.get(row)?,
            line: owned(&line, row),
            first_amount: first_amount.get(row)?,
            amount: amount.get(row)?,
            first_night: firsts.iter().position(|first| first.as_of == first_date)?,
        })
    };
    Ok((0..differences.height()).filter_map(of_row).collect())
}

fn is_compared() -> Expr {
    col("scope").eq(lit("company")).or(col("scope").eq(lit("currency")))
}

fn slashed(columns: &[&str]) -> Expr {
    let mut columns = columns.iter().map(|name| col(*name));
    let first = columns.next().unwrap_or_else(|| lit(""));
    columns.fold(first, |line, column| line + lit("/") + column)
}

fn first_dates(firsts: &[FirstNight]) -> Result<LazyFrame> {
    let pairs = || firsts.iter().flat_map(|first| first.period_ends.iter().map(|end| (*end, first.as_of)));
    let columns = vec![dates("period_end", pairs().map(|pair| Some(pair.0))), dates("first_as_of_date", pairs().map(|pair| Some(pair.1)))];
    Ok(DataFrame::new_infer_height(columns)?.lazy())
}

/// The rows of some period ends in a table of a night.
fn scan(folder: &Path, table: &str, ends: &[Day]) -> Result<LazyFrame> {
    let path = folder.join(table).join("part-00000.parquet");
    let scan =
        LazyFrame::scan_parquet(PlRefPath::new(path.to_string_lossy()), ScanArgsParquet { glob: false, ..ScanArgsParquet::default() })?;
    Ok(scan.filter(is_compared().and(is_one_of(ends))))
}

fn is_one_of(ends: &[Day]) -> Expr {
    let is = |end: &Day| col("period_end").eq(lit(*end).cast(DataType::Date));
    ends.iter().map(is).reduce(Expr::or).unwrap_or_else(|| lit(false))
}

/// What the first nights said, and what this night says of the same period ends, each as its keys and the column `value`.
fn both_sides(table: &str, current: &[LazyFrame], line: &Expr, value: Expr, firsts: &[FirstNight]) -> Result<[Option<LazyFrame>; 2]> {
    let columns = |frame: LazyFrame| {
        let keys = KEYS[..4].iter().map(|name| col(*name));
        frame.select(keys.chain([line.clone().alias("line"), value.clone().alias("value")]).collect::<Vec<Expr>>())
    };
    let then: Vec<LazyFrame> =
        firsts.iter().map(|first| Ok(columns(scan(&first.folder, table, &first.period_ends)?))).collect::<Result<_>>()?;
    let ends: Vec<Day> = firsts.iter().flat_map(|first| first.period_ends.iter().copied()).collect();
    let now: Vec<LazyFrame> = current.iter().map(|rows| columns(rows.clone().filter(is_one_of(&ends)))).collect();
    let together = |frames: Vec<LazyFrame>| -> Result<Option<LazyFrame>> {
        Ok(if frames.is_empty() { None } else { Some(concat(frames, UnionArgs::default())?) })
    };
    Ok([together(then)?, together(now)?])
}

/// Joins what was said then with what is said now; `first_value` and `value` are null where nothing was said.
fn joined(then: Option<LazyFrame>, now: Option<LazyFrame>, kind: &DataType) -> Result<LazyFrame> {
    let empty = || -> Result<LazyFrame> {
        let schema: Schema = KEYS
            .iter()
            .map(|name| Field::new((*name).into(), if *name == "period_end" { DataType::Date } else { DataType::String }))
            .chain([Field::new("value".into(), kind.clone())])
            .collect();
        Ok(DataFrame::empty_with_schema(&schema).lazy())
    };
    let then = then.map_or_else(empty, Ok)?.rename(["value"], ["first_value"], true);
    let joining = JoinArgs::new(JoinType::Full).with_coalesce(JoinCoalesce::CoalesceColumns);
    Ok(then.join(now.map_or_else(empty, Ok)?, KEYS.map(col), KEYS.map(col), joining))
}

fn select(rows: LazyFrame, table: &str, values: [Expr; 4]) -> LazyFrame {
    let names = ["first_amount", "amount", "first_value", "value"];
    let mut columns: Vec<Expr> = KEYS.iter().map(|name| col(*name)).collect();
    columns.push(lit(table.to_owned()).alias("table_name"));
    columns.extend(values.into_iter().zip(names).map(|(value, name)| value.alias(name)));
    rows.select(columns)
}

fn amounts(table: &str, current: &[LazyFrame], line: Expr, firsts: &[FirstNight]) -> Result<LazyFrame> {
    let kind = DataType::Decimal(SUM_PRECISION, SCALE);
    let [then, now] = both_sides(table, current, &line, col("amount").cast(kind.clone()), firsts)?;
    let zero = || lit(0).cast(kind.clone());
    // A line that is not there is 0.
    let filled = joined(then, now, &kind)?.with_columns([col("first_value").fill_null(zero()), col("value").fill_null(zero())]);
    let none = || lit(NULL).cast(DataType::Float64);
    Ok(select(filled.filter(col("first_value").neq(col("value"))), table, [col("first_value"), col("value"), none(), none()]))
}

fn ratios(current: &[LazyFrame], line: Expr, firsts: &[FirstNight]) -> Result<LazyFrame> {
    let [then, now] = both_sides("kpis", current, &line, col("value"), firsts)?;
    let now = now.map(|now| published_then(now, then.clone(), firsts)).transpose()?;
    let is_said = |side: Option<LazyFrame>| side.map(|rows| rows.filter(col("value").is_not_null()));
    let difference = col("value") - col("first_value");
    let differs = difference.clone().gt(lit(TOLERANCE)).or(difference.lt(lit(-TOLERANCE)));
    // What was undefined and is not, or the other way round, differs too.
    let rows = joined(is_said(then), is_said(now), &DataType::Float64)?.filter(differs.fill_null(lit(true)));
    let none = || lit(NULL).cast(DataType::Decimal(SUM_PRECISION, SCALE));
    Ok(select(rows, "kpis", [none(), none(), col("first_value"), col("value")]))
}

/// The rows of this night that a night of an older version could have had: a metric that came with an update is no
/// restatement.
fn published_then(now: LazyFrame, then: Option<LazyFrame>, firsts: &[FirstNight]) -> Result<LazyFrame> {
    let is_older = |first: &&FirstNight| first.manifest.arrears_version != env!("CARGO_PKG_VERSION");
    let ends: Vec<Day> = firsts.iter().filter(is_older).flat_map(|first| first.period_ends.iter().copied()).collect();
    let (Some(then), false) = (then, ends.is_empty()) else { return Ok(now) };
    let keys = || [col("period_end"), col("line")];
    let known = now.clone().filter(is_one_of(&ends)).join(then, keys(), keys(), JoinArgs::new(JoinType::Semi));
    Ok(concat([now.filter(is_one_of(&ends).not()), known], UnionArgs::default())?)
}
