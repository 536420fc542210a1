//! Transactions: one row is a posting, with a type and a reference to the document it settles, or only an application.
//!
//! `applies_to` always names the document that increases the account, `credit_document_id` the one that reduces it; the other
//! side is the posting itself, unless it is only an application. A returned payment that names both takes the application
//! between them back, and is itself set against the receipt. A posting that names nothing says that nothing is applied: an
//! application that an earlier version of it made is deleted.

use super::flat::{is_credit_type, suffixed};
use super::{BlockOutput, BlockRows};
use crate::config::{APPLICATION, CreditRows};
use crate::error::Result;
use crate::ingest::columns::{CellError, ColumnData};
use crate::ingest::keys::{KeyEncoder, KeyHash};
use crate::ingest::reason;

/// One side of an application.
#[derive(Clone, Copy, Debug)]
enum Side {
    /// The posting itself.
    Own,
    /// The document it settles.
    AppliesTo,
    /// The document it uses up.
    Credit,
}

/// An application that a posting says.
#[derive(Clone, Copy, Debug)]
struct Said {
    row: usize,
    suffix: &'static [u8],
    credit: Side,
    debit: Side,
    /// 1 applies, −1 takes back, 0 says that there is none.
    sign: i64,
}

/// The application of a posting, or what it takes back; law 5 judges those of one day by their ids, and what is taken back
/// must come first.
const FIRST: &[u8] = b"-A";
/// The application of what was taken back.
const SECOND: &[u8] = b"-B";

fn is_application(word: Option<&[u8]>) -> bool {
    word == Some(APPLICATION.as_bytes())
}

