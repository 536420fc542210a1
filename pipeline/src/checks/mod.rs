//! Named checks: the laws of the ledger, thresholds of quality, and the agreement of the published tables.
//!
//! A check looks for rows that must not exist and keeps those it finds. A blocking check that fails publishes nothing.
//! Checks read what was staged, or the totals from another side than the one that was published, so that a figure is
//! never compared with itself.

mod aging_equals_receivable;
mod bridge_closes;
mod cash_forecast_adds_up;
mod credit_reviews_add_up;
mod curves_close;
mod customer_scores_consistent;
mod expected_credit_loss_equals_receivable;
mod files_intact;
mod gl_ties_out;
mod histogram_equals_delays;
mod no_over_application;
mod open_items_equal_documents;
mod open_items_equal_receivable;
mod quarantined_share;
mod restatement_rows_sum;
mod risk_monitoring;
mod roll_forward_residual;
mod roll_rates_equal_receivable;
mod rows_accounted;
mod scopes_sum_to_company;
mod score_points_sum;
mod trapped_cash_identity;
mod worklist_complete;

#[cfg(test)]
pub(crate) use credit_reviews_add_up::broken_laws as credit_reviews_broken_laws;

use crate::config::QualityConfig;
use crate::error::{Error, Result};
use crate::ingest::LedgerIndex;
use crate::ingest::load::LeftOutRow;
use crate::ingest::overlay::Mend;
use crate::ledger::book::Book;
use crate::ledger::timeline::Timeline;
use crate::ledger::walk::Walked;
use crate::publish::manifest::Manifest;
use crate::quality::{RULES, Rule, Severity as RuleSeverity};
use polars::prelude::*;
use std::path::Path;

/// What a failing check does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Nothing is published; exit status 3.
    Blocking,
    /// Told, and published all the same.
    Warning,
}

/// What checks read.
pub struct Context<'a> {
    /// The ledger's record: files and row counts.
    pub index: &'a LedgerIndex,
    /// The book.
    pub book: &'a Book,
    /// Its totals.
    pub walked: &'a Walked,
    /// Its dates.
    pub timeline: &'a Timeline,
    /// Rows of the ledger that other rows break.
    pub left_out: &'a [LeftOutRow],
    /// The night's folder, staged or published.
    pub night: &'a Path,
    /// The night's record.
    pub manifest: &'a Manifest,
    /// Largest share of rows that may be quarantined.
    pub max_quarantined_rows_share: f64,
    /// Largest share of amounts that may be quarantined.
    pub max_quarantined_amount_share: f64,
    /// Quarantined rows that an overlay brought in.
    pub mended: &'a [Mend],
    /// What the configuration says of rules, and of the general ledger.
    pub quality: &'a QualityConfig,
}

impl Context<'_> {
    /// A staged table.
    fn scan(&self, table: &str) -> Result<LazyFrame> {
        let path = self.night.join(table).join("part-00000.parquet");
        Ok(LazyFrame::scan_parquet(PlRefPath::new(path.to_string_lossy()), ScanArgsParquet { glob: false, ..ScanArgsParquet::default() })?)
    }

    /// Net receivable at closing rate, one row per scope value and period end, as `kpis` says it.
    fn receivable(&self) -> Result<LazyFrame> {
        let is_net = col("metric").eq(lit("ar_net")).and(col("convention").eq(lit("closing")));
        let keys = [col("company_id"), col("scope"), col("scope_value"), col("period_end")];
        Ok(self.scan("kpis")?.filter(is_net).select([keys.as_slice(), &[col("amount").alias("receivable")]].concat()))
    }
}

/// One named check.
pub struct Check {
    /// Its name, as in `arrears check NAME`.
    pub name: &'static str,
    /// What it asserts.
    pub description: &'static str,
    /// What a failure does.
    pub severity: Severity,
    /// Finds the rows that must not exist.
    find: fn(&Context) -> Result<DataFrame>,
}

