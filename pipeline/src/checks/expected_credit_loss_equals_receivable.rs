//! What is provided for is what is open: the provision matrix, by each method, holds the open debit items of the aging, bucket by
//! bucket, and its rows hold together.

use super::Context;
use crate::error::Result;
use crate::ledger::scopes::{ALL_COMPANIES, Scope};
use crate::marts::frame::{SCALE, SUM_PRECISION};
use polars::prelude::*;

pub(super) fn find(context: &Context) -> Result<DataFrame> {
    find_in(context.scan("expected_credit_loss")?, context.scan("aging")?, context.timeline.as_of)
}

fn find_in(matrix: LazyFrame, aging: LazyFrame, as_of: i32) -> Result<DataFrame> {
    let keys = || [col("company_id"), col("method"), col("bucket")];
    let is_open = col("scope")
        .eq(lit(Scope::Company.word()))
        .and(col("company_id").neq(lit(ALL_COMPANIES)))
        .and(col("basis").eq(lit("due_date")))
        .and(col("bucket").neq(lit("unapplied")))
        .and(col("period_end").eq(lit(as_of).cast(DataType::Date)));
    let open = aging.filter(is_open).select([
        col("company_id"),
        col("bucket"),
        col("amount").alias("aging_amount"),
        col("items").alias("aging_items"),
    ]);
    let by_method: Vec<LazyFrame> =
        ["roll_rate", "run_off"].into_iter().map(|method| open.clone().with_column(lit(method).alias("method"))).collect();
    // More provided for than is open, or nothing said of what has no rate.
    let is_wrong = col("provision")
        .gt(col("gross_amount"))
        .or(col("provision").lt(lit(0)))
        .or(col("provision").is_null().neq(col("unrated_amount").neq(lit(0))))
        .fill_null(lit(false));
    let summed = matrix.group_by(keys()).agg([
        col("gross_amount").sum(),
        col("items").sum(),
        is_wrong.sum().cast(DataType::Int64).alias("wrong_rows"),
    ]);
    let zero = || lit(0).cast(DataType::Decimal(SUM_PRECISION, SCALE));
    let joined = concat(by_method, UnionArgs::default())?
        .join(summed, keys(), keys(), JoinArgs::new(JoinType::Full).with_coalesce(JoinCoalesce::CoalesceColumns))
        .with_columns([
            col("aging_amount").fill_null(zero()),
            col("gross_amount").fill_null(zero()),
            col("aging_items").fill_null(lit(0_i64)),
            col("items").fill_null(lit(0_i64)),
            col("wrong_rows").fill_null(lit(0_i64)),
        ]);
    let differs =
        col("aging_amount").neq(col("gross_amount")).or(col("aging_items").neq(col("items"))).or(col("wrong_rows").gt(lit(0_i64)));
    Ok(joined.filter(differs).sort(["company_id", "method", "bucket"], SortMultipleOptions::default()).collect()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::marts::frame::{dates, optional_sums, sums, texts};

    /// Rows of company a and one bucket: method, gross, provision, without a rate.
    fn matrix(rows: &[(&'static str, i128, Option<i128>, i128)]) -> LazyFrame {
        let columns = vec![
            texts("company_id", rows.iter().map(|_| Some("a"))),
            texts("method", rows.iter().map(|row| Some(row.0))),
            texts("bucket", rows.iter().map(|_| Some("1_30"))),
            sums("gross_amount", rows.iter().map(|row| row.1).collect()),
            Column::new("items".into(), vec![1_i64; rows.len()]),
            optional_sums("provision", &rows.iter().map(|row| row.2).collect::<Vec<_>>()),
            sums("unrated_amount", rows.iter().map(|row| row.3).collect()),
        ];
        DataFrame::new_infer_height(columns).expect("columns of one length").lazy()
    }

    fn aging(amount: i128, items: i64) -> LazyFrame {
        let columns = vec![
            texts("company_id", [Some("a"), Some("a")].into_iter()),
            texts("scope", [Some("company"), Some("company")].into_iter()),
            dates("period_end", [Some(20_000), Some(20_000)].into_iter()),
            texts("basis", [Some("due_date"), Some("due_date")].into_iter()),
            texts("bucket", [Some("1_30"), Some("unapplied")].into_iter()),
            sums("amount", vec![amount, -7]),
            Column::new("items".into(), vec![items, 1]),
        ];
        DataFrame::new_infer_height(columns).expect("columns of one length").lazy()
    }

    #[test]
    fn an_item_that_is_in_no_pool_is_found_and_so_is_a_provision_that_cannot_be() {
        let found = |matrix: LazyFrame, aging: LazyFrame| find_in(matrix, aging, 20_000).expect("it runs").height();
        let both = |gross, provision, unrated| matrix(&[("roll_rate", gross, provision, unrated), ("run_off", gross, provision, unrated)]);
        assert_eq!(found(both(100, Some(40), 0), aging(100, 1)), 0);
        assert_eq!(found(both(100, None, 100), aging(100, 1)), 0);
        assert_eq!(found(both(0, Some(0), 0), aging(0, 1)), 0);
        assert_eq!(found(both(99, Some(40), 0), aging(100, 1)), 2, "a unit is missing");
        assert_eq!(found(both(100, Some(40), 0), aging(100, 2)), 2, "an item of nothing is missing");
        assert_eq!(found(matrix(&[("run_off", 100, Some(40), 0)]), aging(100, 1)), 1, "a method is missing");
        assert_eq!(found(both(100, Some(101), 0), aging(100, 1)), 2, "more than there is");
        assert_eq!(found(both(100, None, 0), aging(100, 1)), 2, "nothing said of what has no rate");
        assert_eq!(found(both(100, Some(0), 100), aging(100, 1)), 2, "a silent 0");
    }
}
