//! The ledger as it was known at an instant: which deliveries there were, which tables, which segments have a row to say.
//!
//! Rows carry the instant at which they became known, and [`super::load`] leaves out those that came later. This is about
//! the rest: a file that was delivered later has no line in the row accounting, its quarantine is not shown, and a table
//! that nobody had supplied yet is absent, not empty.

use super::load::LedgerFiles;
use super::store::{FileRecord, LedgerIndex, SegmentRecord, TableIndex, ledger_directory};
use crate::config::DAY_MICROS;
use crate::error::{Error, Result, io_error};
use crate::ledger::calendar::{Day, day_of};
use chrono::{DateTime, NaiveDate, NaiveDateTime, SecondsFormat, Utc};
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::reader::FileReader as _;
use parquet::file::serialized_reader::SerializedFileReader;
use parquet::file::statistics::Statistics;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// An instant up to which a run knows the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KnownAsOf(i64);

impl KnownAsOf {
    /// Reads a date, which includes its whole day, or an instant: with an offset, or else in UTC.
    ///
    /// ```
    /// use arrears::ingest::known::KnownAsOf;
    /// let date = KnownAsOf::parse("2025-06-30").unwrap();
    /// assert_eq!(date.text(), "2025-06-30T23:59:59.999999Z");
    /// assert_eq!(KnownAsOf::parse(&date.text()), Some(date));
    /// assert_eq!(KnownAsOf::parse("2025-06-30T18:00:00+02:00"), KnownAsOf::parse("2025-06-30T16:00"));
    /// assert_eq!(KnownAsOf::parse("30.06.2025"), None);
    /// ```
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
            return Some(Self::end_of(day_of(date)));
        }
        let formats = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M"];
        let of_utc = || formats.iter().find_map(|format| NaiveDateTime::parse_from_str(text, format).ok()).map(|at| at.and_utc());
        let instant = DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc()).or_else(of_utc)?;
        Some(KnownAsOf(instant.timestamp_micros()))
    }

    /// The end of a day.
    pub fn end_of(day: Day) -> Self {
        KnownAsOf((i64::from(day) + 1) * DAY_MICROS - 1)
    }

    /// Microseconds since 1970-01-01 UTC.
    pub fn microseconds(self) -> i64 {
        self.0
    }

    /// As it stands in a manifest.
    pub fn text(self) -> String {
        let instant: Option<DateTime<Utc>> = DateTime::from_timestamp_micros(self.0);
        instant.map_or_else(|| format!("{} microseconds after 1970-01-01", self.0), |at| at.to_rfc3339_opts(SecondsFormat::Micros, true))
    }
}

/// A ledger and what a night may see of it.
#[derive(Clone, Debug)]
pub struct LedgerView {
    /// What is known of it: deliveries, tables, segments.
    pub index: LedgerIndex,
    /// The files to read.
    pub files: LedgerFiles,
    /// Every delivery, known or not: a row may say itself that it was known before its file was delivered.
    pub all_files: Vec<FileRecord>,
    /// Rows recorded after this instant are not known; `None` for everything.
    pub known_as_of: Option<KnownAsOf>,
    /// Fingerprint of what is known: later deliveries do not change it.
    pub fingerprint: String,
}

impl LedgerView {
    /// The ledger that is kept under `out` with this `index`, seen at an instant.
    ///
    /// # Errors
    /// When a segment cannot be read.
    pub fn new(out: &Path, index: &LedgerIndex, known_as_of: Option<KnownAsOf>) -> Result<Self> {
        let Some(instant) = known_as_of else {
            return Ok(LedgerView {
                index: index.clone(),
                files: LedgerFiles::of(out, index),
                all_files: index.files.clone(),
                known_as_of,
                fingerprint: index.fingerprint(),
            });
        };
        let known = known_at(out, index, instant.microseconds())?;
        // Of two versions recorded at one instant the later delivery counts, and its place is among all deliveries.
        let files = LedgerFiles { file_positions: index.positions(), ..LedgerFiles::of(out, &known) };
        let fingerprint = fingerprint_of_known(&known, &index.files, instant.microseconds());
        Ok(LedgerView { index: known, files, all_files: index.files.clone(), known_as_of, fingerprint })
    }
}

impl FileRecord {
    /// Whether the file had been delivered at an instant.
    pub fn is_known_at(&self, instant: i64) -> bool {
        self.is_first_delivery || self.delivered_at.is_none_or(|delivered_at| delivered_at <= instant)
    }
}

