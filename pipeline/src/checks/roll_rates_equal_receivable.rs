//! Roll rates begin with everything that was open: what became of it sums to the open debit items of the month end before.

use super::Context;
use crate::error::Result;
use crate::marts::frame::{SCALE, SUM_PRECISION};
use polars::prelude::*;

pub(super) fn find(context: &Context) -> Result<DataFrame> {
    let ends = &context.timeline.period_ends;
    let pairs: Vec<(i32, i32)> = ends.windows(2).map(|pair| (pair[0], pair[1])).collect();
    let is_debit = col("metric").eq(lit("ar_debit")).and(col("convention").eq(lit("historical")));
    find_in(context.scan("roll_rates")?, context.scan("kpis")?.filter(is_debit), &pairs)
}

/// `pairs` are period ends and the ones after them.
fn find_in(rolled: LazyFrame, open: LazyFrame, pairs: &[(i32, i32)]) -> Result<DataFrame> {
    let following = DataFrame::new_infer_height(vec![
        crate::marts::frame::dates("period_end", pairs.iter().map(|pair| Some(pair.0))),
        crate::marts::frame::dates("next_end", pairs.iter().map(|pair| Some(pair.1))),
    ])?;
    let keys = || [col("company_id"), col("scope"), col("scope_value"), col("period_end")];
    let expected = open.join(following.lazy(), [col("period_end")], [col("period_end")], JoinArgs::new(JoinType::Inner)).select([
        col("company_id"),
        col("scope"),
        col("scope_value"),
        col("next_end").alias("period_end"),
        col("amount").alias("open_before"),
    ]);
    let found = rolled.group_by(keys()).agg([col("amount").sum().alias("rolled")]);
    let zero = || lit(0).cast(DataType::Decimal(SUM_PRECISION, SCALE));
    Ok(expected
        .join(found, keys(), keys(), JoinArgs::new(JoinType::Left))
        .with_column(col("rolled").fill_null(zero()))
        .filter(col("rolled").neq(col("open_before")))
        .sort(["company_id", "scope", "scope_value", "period_end"], SortMultipleOptions::default())
        .collect()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::marts::frame::{dates, sums, texts};

    fn rows(end: i32, amounts: Vec<i128>) -> LazyFrame {
        let rows = amounts.len();
        DataFrame::new_infer_height(vec![
            texts("company_id", (0..rows).map(|_| Some("a"))),
            texts("scope", (0..rows).map(|_| Some("company"))),
            texts("scope_value", (0..rows).map(|_| Some("a"))),
            dates("period_end", (0..rows).map(|_| Some(end))),
            sums("amount", amounts),
        ])
        .expect("columns of one length")
        .lazy()
    }

    #[test]
    fn an_open_item_that_went_nowhere_is_found() {
        let pairs = [(100, 130)];
        assert_eq!(find_in(rows(130, vec![60, 40]), rows(100, vec![100]), &pairs).expect("it can be checked").height(), 0);
        assert_eq!(find_in(rows(130, vec![60]), rows(100, vec![100]), &pairs).expect("it can be checked").height(), 1);
        assert_eq!(find_in(rows(130, vec![]), rows(100, vec![100]), &pairs).expect("it can be checked").height(), 1);
    }
}
