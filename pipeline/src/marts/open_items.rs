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
use std::path::PathBuf;

/// Every open item, joined with the ids that stand in the ledger only, sorted by key. The column `customer` (position of
/// the customer in the book) is for [`customer_positions`] and is not published.
///
/// `item_rows` gives for each item its row in the documents' `segments`.
///
/// # Errors
/// When the ledger cannot be read.
pub fn open_items(
    book: &Book,
    open_items: &[OpenItem],
    item_rows: &[u32],
    segments: &[PathBuf],
    as_of: Day,
    buckets: &Buckets,
) -> Result<DataFrame> {
    let open = open_frame(book, open_items, item_rows, as_of, buckets)?.lazy();
    let ids = scan_ids(segments)?;
    let joined = match ids {
        Some(ids) => ids.join(open, [col("row")], [col("row")], JoinArgs::new(JoinType::Inner)),
        // Without documents there is no open item either; the columns stay.
        None => open.with_columns([lit("").alias("document_id"), lit(1).cast(DataType::Int64).alias("item_no")]),
    };
    let mut columns: Vec<Expr> = crate::catalog::published::Table::named("open_items")
        .into_iter()
        .flat_map(|table| table.columns)
        .map(|column| col(column.name))
        .collect();
    columns.push(col("customer"));
    let sorted = joined.select(columns).sort(["company_id", "document_id", "item_no"], SortMultipleOptions::default());
    Ok(sorted.collect_with_engine(Engine::Streaming)?.unwrap_single())
}

fn scan_ids(segments: &[PathBuf]) -> Result<Option<LazyFrame>> {
    if segments.is_empty() {
        return Ok(None);
    }
    let paths: Vec<PlRefPath> = segments.iter().map(|path| PlRefPath::new(path.to_string_lossy())).collect();
    let args = ScanArgsParquet { row_index: Some(RowIndex { name: "row".into(), offset: 0 }), glob: false, ..ScanArgsParquet::default() };
    let scan = LazyFrame::scan_parquet_files(paths.into(), args)?;
    Ok(Some(scan.select([col("row"), col("document_id"), col("item_no")])))
}

fn open_frame(book: &Book, open_items: &[OpenItem], item_rows: &[u32], as_of: Day, buckets: &Buckets) -> Result<DataFrame> {
    let items = || open_items.iter().map(|open| (open, &book.items[open.item as usize]));
    let sign = |open: &OpenItem| if book.items[open.item as usize].document_type.is_debit() { 1 } else { -1 };
    let words: Vec<String> = (0..=buckets.unapplied()).map(|slot| buckets.due_word(slot)).collect();
    let days_past_due = |due_date: Day| (due_date != NO_DATE).then(|| as_of - due_date);
    let customer = |position: u32| &book.customers[position as usize];
    Ok(DataFrame::new_infer_height(vec![
        Column::new("row".into(), items().map(|(open, _)| item_rows[open.item as usize]).collect::<Vec<IdxSize>>()),
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
