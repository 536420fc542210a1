//! The SQL engine that analysts have: DuckDB, found on PATH, never compiled in.
//!
//! It is either the `duckdb` command or a Python that can `import duckdb`. A script and a query go to its standard input, the
//! rows come back on its standard output; the database is in memory, so that nothing published can be changed by it.

pub mod harmless;
pub mod statements;

use std::fmt;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::error::{Error, Result};

/// What Python runs: reads a script from standard input, prints the rows of its last statement.
const RUN_IN_PYTHON: &str = include_str!("run.py");

/// What separates the script from the query that ends it, for Python: the command takes both as they come.
const QUERY_BELOW: &str = "\n-- arrears: the query is below\n";

/// The Python module draws its progress bar on standard output, even into a pipe.
const SETTINGS: &str = "SET enable_progress_bar = false;\n";

/// How DuckDB can be reached on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Engine {
    /// The command `duckdb`, and its version.
    Command(String),
    /// A Python with the module `duckdb`: its name on PATH, and the module's version.
    Python(&'static str, String),
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Engine::Command(version) => write!(f, "DuckDB {version}, the command `duckdb`"),
            Engine::Python(name, version) => write!(f, "DuckDB {version}, the module of `{name}`"),
        }
    }
}

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// Comma-separated, a heading, nothing for null.
    Csv,
    /// An array of objects; DECIMAL stands as text, because a JSON number is a binary float to most who read it.
    Json,
}

impl Engine {
    /// Looks for DuckDB on PATH: the command first, then Python.
    ///
    /// # Errors
    /// `no_sql_engine` (exit status 2) when there is neither.
    pub fn find() -> Result<Self> {
        if let Some(version) = answer(Command::new("duckdb").arg("--version")) {
            let version = version.split_whitespace().next().unwrap_or_default().trim_start_matches('v');
            return Ok(Engine::Command(version.to_owned()));
        }
        for name in ["python3", "python"] {
            if let Some(version) = answer(Command::new(name).args(["-c", "import duckdb; print(duckdb.__version__)"])) {
                return Ok(Engine::Python(name, version));
            }
        }
        Err(Error::usage("no_sql_engine", "there is neither a command `duckdb` nor a Python with the module `duckdb` on PATH")
            .hint("install one of them: pip install duckdb, or the command from https://duckdb.org/docs/installation"))
    }

    /// Runs `script` and then `query` in `folder`, and hands the rows of the query to `take` while they come.
    ///
    /// # Errors
    /// The engine's own words when it refuses the script or the query; exit status 1 when it cannot be started.
    pub fn run(&self, script: &str, query: &str, rows: Rows, folder: &Path, take: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<Answer> {
        let mut command = self.command(rows);
        command.current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let failed =
            |cause: std::io::Error| Error::unexpected("sql_engine", format!("the SQL engine cannot be run: {self}")).caused_by(&cause);
        let mut child = command.spawn().map_err(failed)?;
        let input = format!("{SETTINGS}{script}{QUERY_BELOW}{query}\n;\n");
        let mut pipe = child.stdin.take().expect("standard input is a pipe");
        // An engine that refuses a statement stops reading; what it said is on its standard error.
        let writing = std::thread::spawn(move || drop(pipe.write_all(input.as_bytes())));
        let said = read_in_background(&mut child);
        let mut output = child.stdout.take().expect("standard output is a pipe");
        let mut buffer = vec![0; 1 << 16];
        let mut taken = Ok(());
        while taken.is_ok() {
            match output.read(&mut buffer).map_err(failed)? {
                0 => break,
                read => taken = take(&buffer[..read]),
            }
        }
        if taken.is_err() {
            // Nobody wants the rest; whether it still runs when it is told so does not matter.
            let _ = child.kill();
        }
        let status = child.wait().map_err(failed)?;
        let _ = writing.join();
        let said = said.join().unwrap_or_default();
        taken?;
        Ok(if status.success() { Answer::Rows } else { Answer::Refused(said.trim().to_owned()) })
    }

    fn command(&self, rows: Rows) -> Command {
        match self {
            Engine::Command(_) => {
                let mut command = Command::new("duckdb");
                // A person's own settings file must not change what is printed.
                command.args(["-init", "/dev/null", "-batch", "-bail", "-nullvalue", ""]);
                command.arg(if rows == Rows::Csv { "-csv" } else { "-json" }).arg(":memory:");
                command
            }
            Engine::Python(name, _) => {
                let mut command = Command::new(name);
                command.args(["-c", RUN_IN_PYTHON, if rows == Rows::Csv { "csv" } else { "json" }, QUERY_BELOW]);
                command.env("PYTHONIOENCODING", "utf-8");
                command
            }
        }
    }
}

/// How a query ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// All its rows were handed over.
    Rows,
    /// The engine refused it, in its own words.
    Refused(String),
}

/// What a command prints, if it can be started and succeeds.
fn answer(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).output().ok().filter(|output| output.status.success())?;
    let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (!text.is_empty()).then_some(text)
}

fn read_in_background(child: &mut Child) -> std::thread::JoinHandle<String> {
    let mut pipe = child.stderr.take().expect("standard error is a pipe");
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// What an engine said, as the cause of an error.
#[derive(Debug)]
pub struct EngineMessage(pub String);

impl fmt::Display for EngineMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for EngineMessage {}

/// A text as an SQL literal.
pub fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
