//! Laws of payment-run habits, on drawn customers who pay in runs, on customers who do not, and on days not seen before.

use arrears_models::habits::{CELLS, CustomerCounts, MonthPosition, Pool, cell};

/// Knuth's 64-bit linear congruential generator, upper bits.
struct Generator(u64);

impl Generator {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % limit as u64) as usize
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Habit {
    None,
    Weekly(usize),
    Last,
    Fifteenth,
    TwentyFifth,
    FifteenthAndLast,
}

/// A calendar of months of 21 and 22 business days, so that every position meets every weekday.
fn weekday(day: usize) -> usize {
    day % 5
}

fn position(day: usize) -> MonthPosition {
    match (day % 43 % 22, day % 43) {
        (_, 21 | 42) => MonthPosition::LastBusinessDay,
        (10, _) => MonthPosition::Fifteenth,
        (17, _) => MonthPosition::TwentyFifth,
        _ => MonthPosition::Other,
    }
}

fn is_run_day(habit: Habit, day: usize) -> bool {
    match habit {
        Habit::None => true,
        Habit::Weekly(run) => weekday(day) == run,
        Habit::Last => position(day) == MonthPosition::LastBusinessDay,
        Habit::Fifteenth => position(day) == MonthPosition::Fifteenth,
        Habit::TwentyFifth => position(day) == MonthPosition::TwentyFifth,
        Habit::FifteenthAndLast => matches!(position(day), MonthPosition::Fifteenth | MonthPosition::LastBusinessDay),
    }
}

/// Days near a payment: from five before the due date to the payment, which comes when the item is ready and a run is due.
fn payments(generator: &mut Generator, habit: Habit, count: usize, exact_percent: usize) -> CustomerCounts {
    let mut counts = CustomerCounts::default();
    for _ in 0..count {
        let due = 20 + generator.below(1_000);
        let ready = due + generator.below(6) + generator.below(6) - 5;
        let keeps_to_run = generator.chance(exact_percent);
        let paid = (ready..).find(|day| !keeps_to_run || is_run_day(habit, *day)).expect("a run day comes every month");
        for day in (due - 5).min(paid)..=paid {
            counts.add(cell(weekday(day), position(day)), 1.0, day == paid);
        }
    }
    counts
}

struct Customer {
    habit: Habit,
    seen: CustomerCounts,
    later: CustomerCounts,
}

/// Two of five customers without a habit, the others with one of five, 10 to 40 payments seen and 30 that follow.
fn customers(seed: u64, count: usize) -> Vec<Customer> {
    let mut generator = Generator(seed);
    let mut customer = || {
        let weekly = Habit::Weekly(generator.below(5));
        let habits = [Habit::Last, Habit::Fifteenth, Habit::TwentyFifth, Habit::FifteenthAndLast, weekly, weekly];
        let habit = if generator.chance(40) { Habit::None } else { habits[generator.below(6)] };
        let (seen, exact) = (10 + generator.below(31), 75 + generator.below(26));
        let seen = payments(&mut generator, habit, seen, exact);
        Customer { habit, seen, later: payments(&mut generator, habit, 30, exact) }
    };
    (0..count).map(|_| customer()).collect()
}

fn logit(rate: f64) -> f64 {
    (rate / (1.0 - rate)).ln()
}

/// Log-loss per day of what came later, given what each cell was held to be likely.
fn log_loss<'a>(customers: impl Iterator<Item = &'a Customer>, log_odds: impl Fn(&CustomerCounts) -> [f64; CELLS]) -> f64 {
    let (mut loss, mut days) = (0.0, 0.0);
    for customer in customers {
        let log_odds = log_odds(&customer.seen);
        for ((log_odds, opportunities), payments) in log_odds.iter().zip(customer.later.opportunities).zip(customer.later.payments) {
            let (paid, unpaid) = ((1.0 + (-log_odds).exp()).ln(), (1.0 + log_odds.exp()).ln());
            loss += payments * paid + (opportunities - payments) * unpaid;
            days += opportunities;
        }
    }
    loss / days
}

/// The customer's overall rate with the pool's pattern: all that is known without habits.
fn without_habit(pool: &Pool, counts: &CustomerCounts) -> [f64; CELLS] {
    let (opportunities, payments): (f64, f64) = (counts.opportunities.iter().sum(), counts.payments.iter().sum());
    let own = (payments + pool.rate_strength * pool.rate) / (opportunities + pool.rate_strength);
    pool.rates.map(|rate| logit(own) + logit(rate) - logit(pool.rate))
}

fn with_habit(pool: &Pool, counts: &CustomerCounts) -> [f64; CELLS] {
    let (base, habit) = (without_habit(pool, counts), pool.log_odds(counts));
    std::array::from_fn(|cell| base[cell] + habit[cell])
}

