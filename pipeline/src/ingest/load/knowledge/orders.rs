//! Orders as they were known at the end of any day.

use super::customers::customers_by_key;
use super::{Known, LedgerFiles, LoadOptions, Numbers, Rows, read_row_groups};
use crate::error::Result;
use crate::ledger::book::{Book, CustomerIndex};
use crate::ledger::calendar::Day;
use crate::ledger::rates::CurrencyIndex;

/// A version of an order that is not invoiced yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KnownOrder {
    /// Who ordered.
    pub customer: CustomerIndex,
    /// When it is expected to be invoiced.
    pub expected_invoice_date: Day,
    /// How much, in `currency`.
    pub amount: i64,
    /// In what.
    pub currency: CurrencyIndex,
}

/// Reads every version of every order, in an order that its content decides. Orders of customers that are not in the book, or in a
/// currency that no document or rate has, say nothing.
pub(super) fn read(files: &LedgerFiles, options: &LoadOptions, book: &Book, currencies: &Numbers) -> Result<Vec<Known<KnownOrder>>> {
    let segments = files.segments("orders");
    if segments.is_empty() {
        return Ok(Vec::new());
    }
    let customers = customers_by_key(book);
    let rows = Rows::of(files, "orders", options)?;
    let columns = ["customer_key", "expected_invoice_date", "amount", "currency", "recorded_at"];
    let groups = read_row_groups(segments, files.first_files, &columns, &[], |group| {
        let (keys, codes) = (group.i64s("customer_key"), group.texts("currency"));
        let (expected, amounts) = (group.dates("expected_invoice_date"), group.amounts("amount"));
        let days = rows.days(group);
        (0..group.rows())
            .filter_map(|row| {
                let (from, until) = days(row)?;
                let currency = currencies.currency(codes[row].as_deref()?).filter(|currency| usize::from(*currency) < book.rates.len())?;
                let customer = *customers.get(&keys[row])?;
                let order = KnownOrder { customer, expected_invoice_date: expected[row], amount: amounts[row], currency };
                Some(Known { fact: order, from, until })
            })
            .collect::<Vec<_>>()
    })?;
    let mut found: Vec<Known<KnownOrder>> = groups.into_iter().flatten().collect();
    found.sort_by_key(|known| (known.fact, known.from, known.until));
    Ok(found)
}
