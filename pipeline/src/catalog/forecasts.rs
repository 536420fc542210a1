//! Published tables of forecasts.

use super::published::{COMPANY, COMPANY_OR_ALL, Column, Table, amount, boolean, date, double, integer, sum, text};

const CURRENCY: Column = text("currency", "ISO code");
const BASIS: Column =
    text("basis", "document: amounts of documents in this currency; base: all documents in base currency, at the rates of as_of");
const SCOPE: Column = text("scope", "company, segment, or customer (those that owe most)");
const SCOPE_VALUE: Column = text("scope_value", "the company, segment or customer");
const GRID: Column = text("grid", "day (42 of them), week (26 of seven days from the day after as_of), month (12 of the calendar)");
const PERIOD_START: Column = date("period_start", "first day of the period");
const PERIOD_END: Column = date("period_end", "last day of the period");
const HORIZON: Column = integer("horizon", "1 for the first period after as_of");
const METHOD: Column = text(
    "method",
    "model; or a rule of thumb. Of open items: due_date, due_date_and_average_delay (the customer's average), aging_percentages (what each bucket of the aging paid before). Of all cash: exponential_smoothing, mean_of_8_weeks, seasonal_naive",
);
const TARGET: Column = text("target", "open_items: cash from what is open at as_of, promises included; total: all cash");

/// `cash_baselines`.
pub const CASH_BASELINES: Table = Table {
    name: "cash_baselines",
    description: "cash to come by the rules of thumb that the forecast must beat, week by week",
    key: &["company_id", "basis", "currency", "target", "method", "period_start"],
    columns: &[COMPANY_OR_ALL, BASIS, CURRENCY, TARGET, METHOD, PERIOD_START, PERIOD_END, HORIZON, sum("amount", "expected cash")],
    has_customer: false,
};

/// `cash_bridge`.
pub const CASH_BRIDGE: Table = Table {
    name: "cash_bridge",
    description: "from what due dates say to what is expected of the open items, week by week",
    key: &["company_id", "basis", "currency", "period_start", "line"],
    columns: &[
        COMPANY_OR_ALL,
        BASIS,
        CURRENCY,
        PERIOD_START,
        PERIOD_END,
        HORIZON,
        text(
            "line",
            "due_date_view: open items on their due date, what is past due in the first week; unapplied_credits: money that is already in; not_cash: what will be credited or written off, on its due date; timing: what customers pay later or earlier than due, what lies beyond 26 weeks included; promises: what promises move; expected: the sum",
        ),
        sum("amount", "base or document currency, as basis says"),
    ],
    has_customer: false,
};

/// `cash_forecast`.
pub const CASH_FORECAST: Table = Table {
    name: "cash_forecast",
    description: "cash to come by day, week and month, and how sure it is",
    key: &["company_id", "scope", "scope_value", "basis", "currency", "grid", "period_start", "component"],
    columns: &[
        COMPANY_OR_ALL,
        SCOPE,
        SCOPE_VALUE,
        BASIS,
        CURRENCY,
        GRID,
        PERIOD_START,
        PERIOD_END,
        HORIZON,
        text(
            "component",
            "open_items, promises (what is promised and will be kept), orders (ordered, not invoiced), new_billing (what is billed after as_of); total: all of them, with quantiles; open_items_and_promises: with quantiles",
        ),
        sum("mean", "expected cash; components sum to total, days to weeks, segments to companies"),
        sum("p025", "quantile: the chance that less comes is 2.5 %; for totals only, quantiles do not add up"),
        sum("p050", "5 % quantile"),
        sum("p100", "10 % quantile"),
        sum("p250", "25 % quantile"),
        sum("p500", "median"),
        sum("p750", "75 % quantile"),
        sum("p900", "90 % quantile"),
        sum("p950", "95 % quantile"),
        sum("p975", "97.5 % quantile"),
        text(
            "calibration",
            "calibrated: the 80 % band was corrected by how earlier forecasts fared; uncalibrated: too few earlier forecasts have an end; simulated: scopes other than company",
        ),
        integer("origins", "earlier forecasts that the bands were calibrated on"),
    ],
    has_customer: false,
};

