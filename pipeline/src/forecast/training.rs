//! The rows from which the timing model learns: open items at earlier days, followed from day to day.
//!
//! Every fourteen days of the last year is a landmark. An item that was open then is followed over business days until it
//! has left, the horizon ends, or what is known ends. A part of its balance that leaves by cash is an event of that part;
//! what was paid before the landmark and matched after it had left already. Item-days that several landmarks see share
//! their weight.
//!
//! A large book has more item-days than coefficients need: days without a payment are thinned to a fixed number of rows, and
//! so are those with one, each row that stays standing for those that do not. Which rows stay is decided by a hash of the
//! item, the landmark and the day.
//!
//! Responsible for rows and weights, and for counting the other exits. Not responsible for the columns: see `design`, nor for
//! thinning: see `thinning`.

use super::design::{COLUMNS, DayFeatures, FOLLOWED_BEFORE_DAYS, Rows};
use super::payment_runs::PaymentRuns;
use super::snapshot::{Companies, Sample, Snapshot};
use super::thinning::Thinning;
use crate::ledger::business_days::BusinessCalendar;
use crate::ledger::calendar::Day;
use crate::scoring::as_of::OpenItem;
use crate::scoring::facts::{DebitItem, Exit, Facts};
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::sync::Arc;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

/// Days between landmarks.
pub const LANDMARK_DAYS: i32 = 14;
/// How far landmarks go back.
pub const WINDOW_DAYS: i32 = 364;
/// How long an item is followed from a landmark, calendar days: three landmarks see each of its days.
pub const FOLLOWED_DAYS: i32 = 42;

/// Days past due up to which (included) each band of the other exits reaches; the last has no end.
pub const BANDS: [i32; 6] = [0, 30, 60, 90, 180, 360];

/// Rows of the timing model.
#[derive(Clone, Debug, Default)]
pub struct TrainingRows {
    /// Columns of `design`, row after row.
    pub values: Vec<f32>,
    /// Share of what is still there that is paid on the day.
    pub target: Vec<f32>,
    /// What is still there, shared between landmarks, times the rows that the row stands for.
    pub weight: Vec<f32>,
    /// Which rows they are, by hash.
    names: Vec<u32>,
    thinning: Thinning,
    /// Cash events, an item's parts together, seen from any landmark once.
    pub events: f64,
    /// Customers with an event.
    pub customers: usize,
    /// Exits by credit and write-off, and what could have left, by band of days past due.
    pub others: [OtherExits; BANDS.len() + 1],
}

/// What left by other ways than cash in a band of days past due.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct OtherExits {
    /// Item-days at risk.
    pub at_risk: f64,
    /// Items credited.
    pub credit: f64,
    /// Items written off.
    pub write_off: f64,
}

/// The band of a number of days past due.
pub fn band_of(days_past_due: i32) -> usize {
    BANDS.partition_point(|last| *last < days_past_due)
}

/// Payment runs are learnt on the day of a fit and so many days before it, and so on.
pub const RUNS_DAYS: i32 = 28;

/// The day on which the runs are learnt that a landmark of a fit knows: at most four weeks before it.
fn runs_day(fit: Day, landmark: Day) -> Day {
    landmark - (landmark - fit).rem_euclid(RUNS_DAYS)
}

/// Customers whose rows are made before rows are thinned: all of those of a large book would not fit the memory.
const CUSTOMERS_AT_ONCE: usize = 1 << 13;

/// How the landmarks of a fit lie.
#[derive(Clone, Debug)]
struct Landmarks {
    days: Vec<Day>,
}

impl Landmarks {
    fn before(known: Day) -> Self {
        let mut days: Vec<Day> = (1..=WINDOW_DAYS / LANDMARK_DAYS).map(|back| known - back * LANDMARK_DAYS).collect();
        days.reverse();
        Landmarks { days }
    }

