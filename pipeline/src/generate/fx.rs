//! Currencies and daily exchange rates.
//!
//! Responsible for minor units, a random walk of rates per currency, and the base value of an amount at a day's rate.
//! Not responsible for which customer uses which currency. The base currency is always USD.

use super::calendar::{Calendar, Day};
use super::random::{Random, Stream};

/// The currencies of a generated book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Currency {
    /// US dollar, the base.
    Usd,
    /// Euro.
    Eur,
    /// Yen: no minor unit.
    Jpy,
    /// Kuwaiti dinar: three decimals.
    Kwd,
}

impl Currency {
    /// Those that need a rate.
    pub(super) const FOREIGN: [Self; 3] = [Self::Eur, Self::Jpy, Self::Kwd];

    /// ISO 4217 code.
    pub(super) fn code(self) -> &'static str {
        ["USD", "EUR", "JPY", "KWD"][self as usize]
    }

    /// Decimals of the minor unit.
    pub(super) fn decimals(self) -> u32 {
        [2, 2, 0, 3][self as usize]
    }

    /// About how many minor units one US dollar is worth: sets the size of amounts, never converts one.
    pub(super) fn minor_units_per_dollar(self) -> f64 {
        [100.0, 92.0, 148.0, 307.0][self as usize]
    }
}

/// One unit of a rate's last place: rates are whole numbers of 10^-10.
pub(super) const RATE_SCALE: i64 = 10_000_000_000;

/// How many days before the start date the rates begin, so that no document lacks one.
const RATE_LEAD_DAYS: i32 = 45;

/// A rate for every currency and day. Published on business days; other days take the last one before.
#[derive(Debug)]
pub(super) struct Rates {
    first: Day,
    daily: Vec<Vec<i64>>,
}

impl Rates {
    /// Random walks, a tenth of a per cent to half a per cent a day, pulled gently back to today's real level.
    pub(super) fn new(seed: u64, calendar: &Calendar) -> Self {
        let first = calendar.business_on_or_before(calendar.start - RATE_LEAD_DAYS);
        let daily = Currency::FOREIGN.map(|currency| walk(seed, calendar, first, currency)).to_vec();
        Self { first, daily }
    }

    /// The rate of the day in units of 10^-10: base units for one unit of the currency.
    pub(super) fn rate(&self, currency: Currency, day: Day) -> i64 {
        if currency == Currency::Usd {
            return RATE_SCALE;
        }
        let walk = &self.daily[currency as usize - 1];
        let last = walk.len() as i32 - 1;
        walk[(day - self.first).clamp(0, last) as usize]
    }

    /// The last day with a rate of its own: the end of the simulation.
    pub(super) fn last_day(&self) -> Day {
        self.first + self.daily[0].len() as i32 - 1
    }

    /// The published rates in date order: day, currency, rate.
    pub(super) fn published(&self, calendar: &Calendar) -> Vec<(Day, Currency, i64)> {
        let mut rows = Vec::new();
        for day in self.first..=calendar.end {
            if calendar.is_business(day) {
                rows.extend(Currency::FOREIGN.map(|currency| (day, currency, self.rate(currency, day))));
            }
        }
        rows
    }

    /// The value in US cents of an amount in minor units at the day's rate, rounded half away from zero.
    pub(super) fn base_cents(&self, minor: i64, currency: Currency, day: Day) -> i64 {
        // 10^-10 of the rate, 10^-decimals of the amount, 10^2 cents.
        let divisor = i128::from(RATE_SCALE) * 10_i128.pow(currency.decimals()) / 100;
        round_half_away(i128::from(minor) * i128::from(self.rate(currency, day)), divisor) as i64
    }

    /// The amount in another currency's minor units at the day's rates, rounded half away from zero.
    pub(super) fn convert(&self, minor: i64, from: Currency, into: Currency, day: Day) -> i64 {
        let numerator = i128::from(minor) * i128::from(self.rate(from, day)) * 10_i128.pow(into.decimals());
        let divisor = i128::from(self.rate(into, day)) * 10_i128.pow(from.decimals());
        round_half_away(numerator, divisor) as i64
    }
}

/// numerator ÷ divisor to the nearest whole number, halves away from zero; the divisor is positive.
pub(super) fn round_half_away(numerator: i128, divisor: i128) -> i128 {
    let doubled = 2 * numerator.abs() + divisor;
    numerator.signum() * (doubled / (2 * divisor))
}

fn walk(seed: u64, calendar: &Calendar, first: Day, currency: Currency) -> Vec<i64> {
    let mut random = Random::new(seed, Stream::Rates, currency as u64);
    // (level, daily spread, last published place in units of 10^-10)
    let (level, spread, place) = match currency {
        Currency::Usd => (1.0, 0.0, RATE_SCALE),
        Currency::Eur => (1.085, 0.0045, 1_000_000),
        Currency::Jpy => (0.00675, 0.0055, 100),
        Currency::Kwd => (3.255, 0.0008, 10_000),
    };
    let mut rate = level * (1.0 + 8.0 * spread * random.normal());
    (first..=calendar.end)
        .map(|day| {
            if calendar.is_business(day) {
                rate += (level - rate) * 0.003 + rate * spread * random.normal();
                rate = rate.clamp(level * 0.6, level * 1.6);
            }
            (rate * RATE_SCALE as f64 / place as f64).round() as i64 * place
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_round_away_from_zero() {
        assert_eq!(round_half_away(5, 10), 1);
        assert_eq!(round_half_away(-5, 10), -1);
        assert_eq!(round_half_away(4, 10), 0);
        assert_eq!(round_half_away(-14, 10), -1);
        assert_eq!(round_half_away(15, 10), 2);
    }

    #[test]
    fn base_values_respect_each_minor_unit() {
        let rates = Rates { first: 0, daily: vec![vec![11_200_000_000], vec![67_500_000], vec![32_550_000_000]] };
        // 3,000.00 EUR at 1.12; 1,000 JPY at 0.00675; 1.005 KWD at 3.255 = 3.271275.
        assert_eq!(rates.base_cents(300_000, Currency::Eur, 0), 336_000);
        assert_eq!(rates.base_cents(1_000, Currency::Jpy, 0), 675);
        assert_eq!(rates.base_cents(1_005, Currency::Kwd, 0), 327);
        assert_eq!(rates.base_cents(12_345, Currency::Usd, 0), 12_345);
        assert_eq!(rates.convert(112_000, Currency::Usd, Currency::Eur, 0), 100_000);
        assert_eq!(rates.convert(675, Currency::Usd, Currency::Jpy, 0), 1_000);
    }
}
