//! `views.sql` of a store: the views of an output, over the objects of one commit. `_views/<number>.sql` goes with its commit;
//! `views.sql` is that of the newest, for convenience: whoever must not see an older one reads the commit log.

use super::commit::Commit;
use super::ledger_index;
use crate::error::Result;
use crate::ingest::LedgerIndex;
use crate::objects::{Location, Objects, Scheme};
use crate::publish::derived::{quote, views_sql_over};
use std::collections::BTreeMap;

/// The name of the views of the commit of a number.
pub fn name_of(number: u64) -> String {
    format!("_views/{number:020}.sql")
}

/// Writes the views of a commit where they are not there yet: a run may have been killed before it could.
///
/// # Errors
/// When the store refuses.
pub fn write(objects: &Objects, commit: &Commit) -> Result<()> {
    let name = name_of(commit.number);
    if objects.head(&name)?.is_some() {
        return Ok(());
    }
    let index = ledger_index(objects, &commit.state)?;
    let sql = sql(objects, commit, index.as_ref()).into_bytes();
    objects.put("views.sql", sql.clone())?;
    // Last, so that a run that finds it knows that nothing is left to do.
    objects.put(&name, sql)
}

fn sql(objects: &Objects, commit: &Commit, index: Option<&LedgerIndex>) -> String {
    let by_file: BTreeMap<&str, &str> = commit.state.files().map(|entry| (entry.file.as_str(), entry.object.as_str())).collect();
    let customers = index.and_then(|index| index.tables.get("customers")).map(|table| table.segments.as_slice()).unwrap_or_default();
    let objects_of = customers.iter().filter_map(|segment| by_file.get(format!("ledger/{}", segment.file).as_str()));
    let customers: Vec<String> = objects_of.map(|object| readable(objects, object)).collect();
    let files = |table: &str| {
        let part = format!("/{table}/part-");
        let of_table = by_file.iter().filter(|(file, _)| file.starts_with("marts/") && file.contains(&part));
        let listed: Vec<String> = of_table.map(|(_, object)| quote(&readable(objects, object))).collect();
        (!listed.is_empty()).then(|| format!("[{}]", listed.join(", ")))
    };
    let heading = format!(
        "-- Views over commit {} of {}; written by arrears, with every commit anew.\n\
         -- Use: duckdb -init views.sql; for s3:// DuckDB needs httpfs and a secret: CREATE SECRET (TYPE s3, PROVIDER credential_chain);\n\n",
        commit.number,
        objects.url()
    );
    views_sql_over(&heading, &customers, &files)
}

/// An object as DuckDB finds it: a path where the store is a folder.
fn readable(objects: &Objects, object: &str) -> String {
    match Location::parse(objects.url()) {
        Ok(location) if location.scheme == Scheme::File => location.folder().join(object).display().to_string(),
        _ => objects.url_of(object),
    }
}
