//! The SQL of the comparison, as one script for any DuckDB.

use super::{Line, TWINS, quality};
use crate::catalog::ledger_tables::{self, Column as LedgerColumn, Kind};
use crate::catalog::published::{Table, Type};
use crate::config::Config;
use crate::engine::quote;
use crate::ingest::known::{KnownAsOf, LedgerView};
use crate::ledger::currency::minor_digits;
use std::fmt::Write as _;

/// Differing cells that are shown of each column, and rows of each kind.
const SHOWN: usize = 3;

/// What is compared.
#[derive(Clone, Copy, Debug)]
pub struct Night<'a> {
    /// The configuration it was published with.
    pub config: &'a Config,
    /// The ledger it was published from, and what of it was known.
    pub view: &'a LedgerView,
    /// Where the ledger's files are, as seen from the output.
    pub ledger: &'a str,
    /// Its date, `YYYY-MM-DD`.
    pub as_of_date: &'a str,
    /// Where the engine may put what does not fit the memory.
    pub temporary: &'a str,
}

/// A script to be run in the output folder, and the query that gives what it found: lines of mart, kind and four more.
/// A line without a kind counts (rows in SQL, rows published, cells, differences); the others below it are examples.
pub fn script(night: &Night<'_>) -> (String, String) {
    let mut sql = format!(
        "-- Compares the night of {} with the SQL twins; written by arrears. To run it again: cd to the output, duckdb -init THIS\n\n\
         SET preserve_insertion_order = false;\nSET temp_directory = {};\n\n",
        night.as_of_date,
        quote(night.temporary)
    );
    parameters(&mut sql, night);
    files(&mut sql, night);
    quality::settings(&mut sql, night);
    for line in TWINS {
        if let Line::Input(name) = line {
            input(&mut sql, night, ledger_tables::Table::named(name).expect("inputs are canonical tables"));
        }
    }
    let _ = writeln!(sql, "CREATE VIEW documents AS\n{};\n", include_str!("../../../sql/inputs/documents.sql"));
    let _ = writeln!(sql, "CREATE TABLE calendar AS\n{};\n", include_str!("../../../sql/inputs/calendar.sql"));
    sql.push_str(
        "CREATE TABLE parity_counts (place BIGINT, mart VARCHAR, twin_rows BIGINT, published_rows BIGINT, cells BIGINT, differences BIGINT);\n\
         CREATE TABLE parity_examples (mart VARCHAR, kind VARCHAR, column_name VARCHAR, row_key VARCHAR, twin VARCHAR, published VARCHAR);\n\n",
    );
    for (place, line) in TWINS.iter().enumerate() {
        match line {
            Line::Input(_) => {}
            Line::Step(name, select) => drop(writeln!(sql, "CREATE TABLE {name} AS\n{select};\n")),
            Line::Drop(name) => drop(writeln!(sql, "DROP TABLE {name};\n")),
            Line::Mart(name, _, select) => {
                let _ = writeln!(sql, "CREATE TABLE twin_{name} AS\n{select};\nCREATE VIEW {name} AS SELECT * FROM twin_{name};\n");
                compare(&mut sql, night, Table::named(name).expect("marts are published tables"), place);
            }
        }
    }
    sql.push_str("SET preserve_insertion_order = true;\n");
    let query = "SELECT mart, kind, a, b, c, d FROM (\n\
        SELECT place, 0 AS rank, mart, NULL AS kind, CAST(twin_rows AS VARCHAR) AS a, CAST(published_rows AS VARCHAR) AS b,\n\
        \x20   CAST(cells AS VARCHAR) AS c, CAST(differences AS VARCHAR) AS d\n\
        FROM parity_counts\n\
        UNION ALL\n\
        SELECT n.place, 1, e.mart, e.kind, e.column_name, e.row_key, COALESCE(e.twin, 'null'), COALESCE(e.published, 'null')\n\
        FROM parity_examples AS e JOIN parity_counts AS n ON n.mart = e.mart\n\
        ) ORDER BY place, rank, kind, a, b";
    (sql, query.to_owned())
}

