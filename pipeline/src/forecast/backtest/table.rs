//! The table of a backtest: every method, target and week ahead of every cell, with intervals.
//!
//! Weeks of origins that follow each other overlap: intervals draw whole blocks of neighbouring origins, and methods are
//! compared on the same draws.

use super::Recipe;
use super::file::write;
use crate::error::Result;
use crate::forecast::accuracy::{BANDS, Key, Scores};
use crate::forecast::replay::Target;
use crate::forecast::tables::CellName;
use crate::ledger::book::Book;
use crate::ledger::calendar::Day;
use arrears_models::bootstrap::{Comparison, Estimate, Options, Part, compare, default_block_length, interval, ratio};
use arrow::array::{ArrayRef, BooleanArray, Float64Array, Int64Array, StringArray};
use rayon::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// The method that others are compared with.
pub const MODEL: &str = "model";
/// Probability of the intervals of the table.
pub const LEVEL: f64 = 0.95;
/// Draws of an interval.
pub const REPLICATES: usize = 2_000;

/// A line of the table.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// `champion`, or `challenger`.
    pub role: &'static str,
    /// The company, `(all)` for all together.
    pub company_id: String,
    /// `document` or `base`.
    pub basis: &'static str,
    /// The currency of the amounts.
    pub currency: String,
    /// What was forecast.
    pub target: Target,
    /// The model, or a rule of thumb.
    pub method: &'static str,
    /// Weeks ahead; 0 for all together.
    pub horizon: usize,
    /// Origins with a week that is final.
    pub origins: usize,
    /// Weeks.
    pub weeks: usize,
    /// Σ of what came, ten-thousandths.
    pub actual: f64,
    /// Σ (forecast − actual) ÷ Σ |actual|.
    pub bias: Option<f64>,
    /// Σ |forecast − actual| ÷ Σ |actual|; without bounds where there are fewer than two origins.
    pub wape: Option<f64>,
    /// Its interval.
    pub wape_bounds: Option<(f64, f64)>,
    /// Mean absolute error over the mean change from week to week.
    pub mase: Option<f64>,
    /// Mean pinball loss over the mean of what came.
    pub pinball: Option<f64>,
    /// Continuous ranked probability score over the mean of what came.
    pub crps: Option<f64>,
    /// By band: the share of weeks inside, of those with a calibrated band.
    pub coverage: [Option<Coverage>; BANDS.len()],
    /// The model's WAPE ÷ this method's.
    pub model_ratio: Option<Estimate>,
    /// The model's WAPE − this method's.
    pub model_difference: Option<Comparison>,
}

/// How often a band held.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coverage {
    /// Weeks with a calibrated band.
    pub weeks: usize,
    /// Share of them inside.
    pub share: f64,
    /// Interval; `None` where there are fewer than two origins.
    pub bounds: Option<(f64, f64)>,
    /// Whether the share that the band promises lies in the interval.
    pub is_nominal_inside: Option<bool>,
}

/// How origins lie: what the length of a block follows from.
#[derive(Clone, Copy, Debug)]
pub struct Spacing {
    /// Days between origins.
    pub every_days: u16,
    /// Weeks ahead of each.
    pub weeks: usize,
}

impl Spacing {
    /// How many origins make a block: as many as share a week, or as is usual, whichever is more; but so that at least three
    /// blocks fit, without which there is nothing to draw from. `horizon` 0 stands for all weeks.
    pub fn block_length(self, origins: usize, horizon: usize) -> usize {
        let weeks = if horizon == 0 { self.weeks } else { horizon };
        let overlapping = (7 * weeks).div_ceil(usize::from(self.every_days));
        overlapping.max(default_block_length(origins)).min(origins / 3).max(1)
    }

    /// How intervals of so many origins are drawn.
    pub fn options(self, origins: usize, horizon: usize, level: f64) -> Options {
        let block_length = Some(self.block_length(origins, horizon));
        // One stream for each horizon: methods of one are drawn alike.
        Options { block_length, replicates: REPLICATES, level, seed: 1, stream: horizon as u64 }
    }
}

/// Sums of |error| and |actual| by origin.
pub fn by_origin(scores: &Scores) -> BTreeMap<Day, Part> {
    let mut parts: BTreeMap<Day, Part> = BTreeMap::new();
    for (origin, error, actual) in &scores.parts {
        let part = parts.entry(*origin).or_default();
        part.numerator += error;
        part.denominator += actual;
    }
    parts
}

/// The sums of two methods by origin, for the origins that both have.
pub fn paired(first: &Scores, second: &Scores) -> (Vec<Part>, Vec<Part>) {
    let others = by_origin(second);
    by_origin(first).into_iter().filter_map(|(origin, part)| Some((part, *others.get(&origin)?))).unzip()
}

