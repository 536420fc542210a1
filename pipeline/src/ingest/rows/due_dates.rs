//! Invoices and debit notes without a due date get one from their own terms where the source says so; the row counts as
//! repaired.
//!
//! Only what stands in the row itself is asked here: the table of customers comes from another file, and may come later. What
//! it says, and the source's default, which comes after it, fill due dates when the ledger is loaded.

use super::BlockRows;
use crate::catalog::ledger_tables::Kind;
use crate::ingest::column_data::ColumnData;
use crate::ingest::load::due_dates::TERM_DAYS_MAX;

/// How many due dates were filled.
pub type Filled = u64;

impl BlockRows<'_> {
    /// Fills due dates, once the types of the rows are written.
    pub(super) fn fill_due_dates(&mut self) -> Filled {
        let mut filled = 0;
        if !self.context.due_dates.from_terms || !self.context.target.has_documents() {
            return filled;
        }
        let position = |name: &str| self.context.plan.position(name);
        let (due, date, kind, terms) = (position("due_date"), position("document_date"), position("document_type"), position("terms"));
        let mut column = ColumnData::new(Kind::Date);
        for row in 0..self.lines.len() {
            let is_sale = matches!(self.data[kind].text(row), Some(b"invoice" | b"debit_note"));
            let given = self.data[due].day(row);
            let document_date = self.data[date].day(row).filter(|_| given.is_none() && is_sale && self.keep[row]);
            match (given, document_date, self.data[terms].text(row).and_then(days_of_terms)) {
                (Some(day), _, _) => column.push_day(day),
                (None, Some(document_date), Some(days)) => {
                    column.push_day(document_date + days);
                    filled += 1;
                    self.repaired.push(row);
                }
                _ => column.push_null(),
            }
        }
        if filled > 0 {
            self.data[due] = column;
            // A row may have been repaired for its sign as well, and counts once.
            self.repaired.sort_unstable();
            self.repaired.dedup();
        }
        filled
    }
}

/// The days that terms say: the number after `net`, else the only number there is.
fn days_of_terms(terms: &[u8]) -> Option<i32> {
    let text = std::str::from_utf8(terms).ok()?.to_ascii_lowercase();
    let numbers = |text: &str| -> Vec<String> {
        text.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).map(str::to_owned).collect()
    };
    let after_net = text.split_once("net").map(|(_, rest)| numbers(rest)).filter(|found| !found.is_empty());
    let found = match after_net {
        Some(found) => found,
        None => numbers(&text),
    };
    let [days] = found.as_slice() else { return None };
    days.parse().ok().filter(|days| *days <= TERM_DAYS_MAX)
}

#[cfg(test)]
mod tests {
    use super::days_of_terms;

    #[test]
    fn terms_say_days_where_there_is_one_number_or_one_after_net() {
        for (terms, days) in [
            ("net 30", Some(30)),
            ("NET45", Some(45)),
            ("2/10 net 30", Some(30)),
            ("2/10 n/30", None),
            ("30 Tage", Some(30)),
            ("30 Tage netto", Some(30)),
            ("due on receipt", None),
            ("net 30 or 60", None),
            ("net 4000", None),
            ("0", Some(0)),
            ("", None),
        ] {
            assert_eq!(days_of_terms(terms.as_bytes()), days, "{terms}");
        }
    }
}
