//! The published tables of a night's forecast.

mod accuracy;
mod bridge;
mod cash;
mod invoices;

pub use accuracy::forecast_accuracy;
pub use bridge::cash_bridge;
pub use cash::{cash_baselines, cash_forecast};
pub use invoices::{InvoiceContext, invoice_forecasts};

use super::cells::{Cell, Cells};
use crate::ledger::book::Book;
use crate::ledger::rates::CurrencyIndex;

/// How a cell is named in the tables.
pub(crate) struct CellName<'a> {
    pub company: &'a str,
    pub scope: &'static str,
    pub value: &'a str,
    pub basis: &'static str,
    pub currency: &'a str,
}

impl<'a> CellName<'a> {
    pub fn new(book: &'a Book, cell: &'a Cell) -> Self {
        let code = |currency: CurrencyIndex| book.rates.code(currency);
        CellName {
            company: cell.company.map_or("(all)", |company| book.companies[company].as_str()),
            scope: cell.scope.word(),
            value: &cell.value,
            basis: if cell.currency.is_some() { "document" } else { "base" },
            currency: code(cell.currency.unwrap_or(book.rates.base())),
        }
    }
}

/// The positions of cells in the order of the tables' keys.
pub(super) fn sorted_cells(book: &Book, cells: &Cells) -> Vec<usize> {
    let mut order: Vec<usize> = (0..cells.all().len()).collect();
    order.sort_by_key(|position| {
        let name = CellName::new(book, &cells.all()[*position]);
        (name.company, name.scope, name.value, name.basis, name.currency)
    });
    order
}
