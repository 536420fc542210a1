//! What the integration tests share: running the program, folders to run it in, reading what it published, and comparing
//! folders byte for byte. Money is compared as whole ten-thousandths, never through a binary float.
#![allow(dead_code, reason = "each test binary uses its part")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The root of the checkout.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the workspace").to_path_buf()
}

// --- running -----------------------------------------------------------------------------------------------------------------------

/// The program, without whatever `ARREARS_*` variables the tester has set.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_arrears"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("ARREARS_")) {
        command.env_remove(name);
    }
    command.stdin(Stdio::null());
    command
}

/// How a command ended and what it said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Exit status; −1 when a signal ended it.
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Ended {
            status: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).expect("standard output is UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("standard error is UTF-8"),
        }
    }
}

impl Ended {
    /// Asserts the exit status, showing what was said when it is another.
    #[track_caller]
    pub fn expect(self, status: i32) -> Self {
        assert_eq!(self.status, status, "exit status\n--- stdout\n{}\n--- stderr\n{}", self.stdout, self.stderr);
        self
    }
}

/// Runs a command to its end.
pub fn end_of(command: &mut Command) -> Ended {
    command.output().expect("the command can be started").into()
}

/// A folder of its own with a configuration in it; everything goes when it is dropped.
pub struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    pub fn empty() -> Self {
        Place { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    /// A copy of a folder of the checkout, without what an earlier run may have left in it.
    pub fn copy_of(folder: &str) -> Self {
        let place = Place::empty();
        copy_folder(&repository().join(folder), place.path());
        let _ = std::fs::remove_dir_all(place.out());
        place
    }

    /// A synthetic ledger.
    pub fn generated(invoices: u32) -> Self {
        let place = Place::empty();
        let folder = place.path().display().to_string();
        end_of(program().args(["generate", "--out", &folder, "--invoices", &invoices.to_string()])).expect(0);
        // Bands are calibrated on a few weeks only: these tests run many nights.
        place.write("arrears.toml", place.read("arrears.toml") + "\n[forecast]\ncalibration_weeks = 2\n");
        place
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The output that the configurations of these tests name.
    pub fn out(&self) -> PathBuf {
        self.path().join("out")
    }

    pub fn night(&self, as_of: &str) -> PathBuf {
        night_of(&self.out(), as_of)
    }

    /// The program with a subcommand on this place's configuration.
    pub fn arrears(&self, subcommand: &[&str]) -> Command {
        let mut command = program();
        command.args(subcommand).arg("--config").arg(self.path().join("arrears.toml"));
        command
    }

    /// `arrears run --as-of DATE`, not yet started.
    pub fn run_command(&self, as_of: &str) -> Command {
        self.arrears(&["run", "--as-of", as_of])
    }

    /// Runs a night.
    pub fn run(&self, as_of: &str) -> Ended {
        end_of(&mut self.run_command(as_of))
    }

    /// Runs a night in place of one that may be published.
    pub fn replace(&self, as_of: &str) -> Ended {
        end_of(self.run_command(as_of).arg("--replace"))
    }

    pub fn read(&self, file: &str) -> String {
        let path = self.path().join(file);
        std::fs::read_to_string(&path).unwrap_or_else(|cause| panic!("{} can be read: {cause}", path.display()))
    }

    pub fn write(&self, file: &str, content: impl AsRef<[u8]>) {
        let path = self.path().join(file);
        std::fs::create_dir_all(path.parent().expect("it lies in a folder")).expect("the folder can be created");
        std::fs::write(&path, content).unwrap_or_else(|cause| panic!("{} can be written: {cause}", path.display()));
    }
}

pub fn night_of(out: &Path, as_of: &str) -> PathBuf {
    out.join("marts").join(format!("as_of_date={as_of}"))
}

pub fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("the folder can be created");
    for entry in std::fs::read_dir(from).unwrap_or_else(|cause| panic!("{} can be read: {cause}", from.display())) {
        let entry = entry.expect("the folder can be read");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), &target).expect("the file can be copied");
        }
    }
}

// --- folders -----------------------------------------------------------------------------------------------------------------------

/// Every file below a folder by its relative name, with its bytes; nothing for a folder that is not there.
pub fn files_of(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fn visit(root: &Path, folder: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
        let Ok(entries) = std::fs::read_dir(folder) else { return };
        for entry in entries {
            let path = entry.expect("the folder can be read").path();
            if path.is_dir() {
                visit(root, &path, files);
            } else {
                let name = path.strip_prefix(root).expect("it lies below").to_string_lossy().into_owned();
                files.insert(name, std::fs::read(&path).expect("the file can be read"));
            }
        }
    }
    let mut files = BTreeMap::new();
    visit(folder, folder, &mut files);
    files
}

