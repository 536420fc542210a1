//! The chances of payment of the night, as far as the list needs them.

use crate::forecast::item_forecast::{WITHIN_DAYS, paid_within};
use crate::forecast::nightly::NightForecast;
use crate::forecast::snapshot::Companies;
use crate::ledger::book::ItemIndex;
use crate::ledger::calendar::Day;
use crate::scoring::facts::Facts;
use rayon::prelude::*;

/// One whole of a [`Chance`]: chances are kept as whole billionths, so that products with money are exact.
pub const CHANCE_ONE: i64 = 1_000_000_000;

/// The chance that an item is paid, in billionths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chance {
    /// Within 30 days.
    pub within_30: i64,
    /// Within 90 days.
    pub within_90: i64,
}

impl Chance {
    /// From shares between 0 and 1.
    pub fn new(within_30: f64, within_90: f64) -> Self {
        let whole = |share: f64| (share.clamp(0.0, 1.0) * CHANCE_ONE as f64).round() as i64;
        Chance { within_30: whole(within_30), within_90: whole(within_90) }
    }
}

/// The chances of the open items of a night.
#[derive(Clone, Debug, Default)]
pub struct Chances(Vec<(ItemIndex, Chance)>);

impl Chances {
    /// Those of a forecast: the same figures as `invoice_forecasts`.
    pub fn of(facts: &Facts, companies: &Companies, forecast: &NightForecast, as_of: Day) -> Self {
        let place = |days: i32| WITHIN_DAYS.iter().position(|within| *within == days).expect("it is one of the days");
        let (thirty, ninety) = (place(30), place(90));
        let of_item = |expected: &crate::forecast::open_items::Expected| {
            let customer = expected.customer as usize;
            let item = facts.all_items_of(customer)[expected.open_item.position as usize].item;
            let within = paid_within(&forecast.days[companies.company(customer)], expected, as_of);
            (item, Chance::new(within[thirty], within[ninety]))
        };
        Self::from_items(forecast.expected.par_iter().map(of_item).collect())
    }

    /// By item, in any order.
    pub fn from_items(mut chances: Vec<(ItemIndex, Chance)>) -> Self {
        chances.sort_by_key(|(item, _)| *item);
        Chances(chances)
    }

    /// The chance of an item; `None` where nothing was forecast of it.
    pub fn of_item(&self, item: ItemIndex) -> Option<Chance> {
        let place = self.0.binary_search_by_key(&item, |(of, _)| *of).ok()?;
        Some(self.0[place].1)
    }
}
