//! What reviews of credit limits are made with: `[credit_review]`.

use super::{Document, Origin, Sourced};
use crate::error::Result;
use crate::ledger::money::{AMOUNT_SCALE, DecimalFormat, divide_half_away, parse_decimal};
use crate::scoring::grades::Grade;
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

/// Shares and multiples count in ten-thousandths, amounts in ten-thousandths of base currency.
const ONE: i128 = 10_000;

/// `[credit_review]`.
#[derive(Clone, Debug)]
pub struct CreditReviewConfig {
    loss_given_default: Sourced<i64>,
    loss_given_default_by_segment: BTreeMap<String, Sourced<i64>>,
    loss_budget: Sourced<Option<i64>>,
    loss_budget_sales_share: Sourced<i64>,
    peak_factor: Sourced<i64>,
    limit_step: Sourced<Option<i64>>,
    grade_cap_sales_months: ByGrade,
    grade_cap_amount: BTreeMap<Grade, Sourced<i64>>,
    review_months: ByGrade,
    quiet_days: Sourced<i64>,
}

/// A number for every grade, in the order of [`Grade::ALL`].
type ByGrade = Vec<Sourced<i64>>;

/// The exposure that a grade allows, in average months of sales, ten-thousandths. An invoice on 30 days that is paid 15 days late stands
/// for a month and a half: B and better buy without waiting, F what it buys now, worse ones less and less.
const CAP_SALES_MONTHS: [i64; 10] = [40_000, 35_000, 30_000, 25_000, 20_000, 15_000, 10_000, 5_000, 0, 10_000];
/// Months between reviews. In default a review never has to wait.
const REVIEW_MONTHS: [i64; 10] = [12, 9, 6, 4, 2, 1, 1, 1, 0, 3];

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCreditReview {
    loss_given_default: Option<Spanned<toml::Value>>,
    #[serde(default)]
    loss_given_default_by_segment: BTreeMap<String, Spanned<toml::Value>>,
    loss_budget: Option<Spanned<toml::Value>>,
    loss_budget_sales_share: Option<Spanned<toml::Value>>,
    peak_factor: Option<Spanned<toml::Value>>,
    limit_step: Option<Spanned<toml::Value>>,
    #[serde(default)]
    grade_cap_sales_months: BTreeMap<Spanned<String>, Spanned<toml::Value>>,
    #[serde(default)]
    grade_cap_amount: BTreeMap<Spanned<String>, Spanned<toml::Value>>,
    #[serde(default)]
    review_months: BTreeMap<Spanned<String>, Spanned<toml::Value>>,
    quiet_days: Option<Spanned<toml::Value>>,
}

/// What a number of the configuration may be.
struct Range {
    least: i64,
    most: i64,
    words: &'static str,
    hint: &'static str,
}

const SHARE: Range = Range { least: 0, most: 10_000, words: "a share between 0 and 1, of at most four decimals", hint: "0.6 is 60 %" };
const MULTIPLE: Range = Range {
    least: 0,
    most: 1_000_000,
    words: "a number between 0 and 100, of at most four decimals",
    hint: "1.3 leaves room for 30 % more, 2 months of sales are 2",
};
const AMOUNT: Range = Range {
    least: 0,
    most: i64::MAX,
    words: "an amount of base currency, 0 or more, of at most four decimals",
    hint: "for example 5000, or \"5000.50\"",
};
const STEP: Range = Range {
    least: 1,
    most: i64::MAX,
    words: "an amount of base currency above 0, of at most four decimals",
    hint: "for example 500; \"auto\" rounds down to two significant digits",
};

