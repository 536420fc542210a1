//! Whom each change is about.

use super::scenario::{Change, Kind, Named};
use crate::error::{Error, Result};
use crate::ledger::book::Book;
use crate::near;
use std::collections::BTreeSet;

/// For each customer of the book the changes it is selected by, as bits: the first change is the lowest.
pub type Selected = Vec<u64>;

/// Finds the customers of every change. `owed` tells what each customer owes, base currency.
///
/// # Errors
/// Exit status 2 when a company, segment or customer is not there, with what was nearly written or what there is.
pub fn select(changes: &[Change], book: &Book, owed: &[f64]) -> Result<Selected> {
    let mut selected = vec![0_u64; book.customers.len()];
    for (place, change) in changes.iter().enumerate() {
        let mut customers = customers_of(change, book)?;
        if let Kind::OnTime { top: Some(top) } = change.kind {
            customers = largest(customers, owed, top);
        }
        customers.into_iter().for_each(|customer| selected[customer] |= 1 << place);
    }
    Ok(selected)
}

fn customers_of(change: &Change, book: &Book) -> Result<Vec<usize>> {
    let selection = &change.selection;
    let company = selection.company.as_ref().map(|company| company_named(company, book)).transpose()?;
    let is_of_company = |customer: usize| company.is_none_or(|company| book.customers[customer].company as usize == company);
    let mut customers: Vec<usize> = (0..book.customers.len()).filter(|customer| is_of_company(*customer)).collect();
    if let Some(segment) = &selection.segment {
        let label = |customer: usize| book.labels[book.customers[customer].labels[0] as usize].as_str();
        let known: BTreeSet<&str> = customers.iter().map(|customer| label(*customer)).collect();
        if !known.contains(segment.name.as_str()) {
            return Err(unknown("segment", segment, &known.into_iter().collect::<Vec<_>>()));
        }
        customers.retain(|customer| label(*customer) == segment.name);
    }
    if let Some(named) = &selection.customers {
        let known: BTreeSet<&str> = customers.iter().map(|customer| book.customers[*customer].id.as_str()).collect();
        if let Some(missing) = named.iter().find(|named| !known.contains(named.name.as_str())) {
            return Err(unknown("customer", missing, &known.into_iter().collect::<Vec<_>>()));
        }
        let wanted: BTreeSet<&str> = named.iter().map(|named| named.name.as_str()).collect();
        customers.retain(|customer| wanted.contains(book.customers[*customer].id.as_str()));
    }
    Ok(customers)
}

fn company_named(company: &Named, book: &Book) -> Result<usize> {
    let known: Vec<&str> = book.companies.iter().map(String::as_str).collect();
    book.companies.iter().position(|name| *name == company.name).ok_or_else(|| unknown("company", company, &known))
}

fn unknown(kind: &str, named: &Named, known: &[&str]) -> Error {
    let (code, plural) = match kind {
        "company" => ("unknown_company", "companies"),
        "segment" => ("unknown_segment", "segments"),
        _ => ("unknown_customer", "customers"),
    };
    let what = format!("the ledger has no such {kind} among those selected: {}", named.name);
    Error::usage(code, what).at(&named.place).hint(near::hint(plural, &named.name, known))
}

/// Those that owe most; of two that owe the same the first stays the first.
fn largest(customers: Vec<usize>, owed: &[f64], most: usize) -> Vec<usize> {
    let mut owing: Vec<usize> = customers.into_iter().filter(|customer| owed[*customer] > 0.0).collect();
    owing.sort_by(|a, b| owed[*b].total_cmp(&owed[*a]).then(a.cmp(b)));
    owing.truncate(most);
    owing
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_are_those_that_owe_most_and_those_that_owe_nothing_are_none() {
        assert_eq!(largest(vec![0, 1, 2, 3], &[5.0, 0.0, 9.0, 5.0], 2), [2, 0]);
        assert_eq!(largest(vec![1], &[5.0, 0.0], 2), Vec::<usize>::new());
    }
}
