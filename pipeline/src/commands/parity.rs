//! `arrears check --parity`: a published night against the SQL twins.

use crate::config::Config;
use crate::engine::{Answer, Engine, EngineMessage, Rows};
use crate::error::{Error, ExitStatus, Result, io_error};
use crate::ingest::known::LedgerView;
use crate::ingest::ledger_directory;
use crate::parity::{Compared, Night, read_result, script};
use crate::publish::derived::relative_path;
use crate::publish::manifest::Manifest;
use crate::run::reporter::Reporter;
use crate::run::session::Session;
use crate::run::words::count;
use serde_json::json;
use std::path::Path;

pub(super) fn run(config: &Config, ledger_of: &Path, view: &LedgerView, manifest: &Manifest, reporter: &Reporter) -> Result<()> {
    comparable(config, view, manifest)?;
    let engine = Engine::find()?;
    let mut session = Session::begin(&config.output, "check", Some(manifest.as_of_date.clone()), reporter)?;
    session.record.status = "checked".into();
    let ledger = relative_path(&config.output, &ledger_directory(ledger_of));
    let result = compare(config, (view, &ledger), manifest, &engine, &session).and_then(|marts| {
        print(&marts);
        differing(&marts, &manifest.as_of_date, &session).map_or(Ok(marts), Err)
    });
    let marts = session.end(result)?;
    let cells = marts.iter().map(|mart| mart.cells).sum();
    println!("{}: {} of {} are what the SQL twins say", manifest.as_of_date, count(cells, "cell"), count(marts.len() as u64, "mart"));
    Ok(())
}

/// The twins speak of the ledger as it is, and of the default settings.
fn comparable(config: &Config, view: &LedgerView, manifest: &Manifest) -> Result<()> {
    let as_of_date = &manifest.as_of_date;
    let mut changed = Vec::new();
    for (differs, word) in
        [(manifest.inputs.ledger != view.fingerprint, "ledger"), (manifest.inputs.config != config.fingerprint(), "configuration")]
    {
        if differs {
            changed.push(word);
        }
    }
    if !changed.is_empty() {
        let what = format!("the {} changed since the night was published: {as_of_date}", changed.join(" and the "));
        return Err(Error::usage("night_of_other_inputs", what)
            .hint(format!("publish it from the present inputs: arrears run --as-of {as_of_date} --replace")));
    }
    let settings = [
        ("include_intercompany", !*config.include_intercompany),
        ("customer_conventions", config.customer_conventions.as_str() == "default"),
        ("aging_edges", config.aging_edges == [30, 60, 90, 120]),
    ];
    match settings.iter().find(|(_, is_default)| !is_default) {
        None => Ok(()),
        Some((name, _)) => Err(Error::usage("no_twin", format!("the SQL twins know only the default of a setting: {name}"))
            .at(config.path.display())
            .hint("compare a night of the default settings, in an output of its own; the named checks know every setting: arrears check")),
    }
}

fn compare(
    config: &Config,
    (view, ledger): (&LedgerView, &Path),
    manifest: &Manifest,
    engine: &Engine,
    session: &Session,
) -> Result<Vec<Compared>> {
    session.reporter.event("parity", json!({"engine": engine.to_string()}), &format!("parity: with {engine}"));
    let temporary = format!("staging/{}", session.record.run_id);
    let ledger = ledger.to_string_lossy();
    let night = Night { config, view, as_of_date: &manifest.as_of_date, ledger: &ledger, temporary: &temporary };
    let (script, query) = script(&night);
    let kept = session.folder().join("parity.sql");
    std::fs::write(&kept, format!("{script}{query};\n")).map_err(|cause| io_error("write", &kept, &cause))?;
    let mut rows = Vec::new();
    let answer = engine.run(&script, &query, Rows::Csv, &config.output, &mut |part| {
        rows.extend_from_slice(part);
        Ok(())
    });
    // The engine makes the folder only when the memory does not suffice; what is left in it by then is of no use.
    let _ = std::fs::remove_dir_all(config.output.join(&temporary));
    match answer? {
        Answer::Rows => read_result(&rows),
        Answer::Refused(said) => Err(Error::unexpected("parity", "the SQL twins could not be run")
            .at(kept.display())
            .caused_by(&EngineMessage(said))
            .hint("the night has a table that the twins cannot read, or the engine is too old or short of memory")),
    }
}

/// One line a mart, and below it the first cells that differ.
fn print(marts: &[Compared]) {
    for mart in marts {
        let verdict = if mart.differences == 0 { "equal".to_owned() } else { count(mart.differences, "difference") };
        println!("{:<20} {:>18} {:>20}  {verdict}", mart.mart, count(mart.published_rows, "row"), count(mart.cells, "cell"));
        if mart.twin_rows != mart.published_rows {
            println!("  SQL gives {}", count(mart.twin_rows, "row"));
        }
        for example in &mart.examples {
            println!("  {example}");
        }
    }
}

fn differing(marts: &[Compared], as_of_date: &str, session: &Session) -> Option<Error> {
    let names: Vec<&str> = marts.iter().filter(|mart| mart.differences > 0).map(|mart| mart.mart.as_str()).collect();
    if names.is_empty() {
        return None;
    }
    let what = format!("{as_of_date} is not what the SQL twins say: {}", names.join(", "));
    let script = session.folder().join("parity.sql");
    Some(Error::new("parity_failed", ExitStatus::CheckFailed, what).hint(format!(
        "either the published files were changed or one of the two witnesses is wrong; the whole comparison is kept, to be run with \
         duckdb in {}:\n  duckdb -init {}",
        session.output.display(),
        script.strip_prefix(&session.output).unwrap_or(&script).display()
    )))
}