/// The rival: each of the cells by itself, shrunk to the pool's rate as if that had been seen so often.
fn by_cell(pool: &Pool, counts: &CustomerCounts, strength: f64) -> [f64; CELLS] {
    let base = without_habit(pool, counts);
    std::array::from_fn(|cell| {
        let expected = 1.0 / (1.0 + (-base[cell]).exp());
        logit((counts.payments[cell] + strength * expected) / (counts.opportunities[cell] + strength))
    })
}

#[test]
fn habits_foretell_the_days_of_later_payments_for_every_kind_of_run() {
    for seed in 1..=3 {
        let customers = customers(seed, 600);
        let pool = Pool::estimate(&customers.iter().map(|customer| customer.seen).collect::<Vec<_>>());
        let losses = |is_kind: fn(Habit) -> bool| {
            let kind = || customers.iter().filter(|customer| is_kind(customer.habit));
            assert!(kind().count() >= 30, "seed {seed}");
            [log_loss(kind(), |counts| with_habit(&pool, counts)), log_loss(kind(), |counts| without_habit(&pool, counts))]
        };
        let [with, without] = losses(|habit| matches!(habit, Habit::Weekly(_)));
        assert!(with < 0.75 * without, "seed {seed}, weekly: {with} against {without}");
        for kind in [
            |habit| habit == Habit::Last,
            |habit| habit == Habit::Fifteenth,
            |habit| habit == Habit::TwentyFifth,
            |habit| habit == Habit::FifteenthAndLast,
        ] {
            let [with, without] = losses(kind);
            assert!(with < 0.8 * without, "seed {seed}, monthly: {with} against {without}");
        }
        // Who has no habit is not given one, though most of the pool have.
        let [with, without] = losses(|habit| habit == Habit::None);
        assert!(with < 1.03 * without, "seed {seed}, none: {with} against {without}");
    }
}

#[test]
fn two_margins_foretell_more_than_the_table_of_cells() {
    for seed in 4..=6 {
        let customers = customers(seed, 600);
        let pool = Pool::estimate(&customers.iter().map(|customer| customer.seen).collect::<Vec<_>>());
        let margins = log_loss(customers.iter(), |counts| with_habit(&pool, counts));
        for strength in [0.5, 1.0, 2.0, 4.0, 8.0] {
            let table = log_loss(customers.iter(), |counts| by_cell(&pool, counts, strength));
            assert!(margins < 0.98 * table, "seed {seed}, strength {strength}: {margins} against {table}");
        }
    }
}

#[test]
fn where_nobody_has_a_habit_next_to_none_is_found() {
    let mut generator = Generator(7);
    let customers: Vec<CustomerCounts> = (0..300).map(|_| payments(&mut generator, Habit::None, 25, 100)).collect();
    let pool = Pool::estimate(&customers);
    let largest = customers.iter().flat_map(|counts| pool.log_odds(counts)).fold(0.0_f64, |largest, it| largest.max(it.abs()));
    assert!(largest < 1.0, "{largest}");
    assert!(pool.weekday_strengths[..5].iter().all(|strength| *strength > 50.0), "{pool:?}");
}

#[test]
fn one_more_payment_on_a_day_makes_that_weekday_likelier_and_no_other() {
    let customers = customers(8, 200);
    let pool = Pool::estimate(&customers.iter().map(|customer| customer.seen).collect::<Vec<_>>());
    for customer in &customers {
        let before = pool.log_odds(&customer.seen);
        for day in (0..5).map(|weekday| cell(weekday, MonthPosition::Other)) {
            if customer.seen.opportunities[day] - customer.seen.payments[day] < 1.0 {
                continue;
            }
            let mut more = customer.seen;
            more.payments[day] += 1.0;
            let after = pool.log_odds(&more);
            // The customer's own rate rises too: the other weekdays fall behind it.
            assert!(after[day] > before[day], "{:?}, cell {day}", customer.habit);
            let others = (0..5).map(|weekday| cell(weekday, MonthPosition::Other)).filter(|other| *other != day);
            assert!(others.clone().all(|other| after[other] - before[other] < after[day] - before[day]), "cell {day}");
        }
    }
}

#[test]
fn strengths_stay_bounded_and_the_order_of_customers_matters_only_to_rounding() {
    for seed in 10..30 {
        let mut counts: Vec<CustomerCounts> = customers(seed, 1 + seed as usize % 9).iter().map(|customer| customer.seen).collect();
        let pool = Pool::estimate(&counts);
        let strengths = pool.weekday_strengths.iter().chain(&pool.position_strengths).chain([&pool.rate_strength]);
        assert!(strengths.clone().all(|strength| (0.5..=200.0).contains(strength)), "seed {seed}");
        counts.reverse();
        let reversed = Pool::estimate(&counts);
        for customer in &counts {
            for (one, other) in pool.log_odds(customer).iter().zip(reversed.log_odds(customer)) {
                assert!(one.is_finite() && (one - other).abs() < 1e-9, "seed {seed}");
            }
        }
    }
}
