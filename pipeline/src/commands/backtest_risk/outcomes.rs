//! Given outcomes: a file that says which documents ended badly.

use super::print::{draws, measures, measures_value};
use super::{BacktestRiskArguments, rows};
use crate::commands::kept_ledger::KeptLedger;
use crate::config::{Config, DAY_MICROS};
use crate::error::{Error, Result, io_error};
use crate::ingest::load::knowledge::recorded_instants;
use crate::ingest::load::{DocumentRow, document_rows};
use crate::ledger::book::CustomerIndex;
use crate::ledger::calendar::{Day, date_of};
use crate::run::reporter::Reporter;
use crate::scoring::facts::Facts;
use crate::scoring::grades::EDGES;
use crate::scoring::risk::backtest::outcomes::{Labelled, OutcomesTested, add_rows, test};
use crate::scoring::risk::training::TrainingRows;
use crate::scoring::risk::{Looking, RiskOptions, since};
use serde_json::json;
use std::collections::{BTreeMap, HashMap};
use std::io::Read;
use std::path::Path;

/// A line of the file.
struct Outcome {
    line: u64,
    company: Option<String>,
    customer: String,
    document: String,
    is_bad: bool,
}

/// A document with its outcome, and the instant at which it was recorded.
#[derive(Clone, Copy)]
struct Cut {
    instant: i64,
    customer: CustomerIndex,
    is_bad: bool,
}

pub(super) fn run(
    arguments: &BacktestRiskArguments,
    path: &Path,
    config: Config,
    options: &RiskOptions,
    reporter: &Reporter,
) -> Result<()> {
    let outcomes = read(path)?;
    let ledger = KeptLedger::open_from(config, 0, Day::MAX - 1)?;
    let cuts = cuts(path, &outcomes, &ledger)?;
    let first = cuts.iter().map(|cut| day_of_instant(cut.instant)).min().unwrap_or(0);
    reporter.start_counting("backtest", "outcomes");
    let mut rows = TrainingRows::none();
    for round in rounds(cuts) {
        add_round(&mut rows, &ledger, &round, first, options)?;
        reporter.advance(round.len() as u64);
    }
    let groups: Vec<u32> = rows.customer.iter().map(|customer| (ledger.companies.name(*customer as usize) >> 32) as u32).collect();
    let tested = test(rows, &groups, options);
    reporter.done();
    print(&tested, arguments.json);
    if let Some(path) = &arguments.rows {
        rows::write(path, &ledger.book, &tested.rows, &rows::Said::out_of_fold(&tested.rows, &tested.judged.pd, &tested.folds))?;
    }
    Ok(())
}

/// Outcomes of different documents of one customer are looked at one after the other.
fn rounds(mut cuts: Vec<Cut>) -> Vec<Vec<Cut>> {
    cuts.sort_by_key(|cut| (cut.customer, cut.instant));
    let mut rounds: Vec<Vec<Cut>> = Vec::new();
    for of_customer in cuts.chunk_by(|a, b| a.customer == b.customer) {
        for (at, cut) in of_customer.iter().enumerate() {
            if rounds.len() <= at {
                rounds.push(Vec::new());
            }
            rounds[at].push(*cut);
        }
    }
    rounds
}

/// Adds the rows of a round: nothing of a customer is known that was recorded at or after its document.
fn add_round(rows: &mut TrainingRows, ledger: &KeptLedger, round: &[Cut], first: Day, options: &RiskOptions) -> Result<()> {
    let instants: HashMap<CustomerIndex, i64> = round.iter().map(|cut| (cut.customer, cut.instant)).collect();
    let documents = recorded_instants(&ledger.files, "documents")?;
    let applications = recorded_instants(&ledger.files, "applications")?;
    let book = &ledger.book;
    // A row that does not say when it was recorded goes by its date.
    let instant = |recorded: i64, date: Day| if recorded == i64::MIN { i64::from(date) * DAY_MICROS } else { recorded };
    let is_later = |customer: CustomerIndex, at: i64| instants.get(&customer).is_some_and(|cut| at >= *cut);
    let known = ledger.known.without(
        book,
        |item| {
            let of = &book.items[item as usize];
            is_later(of.customer, instant(documents[ledger.item_rows[item as usize] as usize], of.document_date))
        },
        |position| {
            let of = &book.applications[position];
            let at = instant(applications[of.row as usize], of.visible_date);
            is_later(book.items[of.debit as usize].customer, at) || is_later(book.items[of.credit as usize].customer, at)
        },
        |customer| instants.get(&customer).map(|instant| day_of_instant(*instant)),
    );
    let facts = Facts::new(book, &known, since(first, options), *ledger.config.include_intercompany);
    let last = round.iter().map(|cut| day_of_instant(cut.instant)).max().unwrap_or(first);
    let looking = Looking::new(&facts, book, &ledger.companies, last, ledger.first_day);
    let labelled = round.iter().map(|cut| Labelled { day: day_of_instant(cut.instant), customer: cut.customer, is_bad: cut.is_bad });
    let mut labelled: Vec<Labelled> = labelled.collect();
    labelled.sort_unstable();
    add_rows(rows, &looking, &labelled, options);
    Ok(())
}

