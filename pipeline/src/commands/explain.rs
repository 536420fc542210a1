//! `arrears explain`: why an open invoice is expected to be paid when it is.

use super::kept_ledger::KeptLedger;
use super::query::print;
use crate::cli::ExplainArguments;
use crate::error::{Error, Result};
use crate::forecast::card::timing_version;
use crate::forecast::explain::settled::{Settled, settled};
use crate::forecast::explain::{Explainer, Explanation, text};
use crate::forecast::grid::Periods;
use crate::forecast::open_items::DaysAhead;
use crate::forecast::replay::Refit;
use crate::ingest::load::{documents_nearly_named, rows_of_document};
use crate::ledger::book::ItemIndex;
use crate::ledger::calendar::{Day, date_of, day_of};
use crate::near;
use crate::scoring::facts::{DebitItem, since};
use serde_json::json;
use std::collections::BTreeMap;

pub(super) fn run(arguments: &ExplainArguments) -> Result<()> {
    if let Some(customer) = &arguments.customer {
        return super::explain_customer::run(arguments, customer);
    }
    let as_of = day_of(arguments.as_of);
    let Some(invoice) = &arguments.invoice else {
        return Err(Error::usage("no_subject", "nothing is named to explain").hint("name one: --invoice ID or --customer ID"));
    };
    let ledger = KeptLedger::open(&arguments.config, as_of, since(as_of))?;
    let document = Document::find(&ledger, invoice, arguments.company.as_deref())?;
    document.check(&ledger, as_of)?;
    let items = explain(&ledger, &document, as_of)?;
    let (id, company) = (&document.id, &ledger.book.companies[document.company]);
    let last_open = items.iter().rposition(|item| matches!(item, Item::Open(_)));
    if arguments.json {
        let items: Vec<serde_json::Value> = items.iter().map(Item::json).collect();
        let answer = json!({"as_of_date": arguments.as_of.to_string(), "company_id": company, "document_id": id, "items": items});
        return print(format!("{}\n", serde_json::to_string_pretty(&answer).expect("words and finite numbers")).as_bytes());
    }
    let texts: Vec<String> = items
        .iter()
        .enumerate()
        .map(|(place, item)| match item {
            Item::Open(explained) => text::explanation(explained, &arguments.as_of.to_string(), last_open == Some(place)),
            Item::Settled(how) => text::settled(how, id, company),
        })
        .collect();
    print(texts.join("\n").as_bytes())
}

/// An item of the invoice: one that is open, or one that was settled.
enum Item {
    Open(Box<Explanation>),
    Settled(Settled),
}

impl Item {
    fn json(&self) -> serde_json::Value {
        let (status, content) = match self {
            Item::Open(explained) => ("open", serde_json::to_value(explained)),
            Item::Settled(how) => ("settled", serde_json::to_value(how)),
        };
        let mut value = json!({"status": status});
        if let (Some(object), serde_json::Value::Object(content)) = (value.as_object_mut(), content.expect("words and finite numbers")) {
            object.extend(content);
        }
        value
    }
}

// --- which invoice -----------------------------------------------------------------------------------------------------------------

/// A document of the book, with its items by number.
struct Document {
    id: String,
    company: usize,
    items: Vec<(i64, ItemIndex)>,
}

impl Document {
    fn find(ledger: &KeptLedger, id: &str, company: Option<&str>) -> Result<Self> {
        let book = &ledger.book;
        let company = company.map(|name| company_named(ledger, name)).transpose()?;
        let rows: BTreeMap<u32, i64> = rows_of_document(&ledger.files, id)?.into_iter().collect();
        if rows.is_empty() {
            return Err(unknown(ledger, id)?);
        }
        let mut of_companies: BTreeMap<usize, Vec<(i64, ItemIndex)>> = BTreeMap::new();
        for (item, row) in (0..).zip(&ledger.item_rows) {
            if let Some(number) = rows.get(row) {
                let customer = &book.customers[book.items[item as usize].customer as usize];
                of_companies.entry(customer.company as usize).or_default().push((*number, item));
            }
        }
        let names: Vec<&str> = of_companies.keys().map(|company| book.companies[*company].as_str()).collect();
        let found = match company {
            Some(company) => of_companies.remove_entry(&company),
            None if of_companies.len() > 1 => {
                let what = format!("{} companies have an invoice {id}: {}", names.len(), names.join(", "));
                return Err(Error::usage("ambiguous_document", what).hint(format!("add --company {}", names[0])));
            }
            None => of_companies.pop_first(),
        };
        match found {
            Some((company, mut items)) => {
                items.sort_unstable();
                Ok(Document { id: id.to_owned(), company, items })
            }
            None if names.is_empty() => Err(Error::usage("unknown_document", format!("{id} was delivered and is not in the books"))
                .hint("it was deleted, or other rows break it: the table quarantine of a night says which and why")),
            None => Err(Error::usage("unknown_document", format!("that company has no invoice {id}")).hint(format!(
                "{} has: --company {}",
                names.join(", "),
                names[0]
            ))),
        }
    }

