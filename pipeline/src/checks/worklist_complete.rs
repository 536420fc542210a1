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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::marts::frame::{amounts, texts};

    /// An open item: document, side, days past due, what is open.
    type Open = (&'static str, &'static str, i64, i64);
    /// A row of the list: document, what is open of it, what the row is about, why it waits, whether it does.
    type Listed = (&'static str, i64, i64, Option<&'static str>, bool);

    const OPEN: [Open; 3] = [("late", "debit", 5, 100), ("soon", "debit", -3, 50), ("credit", "credit", 9, 70)];

    fn found(open: &[Open], list: &[Listed]) -> Vec<String> {
        let same = |name: &str, rows: usize, word: &'static str| texts(name, (0..rows).map(|_| Some(word)));
        let of = |rows: usize| {
            vec![
                same("company_id", rows, "main"),
                same("customer_id", rows, "A"),
                same("currency", rows, "USD"),
                Column::new("item_no".into(), vec![1_i64; rows]),
                amounts("disputed_amount", (0..rows).map(|_| 0)),
            ]
        };
        let mut open_items = of(open.len());
        open_items.extend([
            texts("document_id", open.iter().map(|row| Some(row.0))),
            texts("side", open.iter().map(|row| Some(row.1))),
            Column::new("days_past_due".into(), open.iter().map(|row| row.2).collect::<Vec<i64>>()),
            amounts("open_amount", open.iter().map(|row| row.3)),
            amounts("open_amount_base", open.iter().map(|row| row.3)),
        ]);
        let days = |id: &str| open.iter().find(|row| row.0 == id).map(|row| row.2);
        let mut listed = of(list.len());
        listed.extend([
            texts("document_id", list.iter().map(|row| Some(row.0))),
            Column::new("days_past_due".into(), list.iter().map(|row| days(row.0)).collect::<Vec<Option<i64>>>()),
            amounts("open_amount", list.iter().map(|row| row.1)),
            amounts("open_amount_base", list.iter().map(|row| row.1)),
            amounts("action_amount", list.iter().map(|row| row.2)),
            amounts("action_amount_base", list.iter().map(|row| row.2)),
            texts("quiet_reason", list.iter().map(|row| row.3)),
            Column::new("is_quiet".into(), list.iter().map(|row| row.4).collect::<Vec<bool>>()),
        ]);
        let frame = |columns: Vec<Column>| DataFrame::new_infer_height(columns).expect("columns of one length").lazy();
        let rows = find_in(frame(open_items), frame(listed)).expect("it runs");
        let what = rows.column("what").and_then(|what| what.str().cloned()).expect("a column of words");
        what.iter().flatten().map(str::to_owned).collect()
    }

    #[test]
    fn an_item_that_is_forgotten_made_up_or_told_otherwise_is_found() {
        // In two rows, one of which waits; the item that is not due may be there or not.
        let complete = [("late", 100, 60, None, false), ("late", 100, 40, Some("recent_contact"), true)];
        assert_eq!(found(&OPEN, &complete), [""; 0]);
        assert_eq!(found(&OPEN, &[complete[0], complete[1], ("soon", 50, 20, None, false)]), [""; 0]);
        assert_eq!(found(&OPEN, &[]), ["overdue and not listed"]);
        assert_eq!(found(&OPEN, &complete[..1]), ["overdue, and not listed with what is open"]);
        assert_eq!(found(&OPEN, &[complete[0], complete[1], ("soon", 50, 51, None, false)]), ["listed with more than is open"]);
        assert_eq!(found(&OPEN, &[complete[0], complete[1], ("gone", 1, 1, None, false)]), ["listed and not open"]);
        assert_eq!(found(&OPEN, &[complete[0], complete[1], ("credit", 70, 70, None, false)]), ["listed and not open"]);
        assert_eq!(found(&OPEN, &[complete[0], complete[1], ("soon", 49, 20, None, false)]), ["not as in open_items"]);
        let waits = "waits without a reason, or has one and does not wait";
        assert_eq!(found(&OPEN, &[complete[0], ("late", 100, 40, None, true)]), [waits]);
        assert_eq!(found(&OPEN, &[complete[0], ("late", 100, 40, Some("recent_contact"), false)]), [waits]);
    }
}
