//! Rates, applications and disputes of a book.

use super::documents::Documents;
use super::numbers::{Interners, KeyIndex};
use super::row_groups::read_row_groups;
use super::versions::invisible_rows;
use super::{LedgerFiles, LeftOut, LoadOptions};
use crate::error::Result;
use crate::ledger::book::{Application, Book, Dispute, Item, ItemIndex, NO_AMOUNT};
use crate::ledger::calendar::Day;
use crate::ledger::over_application;
use crate::ledger::rates::Rates;
use arrow::array::{Array as _, AsArray as _};
use arrow::datatypes::TimestampMicrosecondType;
use std::collections::{BTreeMap, HashMap, HashSet};

pub(super) fn load_rates(
    files: &LedgerFiles,
    options: &LoadOptions,
    interner: &Interners,
    documents: &Documents,
    base_unit: i64,
) -> Result<Rates> {
    let mut dated: BTreeMap<String, Vec<(Day, i64)>> = BTreeMap::new();
    if let Some(table) = files.tables.get("fx_rates") {
        let invisible = invisible_rows(files, "fx_rates", options.known_as_of)?;
        let groups = read_row_groups(&table.segments, files.first_files, &["rate_date", "currency", "rate"], &[], |group| {
            let (days, codes, rates) = (group.dates("rate_date"), group.texts("currency"), group.amounts("rate"));
            let rows = (0..group.rows()).filter(|row| !invisible.contains(&group.row(*row)));
            rows.map(|row| (codes[row].clone().unwrap_or_default(), days[row], rates[row])).collect::<Vec<_>>()
        })?;
        for (code, day, rate) in groups.into_iter().flatten() {
            dated.entry(code).or_default().push((day, rate));
        }
    }
    let codes = interner.currencies.clone_values();
    let first_day = documents.items.iter().map(|item| item.document_date).min().unwrap_or(options.as_of);
    let last_day = documents.items.iter().map(|item| item.document_date).max().unwrap_or(options.as_of).max(options.as_of);
    let currencies = codes.into_iter().map(|code| (code.clone(), dated.remove(&code).unwrap_or_default())).collect();
    Ok(Rates::new(&options.base_currency, base_unit, first_day, last_day, currencies))
}

pub(super) fn load_applications(
    files: &LedgerFiles,
    options: &LoadOptions,
    keys: &KeyIndex,
    items: &[Item],
    left_out: &mut Vec<LeftOut>,
) -> Result<Vec<Application>> {
    let Some(table) = files.tables.get("applications") else { return Ok(Vec::new()) };
    let invisible = invisible_rows(files, "applications", options.known_as_of)?;
    let columns = ["credit_key", "debit_key", "applied_date", "amount", "credit_amount"];
    let groups = read_row_groups(&table.segments, files.first_files, &columns, &[], |group| {
        let (credits, debits) = (group.i64s("credit_key"), group.i64s("debit_key"));
        let (dates, amounts, credit_amounts) = (group.dates("applied_date"), group.amounts("amount"), group.amounts("credit_amount"));
        let mut applications = Vec::with_capacity(group.rows());
        let mut refused = Vec::new();
        for row in 0..group.rows() {
            if !invisible.is_empty() && invisible.contains(&group.row(row)) {
                continue;
            }
            match resolve(keys, items, debits[row], credits[row], dates[row], amounts[row], credit_amounts[row], group.row(row)) {
                Ok(application) => applications.push(application),
                Err(reason) => refused.push(LeftOut { table: "applications", row: group.row(row), reason }),
            }
        }
        (applications, refused)
    })?;
    let mut applications = Vec::with_capacity(groups.iter().map(|(part, _)| part.len()).sum());
    for (part, refused) in groups {
        applications.extend_from_slice(&part);
        left_out.extend(refused);
    }
    Ok(applications)
}

