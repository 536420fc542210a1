//! The collectors' list of a night: what is to be done about which open item, with whom not to speak just now, and in what order.
//!
//! Every overdue item is on it, also where nothing is to be done yet: then the row says why and until when, so that nothing is
//! forgotten. A part of an item that is in dispute is a row of its own, because others work on it. Rules only ([`rules`]): no
//! model decides what is done; chances of payment order the customers ([`ranking`]) and stand in the arithmetic of an agency
//! ([`agency`]). Not responsible for what happens next: the list claims no effect of calling anybody, which no data show.

pub mod agency;
mod amounts;
pub mod chances;
mod context;
pub mod conversations;
mod days;
mod promised;
pub mod ranking;
mod reason;
mod rows;
mod rules;
mod table;

pub use context::{Context, Standing, check_names};
pub use rows::expected_value;
pub use table::worklist;

/// The share of the money that the first customers of a ranking make up to be marked, as a fraction: the 80/20 rule.
pub const MARKED_SHARE: (i128, i128) = (4, 5);

/// The words of `action` that no stage of the ladder can be called by.
pub const WORDS: [&str; 9] = [
    REMINDER_7_DAYS,
    REMINDER_3_DAYS,
    NEWLY_OVERDUE,
    BEFORE_FIRST_STAGE,
    BROKEN_PROMISE,
    DISPUTE_OPEN,
    AGENCY_CANDIDATE,
    APPLY_CREDIT,
    DUE_DATE_MISSING,
];

/// Due in seven days.
pub const REMINDER_7_DAYS: &str = "reminder_before_due_7_days";
/// Due in three business days.
pub const REMINDER_3_DAYS: &str = "reminder_before_due_3_days";
/// Past due for the first time on a list.
pub const NEWLY_OVERDUE: &str = "newly_overdue";
/// Past due, and the ladder has no step for it yet.
pub const BEFORE_FIRST_STAGE: &str = "before_first_stage";
/// Promised, and not paid by then.
pub const BROKEN_PROMISE: &str = "broken_promise";
/// The part that is in dispute.
pub const DISPUTE_OPEN: &str = "dispute_open";
/// An agency is expected to bring more, after its fee.
pub const AGENCY_CANDIDATE: &str = "agency_candidate";
/// Money that is in, or credited, covers it: it waits to be applied.
pub const APPLY_CREDIT: &str = "apply_credit";
/// Nobody said when it is due, and it is old.
pub const DUE_DATE_MISSING: &str = "due_date_missing";
