//! What is asked of the input: `[quality]`, the tie-out to the general ledger, and rules set otherwise: `[quality.rules.NAME]`.

use super::{DatePattern, Document, Origin, Sourced, Thresholds};
use crate::error::Result;
use crate::ledger::calendar::{Day, date_of, day_of};
use crate::ledger::money::{AMOUNT_SCALE, DecimalFormat, display_amount, parse_decimal};
use crate::quality::{RULES, Rule, Severity};
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

/// `[quality]` without the thresholds of the quarantine.
#[derive(Clone, Debug)]
pub struct QualityConfig {
    /// Days after `as_of` from which a document's date is taken for a slip.
    pub future_days: Sourced<u32>,
    /// No document is older than this.
    pub earliest_date: Sourced<Day>,
    /// Days after which a receipt should have been applied.
    pub unapplied_days: Sourced<u32>,
    /// How far sub-ledger and control account may lie apart, base currency, ten-thousandths.
    pub gl_tolerance: Sourced<i64>,
    /// What it does when they lie further apart.
    pub gl_severity: Sourced<Severity>,
    /// What the configuration says of single rules.
    pub rules: BTreeMap<&'static str, RuleSetting>,
}

/// What the configuration says of one rule; what it does not say is as [`RULES`] has it.
#[derive(Clone, Debug, Default)]
pub struct RuleSetting {
    /// What breaking it does.
    pub severity: Option<Sourced<Severity>>,
    /// The largest share of rows that may break it.
    pub max_rows_share: Option<Sourced<f64>>,
    /// The largest share of amounts that may break it.
    pub max_amount_share: Option<Sourced<f64>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawQuality {
    max_quarantined_rows_share: Option<Spanned<f64>>,
    max_quarantined_amount_share: Option<Spanned<f64>>,
    future_days: Option<Spanned<u32>>,
    earliest_date: Option<Spanned<String>>,
    unapplied_days: Option<Spanned<u32>>,
    gl_tolerance: Option<Spanned<String>>,
    gl_severity: Option<Spanned<String>>,
    #[serde(default)]
    rules: BTreeMap<Spanned<String>, RawRule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    severity: Option<Spanned<String>>,
    max_rows_share: Option<Spanned<f64>>,
    max_amount_share: Option<Spanned<f64>>,
}

impl RawQuality {
    pub(super) fn check(self, document: &Document<'_>) -> Result<(Thresholds, QualityConfig)> {
        let limit = |value: Option<Spanned<f64>>, key: &str| {
            let share = value.map(|value| share(document, value, key)).transpose()?;
            Ok::<_, crate::error::Error>(share.unwrap_or(Sourced { value: 0.01, origin: Origin::Default }))
        };
        let thresholds = Thresholds {
            max_quarantined_rows_share: limit(self.max_quarantined_rows_share, "max_quarantined_rows_share")?,
            max_quarantined_amount_share: limit(self.max_quarantined_amount_share, "max_quarantined_amount_share")?,
        };
        let days = |value: Option<Spanned<u32>>, default: u32| {
            value.map_or(Sourced { value: default, origin: Origin::Default }, |value| document.sourced(value))
        };
        let quality = QualityConfig {
            future_days: days(self.future_days, 30),
            earliest_date: earliest_date(document, self.earliest_date)?,
            unapplied_days: days(self.unapplied_days, 90),
            gl_tolerance: tolerance(document, self.gl_tolerance)?,
            gl_severity: match self.gl_severity {
                None => Sourced { value: Severity::Warn, origin: Origin::Default },
                Some(word) => severity(document, "gl_severity", word)?,
            },
            rules: self.rules.into_iter().map(|(name, rule)| rule.check(&name, document)).collect::<Result<_>>()?,
        };
        Ok((thresholds, quality))
    }
}

impl RawRule {
    fn check(self, name: &Spanned<String>, document: &Document<'_>) -> Result<(&'static str, RuleSetting)> {
        let Some(rule) = Rule::named(name.get_ref()) else {
            let known: Vec<&str> = RULES.iter().map(|rule| rule.name).collect();
            let what = format!("no such rule: {}", name.get_ref());
            return Err(document.error(name, "unknown_rule", what).hint(format!("the rules are: {}", known.join(", "))));
        };
        let setting = RuleSetting {
            severity: self.severity.map(|word| severity(document, "severity", word)).transpose()?,
            max_rows_share: self.max_rows_share.map(|value| share(document, value, "max_rows_share")).transpose()?,
            max_amount_share: self.max_amount_share.map(|value| share(document, value, "max_amount_share")).transpose()?,
        };
        Ok((rule.name, setting))
    }
}

fn severity(document: &Document<'_>, key: &str, word: Spanned<String>) -> Result<Sourced<Severity>> {
    let Some(severity) = Severity::named(word.get_ref()) else { return Err(document.unknown_word(key, &word, &Severity::WORDS)) };
    Ok(Sourced { value: severity, origin: document.sourced(word).origin })
}

fn share(document: &Document<'_>, value: Spanned<f64>, key: &str) -> Result<Sourced<f64>> {
    if (0.0..=1.0).contains(value.get_ref()) {
        return Ok(document.sourced(value));
    }
    let what = format!("{key} is not a share between 0 and 1: {}", value.get_ref());
    Err(document.error(&value, "bad_value", what).hint("0.01 is one per cent"))
}

fn earliest_date(document: &Document<'_>, text: Option<Spanned<String>>) -> Result<Sourced<Day>> {
    let Some(text) = text else {
        let first = chrono::NaiveDate::from_ymd_opt(1970, 1, 1).expect("a day of the calendar");
        return Ok(Sourced { value: day_of(first), origin: Origin::Default });
    };
    match DatePattern::iso_date().parse_day(text.get_ref().as_bytes()) {
        Some(day) => Ok(Sourced { value: day, origin: document.sourced(text).origin }),
        None => {
            let what = format!("`earliest_date` is not a date: {}", text.get_ref());
            Err(document
                .error(&text, "bad_value", what)
                .hint("for example earliest_date = \"2001-07-01\", the day the company was founded"))
        }
    }
}

/// Money is text in the configuration, so that it never was a binary fraction.
fn tolerance(document: &Document<'_>, text: Option<Spanned<String>>) -> Result<Sourced<i64>> {
    let Some(text) = text else { return Ok(Sourced { value: 0, origin: Origin::Default }) };
    match parse_decimal(text.get_ref().as_bytes(), DecimalFormat::default(), AMOUNT_SCALE) {
        Ok(amount) if amount >= 0 => Ok(Sourced { value: amount, origin: document.sourced(text).origin }),
        _ => {
            let what = format!("`gl_tolerance` is not an amount of base currency: {}", text.get_ref());
            Err(document.error(&text, "bad_value", what).hint("in quotes, so that it is exact: gl_tolerance = \"0.50\""))
        }
    }
}

impl QualityConfig {
    /// What breaking a rule does.
    pub fn severity_of(&self, rule: &Rule) -> Severity {
        self.setting(rule).and_then(|setting| setting.severity.as_ref()).map_or(rule.severity, |severity| severity.value)
    }

