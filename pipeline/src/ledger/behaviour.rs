//! How a customer pays: a class that is stable from night to night, its trend, and the month in which it changed.
//!
//! Judged at month ends only, from the twelve months before each, so that it does not flicker with single payments. A
//! class changes when two month ends in a row say so; `at_risk` does not wait.

use super::calendar::{Day, Window};
use super::timeline::BEHAVIOUR_DATES;

/// Fewer settled items than this say nothing.
pub const ITEMS_MIN: usize = 5;
/// Months looked back from each date.
const MONTHS: usize = 12;
/// Share of open items past due by more than [`AT_RISK_DAYS`] that makes a customer a risk.
const AT_RISK_SHARE: f64 = 0.25;
/// See [`AT_RISK_SHARE`].
pub const AT_RISK_DAYS: i32 = 60;
/// Days by which the newest three months are later than the nine before where a customer deteriorates.
const DETERIORATING_DAYS: f64 = 10.0;
/// Standard deviation of the delay, in days, from which on a customer is erratic.
const ERRATIC_DAYS: f64 = 20.0;
/// Mean delay, in days, beyond which a customer is slow.
const SLOW_DAYS: f64 = 5.0;
/// Share of late items from which on a customer is consistently late.
const CONSISTENTLY_LATE_SHARE: f64 = 0.8;
/// The 1 % critical value of the largest F over all splits (15 % trimmed, one mean): D. W. K. Andrews (1993), *Tests for
/// Parameter Instability and Structural Change with Unknown Change Point*, Econometrica 61, 821–856, table I.
const CHANGE_STATISTIC_MIN: f64 = 12.35;
/// Items on each side of a change.
const CHANGE_ITEMS_MIN: usize = 3;
/// What binary fractions may be off by.
const TOLERANCE: f64 = 1e-9;

/// How a customer pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "defined by `raw_class`")]
pub enum Behaviour {
    AtRisk,
    New,
    Deteriorating,
    Erratic,
    SlowButSure,
    Reliable,
}

impl Behaviour {
    /// The published word.
    pub fn word(self) -> &'static str {
        match self {
            Behaviour::AtRisk => "at_risk",
            Behaviour::New => "new",
            Behaviour::Deteriorating => "deteriorating",
            Behaviour::Erratic => "erratic",
            Behaviour::SlowButSure => "slow_but_sure",
            Behaviour::Reliable => "reliable",
        }
    }
}

/// An item that was settled, with some cash, and had a due date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaidItem {
    /// When it was settled.
    pub from: Day,
    /// When it was opened again, or `Day::MAX`.
    pub until: Day,
    /// Days late.
    pub delay: i32,
}

/// What is known of a customer.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// Items paid.
    pub paid: Vec<PaidItem>,
    /// Write-offs by visible date, base currency.
    pub write_offs: Vec<(Day, i128)>,
    /// Open invoices and debit notes at each date, base currency at historical rates.
    pub open: [i128; BEHAVIOUR_DATES],
    /// Of these, past due by more than [`AT_RISK_DAYS`].
    pub long_overdue: [i128; BEHAVIOUR_DATES],
    /// Invoices and debit notes of the twelve months to the newest date.
    pub sales_12m: i128,
    /// First invoice or debit note of more than nothing; `Day::MAX` without one.
    pub first_sale: Day,
}

/// How a customer pays, as published.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judgement {
    /// The stable class.
    pub behaviour: Behaviour,
    /// The class that the newest month end alone gives.
    pub behaviour_now: Behaviour,
    /// Number of items settled in the twelve months.
    pub items: usize,
    /// Mean, standard deviation and share of late items; `None` for fewer than [`ITEMS_MIN`].
    pub delay: Option<DelayMoments>,
    /// Late at least four times in five.
    pub is_consistently_late: bool,
    /// Days by which the delay grows in a month.
    pub trend_days_per_month: Option<f64>,
    /// Where the delay changed for good.
    pub change: Option<Change>,
    /// Invoices and debit notes of the twelve months.
    pub sales_12m: i128,
}

/// Moments of the delay, in days.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DelayMoments {
    /// Mean.
    pub mean: f64,
    /// Sample standard deviation.
    pub deviation: f64,
    /// Share of items paid after the due date.
    pub late_share: f64,
}

