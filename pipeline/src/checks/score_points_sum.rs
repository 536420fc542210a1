//! A score is the sum of its points to the tenth, and its reasons are points that the customer does not have.

use super::Context;
use crate::error::Result;
use polars::prelude::*;
use std::collections::HashMap;

/// Reasons of a customer at most.
const REASONS: usize = 4;

pub(super) fn find(context: &Context) -> Result<DataFrame> {
    find_in(&context.scan("customer_scores")?.collect()?, &context.scan("score_points")?.collect()?)
}

/// What the points of a customer come to.
#[derive(Default)]
struct Summed<'a> {
    tenths: i64,
    /// Characteristics that are marked as reasons, with what they lose, in tenths.
    reasons: Vec<(&'a str, i64)>,
    has_best_as_reason: bool,
    is_above_best: bool,
}

fn find_in(scores: &DataFrame, points: &DataFrame) -> Result<DataFrame> {
    let mut summed = summed(points)?;
    let mut found: Vec<(&str, String)> = Vec::new();
    let (companies, customers) = (scores.column("company_id")?.str()?, scores.column("customer_id")?.str()?);
    let totals = scores.column("score")?.f64()?;
    let reasons = (1..=REASONS).map(|at| reason_columns(scores, at)).collect::<Result<Vec<_>>>()?;
    for row in 0..scores.height() {
        let (company, customer) = (companies.get(row).unwrap_or_default(), customers.get(row).unwrap_or_default());
        let place = || format!("{company}/{customer}");
        let told: Vec<(&str, i64)> =
            reasons.iter().filter_map(|(names, lost)| Some((names.get(row)?, lost.get(row).map_or(0, tenths)))).collect();
        match (totals.get(row), summed.remove(&(company, customer))) {
            (Some(score), Some(of)) => found.extend(of.broken_laws(tenths(score), told).into_iter().map(|law| (law, place()))),
            (None, None) if told.is_empty() => {}
            (None, None) => found.push(("reasons without a score", place())),
            (Some(_), None) => found.push(("a score without points", place())),
            (None, Some(_)) => found.push(("points without a score", place())),
        }
    }
    found.extend(summed.into_keys().map(|(company, customer)| ("points without a customer", format!("{company}/{customer}"))));
    found.sort();
    Ok(DataFrame::new_infer_height(vec![
        Column::new("what".into(), found.iter().map(|(what, _)| *what).collect::<Vec<&str>>()),
        Column::new("place".into(), found.iter().map(|(_, place)| place.as_str()).collect::<Vec<&str>>()),
    ])?)
}

/// Tenths of a point; what is no whole number of them is told by the sum.
fn tenths(points: f64) -> i64 {
    (points * 10.0).round() as i64
}

fn reason_columns(scores: &DataFrame, at: usize) -> Result<(&StringChunked, &Float64Chunked)> {
    Ok((scores.column(&format!("reason_{at}"))?.str()?, scores.column(&format!("reason_{at}_points"))?.f64()?))
}

fn summed(points: &DataFrame) -> Result<HashMap<(&str, &str), Summed<'_>>> {
    let text = |name: &str| -> Result<&StringChunked> { Ok(points.column(name)?.str()?) };
    let (companies, customers, characteristics) = (text("company_id")?, text("customer_id")?, text("characteristic")?);
    let (values, best) = (points.column("points")?.f64()?, points.column("best_points")?.f64()?);
    let is_reason = points.column("is_reason")?.bool()?;
    let mut all: HashMap<(&str, &str), Summed> = HashMap::new();
    for row in 0..points.height() {
        let of = all.entry((companies.get(row).unwrap_or_default(), customers.get(row).unwrap_or_default())).or_default();
        let (value, best) = (tenths(values.get(row).unwrap_or(0.0)), tenths(best.get(row).unwrap_or(0.0)));
        of.tenths += value;
        of.is_above_best |= value > best;
        if is_reason.get(row) == Some(true) {
            of.reasons.push((characteristics.get(row).unwrap_or_default(), best - value));
            of.has_best_as_reason |= value >= best;
        }
    }
    Ok(all)
}

