//! What the provision matrix is computed with: `[expected_credit_loss]`, its pools, and reserves for single customers.

use super::{Document, Origin, Sourced, day_in_range, quoted};
use crate::error::{Error, Result};
use crate::ledger::calendar::{Day, date_of, day_of};
use crate::ledger::money::AMOUNT_ONE;
use chrono::NaiveDate;
use serde::Deserialize;
use std::fmt::Write as _;
use toml::Spanned;

/// Parts of one in which factors and shares are held: 1.1 is 1,100,000.
pub const FACTOR_ONE: i64 = 1_000_000;
/// Pools that are not in the configuration.
pub const POOL_ALL: &str = "(all)";
/// Customers that no pool takes.
pub const POOL_OTHER: &str = "(other)";
/// Customers with a reserve of their own.
pub const POOL_SPECIFIC: &str = "(specific)";

/// What counts as lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LossDefinition {
    /// Only what was written off.
    WrittenOff,
    /// What was written off, and what is open longer than `default_after_days` after its due date.
    WrittenOffOrOverDays,
}

impl LossDefinition {
    const ALL: [LossDefinition; 2] = [LossDefinition::WrittenOff, LossDefinition::WrittenOffOrOverDays];

    /// The word in the configuration.
    pub fn word(self) -> &'static str {
        match self {
            LossDefinition::WrittenOff => "written_off",
            LossDefinition::WrittenOffOrOverDays => "written_off_or_over_days",
        }
    }
}

/// A factor on loss rates that people set, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overlay {
    /// In parts of [`FACTOR_ONE`].
    pub factor: i64,
    /// Why; always there where the factor is not 1.
    pub reason: Option<String>,
}

/// Customers whose receivables lose alike: those that have one of the values of every label that is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Its name.
    pub name: String,
    /// Values of segment, region, country and industry, in the order of [`crate::ledger::book::Customer::labels`]; none: any.
    pub labels: [Vec<String>; 4],
    /// Its overlay.
    pub overlay: Overlay,
    /// Line of the configuration.
    pub line: usize,
}

/// A reserve for one customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpecificReserve {
    /// By id, or as `company/customer`.
    pub customer: String,
    /// Share that will not be paid, in parts of [`FACTOR_ONE`].
    pub share: i64,
    /// Why.
    pub reason: String,
    /// First day on which it was known; matrices of days before leave the customer in its pool. `None`: of today.
    pub since: Option<Day>,
    /// Line of the configuration.
    pub line: usize,
}

