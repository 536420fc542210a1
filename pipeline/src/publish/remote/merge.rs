//! What a store holds after two have published: nights date by date against what this output had last seen, the ledger by
//! its deliveries. Where both have changed the same thing nothing is guessed.

use super::state::{Ledger, Night, State};
use crate::error::{Error, ExitStatus, Result};
use crate::ingest::FileRecord;
use std::collections::{BTreeMap, BTreeSet};

/// By date, the manifest that this output had when it last agreed with the store.
pub type Base = BTreeMap<String, String>;

/// The deliveries of the ledgers on both sides, in the order they were ingested.
#[derive(Debug, Default)]
pub struct Deliveries {
    /// Of the store's ledger.
    pub theirs: Vec<FileRecord>,
    /// Of this output's.
    pub ours: Vec<FileRecord>,
}

/// What the store should hold.
///
/// # Errors
/// Exit status 5 when another output has published the same date, or other deliveries, in the meantime.
pub fn merge(base: &Base, theirs: &State, ours: &State, deliveries: &Deliveries) -> Result<State> {
    let mut merged = State { ledger: ledger(theirs.ledger.as_ref(), ours.ledger.as_ref(), deliveries)?, ..State::default() };
    let dates: BTreeSet<&String> = theirs.nights.keys().chain(ours.nights.keys()).collect();
    for date in dates {
        let (their, our) = (theirs.nights.get(date), ours.nights.get(date));
        if let Some(night) = night(date, base.get(date).map(String::as_str), their, our)? {
            merged.nights.insert(date.clone(), night.clone());
        }
    }
    merged.kept = ours.kept.clone();
    // What was kept first counts.
    merged.kept.extend(theirs.kept.iter().map(|(folder, files)| (folder.clone(), files.clone())));
    Ok(merged)
}

/// Whose night of a date counts; none when the store has taken out what this output has not changed.
pub fn night<'a>(date: &str, base: Option<&str>, theirs: Option<&'a Night>, ours: Option<&'a Night>) -> Result<Option<&'a Night>> {
    let (Some(our), their) = (ours, theirs) else { return Ok(theirs) };
    let ours_is_unchanged = base == Some(our.manifest.as_str());
    match their {
        None if ours_is_unchanged => Ok(None),
        None => Ok(ours),
        Some(their) if their.manifest == our.manifest || ours_is_unchanged => Ok(theirs),
        Some(their) if base == Some(their.manifest.as_str()) => Ok(ours),
        Some(_) => Err(Error::new("published_elsewhere", ExitStatus::Locked, format!("{date} was published to the store by another run, from other inputs"))
            .hint("the night stays here; to take over the store's: arrears pull into a fresh --output; to put this one in its place: pull, then run with --replace")),
    }
}

/// The ledger that has grown from the other one.
pub fn ledger(theirs: Option<&Ledger>, ours: Option<&Ledger>, deliveries: &Deliveries) -> Result<Option<Ledger>> {
    let (Some(their), Some(our)) = (theirs, ours) else { return Ok(ours.or(theirs).cloned()) };
    if their.record.is_beginning_of(&deliveries.ours) {
        return Ok(Some(if their.record == our.record { their.clone() } else { our.clone() }));
    }
    if our.record.is_beginning_of(&deliveries.theirs) {
        return Ok(Some(their.clone()));
    }
    let what = "the ledger of the store has deliveries that this output's has not, and the other way round";
    Err(Error::new("ledger_diverged", ExitStatus::Locked, what)
        .hint("one output at a time ingests for a store: arrears pull into a fresh --output and run there, or publish to another prefix"))
}