/// The tables that are not the ledger's: `parameters`, one line a column, `scope_pairs`, `alerts` and `currencies`.
fn parameters(sql: &mut String, night: &Night<'_>) {
    const RATE_UNITS: i64 = 10_000_000_000;
    let metrics = &night.config.metrics;
    let supplied = |table: &str| night.view.index.tables.contains_key(table).to_string();
    let rate = *metrics.late_interest_rate;
    let columns = [
        ("as_of", "DATE", quote(night.as_of_date)),
        ("base_currency", "VARCHAR", quote(&night.config.base_currency)),
        ("history_months", "BIGINT", night.config.history_months.to_string()),
        ("has_disputes", "BOOLEAN", supplied("disputes")),
        ("has_promises", "BOOLEAN", supplied("promises")),
        ("on_time_grace_days", "BIGINT", metrics.on_time_grace_days.to_string()),
        ("late_interest_rate", "DECIMAL(18,10)", format!("{}.{:010}", rate / RATE_UNITS, rate % RATE_UNITS)),
        ("history_start_date", "DATE", metrics.history_start_date.as_ref().map_or("NULL".to_owned(), |date| quote(&date.to_string()))),
    ];
    let columns: Vec<String> = columns.iter().map(|(name, kind, value)| format!("CAST({value} AS {kind}) AS {name}")).collect();
    let _ = writeln!(sql, "CREATE TABLE parameters AS SELECT {};", columns.join(", "));
    sql.push_str("CREATE TABLE scope_pairs (first_scope VARCHAR, second_scope VARCHAR);\n");
    for (first, second) in metrics.scope_pairs.iter().filter_map(|pair| pair.word().split_once(',')) {
        let _ = writeln!(sql, "INSERT INTO scope_pairs VALUES ({}, {});", quote(first), quote(second));
    }
    sql.push_str(
        "CREATE TABLE alerts (alert VARCHAR, metric VARCHAR, convention VARCHAR, time_window VARCHAR, scope VARCHAR, rule VARCHAR, threshold DOUBLE);\n",
    );
    for alert in &metrics.alerts {
        let words = [&alert.name, &alert.metric, &alert.convention, &alert.time_window, &alert.scope].map(|word| quote(word)).join(", ");
        let _ = writeln!(sql, "INSERT INTO alerts VALUES ({words}, '{}', {:?});", alert.rule.word(), alert.threshold);
    }
    let letters = || (b'A'..=b'Z').map(char::from);
    let codes = letters().flat_map(|a| letters().flat_map(move |b| letters().map(move |c| format!("{a}{b}{c}"))));
    let digits: Vec<String> = codes.filter_map(|code| Some(format!("({}, {})", quote(&code), minor_digits(&code)?))).collect();
    let _ = writeln!(sql, "CREATE TABLE currencies AS SELECT * FROM (VALUES {}) AS c (currency, minor_digits);\n", digits.join(", "));
}

/// Which delivered file is which, in what order they count, and the applications that this night leaves out: the twins
/// assume that no item is over-applied.
fn files(sql: &mut String, night: &Night<'_>) {
    sql.push_str("CREATE TABLE ledger_files (source_file INTEGER, follows_at BIGINT, says_at BIGINT, source VARCHAR, file VARCHAR, fills_from_customer BOOLEAN, default_payment_days BIGINT);\n");
    for (file, (follows, says)) in night.view.all_files.iter().zip(&night.view.files.file_positions) {
        let rule = night.config.sources.iter().find(|source| source.name == file.source).map(|source| source.due_dates).unwrap_or_default();
        let _ = writeln!(
            sql,
            "INSERT INTO ledger_files VALUES ({}, {follows}, {says}, {}, {}, {}, {});",
            file.number,
            quote(&file.source),
            quote(&file.file),
            rule.from_customer,
            rule.default_days.map_or("NULL".to_owned(), |days| days.to_string()),
        );
    }
    let _ = writeln!(
        sql,
        "CREATE TABLE over_applied AS\n\
         SELECT f.source_file, q.line AS source_line, q.record_key\n\
         FROM {} AS q JOIN ledger_files AS f ON f.source = q.source AND f.file = q.file\n\
         WHERE q.stage = 'ledger' AND q.table_name = 'applications' AND q.reason = 'over_applied';\n",
        published_file(night, "quarantine")
    );
}

fn published_file(night: &Night<'_>, table: &str) -> String {
    let path = format!("marts/as_of_date={}/{table}/part-00000.parquet", night.as_of_date);
    format!("read_parquet({}, hive_partitioning = false)", quote(&path))
}

