//! Curves of payment, and how they move.
//!
//! Two kinds: of an open item, the share paid by each business day ahead; of what is billed from now on, the share paid so
//! many days after the document date, business days or not. Shares only grow along a curve. Every function here returns a
//! new curve; moved by 0 days, a curve comes back as it was to the bit.

use crate::ledger::calendar::Day;

/// The share paid by the end of a day: that of the last business day on or before it, 0 before the first.
pub fn paid_by(curve: &[f64], days: &[Day], day: Day) -> f64 {
    days.partition_point(|ahead| *ahead <= day).checked_sub(1).map_or(0.0, |place| curve[place])
}

/// The curve of what is paid so many days later; on the next business day, where that is none. `days` are those of the curve,
/// in order.
///
/// F'(d) = F(d − by), for business days d
///
/// ```
/// use arrears::forecast::what_if::curves::later;
/// // Monday to Friday and the next Monday to Wednesday: 40 % on Tuesday, all by Friday.
/// let days = [0, 1, 2, 3, 4, 7, 8, 9];
/// let paid = [0.0, 0.4, 0.4, 0.4, 1.0, 1.0, 1.0, 1.0];
/// // Four days later Tuesday's 40 % would come on Saturday, which is Monday; Friday's 60 % on Tuesday.
/// assert_eq!(later(&paid, &days, 4), [0.0, 0.0, 0.0, 0.0, 0.0, 0.4, 1.0, 1.0]);
/// assert_eq!(later(&paid, &days, 0), paid);
/// ```
pub fn later(curve: &[f64], days: &[Day], by: i32) -> Vec<f64> {
    days.iter().map(|day| paid_by(curve, days, day - by)).collect()
}

/// The curve of what is paid so many days earlier, but not before the first day: F'(d) = F(d + by). Beyond its last day a
/// curve says nothing, so the last `by` days of the result are too low: begin with a curve that is so much longer.
///
/// ```
/// use arrears::forecast::what_if::curves::earlier;
/// let days = [0, 1, 2, 3, 4, 7, 8];
/// // Tuesday's 20 % and Friday's 80 %: three days earlier, on Monday (the first day there is) and on Tuesday.
/// assert_eq!(earlier(&[0.0, 0.2, 0.2, 0.2, 1.0, 1.0, 1.0], &days, 3), [0.2, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]);
/// ```
pub fn earlier(curve: &[f64], days: &[Day], by: i32) -> Vec<f64> {
    days.iter().map(|day| paid_by(curve, days, day + by)).collect()
}

/// The curve of what is paid on a date at the latest, all of `payable`: as it was before the date, `payable` from it on.
///
/// `payable` is the share that is ever paid, at least what the curve ends with. A date that is past stands for the first day.
pub fn at_latest(curve: &[f64], days: &[Day], date: Day, payable: f64) -> Vec<f64> {
    curve.iter().zip(days).map(|(paid, day)| if *day >= date { payable.max(*paid) } else { *paid }).collect()
}

/// By age: so many days later.
///
/// ```
/// use arrears::forecast::what_if::curves::{later_by_age, earlier_by_age};
/// assert_eq!(later_by_age(&[0.0, 0.5, 1.0], 2), [0.0, 0.0, 0.0, 0.5, 1.0]);
/// // Not before the document itself.
/// assert_eq!(earlier_by_age(&[0.1, 0.5, 1.0], 1), [0.5, 1.0, 1.0]);
/// ```
pub fn later_by_age(curve: &[f64], by: usize) -> Vec<f64> {
    let mut moved = vec![0.0; by];
    moved.extend(curve);
    moved
}

/// By age: so many days earlier, but not before age 0.
pub fn earlier_by_age(curve: &[f64], by: usize) -> Vec<f64> {
    let last = curve.last().copied().unwrap_or(0.0);
    (0..curve.len()).map(|age| curve.get(age + by).copied().unwrap_or(last)).collect()
}

/// By age: at the latest at this one, all that is ever paid.
///
/// ```
/// use arrears::forecast::what_if::curves::at_latest_by_age;
/// assert_eq!(at_latest_by_age(&[0.0, 0.2, 0.5, 0.9], 2), [0.0, 0.2, 0.9, 0.9]);
/// ```
pub fn at_latest_by_age(curve: &[f64], age: usize) -> Vec<f64> {
    let last = curve.last().copied().unwrap_or(0.0);
    let length = curve.len().max(age + 1);
    (0..length).map(|at| if at >= age { last } else { curve.get(at).copied().unwrap_or(last) }).collect()
}

/// Days gained by a curve over another one, for a unit that both pay in the end: the area between them, by age.
pub fn days_gained_by_age(curve: &[f64], other: &[f64]) -> f64 {
    let end = |curve: &[f64]| curve.last().copied().unwrap_or(0.0);
    let at = |curve: &[f64], age: usize| curve.get(age).copied().unwrap_or_else(|| end(curve));
    (0..curve.len().max(other.len())).map(|age| at(curve, age) - at(other, age)).sum()
}

/// The same along business days: each stands until the next one.
pub fn days_gained(curve: &[f64], other: &[f64], days: &[Day]) -> f64 {
    let spans = days.windows(2).map(|pair| f64::from(pair[1] - pair[0]));
    curve.iter().zip(other).zip(spans).map(|((paid, before), span)| (paid - before) * span).sum()
}
