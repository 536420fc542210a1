//! `arrears backtest late`: how well the lateness of invoices is told on the day they are issued.

use super::kept_ledger::KeptLedger;
use crate::cli::BacktestLateArguments;
use crate::error::{Error, Result, io_error};
use crate::forecast::snapshot::Companies;
use crate::ledger::book::Book;
use crate::ledger::calendar::{Day, date_of, day_of};
use crate::run::reporter::Reporter;
use crate::scoring::late_at_issue::backtest::{
    Backtest, DAYS_METHODS, LATE_MEASURES, LATE_METHODS, Tested, backtest, days_errors, late_measures,
};
use crate::scoring::late_at_issue::columns::{COLUMNS, column_names};
use crate::scoring::late_at_issue::is_late;
use crate::scoring::late_at_issue::rows::{IssueRow, Outcome};
use arrears_models::bootstrap::Estimate;
use arrow::array::{ArrayRef, Date32Array, Float32Array, Float64Array, Int32Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use std::path::Path;
use std::sync::Arc;

/// How far back facts are read before the cut: two years of invoices, and the payments of two years before each.
const FACTS_DAYS: i32 = 1_500;
/// Invoices of new customers from which a table of them is worth printing.
const NEW_MIN: usize = 30;

pub(super) fn run(arguments: &BacktestLateArguments, reporter: &Reporter) -> Result<()> {
    let cut = day_of(arguments.cut);
    let ledger = KeptLedger::open(&arguments.config, cut, cut - FACTS_DAYS)?;
    let book = &ledger.book;
    let end = arguments.to.map_or_else(|| ledger.last_day(), day_of);
    if end <= cut {
        return Err(Error::usage("nothing_after_the_cut", format!("nothing is known after the cut: the ledger ends on {}", date_of(end)))
            .hint("cut earlier, so that invoices issued after it had time to be paid"));
    }
    let forecaster = ledger.forecaster(None);
    reporter.start_counting("backtest", "invoices");
    let backtest = backtest(&forecaster, cut, i32::from(arguments.gap_days), end)?;
    reporter.done();
    print(&backtest, book, &ledger.companies, (cut, i32::from(arguments.gap_days), end));
    if let Some(path) = &arguments.rows {
        write_rows(path, &backtest, book)?;
    }
    Ok(())
}

// --- what is printed ---------------------------------------------------------------------------------------------------------------

fn print(backtest: &Backtest, book: &Book, companies: &Companies, (cut, gap_days, end): (Day, i32, Day)) {
    let late = backtest.fitted.iter().filter(|row| is_late(row)).count();
    println!(
        "fitted at the end of {} on {} invoices due before {}, {late} of them late",
        date_of(cut),
        backtest.fitted.len(),
        date_of(cut - gap_days)
    );
    for (company, model) in book.companies.iter().zip(&backtest.model.companies) {
        match model {
            Ok(model) => println!("  {company}: a model of its own, {} invoices, {} late", model.invoices, model.late),
            Err(reason) => {
                let instead = if matches!(backtest.model.pooled, Some(Ok(_))) { "that of all companies" } else { "none" };
                println!("  {company}: {instead}, because {}", reason.sentence());
            }
        }
    }
    let paid = backtest.tested.iter().filter(|tested| tested.outcome.days_late.is_some()).count();
    println!(
        "tested on {} invoices issued after it and due before {}: {paid} of them were paid by then, {} were not; {} more were not due, or credited",
        backtest.tested.len(),
        date_of(end),
        backtest.tested.len() - paid,
        backtest.not_due
    );
    let known = backtest.of_known_customers(|_| true);
    print_group("customers who had paid three invoices or more", backtest, &known);
    if book.companies.len() > 1 {
        for (company, name) in book.companies.iter().enumerate() {
            let of_company = backtest.of_known_customers(|tested| companies.company(tested.row.customer as usize) == company);
            print_group(&format!("company {name}, customers who had paid three invoices or more"), backtest, &of_company);
        }
    }
    let new = backtest.of_new_customers();
    if new.len() >= NEW_MIN {
        print_group("customers who had paid fewer", backtest, &new);
    }
}

fn print_group(title: &str, backtest: &Backtest, tested: &[&Tested]) {
    let late = tested.iter().filter(|tested| tested.outcome.is_late).count();
    println!("\n{title}: {} invoices, {late} late", tested.len());
    if tested.is_empty() {
        return;
    }
    print!("{:28}", "chance of being late");
    for measure in LATE_MEASURES {
        print!(" {measure:26}");
    }
    println!();
    for (method, measures) in LATE_METHODS.iter().zip(late_measures(tested, backtest.base_rate())) {
        print!("{method:28}");
        for measure in measures {
            print!(" {:26}", shown(measure, 4));
        }
        println!();
    }
    let judged = tested.iter().filter(|tested| tested.days.is_some() && tested.outcome.days_late.is_some()).count();
    println!("{:28} mean absolute error of {judged} paid invoices, days; timing model: {}", "days late", backtest.tier.word());
    for (method, error) in DAYS_METHODS.iter().zip(days_errors(tested)) {
        println!("{method:28} {}", shown(error, 3));
    }
}

/// A figure with its interval.
fn shown(estimate: Option<Estimate>, places: usize) -> String {
    match estimate {
        Some(estimate) => format!("{:.places$} [{:.places$}, {:.places$}]", estimate.value, estimate.lower, estimate.upper),
        None => "-".into(),
    }
}

// --- the rows ----------------------------------------------------------------------------------------------------------------------

/// Writes the rows of the fit and of the test: what they are, what came, what the model said, and the columns by name.
fn write_rows(path: &Path, backtest: &Backtest, book: &Book) -> Result<()> {
    let fitted = backtest.fitted.iter().filter_map(|row| Some(("train", row, row.issued.outcome?, None)));
    let tested = backtest.tested.iter().map(|tested| ("test", &tested.row, tested.outcome, Some(tested)));
    let rows: Vec<(&str, &IssueRow, Outcome, Option<&Tested>)> = fitted.chain(tested).collect();
    let customer = |row: &IssueRow| &book.customers[row.customer as usize];
    let mut columns: Vec<(&str, ArrayRef)> = vec![
        ("split", Arc::new(rows.iter().map(|(split, ..)| Some(*split)).collect::<StringArray>())),
        ("weight", Arc::new(Float64Array::from(vec![1.0; rows.len()]))),
        ("target", Arc::new(rows.iter().map(|(_, _, outcome, _)| Some(f64::from(u8::from(outcome.is_late)))).collect::<Float64Array>())),
        ("days_late", Arc::new(rows.iter().map(|(_, _, outcome, _)| outcome.days_late).collect::<Int32Array>())),
        (
            "company_id",
            Arc::new(rows.iter().map(|(_, row, ..)| Some(&book.companies[customer(row).company as usize])).collect::<StringArray>()),
        ),
        ("customer_id", Arc::new(rows.iter().map(|(_, row, ..)| Some(&customer(row).id)).collect::<StringArray>())),
        ("document_date", Arc::new(rows.iter().map(|(_, row, ..)| Some(row.issued.invoice.document_date)).collect::<Date32Array>())),
        ("paid_before", Arc::new(rows.iter().map(|(_, row, ..)| i32::try_from(row.paid_before).ok()).collect::<Int32Array>())),
        (
            "said_late",
            Arc::new(rows.iter().map(|(.., tested)| tested.and_then(|tested| tested.said.probability)).collect::<Float64Array>()),
        ),
    ];
    for (method, name) in ["said_expected_days_late", "said_median_days_late", "said_average_days_late"].into_iter().enumerate() {
        let said = rows.iter().map(|(.., tested)| tested.and_then(|tested| Some(tested.days?[method])));
        columns.push((name, Arc::new(said.collect::<Float64Array>())));
    }
    for (column, name) in column_names().enumerate().take(COLUMNS) {
        columns.push((name, Arc::new(rows.iter().map(|(_, row, ..)| Some(row.columns[column])).collect::<Float32Array>())));
    }
    let batch = RecordBatch::try_from_iter(columns)?;
    let file = std::fs::File::create(path).map_err(|cause| io_error("write", path, &cause))?;
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None)?;
    writer.write(&batch)?;
    writer.close()?;
    Ok(())
}