fn day_of_instant(instant: i64) -> Day {
    Day::try_from(instant.div_euclid(DAY_MICROS)).expect("an instant of the ledger lies on a day of the calendar")
}

/// The outcomes with their customers and instants.
fn cuts(path: &Path, outcomes: &[Outcome], ledger: &KeptLedger) -> Result<Vec<Cut>> {
    let wanted = outcomes.iter().map(|outcome| outcome.document.as_str()).collect();
    let mut rows: BTreeMap<String, Vec<DocumentRow>> = BTreeMap::new();
    for row in document_rows(&ledger.files, &wanted)? {
        rows.entry(row.document_id.clone()).or_default().push(row);
    }
    let customers: HashMap<(&str, &str), CustomerIndex> = (0_u32..)
        .zip(&ledger.book.customers)
        .map(|(at, customer)| ((ledger.book.companies[customer.company as usize].as_str(), customer.id.as_str()), at))
        .collect();
    let mut cuts = Vec::with_capacity(outcomes.len());
    for outcome in outcomes {
        let is_meant = |row: &&DocumentRow| {
            row.customer_id == outcome.customer && outcome.company.as_ref().is_none_or(|company| *company == row.company_id)
        };
        let of_document: Vec<&DocumentRow> = rows.get(&outcome.document).into_iter().flatten().filter(is_meant).collect();
        let Some(first) = of_document.iter().min_by_key(|row| row.instant) else {
            let what = format!("the ledger has no document {} of customer {}", outcome.document, outcome.customer);
            return Err(Error::input("unknown_document", what).at(format!("{}:{}", path.display(), outcome.line)));
        };
        if of_document.iter().any(|row| row.company_id != first.company_id) {
            let what = format!("several companies have a document {} of customer {}", outcome.document, outcome.customer);
            return Err(Error::input("ambiguous_document", what)
                .at(format!("{}:{}", path.display(), outcome.line))
                .hint("add a column company_id"));
        }
        let Some(customer) = customers.get(&(first.company_id.as_str(), first.customer_id.as_str())) else { continue };
        cuts.push(Cut { instant: first.instant, customer: *customer, is_bad: outcome.is_bad });
    }
    Ok(cuts)
}

fn read(path: &Path) -> Result<Vec<Outcome>> {
    let file = std::fs::File::open(path).map_err(|cause| io_error("read", path, &cause))?;
    let text: Box<dyn Read> = match path.extension().and_then(|extension| extension.to_str()) {
        Some("gz") => Box::new(flate2::read::MultiGzDecoder::new(file)),
        _ => Box::new(file),
    };
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text);
    let unreadable = |cause: csv::Error| {
        Error::input("unreadable_outcomes", format!("the outcomes cannot be read: {cause}"))
            .at(path.display())
            .hint("a CSV file with the columns customer_id, document_id and bad (1 or 0)")
    };
    let names = reader.headers().map_err(unreadable)?.clone();
    let column = |name: &str| names.iter().position(|other| other == name);
    let needed = |name: &str| {
        column(name).ok_or_else(|| {
            Error::input("missing_column", format!("the outcomes have no column `{name}`"))
                .at(path.display())
                .hint("they need customer_id, document_id and bad (1 or 0)")
        })
    };
    let (customer, document, bad, company) = (needed("customer_id")?, needed("document_id")?, needed("bad")?, column("company_id"));
    let mut outcomes = Vec::new();
    for record in reader.records() {
        let record = record.map_err(unreadable)?;
        let line = record.position().map_or(0, csv::Position::line);
        let cell = |at: usize| record.get(at).unwrap_or_default();
        let is_bad = match cell(bad) {
            "1" | "true" => true,
            "0" | "false" => false,
            other => {
                return Err(
                    Error::input("bad_outcome", format!("`bad` is neither 1 nor 0: `{other}`")).at(format!("{}:{line}", path.display()))
                );
            }
        };
        outcomes.push(Outcome {
            line,
            company: company.map(|at| cell(at).to_owned()),
            customer: cell(customer).to_owned(),
            document: cell(document).to_owned(),
            is_bad,
        });
    }
    if outcomes.is_empty() {
        return Err(Error::input("no_outcomes", "the file has no outcomes".to_owned()).at(path.display()));
    }
    Ok(outcomes)
}

fn print(tested: &OutcomesTested, as_json: bool) {
    let figures = tested.judged.measures(&EDGES, &draws());
    if as_json {
        let folds: Vec<_> = tested
            .tiers
            .iter()
            .zip(&tested.characteristics)
            .map(|(tier, characteristics)| json!({ "tier": tier.word(), "characteristics": characteristics }))
            .collect();
        println!("{:#}", json!({ "folds": folds, "measures": measures_value(&figures) }));
        return;
    }
    let days = &tested.rows.day;
    if let (Some(first), Some(last)) = (days.iter().min(), days.iter().max()) {
        println!("documents recorded from {} to {}, each judged by what was recorded before it", date_of(*first), date_of(*last));
    }
    for (fold, (tier, characteristics)) in tested.tiers.iter().zip(&tested.characteristics).enumerate() {
        println!("  fold {}: {} scorecard of {}", fold + 1, tier.word(), characteristics.join(", "));
    }
    measures(&figures, "customer's late rate");
}
