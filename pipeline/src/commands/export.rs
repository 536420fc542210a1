//! `arrears export`: what a published night says, for other systems.

use super::load_config;
use super::query::print;
use crate::cli::{ExportArguments, ExportCommand, ExportFormat};
use crate::error::{Error, Result, io_error};
use crate::publish::manifest::Manifest;
use crate::publish::night::{night_folder, nights};
use crate::run::words::count;
use crate::scoring::credit_review::export::{Queue, schema};
use polars::prelude::{ParquetReader, SerReader as _};

pub(super) fn run(command: &ExportCommand) -> Result<()> {
    let ExportCommand::CreditReviews(arguments) = command;
    if arguments.schema {
        return write(arguments, schema::TEXT);
    }
    let queue = queue(arguments)?;
    let text = match arguments.format {
        ExportFormat::Csv => queue.to_csv(),
        ExportFormat::Json => queue.to_json(),
    };
    write(arguments, &text)?;
    if let Some(file) = &arguments.out {
        eprintln!("{} written to {}", count(queue.len() as u64, "review"), file.display());
    }
    Ok(())
}

/// The queue of the night that is asked for, or of the newest.
fn queue(arguments: &ExportArguments) -> Result<Queue> {
    let output = match &arguments.config.output {
        Some(output) => output.clone(),
        None => load_config(&arguments.config)?.output.value,
    };
    let published = nights(&output)?;
    let Some(as_of_date) = arguments.as_of.map(|date| date.to_string()).or_else(|| published.last().cloned()) else {
        return Err(Error::input("no_night", format!("nothing is published in {}", output.display()))
            .hint("publish a night first: arrears run --as-of DATE"));
    };
    let night = night_folder(&output, &as_of_date);
    let Some(manifest) = Manifest::read(&night)? else {
        return Err(Error::input("no_night", format!("no such night: {as_of_date}"))
            .at(night.display())
            .hint(format!("the published nights are: {}", published.join(", "))));
    };
    let path = night.join("credit_reviews").join("part-00000.parquet");
    if !path.exists() {
        return Err(Error::input("no_table", format!("the night has no credit reviews: {as_of_date}"))
            .at(night.display())
            .hint("it was published by an older version; publish it anew: arrears run --as-of DATE --replace"));
    }
    let file = std::fs::File::open(&path).map_err(|cause| io_error("read", &path, &cause))?;
    Queue::of(&ParquetReader::new(file).finish()?, &as_of_date, &manifest.base_currency)
}

fn write(arguments: &ExportArguments, text: &str) -> Result<()> {
    match &arguments.out {
        Some(file) => std::fs::write(file, text).map_err(|cause| io_error("write", file, &cause)),
        None => print(text.as_bytes()),
    }
}
