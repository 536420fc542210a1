//! The histogram of delays holds every settled item that the distribution of delays counts.

use super::Context;
use crate::error::Result;
use polars::prelude::*;

pub(super) fn find(context: &Context) -> Result<DataFrame> {
    find_in(context.scan("delay_histogram")?, context.scan("payment_delays")?)
}

fn find_in(histogram: LazyFrame, delays: LazyFrame) -> Result<DataFrame> {
    let keys = || [col("company_id"), col("scope"), col("scope_value"), col("time_window")];
    let in_bins = histogram.group_by(keys()).agg([col("items").sum().alias("items_in_bins")]);
    let is_year = col("measure").eq(lit("delay")).and(col("time_window").eq(lit("trailing_12m"))).and(col("scope").neq(lit("customer")));
    Ok(delays
        .filter(is_year)
        .select([keys().as_slice(), &[col("items")]].concat())
        .join(in_bins, keys(), keys(), JoinArgs::new(JoinType::Left))
        .with_column(col("items_in_bins").fill_null(lit(0_i64)))
        .filter(col("items").neq(col("items_in_bins")))
        .sort(["company_id", "scope", "scope_value"], SortMultipleOptions::default())
        .collect()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::marts::frame::texts;

    fn rows(items: &[i64]) -> LazyFrame {
        let word = |name: &str, word: &'static str| texts(name, items.iter().map(move |_| Some(word)));
        DataFrame::new_infer_height(vec![
            word("company_id", "a"),
            word("scope", "company"),
            word("scope_value", "a"),
            word("time_window", "trailing_12m"),
            word("measure", "delay"),
            Column::new("items".into(), items.to_vec()),
        ])
        .expect("columns of one length")
        .lazy()
    }

    #[test]
    fn an_item_that_fell_between_the_bins_is_found() {
        assert_eq!(find_in(rows(&[3, 4]), rows(&[7])).expect("it can be checked").height(), 0);
        assert_eq!(find_in(rows(&[3, 3]), rows(&[7])).expect("it can be checked").height(), 1);
        assert_eq!(find_in(rows(&[]), rows(&[7])).expect("it can be checked").height(), 1);
    }
}
