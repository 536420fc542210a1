//! What is summed about collecting: cash and its delay, settled items, discounts, disputes, promises, roll rates, cohorts.
//!
//! Base currency at the historical rate of the debit item unless named otherwise. All sums are exact integers, like those
//! of [`super::totals`]. Everything here belongs to invoices and debit notes, so nothing of it lies before the first sale
//! of a scope value, and shortening a window changes none of it.

use super::calendar::Day;
use std::collections::BTreeMap;

/// A struct of integers that add and subtract field by field.
macro_rules! additive {
    ($(#[$attribute:meta])* pub struct $name:ident { $($(#[$doc:meta])* pub $field:ident,)* }) => {
        $(#[$attribute])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct $name {
            $($(#[$doc])* pub $field: i128,)*
        }

        impl $name {
            /// Adds another, skipping what is zero: most of most is.
            pub fn add(&mut self, other: &$name) {
                $(if other.$field != 0 { self.$field += other.$field; })*
            }

            /// Takes another away.
            pub fn subtract(&mut self, other: &$name) {
                $(if other.$field != 0 { self.$field -= other.$field; })*
            }
        }
    };
}

additive! {
    /// What happened in an interval.
    pub struct Collections {
        /// Cash applied to items that have a due date.
        pub cash_due,
        /// Σ that cash × its delay in days.
        pub cash_delay,
        /// Cash of the items settled, those with a due date.
        pub settled_cash,
        /// Σ that cash × its delay.
        pub settled_cash_delay,
        /// Σ amount of the items settled, those with a due date.
        pub settled_amount,
        /// Σ that amount × the delay of the item.
        pub settled_amount_delay,
        /// Number of items settled, those with a due date.
        pub settled_items,
        /// Σ amount of those settled on time.
        pub on_time_amount,
        /// Number of those settled on time.
        pub on_time_items,
        /// Discounts offered until a day of the interval.
        pub discount_offered,
        /// Number of items that offered them.
        pub discount_offered_items,
        /// Discounts taken in time.
        pub discount_taken,
        /// Number of items on which they were.
        pub discount_taken_items,
        /// Discounts offered and not taken in time.
        pub discount_missed,
        /// Discounts taken too late, by the day they were applied.
        pub discount_leaked,
        /// Discounts taken in time on items with a due date.
        pub discount_taken_due,
        /// Σ cash paid on those items × days before the due date.
        pub discount_cash_days,
        /// Discounts offered on items due after the discount's last day.
        pub contractual_discount,
        /// Σ (amount − discount) × days between the two, of those items.
        pub contractual_days,
        /// Number of invoices with a delivery date.
        pub lag_items,
        /// Σ days from delivery to invoice.
        pub lag_days,
        /// Σ amount of those invoices.
        pub lag_amount,
        /// Σ amount × days.
        pub lag_amount_days,
        /// Number of disputes closed.
        pub disputes_closed,
        /// Σ days they were open.
        pub dispute_days,
        /// Number of promises that came due.
        pub promises_due,
        /// Number of those kept.
        pub promises_kept,
        /// Number of those kept in part.
        pub promises_partly,
    }
}

additive! {
    /// How things stand at a period end, beside [`super::totals::Balance`].
    pub struct Standing {
        /// Number of open items past due beyond the days of grace.
        pub late_items,
        /// What is open of them.
        pub late_amount,
        /// Σ open × days past due over the debit items past due, at the closing rate.
        pub overdue_days_weighted,
        /// Disputed part of the open debit items.
        pub disputed_historical,
        /// Open debit items not yet due, less their disputed part.
        pub not_due_undisputed_historical,
        /// Open at the start of the period's month or invoiced in it, and due by its end.
        pub collectable,
        /// Cash applied in the month to items due by its end.
        pub collected,
        /// Cash applied in the month to items due later.
        pub collected_early,
        /// Number of open disputes.
        pub disputes_open,
        /// Σ their ages in days.
        pub disputes_open_days,
    }
}

/// Ages in days at which a cohort's collections are read.
pub const COHORT_DAYS: [i32; 6] = [30, 60, 90, 120, 180, 365];

/// The invoices and debit notes of one calendar month, as they stand at `as_of`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cohort {
    /// Number of items.
    pub items: u64,
    /// Σ amount.
    pub billed: i128,
    /// Credit notes applied.
    pub credited: i128,
    /// Cash within each of [`COHORT_DAYS`] of the document date.
    pub collected: [i128; COHORT_DAYS.len()],
    /// Document date of the oldest item.
    pub oldest: Day,
    /// Document date of the youngest item.
    pub youngest: Day,
}

impl Default for Cohort {
    fn default() -> Self {
        Cohort { items: 0, billed: 0, credited: 0, collected: [0; COHORT_DAYS.len()], oldest: Day::MAX, youngest: Day::MIN }
    }
}

impl Cohort {
    /// Adds other items of the same month.
    pub fn add(&mut self, other: &Cohort) {
        self.items += other.items;
        self.billed += other.billed;
        self.credited += other.credited;
        self.collected.iter_mut().zip(other.collected).for_each(|(sum, part)| *sum += part);
        self.oldest = self.oldest.min(other.oldest);
        self.youngest = self.youngest.max(other.youngest);
    }
}

/// What became of open items from one month end to the next, laid out as [`RollShape`] says. Amounts and numbers stand
/// apart, because side by side a third of the memory would be padding.
#[derive(Clone, Debug, Default)]
pub struct Rolls {
    /// Amount, base currency at historical rates.
    pub amounts: Vec<i128>,
    /// Number of items.
    pub items: Vec<u32>,
}

impl Rolls {
    /// Nothing yet.
    pub fn new(shape: RollShape) -> Self {
        Rolls { amounts: vec![0; shape.cells()], items: vec![0; shape.cells()] }
    }

    /// Adds one item's part.
    pub fn add_transition(&mut self, transition: &Transition) {
        self.amounts[transition.cell as usize] += i128::from(transition.amount);
        self.items[transition.cell as usize] += transition.items;
    }

    /// Adds others of the same shape.
    pub fn add(&mut self, other: &Rolls) {
        self.amounts.iter_mut().zip(&other.amounts).for_each(|(sum, part)| *sum += part);
        self.items.iter_mut().zip(&other.items).for_each(|(sum, part)| *sum += part);
    }
}

/// One item's part in the roll rates of a period. Positions are those of [`RollShape`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// Position of the cell.
    pub cell: u32,
    /// Amount.
    pub amount: i64,
    /// 1 in the cell where the item is counted, else 0.
    pub items: u32,
}

/// How the cells of roll rates are laid out: period, then bucket before, then bucket after, `write_off`, `settled`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RollShape {
    /// Number of buckets of debit items.
    pub buckets: usize,
    /// Number of period ends.
    pub periods: usize,
}

