//! How far the customers of tonight have moved from the rows that the model was fitted on: the score, the grades of the chances, and
//! every characteristic that has bins.

use crate::scoring::characteristics::CHARACTERISTICS;
use crate::scoring::grades::{EDGES, Grade};
use crate::scoring::risk::model::RiskModel;
use crate::scoring::risk::night::NightRisk;
use crate::scoring::risk::tables::points;
use arrears_models::scorecard::Bins;
use arrears_models::scorecard::card::{Matrix, Scored};
use arrears_models::scorecard::stability::population_stability;

/// Below this index little has moved.
const STABLE_BELOW: f64 = 0.1;
/// Above this much has.
const MOVED_ABOVE: f64 = 0.25;
/// With fewer rows on either side chance moves more than customers do.
const ROWS_MIN: u64 = 100;
/// Bins of the score: tenths of the rows then.
const SCORE_BINS: usize = 10;

/// What may have moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The score, in tenths of the rows then.
    Score,
    /// The grades of the chances alone, without their past.
    Grade,
    /// A characteristic, by its position.
    Characteristic(usize),
}

impl Subject {
    /// `score`, `grade` or `characteristic`.
    pub fn kind(self) -> &'static str {
        match self {
            Subject::Score => "score",
            Subject::Grade => "grade",
            Subject::Characteristic(_) => "characteristic",
        }
    }

    /// Its published name.
    pub fn name(self) -> &'static str {
        match self {
            Subject::Score | Subject::Grade => self.kind(),
            Subject::Characteristic(column) => CHARACTERISTICS[column].name,
        }
    }
}

/// Rows by bin then and now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// What each bin is called.
    pub bins: Vec<String>,
    /// Rows that the model was fitted on.
    pub then: Vec<u64>,
    /// Customers scored tonight.
    pub now: Vec<u64>,
    /// Whether the last bin is that of missing values.
    pub has_missing: bool,
}

/// How far something has moved.
#[derive(Clone, Debug, PartialEq)]
pub struct Drift {
    /// What.
    pub subject: Subject,
    /// Whether the card looks at it; `None` for scores and grades.
    pub is_on_card: Option<bool>,
    /// Population stability index; `None` where one side has no rows.
    pub index: Option<f64>,
    /// About what chance alone would make of it with so many rows.
    pub by_chance: Option<f64>,
    /// `stable`, `moving`, `moved`, or `too_few` rows to tell.
    pub verdict: &'static str,
    /// Rows that the model was fitted on.
    pub rows_then: u64,
    /// Customers scored tonight.
    pub rows_now: u64,
    /// Share of missing values then; `None` where nothing can be missing.
    pub missing_then: Option<f64>,
    /// Share of missing values now.
    pub missing_now: Option<f64>,
    /// The bin that adds most to the index, with its shares then and now; `None` where nothing has moved at all.
    pub moved_most: Option<(String, f64, f64)>,
    /// Why there is no index.
    pub reason: Option<&'static str>,
}

/// Everything that may have moved since the night's model was fitted: score, grade, then characteristics in their order.
pub fn drift(night: &NightRisk) -> Vec<Drift> {
    let columns: Vec<&[f32]> = night.rows.columns.iter().map(Vec::as_slice).collect();
    let then = night.model.scorecard().score_all(&Matrix::Columns(&columns));
    let mut all = vec![Drift::of(Subject::Score, None, &scores(night, &then)), Drift::of(Subject::Grade, None, &grades(night, &then))];
    for column in 0..CHARACTERISTICS.len() {
        if let Some(bins) = bins_of(&night.model, column) {
            let is_on_card = night.model.scorecard().characteristics.iter().any(|of| of.column == column);
            let now = night.scored.iter().filter(|of| of.chance.is_some()).map(|of| of.row.values[column]);
            all.push(Drift::of(Subject::Characteristic(column), Some(is_on_card), &values(bins, now)));
        }
    }
    all
}

/// Bins with the rows of the fit: of a fitted card for every characteristic that has any, of the experts' card for its own.
fn bins_of(model: &RiskModel, column: usize) -> Option<&Bins> {
    match &model.ladder.fitted {
        Some(fitted) => fitted.characteristics[column].bins.as_ref(),
        None => model.scorecard().characteristics.iter().find(|of| of.column == column).map(|of| &of.bins),
    }
}

/// Values of tonight in the bins of the fit.
pub fn values(bins: &Bins, now: impl Iterator<Item = f32>) -> Counted {
    let mut counts = vec![0; bins.bins.len()];
    now.for_each(|value| counts[bins.bin_of(value)] += 1);
    let mut names = names_between(&bins.edges);
    names.push("missing".to_owned());
    Counted { bins: names, then: bins.bins.iter().map(|bin| bin.rows).collect(), now: counts, has_missing: true }
}