impl RawCreditReview {
    pub(super) fn check(self, document: &Document<'_>) -> Result<CreditReviewConfig> {
        let number = |key: &str, value: Option<Spanned<toml::Value>>, default: i64, range: &Range| match value {
            None => Ok(Sourced { value: default, origin: Origin::Default }),
            Some(value) => decimal(key, value, range, document),
        };
        let optional = |key: &str, value: Option<Spanned<toml::Value>>, range: &Range| match value {
            None => Ok(Sourced { value: None, origin: Origin::Default }),
            Some(value) if value.get_ref().as_str() == Some("auto") => Ok(Sourced { value: None, origin: document.sourced(value).origin }),
            Some(value) => decimal(key, value, range, document).map(|found| Sourced { value: Some(found.value), origin: found.origin }),
        };
        let of_segments = self.loss_given_default_by_segment.into_iter().map(|(segment, value)| {
            let share = decimal(&format!("loss_given_default_by_segment.{segment}"), value, &SHARE, document)?;
            Ok((segment, share))
        });
        let of_amounts = self.grade_cap_amount.into_iter().map(|(word, value)| {
            let grade = grade_of(&word, document)?;
            Ok((grade, decimal(&format!("grade_cap_amount.{}", grade.word()), value, &AMOUNT, document)?))
        });
        Ok(CreditReviewConfig {
            loss_given_default: number("loss_given_default", self.loss_given_default, 6_000, &SHARE)?,
            loss_given_default_by_segment: of_segments.collect::<Result<_>>()?,
            loss_budget: optional("loss_budget", self.loss_budget, &AMOUNT)?,
            loss_budget_sales_share: number("loss_budget_sales_share", self.loss_budget_sales_share, 2, &SHARE)?,
            peak_factor: number("peak_factor", self.peak_factor, 13_000, &MULTIPLE)?,
            limit_step: optional("limit_step", self.limit_step, &STEP)?,
            grade_cap_sales_months: by_grade(
                "grade_cap_sales_months",
                CAP_SALES_MONTHS,
                self.grade_cap_sales_months,
                |key, value| decimal(key, value, &MULTIPLE, document),
                document,
            )?,
            grade_cap_amount: of_amounts.collect::<Result<_>>()?,
            review_months: by_grade(
                "review_months",
                REVIEW_MONTHS,
                self.review_months,
                |key, value| whole(key, value, 120, document),
                document,
            )?,
            quiet_days: match self.quiet_days {
                None => Sourced { value: 30, origin: Origin::Default },
                Some(value) => whole("quiet_days", value, 366, document)?,
            },
        })
    }
}

fn grade_of(word: &Spanned<String>, document: &Document<'_>) -> Result<Grade> {
    Grade::named(word.get_ref()).ok_or_else(|| document.unknown_word("grade", word, &Grade::WORDS))
}

fn by_grade(
    name: &str,
    defaults: [i64; 10],
    given: BTreeMap<Spanned<String>, Spanned<toml::Value>>,
    check: impl Fn(&str, Spanned<toml::Value>) -> Result<Sourced<i64>>,
    document: &Document<'_>,
) -> Result<ByGrade> {
    let mut numbers: ByGrade = defaults.into_iter().map(|value| Sourced { value, origin: Origin::Default }).collect();
    for (word, value) in given {
        let grade = grade_of(&word, document)?;
        numbers[grade as usize] = check(&format!("{name}.{}", grade.word()), value)?;
    }
    Ok(numbers)
}