/// The coverage of a band with its interval.
pub fn coverage(scores: &Scores, band: usize, horizon: usize, spacing: Spacing) -> Option<Coverage> {
    let share = scores.coverage(band)?;
    let mut parts: BTreeMap<Day, Part> = BTreeMap::new();
    for (origin, held) in &scores.held {
        if let Some(is_inside) = held[band] {
            let part = parts.entry(*origin).or_default();
            part.numerator += f64::from(u8::from(is_inside));
            part.denominator += 1.0;
        }
    }
    let parts: Vec<Part> = parts.into_values().collect();
    let options = spacing.options(parts.len(), horizon, LEVEL);
    let blocks = parts.len() / options.block_length.unwrap_or(1).max(1);
    let bounds = ratio(&parts, &options).map(|estimate| match (share, certain(blocks)) {
        (1.0, far) => (1.0 - far, 1.0),
        (0.0, far) => (0.0, far),
        _ => (estimate.lower, estimate.upper),
    });
    let is_nominal_inside = bounds.map(|(lower, upper)| (lower..=upper).contains(&BANDS[band].0));
    Some(Coverage { weeks: scores.inside[band].1, share, bounds, is_nominal_inside })
}

/// How far from what was always seen the truth may be, after so many blocks that are taken for one observation each: draws of
/// what never varied do not vary, and would be surer than anybody can be.
///
/// Source: C. J. Clopper, E. S. Pearson (1934), Biometrika 26, 404–413: the bound for n of n, 1 − (α ÷ 2)^(1 ÷ n).
fn certain(blocks: usize) -> f64 {
    1.0 - ((1.0 - LEVEL) / 2.0).powf(1.0 / blocks.max(1) as f64)
}

/// The lines of all scores: companies in order, the model before the rules of thumb, all weeks together before single ones.
pub fn rows(book: &Book, role: &'static str, scores: &BTreeMap<Key, Scores>, spacing: Spacing) -> Vec<Row> {
    let mut rows: Vec<Row> = scores.par_iter().map(|(key, of_key)| row(book, role, key, of_key, scores, spacing)).collect();
    rows.sort_by(|a, b| a.order().cmp(&b.order()));
    rows
}

fn row(book: &Book, role: &'static str, key: &Key, scores: &Scores, all: &BTreeMap<Key, Scores>, spacing: Spacing) -> Row {
    let (cell, target, method, horizon) = key;
    let name = CellName::new(book, cell);
    let parts: Vec<Part> = by_origin(scores).into_values().collect();
    let wape = ratio(&parts, &spacing.options(parts.len(), *horizon, LEVEL));
    let model = all.get(&(cell.clone(), *target, MODEL, *horizon)).filter(|_| *method != MODEL);
    let (models, others) = model.map(|model| paired(model, scores)).unwrap_or_default();
    let options = spacing.options(models.len(), *horizon, LEVEL);
    Row {
        role,
        company_id: name.company.to_owned(),
        basis: name.basis,
        currency: name.currency.to_owned(),
        target: *target,
        method,
        horizon: *horizon,
        origins: parts.len(),
        weeks: scores.errors.periods,
        actual: scores.actual,
        bias: scores.errors.bias(),
        wape: scores.errors.wape(),
        wape_bounds: wape.map(|wape| (wape.lower, wape.upper)),
        mase: scores.mase(),
        pinball: scores.share_of_actual(scores.pinball),
        crps: scores.share_of_actual(scores.crps),
        coverage: [0, 1, 2].map(|band| coverage(scores, band, *horizon, spacing)),
        model_ratio: ratio_of_ratios(&models, &others, &options),
        model_difference: compare(&models, &others, &options),
    }
}

/// The quotient of two ratios of sums over the same origins.
fn ratio_of_ratios(first: &[Part], second: &[Part], options: &Options) -> Option<Estimate> {
    interval(first.len(), options, |drawn| {
        let sums = drawn.fold([0.0; 4], |sums, at| {
            let (one, other) = (&first[at], &second[at]);
            [sums[0] + one.numerator, sums[1] + one.denominator, sums[2] + other.numerator, sums[3] + other.denominator]
        });
        (sums[1] > 0.0 && sums[2] > 0.0 && sums[3] > 0.0).then(|| (sums[0] / sums[1]) / (sums[2] / sums[3]))
    })
}

impl Row {
    fn order(&self) -> (&str, &str, &str, Target, usize, bool, &str) {
        (&self.company_id, self.basis, &self.currency, self.target, self.horizon, self.method != MODEL, self.method)
    }