/// A canonical table: of every key the version that counts, unless it says that the row is deleted. It goes by the key
/// itself, not by the store's hashes of it.
fn input(sql: &mut String, night: &Night<'_>, table: &ledger_tables::Table) {
    let name = table.name;
    // Due dates that no row says are filled in from other tables.
    let resolved = if name == "documents" { "documents_as_delivered" } else { name };
    let names = table.columns.iter().map(|column| column.name).chain(["source_file", "recorded_at"]).collect::<Vec<_>>().join(", ");
    let segments = night.view.index.tables.get(name).map(|files| files.segments.as_slice()).unwrap_or_default();
    if segments.is_empty() {
        let columns: Vec<String> = table.columns.iter().map(|column| format!("{} {}", column.name, sql_type(column))).collect();
        let columns = columns.join(", ");
        let _ = writeln!(
            sql,
            "CREATE TABLE {name}_versions ({columns}, recorded_at TIMESTAMP WITH TIME ZONE, is_deleted BOOLEAN, source_file INTEGER, source_line BIGINT);\n\
             CREATE VIEW {resolved} AS SELECT {names} FROM {name}_versions;\n",
        );
        return;
    }
    let segments: Vec<String> = segments.iter().map(|segment| quote(&format!("{}/{}", night.ledger, segment.file))).collect();
    let typed: Vec<String> = table.columns.iter().map(|column| format!("CAST({0} AS {1}) AS {0}", column.name, sql_type(column))).collect();
    let known = night
        .view
        .known_as_of
        .map(KnownAsOf::microseconds)
        .map_or("TRUE".to_owned(), |instant| format!("(recorded_at IS NULL OR epoch_us(recorded_at) <= {instant})"));
    let keys = table.key.join(", ");
    let same_key = |left: &str, right: &str| -> String {
        table.key.iter().map(|key| format!("{left}.{key} = {right}.{key}")).collect::<Vec<_>>().join(" AND ")
    };
    let left_in = if name == "applications" {
        " AND NOT EXISTS (SELECT 1 FROM over_applied AS o WHERE o.source_file = v.source_file AND o.source_line = v.source_line \
         AND o.record_key = v.company_id || '/' || v.application_id)"
    } else {
        ""
    };
    let _ = writeln!(
        sql,
        "CREATE VIEW {name}_versions AS\n\
         SELECT {}, recorded_at, COALESCE(is_deleted, FALSE) AS is_deleted, source_file, source_line\n\
         FROM read_parquet([{}])\n\
         WHERE {known};\n\
         CREATE TABLE {name}_repeated AS SELECT {keys} FROM {name}_versions GROUP BY {keys} HAVING COUNT(*) > 1;\n\
         CREATE TABLE {name}_latest AS\n\
         SELECT v.* FROM (\n\
         \x20   SELECT v.*, ROW_NUMBER() OVER (PARTITION BY {} ORDER BY v.recorded_at DESC NULLS LAST, CASE WHEN v.source_line > 0 THEN f.says_at ELSE f.follows_at END DESC, v.source_line DESC) AS place\n\
         \x20   FROM {name}_versions AS v JOIN {name}_repeated AS r ON {} JOIN ledger_files AS f ON f.source_file = v.source_file\n\
         ) AS v WHERE v.place = 1;\n\
         CREATE VIEW {resolved} AS\n\
         SELECT {names} FROM {name}_versions AS v\n\
         WHERE NOT is_deleted AND NOT EXISTS (SELECT 1 FROM {name}_repeated AS r WHERE {}){left_in}\n\
         UNION ALL\n\
         SELECT {names} FROM {name}_latest AS v WHERE NOT is_deleted{left_in};\n",
        typed.join(", "),
        segments.join(", "),
        table.key.iter().map(|key| format!("v.{key}")).collect::<Vec<_>>().join(", "),
        same_key("v", "r"),
        same_key("r", "v"),
    );
}

/// The type the twins take a column of the ledger for.
fn sql_type(column: &LedgerColumn) -> &'static str {
    match column.kind {
        Kind::Id | Kind::Text | Kind::Word(_) | Kind::Currency => "VARCHAR",
        Kind::Date => "DATE",
        Kind::Instant => "TIMESTAMP WITH TIME ZONE",
        Kind::Amount => "DECIMAL(18,4)",
        Kind::Percent | Kind::Rate => "DECIMAL(18,10)",
        Kind::Integer => "BIGINT",
        Kind::Boolean => "BOOLEAN",
    }
}

