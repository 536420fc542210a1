//! What forecasts are made with: `[forecast]`.

use super::{Document, Origin, Sourced};
use crate::error::Result;
use crate::forecast::timing::Tier;
use serde::Deserialize;
use toml::Spanned;

/// `[forecast]`.
#[derive(Clone, Debug)]
pub struct ForecastConfig {
    /// Whether a night forecasts at all.
    pub enabled: Sourced<bool>,
    /// The step of the ladder that is forced; `None` for the best that the data allow.
    pub tier: Sourced<Option<Tier>>,
    /// Half-life of payments in a customer's average, days.
    pub half_life_days: Sourced<u32>,
    /// Simulated paths of the night's forecast, a multiple of 50.
    pub paths: Sourced<u32>,
    /// Earlier weeks that bands are calibrated on.
    pub calibration_weeks: Sourced<u32>,
    /// How many of the customers that owe most have rows of their own.
    pub top_customers: Sourced<u32>,
    /// Customers whose invoices are collected by direct debit, by id or as `company/customer`.
    pub direct_debits: Sourced<Vec<String>>,
    /// Names the random draws.
    pub seed: Sourced<u64>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawForecast {
    enabled: Option<Spanned<bool>>,
    tier: Option<Spanned<String>>,
    half_life_days: Option<Spanned<u32>>,
    paths: Option<Spanned<u32>>,
    calibration_weeks: Option<Spanned<u32>>,
    top_customers: Option<Spanned<u32>>,
    direct_debits: Option<Spanned<Vec<String>>>,
    seed: Option<Spanned<u64>>,
}

impl RawForecast {
    pub(super) fn check(self, document: &Document<'_>) -> Result<ForecastConfig> {
        let number = |value: Option<Spanned<u32>>, key: &str, default: u32, range: std::ops::RangeInclusive<u32>| match value {
            None => Ok(Sourced { value: default, origin: Origin::Default }),
            Some(value) if range.contains(value.get_ref()) => Ok(document.sourced(value)),
            Some(value) => {
                let what = format!("`{key}` is not between {} and {}: {}", range.start(), range.end(), value.get_ref());
                Err(document.error(&value, "bad_value", what))
            }
        };
        let half_life_days = number(self.half_life_days, "half_life_days", 75, 7..=3_650)?;
        let calibration_weeks = number(self.calibration_weeks, "calibration_weeks", 52, 0..=52)?;
        let top_customers = number(self.top_customers, "top_customers", 20, 0..=1_000)?;
        let paths = match self.paths {
            None => Sourced { value: 1_000, origin: Origin::Default },
            Some(paths) if (50..=100_000).contains(paths.get_ref()) && paths.get_ref().is_multiple_of(50) => document.sourced(paths),
            Some(paths) => {
                let what = format!("`paths` is not a multiple of 50 up to 100000: {}", paths.get_ref());
                return Err(document.error(&paths, "bad_value", what).hint("1000 is enough for bands of 95 %"));
            }
        };
        let tier = match self.tier {
            None => Sourced { value: None, origin: Origin::Default },
            Some(word) if word.get_ref() == "auto" => Sourced { value: None, origin: document.sourced(word).origin },
            Some(word) => match Tier::named(word.get_ref()) {
                Some(tier) => Sourced { value: Some(tier), origin: document.sourced(word).origin },
                None => {
                    let known: Vec<&str> = std::iter::once("auto").chain(Tier::ALL.map(Tier::word)).collect();
                    return Err(document.unknown_word("tier", &word, &known));
                }
            },
        };
        let default = |value| Sourced { value, origin: Origin::Default };
        Ok(ForecastConfig {
            enabled: self.enabled.map_or(default(true), |value| document.sourced(value)),
            tier,
            half_life_days,
            paths,
            calibration_weeks,
            top_customers,
            direct_debits: match self.direct_debits {
                Some(names) => document.sourced(names),
                None => Sourced { value: Vec::new(), origin: Origin::Default },
            },
            seed: self.seed.map_or(Sourced { value: 1, origin: Origin::Default }, |value| document.sourced(value)),
        })
    }
}

impl ForecastConfig {
    /// Every value in force, with its key and origin.
    pub(super) fn values(&self) -> Vec<(String, String, Origin)> {
        let tier = self.tier.map_or("auto", Tier::word);
        let value = |key: &str, value: String, origin: &Origin| (format!("forecast.{key}"), value, origin.clone());
        vec![
            value("enabled", self.enabled.to_string(), &self.enabled.origin),
            value("tier", super::quoted(tier), &self.tier.origin),
            value("half_life_days", self.half_life_days.to_string(), &self.half_life_days.origin),
            value("paths", self.paths.to_string(), &self.paths.origin),
            value("calibration_weeks", self.calibration_weeks.to_string(), &self.calibration_weeks.origin),
            value("top_customers", self.top_customers.to_string(), &self.top_customers.origin),
            value("direct_debits", format!("{:?}", *self.direct_debits), &self.direct_debits.origin),
            value("seed", self.seed.to_string(), &self.seed.origin),
        ]
    }
}
