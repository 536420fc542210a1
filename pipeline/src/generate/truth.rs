//! What was true: run days, latent trouble and true default probabilities. Never ingested.
//!
//! Responsible for the columns and rows of `truth/`. Not responsible for the latent path itself: see `customers`.

use super::World;
use super::calendar::RunRule;
use super::customers::{Outcome, SEGMENTS, stop_probability_within};
use super::tables::ColumnType::{self, Date, Flag, Rate, Text, Whole};
use super::tables::{Chunk, Id, RowSink};

type Columns = &'static [(&'static str, ColumnType)];

/// One row per customer. `payments_stopped_date` is the day from which no cash comes; `default_date` is the event of the
/// risk model as the book shows it, some weeks later.
pub(super) const CUSTOMER_COLUMNS: Columns = &[
    ("company_id", Text),
    ("customer_id", Text),
    ("segment", Text),
    ("delay_days_mean", Rate),
    ("delay_days_spread", Rate),
    ("trouble_probability_monthly", Rate),
    ("trouble_first_date", Date),
    ("payments_stopped_date", Date),
    ("outcome", Text),
    ("payments_resumed_date", Date),
    ("default_date", Date),
];

/// One row per customer: the rule of its payment run and the share of payments that keep to it.
pub(super) const RUN_DAY_COLUMNS: Columns =
    &[("company_id", Text), ("customer_id", Text), ("run_rule", Text), ("run_share", Rate), ("is_direct_debit", Flag)];

/// One row per customer and change of state. `default_probability_180` is the probability, given the state on
/// `month_end`, that the customer stops paying within 4.5 months: a stop needs about six weeks more until an invoice is 90
/// days past due, since a customer in trouble pays late already. It holds until the customer's next row.
pub(super) const DEFAULT_PROBABILITY_COLUMNS: Columns = &[
    ("company_id", Text),
    ("customer_id", Text),
    ("month_end", Date),
    ("state", Text),
    ("trouble_months", Whole),
    ("default_probability_180", Rate),
];

/// A number with ten decimals, as the rates are written.
fn decimal(sink: &mut impl RowSink, number: f64) {
    // Four decimals of a day and six of a probability are plenty, and shorter.
    sink.rate((number * 1_000_000.0).round() as i64 * 10_000);
}

pub(super) fn customers(world: &World, chunk: &Chunk, sink: &mut impl RowSink) -> u64 {
    for (customer, book) in chunk.rows() {
        sink.text(chunk.company(customer));
        sink.text(Id::customer(customer.index).as_bytes());
        sink.text(SEGMENTS[customer.segment as usize].as_bytes());
        decimal(sink, customer.delay_mean);
        decimal(sink, customer.delay_spread);
        decimal(sink, customer.latent.trouble_monthly);
        match customer.latent.trouble_months.iter().position(|months| *months > 0) {
            Some(month) => sink.date(world.calendar.month_starts()[month]),
            None => sink.absent(),
        }
        match customer.latent.stop.filter(|stop| stop.day <= world.calendar.end) {
            Some(stop) => {
                sink.date(stop.day);
                sink.text(stop.outcome.word().as_bytes());
                if stop.outcome == Outcome::Cure { sink.date(stop.resume) } else { sink.absent() }
            }
            None => {
                sink.absent();
                sink.absent();
                sink.absent();
            }
        }
        match book.default_date {
            Some(day) => sink.date(day),
            None => sink.absent(),
        }
        sink.end_row();
    }
    chunk.customers.len() as u64
}

pub(super) fn run_days(chunk: &Chunk, sink: &mut impl RowSink) -> u64 {
    for customer in &chunk.customers {
        sink.text(chunk.company(customer));
        sink.text(Id::customer(customer.index).as_bytes());
        sink.text(customer.run.word().as_bytes());
        let share = if customer.run == RunRule::AnyDay { 0.0 } else { customer.run_share };
        decimal(sink, share);
        sink.flag(customer.is_direct_debit);
        sink.end_row();
    }
    chunk.customers.len() as u64
}

pub(super) fn default_probability(world: &World, chunk: &Chunk, sink: &mut impl RowSink) -> u64 {
    let mut rows = 0;
    for customer in &chunk.customers {
        let stopped = customer.latent.stop;
        let mut last = None;
        let first = world.calendar.month_index(customer.billing_from);
        for month in first..world.calendar.month_starts().len() {
            let day = world.calendar.month_end(month);
            let trouble = customer.latent.trouble_months[month];
            let state = match stopped {
                Some(stop) if day >= stop.day && (stop.outcome != Outcome::Cure || day < stop.resume) => "stopped",
                _ if trouble > 0 => "trouble",
                _ => "healthy",
            };
            if last == Some((state, trouble)) {
                continue;
            }
            last = Some((state, trouble));
            let within = |months| stop_probability_within(&world.rates_of_profile, &customer.latent, trouble, months);
            let probability = if state == "stopped" { 1.0 } else { (within(4) + within(5)) / 2.0 };
            sink.text(chunk.company(customer));
            sink.text(Id::customer(customer.index).as_bytes());
            sink.date(day);
            sink.text(state.as_bytes());
            sink.whole(i64::from(trouble));
            decimal(sink, probability);
            sink.end_row();
            rows += 1;
        }
    }
    rows
}
