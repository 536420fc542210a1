//! `arrears init`: a proposal of a configuration, and what it would read.

use std::path::{Path, PathBuf};

use super::query::print;
use crate::cli::InitArguments;
use crate::error::{Error, Result, io_error};
use crate::init::preview::{Preview, document_columns};
use crate::init::{InitOptions, Proposal, propose};
use crate::run::words::{count, grouped};

pub(super) fn run(arguments: &InitArguments) -> Result<()> {
    let config = if arguments.print { PathBuf::from("arrears.toml") } else { arguments.out.clone() };
    if !arguments.print && !arguments.force && config.exists() {
        return Err(Error::usage("config_exists", format!("there is a configuration already: {}", config.display()))
            .hint("--force writes a new one in its place, --out another beside it, --print shows it only"));
    }
    let proposal = propose(&arguments.files, &InitOptions { config: config.clone(), base_currency: arguments.base_currency.clone() })?;
    let report = report(&proposal);
    if arguments.print {
        eprint!("{report}");
        print(proposal.text.as_bytes())?;
    } else {
        std::fs::write(&config, &proposal.text).map_err(|cause| io_error("write", &config, &cause))?;
        print(report.as_bytes())?;
    }
    let written = if arguments.print { "the configuration".to_owned() } else { config.display().to_string() };
    if !proposal.remarks.missing.is_empty() {
        let what = format!("{written} cannot be run yet: {}", proposal.remarks.missing.join("; "));
        return Err(
            Error::input("not_runnable", what).hint("what is missing is marked with TODO there; then see: arrears plan --as-of DATE")
        );
    }
    if !arguments.print {
        print(next(&proposal, &config).as_bytes())?;
    }
    Ok(())
}

fn next(proposal: &Proposal, config: &Path) -> String {
    let unsure = proposal.remarks.warnings.len() as u64;
    let sure = if unsure == 0 { "nothing in it is in doubt".to_owned() } else { format!("{} to look at", count(unsure, "remark")) };
    let flag = if config == Path::new("arrears.toml") { String::new() } else { format!(" --config {}", config.display()) };
    let date = proposal.preview.as_ref().and_then(|preview| preview.last_date.clone()).unwrap_or_else(|| "DATE".to_owned());
    format!("{} is written; {sure}. Next:\n\n    arrears run --as-of {date}{flag}\n", config.display())
}

fn report(proposal: &Proposal) -> String {
    let mut text = String::new();
    if let Some(preview) = &proposal.preview {
        text += &preview_text(preview);
    }
    for warning in &proposal.remarks.warnings {
        text += &format!("warning: {warning}\n");
    }
    text
}

fn preview_text(preview: &Preview) -> String {
    let part = if preview.is_sample { " from the head of the largest files" } else { "" };
    let mut text = format!("{} read{part}", count(preview.rows, "row"));
    let tables: Vec<String> = preview.tables.iter().map(|(name, rows)| format!("{} {name}", grouped(*rows))).collect();
    if !tables.is_empty() {
        text += &format!(" into {}", tables.join(", "));
    }
    text.push('\n');
    if !preview.documents.is_empty() {
        text += "\nthe first documents as they would be read\n";
        text += &aligned(document_columns(), &preview.documents);
    }
    if preview.quarantined > 0 {
        let reasons: Vec<String> = preview.reasons.iter().map(|(reason, rows)| format!("{reason} {}", grouped(*rows))).collect();
        text += &format!("\n{} would be quarantined: {}\n", count(preview.quarantined, "row"), reasons.join(", "));
        for refused in &preview.refused {
            let what =
                refused.value.as_ref().map_or_else(|| short(&refused.raw), |(column, value)| format!("{column} is {:?}", short(value)));
            text += &format!("  {}  {}  {what}\n", refused.place, refused.reason);
        }
    }
    text.push('\n');
    text
}

fn short(text: &str) -> String {
    let line: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(70).collect();
    if line.len() < text.len() { format!("{line}…") } else { line }
}

/// Rows in aligned columns, two blanks apart.
fn aligned(header: &[&str], rows: &[Vec<String>]) -> String {
    let cell = |text: &str| {
        // Two decimals of four are enough where the others are zeros.
        let text = if text.split_once('.').is_some_and(|(_, decimals)| decimals.len() == 4) {
            text.strip_suffix("00").unwrap_or(text)
        } else {
            text
        };
        short(text).chars().take(28).collect::<String>()
    };
    let mut lines: Vec<Vec<String>> = vec![header.iter().map(|name| (*name).to_owned()).collect()];
    lines.extend(rows.iter().map(|row| row.iter().map(|text| cell(text)).collect()));
    let widths: Vec<usize> = (0..header.len()).map(|at| lines.iter().map(|line| line[at].chars().count()).max().unwrap_or(0)).collect();
    let mut text = String::new();
    for line in lines {
        let padded: Vec<String> = line
            .iter()
            .zip(&widths)
            .enumerate()
            .map(|(at, (cell, width))| if header[at] == "amount" { format!("{cell:>width$}") } else { format!("{cell:<width$}") })
            .collect();
        text += &format!("  {}\n", padded.join("  ").trim_end());
    }
    text
}
