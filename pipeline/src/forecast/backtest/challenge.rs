//! Champion and challenger: whether another recipe should replace the one that the configuration names.
//!
//! The challenger replaces the champion only if its weekly error on open items is smaller with a one-sided 90 % interval over the
//! same origins, and no gate fails. In all other cases the champion stays. Nothing is replaced by itself: the verdict is a
//! line for the configuration.

use super::Recipe;
use super::table::{MODEL, Spacing, coverage, paired};
use crate::forecast::accuracy::{BANDS, Key, Scores};
use crate::forecast::replay::Target;
use arrears_models::bootstrap::{Comparison, compare};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The role of the configuration's recipe.
pub const CHAMPION: &str = "champion";
/// The role of the other one.
pub const CHALLENGER: &str = "challenger";
/// A two-sided interval of 80 % has the upper bound of a one-sided one of 90 %.
const LEVEL: f64 = 0.8;
/// From fewer origins on nothing is replaced: half a year of weeks.
pub const ORIGINS_MIN: usize = 26;
/// The challenger's band of 80 % may be off by so much more than the champion's.
const COVERAGE_TOLERANCE: f64 = 0.03;
/// The position of the band of 80 %.
const BAND: usize = 1;

/// Something that must hold whatever the error says.
#[derive(Clone, Debug, PartialEq)]
pub struct Gate {
    /// Its name.
    pub name: &'static str,
    /// Whether it holds.
    pub is_passed: bool,
    /// What was found.
    pub found: String,
}

/// Whether the challenger replaces the champion.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The configuration's recipe.
    pub champion: Recipe,
    /// The other one.
    pub challenger: Recipe,
    /// Whether it replaces it.
    pub is_replaced: bool,
    /// The weekly errors on open items, champion and challenger.
    pub wape: Option<(f64, f64)>,
    /// Challenger less champion.
    pub comparison: Option<Comparison>,
    /// The gates.
    pub gates: Vec<Gate>,
}

/// Judges a challenger by the scores of both; `challenger` is `None`, with what happened, where it could not be fitted.
pub fn judge(
    (champion, of_champion): (Recipe, &BTreeMap<Key, Scores>),
    (challenger, of_challenger): (Recipe, Result<&BTreeMap<Key, Scores>, String>),
    spacing: Spacing,
) -> Verdict {
    let of_challenger = match of_challenger {
        Ok(scores) => scores,
        Err(what) => {
            let gates = vec![Gate { name: "fit_certified", is_passed: false, found: what }];
            return Verdict { champion, challenger, is_replaced: false, wape: None, comparison: None, gates };
        }
    };
    let nothing = Scores::default();
    let (first, second) = (all_weeks(of_champion).unwrap_or(&nothing), all_weeks(of_challenger).unwrap_or(&nothing));
    let (champions, challengers) = paired(first, second);
    let comparison = compare(&challengers, &champions, &spacing.options(champions.len(), 0, LEVEL));
    let gates = vec![
        Gate { name: "fit_certified", is_passed: true, found: "every fit is certified".into() },
        enough_origins(champions.len()),
        coverage_gate(first, second, spacing),
    ];
    let is_better = comparison.is_some_and(|comparison| comparison.difference.upper < 0.0);
    let is_replaced = is_better && gates.iter().all(|gate| gate.is_passed);
    Verdict { champion, challenger, is_replaced, wape: first.errors.wape().zip(second.errors.wape()), comparison, gates }
}

/// The scores of the model on open items of all companies, all weeks together.
fn all_weeks(scores: &BTreeMap<Key, Scores>) -> Option<&Scores> {
    let found = scores.iter().find(|((cell, target, method, horizon), _)| {
        cell.company.is_none() && *target == Target::OpenItems && *method == MODEL && *horizon == 0
    });
    found.map(|(_, scores)| scores)
}

fn enough_origins(origins: usize) -> Gate {
    Gate { name: "enough_origins", is_passed: origins >= ORIGINS_MIN, found: format!("{origins} origins, {ORIGINS_MIN} are needed") }
}

fn coverage_gate(champion: &Scores, challenger: &Scores, spacing: Spacing) -> Gate {
    let name = "coverage_of_80";
    let Some(found) = coverage(challenger, BAND, 0, spacing) else {
        return Gate { name, is_passed: false, found: "the challenger has no calibrated band".into() };
    };
    let off = |share: f64| (share - BANDS[BAND].0).abs();
    let champions = champion.coverage(BAND);
    // A champion without a band sets no limit.
    let is_not_worse = champions.is_none_or(|of_champion| off(found.share) <= off(of_champion) + COVERAGE_TOLERANCE);
    let said = champions.map_or_else(|| "no band".to_owned(), |share| format!("{share:.3}"));
    Gate {
        name,
        is_passed: is_not_worse,
        found: format!(
            "the band of 80 % held {:.3} of the weeks, the champion's {said}: at most {COVERAGE_TOLERANCE} further off",
            found.share
        ),
    }
}