    /// How many landmarks follow an item, visible from a day on, on `day`.
    fn covering(&self, visible_from: Day, day: Day) -> usize {
        let before = |day: Day| -> usize {
            // They lie evenly.
            let places = (day - self.days[0] + LANDMARK_DAYS - 1).div_euclid(LANDMARK_DAYS);
            usize::try_from(places).map_or(0, |places| places.min(self.days.len()))
        };
        before(day) - before(visible_from.max(day - FOLLOWED_DAYS).min(day))
    }
}

/// What the rows are made with.
pub struct Training<'a> {
    /// The facts.
    pub facts: &'a Facts,
    /// Which customer belongs to which company.
    pub companies: &'a Companies,
    /// The business days of each company.
    pub calendars: &'a [&'a BusinessCalendar],
    /// Half-life of payments, days.
    pub half_life: f64,
}

impl Training<'_> {
    /// The rows of several fits that count in the same calendars and look at the same sample: known at the end of each day of
    /// `fits`, landmark by landmark, customer by customer. `learnt_on` hears of the payment runs that were learnt on the way.
    pub fn rows(&self, fits: &[Day], sample: Sample, mut learnt_on: impl FnMut(Day, &Arc<PaymentRuns>)) -> Vec<TrainingRows> {
        let landmarks: Vec<Landmarks> = fits.iter().map(|known| Landmarks::before(*known)).collect();
        // Fits whose days lie whole fits apart share landmarks, and the days on which runs are learnt.
        let pairs = fits.iter().zip(&landmarks).flat_map(|(fit, landmarks)| landmarks.days.iter().map(|day| (runs_day(*fit, *day), *day)));
        let pairs: BTreeSet<(Day, Day)> = pairs.collect();
        let all: BTreeSet<Day> = pairs.iter().map(|(_, day)| *day).collect();
        let days: Vec<DaysOfCompany> = self.calendars.iter().map(|calendar| DaysOfCompany::new(calendar, &all, fits)).collect();
        let mut rows = vec![TrainingRows::default(); fits.len()];
        let mut paying = vec![vec![false; self.facts.customers()]; fits.len()];
        let mut runs: Option<(Day, Arc<PaymentRuns>)> = None;
        for (runs_on, landmark) in pairs {
            let learnt = match runs.take() {
                Some((day, learnt)) if day == runs_on => learnt,
                _ => {
                    let learnt = Arc::new(PaymentRuns::learn(self.facts, self.companies, self.calendars, runs_on, sample));
                    learnt_on(runs_on, &learnt);
                    learnt
                }
            };
            runs = Some((runs_on, learnt.clone()));
            let snapshot = Snapshot::new(self.facts, self.companies, learnt, landmark, self.half_life, sample);
            let is_of = |(fit, landmarks): &(usize, &Landmarks)| {
                landmarks.days.binary_search(&landmark).is_ok() && runs_day(fits[*fit], landmark) == runs_on
            };
            for (fit, landmarks) in landmarks.iter().enumerate().filter(is_of) {
                for start in (0..self.facts.customers()).step_by(CUSTOMERS_AT_ONCE) {
                    let parts: Vec<(usize, TrainingRows)> = (start..(start + CUSTOMERS_AT_ONCE).min(self.facts.customers()))
                        .into_par_iter()
                        .filter(|customer| !snapshot.customers[*customer].open.is_empty())
                        .map(|customer| {
                            let days = &days[self.companies.company(customer)];
                            (customer, self.of_customer(&snapshot, customer, (fits[fit], landmarks, days), rows[fit].thinning))
                        })
                        .collect();
                    for (customer, part) in parts {
                        paying[fit][customer] |= part.events > 0.0;
                        rows[fit].append(part);
                    }
                    rows[fit].thin();
                }
            }
        }
        for (rows, paying) in rows.iter_mut().zip(paying) {
            rows.customers = paying.iter().filter(|paying| **paying).count();
            rows.weigh();
        }
        rows
    }

    fn of_customer(
        &self,
        snapshot: &Snapshot,
        customer: usize,
        fit: (Day, &Landmarks, &DaysOfCompany),
        thinning: Thinning,
    ) -> TrainingRows {
        let mut rows = TrainingRows { thinning, ..TrainingRows::default() };
        let items = self.facts.all_items_of(customer);
        for open in &snapshot.customers[customer].open {
            let item = &items[open.position as usize];
            let Some(followed) = Followed::new(self.facts, item, open, snapshot.day, fit.0) else { continue };
            self.follow(snapshot, (customer, item, open), &followed, fit, &mut rows);
        }
        rows
    }

    /// A number for an item at a landmark, the same in whatever order the ledger is read. Items that have all of this in common
    /// stay and leave together.
    fn name(&self, landmark: Day, customer: usize, item: &DebitItem) -> u64 {
        let mut bytes = self.companies.name(customer).to_le_bytes().to_vec();
        for number in [i64::from(landmark), i64::from(item.document_date), i64::from(item.due_date), item.amount] {
            bytes.extend(number.to_le_bytes());
        }
        xxh3_64(&bytes)
    }

    fn follow(
        &self,
        snapshot: &Snapshot,
        (customer, item, open): (usize, &DebitItem, &OpenItem),
        followed: &Followed,
        (known, landmarks, days): (Day, &Landmarks, &DaysOfCompany),
        rows: &mut TrainingRows,
    ) {
        let last = known.min(snapshot.day + FOLLOWED_DAYS);
        let days_ahead = days.between(snapshot.day, last);
        let name = self.name(snapshot.day, customer, item);
        let mut there = 1.0;
        let mut exits = followed.exits.iter().peekable();
        let first_row = rows.len();
        let mut kept = Vec::new();
        for (place, day) in days_ahead.iter().enumerate() {
            let mut leaves = [0.0; 3];
            while let Some((_, exit, share)) = exits.next_if(|(date, _, _)| *date <= day.day) {
                leaves[*exit as usize] += share;
            }
            let share = 1.0 / landmarks.covering(item.visible_from(), day.day).max(1) as f64;
            let name = of_day(name, day.day);
            if rows.thinning.keeps(name, leaves[0] > 0.0) {
                kept.push(place);
                rows.target.push((leaves[0] / there).min(1.0) as f32);
                rows.weight.push((there * share) as f32);
                rows.names.push(name);
            }
            rows.events += leaves[0] * share;
            let band = &mut rows.others[band_of(day.day - open.due_date)];
            band.at_risk += there * share;
            band.credit += leaves[1] * share;
            band.write_off += leaves[2] * share;
            there -= leaves.iter().sum::<f64>();
            if there < 1e-9 {
                break;
            }
        }
        // Of a large book few days stay: what stands in their rows is only worked out for items that have one.
        let Some(last_kept) = kept.last() else { return };
        let features = snapshot.features(customer, item, open);
        let past = days.between(snapshot.day - FOLLOWED_BEFORE_DAYS, snapshot.day);
        let mut item_rows = Rows::new(&features, snapshot.habits.of(customer), item.document_date, past);
        let mut row = [0.0; COLUMNS];
        rows.values.reserve((rows.len() - first_row) * COLUMNS);
        let mut wanted = kept.iter().peekable();
        for (place, day) in days_ahead[..=*last_kept].iter().enumerate() {
            if wanted.next_if(|wanted| **wanted == place).is_some() {
                item_rows.write(day, &mut row);
                rows.values.extend_from_slice(&row);
            } else {
                item_rows.pass(day);
            }
        }
    }
}

