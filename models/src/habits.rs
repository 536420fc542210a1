//! Payment-run habits: on which weekdays and at which points of the month a customer pays, once payment is near.
//!
//! Many customers pay in runs: every Thursday, on the last business day, on the 15th and the last. What a run leaves to chance
//! is little, so that it says more about the day of a payment than anything else. A customer with ten payments shows its habit
//! only roughly: what it did is shrunk towards what all do, as strongly as customers are alike.
//!
//! The habit has two margins, weekday and month position, that add on the log-odds scale. Each is a beta-binomial estimate
//! against what the other leaves to expect, fitted in turn. On simulated run customers with 10 to 40 payments this beat the
//! table of weekday × position cells (spread too thin; `habits_laws.rs` repeats that), and once, by less, the two margins taken
//! one without the other (a habit counted twice), cells shrunk to the margins, and a ridge logistic regression of each customer.

/// Monday to Sunday: 0 to 6. A company that works on business days has no opportunities on the last two.
pub const WEEKDAYS: usize = 7;
/// See [`MonthPosition`].
pub const POSITIONS: usize = 4;
/// Weekdays × month positions, see [`cell`].
pub const CELLS: usize = WEEKDAYS * POSITIONS;

/// The prior counts as many opportunities as this at least: half an opportunity does not move a habit that was seen.
const STRENGTH_MIN: f64 = 0.5;
/// And at most as this: with a hundred payments every customer may be different from the pool.
const STRENGTH_MAX: f64 = 200.0;
/// Rates are kept this far from 0 and 1, where log-odds have no value.
const RATE_MIN: f64 = 1e-4;
/// Two more rounds lowered the log-loss of the simulated customers by less than a thousandth of it.
const ROUNDS: usize = 2;

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
///
/// When the weekday is above 6.
pub fn cell(weekday: usize, position: MonthPosition) -> usize {
    assert!(weekday < WEEKDAYS, "a weekday is 0 to 6: {weekday}");
    weekday * POSITIONS + position as usize
}

/// How often one customer could have paid on the days of each cell, and how often it did.
///
/// An opportunity is a day on which the customer had an item for which payment was near; a payment is an opportunity on which
/// it paid. Both may be weighted by recency. Payments of a cell are never more than its opportunities.
///
/// A habit that is used to train a model may count only what was known before the rows it is used for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CustomerCounts {
    /// Days on which the customer could have paid, ≥ 0.
    pub opportunities: [f64; CELLS],
    /// Days on which it did, ≥ 0.
    pub payments: [f64; CELLS],
}

impl CustomerCounts {
    /// One more day with the given weight (1, or less for an older day).
    pub fn add(&mut self, cell: usize, weight: f64, is_paid: bool) {
        self.opportunities[cell] += weight;
        if is_paid {
            self.payments[cell] += weight;
        }
    }

    fn totals(&self) -> Tally {
        self.tally(0..CELLS)
    }

    fn tally(&self, cells: impl Iterator<Item = usize>) -> Tally {
        cells.fold(Tally::default(), |sum, cell| Tally {
            opportunities: sum.opportunities + self.opportunities[cell],
            payments: sum.payments + self.payments[cell],
        })
    }

    /// Beyond rounding, more payments than opportunities would give rates above 1.
    fn check(&self) {
        for (cell, (opportunities, payments)) in self.opportunities.iter().zip(&self.payments).enumerate() {
            let is_valid = opportunities.is_finite() && *payments >= 0.0 && *payments <= opportunities * (1.0 + 1e-9);
            assert!(is_valid, "cell {cell}: {payments} payments on {opportunities} opportunities");
        }
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    opportunities: f64,
    payments: f64,
}

impl Tally {
    /// The rate shrunk to an expected one that counts as `strength` opportunities.
    fn shrunk(self, strength: f64, expected: f64) -> f64 {
        (self.payments + strength * expected) / (self.opportunities + strength)
    }
}

/// What all customers together do, and how alike they are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pool {
    /// Q: payments ÷ opportunities over all cells, 0.0001 to 0.9999.
    pub rate: f64,
    /// q: the same of each cell; Q where nobody had an opportunity.
    pub rates: [f64; CELLS],
    /// Opportunities that the pool's rate counts as in a customer's overall rate, 0.5 to 200.
    pub rate_strength: f64,
    /// The same of each weekday.
    pub weekday_strengths: [f64; WEEKDAYS],
    /// The same of each month position.
    pub position_strengths: [f64; POSITIONS],
}