/// What readers see of an output: `marts/` and `ledger/`.
pub fn published(out: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for part in ["marts", "ledger"] {
        files.extend(files_of(&out.join(part)).into_iter().map(|(name, bytes)| (format!("{part}/{name}"), bytes)));
    }
    files
}

/// Asserts that two sets of files are the same, naming those that are not.
#[track_caller]
pub fn assert_same_files(found: &BTreeMap<String, Vec<u8>>, expected: &BTreeMap<String, Vec<u8>>, what: &str) {
    let differ: Vec<&String> = expected
        .keys()
        .chain(found.keys().filter(|name| !expected.contains_key(*name)))
        .filter(|name| found.get(*name) != expected.get(*name))
        .collect();
    assert!(differ.is_empty(), "{what}: these files differ, are missing or are too many: {differ:#?}");
}

// --- tables ------------------------------------------------------------------------------------------------------------------------

/// A row: column name to text; decimals and dates exactly as they are stored, nothing for null.
pub type Row = BTreeMap<String, Option<String>>;

/// The rows of a table of a night, in the order they are published.
pub fn table(night: &Path, name: &str) -> Vec<Row> {
    table_where(night, name, &[])
}

/// Those rows of a table whose cells read so; of a big table only these are made into text.
pub fn table_where(night: &Path, name: &str, cells: &[(&str, &str)]) -> Vec<Row> {
    parquet_rows(&night.join(name).join("part-00000.parquet"), cells)
}

/// The rows of a Parquet file whose cells read so.
pub fn parquet_rows(path: &Path, cells: &[(&str, &str)]) -> Vec<Row> {
    use arrow::util::display::{ArrayFormatter, FormatOptions};
    let file = std::fs::File::open(path).unwrap_or_else(|cause| panic!("{} can be opened: {cause}", path.display()));
    let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file).and_then(|builder| builder.build());
    let mut rows = Vec::new();
    for batch in reader.unwrap_or_else(|cause| panic!("{} is Parquet: {cause}", path.display())) {
        let batch = batch.expect("the file can be read to its end");
        let options = FormatOptions::default();
        let mut kept: Vec<usize> = (0..batch.num_rows()).collect();
        for (name, text) in cells {
            let column = batch.column_by_name(name).unwrap_or_else(|| panic!("there is a column {name}"));
            let formatter = ArrayFormatter::try_new(column, &options).expect("every published type can be shown");
            kept.retain(|at| match column.as_any().downcast_ref::<arrow::array::StringArray>() {
                Some(texts) => arrow::array::Array::is_valid(texts, *at) && texts.value(*at) == *text,
                None => column.is_valid(*at) && formatter.value(*at).to_string() == *text,
            });
        }
        let start = rows.len();
        rows.resize_with(start + kept.len(), Row::new);
        for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
            let formatter = ArrayFormatter::try_new(column, &options).expect("every published type can be shown");
            for (row, at) in rows[start..].iter_mut().zip(&kept) {
                let text = if column.is_null(*at) { None } else { Some(formatter.value(*at).to_string()) };
                row.insert(field.name().clone(), text);
            }
        }
    }
    rows
}

/// A cell of a row; nothing for null.
#[track_caller]
pub fn cell<'a>(row: &'a Row, column: &str) -> Option<&'a str> {
    row.get(column).unwrap_or_else(|| panic!("there is a column {column}")).as_deref()
}

/// Whether the cells of a row read so.
pub fn is(row: &Row, cells: &[(&str, &str)]) -> bool {
    cells.iter().all(|(column, text)| cell(row, column) == Some(*text))
}

/// The one row whose cells read so.
#[track_caller]
pub fn the_row<'a>(rows: &'a [Row], cells: &[(&str, &str)]) -> &'a Row {
    let found: Vec<&Row> = rows.iter().filter(|row| is(row, cells)).collect();
    assert_eq!(found.len(), 1, "exactly one row has {cells:?}");
    found[0]
}

