//! What the columns say that no source can express, or that a person would misread: each is said, with the numbers behind it.
//!
//! What would make amounts wrong is missing, so that the configuration counts as one that cannot be run; the rest is a warning.

use super::numbers::currency_of;
use super::profile::Column;
use super::proposal::ALLOWED_SHARE;
use super::source::{Found, Remarks};
use super::types::SignRule;
use super::vocabulary::{CREDITS, DEBITS, SIDES};
use super::words::header_score;
use crate::catalog::ledger_tables::IS_DELETED;
use crate::config::Shape;
use crate::ledger::money::parse_marked_decimal;
use crate::run::words::count;

/// The columns of debits and of credits, where amounts stand in two.
pub fn debit_and_credit(columns: &[Column]) -> Option<(usize, usize)> {
    let one = |names: &[&str]| columns.iter().position(|column| column.is_number() && header_score(&column.header, names) > 0);
    Some((one(DEBITS)?, one(CREDITS)?)).filter(|(debit, credit)| debit != credit)
}

/// Whether a column says on which side of the account an amount stands.
pub fn is_side(column: &Column) -> bool {
    let Some(few) = column.few.as_ref().filter(|few| few.len() == 2) else { return false };
    let side = |word: &String| SIDES.iter().find(|(known, _)| *known == word.to_lowercase().trim_end_matches('.')).map(|(_, debit)| *debit);
    let sides: Vec<_> = few.keys().map(side).collect();
    sides.contains(&Some(true)) && sides.contains(&Some(false))
}

impl Found {
    /// Says all of it.
    pub(super) fn doubt(&self, remarks: &mut Remarks, name: &str) {
        self.doubt_currencies(remarks, name);
        self.doubt_sides(remarks, name);
        self.doubt_payments(remarks, name);
        self.doubt_paid_credits(remarks, name);
        self.doubt_escapes(remarks, name);
    }

    /// Marks of several currencies beside the amounts of a file that has no column for the currency.
    fn doubt_currencies(&self, remarks: &mut Remarks, name: &str) {
        let mut known: Vec<&str> = self.marks.iter().filter_map(|mark| currency_of(mark)).collect();
        known.sort_unstable();
        known.dedup();
        let unknown = self.marks.iter().filter(|mark| currency_of(mark).is_none()).count();
        if known.len() + unknown > 1 && !self.mapping.columns.contains_key("currency") {
            remarks.missing.push(format!(
                "{name}: beside the amounts stand {}, and there is no column for the currency: amounts of several currencies would be added; have the export write the currency in a column of its own",
                self.marks.join(" ")
            ));
        }
    }

    fn doubt_sides(&self, remarks: &mut Remarks, name: &str) {
        if let Some((debit, credit)) = debit_and_credit(&self.columns)
            && !self.mapping.columns.contains_key("amount")
        {
            remarks.missing.push(format!(
                "{name}: amounts stand in two columns, {} and {}, and a source reads one: have the export write one column, credits below zero",
                self.columns[debit].header, self.columns[credit].header
            ));
        }
        let used: Vec<usize> = self.mapping.columns.values().copied().collect();
        let side = self.columns.iter().enumerate().find(|(position, column)| !used.contains(position) && is_side(column));
        let negative = self.column("amount").map_or(0, Column::negative);
        if let Some((_, side)) = side.filter(|_| negative == 0) {
            remarks.missing.push(format!(
                "{name}: {} says which amounts are debits and which credits, and a source does not read that beside a type: have the export write credits below zero",
                side.header
            ));
        }
    }

    /// What says that an invoice was paid, but not when, or not how much.
    fn doubt_payments(&self, remarks: &mut Remarks, name: &str) {
        if let Some((paid, header)) =
            self.status_of_payment().filter(|_| self.shape == Shape::FlatInvoices && self.column("paid_date").is_none())
        {
            self.count_as_open(remarks, name, paid, &format!("paid by {header}"));
            return;
        }
        let Some(open) = self.mapping.open_amount else { return };
        if self.mapping.columns.get("amount") == Some(&open) || self.mapping.columns.contains_key("paid_amount") {
            return;
        }
        let is_zero = |row: usize| {
            let marks: Vec<Vec<u8>> = self.marks.iter().map(|mark| mark.as_bytes().to_vec()).collect();
            let value = parse_marked_decimal(self.sample.cell(row, open).as_bytes(), self.numbers.format, &marks, 4).ok()?;
            Some(value == 0)
        };
        let paid = |row: usize| self.mapping.columns.get("paid_date").is_some_and(|position| !self.sample.cell(row, *position).is_empty());
        let rows = || 0..self.sample.rows();
        let in_part = rows().filter(|row| paid(*row) && is_zero(*row) == Some(false)).count();
        let undated = rows().filter(|row| !paid(*row) && is_zero(*row) == Some(true)).count();
        let header = &self.columns[open].header;
        if in_part > 0 {
            remarks.missing.push(format!(
                "{name}: of {} with a date of payment {header} is not zero: they were paid in part, and the file does not say how much; have the export write the amount paid (paid_amount)",
                count(in_part as u64, "row")
            ));
        }
        if undated > 0 {
            self.count_as_open(remarks, name, undated, &format!("settled by {header}"));
        }
    }