impl TrainingRows {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.target.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.target.is_empty()
    }

    fn append(&mut self, other: TrainingRows) {
        self.values.extend(other.values);
        self.target.extend(other.target);
        self.weight.extend(other.weight);
        self.names.extend(other.names);
        self.events += other.events;
        for (sum, band) in self.others.iter_mut().zip(other.others) {
            sum.at_risk += band.at_risk;
            sum.credit += band.credit;
            sum.write_off += band.write_off;
        }
    }
}

impl TrainingRows {
    /// Leaves out rows where there are too many.
    fn thin(&mut self) {
        let kinds = self.names.iter().zip(&self.target).map(|(name, target)| (*name, *target > 0.0));
        let thinning = self.thinning.for_rows(kinds);
        if thinning == self.thinning {
            return;
        }
        self.thinning = thinning;
        let mut kept = 0;
        for row in 0..self.len() {
            if thinning.keeps(self.names[row], self.target[row] > 0.0) {
                self.values.copy_within(row * COLUMNS..(row + 1) * COLUMNS, kept * COLUMNS);
                self.names[kept] = self.names[row];
                self.target[kept] = self.target[row];
                self.weight[kept] = self.weight[row];
                kept += 1;
            }
        }
        self.values.truncate(kept * COLUMNS);
        self.names.truncate(kept);
        self.target.truncate(kept);
        self.weight.truncate(kept);
    }

