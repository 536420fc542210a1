//! `gl_tie_out`: the sub-ledger beside the control account of the general ledger, and what lies between them, item by item.
//!
//! ```text
//! difference = sub_ledger − control_account
//!            = left_out_documents + recorded_later + dated_later + left_out_applications + fx_rounding + unexplained
//! ```
//!
//! | line | what it is |
//! |---|---|
//! | `sub_ledger` | open items of the company at the end of the day at historical rates, customers of the same group included |
//! | `control_account` | what the general ledger says; of several accounts each, and under `(all)` their sum |
//! | `left_out_documents` | documents that this night leaves out and the general ledger has, where the source booked a base amount: with the sign of what is missing |
//! | `recorded_later` | documents dated by the day and recorded after it: the books were closed without them |
//! | `dated_later` | documents recorded by the day and dated after it, with the sign reversed: the general ledger may have had them |
//! | `left_out_applications` | applications that this night leaves out: they move no money, so 0, with their number |
//! | `fx_rounding` | of partly open items in other currencies: the open part's value less what the rounded values of its applications leave |
//! | `unexplained` | the rest |
//!
//! The items are candidates, in full: where the general ledger had one of them after all, `unexplained` takes it back. Where
//! there is no difference there is nothing to itemise, and they are 0. Amounts are exact, in base currency.

use super::judge::{ALL, Input};
use crate::config::DAY_MICROS;
use crate::error::Result;
use crate::ingest::load::lookups::{ControlBalance, control_balances, document_facts, recorded_instants};
use crate::ledger::book::{Book, DocumentType, Item, ItemIndex, NO_AMOUNT};
use crate::ledger::calendar::Day;
use crate::marts::frame::{dates, sums, texts};
use polars::prelude::*;
use rayon::prelude::*;
use std::collections::{BTreeMap, HashSet};

/// One line of a tie-out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    /// The company.
    pub company_id: String,
    /// The day at whose end it is tied out.
    pub balance_date: Day,
    /// The control account, or `(all)` of several.
    pub account: String,
    /// Which line.
    pub line: &'static str,
    /// Base currency, ten-thousandths.
    pub amount: i128,
    /// Documents or applications behind it, where it is made of such.
    pub rows: Option<u64>,
}

/// An amount and how many documents it is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Part {
    amount: i128,
    rows: u64,
}

impl Part {
    fn add(&mut self, amount: i128) {
        self.amount += amount;
        self.rows += 1;
    }
}

/// What is summed for one company and day.
#[derive(Clone, Debug, Default)]
struct DaySums {
    sub_ledger: Part,
    recorded_later: Part,
    dated_later: Part,
    left_out: Part,
    rounding: Part,
}

impl DaySums {
    fn add(&mut self, other: &DaySums) {
        let parts = [
            (&mut self.sub_ledger, other.sub_ledger),
            (&mut self.recorded_later, other.recorded_later),
            (&mut self.dated_later, other.dated_later),
            (&mut self.left_out, other.left_out),
            (&mut self.rounding, other.rounding),
        ];
        for (whole, part) in parts {
            whole.amount += part.amount;
            whole.rows += part.rows;
        }
    }
}

/// The tie-outs of every company and day by `as_of` for which there is a balance, in the order of the table's key.
///
/// # Errors
/// When a segment cannot be read.
pub fn lines(input: &Input<'_>) -> Result<Vec<Line>> {
    let mut balances = control_balances(&input.view.files, input.options)?;
    balances.retain(|balance| balance.balance_date <= input.options.as_of);
    if balances.is_empty() {
        return Ok(Vec::new());
    }
    let mut days: BTreeMap<&str, Vec<Day>> = BTreeMap::new();
    for balance in &balances {
        days.entry(&balance.company_id).or_default().push(balance.balance_date);
    }
    days.values_mut().for_each(|days| days.dedup());
    let mut sums = sum(input, &days)?;
    add_left_out(input, &days, &mut sums)?;
    let applications = input.left_out.iter().filter(|row| row.left_out.table == "applications");
    let mut left_out: BTreeMap<&str, u64> = BTreeMap::new();
    for row in applications {
        *left_out.entry(row.key.split('/').next().unwrap_or_default()).or_default() += 1;
    }
    let mut lines = Vec::new();
    for group in balances.chunk_by(|a, b| (&a.company_id, a.balance_date) == (&b.company_id, b.balance_date)) {
        let company = group[0].company_id.as_str();
        let at = days[company].binary_search(&group[0].balance_date).expect("the day is listed");
        lines.extend(tie_out(group, &sums[company][at], left_out.get(company).copied().unwrap_or(0)));
    }
    lines.sort();
    Ok(lines)
}