/// `[expected_credit_loss]`.
#[derive(Clone, Debug)]
pub struct ExpectedCreditLossConfig {
    /// Months of history that loss rates are computed from.
    pub history_months: Sourced<u32>,
    /// Days past due after which the outcome of an item is judged.
    pub default_after_days: Sourced<u32>,
    /// What counts as lost.
    pub loss_definition: Sourced<LossDefinition>,
    /// Items of history below which a pool takes its company's rates.
    pub min_history_items: Sourced<u32>,
    /// Amount of history below which a pool takes its company's rates, base currency, ten-thousandths.
    pub min_history_amount: Sourced<i64>,
    /// The overlay of customers that no pool takes.
    pub overlay: Sourced<Overlay>,
    /// `[[expected_credit_loss.pool]]`, in the order of the file: the first that matches takes the customer.
    pub pools: Vec<Pool>,
    /// `[[expected_credit_loss.specific]]`, in the order of the file.
    pub specific: Vec<SpecificReserve>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawExpectedCreditLoss {
    history_months: Option<Spanned<u32>>,
    default_after_days: Option<Spanned<u32>>,
    loss_definition: Option<Spanned<String>>,
    min_history_items: Option<Spanned<u32>>,
    min_history_amount: Option<Spanned<u32>>,
    overlay: Option<Spanned<f64>>,
    overlay_reason: Option<String>,
    #[serde(default)]
    pool: Vec<Spanned<RawPool>>,
    #[serde(default)]
    specific: Vec<Spanned<RawSpecific>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPool {
    name: Spanned<String>,
    #[serde(default)]
    segment: Vec<String>,
    #[serde(default)]
    region: Vec<String>,
    #[serde(default)]
    country: Vec<String>,
    #[serde(default)]
    industry: Vec<String>,
    overlay: Option<Spanned<f64>>,
    reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSpecific {
    customer: Spanned<String>,
    share: Spanned<f64>,
    reason: Spanned<String>,
    since: Option<Spanned<toml::Value>>,
}

impl RawExpectedCreditLoss {
    /// `last_edge` is the lower end of the oldest aging bucket, less one day.
    pub(super) fn check(self, last_edge: u32, document: &Document<'_>) -> Result<ExpectedCreditLossConfig> {
        let number = |value: Option<Spanned<u32>>, key: &str, default: u32, range: std::ops::RangeInclusive<u32>| match value {
            None => Ok(Sourced { value: default, origin: Origin::Default }),
            Some(value) if range.contains(value.get_ref()) => Ok(document.sourced(value)),
            Some(value) => {
                let what =
                    format!("`expected_credit_loss.{key}` is not between {} and {}: {}", range.start(), range.end(), value.get_ref());
                Err(document.error(&value, "bad_value", what))
            }
        };
        // An item is judged when it has been in every bucket.
        let default_after_days = number(self.default_after_days, "default_after_days", last_edge.max(365), last_edge..=3_650)?;
        let history_months = number(self.history_months, "history_months", 36, 1..=240)?;
        let min_history_items = number(self.min_history_items, "min_history_items", 50, 0..=u32::MAX)?;
        let min_history_amount = number(self.min_history_amount, "min_history_amount", 0, 0..=u32::MAX)?;
        let loss_definition = match self.loss_definition {
            None => Sourced { value: LossDefinition::WrittenOffOrOverDays, origin: Origin::Default },
            Some(word) => match LossDefinition::ALL.into_iter().find(|known| known.word() == word.get_ref()) {
                Some(known) => Sourced { value: known, origin: document.sourced(word).origin },
                None => {
                    let known = LossDefinition::ALL.map(LossDefinition::word);
                    return Err(document.unknown_word("expected_credit_loss.loss_definition", &word, &known));
                }
            },
        };
        let origin = self.overlay.as_ref().map_or(Origin::Default, |value| Origin::File(document.line(value.span())));
        let overlay = Sourced { value: check_overlay(self.overlay, self.overlay_reason, "overlay_reason", document)?, origin };
        let mut pools: Vec<Pool> = Vec::new();
        for raw in self.pool {
            let pool = check_pool(raw, document)?;
            if let Some(first) = pools.iter().find(|known| known.name == pool.name) {
                return Err(Error::usage("duplicate_pool", format!("two pools have the same name: {}", pool.name))
                    .at(format!("{}:{}", document.path.display(), pool.line))
                    .hint(format!("the first is in line {}", first.line)));
            }
            pools.push(pool);
        }
        Ok(ExpectedCreditLossConfig {
            history_months,
            default_after_days,
            loss_definition,
            min_history_items,
            min_history_amount: Sourced { value: i64::from(min_history_amount.value) * AMOUNT_ONE, origin: min_history_amount.origin },
            overlay,
            pools,
            specific: self.specific.into_iter().map(|raw| check_specific(raw, document)).collect::<Result<_>>()?,
        })
    }
}

/// A factor or a share in parts of [`FACTOR_ONE`]; `None` when it is out of range.
fn parts_of_one(value: f64, most: f64) -> Option<i64> {
    // In range and so exact to the last part: six places of a number up to 100.
    (0.0..=most).contains(&value).then(|| (value * FACTOR_ONE as f64).round() as i64)
}

fn check_overlay(factor: Option<Spanned<f64>>, reason: Option<String>, key: &str, document: &Document<'_>) -> Result<Overlay> {
    let reason = reason.map(|reason| reason.trim().to_owned()).filter(|reason| !reason.is_empty());
    let Some(factor) = factor else { return Ok(Overlay { factor: FACTOR_ONE, reason }) };
    let Some(parts) = parts_of_one(*factor.get_ref(), 100.0) else {
        let what = format!("an overlay is not a factor between 0 and 100: {}", factor.get_ref());
        return Err(document.error(&factor, "bad_value", what).hint("1.1 raises loss rates by a tenth"));
    };
    if parts != FACTOR_ONE && reason.is_none() {
        let what = format!("an overlay has no reason: {}", factor.get_ref());
        return Err(document
            .error(&factor, "missing_key", what)
            .hint(format!("add {key} = \"why\": it is published beside the provision")));
    }
    Ok(Overlay { factor: parts, reason })
}

fn check_pool(raw: Spanned<RawPool>, document: &Document<'_>) -> Result<Pool> {
    let line = document.line(raw.span());
    let raw = raw.into_inner();
    let name = raw.name.get_ref().trim().to_owned();
    if name.is_empty() || name.starts_with('(') {
        let what = format!("a pool cannot be called: {:?}", raw.name.get_ref());
        return Err(document.error(&raw.name, "bad_value", what).hint("names in parentheses are given by arrears"));
    }
    let labels = [raw.segment, raw.region, raw.country, raw.industry];
    if labels.iter().all(Vec::is_empty) {
        let what = format!("the pool does not say whom it takes: {name}");
        return Err(document.error(&raw.name, "missing_key", what).hint("add segment, region, country or industry, each a list of values"));
    }
    Ok(Pool { name, labels, overlay: check_overlay(raw.overlay, raw.reason, "reason", document)?, line })
}

fn check_specific(raw: Spanned<RawSpecific>, document: &Document<'_>) -> Result<SpecificReserve> {
    let line = document.line(raw.span());
    let raw = raw.into_inner();
    let Some(share) = parts_of_one(*raw.share.get_ref(), 1.0) else {
        let what = format!("`share` of a specific reserve is not between 0 and 1: {}", raw.share.get_ref());
        return Err(document.error(&raw.share, "bad_value", what).hint("0.5 reserves half of what the customer owes"));
    };
    if raw.reason.get_ref().trim().is_empty() {
        let what = format!("a specific reserve has no reason: {}", raw.customer.get_ref());
        return Err(document.error(&raw.reason, "bad_value", what).hint("it is published beside the provision"));
    }
    let since = match raw.since {
        None => None,
        Some(date) => {
            let written = match date.get_ref() {
                toml::Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            let day = written.parse::<NaiveDate>().ok().map(day_of).filter(|day| day_in_range(*day));
            Some(day.ok_or_else(|| {
                let what = format!("`since` of a specific reserve is not a day between 1900 and 2199: {written}");
                document.error(&date, "bad_value", what).hint("write it as 2026-12-24")
            })?)
        }
    };
    Ok(SpecificReserve { customer: raw.customer.into_inner(), share, reason: raw.reason.into_inner().trim().to_owned(), since, line })
}

/// A factor as people write it.
fn factor_text(parts: i64) -> String {
    (parts as f64 / FACTOR_ONE as f64).to_string()
}

impl ExpectedCreditLossConfig {
    /// The loss definition as it is published, with its days.
    pub fn loss_definition_text(&self) -> String {
        match *self.loss_definition {
            LossDefinition::WrittenOff => "written_off".to_owned(),
            LossDefinition::WrittenOffOrOverDays => format!("written_off_or_over_{}_days", *self.default_after_days),
        }
    }

    /// Every value in force, with its key and origin.
    pub(super) fn values(&self) -> Vec<(String, String, Origin)> {
        let value = |key: &str, value: String, origin: &Origin| (format!("expected_credit_loss.{key}"), value, origin.clone());
        let mut values = vec![
            value("history_months", self.history_months.to_string(), &self.history_months.origin),
            value("default_after_days", self.default_after_days.to_string(), &self.default_after_days.origin),
            value("loss_definition", quoted(self.loss_definition.word()), &self.loss_definition.origin),
            value("min_history_items", self.min_history_items.to_string(), &self.min_history_items.origin),
            value("min_history_amount", (*self.min_history_amount / AMOUNT_ONE).to_string(), &self.min_history_amount.origin),
            value("overlay", factor_text(self.overlay.factor), &self.overlay.origin),
        ];
        if let Some(reason) = &self.overlay.reason {
            values.push(value("overlay_reason", quoted(reason), &self.overlay.origin));
        }
        values
    }

    /// Pools and specific reserves as TOML. Writing to a string cannot fail.
    pub(super) fn show_lists(&self) -> String {
        let mut shown = String::new();
        for pool in &self.pools {
            let _ = writeln!(shown, "\n[[expected_credit_loss.pool]]\nname = {}", quoted(&pool.name));
            for (key, values) in ["segment", "region", "country", "industry"].iter().zip(&pool.labels) {
                if !values.is_empty() {
                    let values: Vec<String> = values.iter().map(|value| quoted(value)).collect();
                    let _ = writeln!(shown, "{key} = [{}]", values.join(", "));
                }
            }
            let _ = writeln!(shown, "overlay = {}", factor_text(pool.overlay.factor));
            if let Some(reason) = &pool.overlay.reason {
                let _ = writeln!(shown, "reason = {}", quoted(reason));
            }
        }
        for reserve in &self.specific {
            let _ = writeln!(
                shown,
                "\n[[expected_credit_loss.specific]]\ncustomer = {}\nshare = {}\nreason = {}",
                quoted(&reserve.customer),
                factor_text(reserve.share),
                quoted(&reserve.reason)
            );
            if let Some(since) = reserve.since {
                let _ = writeln!(shown, "since = {}", date_of(since));
            }
        }
        shown
    }
}