/// A change of the mean delay.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// Months after the first of the twelve from which on the delay is another.
    pub month: usize,
    /// By how many days.
    pub days: f64,
    /// The F statistic of the split; `None` where nothing is left unexplained.
    pub statistic: Option<f64>,
}

/// Count, sum and sum of squares of delays: all exact.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    items: usize,
    delay: i128,
    squares: i128,
    late: usize,
}

impl Sums {
    fn add(&mut self, delay: i32) {
        self.items += 1;
        self.delay += i128::from(delay);
        self.squares += i128::from(delay) * i128::from(delay);
        self.late += usize::from(delay > 0);
    }

    fn plus(self, other: Sums) -> Sums {
        Sums {
            items: self.items + other.items,
            delay: self.delay + other.delay,
            squares: self.squares + other.squares,
            late: self.late + other.late,
        }
    }

    fn mean(&self) -> f64 {
        self.delay as f64 / self.items as f64
    }

    /// Sum of squares about the mean: n·Σx² − (Σx)² is a whole number, so nothing cancels.
    fn squares_about_mean(&self) -> f64 {
        (self.items as i128 * self.squares - self.delay * self.delay) as f64 / self.items as f64
    }

    fn deviation(&self) -> f64 {
        (self.squares_about_mean() / (self.items as f64 - 1.0)).sqrt()
    }
}

/// The dates at which a customer is judged, newest first, with the months before each.
#[derive(Clone, Debug)]
pub struct Calendar {
    /// The month ends.
    pub dates: [Day; BEHAVIOUR_DATES],
    /// First days of the twelve months before each date, oldest first.
    months: [[Day; MONTHS]; BEHAVIOUR_DATES],
}

impl Calendar {
    /// The calendar of these month ends.
    pub fn new(dates: [Day; BEHAVIOUR_DATES]) -> Self {
        let months = dates.map(|date| {
            let mut end = date;
            let mut starts: [Day; MONTHS] = std::array::from_fn(|_| {
                let start = Window::Month.start(end);
                end = start - 1;
                start
            });
            starts.reverse();
            starts
        });
        Calendar { dates, months }
    }

    /// First day of a month of the newest twelve.
    pub fn month(&self, month: usize) -> Day {
        self.months[0][month]
    }

    /// First day of the twelve months before the newest date.
    pub fn start(&self) -> Day {
        self.months[0][0]
    }

    /// Sums of delay by month of the twelve before a date.
    fn by_month(&self, history: &History, at: usize) -> [Sums; MONTHS] {
        let mut sums = [Sums::default(); MONTHS];
        let (months, end) = (&self.months[at], self.dates[at]);
        for paid in &history.paid {
            if months[0] <= paid.from && paid.from <= end && end < paid.until {
                sums[months.partition_point(|start| *start <= paid.from) - 1].add(paid.delay);
            }
        }
        sums
    }

    /// The class that one date gives.
    fn raw_class(&self, history: &History, at: usize) -> Behaviour {
        let (start, end) = (self.months[at][0], self.dates[at]);
        if history.first_sale > end {
            return Behaviour::New;
        }
        let in_window = |day: Day| start <= day && day <= end;
        let written_off: i128 = history.write_offs.iter().filter(|(day, _)| in_window(*day)).map(|(_, amount)| amount).sum();
        let (open, overdue) = (history.open[at], history.long_overdue[at]);
        if written_off > 0 || (overdue > 0 && overdue as f64 / open as f64 >= AT_RISK_SHARE - TOLERANCE) {
            return Behaviour::AtRisk;
        }
        let months = self.by_month(history, at);
        let sum = |part: &[Sums]| part.iter().fold(Sums::default(), |sum, month| sum.plus(*month));
        let (earlier, recent) = (sum(&months[..MONTHS - 3]), sum(&months[MONTHS - 3..]));
        let all = earlier.plus(recent);
        if all.items < ITEMS_MIN {
            return Behaviour::New;
        }
        let enough = recent.items >= CHANGE_ITEMS_MIN && earlier.items >= CHANGE_ITEMS_MIN;
        if enough && recent.mean() - earlier.mean() >= DETERIORATING_DAYS - TOLERANCE {
            return Behaviour::Deteriorating;
        }
        if all.deviation() >= ERRATIC_DAYS - TOLERANCE {
            return Behaviour::Erratic;
        }
        if all.mean() > SLOW_DAYS + TOLERANCE { Behaviour::SlowButSure } else { Behaviour::Reliable }
    }

