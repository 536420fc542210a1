//! What the model says of each customer at the end of a day.

use super::model::RiskModel;
use super::month_ends_before;
use crate::ledger::calendar::{Day, month_end};
use crate::scoring::characteristics::{COUNT, CustomerRow, RiskSnapshot};
use crate::scoring::defaults::{DefaultEvent, Defaults};
use crate::scoring::grades::Grade;
use arrears_models::scorecard::card::{Matrix, Reason, Scored};
use std::collections::BTreeMap;

/// Month ends over which grades are replayed.
pub const REPLAYED_MONTHS: usize = 12;

/// A chance of default with its interval, 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Chance {
    /// Within the horizon.
    pub pd: f64,
    /// Lower bound, 90 %.
    pub lower: f64,
    /// Upper bound.
    pub upper: f64,
}

/// What is said of a customer.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoredCustomer {
    /// Its characteristics and what it owes.
    pub row: CustomerRow,
    /// Its grade, hysteresis included.
    pub grade: Grade,
    /// Its grade at the last month end before, by the same model; `None` where it had neither exposure nor sales then.
    pub previous_grade: Option<Grade>,
    /// Its chance of default by its score. A customer in default has none.
    pub chance: Option<Chance>,
    /// Its score, in tenths of a point; none in default.
    pub score_tenths: Option<i32>,
    /// Its score at the end of the day before, by the same model.
    pub score_before_tenths: Option<i32>,
    /// What speaks against it, the most points lost first.
    pub reasons: [Option<Reason>; 4],
    /// Share of the card's characteristics that are known, 0 to 1.
    pub completeness: f64,
    /// The default that it is in.
    pub default: Option<DefaultEvent>,
}

impl ScoredCustomer {
    /// The chance of default within a year, derived: 1 − (1 − PD)^(days of a year ÷ days of the horizon), the exponent rounded to
    /// halves: two for 180 days.
    pub fn pd_12_months(&self, horizon_days: i32) -> Option<f64> {
        self.chance.map(|chance| within_a_year(chance.pd, horizon_days))
    }
}

/// 1 − (1 − p)^n, n the horizons in a year, rounded to halves.
pub fn within_a_year(pd: f64, horizon_days: i32) -> f64 {
    let horizons = (2.0 * 365.0 / f64::from(horizon_days)).round() / 2.0;
    1.0 - (1.0 - pd).powf(horizons)
}

/// The days that a night looks at beside those it learns from: the date, the day before, and the month ends that grades are
/// replayed over.
pub fn scored_days(as_of: Day, first_day: Day) -> Vec<Day> {
    let months = month_ends_before(as_of).take(REPLAYED_MONTHS).take_while(|day| *day >= first_day);
    let mut days: Vec<Day> = months.chain([as_of - 1, as_of]).collect();
    days.sort_unstable();
    days.dedup();
    days
}

/// Scores of a snapshot, row by row.
pub fn score(model: &RiskModel, snapshot: &RiskSnapshot) -> Scored {
    let values: Vec<f32> = snapshot.rows.iter().flat_map(|row| row.values).collect();
    model.scorecard().score_all(&Matrix::RowMajor { values: &values, columns: COUNT })
}

/// Scores everybody at the end of `as_of`. `known` has the defaults as they were known at earlier month ends, `defaults` those that
/// count today.
pub fn scored_customers(
    model: &RiskModel,
    snapshots: &BTreeMap<Day, RiskSnapshot>,
    (known, defaults): (&Defaults, &Defaults),
    as_of: Day,
) -> Vec<ScoredCustomer> {
    let Some(today) = snapshots.get(&as_of) else { return Vec::new() };
    let scores = score(model, today);
    let before = snapshots.get(&(as_of - 1)).map(|snapshot| (snapshot, score(model, snapshot)));
    let earlier: Vec<Earlier> = snapshots
        .range(..as_of)
        .rev()
        .filter(|(day, _)| month_end(**day) == **day)
        .take(REPLAYED_MONTHS)
        .map(|(_, snapshot)| Earlier { snapshot, scores: score(model, snapshot), known })
        .collect();
    let one = |(at, row): (usize, &CustomerRow)| {
        let chance = Chance { pd: scores.probability[at], lower: scores.probability_lower[at], upper: scores.probability_upper[at] };
        let default = defaults.current(row.customer as usize, as_of).copied();
        let past: Vec<Standing> = earlier.iter().rev().map(|earlier| earlier.standing(row.customer)).collect();
        let now = standing(row, default.is_some(), chance.pd);
        let grades = grades(past.iter().copied().chain([now]));
        let is_in_default = default.is_some();
        ScoredCustomer {
            row: *row,
            grade: grades.last().copied().flatten().expect("the customer is in today's snapshot"),
            previous_grade: grades.len().checked_sub(2).and_then(|at| grades[at]),
            chance: (!is_in_default).then_some(chance),
            score_tenths: (!is_in_default).then_some(scores.score_tenths[at]),
            score_before_tenths: before.as_ref().and_then(|(snapshot, scores)| {
                let is_in = known.current(row.customer as usize, snapshot.day).is_none();
                let place = snapshot.rows.binary_search_by_key(&row.customer, |row| row.customer).ok().filter(|_| is_in)?;
                Some(scores.score_tenths[place])
            }),
            reasons: scores.reasons[at],
            completeness: completeness(model, row),
            default,
        }
    };
    today.rows.iter().enumerate().map(one).collect()
}

