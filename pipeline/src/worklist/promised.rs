//! Which promise an open item stands under: the newest about it, broken or still running.

use super::amounts::OpenDebit;
use super::conversations::PromiseSoFar;
use super::days::WorkDays;
use crate::ledger::book::Book;
use crate::ledger::calendar::Day;

/// Days after the promised date from which a broken promise is history: the ladder goes on.
const BROKEN_FOR_DAYS: i32 = 30;
/// Days after the promised date for which a broken promise is told at all.
const TOLD_FOR_DAYS: i32 = 365;

/// A promise about an item that was not kept in full so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnderPromise<'a> {
    /// The promise.
    pub promise: &'a PromiseSoFar,
    /// Whether its day has passed.
    pub is_broken: bool,
    /// Whether the customer was spoken to about it since it was broken, or a month has passed: the ladder goes on.
    pub is_history: bool,
}

/// The promise that each of a customer's items stands under; `items` are its open items, oldest due first. Of promises made on
/// several days about an item only those of the newest count: they took the place of the others. Of these a broken one goes
/// before one that runs, and the earliest promised date first.
pub fn under_promises<'a>(
    book: &Book,
    promises: &'a [PromiseSoFar],
    items: &[OpenDebit],
    days: &WorkDays,
) -> Vec<Option<UnderPromise<'a>>> {
    let mut newest: Vec<Day> = vec![Day::MIN; items.len()];
    let about: Vec<Vec<usize>> = promises.iter().map(|promise| covered(book, promise, items, days.as_of)).collect();
    for (promise, places) in promises.iter().zip(&about) {
        places.iter().for_each(|place| newest[*place] = newest[*place].max(promise.promise.made_date));
    }
    let mut found: Vec<Option<UnderPromise>> = vec![None; items.len()];
    for (promise, places) in promises.iter().zip(&about).filter(|(promise, _)| promise.received < promise.promise.amount) {
        if days.as_of > promise.promise.promised_date.saturating_add(TOLD_FOR_DAYS) {
            continue;
        }
        let missing_from = days.after(promise.promise.promised_date);
        let is_broken = days.work >= missing_from;
        let was_answered = promise.spoken_date.is_some_and(|spoken| spoken >= missing_from);
        let is_history = is_broken && (was_answered || days.as_of > promise.promise.promised_date + BROKEN_FOR_DAYS);
        for place in places.iter().filter(|place| newest[**place] == promise.promise.made_date) {
            // They come by promised date, so that the broken ones are first.
            found[*place].get_or_insert(UnderPromise { promise, is_broken, is_history });
        }
    }
    found
}

/// The items that a promise is about: those of its document, or else what it covers of the account as it was when it was made,
/// oldest due first. A promise of the account that was kept is about nothing any more.
fn covered(book: &Book, promise: &PromiseSoFar, items: &[OpenDebit], as_of: Day) -> Vec<usize> {
    let made_date = promise.promise.made_date;
    if !promise.promise.items.is_empty() {
        return (0..items.len()).filter(|place| promise.promise.items.contains(&items[*place].item)).collect();
    }
    let places = (0..items.len()).filter(|place| items[*place].document_date <= made_date);
    let currency = promise.promise.currency;
    let rest = promise.promise.amount - promise.received;
    let same: Vec<usize> = places.clone().filter(|place| items[*place].currency == currency).collect();
    if same.is_empty() {
        // In a currency that nothing is open in: it counts by its value.
        let has_rate = currency == book.rates.base() || book.rates.on(currency, as_of).is_some();
        let value = if has_rate { book.rates.value_on(currency, as_of, rest) } else { 0 };
        return while_it_lasts(value, places, |place| items[place].rest_base);
    }
    while_it_lasts(rest, same.into_iter(), |place| items[place].rest)
}

fn while_it_lasts(mut rest: i64, places: impl Iterator<Item = usize>, amount: impl Fn(usize) -> i64) -> Vec<usize> {
    let is_covered = |place: &usize| {
        let is_covered = rest > 0 && amount(*place) > 0;
        rest = rest.saturating_sub(amount(*place));
        is_covered
    };
    places.filter(is_covered).collect()
}