    /// Settled invoices that would count as open: more than a few make the receivable wrong.
    fn count_as_open(&self, remarks: &mut Remarks, name: &str, rows: usize, how: &str) {
        let said = format!(
            "{name}: {rows} of {} are {how}, which does not say when, and would count as open: have the export write the date of payment, or leave them out",
            count(self.sample.rows() as u64, "row")
        );
        if rows as f64 > ALLOWED_SHARE * self.sample.rows() as f64 {
            remarks.missing.push(said);
        } else {
            remarks.warnings.push(said);
        }
    }

    /// Credit notes that were paid: an invoice's row has a place for a receipt, and none for a refund or what it was set off against.
    fn doubt_paid_credits(&self, remarks: &mut Remarks, name: &str) {
        let (Some(amount), Some(paid)) = (self.mapping.columns.get("amount"), self.mapping.columns.get("paid_date")) else { return };
        if self.shape != Shape::FlatInvoices || !matches!(self.signs, SignRule::CreditNotes | SignRule::ByType) {
            return;
        }
        let marks: Vec<Vec<u8>> = self.marks.iter().map(|mark| mark.as_bytes().to_vec()).collect();
        let is_below = |row: &usize| {
            let text = self.sample.cell(*row, *amount).as_bytes();
            parse_marked_decimal(text, self.numbers.format, &marks, 4).is_ok_and(|value| value < 0)
        };
        let rows = (0..self.sample.rows()).filter(|row| !self.sample.cell(*row, *paid).is_empty()).filter(is_below).count();
        if rows > 0 {
            remarks.warnings.push(format!(
                "{name}: {} a date in {}, and what became of it is not said (refunded, or set off against which invoice): have the export leave the date empty there, so that it stays a credit of the customer",
                if rows == 1 { "1 credit note has".to_owned() } else { format!("{} have", count(rows as u64, "credit note")) },
                self.columns[*paid].header
            ));
        }
    }

    /// Ids written as formulas, so that a spreadsheet keeps their zeros.
    fn doubt_escapes(&self, remarks: &mut Remarks, name: &str) {
        for (column, position) in &self.mapping.columns {
            let held = &self.columns[*position];
            let example = (0..self.sample.rows()).map(|row| self.sample.cell(row, *position)).find(|text| text.starts_with("=\""));
            if let Some(example) = example {
                remarks.warnings.push(format!(
                    "{name}: {column} is written as a formula in {}, for example {example}, and stays so: other files must write it alike",
                    held.header
                ));
            }
        }
    }

    /// A column that only says whether an invoice is paid: how many are, and what it is called.
    fn status_of_payment(&self) -> Option<(usize, String)> {
        // A status that says what was voided says what was paid as well.
        let used: Vec<usize> =
            self.mapping.columns.iter().filter(|(name, _)| **name != IS_DELETED.name).map(|(_, position)| *position).collect();
        let is_paid = |word: &str| ["paid", "bezahlt", "paye", "pagado", "pagato", "betaald", "cobrado", "closed"].contains(&word);
        self.columns.iter().enumerate().filter(|(position, _)| !used.contains(position)).find_map(|(_, column)| {
            let few = column.few.as_ref()?;
            let plain = super::words::plain(&column.header);
            let is_yes = |word: &str| ["yes", "y", "true", "1", "ja", "oui", "si", "x"].contains(&word);
            let rows: usize = few
                .iter()
                .map(|(word, rows)| (super::words::plain(word), rows))
                .filter(|(word, _)| is_paid(word) || (is_paid(&plain) && is_yes(word)))
                .map(|(_, rows)| rows)
                .sum();
            (rows > 0).then(|| (rows, column.header.clone()))
        })
    }
}