    /// The largest shares of rows and of amounts that may break a rule.
    pub fn limits_of(&self, rule: &Rule) -> [f64; 2] {
        let of = |share: fn(&RuleSetting) -> &Option<Sourced<f64>>, default: f64| {
            self.setting(rule).and_then(|setting| share(setting).as_ref()).map_or(default, |share| share.value)
        };
        [of(|setting| &setting.max_rows_share, rule.max_rows_share), of(|setting| &setting.max_amount_share, rule.max_amount_share)]
    }

    fn setting(&self, rule: &Rule) -> Option<&RuleSetting> {
        self.rules.get(rule.name)
    }

    /// Every value in force, with its key and origin.
    pub(super) fn values(&self) -> Vec<(String, String, Origin)> {
        let value = |key: &str, value: String, origin: &Origin| (format!("quality.{key}"), value, origin.clone());
        let tolerance = display_amount(i128::from(*self.gl_tolerance), AMOUNT_SCALE).replace(',', "");
        let mut values = vec![
            value("future_days", self.future_days.to_string(), &self.future_days.origin),
            value("earliest_date", super::quoted(&date_of(*self.earliest_date).to_string()), &self.earliest_date.origin),
            value("unapplied_days", self.unapplied_days.to_string(), &self.unapplied_days.origin),
            value("gl_tolerance", super::quoted(&tolerance), &self.gl_tolerance.origin),
            value("gl_severity", super::quoted(self.gl_severity.word()), &self.gl_severity.origin),
        ];
        for (name, setting) in &self.rules {
            let key = |key: &str| format!("rules.{name}.{key}");
            if let Some(severity) = &setting.severity {
                values.push(value(&key("severity"), super::quoted(severity.word()), &severity.origin));
            }
            for (word, share) in [("max_rows_share", &setting.max_rows_share), ("max_amount_share", &setting.max_amount_share)] {
                if let Some(share) = share {
                    values.push(value(&key(word), share.value.to_string(), &share.origin));
                }
            }
        }
        values
    }
}
