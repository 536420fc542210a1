//! Payment runs: an item becomes ready to be paid some days from its due date, and is paid on one of the next days on which
//! the customer pays at all.
//!
//! Many customers pay in runs: every Thursday, on the last business day, on the 15th and the last. Their days late are
//! spread over the wait for the next run, so that an average of them says little; when an item is ready and on which days
//! the customer pays say nearly everything. Both are hidden in one date, and are told apart by how dates repeat: what a run
//! customer pays falls on its run days whatever the due dates were.
//!
//! - P(ready on due date + x) = f(x): a mixture of discrete logistic distributions, with weights by customer
//! - P(paid on a day, when ready and not paid before) = π(weekday, month position) = logistic(base + weekday + position)
//!
//! Both are fitted in turn (expectation and maximisation), the customer's own held towards those of the pool.

use rayon::prelude::*;

/// Monday to Sunday: 0 to 6; companies that count in business days use the first five.
pub const WEEKDAYS: usize = 7;
/// See [`MonthPosition`].
pub const POSITIONS: usize = 4;
/// Weekdays × month positions, see [`cell`].
pub const CELLS: usize = WEEKDAYS * POSITIONS;

/// Offsets from the due date on which an item may become ready.
const FIRST_OFFSET: i32 = -30;
const OFFSETS: usize = 91;
/// Centres of the mixture's parts, days from the due date.
const CENTRES: std::ops::Range<i32> = -20..46;
/// Their scales, days.
const SCALES: [f64; 4] = [0.7, 2.0, 5.0, 10.0];
const PARTS: usize = (CENTRES.end - CENTRES.start) as usize * SCALES.len();
/// How far before a payment its readiness is looked for.
const REACH: usize = 45;
/// Rounds of expectation and maximisation.
const ROUNDS: usize = 3;
/// A payment that fits no part has this likelihood: one outlier must not decide.
const OUTLIER: f64 = 2e-5;
/// Parts of the mixture below this weight are passed over from then on.
const UNLIKELY: f64 = 1e-6;
/// After so many payments parts are passed over that are hopeless by then.
const PAYMENTS_TO_JUDGE: usize = 2;
/// Log-likelihood that a part must lie behind the best one for that, as between rounds.
const HOPELESS: f64 = 14.0;
/// Opportunities that the pool's rate counts as beside the customer's own.
const BASE_PRIOR: f64 = 2.0;
/// And on single weekdays and positions.
const CELL_PRIOR: f64 = 0.7;
/// Payments that the mixture counts as beside when the customer's own items were ready: a customer that takes discounts on some
/// items and waits with others has two habits, and no part of the mixture has.
const MIXTURE_PRIOR: f64 = 5.0;
/// Log-odds of π are kept within these.
const LOG_ODDS: (f64, f64) = (-7.0, 6.0);
/// Share of what is ready that a run may take: the rest stays payable, whatever the run was thought to do.
const TAKEN: f64 = 0.97;

/// Where in the month a day stands. A day of two positions has the first of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MonthPosition {
    /// The last business day of the month; the last day for a company on calendar days.
    LastBusinessDay = 0,
    /// The first business day on or after the 15th.
    Fifteenth = 1,
    /// The first business day on or after the 25th.
    TwentyFifth = 2,
    /// Any other day.
    Other = 3,
}

/// The cell of a weekday (0 Monday to 6 Sunday) and a month position: its index in the arrays of this module.
///
/// # Panics
/// When the weekday is above 6.
pub fn cell(weekday: usize, position: MonthPosition) -> usize {
    assert!(weekday < WEEKDAYS, "a weekday is 0 to 6: {weekday}");
    weekday * POSITIONS + position as usize
}

/// A payment of one or several items with the same due date.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Payment {
    /// Day number of the due date.
    pub due: i32,
    /// Day number of the payment: a day on which the company does business.
    pub paid: i32,
    /// 1, or less for an older payment; above 0.
    pub weight: f64,
}

/// The days on which payments are made: business days, with their cells.
#[derive(Clone, Debug, PartialEq)]
pub struct Days {
    /// Day number of the first.
    pub first: i32,
    /// For each day from the first on its cell; `None` on days of rest.
    pub cells: Vec<Option<u8>>,
}

