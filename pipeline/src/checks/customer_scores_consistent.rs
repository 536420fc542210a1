//! A row of the scores does not contradict itself: the chance is that of the score and lies in its interval, the grade is one that the
//! chance may have, and who is in default has an open default event.

use super::Context;
use crate::error::{Error, Result};
use crate::ledger::calendar::{Day, day_of};
use crate::scoring::grades::{BETTER_BELOW, EDGES, Grade, WORSE_ABOVE};
use arrears_models::scorecard::card::probability_of_score;
use polars::prelude::*;
use std::collections::HashMap;

pub(super) fn find(context: &Context) -> Result<DataFrame> {
    let date = &context.manifest.as_of_date;
    let as_of = date.parse().map_err(|cause| Error::unexpected("bad_manifest", format!("not a date: {date}")).caused_by(&cause))?;
    find_in(&context.scan("customer_scores")?.collect()?, &context.scan("default_events")?.collect()?, day_of(as_of))
}

/// A row, as far as it is looked at.
struct Row<'a> {
    grade: Option<Grade>,
    pd: Option<f64>,
    interval: Option<(f64, f64)>,
    score: Option<f64>,
    default_date: Option<Day>,
    /// Days on which defaults began that are not over.
    open_defaults: &'a [Day],
}

fn find_in(scores: &DataFrame, events: &DataFrame, as_of: Day) -> Result<DataFrame> {
    let open = open_defaults(events, as_of)?;
    let text = |name: &str| -> Result<&StringChunked> { Ok(scores.column(name)?.str()?) };
    let double = |name: &str| -> Result<&Float64Chunked> { Ok(scores.column(name)?.f64()?) };
    let (companies, customers, grades) = (text("company_id")?, text("customer_id")?, text("grade")?);
    let (chances, lower, upper, totals) = (double("pd")?, double("pd_lower")?, double("pd_upper")?, double("score")?);
    let dates = scores.column("default_date")?.date()?.physical();
    let mut found: Vec<(&str, String)> = Vec::new();
    for at in 0..scores.height() {
        let (company, customer) = (companies.get(at).unwrap_or_default(), customers.get(at).unwrap_or_default());
        let row = Row {
            grade: grades.get(at).and_then(Grade::named),
            pd: chances.get(at),
            interval: lower.get(at).zip(upper.get(at)),
            score: totals.get(at),
            default_date: dates.get(at),
            open_defaults: open.get(&(company, customer)).map_or(&[], Vec::as_slice),
        };
        found.extend(row.broken_laws().into_iter().map(|law| (law, format!("{company}/{customer}"))));
    }
    Ok(DataFrame::new_infer_height(vec![
        Column::new("what".into(), found.iter().map(|(what, _)| *what).collect::<Vec<&str>>()),
        Column::new("place".into(), found.iter().map(|(_, place)| place.as_str()).collect::<Vec<&str>>()),
    ])?)
}

/// The defaults that are not over at the end of a day, technical cases left out.
fn open_defaults(events: &DataFrame, as_of: Day) -> Result<HashMap<(&str, &str), Vec<Day>>> {
    let text = |name: &str| -> Result<&StringChunked> { Ok(events.column(name)?.str()?) };
    let (companies, customers, status) = (text("company_id")?, text("customer_id")?, text("status")?);
    let (begun, cured) = (events.column("event_date")?.date()?.physical(), events.column("cured_date")?.date()?.physical());
    let mut open: HashMap<(&str, &str), Vec<Day>> = HashMap::new();
    for at in 0..events.height() {
        let Some(event) = begun.get(at).filter(|event| *event <= as_of) else { continue };
        if status.get(at) == Some("default") && cured.get(at).is_none_or(|cured| cured > as_of) {
            open.entry((companies.get(at).unwrap_or_default(), customers.get(at).unwrap_or_default())).or_default().push(event);
        }
    }
    Ok(open)
}

impl Row<'_> {
    fn broken_laws(&self) -> Vec<&'static str> {
        let Some((grade, pd)) = self.grade.zip(self.pd) else { return vec!["no grade or no chance"] };
        let is_in_default = grade == Grade::InDefault;
        let mut laws = vec![
            (is_in_default != self.open_defaults.is_empty(), "default without an open event, or the other way round"),
            (is_in_default == self.default_date.is_some(), "default without its date, or the other way round"),
            (self.default_date.is_none_or(|date| self.open_defaults.contains(&date)), "no event of the default's date"),
            (is_in_default == self.score.is_none(), "a score in default, or none outside"),
            (is_in_default == self.interval.is_none(), "an interval in default, or none outside"),
            (self.interval.is_none_or(|(lower, upper)| lower <= pd && pd <= upper), "the chance outside its interval"),
            (is_in_default || may_have(grade, pd), "a grade that the chance does not have"),
            (!is_in_default || pd == 1.0, "a chance other than 1 in default"),
        ];
        if let Some(score) = self.score {
            let expected = probability_of_score((score * 10.0).round() as i32);
            // The same function of the same tenths: to the last bit.
            laws.push((pd == expected, "the chance is not that of the score"));
        }
        laws.into_iter().filter(|(holds, _)| !holds).map(|(_, law)| law).collect()
    }
}

