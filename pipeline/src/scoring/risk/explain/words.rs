//! Values and ranges of characteristics in words.

use crate::scoring::characteristics::{CHARACTERISTICS, Unit};
use arrears_models::scorecard::Direction;
use arrears_models::scorecard::card::CardCharacteristic;

/// Decimals at most, where numbers that differ would read the same.
const DECIMALS_MAX: usize = 6;

/// How soon a characteristic can get better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Soon {
    /// On the day on which somebody does something.
    AtOnce,
    /// As the months go by.
    WithTime,
}

impl Soon {
    /// `at_once` or `with_time`.
    pub fn word(self) -> &'static str {
        match self {
            Soon::AtOnce => "at_once",
            Soon::WithTime => "with_time",
        }
    }
}

/// What a characteristic is called, and what moves it.
#[derive(Clone, Copy, Debug)]
pub struct Phrase {
    /// Its published name.
    pub name: &'static str,
    /// What it is.
    pub label: &'static str,
    /// How soon it can get better.
    pub soon: Soon,
    /// By what.
    pub moved_by: &'static str,
}

const fn at_once(name: &'static str, label: &'static str, moved_by: &'static str) -> Phrase {
    Phrase { name, label, soon: Soon::AtOnce, moved_by }
}

const fn with_time(name: &'static str, label: &'static str, moved_by: &'static str) -> Phrase {
    Phrase { name, label, soon: Soon::WithTime, moved_by }
}

/// In the order of [`CHARACTERISTICS`].
pub const PHRASES: [Phrase; CHARACTERISTICS.len()] = [
    at_once("worst_days_past_due", "worst days past due now", "paying the oldest items"),
    at_once("share_over_30_days", "balance over 30 days past due", "paying the items over 30 days past due"),
    with_time("average_days_late", "average days late", "paying sooner from now on"),
    with_time("days_late_trend", "days later than before", "paying sooner than in the nine months before"),
    with_time("late_rate", "share of items paid late", "paying more items on time"),
    with_time("worst_of_12_months", "worst days late in 12 months", "a year without such a late payment"),
    at_once("silence", "time since the last payment", "a payment"),
    at_once("utilisation", "share of the limit in use", "paying down what is open"),
    at_once("exposure_to_sales", "open against a year's sales", "paying down what is open"),
    with_time("sales_trend", "sales against earlier sales", "buying as much as before"),
    with_time("broken_promises", "broken promises in 12 months", "a year in which promises are kept"),
    with_time("returned_payments", "returned payments in 12 months", "a year without a returned payment"),
    at_once("disputed_share", "balance in dispute", "settling the disputes"),
    with_time("short_pay_rate", "share of items paid in part", "paying items in full"),
    with_time("discount_use", "share of discounts taken", "taking the discounts offered"),
    with_time("tenure", "time since the account was opened", "time alone"),
    with_time("paid_invoices", "items paid in two years", "paying more items"),
    with_time("credit_note_ratio", "credit notes against sales", "fewer credit notes"),
    at_once("family_overdue_share", "group's other debt past due", "the group's other companies paying"),
];

/// A characteristic of the card as people read it.
pub struct Reader<'a> {
    of: &'a CardCharacteristic,
    unit: Unit,
    is_whole: bool,
    decimals: usize,
}

impl<'a> Reader<'a> {
    /// Of a characteristic and a customer's value: as many decimals as tell the value and the edges apart.
    pub fn new(of: &'a CardCharacteristic, value: f32) -> Self {
        let unit = CHARACTERISTICS[of.column].unit;
        let is_whole = is_whole(CHARACTERISTICS[of.column].name);
        let mut numbers: Vec<f32> = of.bins.edges.iter().copied().chain([value]).filter(|number| !number.is_nan()).collect();
        numbers.sort_by(f32::total_cmp);
        numbers.dedup();
        let tells_apart = |decimals: &usize| {
            let texts: Vec<String> = numbers.iter().map(|number| plain(scaled(unit, *number), *decimals)).collect();
            texts.windows(2).all(|pair| pair[0] != pair[1])
        };
        let least = match (is_whole, unit) {
            (true, _) | (false, Unit::Count) => 0,
            (false, Unit::Days | Unit::Share) => 1,
            (false, Unit::Ratio) => 2,
        };
        let decimals = if is_whole { 0 } else { (least..=DECIMALS_MAX).find(tells_apart).unwrap_or(DECIMALS_MAX) };
        Reader { of, unit, is_whole, decimals }
    }

    /// A value with its unit.
    pub fn value(&self, value: f32) -> String {
        if value.is_nan() { "not known".to_owned() } else { self.with_unit(&plain(scaled(self.unit, value), self.decimals)) }
    }

    /// The values of a bin.
    pub fn range(&self, bin: usize) -> String {
        let edges = &self.of.bins.edges;
        if bin + 1 == self.of.bins.bins.len() {
            return "not known".to_owned();
        }
        let above = bin.checked_sub(1).map(|at| edges[at]);
        let up_to = edges.get(bin).copied();
        match (above, up_to) {
            (None, None) => "any value".to_owned(),
            (None, Some(up_to)) if self.is_whole && up_to < 1.0 => self.with_unit("0"),
            (None, Some(_)) => self.at_most(bin),
            (Some(_), None) => self.at_least(bin),
            (Some(above), Some(up_to)) if self.is_whole => {
                let (first, last) = (above.floor() + 1.0, up_to.floor());
                if first >= last { self.value(last) } else { format!("{first:.0} to {}", self.value(last)) }
            }
            (Some(above), Some(up_to)) => format!("over {} to {}", plain(scaled(self.unit, above), self.decimals), self.value(up_to)),
        }
    }

