//! What the twin of `quality_rules` asks of the configuration: limits, severities, and the days that rules go by.

use super::script::Night;
use crate::engine::quote;
use crate::ledger::calendar::date_of;
use crate::quality::RULES;
use std::fmt::Write as _;

/// `quality_parameters`, one row, and `quality_settings`, one for each rule.
pub(super) fn settings(sql: &mut String, night: &Night<'_>) {
    let config = &night.config.quality;
    // Writing to a string cannot fail.
    let _ = writeln!(
        sql,
        "CREATE TABLE quality_parameters AS SELECT CAST({} AS BIGINT) AS future_days, CAST({} AS BIGINT) AS unapplied_days, \
         CAST({} AS DATE) AS earliest_date, {} AS has_customers;\n\
         CREATE TABLE quality_settings (rule VARCHAR, severity VARCHAR, max_rows_share DOUBLE, max_amount_share DOUBLE);",
        *config.future_days,
        *config.unapplied_days,
        quote(&date_of(*config.earliest_date).to_string()),
        night.view.index.tables.contains_key("customers"),
    );
    for rule in RULES {
        let [rows, amount] = config.limits_of(rule);
        let severity = config.severity_of(rule).word();
        let _ = writeln!(sql, "INSERT INTO quality_settings VALUES ({}, '{severity}', {rows:?}, {amount:?});", quote(rule.name));
    }
}

/// Which rows of a published table its twin speaks of.
pub(super) fn spoken_of(table: &str) -> &'static str {
    // What is judged on characters and on files is not in the ledger's tables.
    if table == "quality_rules" { " WHERE rule IN (SELECT rule FROM twin_quality_rules)" } else { "" }
}
