//! The chance that an invoice is paid late, as of the day it is issued: a logistic regression for each company.
//!
//! It learns from invoices that are past due and whose customers had paid three or more before. What it reads of a customer
//! was known at the end of the day before the invoice; of the invoice it reads what stands on it.
//!
//! Responsible for the ladder: a model of the company where there is enough to learn from, else one of all companies
//! together, else none and the reason. An invoice of a customer who has paid fewer than three gets the customer's late rate,
//! which is then mostly that of the company. Rows are in `rows`, columns in `columns`.

pub mod backtest;
pub mod columns;
pub mod next_invoice;
pub mod rows;
pub mod walk;

use crate::forecast::snapshot::{Companies, Sample};
use crate::ledger::book::ItemIndex;
use crate::ledger::calendar::Day;
use crate::scoring::facts::Facts;
use arrears_models::logistic::{self, Fit, Options, fit_through_linfa};
use columns::{COLUMNS, Driver, drivers};
use rayon::prelude::*;
use rows::{IssueRow, Issued, Rows, issued};
use std::collections::BTreeSet;

/// Invoices that a customer must have paid before one of its invoices is learnt from, or given a probability by the model.
pub const PAID_BEFORE_MIN: u32 = 3;
/// How long ago invoices that are learnt from were issued at most, and those that are given a probability. The payments of two
/// years before them are looked at too.
pub const ISSUED_DAYS: i32 = 730;
/// How strongly coefficients on standardised columns are drawn to 0, per invoice.
pub const RIDGE: f64 = 0.01;
/// Invoices that a model needs.
const INVOICES_MIN: usize = 300;
/// How many of them must be late, and how many in time.
const CLASS_MIN: usize = 50;
/// A fit looks at about so many customers at most.
const CUSTOMERS_MOST: usize = 8_192;
/// Drivers that are told of a probability.
const DRIVERS_TOLD: usize = 3;

/// A fitted model.
#[derive(Clone, Debug, PartialEq)]
pub struct LateFit {
    /// Its coefficients, standard errors and the means and scales of the columns.
    pub fit: Fit,
    /// Invoices it was fitted on.
    pub invoices: usize,
    /// Those of them that were late.
    pub late: usize,
}

/// Why there is no model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoModel {
    /// Fewer than 300 invoices to learn from.
    TooFewInvoices,
    /// Fewer than 50 of them were late, or in time.
    OneClass,
    /// The fit was not certified.
    NotCertified,
}

/// Where a probability comes from, or why there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// The model of the company.
    Company,
    /// The model of all companies together.
    Pooled,
    /// The customer's late rate, held towards that of its company: it has paid fewer than three invoices.
    LateRate,
    /// There is none.
    None(NoModel),
}

impl NoModel {
    /// The reason for people to read.
    pub fn sentence(self) -> String {
        match self {
            NoModel::TooFewInvoices => {
                format!("fewer than {INVOICES_MIN} invoices of customers who had paid {PAID_BEFORE_MIN} before were due")
            }
            NoModel::OneClass => format!("fewer than {CLASS_MIN} invoices were late, or in time"),
            NoModel::NotCertified => "the fit is not certified".into(),
        }
    }
}

impl Basis {
    /// The published word.
    pub fn word(self) -> &'static str {
        match self {
            Basis::Company => "company_model",
            Basis::Pooled => "pooled_model",
            Basis::LateRate => "late_rate",
            Basis::None(NoModel::TooFewInvoices) => "too_few_invoices",
            Basis::None(NoModel::OneClass) => "too_few_late_or_in_time",
            Basis::None(NoModel::NotCertified) => "fit_not_certified",
        }
    }
}

/// What is said of an invoice.
#[derive(Clone, Debug, PartialEq)]
pub struct LateAtIssue {
    /// Chance that it is paid after its due date, 0 to 1; `None` without a model.
    pub probability: Option<f64>,
    /// Where that comes from.
    pub basis: Basis,
    /// What moved it most, at most three; none without a model.
    pub drivers: Vec<Driver>,
}

/// The models of all companies, as fitted at the end of a day.
#[derive(Clone, Debug)]
pub struct LateModel {
    /// The day.
    pub day: Day,
    /// Each company's own model, or why it has none.
    pub companies: Vec<Result<LateFit, NoModel>>,
    /// The model of all companies together, or why there is none; `None` where every company has its own.
    pub pooled: Option<Result<LateFit, NoModel>>,
    sample: Sample,
}

/// The chance of each open item to be paid late, as of its issue.
#[derive(Clone, Debug)]
pub struct OpenItemsLate {
    /// The model.
    pub model: LateModel,
    /// By item of the book, sorted. Missing are items without a due date, those that are no sales, and those issued more than two
    /// years before.
    pub items: Vec<(ItemIndex, LateAtIssue)>,
}

/// Fits the model at the end of `day` and asks it about every item that is open then, as of its issue. `half_life` of payments
/// is in days.
pub fn late_at_issue_of_open_items(facts: &Facts, companies: &Companies, half_life: f64, day: Day) -> OpenItemsLate {
    let (model, _) = LateModel::fit(facts, companies, half_life, day, day);
    let open_of = |customer: usize| {
        let open: BTreeSet<ItemIndex> =
            facts.items_of(customer, day).filter(|item| facts.open(item, day) > 0).map(|item| item.item).collect();
        let issued = if open.is_empty() { Vec::new() } else { issued(facts, customer, day) };
        let recent = issued.into_iter().filter(|issued| open.contains(&issued.item) && issued.invoice.document_date > day - ISSUED_DAYS);
        (customer, recent.collect::<Vec<_>>())
    };
    let open: Vec<(usize, Vec<Issued>)> = (0..facts.customers()).into_par_iter().map(open_of).collect();
    let rows = model.rows(facts, companies, half_life, &open);
    let mut items: Vec<(ItemIndex, LateAtIssue)> =
        rows.iter().map(|row| (row.issued.item, model.of(companies.company(row.customer as usize), row))).collect();
    items.sort_by_key(|(item, _)| *item);
    OpenItemsLate { model, items }
}