impl Verdict {
    /// The verdict in one word.
    pub fn word(&self) -> &'static str {
        if self.is_replaced { "challenger_replaces_champion" } else { "champion_stays" }
    }

    /// Why, in a sentence.
    pub fn reason(&self) -> String {
        let failed: Vec<&str> = self.gates.iter().filter(|gate| !gate.is_passed).map(|gate| gate.name).collect();
        let Some(comparison) = &self.comparison else {
            return match failed.is_empty() {
                true => "the two cannot be compared".into(),
                false => format!("it does not pass {}", failed.join(", ")),
            };
        };
        let upper = comparison.difference.upper;
        match (upper < 0.0, failed.is_empty()) {
            (true, true) => format!("its weekly error on open items is smaller, by {:.4} at least (one-sided 90 %)", -upper),
            (true, false) => format!("its error is smaller, but it does not pass {}", failed.join(", ")),
            (false, _) => format!("its weekly error on open items is not surely smaller: up to {upper:+.4} (one-sided 90 %)"),
        }
    }

    /// The verdict as JSON.
    pub fn json(&self) -> Value {
        let recipe = |recipe: Recipe| json!({ "tier": recipe.tier_word(), "half_life_days": recipe.half_life_days });
        json!({
            "verdict": self.word(),
            "reason": self.reason(),
            "champion": recipe(self.champion),
            "challenger": recipe(self.challenger),
            "champion_wape": self.wape.map(|wape| wape.0),
            "challenger_wape": self.wape.map(|wape| wape.1),
            "difference": self.comparison.map(|of| json!([of.difference.value, of.difference.lower, of.difference.upper])),
            "challenger_better_share": self.comparison.map(|of| of.share_better),
            "gates": self.gates.iter().map(|gate| json!({ "gate": gate.name, "passed": gate.is_passed, "found": gate.found })).collect::<Vec<_>>(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forecast::cells::Cell;
    use crate::ledger::scopes::Scope;

    const SPACING: Spacing = Spacing { every_days: 7, weeks: 1 };
    const CHAMPION: Recipe = Recipe { tier: None, half_life_days: 75 };
    const OTHER: Recipe = Recipe { tier: None, half_life_days: 150 };

    /// Weeks with errors that go up and down, times `factor`; `inside` of ten weeks lie in the band of 80 %.
    fn scores(origins: i32, factor: f64, inside: i32) -> BTreeMap<Key, Scores> {
        let mut scores = Scores::default();
        for origin in 0..origins {
            let actual = 100.0 + f64::from(origin % 5);
            scores.add_mean((7 * origin, 1), actual + factor * f64::from(origin % 7 + 3), actual);
            let away = if origin % 10 < inside { 0.0 } else { 1_000.0 };
            let quantiles: Vec<f64> = (-4..=4).map(|level| actual + away + f64::from(level)).collect();
            scores.add_bands(7 * origin, &quantiles, &[true; 3], actual);
        }
        let cell = Cell { company: None, scope: Scope::Company, value: "(all)".into(), currency: None };
        BTreeMap::from([((cell, Target::OpenItems, MODEL, 0), scores)])
    }

    fn verdict(champion: &BTreeMap<Key, Scores>, challenger: &BTreeMap<Key, Scores>) -> Verdict {
        judge((CHAMPION, champion), (OTHER, Ok(challenger)), SPACING)
    }

    #[test]
    fn a_smaller_error_on_every_origin_replaces_and_the_same_does_not() {
        let champion = scores(40, 2.0, 8);
        let better = verdict(&champion, &scores(40, 1.9, 8));
        assert!(better.is_replaced && better.comparison.is_some_and(|of| of.share_better == 1.0), "{better:?}");
        let same = verdict(&champion, &champion);
        assert!(!same.is_replaced && same.gates.iter().all(|gate| gate.is_passed), "{same:?}");
        assert!(!verdict(&champion, &scores(40, 2.1, 8)).is_replaced);
    }

    #[test]
    fn a_gate_that_fails_keeps_the_champion() {
        let champion = scores(40, 2.0, 8);
        let narrow = verdict(&champion, &scores(40, 1.0, 7));
        assert!(!narrow.is_replaced && narrow.reason().contains("coverage_of_80"), "{}", narrow.reason());
        let few = verdict(&scores(20, 2.0, 8), &scores(20, 1.0, 8));
        assert!(!few.is_replaced && few.reason().contains("enough_origins"), "{}", few.reason());
        let failed = judge((CHAMPION, &champion), (OTHER, Err("the timing model's fit is not certified".into())), SPACING);
        assert!(!failed.is_replaced && failed.reason().contains("fit_certified"), "{}", failed.reason());
        // A champion whose band is as far off sets no higher standard.
        assert!(verdict(&scores(40, 2.0, 7), &scores(40, 1.0, 7)).is_replaced);
    }
}