impl Summed<'_> {
    /// `told`: the reasons of the score, most points first.
    fn broken_laws(&self, score_tenths: i64, mut told: Vec<(&str, i64)>) -> Vec<&'static str> {
        let is_in_order = told.is_sorted_by(|one, next| one.1 >= next.1);
        let mut marked = self.reasons.clone();
        told.sort_unstable();
        marked.sort_unstable();
        let laws = [
            (self.tenths == score_tenths, "points do not sum to the score"),
            (!self.has_best_as_reason, "a reason that costs nothing"),
            (!self.is_above_best, "points above the best"),
            (told == marked, "reasons are not the points lost"),
            (is_in_order, "reasons are not in order"),
        ];
        laws.into_iter().filter(|(holds, _)| !holds).map(|(_, law)| law).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::marts::frame::texts;

    /// Customer, score, reasons with their points.
    type Scored = (&'static str, Option<f64>, Vec<(&'static str, f64)>);
    /// Customer, characteristic, points, best, whether it is a reason.
    type Pointed = (&'static str, &'static str, f64, f64, bool);

    fn found(scores: &[Scored], points: &[Pointed]) -> Vec<String> {
        let doubles = |name: &str, values: Vec<Option<f64>>| Column::new(name.into(), values);
        let mut columns = vec![
            texts("company_id", scores.iter().map(|_| Some("main"))),
            texts("customer_id", scores.iter().map(|of| Some(of.0))),
            doubles("score", scores.iter().map(|of| of.1).collect()),
        ];
        for at in 0..REASONS {
            columns.push(texts(&format!("reason_{}", at + 1), scores.iter().map(|of| of.2.get(at).map(|of| of.0))));
            columns.push(doubles(&format!("reason_{}_points", at + 1), scores.iter().map(|of| of.2.get(at).map(|of| of.1)).collect()));
        }
        let scores = DataFrame::new_infer_height(columns).expect("columns of one length");
        let points = DataFrame::new_infer_height(vec![
            texts("company_id", points.iter().map(|_| Some("main"))),
            texts("customer_id", points.iter().map(|of| Some(of.0))),
            texts("characteristic", points.iter().map(|of| Some(of.1))),
            Column::new("points".into(), points.iter().map(|of| of.2).collect::<Vec<f64>>()),
            Column::new("best_points".into(), points.iter().map(|of| of.3).collect::<Vec<f64>>()),
            Column::new("is_reason".into(), points.iter().map(|of| of.4).collect::<Vec<bool>>()),
        ])
        .expect("columns of one length");
        let found = find_in(&scores, &points).expect("the columns are there");
        let text = |name: &str| found.column(name).and_then(|column| column.str().cloned()).expect("texts");
        text("what")
            .iter()
            .zip(text("place").iter())
            .map(|(what, place)| format!("{} {}", place.unwrap_or("-"), what.unwrap_or("-")))
            .collect()
    }

    /// 480.1 + 20.2 − 10.0 = 490.3; ten points are lost, 12.5 by lateness, none by tenure.
    const POINTS: [Pointed; 3] =
        [("A", "(base)", 480.1, 480.1, false), ("A", "tenure", 20.2, 20.2, false), ("A", "late_rate", -10.0, 2.5, true)];

    fn whole() -> Vec<Scored> {
        vec![("A", Some(490.3), vec![("late_rate", 12.5)]), ("in default", None, vec![])]
    }

    #[test]
    fn a_card_that_adds_up_is_silent() {
        assert!(found(&whole(), &POINTS).is_empty());
        assert!(found(&[], &[]).is_empty());
    }

    #[test]
    fn a_tenth_too_much_or_a_wrong_reason_is_found() {
        assert_eq!(found(&[("A", Some(490.4), vec![("late_rate", 12.5)])], &POINTS), ["main/A points do not sum to the score"]);
        assert_eq!(found(&[("A", Some(490.3), vec![("late_rate", 12.4)])], &POINTS), ["main/A reasons are not the points lost"]);
        assert_eq!(found(&[("A", Some(490.3), vec![("tenure", 12.5)])], &POINTS), ["main/A reasons are not the points lost"]);
        assert_eq!(found(&[("A", Some(490.3), vec![])], &POINTS), ["main/A reasons are not the points lost"]);
        let mut points = POINTS;
        points[1].4 = true;
        let reasons = vec![("late_rate", 12.5), ("tenure", 0.0)];
        assert_eq!(found(&[("A", Some(490.3), reasons)], &points), ["main/A a reason that costs nothing"]);
        points[1].3 = 20.1;
        assert!(found(&whole(), &points).contains(&"main/A points above the best".to_owned()));
    }

    #[test]
    fn everybody_has_both_or_neither() {
        assert_eq!(found(&[("A", None, vec![])], &POINTS), ["main/A points without a score"]);
        assert_eq!(found(&[("B", Some(1.0), vec![])], &[]), ["main/B a score without points"]);
        assert_eq!(found(&[], &POINTS), ["main/A points without a customer"]);
        assert_eq!(found(&[("B", None, vec![("tenure", 1.0)])], &[]), ["main/B reasons without a score"]);
    }
}