impl Pool {
    /// The pool of these customers.
    ///
    /// - Q = Σ payments ÷ Σ opportunities, q likewise per cell
    /// - strength = 1 ÷ ρ − 1, bounded to 0.5 … 200, with ρ by the method of moments:
    ///   ρ = (A − (G − 1)) ÷ (C − (G − 1)), A = Σ n·(p − q)² ÷ (q·(1 − q)), C = N − Σn² ÷ N
    ///
    /// Sums over the G customers with opportunities n > 0 on the days in question (all, one weekday, one position). p: a
    /// customer's rate. N = Σn. ρ: correlation of two days of one customer, 0 when customers differ no more than chance.
    ///
    /// Edge cases: without opportunities Q is 0.5 and every strength 200: nobody has a habit. Strength 200 also when fewer than
    /// two customers can be compared, when none or all pay, and when ρ ≤ 0.
    ///
    /// # Panics
    ///
    /// When a customer has more payments than opportunities in a cell, or a number that is negative or not finite.
    ///
    /// Source: J. C. Kleinman (1973), *Proportions with Extraneous Variance: Single and Independent Samples*, JASA 68, 46–54.
    pub fn estimate(customers: &[CustomerCounts]) -> Self {
        customers.iter().for_each(CustomerCounts::check);
        let all = pooled(customers, 0..CELLS);
        let rate = if all.opportunities > 0.0 { bounded(all.payments / all.opportunities) } else { 0.5 };
        Self {
            rate,
            rates: std::array::from_fn(|cell| {
                let tally = pooled(customers, cell..=cell);
                if tally.opportunities > 0.0 { bounded(tally.payments / tally.opportunities) } else { rate }
            }),
            rate_strength: prior_strength(customers, 0..CELLS),
            weekday_strengths: std::array::from_fn(|weekday| prior_strength(customers, cells_of_weekday(weekday))),
            position_strengths: std::array::from_fn(|position| prior_strength(customers, cells_of_position(position))),
        }
    }

    /// The customer's habit: for each cell, how much likelier it pays there than its own rate and the pool's pattern have it.
    ///
    /// logit P(paid in cell) = logit(own) + logit(q) − logit(Q) + weekday + position
    ///
    /// Returned is weekday + position, in log-odds; own: the customer's overall rate, shrunk to Q. Each margin's effect is
    /// logit(p) − logit(r) with p = (y + s·r) ÷ (n + s), where n and y are the customer's opportunities and payments on those
    /// days, r the mean rate the other terms let expect on them, and s the pool's strength; position first, two rounds.
    ///
    /// Edge cases: 0 in all cells for a customer without opportunities. A margin on which the customer had none has no effect.
    ///
    /// ```
    /// use arrears_models::habits::{cell, CustomerCounts, MonthPosition, Pool, CELLS};
    /// let pool = Pool { rate: 0.5, rates: [0.5; CELLS], rate_strength: 5.0, weekday_strengths: [5.0; 7], position_strengths: [5.0; 4] };
    /// // Five Mondays, on all of which it paid, and five Tuesdays, on none.
    /// let mut customer = CustomerCounts::default();
    /// for _ in 0..5 {
    ///     customer.add(cell(0, MonthPosition::Other), 1.0, true);
    ///     customer.add(cell(1, MonthPosition::Other), 1.0, false);
    /// }
    /// // Overall it pays on half of its days, as the pool does. On Mondays (5 + 5 · 0.5) ÷ (5 + 5) = 3/4: odds 3 instead of 1.
    /// let habit = pool.log_odds(&customer);
    /// assert!((habit[cell(0, MonthPosition::Other)] - 3.0_f64.ln()).abs() < 1e-12);
    /// assert!((habit[cell(1, MonthPosition::Fifteenth)] + 3.0_f64.ln()).abs() < 1e-12);
    /// assert_eq!(habit[cell(2, MonthPosition::Other)], 0.0);
    /// ```
    ///
    /// # Panics
    ///
    /// As [`Pool::estimate`].
    ///
    /// Source: the margins in turn are the backfitting of T. J. Hastie, R. J. Tibshirani (1990), *Generalized Additive Models*,
    /// section 4.4; the shrinkage is that of the beta-binomial model, A. Gelman et al. (2013), *Bayesian Data Analysis*,
    /// section 5.1.
    pub fn log_odds(&self, customer: &CustomerCounts) -> [f64; CELLS] {
        customer.check();
        let own = logit(customer.totals().shrunk(self.rate_strength, self.rate));
        let base = self.rates.map(|rate| own + logit(rate) - logit(self.rate));
        let mut weekdays = [0.0; WEEKDAYS];
        let mut positions = [0.0; POSITIONS];
        for _ in 0..ROUNDS {
            positions = std::array::from_fn(|position| {
                let expected = |cell: usize| base[cell] + weekdays[cell / POSITIONS];
                effect(customer, cells_of_position(position), expected, self.position_strengths[position])
            });
            weekdays = std::array::from_fn(|weekday| {
                let expected = |cell: usize| base[cell] + positions[cell % POSITIONS];
                effect(customer, cells_of_weekday(weekday), expected, self.weekday_strengths[weekday])
            });
        }
        std::array::from_fn(|cell| weekdays[cell / POSITIONS] + positions[cell % POSITIONS])
    }
}

