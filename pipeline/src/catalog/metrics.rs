//! The metrics of `kpis`: what each is, in each of its conventions.
//!
//! AR is the receivable; NCS are net credit sales (invoices and debit notes less credit notes); days are those of the window,
//! both ends counted. Where nothing else is said, AR is in base currency at the closing rate of its date, and flows are at
//! historical rates. How they are computed stands in `marts/kpis.rs`, and a second time in `sql/marts/kpis.sql`.

/// One metric in one convention.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Its published name.
    pub name: &'static str,
    /// Which of its published definitions.
    pub convention: &'static str,
    /// Its unit: days, share, percent, count, per_year, per_window, base (currency) or document (currency).
    pub unit: &'static str,
    /// Its formula in words.
    pub formula: &'static str,
}

const fn metric(name: &'static str, convention: &'static str, unit: &'static str, formula: &'static str) -> Metric {
    Metric { name, convention, unit, formula }
}

/// Every metric, by name and convention.
pub const METRICS: &[Metric] = &[
    metric("ar_credit", "closing", "base", "open credit items (unapplied receipts, credit notes), positive"),
    metric("ar_credit", "document_currency", "document", "open credit items in document currency, scope currency only"),
    metric("ar_credit", "historical", "base", "open credit items at the rate of their document date"),
    metric("ar_credit", "without_disputed", "base", "open credit items, which are never disputed"),
    metric("ar_debit", "closing", "base", "open debit items"),
    metric("ar_debit", "document_currency", "document", "open debit items in document currency, scope currency only"),
    metric("ar_debit", "historical", "base", "open debit items at the rate of their document date"),
    metric("ar_debit", "without_disputed", "base", "open debit items less what is disputed of them"),
    metric("ar_net", "closing", "base", "open debit items less open credit items"),
    metric("ar_net", "document_currency", "document", "debit less credit in document currency, scope currency only"),
    metric("ar_net", "historical", "base", "debit less credit at the rates of their document dates"),
    metric("ar_net", "without_disputed", "base", "debit less what is disputed of it, less credit"),
    metric("average_collection_period", "begin_end", "days", "average AR of begin and end × days ÷ NCS = 365 ÷ turnover"),
    metric("average_collection_period", "daily", "days", "average of daily closing AR × days ÷ NCS"),
    metric("average_collection_period", "month_ends", "days", "average AR of begin, month ends between and end × days ÷ NCS"),
    metric("average_days_delinquent", "standard", "days", "DSO (conventional) − best possible DSO"),
    metric("best_possible_dso", "standard", "days", "open debit items with due date ≥ the period end ÷ NCS × days"),
    metric(
        "billing_lag",
        "by_amount",
        "days",
        "Σ amount × (document date − delivery date) ÷ Σ amount over invoices of the window with a delivery date",
    ),
    metric("billing_lag", "by_count", "days", "mean of document date − delivery date over invoices of the window with a delivery date"),
    metric(
        "collection_effectiveness_index",
        "cash_only",
        "percent",
        "AR relieved by receipts ÷ (AR at begin + NCS − AR at end not yet due) × 100",
    ),
    metric(
        "collection_effectiveness_index",
        "standard",
        "percent",
        "(AR at begin + NCS − AR at end) ÷ (AR at begin + NCS − AR at end not yet due) × 100",
    ),
    metric("collection_rate", "early_cash", "share", "cash applied in the month to items due later ÷ collectable"),
    metric(
        "collection_rate",
        "standard",
        "share",
        "cash applied in the month to collectable items ÷ collectable; collectable = (open at start + invoiced in the month) of items due by its end",
    ),
    metric("credit_note_rate", "by_amount", "share", "credit notes ÷ invoices dated in the window"),
    metric("credit_note_rate", "by_count", "share", "credit-note documents ÷ invoice documents dated in the window"),
    metric("customers_for_80_percent", "standard", "count", "the fewest customers that hold at least 80 % of the overdue debit"),
    metric("days_beyond_terms", "at_final_close", "days", "Σ item × its delay ÷ Σ item over items settled in the window with some cash"),
    metric("days_beyond_terms", "settled_items_only", "days", "Σ cash × its delay ÷ Σ cash of items settled in the window"),
    metric("days_beyond_terms", "standard", "days", "Σ cash × its delay ÷ Σ cash applied in the window, partial payments included"),
    metric(
        "discount_cost",
        "contractual",
        "share",
        "yearly: Σ discount offered × 365 ÷ Σ (amount − discount) × (due date − discount date)",
    ),
    metric("discount_cost", "standard", "share", "yearly: Σ discount taken × 365 ÷ Σ (cash paid × days before the due date)"),
    metric("discount_leaked", "amount", "base", "discounts taken after the discount date, by the day of their application"),
    metric("discount_missed", "amount", "base", "discounts offered until a day of the window and not taken in time"),
    metric(
        "discount_missed",
        "items",
        "share",
        "items whose discount was not taken in time ÷ items that offered one until a day of the window",
    ),
    metric("discount_taken", "amount", "base", "discounts offered until a day of the window and taken in time"),
    metric("discount_taken", "items", "share", "items whose discount was taken in time ÷ items that offered one until a day of the window"),
    metric(
        "dispute_days",
        "censored_median",
        "days",
        "Kaplan-Meier median of days in dispute, those still open counted as longer than their age",
    ),
    metric("dispute_days", "open_age", "days", "mean age of the open disputes"),
    metric("dispute_days", "open_count", "count", "number of open disputes"),
    metric("dispute_days", "standard", "days", "mean of closed − opened over the disputes closed in the window"),
    metric("disputed_share", "standard", "share", "disputed and overdue ÷ overdue"),
    metric("dso", "conventional", "days", "AR net at end ÷ NCS × days"),
    metric("dso", "count_back", "days", "days of the newest months whose NCS make up AR net, the last month in part"),
    metric("dso", "gross_sales", "days", "AR net at end ÷ (invoices + debit notes) × days"),
    metric("dso", "historical_rate", "days", "AR net at end at historical rates ÷ NCS × days"),
    metric("dso", "open_item_age", "days", "Σ open debit item × days since its document date ÷ Σ open debit items"),
    metric("dso", "without_unapplied", "days", "open debit items at end ÷ NCS × days"),
    metric("hhi", "standard", "share", "Σ net position² ÷ (Σ net position)² over the customers who owe; 1 is a single customer"),
    metric("late_interest_memo", "standard", "base", "Σ open × days past due × late_interest_rate ÷ 365: simple interest, a memo only"),
    metric("on_time_rate", "by_amount", "share", "amount settled on time ÷ (amount settled in the window + open past due)"),
    metric("on_time_rate", "by_count", "share", "items settled on time ÷ (items settled in the window + items open past due)"),
    metric("over_90_share", "standard", "share", "open debit items 91 or more days past due ÷ open debit items"),
    metric("over_90_share", "without_disputed", "share", "the same, disputed parts left out on both sides"),
    metric("overdue_share", "standard", "share", "open debit items past due ÷ open debit items"),
    metric("overdue_share", "without_disputed", "share", "the same, disputed parts left out on both sides"),
    metric("promises_kept", "broken", "share", "promises due in the window on which no cash came in time ÷ promises due"),
    metric(
        "promises_kept",
        "kept",
        "share",
        "promises due in the window on which at least the promised amount came in time ÷ promises due",
    ),
    metric(
        "promises_kept",
        "partly",
        "share",
        "promises due in the window on which some, but less than promised came in time ÷ promises due",
    ),
    metric("receivables_turnover", "begin_end", "per_year", "NCS ÷ average AR of begin and end × 365 ÷ days"),
    metric("receivables_turnover", "daily", "per_year", "NCS ÷ average of daily closing AR × 365 ÷ days"),
    metric("receivables_turnover", "daily_per_window", "per_window", "NCS ÷ average of daily closing AR"),
    metric("receivables_turnover", "month_ends", "per_year", "NCS ÷ average AR of begin, month ends between and end × 365 ÷ days"),
    metric("receivables_turnover", "month_ends_per_window", "per_window", "NCS ÷ average AR of begin, month ends between and end"),
    metric("receivables_turnover", "per_window", "per_window", "NCS ÷ average AR of begin and end"),
    metric("top_10_share", "standard", "share", "net positions of the ten largest customers ÷ those of all who owe"),
    metric("trapped_cash", "standard", "base", "AR net − open debit items not yet due"),
    metric(
        "weighted_average_terms",
        "standard",
        "days",
        "Σ amount × (due date − document date) ÷ Σ amount over invoices and debit notes of the window",
    ),
    metric("write_off_rate", "cohort", "share", "write-offs by as_of of the invoices and debit notes of the window ÷ NCS"),
    metric("write_off_rate", "standard", "share", "(write-offs applied in the window − reinstatements) ÷ NCS"),
];