#[expect(clippy::too_many_arguments, reason = "the columns of one row")]
pub(super) fn resolve(
    keys: &KeyIndex,
    items: &[Item],
    debit_key: i64,
    credit_key: i64,
    applied_date: Day,
    amount: i64,
    credit_amount: i64,
    row: u32,
) -> std::result::Result<Application, &'static str> {
    let (Some(debit), Some(credit)) = (keys.get(debit_key), keys.get(credit_key)) else { return Err("unknown_document") };
    let (debit_item, credit_item) = (&items[debit as usize], &items[credit as usize]);
    if !debit_item.document_type.is_debit() || credit_item.document_type.is_debit() {
        return Err("wrong_side");
    }
    let credit_amount = resolve_amount(debit_item, credit_item, amount, credit_amount)?;
    let visible_date = applied_date.max(debit_item.document_date).max(credit_item.document_date);
    Ok(Application { debit, credit, visible_date, amount, credit_amount, row })
}

/// What an application takes off the credit item, in that item's currency.
pub(super) fn resolve_amount(
    debit_item: &Item,
    credit_item: &Item,
    amount: i64,
    credit_amount: i64,
) -> std::result::Result<i64, &'static str> {
    match (debit_item.currency == credit_item.currency, credit_amount) {
        (true, _) => Ok(amount),
        (false, NO_AMOUNT) => Err("missing_credit_amount"),
        (false, credit_amount) => Ok(credit_amount),
    }
}

pub(super) type DisputesByItem = HashMap<ItemIndex, Vec<Dispute>>;

pub(super) fn load_disputes(
    files: &LedgerFiles,
    options: &LoadOptions,
    keys: &KeyIndex,
    items: &mut [Item],
    left_out: &mut Vec<LeftOut>,
) -> Result<(DisputesByItem, bool)> {
    let Some(table) = files.tables.get("disputes") else { return Ok((HashMap::new(), false)) };
    let invisible = invisible_rows(files, "disputes", options.known_as_of)?;
    let groups =
        read_row_groups(&table.segments, files.first_files, &["document_key", "opened_date", "closed_date", "amount"], &[], |group| {
            let (opened, closed, amounts) = (group.dates("opened_date"), group.dates("closed_date"), group.amounts("amount"));
            let rows = (0..group.rows()).filter(|row| !invisible.contains(&group.row(*row)));
            rows.map(|row| {
                let dispute = Dispute { opened_date: opened[row], closed_date: closed[row], amount: amounts[row] };
                (group.row(row), group.i64s("document_key")[row], dispute)
            })
            .collect::<Vec<_>>()
        })?;
    let mut disputes: DisputesByItem = HashMap::new();
    for (row, key, dispute) in groups.into_iter().flatten() {
        match keys.get(key) {
            Some(item) => {
                items[item as usize].has_disputes = true;
                disputes.entry(item).or_default().push(dispute);
            }
            None => left_out.push(LeftOut { table: "disputes", row, reason: "unknown_document" }),
        }
    }
    Ok((disputes, true))
}

/// Rows of the applications that break law 5, judged in the order of the law.
pub(super) fn over_applied(files: &LedgerFiles, book: &Book, suspects: &[ItemIndex]) -> Result<HashSet<u32>> {
    let positions = over_application::affected(book, suspects);
    let wanted: HashSet<u32> = positions.iter().map(|position| book.applications[*position as usize].row).collect();
    let order = application_order(files, &wanted)?;
    let mut ordered: Vec<Application> = positions.iter().map(|position| book.applications[*position as usize]).collect();
    ordered.sort_by(|a, b| (a.visible_date, &order[&a.row], a.row).cmp(&(b.visible_date, &order[&b.row], b.row)));
    Ok(over_application::judge(&book.items, &ordered).into_iter().map(|position| ordered[position].row).collect())
}

/// What decides between applications of one day, by row: when they were recorded, and their ids.
pub(super) fn application_order(files: &LedgerFiles, wanted: &HashSet<u32>) -> Result<HashMap<u32, (i64, String)>> {
    let groups = read_row_groups(files.segments("applications"), files.first_files, &["application_id", "recorded_at"], &[], |group| {
        let ids = group.column("application_id").as_string::<i32>();
        let recorded = group.column("recorded_at").as_primitive::<TimestampMicrosecondType>();
        let rows = (0..group.rows()).filter(|row| wanted.contains(&group.row(*row)));
        rows.map(|row| {
            let recorded_at = if recorded.is_null(row) { i64::MIN } else { recorded.value(row) };
            (group.row(row), (recorded_at, ids.value(row).to_owned()))
        })
        .collect::<Vec<_>>()
    })?;
    Ok(groups.into_iter().flatten().collect())
}
