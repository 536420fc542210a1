//! `open_items` and `customer_positions`: what is open at `as_of`, item by item and customer by customer.

use super::frame::{amounts, dates, optional_amounts, texts};
use crate::error::Result;
use crate::ledger::book::{Book, NO_DATE};
use crate::ledger::buckets::Buckets;
use crate::ledger::calendar::Day;
use crate::ledger::currency;
use crate::ledger::money::{AMOUNT_ONE, RATE_ONE};
use crate::ledger::walk::OpenItem;
use polars::prelude::*;
use std::collections::{HashMap, HashSet};

/// Every open item, joined with the ids that stand in the ledger only, sorted by key. The column `customer` (position of
/// the customer in the book) is for [`customer_positions`] and is not published.
///
/// `item_rows` gives for each item its row in the table of documents, `ids` the id and item number of the rows that are open.
///
/// # Errors
/// When Polars fails.
pub fn open_items(
    book: &Book,
    open_items: &[OpenItem],
    item_rows: &[u32],
    ids: &HashMap<u32, (String, i64)>,
    as_of: Day,
    buckets: &Buckets,
) -> Result<DataFrame> {
    let of_item = |open: &OpenItem| ids.get(&item_rows[open.item as usize]);
    let mut open = open_frame(book, open_items, as_of, buckets)?;
    open.with_column(texts("document_id", open_items.iter().map(|open| of_item(open).map(|(id, _)| id.as_str()))))?;
    open.with_column(Column::new(
        "item_no".into(),
        open_items.iter().map(|open| of_item(open).map(|(_, number)| *number)).collect::<Vec<_>>(),
    ))?;
    let mut columns: Vec<Expr> = crate::catalog::published::Table::named("open_items")
        .into_iter()
        .flat_map(|table| table.columns)
        .map(|column| col(column.name))
        .collect();
    columns.push(col("customer"));
    Ok(open.lazy().select(columns).sort(["company_id", "document_id", "item_no"], SortMultipleOptions::default()).collect()?)
}

/// The rows of the documents that are open.
pub fn open_rows(open_items: &[OpenItem], item_rows: &[u32]) -> HashSet<u32> {
    open_items.iter().map(|open| item_rows[open.item as usize]).collect()
}

fn open_frame(book: &Book, open_items: &[OpenItem], as_of: Day, buckets: &Buckets) -> Result<DataFrame> {
    let items = || open_items.iter().map(|open| (open, &book.items[open.item as usize]));
    let sign = |open: &OpenItem| if book.items[open.item as usize].document_type.is_debit() { 1 } else { -1 };
    let words: Vec<String> = (0..=buckets.unapplied()).map(|slot| buckets.due_word(slot)).collect();
    let days_past_due = |due_date: Day| (due_date != NO_DATE).then(|| as_of - due_date);
    let customer = |position: u32| &book.customers[position as usize];
    Ok(DataFrame::new_infer_height(vec![
        Column::new("customer".into(), items().map(|(_, item)| item.customer).collect::<Vec<u32>>()),
        texts("company_id", items().map(|(_, item)| Some(book.companies[customer(item.customer).company as usize].as_str()))),
        texts("document_type", items().map(|(_, item)| Some(item.document_type.word()))),
        texts("side", items().map(|(_, item)| Some(if item.document_type.is_debit() { "debit" } else { "credit" }))),
        texts("customer_id", items().map(|(_, item)| Some(customer(item.customer).id.as_str()))),
        texts("currency", items().map(|(_, item)| Some(book.rates.code(item.currency)))),
        dates("document_date", items().map(|(_, item)| Some(item.document_date))),
        dates("due_date", items().map(|(_, item)| (item.due_date != NO_DATE).then_some(item.due_date))),
        texts("payment_terms", items().map(|(_, item)| Some(book.labels[item.payment_terms as usize].as_str()))),
        texts("account_manager", items().map(|(_, item)| Some(book.labels[item.account_manager as usize].as_str()))),
        amounts("amount", items().map(|(_, item)| item.amount)),
        amounts("open_amount", open_items.iter().map(|open| sign(open) * open.open)),
        amounts("open_amount_base", open_items.iter().map(|open| sign(open) * open.closing)),
        amounts("open_amount_base_historical", open_items.iter().map(|open| sign(open) * open.historical)),
        Column::new(
            "days_past_due".into(),
            items()
                .map(|(_, item)| days_past_due(item.due_date).filter(|_| item.document_type.is_debit()).map(i64::from))
                .collect::<Vec<Option<i64>>>(),
        ),
        Column::new("document_age_days".into(), items().map(|(_, item)| i64::from(as_of - item.document_date)).collect::<Vec<i64>>()),
        texts(
            "bucket",
            items().map(|(_, item)| {
                let slot =
                    if item.document_type.is_debit() { buckets.by_due_date(days_past_due(item.due_date)) } else { buckets.unapplied() };
                Some(words[slot].as_str())
            }),
        ),
        optional_amounts("disputed_amount", open_items.iter().map(|open| book.supplied.disputes.then_some(open.disputed))),
        optional_amounts("disputed_amount_base", open_items.iter().map(|open| book.supplied.disputes.then_some(open.disputed_closing))),
    ])?)
}

