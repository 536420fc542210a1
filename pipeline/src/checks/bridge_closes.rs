//! The bridge from one DSO to the next leaves nothing out: opening and its parts sum to closing.

use super::Context;
use crate::error::Result;
use crate::marts::frame::{SCALE, SUM_PRECISION};
use polars::prelude::*;

/// Days may differ by what the last binary digits of eight parts come to.
const DAYS_TOLERANCE: f64 = 1e-6;

pub(super) fn find(context: &Context) -> Result<DataFrame> {
    find_in(context.scan("dso_bridge")?)
}

fn find_in(bridge: LazyFrame) -> Result<DataFrame> {
    let is = |part: &str| col("part").eq(lit(part.to_owned()));
    let signed = |column: &str, zero: Expr| {
        let value = col(column).fill_null(zero.clone());
        when(is("closing")).then(zero - value.clone()).otherwise(value).sum().alias(column)
    };
    let no_amount = lit(0).cast(DataType::Decimal(SUM_PRECISION, SCALE));
    // Days do not sum where sales are missing at either end.
    let without_days = col("reason").eq(lit("no_sales")).any(true).alias("without_days");
    Ok(bridge
        .group_by([col("company_id"), col("scope"), col("scope_value"), col("period_end")])
        .agg([signed("amount", no_amount.clone()), signed("days", lit(0.0)), without_days])
        .filter(
            col("amount")
                .neq(no_amount)
                .or(col("without_days").not().and(col("days").gt(lit(DAYS_TOLERANCE)).or(col("days").lt(lit(-DAYS_TOLERANCE))))),
        )
        .sort(["company_id", "scope", "scope_value", "period_end"], SortMultipleOptions::default())
        .collect()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::marts::frame::{dates, sums, texts};

    fn bridge(closing: i128) -> LazyFrame {
        let parts = ["opening", "not_yet_due", "closing"];
        DataFrame::new_infer_height(vec![
            texts("company_id", parts.iter().map(|_| Some("a"))),
            texts("scope", parts.iter().map(|_| Some("company"))),
            texts("scope_value", parts.iter().map(|_| Some("a"))),
            dates("period_end", parts.iter().map(|_| Some(20_000))),
            texts("part", parts.iter().map(|part| Some(*part))),
            sums("amount", vec![100, 20, closing]),
            Column::new("days".into(), [10.0, 2.0, 12.0]),
            texts("reason", parts.iter().map(|_| None)),
        ])
        .expect("columns of one length")
        .lazy()
    }

    #[test]
    fn a_bridge_that_does_not_reach_the_other_bank_is_found() {
        assert_eq!(find_in(bridge(120)).expect("it can be checked").height(), 0);
        assert_eq!(find_in(bridge(121)).expect("it can be checked").height(), 1);
    }
}
