//! Where a customer stands, and where it stood at earlier month ends by the same model.

use super::Explainer;
use crate::forecast::explain::text_of;
use crate::ledger::calendar::{Day, month_end};
use crate::scoring::grades::{EDGES, Grade};
use crate::scoring::risk::scored::{REPLAYED_MONTHS, ScoredCustomer, Standing, grades, standing};
use serde::Serialize;

/// Score, chance of default and grade.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StandingPart {
    /// The grade.
    pub grade: &'static str,
    /// What it means.
    pub grade_meaning: String,
    /// The grade at the last month end before, by the same model; `None` where it was not scored then.
    pub previous_grade: Option<&'static str>,
    /// The oldest of the month ends (or the date itself) from which on it has had the grade without a break.
    pub grade_since: String,
    /// Whether it may have had it for longer: no earlier month end is looked at.
    pub grade_since_at_least: bool,
    /// Chance of default within the horizon, 0 to 1; 1 in default.
    pub pd: f64,
    /// Ends of its 90 % interval; `None` in default.
    pub pd_lower: Option<f64>,
    /// Upper end.
    pub pd_upper: Option<f64>,
    /// Chance of default within a year, derived from `pd`.
    pub pd_12_months: f64,
    /// Days of the horizon.
    pub horizon_days: i32,
    /// The score, points; `None` in default.
    pub score: Option<f64>,
    /// The score at the end of the day before, by the same model.
    pub score_day_before: Option<f64>,
    /// Points more than the day before.
    pub score_change: Option<f64>,
    /// Share of the card's characteristics that are known, 0 to 1.
    pub completeness: f64,
    /// Earlier month ends, oldest first.
    pub month_ends: Vec<MonthEnd>,
}

/// An earlier month end, by the present model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MonthEnd {
    /// The day.
    pub date: String,
    /// The grade; `None` where it had neither open items nor sales.
    pub grade: Option<&'static str>,
    /// Chance of default within the horizon; `None` in default and where there is no grade.
    pub pd: Option<f64>,
    /// The score, points.
    pub score: Option<f64>,
}

/// What a grade says.
pub fn meaning(grade: Grade) -> String {
    match (grade, grade.class()) {
        (Grade::InDefault, _) => "in default".to_owned(),
        (_, None) => "unrated: nothing was ever settled and nothing is past due, so there is nothing to judge it by".to_owned(),
        (_, Some(0)) => format!("chance of default below {}", percent(EDGES[0])),
        (_, Some(class)) if class == EDGES.len() => format!("chance of default {} and more", percent(EDGES[class - 1])),
        (_, Some(class)) => format!("chance of default from {} to below {}", percent(EDGES[class - 1]), percent(EDGES[class])),
    }
}

fn percent(share: f64) -> String {
    // Edges are given in hundredths of a per cent.
    let hundredths = (share * 10_000.0).round();
    let text = format!("{:.2}", hundredths / 100.0);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

impl StandingPart {
    /// Of a customer that is scored.
    pub fn new(explainer: &Explainer, of: &ScoredCustomer) -> Self {
        let night = explainer.night;
        let points = |tenths: i32| f64::from(tenths) / 10.0;
        let (days, grades, month_ends) = replay(explainer, of);
        let held = grades.iter().rev().take_while(|grade| **grade == Some(of.grade)).count();
        let since = if held == 0 { night.day } else { days[days.len() - held] };
        StandingPart {
            grade: of.grade.word(),
            grade_meaning: meaning(of.grade),
            previous_grade: of.previous_grade.map(Grade::word),
            grade_since: text_of(since),
            grade_since_at_least: held > 0 && held == days.len(),
            pd: of.chance.map_or(1.0, |chance| chance.pd),
            pd_lower: of.chance.map(|chance| chance.lower),
            pd_upper: of.chance.map(|chance| chance.upper),
            pd_12_months: of.pd_12_months(night.options.horizon_days).unwrap_or(1.0),
            horizon_days: night.options.horizon_days,
            score: of.score_tenths.map(points),
            score_day_before: of.score_before_tenths.map(points),
            score_change: of.score_tenths.zip(of.score_before_tenths).map(|(now, before)| points(now - before)),
            completeness: of.completeness,
            month_ends,
        }
    }
}

/// The month ends that grades are replayed over, oldest first, with the customer's grades.
fn replay(explainer: &Explainer, of: &ScoredCustomer) -> (Vec<Day>, Vec<Option<Grade>>, Vec<MonthEnd>) {
    let night = explainer.night;
    let customer = of.row.customer;
    let mut days: Vec<Day> =
        night.snapshots.range(..night.day).rev().map(|(day, _)| *day).filter(|day| month_end(*day) == *day).take(REPLAYED_MONTHS).collect();
    days.reverse();
    let scored = |day: &Day| {
        let row = night.snapshots[day].row_of(customer)?;
        let parts = night.model.scorecard().score_of(&row.values);
        let is_in_default = night.known.current(customer as usize, *day).is_some();
        Some((standing(row, is_in_default, parts.probability), parts))
    };
    let seen: Vec<_> = days.iter().map(scored).collect();
    let grades = grades(seen.iter().map(|seen| seen.as_ref().map_or(Standing::Absent, |(standing, _)| *standing)));
    let month_end = |((day, seen), grade): ((&Day, &Option<(Standing, _)>), &Option<Grade>)| {
        let rated: Option<&arrears_models::scorecard::card::ScoreParts> =
            seen.as_ref().filter(|(standing, _)| *standing != Standing::InDefault).map(|(_, parts)| parts);
        MonthEnd {
            date: text_of(*day),
            grade: grade.map(Grade::word),
            pd: rated.map(|parts| parts.probability),
            score: rated.map(|parts| f64::from(parts.score_tenths) / 10.0),
        }
    };
    let month_ends = days.iter().zip(&seen).zip(&grades).map(month_end).collect();
    (days, grades, month_ends)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grades_say_what_chances_they_are_of() {
        assert_eq!(meaning(Grade::A), "chance of default below 0.25 %");
        assert_eq!(meaning(Grade::B), "chance of default from 0.25 % to below 0.5 %");
        assert_eq!(meaning(Grade::G), "chance of default from 10 % to below 20 %");
        assert_eq!(meaning(Grade::H), "chance of default 20 % and more");
    }
}
