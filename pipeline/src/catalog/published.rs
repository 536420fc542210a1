//! What is published: every table of a night, its columns, units and keys.
//!
//! The Parquet schemas, `views.sql`, `dictionary.parquet` and the documentation come from here.

use super::{credit_reviews, expected_credit_loss, forecasts, quality, risk};

/// The type of a published column. No nested, unsigned or binary types: every engine reads these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// `VARCHAR`: identifiers and words.
    Text,
    /// `DATE`.
    Date,
    /// `BIGINT`.
    Integer,
    /// `BOOLEAN`.
    Boolean,
    /// `DOUBLE`: statistics and ratios, never money.
    Double,
    /// `DECIMAL(18,4)`: one amount.
    Amount,
    /// `DECIMAL(38,4)`: a sum of amounts.
    Sum,
}

impl Type {
    /// The SQL name of the type.
    pub fn sql(self) -> &'static str {
        match self {
            Type::Text => "VARCHAR",
            Type::Date => "DATE",
            Type::Integer => "BIGINT",
            Type::Boolean => "BOOLEAN",
            Type::Double => "DOUBLE",
            Type::Amount => "DECIMAL(18,4)",
            Type::Sum => "DECIMAL(38,4)",
        }
    }
}

/// One column of a published table.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub kind: Type,
    /// What it means, with its unit.
    pub description: &'static str,
}

/// One published table.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// What a row is.
    pub description: &'static str,
    /// The columns that identify a row, in sorting order.
    pub key: &'static [&'static str],
    /// All columns.
    pub columns: &'static [Column],
    /// Whether the view joins the customer's name.
    pub has_customer: bool,
}

impl Table {
    /// The table of that name.
    pub fn named(name: &str) -> Option<&'static Table> {
        TABLES.iter().find(|table| table.name == name)
    }
}

pub(super) const fn text(name: &'static str, description: &'static str) -> Column {
    Column { name, kind: Type::Text, description }
}
pub(super) const fn date(name: &'static str, description: &'static str) -> Column {
    Column { name, kind: Type::Date, description }
}
pub(super) const fn integer(name: &'static str, description: &'static str) -> Column {
    Column { name, kind: Type::Integer, description }
}
pub(super) const fn boolean(name: &'static str, description: &'static str) -> Column {
    Column { name, kind: Type::Boolean, description }
}
pub(super) const fn double(name: &'static str, description: &'static str) -> Column {
    Column { name, kind: Type::Double, description }
}
pub(super) const fn amount(name: &'static str, description: &'static str) -> Column {
    Column { name, kind: Type::Amount, description }
}
pub(super) const fn sum(name: &'static str, description: &'static str) -> Column {
    Column { name, kind: Type::Sum, description }
}

pub(super) const COMPANY: Column = text("company_id", "company of the ledger");
pub(super) const COMPANY_OR_ALL: Column = text("company_id", "company of the ledger; '(all)' is all companies together");
const SCOPE: Column = text(
    "scope",
    "what the row is grouped by: company, segment, region, country, industry, account_manager, payment_terms, currency, customer",
);
const SCOPE_VALUE: Column = text("scope_value", "the group; '(none)' where the label is missing");
const PERIOD_END: Column = date("period_end", "the day at whose end the figure holds: a month end, or as_of");

