//! Orders that are not invoiced yet: which of them a night can count.
//!
//! What is known of orders on any day stands in `knowledge`; here rows are judged as they stand now, so that what a night cannot
//! use is named and not lost.

use super::{Customers, Interners, LedgerFiles, LeftOut, LoadOptions, UNKNOWN, invisible_rows, read_row_groups};
use crate::error::Result;
use crate::ledger::calendar::Day;
use crate::ledger::rates::Rates;

/// An order as it stands in the ledger.
pub(super) struct RawOrder {
    row: u32,
    customer_key: i64,
    currency: u16,
}

/// Reads the orders, before the rates of their currencies are.
pub(super) fn read_orders(files: &LedgerFiles, options: &LoadOptions, interner: &Interners) -> Result<Vec<RawOrder>> {
    let invisible = invisible_rows(files, "orders", options.known_as_of)?;
    let columns = ["customer_key", "currency"];
    let groups = read_row_groups(files.segments("orders"), files.first_files, &columns, &[], |group| {
        let (keys, currencies) = (group.i64s("customer_key"), group.texts("currency"));
        let rows = (0..group.rows()).filter(|row| !invisible.contains(&group.row(*row)));
        rows.map(|row| RawOrder {
            row: group.row(row),
            customer_key: keys[row],
            currency: interner.currency(currencies[row].as_deref().unwrap_or_default()),
        })
        .collect::<Vec<_>>()
    })?;
    Ok(groups.into_iter().flatten().collect())
}

/// Names the orders of customers that nobody knows, and those in a currency without a rate by `as_of`: they count at the rate of
/// that day.
pub(super) fn leave_out(orders: &[RawOrder], customers: &Customers, rates: &Rates, as_of: Day, left_out: &mut Vec<LeftOut>) {
    for order in orders {
        let is_known = customers.by_key.get(&order.customer_key).is_some_and(|customer| *customer != UNKNOWN);
        let has_rate = order.currency == rates.base() || rates.on(order.currency, as_of).is_some();
        let reason = match (is_known, has_rate) {
            (false, _) => "unknown_customer",
            (true, false) => "no_rate",
            (true, true) => continue,
        };
        left_out.push(LeftOut { table: "orders", row: order.row, reason });
    }
}
