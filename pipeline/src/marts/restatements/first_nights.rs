//! Which night published a period end first.

use crate::error::Result;
use crate::ledger::calendar::{Day, day_of, period_ends};
use crate::publish::manifest::Manifest;
use crate::publish::night::{night_folder, nights};
use chrono::NaiveDate;
use std::path::{Path, PathBuf};

/// A night that published some period ends before any other did.
#[derive(Clone, Debug)]
pub struct FirstNight {
    /// Its business date.
    pub as_of: Day,
    /// Where it lies.
    pub folder: PathBuf,
    /// Its record.
    pub manifest: Manifest,
    /// The period ends that it was the first to publish, ascending.
    pub period_ends: Vec<Day>,
}

/// The nights before `as_of` that were the first to publish one of its period ends, oldest first.
///
/// The oldest night on or after a period end counts, if it goes back that far and is in the same base currency. A period
/// end that this night itself is the first to publish, such as its own date, has none.
///
/// # Errors
/// When a manifest cannot be read.
pub fn first_nights(output: &Path, as_of: Day, ends: &[Day], base_currency: &str) -> Result<Vec<FirstNight>> {
    let mut wanted: Vec<Day> = ends.iter().copied().filter(|end| *end < as_of).collect();
    let mut firsts: Vec<FirstNight> = Vec::new();
    for night in nights(output)? {
        let Some(date) = night.parse::<NaiveDate>().ok().map(day_of).filter(|date| *date < as_of) else { continue };
        if wanted.iter().all(|end| *end > date) {
            continue;
        }
        let folder = night_folder(output, &night);
        let Some(manifest) = Manifest::read(&folder)?.filter(|manifest| manifest.base_currency == base_currency) else { continue };
        let published = period_ends(date, manifest.history_months);
        let (period_ends, rest): (Vec<Day>, Vec<Day>) = wanted.iter().partition(|end| published.contains(end));
        wanted = rest;
        if !period_ends.is_empty() {
            firsts.push(FirstNight { as_of: date, folder, manifest, period_ends });
        }
    }
    Ok(firsts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publish::manifest::{Inputs, LedgerRecord, SCHEMA_VERSION};

    fn day(text: &str) -> Day {
        day_of(text.parse().expect("a date of the test"))
    }

    #[test]
    fn a_period_end_was_first_published_by_the_oldest_night_on_or_after_it() {
        let output = tempfile::tempdir().expect("a temporary folder");
        let publish = |date: &str, base_currency: &str, history_months: u32| {
            let folder = night_folder(output.path(), date);
            std::fs::create_dir_all(&folder).expect("a folder");
            let manifest = Manifest {
                schema_version: SCHEMA_VERSION,
                arrears_version: String::new(),
                as_of_date: date.to_owned(),
                known_as_of: None,
                base_currency: base_currency.to_owned(),
                inputs: Inputs { ledger: String::new(), config: String::new() },
                ledger: LedgerRecord::default(),
                history_months,
                intercompany_customers: 0,
                tables: Vec::new(),
                exports: Vec::new(),
            };
            std::fs::write(folder.join("manifest.json"), manifest.to_json()).expect("a manifest");
        };
        publish("2025-03-10", "EUR", 60);
        publish("2025-03-20", "USD", 1);
        publish("2025-04-02", "USD", 60);
        publish("2025-04-30", "USD", 60);
        publish("2025-05-15", "USD", 60);
        publish("2025-06-10", "USD", 60);
        let ends = period_ends(day("2025-06-10"), 5);
        let firsts = first_nights(output.path(), day("2025-06-10"), &ends, "USD").expect("manifests can be read");
        let found: Vec<(Day, Vec<Day>)> = firsts.into_iter().map(|first| (first.as_of, first.period_ends)).collect();
        let expected = [
            // February alone: the night of 20 March goes back one month end.
            (day("2025-03-20"), vec![day("2025-02-28")]),
            (day("2025-04-02"), vec![day("2025-01-31"), day("2025-03-31")]),
            (day("2025-04-30"), vec![day("2025-04-30")]),
        ];
        // No night before that of 10 June closed May.
        assert_eq!(found, expected);
    }
}
