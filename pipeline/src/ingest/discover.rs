//! Which files a source consists of, what each holds, and when it was delivered.

use std::path::{Path, PathBuf};

use super::remote::{Fetched, Spool};
use crate::catalog::ledger_tables::{Column, IS_DELETED, RECORDED_AT, TABLES, Table};
use crate::config::{Config, Shape, Source, shape_columns};
use crate::error::{Error, Result, io_error};

/// What a file is read as.
#[derive(Clone, Copy, Debug)]
pub enum Target {
    /// One canonical table.
    Table(&'static Table),
    /// Invoices with their payments.
    FlatInvoices,
    /// Postings with references to what they settle.
    Transactions,
    /// Items with what cleared them.
    OpenAndCleared,
}

impl Target {
    /// What the files of a source hold that do not hold one canonical table.
    pub fn of_split(shape: Shape) -> Option<Target> {
        match shape {
            Shape::Canonical => None,
            Shape::FlatInvoices => Some(Target::FlatInvoices),
            Shape::Transactions => Some(Target::Transactions),
            Shape::OpenAndCleared => Some(Target::OpenAndCleared),
        }
    }

    fn shape(self) -> Shape {
        match self {
            Target::Table(_) => Shape::Canonical,
            Target::FlatInvoices => Shape::FlatInvoices,
            Target::Transactions => Shape::Transactions,
            Target::OpenAndCleared => Shape::OpenAndCleared,
        }
    }

    /// Whether a row becomes rows of several tables.
    pub fn is_split(self) -> bool {
        !matches!(self, Target::Table(_))
    }

    /// Whether a row can say something new while its documents are known: what it is applied to, or what cleared it.
    pub fn says_more_than_documents(self) -> bool {
        matches!(self, Target::Transactions | Target::OpenAndCleared)
    }

    /// What its rows are accounted under: the table, else the shape.
    pub fn word(self) -> &'static str {
        match self {
            Target::Table(table) => table.name,
            split => split.shape().word(),
        }
    }

    /// The column whose total the row accounting follows.
    pub fn amount(self) -> Option<&'static str> {
        match self {
            Target::Table(table) => table.amount,
            _ => Some("amount"),
        }
    }

    /// Whether its rows are, or become, documents.
    pub fn has_documents(self) -> bool {
        match self {
            Target::Table(table) => table.name == "documents",
            _ => true,
        }
    }

    /// Its columns, `recorded_at` and `is_deleted` last.
    pub fn columns(self) -> Vec<Column> {
        let mut columns = match self {
            Target::Table(table) => table.columns.to_vec(),
            split => shape_columns(split.shape()),
        };
        columns.extend([RECORDED_AT, IS_DELETED]);
        columns
    }

    /// The tables it fills; a split row's customers only where the file says more of them than who they are.
    pub fn tables(self, names_customers: bool) -> Vec<&'static str> {
        let (mut tables, is_split) = match self {
            Target::Table(table) => (vec![table.name], false),
            Target::FlatInvoices | Target::Transactions => (vec!["documents", "applications"], true),
            Target::OpenAndCleared => (vec!["documents", "clearings"], true),
        };
        if is_split && names_customers {
            tables.push("customers");
        }
        tables
    }
}

/// A file of a source.
#[derive(Clone, Debug)]
pub struct Delivery<'a> {
    /// Its source.
    pub source: &'a Source,
    /// Where it is.
    pub path: PathBuf,
    /// Its path relative to the configuration, with `/`.
    pub name: String,
    /// What it holds.
    pub target: Target,
    /// When it was delivered, if its name says so.
    pub delivered_at: Option<i64>,
    /// What the object store it came from called its version.
    pub remote_version: String,
}

const EXTENSIONS: &[&str] = &[".csv", ".tsv", ".txt", ".parquet", ".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"];
/// Extensions of delimited text: these may be compressed.
const TEXT_EXTENSIONS: &[&str] = &[".csv", ".tsv", ".txt"];
const COMPRESSIONS: &[&str] = &[".gz", ".zst"];

/// The file name without its extensions, if they are those of a data file.
pub(crate) fn stem(name: &str) -> Option<&str> {
    let lower = name.to_ascii_lowercase();
    let packed = COMPRESSIONS.iter().find(|extension| lower.ends_with(*extension)).map_or(0, |extension| extension.len());
    let inner = &lower[..lower.len() - packed];
    let extension = EXTENSIONS.iter().find(|extension| inner.ends_with(*extension))?;
    if packed > 0 && !TEXT_EXTENSIONS.contains(extension) {
        return None;
    }
    name.get(..inner.len() - extension.len())
}

