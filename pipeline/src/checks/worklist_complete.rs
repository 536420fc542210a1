//! The collectors' list forgets nothing and makes nothing up: every overdue item is on it with all that is open, in rows that
//! are to be done or wait for a reason, and nothing is on it that is not open.

use super::Context;
use crate::error::Result;
use crate::marts::frame::{SCALE, SUM_PRECISION};
use polars::prelude::*;

const ITEM: [&str; 3] = ["company_id", "document_id", "item_no"];
const AMOUNTS: [&str; 4] = ["open_amount", "open_amount_base", "disputed_amount", "days_past_due"];

pub(super) fn find(context: &Context) -> Result<DataFrame> {
    find_in(context.scan("open_items")?, context.scan("worklist")?)
}

fn find_in(open_items: LazyFrame, list: LazyFrame) -> Result<DataFrame> {
    let open = open_items.filter(col("side").eq(lit("debit")));
    let keys = ITEM.map(col);
    let sum = |column: &str| col(column).cast(DataType::Decimal(SUM_PRECISION, SCALE)).sum().alias(format!("{column}_listed"));
    let listed = list.clone().group_by(keys.clone()).agg([sum("action_amount"), sum("action_amount_base")]);
    let sums = open.clone().join(listed, keys.clone(), keys.clone(), JoinArgs::new(JoinType::Left));
    let open_wide = |column: &str| col(column).cast(DataType::Decimal(SUM_PRECISION, SCALE));
    let is_overdue = col("days_past_due").gt(lit(0_i64));
    let forgotten = is_overdue.clone().and(col("action_amount_listed").is_null());
    let other_sum =
        open_wide("open_amount").neq(col("action_amount_listed")).or(open_wide("open_amount_base").neq(col("action_amount_base_listed")));
    let too_much = open_wide("open_amount").lt(col("action_amount_listed"));

    let told: Vec<Expr> = ["customer_id", "currency"].iter().chain(&AMOUNTS).map(|name| col(*name).alias(format!("{name}_open"))).collect();
    let beside =
        list.clone().join(open.select([keys.as_slice(), &told].concat()), keys.clone(), keys.clone(), JoinArgs::new(JoinType::Left));
    let differs = |name: &str| col(name).neq_missing(col(format!("{name}_open")));
    let amounts_differ = AMOUNTS.iter().chain(&["customer_id", "currency"]).fold(lit(false), |any, name| any.or(differs(name)));
    let waits_without_reason = col("is_quiet").neq(col("quiet_reason").is_not_null());

    let found = |rows: LazyFrame, what: &'static str, condition: Expr| {
        rows.filter(condition).select([keys.as_slice(), &[lit(what).alias("what")]].concat())
    };
    let all = [
        found(sums.clone(), "overdue and not listed", forgotten),
        found(sums.clone(), "overdue, and not listed with what is open", is_overdue.and(other_sum)),
        found(sums, "listed with more than is open", too_much),
        found(beside.clone(), "listed and not open", col("customer_id_open").is_null()),
        found(beside, "not as in open_items", col("customer_id_open").is_not_null().and(amounts_differ)),
        found(list, "waits without a reason, or has one and does not wait", waits_without_reason),
    ];
    Ok(concat(all, UnionArgs::default())?
        .sort(["company_id", "document_id", "item_no", "what"], SortMultipleOptions::default())
        .collect()?)
}
