//! Published tables about the quality of what came in.

use super::published::{COMPANY, Table, date, double, integer, sum, text};

/// Every rule, how much of each file breaks it, and what the night did about it.
pub(super) const QUALITY_RULES: Table = Table {
    name: "quality_rules",
    description: "every rule of quality: rows and amounts that break it, by file and in all, its threshold, and what the night did",
    key: &["rule", "table_name", "source", "file"],
    columns: &[
        text("rule", "its name, as in arrears check NAME and [quality.rules.NAME]"),
        text("table_name", "the canonical table, or the shape of a flat file; '(all)' for a rule that nothing breaks at ingest"),
        text("source", "the source in the configuration; '(all)' in the row that the threshold is about"),
        text("file", "the file; '(all)' in the row that the threshold is about"),
        text("stage", "ingest: judged when a file is read; ledger: judged on the whole ledger, every night"),
        text("severity", "info: counted; warn: told when above the threshold; error: nothing is published then"),
        integer("row_count", "rows that break the rule; for columns that changed, columns"),
        integer("rows_checked", "rows that were looked at; null where a share of them says nothing"),
        double("rows_share", "row_count ÷ rows_checked"),
        double("max_rows_share", "the largest share of rows that may break the rule"),
        sum(
            "amount",
            "amounts of the rows that break it; stage ledger: base currency at historical rates, without sign; stage ingest: in whatever currency, to compare",
        ),
        sum("amount_checked", "amounts of the rows that were looked at"),
        double("amount_share", "amount ÷ amount_checked"),
        double("max_amount_share", "the largest share of amounts that may break the rule"),
        text("outcome", "holds: no row breaks it; noted: within the threshold, or only counted; warns; fails. Null for single files"),
    ],
    has_customer: false,
};

/// The sub-ledger beside the general ledger.
pub(super) const GL_TIE_OUT: Table = Table {
    name: "gl_tie_out",
    description: "open items at historical rates beside the control account of the general ledger, and what lies between the two, item by item",
    key: &["company_id", "balance_date", "account", "line"],
    columns: &[
        COMPANY,
        date("balance_date", "the day at whose end the two are compared"),
        text("account", "the control account; '(all)' for what several accounts of a company have together"),
        text(
            "line",
            "sub_ledger, control_account, difference (the first less the second), and the items that sum to it: left_out_documents, recorded_later, dated_later, left_out_applications, fx_rounding, unexplained",
        ),
        sum("amount", "base currency, historical rates, customers of the same group included; items are 0 where there is no difference"),
        integer("row_count", "documents or applications behind the line, where it is made of such"),
    ],
    has_customer: false,
};