    /// What a value must become to lie in a bin or a better one, safely rounded: the words, and the limit itself.
    pub fn target(&self, bin: usize) -> (String, f64) {
        match self.of.direction {
            Direction::Rising => (self.at_most(bin), f64::from(self.of.bins.edges[bin])),
            Direction::Falling => (self.at_least(bin), f64::from(self.of.bins.edges[bin - 1])),
        }
    }

    fn at_most(&self, bin: usize) -> String {
        let edge = self.of.bins.edges[bin];
        match self.is_whole {
            true if edge < 1.0 => self.with_unit("0"),
            true => format!("{} or less", self.value(edge.floor())),
            false => format!("{} or less", self.rounded(edge, f64::floor)),
        }
    }

    fn at_least(&self, bin: usize) -> String {
        let edge = self.of.bins.edges[bin - 1];
        match self.is_whole {
            true => format!("{} or more", self.value(edge.floor() + 1.0)),
            false => format!("more than {}", self.rounded(edge, f64::ceil)),
        }
    }

    /// Rounded to the safe side; what only binary floats keep from being a round number is one.
    fn rounded(&self, value: f32, towards: fn(f64) -> f64) -> String {
        let power = 10_f64.powi(i32::try_from(self.decimals).expect("a few decimals"));
        let scaled = scaled(self.unit, value) * power;
        let near = scaled.round();
        let is_round = (scaled - near).abs() <= 1e-6 * near.abs().max(1.0);
        self.with_unit(&plain(if is_round { near } else { towards(scaled) } / power, self.decimals))
    }

    fn with_unit(&self, number: &str) -> String {
        match self.unit {
            Unit::Days if number == "1" => "1 day".to_owned(),
            Unit::Days => format!("{number} days"),
            Unit::Share => format!("{number} %"),
            Unit::Ratio | Unit::Count => number.to_owned(),
        }
    }
}

/// Whether values are whole numbers from 0 on.
fn is_whole(name: &str) -> bool {
    ["worst_days_past_due", "worst_of_12_months", "broken_promises", "returned_payments", "tenure", "paid_invoices"].contains(&name)
}

fn scaled(unit: Unit, value: f32) -> f64 {
    f64::from(value) * if unit == Unit::Share { 100.0 } else { 1.0 }
}

fn plain(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    // Zero has no sign.
    if text.bytes().all(|byte| matches!(byte, b'-' | b'0' | b'.')) { text.trim_start_matches('-').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scoring::characteristics::position;
    use arrears_models::scorecard::bins::{Bin, Bins};

    fn characteristic(name: &str, edges: &[f32]) -> CardCharacteristic {
        let column = position(name).expect("it is declared");
        let bin = Bin { rows: 1, events: 0, woe: 0.0, information_value: 0.0 };
        let bins = Bins { edges: edges.to_vec(), bins: vec![bin; edges.len() + 2] };
        CardCharacteristic::new(name.to_owned(), column, CHARACTERISTICS[column].direction, bins, 1.0)
    }

    #[test]
    fn phrases_are_those_of_the_characteristics() {
        for (phrase, definition) in PHRASES.iter().zip(&CHARACTERISTICS) {
            assert_eq!(phrase.name, definition.name);
        }
        assert!(CHARACTERISTICS.iter().filter(|definition| is_whole(definition.name)).count() == 6);
    }

    #[test]
    fn bins_of_whole_numbers_leave_nothing_between_them() {
        let of = characteristic("worst_days_past_due", &[0.0, 1.0, 14.0]);
        let reader = Reader::new(&of, 9.0);
        let ranges: Vec<String> = (0..5).map(|bin| reader.range(bin)).collect();
        assert_eq!(ranges, ["0 days", "1 day", "2 to 14 days", "15 days or more", "not known"]);
        assert_eq!([0, 2].map(|bin| reader.target(bin)), [("0 days".into(), 0.0), ("14 days or less".into(), 14.0)]);
        let of = characteristic("tenure", &[365.0]);
        assert_eq!(Reader::new(&of, 9.0).target(1), ("366 days or more".into(), 365.0));
    }

    #[test]
    fn what_must_be_reached_is_rounded_to_the_safe_side() {
        // 0.3 as a 32-bit float is 0.300000012: 30.0 %, not 30.1. 0.12345 is 12.3 % rounded down.
        let of = characteristic("share_over_30_days", &[0.12345, 0.3]);
        let reader = Reader::new(&of, 0.5);
        assert_eq!((reader.target(0).0, reader.target(1).0), ("12.3 % or less".into(), "30.0 % or less".into()));
        assert_eq!(reader.range(1), "over 12.3 to 30.0 %");
        let of = characteristic("sales_trend", &[0.501]);
        assert_eq!(Reader::new(&of, 0.2).target(1).0, "more than 0.51");
    }

    #[test]
    fn a_value_beside_an_edge_is_told_apart_from_it() {
        // 12.34 % and 12.30 % would both be 12.3 %.
        let of = characteristic("share_over_30_days", &[0.123, 0.3]);
        let reader = Reader::new(&of, 0.1234);
        assert_eq!((reader.value(0.1234), reader.range(0)), ("12.34 %".into(), "12.30 % or less".into()));
        assert_eq!(reader.value(f32::NAN), "not known");
        assert_eq!(Reader::new(&characteristic("days_late_trend", &[5.0]), -0.01).value(-0.01), "0.0 days");
    }
}
