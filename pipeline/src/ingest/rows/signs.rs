//! The sign rules: what a negative amount of a document means, and whether a sign agrees with the type.

use super::BlockRows;
use super::flat::is_credit_type;
use crate::config::{APPLICATION, NegativeAmount};
use crate::ingest::column_data::ColumnData;
use crate::ingest::columns::CellError;
use crate::ingest::reason;

/// Columns whose sign a source may write reversed.
const SIGNED_COLUMNS: &[&str] = &["amount", "base_amount", "credit_amount", "paid_amount", "applied_amount"];
/// Amounts that have the sign of their document's.
const FOLLOWING_COLUMNS: &[&str] = &["base_amount", "applied_amount"];

/// What the sign of an amount says of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    /// The amount is as the ledger has it.
    Plain,
    /// The amount without its sign counts.
    Dropped,
    /// The same, and the row counts as repaired.
    Repaired,
    /// The row is of this type.
    Retyped(&'static str),
    /// The row cannot be taken.
    Refused(&'static str),
}

/// What a document of a type is when its amount stands on the other side of the account.
const COUNTERPARTS: &[(&str, &str)] = &[
    ("invoice", "credit_note"),
    ("debit_note", "credit_note"),
    ("receipt_reversal", "receipt"),
    ("refund", "receipt"),
    ("reinstatement", "write_off"),
    ("increase", "decrease"),
    ("receipt", "receipt_reversal"),
    ("credit_note", "debit_note"),
    ("write_off", "reinstatement"),
    ("discount", "increase"),
    ("decrease", "increase"),
];

fn counterpart(word: &[u8]) -> Option<&'static str> {
    COUNTERPARTS.iter().find(|(from, _)| from.as_bytes() == word).map(|(_, to)| *to)
}

fn sign_of(rule: NegativeAmount, word: Option<&[u8]>, amount: i64) -> Sign {
    let is_credit = word.is_some_and(is_credit_type);
    match rule {
        // An application has no side; below zero it takes an earlier one back.
        _ if amount == 0 || word == Some(APPLICATION.as_bytes()) => Sign::Plain,
        NegativeAmount::ByType if is_credit != (amount < 0) => Sign::Refused(reason::SIGN_CONTRADICTS_TYPE),
        NegativeAmount::Counterpart if is_credit != (amount < 0) => match word.and_then(counterpart) {
            Some(word) => Sign::Retyped(word),
            None => Sign::Refused(reason::SIGN_CONTRADICTS_TYPE),
        },
        _ if amount > 0 => Sign::Plain,
        NegativeAmount::ByType | NegativeAmount::Counterpart => Sign::Dropped,
        NegativeAmount::Absolute => Sign::Repaired,
        NegativeAmount::CreditNote if matches!(word, Some(b"invoice" | b"debit_note")) => Sign::Retyped("credit_note"),
        NegativeAmount::CreditNote | NegativeAmount::Quarantine => Sign::Refused(reason::NEGATIVE_AMOUNT),
    }
}