fn sum<'a>(input: &Input<'_>, days: &BTreeMap<&'a str, Vec<Day>>) -> Result<BTreeMap<&'a str, Vec<DaySums>>> {
    let recorded = recorded_instants(&input.view.files)?;
    let book = &input.loaded.book;
    // By company of the book: its place among those that have balances.
    let places: Vec<Option<usize>> =
        book.companies.iter().map(|company| days.keys().position(|with_balances| *with_balances == company.as_str())).collect();
    let days_of: Vec<&Vec<Day>> = days.values().collect();
    let starts: Vec<usize> = (0..book.items.len()).step_by(ITEMS_AT_ONCE).collect();
    let parts: Vec<Vec<Vec<DaySums>>> = starts
        .into_par_iter()
        .map(|start| {
            let mut sums: Vec<Vec<DaySums>> = days_of.iter().map(|days| vec![DaySums::default(); days.len()]).collect();
            for index in start..book.items.len().min(start + ITEMS_AT_ONCE) {
                let company = book.customers[book.items[index].customer as usize].company;
                let Some(place) = places[company as usize] else { continue };
                let at = recorded.get(input.loaded.item_rows[index] as usize).copied().unwrap_or(i64::MIN);
                let index = ItemIndex::try_from(index).expect("items are counted in 32 bits");
                add_item(book, index, at, days_of[place], &mut sums[place]);
            }
            sums
        })
        .collect();
    let mut sums: BTreeMap<&str, Vec<DaySums>> =
        days.iter().map(|(company, days)| (*company, vec![DaySums::default(); days.len()])).collect();
    for part in parts {
        for (whole, part) in sums.values_mut().zip(part) {
            whole.iter_mut().zip(part).for_each(|(whole, part)| whole.add(&part));
        }
    }
    Ok(sums)
}

/// Items that are looked at together by one thread.
const ITEMS_AT_ONCE: usize = 1 << 16;

/// Adds an item to every day: what is open of it, and whether it was recorded on the other side of the day.
fn add_item(book: &Book, index: ItemIndex, recorded_at: i64, days: &[Day], sums: &mut [DaySums]) {
    let item = &book.items[index as usize];
    let sign = if item.document_type.is_debit() { 1 } else { -1 };
    let whole = sign * i128::from(book.historical_value(item, item.amount));
    let dated = days.partition_point(|day| *day < item.document_date);
    let recorded = days.partition_point(|day| (i64::from(*day) + 1) * DAY_MICROS - 1 < recorded_at);
    for day in sums.iter_mut().take(recorded).skip(dated) {
        day.recorded_later.add(whole);
    }
    if recorded_at != i64::MIN {
        for day in sums.iter_mut().take(dated).skip(recorded) {
            day.dated_later.add(-whole);
        }
    }
    let mut applications = book.applications_of(index).peekable();
    let (mut applied, mut valued) = (0_i128, 0_i128);
    let is_converted = item.currency != book.rates.base() || item.base_amount != NO_AMOUNT;
    for (day, sums) in days.iter().zip(sums.iter_mut()).skip(dated) {
        while let Some(application) = applications.next_if(|application| application.visible_date <= *day) {
            let part = application.part_of(item);
            applied += i128::from(part);
            valued += i128::from(book.historical_value(item, part));
        }
        let open = open_value(book, item, applied);
        if open != 0 {
            sums.sub_ledger.add(sign * open);
            let rounding = sign * (open - (whole * sign - valued));
            if is_converted && rounding != 0 {
                sums.rounding.add(rounding);
            }
        } else if applications.peek().is_none() {
            break;
        }
    }
}

