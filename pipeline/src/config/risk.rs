//! What a default is and what the risk model is made with: `[risk]`.

use super::{Document, Origin, Sourced, quoted};
use crate::error::Result;
use crate::ledger::money::AMOUNT_ONE;
use crate::scoring::defaults::Rule;
use crate::scoring::risk::RiskOptions;
use arrears_models::scorecard::ladder::Tier;
use serde::Deserialize;
use std::ops::RangeInclusive;
use toml::Spanned;

/// The steps of the ladder that can be forced.
const TIERS: [Tier; 3] = [Tier::Full, Tier::Small, Tier::Expert];

/// `[risk]`.
#[derive(Clone, Debug)]
pub struct RiskConfig {
    /// Whether a night scores customers at all.
    pub enabled: Sourced<bool>,
    /// A default within so many days is the event.
    pub horizon_days: Sourced<u32>,
    /// Days past due that make a default.
    pub days_past_due: Sourced<u32>,
    /// The least amount that counts, whole units of the base currency.
    pub amount_min: Sourced<u32>,
    /// The least share of the day's exposure that counts.
    pub exposure_share_min: Sourced<f64>,
    /// A dispute opened later after the due date does not stop the days.
    pub dispute_within_days: Sourced<u32>,
    /// Clean days that cure.
    pub cure_days: Sourced<u32>,
    /// Month ends that the model learns from at most.
    pub history_months: Sourced<u32>,
    /// The step of the ladder that is forced; `None` for the best that the data allow.
    pub tier: Sourced<Option<Tier>>,
    /// Names the random draws.
    pub seed: Sourced<u64>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRisk {
    enabled: Option<Spanned<bool>>,
    horizon_days: Option<Spanned<u32>>,
    days_past_due: Option<Spanned<u32>>,
    amount_min: Option<Spanned<u32>>,
    exposure_share_min: Option<Spanned<f64>>,
    dispute_within_days: Option<Spanned<u32>>,
    cure_days: Option<Spanned<u32>>,
    history_months: Option<Spanned<u32>>,
    tier: Option<Spanned<String>>,
    seed: Option<Spanned<u64>>,
}

impl RawRisk {
    pub(super) fn check(self, document: &Document<'_>) -> Result<RiskConfig> {
        let number = |value: Option<Spanned<u32>>, key: &str, default: u32, range: RangeInclusive<u32>| match value {
            None => Ok(Sourced { value: default, origin: Origin::Default }),
            Some(value) if range.contains(value.get_ref()) => Ok(document.sourced(value)),
            Some(value) => {
                let what = format!("`{key}` is not between {} and {}: {}", range.start(), range.end(), value.get_ref());
                Err(document.error(&value, "bad_value", what))
            }
        };
        let exposure_share_min = match self.exposure_share_min {
            None => Sourced { value: 0.01, origin: Origin::Default },
            Some(share) if (0.0..=1.0).contains(share.get_ref()) => document.sourced(share),
            Some(share) => {
                let what = format!("`exposure_share_min` is not between 0 and 1: {}", share.get_ref());
                return Err(document.error(&share, "bad_value", what).hint("0.01 is one per cent"));
            }
        };
        let tier = match self.tier {
            None => Sourced { value: None, origin: Origin::Default },
            Some(word) if word.get_ref() == "auto" => Sourced { value: None, origin: document.sourced(word).origin },
            Some(word) => match TIERS.into_iter().find(|tier| tier.word() == word.get_ref()) {
                Some(tier) => Sourced { value: Some(tier), origin: document.sourced(word).origin },
                None => {
                    let known: Vec<&str> = std::iter::once("auto").chain(TIERS.map(Tier::word)).collect();
                    return Err(document.unknown_word("tier", &word, &known));
                }
            },
        };
        Ok(RiskConfig {
            enabled: self.enabled.map_or(Sourced { value: true, origin: Origin::Default }, |value| document.sourced(value)),
            horizon_days: number(self.horizon_days, "horizon_days", 180, 30..=730)?,
            days_past_due: number(self.days_past_due, "days_past_due", 90, 1..=720)?,
            amount_min: number(self.amount_min, "amount_min", 100, 0..=1_000_000_000)?,
            exposure_share_min,
            dispute_within_days: number(self.dispute_within_days, "dispute_within_days", 30, 0..=720)?,
            cure_days: number(self.cure_days, "cure_days", 90, 1..=720)?,
            history_months: number(self.history_months, "history_months", 36, 1..=120)?,
            tier,
            seed: self.seed.map_or(Sourced { value: 1, origin: Origin::Default }, |value| document.sourced(value)),
        })
    }
}

impl RiskConfig {
    /// What a risk model is made with. `half_life_days` is that of payments, shared with the forecast.
    pub fn options(&self, half_life_days: u32) -> RiskOptions {
        let days = |days: u32| i32::try_from(days).expect("checked to be small");
        RiskOptions {
            rule: Rule {
                days_past_due: days(*self.days_past_due),
                amount_min: i64::from(*self.amount_min) * AMOUNT_ONE,
                // A share of six decimals, as it is published.
                exposure_share_min: (*self.exposure_share_min * 1e6).round() as i64,
                dispute_within_days: days(*self.dispute_within_days),
                cure_days: days(*self.cure_days),
            },
            horizon_days: days(*self.horizon_days),
            history_months: *self.history_months,
            tier: *self.tier,
            half_life_days: f64::from(half_life_days),
            seed: *self.seed,
        }
    }

    /// Every value in force, with its key and origin.
    pub(super) fn values(&self) -> Vec<(String, String, Origin)> {
        let value = |key: &str, value: String, origin: &Origin| (format!("risk.{key}"), value, origin.clone());
        let number = |key: &str, number: &Sourced<u32>| value(key, number.to_string(), &number.origin);
        vec![
            value("enabled", self.enabled.to_string(), &self.enabled.origin),
            number("horizon_days", &self.horizon_days),
            number("days_past_due", &self.days_past_due),
            number("amount_min", &self.amount_min),
            value("exposure_share_min", self.exposure_share_min.to_string(), &self.exposure_share_min.origin),
            number("dispute_within_days", &self.dispute_within_days),
            number("cure_days", &self.cure_days),
            number("history_months", &self.history_months),
            value("tier", quoted(self.tier.map_or("auto", Tier::word)), &self.tier.origin),
            value("seed", self.seed.to_string(), &self.seed.origin),
        ]
    }
}