fn known_at(out: &Path, index: &LedgerIndex, instant: i64) -> Result<LedgerIndex> {
    let files: Vec<FileRecord> = index.files.iter().filter(|file| file.is_known_at(instant)).cloned().collect();
    let mut tables = BTreeMap::new();
    for (name, table) in &index.tables {
        let mut segments = Vec::new();
        for segment in &table.segments {
            if has_row_known_at(&ledger_directory(out).join(&segment.file), instant)? {
                segments.push(segment.clone());
            }
        }
        // A delivery of which no row was taken says that the table is supplied, and that there is nothing in it.
        let is_empty_delivery = |file: &FileRecord| file.tables.get(name).is_some_and(|counts| counts.accepted + counts.repaired == 0);
        if !segments.is_empty() || files.iter().any(is_empty_delivery) {
            let numbers: BTreeSet<&str> = segments.iter().map(|segment| number_of(&segment.file)).collect();
            let of_segment = |file: &str| numbers.contains(number_of(file));
            let later: BTreeSet<&str> = table.segments.iter().map(|segment| number_of(&segment.file)).collect();
            let corrected = table.corrected.iter().filter(|file| of_segment(file) || !later.contains(number_of(file)));
            let corrected = corrected.cloned().collect();
            tables.insert(name.clone(), TableIndex { segments, corrected, keys: table.keys.clone() });
        }
    }
    Ok(LedgerIndex { format: index.format, tables, files, quarantine: index.quarantine.clone() })
}

/// `000003` of `documents/seg-000003.parquet`: files of one ingest have one number.
fn number_of(file: &str) -> &str {
    let name = file.rsplit('-').next().unwrap_or(file);
    name.split('.').next().unwrap_or(name)
}

/// What changes when something becomes known at the instant: the deliveries up to it, later ones with a row that says that it
/// was known by then, and the tables there are. How the rows are spread over segments changes nothing.
fn fingerprint_of_known(known: &LedgerIndex, all_files: &[FileRecord], instant: i64) -> String {
    let tables = known.tables.keys().map(|name| (name.clone(), TableIndex::default())).collect();
    let says_it_was_known = |file: &&FileRecord| file.earliest_recorded_at.is_some_and(|earliest| earliest <= instant);
    let files = all_files.iter().filter(|file| file.is_known_at(instant) || says_it_was_known(file)).cloned().collect();
    LedgerIndex { tables, files, quarantine: Vec::<SegmentRecord>::new(), ..known.clone() }.fingerprint()
}

fn has_row_known_at(segment: &Path, instant: i64) -> Result<bool> {
    let groups = row_groups(segment)?;
    Ok(groups.iter().any(|group| match statistics(group, "recorded_at") {
        Some(statistics) if statistics.null_count_opt() == Some(0) => match statistics {
            Statistics::Int64(values) => values.min_opt().is_none_or(|earliest| *earliest <= instant),
            _ => true,
        },
        // A row without an instant is known from the beginning.
        _ => true,
    }))
}

fn row_groups(segment: &Path) -> Result<Vec<RowGroupMetaData>> {
    let file = std::fs::File::open(segment).map_err(|cause| io_error("read the ledger's segment", segment, &cause))?;
    let reader = SerializedFileReader::new(file).map_err(|cause| {
        Error::unexpected("ledger_damaged", format!("a segment of the ledger cannot be read: {}", segment.display()))
            .caused_by(&cause)
            .hint("restore the ledger folder from a backup, or delete the output and ingest the sources again")
    })?;
    Ok(reader.metadata().row_groups().to_vec())
}

/// Statistics of a column of a row group, where they were written.
pub(super) fn statistics<'a>(group: &'a RowGroupMetaData, column: &str) -> Option<&'a Statistics> {
    let chunk = group.columns().iter().find(|chunk| chunk.column_descr().name() == column)?;
    chunk.statistics()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_one_ingest_have_one_number() {
        assert_eq!(number_of("documents/seg-000003.parquet"), "000003");
        assert_eq!(number_of("documents/corrected-000003.parquet"), "000003");
        assert_eq!(number_of("documents/seg-000003.keys"), "000003");
    }

    #[test]
    fn a_delivery_is_known_from_its_day_and_what_the_ledger_begins_with_always() {
        let file = |delivered_at, is_first_delivery| FileRecord { delivered_at, is_first_delivery, ..FileRecord::default() };
        assert!(file(Some(5), false).is_known_at(5));
        assert!(!file(Some(6), false).is_known_at(5));
        assert!(file(Some(6), true).is_known_at(5));
        assert!(file(None, true).is_known_at(5));
    }
}
