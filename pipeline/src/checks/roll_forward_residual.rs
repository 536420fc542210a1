//! Law 2: AR(t1) = AR(t0) + each document type's total between. A residual is what the lines do not explain.

use super::Context;
use crate::error::Result;
use polars::prelude::*;

pub(super) fn find(context: &Context) -> Result<DataFrame> {
    find_in(context.scan("roll_forward")?)
}

fn find_in(roll_forward: LazyFrame) -> Result<DataFrame> {
    let keys = ["company_id", "scope", "scope_value", "period_end"];
    let opens = col("line").eq(lit("opening"));
    let closes = col("line").eq(lit("closing"));
    let moves = opens.clone().or(closes.clone()).or(col("line").eq(lit("residual"))).not();
    // Summed again from what is published, beside the residual that is published.
    let sums = roll_forward.group_by(keys.map(col)).agg([
        (col("amount").filter(closes).sum() - col("amount").filter(opens).sum() - col("amount").filter(moves).sum()).alias("unexplained"),
        col("amount").filter(col("line").eq(lit("residual"))).sum().alias("residual"),
    ]);
    let is_broken = |name: &str| col(name).cast(DataType::Float64).neq(lit(0.0));
    Ok(sums.filter(is_broken("unexplained").or(is_broken("residual"))).sort(keys, SortMultipleOptions::default()).collect()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::marts::frame::{dates, sums, texts};

    #[test]
    fn a_roll_forward_that_does_not_close_is_found() {
        let frame = |rows: &[(&'static str, i128)]| {
            DataFrame::new_infer_height(vec![
                texts("company_id", rows.iter().map(|_| Some("main"))),
                texts("scope", rows.iter().map(|_| Some("company"))),
                texts("scope_value", rows.iter().map(|_| Some("main"))),
                dates("period_end", rows.iter().map(|_| Some(20_000))),
                texts("line", rows.iter().map(|row| Some(row.0))),
                sums("amount", rows.iter().map(|row| row.1).collect()),
            ])
            .expect("columns of one length")
            .lazy()
        };
        let sound = [("opening", 10), ("invoice", 5), ("receipt", -3), ("closing", 12), ("residual", 0)];
        assert_eq!(find_in(frame(&sound)).expect("it runs").height(), 0);
        let silent = [("opening", 10), ("invoice", 5), ("closing", 12), ("residual", 0)];
        assert_eq!(find_in(frame(&silent)).expect("it runs").height(), 1);
        let said = [("opening", 10), ("invoice", 5), ("closing", 12), ("residual", -3)];
        assert_eq!(find_in(frame(&said)).expect("it runs").height(), 1);
    }
}
