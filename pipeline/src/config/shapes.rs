//! The shapes a source's files may have, and the columns that rows of each shape have.
//!
//! A shape that is not canonical has rows that are split into rows of several canonical tables. Its columns are those of the
//! documents, then those of the customers, then its own.

use toml::Spanned;

use super::Document;
use crate::catalog::ledger_tables::{Column, DOCUMENT_TYPES, IS_DELETED, Kind, RECORDED_AT, TABLES, Table};
use crate::error::{Error, Result};

/// The shape of a source's files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// The canonical tables, one file each.
    Canonical,
    /// One row per invoice, with an optional paid date and paid amount.
    FlatInvoices,
    /// One row per posting, with a type and a reference to the document it settles.
    Transactions,
    /// One row per item, open or cleared, with what cleared it.
    OpenAndCleared,
}

impl Shape {
    /// Every shape.
    pub const ALL: [Shape; 4] = [Shape::Canonical, Shape::FlatInvoices, Shape::Transactions, Shape::OpenAndCleared];

    /// The word of the configuration.
    pub const fn word(self) -> &'static str {
        match self {
            Shape::Canonical => "canonical",
            Shape::FlatInvoices => "flat_invoices",
            Shape::Transactions => "transactions",
            Shape::OpenAndCleared => "open_and_cleared",
        }
    }

    /// The shape that a source says.
    pub(super) fn check(word: Option<&Spanned<String>>, line: usize, document: &Document<'_>) -> Result<Shape> {
        let Some(word) = word else {
            return Err(Error::usage("missing_key", "a key is missing: shape")
                .at(format!("{}:{line}", document.path.display()))
                .hint("a [[source]] needs at least `path` and `shape`, or `path` and `preset`; `arrears presets` lists them"));
        };
        Shape::named(word.get_ref()).ok_or_else(|| document.unknown_word("shape", word, &Shape::ALL.map(Shape::word)))
    }

    /// The shape of this word.
    pub fn named(word: &str) -> Option<Shape> {
        Shape::ALL.into_iter().find(|shape| shape.word() == word)
    }
}

/// In how many rows of a file of postings a credit stands that settles several documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreditRows {
    /// In one: it names one document, or none.
    Single,
    /// In one for each document it settles, and each repeats the whole credit.
    Repeated,
    /// In one for each document it settles, and each is a part of the credit with an amount of its own.
    Parts,
}

impl CreditRows {
    const ALL: [(CreditRows, &'static str); 3] =
        [(CreditRows::Single, "single"), (CreditRows::Repeated, "repeated"), (CreditRows::Parts, "parts")];

    /// The word of the configuration.
    pub fn word(self) -> &'static str {
        CreditRows::ALL.iter().find(|(rows, _)| *rows == self).map_or("", |(_, word)| *word)
    }

    pub(super) fn check(word: Option<&Spanned<String>>, document: &Document<'_>) -> Result<CreditRows> {
        let Some(word) = word else { return Ok(CreditRows::Single) };
        let found = CreditRows::ALL.iter().find(|(_, known)| known == word.get_ref()).map(|(rows, _)| *rows);
        found.ok_or_else(|| document.unknown_word("credit_rows", word, &CreditRows::ALL.map(|(_, word)| word)))
    }
}

/// Payment columns of the flat shape that no canonical table has.
pub const FLAT_PAYMENT_COLUMNS: &[&str] = &["paid_date", "paid_amount"];

/// The type of a posting that only matches two documents.
pub const APPLICATION: &str = "application";

/// What a posting can be: a document of a canonical type, or only an application.
const POSTING_TYPES: &[&str] = &{
    let mut words = [APPLICATION; DOCUMENT_TYPES.len() + 1];
    let mut at = 0;
    while at < DOCUMENT_TYPES.len() {
        words[at] = DOCUMENT_TYPES[at];
        at += 1;
    }
    words
};

const fn optional(name: &'static str, kind: Kind, description: &'static str) -> Column {
    Column { name, kind, required: false, default: None, description }
}

/// What the flat shape has besides documents and customers.
const FLAT: &[Column] = &[
    optional("paid_date", Kind::Date, "when the invoice was paid"),
    optional("paid_amount", Kind::Amount, "how much was paid; all of it when only the date is given"),
];

/// What a posting has besides documents and customers.
const POSTING: &[Column] = &[
    optional("applies_to", Kind::Id, "the document that increases the account and that this posting settles"),
    optional("applies_to_item_no", Kind::Integer, "its item; 1 when empty"),
    optional("credit_document_id", Kind::Id, "the document that reduces the account and that this posting uses up"),
    optional("credit_item_no", Kind::Integer, "its item; 1 when empty"),
    optional("applied_amount", Kind::Amount, "how much of the posting is applied; all of it when empty"),
    optional(
        "credit_amount",
        Kind::Amount,
        "how much that is in the currency of the document that reduces the account, where the two differ",
    ),
    optional("applied_date", Kind::Date, "when it was applied; the date of the posting when empty"),
];

/// What an open or cleared item has besides documents and customers.
const CLEARED: &[Column] = &[
    optional("clearing_id", Kind::Id, "what cleared the item; empty while it is open"),
    optional("clearing_date", Kind::Date, "when it was cleared; when the later of two matched items came, where empty"),
];

/// The columns of a shape that is not canonical, without those that end every table; none for the canonical one.
pub fn shape_columns(shape: Shape) -> Vec<Column> {
    let own = match shape {
        Shape::Canonical => return Vec::new(),
        Shape::FlatInvoices => FLAT,
        Shape::Transactions => POSTING,
        Shape::OpenAndCleared => CLEARED,
    };
    let mut columns: Vec<Column> = Vec::new();
    for table in ["documents", "customers"].into_iter().filter_map(Table::named) {
        for column in table.columns {
            if !columns.iter().any(|known| known.name == column.name) {
                columns.push(*column);
            }
        }
    }
    for column in columns.iter_mut().filter(|column| column.name == "document_type") {
        match shape {
            Shape::FlatInvoices => column.default = Some("invoice"),
            Shape::Transactions => column.kind = Kind::Word(POSTING_TYPES),
            _ => {}
        }
    }
    columns.extend(own);
    columns
}

/// The columns of the flat shape.
pub fn flat_columns() -> Vec<Column> {
    shape_columns(Shape::FlatInvoices)
}

/// The columns a source of this shape can fill.
pub fn allowed_columns(shape: Shape, table: Option<&'static Table>) -> Vec<&'static str> {
    let mut names: Vec<&'static str> = Vec::new();
    let mut add = |column: &Column| {
        if !names.contains(&column.name) {
            names.push(column.name);
        }
    };
    match (shape, table) {
        (Shape::Canonical, Some(table)) => table.columns.iter().for_each(&mut add),
        (Shape::Canonical, None) => TABLES.iter().flat_map(|table| table.columns).for_each(&mut add),
        (shape, _) => shape_columns(shape).iter().for_each(&mut add),
    }
    names.extend([RECORDED_AT.name, IS_DELETED.name]);
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_posting_is_a_document_or_an_application() {
        assert_eq!(POSTING_TYPES.last(), Some(&APPLICATION));
        assert_eq!(&POSTING_TYPES[..DOCUMENT_TYPES.len()], DOCUMENT_TYPES);
    }

    #[test]
    fn no_column_of_a_shape_stands_twice() {
        for shape in Shape::ALL {
            let mut names: Vec<&str> = shape_columns(shape).iter().map(|column| column.name).collect();
            let count = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), count, "{}", shape.word());
            assert_eq!(Shape::named(shape.word()), Some(shape));
        }
    }
}
