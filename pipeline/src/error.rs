//! The one error type of the pipeline, and how a person reads it.
//!
//! Every failure carries a stable code, the exit status a scheduler acts on, the place it happened, and a hint
//! that says what to do next. Modules build errors; only `main` prints them.

use std::fmt;

/// What a scheduler should do about a failure. The numbers are a published contract (see README, *Exit status*).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitStatus {
    /// Something nobody foresaw: page.
    Unexpected = 1,
    /// Wrong command line or configuration: page, do not retry.
    Usage = 2,
    /// A blocking check failed: tell the data owner.
    CheckFailed = 3,
    /// Input missing, incomplete or too old: retry later.
    InputMissing = 4,
    /// Another run holds the lock, or has published the same date elsewhere: skip.
    Locked = 5,
    /// Published here, but not in the object store: run again.
    NotUploaded = 6,
}

/// A failure, told to the person who must act on it.
#[derive(Debug)]
pub struct Error(Box<Details>);

#[derive(Debug)]
struct Details {
    code: &'static str,
    status: ExitStatus,
    what: String,
    place: Option<String>,
    causes: Vec<String>,
    hint: Option<String>,
}

/// Result with the pipeline's error.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error with a stable `code`, the exit `status`, and `what` failed: lower case, with the value, no full stop.
    pub fn new(code: &'static str, status: ExitStatus, what: impl Into<String>) -> Self {
        Error(Box::new(Details { code, status, what: what.into(), place: None, causes: Vec::new(), hint: None }))
    }

    /// Exit status 2: the command line or the configuration is wrong.
    pub fn usage(code: &'static str, what: impl Into<String>) -> Self {
        Self::new(code, ExitStatus::Usage, what)
    }

    /// Exit status 4: an input is missing, incomplete or too old.
    pub fn input(code: &'static str, what: impl Into<String>) -> Self {
        Self::new(code, ExitStatus::InputMissing, what)
    }

    /// Exit status 1: a failure of the machine or of the program.
    pub fn unexpected(code: &'static str, what: impl Into<String>) -> Self {
        Self::new(code, ExitStatus::Unexpected, what)
    }

    /// Where: `file:line`, or `table/column`.
    #[must_use]
    pub fn at(mut self, place: impl fmt::Display) -> Self {
        self.0.place = Some(place.to_string());
        self
    }

    /// The error underneath, and those underneath it.
    #[must_use]
    pub fn caused_by(mut self, cause: &(dyn std::error::Error + 'static)) -> Self {
        let mut next = Some(cause);
        while let Some(error) = next {
            self.0.causes.push(error.to_string());
            next = error.source();
        }
        self
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// The same failure with another exit status: what it means depends on what was done.
    #[must_use]
    pub fn with_status(mut self, status: ExitStatus) -> Self {
        self.0.status = status;
        self
    }

    /// The same failure, said of a source of the configuration.
    #[must_use]
    pub fn of_source(mut self, source: &str, place: &str) -> Self {
        self.0.what = format!("source {source}: {}", self.0.what);
        self.0.place.get_or_insert_with(|| place.to_owned());
        self
    }

    /// The same failure with one name in place of another wherever it is spoken of.
    #[must_use]
    pub fn replacing(mut self, name: &str, other: &str) -> Self {
        let details = &mut *self.0;
        let texts = [&mut details.what].into_iter().chain(&mut details.place).chain(&mut details.hint).chain(&mut details.causes);
        texts.for_each(|text| *text = text.replace(name, other));
        self
    }

    /// The stable code, as written in `run_results.json`.
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// The process exit status.
    pub fn status(&self) -> ExitStatus {
        self.0.status
    }

    /// The first line, without place, causes or hint.
    pub fn what(&self) -> &str {
        &self.0.what
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error[{}]: {}", self.0.code, self.0.what)?;
        if let Some(place) = &self.0.place {
            write!(f, "\n  --> {place}")?;
        }
        for cause in &self.0.causes {
            write!(f, "\n  caused by: {cause}")?;
        }
        if let Some(hint) = &self.0.hint {
            write!(f, "\n\nhint: {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

/// Turns an I/O failure on `path` into an error that names the path and what was being done.
pub fn io_error(action: &str, path: &std::path::Path, cause: &std::io::Error) -> Error {
    use std::io::ErrorKind;
    let what = format!("cannot {action}: {}", path.display());
    let error = match cause.kind() {
        ErrorKind::NotFound => Error::input("file_missing", what),
        ErrorKind::PermissionDenied => {
            Error::input("permission_denied", what).hint("give the account that runs arrears the right to it, and run again")
        }
        kind if is_storage_full(kind) => disk_full(what),
        _ => Error::unexpected("io", what),
    };
    error.caused_by(cause)
}

fn is_storage_full(kind: std::io::ErrorKind) -> bool {
    use std::io::ErrorKind;
    matches!(kind, ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge)
}

fn disk_full(what: impl Into<String>) -> Error {
    Error::unexpected("disk_full", what).hint("free some space on the output's filesystem and run again; what is published is untouched")
}

/// An error of an engine; where a full disk is at the bottom of it, that.
fn engine_error(code: &'static str, what: &'static str, cause: &(dyn std::error::Error + 'static)) -> Error {
    let chain = std::iter::successors(Some(cause), |cause| cause.source());
    let is_full = chain.filter_map(|cause| cause.downcast_ref::<std::io::Error>()).any(|cause| is_storage_full(cause.kind()));
    if is_full { disk_full(what).caused_by(cause) } else { Error::unexpected(code, what).caused_by(cause) }
}

impl From<polars::error::PolarsError> for Error {
    fn from(cause: polars::error::PolarsError) -> Self {
        if let polars::error::PolarsError::IO { error, .. } = &cause
            && is_storage_full(error.kind())
        {
            return disk_full("a table could not be computed").caused_by(&cause);
        }
        engine_error("engine", "a table could not be computed", &cause)
    }
}

impl From<parquet::errors::ParquetError> for Error {
    fn from(cause: parquet::errors::ParquetError) -> Self {
        engine_error("parquet", "a parquet file could not be read or written", &cause)
    }
}

impl From<arrow::error::ArrowError> for Error {
    fn from(cause: arrow::error::ArrowError) -> Self {
        engine_error("arrow", "a table could not be converted", &cause)
    }
}
