//! `arrears runs`: what was run, when, and how it ended.

use super::load_config;
use crate::cli::RunsArguments;
use crate::error::Result;
use crate::run::record::RunRecord;

pub(super) fn run(arguments: &RunsArguments) -> Result<()> {
    let config = load_config(&arguments.config)?;
    let records = RunRecord::read_all(&config.output)?;
    if records.is_empty() {
        println!("no runs yet in {}", config.output.display());
        return Ok(());
    }
    println!("{:<26} {:<8} {:<11} {:<18} {:>4} {:>9}  result", "run", "command", "as of", "status", "exit", "seconds");
    for record in &records[records.len().saturating_sub(arguments.most)..] {
        let result = record.error.as_ref().map(|error| error.message.lines().next().unwrap_or_default().to_owned());
        println!(
            "{:<26} {:<8} {:<11} {:<18} {:>4} {:>9}  {}",
            record.run_id,
            record.command,
            record.as_of_date.as_deref().unwrap_or("-"),
            record.status,
            record.exit_status.map_or("-".to_owned(), |status| status.to_string()),
            record.seconds.map_or("-".to_owned(), |seconds| format!("{seconds:.1}")),
            result.or_else(|| record.summary.clone()).unwrap_or_default()
        );
    }
    Ok(())
}
