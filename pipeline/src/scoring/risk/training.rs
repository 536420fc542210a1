//! The rows that a scorecard is fitted to: a customer at a month end, and whether it defaulted within the horizon.

use super::{FINAL_AFTER_DAYS, Looking, RiskOptions, expert};
use crate::ledger::calendar::Day;
use crate::scoring::characteristics::{CHARACTERISTICS, COUNT, CustomerRow, RiskSnapshot};
use crate::scoring::defaults::Defaults;
use arrears_models::scorecard::ladder::{self, Ladder, fit_ladder};
use arrears_models::scorecard::{Characteristic, Sample};
use std::collections::BTreeMap;

/// Month ends of which the calibration looks at the outcomes.
pub const CALIBRATION_MONTHS: usize = 6;

/// Rows with their outcomes, one a customer and month end, sorted by month end and customer.
#[derive(Clone, Debug, Default)]
pub struct TrainingRows {
    /// A column for each characteristic.
    pub columns: Vec<Vec<f32>>,
    /// Whether it defaulted within the horizon.
    pub is_event: Vec<bool>,
    /// The number of its family.
    pub family: Vec<u32>,
    /// What the rule of thumb says: higher is riskier.
    pub rule: Vec<f64>,
    /// The month end.
    pub day: Vec<Day>,
    /// The customer.
    pub customer: Vec<u32>,
}

impl TrainingRows {
    /// No rows.
    pub fn none() -> Self {
        TrainingRows { columns: vec![Vec::new(); COUNT], ..TrainingRows::default() }
    }

    /// Adds a month end: customers that were not in default as `known`, and what came of them by `outcomes`.
    pub fn add(&mut self, snapshot: &RiskSnapshot, known: &Defaults, outcomes: &Defaults, horizon_days: i32) {
        for row in population(snapshot, known) {
            let event = outcomes.first_between(row.customer as usize, snapshot.day, snapshot.day + horizon_days);
            self.push(row, snapshot.day, event.is_some(), row.aging_rule());
        }
    }

    /// Adds a row; `rule` is what the rule of thumb says of it.
    pub fn push(&mut self, row: &CustomerRow, day: Day, is_event: bool, rule: f64) {
        for (column, value) in self.columns.iter_mut().zip(row.values) {
            column.push(value);
        }
        self.is_event.push(is_event);
        self.family.push(row.family);
        self.rule.push(rule);
        self.day.push(day);
        self.customer.push(row.customer);
    }

    /// The rows for which `is_in` holds.
    pub fn filtered(&self, is_in: impl Fn(usize) -> bool) -> Self {
        let rows: Vec<usize> = (0..self.len()).filter(|row| is_in(*row)).collect();
        fn at<T: Copy>(values: &[T], rows: &[usize]) -> Vec<T> {
            rows.iter().map(|row| values[*row]).collect()
        }
        TrainingRows {
            columns: self.columns.iter().map(|column| at(column, &rows)).collect(),
            is_event: at(&self.is_event, &rows),
            family: at(&self.family, &rows),
            rule: at(&self.rule, &rows),
            day: at(&self.day, &rows),
            customer: at(&self.customer, &rows),
        }
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        self.day.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.day.is_empty()
    }

    /// Which rows the calibration looks at: those of the last month ends.
    pub fn is_calibration(&self) -> Vec<bool> {
        let mut days: Vec<Day> = self.day.clone();
        days.dedup();
        let first = days.len().saturating_sub(CALIBRATION_MONTHS);
        self.day.iter().map(|day| days[first..].contains(day)).collect()
    }

    /// Calls `with` with the rows as the scorecard wants them. `group` tells the group of each row.
    pub fn with_sample<Out>(&self, group: &[u32], with: impl FnOnce(&Sample) -> Out) -> Out {
        let characteristics: Vec<Characteristic> = CHARACTERISTICS
            .iter()
            .zip(&self.columns)
            .map(|(definition, values)| Characteristic { name: definition.name, direction: definition.direction, values })
            .collect();
        with(&Sample { characteristics: &characteristics, is_event: &self.is_event, group })
    }

    /// The scorecard of these rows, by the ladder. `group` tells the group of each row, `is_calibration` which of them it is calibrated on.
    pub fn ladder(&self, group: &[u32], is_calibration: &[bool], options: &RiskOptions) -> Ladder {
        let mut choices = ladder::Options { forced: options.tier, ..ladder::Options::default() };
        choices.full.seed = options.seed;
        choices.small.seed = options.seed;
        self.with_sample(group, |sample| fit_ladder(sample, is_calibration, &self.rule, &expert::card(), &choices))
    }

    /// The group of each row; see [`Looking::group`].
    pub fn groups(&self, looking: &Looking) -> Vec<u32> {
        self.family.iter().map(|family| looking.group(*family)).collect()
    }
}

/// The customers of a snapshot that were not in default, as known then.
pub fn population<'a>(snapshot: &'a RiskSnapshot, known: &'a Defaults) -> impl Iterator<Item = &'a CustomerRow> {
    snapshot.rows.iter().filter(move |row| known.current(row.customer as usize, snapshot.day).is_none())
}

/// The rows of a model of `day`. `snapshots` holds at least the training days; those that are not matured are not looked at.
pub fn training_rows(
    snapshots: &BTreeMap<Day, RiskSnapshot>,
    days: &[Day],
    (known, outcomes): (&Defaults, &Defaults),
    day: Day,
    options: &RiskOptions,
) -> TrainingRows {
    let mut rows = TrainingRows::none();
    for month_end in days.iter().filter(|month_end| **month_end + options.horizon_days + FINAL_AFTER_DAYS <= day) {
        if let Some(snapshot) = snapshots.get(month_end) {
            rows.add(snapshot, known, outcomes, options.horizon_days);
        }
    }
    rows
}