    /// Lets each row stand for those that were left out.
    fn weigh(&mut self) {
        for (weight, target) in self.weight.iter_mut().zip(&self.target) {
            *weight *= self.thinning.stands_for(*target > 0.0);
        }
    }
}

/// The row of a day of an item.
fn of_day(item: u64, day: Day) -> u32 {
    xxh3_64_with_seed(&day.to_le_bytes(), item) as u32
}

/// How the balance of an item at a landmark left: date, exit, share of the balance, by date.
pub(super) struct Followed {
    pub(super) exits: Vec<(Day, Exit, f64)>,
}

impl Followed {
    /// `None` when nothing of the balance was there any more, or the item turned out not to exist.
    pub(super) fn new(facts: &Facts, item: &DebitItem, open: &OpenItem, landmark: Day, known: Day) -> Option<Self> {
        facts.known_version(item, known)?;
        let mut balance = open.open;
        let mut leaves: Vec<(Day, Exit, i64)> = Vec::new();
        for left in facts.left_since(item, landmark, known) {
            match left.exit {
                // The money was in by then, and only not matched yet.
                Exit::Cash if left.effective_date <= landmark => balance -= left.amount,
                Exit::Cash => leaves.push((left.effective_date, left.exit, left.amount)),
                _ => leaves.push((left.visible_date, left.exit, left.amount)),
            }
        }
        if balance <= 0 {
            return None;
        }
        leaves.sort_unstable();
        let mut rest = balance;
        let exits = leaves.into_iter().map(|(day, exit, amount)| {
            let taken = amount.min(rest);
            rest -= taken;
            (day, exit, taken as f64 / balance as f64)
        });
        Some(Followed { exits: exits.collect() })
    }
}

/// The business days of a company that rows may lie on.
struct DaysOfCompany {
    days: Vec<DayFeatures>,
}

impl DaysOfCompany {
    fn new(calendar: &BusinessCalendar, landmarks: &BTreeSet<Day>, fits: &[Day]) -> Self {
        let (Some(first), Some(known)) = (landmarks.first(), fits.iter().max()) else { return DaysOfCompany { days: Vec::new() } };
        let days = calendar.index(first + 1 - FOLLOWED_BEFORE_DAYS)..calendar.index(known + 1);
        DaysOfCompany { days: days.map(|index| DayFeatures::new(calendar, calendar.day_at(index))).collect() }
    }

    /// Business days after `after`, up to `last`.
    fn between(&self, after: Day, last: Day) -> &[DayFeatures] {
        let start = self.days.partition_point(|day| day.day <= after);
        let end = self.days.partition_point(|day| day.day <= last);
        &self.days[start..end.max(start)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn landmarks_that_follow_an_item_are_counted() {
        let landmarks = Landmarks::before(1_000);
        for day in 600..1_001 {
            for visible_from in [i32::MIN / 2, 0, day - 43, day - 42, day - 20, day - 1, day] {
                let follows = |landmark: &&Day| (visible_from.max(day - FOLLOWED_DAYS)..day).contains(*landmark);
                assert_eq!(landmarks.covering(visible_from, day), landmarks.days.iter().filter(follows).count(), "{visible_from} {day}");
            }
        }
    }
}
