//! Whether an item is better given to an agency: the break-even arithmetic.
//!
//! Own effort is expected to bring the chance of payment within 90 days × what is open. An agency is *assumed* to recover a share
//! that the configuration states, of which it keeps its fee: no data of a ledger show what an agency would bring, so none is
//! claimed. Sending pays where the chance of payment lies below recovery rate × (1 − fee share), whatever the amount.

use super::chances::{CHANCE_ONE, Chance};
use crate::config::{SHARE_ONE, WorklistConfig};
use crate::ledger::money::divide_half_away;

/// What the arithmetic says of an item.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arithmetic {
    /// What own effort is expected to bring within 90 days, base currency, ten-thousandths.
    pub own_expected: i128,
    /// What an agency is assumed to bring after its fee.
    pub agency_expected: i128,
    /// The chance of payment below which the agency brings more.
    pub break_even_probability: f64,
    /// The share that an agency must recover to bring as much as own effort; `None` where its fee is everything.
    pub recovery_needed: Option<f64>,
}

impl Arithmetic {
    /// For an undisputed amount in base currency, ten-thousandths; both sides are rounded to `unit` (of base currency).
    ///
    /// ```
    /// use arrears::worklist::agency::Arithmetic;
    /// use arrears::worklist::chances::Chance;
    /// // 1,000.00 that is paid within 90 days with a chance of 12 %; an agency recovers 20 % and keeps 25 % of that.
    /// let figures = Arithmetic::new(10_000_000, Chance::new(0.05, 0.12), 2_500_000_000, 2_000_000_000, 100);
    /// assert_eq!((figures.own_expected, figures.agency_expected), (1_200_000, 1_500_000), "120.00 and 150.00");
    /// assert!((figures.break_even_probability - 0.15).abs() < 1e-12);
    /// assert!((figures.recovery_needed.unwrap() - 0.16).abs() < 1e-12, "0.12 ÷ 0.75");
    /// assert!(figures.is_worth_sending());
    /// ```
    pub fn new(amount: i64, chance: Chance, fee_share: i64, recovery_rate: i64, unit: i64) -> Self {
        let (one, unit) = (i128::from(SHARE_ONE), i128::from(unit));
        let kept = one - i128::from(fee_share);
        let rounded = |product: i128, of: i128| divide_half_away(product, of * unit) * unit;
        // At most 10¹⁸ × 10¹⁰ × 10¹⁰, which fits 128 bits.
        let agency = i128::from(amount) * i128::from(recovery_rate) * kept;
        let share = |units: i128| units as f64 / SHARE_ONE as f64;
        Arithmetic {
            own_expected: rounded(i128::from(amount) * i128::from(chance.within_90), i128::from(CHANCE_ONE)),
            agency_expected: rounded(agency, one * one),
            break_even_probability: share(i128::from(recovery_rate)) * share(kept),
            recovery_needed: (kept > 0).then(|| chance.within_90 as f64 / CHANCE_ONE as f64 / share(kept)),
        }
    }

    /// Whether the agency is expected to bring more than own effort.
    pub fn is_worth_sending(&self) -> bool {
        self.agency_expected > self.own_expected
    }
}

/// What is said about an agency.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Advice {
    /// The word of `agency_decision`.
    pub decision: &'static str,
    /// The figures; `None` where the chance of payment is not known.
    pub figures: Option<Arithmetic>,
}

/// An item that is old enough for an agency.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// What of it is not in dispute, base currency, ten-thousandths.
    pub amount: i64,
    /// What the customer owes of such items together.
    pub of_customer: i128,
    /// Whether any of it is in dispute.
    pub is_disputed: bool,
    /// Whether unapplied credits cover it.
    pub is_covered: bool,
    /// Whether a promise about it is still running.
    pub is_promised: bool,
    /// Whether the customer is insolvent, given to an agency already, or not to be contacted.
    pub is_closed: bool,
    /// Its chance of payment.
    pub chance: Option<Chance>,
}

/// What is said of a case; `unit` is the smallest part of base currency.
pub fn advise(config: &WorklistConfig, case: &Case, unit: i64) -> Advice {
    let figures =
        case.chance.map(|chance| Arithmetic::new(case.amount, chance, *config.agency_fee_share, *config.agency_recovery_rate, unit));
    let least = i128::from(*config.agency_amount_min) * i128::from(crate::ledger::money::AMOUNT_ONE);
    let decision = match figures {
        _ if case.is_closed => "not_contacted",
        _ if case.is_disputed => "disputed",
        _ if case.is_covered => "covered_by_credit",
        _ if case.is_promised => "promise_running",
        _ if case.of_customer < least => "too_small",
        None => "no_forecast",
        Some(figures) if figures.is_worth_sending() => "send",
        Some(_) => "keep",
    };
    Advice { decision, figures }
}