impl Days {
    fn cell(&self, day: i32) -> Option<usize> {
        let place = usize::try_from(day - self.first).ok()?;
        self.cells.get(place).copied().flatten().map(usize::from)
    }
}

/// When the items of one customer become ready, and on which days it pays.
#[derive(Clone, Debug, PartialEq)]
pub struct Habit {
    /// P(ready by due date + offset), by offset from −30 to 60.
    ready: Vec<f32>,
    /// Mean offset of readiness, days.
    pub mean_ready: f64,
    /// Log-odds of π by cell.
    log_odds: [f64; CELLS],
    /// π by cell.
    chance: [f64; CELLS],
}

impl Habit {
    /// Log-odds that the customer pays on a day of the cell what is ready.
    pub fn log_odds(&self, cell: usize) -> f64 {
        self.log_odds[cell]
    }

    /// Follows an item from before the first day on which it could be paid.
    pub fn follow(&self, due: i32) -> Followed<'_> {
        Followed { habit: self, due, waiting: 1.0, ready: 0.0 }
    }
}

/// What is known of an item that is not paid yet: how likely it is ready and only waits for a run.
#[derive(Clone, Debug)]
pub struct Followed<'a> {
    habit: &'a Habit,
    due: i32,
    waiting: f64,
    ready: f64,
}

impl Followed<'_> {
    /// A business day comes: the chance that the item is paid on it, given that it was not before. Days come in order.
    ///
    /// h = π · A ÷ (A + U); then A ← A · (1 − 0.97 · π)
    ///
    /// A: chance that it is ready and not paid, of which the day adds what becomes ready. U: that it is not ready yet.
    pub fn on(&mut self, day: i32, cell: usize) -> f64 {
        let offset = (day - self.due - FIRST_OFFSET).min(OFFSETS as i32 - 1);
        let by_now = usize::try_from(offset).map_or(0.0, |place| f64::from(self.habit.ready[place]));
        let more = (by_now - (1.0 - self.waiting)).max(0.0);
        self.ready += more;
        self.waiting -= more;
        let chance = self.habit.chance[cell];
        let paid = chance * self.ready / (self.ready + self.waiting).max(1e-9);
        self.ready *= 1.0 - chance * TAKEN;
        paid
    }
}

/// The habits of a pool of customers, in their order.
#[derive(Clone, Debug, PartialEq)]
pub struct Habits {
    customers: Vec<Option<Habit>>,
    pool: Habit,
}

impl Habits {
    /// The habit of a customer; the pool's where it has not paid anything.
    pub fn of(&self, customer: usize) -> &Habit {
        self.customers[customer].as_ref().unwrap_or(&self.pool)
    }

    /// Learns the habits of customers from their payments.
    ///
    /// Edge cases: payments more than 30 days before or 60 days after the due date are left out. Without any payment every
    /// habit is the same: ready about the due date, paid on three days of ten.
    ///
    /// # Panics
    /// When a payment's day is none of `days`, or a weight is not above 0.
    ///
    /// Source: A. P. Dempster, N. M. Laird, D. B. Rubin (1977), *Maximum Likelihood from Incomplete Data via the EM Algorithm*,
    /// JRSS B 39, 1–38.
    pub fn learn(customers: &[Vec<Payment>], days: &Days) -> Self {
        let mixture = Mixture::new();
        // Who has not paid anything has nothing to learn from, and a book may have many of them.
        let learner = |payments: &Vec<Payment>| Some(Learner::new(payments, days)).filter(|learner| !learner.payments.is_empty());
        let learners: Vec<Option<Learner>> = customers.par_iter().map(learner).collect();
        let has_paid: Vec<bool> = learners.iter().map(Option::is_some).collect();
        let mut learners: Vec<Learner> = learners.into_iter().flatten().collect();
        let mut prior = vec![1.0 / PARTS as f64; PARTS];
        for _ in 0..ROUNDS {
            let log_prior: Vec<f64> = prior.iter().map(|share: &f64| share.ln()).collect();
            learners.par_iter_mut().for_each(|learner| learner.expect(&mixture, &log_prior, days));
            prior = mean_posterior(&learners);
            let pool = Tallies::of(&learners);
            learners.par_iter_mut().for_each(|learner| learner.maximise(&pool));
        }
        let pool = Tallies::of(&learners);
        let mut nobody = Learner::new(&[], days);
        nobody.maximise(&pool);
        let pool_ready = mixture.density(&prior);
        let own: Vec<Habit> = learners.par_iter().map(|learner| learner.habit(&learner.with_own(&mixture))).collect();
        let mut own = own.into_iter();
        let customers = has_paid.into_iter().map(|has_paid| if has_paid { own.next() } else { None }).collect();
        Habits { customers, pool: nobody.habit(&pool_ready) }
    }
}

