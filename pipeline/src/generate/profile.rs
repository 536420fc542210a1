//! The shapes a book can take, and the rates behind them.
//!
//! Responsible for the named profiles and every rate that differs between them. Not responsible for how a rate is
//! used: that stands beside the event it drives.

use std::fmt;
use std::str::FromStr;

/// What kind of book to generate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// A bit of everything: the book to develop with.
    #[default]
    Mixed,
    /// Most customers pay on run days only, with little noise: judges the cash forecast.
    PaymentRuns,
    /// Several hundred defaulted customers among 2,000 to 3,000: judges the full scorecard.
    DefaultsMany,
    /// 30 to 100 defaulted customers among 2,000 to 3,000: judges the small scorecard.
    DefaultsFew,
    /// Nobody defaults: judges what the risk model does without events.
    DefaultsNone,
}

impl Profile {
    /// Every profile, in the order the documentation names them.
    pub const ALL: [Self; 5] = [Self::Mixed, Self::PaymentRuns, Self::DefaultsMany, Self::DefaultsFew, Self::DefaultsNone];

    /// The word for it on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Mixed => "mixed",
            Self::PaymentRuns => "payment-runs",
            Self::DefaultsMany => "defaults-many",
            Self::DefaultsFew => "defaults-few",
            Self::DefaultsNone => "defaults-none",
        }
    }

    /// The rates of the profile.
    pub(super) fn rates(self) -> ProfileRates {
        let mixed = ProfileRates {
            trouble_monthly: 0.0050,
            sudden_stop_monthly: 0.0004,
            stop_in_trouble_monthly: 0.16,
            recovery_monthly: 0.12,
            run_customer_share: 0.45,
            run_share: 0.90,
            delay_spread: 1.0,
            quirk: 1.0,
        };
        match self {
            Self::Mixed => mixed,
            Self::PaymentRuns => ProfileRates {
                trouble_monthly: 0.0015,
                sudden_stop_monthly: 0.0001,
                run_customer_share: 0.93,
                run_share: 0.98,
                delay_spread: 0.25,
                quirk: 0.4,
                ..mixed
            },
            Self::DefaultsMany => ProfileRates { trouble_monthly: 0.0125, sudden_stop_monthly: 0.0008, ..mixed },
            Self::DefaultsFew => ProfileRates { trouble_monthly: 0.0014, sudden_stop_monthly: 0.0001, ..mixed },
            Self::DefaultsNone => ProfileRates { sudden_stop_monthly: 0.0, stop_in_trouble_monthly: 0.0, ..mixed },
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

/// A word that names no profile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown profile `{0}`; choose mixed, payment-runs, defaults-many, defaults-few or defaults-none")]
pub struct UnknownProfile(pub String);

impl FromStr for Profile {
    type Err = UnknownProfile;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|profile| profile.word() == word);
        found.ok_or_else(|| UnknownProfile(word.to_owned()))
    }
}

/// The rates that tell profiles apart. Probabilities unless the name says otherwise.
#[derive(Clone, Copy, Debug)]
pub(super) struct ProfileRates {
    /// A healthy customer of average risk gets into trouble, per month.
    pub trouble_monthly: f64,
    /// A healthy customer of average risk stops paying without warning, per month.
    pub sudden_stop_monthly: f64,
    /// A customer deep in trouble stops paying, per month.
    pub stop_in_trouble_monthly: f64,
    /// A customer in trouble recovers, per month.
    pub recovery_monthly: f64,
    /// Share of customers with a payment run.
    pub run_customer_share: f64,
    /// Share of those customers' payments that keep to the run.
    pub run_share: f64,
    /// Factor on the spread and the drift of the delays.
    pub delay_spread: f64,
    /// Factor on everything unusual: part payments, credits, disputes, returned payments and so on.
    pub quirk: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_profile_is_read_back_from_its_word() {
        for profile in Profile::ALL {
            assert_eq!(profile.to_string().parse(), Ok(profile));
        }
        assert_eq!("Mixed".parse::<Profile>(), Err(UnknownProfile("Mixed".to_owned())));
    }
}