    /// Judges a customer; `None` for one that has not bought by the newest date.
    pub fn judge(&self, history: &History) -> Option<Judgement> {
        if history.first_sale > self.dates[0] {
            return None;
        }
        let raw: [Behaviour; BEHAVIOUR_DATES] = std::array::from_fn(|at| self.raw_class(history, at));
        let mut behaviour = raw[BEHAVIOUR_DATES - 1];
        for at in (0..BEHAVIOUR_DATES - 1).rev() {
            if raw[at] == raw[at + 1] || raw[at] == Behaviour::AtRisk {
                behaviour = raw[at];
            }
        }
        let months = self.by_month(history, 0);
        let all = months.iter().fold(Sums::default(), |sum, month| sum.plus(*month));
        let delay = (all.items >= ITEMS_MIN).then(|| DelayMoments {
            mean: all.mean(),
            deviation: all.deviation(),
            late_share: all.late as f64 / all.items as f64,
        });
        Some(Judgement {
            behaviour,
            behaviour_now: raw[0],
            items: all.items,
            delay,
            is_consistently_late: delay.is_some_and(|delay| delay.late_share >= CONSISTENTLY_LATE_SHARE - TOLERANCE),
            trend_days_per_month: delay.and_then(|_| trend(&months)),
            change: change_point(&months),
            sales_12m: history.sales_12m,
        })
    }
}

/// Least squares slope of the delay on the month: (n·Σxy − Σx·Σy) ÷ (n·Σx² − (Σx)²); `None` when all lie in one month.
fn trend(months: &[Sums; MONTHS]) -> Option<f64> {
    let (mut items, mut x, mut y, mut xx, mut xy) = (0_i128, 0_i128, 0_i128, 0_i128, 0_i128);
    for (month, sums) in (0_i128..).zip(months) {
        let count = sums.items as i128;
        items += count;
        x += count * month;
        xx += count * month * month;
        y += sums.delay;
        xy += sums.delay * month;
    }
    let spread = items * xx - x * x;
    (spread != 0).then(|| (items * xy - x * y) as f64 / spread as f64)
}

/// The split of the months with the largest F, where that is beyond chance.
///
/// B = S₁²/n₁ + S₂²/n₂ − S²/n, W = Σ(y − ȳ₁)² + Σ(y − ȳ₂)², F = B ÷ (W ÷ (n − 2)).
fn change_point(months: &[Sums; MONTHS]) -> Option<Change> {
    let sum = |part: &[Sums]| part.iter().fold(Sums::default(), |sum, month| sum.plus(*month));
    let all = sum(months);
    let mut best: Option<(f64, Change)> = None;
    for month in 1..MONTHS {
        let (before, after) = (sum(&months[..month]), sum(&months[month..]));
        if before.items < CHANGE_ITEMS_MIN || after.items < CHANGE_ITEMS_MIN {
            continue;
        }
        let weighted = |part: &Sums| part.delay as f64 * part.delay as f64 / part.items as f64;
        let between = weighted(&before) + weighted(&after) - weighted(&all);
        let within = before.squares_about_mean() + after.squares_about_mean();
        let days = after.mean() - before.mean();
        let (statistic, published) = if within <= TOLERANCE {
            if between <= TOLERANCE {
                continue;
            }
            (f64::INFINITY, None)
        } else {
            let f = between / (within / (all.items as f64 - 2.0));
            (f, Some(f))
        };
        let is_larger = best.as_ref().is_none_or(|(largest, _)| statistic > largest * (1.0 + TOLERANCE) && *largest < f64::INFINITY);
        if is_larger {
            best = Some((statistic, Change { month, days, statistic: published }));
        }
    }
    best.filter(|(statistic, _)| *statistic >= CHANGE_STATISTIC_MIN).map(|(_, change)| change)
}

