//! `arrears ingest`: what is new in the sources into the ledger, without a night.

use super::{end_of_day, load_config};
use crate::cli::IngestArguments;
use crate::error::{Error, ExitStatus, Result};
use crate::ingest::IngestSummary;
use crate::run::nightly::{ingest_sentence, ingest_step};
use crate::run::publication::Publication;
use crate::run::reporter::Reporter;
use crate::run::session::Session;
use crate::run::words::count;

pub(super) fn run(arguments: &IngestArguments, reporter: &Reporter) -> Result<()> {
    let config = load_config(&arguments.config)?;
    let mut session = Session::begin(&config.output, "ingest", Some(arguments.as_of.to_string()), reporter)?;
    let delivered_at = end_of_day(arguments.delivered_at.unwrap_or(arguments.as_of));
    // An empty output begins with what the store has, or the two ledgers would go different ways.
    let begun = Publication::begin(&config, &mut session);
    let result = begun.and_then(|_| ingest_step(&config, delivered_at, &mut session)).and_then(|pending| {
        let summary = pending.summary;
        // A ledger of which too much is unreadable must not come into force by the back door either.
        // Rows that only sum others up are nothing that could be missing from it.
        let share = (summary.quarantined - summary.totals) as f64 / summary.rows_read as f64;
        if share.is_finite() && share > config.thresholds.max_quarantined_rows_share.value {
            pending.discard()?;
            return Err(too_many_quarantined(&summary, share, config.thresholds.max_quarantined_rows_share.value));
        }
        pending.prepare()?;
        pending.commit()?;
        Ok(summary)
    });
    if let Ok(summary) = &result {
        session.record.status = "ingested".into();
        session.record.summary = Some(ingest_sentence(summary));
    }
    let summary = session.end(result)?;
    println!("{}", ingest_sentence(&summary));
    Ok(())
}

fn too_many_quarantined(summary: &IngestSummary, share: f64, allowed: f64) -> Error {
    let what = format!(
        "{} of {} read cannot be used ({:.1} %, allowed {:.1} %), so nothing was ingested",
        count(summary.quarantined - summary.totals, "row"),
        count(summary.rows_read, "row"),
        share * 100.0,
        allowed * 100.0
    );
    Error::new("check_failed", ExitStatus::CheckFailed, what)
        .hint("mend the source or its mapping, or raise max_quarantined_rows_share under [quality] to look at the rows in the quarantine")
}
