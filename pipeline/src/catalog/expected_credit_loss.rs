//! Published tables of expected credit losses.

use super::published::{COMPANY, Column, Table, date, double, integer, sum, text};

const METHOD: Column = text(
    "method",
    "run_off: of what was invoiced and reached the bucket, what was lost; roll_rate: the chain of what moves on from one month end to the next, up to what is lost",
);
const POOL: Column = text(
    "pool",
    "the first pool of the configuration that takes the customer, '(other)' without one; '(all)' where there are none; '(specific)'",
);
const ASSESSMENT: Column = text(
    "assessment",
    "collective: by the pool's loss rate; lost: open for longer than the loss definition allows, provided for in full; specific: by the share that the configuration sets for the customer",
);
const CUSTOMER: Column = text("customer_id", "the customer of a specific reserve; '(all)' in a pool");
const BUCKET: Column = text("bucket", "aging bucket by due date, as in aging");
const GROSS: Column =
    sum("gross_amount", "open debit items, base currency, closing rate; unapplied credits are not netted, insured amounts not deducted");
const ITEMS: Column = integer("items", "number of open items");
const LOSS_RATE: Column = double("loss_rate", "expected share that is lost, before the overlay; null without one");
const RATE_SOURCE: Column = text(
    "rate_source",
    "pool: the bucket's own; company: that of the bucket in all pools of the company; older_bucket: of the company's next older bucket that has one; loss_definition; specific",
);
const REASON: Column = text(
    "reason",
    "why the bucket has no rate of its own, and none at all where loss_rate is null: no_history (nothing in the window reached or left it), immature (what did has not ended), too_few (the pool has less history than the configuration asks for)",
);
const WINDOW_START: Column = date(
    "window_start",
    "first day of the history behind the rate: due dates for run_off, days for roll_rate; null for what people or the loss definition set",
);
const WINDOW_END: Column = date("window_end", "last day of that history; for run_off far enough back that every item has had its time");
const UNRATED: Column = sum("unrated_amount", "what of gross_amount has no rate, and so no provision");
const LOSS_DEFINITION: Column =
    text("loss_definition", "what counts as lost: written_off (net of what came back), or that and what is open for longer");

/// `expected_credit_loss`.
pub const EXPECTED_CREDIT_LOSS: Table = Table {
    name: "expected_credit_loss",
    description: "provision matrix at as_of: what is open by bucket, loss rates from history by two methods, and the provision; the methods are alternatives and never added",
    key: &["company_id", "method", "pool", "assessment", "customer_id", "bucket"],
    columns: &[
        COMPANY,
        METHOD,
        POOL,
        ASSESSMENT,
        CUSTOMER,
        BUCKET,
        GROSS,
        ITEMS,
        LOSS_RATE,
        sum(
            "numerator",
            "of loss_rate, base currency, historical rates; run_off: what was lost of the denominator, net of what came back; roll_rate: lost from the bucket, and what moved on times the loss rate where it went",
        ),
        sum("denominator", "of loss_rate; run_off: what reached the bucket and came to an end; roll_rate: what left it over a month end"),
        sum("lost_amount", "what of the numerator was lost; roll_rate: from this bucket"),
        sum("rolled_amount", "roll_rate: what of the denominator moved on to older buckets"),
        sum("undetermined_amount", "run_off: what reached the bucket and is neither paid nor lost, in neither numerator nor denominator"),
        integer("history_items", "items behind the rate; roll_rate: once for each month over which they left"),
        RATE_SOURCE,
        text("rate_bucket", "the bucket whose rate it is"),
        REASON,
        WINDOW_START,
        WINDOW_END,
        double("overlay_factor", "what people multiply the loss rate with; the product is at most 1"),
        text("judgement", "why the overlay is not 1, or why the specific reserve"),
        sum(
            "provision",
            "gross_amount × loss_rate × overlay_factor, rounded half away from zero to the base minor unit; null without a rate",
        ),
        UNRATED,
        LOSS_DEFINITION,
    ],
    has_customer: true,
};

/// `expected_credit_loss_backtest`.
pub const EXPECTED_CREDIT_LOSS_BACKTEST: Table = Table {
    name: "expected_credit_loss_backtest",
    description: "the provision matrix of a year before as_of, by what the ledger knew then, beside what was lost since of just those balances; without the overlays and undated reserves of today",
    key: &["company_id", "method", "pool", "assessment", "customer_id", "bucket"],
    columns: &[
        COMPANY,
        METHOD,
        POOL,
        ASSESSMENT,
        CUSTOMER,
        BUCKET,
        date("matrix_date", "the day of the matrix: twelve months before as_of"),
        date("outcome_date", "as_of: until when losses are counted"),
        GROSS,
        ITEMS,
        LOSS_RATE,
        RATE_SOURCE,
        REASON,
        WINDOW_START,
        WINDOW_END,
        sum("provision", "as the matrix said; null without a rate"),
        UNRATED,
        sum("actual_loss", "what of gross_amount was lost since, net of what came back, at the same closing rates"),
        sum("undetermined_amount", "what of gross_amount is still open and not lost by the loss definition"),
        sum("difference", "provision − actual_loss: above 0 too much was provided for; null without a rate"),
        LOSS_DEFINITION,
    ],
    has_customer: true,
};
