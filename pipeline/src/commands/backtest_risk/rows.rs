//! The rows of a backtest, for others to fit: a customer at a month end with its characteristics, what was said and what came.

use crate::error::Result;
use crate::forecast::backtest::file;
use crate::ledger::book::Book;
use crate::ledger::calendar::Day;
use crate::scoring::characteristics::CHARACTERISTICS;
use crate::scoring::risk::backtest::Backtest;
use crate::scoring::risk::training::TrainingRows;
use arrow::array::{ArrayRef, Date32Array, Float32Array, Float64Array, Int32Array, StringArray, UInt32Array};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

/// What was said of the rows that were tested.
pub(super) struct Said {
    /// By day and customer.
    pd: HashMap<(Day, u32), f64>,
    /// The fold of each row, where there are folds.
    folds: Option<Vec<u32>>,
}

impl Said {
    pub(super) fn of_backtest(backtest: &Backtest) -> Self {
        let pd = backtest.tested.iter().map(|tested| ((tested.origin, tested.row.customer), tested.pd)).collect();
        Said { pd, folds: None }
    }

    pub(super) fn out_of_fold(rows: &TrainingRows, pd: &[f64], folds: &[u32]) -> Self {
        let pd = pd.iter().enumerate().map(|(row, pd)| ((rows.day[row], rows.customer[row]), *pd)).collect();
        Said { pd, folds: Some(folds.to_vec()) }
    }
}

pub(super) fn write(path: &Path, book: &Book, rows: &TrainingRows, said: &Said) -> Result<()> {
    let id = |customer: &u32| Some(book.customers[*customer as usize].id.as_str());
    let company = |customer: &u32| Some(book.companies[book.customers[*customer as usize].company as usize].as_str());
    let pd = (0..rows.len()).map(|row| said.pd.get(&(rows.day[row], rows.customer[row])).copied());
    let mut columns: Vec<(String, ArrayRef)> = vec![
        ("day".into(), Arc::new(Date32Array::from(rows.day.clone()))),
        ("company_id".into(), Arc::new(rows.customer.iter().map(company).collect::<StringArray>())),
        ("customer_id".into(), Arc::new(rows.customer.iter().map(id).collect::<StringArray>())),
        ("family".into(), Arc::new(UInt32Array::from(rows.family.clone()))),
        ("target".into(), Arc::new(rows.is_event.iter().map(|is_event| Some(i32::from(*is_event))).collect::<Int32Array>())),
        ("rule".into(), Arc::new(Float64Array::from(rows.rule.clone()))),
        ("said".into(), Arc::new(pd.collect::<Float64Array>())),
    ];
    if let Some(folds) = &said.folds {
        columns.push(("fold".into(), Arc::new(UInt32Array::from(folds.clone()))));
    }
    for (definition, values) in CHARACTERISTICS.iter().zip(&rows.columns) {
        columns.push((definition.name.into(), Arc::new(Float32Array::from(values.clone()))));
    }
    file::write(path, columns, &[])
}
