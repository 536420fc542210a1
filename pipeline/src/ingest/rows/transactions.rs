//! Transactions: one row is a posting, with a type and a reference to the document it settles, or only an application.
//!
//! `applies_to` always names the document that increases the account, `credit_document_id` the one that reduces it; the other
//! side is the posting itself, unless it is only an application. A returned payment that names both takes the application
//! between them back, and is itself set against the receipt. A posting that names nothing says that nothing is applied: an
//! application that an earlier version of it made is deleted. Such a posting leaves no row but a note of its key; where it says
//! itself when it was recorded, it leaves a row that is deleted, since the note knows no other instant than its delivery's.

use super::flat::{is_credit_type, suffixed};
use super::{BlockOutput, BlockRows};
use crate::catalog::ledger_tables::Kind;
use crate::config::{APPLICATION, CreditRows};
use crate::error::Result;
use crate::ingest::column_data::ColumnData;
use crate::ingest::columns::CellError;
use crate::ingest::keys::{KeyEncoder, KeyHash};
use crate::ingest::reason;
use crate::ingest::versions::{Entry, EntryRun};

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
        let postings = Postings::of(&self);
        let (documents, document_lines) = postings.documents();
        let (said, not_said) = postings.said();
        let (not_said, changed) = self.not_said(&postings, &not_said);
        let applications = postings.applications(&said);
        let lines: Vec<i64> = said.iter().map(|said| self.lines[said.row]).collect();
        let only = (0..self.lines.len()).filter(|row| is_application(postings.document_type.text(*row)));
        output.only_applications = only.map(|row| self.lines[row].cast_unsigned()).collect();
        self.data.clear();
        let rows = vec![("documents", documents, document_lines), ("applications", applications, lines)];
        let encoded = context.encode_changed(rows, changed)?;
        // A full delivery that says of a posting what is known has nothing to remember; a delta has.
        let is_needed = |line: &i64| !context.is_full || encoded.known_lines.binary_search(line).is_err();
        let not_said = not_said.iter().filter(|(_, line)| is_needed(line)).map(|(key, line)| Entry::not_said(*key, *line));
        output.statements.push(("applications", EntryRun::new(&not_said.collect::<Vec<_>>())));
        output.take(encoded);
        Ok(())
    }

    /// The keys and lines of what postings do not say, and the lines of those that may have said it before, ascending.
    fn not_said(&self, postings: &Postings<'_>, not_said: &[(usize, &[u8])]) -> (Vec<(KeyHash, i64)>, Vec<i64>) {
        let (mut encoder, mut id) = (KeyEncoder::default(), Vec::new());
        let mut key = |row: usize, suffix: &[u8]| postings.application_key(row, suffix, &mut encoder, &mut id);
        let not_said: Vec<(KeyHash, i64)> = not_said.iter().map(|(row, suffix)| (key(*row, suffix), self.lines[*row])).collect();
        let known_rows = &self.context.known_rows;
        let known = known_rows.get("applications");
        let may_have = |key: KeyHash| !known_rows.is_empty() && known.is_none_or(|known| known.may_have(key));
        let changed = not_said.iter().filter(|(key, _)| may_have(*key)).map(|(_, line)| *line).collect();
        (not_said, changed)
    }

    /// The key of the document that a posting is.
    pub(super) fn posted_document_key(&self, row: usize) -> KeyHash {
        let postings = Postings::of(self);
        let (mut encoder, mut id) = (KeyEncoder::default(), Vec::new());
        postings.write_own_id(row, &mut id);
        encoder.column(self.column("company_id"), row);
        encoder.text(&id);
        encoder.integer(postings.own.item(row));
        encoder.finish()
    }

    /// The keys of the applications that a posting may say.
    pub(super) fn posted_application_keys(&self, row: usize) -> [KeyHash; 2] {
        let postings = Postings::of(self);
        [FIRST, SECOND].map(|suffix| postings.application_key(row, suffix, &mut KeyEncoder::default(), &mut Vec::new()))
    }
}

/// A document that a posting names, and its item.
#[derive(Clone, Copy)]
struct Named<'a> {
    document: &'a ColumnData,
    item: &'a ColumnData,
}

impl Named<'_> {
    fn item(&self, row: usize) -> i64 {
        self.item.long(row).unwrap_or(1)
    }

    /// Whether two name the same item in a row.
    fn is(&self, other: &Named<'_>, row: usize) -> bool {
        self.document.text(row) == other.document.text(row) && self.item(row) == other.item(row)
    }
}