/// Whether a chance can have led to a grade, by whatever past.
fn may_have(grade: Grade, pd: f64) -> bool {
    // Unrated customers have a chance all the same.
    let Some(place) = grade.class() else { return true };
    let is_bad_enough = place == 0 || pd >= BETTER_BELOW * EDGES[place - 1];
    is_bad_enough && EDGES.get(place).is_none_or(|edge| pd <= WORSE_ABOVE * edge)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 30 June 2025.
    const AS_OF: Day = 20_269;

    fn row(grade: Grade, score_tenths: i32) -> Row<'static> {
        let pd = probability_of_score(score_tenths);
        let score = Some(f64::from(score_tenths) / 10.0);
        Row { grade: Some(grade), pd: Some(pd), interval: Some((pd / 2.0, pd * 1.5)), score, default_date: None, open_defaults: &[] }
    }

    fn in_default() -> Row<'static> {
        const OPEN: [Day; 2] = [AS_OF - 200, AS_OF - 9];
        let default_date = Some(AS_OF - 9);
        Row { grade: Some(Grade::InDefault), pd: Some(1.0), interval: None, score: None, default_date, open_defaults: &OPEN }
    }

    #[test]
    fn rows_that_agree_are_silent() {
        // 600 points are 1 in 51: 1.96 %, which is D; E is kept down to 0.9 × 2 %.
        assert!(row(Grade::D, 6_000).broken_laws().is_empty());
        assert!(row(Grade::E, 6_000).broken_laws().is_empty());
        assert!(row(Grade::Unrated, 6_000).broken_laws().is_empty());
        assert!(in_default().broken_laws().is_empty());
    }

    #[test]
    fn a_row_that_contradicts_itself_is_named() {
        let law = |row: Row| row.broken_laws();
        assert_eq!(law(row(Grade::C, 6_000)), ["a grade that the chance does not have"]);
        assert_eq!(law(row(Grade::F, 6_000)), ["a grade that the chance does not have"]);
        assert_eq!(law(Row { score: Some(600.1), ..row(Grade::D, 6_000) }), ["the chance is not that of the score"]);
        assert_eq!(law(Row { interval: Some((0.02, 0.03)), ..row(Grade::D, 6_000) }), ["the chance outside its interval"]);
        assert_eq!(law(Row { interval: None, ..row(Grade::D, 6_000) }), ["an interval in default, or none outside"]);
        assert_eq!(law(Row { score: None, ..row(Grade::D, 6_000) }), ["a score in default, or none outside"]);
        assert_eq!(law(Row { grade: None, ..row(Grade::D, 6_000) }), ["no grade or no chance"]);
        let late = "default without an open event, or the other way round";
        assert_eq!(law(Row { open_defaults: &[AS_OF], ..row(Grade::D, 6_000) }), [late]);
        assert_eq!(law(Row { open_defaults: &[], ..in_default() }), [late, "no event of the default's date"]);
        assert_eq!(law(Row { default_date: Some(AS_OF), ..in_default() }), ["no event of the default's date"]);
        assert_eq!(law(Row { pd: Some(0.9), ..in_default() }), ["a chance other than 1 in default"]);
    }

    #[test]
    fn a_default_is_open_from_its_day_until_the_day_of_its_cure() {
        use crate::marts::frame::{dates, texts};
        // Cured today, cured tomorrow, technical, of tomorrow, never cured.
        let events: [(&str, Day, Option<Day>); 5] = [
            ("default", AS_OF - 300, Some(AS_OF)),
            ("default", AS_OF - 200, Some(AS_OF + 1)),
            ("technical", AS_OF - 100, None),
            ("default", AS_OF + 1, None),
            ("default", AS_OF, None),
        ];
        let table = DataFrame::new_infer_height(vec![
            texts("company_id", events.iter().map(|_| Some("main"))),
            texts("customer_id", events.iter().map(|_| Some("A"))),
            texts("status", events.iter().map(|of| Some(of.0))),
            dates("event_date", events.iter().map(|of| Some(of.1))),
            dates("cured_date", events.iter().map(|of| of.2)),
        ])
        .expect("columns of one length");
        let open = open_defaults(&table, AS_OF).expect("the columns are there");
        assert_eq!(open[&("main", "A")], [AS_OF - 200, AS_OF]);
    }
}
