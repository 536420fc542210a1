//! Alarms of the risk model: it says too much or too little, it ranks worse than a rule of thumb, or its customers are no longer those
//! it was fitted on. Nothing is wrong with the night then; somebody should look at the model.

use super::Context;
use crate::error::Result;
use polars::prelude::*;

/// Slopes of the calibration that raise no alarm.
const SLOPES: (f64, f64) = (0.85, 1.15);
/// Defaulted families that a slope needs to be looked at.
const FAMILIES_MIN: i64 = 30;
/// Grades whose mean chance may lie outside the interval of what came: of eight intervals of 90 % one misses by chance more often than not.
const GRADES_OUTSIDE_MAX: usize = 1;

/// Customers grow older by themselves: a ledger that begins without opening dates would warn for years.
const MOVES_BY_ITSELF: &str = "tenure";

const TOLD: [&str; 7] = ["grade", "metric", "value", "value_lower", "value_upper", "mean_pd", "defaulted_families"];

pub(super) fn find_calibration(context: &Context) -> Result<DataFrame> {
    calibration_in(context.scan("risk_performance")?)
}

pub(super) fn find_ranking(context: &Context) -> Result<DataFrame> {
    ranking_in(context.scan("risk_performance")?)
}

pub(super) fn find_inputs(context: &Context) -> Result<DataFrame> {
    inputs_in(context.scan("risk_drift")?)
}

/// What is said of all judged month ends together.
fn together(performance: LazyFrame, condition: Expr) -> LazyFrame {
    performance.filter(col("month_end").is_null().and(condition)).select(TOLD.map(col))
}

fn calibration_in(performance: LazyFrame) -> Result<DataFrame> {
    let is_known = col("defaulted_families").gt_eq(lit(FAMILIES_MIN));
    let is_off = col("value").lt(lit(SLOPES.0)).or(col("value").gt(lit(SLOPES.1)));
    let slope = together(performance.clone(), col("metric").eq(lit("calibration_slope")).and(is_known).and(is_off)).collect()?;
    let is_rate = col("scope").eq(lit("grade")).and(col("metric").eq(lit("default_rate")));
    let grades = together(performance, is_rate.and(col("is_outside"))).sort(["grade"], SortMultipleOptions::default()).collect()?;
    Ok(if grades.height() > GRADES_OUTSIDE_MAX { slope.vstack(&grades)? } else { slope })
}

fn ranking_in(performance: LazyFrame) -> Result<DataFrame> {
    let is_worse = col("metric").eq(lit("auc_less_aging_rule")).and(col("value_upper").lt(lit(0.0)));
    Ok(together(performance, is_worse).collect()?)
}

