//! Exchange rates as they were known at the end of any day.
//!
//! Responsible for the rate of a date as known on a later or the same day: the last one on or before the date of those that
//! were recorded by then. Not responsible for sums over days: see `ledger::rates`.

use super::{FROM_THE_BEGINNING, Known, LedgerFiles, LoadOptions, Numbers, Rows, TO_THIS_DAY, read_row_groups};
use crate::error::Result;
use crate::ledger::book::Book;
use crate::ledger::calendar::Day;
use crate::ledger::money::{RATE_ONE, convert};
use crate::ledger::rates::CurrencyIndex;

/// Rates of every currency of a book into its base currency, with the days on which they were known.
#[derive(Clone, Debug, Default)]
pub struct KnownRates {
    /// By currency: dated rates (scale 10), by date and first known day.
    currencies: Vec<Vec<(Day, Known<i64>)>>,
    base: CurrencyIndex,
    base_unit: i64,
}

/// Reads every version of every rate.
pub(super) fn read(files: &LedgerFiles, options: &LoadOptions, book: &Book, numbers: &Numbers) -> Result<KnownRates> {
    let rows = Rows::of(files, "fx_rates", options)?;
    let columns = ["rate_date", "currency", "rate", "recorded_at"];
    let groups = read_row_groups(files.segments("fx_rates"), files.first_files, &columns, &[], |group| {
        let (dates, codes, rates, days) = (group.dates("rate_date"), group.texts("currency"), group.amounts("rate"), rows.days(group));
        (0..group.rows())
            .filter_map(|row| {
                let (from, until) = days(row)?;
                let currency = numbers.currency(codes[row].as_deref()?)?;
                Some((currency, dates[row], Known { fact: rates[row], from, until }))
            })
            .collect::<Vec<_>>()
    })?;
    let mut known = KnownRates::none(book, numbers.0.len());
    for (currency, date, rate) in groups.into_iter().flatten() {
        known.currencies[usize::from(currency)].push((date, rate));
    }
    for of_currency in &mut known.currencies {
        of_currency.sort_by_key(|(date, rate)| (*date, rate.from));
    }
    Ok(known)
}

impl KnownRates {
    fn none(book: &Book, currencies: usize) -> Self {
        KnownRates { currencies: vec![Vec::new(); currencies], base: book.rates.base(), base_unit: book.rates.base_unit() }
    }

    /// The rates that are known now, as if they had been known from the beginning.
    pub(super) fn in_hindsight(&self) -> Self {
        let now = |(date, known): &(Day, Known<i64>)| {
            (known.until == TO_THIS_DAY).then_some((*date, Known { from: FROM_THE_BEGINNING, ..*known }))
        };
        let currencies = self.currencies.iter().map(|of_currency| of_currency.iter().filter_map(now).collect()).collect();
        KnownRates { currencies, ..*self }
    }

    /// Rates of a book that are known from the beginning.
    #[cfg(test)]
    pub(crate) fn always(book: &Book, dated: &[(CurrencyIndex, Day, i64)]) -> Self {
        let mut known = Self::none(book, book.rates.len());
        for (currency, date, rate) in dated {
            known.currencies[usize::from(*currency)].push((*date, Known { fact: *rate, from: FROM_THE_BEGINNING, until: TO_THIS_DAY }));
        }
        known.currencies.iter_mut().for_each(|of_currency| of_currency.sort_by_key(|(date, _)| *date));
        known
    }

    /// Adds a rate of a date, for tests.
    #[cfg(test)]
    pub(super) fn push(&mut self, currency: CurrencyIndex, date: Day, rate: Known<i64>) {
        let of_currency = &mut self.currencies[usize::from(currency)];
        of_currency.push((date, rate));
        of_currency.sort_by_key(|(date, rate)| (*date, rate.from));
    }

    /// The base currency.
    pub fn base(&self) -> CurrencyIndex {
        self.base
    }

    /// The base currency's minor unit, ten-thousandths.
    pub fn base_unit(&self) -> i64 {
        self.base_unit
    }

    /// The rate of a date (scale 10), as known at the end of `day`; `None` when none is.
    pub fn on(&self, currency: CurrencyIndex, date: Day, day: Day) -> Option<i64> {
        if currency == self.base {
            return Some(RATE_ONE);
        }
        let rates = self.until_date(currency, date);
        rates.iter().rev().find(|(_, rate)| rate.is_known(day)).map(|(_, rate)| rate.fact)
    }

    /// Base value of `amount` at the rate of a date as known at the end of `day`, rounded half away from zero to the base minor
    /// unit; 0 without a rate.
    pub fn value_on(&self, currency: CurrencyIndex, date: Day, day: Day, amount: i64) -> i64 {
        if currency == self.base {
            return amount;
        }
        self.on(currency, date, day).map_or(0, |rate| convert(amount, rate, self.base_unit))
    }

    /// The rates of a date as they were known one after the other, from `from` (or the date itself, if that is later) until
    /// `until`. Days on which none is known are left out.
    pub fn stretches(&self, currency: CurrencyIndex, date: Day, from: Day, until: Day) -> Vec<Known<i64>> {
        if currency == self.base {
            return vec![Known { fact: RATE_ONE, from, until }];
        }
        let first = from.max(date);
        let rates = self.until_date(currency, date);
        // Rates before one that is known on all the days asked for are never needed.
        let mut days = vec![first];
        for (_, rate) in rates.iter().rev() {
            days.extend([rate.from, rate.until].into_iter().filter(|day| first < *day && *day < until));
            if rate.from <= first && until <= rate.until {
                break;
            }
        }
        days.sort_unstable();
        days.dedup();
        let mut stretches: Vec<Known<i64>> = Vec::new();
        for (place, day) in days.iter().enumerate() {
            let end = days.get(place + 1).copied().unwrap_or(until);
            let Some(rate) = self.on(currency, date, *day) else { continue };
            match stretches.last_mut() {
                Some(last) if last.until == *day && last.fact == rate => last.until = end,
                _ if *day < end => stretches.push(Known { fact: rate, from: *day, until: end }),
                _ => {}
            }
        }
        // Before its date an item does not count, but it may be known.
        if let Some(stretch) = stretches.first_mut().filter(|stretch| stretch.from == first) {
            stretch.from = from;
        }
        stretches
    }

    /// The days from `from` until `until` on which any rate of a date is known.
    pub(super) fn known_stretches(&self, currency: CurrencyIndex, date: Day, from: Day, until: Day) -> Vec<(Day, Day)> {
        let mut known: Vec<(Day, Day)> = Vec::new();
        for stretch in self.stretches(currency, date, from, until) {
            match known.last_mut() {
                Some((_, end)) if *end == stretch.from => *end = stretch.until,
                _ => known.push((stretch.from, stretch.until)),
            }
        }
        known
    }

    fn until_date(&self, currency: CurrencyIndex, date: Day) -> &[(Day, Known<i64>)] {
        let Some(rates) = self.currencies.get(usize::from(currency)) else { return &[] };
        &rates[..rates.partition_point(|(of, _)| *of <= date)]
    }
}
