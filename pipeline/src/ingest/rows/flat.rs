//! Flat invoices: one row says an invoice and, where it was paid, its receipt and their application.

use std::borrow::Cow;

use super::{BlockOutput, BlockRows};
use crate::catalog::ledger_tables::{CREDIT_TYPES, Kind};
use crate::config::DAY_MICROS;
use crate::error::Result;
use crate::ingest::column_data::{ColumnData, NO_ROW};
use crate::ingest::columns::CellError;
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
        let column = |name: &str| self.column(name);
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
        output.statements.extend(self.not_paid(|row| payments[row].is_some()));
        let (documents, document_lines) = self.flat_documents(&payments);
        let (applications, application_lines) = self.flat_applications(&payments);
        self.data.clear();
        output.take(context.encode(vec![("documents", documents, document_lines), ("applications", applications, application_lines)])?);
        Ok(())
    }

    /// An invoice for each row, followed by its receipt where it was paid.
    fn flat_documents(&self, payments: &[Option<(i32, i64)>]) -> (Vec<ColumnData>, Vec<i64>) {
        let (layout, _) = &self.context.tables["documents"];
        // For each document its row, and the same for invoices and for receipts only.
        let (mut rows, mut invoices, mut is_receipt) = (Vec::new(), Vec::new(), Vec::new());
        for (row, payment) in (0_u32..).zip(payments) {
            rows.push(row);
            invoices.push(row);
            is_receipt.push(false);
            if payment.is_some() {
                rows.push(row);
                invoices.push(NO_ROW);
                is_receipt.push(true);
            }
        }
        let documents = || rows.iter().zip(&is_receipt).map(|(row, is_receipt)| (*row as usize, *is_receipt));
        let paid = |row: usize| payments[row].unwrap_or_default();
        let columns = layout.columns.iter().map(|wanted| {
            let source = self.column(wanted.name);
            if source.is_absent() {
                return ColumnData::absent(rows.len());
            }
            let mut column = ColumnData::new(wanted.kind);
            match wanted.name {
                "document_id" => {
                    column.reserve(rows.len(), 3 * source.text_bytes());
                    let mut id = Vec::new();
                    for (row, is_receipt) in documents() {
                        suffixed(&mut id, source.text(row), if is_receipt { b"-R" } else { b"" });
                        column.push_text(&id);
                    }
                }
                "document_type" => {
                    column.reserve(rows.len(), 2 * source.text_bytes());
                    for (row, is_receipt) in documents() {
                        column.push_text(if is_receipt { b"receipt" } else { source.text(row).unwrap_or_default() });
                    }
                }
                "document_date" => {
                    column.reserve(rows.len(), 0);
                    for (row, is_receipt) in documents() {
                        if is_receipt { column.push_day(paid(row).0) } else { column.push_from(source, row) }
                    }
                }
                "amount" => {
                    column.reserve(rows.len(), 0);
                    for (row, is_receipt) in documents() {
                        if is_receipt { column.push_long(paid(row).1) } else { column.push_from(source, row) }
                    }
                }
                "recorded_at" => {
                    for (row, is_receipt) in documents() {
                        if is_receipt {
                            push_payment_recorded_at(&mut column, source.long(row), paid(row).0);
                        } else {
                            column.push_from(source, row);
                        }
                    }
                }
                "company_id" | "item_no" | "customer_id" | "currency" | "payment_method" | "is_deleted" => column = source.picked(&rows),
                _ => column = source.picked(&invoices),
            }
            column
        });
        let columns = columns.collect();
        (columns, rows.iter().map(|row| self.lines[*row as usize]).collect())
    }

    fn flat_applications(&self, payments: &[Option<(i32, i64)>]) -> (Vec<ColumnData>, Vec<i64>) {
        let (layout, _) = &self.context.tables["applications"];
        let rows: Vec<u32> = (0..).zip(payments).filter(|(_, payment)| payment.is_some()).map(|(row, _)| row).collect();
        let paid = || rows.iter().map(|row| (*row as usize, payments[*row as usize].unwrap_or_default()));
        let (ids, items, amounts) = (self.column("document_id"), self.column("item_no"), self.column("amount"));
        let suffixed_ids = |suffix: &dyn Fn(usize) -> Cow<'static, str>| {
            let (mut column, mut id) = (ColumnData::new(Kind::Id), Vec::new());
            column.reserve(rows.len(), ids.text_bytes() + 4 * rows.len());
            for (row, _) in paid() {
                suffixed(&mut id, ids.text(row), suffix(row).as_bytes());
                column.push_text(&id);
            }
            column
        };
        let columns = layout.columns.iter().map(|wanted| {
            let mut column = ColumnData::new(wanted.kind);
            match wanted.name {
                "application_id" => column = suffixed_ids(&|row| application_suffix(items.long(row))),
                "credit_document_id" => column = suffixed_ids(&|_| Cow::Borrowed("-R")),
                "debit_document_id" => column = ids.picked(&rows),
                "credit_item_no" | "debit_item_no" => column = items.picked(&rows),
                "applied_date" => paid().for_each(|(_, (day, _))| column.push_day(day)),
                // What is paid beyond the invoice stays unapplied.
                "amount" => paid().for_each(|(row, (_, paid))| column.push_long(paid.min(amounts.long(row).unwrap_or(0)))),
                "recorded_at" => {
                    let source = self.column("recorded_at");
                    if source.is_absent() {
                        return ColumnData::absent(rows.len());
                    }
                    paid().for_each(|(row, (day, _))| push_payment_recorded_at(&mut column, source.long(row), day));
                }
                "company_id" | "is_deleted" => column = self.column(wanted.name).picked(&rows),
                _ => return ColumnData::absent(rows.len()),
            }
            column
        });
        (columns.collect(), rows.iter().map(|row| self.lines[*row as usize]).collect())
    }
}

/// What is added to the id of a document for the application of its payment.
pub(super) fn application_suffix(item: Option<i64>) -> Cow<'static, str> {
    match item {
        None | Some(1) => Cow::Borrowed("-A"),
        Some(item) => Cow::Owned(format!("-{item}-A")),
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
