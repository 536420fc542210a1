//! Published tables of default risk.

use super::published::{COMPANY, Column, Table, amount, boolean, date, double, integer, text};

const CUSTOMER: Column = text("customer_id", "the customer");
const MODEL_VERSION: Column = text("model_version", "folder under models/risk/ that holds the card, bins and points");

/// `customer_scores`.
pub const CUSTOMER_SCORES: Table = Table {
    name: "customer_scores",
    description: "the chance of default of every customer with exposure, or with sales in the last year",
    key: &["company_id", "customer_id"],
    columns: &[
        COMPANY,
        CUSTOMER,
        text(
            "family_id",
            "the customer whose family it belongs to: the first of those with the same parent, itself where it is alone; as company/customer",
        ),
        text("grade", "A (best) to H by pd; default: in default; U: no item was ever settled and none is past due"),
        text("previous_grade", "its grade at the last month end before, by the present model; null without exposure and sales then"),
        integer("grade_change", "by how many grades it is worse than then, default one worse than H; null where either is U or missing"),
        double("pd", "chance of a default within the horizon (180 days unless configured), 0 to 1; 1 in default"),
        double("pd_lower", "lower bound of its 90 % interval; null in default"),
        double("pd_upper", "upper bound"),
        double("pd_12_months", "derived: 1 − (1 − pd)^2 for 180 days; 1 in default"),
        double("score", "points: 600 where it is 50 times likelier to pay than to default, 20 more double the odds; null in default"),
        double(
            "score_change",
            "score less that of the day before by the present model: what the customer did, not the model; null without",
        ),
        text("reason_1", "the characteristic that costs it most points against the best; never a favourable one"),
        double("reason_1_points", "points it is below the best attainable, ≥ 0.1"),
        text("reason_2", "the second"),
        double("reason_2_points", "points below the best attainable"),
        text("reason_3", "the third"),
        double("reason_3_points", "points below the best attainable"),
        text("reason_4", "the fourth"),
        double("reason_4_points", "points below the best attainable"),
        double("completeness", "share of the card's characteristics that are known of it, 0 to 1"),
        double("late_probability", "chance that its next invoice is paid after its due date, 0 to 1: another thing than default"),
        text(
            "late_basis",
            "where that comes from: company_model, pooled_model, late_rate (fewer than three paid invoices); else why there is none: no_invoice, too_few_invoices, too_few_late_or_in_time, fit_not_certified",
        ),
        date("default_date", "since when it is in default; null otherwise"),
        text("default_cause", "insolvency, agency, write_off, days_past_due; null otherwise"),
        amount("open_amount_base", "open debit items, base currency at the rates of their dates"),
        amount("overdue_amount_base", "of them, past due"),
        text("tier", "step of the ladder: full (100 defaulted families or more), small (30 to 99), expert (points set by experts)"),
        MODEL_VERSION,
    ],
    has_customer: true,
};

/// `default_events`.
pub const DEFAULT_EVENTS: Table = Table {
    name: "default_events",
    description: "every default that the ledger shows, and what looks like one and is none, as far back as the risk model looks",
    key: &["company_id", "customer_id", "event_date", "status"],
    columns: &[
        COMPANY,
        CUSTOMER,
        date("event_date", "the first day on which the rule holds"),
        text("status", "default, or technical: excluded for the reason beside it"),
        text(
            "cause",
            "insolvency, agency, write_off, or days_past_due: undisputed, net of unapplied credits, 90 days past due (configurable)",
        ),
        text("technical_reason", "disputed_in_time, unapplied_credits, invoice_reversed; null for a default"),
        amount("amount_base", "what was so long past due, was written off, or was open; base currency at the documents' rates"),
        amount("threshold_base", "what it had to reach: the larger of an amount and a share of the exposure"),
        amount("exposure_base", "open debit items at the end of the day, with what was written off on it"),
        date("cured_date", "the day from which it is over: 90 clean days with a payment; null while it lasts"),
    ],
    has_customer: true,
};

