//! Every item is paid, credited, written off or open: the shares of a payment curve sum to 1 on every day, and survival
//! stays between 0 and 1 and inside its interval.

use super::Context;
use crate::error::Result;
use polars::prelude::*;

/// What the last binary digits may come to.
const TOLERANCE: f64 = 1e-9;

pub(super) fn find(context: &Context) -> Result<DataFrame> {
    find_in(context.scan("payment_curves")?)
}

fn find_in(curves: LazyFrame) -> Result<DataFrame> {
    let sum = col("incidence_cash") + col("incidence_credit") + col("incidence_write_off") + col("open_share");
    let differs = |value: Expr, expected: f64| value.clone().gt(lit(expected + TOLERANCE)).or(value.lt(lit(expected - TOLERANCE)));
    let outside = col("survival").lt(lit(0.0)).or(col("survival").gt(lit(1.0)));
    let beside = col("survival").lt(col("survival_lower") - lit(TOLERANCE)).or(col("survival").gt(col("survival_upper") + lit(TOLERANCE)));
    Ok(curves
        .filter(differs(sum, 1.0).or(outside).or(beside.fill_null(lit(false))))
        .sort(["company_id", "scope", "scope_value", "weighting", "days"], SortMultipleOptions::default())
        .collect()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::marts::frame::texts;

    fn curve(open_share: f64, survival_upper: Option<f64>) -> LazyFrame {
        let double = |name: &str, value: f64| Column::new(name.into(), [value]);
        DataFrame::new_infer_height(vec![
            texts("company_id", [Some("a")].into_iter()),
            texts("scope", [Some("company")].into_iter()),
            texts("scope_value", [Some("a")].into_iter()),
            texts("weighting", [Some("items")].into_iter()),
            Column::new("days".into(), [30_i64]),
            double("survival", 0.6),
            Column::new("survival_lower".into(), [Some(0.5)]),
            Column::new("survival_upper".into(), [survival_upper]),
            double("incidence_cash", 0.3),
            double("incidence_credit", 0.1),
            double("incidence_write_off", 0.1),
            double("open_share", open_share),
        ])
        .expect("columns of one length")
        .lazy()
    }

    #[test]
    fn shares_that_do_not_sum_to_one_and_intervals_beside_their_value_are_found() {
        let found = |frame| find_in(frame).expect("it can be checked").height();
        assert_eq!(found(curve(0.5, Some(0.7))), 0);
        assert_eq!(found(curve(0.5, None)), 0);
        assert_eq!(found(curve(0.51, Some(0.7))), 1);
        assert_eq!(found(curve(0.5, Some(0.55))), 1);
    }
}