/// The invoices of all customers with a name in the sample that were issued after a day and are wanted, with their outcomes as
/// known at the end of `known`.
pub fn invoices_of(
    facts: &Facts,
    companies: &Companies,
    (sample, issued_after, known): (Sample, Day, Day),
    wanted: impl Fn(&Issued) -> bool + Sync,
) -> Vec<(usize, Vec<Issued>)> {
    let of_customer = |customer: usize| {
        let issued =
            issued(facts, customer, known).into_iter().filter(|issued| issued.invoice.document_date > issued_after && wanted(issued));
        (customer, issued.collect::<Vec<_>>())
    };
    let customers = (0..facts.customers()).into_par_iter().filter(|customer| sample.has(companies.name(*customer)));
    customers.map(of_customer).filter(|(_, issued)| !issued.is_empty()).collect()
}

impl LateModel {
    /// Fits the models at the end of `day` from invoices due before `due_before`, and gives the rows they were fitted to.
    /// `half_life` of payments is in days.
    ///
    /// An invoice that is past due and not paid counts as late. Those that are not due yet are left out also where they were paid:
    /// the early ones alone would look better than all.
    pub fn fit(facts: &Facts, companies: &Companies, half_life: f64, day: Day, due_before: Day) -> (Self, Vec<IssueRow>) {
        let sample = Sample::of(facts.customers_known(day), CUSTOMERS_MOST);
        let is_known = |issued: &Issued| issued.due_date < due_before.min(day) && issued.outcome.is_some();
        let invoices = invoices_of(facts, companies, (sample, day - ISSUED_DAYS, day), is_known);
        let mut rows = Rows::new(facts, companies, half_life, sample, day).of(&invoices);
        rows.retain(|row| row.paid_before >= PAID_BEFORE_MIN);
        // Rows that differ in their order alone would move the last digits.
        rows.sort_by(|a, b| {
            let of_columns = a.columns.iter().zip(&b.columns).map(|(a, b)| a.total_cmp(b)).find(|order| order.is_ne());
            let dates = (a.customer, a.issued.invoice.document_date).cmp(&(b.customer, b.issued.invoice.document_date));
            dates.then(of_columns.unwrap_or(std::cmp::Ordering::Equal)).then(is_late(a).cmp(&is_late(b)))
        });
        let company_of = |row: &&IssueRow| companies.company(row.customer as usize);
        let of_company = |company: usize| rows.iter().filter(|row| company_of(row) == company).collect::<Vec<_>>();
        let fits: Vec<Result<LateFit, NoModel>> = (0..companies.count()).map(|company| fit(&of_company(company))).collect();
        let pooled = fits.iter().any(Result::is_err).then(|| fit(&rows.iter().collect::<Vec<_>>()));
        (LateModel { day, companies: fits, pooled, sample }, rows)
    }

    /// Rows of further invoices, made as those of the fit were.
    pub fn rows(&self, facts: &Facts, companies: &Companies, half_life: f64, invoices: &[(usize, Vec<Issued>)]) -> Vec<IssueRow> {
        let last = invoices.iter().flat_map(|(_, invoices)| invoices).map(|issued| issued.invoice.document_date).max();
        Rows::new(facts, companies, half_life, self.sample, last.unwrap_or(self.day)).of(invoices)
    }

    /// What is said of an invoice of a company.
    pub fn of(&self, company: usize, row: &IssueRow) -> LateAtIssue {
        let (fitted, basis) = match (&self.companies[company], &self.pooled) {
            (Ok(own), _) => (own, Basis::Company),
            (Err(_), Some(Ok(pooled))) => (pooled, Basis::Pooled),
            (Err(_), Some(Err(reason))) | (Err(reason), None) => {
                return LateAtIssue { probability: None, basis: Basis::None(*reason), drivers: Vec::new() };
            }
        };
        if row.paid_before < PAID_BEFORE_MIN {
            return LateAtIssue { probability: Some(row.late_rate), basis: Basis::LateRate, drivers: Vec::new() };
        }
        let mut drivers = drivers(&fitted.fit, &row.columns);
        drivers.truncate(DRIVERS_TOLD);
        LateAtIssue { probability: Some(fitted.fit.probability(&row.columns)), basis, drivers }
    }
}

/// Whether the invoice of a row of a fit was late.
pub fn is_late(row: &IssueRow) -> bool {
    row.issued.outcome.is_some_and(|outcome| outcome.is_late)
}

fn fit(rows: &[&IssueRow]) -> Result<LateFit, NoModel> {
    let late = rows.iter().filter(|row| is_late(row)).count();
    if rows.len() < INVOICES_MIN {
        return Err(NoModel::TooFewInvoices);
    }
    if late.min(rows.len() - late) < CLASS_MIN {
        return Err(NoModel::OneClass);
    }
    let values: Vec<f32> = rows.iter().flat_map(|row| row.columns).collect();
    let target: Vec<f32> = rows.iter().map(|row| f32::from(u8::from(is_late(row)))).collect();
    let sample =
        logistic::Sample { rows: logistic::Rows { values: &values, columns: COLUMNS }, target: &target, weight: None, offset: None };
    let fit = fit_through_linfa(&sample, &Options::with_ridge(RIDGE)).map_err(|_| NoModel::NotCertified)?;
    Ok(LateFit { fit, invoices: rows.len(), late })
}

#[cfg(test)]
mod tests;
