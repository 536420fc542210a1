//! Contacts that say nothing because nobody knows the customer: a slip in an id must not have somebody called again at once.
//!
//! What is known of contacts on any day stands in `knowledge`; here rows are judged as they stand now.

use super::{Customers, LedgerFiles, LeftOut, LoadOptions, UNKNOWN, invisible_rows, read_row_groups};
use crate::error::Result;

/// Names the contacts with customers that nobody knows.
pub(super) fn leave_out(files: &LedgerFiles, options: &LoadOptions, customers: &Customers, left_out: &mut Vec<LeftOut>) -> Result<()> {
    let segments = files.segments("contacts");
    if segments.is_empty() {
        return Ok(());
    }
    let invisible = invisible_rows(files, "contacts", options.known_as_of)?;
    let is_known = |key: i64| customers.by_key.get(&key).is_some_and(|customer| *customer != UNKNOWN);
    let groups = read_row_groups(segments, files.first_files, &["customer_key"], &[], |group| {
        let keys = group.i64s("customer_key");
        let rows = (0..group.rows()).filter(|row| !is_known(keys[*row])).map(|row| group.row(row));
        rows.filter(|row| !invisible.contains(row)).collect::<Vec<_>>()
    })?;
    left_out.extend(groups.into_iter().flatten().map(|row| LeftOut { table: "contacts", row, reason: "unknown_customer" }));
    Ok(())
}
