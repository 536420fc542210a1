//! The lists of open items and of customers' positions sum to each company's receivable at `as_of`.

use super::Context;
use crate::error::Result;
use crate::ledger::scopes::{ALL_COMPANIES, Scope};
use crate::marts::frame::{SCALE, SUM_PRECISION};
use polars::prelude::*;

pub(super) fn find(context: &Context) -> Result<DataFrame> {
    let as_of = lit(context.timeline.as_of).cast(DataType::Date);
    let is_company = col("scope").eq(lit(Scope::Company.word())).and(col("company_id").neq(lit(ALL_COMPANIES)));
    let receivable =
        context.receivable()?.filter(is_company.and(col("period_end").eq(as_of))).select([col("company_id"), col("receivable")]);
    let sum_of = |table: &str, column: &str| -> Result<LazyFrame> {
        let summed = context.scan(table)?.group_by([col("company_id")]).agg([col(column).sum().alias("listed")]);
        Ok(compare(receivable.clone(), summed).with_column(lit(table.to_owned()).alias("table_name")))
    };
    let parts = [sum_of("open_items", "open_amount_base")?, sum_of("customer_positions", "net_amount_base")?];
    Ok(concat(parts, UnionArgs::default())?.collect()?)
}

fn compare(receivable: LazyFrame, listed: LazyFrame) -> LazyFrame {
    let zero = lit(0).cast(DataType::Decimal(SUM_PRECISION, SCALE));
    let keys = || [col("company_id")];
    receivable
        .join(listed, keys(), keys(), JoinArgs::new(JoinType::Full).with_coalesce(JoinCoalesce::CoalesceColumns))
        .with_columns([
            col("receivable").fill_null(zero.clone()),
            col("listed").cast(DataType::Decimal(SUM_PRECISION, SCALE)).fill_null(zero),
        ])
        .filter(col("receivable").neq(col("listed")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::marts::frame::{sums, texts};

    #[test]
    fn an_item_missing_from_the_list_is_found() {
        let frame = |name: &str, rows: &[(&'static str, i128)]| {
            let columns = vec![texts("company_id", rows.iter().map(|row| Some(row.0))), sums(name, rows.iter().map(|row| row.1).collect())];
            DataFrame::new_infer_height(columns).expect("columns of one length").lazy()
        };
        let receivable = || frame("receivable", &[("a", 10), ("b", 0)]);
        assert_eq!(compare(receivable(), frame("listed", &[("a", 10)])).collect().expect("it runs").height(), 0);
        assert_eq!(compare(receivable(), frame("listed", &[("a", 9)])).collect().expect("it runs").height(), 1);
        assert_eq!(compare(receivable(), frame("listed", &[("a", 10), ("c", 1)])).collect().expect("it runs").height(), 1);
    }
}
