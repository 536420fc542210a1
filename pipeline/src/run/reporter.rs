//! What a run tells while it works: lines or JSON events on standard error, progress bars on a terminal, and every event
//! in the run's `log.ndjson`. Nothing of single customers is told.

use super::clock;
use crate::error::{Error, Result, io_error};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Map, Value, json};
use std::fs::File;
use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// How events are written to standard error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// Sentences for people.
    #[default]
    Text,
    /// One JSON object a line, with stable event names.
    Json,
}

/// Tells what happens.
pub struct Reporter {
    format: LogFormat,
    is_terminal: bool,
    log: Mutex<Option<File>>,
    bar: Mutex<Option<ProgressBar>>,
}

impl Reporter {
    /// A reporter that writes to standard error.
    pub fn new(format: LogFormat) -> Self {
        let is_terminal = format == LogFormat::Text && std::io::stderr().is_terminal();
        Reporter { format, is_terminal, log: Mutex::new(None), bar: Mutex::new(None) }
    }

    /// Also writes every event to this file from now on.
    ///
    /// # Errors
    /// When it cannot be created.
    pub fn log_to(&self, path: &Path) -> Result<()> {
        let file = File::create(path).map_err(|cause| io_error("create the log", path, &cause))?;
        *lock(&self.log) = Some(file);
        Ok(())
    }

    /// Something happened: a stable `event` name with its `fields`, and the same as a sentence; none where
    /// people need not be told.
    pub fn event(&self, event: &str, fields: Value, sentence: &str) {
        let mut line = Map::new();
        line.insert("at".into(), json!(clock::instant(clock::now())));
        line.insert("event".into(), json!(event));
        if let Value::Object(fields) = fields {
            line.extend(fields);
        }
        let line = Value::Object(line).to_string();
        if let Some(file) = lock(&self.log).as_mut() {
            // A log that cannot be written must not stop the run that it describes.
            let _ = writeln!(file, "{line}");
        }
        match self.format {
            LogFormat::Json => eprintln!("{line}"),
            LogFormat::Text if sentence.is_empty() => {}
            LogFormat::Text => self.line(sentence),
        }
    }

    /// A step of known length begins: a bar on a terminal, nothing elsewhere. `unit` is what is counted.
    pub fn start(&self, step: &str, length: u64, unit: &str) {
        if !self.is_terminal {
            return;
        }
        let bar = ProgressBar::new(length);
        let template = format!("{{msg:<12}} [{{bar:40}}] {{human_pos}}/{{human_len}} {unit} {{elapsed}}");
        if let Ok(style) = ProgressStyle::with_template(&template) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_message(step.to_owned());
        *lock(&self.bar) = Some(bar);
    }

    /// A step of unknown length begins: a count on a terminal, nothing elsewhere.
    pub fn start_counting(&self, step: &str, unit: &str) {
        if !self.is_terminal {
            return;
        }
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template(&format!("{{spinner}} {{msg}} {{human_pos}} {unit} {{elapsed}}")) {
            bar.set_style(style);
        }
        bar.set_message(step.to_owned());
        *lock(&self.bar) = Some(bar);
    }

    /// The step has come so much further.
    pub fn advance(&self, by: u64) {
        if let Some(bar) = lock(&self.bar).as_ref() {
            bar.inc(by);
        }
    }

    /// The step stands at `position`.
    pub fn at(&self, position: u64) {
        if let Some(bar) = lock(&self.bar).as_ref() {
            bar.set_position(position);
        }
    }

    /// The step is done.
    pub fn done(&self) {
        if let Some(bar) = lock(&self.bar).take() {
            bar.finish_and_clear();
        }
    }

    /// The failure, as `main` prints it.
    pub fn failure(&self, error: &Error) {
        self.done();
        match self.format {
            LogFormat::Text => eprintln!("{error}"),
            LogFormat::Json => {
                let fields = json!({"code": error.code(), "exit_status": error.status() as i32, "message": error.to_string()});
                self.event("failed", fields, "");
            }
        }
    }

    fn line(&self, sentence: &str) {
        match lock(&self.bar).as_ref() {
            Some(bar) => bar.println(sentence),
            None => eprintln!("{sentence}"),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
