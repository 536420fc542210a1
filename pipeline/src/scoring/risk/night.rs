//! The risk of a night: defaults, the model, and what it says of everybody.

use super::model::RiskModel;
use super::scored::{ScoredCustomer, scored_customers, scored_days};
use super::training::{TrainingRows, training_rows};
use super::{Looking, RiskOptions, training_days};
use crate::ledger::calendar::Day;
use crate::scoring::characteristics::RiskSnapshot;
use crate::scoring::defaults::Defaults;
use std::collections::{BTreeMap, BTreeSet};

/// The risk of a night.
pub struct NightRisk {
    /// The date.
    pub day: Day,
    /// What the model is made with.
    pub options: RiskOptions,
    /// Every default, in hindsight.
    pub defaults: Defaults,
    /// Defaults as they were known on each day.
    pub known: Defaults,
    /// The month ends that were looked at, the day before and the date.
    pub snapshots: BTreeMap<Day, RiskSnapshot>,
    /// The rows that the model was fitted to.
    pub rows: TrainingRows,
    /// The model.
    pub model: RiskModel,
    /// What it says of each customer with exposure or sales, in the order of the customers.
    pub scored: Vec<ScoredCustomer>,
}

impl NightRisk {
    /// Looks back, fits, scores. `defaults` are those that the run knows, in hindsight; `advance` hears of each day looked at.
    pub fn new(looking: &Looking, defaults: Defaults, as_of: Day, options: RiskOptions, advance: impl Fn()) -> Self {
        let days = training_days(as_of, looking.first_day, &options);
        let wanted: BTreeSet<Day> = days.iter().copied().chain(scored_days(as_of, looking.first_day)).collect();
        let snapshot = |day: Day| {
            let snapshot = looking.snapshot(day, &options);
            advance();
            (day, snapshot)
        };
        let snapshots: BTreeMap<Day, RiskSnapshot> = wanted.into_iter().map(snapshot).collect();
        let known = looking.known_defaults(as_of, &options);
        let rows = training_rows(&snapshots, &days, (&known, &defaults), as_of, &options);
        let model = RiskModel::fit(&rows, looking, as_of, &options);
        let scored = scored_customers(&model, &snapshots, (&known, &defaults), as_of);
        NightRisk { day: as_of, options, defaults, known, snapshots, rows, model, scored }
    }

    /// How many days a night looks at, for a progress bar.
    pub fn days(looking: &Looking, as_of: Day, options: &RiskOptions) -> usize {
        let days: BTreeSet<Day> =
            training_days(as_of, looking.first_day, options).into_iter().chain(scored_days(as_of, looking.first_day)).collect();
        days.len()
    }

    /// What is said of a customer; `None` where it has neither exposure nor sales.
    pub fn of(&self, customer: u32) -> Option<&ScoredCustomer> {
        self.scored.binary_search_by_key(&customer, |scored| scored.row.customer).ok().map(|at| &self.scored[at])
    }
}