/// `score_points`.
pub const SCORE_POINTS: Table = Table {
    name: "score_points",
    description: "what each score is made of: the points of a customer sum to its score",
    key: &["company_id", "customer_id", "characteristic"],
    columns: &[
        COMPANY,
        CUSTOMER,
        text("characteristic", "a characteristic of the card; (base) is what everybody has"),
        double("characteristic_value", "its value at as_of, as of what was known then; null where it is missing"),
        integer("bin", "its bin on the card, 1 for the lowest values; the last is that of missing values; null for (base)"),
        double("points", "points, in tenths"),
        double("best_points", "the most that the characteristic can give"),
        boolean("is_reason", "whether it is among the reasons of customer_scores"),
    ],
    has_customer: true,
};

/// `risk_drift`.
pub const RISK_DRIFT: Table = Table {
    name: "risk_drift",
    description: "how far the customers scored tonight have moved from the rows that the risk model was fitted on",
    key: &["kind", "name"],
    columns: &[
        text(
            "kind",
            "score (in tenths of the rows then), grade (of the chance alone, without its past) or characteristic (in the bins of the fit)",
        ),
        text("name", "the characteristic; score and grade are called so themselves"),
        boolean("is_on_card", "whether the card looks at it; null for score and grade"),
        double(
            "stability_index",
            "population stability index: Σ (share now − share then) × ln(share now ÷ share then); an empty bin counts as half a row",
        ),
        double("index_by_chance", "about what it would be if nothing had moved: (bins − 1) × (1 ÷ rows then + 1 ÷ rows now)"),
        text("verdict", "stable (below 0.1), moving (to 0.25), moved (above); too_few with fewer than 100 rows on either side"),
        integer("rows_then", "rows that the model was fitted on: customers at month ends"),
        integer("rows_now", "customers scored tonight, those in default left out as they were then"),
        double("missing_share_then", "share of the rows without a value; null for score and grade"),
        double("missing_share_now", "share of the customers without a value"),
        text("moved_most", "the bin that adds most to the index; null where none has moved"),
        double("moved_most_share_then", "its share of the rows"),
        double("moved_most_share_now", "its share of the customers"),
        text("stability_index_reason", "why it is null: no_rows_then, no_rows_now"),
        MODEL_VERSION,
    ],
    has_customer: false,
};

/// `risk_performance`.
pub const RISK_PERFORMANCE: Table = Table {
    name: "risk_performance",
    description: "what risk models of earlier month ends said, fitted on what was known then, beside what came of it",
    key: &["month_end", "grade", "metric"],
    columns: &[
        date("month_end", "the month end that was judged, its outcome known; null for all of them together"),
        text("scope", "all: every customer that was scored then; grade: those of one grade"),
        text("grade", "A to H by the chance that was said, without its past; null for scope all"),
        text(
            "metric",
            "default_rate, auc, auc_of_aging_rule, auc_less_aging_rule, gini, ks, brier with its parts brier_reliability, brier_resolution, brier_uncertainty and brier_within, log_loss, calibration_slope, calibration_intercept, calibration_in_the_large; by grade default_rate alone",
        ),
        double("value", "its value"),
        double(
            "value_lower",
            "lower bound of its 90 % interval: of default_rate Jeffreys', each family counting once; of the areas under the ROC curve a bootstrap of families; null for the others",
        ),
        double("value_upper", "upper bound"),
        double("mean_pd", "for default_rate: the mean chance that was said"),
        boolean("is_outside", "whether that lies outside the interval; null for other metrics"),
        integer("rows_judged", "customers at a month end"),
        integer("events", "of them, with a default within the horizon"),
        integer("families", "families of the customers"),
        integer("defaulted_families", "families with a default within the horizon"),
        text("tier", "step of the ladder that the model of the month end stood on; null for all together"),
        integer("learnt_month_ends", "month ends that it had learnt from: those of its past that the night looks at anyway"),
        text("value_reason", "why it is null: no_matured_month_end, no_defaults, only_defaults, no_finite_fit"),
    ],
    has_customer: false,
};
