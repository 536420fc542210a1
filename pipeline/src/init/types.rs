//! The words of a type column, and what the signs of the amounts say.

use std::collections::BTreeMap;

use super::sample::Sample;
use super::words::type_of;
use crate::catalog::ledger_tables::CREDIT_TYPES;
use crate::ledger::money::{DecimalFormat, parse_marked_decimal};

/// A word of the type column.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TypeWord {
    /// Rows with it.
    pub rows: usize,
    /// Of these, with an amount below zero.
    pub negative: usize,
    /// What it means, where that is known.
    pub meaning: Option<&'static str>,
}

/// What the signs of a file follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignRule {
    /// No amount is below zero.
    NoneNegative,
    /// There is no type: what is below zero is a credit note.
    CreditNotes,
    /// Credits are below zero, debits above.
    ByType,
    /// The other way round.
    ByTypeReversed,
    /// Signs and types do not follow each other: a type on the wrong side is taken for its counterpart.
    Counterpart,
    /// Nearly everything is below zero, and there is no type.
    Reversed,
}

/// The words of the type column with the signs of their amounts.
pub fn words(
    sample: &Sample,
    type_column: usize,
    amount: Option<usize>,
    format: DecimalFormat,
    marks: &[Vec<u8>],
) -> BTreeMap<String, TypeWord> {
    let mut words: BTreeMap<String, TypeWord> = BTreeMap::new();
    for row in 0..sample.rows() {
        let text = sample.cell(row, type_column);
        if text.is_empty() {
            continue;
        }
        let word = words.entry(text.to_owned()).or_insert_with(|| TypeWord { meaning: type_of(text), ..TypeWord::default() });
        word.rows += 1;
        let value =
            amount.map(|column| sample.cell(row, column)).and_then(|text| parse_marked_decimal(text.as_bytes(), format, marks, 4).ok());
        word.negative += usize::from(value.is_some_and(|value| value < 0));
    }
    words
}

/// What the signs follow; `negative` of `values` amounts are below zero.
pub fn sign_rule(words: Option<&BTreeMap<String, TypeWord>>, negative: usize, values: usize) -> SignRule {
    if negative == 0 {
        return SignRule::NoneNegative;
    }
    let Some(words) = words else {
        return if negative * 20 >= values * 19 { SignRule::Reversed } else { SignRule::CreditNotes };
    };
    let side =
        |credit: bool| words.values().filter(move |word| word.meaning.is_some_and(|meaning| CREDIT_TYPES.contains(&meaning) == credit));
    let (credit_rows, credit_negative) = side(true).fold((0, 0), |(rows, negative), word| (rows + word.rows, negative + word.negative));
    let (debit_rows, debit_negative) = side(false).fold((0, 0), |(rows, negative), word| (rows + word.rows, negative + word.negative));
    match (debit_negative, credit_rows - credit_negative) {
        (0, 0) => SignRule::ByType,
        // Credits above zero, debits below: all of them.
        _ if credit_negative == 0 && debit_negative == debit_rows && debit_rows > 0 && credit_rows > 0 => SignRule::ByTypeReversed,
        // Credits have their own words; a debit below zero is one more.
        _ if credit_negative == 0 => SignRule::CreditNotes,
        _ => SignRule::Counterpart,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_follow_types_or_they_do_not() {
        let word = |meaning, rows, negative| TypeWord { rows, negative, meaning: Some(meaning) };
        // words, amounts below zero of all, the rule
        let table: Vec<(Vec<TypeWord>, usize, usize, SignRule)> = vec![
            (vec![word("invoice", 9, 0), word("credit_note", 1, 1)], 1, 10, SignRule::ByType),
            (vec![word("invoice", 9, 9), word("receipt", 3, 0)], 9, 12, SignRule::ByTypeReversed),
            (vec![word("invoice", 9, 1), word("credit_note", 1, 1)], 2, 10, SignRule::Counterpart),
            (vec![word("invoice", 9, 1), word("credit_note", 1, 0)], 1, 10, SignRule::CreditNotes),
            (vec![word("invoice", 9, 2)], 2, 9, SignRule::CreditNotes),
            (vec![word("invoice", 9, 0), word("credit_note", 1, 0)], 0, 10, SignRule::NoneNegative),
        ];
        for (words, negative, values, rule) in table {
            let words: BTreeMap<String, TypeWord> = words.into_iter().enumerate().map(|(at, word)| (at.to_string(), word)).collect();
            assert_eq!(sign_rule(Some(&words), negative, values), rule, "{words:?}");
        }
        assert_eq!(sign_rule(None, 3, 10), SignRule::CreditNotes);
        assert_eq!(sign_rule(None, 20, 20), SignRule::Reversed);
    }
}
