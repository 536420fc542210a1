//! What `arrears backtest risk` prints.

use super::{REPLICATES, Verdict};
use crate::ledger::calendar::{Day, date_of};
use crate::scoring::grades::{EDGES, Grade};
use crate::scoring::risk::RiskOptions;
use crate::scoring::risk::backtest::measures::{Judged, Measures, Reliability};
use crate::scoring::risk::backtest::{Backtest, PastModel};
use arrears_models::scorecard::comparison::{self, Replicated};
use serde_json::{Value, json};

/// How families are drawn.
pub(super) fn draws() -> comparison::Options {
    comparison::Options { replicates: REPLICATES, seed: 1, stream: 0 }
}

pub(super) fn text(
    backtest: &Backtest,
    judged: &Judged,
    options: &RiskOptions,
    (origins, known): (&[Day], Day),
    verdict: Option<&Verdict>,
) {
    let (first, last) = (origins.first().map_or(known, |day| *day), origins.last().map_or(known, |day| *day));
    println!(
        "{} month ends from {} to {}, each judged by the defaults within {} days, as known on {}",
        origins.len(),
        date_of(first),
        date_of(last),
        options.horizon_days,
        date_of(known)
    );
    models(&backtest.models);
    measures(&judged.measures(&EDGES, &draws()), "aging rule");
    grades(backtest, judged);
    if let Some(verdict) = verdict {
        challenge(verdict);
    }
}

fn models(models: &[PastModel]) {
    for alike in models.chunk_by(|a, b| a.tier == b.tier && a.characteristics == b.characteristics) {
        let (first, last) = (&alike[0], &alike[alike.len() - 1]);
        println!(
            "  {} to {}: {} scorecard of {} characteristics, learnt from {} to {} defaulted families",
            date_of(first.origin),
            date_of(last.origin),
            first.tier.word(),
            first.characteristics.len(),
            first.defaulted_families,
            last.defaulted_families
        );
    }
}

/// The measures of a model beside the rule of thumb.
pub(super) fn measures(measures: &Measures, rule: &str) {
    println!("\n{} rows, {} with a default, of {} families", measures.rows, measures.events, measures.defaulted_families);
    let Some(auc) = &measures.auc else {
        println!("nothing to rank: there is no default, or nothing but defaults");
        println!("mean chance that was said: {}", shown(measures.mean_pd, 5));
        return;
    };
    println!("{:34} {:>7}  90 %              95 %", "area under the ROC curve", "");
    for (name, of) in [("model", &auc.first), (rule, &auc.second), ("difference", &auc.difference)] {
        println!("  {name:32} {:7.4}  {}  {}", of.value, interval(of, 0.9), interval(of, 0.95));
    }
    println!("  {:32} {:7.4}", "Gini of the model", 2.0 * auc.first.value - 1.0);
    println!("  {:32} {:>7}", "Kolmogorov-Smirnov", shown(measures.ks, 4));
    println!("probabilities");
    println!("  {:32} {:>7}", "log-loss", shown(measures.log_loss, 4));
    println!("  {:32} {:>7}", "Brier", shown(measures.brier, 4));
    if let Some(parts) = &measures.brier_parts {
        println!("    reliability {:.5}, resolution {:.5}, uncertainty {:.5}", parts.reliability, parts.resolution, parts.uncertainty);
    }
    println!("  {:32} {:>7}", "slope of the calibration", shown(measures.slope, 3));
    println!("  {:32} {:>7}", "log-odds to add for the mean", shown(measures.in_the_large, 3));
    println!("  {:32} {:>7}", "mean chance that was said", shown(measures.mean_pd, 4));
}

fn interval(of: &Replicated, level: f64) -> String {
    let (lower, upper) = of.interval(level);
    format!("[{lower:7.4}, {upper:7.4}]")
}

fn shown(value: Option<f64>, places: usize) -> String {
    value.map_or("-".to_owned(), |value| format!("{value:.places$}"))
}

