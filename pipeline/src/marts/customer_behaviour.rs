//! `customer_behaviour` and `behaviour_grid`: how each customer pays, by size and class (definitions:
//! [`crate::ledger::behaviour`]).

use super::frame::{dates, sums, texts};
use crate::error::Result;
use crate::ledger::behaviour::{Calendar, Judgement, sizes};
use crate::ledger::book::{Book, NO_DATE};
use crate::ledger::timeline::Timeline;
use crate::ledger::walk::Walked;
use polars::prelude::*;
use std::collections::{BTreeMap, HashMap};

/// A judged customer with its size.
struct Judged<'a> {
    company_id: &'a str,
    customer_id: &'a str,
    customer: u32,
    size: &'static str,
    judgement: &'a Judgement,
}

/// Both tables, in the order of their keys.
///
/// # Errors
/// When Polars fails.
pub fn customer_behaviour(book: &Book, walked: &Walked, timeline: &Timeline) -> Result<(DataFrame, DataFrame)> {
    let judged = judged(book, walked);
    let calendar = Calendar::new(timeline.behaviour_dates());
    Ok((by_customer(&judged, &calendar)?, grid(&judged, book, walked, timeline)?))
}

fn judged<'a>(book: &'a Book, walked: &'a Walked) -> Vec<Judged<'a>> {
    let mut judged: Vec<Judged> = walked
        .judgements
        .iter()
        .map(|(customer, judgement)| {
            let owner = &book.customers[*customer as usize];
            let company_id = book.companies[owner.company as usize].as_str();
            Judged { company_id, customer_id: &owner.id, customer: *customer, size: "none", judgement }
        })
        .collect();
    judged.sort_by(|a, b| {
        let sales = |judged: &Judged| std::cmp::Reverse(judged.judgement.sales_12m);
        (a.company_id, sales(a), a.customer_id).cmp(&(b.company_id, sales(b), b.customer_id))
    });
    for company in judged.chunk_by_mut(|a, b| a.company_id == b.company_id) {
        let sales: Vec<i128> = company.iter().map(|judged| judged.judgement.sales_12m).collect();
        for (judged, size) in company.iter_mut().zip(sizes(&sales)) {
            judged.size = size;
        }
    }
    judged.sort_by_key(|judged| (judged.company_id, judged.customer_id));
    judged
}

fn by_customer(judged: &[Judged], calendar: &Calendar) -> Result<DataFrame> {
    let all = || judged.iter().map(|judged| judged.judgement);
    let doubles = |name: &str, value: fn(&Judgement) -> Option<f64>| Column::new(name.into(), all().map(value).collect::<Vec<_>>());
    Ok(DataFrame::new_infer_height(vec![
        texts("company_id", judged.iter().map(|judged| Some(judged.company_id))),
        texts("customer_id", judged.iter().map(|judged| Some(judged.customer_id))),
        dates("evaluated_date", judged.iter().map(|_| Some(calendar.dates[0]))),
        texts("size", judged.iter().map(|judged| Some(judged.size))),
        texts("behaviour", all().map(|judged| Some(judged.behaviour.word()))),
        texts("behaviour_now", all().map(|judged| Some(judged.behaviour_now.word()))),
        Column::new("items".into(), all().map(|judged| i64::try_from(judged.items).unwrap_or(i64::MAX)).collect::<Vec<_>>()),
        doubles("mean_delay", |judged| judged.delay.map(|delay| delay.mean)),
        doubles("delay_deviation", |judged| judged.delay.map(|delay| delay.deviation)),
        doubles("late_share", |judged| judged.delay.map(|delay| delay.late_share)),
        Column::new("consistently_late".into(), all().map(|judged| judged.is_consistently_late).collect::<Vec<_>>()),
        doubles("trend_days_per_month", |judged| judged.trend_days_per_month),
        dates("change_month", all().map(|judged| judged.change.map(|change| calendar.month(change.month)))),
        doubles("change_days", |judged| judged.change.map(|change| change.days)),
        doubles("change_statistic", |judged| judged.change.and_then(|change| change.statistic)),
        sums("sales_12m", all().map(|judged| judged.sales_12m).collect()),
        texts("reason", all().map(|judged| judged.delay.is_none().then_some("too_few"))),
    ])?)
}

/// Number of customers, sales, net position and overdue debit of a cell.
#[derive(Default)]
struct Cell {
    customers: i64,
    sales: i128,
    net: i128,
    overdue: i128,
}

fn grid(judged: &[Judged], book: &Book, walked: &Walked, timeline: &Timeline) -> Result<DataFrame> {
    let mut positions: HashMap<u32, (i128, i128)> = HashMap::new();
    for open in &walked.open_items {
        let item = &book.items[open.item as usize];
        let (net, overdue) = positions.entry(item.customer).or_default();
        if !item.document_type.is_debit() {
            *net -= i128::from(open.closing);
            continue;
        }
        *net += i128::from(open.closing);
        if item.due_date != NO_DATE && timeline.as_of > item.due_date {
            *overdue += i128::from(open.closing);
        }
    }
    let mut cells: BTreeMap<(&str, &str, &str), Cell> = BTreeMap::new();
    for judged in judged {
        let cell = cells.entry((judged.company_id, judged.size, judged.judgement.behaviour.word())).or_default();
        let (net, overdue) = positions.get(&judged.customer).copied().unwrap_or_default();
        cell.customers += 1;
        cell.sales += judged.judgement.sales_12m;
        cell.net += net;
        cell.overdue += overdue;
    }
    Ok(DataFrame::new_infer_height(vec![
        texts("company_id", cells.keys().map(|key| Some(key.0))),
        texts("size", cells.keys().map(|key| Some(key.1))),
        texts("behaviour", cells.keys().map(|key| Some(key.2))),
        Column::new("customers".into(), cells.values().map(|cell| cell.customers).collect::<Vec<_>>()),
        sums("sales_12m", cells.values().map(|cell| cell.sales).collect()),
        sums("net_amount_base", cells.values().map(|cell| cell.net).collect()),
        sums("overdue_amount_base", cells.values().map(|cell| cell.overdue).collect()),
    ])?)
}