/// A number as it is written, or as text where it is more exact than a float: ten-thousandths.
fn decimal(key: &str, value: Spanned<toml::Value>, range: &Range, document: &Document<'_>) -> Result<Sourced<i64>> {
    let written = match value.get_ref() {
        toml::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match parse_decimal(written.as_bytes(), DecimalFormat::default(), AMOUNT_SCALE) {
        Ok(number) if (range.least..=range.most).contains(&number) => Ok(Sourced { value: number, origin: document.sourced(value).origin }),
        _ => Err(document.error(&value, "bad_value", format!("`{key}` is not {}: {written}", range.words)).hint(range.hint)),
    }
}

fn whole(key: &str, value: Spanned<toml::Value>, most: i64, document: &Document<'_>) -> Result<Sourced<i64>> {
    match value.get_ref().as_integer().filter(|number| (0..=most).contains(number)) {
        Some(number) => Ok(Sourced { value: number, origin: document.sourced(value).origin }),
        None => {
            let what = format!("`{key}` is not a whole number from 0 to {most}: {}", value.get_ref());
            Err(document.error(&value, "bad_value", what).hint("write it without quotes and decimals"))
        }
    }
}

impl CreditReviewConfig {
    /// Loss given default of a segment, ten-thousandths.
    pub fn loss_share(&self, segment: &str) -> i64 {
        **self.loss_given_default_by_segment.get(segment).unwrap_or(&self.loss_given_default)
    }

    /// What may be lost with one customer of a company, ten-thousandths of base currency: the configured amount, else a share of the
    /// company's sales of twelve months. `None` where that is nothing: it would forbid all credit to those who have no history yet.
    pub fn loss_budget(&self, sales: i128) -> Option<i128> {
        match *self.loss_budget {
            Some(budget) => Some(i128::from(budget)),
            None => sales
                .checked_mul(i128::from(*self.loss_budget_sales_share))
                .map(|product| divide_half_away(product, ONE))
                .filter(|budget| *budget > 0),
        }
    }

    /// What the 90 % quantile of the peaks is multiplied with, ten-thousandths.
    pub fn peak_factor(&self) -> i64 {
        *self.peak_factor
    }

    /// The step that limits are rounded down to, ten-thousandths; `None` for two significant digits.
    pub fn limit_step(&self) -> Option<i128> {
        self.limit_step.map(i128::from)
    }

    /// Average months of sales that a grade allows, ten-thousandths.
    pub fn cap_sales_months(&self, grade: Grade) -> i64 {
        *self.grade_cap_sales_months[grade as usize]
    }

    /// The amount that a grade allows whatever the sales are, ten-thousandths.
    pub fn cap_amount(&self, grade: Grade) -> Option<i128> {
        self.grade_cap_amount.get(&grade).map(|amount| i128::from(amount.value))
    }

    /// Months from one review to the next.
    pub fn review_months(&self, grade: Grade) -> u32 {
        u32::try_from(*self.review_months[grade as usize]).expect("checked to lie between 0 and 120")
    }

    /// Days after a decision in which triggers do not ask for another.
    pub fn quiet_days(&self) -> i32 {
        i32::try_from(*self.quiet_days).expect("checked to lie between 0 and 366")
    }

    /// Every value in force, with its key and origin.
    pub(super) fn values(&self) -> Vec<(String, String, Origin)> {
        let value = |key: &str, value: String, origin: &Origin| (format!("credit_review.{key}"), value, origin.clone());
        let optional = |amount: Option<i64>| amount.map_or_else(|| "\"auto\"".to_owned(), plain);
        let mut values = vec![
            value("loss_given_default", plain(*self.loss_given_default), &self.loss_given_default.origin),
            value("loss_budget", optional(*self.loss_budget), &self.loss_budget.origin),
            value("loss_budget_sales_share", plain(*self.loss_budget_sales_share), &self.loss_budget_sales_share.origin),
            value("peak_factor", plain(*self.peak_factor), &self.peak_factor.origin),
            value("limit_step", optional(*self.limit_step), &self.limit_step.origin),
            value("quiet_days", self.quiet_days.to_string(), &self.quiet_days.origin),
        ];
        for (segment, share) in &self.loss_given_default_by_segment {
            values.push(value(&format!("loss_given_default_by_segment.{}", super::quoted(segment)), plain(**share), &share.origin));
        }
        for grade in Grade::ALL {
            let (cap, months) = (&self.grade_cap_sales_months[grade as usize], &self.review_months[grade as usize]);
            values.push(value(&format!("grade_cap_sales_months.{}", grade.word()), plain(**cap), &cap.origin));
            values.push(value(&format!("review_months.{}", grade.word()), months.to_string(), &months.origin));
        }
        for (grade, amount) in &self.grade_cap_amount {
            values.push(value(&format!("grade_cap_amount.{}", grade.word()), plain(**amount), &amount.origin));
        }
        values
    }
}

/// Ten-thousandths as a decimal number without zeros at its end.
fn plain(number: i64) -> String {
    let (whole, fraction) = (number / 10_000, number % 10_000);
    if fraction == 0 { whole.to_string() } else { format!("{whole}.{fraction:04}").trim_end_matches('0').to_owned() }
}
