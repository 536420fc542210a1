//! `kpis`: every scalar metric, from the measures of a scope value to a row that says what it is, what it was divided by,
//! and why it is null.
//!
//! A metric is a line of [`definitions`]: its convention, the measures it divides, its unit, and the rule by which it is
//! undefined. Ratios are computed from summed numerators and denominators, never averaged; what is undefined is null
//! with a reason, never 0, infinite or NaN. Definitions: `metrics.md`, B2, B5–B8, K1–K9, K15, K18, K22.

use super::frame::{SCALE, SUM_PRECISION};
use super::measures::{LateInterest, ScopeRow, balances, windows};
use crate::error::Result;
use crate::ledger::book::Supplied;
use crate::ledger::timeline::Timeline;
use polars::prelude::*;

/// What the metrics of a night need to know beside the measures.
#[derive(Clone, Debug)]
pub struct KpiOptions {
    /// ISO code of the base currency: the unit of amounts.
    pub base_currency: String,
    /// What was supplied; metrics of what was not are null, `not_supplied`.
    pub supplied: Supplied,
    /// How interest for paying late is reckoned.
    pub late_interest: LateInterest,
    /// Every convention and window for scope customer, not only the defaults.
    pub all_for_customers: bool,
}

/// Which measures a metric reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Frame {
    /// At the period end.
    Point,
    /// Over each window.
    Windows,
}

/// When a metric is undefined, and what to say then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Undefined {
    /// Never: it is an amount.
    Never,
    /// Net or gross sales of nothing or less: `no_sales`.
    WithoutSales,
    /// A base of nothing, `zero_base`, or less, `negative_base`.
    WithoutBase,
    /// Both of the above: the numerator is a base, the denominator sales.
    WithoutSalesOrBase,
    /// Where this measure says why.
    AsMeasured(&'static str),
}

/// What optional part of the ledger a metric is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Needs {
    Nothing,
    Disputes,
    Promises,
    DiscountTerms,
    DeliveryDates,
}

impl Needs {
    fn is_supplied(self, supplied: &Supplied) -> bool {
        match self {
            Needs::Nothing => true,
            Needs::Disputes => supplied.disputes,
            Needs::Promises => supplied.promises,
            Needs::DiscountTerms => supplied.discount_terms,
            Needs::DeliveryDates => supplied.delivery_dates,
        }
    }
}

/// Where a metric is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Published {
    /// In every scope.
    Everywhere,
    /// For customers only with `customer_conventions = "all"`.
    NotForCustomers,
    /// Never for customers: it compares them, or needs more of the past than is kept of a customer.
    NeverForCustomers,
    /// Scope currency only.
    ByCurrency,
    /// Window `month` only, and not for customers by default.
    Monthly,
}

/// One metric in one convention.
struct Definition {
    metric: &'static str,
    convention: &'static str,
    frame: Frame,
    /// The value in `unit`, as an expression over doubles; `None` for an amount.
    value: Option<Expr>,
    /// The amount: a measure.
    amount: Option<&'static str>,
    numerator: Option<&'static str>,
    denominator: Option<&'static str>,
    unit: &'static str,
    undefined: Undefined,
    needs: Needs,
    published: Published,
}

/// Computes the rows of `kpis` for some scope values, sorted by key. `first_rank` is the rank of the first among all.
///
/// # Errors
/// When Polars fails.
pub fn kpis(rows: &[ScopeRow], first_rank: usize, timeline: &Timeline, options: &KpiOptions) -> Result<DataFrame> {
    let points = derived_point(balances(rows, first_rank, timeline, options.late_interest)?.lazy()).collect()?;
    let windows = windows(rows, first_rank, timeline, options.all_for_customers)?;
    let mut definitions = definitions();
    definitions.sort_by_key(|definition| (definition.metric, definition.convention));
    let parts: Vec<LazyFrame> = definitions
        .iter()
        .enumerate()
        .map(|(position, definition)| {
            let frame = if definition.frame == Frame::Point { &points } else { &windows };
            select(frame.clone().lazy(), definition, position, options)
        })
        .collect();
    let all = concat(parts, UnionArgs { rechunk: false, parallel: true, ..UnionArgs::default() })?;
    Ok(all.sort(["order"], SortMultipleOptions::default()).drop(cols(["order"])).collect()?)
}

fn double(name: &str) -> Expr {
    col(name).cast(DataType::Float64)
}

