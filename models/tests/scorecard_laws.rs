//! What must hold of any scorecard: points, directions, reasons, order of rows, threads, folds.

mod support;

use arrears_models::classification::{Probabilities, Scores};
use arrears_models::logistic::probability_from;
use arrears_models::scorecard::card::{Matrix, probability_of_score};
use arrears_models::scorecard::fit::{Fate, Options, fit, out_of_fold};
use arrears_models::scorecard::ladder::{self, fit_ladder};
use support::{Book, Kind, expert, shuffled};

#[test]
fn look() {
    for (groups, level) in [(3_000, -4.5), (400, -4.5), (400, -6.5)] {
        let book = Book::usual(3, groups, 8, level);
        let rule: Vec<f64> = book.columns[11].iter().map(|value| f64::from(*value)).collect();
        let is_calibration: Vec<bool> = (0..book.group.len()).map(|row| row % 8 >= 2).collect();
        let ladder = book.with_sample(|sample| fit_ladder(sample, &is_calibration, &rule, &expert(), &ladder::Options::default()));
        println!("{} {:?} {:?}", ladder.tier.word(), ladder.counts, ladder.calibration_counts);
        for trial in &ladder.tried {
            let auc = trial.against_rule.as_ref().map(|auc| (auc.first.value, auc.second.value, auc.difference.interval(0.9)));
            println!("  {:?} {} {auc:?}", trial.tier, trial.outcome);
        }
        println!("  {:?}", ladder.calibration);
        if let Some(fitted) = &ladder.fitted {
            println!("  ridge {} {:?} {:?}", fitted.ridge, fitted.ridge_losses, fitted.standard_errors);
            for judged in &fitted.characteristics {
                println!("  {} {:?} {:?}", judged.name, judged.information_value, judged.fate);
            }
        }
        println!("base {}", ladder.scorecard.base_tenths);
        for part in &ladder.scorecard.characteristics {
            println!("  {} {:.3} {:?} {:?}", part.name, part.coefficient, part.bins.edges, part.points_tenths);
        }
        let target: Vec<f64> = book.is_event.iter().map(|event| f64::from(u8::from(*event))).collect();
        let truth = Scores::new(&book.log_odds, &target, None).unwrap().auc();
        let columns: Vec<&[f32]> = book.columns.iter().map(Vec::as_slice).collect();
        let scored = ladder.scorecard.score_all(&Matrix::Columns(&columns));
        let scores = Probabilities::new(&scored.probability, &target, None).unwrap();
        println!("truth {truth:?} in sample {:?} {:?}", scores.scores().auc(), scores.calibration());
        let fresh = Book::usual(4, groups, 8, level);
        let columns: Vec<&[f32]> = fresh.columns.iter().map(Vec::as_slice).collect();
        let target: Vec<f64> = fresh.is_event.iter().map(|event| f64::from(u8::from(*event))).collect();
        let scored = ladder.scorecard.score_all(&Matrix::Columns(&columns));
        let scores = Probabilities::new(&scored.probability, &target, None).unwrap();
        let inside = (0..target.len())
            .filter(|row| {
                scored.probability_lower[*row] <= probability_from(fresh.log_odds[*row])
                    && probability_from(fresh.log_odds[*row]) <= scored.probability_upper[*row]
            })
            .count();
        println!("fresh {:?} {:?} covers {}", scores.scores().auc(), scores.calibration(), inside as f64 / target.len() as f64);
        println!(
            "mean pd {} rate {}",
            scored.probability.iter().sum::<f64>() / target.len() as f64,
            target.iter().sum::<f64>() / target.len() as f64
        );
    }
}
