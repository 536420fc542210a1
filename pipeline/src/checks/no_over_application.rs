//! Law 5 on the book as it was computed with: what was quarantined for it is gone, so nothing may be left.

use super::Context;
use crate::error::Result;
use crate::ledger::book::{Book, ItemIndex};
use crate::ledger::calendar::date_of;
use polars::prelude::*;

pub(super) fn find(context: &Context) -> Result<DataFrame> {
    let book = context.book;
    let items = u32::try_from(book.items.len()).expect("items are counted in 32 bits");
    let broken: Vec<(ItemIndex, i32, i128)> = (0..items).filter_map(|index| first_break(book, index)).collect();
    let customer = |index: ItemIndex| &book.customers[book.items[index as usize].customer as usize];
    Ok(DataFrame::new_infer_height(vec![
        Column::new(
            "company_id".into(),
            broken.iter().map(|row| book.companies[customer(row.0).company as usize].clone()).collect::<Vec<_>>(),
        ),
        Column::new("customer_id".into(), broken.iter().map(|row| customer(row.0).id.clone()).collect::<Vec<_>>()),
        Column::new("document_type".into(), broken.iter().map(|row| book.items[row.0 as usize].document_type.word()).collect::<Vec<_>>()),
        Column::new("visible_date".into(), broken.iter().map(|row| date_of(row.1).to_string()).collect::<Vec<_>>()),
        Column::new("applied_ten_thousandths".into(), broken.iter().map(|row| row.2.to_string()).collect::<Vec<_>>()),
        Column::new("amount_ten_thousandths".into(), broken.iter().map(|row| book.items[row.0 as usize].amount).collect::<Vec<_>>()),
    ])?)
}

/// The first day at whose end an item is applied below zero or beyond its amount.
fn first_break(book: &Book, index: ItemIndex) -> Option<(ItemIndex, i32, i128)> {
    let item = &book.items[index as usize];
    let mut applications = book.applications_of(index).peekable();
    let mut applied = 0_i128;
    while let Some(application) = applications.next() {
        applied += i128::from(if item.document_type.is_debit() { application.amount } else { application.credit_amount });
        let day_ends = applications.peek().is_none_or(|next| next.visible_date > application.visible_date);
        if day_ends && (applied < 0 || applied > i128::from(item.amount)) {
            return Some((index, application.visible_date, applied));
        }
    }
    None
}