fn share(numerator: &'static str, denominator: &'static str) -> Expr {
    double(numerator) / double(denominator)
}

/// Measures that are sums or differences of others.
fn derived_point(frame: LazyFrame) -> LazyFrame {
    let less = |whole: &str, part: &str, name: &str| (col(whole) - col(part)).alias(name);
    frame.with_columns([
        less("debit", "disputed", "debit_undisputed"),
        less("net", "disputed", "net_undisputed"),
        less("overdue", "disputed_overdue", "overdue_undisputed"),
        less("over_90", "disputed_over_90", "over_90_undisputed"),
        lit(NULL).cast(DataType::String).alias("flags"),
        lit("point").alias("time_window"),
        col("period_end").alias("period_start"),
    ])
}

fn select(frame: LazyFrame, definition: &Definition, position: usize, options: &KpiOptions) -> LazyFrame {
    let not_customer = col("scope").neq(lit("customer"));
    let frame = match definition.published {
        Published::Everywhere => frame,
        Published::NotForCustomers if options.all_for_customers => frame,
        Published::NotForCustomers | Published::NeverForCustomers => frame.filter(not_customer),
        Published::ByCurrency => frame.filter(col("scope").eq(lit("currency"))),
        Published::Monthly if options.all_for_customers => frame.filter(col("time_window").eq(lit("month"))),
        Published::Monthly => frame.filter(col("time_window").eq(lit("month")).and(not_customer)),
    };
    let reason = reason(definition, options);
    let defined = reason.clone().is_null();
    let sum_type = DataType::Decimal(SUM_PRECISION, SCALE);
    let sum = |name: Option<&'static str>| name.map_or(lit(NULL).cast(sum_type.clone()), |name| col(name).cast(sum_type.clone()));
    let value = definition.value.clone().unwrap_or_else(|| lit(NULL)).cast(DataType::Float64);
    let unit = match definition.unit {
        "base" => lit(options.base_currency.clone()),
        "document" => col("scope_value"),
        unit => lit(unit),
    };
    let metric_rank = u64::try_from(position).unwrap_or(u64::MAX);
    frame.select([
        (col("order") + lit(metric_rank)).alias("order"),
        col("company_id"),
        col("scope"),
        col("scope_value"),
        col("period_start"),
        col("period_end"),
        col("time_window"),
        lit(definition.metric).alias("metric"),
        lit(definition.convention).alias("convention"),
        when(defined.clone()).then(value).otherwise(lit(NULL)).alias("value"),
        when(defined).then(sum(definition.amount)).otherwise(lit(NULL)).alias("amount"),
        sum(definition.numerator).alias("numerator"),
        sum(definition.denominator).alias("denominator"),
        unit.alias("unit"),
        reason.alias("reason"),
        col("flags"),
    ])
}

/// Why the metric is undefined in a row, or null.
fn reason(definition: &Definition, options: &KpiOptions) -> Expr {
    let none = lit(NULL).cast(DataType::String);
    if !definition.needs.is_supplied(&options.supplied) {
        return lit("not_supplied");
    }
    // A measure's sign survives the conversion to a double exactly.
    let sign = |name: Option<&'static str>| name.map_or(lit(1.0), double);
    let without_base = |base: Expr, otherwise: Expr| {
        when(base.clone().eq(lit(0.0))).then(lit("zero_base")).when(base.lt(lit(0.0))).then(lit("negative_base")).otherwise(otherwise)
    };
    match definition.undefined {
        Undefined::Never => none,
        Undefined::WithoutSales => when(sign(definition.denominator).lt_eq(lit(0.0))).then(lit("no_sales")).otherwise(none),
        Undefined::WithoutBase => without_base(sign(definition.denominator), none),
        Undefined::WithoutSalesOrBase => {
            let base = without_base(sign(definition.numerator), none);
            when(sign(definition.denominator).lt_eq(lit(0.0))).then(lit("no_sales")).otherwise(base)
        }
        Undefined::AsMeasured(reason) => col(reason),
    }
}

/// Every metric in every convention.
fn definitions() -> Vec<Definition> {
    let mut all = receivables();
    all.extend(shares());
    all.extend(days_sales_outstanding());
    all.extend(efficiency());
    all.extend(collecting());
    all.extend(discounts());
    all.extend(disputes_and_promises());
    all
}