/// The parts of the mixture: for each the chance of every offset.
struct Mixture {
    /// By part.
    parts: Vec<[f32; OFFSETS]>,
}

impl Mixture {
    fn new() -> Self {
        let mut parts = Vec::with_capacity(PARTS);
        for centre in CENTRES {
            for scale in SCALES {
                let below = |offset: f64| logistic((offset - f64::from(centre)) / scale);
                let mut chances = [0.0_f32; OFFSETS];
                for (place, chance) in chances.iter_mut().enumerate() {
                    let offset = f64::from(FIRST_OFFSET) + place as f64;
                    let from = if place == 0 { 0.0 } else { below(offset - 0.5) };
                    let to = if place == OFFSETS - 1 { 1.0 } else { below(offset + 0.5) };
                    *chance = (to - from) as f32;
                }
                parts.push(chances);
            }
        }
        Mixture { parts }
    }

    fn density(&self, weights: &[f64]) -> [f64; OFFSETS] {
        let mut density = [0.0; OFFSETS];
        for (part, weight) in self.parts.iter().zip(weights).filter(|(_, weight)| **weight > 1e-9) {
            density.iter_mut().zip(part).for_each(|(sum, chance)| *sum += weight * f64::from(*chance));
        }
        density
    }
}

/// Opportunities and payments by weekday and by month position.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    opportunities: f64,
    payments: f64,
}

impl Tally {
    fn add(&mut self, other: &Tally) {
        self.opportunities += other.opportunities;
        self.payments += other.payments;
    }

    fn rate(&self, least: f64) -> f64 {
        if self.opportunities > 0.0 { (self.payments / self.opportunities).clamp(least, 1.0 - MOST_BELOW_ONE) } else { 0.3 }
    }
}

/// Rates are kept this far below 1.
const MOST_BELOW_ONE: f64 = 0.03;

#[derive(Clone, Copy, Debug, Default)]
struct Tallies {
    all: Tally,
    weekdays: [Tally; WEEKDAYS],
    positions: [Tally; POSITIONS],
}

impl Tallies {
    fn of(learners: &[Learner]) -> Self {
        let mut sum = Tallies::default();
        for learner in learners {
            sum.all.add(&learner.tallies.all);
            sum.weekdays.iter_mut().zip(&learner.tallies.weekdays).for_each(|(sum, tally)| sum.add(tally));
            sum.positions.iter_mut().zip(&learner.tallies.positions).for_each(|(sum, tally)| sum.add(tally));
        }
        sum
    }
}

/// One customer while its habit is learnt.
struct Learner {
    payments: Vec<Payment>,
    /// Weights of the payments before those of one day share theirs.
    weights: Vec<f64>,
    /// When its items were ready: Σ weight · P(ready on the offset), by offset.
    seen: [f64; OFFSETS],
    posterior: Vec<f64>,
    tallies: Tallies,
    base: f64,
    weekdays: [f64; WEEKDAYS],
    positions: [f64; POSITIONS],
}

