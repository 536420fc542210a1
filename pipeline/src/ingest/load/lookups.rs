//! Single columns of the stored tables by row number, for what looks at rows again after the book is made: where a row came
//! from, when it was recorded, the day a match was entered.

use super::{LedgerFiles, LoadOptions, NO_DATE, RowGroup, invisible_rows, read_row_groups};
use crate::error::Result;
use crate::ledger::calendar::Day;
use arrow::array::{Array as _, AsArray as _};
use arrow::datatypes::{Int32Type, TimestampMicrosecondType};
use std::collections::{HashMap, HashSet};
use xxhash_rust::xxh3::xxh3_64;

/// A value for every row of a table, by row number; `missing` for rows that are not read.
fn by_row<T: Copy + Send>(
    files: &LedgerFiles,
    table: &str,
    columns: &[&str],
    missing: T,
    read: impl Fn(&RowGroup) -> Vec<T> + Sync,
) -> Result<Vec<T>> {
    let groups = read_row_groups(files.segments(table), files.first_files, columns, &[], |group| (group.first_row as usize, read(group)))?;
    let mut values = vec![missing; groups.iter().map(|(first, group)| first + group.len()).max().unwrap_or(0)];
    for (first, group) in groups {
        values[first..first + group.len()].copy_from_slice(&group);
    }
    Ok(values)
}

/// The number of the file that delivered each row of a table; −1 for rows that are not read.
///
/// # Errors
/// When a segment cannot be read; so do the other functions.
pub fn source_files(files: &LedgerFiles, table: &str) -> Result<Vec<i32>> {
    by_row(files, table, &["source_file"], -1, |group| group.column("source_file").as_primitive::<Int32Type>().values().to_vec())
}

/// The day each application was entered for, by row.
pub fn applied_dates(files: &LedgerFiles) -> Result<Vec<Day>> {
    by_row(files, "applications", &["applied_date"], NO_DATE, |group| group.dates("applied_date"))
}

/// When each document was recorded, microseconds UTC, by row; `i64::MIN` from the beginning.
pub fn recorded_instants(files: &LedgerFiles) -> Result<Vec<i64>> {
    by_row(files, "documents", &["recorded_at"], i64::MIN, |group| {
        let recorded = group.column("recorded_at").as_primitive::<TimestampMicrosecondType>();
        recorded.iter().map(|at| at.unwrap_or(i64::MIN)).collect()
    })
}

/// A hash of each document's reference, by row; 0 where it has none.
pub fn reference_hashes(files: &LedgerFiles) -> Result<Vec<u64>> {
    by_row(files, "documents", &["reference"], 0, |group| {
        let references = group.column("reference").as_string::<i32>();
        references.iter().map(|text| text.filter(|text| !text.is_empty()).map_or(0, |text| xxh3_64(text.as_bytes()) | 1)).collect()
    })
}

/// A row as people find it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowPlace {
    /// Its id without the company: a document, an application, a customer.
    pub id: String,
    /// The item of a document, else 1.
    pub item_no: i64,
    /// Number of the file that delivered it.
    pub source_file: i32,
    /// Its line there.
    pub line: i64,
}

/// Where some rows of `documents`, `applications` or `customers` stand.
pub fn places(files: &LedgerFiles, table: &str, rows: &HashSet<u32>) -> Result<HashMap<u32, RowPlace>> {
    let id = match table {
        "documents" => "document_id",
        "applications" => "application_id",
        _ => "customer_id",
    };
    let mut columns = vec![id, "source_file", "source_line"];
    if table == "documents" {
        columns.push("item_no");
    }
    // Every row of the table is asked for once: looking it up in a table of flags costs a tenth of hashing it.
    let mut is_wanted = vec![false; rows.iter().max().map_or(0, |last| *last as usize + 1)];
    rows.iter().for_each(|row| is_wanted[*row as usize] = true);
    let groups = read_row_groups(files.segments(table), files.first_files, &columns, &[], |group| {
        let is_wanted = |row: &usize| is_wanted.get(group.row(*row) as usize) == Some(&true);
        let wanted: Vec<usize> = (0..group.rows()).filter(is_wanted).collect();
        if wanted.is_empty() {
            return Vec::new();
        }
        let (ids, sources) = (group.column(id).as_string::<i32>(), group.column("source_file").as_primitive::<Int32Type>());
        let lines = group.i64s("source_line");
        let items = (table == "documents").then(|| group.i64s("item_no"));
        let place = |row: usize| RowPlace {
            id: ids.value(row).to_owned(),
            item_no: items.map_or(1, |items| items[row]),
            source_file: sources.value(row),
            line: lines[row],
        };
        wanted.into_iter().map(|row| (group.row(row), place(row))).collect()
    })?;
    Ok(groups.into_iter().flatten().collect())
}