/// Money as people write it (`−` or `-`, thousands with commas) or as it is stored, in ten-thousandths.
#[track_caller]
pub fn money(text: &str) -> i128 {
    let plain = text.replace(',', "").replace('−', "-");
    let (negative, digits) = plain.strip_prefix('-').map_or((false, plain.as_str()), |rest| (true, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    assert!(fraction.len() <= 4 && !whole.is_empty(), "not money: {text}");
    let units: i128 = format!("{whole}{fraction:0<4}").parse().unwrap_or_else(|_| panic!("not money: {text}"));
    if negative { -units } else { units }
}

/// The money in a cell.
#[track_caller]
pub fn money_in(row: &Row, column: &str) -> i128 {
    money(cell(row, column).unwrap_or_else(|| panic!("{column} is not null in {row:?}")))
}

/// The number in a cell of a ratio.
#[track_caller]
pub fn number_in(row: &Row, column: &str) -> f64 {
    cell(row, column).and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{column} is a number in {row:?}"))
}

/// The lines of a text table, split at blanks; the first line names the columns, and is checked against them.
#[track_caller]
pub fn scenario<'a>(text: &'a str, columns: &[&str]) -> Vec<Vec<&'a str>> {
    let mut lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>()).filter(|line| !line.is_empty());
    assert_eq!(lines.next().expect("a scenario has a heading"), columns, "the heading of the scenario");
    let lines: Vec<_> = lines.collect();
    for line in &lines {
        assert_eq!(line.len(), columns.len(), "every line has every column: {line:?}");
    }
    assert!(!lines.is_empty(), "a scenario has lines");
    lines
}

// --- the SQL twin of restatements ----------------------------------------------------------------------------------------------------

/// Compares what a night restates with the SQL twin over the published tables, where there is DuckDB.
#[track_caller]
pub fn compare_restatements(place: &Place, as_of: &str) {
    if !has_duckdb() {
        return;
    }
    let mut twin = python();
    twin.arg(repository().join("tests/parity/restatements.py")).arg("--published").arg(place.out()).args(["--as-of", as_of]);
    let ended = end_of(&mut twin);
    assert_eq!(ended.status, 0, "{as_of}\n{}{}", ended.stdout, ended.stderr);
    assert!(!ended.stdout.contains("\n0 restated"), "the comparison looks at something: {}", ended.stdout);
}

// --- what is beside the checkout -----------------------------------------------------------------------------------------------------

/// Says visibly that a test did not look at anything.
pub fn skipped(what: &str) {
    told(&format!("skipped: {what}"));
}

/// Says a line that is seen though the test passes: the test harness keeps what `eprintln!` prints, not what is written to
/// standard error itself. One write, so that lines of other tests do not get into it.
pub fn told(line: &str) {
    use std::io::Write as _;
    std::io::stderr().write_all(format!("{line}\n").as_bytes()).expect("standard error can be written");
}

/// A place with the configuration of an example and, under the name it gives them, its data; `more` is added to the configuration.
pub fn example(name: &str, data: &Path, data_name: &str, more: &str) -> Place {
    let place = Place::empty();
    let config = repository().join("data-samples/examples").join(name);
    let text = std::fs::read_to_string(&config).unwrap_or_else(|cause| panic!("{}: {cause}", config.display()));
    place.write("arrears.toml", text + more);
    std::os::unix::fs::symlink(data, place.path().join(data_name)).expect("a link can be made");
    place
}

/// The public IBM sample with its example's configuration; nothing, said aloud, where it is not there.
pub fn ibm_sample(more: &str) -> Option<Place> {
    let data_name = "WA_Fn-UseC_-Accounts-Receivable.csv.gz";
    Some(example("ibm-receivables.toml", &real_ledger("ibm_ar")?.join(data_name), data_name, more))
}

/// The folder of a real ledger; nothing, said aloud, where it is not there.
pub fn real_ledger(name: &str) -> Option<PathBuf> {
    let shared =
        std::env::var_os("ARREARS_SHARED").map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
    let folder = shared.join("data").join(name);
    if folder.is_dir() {
        return Some(folder.canonicalize().expect("the folder has a name"));
    }
    skipped(&format!("real ledger {name}: no folder {}", folder.display()));
    None
}

/// Python, leaving nothing behind.
pub fn python() -> Command {
    let mut command = Command::new("python3");
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

/// Whether the SQL twins can be run.
pub fn has_duckdb() -> bool {
    let found = python().args(["-c", "import duckdb"]).output().is_ok_and(|output| output.status.success());
    if !found {
        let what = "parity with the SQL twins: python3 has no module duckdb (pip install -r tests/requirements.txt)";
        assert!(std::env::var_os("ARREARS_REQUIRE_PARITY").is_none(), "{what}, and ARREARS_REQUIRE_PARITY is set");
        skipped(what);
    }
    found
}

/// Asserts that the twin of a table says the same of the newest night, where the twins can be run.
#[track_caller]
pub fn assert_sql_agrees(place: &Place, mart: &str) {
    if has_duckdb() {
        let compared = end_of(&mut place.arrears(&["check", "--parity"]));
        let line = compared.stdout.lines().find(|line| line.starts_with(&format!("{mart} ")));
        assert!(line.is_some_and(|line| line.ends_with("  equal")), "{}{}", compared.stdout, compared.stderr);
    }
}
