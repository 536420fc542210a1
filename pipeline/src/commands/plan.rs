//! `arrears plan`: what a run would read and publish, without doing it.

use super::load_config;
use crate::catalog::published::TABLES;
use crate::cli::PlanArguments;
use crate::error::Result;
use crate::ingest::{LedgerIndex, planned_files};
use crate::publish::manifest::Manifest;
use crate::publish::night::{night_folder, nights};
use crate::run::words::count;

pub(super) fn run(arguments: &PlanArguments) -> Result<()> {
    let config = load_config(&arguments.config)?;
    let index = LedgerIndex::read(&config.output)?;
    let files = planned_files(&config, index.as_ref())?;
    println!("sources");
    for file in &files {
        println!(
            "  {:<5} {:>15}  {} ({})",
            if file.is_new { "new" } else { "seen" },
            file.bytes.map_or_else(|| "query".to_owned(), bytes),
            file.name,
            file.source
        );
    }
    println!("\nledger in {}", config.output.display());
    match &index {
        None => println!("  none yet; the first run builds it"),
        Some(index) => {
            for (name, table) in &index.tables {
                let rows: u64 = table.segments.iter().map(|segment| segment.rows).sum();
                println!("  {name:<16} {:>18} in {}", count(rows, "row"), count(table.segments.len() as u64, "segment"));
            }
        }
    }
    println!("\nnight of {}", arguments.as_of);
    let as_of_date = arguments.as_of.to_string();
    let target = Manifest::read(&night_folder(&config.output, &as_of_date))?;
    if target.is_some() {
        println!("  is published; a run does nothing when its inputs are the same, and asks for --replace when they are not");
    }
    let latest = match (target, nights(&config.output)?.last()) {
        (Some(manifest), _) => Some(manifest),
        (None, Some(night)) => Manifest::read(&night_folder(&config.output, night))?,
        (None, None) => None,
    };
    match latest {
        Some(manifest) => {
            println!("  rows and bytes to expect, as on {}:", manifest.as_of_date);
            for table in &manifest.tables {
                println!("  {:<20} {:>18} {:>15}", table.name, count(table.rows, "row"), bytes(table.bytes));
            }
        }
        None => {
            let names: Vec<&str> = TABLES.iter().map(|table| table.name).collect();
            println!("  tables: {}", names.join(", "));
            println!("  rows and bytes cannot be told before the first night is published");
        }
    }
    Ok(())
}

fn bytes(bytes: u64) -> String {
    match bytes {
        0..10_000 => format!("{bytes} B"),
        10_000..10_000_000 => format!("{} kB", bytes / 1_000),
        _ => format!("{} MB", bytes / 1_000_000),
    }
}
