//! The rows of a query as a CSV file, as `COPY … TO STDOUT` writes them.
//!
//! The query is asked for its types first. What has a type is written so that nothing is lost: decimals digit by digit, dates
//! and instants in ISO 8601, booleans as words. Binary floating-point numbers are refused where the source reads them.

use super::database::{Databases, refused};
use super::{Fetched, FetchedFile, Progress, create};
use crate::config::{Query, Source, allowed_columns};
use crate::error::{Error, Result, io_error};
use postgres::types::Type;
use postgres::{Client, Column};
use std::fs::File;
use std::io::{BufWriter, Read as _, Write as _};
use std::path::Path;

/// The name of the file a query becomes.
pub(super) fn file_name(source: &Source) -> String {
    format!("{}.csv", source.name)
}

pub(super) fn fetch(source: &Source, query: &Query, databases: &mut Databases, to: (&Path, &dyn Progress)) -> Result<Fetched> {
    let (folder, progress) = to;
    let client = databases.client(query)?;
    let statement = client.prepare(&query.sql).map_err(|cause| refused(&cause))?;
    if statement.columns().is_empty() {
        return Err(Error::usage("query_wrong", "the query gives no columns").hint("it must be one SELECT"));
    }
    let copy = copy_statement(source, &query.sql, statement.columns())?;
    create(folder)?;
    // A name is for people; on the disk it must not lead out of the folder.
    let path = folder.join(file_name(source).replace(['/', '\\'], "_"));
    progress.note(&format!("asking {} for {}", query.connection.shown(), source.name));
    copy_out(client, &copy, &path)?;
    let file = FetchedFile { name: file_name(source), path, version: String::new() };
    Ok(Fetched { files: vec![file], named_one_by_one: true, known: 0 })
}

/// The query wrapped in a list of its columns, each written exactly.
fn copy_statement(source: &Source, sql: &str, columns: &[Column]) -> Result<String> {
    let mut list = Vec::new();
    for column in columns {
        let name = format!("\"{}\"", column.name().replace('"', "\"\""));
        if is_floating(column.type_()) && is_read(source, column.name()) {
            let what = format!("column {} is {}, a binary floating-point number, which cannot be money", column.name(), column.type_());
            return Err(Error::input("wrong_type", what).hint(format!("write it as a decimal: {name}::numeric(18, 4)")));
        }
        list.push(format!("{} AS {name}", written(&name, column.type_())));
    }
    // The query stands on lines of its own: it may end in a comment.
    let select = format!("SELECT {} FROM (\n{sql}\n) AS arrears_source", list.join(", "));
    Ok(format!("COPY ({select}) TO STDOUT (FORMAT csv, HEADER true, ENCODING 'UTF8')"))
}

fn is_floating(column_type: &Type) -> bool {
    [Type::FLOAT4, Type::FLOAT8].contains(column_type)
}

/// Whether the source takes something from a column of this name.
fn is_read(source: &Source, name: &str) -> bool {
    let mapped = source.columns.values().any(|header| header == name);
    mapped || (!source.columns.contains_key(name) && allowed_columns(source.shape, source.table).contains(&name))
}

/// The expression that writes a column.
fn written(name: &str, column_type: &Type) -> String {
    if *column_type == Type::BOOL {
        return format!("CASE WHEN {name} THEN 'true' WHEN NOT {name} THEN 'false' END");
    }
    if *column_type == Type::MONEY {
        // As text it would follow the server's language.
        return format!("{name}::numeric");
    }
    if *column_type == Type::TIMESTAMP || *column_type == Type::TIMESTAMPTZ {
        // A day is a date, as from a typed file; any other instant shows itself as one.
        return format!(
            "CASE WHEN isfinite({name}) AND {name} = date_trunc('day', {name}) THEN to_char({name}, 'YYYY-MM-DD') ELSE {name}::text END"
        );
    }
    name.to_owned()
}

fn copy_out(client: &mut Client, copy: &str, path: &Path) -> Result<()> {
    let file = File::create(path).map_err(|cause| io_error("create", path, &cause))?;
    let mut output = BufWriter::with_capacity(1 << 18, file);
    let mut rows = client.copy_out(copy).map_err(|cause| refused(&cause))?;
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = rows.read(&mut buffer).map_err(|cause| match cause.get_ref().and_then(|inner| inner.downcast_ref()) {
            Some(inner) => refused(inner),
            None => Error::input("query_interrupted", "the rows of a query did not all arrive").caused_by(&cause).hint("run again"),
        })?;
        if read == 0 {
            break;
        }
        output.write_all(&buffer[..read]).map_err(|cause| io_error("write", path, &cause))?;
    }
    output.flush().map_err(|cause| io_error("write", path, &cause))
}
