//! Law 3, first half: every aging row sums to the open items of its scope.

use super::Context;
use crate::error::Result;
use crate::marts::frame::{SCALE, SUM_PRECISION};
use polars::prelude::*;

const KEYS: [&str; 4] = ["company_id", "scope", "scope_value", "period_end"];

pub(super) fn find(context: &Context) -> Result<DataFrame> {
    find_in(context.scan("aging")?, context.receivable()?)
}

fn find_in(aging: LazyFrame, receivable: LazyFrame) -> Result<DataFrame> {
    let keys = KEYS.map(col);
    let zero = lit(0).cast(DataType::Decimal(SUM_PRECISION, SCALE));
    let mut found = Vec::new();
    for basis in ["due_date", "document_date"] {
        let sums = aging.clone().filter(col("basis").eq(lit(basis))).group_by(keys.clone()).agg([col("amount").sum().alias("buckets")]);
        let joined = receivable.clone().join(
            sums,
            keys.clone(),
            keys.clone(),
            JoinArgs::new(JoinType::Full).with_coalesce(JoinCoalesce::CoalesceColumns),
        );
        let filled = joined.with_columns([
            col("buckets").fill_null(zero.clone()),
            col("receivable").fill_null(zero.clone()),
            lit(basis).alias("basis"),
        ]);
        found.push(filled.filter(col("buckets").neq(col("receivable"))));
    }
    Ok(concat(found, UnionArgs::default())?.sort(KEYS, SortMultipleOptions::default()).collect()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::marts::frame::{dates, sums, texts};

    fn frame(names: [&str; 2], rows: &[(&'static str, i128)]) -> LazyFrame {
        let word = |word: &'static str| move |_: &(&'static str, i128)| Some(word);
        DataFrame::new_infer_height(vec![
            texts("company_id", rows.iter().map(word("main"))),
            texts("scope", rows.iter().map(word("company"))),
            texts("scope_value", rows.iter().map(word("main"))),
            dates("period_end", rows.iter().map(|_| Some(20_000))),
            texts(names[0], rows.iter().map(|row| Some(row.0))),
            sums(names[1], rows.iter().map(|row| row.1).collect()),
        ])
        .expect("columns of one length")
        .lazy()
    }

    #[test]
    fn an_item_in_no_bucket_is_found() {
        let receivable = || frame(["unit", "receivable"], &[("USD", 100)]).drop(cols(["unit"]));
        let sound = frame(["basis", "amount"], &[("due_date", 130), ("due_date", -30), ("document_date", 100)]);
        assert_eq!(find_in(sound, receivable()).expect("it runs").height(), 0);
        let broken = frame(["basis", "amount"], &[("due_date", 100), ("document_date", 99)]);
        assert_eq!(find_in(broken, receivable()).expect("it runs").height(), 1);
        let empty = frame(["basis", "amount"], &[]);
        assert_eq!(find_in(empty, receivable()).expect("it runs").height(), 2);
    }
}
