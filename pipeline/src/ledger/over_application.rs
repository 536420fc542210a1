//! Law 5: no item is over-applied. Cumulative applications stay within 0 and the amount, on both sides; in the order
//! visible date, recorded instant, application id, the whole application that would break this is left out.

use super::book::{Application, Book, Item, ItemIndex};
use std::collections::HashSet;

/// Items whose applications may break the law on some day, whatever their order within the day. Most books have none,
/// and then nothing more needs to be read or sorted.
pub fn suspects(book: &Book) -> Vec<ItemIndex> {
    let items = u32::try_from(book.items.len()).expect("items are counted in 32 bits");
    (0..items).filter(|index| may_break(book, *index)).collect()
}

fn may_break(book: &Book, index: ItemIndex) -> bool {
    let item = &book.items[index as usize];
    let amount = i128::from(item.amount);
    let (mut before, mut day, mut added, mut taken) = (0_i128, i32::MIN, 0_i128, 0_i128);
    for application in book.applications_of(index) {
        if application.visible_date != day {
            before += added + taken;
            (day, added, taken) = (application.visible_date, 0, 0);
        }
        let part = i128::from(application.part_of(item));
        if part >= 0 {
            added += part
        } else {
            taken += part
        }
        if before + added > amount || before + taken < 0 {
            return true;
        }
    }
    false
}

/// Every application that can be affected by leaving out one of the suspects' applications: those of all items linked to
/// them, directly or through others. Positions in [`Book::applications`].
pub fn affected(book: &Book, suspects: &[ItemIndex]) -> Vec<u32> {
    let mut items: HashSet<ItemIndex> = suspects.iter().copied().collect();
    let mut queue: Vec<ItemIndex> = suspects.to_vec();
    let mut positions: HashSet<u32> = HashSet::new();
    while let Some(index) = queue.pop() {
        for position in book.application_positions(index) {
            if positions.insert(position) {
                let application = &book.applications[position as usize];
                for linked in [application.debit, application.credit] {
                    if items.insert(linked) {
                        queue.push(linked);
                    }
                }
            }
        }
    }
    let mut positions: Vec<u32> = positions.into_iter().collect();
    positions.sort_unstable();
    positions
}

/// Judges applications one by one in the order given and returns the positions (in `ordered`) of those that break the law.
pub fn judge(items: &[Item], ordered: &[Application]) -> Vec<usize> {
    let mut applied: std::collections::HashMap<ItemIndex, i128> = std::collections::HashMap::new();
    let mut rejected = Vec::new();
    for (position, application) in ordered.iter().enumerate() {
        let after = |index: ItemIndex, part: i64| applied.get(&index).copied().unwrap_or(0) + i128::from(part);
        let debit = after(application.debit, application.amount);
        let credit = after(application.credit, application.credit_amount);
        let holds = |total: i128, index: ItemIndex| total >= 0 && total <= i128::from(items[index as usize].amount);
        if holds(debit, application.debit) && holds(credit, application.credit) {
            applied.insert(application.debit, debit);
            applied.insert(application.credit, credit);
        } else {
            rejected.push(position);
        }
    }
    rejected
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::book::{DocumentType, NO_AMOUNT, NO_DATE};

    fn item(document_type: DocumentType, amount: i64) -> Item {
        Item {
            amount,
            base_amount: NO_AMOUNT,
            document_date: 0,
            due_date: NO_DATE,
            customer: 0,
            account_manager: 0,
            payment_terms: 0,
            currency: 0,
            document_type,
            delivery_date: NO_DATE,
            has_disputes: false,
            has_discount: false,
            is_first_item: true,
        }
    }

    fn application(amount: i64, visible_date: i32) -> Application {
        Application { debit: 0, credit: 1, visible_date, amount, credit_amount: amount, row: 0 }
    }

    #[test]
    fn the_application_that_breaks_the_law_is_left_out_whole_and_later_ones_are_judged_without_it() {
        let items = [item(DocumentType::Invoice, 100), item(DocumentType::Receipt, 1_000)];
        let parts = [60, 60, 40, 1, -100, -1, 100];
        let ordered: Vec<Application> = parts.iter().enumerate().map(|(day, part)| application(*part, day as i32)).collect();
        assert_eq!(judge(&items, &ordered), [1, 3, 5]);
    }

    #[test]
    fn a_credit_may_not_give_more_than_it_has() {
        let items = [item(DocumentType::Invoice, 100), item(DocumentType::Receipt, 30)];
        assert_eq!(judge(&items, &[application(31, 0), application(30, 0)]), [0]);
    }
}