/// What each customer owes, by currency, from the frame of [`open_items`].
///
/// # Errors
/// When Polars fails.
pub fn customer_positions(book: &Book, open_items: &DataFrame, as_of: Day, base_currency: &str) -> Result<DataFrame> {
    let is_debit = col("side").eq(lit("debit"));
    let is_overdue = col("days_past_due").gt(lit(0_i64));
    let sum_of = |column: &str, condition: Expr| col(column).filter(condition).sum();
    let positions = open_items.clone().lazy().group_by([col("customer"), col("currency")]).agg([
        col("company_id").first(),
        col("customer_id").first(),
        sum_of("open_amount", is_debit.clone()).alias("debit_amount"),
        sum_of("open_amount", is_debit.clone().not()).alias("credit_amount_signed"),
        col("open_amount").sum().alias("net_amount"),
        sum_of("open_amount", is_overdue.clone()).alias("overdue_amount"),
        sum_of("open_amount_base", is_debit.clone()).alias("debit_amount_base"),
        sum_of("open_amount_base", is_debit.clone().not()).alias("credit_amount_base_signed"),
        col("open_amount_base").sum().alias("net_amount_base"),
        sum_of("open_amount_base", is_overdue.clone()).alias("overdue_amount_base"),
        len().cast(DataType::Int64).alias("open_items"),
        is_overdue.sum().cast(DataType::Int64).alias("overdue_items"),
        col("document_date").filter(is_debit.clone()).min().alias("oldest_document_date"),
        col("due_date").filter(is_debit).min().alias("oldest_due_date"),
        col("days_past_due").max().alias("days_past_due_max"),
    ]);
    let limits = limits(book, open_items, as_of, base_currency)?;
    let zero = || lit(0).cast(DataType::Decimal(super::frame::SUM_PRECISION, super::frame::SCALE));
    let columns: Vec<Expr> = crate::catalog::published::Table::named("customer_positions")
        .into_iter()
        .flat_map(|table| table.columns)
        .map(|column| col(column.name))
        .collect();
    Ok(positions
        .with_columns([
            (zero() - col("credit_amount_signed")).alias("credit_amount"),
            (zero() - col("credit_amount_base_signed")).alias("credit_amount_base"),
        ])
        .join(limits.lazy(), [col("customer")], [col("customer")], JoinArgs::new(JoinType::Left))
        .select(columns)
        .sort(["company_id", "customer_id", "currency"], SortMultipleOptions::default())
        .collect()?)
}

/// Credit limit and its utilisation, for every customer with an open item.
fn limits(book: &Book, open_items: &DataFrame, as_of: Day, base_currency: &str) -> Result<DataFrame> {
    let totals = open_items
        .clone()
        .lazy()
        .group_by([col("customer")])
        .agg([col("open_amount_base").sum().cast(DataType::Float64).alias("net")])
        .sort(["customer"], SortMultipleOptions::default())
        .collect()?;
    let positions: Vec<u32> = totals.column("customer")?.u32()?.into_no_null_iter().collect();
    let nets: Vec<f64> = totals.column("net")?.f64()?.into_no_null_iter().collect();
    let customers = || positions.iter().map(|position| &book.customers[*position as usize]);
    let used: Vec<std::result::Result<f64, &'static str>> = customers()
        .zip(&nets)
        .map(|(customer, net)| {
            let limit = customer.credit_limit.ok_or("not_supplied")?;
            let code = customer.credit_limit_currency.as_deref().unwrap_or(base_currency);
            let rate = rate_of(book, code, as_of).ok_or("no_rate")?;
            if limit == 0 {
                return Err("zero_base");
            }
            Ok(net / (limit as f64 / AMOUNT_ONE as f64 * (rate as f64 / RATE_ONE as f64)))
        })
        .collect();
    let limit_currency = |customer: &'_ crate::ledger::book::Customer| match &customer.credit_limit_currency {
        Some(code) => Some(code.clone()),
        None => customer.credit_limit.map(|_| base_currency.to_owned()),
    };
    let currencies: Vec<Option<String>> = customers().map(limit_currency).collect();
    Ok(DataFrame::new_infer_height(vec![
        Column::new("customer".into(), positions.clone()),
        optional_amounts("credit_limit", customers().map(|customer| customer.credit_limit)),
        texts("credit_limit_currency", currencies.iter().map(|code| code.as_deref())),
        Column::new("utilisation".into(), used.iter().map(|used| used.ok()).collect::<Vec<Option<f64>>>()),
        texts("utilisation_reason", used.iter().map(|used| used.err())),
    ])?)
}

fn rate_of(book: &Book, code: &str, day: Day) -> Option<i64> {
    currency::minor_digits(code)?;
    let position = (0..book.rates.len()).find(|at| book.rates.code(u16::try_from(*at).unwrap_or(u16::MAX)) == code)?;
    book.rates.on(u16::try_from(position).ok()?, day)
}