/// The published tables, by name.
pub const TABLES: &[Table] = &[
    Table {
        name: "aging",
        description: "open items by how long they are past due, or how old they are, at each period end; base currency at the closing rate",
        key: &["company_id", "scope", "scope_value", "period_end", "basis", "bucket"],
        columns: &[
            COMPANY_OR_ALL,
            SCOPE,
            SCOPE_VALUE,
            PERIOD_END,
            text("basis", "due_date: days past due; document_date: days since the document date"),
            text("bucket", "days, both ends included; not_due, no_due_date, and unapplied for credits"),
            sum("amount", "open amount, base currency, closing rate; credits negative"),
            integer("items", "number of open items"),
        ],
        has_customer: false,
    },
    Table {
        name: "behaviour_grid",
        description: "how many customers of each size pay in which way, and what they owe",
        key: &["company_id", "size", "behaviour"],
        columns: &[
            COMPANY,
            text(
                "size",
                "large: the customers that make the first four fifths of the sales of twelve months; medium: up to 95 %; small; none: no sales",
            ),
            text("behaviour", "stable class of payment behaviour, as in customer_behaviour"),
            integer("customers", "number of customers"),
            sum("sales_12m", "invoices and debit notes of the twelve months to the newest month end, base currency, historical rate"),
            sum("net_amount_base", "debit less credit at as_of, base currency, closing rate"),
            sum("overdue_amount_base", "open debit items past due at as_of, base currency, closing rate"),
        ],
        has_customer: false,
    },
    forecasts::CASH_BASELINES,
    forecasts::CASH_BRIDGE,
    forecasts::CASH_FORECAST,
    Table {
        name: "collection_curves",
        description: "how much of the invoices and debit notes of a month was collected within so many days; as known at as_of",
        key: &["company_id", "scope", "scope_value", "cohort_month", "days"],
        columns: &[
            COMPANY_OR_ALL,
            SCOPE,
            SCOPE_VALUE,
            date("cohort_month", "first day of the month in which the items are dated"),
            integer("days", "days since the document date: 30, 60, 90, 120, 180, 365"),
            integer("items", "number of items of more than nothing"),
            sum("billed", "their amounts, base currency, historical rate"),
            sum("credited", "credit notes applied to them by as_of"),
            sum("collected", "cash applied by as_of with an effective date within that many days of the document date"),
            double("rate", "collected ÷ (billed − credited)"),
            text("reason", "why rate is null: immature (the youngest item is younger than the days), zero_base, negative_base"),
            double(
                "estimate",
                "of an immature cell: share paid by then as the amount-weighted payment curve of the cohort has it; null beyond its oldest item",
            ),
        ],
        has_customer: false,
    },
    Table {
        name: "conditional_curves",
        description: "the probability that an item of a given age that is still open is paid within so many days",
        key: &["company_id", "scope", "scope_value", "weighting", "age", "horizon"],
        columns: &[
            COMPANY_OR_ALL,
            SCOPE,
            SCOPE_VALUE,
            text("weighting", "items: every item counts alike; amount: by base amount"),
            integer("age", "days since the document date on which it is open"),
            integer("horizon", "days from then on"),
            double("probability", "1 − S(age + horizon) ÷ S(age), S of payment_curves"),
            text("from_scope", "whose curve served: the scope's own, company, or all, where the own does not reach so far"),
            text("reason", "why probability is null: immature (nothing was observed so long)"),
        ],
        has_customer: false,
    },
    credit_reviews::CREDIT_REVIEWS,
    Table {
        name: "customer_behaviour",
        description: "how each customer pays: a class that is stable from night to night, its trend, and the month in which it changed",
        key: &["company_id", "customer_id"],
        columns: &[
            COMPANY,
            text("customer_id", "the customer"),
            date("evaluated_date", "the newest month end on or before as_of, to which everything here refers"),
            text(
                "size",
                "large: the customers that make the first four fifths of the company's sales of twelve months; medium: up to 95 %; small; none: no sales",
            ),
            text(
                "behaviour",
                "at_risk: a write-off in twelve months, or a quarter of what is open over 60 days past due; new: fewer than 5 settled items in twelve months; deteriorating: the last 3 months 10 days later than the 9 before; erratic: deviation of 20 days or more; slow_but_sure: more than 5 days late on average; reliable. Changes when two month ends in a row say so, to at_risk at once",
            ),
            text("behaviour_now", "the class that the newest month end alone gives"),
            integer("items", "items settled with some cash in the twelve months, those with a due date"),
            double("mean_delay", "their mean days late; early is negative"),
            double("delay_deviation", "standard deviation of the days late"),
            double("late_share", "share of them settled after the due date"),
            boolean("consistently_late", "late at least four times in five"),
            double("trend_days_per_month", "least squares slope: days by which the delay grows in a month"),
            date("change_month", "first month of another delay, where the change is beyond chance (largest F at least 12.35)"),
            double("change_days", "mean delay from then on less that before"),
            double("change_statistic", "F of the change; null where it explains everything"),
            sum("sales_12m", "invoices and debit notes of the twelve months, base currency, historical rate"),
            text("reason", "why the moments are null: too_few (fewer than 5 items)"),
        ],
        has_customer: true,
    },
    Table {
        name: "customer_positions",
        description: "what each customer owes at as_of, by currency",
        key: &["company_id", "customer_id", "currency"],
        columns: &[
            COMPANY,
            text("customer_id", "the customer"),
            text("currency", "document currency"),
            sum("debit_amount", "open debit items, document currency"),
            sum("credit_amount", "open credit items, document currency, positive"),
            sum("net_amount", "debit less credit, document currency"),
            sum("overdue_amount", "open debit items past due, document currency"),
            sum("debit_amount_base", "open debit items, base currency, closing rate"),
            sum("credit_amount_base", "open credit items, base currency, closing rate, positive"),
            sum("net_amount_base", "debit less credit, base currency, closing rate"),
            sum("overdue_amount_base", "open debit items past due, base currency, closing rate"),
            integer("open_items", "number of open items"),
            integer("overdue_items", "number of open debit items past due"),
            date("oldest_document_date", "document date of the oldest open debit item"),
            date("oldest_due_date", "earliest due date of the open debit items"),
            integer("days_past_due_max", "days past due of that item; negative when nothing is due yet"),
            amount("credit_limit", "credit limit, in credit_limit_currency"),
            text("credit_limit_currency", "currency of the limit"),
            double("utilisation", "net position in all currencies ÷ limit, both in base currency at the closing rate; share of 1"),
            text("utilisation_reason", "why utilisation is null"),
        ],
        has_customer: true,
    },
    risk::CUSTOMER_SCORES,
    Table {
        name: "data_quality",
        description: "how many rows of each file were read, accepted, repaired, unchanged or quarantined, and why",
        key: &["source", "file", "table_name", "measure", "reason"],
        columns: &[
            text("source", "the source in the configuration"),
            text("file", "the file, relative to the configuration"),
            text("table_name", "the canonical table"),
            text(
                "measure",
                "read, accepted, repaired, unchanged, quarantined, mended (of the quarantined: an overlay brought them in), left_out or finding",
            ),
            text("reason", "reason code; null for totals"),
            integer("row_count", "number of rows"),
            sum("amount", "their amounts in whatever currency, as far as they could be read"),
        ],
        has_customer: false,
    },
    risk::DEFAULT_EVENTS,
    Table {
        name: "delay_histogram",
        description: "days late of the items settled in the twelve months to as_of",
        key: &["company_id", "scope", "scope_value", "time_window", "days"],
        columns: &[
            COMPANY_OR_ALL,
            SCOPE,
            SCOPE_VALUE,
            text("time_window", "trailing_12m"),
            integer("days", "days from the due date to the effective date, early is negative; -30 and 180 hold what lies beyond"),
            integer("items", "number of items settled with some cash"),
            sum("amount", "their amounts, base currency, historical rate"),
        ],
        has_customer: false,
    },
    Table {
        name: "dso_bridge",
        description: "why the DSO (conventional, three months) changed from the period end before",
        key: &["company_id", "scope", "scope_value", "period_end", "part"],
        columns: &[
            COMPANY_OR_ALL,
            SCOPE,
            SCOPE_VALUE,
            PERIOD_END,
            text(
                "part",
                "opening, sales_volume, not_yet_due, overdue_undisputed (with items without due date), disputed, unapplied_credits, fx, closing",
            ),
            integer("part_order", "1 to 8, in the order in which the change is split"),
            sum("amount", "receivable (opening, closing) or its change, base currency; the changes sum to closing less opening exactly"),
            double("days", "the same in days of sales; opening and the parts sum to closing"),
            text("reason", "why days is null: no_sales, not_supplied"),
        ],
        has_customer: false,
    },
    expected_credit_loss::EXPECTED_CREDIT_LOSS,
    expected_credit_loss::EXPECTED_CREDIT_LOSS_BACKTEST,
    forecasts::FORECAST_ACCURACY,
    quality::GL_TIE_OUT,
    forecasts::INVOICE_FORECASTS,
    Table {
        name: "kpi_alerts",
        description: "the metrics that crossed a threshold of the configuration at as_of",
        key: &["company_id", "scope", "scope_value", "alert"],
        columns: &[
            COMPANY_OR_ALL,
            SCOPE,
            SCOPE_VALUE,
            text("alert", "its name in the configuration"),
            text("metric", "the metric of kpis"),
            text("convention", "its convention"),
            text("time_window", "its window"),
            text("rule", "above, below, rises_by, falls_by"),
            double("threshold", "the threshold, in the metric's unit"),
            date("previous_period_end", "the period end before as_of"),
            double("previous_value", "the metric then"),
            double("value", "the metric at as_of"),
            double("change", "value less previous_value"),
            text("bridge_part", "of a DSO: the part of dso_bridge that moved it most in that direction"),
            double("bridge_days", "by how many days"),
        ],
        has_customer: false,
    },
    Table {
        name: "kpis",
        description: "scalar metrics, one row per scope value, period end, window, metric and convention",
        key: &["company_id", "scope", "scope_value", "period_end", "time_window", "metric", "convention"],
        columns: &[
            COMPANY_OR_ALL,
            SCOPE,
            SCOPE_VALUE,
            date("period_start", "first day of the window"),
            PERIOD_END,
            text("time_window", "month, trailing_3m, trailing_12m, trailing_90d; point for what holds at the period end"),
            text("metric", "the metric"),
            text("convention", "which of its published definitions"),
            double("value", "the metric where it is not money; see unit"),
            sum("amount", "the metric where it is money; see unit"),
            sum("numerator", "numerator, base currency or count"),
            sum("denominator", "denominator, base currency or count"),
            text("unit", "days, share, percent, count, per_year, per_window, or a currency code"),
            text("reason", "why value or amount is null"),
            text("flags", "short_history: the window was shortened to the scope value's first invoice"),
        ],
        has_customer: false,
    },
    Table {
        name: "open_items",
        description: "every open item at as_of",
        key: &["company_id", "document_id", "item_no"],
        columns: &[
            COMPANY,
            text("document_id", "the document"),
            integer("item_no", "the item (instalment)"),
            text("document_type", "what kind of document"),
            text("side", "debit or credit"),
            text("customer_id", "the customer"),
            text("currency", "document currency"),
            date("document_date", "business date of the document"),
            date("due_date", "when the item is due"),
            text("payment_terms", "terms as worded, else net N from the dates"),
            text("account_manager", "the document's, else the customer's"),
            amount("amount", "the item's amount, document currency"),
            amount("open_amount", "what is open of it, document currency; credits negative"),
            amount("open_amount_base", "the same in base currency at the closing rate"),
            amount("open_amount_base_historical", "the same in base currency at the document date's rate"),
            integer("days_past_due", "as_of less due date: 0 on the due date, 1 on the first late day; null on credits"),
            integer("document_age_days", "as_of less document date"),
            text("bucket", "aging bucket by due date"),
            amount("disputed_amount", "disputed part of the open amount, document currency; null when no disputes are supplied"),
            amount("disputed_amount_base", "the same in base currency at the closing rate"),
        ],
        has_customer: true,
    },
    credit_reviews::OVERRIDE_OUTCOMES,
    Table {
        name: "payment_curves",
        description: "how many invoices and debit notes are still unpaid so many days after their date, and what the others left by; Kaplan-Meier and Aalen-Johansen, as known at as_of",
        key: &["company_id", "scope", "scope_value", "weighting", "days"],
        columns: &[
            COMPANY_OR_ALL,
            SCOPE,
            SCOPE_VALUE,
            text("weighting", "items: every item counts alike; amount: by base amount at the historical rate"),
            integer("days", "days since the document date: 0 to 365, and every later day on which something was settled"),
            sum("at_risk", "items or amount open and under observation on that day"),
            sum("paid", "items or amount settled mainly by cash or discount on it"),
            double("survival", "share still unpaid after it, everything not paid taken for not paid yet"),
            double("standard_error", "Greenwood's standard error of survival; items only, null once survival is 0"),
            double("survival_lower", "lower end of its 95 % interval (log-log)"),
            double("survival_upper", "upper end of its 95 % interval"),
            double("incidence_cash", "share settled by cash or discount by then"),
            double("incidence_credit", "share settled by credit note or other reduction by then"),
            double("incidence_write_off", "share written off by then"),
            double("open_share", "share open after it; with the three incidences it sums to 1"),
        ],
        has_customer: false,
    },
    Table {
        name: "payment_delays",
        description: "how late items were settled in each window that ends at as_of, and how long after their date",
        key: &["company_id", "scope", "scope_value", "time_window", "measure"],
        columns: &[
            COMPANY_OR_ALL,
            SCOPE,
            SCOPE_VALUE,
            text("time_window", "month, trailing_3m, trailing_12m, trailing_90d; customers: trailing_3m"),
            text("measure", "delay: days from the due date, early is negative; days_to_pay: days from the document date"),
            integer("items", "items settled with some cash in the window"),
            integer("open_items", "open invoice and debit-note items at as_of"),
            double("mean", "mean days; leaves out what is still open, so read the censored quantiles too"),
            double("weighted_mean", "mean days weighted by amount"),
            integer("p10", "10 % were settled within so many days"),
            integer("p25", "25 %"),
            integer("p50", "the median"),
            integer("p75", "75 %"),
            integer("p90", "90 %"),
            integer("p95", "95 %"),
            text("reason", "why these are null: too_few (fewer than 5 items)"),
            integer(
                "censored_p10",
                "days_to_pay: day by which 10 % of all items are paid, open ones taken for not paid yet (payment_curves)",
            ),
            integer("censored_p25", "25 %"),
            integer("censored_p50", "the median"),
            integer("censored_p75", "75 %"),
            integer("censored_p90", "90 %"),
            integer("censored_p95", "95 %"),
            text("censored_reason", "why one of these is null: too_few items, or immature (so many are not paid yet)"),
        ],
        has_customer: false,
    },
    quality::QUALITY_RULES,
    Table {
        name: "quarantine",
        description: "rows that could not be used, with the reason: unreadable ones (of each file and reason the first 100,000; all are counted in data_quality), and those that other rows break",
        key: &["source", "file", "line", "table_name", "reason", "record_key"],
        columns: &[
            text("source", "the source in the configuration"),
            text("file", "the file, relative to the configuration"),
            integer("line", "line (CSV) or row (Parquet), from 1"),
            text("table_name", "the canonical table"),
            text("column_name", "the column at fault, if it is one column"),
            text("reason", "reason code"),
            text("detail", "what was found"),
            text("record_key", "key of the row where it could be read"),
            text("raw_text", "the row as it stands in the file; null for rows that are kept in the ledger"),
            text(
                "stage",
                "ingest: never entered the ledger; mended: an overlay brought it in since; ledger: kept there, left out of this night, judged afresh every run",
            ),
        ],
        has_customer: false,
    },
    Table {
        name: "restatement_rows",
        description: "the items that make up each restated amount of roll_forward and aging, summing to its difference; what no item explains is a row without a document",
        key: &["company_id", "scope", "scope_value", "table_name", "period_end", "line", "document_id", "item_no"],
        columns: &[
            COMPANY_OR_ALL,
            text("scope", "company or currency"),
            SCOPE_VALUE,
            text("table_name", "roll_forward or aging"),
            PERIOD_END,
            text("line", "line of roll_forward, or basis/bucket of aging"),
            text("document_id", "the document; null for what no item explains"),
            integer("item_no", "the item (instalment)"),
            sum("first_amount", "what the item added to the amount as the first night saw the ledger, base currency"),
            sum("amount", "what it adds now, base currency"),
            sum("difference", "amount less first_amount"),
            text(
                "cause",
                "new_document, changed_document, deleted_document, applications, rates, customer (became or ceased to be of the same group); without a document: other (such as another configuration then), further_items (smaller ones, where there are millions)",
            ),
        ],
        has_customer: false,
    },
    Table {
        name: "restatements",
        description: "figures of earlier period ends that the first night to publish them said otherwise: amounts of roll_forward and aging, ratios of kpis; scopes company and currency",
        key: &["company_id", "scope", "scope_value", "table_name", "period_end", "line"],
        columns: &[
            COMPANY_OR_ALL,
            text("scope", "company or currency"),
            SCOPE_VALUE,
            text("table_name", "roll_forward, aging or kpis"),
            PERIOD_END,
            text("line", "line of roll_forward, basis/bucket of aging, metric/convention/time_window of kpis"),
            date("first_as_of_date", "the oldest night on or after the period end, and before this one"),
            sum("first_amount", "what that night published, base currency; 0 where it had no such line; null for ratios"),
            sum("amount", "what this night publishes, base currency; null for ratios"),
            double("first_value", "the ratio that night published; null where undefined or not there, and for amounts"),
            double("value", "the ratio this night publishes"),
        ],
        has_customer: false,
    },
    risk::RISK_DRIFT,
    risk::RISK_PERFORMANCE,
    Table {
        name: "roll_forward",
        description: "how the receivable moved from the month end before to the period end; base currency",
        key: &["company_id", "scope", "scope_value", "period_end", "line"],
        columns: &[
            COMPANY_OR_ALL,
            SCOPE,
            SCOPE_VALUE,
            PERIOD_END,
            text(
                "line",
                "opening and closing at their own closing rates; document types at historical rates, signed; transfer, realised_fx, unrealised_fx; residual, always 0",
            ),
            sum("amount", "base currency"),
        ],
        has_customer: false,
    },
    Table {
        name: "roll_rates",
        description: "what became by the period end of what was open at the month end before; base currency, historical rates",
        key: &["company_id", "scope", "scope_value", "period_end", "from_bucket", "to_bucket"],
        columns: &[
            COMPANY_OR_ALL,
            SCOPE,
            SCOPE_VALUE,
            PERIOD_END,
            text("from_bucket", "aging bucket by due date at the month end before"),
            text("to_bucket", "bucket at the period end, write_off, or settled (by cash, credit, or anything else)"),
            sum("amount", "what stayed open, was written off, or was settled of the opening amount"),
            integer("items", "number of items, each counted once"),
            double("rate", "amount ÷ opening amount of the bucket; the rates of a bucket sum to 1"),
            text("reason", "why rate is null: zero_base"),
        ],
        has_customer: false,
    },
    risk::SCORE_POINTS,
    super::worklist::WORKLIST,
];

/// Words that SQL engines reserve: no published column may be called so.
#[cfg(test)]
const SQL_WORDS: &[&str] = &[
    "window",
    "table",
    "value_of",
    "order",
    "group",
    "select",
    "from",
    "to",
    "end",
    "start",
    "date",
    "time",
    "timestamp",
    "interval",
    "case",
    "when",
    "rows",
    "range",
    "user",
    "primary",
    "key",
    "check",
    "default",
    "column",
    "desc",
    "asc",
    "limit",
    "offset",
    "partition",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted_keys_are_columns_and_no_column_is_an_sql_word() {
        assert!(TABLES.windows(2).all(|pair| pair[0].name < pair[1].name));
        for table in TABLES {
            for key in table.key {
                assert!(table.columns.iter().any(|column| column.name == *key), "{}.{key}", table.name);
            }
            for column in table.columns {
                assert!(!SQL_WORDS.contains(&column.name), "{}.{}", table.name, column.name);
            }
        }
    }
}
