//! From the stored ledger to the totals that every table is made from.

use super::session::Session;
use super::words::{count, grouped};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::ingest::known::{KnownAsOf, LedgerView};
use crate::ingest::load::due_dates::DueDateRules;
use crate::ingest::load::{LedgerFiles, LeftOutRow, LoadOptions, Loaded, load, origins};
use crate::ledger::buckets::Buckets;
use crate::ledger::calendar::{Day, day_of};
use crate::ledger::timeline::Timeline;
use crate::ledger::walk::{WalkOptions, Walked, walk};
use crate::quality::{self, Quality};
use chrono::NaiveDate;
use serde_json::json;
use std::collections::BTreeMap;

/// The book of a date and its totals.
pub struct Computed {
    /// The book and what was left out.
    pub loaded: Loaded,
    /// Where the left-out rows came from.
    pub left_out: Vec<LeftOutRow>,
    /// The segments it was read from.
    pub files: LedgerFiles,
    /// The dates.
    pub timeline: Timeline,
    /// The totals.
    pub walked: Walked,
    /// The aging buckets.
    pub buckets: Buckets,
    /// The business date.
    pub as_of: Day,
    /// The rules of quality, judged, and the tie-out to the general ledger.
    pub quality: Quality,
}

/// Loads the ledger and walks it.
///
/// # Errors
/// When the ledger cannot be read.
pub fn compute(config: &Config, view: &LedgerView, as_of: NaiveDate, session: &mut Session) -> Result<Computed> {
    let files = view.files.clone();
    let as_of = day_of(as_of);
    let options = load_options(config, view, as_of);
    let loaded = load(&files, &options)?;
    let left_out = origins(&files, &loaded.left_out)?;
    let fields = json!({"items": loaded.book.items.len(), "applications": loaded.book.applications.len(),
        "customers": loaded.book.customers.len(), "left_out": left_out.len()});
    let sentence = format!(
        "ledger: {}, {}, {}; {} left out{}",
        count(loaded.book.items.len() as u64, "document item"),
        count(loaded.book.applications.len() as u64, "application"),
        count(loaded.book.customers.len() as u64, "customer"),
        count(left_out.len() as u64, "row"),
        why_left_out(&left_out)
    );
    session.reporter.event("loaded", fields, &sentence);
    session.step("load");
    let judged_on = quality::Input { config: &config.quality, view, options: &options, loaded: &loaded, left_out: &left_out };
    let quality = quality::judge(&judged_on)?;
    session.step("quality");

    let Some(buckets) = Buckets::new(&config.aging_edges) else {
        return Err(Error::usage("bad_aging_edges", format!("aging edges must rise and be at most six: {:?}", config.aging_edges)));
    };
    let timeline = Timeline::new(as_of, *config.history_months, loaded.first_day.unwrap_or(as_of).min(as_of));
    let walk_options = WalkOptions {
        buckets: buckets.clone(),
        include_intercompany: *config.include_intercompany,
        all_for_customers: config.customer_conventions.as_str() == "all",
        scope_pairs: config.metrics.scope_pairs.clone(),
        on_time_grace_days: i32::try_from(*config.metrics.on_time_grace_days).unwrap_or(i32::MAX),
        threads: rayon::current_num_threads(),
    };
    session.reporter.start("balances", loaded.book.customers.len() as u64, "customers");
    let walked = walk(&loaded.book, &timeline, &walk_options, &|customers| session.reporter.advance(customers));
    session.reporter.done();
    session.step("walk");
    Ok(Computed { loaded, left_out, files, timeline, walked, buckets, as_of, quality })
}

/// How the ledger of a night is read.
pub fn load_options(config: &Config, view: &LedgerView, as_of: Day) -> LoadOptions {
    LoadOptions {
        base_currency: (*config.base_currency).clone(),
        as_of,
        known_as_of: view.known_as_of.map(KnownAsOf::microseconds),
        due_dates: DueDateRules::of(config, &view.all_files),
    }
}

/// ` (no_rate 2, over_applied 1)`: reasons and rows.
fn why_left_out(rows: &[LeftOutRow]) -> String {
    let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
    for row in rows {
        *reasons.entry(row.left_out.reason).or_default() += 1;
    }
    let shown: Vec<String> = reasons.iter().map(|(reason, rows)| format!("{reason} {}", grouped(*rows))).collect();
    if shown.is_empty() { String::new() } else { format!(" ({})", shown.join(", ")) }
}