fn scores(night: &NightRisk, then: &Scored) -> Counted {
    let edges = tenths_of(&then.score_tenths);
    let counts = |scores: &mut dyn Iterator<Item = i32>| {
        let mut counts = vec![0; edges.len() + 1];
        scores.for_each(|score| counts[edges.partition_point(|edge| *edge < score)] += 1);
        counts
    };
    let in_points: Vec<f64> = edges.iter().copied().map(points).collect();
    Counted {
        bins: names_between(&in_points),
        then: counts(&mut then.score_tenths.iter().copied()),
        now: counts(&mut night.scored.iter().filter_map(|of| of.score_tenths)),
        has_missing: false,
    }
}

/// Upper edges, inclusive, that leave about a tenth of the scores in each bin; fewer where many have the same.
pub fn tenths_of(scores: &[i32]) -> Vec<i32> {
    let mut sorted = scores.to_vec();
    sorted.sort_unstable();
    let mut edges: Vec<i32> =
        (1..SCORE_BINS).filter_map(|tenth| sorted.get((tenth * sorted.len()).div_ceil(SCORE_BINS).max(1) - 1).copied()).collect();
    edges.dedup();
    edges
}

fn grades(night: &NightRisk, then: &Scored) -> Counted {
    let counts = |chances: &mut dyn Iterator<Item = f64>| {
        let mut counts = vec![0; EDGES.len() + 1];
        chances.for_each(|pd| counts[Grade::of(pd) as usize] += 1);
        counts
    };
    Counted {
        bins: Grade::ALL[..=EDGES.len()].iter().map(|grade| grade.word().to_owned()).collect(),
        then: counts(&mut then.probability.iter().copied()),
        now: counts(&mut night.scored.iter().filter_map(|of| of.chance).map(|chance| chance.pd)),
        has_missing: false,
    }
}

/// What the bins between edges are called.
fn names_between<Edge: std::fmt::Display>(edges: &[Edge]) -> Vec<String> {
    let name = |at: usize| match (at.checked_sub(1).map(|at| &edges[at]), edges.get(at)) {
        (None, None) => "any".to_owned(),
        (None, Some(to)) => format!("up to {to}"),
        (Some(from), None) => format!("above {from}"),
        (Some(from), Some(to)) => format!("above {from} up to {to}"),
    };
    (0..=edges.len()).map(name).collect()
}

impl Drift {
    /// Measures how far counts have moved.
    pub fn of(subject: Subject, is_on_card: Option<bool>, counted: &Counted) -> Self {
        let (rows_then, rows_now) = (counted.then.iter().sum::<u64>(), counted.now.iter().sum::<u64>());
        let share = |count: u64, rows: u64| if rows == 0 { None } else { Some(count as f64 / rows as f64) };
        let missing = |counts: &[u64], rows| counts.last().filter(|_| counted.has_missing).and_then(|count| share(*count, rows));
        let stability = population_stability(&counted.then, &counted.now);
        let is_used = |at: &usize| counted.then[*at] > 0 || counted.now[*at] > 0;
        let used = (0..counted.then.len()).filter(is_used).count();
        let moved_most = stability.as_ref().and_then(|stability| {
            // Of bins that add the same, the first.
            let most = (0..stability.parts.len()).rev().max_by(|a, b| stability.parts[*a].total_cmp(&stability.parts[*b]))?;
            let shares = share(counted.then[most], rows_then).zip(share(counted.now[most], rows_now))?;
            (stability.parts[most] > 0.0).then(|| (counted.bins[most].clone(), shares.0, shares.1))
        });
        Drift {
            subject,
            is_on_card,
            index: stability.as_ref().map(|stability| stability.index),
            by_chance: stability.as_ref().map(|_| used.saturating_sub(1) as f64 * (1.0 / rows_then as f64 + 1.0 / rows_now as f64)),
            verdict: verdict(stability.map(|stability| stability.index), rows_then.min(rows_now)),
            rows_then,
            rows_now,
            missing_then: missing(&counted.then, rows_then),
            missing_now: missing(&counted.now, rows_now),
            moved_most,
            reason: match (rows_then, rows_now) {
                (0, _) => Some("no_rows_then"),
                (_, 0) => Some("no_rows_now"),
                _ => None,
            },
        }
    }
}

/// The word for an index with so many rows on the smaller side.
pub fn verdict(index: Option<f64>, rows: u64) -> &'static str {
    match index {
        None => "too_few",
        Some(_) if rows < ROWS_MIN => "too_few",
        Some(index) if index < STABLE_BELOW => "stable",
        Some(index) if index <= MOVED_ABOVE => "moving",
        Some(_) => "moved",
    }
}