/// Compares `twin_<mart>` with the night's file, and notes what was compared and what differs.
fn compare(sql: &mut String, night: &Night<'_>, table: &Table, place: usize) {
    let name = table.name;
    let cells: Vec<_> = table.columns.iter().filter(|column| !table.key.contains(&column.name)).collect();
    let join = |glue: &str, part: &dyn Fn(&str) -> String| table.key.iter().map(|key| part(key)).collect::<Vec<_>>().join(glue);
    let first = table.key[0];
    let differs_by = |twin: &str, published: &str| -> Vec<String> {
        cells.iter().map(|column| differs(&format!("{twin}{}", column.name), &format!("{published}{}", column.name), column.kind)).collect()
    };
    let shown: Vec<String> = cells.iter().map(|column| format!("t.{0} AS twin_{0}, p.{0} AS published_{0}", column.name)).collect();
    let row_key = join(" || ', ' || ", &|key| format!("'{key} ' || COALESCE(CAST({key} AS VARCHAR), 'null')"));
    let _ = writeln!(
        sql,
        "CREATE VIEW published_{name} AS SELECT * FROM {}{};\n\
         CREATE TABLE differing_{name} AS\n\
         SELECT t.{first} IS NOT NULL AS in_twin, p.{first} IS NOT NULL AS is_published, {}, {}\n\
         FROM twin_{name} AS t FULL JOIN published_{name} AS p ON {}\n\
         WHERE t.{first} IS NULL OR p.{first} IS NULL OR {};",
        published_file(night, name),
        quality::spoken_of(name),
        join(", ", &|key| format!("COALESCE(t.{key}, p.{key}) AS {key}")),
        shown.join(", "),
        join(" AND ", &|key| format!("t.{key} = p.{key}")),
        differs_by("t.", "p.").join(" OR "),
    );
    let example = |sql: &mut String, kind: &str, column: &str, (twin, published): (&str, &str), condition: &str| {
        let _ = writeln!(
            sql,
            "INSERT INTO parity_examples SELECT '{name}', '{kind}', '{column}', {row_key}, {twin}, {published}\n\
             FROM differing_{name} WHERE {condition} ORDER BY {} LIMIT {SHOWN};",
            table.key.join(", ")
        );
    };
    let mut counted = vec!["COUNT(*) FILTER (WHERE NOT in_twin OR NOT is_published)".to_owned()];
    example(sql, "only in SQL", "", ("NULL", "NULL"), "NOT is_published");
    example(sql, "only published", "", ("NULL", "NULL"), "NOT in_twin");
    for (column, differs) in cells.iter().zip(differs_by("twin_", "published_")) {
        let condition = format!("in_twin AND is_published AND ({differs})");
        counted.push(format!("COUNT(*) FILTER (WHERE {condition})"));
        let value = |side: &str| format!("CAST({side}_{} AS VARCHAR)", column.name);
        example(sql, "cell", column.name, (&value("twin"), &value("published")), &condition);
    }
    let types: Vec<String> = table.columns.iter().map(|column| format!("('{}', '{}')", column.name, column.kind.sql())).collect();
    let doubled =
        |source: &str| format!("(SELECT COUNT(*) FROM (SELECT 1 FROM {source} GROUP BY {} HAVING COUNT(*) > 1))", table.key.join(", "));
    let _ = writeln!(
        sql,
        "INSERT INTO parity_examples SELECT '{name}', 'type', COALESCE(w.column_name, c.column_name), NULL, c.data_type, w.data_type\n\
         FROM (VALUES {}) AS w (column_name, data_type)\n\
         FULL JOIN (SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = 'twin_{name}') AS c ON c.column_name = w.column_name\n\
         WHERE w.data_type IS DISTINCT FROM c.data_type;",
        types.join(", ")
    );
    let _ = writeln!(
        sql,
        "INSERT INTO parity_examples SELECT '{name}', 'a key more than once', NULL, {0}, NULL, NULL FROM twin_{name} GROUP BY {1} HAVING COUNT(*) > 1 ORDER BY {1} LIMIT {SHOWN};\n\
         INSERT INTO parity_counts SELECT {place}, '{name}', (SELECT COUNT(*) FROM twin_{name}), (SELECT COUNT(*) FROM published_{name}),\n\
         \x20   ((SELECT COUNT(*) FROM twin_{name}) - COUNT(*) FILTER (WHERE NOT is_published)) * {2},\n\
         \x20   {3} + {4} + {5} + (SELECT COUNT(*) FROM parity_examples WHERE mart = '{name}' AND kind = 'type')\n\
         FROM differing_{name};\n",
        row_key,
        table.key.join(", "),
        cells.len(),
        counted.join(" + "),
        doubled(&format!("twin_{name}")),
        doubled(&format!("published_{name}")),
    );
}

/// Whether a cell differs: money, words and dates exactly, ratios by more than 1e-9 of 1 or, above 1, of themselves.
fn differs(twin: &str, published: &str, kind: Type) -> String {
    if kind == Type::Double {
        format!(
            "(({twin} IS NULL) <> ({published} IS NULL) OR isnan({twin}) OR isnan({published}) \
             OR abs({twin} - {published}) > 1e-9 * GREATEST(1.0, abs({twin})))"
        )
    } else {
        format!("{twin} IS DISTINCT FROM {published}")
    }
}
