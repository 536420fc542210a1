//! `payment_curves` and `conditional_curves`: how many items are still unpaid so many days after their date, what they
//! left by, and what that says of an item of a given age (R1–R3).

use super::frame::texts;
use super::measures::ScopeRow;
use super::outcomes::Curves;
use crate::error::Result;
use crate::ledger::money::AMOUNT_ONE;
use arrears_models::survival::{CurveDay, interval};
use polars::prelude::*;

/// Every day up to this one has a row.
const DENSE_DAYS: usize = 365;
/// Ages for which a conditional curve is published.
const AGES: [i64; 6] = [0, 30, 60, 90, 120, 180];
/// Days ahead of each age.
const HORIZONS: [i64; 5] = [7, 14, 30, 60, 90];
/// A share below this is nothing.
const NOTHING: f64 = 1e-12;

/// The rows of one scope value in the order of the key: weighting `amount`, then `items`.
///
/// # Errors
/// When Polars fails.
pub fn payment_curves(row: &ScopeRow, curves: &Curves) -> Result<DataFrame> {
    let later = (DENSE_DAYS + 1..curves.has_event.len()).filter(|age| curves.has_event[*age]);
    let ages: Vec<usize> = (0..=DENSE_DAYS).chain(later).collect();
    let weightings = [("amount", &curves.amount, 1), ("items", &curves.items, i128::from(AMOUNT_ONE))];
    let rows = || weightings.iter().flat_map(|(word, curve, unit)| ages.iter().map(move |age| (*word, day_at(curve, *age), *age, *unit)));
    let doubles = |name: &str, value: &dyn Fn(&CurveDay) -> f64| {
        Column::new(name.into(), rows().map(|(_, day, ..)| value(&day)).collect::<Vec<f64>>())
    };
    let bounds: Vec<_> = rows().map(|(word, day, ..)| if word == "items" { interval(&day) } else { None }).collect();
    let bound = |name: &str, value: fn(&arrears_models::survival::Interval) -> f64| {
        Column::new(name.into(), bounds.iter().map(|bounds| bounds.as_ref().map(value)).collect::<Vec<Option<f64>>>())
    };
    Ok(DataFrame::new_infer_height(vec![
        texts("company_id", rows().map(|_| Some(row.company_id))),
        texts("scope", rows().map(|_| Some(row.value.scope.word()))),
        texts("scope_value", rows().map(|_| Some(row.text.as_ref()))),
        texts("weighting", rows().map(|(word, ..)| Some(word))),
        Column::new("days".into(), rows().map(|(_, _, age, _)| i64::try_from(age).unwrap_or(i64::MAX)).collect::<Vec<_>>()),
        super::frame::sums("at_risk", rows().map(|(_, day, _, unit)| day.at_risk * unit).collect()),
        super::frame::sums("paid", rows().map(|(_, day, _, unit)| day.paid * unit).collect()),
        doubles("survival", &|day| day.survival),
        bound("standard_error", |bounds| bounds.standard_error),
        bound("survival_lower", |bounds| bounds.lower),
        bound("survival_upper", |bounds| bounds.upper),
        doubles("incidence_cash", &|day| day.incidence[0]),
        doubles("incidence_credit", &|day| day.incidence[1]),
        doubles("incidence_write_off", &|day| day.incidence[2]),
        doubles("open_share", &|day| day.open_share),
    ])?)
}

/// The curve at an age; beyond its end nothing is at risk and nothing changes.
fn day_at(curve: &[CurveDay], age: usize) -> CurveDay {
    match (curve.get(age), curve.last()) {
        (Some(day), _) => *day,
        (None, Some(last)) => CurveDay { at_risk: 0, paid: 0, ..*last },
        (None, None) => CurveDay { at_risk: 0, paid: 0, survival: 1.0, greenwood: 0.0, incidence: [0.0; 3], open_share: 1.0 },
    }
}

/// The curves that serve where a scope value's own does not reach: its company's, then the group's.
pub struct Parents<'a> {
    /// The company's.
    pub company: &'a Curves,
    /// The group's.
    pub group: &'a Curves,
}

/// Probability that an item open at an age is paid within so many days: 1 − S(age + horizon) ÷ S(age).
///
/// # Errors
/// When Polars fails.
pub fn conditional_curves(row: &ScopeRow, curves: &Curves, parents: &Parents) -> Result<DataFrame> {
    type Pick = fn(&Curves) -> &[CurveDay];
    let weightings: [(&str, Pick); 2] = [("amount", |curves| &curves.amount), ("items", |curves| &curves.items)];
    let mut rows = Vec::new();
    for (word, pick) in weightings {
        let mut candidates = vec![(row.value.scope.word(), pick(curves))];
        candidates.extend(row.value.company.map(|_| ("company", pick(parents.company))));
        candidates.push(("all", pick(parents.group)));
        for age in AGES {
            let serving = candidates.iter().copied().find(|(_, curve)| serves(curve, age));
            for horizon in HORIZONS {
                rows.push((
                    word,
                    age,
                    horizon,
                    serving.map(|(scope, _)| scope),
                    serving.and_then(|(_, curve)| paid_within(curve, age, horizon)),
                ));
            }
        }
    }
    Ok(DataFrame::new_infer_height(vec![
        texts("company_id", rows.iter().map(|_| Some(row.company_id))),
        texts("scope", rows.iter().map(|_| Some(row.value.scope.word()))),
        texts("scope_value", rows.iter().map(|_| Some(row.text.as_ref()))),
        texts("weighting", rows.iter().map(|row| Some(row.0))),
        Column::new("age".into(), rows.iter().map(|row| row.1).collect::<Vec<i64>>()),
        Column::new("horizon".into(), rows.iter().map(|row| row.2).collect::<Vec<i64>>()),
        Column::new("probability".into(), rows.iter().map(|row| row.4).collect::<Vec<Option<f64>>>()),
        texts("from_scope", rows.iter().map(|row| row.3)),
        texts("reason", rows.iter().map(|row| row.4.is_none().then_some("immature"))),
    ])?)
}

/// Whether a curve says something of an item of that age: some were observed so long, and not all were paid before.
fn serves(curve: &[CurveDay], age: i64) -> bool {
    let position = usize::try_from(age).unwrap_or(usize::MAX);
    curve.get(position).is_some_and(|day| day.survival > NOTHING)
}

fn paid_within(curve: &[CurveDay], age: i64, horizon: i64) -> Option<f64> {
    let (age, end) = (usize::try_from(age).ok()?, usize::try_from(age + horizon).ok()?);
    let last = curve.last()?;
    let at_end = curve.get(end).or(Some(last).filter(|last| last.survival <= NOTHING))?;
    Some(1.0 - at_end.survival / curve.get(age)?.survival)
}
