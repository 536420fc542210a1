//! What is derived after a night is published, and rebuilt if lost: `views.sql` and `dictionary.parquet`.

use crate::catalog::ledger_tables;
use crate::catalog::metrics::METRICS;
use crate::catalog::published::{TABLES, Table};
use crate::error::{Result, io_error};
use arrow::array::{RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use std::fmt::Write as _;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// Writes both. `customer_segments` are the ledger's files of customers, as seen from the output.
///
/// # Errors
/// When the output cannot be written.
pub fn write_derived(output: &Path, customer_segments: &[String]) -> Result<()> {
    replace(&output.join("views.sql"), views_sql(customer_segments).as_bytes())?;
    let temporary = output.join(".dictionary.parquet.new");
    write_dictionary(&temporary)?;
    let path = output.join("dictionary.parquet");
    std::fs::rename(&temporary, &path).map_err(|cause| io_error("write", &path, &cause))
}

/// The way from one folder to another, as far as the two have a beginning in common; else the folder itself.
pub fn relative_path(from: &Path, to: &Path) -> PathBuf {
    let (Ok(from), Ok(to)) = (from.canonicalize(), to.canonicalize()) else { return to.to_path_buf() };
    let (from, to): (Vec<_>, Vec<_>) = (from.components().collect(), to.components().collect());
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = from[common..].iter().map(|_| Component::ParentDir);
    up.chain(to[common..].iter().copied()).collect()
}

fn replace(path: &Path, content: &[u8]) -> Result<()> {
    let temporary = path.with_extension("new");
    std::fs::write(&temporary, content).map_err(|cause| io_error("write", &temporary, &cause))?;
    std::fs::rename(&temporary, path).map_err(|cause| io_error("write", path, &cause))
}

/// A view per table and `<table>_latest`, with a comment on every column, for DuckDB.
pub fn views_sql(customer_segments: &[String]) -> String {
    let heading = "-- Views over everything published here; written by arrears, rebuilt with every night.\n\
         -- Use: cd to this folder, then: duckdb -init views.sql\n\n";
    views_sql_over(heading, customer_segments, &|table| Some(format!("'marts/*/{table}/*.parquet'")))
}

/// The same over the files that `files` lists for a table, as DuckDB takes them; no view where it lists none.
pub fn views_sql_over(heading: &str, customer_segments: &[String], files: &dyn Fn(&str) -> Option<String>) -> String {
    let mut sql = String::from(heading);
    let has_names = !customer_segments.is_empty();
    if has_names {
        let files: Vec<String> = customer_segments.iter().map(|file| quote(file)).collect();
        let _ = writeln!(
            sql,
            "CREATE OR REPLACE VIEW customers AS\n\
             SELECT * EXCLUDE (row_key, customer_key, source_file, source_line, version)\n\
             FROM (SELECT *, row_number() OVER (PARTITION BY company_id, customer_id\n\
             \x20                              ORDER BY recorded_at DESC NULLS LAST, source_line > 0 DESC, source_file DESC, source_line DESC) AS version\n\
             \x20     FROM read_parquet([{}]))\n\
             WHERE version = 1 AND is_deleted IS NOT TRUE;\n",
            files.join(", ")
        );
    }
    for table in TABLES {
        if let Some(files) = files(table.name) {
            view(&mut sql, table, &files, has_names);
        }
    }
    sql
}

fn view(sql: &mut String, table: &Table, files: &str, has_names: bool) {
    let name = table.name;
    let files = format!("read_parquet({files}, hive_partitioning = true, hive_types = {{'as_of_date': DATE}})");
    if table.has_customer && has_names {
        let _ = writeln!(
            sql,
            "CREATE OR REPLACE VIEW {name} AS\n\
             SELECT m.*, c.name AS customer_name\n\
             FROM {files} m\n\
             LEFT JOIN customers c ON c.company_id = m.company_id AND c.customer_id = m.customer_id;"
        );
    } else {
        let _ = writeln!(sql, "CREATE OR REPLACE VIEW {name} AS\nSELECT * FROM {files};");
    }
    let _ = writeln!(
        sql,
        "CREATE OR REPLACE VIEW {name}_latest AS\nSELECT * FROM {name} WHERE as_of_date = (SELECT max(as_of_date) FROM {name});"
    );
    for view in [name.to_owned(), format!("{name}_latest")] {
        let _ = writeln!(sql, "COMMENT ON VIEW {view} IS {};", quote(table.description));
        for column in table.columns {
            let _ = writeln!(sql, "COMMENT ON COLUMN {view}.{} IS {};", column.name, quote(column.description));
        }
    }
    sql.push('\n');
}

/// A text as SQL writes it.
pub(super) fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// One row a column of every table, published or canonical, and one a metric of `kpis` in each convention.
fn write_dictionary(path: &Path) -> Result<()> {
    let mut rows: Vec<[String; 5]> = Vec::new();
    for table in TABLES {
        for column in table.columns {
            let key = if table.key.contains(&column.name) { "key" } else { "" };
            rows.push(["marts".into(), table.name.into(), column.name.into(), column.kind.sql().into(), describe(column.description, key)]);
        }
    }
    for table in ledger_tables::TABLES {
        for column in table.columns.iter().chain([&ledger_tables::RECORDED_AT, &ledger_tables::IS_DELETED]) {
            let key = if table.key.contains(&column.name) { "key" } else { "" };
            rows.push([
                "ledger".into(),
                table.name.into(),
                column.name.into(),
                sql_type(column.kind).into(),
                describe(column.description, key),
            ]);
        }
    }
    for metric in METRICS {
        let name = format!("{}/{}", metric.name, metric.convention);
        rows.push(["metrics".into(), "kpis".into(), name, metric.unit.into(), metric.formula.into()]);
    }
    let names = ["layer", "table_name", "column_name", "data_type", "description"];
    let schema = Arc::new(Schema::new(names.iter().map(|name| Field::new(*name, DataType::Utf8, false)).collect::<Vec<_>>()));
    let columns = (0..names.len()).map(|at| Arc::new(rows.iter().map(|row| Some(row[at].as_str())).collect::<StringArray>()) as _);
    let batch = RecordBatch::try_new(schema.clone(), columns.collect())?;
    let file = std::fs::File::create(path).map_err(|cause| io_error("write", path, &cause))?;
    let mut writer = ArrowWriter::try_new(file, schema, None)?;
    writer.write(&batch)?;
    writer.close()?;
    Ok(())
}

fn describe(description: &str, key: &str) -> String {
    if key.is_empty() { description.to_owned() } else { format!("{description} (key)") }
}

fn sql_type(kind: ledger_tables::Kind) -> &'static str {
    use ledger_tables::Kind;
    match kind {
        Kind::Id | Kind::Text | Kind::Word(_) | Kind::Currency => "VARCHAR",
        Kind::Date => "DATE",
        Kind::Instant => "TIMESTAMP WITH TIME ZONE",
        Kind::Amount | Kind::Percent => "DECIMAL(18,4)",
        Kind::Rate => "DECIMAL(18,10)",
        Kind::Integer => "BIGINT",
        Kind::Boolean => "BOOLEAN",
    }
}