/// Every check, by name.
pub const CHECKS: &[Check] = &[
    Check {
        name: "aging_equals_receivable",
        description: "the buckets of every aging row sum to the receivable of its scope value",
        severity: Severity::Blocking,
        find: aging_equals_receivable::find,
    },
    Check {
        name: "bridge_closes",
        description: "opening and the parts of every DSO bridge sum to closing",
        severity: Severity::Blocking,
        find: bridge_closes::find,
    },
    Check {
        name: "cash_forecast_adds_up",
        description: "expected cash is the same sum by component, day, week, segment, company and line of the bridge",
        severity: Severity::Blocking,
        find: cash_forecast_adds_up::find,
    },
    Check {
        name: "credit_reviews_add_up",
        description: "exposure and expected loss of every credit review follow from its figures, the queue is in order, and no limit rises where none may",
        severity: Severity::Blocking,
        find: credit_reviews_add_up::find,
    },
    Check {
        name: "curves_close",
        description: "the shares of every payment curve sum to 1, and survival lies inside its interval",
        severity: Severity::Blocking,
        find: curves_close::find,
    },
    Check {
        name: "customer_scores_consistent",
        description: "every chance of default is that of its score and lies in its interval, every grade is one the chance may have, and who is in default has an open default event",
        severity: Severity::Blocking,
        find: customer_scores_consistent::find,
    },
    Check {
        name: "expected_credit_loss_equals_receivable",
        description: "the provision matrix holds each company's open debit items, bucket by bucket, by each method",
        severity: Severity::Blocking,
        find: expected_credit_loss_equals_receivable::find,
    },
    Check {
        name: "files_intact",
        description: "every file of the night is there and has the bytes its manifest says",
        severity: Severity::Blocking,
        find: files_intact::find,
    },
    Check {
        name: "gl_ties_out",
        description: "the open items at historical rates are what the control account of the general ledger says, where there are balances of it",
        severity: Severity::Warning,
        find: gl_ties_out::find,
    },
    Check {
        name: "histogram_equals_delays",
        description: "the histogram of delays holds every item that the distribution of delays counts",
        severity: Severity::Blocking,
        find: histogram_equals_delays::find,
    },
    Check {
        name: "no_over_application",
        description: "no item is applied below zero or beyond its amount on any day, on either side",
        severity: Severity::Blocking,
        find: no_over_application::find,
    },
    Check {
        name: "open_items_equal_documents",
        description: "the receivable from open items is the receivable from documents alone, by company, currency and date",
        severity: Severity::Blocking,
        find: open_items_equal_documents::find,
    },
    Check {
        name: "open_items_equal_receivable",
        description: "open_items and customer_positions sum to each company's receivable",
        severity: Severity::Blocking,
        find: open_items_equal_receivable::find,
    },
    Check {
        name: "quarantined_share",
        description: "the share of rows and of amounts that were quarantined or left out is within the thresholds of the configuration",
        severity: Severity::Blocking,
        find: quarantined_share::find,
    },
    Check {
        name: "restatement_rows_sum",
        description: "the rows of every restated amount sum to its difference",
        severity: Severity::Blocking,
        find: restatement_rows_sum::find,
    },
    Check {
        name: "risk_calibration_holds",
        description: "what risk models said of month ends whose outcome is known came: slope within 0.85 and 1.15 from 30 defaulted families on, the mean chance of all grades but one inside the interval of what came",
        severity: Severity::Warning,
        find: risk_monitoring::find_calibration,
    },
    Check {
        name: "risk_inputs_stable",
        description: "no characteristic of the risk model's card but tenure has moved since its fit (stability index above 0.25)",
        severity: Severity::Warning,
        find: risk_monitoring::find_inputs,
    },
    Check {
        name: "risk_ranks_better_than_aging_rule",
        description: "risk models ranked defaults no worse than days past due: the 90 % interval of the difference does not lie below 0",
        severity: Severity::Warning,
        find: risk_monitoring::find_ranking,
    },
    Check {
        name: "roll_forward_residual",
        description: "every roll-forward closes: opening and its lines sum to closing, to the minor unit",
        severity: Severity::Blocking,
        find: roll_forward_residual::find,
    },
    Check {
        name: "roll_rates_equal_receivable",
        description: "what became of the open items sums to what was open at the month end before",
        severity: Severity::Blocking,
        find: roll_rates_equal_receivable::find,
    },
    Check {
        name: "rows_accounted",
        description: "rows and amounts read = accepted + repaired + unchanged + quarantined, for each file",
        severity: Severity::Blocking,
        find: rows_accounted::find,
    },
    Check {
        name: "scopes_sum_to_company",
        description: "the values of every scope sum to their company, and the companies to the group",
        severity: Severity::Blocking,
        find: scopes_sum_to_company::find,
    },
    Check {
        name: "score_points_sum",
        description: "the points of every customer sum to its score, and its reasons are points that it lost",
        severity: Severity::Blocking,
        find: score_points_sum::find,
    },
    Check {
        name: "trapped_cash_identity",
        description: "trapped cash is average days delinquent × net credit sales ÷ days",
        severity: Severity::Blocking,
        find: trapped_cash_identity::find,
    },
    Check {
        name: "worklist_complete",
        description: "every overdue item is on the worklist with what is open of it, or waits there for a reason, and nothing else is",
        severity: Severity::Blocking,
        find: worklist_complete::find,
    },
];

