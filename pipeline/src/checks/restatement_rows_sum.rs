//! A restatement is explained to the last unit: its rows sum to the difference, whatever the reason.

use super::Context;
use crate::error::Result;
use crate::marts::frame::{SCALE, SUM_PRECISION};
use polars::prelude::*;

const KEYS: [&str; 6] = ["company_id", "scope", "scope_value", "table_name", "period_end", "line"];

pub(super) fn find(context: &Context) -> Result<DataFrame> {
    find_in(context.scan("restatements")?, context.scan("restatement_rows")?)
}

fn find_in(restatements: LazyFrame, rows: LazyFrame) -> Result<DataFrame> {
    let zero = || lit(0).cast(DataType::Decimal(SUM_PRECISION, SCALE));
    let keys = || KEYS.map(col);
    let amounts = restatements.filter(col("amount").is_not_null());
    let amounts = amounts.select([keys().as_slice(), &[(col("amount") - col("first_amount")).alias("restated")]].concat());
    // A row says what it adds now and what it added then; the row of what no item explains has the difference only.
    let told = when(col("amount").is_not_null()).then(col("amount") - col("first_amount")).otherwise(col("difference"));
    let explained = rows.group_by(keys()).agg([col("difference").sum().alias("explained"), told.sum().alias("told")]);
    let joining = JoinArgs::new(JoinType::Full).with_coalesce(JoinCoalesce::CoalesceColumns);
    let filled = amounts
        .join(explained, keys(), keys(), joining)
        .with_columns(["restated", "explained", "told"].map(|name| col(name).fill_null(zero())));
    let differs = col("restated").neq(col("explained")).or(col("told").neq(col("explained")));
    let broken = filled.filter(differs).sort(KEYS, SortMultipleOptions::default());
    // A late load of years may have many rows: they need not all be in memory.
    Ok(broken.collect_with_engine(Engine::Streaming)?.unwrap_single())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::marts::frame::{dates, optional_sums, sums, texts};

    fn keys(lines: &[&'static str]) -> Vec<Column> {
        let word = |name: &str, word: &'static str| texts(name, lines.iter().map(|_| Some(word)));
        vec![
            word("company_id", "main"),
            word("scope", "company"),
            word("scope_value", "main"),
            word("table_name", "roll_forward"),
            dates("period_end", lines.iter().map(|_| Some(20_000))),
            texts("line", lines.iter().map(|line| Some(*line))),
        ]
    }

    fn restatements(rows: &[(&'static str, i128, i128)]) -> LazyFrame {
        let mut columns = keys(&rows.iter().map(|row| row.0).collect::<Vec<_>>());
        columns.push(sums("first_amount", rows.iter().map(|row| row.1).collect()));
        columns.push(sums("amount", rows.iter().map(|row| row.2).collect()));
        DataFrame::new_infer_height(columns).expect("columns of one length").lazy()
    }

    fn rows(rows: &[(&'static str, Option<i128>, Option<i128>, i128)]) -> LazyFrame {
        let mut columns = keys(&rows.iter().map(|row| row.0).collect::<Vec<_>>());
        columns.push(optional_sums("first_amount", &rows.iter().map(|row| row.1).collect::<Vec<_>>()));
        columns.push(optional_sums("amount", &rows.iter().map(|row| row.2).collect::<Vec<_>>()));
        columns.push(sums("difference", rows.iter().map(|row| row.3).collect()));
        DataFrame::new_infer_height(columns).expect("columns of one length").lazy()
    }

    #[test]
    fn a_difference_that_its_rows_do_not_sum_to_is_found() {
        let broken = |amounts, explained| find_in(amounts, explained).expect("it runs").height();
        let amounts = || restatements(&[("closing", 100, 70)]);
        assert_eq!(broken(amounts(), rows(&[("closing", Some(0), Some(-20), -20), ("closing", None, None, -10)])), 0);
        assert_eq!(broken(amounts(), rows(&[("closing", Some(0), Some(-20), -20)])), 1);
        assert_eq!(broken(amounts(), rows(&[("closing", Some(0), Some(-20), -30)])), 1);
        assert_eq!(broken(amounts(), rows(&[])), 1);
        assert_eq!(broken(amounts(), rows(&[("closing", Some(0), Some(-30), -30), ("opening", Some(0), Some(1), 1)])), 1);
        assert_eq!(broken(restatements(&[]), rows(&[])), 0);
    }
}
