//! Flat invoices: one row says an invoice and, where it was paid, its receipt and their application.

use super::{BlockOutput, BlockRows};
use crate::catalog::ledger_tables::CREDIT_TYPES;
use crate::config::DAY_MICROS;
use crate::error::Result;
use crate::ingest::columns::{CellError, ColumnData};
use crate::ingest::reason;

impl BlockRows<'_> {
    /// What a flat row may say about its payment.
    pub(super) fn check_payments(&self, first: usize, errors: &mut Vec<CellError>) {
        let plan = &self.context.plan;
        let (date, amount) = (plan.position("paid_date"), plan.position("paid_amount"));
        if !plan.is_supplied("paid_date") && !plan.is_supplied("paid_amount") {
            return;
        }
        let document_type = plan.position("document_type");
        let mut retyped = self.retyped.iter().skip_while(|(row, _)| *row < first).peekable();
        for row in first..self.lines.len() {
            let word = match retyped.next_if(|(of, _)| *of == row) {
                Some((_, word)) => Some(word.as_bytes()),
                None => self.data[document_type].text(row),
            };
            let is_credit = word.is_some_and(is_credit_type);
            let paid = self.data[amount].long(row);
            let mut error = |column, reason| errors.push(CellError { row: row - first, column, reason });
            match (self.data[date].day(row), paid) {
                (_, Some(paid)) if paid < 0 => error(amount, reason::NEGATIVE_AMOUNT),
                (None, Some(paid)) if paid > 0 => error(amount, reason::PAID_AMOUNT_WITHOUT_DATE),
                (Some(_), paid) if is_credit && paid != Some(0) => error(date, reason::PAYMENT_ON_CREDIT),
                _ => {}
            }
        }
    }

    /// Splits flat rows into an invoice, a receipt and an application each, and collects the customers.
    pub(super) fn finish_flat(mut self, output: &mut BlockOutput) -> Result<()> {
        let context = self.context;
        let column = |name: &str| &self.data[context.plan.position(name)];
        let rows = self.lines.len();
        let (paid_date, paid_amount, amount) = (column("paid_date"), column("paid_amount"), column("amount"));
        // A date alone means paid in full; nothing paid is no payment.
        let payments: Vec<Option<(i32, i64)>> = (0..rows)
            .map(|row| {
                let paid = paid_amount.long(row).or(amount.long(row)).filter(|paid| *paid > 0)?;
                paid_date.day(row).map(|day| (day, paid))
            })
            .collect();
        if context.tables.contains_key("customers") {
            output.customers = self.customers();
        }
        let (documents, document_lines) = self.flat_documents(&payments);
        let (applications, application_lines) = self.flat_applications(&payments);
        self.data.clear();
        output.tables.extend(context.encode("documents", documents, &document_lines)?);
        output.tables.extend(context.encode("applications", applications, &application_lines)?);
        Ok(())
    }

    fn flat_documents(&self, payments: &[Option<(i32, i64)>]) -> (Vec<ColumnData>, Vec<i64>) {
        let (layout, _) = &self.context.tables["documents"];
        let mut lines = Vec::new();
        for (line, payment) in self.lines.iter().zip(payments) {
            lines.push(*line);
            lines.extend(payment.map(|_| *line));
        }
        let mut id = Vec::new();
        let columns = layout.columns.iter().map(|wanted| {
            let source = &self.data[self.context.plan.position(wanted.name)];
            if source.is_absent() {
                return ColumnData::absent(lines.len());
            }
            let mut column = ColumnData::new(wanted.kind);
            for (row, payment) in payments.iter().enumerate() {
                column.push_from(source, row);
                let Some((day, paid)) = *payment else { continue };
                match wanted.name {
                    "document_id" => {
                        suffixed(&mut id, source.text(row), b"-R");
                        column.push_text(&id);
                    }
                    "document_type" => column.push_text(b"receipt"),
                    "document_date" => column.push_day(day),
                    "amount" => column.push_long(paid),
                    "recorded_at" => push_payment_recorded_at(&mut column, source.long(row), day),
                    "company_id" | "item_no" | "customer_id" | "currency" | "payment_method" | "is_deleted" => {
                        column.push_from(source, row);
                    }
                    _ => column.push_null(),
                }
            }
            column
        });
        (columns.collect(), lines)
    }

    fn flat_applications(&self, payments: &[Option<(i32, i64)>]) -> (Vec<ColumnData>, Vec<i64>) {
        let (layout, _) = &self.context.tables["applications"];
        let paid = || payments.iter().enumerate().filter_map(|(row, payment)| payment.map(|payment| (row, payment)));
        let lines: Vec<i64> = paid().map(|(row, _)| self.lines[row]).collect();
        let source = |name: &str| &self.data[self.context.plan.position(name)];
        let (ids, items, amounts) = (source("document_id"), source("item_no"), source("amount"));
        let mut id = Vec::new();
        let columns = layout.columns.iter().map(|wanted| {
            let mut column = ColumnData::new(wanted.kind);
            for (row, (day, paid)) in paid() {
                match wanted.name {
                    "application_id" => {
                        match items.long(row) {
                            None | Some(1) => suffixed(&mut id, ids.text(row), b"-A"),
                            Some(item) => suffixed(&mut id, ids.text(row), format!("-{item}-A").as_bytes()),
                        }
                        column.push_text(&id);
                    }
                    "credit_document_id" => {
                        suffixed(&mut id, ids.text(row), b"-R");
                        column.push_text(&id);
                    }
                    "debit_document_id" => column.push_from(ids, row),
                    "credit_item_no" | "debit_item_no" => column.push_from(items, row),
                    "applied_date" => column.push_day(day),
                    // What is paid beyond the invoice stays unapplied.
                    "amount" => column.push_long(paid.min(amounts.long(row).unwrap_or(0))),
                    "recorded_at" => push_payment_recorded_at(&mut column, source("recorded_at").long(row), day),
                    "company_id" => column.push_from(source("company_id"), row),
                    "is_deleted" => column.push_from(source("is_deleted"), row),
                    _ => column.push_null(),
                }
            }
            column
        });
        (columns.collect(), lines)
    }
}

pub(super) fn is_credit_type(word: &[u8]) -> bool {
    CREDIT_TYPES.iter().any(|credit| credit.as_bytes() == word)
}

/// Writes an id with a suffix into a buffer.
pub(super) fn suffixed(buffer: &mut Vec<u8>, id: Option<&[u8]>, suffix: &[u8]) {
    buffer.clear();
    buffer.extend_from_slice(id.unwrap_or_default());
    buffer.extend_from_slice(suffix);
}

/// A payment cannot have been known before the day it was made.
fn push_payment_recorded_at(column: &mut ColumnData, recorded_at: Option<i64>, day: i32) {
    match recorded_at {
        Some(recorded_at) => column.push_long(recorded_at.max(i64::from(day) * DAY_MICROS)),
        None => column.push_null(),
    }
}