    /// The line as JSON.
    pub fn json(&self) -> Value {
        let bounds = |bounds: Option<(f64, f64)>| bounds.map(|(lower, upper)| json!([lower, upper]));
        let bands: serde_json::Map<String, Value> = BANDS
            .iter()
            .zip(&self.coverage)
            .filter_map(|((share, ..), coverage)| {
                let coverage = (*coverage)?;
                let of = json!({
                    "weeks": coverage.weeks,
                    "coverage": coverage.share,
                    "interval": bounds(coverage.bounds),
                    "nominal_is_inside": coverage.is_nominal_inside,
                });
                Some((format!("{}", (share * 100.0).round()), of))
            })
            .collect();
        json!({
            "recipe": self.role,
            "company_id": self.company_id,
            "basis": self.basis,
            "currency": self.currency,
            "target": self.target.word(),
            "method": self.method,
            "horizon": self.horizon,
            "origins": self.origins,
            "weeks": self.weeks,
            "actual": self.actual / 10_000.0,
            "bias": self.bias,
            "wape": self.wape,
            "wape_interval": bounds(self.wape_bounds),
            "mase": self.mase,
            "pinball": self.pinball,
            "crps": self.crps,
            "bands": bands,
            "model_wape_over_this": self.model_ratio.map(|ratio| json!([ratio.value, ratio.lower, ratio.upper])),
            "model_wape_less_this": self.model_difference.map(|of| json!([of.difference.value, of.difference.lower, of.difference.upper])),
            "model_better_share": self.model_difference.map(|of| of.share_better),
        })
    }
}