/// The columns of a block of postings.
struct Postings<'a> {
    rows: &'a BlockRows<'a>,
    document_type: &'a ColumnData,
    own: Named<'a>,
    applies_to: Named<'a>,
    credit: Named<'a>,
    amount: &'a ColumnData,
    applied_amount: &'a ColumnData,
}

impl<'a> Postings<'a> {
    fn of(rows: &'a BlockRows<'a>) -> Self {
        let column = |name: &str| &rows.data[rows.context.plan.position(name)];
        let named = |document: &str, item: &str| Named { document: column(document), item: column(item) };
        Postings {
            rows,
            document_type: column("document_type"),
            own: named("document_id", "item_no"),
            applies_to: named("applies_to", "applies_to_item_no"),
            credit: named("credit_document_id", "credit_item_no"),
            amount: column("amount"),
            applied_amount: column("applied_amount"),
        }
    }

    fn column(&self, name: &str) -> &'a ColumnData {
        &self.rows.data[self.rows.context.plan.position(name)]
    }

    fn documents(&self) -> (Vec<ColumnData>, Vec<i64>) {
        let (layout, _) = &self.rows.context.tables["documents"];
        let rows: Vec<usize> = (0..self.rows.lines.len()).filter(|row| !is_application(self.document_type.text(*row))).collect();
        let columns = layout.columns.iter().map(|wanted| {
            let source = self.column(wanted.name);
            match wanted.name {
                "document_id" => self.document_ids(&rows),
                "reference" if !self.applies_to.document.is_absent() => self.references(source, &rows),
                _ if source.is_absent() => ColumnData::absent(rows.len()),
                _ => {
                    let mut column = ColumnData::new(wanted.kind);
                    rows.iter().for_each(|row| column.push_from(source, *row));
                    column
                }
            }
        });
        (columns.collect(), rows.iter().map(|row| self.rows.lines[*row]).collect())
    }

    fn document_ids(&self, rows: &[usize]) -> ColumnData {
        let (mut column, mut id) = (ColumnData::new(Kind::Id), Vec::new());
        for row in rows {
            self.write_own_id(*row, &mut id);
            column.push_text(&id);
        }
        column
    }

    /// What a posting refers to, where it does not say so in words: what it settles. Other rows may repeat a credit with another one.
    fn references(&self, source: &ColumnData, rows: &[usize]) -> ColumnData {
        let is_repeated = self.rows.context.credit_rows == CreditRows::Repeated;
        let mut column = ColumnData::new(Kind::Text);
        for row in rows {
            let says_itself = source.is_valid(*row) || (is_repeated && self.is_credit(*row));
            column.push_from(if says_itself { source } else { self.applies_to.document }, *row);
        }
        column
    }

    fn is_credit(&self, row: usize) -> bool {
        self.document_type.text(row).is_some_and(is_credit_type)
    }

    /// Whether a posting names a document there, and not itself, as some systems do.
    fn names_another(&self, row: usize, named: &Named<'_>) -> bool {
        named.document.is_valid(row) && !named.is(&self.own, row)
    }

    /// The id of the document a posting is: where each row is a part of a credit, named for what it settles, too.
    fn write_own_id(&self, row: usize, id: &mut Vec<u8>) {
        suffixed(id, self.own.document.text(row), b"");
        if self.rows.context.credit_rows == CreditRows::Parts {
            self.append_settled(row, id);
        }
    }

    /// Adds to an id what the credit of a row settles.
    fn append_settled(&self, row: usize, id: &mut Vec<u8>) {
        if !self.is_credit(row) || !self.names_another(row, &self.applies_to) {
            return;
        }
        id.push(b'/');
        id.extend_from_slice(self.applies_to.document.text(row).unwrap_or_default());
        if let Some(item) = self.applies_to.item.long(row) {
            id.extend_from_slice(format!("/{item}").as_bytes());
        }
    }

    fn write_application_id(&self, row: usize, suffix: &[u8], id: &mut Vec<u8>) {
        self.write_own_id(row, id);
        if self.rows.context.credit_rows == CreditRows::Repeated {
            self.append_settled(row, id);
        }
        let item = self.own.item(row);
        if item != 1 {
            id.extend_from_slice(format!("-{item}").as_bytes());
        }
        id.extend_from_slice(suffix);
    }

    fn application_key(&self, row: usize, suffix: &[u8], encoder: &mut KeyEncoder, id: &mut Vec<u8>) -> KeyHash {
        self.write_application_id(row, suffix, id);
        encoder.column(self.column("company_id"), row);
        encoder.text(id);
        encoder.finish()
    }

    /// The applications that the postings say, in their order, and those that they might say and do not: row and suffix.
    fn said(&self) -> (Vec<Said>, Vec<(usize, &'static [u8])>) {
        let plan = &self.rows.context.plan;
        let (with_debits, with_credits) = (plan.is_supplied("applies_to"), plan.is_supplied("credit_document_id"));
        let recorded_at = self.column("recorded_at");
        let (mut said, mut not_said) = (Vec::new(), Vec::new());
        for row in 0..self.rows.lines.len() {
            let has_debit = self.names_another(row, &self.applies_to);
            let has_credit = self.names_another(row, &self.credit);
            let mut push = |suffix, credit, debit, sign| {
                if sign == 0 && !recorded_at.is_valid(row) {
                    not_said.push((row, suffix));
                } else {
                    said.push(Said { row, suffix, credit, debit, sign });
                }
            };
            match self.document_type.text(row).unwrap_or_default() {
                word if is_application(Some(word)) => push(FIRST, Side::Credit, Side::AppliesTo, 1),
                word if is_credit_type(word) && with_debits => {
                    push(FIRST, Side::Own, if has_debit { Side::AppliesTo } else { Side::Own }, i64::from(has_debit));
                }
                word if !is_credit_type(word) && with_credits => {
                    if word == b"receipt_reversal" {
                        // Where a system has one reference for either side, it is the receipt that is meant.
                        let takes_back = has_debit && has_credit && !self.applies_to.is(&self.credit, row);
                        let (credit, debit) = if takes_back { (Side::Credit, Side::AppliesTo) } else { (Side::Own, Side::Own) };
                        push(FIRST, credit, debit, -i64::from(takes_back));
                    }
                    push(SECOND, if has_credit { Side::Credit } else { Side::Own }, Side::Own, i64::from(has_credit));
                }
                _ => {}
            }
        }
        (said, not_said)
    }

    fn applications(&self, said: &[Said]) -> Vec<ColumnData> {
        let (layout, _) = &self.rows.context.tables["applications"];
        let (applied_date, document_date, credit_amount) =
            (self.column("applied_date"), self.column("document_date"), self.column("credit_amount"));
        let (company, recorded_at, is_deleted) = (self.column("company_id"), self.column("recorded_at"), self.column("is_deleted"));
        let mut id = Vec::new();
        let columns = layout.columns.iter().map(|wanted| {
            let mut column = ColumnData::new(wanted.kind);
            let each = said.iter();
            match wanted.name {
                "company_id" => each.for_each(|said| column.push_from(company, said.row)),
                "application_id" => each.for_each(|said| {
                    self.write_application_id(said.row, said.suffix, &mut id);
                    column.push_text(&id);
                }),
                "credit_document_id" => each.for_each(|said| self.push_document(&mut column, said.credit, said.row, &mut id)),
                "debit_document_id" => each.for_each(|said| self.push_document(&mut column, said.debit, said.row, &mut id)),
                "credit_item_no" => each.for_each(|said| column.push_long(self.item_of(said.credit, said.row))),
                "debit_item_no" => each.for_each(|said| column.push_long(self.item_of(said.debit, said.row))),
                "applied_date" => each.for_each(|said| {
                    let date = if applied_date.is_valid(said.row) { applied_date } else { document_date };
                    column.push_from(date, said.row);
                }),
                "amount" => each.for_each(|said| column.push_long(said.sign * self.applied(said.row))),
                "credit_amount" => each.for_each(|said| match credit_amount.long(said.row) {
                    // It goes the way the amount goes.
                    Some(credit) => column.push_long(said.sign * self.applied(said.row).signum() * credit.abs()),
                    None => column.push_null(),
                }),
                "recorded_at" => each.for_each(|said| column.push_from(recorded_at, said.row)),
                "is_deleted" => each.for_each(|said| match said.sign {
                    0 => column.push_flag(true),
                    _ => column.push_from(is_deleted, said.row),
                }),
                _ => each.for_each(|_| column.push_null()),
            }
            column
        });
        columns.collect()
    }

    /// How much of a posting is applied.
    fn applied(&self, row: usize) -> i64 {
        self.applied_amount.long(row).or_else(|| self.amount.long(row)).unwrap_or(0)
    }

    fn push_document(&self, column: &mut ColumnData, side: Side, row: usize, id: &mut Vec<u8>) {
        match side {
            Side::Own => {
                self.write_own_id(row, id);
                column.push_text(id);
            }
            Side::AppliesTo => column.push_from(self.applies_to.document, row),
            Side::Credit => column.push_from(self.credit.document, row),
        }
    }

    fn item_of(&self, side: Side, row: usize) -> i64 {
        match side {
            Side::Own => self.own.item(row),
            Side::AppliesTo => self.applies_to.item(row),
            Side::Credit => self.credit.item(row),
        }
    }
}