/// What a check found.
#[derive(Debug)]
pub struct Outcome {
    /// The check's name.
    pub name: &'static str,
    /// What it asserts.
    pub description: &'static str,
    /// What a failure does.
    pub severity: Severity,
    /// The rows that must not exist, or the first of very many; none when the check holds.
    pub failing: DataFrame,
    /// How many there are.
    pub rows: u64,
}

impl Outcome {
    /// Whether it holds.
    pub fn holds(&self) -> bool {
        self.failing.height() == 0
    }

    /// Whether it forbids publication.
    pub fn blocks(&self) -> bool {
        !self.holds() && self.severity == Severity::Blocking
    }
}

/// What is asked for: checks, and rules of quality.
pub type Selected = (Vec<&'static Check>, Vec<&'static Rule>);

/// The checks and rules of these names, or all of them when there are none.
///
/// # Errors
/// `unknown_check` (exit status 2) with the valid names.
pub fn named(names: &[String]) -> Result<Selected> {
    if names.is_empty() {
        return Ok((CHECKS.iter().collect(), RULES.iter().collect()));
    }
    let (mut checks, mut rules) = (Vec::new(), Vec::new());
    for name in names {
        if let Some(check) = CHECKS.iter().find(|check| check.name == name) {
            checks.push(check);
        } else if let Some(rule) = Rule::named(name) {
            rules.push(rule);
        } else {
            let valid: Vec<&str> = CHECKS.iter().map(|check| check.name).chain(RULES.iter().map(|rule| rule.name)).collect();
            return Err(
                Error::usage("unknown_check", format!("no such check: {name}")).hint(format!("the checks are: {}", valid.join(", ")))
            );
        }
    }
    Ok((checks, rules))
}

/// Runs checks in order.
///
/// # Errors
/// When one cannot be run at all.
pub fn run(checks: &[&'static Check], context: &Context) -> Result<Vec<Outcome>> {
    checks
        .iter()
        .map(|check| {
            let (severity, is_asked) = check.severity_in(context);
            let failing = if is_asked { (check.find)(context)? } else { DataFrame::empty() };
            let rows = failing.height() as u64;
            Ok(Outcome { name: check.name, description: check.description, severity, failing, rows })
        })
        .collect()
}

impl Check {
    /// What a failure does, and whether it does anything: of the general ledger the configuration says so.
    fn severity_in(&self, context: &Context) -> (Severity, bool) {
        match context.quality.gl_severity.value {
            _ if self.name != "gl_ties_out" => (self.severity, true),
            RuleSeverity::Error => (Severity::Blocking, true),
            RuleSeverity::Warn => (Severity::Warning, true),
            RuleSeverity::Info => (Severity::Warning, false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_unknown_ones_list_the_valid() {
        assert!(CHECKS.windows(2).all(|pair| pair[0].name < pair[1].name));
        let error = named(&["orderddates".into()]).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains("roll_forward_residual"), "{error}");
    }
}