impl BlockRows<'_> {
    /// What a posting may say about what it is applied to.
    pub(super) fn check_postings(&self, first: usize, errors: &mut Vec<CellError>) {
        let plan = &self.context.plan;
        let position = |name: &str| plan.position(name);
        let (debit, credit, applied) = (position("applies_to"), position("credit_document_id"), position("applied_amount"));
        let (document_type, amount) = (position("document_type"), position("amount"));
        for row in first..self.lines.len() {
            let mut error = |column, reason| errors.push(CellError { row: row - first, column, reason });
            let of_row = |position: usize| self.data[position].long(row);
            let (has_debit, has_credit) = (self.data[debit].is_valid(row), self.data[credit].is_valid(row));
            if is_application(self.data[document_type].text(row)) {
                match (has_debit, has_credit) {
                    (false, _) => error(debit, reason::MISSING_VALUE),
                    (_, false) => error(credit, reason::MISSING_VALUE),
                    _ if of_row(applied).is_some_and(|applied| Some(applied) != of_row(amount)) => {
                        error(applied, reason::APPLIED_AMOUNT_DIFFERS);
                    }
                    _ => {}
                }
            } else {
                match of_row(applied) {
                    Some(applied_amount) if applied_amount < 0 => error(applied, reason::NEGATIVE_AMOUNT),
                    Some(applied_amount) if applied_amount > 0 && !has_debit && !has_credit => {
                        error(applied, reason::APPLIED_AMOUNT_WITHOUT_REFERENCE);
                    }
                    _ => {}
                }
            }
        }
    }

    /// Splits postings into documents and applications, and collects the customers.
    pub(super) fn finish_transactions(mut self, output: &mut BlockOutput) -> Result<()> {
        let context = self.context;
        if context.tables.contains_key("customers") {
            output.customers = self.customers();
        }
        let (documents, document_lines) = self.posted_documents();
        let said = self.said();
        let applications = self.posted_applications(&said);
        let lines: Vec<i64> = said.iter().map(|said| self.lines[said.row]).collect();
        let only = (0..self.lines.len()).filter(|row| self.is_only_application(*row));
        output.only_applications = only.map(|row| self.lines[row].cast_unsigned()).collect();
        self.data.clear();
        output.tables.extend(context.encode("documents", documents, &document_lines)?);
        output.tables.extend(context.encode("applications", applications, &lines)?);
        Ok(())
    }

    fn is_only_application(&self, row: usize) -> bool {
        is_application(self.column("document_type").text(row))
    }

    fn posted_documents(&self) -> (Vec<ColumnData>, Vec<i64>) {
        let (layout, _) = &self.context.tables["documents"];
        let rows: Vec<usize> = (0..self.lines.len()).filter(|row| !self.is_only_application(*row)).collect();
        let applies_to = self.column("applies_to");
        let mut id = Vec::new();
        let columns = layout.columns.iter().map(|wanted| {
            let source = self.column(wanted.name);
            let is_reference = wanted.name == "reference";
            if source.is_absent() && (!is_reference || applies_to.is_absent()) {
                return ColumnData::absent(rows.len());
            }
            let mut column = ColumnData::new(wanted.kind);
            for row in rows.iter().copied() {
                match wanted.name {
                    "document_id" => {
                        self.write_own_id(row, &mut id);
                        column.push_text(&id);
                    }
                    _ if is_reference && !source.is_valid(row) && !self.is_repeated(row) => column.push_from(applies_to, row),
                    _ => column.push_from(source, row),
                }
            }
            column
        });
        (columns.collect(), rows.iter().map(|row| self.lines[*row]).collect())
    }

    /// Whether other rows may repeat the document with another reference.
    fn is_repeated(&self, row: usize) -> bool {
        let is_credit = || self.column("document_type").text(row).is_some_and(is_credit_type);
        self.context.credit_rows == CreditRows::Repeated && is_credit()
    }

    /// The id of the document a posting is: where each row is a part of a credit, named for what it settles, too.
    fn write_own_id(&self, row: usize, id: &mut Vec<u8>) {
        suffixed(id, self.column("document_id").text(row), b"");
        if self.context.credit_rows == CreditRows::Parts {
            self.append_settled(row, id);
        }
    }

    /// Adds to an id what the credit of a row settles.
    fn append_settled(&self, row: usize, id: &mut Vec<u8>) {
        let is_credit = self.column("document_type").text(row).is_some_and(is_credit_type);
        if !is_credit || !self.names_another(row, "applies_to", "applies_to_item_no") {
            return;
        }
        id.push(b'/');
        id.extend_from_slice(self.column("applies_to").text(row).unwrap_or_default());
        if let Some(item) = self.column("applies_to_item_no").long(row) {
            id.extend_from_slice(format!("/{item}").as_bytes());
        }
    }

    /// Whether a posting names a document there, and not itself, as some systems do.
    fn names_another(&self, row: usize, document: &str, item: &str) -> bool {
        let named = self.column(document).text(row);
        let items = [item, "item_no"].map(|name| self.column(name).long(row).unwrap_or(1));
        named.is_some() && (named != self.column("document_id").text(row) || items[0] != items[1])
    }

    /// The applications that the postings say, in their order.
    fn said(&self) -> Vec<Said> {
        let plan = &self.context.plan;
        let (with_debits, with_credits) = (plan.is_supplied("applies_to"), plan.is_supplied("credit_document_id"));
        let types = self.column("document_type");
        let mut said = Vec::new();
        for row in 0..self.lines.len() {
            let has_debit = || self.names_another(row, "applies_to", "applies_to_item_no");
            let has_credit = || self.names_another(row, "credit_document_id", "credit_item_no");
            let mut push = |suffix, credit, debit, sign| said.push(Said { row, suffix, credit, debit, sign });
            match types.text(row).unwrap_or_default() {
                word if is_application(Some(word)) => push(FIRST, Side::Credit, Side::AppliesTo, 1),
                word if is_credit_type(word) => {
                    if with_debits {
                        push(FIRST, Side::Own, if has_debit() { Side::AppliesTo } else { Side::Own }, i64::from(has_debit()));
                    }
                }
                word => {
                    let is_return = word == b"receipt_reversal";
                    if with_credits && is_return {
                        // Where a system has one reference for either side, it is the receipt that is meant.
                        let is_same = self.column("applies_to").text(row) == self.column("credit_document_id").text(row);
                        let sign = if has_debit() && has_credit() && !is_same { -1 } else { 0 };
                        let sides = if sign == 0 { (Side::Own, Side::Own) } else { (Side::Credit, Side::AppliesTo) };
                        push(FIRST, sides.0, sides.1, sign);
                    }
                    if with_credits {
                        push(SECOND, if has_credit() { Side::Credit } else { Side::Own }, Side::Own, i64::from(has_credit()));
                    }
                }
            }
        }
        said
    }

    fn posted_applications(&self, said: &[Said]) -> Vec<ColumnData> {
        let (layout, _) = &self.context.tables["applications"];
        let source = |name: &str| self.column(name);
        let mut id = Vec::new();
        let columns = layout.columns.iter().map(|wanted| {
            let mut column = ColumnData::new(wanted.kind);
            for said in said {
                let row = said.row;
                match wanted.name {
                    "application_id" => {
                        self.write_application_id(row, said.suffix, &mut id);
                        column.push_text(&id);
                    }
                    "credit_document_id" => self.push_document(&mut column, said.credit, row, &mut id),
                    "debit_document_id" => self.push_document(&mut column, said.debit, row, &mut id),
                    "credit_item_no" => column.push_long(self.item_of(said.credit, row)),
                    "debit_item_no" => column.push_long(self.item_of(said.debit, row)),
                    "applied_date" => match source("applied_date").is_valid(row) {
                        true => column.push_from(source("applied_date"), row),
                        false => column.push_from(source("document_date"), row),
                    },
                    "amount" => column.push_long(said.sign * self.applied(row)),
                    "credit_amount" => match source("credit_amount").long(row) {
                        // It goes the way the amount goes.
                        Some(credit) => column.push_long(said.sign * self.applied(row).signum() * credit.abs()),
                        None => column.push_null(),
                    },
                    "is_deleted" if said.sign == 0 => column.push_flag(true),
                    "company_id" | "recorded_at" | "is_deleted" => column.push_from(source(wanted.name), row),
                    _ => column.push_null(),
                }
            }
            column
        });
        columns.collect()
    }

    fn write_application_id(&self, row: usize, suffix: &[u8], id: &mut Vec<u8>) {
        self.write_own_id(row, id);
        if self.context.credit_rows == CreditRows::Repeated {
            self.append_settled(row, id);
        }
        if let Some(item) = self.column("item_no").long(row).filter(|item| *item != 1) {
            id.extend_from_slice(format!("-{item}").as_bytes());
        }
        id.extend_from_slice(suffix);
    }

    /// The keys of the applications that a posting may say.
    pub(super) fn posted_application_keys(&self, row: usize) -> [KeyHash; 2] {
        [FIRST, SECOND].map(|suffix| {
            let (mut encoder, mut id) = (KeyEncoder::default(), Vec::new());
            self.write_application_id(row, suffix, &mut id);
            encoder.column(self.column("company_id"), row);
            encoder.text(&id);
            encoder.finish()
        })
    }

    /// How much of a posting is applied.
    fn applied(&self, row: usize) -> i64 {
        let applied = self.column("applied_amount").long(row);
        applied.or_else(|| self.column("amount").long(row)).unwrap_or(0)
    }

    fn push_document(&self, column: &mut ColumnData, side: Side, row: usize, id: &mut Vec<u8>) {
        match side {
            Side::Own => {
                self.write_own_id(row, id);
                column.push_text(id);
            }
            Side::AppliesTo => column.push_from(self.column("applies_to"), row),
            Side::Credit => column.push_from(self.column("credit_document_id"), row),
        }
    }

    fn item_of(&self, side: Side, row: usize) -> i64 {
        let name = match side {
            Side::Own => "item_no",
            Side::AppliesTo => "applies_to_item_no",
            Side::Credit => "credit_item_no",
        };
        self.column(name).long(row).unwrap_or(1)
    }
}