fn open_value(book: &Book, item: &Item, applied: i128) -> i128 {
    let open = crate::ledger::money::narrow(i128::from(item.amount) - applied);
    i128::from(book.historical_value(item, open))
}

/// Documents that this night leaves out, and the source has a base amount of.
fn add_left_out(input: &Input<'_>, days: &BTreeMap<&str, Vec<Day>>, sums: &mut BTreeMap<&str, Vec<DaySums>>) -> Result<()> {
    let rows: HashSet<u32> = input.left_out.iter().filter(|row| row.left_out.table == "documents").map(|row| row.left_out.row).collect();
    for document in document_facts(&input.view.files, &rows)? {
        let (Some(days), Some(sums)) = (days.get(document.company_id.as_str()), sums.get_mut(document.company_id.as_str())) else {
            continue;
        };
        let Some(kind) = DocumentType::named(&document.document_type) else { continue };
        let amount = i128::from(document.base_amount.unwrap_or(0));
        let missing = if kind.is_debit() { -amount } else { amount };
        let dated = days.partition_point(|day| *day < document.document_date);
        sums.iter_mut().skip(dated).for_each(|day| day.left_out.add(missing));
    }
    Ok(())
}

/// The lines of one company and day.
fn tie_out(balances: &[ControlBalance], day: &DaySums, left_out_applications: u64) -> Vec<Line> {
    let control: i128 = balances.iter().map(|balance| i128::from(balance.amount)).sum();
    let first = &balances[0];
    let account = if balances.len() == 1 { first.account.clone() } else { ALL.to_owned() };
    let line = |line, amount, rows| Line {
        company_id: first.company_id.clone(),
        balance_date: first.balance_date,
        account: account.clone(),
        line,
        amount,
        rows,
    };
    let difference = day.sub_ledger.amount - control;
    // Without a difference there is nothing to itemise.
    let part = |part: Part| if difference == 0 { Part::default() } else { part };
    let items = [
        ("left_out_documents", part(day.left_out)),
        ("recorded_later", part(day.recorded_later)),
        ("dated_later", part(day.dated_later)),
        ("left_out_applications", part(Part { amount: 0, rows: left_out_applications })),
        ("fx_rounding", part(day.rounding)),
    ];
    let explained: i128 = items.iter().map(|(_, part)| part.amount).sum();
    let mut lines = vec![
        line("sub_ledger", day.sub_ledger.amount, Some(day.sub_ledger.rows)),
        line("control_account", control, None),
        line("difference", difference, None),
        line("unexplained", difference - explained, None),
    ];
    lines.extend(items.into_iter().map(|(word, part)| line(word, part.amount, Some(part.rows))));
    if balances.len() > 1 {
        lines.extend(
            balances
                .iter()
                .map(|balance| Line { account: balance.account.clone(), ..line("control_account", i128::from(balance.amount), None) }),
        );
    }
    lines
}

/// The published table.
///
/// # Errors
/// When Polars fails.
pub fn table(lines: &[Line]) -> Result<DataFrame> {
    let count = |rows: Option<u64>| rows.map(|rows| i64::try_from(rows).unwrap_or(i64::MAX));
    Ok(DataFrame::new_infer_height(vec![
        texts("company_id", lines.iter().map(|line| Some(line.company_id.as_str()))),
        dates("balance_date", lines.iter().map(|line| Some(line.balance_date))),
        texts("account", lines.iter().map(|line| Some(line.account.as_str()))),
        texts("line", lines.iter().map(|line| Some(line.line))),
        sums("amount", lines.iter().map(|line| line.amount).collect()),
        Column::new("row_count".into(), lines.iter().map(|line| count(line.rows)).collect::<Vec<_>>()),
    ])?)
}
