//! The cells of a published table, one by one.

use crate::catalog::published::{Table, Type};
use crate::error::Result;
use crate::ledger::calendar::{Day, date_of};
use crate::ledger::money::AMOUNT_ONE;
use polars::prelude::{Column, DataFrame};

/// A cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Nothing.
    Null,
    /// Text that people or other systems wrote: ids, reasons.
    Text(String),
    /// A date.
    Date(Day),
    /// A whole number.
    Integer(i64),
    /// Yes or no.
    Flag(bool),
    /// A ratio, a chance, an average.
    Double(f64),
    /// Ten-thousandths of base currency, or of the limit's.
    Money(i128),
}

impl Cell {
    /// As plain text; money with four decimals, floats as short as they can be read back.
    pub fn plain(&self) -> String {
        match self {
            Cell::Null => String::new(),
            Cell::Text(text) => text.clone(),
            Cell::Date(day) => date_of(*day).to_string(),
            Cell::Integer(number) => number.to_string(),
            Cell::Flag(flag) => flag.to_string(),
            Cell::Double(number) => number.to_string(),
            Cell::Money(amount) => {
                let (sign, amount) = (if *amount < 0 { "-" } else { "" }, amount.unsigned_abs());
                let one = u128::from(AMOUNT_ONE.unsigned_abs());
                format!("{sign}{}.{:04}", amount / one, amount % one)
            }
        }
    }
}

/// The cells of a table, row by row, in the order of its columns in the catalogue.
///
/// # Errors
/// When a column is missing or of another type.
pub fn cells(table: &Table, frame: &DataFrame) -> Result<Vec<Vec<Cell>>> {
    let mut rows: Vec<Vec<Cell>> = (0..frame.height()).map(|_| Vec::with_capacity(table.columns.len())).collect();
    for column in table.columns {
        for (row, cell) in rows.iter_mut().zip(of_column(frame.column(column.name)?, column.kind)?) {
            row.push(cell);
        }
    }
    Ok(rows)
}

fn of_column(column: &Column, kind: Type) -> Result<Vec<Cell>> {
    fn all<T>(values: impl Iterator<Item = Option<T>>, cell: impl Fn(T) -> Cell) -> Vec<Cell> {
        values.map(|value| value.map_or(Cell::Null, &cell)).collect()
    }
    Ok(match kind {
        Type::Text => all(column.str()?.iter(), |text| Cell::Text(text.to_owned())),
        Type::Date => all(column.date()?.physical().iter(), Cell::Date),
        Type::Integer => all(column.i64()?.iter(), Cell::Integer),
        Type::Boolean => all(column.bool()?.iter(), Cell::Flag),
        Type::Double => all(column.f64()?.iter(), Cell::Double),
        Type::Amount | Type::Sum => all(column.decimal()?.physical().iter(), Cell::Money),
    })
}