impl Learner {
    fn new(payments: &[Payment], days: &Days) -> Self {
        let in_reach = |payment: &&Payment| (0..OFFSETS as i32).contains(&(payment.paid - payment.due - FIRST_OFFSET));
        let mut payments: Vec<Payment> = payments.iter().filter(in_reach).copied().collect();
        for payment in &payments {
            assert!(days.cell(payment.paid).is_some(), "a payment falls on no day of business: {payment:?}");
            assert!(payment.weight > 0.0, "the weight of a payment is not above 0: {payment:?}");
        }
        // Several due dates that one run pays show one run day, not several.
        payments.sort_by_key(|payment| (payment.paid, payment.due));
        let weights = payments.iter().map(|payment| payment.weight).collect();
        for of_day in payments.chunk_by_mut(|a, b| a.paid == b.paid) {
            let shared = (of_day.len() as f64).sqrt();
            of_day.iter_mut().for_each(|payment| payment.weight /= shared);
        }
        let base = log_odds(0.3);
        Learner {
            payments,
            weights,
            seen: [0.0; OFFSETS],
            posterior: vec![1.0 / PARTS as f64; PARTS],
            tallies: Tallies::default(),
            base,
            weekdays: [0.0; WEEKDAYS],
            positions: [0.0; POSITIONS],
        }
    }

    fn cell_log_odds(&self) -> [f64; CELLS] {
        std::array::from_fn(|cell| {
            (self.base + self.weekdays[cell / POSITIONS] + self.positions[cell % POSITIONS]).clamp(LOG_ODDS.0, LOG_ODDS.1)
        })
    }

    /// Which parts of the mixture its payments come from, and on which days it could have paid.
    fn expect(&mut self, mixture: &Mixture, log_prior: &[f64], days: &Days) {
        let chances = self.cell_log_odds().map(logistic);
        let waits: Vec<Wait> = self.payments.iter().map(|payment| Wait::new(payment, &chances, days)).collect();
        // A part that has become unlikely does not come back.
        let likely = self.posterior.iter().enumerate().filter(|(_, share)| **share >= UNLIKELY);
        let mut likely: Vec<(usize, f64)> = likely.map(|(part, _)| (part, log_prior[part])).collect();
        for (number, (wait, payment)) in (1..).zip(waits.iter().zip(&self.payments)) {
            for (part, sum) in &mut likely {
                let part = &mixture.parts[*part][wait.first..];
                let likelihood: f32 = wait.unpaid.iter().zip(part).map(|(unpaid, chance)| unpaid * chance).sum();
                *sum += payment.weight * (f64::from(likelihood).max(1e-6) + OUTLIER).ln();
            }
            if number % PAYMENTS_TO_JUDGE == 0 {
                let hopeless = largest(&likely) - HOPELESS;
                likely.retain(|(_, sum)| *sum > hopeless);
            }
        }
        let largest = largest(&likely);
        let total: f64 = likely.iter().map(|(_, sum)| (sum - largest).exp()).sum();
        self.posterior.fill(0.0);
        for (part, sum) in likely {
            self.posterior[part] = (sum - largest).exp() / total;
        }
        self.count(mixture, &waits, days);
    }

    /// Days on which it could have paid, as likely as the item was ready by then, and on which it did.
    fn count(&mut self, mixture: &Mixture, waits: &[Wait], days: &Days) {
        let density = mixture.density(&self.posterior);
        let mut tallies = Tallies::default();
        self.seen = [0.0; OFFSETS];
        for ((wait, payment), weight) in waits.iter().zip(&self.payments).zip(&self.weights) {
            let joint: Vec<f64> =
                wait.unpaid.iter().zip(&density[wait.first..]).map(|(unpaid, chance)| f64::from(*unpaid) * chance).collect();
            let total = joint.iter().sum::<f64>().max(1e-12);
            self.seen[wait.first..].iter_mut().zip(&joint).for_each(|(seen, joint)| *seen += weight * joint / total);
            let mut ready = 0.0;
            let mut could = |cell: usize, weight: f64, paid: f64| {
                let tally = Tally { opportunities: weight, payments: paid };
                tallies.all.add(&tally);
                tallies.weekdays[cell / POSITIONS].add(&tally);
                tallies.positions[cell % POSITIONS].add(&tally);
            };
            let first_day = payment.due + FIRST_OFFSET + wait.first as i32;
            for (day, joint) in (first_day..).zip(&joint) {
                ready += joint / total;
                if let Some(cell) = days.cell(day) {
                    let paid = if day == payment.paid { payment.weight } else { 0.0 };
                    could(cell, (ready * payment.weight).max(paid), paid);
                }
            }
        }
        self.tallies = tallies;
    }

