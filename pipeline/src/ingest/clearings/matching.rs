//! Which items of a clearing were matched with which: debits against credits of one currency, each in the order of due date,
//! document date, document and item. Whole amounts, exactly; what the other side does not cover stays unmatched.

use crate::ledger::calendar::Day;

/// An item of a clearing.
#[derive(Clone, Copy, Debug)]
pub struct Cleared<'a> {
    /// Its currency; items of different currencies are not matched.
    pub currency: &'a str,
    /// Its amount in ten-thousandths, below zero where it reduces the account.
    pub amount: i64,
    /// When it is due.
    pub due_date: Option<Day>,
    /// The date of its document.
    pub document_date: Day,
    /// Its document.
    pub document_id: &'a str,
    /// Its item number.
    pub item_no: i64,
}

impl<'a> Cleared<'a> {
    fn order(&self) -> (&'a str, Day, Day, &'a str, i64) {
        (self.currency, self.due_date.unwrap_or(self.document_date), self.document_date, self.document_id, self.item_no)
    }
}

/// So much of a debit was matched with a credit; positions among the items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Matched {
    /// The item that increases the account.
    pub debit: usize,
    /// The item that reduces it.
    pub credit: usize,
    /// In ten-thousandths, above zero.
    pub amount: i64,
}

/// Matches the items of one clearing. The outcome depends on what the items are, not on their order.
pub fn match_items(items: &[Cleared<'_>]) -> Vec<Matched> {
    let side = |is_debit: bool| {
        let mut positions: Vec<usize> =
            (0..items.len()).filter(|at| items[*at].amount != 0 && (items[*at].amount > 0) == is_debit).collect();
        positions.sort_by(|a, b| items[*a].order().cmp(&items[*b].order()));
        positions.into_iter().map(|at| (at, items[at].amount.unsigned_abs()))
    };
    let (mut debits, mut credits) = (side(true), side(false));
    let (mut debit, mut credit) = (debits.next(), credits.next());
    let mut matched = Vec::new();
    while let (Some((debit_at, owed)), Some((credit_at, left))) = (debit, credit) {
        match items[debit_at].currency.cmp(items[credit_at].currency) {
            std::cmp::Ordering::Less => debit = debits.next(),
            std::cmp::Ordering::Greater => credit = credits.next(),
            std::cmp::Ordering::Equal => {
                let part = owed.min(left);
                let amount = i64::try_from(part).expect("it is no more than the amount of an item that is above zero, or its opposite");
                matched.push(Matched { debit: debit_at, credit: credit_at, amount });
                debit = if owed > part { Some((debit_at, owed - part)) } else { debits.next() };
                credit = if left > part { Some((credit_at, left - part)) } else { credits.next() };
            }
        }
    }
    matched
}

/// The items of which something is left, by position.
pub fn unmatched(items: &[Cleared<'_>], matched: &[Matched]) -> Vec<usize> {
    let mut left: Vec<u64> = items.iter().map(|item| item.amount.unsigned_abs()).collect();
    for Matched { debit, credit, amount } in matched {
        left[*debit] -= amount.unsigned_abs();
        left[*credit] -= amount.unsigned_abs();
    }
    (0..items.len()).filter(|at| left[*at] > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn item(document_id: &str, amount: i64, due_date: Day) -> Cleared<'_> {
        Cleared { currency: "EUR", amount, due_date: Some(due_date), document_date: 0, document_id, item_no: 1 }
    }

    fn named<'a>(items: &[Cleared<'a>], matched: &[Matched]) -> Vec<(&'a str, &'a str, i64)> {
        matched.iter().map(|part| (items[part.debit].document_id, items[part.credit].document_id, part.amount)).collect()
    }

    #[test]
    fn the_oldest_debit_takes_the_oldest_credit() {
        // 100 due on day 5 and 50 due on day 3 against 120 and 30: day 3 takes 50 of the 120, day 5 the other 70 and the 30.
        let items = [item("A", 100, 5), item("B", 50, 3), item("P", -120, 1), item("Q", -30, 2)];
        let matched = match_items(&items);
        assert_eq!(named(&items, &matched), [("B", "P", 50), ("A", "P", 70), ("A", "Q", 30)]);
        assert!(unmatched(&items, &matched).is_empty());
    }

    #[test]
    fn what_does_not_balance_stays_open() {
        let items = [item("A", 100, 1), item("B", 100, 2), item("P", -150, 1)];
        let matched = match_items(&items);
        assert_eq!(named(&items, &matched), [("A", "P", 100), ("B", "P", 50)]);
        assert_eq!(unmatched(&items, &matched), [1]);
        let only_debits = [item("A", 100, 1), item("Z", 0, 1)];
        assert_eq!((match_items(&only_debits), unmatched(&only_debits, &[])), (vec![], vec![0]));
    }

    #[test]
    fn currencies_do_not_mix() {
        let dollars = |document_id, amount| Cleared { currency: "USD", ..item(document_id, amount, 1) };
        let items = [item("A", 100, 1), dollars("D", 70), item("P", -40, 1), dollars("R", -70)];
        let matched = match_items(&items);
        assert_eq!(named(&items, &matched), [("A", "P", 40), ("D", "R", 70)]);
        assert_eq!(unmatched(&items, &matched), [0]);
    }

    proptest! {
        #[test]
        fn as_much_is_matched_as_the_smaller_side_has_whatever_the_order(
            parts in prop::collection::vec((-50_i64..50, 0..4_i32, 0..2_usize), 0..12),
            turn in 0..12_usize,
        ) {
            let ids: Vec<String> = (0..parts.len()).map(|at| format!("D{at:02}")).collect();
            let of = |at: usize| { let (amount, due, code) = parts[at]; Cleared { currency: ["EUR", "USD"][code], ..item(&ids[at], amount, due) } };
            let items: Vec<Cleared<'_>> = (0..parts.len()).map(of).collect();
            let matched = match_items(&items);
            for code in ["EUR", "USD"] {
                let sum = |sign: i64| items.iter().filter(|item| item.currency == code).map(|item| (item.amount * sign).max(0)).sum::<i64>();
                let parts = matched.iter().filter(|part| items[part.debit].currency == code);
                prop_assert_eq!(parts.map(|part| part.amount).sum::<i64>(), sum(1).min(sum(-1)));
            }
            let mut turned = items.clone();
            turned.rotate_left(if items.is_empty() { 0 } else { turn % items.len() });
            let again = match_items(&turned);
            prop_assert_eq!(named(&turned, &again), named(&items, &matched));
        }
    }
}