/// How a customer stood at some day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Standing {
    /// It had neither exposure nor sales.
    Absent,
    InDefault,
    /// Nothing is known to judge it by.
    Unknown,
    Rated(f64),
}

struct Earlier<'a> {
    snapshot: &'a RiskSnapshot,
    scores: Scored,
    known: &'a Defaults,
}

impl Earlier<'_> {
    fn standing(&self, customer: u32) -> Standing {
        let Ok(at) = self.snapshot.rows.binary_search_by_key(&customer, |row| row.customer) else { return Standing::Absent };
        let is_in_default = self.known.current(customer as usize, self.snapshot.day).is_some();
        standing(&self.snapshot.rows[at], is_in_default, self.scores.probability[at])
    }
}

pub(super) fn standing(row: &CustomerRow, is_in_default: bool, pd: f64) -> Standing {
    match (is_in_default, row.is_unknown()) {
        (true, _) => Standing::InDefault,
        (false, true) => Standing::Unknown,
        (false, false) => Standing::Rated(pd),
    }
}

/// Grades of a series, oldest first: a class begins anew after default, absence, or nothing to judge by.
pub(super) fn grades(series: impl Iterator<Item = Standing>) -> Vec<Option<Grade>> {
    let mut previous = None;
    series
        .map(|standing| {
            let grade = match standing {
                Standing::Absent => None,
                Standing::InDefault => Some(Grade::InDefault),
                Standing::Unknown => Some(Grade::Unrated),
                Standing::Rated(pd) => Some(Grade::next(previous, pd)),
            };
            previous = grade.filter(|grade| grade.class().is_some());
            grade
        })
        .collect()
}

/// Share of the card's characteristics that are known of a customer.
fn completeness(model: &RiskModel, row: &CustomerRow) -> f64 {
    let card = &model.scorecard().characteristics;
    if card.is_empty() {
        return 1.0;
    }
    card.iter().filter(|characteristic| !row.values[characteristic.column].is_nan()).count() as f64 / card.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_is_two_horizons_of_180_days() {
        assert!((within_a_year(0.1, 180) - 0.19).abs() < 1e-15);
        assert!((within_a_year(0.1, 365) - 0.1).abs() < 1e-15);
        assert_eq!(within_a_year(0.0, 180), 0.0);
    }

    #[test]
    fn a_grade_is_carried_from_month_to_month_and_begins_anew_after_default() {
        let series = [
            Standing::Absent,
            Standing::Unknown,
            Standing::Rated(0.0052),
            Standing::Rated(0.0048),
            Standing::InDefault,
            Standing::Rated(0.0048),
        ];
        let words: Vec<Option<&str>> = grades(series.into_iter()).into_iter().map(|grade| grade.map(Grade::word)).collect();
        // 0.48 % is B on its own; after C it would have to fall below 0.45 %.
        assert_eq!(words, [None, Some("U"), Some("C"), Some("C"), Some("default"), Some("B")]);
    }

    #[test]
    fn the_days_of_a_night_are_the_date_the_day_before_and_twelve_month_ends() {
        // 2024-05-15, a ledger since 2023-11-30.
        let day = |text: &str| crate::ledger::calendar::day_of(text.parse().expect("a date"));
        let days = scored_days(day("2024-05-15"), day("2023-11-30"));
        let texts: Vec<String> = days.into_iter().map(|day| crate::ledger::calendar::date_of(day).to_string()).collect();
        assert_eq!(texts, ["2023-11-30", "2023-12-31", "2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30", "2024-05-14", "2024-05-15"]);
    }
}