/// How much likelier than expected the customer pays on these days, in log-odds.
fn effect(customer: &CustomerCounts, cells: impl Iterator<Item = usize> + Clone, expected: impl Fn(usize) -> f64, strength: f64) -> f64 {
    let tally = customer.tally(cells.clone());
    if tally.opportunities <= 0.0 {
        return 0.0;
    }
    let payments: f64 = cells.map(|cell| customer.opportunities[cell] * logistic(expected(cell))).sum();
    let rate = payments / tally.opportunities;
    logit(tally.shrunk(strength, rate)) - logit(rate)
}

fn pooled(customers: &[CustomerCounts], cells: impl Iterator<Item = usize> + Clone) -> Tally {
    customers.iter().fold(Tally::default(), |sum, customer| {
        let tally = customer.tally(cells.clone());
        Tally { opportunities: sum.opportunities + tally.opportunities, payments: sum.payments + tally.payments }
    })
}

/// How many opportunities the pool's rate counts as: see [`Pool::estimate`].
fn prior_strength(customers: &[CustomerCounts], cells: impl Iterator<Item = usize> + Clone) -> f64 {
    let all = pooled(customers, cells.clone());
    let rate = all.payments / all.opportunities;
    // Also when nobody had an opportunity: 0 ÷ 0 is in no range.
    if !(rate > 0.0 && rate < 1.0) {
        return STRENGTH_MAX;
    }
    let (mut groups, mut squares, mut squared) = (0.0, 0.0, 0.0);
    for tally in customers.iter().map(|customer| customer.tally(cells.clone())).filter(|tally| tally.opportunities > 0.0) {
        groups += 1.0;
        squares += tally.opportunities * (tally.payments / tally.opportunities - rate).powi(2);
        squared += tally.opportunities * tally.opportunities;
    }
    let by_chance = groups - 1.0;
    let largest = all.opportunities - squared / all.opportunities;
    let correlation = (squares / (rate * (1.0 - rate)) - by_chance) / (largest - by_chance);
    // Opportunities below one a customer (old, weighted down) leave nothing to compare.
    if largest <= by_chance || correlation.is_nan() || correlation <= 0.0 {
        return STRENGTH_MAX;
    }
    (1.0 / correlation - 1.0).clamp(STRENGTH_MIN, STRENGTH_MAX)
}

fn cells_of_weekday(weekday: usize) -> impl Iterator<Item = usize> + Clone {
    (0..POSITIONS).map(move |position| weekday * POSITIONS + position)
}

fn cells_of_position(position: usize) -> impl Iterator<Item = usize> + Clone {
    (0..WEEKDAYS).map(move |weekday| weekday * POSITIONS + position)
}

fn bounded(rate: f64) -> f64 {
    rate.clamp(RATE_MIN, 1.0 - RATE_MIN)
}

/// Log-odds of a rate, kept off 0 and 1.
fn logit(rate: f64) -> f64 {
    let rate = bounded(rate);
    (rate / (1.0 - rate)).ln()
}

