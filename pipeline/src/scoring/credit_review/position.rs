//! What a customer owes, has ordered and may use, at the end of a day, in base currency at the rates of that day.

use super::inputs::CreditTerms;
use crate::ingest::load::knowledge::KnownRates;
use crate::ledger::calendar::Day;
use crate::ledger::money::{AMOUNT_ONE, divide_half_away};
use crate::scoring::facts::Facts;

/// Where a customer stands. Amounts are ten-thousandths of base currency, item by item at the rate of the day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// Open debit items.
    pub debit: i128,
    /// Credits that are not applied, less refunds and reversals that wait for them.
    pub credit: i128,
    /// Ordered and not invoiced.
    pub orders: i128,
    /// What is insured; `None` where nobody says.
    pub insured: Option<i128>,
    /// The limit; `None` where there is none or it has no rate.
    pub limit: Option<i128>,
    /// Why there is no limit, or none that can be compared.
    pub limit_reason: Option<&'static str>,
    /// Why what is insured is not known.
    pub insured_reason: Option<&'static str>,
}

impl Position {
    /// A customer's position at the end of `day`, as known then; `ordered` is what it has ordered.
    pub fn of(facts: &Facts, customer: usize, day: Day, ordered: i128, terms: &CreditTerms) -> Self {
        let rates = facts.rates();
        let debit = facts.items_of(customer, day).map(|item| i128::from(rates.value_on(item.currency, day, day, facts.open(item, day))));
        let credits = facts.account_of(customer, day);
        let credit = credits.map(|item| i128::from(rates.value_on(item.currency, day, day, facts.unapplied(item, day))));
        let [limit, insured] = [terms.credit_limit, terms.insured_amount].map(|amount| in_base(amount, terms, rates, day));
        Position {
            debit: debit.sum(),
            credit: credit.sum(),
            orders: ordered,
            insured: insured.ok(),
            limit: limit.ok(),
            limit_reason: limit.err(),
            insured_reason: insured.err(),
        }
    }

    /// Open debit items less credits; below 0 where credits are larger.
    pub fn open(&self) -> i128 {
        self.debit - self.credit
    }

    /// Exposure at default = max(0, open + orders − insured). What is insured without a rate takes nothing off.
    pub fn exposure_at_default(&self) -> i128 {
        (self.open() + self.orders - self.insured.unwrap_or(0)).max(0)
    }

    /// Whether more is open than the limit allows.
    pub fn is_over_limit(&self) -> bool {
        self.limit.is_some_and(|limit| self.open() > limit)
    }

    /// What is open ÷ limit, as `customer_positions` has it; or why there is none.
    pub fn utilisation(&self) -> Result<f64, &'static str> {
        self.share_of_limit(self.open())
    }

    /// The same with what is ordered.
    pub fn utilisation_with_orders(&self) -> Result<f64, &'static str> {
        self.share_of_limit(self.open() + self.orders)
    }

    fn share_of_limit(&self, amount: i128) -> Result<f64, &'static str> {
        match (self.limit, self.limit_reason) {
            (None, reason) => Err(reason.unwrap_or("not_supplied")),
            (Some(0), _) => Err("zero_base"),
            (Some(limit), _) => Ok(amount as f64 / limit as f64),
        }
    }

    /// Whether anything is open or ordered.
    pub fn has_exposure(&self) -> bool {
        self.debit != 0 || self.credit != 0 || self.orders != 0
    }
}

fn in_base(amount: Option<i64>, terms: &CreditTerms, rates: &KnownRates, day: Day) -> Result<i128, &'static str> {
    let amount = amount.ok_or("not_supplied")?;
    let currency = terms.currency.filter(|currency| rates.on(*currency, day, day).is_some()).ok_or("no_rate")?;
    Ok(i128::from(rates.value_on(currency, day, day, amount)))
}

/// Rounds down to a step. Without a step to two significant digits, and never finer than a whole unit of currency.
///
/// 166,667 is 160,000; 934.56 is 930; 8.90 is 8.
pub fn round_down(amount: i128, step: Option<i128>) -> i128 {
    let unit = i128::from(AMOUNT_ONE);
    let step = step.unwrap_or_else(|| {
        let digits = (amount.max(0) / unit).checked_ilog10().unwrap_or(0);
        unit * 10_i128.pow(digits.saturating_sub(1))
    });
    amount.max(0) / step * step
}

/// `amount × share`, `share` in ten-thousandths, rounded half away from zero to a ten-thousandth.
pub fn times(amount: i128, share: i64) -> Option<i128> {
    Some(divide_half_away(amount.checked_mul(i128::from(share))?, i128::from(AMOUNT_ONE)))
}