    /// The customer's rates, held towards the pool's.
    fn maximise(&mut self, pool: &Tallies) {
        let pool_rate = pool.all.rate(0.01);
        let own = (self.tallies.all.payments + BASE_PRIOR * pool_rate) / (self.tallies.all.opportunities + BASE_PRIOR);
        self.base = log_odds(own.clamp(1e-3, 0.97));
        let base = self.base;
        let effect = |tally: &Tally, pool: &Tally| {
            let expected = logistic(base + log_odds(pool.rate(0.005)) - log_odds(pool_rate));
            log_odds(((tally.payments + CELL_PRIOR * expected) / (tally.opportunities + CELL_PRIOR)).clamp(1e-3, 0.98)) - base
        };
        // Either the weekday or the position in the month makes the run, seldom both: the likelier takes the larger part.
        let likelihood = |tallies: &[Tally]| -> f64 {
            let of_tally = |tally: &Tally| {
                let rate = ((tally.payments + 0.5 * own) / (tally.opportunities + 0.5)).clamp(1e-4, 1.0 - 1e-4);
                tally.payments * rate.ln() + (tally.opportunities - tally.payments) * (1.0 - rate).ln()
            };
            tallies.iter().map(of_tally).sum()
        };
        let difference = likelihood(&self.tallies.positions) - likelihood(&self.tallies.weekdays);
        let by_position = logistic(difference.clamp(-30.0, 30.0));
        self.weekdays = std::array::from_fn(|at| (1.0 - by_position) * effect(&self.tallies.weekdays[at], &pool.weekdays[at]));
        self.positions = std::array::from_fn(|at| by_position * effect(&self.tallies.positions[at], &pool.positions[at]));
    }

    /// When its items are ready: the mixture, and its own past beside it.
    fn with_own(&self, mixture: &Mixture) -> [f64; OFFSETS] {
        let density = mixture.density(&self.posterior);
        let weight: f64 = self.weights.iter().sum();
        std::array::from_fn(|place| (MIXTURE_PRIOR * density[place] + self.seen[place]) / (MIXTURE_PRIOR + weight))
    }

    fn habit(&self, density: &[f64; OFFSETS]) -> Habit {
        let log_odds = self.cell_log_odds();
        let mut sum = 0.0;
        let ready = density.iter().map(|chance| {
            sum += chance;
            sum.min(1.0) as f32
        });
        let ready = ready.collect();
        let mean_ready = density.iter().zip(FIRST_OFFSET..).map(|(chance, offset)| chance * f64::from(offset)).sum();
        Habit { ready, mean_ready, log_odds, chance: log_odds.map(logistic) }
    }
}

/// The days before a payment on which it may have become ready, and how likely it is that nothing was paid from each on.
struct Wait {
    /// Place of the first of these days among the offsets.
    first: usize,
    /// By day up to that of the payment: the chance that an item ready on it was not paid before the payment.
    unpaid: Vec<f32>,
}

impl Wait {
    fn new(payment: &Payment, chances: &[f64; CELLS], days: &Days) -> Self {
        let last = usize::try_from(payment.paid - payment.due - FIRST_OFFSET).expect("payments out of reach are left out");
        let first = last.saturating_sub(REACH);
        let mut unpaid = vec![1.0_f32; last - first + 1];
        let mut chance = 1.0;
        for place in (0..last - first).rev() {
            let day = payment.due + FIRST_OFFSET + (first + place) as i32;
            if let Some(cell) = days.cell(day) {
                chance *= 1.0 - chances[cell];
            }
            unpaid[place] = chance as f32;
        }
        Wait { first, unpaid }
    }
}

/// The parts' mean weight over the customers, half of it spread evenly.
fn mean_posterior(learners: &[Learner]) -> Vec<f64> {
    let mut sum = vec![0.0; PARTS];
    let customers = learners.len() as f64;
    for learner in learners {
        sum.iter_mut().zip(&learner.posterior).for_each(|(sum, share)| *sum += share);
    }
    let even = 1.0 / PARTS as f64;
    sum.into_iter().map(|sum| if customers > 0.0 { 0.5 * sum / customers + 0.5 * even } else { even }).collect()
}