fn by_grade(backtest: &Backtest, judged: &Judged) -> Vec<(Grade, Reliability)> {
    let of = |grade: &Grade| Some((*grade, judged.reliability(|row| backtest.tested[row].grade == *grade)?));
    Grade::ALL.iter().filter_map(of).collect()
}

fn grades(backtest: &Backtest, judged: &Judged) {
    println!(
        "\n{:6} {:>8} {:>9} {:>10} {:>10} {:>10}  90 % (Jeffreys, by family)",
        "grade", "rows", "families", "defaulted", "said", "came"
    );
    for (grade, of) in by_grade(backtest, judged) {
        println!(
            "{:6} {:>8} {:>9} {:>10} {:>9.2}% {:>9.2}%  [{:.2}%, {:.2}%]",
            grade.word(),
            of.rows,
            of.families,
            of.defaulted_families,
            of.mean_pd * 100.0,
            of.rate * 100.0,
            of.interval.lower * 100.0,
            of.interval.upper * 100.0
        );
    }
}

fn challenge(verdict: &Verdict) {
    if let Some(auc) = &verdict.auc {
        println!(
            "\nchallenger: area {:.4} against {:.4}, difference {:.4}, one-sided 90 %: at least {:.4}; slope {}",
            auc.first.value,
            auc.second.value,
            auc.difference.value,
            auc.difference.interval(0.8).0,
            shown(verdict.slope, 3)
        );
    }
    if verdict.failing.is_empty() {
        println!("it should replace the configuration's: set it under [risk]");
    } else {
        println!("the configuration's stays: {}", verdict.failing.join("; "));
    }
}

// --- JSON --------------------------------------------------------------------------------------------------------------------------

pub(super) fn json(backtest: &Backtest, judged: &Judged, options: &RiskOptions, verdict: Option<&Verdict>) {
    let models = backtest.models.iter().map(|model| {
        json!({
            "month_end": date_of(model.origin).to_string(), "tier": model.tier.word(), "month_ends": model.month_ends,
            "defaulted_families": model.defaulted_families, "characteristics": model.characteristics,
        })
    });
    let grades = by_grade(backtest, judged).into_iter().map(|(grade, of)| {
        json!({
            "grade": grade.word(), "rows": of.rows, "families": of.families, "defaulted_families": of.defaulted_families,
            "events": of.events, "mean_pd": of.mean_pd, "rate": of.rate, "lower": of.interval.lower, "upper": of.interval.upper,
        })
    });
    let verdict = verdict.map(|verdict| {
        json!({
            "auc": verdict.auc.as_ref().map(comparison_value), "slope": verdict.slope,
            "replaces": verdict.failing.is_empty(), "failing": verdict.failing,
        })
    });
    let shown = json!({
        "horizon_days": options.horizon_days,
        "models": models.collect::<Vec<_>>(),
        "measures": measures_value(&judged.measures(&EDGES, &draws())),
        "grades": grades.collect::<Vec<_>>(),
        "challenger": verdict,
    });
    println!("{shown:#}");
}

pub(super) fn measures_value(measures: &Measures) -> Value {
    json!({
        "rows": measures.rows, "events": measures.events, "defaulted_families": measures.defaulted_families,
        "auc": measures.auc.as_ref().map(comparison_value), "ks": measures.ks, "log_loss": measures.log_loss, "brier": measures.brier,
        "slope": measures.slope, "in_the_large": measures.in_the_large, "mean_pd": measures.mean_pd,
    })
}

fn comparison_value(auc: &comparison::AucComparison) -> Value {
    let of = |of: &Replicated| json!({ "value": of.value, "interval_90": of.interval(0.9), "interval_95": of.interval(0.95) });
    json!({ "first": of(&auc.first), "second": of(&auc.second), "difference": of(&auc.difference) })
}
