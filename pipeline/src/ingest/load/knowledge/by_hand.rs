//! Ledgers of a few lines for tests, loaded as files would be: what is known now makes the book, what was known before the
//! knowledge. Days are numbers, amounts are whole units of the currency.

use super::matching::{Matching, Recorded};
use super::{FROM_THE_BEGINNING, Knowledge, Known, KnownRates, TO_THIS_DAY, set_versions};
use crate::ledger::book::{Application, Book, Customer, DocumentType, Item, ItemIndex, NO_AMOUNT, NO_DATE, Supplied};
use crate::ledger::calendar::Day;
use crate::ledger::money::RATE_ONE;
use crate::ledger::over_application::judge;
use crate::ledger::rates::Rates;
use std::collections::{HashMap, HashSet};

/// Customers are `A` and `B`, currencies `USD` (the base) and `EUR` (1.5, then 2 from day 100 on).
///
/// A document: id, type, customer, date, due date (`-` for none), amount, currency, recorded on, and in earlier versions the day
/// on which it was replaced or deleted. An application: id, credit, debit, date, amount, recorded on, the day on which it was
/// replaced (`-` for none), and the amount in the credit's currency, where that is another. `-` for recorded: from the
/// beginning.
pub(crate) fn ledger(documents: &str, applications: &str) -> (Book, Knowledge) {
    let documents: Vec<Vec<&str>> = lines(documents);
    let mut ids: Vec<&str> = Vec::new();
    // The book's items come first, in the order of their lines.
    for is_gone in [false, true] {
        let is_present = |id: &str| documents.iter().any(|line| line[0] == id && line.len() == 8);
        for line in documents.iter().filter(|line| is_present(line[0]) != is_gone) {
            if !ids.contains(&line[0]) {
                ids.push(line[0]);
            }
        }
    }
    let index = |id: &str| ids.iter().position(|other| *other == id).map(|at| u32::try_from(at).expect("a small ledger"));
    let mut known = Knowledge { has_recorded_instants: true, ..Knowledge::default() };
    let mut items: Vec<(ItemIndex, Item)> = Vec::new();
    let mut earlier: Vec<(ItemIndex, Known<Item>)> = Vec::new();
    let mut days: HashMap<ItemIndex, Day> = HashMap::new();
    for line in &documents {
        let item = index(line[0]).expect("it was listed");
        let (fact, from) = (item_of(line), day(line[7], FROM_THE_BEGINNING));
        match line.get(8) {
            Some(until) => earlier.push((item, Known { fact, from, until: day(until, TO_THIS_DAY) })),
            None => {
                items.push((item, fact));
                days.insert(item, from);
            }
        }
    }
    items.sort_by_key(|(item, _)| *item);
    let items: Vec<Item> = items.into_iter().map(|(_, item)| item).collect();
    known.items = (0_u32..).take(items.len()).map(|item| days[&item]).collect();
    // Keys in another order than the items.
    known.keys = (0..ids.len()).map(|at| 1_000 - i64::try_from(at).expect("a small ledger")).collect();

    let several: HashSet<ItemIndex> = earlier.iter().map(|(item, _)| *item).collect();
    let lines_of: Vec<Vec<&str>> = lines(applications);
    let mut recorded: Vec<(String, Known<Recorded>)> = Vec::new();
    for (row, line) in (0_u32..).zip(&lines_of) {
        let (Some(credit), Some(debit)) = (index(line[1]), index(line[2])) else { continue };
        let key = lines_of.iter().position(|other| other[0] == line[0]).map_or(0, |at| i64::try_from(at).expect("a small ledger"));
        let credit_amount = line.get(7).map_or(NO_AMOUNT, |text| amount(text));
        let fact = Recorded { key, row, debit, credit, applied_date: day(line[3], 0), amount: amount(line[4]), credit_amount };
        let until = line.get(6).map_or(TO_THIS_DAY, |text| day(text, TO_THIS_DAY));
        recorded.push((line[0].to_owned(), Known { fact, from: day(line[5], FROM_THE_BEGINNING), until }));
    }
    let mut now = present(&recorded, &items);
    let left_out: HashSet<u32> = {
        let ordered = order(&now, &recorded);
        judge(&items, &ordered).into_iter().map(|position| ordered[position].row).collect()
    };
    now.retain(|application| !left_out.contains(&application.row));
    let in_book: HashSet<u32> = now.iter().map(|application| application.row).collect();
    let book = book_of(items, now);
    known.applications = book.applications.iter().map(|application| recorded[application.row as usize].1.from).collect();
    known.rates = KnownRates::always(&book, &[(1, 0, RATE_ONE / 2 * 3), (1, 100, RATE_ONE * 2)]);
    set_versions(&mut known, &book, earlier);

    let is_wanted = |known: &Known<Recorded>| {
        let Recorded { key, row, debit, credit, .. } = known.fact;
        let has_versions = recorded.iter().filter(|(_, other)| other.fact.key == key).count() > 1;
        has_versions || !in_book.contains(&row) || several.contains(&debit) || several.contains(&credit)
    };
    let wanted = recorded.iter().map(|(_, known)| *known).filter(is_wanted).collect();
    let order_of = |rows: &HashSet<u32>| {
        Ok(rows.iter().map(|row| (*row, (i64::from(recorded[*row as usize].1.from), recorded[*row as usize].0.clone()))).collect())
    };
    Matching::new(&book, &mut known).add(wanted, order_of).expect("nothing is read");
    (book, known)
}