/// How large customers are, by their sales: the first four fifths of the company's are `large`, the next up to 95 %
/// `medium`, the rest `small`; without sales `none`. `sales` is sorted, largest first.
pub fn sizes(sales: &[i128]) -> Vec<&'static str> {
    let total: i128 = sales.iter().sum();
    let mut before = 0_i128;
    let size = |amount: &i128| {
        let word = match () {
            () if *amount == 0 => "none",
            () if before * 100 < total * 80 => "large",
            () if before * 100 < total * 95 => "medium",
            () => "small",
        };
        before += amount;
        word
    };
    sales.iter().map(size).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::calendar::day_of;

    fn day(text: &str) -> Day {
        day_of(text.parse().expect("a date of the test"))
    }

    fn calendar() -> Calendar {
        Calendar::new(["2025-06-30", "2025-05-31", "2025-04-30", "2025-03-31", "2025-02-28", "2025-01-31"].map(day))
    }

    fn paid(dates_and_delays: &[(&str, i32)]) -> History {
        let paid = dates_and_delays.iter().map(|(date, delay)| PaidItem { from: day(date), until: Day::MAX, delay: *delay });
        History { paid: paid.collect(), first_sale: day("2020-01-01"), ..History::default() }
    }

    #[test]
    fn the_months_before_a_date_are_twelve_whole_ones() {
        let calendar = calendar();
        assert_eq!(calendar.start(), day("2024-07-01"));
        assert_eq!(calendar.month(11), day("2025-06-01"));
    }

    #[test]
    fn a_customer_who_always_pays_two_days_early_is_reliable_and_one_seven_days_late_is_slow_but_sure() {
        let dates = ["2024-08-05", "2024-10-05", "2024-12-05", "2025-02-05", "2025-04-05", "2025-06-05"];
        let judged = |delay| calendar().judge(&paid(&dates.map(|date| (date, delay)))).expect("it has bought");
        // At the end of January there are four payments only, so the class was `new` until the end of February.
        assert_eq!((judged(-2).behaviour, judged(-2).is_consistently_late), (Behaviour::Reliable, false));
        assert_eq!((judged(7).behaviour, judged(7).is_consistently_late), (Behaviour::SlowButSure, true));
        assert_eq!(judged(7).trend_days_per_month, Some(0.0));
        assert_eq!(judged(7).change, None);
    }

    #[test]
    fn one_month_end_alone_changes_no_class_but_a_write_off_does_at_once() {
        let mut history = paid(&[("2024-08-05", 0), ("2024-10-05", 0), ("2024-12-05", 0), ("2025-01-05", 0), ("2025-01-06", 0)]);
        assert_eq!(calendar().judge(&history).map(|judged| judged.behaviour), Some(Behaviour::Reliable));
        for number in 0..3 {
            history.paid.push(PaidItem { from: day("2025-06-10") + number, until: Day::MAX, delay: 15 });
        }
        let judged = calendar().judge(&history).expect("it has bought");
        assert_eq!((judged.behaviour, judged.behaviour_now), (Behaviour::Reliable, Behaviour::Deteriorating));
        history.write_offs.push((day("2025-06-15"), 1));
        assert_eq!(calendar().judge(&history).map(|judged| judged.behaviour), Some(Behaviour::AtRisk));
    }

    #[test]
    fn a_step_of_the_delay_is_found_in_its_month() {
        let history = paid(&[
            ("2024-08-05", 1),
            ("2024-09-05", -1),
            ("2024-10-05", 1),
            ("2024-11-05", -1),
            ("2025-03-05", 21),
            ("2025-04-05", 19),
            ("2025-05-05", 21),
            ("2025-06-05", 19),
        ]);
        let change = calendar().judge(&history).and_then(|judged| judged.change).expect("the step is large");
        // November is month 4 and March month 8 of July to June; the first split with the largest F is the one after November.
        assert_eq!((change.month, change.days), (5, 20.0));
        // B = 4·10² + 4·10² = 800, W = 8, F = 800 ÷ (8 ÷ 6) = 600.
        assert_eq!(change.statistic, Some(600.0));
    }

    #[test]
    fn an_item_opened_again_is_not_paid() {
        let mut history = paid(&[("2025-06-05", 50)]);
        history.paid[0].until = day("2025-06-30");
        assert_eq!(calendar().judge(&history).map(|judged| judged.items), Some(0));
    }

    #[test]
    fn four_fifths_of_the_sales_are_made_with_large_customers() {
        assert_eq!(sizes(&[60, 20, 10, 6, 4, 0]), ["large", "large", "medium", "medium", "small", "none"]);
        assert_eq!(sizes(&[]), Vec::<&str>::new());
    }
}
