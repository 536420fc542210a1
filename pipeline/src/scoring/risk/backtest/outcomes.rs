//! Scores of given outcomes: documents of which somebody says how they ended, judged by what was recorded before each of them.
//!
//! For ledgers that do not show their defaults. The model is the scorecard of the night, fitted to the given outcomes in five folds of
//! customers: nobody is scored by a model that has seen it.

use super::measures::Judged;
use crate::ledger::calendar::Day;
use crate::scoring::characteristics::{CustomerRow, RiskSnapshot};
use crate::scoring::risk::training::TrainingRows;
use crate::scoring::risk::{Looking, RiskOptions};
use arrears_models::scorecard::folds::{FOLDS, fold_of};
use arrears_models::scorecard::ladder::Tier;
use std::collections::BTreeMap;

/// A document with its outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Labelled {
    /// The day on which it was recorded.
    pub day: Day,
    /// Whose.
    pub customer: u32,
    /// Whether it ended badly.
    pub is_bad: bool,
}

/// What came of it.
pub struct OutcomesTested {
    /// Rows with their outcomes, by day and customer.
    pub rows: TrainingRows,
    /// The fold of each row.
    pub folds: Vec<u32>,
    /// What was said out of fold, with the customer's late rate as the rule of thumb.
    pub judged: Judged,
    /// The step of each fold.
    pub tiers: Vec<Tier>,
    /// The characteristics of each fold's card.
    pub characteristics: Vec<Vec<String>>,
}

/// Scores rows with given outcomes out of fold.
pub fn test(rows: TrainingRows, groups: &[u32], options: &RiskOptions) -> OutcomesTested {
    let folds: Vec<u32> = groups.iter().map(|group| fold_of(*group, FOLDS)).collect();
    let mut pd = vec![0.0; rows.len()];
    let (mut tiers, mut characteristics) = (Vec::new(), Vec::new());
    for fold in 0..FOLDS {
        let others = rows.filtered(|row| folds[row] != fold);
        let group: Vec<u32> = (0..rows.len()).filter(|row| folds[*row] != fold).map(|row| groups[row]).collect();
        let ladder = others.ladder(&group, &vec![true; others.len()], options);
        for row in (0..rows.len()).filter(|row| folds[*row] == fold) {
            let values: Vec<f32> = rows.columns.iter().map(|column| column[row]).collect();
            pd[row] = ladder.scorecard.score_of(&values).probability;
        }
        tiers.push(ladder.tier);
        characteristics.push(ladder.scorecard.characteristics.iter().map(|of| of.name.clone()).collect());
    }
    let mut judged = Judged::default();
    for (row, pd) in pd.into_iter().enumerate() {
        judged.push(pd, rows.rule[row], rows.is_event[row], groups[row]);
    }
    OutcomesTested { rows, folds, judged, tiers, characteristics }
}

/// Adds the labelled documents, one of a customer at most, as rows: by day and customer. `looking` must not know anything of a
/// customer that was recorded at or after its document.
pub fn add_rows(rows: &mut TrainingRows, looking: &Looking, labelled: &[Labelled], options: &RiskOptions) {
    let mut by_day: BTreeMap<Day, Vec<&Labelled>> = BTreeMap::new();
    for of in labelled {
        by_day.entry(of.day).or_default().push(of);
    }
    let late_rate = crate::scoring::characteristics::position("late_rate").expect("it is declared");
    for (day, of_day) in by_day {
        let snapshot: RiskSnapshot = looking.snapshot(day, options);
        let known: Vec<f64> = snapshot.rows.iter().map(|row| f64::from(row.values[late_rate])).filter(|rate| rate.is_finite()).collect();
        let usual = if known.is_empty() { 0.0 } else { known.iter().sum::<f64>() / known.len() as f64 };
        for of in of_day {
            let row = snapshot
                .row_of(of.customer)
                .copied()
                .unwrap_or_else(|| CustomerRow::unknown(of.customer, looking.families.of(of.customer as usize)));
            let rate = f64::from(row.values[late_rate]);
            rows.push(&row, day, of.is_bad, if rate.is_finite() { rate } else { usual });
        }
    }
}
