//! Law 6: where there are balances of the general ledger, sub-ledger − control account = 0, within the tolerance of the
//! configuration; and the lines between the two sum to the difference, whatever it is.

use super::Context;
use crate::error::Result;
use crate::marts::frame::{SCALE, SUM_PRECISION};
use polars::prelude::*;

/// Lines that are not items of the difference.
const WHOLES: [&str; 3] = ["sub_ledger", "control_account", "difference"];

pub(super) fn find(context: &Context) -> Result<DataFrame> {
    find_in(context.scan("gl_tie_out")?, context.quality.gl_tolerance.value)
}

fn find_in(tie_out: LazyFrame, tolerance: i64) -> Result<DataFrame> {
    let keys = ["company_id", "balance_date", "account"];
    let of = |line: &str| col("amount").filter(col("line").eq(lit(line))).sum();
    let is_item = WHOLES.iter().fold(lit(true), |is_item, line| is_item.and(col("line").neq(lit(*line))));
    let sums = tie_out.group_by(keys.map(col)).agg([
        of("sub_ledger").alias("sub_ledger"),
        of("control_account").alias("control_account"),
        of("difference").alias("difference"),
        of("unexplained").alias("unexplained"),
        (of("sub_ledger") - of("control_account") - of("difference")).alias("not_the_difference"),
        (of("difference") - col("amount").filter(is_item).sum()).alias("not_itemised"),
        col("line").eq(lit("difference")).any(true).alias("is_tied_out"),
    ]);
    let zero = |name: &str| col(name).cast(DataType::Float64).eq(lit(0.0));
    let limit = Series::new("limit".into(), [i128::from(tolerance)]);
    let limit = limit.i128()?.clone().into_decimal_unchecked(SUM_PRECISION, SCALE).into_series();
    let limit = lit(Scalar::new(DataType::Decimal(SUM_PRECISION, SCALE), limit.get(0)?.into_static()));
    let is_apart =
        col("difference").gt(limit.clone()).or((lit(0).cast(DataType::Decimal(SUM_PRECISION, SCALE)) - col("difference")).gt(limit));
    let is_broken = is_apart.or(zero("not_the_difference").not()).or(zero("not_itemised").not());
    Ok(sums.filter(col("is_tied_out").and(is_broken)).sort(keys, SortMultipleOptions::default()).collect()?.drop("is_tied_out")?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::marts::frame::{dates, sums, texts};

    fn frame(rows: &[(&'static str, i128)]) -> LazyFrame {
        DataFrame::new_infer_height(vec![
            texts("company_id", rows.iter().map(|_| Some("main"))),
            dates("balance_date", rows.iter().map(|_| Some(20_000))),
            texts("account", rows.iter().map(|_| Some("1200"))),
            texts("line", rows.iter().map(|row| Some(row.0))),
            sums("amount", rows.iter().map(|row| row.1).collect()),
        ])
        .expect("columns of one length")
        .lazy()
    }

    #[test]
    fn a_difference_beyond_the_tolerance_is_found_on_either_side_and_so_is_one_that_is_not_itemised() {
        let found = |rows: &[(&'static str, i128)], tolerance| find_in(frame(rows), tolerance).expect("it runs").height();
        let above = [("sub_ledger", 1_000), ("control_account", 900), ("difference", 100), ("unexplained", 100)];
        let below = [("sub_ledger", 900), ("control_account", 1_000), ("difference", -100), ("unexplained", -60), ("dated_later", -40)];
        for rows in [above.as_slice(), below.as_slice()] {
            assert_eq!([found(rows, 99), found(rows, 100)], [1, 0]);
        }
        let silent = [("sub_ledger", 1_000), ("control_account", 900), ("difference", 100), ("unexplained", 60)];
        assert_eq!(found(&silent, 1_000), 1, "40 are nobody's");
        let wrong = [("sub_ledger", 1_000), ("control_account", 900), ("difference", 0), ("unexplained", 0)];
        assert_eq!(found(&wrong, 1_000), 1);
    }
}