/// What the table of customers says of one, beyond what the book keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerFacts {
    /// Its row.
    pub row: u32,
    /// Company and customer.
    pub key: (String, String),
    /// Since when it is one, or [`NO_DATE`].
    pub opened_date: Day,
    /// The first of its texts that a spreadsheet would run or a page would render, by column.
    pub live_text: Option<&'static str>,
}

/// The texts of a customer that people open elsewhere.
const CUSTOMER_TEXTS: [&str; 6] = ["name", "country", "region", "industry", "segment", "account_manager"];

/// The current rows of the table of customers, in the order of the ledger; `None` where it was not supplied.
pub fn customer_facts(files: &LedgerFiles, options: &LoadOptions, is_live: fn(&str) -> bool) -> Result<Option<Vec<CustomerFacts>>> {
    if !files.tables.contains_key("customers") {
        return Ok(None);
    }
    let invisible = invisible_rows(files, "customers", options.known_as_of)?;
    let mut columns = vec!["company_id", "customer_id", "opened_date"];
    columns.extend(CUSTOMER_TEXTS);
    let groups = read_row_groups(files.segments("customers"), files.first_files, &columns, &[], |group| {
        let text = |name: &str| group.column(name).as_string::<i32>();
        let (companies, ids, opened) = (text("company_id"), text("customer_id"), group.dates("opened_date"));
        let texts = CUSTOMER_TEXTS.map(|name| (name, text(name)));
        let live = |row: usize| texts.iter().find(|(_, column)| column.is_valid(row) && is_live(column.value(row))).map(|(name, _)| *name);
        let rows = (0..group.rows()).filter(|row| !invisible.contains(&group.row(*row)));
        rows.map(|row| CustomerFacts {
            row: group.row(row),
            key: (companies.value(row).to_owned(), ids.value(row).to_owned()),
            opened_date: opened[row],
            live_text: live(row),
        })
        .collect::<Vec<_>>()
    })?;
    Ok(Some(groups.into_iter().flatten().collect()))
}

/// A balance of a control account.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ControlBalance {
    /// Whose.
    pub company_id: String,
    /// At the end of which day.
    pub balance_date: Day,
    /// Which account.
    pub account: String,
    /// Base currency, ten-thousandths.
    pub amount: i64,
}

/// The balances of the general ledger, by company, date and account.
pub fn control_balances(files: &LedgerFiles, options: &LoadOptions) -> Result<Vec<ControlBalance>> {
    let invisible = invisible_rows(files, "gl_balances", options.known_as_of)?;
    let columns = ["company_id", "balance_date", "account", "amount"];
    let groups = read_row_groups(files.segments("gl_balances"), files.first_files, &columns, &[], |group| {
        let (companies, accounts) = (group.texts("company_id"), group.texts("account"));
        let (days, amounts) = (group.dates("balance_date"), group.amounts("amount"));
        let rows = (0..group.rows()).filter(|row| !invisible.contains(&group.row(*row)));
        rows.map(|row| ControlBalance {
            company_id: companies[row].clone().unwrap_or_default(),
            balance_date: days[row],
            account: accounts[row].clone().unwrap_or_default(),
            amount: amounts[row],
        })
        .collect::<Vec<_>>()
    })?;
    let mut balances: Vec<ControlBalance> = groups.into_iter().flatten().collect();
    balances.sort();
    Ok(balances)
}

/// A document that a night leaves out, as far as its row says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentFacts {
    /// Its row.
    pub row: u32,
    /// Its company.
    pub company_id: String,
    /// Its type, as written.
    pub document_type: String,
    /// Its date.
    pub document_date: Day,
    /// Its value in base currency, where the source booked one.
    pub base_amount: Option<i64>,
}

/// Some rows of the documents.
pub fn document_facts(files: &LedgerFiles, rows: &HashSet<u32>) -> Result<Vec<DocumentFacts>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let columns = ["company_id", "document_type", "document_date", "base_amount"];
    let groups = read_row_groups(files.segments("documents"), files.first_files, &columns, &[], |group| {
        let text = |name: &str| group.column(name).as_string::<i32>();
        let (companies, types) = (text("company_id"), text("document_type"));
        let (days, base) = (group.dates("document_date"), group.amounts("base_amount"));
        let facts = |row: usize| DocumentFacts {
            row: group.row(row),
            company_id: companies.value(row).to_owned(),
            document_type: types.value(row).to_owned(),
            document_date: days[row],
            base_amount: Some(base[row]).filter(|amount| *amount != super::NO_AMOUNT),
        };
        (0..group.rows()).filter(|row| rows.contains(&group.row(*row))).map(facts).collect::<Vec<_>>()
    })?;
    Ok(groups.into_iter().flatten().collect())
}