fn logistic(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use MonthPosition::{Fifteenth, LastBusinessDay, Other};

    /// A customer of `count` opportunities on each given cell, of which so many were paid.
    fn customer(cells: &[(usize, f64, f64)]) -> CustomerCounts {
        let mut counts = CustomerCounts::default();
        for (cell, opportunities, payments) in cells {
            counts.opportunities[*cell] += opportunities;
            counts.payments[*cell] += payments;
        }
        counts
    }

    fn thursday_payer() -> CustomerCounts {
        customer(&[(cell(3, Other), 20.0, 18.0), (cell(1, Other), 20.0, 0.0), (cell(4, Other), 20.0, 1.0)])
    }

    fn even_payer() -> CustomerCounts {
        customer(&[(cell(3, Other), 20.0, 6.0), (cell(1, Other), 20.0, 6.0), (cell(4, Other), 20.0, 6.0)])
    }

    #[test]
    fn a_customer_without_data_has_no_habit() {
        let pool = Pool::estimate(&[thursday_payer(), even_payer()]);
        assert_eq!(pool.log_odds(&CustomerCounts::default()), [0.0; CELLS]);
        let nobody = Pool::estimate(&[]);
        assert_eq!((nobody.rate, nobody.rate_strength, nobody.log_odds(&CustomerCounts::default())), (0.5, 200.0, [0.0; CELLS]));
        assert!(nobody.log_odds(&thursday_payer())[cell(3, Other)] > 0.0);
    }

    #[test]
    fn a_habit_that_all_share_is_nobodys_habit() {
        let pool = Pool::estimate(&[thursday_payer(); 10]);
        assert!(pool.log_odds(&thursday_payer()).iter().all(|log_odds| log_odds.abs() < 1e-3));
        assert!((pool.rates[cell(3, Other)] - 0.9).abs() < 1e-12 && pool.weekday_strengths[3] == 200.0);
    }

    #[test]
    fn the_more_customers_differ_the_less_the_pool_counts() {
        let tuesday_payer = customer(&[(cell(3, Other), 20.0, 0.0), (cell(1, Other), 20.0, 20.0), (cell(4, Other), 20.0, 0.0)]);
        let thursday_payer = customer(&[(cell(3, Other), 20.0, 20.0), (cell(1, Other), 20.0, 0.0), (cell(4, Other), 20.0, 0.0)]);
        let alike = Pool::estimate(&[even_payer(); 4]);
        let different = Pool::estimate(&[tuesday_payer, thursday_payer, tuesday_payer, thursday_payer]);
        assert_eq!((alike.weekday_strengths[1], different.weekday_strengths[1]), (200.0, 0.5));
        // Rates of 0.3 ± 0.1 on 20 days each, by hand: A = 40 · 0.01 ÷ 0.21, C = 20, ρ = (A − 1) ÷ 19.
        let [less, more] = [4.0, 8.0].map(|payments| customer(&[(cell(0, Other), 20.0, payments)]));
        let strength = Pool::estimate(&[less, more]).weekday_strengths[0];
        assert!((strength - (19.0 / (0.4 / 0.21 - 1.0) - 1.0)).abs() < 1e-9, "{strength}");
    }

    #[test]
    fn a_payer_on_the_last_day_has_no_weekday() {
        // Each month ends on another weekday; on the other days it never pays.
        let days = (0..5).flat_map(|weekday| [(cell(weekday, LastBusinessDay), 4.0, 4.0), (cell(weekday, Other), 16.0, 0.0)]);
        let last_day_payer = customer(&days.collect::<Vec<_>>());
        let any_day = (0..5).flat_map(|weekday| [(cell(weekday, LastBusinessDay), 4.0, 1.0), (cell(weekday, Other), 16.0, 4.0)]);
        let any_day_payer = customer(&any_day.collect::<Vec<_>>());
        let pool = Pool::estimate(&[last_day_payer, any_day_payer, any_day_payer, any_day_payer]);
        let habit = pool.log_odds(&last_day_payer);
        assert!((0..5).all(|weekday| habit[cell(weekday, LastBusinessDay)] > 2.0), "{habit:?}");
        assert!((0..5).all(|weekday| habit[cell(weekday, Other)] < -2.0), "{habit:?}");
        // Where it has not been seen, nothing is known but the weekday.
        assert!((0..5).all(|weekday| habit[cell(weekday, Fifteenth)].abs() < 0.7), "{habit:?}");
    }

    #[test]
    fn what_the_weekday_explains_is_taken_back_from_the_position() {
        // Mondays only, and the last business day was a Monday as often as not.
        let mondays = customer(&[
            (cell(0, LastBusinessDay), 5.0, 5.0),
            (cell(1, LastBusinessDay), 5.0, 0.0),
            (cell(0, Other), 5.0, 5.0),
            (cell(1, Other), 25.0, 0.0),
        ]);
        let strengths =
            Pool { rate: 0.25, rates: [0.25; CELLS], rate_strength: 1.0, weekday_strengths: [1.0; 7], position_strengths: [1.0; 4] };
        let habit = strengths.log_odds(&mondays);
        // A Wednesday shows what the position alone is worth.
        let [last, other] = [cell(2, LastBusinessDay), cell(2, Other)].map(|cell| habit[cell]);
        assert!(last.abs() < 0.3 && other.abs() < 0.3, "{last} {other}");
        assert!(habit[cell(0, Other)] > 2.0 && habit[cell(1, Other)] < -2.0);
    }

    #[test]
    #[should_panic(expected = "cell 15: 3 payments on 2 opportunities")]
    fn more_payments_than_days_are_refused() {
        Pool::estimate(&[customer(&[(cell(3, Other), 2.0, 3.0)])]);
    }
}
