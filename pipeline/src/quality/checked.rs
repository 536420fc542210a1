//! What the rules of the book look at: how many rows of each file, and of what amounts.

use super::judge::Sums;
use crate::ingest::load::Loaded;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// What the rules of the book look at: documents, applications and customers, intercompany left out.
pub(super) fn checked(loaded: &Loaded, files: &[Vec<i32>; 3], customer_rows: &[Option<u32>]) -> [BTreeMap<i32, Sums>; 3] {
    let Loaded { book, item_rows, .. } = loaded;
    let counts = |customer: u32| !book.customers[customer as usize].is_intercompany;
    let documents = by_file(book.items.len(), |index| {
        let item = &book.items[index];
        let looked_at = || (at(&files[0], item_rows[index]), Some(book.historical_value(item, item.amount)));
        counts(item.customer).then(looked_at)
    });
    let applications = by_file(book.applications.len(), |index| {
        let application = &book.applications[index];
        let debit = &book.items[application.debit as usize];
        let looked_at = || (at(&files[1], application.row), Some(book.historical_value(debit, application.amount)));
        counts(debit.customer).then(looked_at)
    });
    let customers = by_file(customer_rows.len(), |index| {
        let file = customer_rows[index].map_or(-1, |row| at(&files[2], row));
        (!book.customers[index].is_intercompany).then_some((file, None))
    });
    [documents, applications, customers]
}

/// Rows that are looked at together by one thread.
const ROWS_AT_ONCE: usize = 1 << 16;

/// Rows and amounts looked at, by file; `row` gives the file and the amount of one, unless it does not count.
fn by_file(rows: usize, row: impl Fn(usize) -> Option<(i32, Option<i64>)> + Sync) -> BTreeMap<i32, Sums> {
    let starts: Vec<usize> = (0..rows).step_by(ROWS_AT_ONCE).collect();
    let parts: Vec<Vec<(i32, Sums)>> = starts
        .into_par_iter()
        .map(|start| {
            // Rows of one file stand together.
            let mut stretches: Vec<(i32, Sums)> = Vec::new();
            for (file, amount) in (start..rows.min(start + ROWS_AT_ONCE)).filter_map(&row) {
                if stretches.last().is_none_or(|(of, _)| *of != file) {
                    let nothing = amount.map(|_| 0);
                    stretches.push((file, Sums { rows: 0, rows_checked: Some(0), amount: nothing, amount_checked: nothing }));
                }
                let (_, sums) = stretches.last_mut().expect("there is one now");
                sums.rows_checked = sums.rows_checked.map(|rows| rows + 1);
                sums.amount_checked = sums.amount_checked.zip(amount).map(|(sum, amount)| sum + i128::from(amount).abs());
            }
            stretches
        })
        .collect();
    let mut by_file: BTreeMap<i32, Sums> = BTreeMap::new();
    for (file, sums) in parts.into_iter().flatten() {
        by_file.entry(file).or_default().add(sums);
    }
    by_file
}

/// The file of a row; −1 where it is not known.
pub(super) fn at(files: &[i32], row: u32) -> i32 {
    files.get(row as usize).copied().unwrap_or(-1)
}