fn inputs_in(drift: LazyFrame) -> Result<DataFrame> {
    let has_moved = col("kind").eq(lit("characteristic")).and(col("is_on_card")).and(col("verdict").eq(lit("moved")));
    let has_moved = has_moved.and(col("name").neq(lit(MOVES_BY_ITSELF)));
    let told = ["name", "stability_index", "rows_then", "rows_now", "moved_most", "moved_most_share_then", "moved_most_share_now"];
    Ok(drift.filter(has_moved).select(told.map(col)).sort(["name"], SortMultipleOptions::default()).collect()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::marts::frame::{dates, texts};

    /// A row of `risk_performance`: month end, grade, metric, value, upper bound, outside, defaulted families.
    type Row = (Option<i32>, Option<&'static str>, &'static str, f64, f64, Option<bool>, i64);

    fn performance(rows: &[Row]) -> LazyFrame {
        let doubles = |name: &str, value: fn(&Row) -> f64| Column::new(name.into(), rows.iter().map(value).collect::<Vec<f64>>());
        let columns = vec![
            dates("month_end", rows.iter().map(|row| row.0)),
            texts("scope", rows.iter().map(|row| Some(if row.1.is_some() { "grade" } else { "all" }))),
            texts("grade", rows.iter().map(|row| row.1)),
            texts("metric", rows.iter().map(|row| Some(row.2))),
            doubles("value", |row| row.3),
            doubles("value_lower", |row| row.3 - 0.1),
            doubles("value_upper", |row| row.4),
            doubles("mean_pd", |_| 0.0),
            Column::new("is_outside".into(), rows.iter().map(|row| row.5).collect::<Vec<Option<bool>>>()),
            Column::new("defaulted_families".into(), rows.iter().map(|row| row.6).collect::<Vec<i64>>()),
        ];
        DataFrame::new_infer_height(columns).expect("columns of one length").lazy()
    }

    fn outside(rows: &[Row]) -> Vec<String> {
        let found = calibration_in(performance(rows)).expect("the columns are there");
        let texts = |name: &str| found.column(name).and_then(|column| column.str().cloned()).expect("a column of texts");
        texts("metric").iter().zip(texts("grade").iter()).map(|(metric, grade)| grade.or(metric).expect("a metric").to_owned()).collect()
    }

    #[test]
    fn a_slope_is_looked_at_from_thirty_defaulted_families_on_and_may_be_off_by_fifteen_hundredths() {
        let slope = |slope: f64, families: i64| outside(&[(None, None, "calibration_slope", slope, 0.0, None, families)]);
        assert!(slope(0.85, 30).is_empty() && slope(1.15, 30).is_empty() && slope(0.5, 29).is_empty());
        assert_eq!((slope(0.849, 30).len(), slope(1.151, 30).len()), (1, 1));
        // A single month end is shown, and raises nothing.
        assert!(outside(&[(Some(19_000), None, "calibration_slope", 0.1, 0.0, None, 99)]).is_empty());
    }

    #[test]
    fn one_grade_may_lie_outside_and_two_may_not() {
        let grade = |grade, is_outside| (None, Some(grade), "default_rate", 0.1, 0.2, Some(is_outside), 3);
        assert!(outside(&[grade("C", true), grade("D", false)]).is_empty());
        assert_eq!(outside(&[grade("E", true), grade("C", true), grade("D", false)]), ["C", "E"]);
    }

    #[test]
    fn ranking_worse_than_the_aging_rule_counts_only_beyond_chance() {
        let found =
            |upper: f64| ranking_in(performance(&[(None, None, "auc_less_aging_rule", -0.1, upper, None, 3)])).map(|found| found.height());
        assert_eq!((found(-0.001).expect("it runs"), found(0.0).expect("it runs"), found(0.02).expect("it runs")), (1, 0, 0));
    }

    #[test]
    fn only_what_the_card_looks_at_raises_an_alarm_and_age_does_not() {
        let rows: [(&str, &str, Option<bool>, &str); 6] = [
            ("characteristic", "late_rate", Some(true), "moved"),
            ("characteristic", "silence", Some(false), "moved"),
            ("characteristic", "sales_trend", Some(true), "moving"),
            ("characteristic", "tenure", Some(true), "moved"),
            ("characteristic", "utilisation", Some(true), "too_few"),
            ("score", "score", None, "moved"),
        ];
        let numbers = |name: &str| Column::new(name.into(), vec![0.3; rows.len()]);
        let columns = vec![
            texts("kind", rows.iter().map(|row| Some(row.0))),
            texts("name", rows.iter().map(|row| Some(row.1))),
            Column::new("is_on_card".into(), rows.iter().map(|row| row.2).collect::<Vec<Option<bool>>>()),
            texts("verdict", rows.iter().map(|row| Some(row.3))),
            texts("moved_most", rows.iter().map(|_| None)),
            numbers("stability_index"),
            numbers("rows_then"),
            numbers("rows_now"),
            numbers("moved_most_share_then"),
            numbers("moved_most_share_now"),
        ];
        let drift = DataFrame::new_infer_height(columns).expect("columns of one length").lazy();
        let found = inputs_in(drift).expect("the columns are there");
        let names: Vec<&str> = found.column("name").and_then(|column| column.str()).expect("texts").iter().flatten().collect();
        assert_eq!(names, ["late_rate"]);
    }
}