/// An amount at the period end.
fn amount(metric: &'static str, convention: &'static str, measure: &'static str, published: Published) -> Definition {
    Definition {
        metric,
        convention,
        frame: Frame::Point,
        value: None,
        amount: Some(measure),
        numerator: None,
        denominator: None,
        unit: if published == Published::ByCurrency { "document" } else { "base" },
        undefined: Undefined::Never,
        needs: if convention == "without_disputed" { Needs::Disputes } else { Needs::Nothing },
        published,
    }
}

/// `numerator ÷ denominator` × something, at the period end.
fn point(metric: &'static str, convention: &'static str, value: Expr, parts: [&'static str; 2], unit: &'static str) -> Definition {
    Definition {
        metric,
        convention,
        frame: Frame::Point,
        value: Some(value),
        amount: None,
        numerator: Some(parts[0]),
        denominator: Some(parts[1]),
        unit,
        undefined: Undefined::WithoutBase,
        needs: if convention == "without_disputed" { Needs::Disputes } else { Needs::Nothing },
        published: if convention == "standard" { Published::Everywhere } else { Published::NotForCustomers },
    }
}

/// `numerator ÷ denominator` × something, over each window.
fn window(
    metric: &'static str,
    convention: &'static str,
    value: Expr,
    parts: [&'static str; 2],
    unit: &'static str,
    undefined: Undefined,
) -> Definition {
    let is_default = matches!(convention, "standard" | "conventional" | "begin_end" | "by_count" | "kept");
    Definition {
        metric,
        convention,
        frame: Frame::Windows,
        value: Some(value),
        amount: None,
        numerator: Some(parts[0]),
        denominator: Some(parts[1]),
        unit,
        undefined,
        needs: Needs::Nothing,
        published: if is_default { Published::Everywhere } else { Published::NotForCustomers },
    }
}

/// B2 and K22: amounts.
fn receivables() -> Vec<Definition> {
    use Published::{ByCurrency, Everywhere, NotForCustomers};
    vec![
        amount("ar_debit", "closing", "debit", Everywhere),
        amount("ar_debit", "historical", "debit_historical", NotForCustomers),
        amount("ar_debit", "document_currency", "debit_document", ByCurrency),
        amount("ar_debit", "without_disputed", "debit_undisputed", NotForCustomers),
        amount("ar_credit", "closing", "credit", Everywhere),
        amount("ar_credit", "historical", "credit_historical", NotForCustomers),
        amount("ar_credit", "document_currency", "credit_document", ByCurrency),
        amount("ar_credit", "without_disputed", "credit", NotForCustomers),
        amount("ar_net", "closing", "net", Everywhere),
        amount("ar_net", "historical", "net_historical", NotForCustomers),
        amount("ar_net", "document_currency", "net_document", ByCurrency),
        amount("ar_net", "without_disputed", "net_undisputed", NotForCustomers),
        amount("trapped_cash", "standard", "positive_net_of_due", Everywhere),
    ]
}

/// B5–B8: shares of the receivable, and how many customers hold it.
fn shares() -> Vec<Definition> {
    let across = |mut definition: Definition| {
        definition.published = Published::NeverForCustomers;
        definition
    };
    let disputed = Definition {
        needs: Needs::Disputes,
        ..point("disputed_share", "standard", share("disputed_overdue", "overdue"), ["disputed_overdue", "overdue"], "share")
    };
    let undisputed = |metric, part| point(metric, "without_disputed", share(part, "debit_undisputed"), [part, "debit_undisputed"], "share");
    vec![
        point("overdue_share", "standard", share("overdue", "debit"), ["overdue", "debit"], "share"),
        undisputed("overdue_share", "overdue_undisputed"),
        point("over_90_share", "standard", share("over_90", "debit"), ["over_90", "debit"], "share"),
        undisputed("over_90_share", "over_90_undisputed"),
        disputed,
        across(point("top_10_share", "standard", share("top_10", "positive"), ["top_10", "positive"], "share")),
        across(point("hhi", "standard", col("hhi"), ["squares", "squared_sum"], "share")),
        across(point("customers_for_80_percent", "standard", col("customers_80"), ["held_80", "overdue_80"], "count")),
    ]
}

/// K1–K5: days.
fn days_sales_outstanding() -> Vec<Definition> {
    use Undefined::WithoutSales;
    let of_days = |numerator, denominator| share(numerator, denominator) * col("days");
    let dso = |convention, numerator, denominator| {
        window("dso", convention, of_days(numerator, denominator), [numerator, denominator], "days", WithoutSales)
    };
    let count_back = Definition {
        denominator: None,
        undefined: Undefined::AsMeasured("count_back_reason"),
        published: Published::NeverForCustomers,
        ..point("dso", "count_back", col("count_back"), ["net", "net"], "days")
    };
    vec![
        dso("conventional", "net", "ncs"),
        dso("historical_rate", "net_historical", "ncs"),
        dso("without_unapplied", "debit", "ncs"),
        dso("gross_sales", "net", "gross_sales"),
        count_back,
        point("dso", "open_item_age", share("age_weighted", "debit"), ["age_weighted", "debit"], "days"),
        window("best_possible_dso", "standard", of_days("not_due", "ncs"), ["not_due", "ncs"], "days", WithoutSales),
        window("average_days_delinquent", "standard", of_days("overdue_net", "ncs"), ["overdue_net", "ncs"], "days", WithoutSales),
    ]
}

/// K6–K9, K15, K18: rates of collection, turnover, terms and write-off.
fn efficiency() -> Vec<Definition> {
    use Undefined::{WithoutBase, WithoutSales, WithoutSalesOrBase};
    let percent = |numerator| share(numerator, "collectable") * lit(100.0);
    let index = |convention, numerator| {
        window("collection_effectiveness_index", convention, percent(numerator), [numerator, "collectable"], "percent", WithoutBase)
    };
    // Average receivable of each convention: the published average is rounded to four decimals, the metric is not.
    let averages = [
        ("begin_end", "per_window", "begin_end_average", double("begin_end_sum") / lit(2.0)),
        ("month_ends", "month_ends_per_window", "month_end_average", double("month_end_sum") / col("month_end_count")),
        ("daily", "daily_per_window", "daily_average", col("daily_sum") / col("days")),
    ];
    let mut all = vec![index("standard", "collected"), index("cash_only", "cash")];
    for (yearly, per_window, published, average) in averages {
        let turnover = double("ncs") / average.clone();
        let annual = turnover.clone() * lit(365.0) / col("days");
        let period = average * col("days") / double("ncs");
        all.push(window("receivables_turnover", yearly, annual, ["ncs", published], "per_year", WithoutBase));
        all.push(window("receivables_turnover", per_window, turnover, ["ncs", published], "per_window", WithoutBase));
        all.push(window("average_collection_period", yearly, period, [published, "ncs"], "days", WithoutSalesOrBase));
    }
    let terms = ["terms_weighted", "terms_amount"];
    all.push(window("weighted_average_terms", "standard", share(terms[0], terms[1]), terms, "days", WithoutSales));
    all.push(window("write_off_rate", "standard", share("written_off", "ncs"), ["written_off", "ncs"], "share", WithoutSales));
    let cohort = ["cohort_written_off", "ncs"];
    let cohort = window("write_off_rate", "cohort", share(cohort[0], cohort[1]), cohort, "share", WithoutSales);
    all.push(Definition { published: Published::Monthly, ..cohort });
    all
}

/// K10, K12, K14, K19, K23, K24: how fast and how surely money comes in, and what delays the asking.
fn collecting() -> Vec<Definition> {
    use Undefined::{WithoutBase, WithoutSales};
    let rate = |convention, numerator| {
        let parts = [numerator, "month_collectable"];
        let definition = window("collection_rate", convention, share(parts[0], parts[1]), parts, "share", WithoutBase);
        Definition { published: Published::Monthly, ..definition }
    };
    let delay = |convention, numerator, denominator| {
        window("days_beyond_terms", convention, share(numerator, denominator), [numerator, denominator], "days", WithoutBase)
    };
    let on_time = |convention, numerator, denominator| {
        window("on_time_rate", convention, share(numerator, denominator), [numerator, denominator], "share", WithoutBase)
    };
    let lag = |convention, numerator, denominator| Definition {
        needs: Needs::DeliveryDates,
        ..window("billing_lag", convention, share(numerator, denominator), [numerator, denominator], "days", WithoutSales)
    };
    let credit_notes = |convention, numerator, denominator| {
        window("credit_note_rate", convention, share(numerator, denominator), [numerator, denominator], "share", WithoutSales)
    };
    vec![
        rate("standard", "cash_collected"),
        rate("early_cash", "cash_collected_early"),
        delay("standard", "cash_delay", "cash_due"),
        delay("settled_items_only", "settled_cash_delay", "settled_cash"),
        delay("at_final_close", "settled_amount_delay", "settled_amount"),
        on_time("by_count", "on_time_items", "settled_or_late_items"),
        on_time("by_amount", "on_time_amount", "settled_or_late_amount"),
        lag("by_count", "lag_days", "lag_items"),
        lag("by_amount", "lag_amount_days", "lag_amount"),
        credit_notes("by_count", "credit_note_documents", "invoice_documents"),
        credit_notes("by_amount", "credit_notes", "invoices"),
        Definition {
            numerator: Some("overdue_days_weighted"),
            ..amount("late_interest_memo", "standard", "late_interest", Published::Everywhere)
        },
    ]
}

/// K16, K17: discounts for paying early, and what they cost.
fn discounts() -> Vec<Definition> {
    let of_amount = |metric, measure, denominator| Definition {
        metric,
        convention: "amount",
        frame: Frame::Windows,
        value: None,
        amount: Some(measure),
        numerator: Some(measure),
        denominator,
        unit: "base",
        undefined: Undefined::Never,
        needs: Needs::DiscountTerms,
        published: Published::Everywhere,
    };
    let of_items = |metric, measure| Definition {
        needs: Needs::DiscountTerms,
        ..window(
            metric,
            "items",
            share(measure, "discount_offered_items"),
            [measure, "discount_offered_items"],
            "share",
            Undefined::WithoutBase,
        )
    };
    let cost = |convention, numerator, denominator| Definition {
        needs: Needs::DiscountTerms,
        ..window(
            "discount_cost",
            convention,
            share(numerator, denominator) * lit(365.0),
            [numerator, denominator],
            "share",
            Undefined::WithoutBase,
        )
    };
    vec![
        of_amount("discount_taken", "discount_taken", Some("discount_offered")),
        of_items("discount_taken", "discount_taken_items"),
        of_amount("discount_missed", "discount_missed", Some("discount_offered")),
        of_items("discount_missed", "discount_missed_items"),
        of_amount("discount_leaked", "discount_leaked", None),
        cost("standard", "discount_taken_due", "discount_cash_days"),
        cost("contractual", "contractual_discount", "contractual_days"),
    ]
}

/// K20, K21: how long disputes last, and whether promises are kept.
fn disputes_and_promises() -> Vec<Definition> {
    let closed = Definition {
        needs: Needs::Disputes,
        ..window(
            "dispute_days",
            "standard",
            share("dispute_days", "disputes_closed"),
            ["dispute_days", "disputes_closed"],
            "days",
            Undefined::WithoutBase,
        )
    };
    let open = |convention, value, parts: [Option<&'static str>; 2], unit, undefined| Definition {
        metric: "dispute_days",
        convention,
        frame: Frame::Point,
        value: Some(value),
        amount: None,
        numerator: parts[0],
        denominator: parts[1],
        unit,
        undefined,
        needs: Needs::Disputes,
        published: Published::NotForCustomers,
    };
    let promises = |convention, measure| Definition {
        needs: Needs::Promises,
        ..window("promises_kept", convention, share(measure, "promises_due"), [measure, "promises_due"], "share", Undefined::WithoutBase)
    };
    let open_parts = [Some("disputes_open_days"), Some("disputes_open")];
    let median = Undefined::AsMeasured("dispute_median_reason");
    vec![
        closed,
        open("open_count", double("disputes_open"), [Some("disputes_open"), None], "count", Undefined::Never),
        open("open_age", share("disputes_open_days", "disputes_open"), open_parts, "days", Undefined::WithoutBase),
        Definition {
            published: Published::NeverForCustomers,
            ..open("censored_median", col("dispute_median"), [None, None], "days", median)
        },
        promises("kept", "promises_kept"),
        promises("partly", "promises_partly"),
        promises("broken", "promises_broken"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::metrics::METRICS;

    #[test]
    fn the_catalogue_lists_every_metric_with_its_unit_and_no_other() {
        let mut computed: Vec<_> =
            definitions().iter().map(|definition| (definition.metric, definition.convention, definition.unit)).collect();
        computed.sort_unstable();
        let listed: Vec<_> = METRICS.iter().map(|metric| (metric.name, metric.convention, metric.unit)).collect();
        assert_eq!(computed, listed);
    }

    #[test]
    fn a_row_number_has_room_for_every_metric() {
        assert!(definitions().len() < 1 << 8);
    }
}
