//! Building Polars columns from exact numbers.

use crate::error::Result;
use polars::prelude::*;

/// Precision of a sum of amounts: `DECIMAL(38,4)`.
pub const SUM_PRECISION: usize = 38;
/// Precision of one amount: `DECIMAL(18,4)`.
pub const AMOUNT_PRECISION: usize = 18;
/// Decimal places of both.
pub const SCALE: usize = 4;

/// Receives a published table piece by piece, in the order of its key.
pub trait Sink {
    /// Adds rows.
    ///
    /// # Errors
    /// When they cannot be written.
    fn write(&mut self, table: &str, rows: &DataFrame) -> Result<()>;
}

/// A column of sums, ten-thousandths.
pub fn sums(name: &str, values: Vec<i128>) -> Column {
    Int128Chunked::from_vec(name.into(), values).into_decimal_unchecked(SUM_PRECISION, SCALE).into_column()
}

/// A column of sums that may be missing.
pub fn optional_sums(name: &str, values: &[Option<i128>]) -> Column {
    let chunked: Int128Chunked = values.iter().copied().collect();
    chunked.with_name(name.into()).into_decimal_unchecked(SUM_PRECISION, SCALE).into_column()
}

/// A column of amounts, ten-thousandths.
pub fn amounts(name: &str, values: impl Iterator<Item = i64>) -> Column {
    let chunked = Int128Chunked::from_vec(name.into(), values.map(i128::from).collect());
    chunked.into_decimal_unchecked(AMOUNT_PRECISION, SCALE).into_column()
}

/// A column of amounts that may be missing.
pub fn optional_amounts(name: &str, values: impl Iterator<Item = Option<i64>>) -> Column {
    let chunked: Int128Chunked = values.map(|value| value.map(i128::from)).collect();
    chunked.with_name(name.into()).into_decimal_unchecked(AMOUNT_PRECISION, SCALE).into_column()
}

/// A column of dates.
pub fn dates(name: &str, values: impl Iterator<Item = Option<i32>>) -> Column {
    let chunked: Int32Chunked = values.collect();
    chunked.with_name(name.into()).into_date().into_column()
}

/// A column of texts.
pub fn texts<'a>(name: &str, values: impl Iterator<Item = Option<&'a str>>) -> Column {
    let chunked: StringChunked = values.collect();
    chunked.with_name(name.into()).into_column()
}
