//! Rows looked up again: documents by their ids, and where rows that were left out came from.

use super::row_groups::read_row_groups;
use super::{LedgerFiles, LeftOut};
use crate::error::Result;
use arrow::array::{Array as _, AsArray as _};
use arrow::datatypes::{Int32Type, TimestampMicrosecondType};
use std::collections::{BTreeMap, HashMap, HashSet};

/// How many rows a table has, every version counted.
///
/// # Errors
/// When a segment cannot be read.
pub fn rows_of(files: &LedgerFiles, table: &str) -> Result<u64> {
    let groups = read_row_groups(files.segments(table), None, &["row_key"], &[], |group| group.rows() as u64)?;
    Ok(groups.into_iter().sum())
}

/// The key of every row of the documents, by its number: rows of one key are versions of one item.
///
/// # Errors
/// When a segment cannot be read.
pub fn document_keys(files: &LedgerFiles) -> Result<Vec<i64>> {
    let groups = read_row_groups(files.segments("documents"), None, &["row_key"], &[], |group| group.i64s("row_key").to_vec())?;
    Ok(groups.concat())
}

/// Document id and item number of some rows of the documents.
///
/// # Errors
/// When a segment cannot be read.
pub fn document_ids(files: &LedgerFiles, rows: &HashSet<u32>) -> Result<HashMap<u32, (String, i64)>> {
    let groups = read_row_groups(files.segments("documents"), None, &["document_id", "item_no"], &[], |group| {
        let ids = group.column("document_id").as_string::<i32>();
        let items = group.i64s("item_no");
        let wanted = (0..group.rows()).filter(|row| rows.contains(&group.row(*row)));
        wanted.map(|row| (group.row(row), (ids.value(row).to_owned(), items[row]))).collect::<Vec<_>>()
    })?;
    Ok(groups.into_iter().flatten().collect())
}

/// A version of a document's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentRow {
    /// Its company.
    pub company_id: String,
    /// Its customer.
    pub customer_id: String,
    /// Its id.
    pub document_id: String,
    /// When it was recorded, microseconds UTC; the beginning of its date where it does not say.
    pub instant: i64,
}

/// Every version of the documents with these ids, in the order of the ledger.
///
/// # Errors
/// When a segment cannot be read.
pub fn document_rows(files: &LedgerFiles, ids: &HashSet<&str>) -> Result<Vec<DocumentRow>> {
    let columns = ["company_id", "customer_id", "document_id", "document_date", "recorded_at"];
    let groups = read_row_groups(files.segments("documents"), None, &columns, &[], |group| {
        let text = |name: &str| group.column(name).as_string::<i32>();
        let (companies, customers, documents) = (text("company_id"), text("customer_id"), text("document_id"));
        let (dates, recorded) = (group.dates("document_date"), group.column("recorded_at").as_primitive::<TimestampMicrosecondType>());
        let row_of = |row: usize| DocumentRow {
            company_id: companies.value(row).to_owned(),
            customer_id: customers.value(row).to_owned(),
            document_id: documents.value(row).to_owned(),
            instant: if recorded.is_valid(row) { recorded.value(row) } else { i64::from(dates[row]) * crate::config::DAY_MICROS },
        };
        (0..group.rows()).filter(|row| ids.contains(documents.value(*row))).map(row_of).collect::<Vec<_>>()
    })?;
    Ok(groups.concat())
}

/// Rows of the documents with this id: row and item number, in the order of the ledger; superseded versions are among them.
///
/// # Errors
/// When a segment cannot be read.
pub fn rows_of_document(files: &LedgerFiles, id: &str) -> Result<Vec<(u32, i64)>> {
    let groups = read_row_groups(files.segments("documents"), None, &["document_id", "item_no"], &[], |group| {
        let ids = group.column("document_id").as_string::<i32>();
        let items = group.i64s("item_no");
        let wanted = (0..group.rows()).filter(|row| ids.value(*row) == id);
        wanted.map(|row| (group.row(row), items[row])).collect::<Vec<_>>()
    })?;
    Ok(groups.into_iter().flatten().collect())
}

/// Document ids that are nearly this one, the nearest first.
///
/// # Errors
/// When a segment cannot be read.
pub fn documents_nearly_named(files: &LedgerFiles, id: &str) -> Result<Vec<String>> {
    let groups = read_row_groups(files.segments("documents"), None, &["document_id"], &[], |group| {
        let ids = group.column("document_id").as_string::<i32>();
        crate::near::nearest(id, (0..group.rows()).map(|row| ids.value(row))).into_iter().map(str::to_owned).collect::<Vec<_>>()
    })?;
    let found: Vec<String> = groups.into_iter().flatten().collect();
    Ok(crate::near::nearest(id, found.iter().map(String::as_str)).into_iter().map(str::to_owned).collect())
}

/// Where a row that was left out came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOutRow {
    /// What was left out, and why.
    pub left_out: LeftOut,
    /// Number of the file that delivered it.
    pub source_file: usize,
    /// Its line there.
    pub source_line: i64,
    /// Its key, parts joined by `/`.
    pub key: String,
}

/// Finds the origin of rows that were left out; they are few, or the check of their share stops the run.
///
/// # Errors
/// When a segment cannot be read.
pub fn origins(files: &LedgerFiles, left_out: &[LeftOut]) -> Result<Vec<LeftOutRow>> {
    let mut by_table: BTreeMap<&'static str, HashMap<u32, LeftOut>> = BTreeMap::new();
    for row in left_out {
        by_table.entry(row.table).or_default().insert(row.row, *row);
    }
    let mut found = Vec::new();
    for (table, wanted) in by_table {
        let id = match table {
            "documents" | "clearings" => "document_id",
            "disputes" => "dispute_id",
            "promises" => "promise_id",
            "orders" => "order_id",
            "overrides" => "override_id",
            "contacts" => "contact_id",
            _ => "application_id",
        };
        let groups =
            read_row_groups(files.segments(table), files.first_files, &["company_id", id, "source_file", "source_line"], &[], |group| {
                let (companies, ids) = (group.column("company_id").as_string::<i32>(), group.column(id).as_string::<i32>());
                let (sources, lines) = (group.column("source_file").as_primitive::<Int32Type>(), group.i64s("source_line"));
                let rows = (0..group.rows()).filter_map(|row| Some((row, *wanted.get(&group.row(row))?)));
                rows.map(|(row, left_out)| LeftOutRow {
                    left_out,
                    source_file: usize::try_from(sources.value(row)).unwrap_or(0),
                    source_line: lines[row],
                    key: format!("{}/{}", companies.value(row), ids.value(row)),
                })
                .collect::<Vec<_>>()
            })?;
        found.extend(groups.into_iter().flatten());
    }
    Ok(found)
}