fn lines(text: &str) -> Vec<Vec<&str>> {
    text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>()).filter(|line| !line.is_empty()).collect()
}

fn day(text: &str, without: Day) -> Day {
    if text == "-" { without } else { text.parse().expect("a day is a number") }
}

fn amount(text: &str) -> i64 {
    text.parse::<i64>().expect("a whole amount") * 10_000
}

fn item_of(line: &[&str]) -> Item {
    let document_type = DocumentType::named(line[1]).expect("a document type");
    let customer = u32::from(line[2] == "B");
    let currency = u16::from(line[6] == "EUR");
    Item::plain(document_type, customer, currency, amount(line[5]), day(line[3], 0), day(line[4], NO_DATE))
}

/// The applications of those that are known now whose items are in the book and on the right sides.
fn present(recorded: &[(String, Known<Recorded>)], items: &[Item]) -> Vec<Application> {
    let now = recorded.iter().map(|(_, known)| known).filter(|known| known.until == TO_THIS_DAY);
    now.filter_map(|known| {
        let Recorded { row, debit, credit, applied_date, amount, credit_amount, .. } = known.fact;
        let (debit_item, credit_item) = (items.get(debit as usize)?, items.get(credit as usize)?);
        let credit_amount = super::super::resolve_amount(debit_item, credit_item, amount, credit_amount).ok()?;
        let visible_date = applied_date.max(debit_item.document_date).max(credit_item.document_date);
        let is_right = debit_item.document_type.is_debit() && !credit_item.document_type.is_debit();
        is_right.then_some(Application { debit, credit, visible_date, amount, credit_amount, row })
    })
    .collect()
}

fn order(now: &[Application], recorded: &[(String, Known<Recorded>)]) -> Vec<Application> {
    let mut ordered = now.to_vec();
    ordered.sort_by_key(|application| {
        let (id, known) = &recorded[application.row as usize];
        (application.visible_date, known.from, id.clone())
    });
    ordered
}

fn book_of(items: Vec<Item>, applications: Vec<Application>) -> Book {
    let customer = |id: &str| Customer {
        company: 0,
        id: id.into(),
        labels: [0; 4],
        account_manager: 0,
        is_intercompany: false,
        credit_limit: None,
        credit_limit_currency: None,
        insured_amount: None,
    };
    let rates =
        Rates::new("USD", 100, 0, 1_000, vec![("USD".into(), vec![]), ("EUR".into(), vec![(0, RATE_ONE / 2 * 3), (100, RATE_ONE * 2)])]);
    let companies = vec!["main".into()];
    let labels = vec!["(none)".into()];
    Book::assemble(companies, labels, vec![customer("A"), customer("B")], items, applications, HashMap::new(), Supplied::default(), rates)
}