/// The files of all sources, in the order of the configuration and of their names, and the names of those in folders that
/// were left aside because they are not named for a table.
///
/// # Errors
/// Exit status 4 when a source has no file; 2 when a file cannot be placed.
pub(super) fn discover<'a>(config: &'a Config, spool: &Spool) -> Result<(Vec<Delivery<'a>>, Vec<String>)> {
    discover_in(config, &|source| spool.of(source))
}

/// [`discover`] for the sources that lie in files of this machine.
///
/// # Errors
/// As [`discover`].
pub fn discover_local(config: &Config) -> Result<(Vec<Delivery<'_>>, Vec<String>)> {
    discover_in(config, &|_| None)
}

/// The files of a source.
struct SourceFiles {
    /// Each with its name and what a store calls its version.
    files: Vec<(PathBuf, String, String)>,
    /// Whether each is meant by itself, not merely found in a folder.
    named_one_by_one: bool,
    /// Whether the ledger has files of it that need not be looked at.
    has_known: bool,
}

/// The files of a source; `None` when it is elsewhere and was not asked for them.
fn files_of(config: &Config, source: &Source, fetched: Option<&Fetched>, place: &str) -> Result<Option<SourceFiles>> {
    if let Some(fetched) = fetched {
        let files = fetched.files.iter().map(|file| (file.path.clone(), file.name.clone(), file.version.clone()));
        let has_known = fetched.known > 0;
        return Ok(Some(SourceFiles { files: files.collect(), named_one_by_one: fetched.named_one_by_one, has_known }));
    }
    if source.remote.is_some() {
        return Ok(None);
    }
    let (paths, named_one_by_one) = paths_of(source, place)?;
    let named = paths.into_iter().map(|path| {
        let name = relative_name(&path, config, source);
        (path, name, String::new())
    });
    Ok(Some(SourceFiles { files: named.collect(), named_one_by_one, has_known: false }))
}

fn discover_in<'a, 'f>(config: &'a Config, fetched: &dyn Fn(&Source) -> Option<&'f Fetched>) -> Result<(Vec<Delivery<'a>>, Vec<String>)> {
    let mut deliveries = Vec::new();
    let mut ignored = Vec::new();
    for source in &config.sources {
        let place = format!("{}:{}", config.path.display(), source.line);
        let before = deliveries.len();
        let Some(SourceFiles { files, named_one_by_one, has_known }) = files_of(config, source, fetched(source), &place)? else { continue };
        for (path, name, remote_version) in files {
            let file_name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
            let Some(stem) = stem(&file_name) else {
                if named_one_by_one {
                    return Err(Error::usage("unknown_file_type", format!("the file type is not known: {}", path.display()))
                        .at(&place)
                        .hint(format!("known are {}, the texts also with {}", EXTENSIONS.join(" "), COMPRESSIONS.join(" or "))));
                }
                continue;
            };
            let found = source.delivered_at.as_ref().map(|pattern| pattern.find(stem));
            let target = match (Target::of_split(source.shape), source.table) {
                (Some(split), _) => split,
                (None, Some(table)) => Target::Table(table),
                (None, None) => {
                    let bare = match found {
                        Some(Some((start, end, _))) => format!("{}{}", &stem[..start], &stem[end..]),
                        _ => stem.to_owned(),
                    };
                    match Table::named(bare.trim_matches(['-', '_', '.', ' '])) {
                        Some(table) => Target::Table(table),
                        None if named_one_by_one => {
                            return Err(Error::usage("unknown_table", format!("the file is not named for a table: {}", path.display()))
                                .at(&place)
                                .hint(format!("say what it holds with `table`: {}", table_names())));
                        }
                        None => {
                            ignored.push(name);
                            continue;
                        }
                    }
                }
            };
            let delivered_at = match found {
                None => None,
                Some(Some((_, _, instant))) => Some(instant),
                Some(None) => {
                    let pattern = source.delivered_at.as_ref().map_or("", |pattern| pattern.text());
                    return Err(Error::input("no_delivery_date", format!("the file name has no date of delivery: {}", path.display()))
                        .at(&place)
                        .hint(format!("`delivered_at` is {pattern}; rename the file, or take the key out")));
                }
            };
            deliveries.push(Delivery { source, path, name, target, delivered_at, remote_version });
        }
        if deliveries.len() == before && !has_known {
            return Err(Error::input("source_empty", format!("a source has no file: {}", source.name)).at(&place).hint(format!(
                "looked for {}; a folder of canonical files has files named for {}",
                source.path.display(),
                table_names()
            )));
        }
    }
    Ok((deliveries, ignored))
}

fn table_names() -> String {
    TABLES.iter().map(|table| table.name).collect::<Vec<_>>().join(", ")
}

