//! The reasons for which a row is quarantined at ingest, and the findings that leave a row where it is.
//!
//! These words are published: they stand in the quarantine, in the mart `data_quality` and in the guide.

/// The record has more or fewer fields than the header.
pub const WRONG_FIELD_COUNT: &str = "wrong_field_count";
/// Something stands between a closing quote and the separator.
pub const BAD_QUOTE: &str = "bad_quote";
/// Bytes that the source's encoding does not know.
pub const BAD_ENCODING: &str = "bad_encoding";
/// A NUL byte.
pub const NUL_BYTE: &str = "nul_byte";
/// A row that is no document and begins with one of the source's words for totals; its amount is none of its own.
pub const TOTAL_ROW: &str = "total_row";
/// A cell of a workbook holds an error such as `#N/A`.
pub const CELL_ERROR: &str = "cell_error";
/// A required column is empty.
pub const MISSING_VALUE: &str = "missing_value";
/// Not a date in the source's format, or outside 1900 to 2199.
pub const BAD_DATE: &str = "bad_date";
/// Not an instant in the source's format.
pub const BAD_INSTANT: &str = "bad_instant";
/// Not a number in the source's format.
pub const BAD_AMOUNT: &str = "bad_amount";
/// More decimal places than the ledger holds.
pub const AMOUNT_TOO_FINE: &str = "amount_too_fine";
/// Beyond what the ledger holds.
pub const OUT_OF_RANGE: &str = "out_of_range";
/// A negative amount where only the document type decides about the sign.
pub const NEGATIVE_AMOUNT: &str = "negative_amount";
/// Not one of the words of the column.
pub const UNKNOWN_WORD: &str = "unknown_word";
/// Not a currency of ISO 4217.
pub const UNKNOWN_CURRENCY: &str = "unknown_currency";
/// Not a whole number.
pub const BAD_INTEGER: &str = "bad_integer";
/// Neither a yes nor a no.
pub const BAD_BOOLEAN: &str = "bad_boolean";
/// One key with different content in one file.
pub const DUPLICATE_KEY: &str = "duplicate_key";
/// A flat row says how much was paid, but not when.
pub const PAID_AMOUNT_WITHOUT_DATE: &str = "paid_amount_without_date";
/// A flat row that is a credit says that it was paid; what it was set against is not known.
pub const PAYMENT_ON_CREDIT: &str = "payment_on_credit";
/// The sign of the amount is not that of the document's type, and the source says that it must be.
pub const SIGN_CONTRADICTS_TYPE: &str = "sign_contradicts_type";
/// A posting says how much of it is applied, but not to what.
pub const APPLIED_AMOUNT_WITHOUT_REFERENCE: &str = "applied_amount_without_reference";
/// A posting that is only an application says two different amounts.
pub const APPLIED_AMOUNT_DIFFERS: &str = "applied_amount_differs";
/// An item says when it was cleared, but not by what.
pub const CLEARING_DATE_WITHOUT_CLEARING: &str = "clearing_date_without_clearing";

/// Finding: the amount is finer than the minor unit of its currency; the row is kept.
pub const FINER_THAN_MINOR_UNIT: &str = "finer_than_minor_unit";
/// Finding: a column of the file that nothing is mapped to.
pub const EXTRA_COLUMN: &str = "extra_column";
/// Finding: a column that the last delivery of the same kind had is not there.
pub const COLUMN_VANISHED: &str = "column_vanished";
/// Finding: a column that the last delivery of the same kind did not have.
pub const COLUMN_APPEARED: &str = "column_appeared";
/// Finding: the columns stand in another order than in the last delivery of the same kind.
pub const COLUMNS_REORDERED: &str = "columns_reordered";
/// Finding: keys that a full delivery does not have any more, and that are deleted therefore.
pub const ABSENT_FROM_FULL_DELIVERY: &str = "absent_from_full_delivery";
/// Finding: rows of an overlay that mend nothing.
pub const MENDS_NOTHING: &str = "mends_nothing";
/// Finding: invoices without a due date whose terms say one.
pub const DUE_DATE_FROM_TERMS: &str = "due_date_from_terms";