/// The largest log-likelihood of any part.
fn largest(likely: &[(usize, f64)]) -> f64 {
    likely.iter().map(|(_, sum)| *sum).fold(f64::NEG_INFINITY, f64::max)
}

fn logistic(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}

fn log_odds(rate: f64) -> f64 {
    (rate / (1.0 - rate)).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two years of Mondays to Fridays; every 21st day stands for the last of a month.
    fn days() -> Days {
        let cells = (0..730).map(|day: i32| {
            let weekday = usize::try_from(day % 7).expect("not negative");
            let position = if day % 21 == 4 { MonthPosition::LastBusinessDay } else { MonthPosition::Other };
            (weekday < 5).then(|| u8::try_from(cell(weekday, position)).expect("28 cells"))
        });
        Days { first: 0, cells: cells.collect() }
    }

    /// Items due every nine days, ready on the due date, paid on the next day that `pays`.
    fn payer(pays: impl Fn(i32) -> bool) -> Vec<Payment> {
        let due = (60..600).step_by(9);
        due.map(|due| Payment { due, paid: (due..).find(|day| pays(*day)).expect("it pays some day"), weight: 1.0 }).collect()
    }

    #[test]
    fn a_weekly_payer_is_known_by_its_day() {
        let thursday = |day: i32| day % 7 == 3;
        let any = |day: i32| day % 7 < 5;
        let habits = Habits::learn(&[payer(thursday), payer(any), payer(any)], &days());
        let habit = habits.of(0);
        let on = |weekday: usize| logistic(habit.log_odds(cell(weekday, MonthPosition::Other)));
        assert!(on(3) > 0.9, "{}", on(3));
        assert!([0, 1, 2, 4].into_iter().all(|weekday| on(weekday) < 0.1), "{:?}", [0, 1, 2, 4].map(on));
        // Ready on the due date, not in the middle of the wait for Thursday.
        assert!(habit.mean_ready.abs() < 2.0, "{}", habit.mean_ready);
        // An item due on a Friday waits for the Thursday after.
        let mut item = habit.follow(613);
        let paid: Vec<f64> = (613..620).filter_map(|day| days().cell(day).map(|cell| item.on(day, cell))).collect();
        assert!(paid[..paid.len() - 1].iter().all(|chance| *chance < 0.15) && paid[paid.len() - 1] > 0.8, "{paid:?}");
    }

    #[test]
    fn a_monthly_payer_is_known_by_its_position_whatever_the_weekday() {
        let last = |day: i32| day % 21 == 4;
        let any = |day: i32| day % 7 < 5;
        let habits = Habits::learn(&[payer(last), payer(any), payer(any)], &days());
        let habit = habits.of(0);
        for weekday in 0..5 {
            assert!(logistic(habit.log_odds(cell(weekday, MonthPosition::Other))) < 0.2);
        }
        assert!(logistic(habit.log_odds(cell(4, MonthPosition::LastBusinessDay))) > 0.8);
        assert!(logistic(habits.of(1).log_odds(cell(2, MonthPosition::Other))) > 0.5, "who pays on any day has no run");
    }

    #[test]
    fn nobody_has_a_habit_without_payments() {
        let habits = Habits::learn(&[Vec::new(), Vec::new()], &days());
        assert_eq!(habits.of(0), habits.of(1));
        let log_odds: Vec<f64> = (0..CELLS).map(|cell| habits.of(0).log_odds(cell)).collect();
        assert!(log_odds.iter().all(|odds| (odds - log_odds[0]).abs() < 1e-9), "{log_odds:?}");
    }

    #[test]
    fn what_is_followed_leaves_no_more_than_all() {
        let habits = Habits::learn(&[payer(|day| day % 7 == 1)], &days());
        let mut item = habits.of(0).follow(300);
        let mut there = 1.0;
        for day in 260..420 {
            if let Some(cell) = days().cell(day) {
                let chance = item.on(day, cell);
                assert!((0.0..=1.0).contains(&chance), "{chance}");
                there *= 1.0 - chance;
            }
        }
        assert!(there < 0.05, "{there}");
    }
}