/// The files a path means, sorted, and whether each is meant by itself (not merely found in a folder).
fn paths_of(source: &Source, place: &str) -> Result<(Vec<PathBuf>, bool)> {
    let path = &source.path;
    if path.is_dir() {
        let entries = std::fs::read_dir(path).map_err(|cause| io_error("read the folder", path, &cause))?;
        let mut files = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|cause| io_error("read the folder", path, &cause))?.path();
            if entry.is_file() {
                files.push(entry);
            }
        }
        files.sort();
        return Ok((files, false));
    }
    if path.exists() {
        return Ok((vec![path.clone()], true));
    }
    if !source.path_text.contains(['*', '?', '[']) {
        return Err(Error::input("file_missing", format!("there is no such file or folder: {}", path.display()))
            .at(place)
            .hint("paths are relative to the configuration; a glob such as exports/inv_*.csv is possible too"));
    }
    let pattern = path.to_string_lossy();
    let matches = glob::glob(&pattern).map_err(|cause| {
        Error::usage("bad_glob", format!("the path is not a glob: {}", source.path_text))
            .at(place)
            .caused_by(&cause)
            .hint("* ? and [a-z] are known")
    })?;
    let mut files = Vec::new();
    for found in matches {
        let found = found.map_err(|cause| io_error("read", cause.path(), cause.error()))?;
        if found.is_file() {
            files.push(found);
        }
    }
    files.sort();
    Ok((files, true))
}

/// A name that is the same wherever the configuration stands: relative to it, else to the fixed part of the source's path.
fn relative_name(path: &Path, config: &Config, source: &Source) -> String {
    let fixed: PathBuf =
        source.path.components().take_while(|part| !part.as_os_str().to_string_lossy().contains(['*', '?', '['])).collect();
    let base = if fixed.is_dir() { fixed.as_path() } else { fixed.parent().unwrap_or(Path::new("")) };
    let relative = path.strip_prefix(&config.directory).or_else(|_| path.strip_prefix(base)).unwrap_or(path);
    let parts: Vec<_> = relative
        .components()
        .filter(|part| !matches!(part, std::path::Component::CurDir))
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Overrides;

    fn names(files: &[&str], source: &str) -> Result<(Vec<String>, Vec<String>)> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for file in files {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().expect("it has a parent")).expect("creates");
            std::fs::write(path, "x\n").expect("writes");
        }
        let path = folder.path().join("arrears.toml");
        std::fs::write(&path, format!("base_currency = \"EUR\"\n[[source]]\n{source}\n")).expect("writes");
        let config = Config::load_with(&path, &Overrides::default(), &|_| None)?;
        let (deliveries, ignored) = discover_local(&config)?;
        let shown = deliveries.iter().map(|delivery| {
            let target = delivery.target.word();
            let at = delivery.delivered_at.map_or_else(String::new, |at| format!(" @{}", at / crate::config::DAY_MICROS));
            format!("{} {target}{at}", delivery.name)
        });
        Ok((shown.collect(), ignored))
    }

    #[test]
    fn files_are_found_by_folder_glob_and_name() {
        let files = [
            "in/documents.csv.gz",
            "in/customers.parquet",
            "in/README.md",
            "in/outcomes.csv",
            "x/inv_2024-01-02.csv",
            "x/inv_2024-01-01.csv",
        ];
        let (found, ignored) = names(&files, "path = \"in\"\nshape = \"canonical\"").expect("finds");
        assert_eq!(found, ["in/customers.parquet customers", "in/documents.csv.gz documents"]);
        assert_eq!(ignored, ["in/outcomes.csv"]);
        let (found, _) = names(&files, "path = \"x/inv_*.csv\"\nshape = \"flat_invoices\"\ndelivered_at = \"%Y-%m-%d\"").expect("finds");
        assert_eq!(found, ["x/inv_2024-01-01.csv flat_invoices @19723", "x/inv_2024-01-02.csv flat_invoices @19724"]);
        let (found, _) = names(&files, "path = \"in/outcomes.csv\"\nshape = \"canonical\"\ntable = \"disputes\"").expect("finds");
        assert_eq!(found, ["in/outcomes.csv disputes"]);
    }

    #[test]
    fn a_source_without_a_file_is_named() {
        for (source, code) in [
            ("path = \"nowhere\"\nshape = \"canonical\"", "file_missing"),
            ("path = \"x/*.parquet\"\nshape = \"flat_invoices\"", "source_empty"),
            ("path = \"x/a.csv\"\nshape = \"canonical\"", "unknown_table"),
            ("path = \"x/a.pdf\"\nshape = \"flat_invoices\"", "unknown_file_type"),
            ("path = \"x/a.csv\"\nshape = \"flat_invoices\"\ndelivered_at = \"%Y%m%d\"", "no_delivery_date"),
        ] {
            let error = names(&["x/a.csv", "x/a.pdf"], source).expect_err(code);
            assert_eq!(error.code(), code, "{error}");
            assert!(error.to_string().contains("arrears.toml:2"), "{error}");
        }
    }
}