/// What a table is about: it stands in the file's metadata.
#[derive(Clone, Debug)]
pub struct About {
    /// Settings, origins, ladder and verdict.
    pub json: Value,
    /// The recipes by role.
    pub recipes: Vec<(&'static str, Recipe)>,
    /// The verdict in a word, where there is a challenger: it stands in the challenger's lines.
    pub verdict: Option<String>,
}

/// Writes the table.
///
/// # Errors
/// When the file cannot be written.
pub fn write_table(path: &Path, rows: &[Row], about: &About) -> Result<()> {
    let texts = |of: &dyn Fn(&Row) -> Option<String>| -> ArrayRef { Arc::new(rows.iter().map(of).collect::<StringArray>()) };
    let counts =
        |of: &dyn Fn(&Row) -> usize| -> ArrayRef { Arc::new(rows.iter().map(|row| i64::try_from(of(row)).ok()).collect::<Int64Array>()) };
    let numbers = |of: &dyn Fn(&Row) -> Option<f64>| -> ArrayRef { Arc::new(rows.iter().map(of).collect::<Float64Array>()) };
    let recipe = |row: &Row| about.recipes.iter().find(|(role, _)| *role == row.role).map(|(_, recipe)| *recipe);
    let mut columns: Vec<(String, ArrayRef)> = vec![
        ("recipe".into(), texts(&|row| Some(row.role.into()))),
        ("tier".into(), texts(&|row| recipe(row).map(|recipe| recipe.tier_word().into()))),
        ("half_life_days".into(), numbers(&|row| recipe(row).map(|recipe| f64::from(recipe.half_life_days)))),
        ("company_id".into(), texts(&|row| Some(row.company_id.clone()))),
        ("basis".into(), texts(&|row| Some(row.basis.into()))),
        ("currency".into(), texts(&|row| Some(row.currency.clone()))),
        ("target".into(), texts(&|row| Some(row.target.word().into()))),
        ("method".into(), texts(&|row| Some(row.method.into()))),
        ("horizon".into(), counts(&|row| row.horizon)),
        ("origins".into(), counts(&|row| row.origins)),
        ("weeks".into(), counts(&|row| row.weeks)),
        ("actual".into(), numbers(&|row| Some(row.actual / 10_000.0))),
        ("bias".into(), numbers(&|row| row.bias)),
        ("wape".into(), numbers(&|row| row.wape)),
        ("wape_lower".into(), numbers(&|row| row.wape_bounds.map(|bounds| bounds.0))),
        ("wape_upper".into(), numbers(&|row| row.wape_bounds.map(|bounds| bounds.1))),
        ("mase".into(), numbers(&|row| row.mase)),
        ("pinball".into(), numbers(&|row| row.pinball)),
        ("crps".into(), numbers(&|row| row.crps)),
    ];
    for (band, (share, ..)) in BANDS.iter().enumerate() {
        let name = |what: &str| format!("coverage_{:.0}{what}", share * 100.0);
        let bound = |of: fn((f64, f64)) -> f64| numbers(&move |row: &Row| row.coverage[band].and_then(|coverage| coverage.bounds).map(of));
        let inside = rows.iter().map(|row| row.coverage[band].and_then(|coverage| coverage.is_nominal_inside));
        columns.push((name(""), numbers(&|row| row.coverage[band].map(|coverage| coverage.share))));
        columns.push((name("_lower"), bound(|bounds| bounds.0)));
        columns.push((name("_upper"), bound(|bounds| bounds.1)));
        columns.push((name("_weeks"), counts(&|row| row.coverage[band].map_or(0, |coverage| coverage.weeks))));
        columns.push((name("_nominal_is_inside"), Arc::new(inside.collect::<BooleanArray>())));
    }
    let ratio = |of: fn(&Estimate) -> f64| numbers(&move |row: &Row| row.model_ratio.as_ref().map(of));
    let difference = |of: fn(&Comparison) -> f64| numbers(&move |row: &Row| row.model_difference.as_ref().map(of));
    columns.extend([
        ("model_wape_over_this".into(), ratio(|ratio| ratio.value)),
        ("model_wape_over_this_lower".into(), ratio(|ratio| ratio.lower)),
        ("model_wape_over_this_upper".into(), ratio(|ratio| ratio.upper)),
        ("model_wape_less_this".into(), difference(|of| of.difference.value)),
        ("model_wape_less_this_lower".into(), difference(|of| of.difference.lower)),
        ("model_wape_less_this_upper".into(), difference(|of| of.difference.upper)),
        ("model_better_share".into(), difference(|of| of.share_better)),
        ("verdict".into(), texts(&|row| about.verdict.clone().filter(|_| row.role == super::challenge::CHALLENGER))),
    ]);
    write(path, columns, &[("arrears_backtest", about.json.to_string())])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(errors: &[(Day, f64)]) -> Scores {
        let mut scores = Scores::default();
        errors.iter().for_each(|(origin, error)| scores.add_mean((*origin, 1), 100.0 + error, 100.0));
        scores
    }

    #[test]
    fn blocks_are_as_long_as_weeks_overlap_but_leave_something_to_draw() {
        let spacing = Spacing { every_days: 7, weeks: 8 };
        assert_eq!([0, 1, 4, 6].map(|horizon| spacing.block_length(40, horizon)), [8, 4, 4, 6]);
        assert_eq!((spacing.block_length(12, 0), spacing.block_length(2, 0), spacing.block_length(0, 0)), (4, 1, 1));
        assert_eq!(Spacing { every_days: 28, weeks: 8 }.block_length(27, 0), 3);
    }

    #[test]
    fn methods_are_compared_on_the_origins_that_both_have() {
        let (one, other) = (scores(&[(0, 10.0), (7, 20.0), (14, 5.0)]), scores(&[(7, 40.0), (14, 10.0), (21, 1.0)]));
        let (first, second) = paired(&one, &other);
        assert_eq!(first.iter().map(|part| part.numerator).collect::<Vec<_>>(), [20.0, 5.0]);
        assert_eq!(second.iter().map(|part| part.numerator).collect::<Vec<_>>(), [40.0, 10.0]);
        // Half the error at every origin: whatever is drawn, half.
        let half = ratio_of_ratios(&first, &second, &Options::default()).expect("two origins");
        assert_eq!((half.value, half.lower, half.upper), (0.5, 0.5, 0.5));
    }

    #[test]
    fn a_band_that_always_or_never_holds_is_not_taken_for_certain() {
        let mut scores = Scores::default();
        let quantiles: Vec<f64> = (1..=9).map(|level| f64::from(level) * 10.0).collect();
        for origin in 0..20 {
            scores.add_bands(7 * origin, &quantiles, &[true, true, false], 50.0 + f64::from(origin % 2) * 15.0);
        }
        let mut never = Scores::default();
        (0..20).for_each(|origin| never.add_bands(7 * origin, &quantiles, &[true; 3], 500.0));
        let spacing = Spacing { every_days: 7, weeks: 1 };
        let [half, most, none] = [0, 1, 2].map(|band| coverage(&scores, band, 1, spacing));
        let never = coverage(&never, 1, 1, spacing).expect("it is calibrated");
        let half = half.expect("it is calibrated");
        assert_eq!((half.weeks, half.share, half.is_nominal_inside), (20, 0.5, Some(true)));
        let most = most.expect("it is calibrated");
        // Twenty origins in blocks of three are six observations: 0.025 to the power of a sixth.
        let bounds = most.bounds.expect("there are twenty");
        assert!((bounds.0 - 0.540_72).abs() < 1e-4 && bounds.1 == 1.0, "{bounds:?}");
        assert_eq!((most.share, most.is_nominal_inside), (1.0, Some(true)));
        assert_eq!((never.share, never.is_nominal_inside, never.bounds.map(|bounds| bounds.0)), (0.0, Some(false), Some(0.0)));
        assert_eq!(none, None);
    }
}