/// `forecast_accuracy`.
pub const FORECAST_ACCURACY: Table = Table {
    name: "forecast_accuracy",
    description: "how far earlier forecasts were off, beside the rules of thumb, week by week ahead",
    key: &["company_id", "basis", "currency", "target", "kind", "method", "horizon"],
    columns: &[
        COMPANY_OR_ALL,
        BASIS,
        CURRENCY,
        TARGET,
        text("kind", "vintage: forecasts as they were published; replay: as they would have been made, with what was known then"),
        METHOD,
        integer("horizon", "weeks ahead; 0 for all together"),
        integer("origins", "forecasts whose week has ended at least ten days ago"),
        sum("actual", "cash that came in those weeks"),
        double("bias", "Σ (forecast − actual) ÷ Σ |actual|"),
        double("wape", "Σ |forecast − actual| ÷ Σ |actual|"),
        double("wape_lower", "lower end of the 95 % interval of wape, by block bootstrap over origins"),
        double("wape_upper", "upper end of it"),
        double(
            "mase",
            "mean |forecast − actual| ÷ mean change of what came from one week to the next, among the same weeks; null where no two origins lie a week apart",
        ),
        double("pinball", "mean pinball loss over the published quantiles, as a share of the mean actual"),
        double("crps", "mean continuous ranked probability score by the published quantiles, as a share of the mean actual"),
        double("coverage_50", "share of weeks inside the 50 % band, of those with a calibrated one"),
        double("coverage_80", "share of weeks inside the 80 % band"),
        double("coverage_95", "share of weeks inside the 95 % band"),
        text("reason", "why figures are null: too_few (fewer than two origins), zero_base (no cash came)"),
    ],
    has_customer: false,
};

/// `invoice_forecasts`.
pub const INVOICE_FORECASTS: Table = Table {
    name: "invoice_forecasts",
    description: "when each open item will be paid",
    key: &["company_id", "document_id", "item_no"],
    columns: &[
        COMPANY,
        text("document_id", "the document"),
        integer("item_no", "the item (instalment)"),
        text("customer_id", "whose"),
        CURRENCY,
        date("due_date", "when it is due; null where nobody said"),
        amount("open_amount", "what is open, document currency"),
        amount(
            "unapplied_credit",
            "how much of it unapplied credits of the customer will take, oldest due first: that money is already in",
        ),
        double("expected_days_late", "days late to expect of the customer's payments, own and pool blended"),
        double("paid_probability_7d", "chance that it is paid within 7 days of as_of"),
        double("paid_probability_14d", "within 14 days"),
        double("paid_probability_30d", "within 30 days"),
        double("paid_probability_60d", "within 60 days"),
        double("paid_probability_90d", "within 90 days"),
        double(
            "late_probability",
            "chance that it is paid after its due date or never; 1 once it is past due, null where that is after the twelfth month",
        ),
        double(
            "late_30_probability",
            "chance that it is paid more than 30 days after its due date or never; null where that is after the twelfth month",
        ),
        double("late_at_issue_probability", "chance of lateness as it was when the item was issued; null where there is no model"),
        date("expected_date", "mean date of payment, of the cases in which it is paid within the horizon"),
        date("paid_date_p10", "the first day by which it is paid with a chance of 10 %; null beyond the horizon"),
        date("paid_date_p50", "by which it is paid with a chance of 50 %"),
        date("paid_date_p90", "by which it is paid with a chance of 90 %"),
        double("credit_probability", "chance that it leaves by credit within the horizon"),
        double("write_off_probability", "chance that it is written off within the horizon"),
        double("beyond_horizon_probability", "chance that it is still open at the end of the twelfth month"),
        date("promised_date", "when the customer promised to pay it"),
        double("promise_kept_probability", "chance that promises of the company are kept"),
        text("driver_1", "what moves the chance of payment most, against the average item"),
        double("driver_1_effect", "by so much, in log-odds of being paid on a day; above 0 is sooner"),
        text("driver_2", "the second"),
        double("driver_2_effect", "by so much"),
        text("driver_3", "the third"),
        double("driver_3_effect", "by so much"),
        text(
            "tier",
            "what stands behind it: hazard, residual_curve, pooled_curve, no_model (the due date); direct_debit: collected on the due date, as the configuration says",
        ),
        boolean("is_disputed", "whether any of it is in dispute"),
        text("model_version", "the model, as in models/timing/"),
    ],
    has_customer: true,
};
