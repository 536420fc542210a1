//! Exchange rates by day: the rate of a day is the last one on or before it.

use super::calendar::Day;
use super::money::{self, RATE_ONE};

/// A currency of the book, by its position in [`Rates`].
pub type CurrencyIndex = u16;

/// Rates of every currency of the book into the base currency, dense by day.
#[derive(Clone, Debug)]
pub struct Rates {
    first_day: Day,
    last_day: Day,
    currencies: Vec<CurrencyRates>,
    base: CurrencyIndex,
    base_unit: i64,
}

#[derive(Clone, Debug)]
struct CurrencyRates {
    code: String,
    /// Rate of each day from `first_day`; 0 before the first known rate. Empty for the base currency.
    by_day: Vec<i64>,
    /// Sum of the rates of the days before each position, so that the days of a stretch are summed by one subtraction.
    cumulative: Vec<i128>,
}

impl Rates {
    /// Builds the table for the days `first_day ..= last_day`.
    ///
    /// `currencies` lists every currency of the book with its dated rates in any order (scale 10, base units for one
    /// unit). The base currency needs no rates. `base_unit` is its minor unit in ten-thousandths.
    ///
    /// # Panics
    /// When `base_code` is not among `currencies`.
    pub fn new(base_code: &str, base_unit: i64, first_day: Day, last_day: Day, currencies: Vec<(String, Vec<(Day, i64)>)>) -> Self {
        let days = usize::try_from(i64::from(last_day) - i64::from(first_day) + 1).unwrap_or(0);
        let base = currencies.iter().position(|(code, _)| code == base_code).expect("the base currency is listed");
        let currencies = currencies
            .into_iter()
            .map(|(code, mut dated)| {
                let by_day = if code == base_code { vec![RATE_ONE; days] } else { fill_forward(&mut dated, first_day, days) };
                let mut sum = 0_i128;
                let mut cumulative = Vec::with_capacity(days + 1);
                cumulative.push(0);
                cumulative.extend(by_day.iter().map(|rate| {
                    sum += i128::from(*rate);
                    sum
                }));
                CurrencyRates { code, by_day, cumulative }
            })
            .collect();
        let base = CurrencyIndex::try_from(base).expect("a book has fewer than 65,536 currencies");
        Rates { first_day, last_day, currencies, base, base_unit }
    }

    /// The base currency.
    pub fn base(&self) -> CurrencyIndex {
        self.base
    }

    /// The base currency's minor unit in ten-thousandths.
    pub fn base_unit(&self) -> i64 {
        self.base_unit
    }

    /// The ISO code of a currency.
    pub fn code(&self, currency: CurrencyIndex) -> &str {
        &self.currencies[usize::from(currency)].code
    }

    /// Number of currencies.
    pub fn len(&self) -> usize {
        self.currencies.len()
    }

    /// Whether there is no currency at all.
    pub fn is_empty(&self) -> bool {
        self.currencies.is_empty()
    }

    /// The rate on `day` (clamped to the days of the table), or `None` before the first known one.
    pub fn on(&self, currency: CurrencyIndex, day: Day) -> Option<i64> {
        let rates = &self.currencies[usize::from(currency)].by_day;
        let rate = *rates.get(self.position(day))?;
        (rate != 0).then_some(rate)
    }

    /// Base value of `amount` at the rate of `day`, rounded half away from zero to the base minor unit; 0 without a rate.
    pub fn value_on(&self, currency: CurrencyIndex, day: Day, amount: i64) -> i64 {
        if currency == self.base {
            return amount;
        }
        self.on(currency, day).map_or(0, |rate| money::convert(amount, rate, self.base_unit))
    }

    /// Σ of the rates of the days `from ..= to`, scale 10; both must lie in the table, or the result is clipped to it.
    pub fn sum_between(&self, currency: CurrencyIndex, from: Day, to: Day) -> i128 {
        let (from, to) = (from.max(self.first_day), to.min(self.last_day));
        if from > to {
            return 0;
        }
        let cumulative = &self.currencies[usize::from(currency)].cumulative;
        cumulative[self.position(to) + 1] - cumulative[self.position(from)]
    }

    fn position(&self, day: Day) -> usize {
        usize::try_from(day.clamp(self.first_day, self.last_day) - self.first_day).expect("clamped to the table")
    }
}

/// Rates before the table's first day count for its first day on.
fn fill_forward(dated: &mut [(Day, i64)], first_day: Day, days: usize) -> Vec<i64> {
    dated.sort_unstable();
    let mut by_day = Vec::with_capacity(days);
    let mut next = 0;
    let mut current = 0;
    for offset in 0..days {
        let day = first_day + i32::try_from(offset).expect("days of a ledger fit 32 bits");
        while next < dated.len() && dated[next].0 <= day {
            current = dated[next].1;
            next += 1;
        }
        by_day.push(current);
    }
    by_day
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates() -> Rates {
        let euro = vec![(12, 11_200_000_000), (5, 10_800_000_000)];
        Rates::new("USD", 100, 10, 20, vec![("USD".into(), vec![]), ("EUR".into(), euro), ("JPY".into(), vec![(15, 67_000_000)])])
    }

    #[test]
    fn a_day_has_the_last_rate_on_or_before_it() {
        let rates = rates();
        assert_eq!(rates.on(1, 10), Some(10_800_000_000));
        assert_eq!(rates.on(1, 11), Some(10_800_000_000));
        assert_eq!(rates.on(1, 12), Some(11_200_000_000));
        assert_eq!(rates.on(2, 14), None);
        assert_eq!(rates.on(2, 20), Some(67_000_000));
        assert_eq!(rates.on(0, 13), Some(RATE_ONE));
    }

    #[test]
    fn a_stretch_of_days_sums_their_rates() {
        let rates = rates();
        assert_eq!(rates.sum_between(1, 11, 13), 10_800_000_000 + 2 * 11_200_000_000);
        assert_eq!(rates.sum_between(0, 10, 20), 11 * i128::from(RATE_ONE));
        assert_eq!(rates.sum_between(1, 14, 13), 0);
    }

    #[test]
    fn the_base_currency_is_never_converted() {
        assert_eq!(rates().value_on(0, 13, 12_345), 12_345);
        assert_eq!(rates().value_on(1, 13, 1_000_000), 1_120_000);
    }
}