impl BlockRows<'_> {
    /// Judges the signs of the rows from `first` on: amounts of documents are never negative in the ledger.
    pub(super) fn check_amounts(&mut self, first: usize, errors: &mut Vec<CellError>) {
        if self.context.reverse_sign {
            for position in self.positions(SIGNED_COLUMNS) {
                self.negate(position, first);
            }
        }
        if !self.context.target.has_documents() {
            return;
        }
        let amount = self.context.plan.position("amount");
        let document_type = self.context.plan.position("document_type");
        let following = self.positions(FOLLOWING_COLUMNS);
        let rule = self.context.negative_amount;
        if matches!(rule, NegativeAmount::ByType | NegativeAmount::Counterpart) {
            self.drop_signs_of_applied(first, document_type);
        }
        for row in first..self.lines.len() {
            let Some(value) = self.data[amount].long(row) else { continue };
            let sign = match (value, rule) {
                // Nearly every row of most sources.
                (0.., NegativeAmount::Quarantine | NegativeAmount::CreditNote | NegativeAmount::Absolute) => continue,
                _ => sign_of(rule, self.data[document_type].text(row), value),
            };
            match sign {
                Sign::Plain => continue,
                Sign::Dropped => {}
                Sign::Repaired => self.repaired.push(row),
                Sign::Retyped(word) => self.retyped.push((row, word)),
                Sign::Refused(reason) => {
                    errors.push(CellError { row: row - first, column: amount, reason });
                    continue;
                }
            }
            for position in following.iter().copied().chain([amount]) {
                if let Some(value) = self.data[position].long(row).filter(|value| *value < 0) {
                    self.data[position].set_long(row, -value);
                }
            }
        }
    }

    /// What is applied of a document has no side of its own: where signs say the side, it is written with either.
    fn drop_signs_of_applied(&mut self, first: usize, document_type: usize) {
        for position in self.positions(&["applied_amount"]) {
            for row in first..self.lines.len() {
                let applied = self.data[position].long(row).filter(|applied| *applied < 0);
                let is_document = self.data[document_type].text(row) != Some(APPLICATION.as_bytes());
                if let Some(applied) = applied.filter(|_| is_document) {
                    self.data[position].set_long(row, -applied);
                }
            }
        }
    }

    fn positions(&self, names: &[&str]) -> Vec<usize> {
        names.iter().filter_map(|name| self.context.plan.columns.iter().position(|plan| plan.column.name == *name)).collect()
    }

    fn negate(&mut self, position: usize, first: usize) {
        for row in first..self.lines.len() {
            if let Some(value) = self.data[position].long(row) {
                self.data[position].set_long(row, -value);
            }
        }
    }

    /// Writes the types that the signs say.
    pub(super) fn write_types(&mut self) {
        if self.retyped.is_empty() {
            return;
        }
        let position = self.context.plan.position("document_type");
        let mut retyped = self.retyped.iter().peekable();
        let mut column = ColumnData::new(self.context.plan.columns[position].column.kind);
        for row in 0..self.lines.len() {
            match retyped.next_if(|(of, _)| *of == row) {
                Some((_, word)) => column.push_text(word.as_bytes()),
                None => column.push_from(&self.data[position], row),
            }
        }
        self.data[position] = column;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::ledger_tables::{CREDIT_TYPES, DOCUMENT_TYPES};

    #[test]
    fn every_rule_says_what_a_sign_means() {
        use NegativeAmount::{Absolute, ByType, Counterpart, CreditNote, Quarantine};
        let refused = Sign::Refused(reason::NEGATIVE_AMOUNT);
        let contradicts = Sign::Refused(reason::SIGN_CONTRADICTS_TYPE);
        for (rule, word, amount, expected) in [
            (Quarantine, "invoice", 1, Sign::Plain),
            (Quarantine, "receipt", -1, refused),
            (CreditNote, "invoice", -1, Sign::Retyped("credit_note")),
            (CreditNote, "receipt", -1, refused),
            (Absolute, "receipt", -1, Sign::Repaired),
            (Absolute, "receipt", 1, Sign::Plain),
            (ByType, "invoice", 1, Sign::Plain),
            (ByType, "receipt", -1, Sign::Dropped),
            (ByType, "receipt", 1, contradicts),
            (ByType, "invoice", -1, contradicts),
            (ByType, "receipt", 0, Sign::Plain),
            (Counterpart, "invoice", -1, Sign::Retyped("credit_note")),
            (Counterpart, "receipt", 1, Sign::Retyped("receipt_reversal")),
            (Counterpart, "receipt", -1, Sign::Dropped),
            (Quarantine, "application", -1, Sign::Plain),
            (ByType, "application", 1, Sign::Plain),
        ] {
            assert_eq!(sign_of(rule, Some(word.as_bytes()), amount), expected, "{rule:?} {word} {amount}");
        }
    }

    #[test]
    fn every_type_has_a_counterpart_on_the_other_side() {
        for word in DOCUMENT_TYPES {
            let other = counterpart(word.as_bytes()).expect("every type has one");
            assert_ne!(CREDIT_TYPES.contains(word), CREDIT_TYPES.contains(&other), "{word} {other}");
        }
    }
}