    /// Refuses what cannot be explained.
    fn check(&self, ledger: &KeptLedger, as_of: Day) -> Result<()> {
        let book = &ledger.book;
        let first = &book.items[self.items[0].1 as usize];
        let word = first.document_type.word().replace('_', " ");
        let id = &self.id;
        if !first.document_type.is_debit() {
            return Err(Error::usage(
                "not_an_invoice",
                format!("{id} is no invoice: it is a {word} of customer {}", customer(ledger, first.customer)),
            )
            .hint("name an invoice or another item that customers owe"));
        }
        if matches!(first.document_type, crate::ledger::book::DocumentType::Refund | crate::ledger::book::DocumentType::ReceiptReversal) {
            return Err(Error::usage(
                "not_an_invoice",
                format!("{id} is no invoice: it is a {word}, which takes from what the customer has paid"),
            ));
        }
        if first.document_date > as_of {
            let (date, as_of) = (date_of(first.document_date), date_of(as_of));
            return Err(
                Error::usage("not_yet_issued", format!("{id} is dated {date}, after {as_of}")).hint(format!("--as-of {date} or later"))
            );
        }
        if book.customers[first.customer as usize].is_intercompany && !*ledger.config.include_intercompany {
            let what = format!("{id} is of customer {}, a company of the same group: these are left out", customer(ledger, first.customer));
            return Err(Error::usage("intercompany", what).hint("include_intercompany = true in the configuration takes them in"));
        }
        Ok(())
    }
}

fn customer(ledger: &KeptLedger, customer: u32) -> &str {
    &ledger.book.customers[customer as usize].id
}

fn company_named(ledger: &KeptLedger, name: &str) -> Result<usize> {
    let companies = &ledger.book.companies;
    companies.iter().position(|company| company == name).ok_or_else(|| {
        let known: Vec<&str> = companies.iter().map(String::as_str).collect();
        Error::usage("unknown_company", format!("there is no such company: {name}")).hint(near::hint("companies", name, &known))
    })
}

fn unknown(ledger: &KeptLedger, id: &str) -> Result<Error> {
    let near = documents_nearly_named(&ledger.files, id)?;
    let error = Error::usage("unknown_document", format!("the ledger has no invoice {id}"));
    Ok(match near.is_empty() {
        true => {
            error.hint("the table open_items of a night lists what is open: arrears query \"SELECT document_id FROM open_items_latest\"")
        }
        false => error.hint(format!("nearly so: {}", near.join(", "))),
    })
}

// --- what is said of it ------------------------------------------------------------------------------------------------------------

fn explain(ledger: &KeptLedger, document: &Document, as_of: Day) -> Result<Vec<Item>> {
    let is_open = |item: ItemIndex| known_item(ledger, item, as_of).is_some_and(|(_, known)| ledger.facts.open(known, as_of) > 0);
    let mut items = Vec::new();
    if document.items.iter().all(|(_, item)| !is_open(*item)) {
        for (number, item) in &document.items {
            items.push(Item::Settled(settled(&ledger.book, *item, *number, as_of).ok_or_else(|| not_known(document, as_of))?));
        }
        return Ok(items);
    }
    let forecaster = ledger.forecaster(None);
    let fitted = forecaster.fit(&Refit::Calendar.days(&[as_of]))?.pop().expect("one day, one model");
    let version = timing_version(&fitted, *ledger.config.forecast.half_life_days, ledger.has_recorded_instants)?.version;
    let snapshot = forecaster.snapshot(as_of, &fitted);
    // As far ahead as a night looks: expected dates and tails depend on it.
    let last = Periods::all_grids(as_of).last_day();
    let days: Vec<DaysAhead> = fitted.calendars.iter().map(|calendar| DaysAhead::new(calendar, as_of, last)).collect();
    let expected = forecaster.expected(&snapshot, &fitted, &days);
    let explainer = Explainer { forecaster: &forecaster, fitted: &fitted, snapshot: &snapshot, days: &days, model_version: &version };
    for (number, item) in &document.items {
        let is_item = |(customer, known): (usize, &DebitItem)| {
            let of_customer = expected.iter().filter(move |expected| expected.customer as usize == customer);
            let all = ledger.facts.all_items_of(customer);
            of_customer.into_iter().find(|expected| std::ptr::eq(&raw const all[expected.open_item.position as usize], known))
        };
        let open = known_item(ledger, *item, as_of).and_then(is_item);
        match open.and_then(|expected| explainer.explain(expected, &document.id, *number)) {
            Some(explained) => items.push(Item::Open(Box::new(explained))),
            None => items.extend(settled(&ledger.book, *item, *number, as_of).map(Item::Settled)),
        }
    }
    Ok(items)
}

/// An item as it was known at the end of a day, with its customer.
fn known_item(ledger: &KeptLedger, item: ItemIndex, day: Day) -> Option<(usize, &DebitItem)> {
    let customer = ledger.book.items[item as usize].customer as usize;
    let known = ledger.facts.items_of(customer, day).find(|known| known.item == item)?;
    Some((customer, known))
}

fn not_known(document: &Document, as_of: Day) -> Error {
    let what = format!("{} was not in the books yet at the end of {}: it was recorded later", document.id, date_of(as_of));
    Error::usage("not_known_yet", what).hint("take a later --as-of")
}