impl RollShape {
    /// Number of cells.
    pub fn cells(&self) -> usize {
        self.periods * self.buckets * self.targets()
    }

    /// Number of what can become of an item: the buckets, `write_off` and `settled`.
    pub fn targets(&self) -> usize {
        self.buckets + 2
    }

    /// The target of what was written off.
    pub fn write_off(&self) -> usize {
        self.buckets
    }

    /// The target of what was settled otherwise.
    pub fn settled(&self) -> usize {
        self.buckets + 1
    }

    /// The position of a cell.
    pub fn cell(&self, period: usize, from: usize, to: usize) -> usize {
        (period * self.buckets + from) * self.targets() + to
    }
}

/// A dispute of an invoice or debit note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DisputeSpan {
    /// First day; not before the document.
    pub opened: Day,
    /// First day no longer in dispute; `Day::MAX` while it is open.
    pub closed: Day,
}

/// What is added to a window of a period beside its intervals: where what was known then differs from what is known now,
/// because an item was settled then and is open again, or a discount was applied later.
///
/// Boxed, because a node of the map has room for eleven.
pub type Corrections = BTreeMap<(u32, u8), Box<Collections>>;

/// Adds corrections to others.
pub fn add_corrections(sum: &mut Corrections, other: &Corrections) {
    for (window, part) in other {
        sum.entry(*window).or_default().add(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_can_be_taken_away() {
        let mut sum = Collections { cash_due: 5, promises_partly: 2, ..Collections::default() };
        let part = Collections { cash_due: -7, lag_days: 1, ..Collections::default() };
        let before = sum;
        sum.add(&part);
        assert_eq!((sum.cash_due, sum.lag_days, sum.promises_partly), (-2, 1, 2));
        sum.subtract(&part);
        assert_eq!(sum, before);
    }

    #[test]
    fn every_cell_of_roll_rates_has_a_place_of_its_own() {
        let shape = RollShape { buckets: 3, periods: 2 };
        let mut places: Vec<usize> = (0..2)
            .flat_map(|period| (0..3).flat_map(move |from| (0..5).map(move |to| (period, from, to))))
            .map(|(period, from, to)| shape.cell(period, from, to))
            .collect();
        places.sort_unstable();
        assert_eq!(places, (0..shape.cells()).collect::<Vec<_>>());
    }
}
