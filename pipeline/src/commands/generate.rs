//! `arrears generate`: a synthetic ledger of any size.

use crate::cli::GenerateArguments;
use crate::error::{Error, Result, io_error};
use crate::generate::{GenerateError, GenerateOptions, OutputFormat, OutputShape, generate};
use crate::run::reporter::Reporter;
use crate::run::words::count;

pub(super) fn run(arguments: &GenerateArguments, reporter: &Reporter) -> Result<()> {
    let (format, compress) = match arguments.format.as_str() {
        "csv" => (OutputFormat::Csv, false),
        "csv.gz" => (OutputFormat::Csv, true),
        "parquet" => (OutputFormat::Parquet, false),
        other => return Err(unknown("format", other, "csv, csv.gz, parquet")),
    };
    let shape = match arguments.shape.as_str() {
        "canonical" => OutputShape::Canonical,
        "flat_invoices" => OutputShape::FlatInvoices,
        other => return Err(unknown("shape", other, "canonical, flat_invoices")),
    };
    let profile = arguments
        .profile
        .parse()
        .map_err(|_| unknown("profile", &arguments.profile, "mixed, payment-runs, defaults-many, defaults-few, defaults-none"))?;
    let options = GenerateOptions {
        profile,
        format,
        shape,
        start_date: arguments.start_date,
        end_date: arguments.end_date,
        customers: arguments.customers,
        companies: arguments.companies,
        compress,
        ..GenerateOptions::new(&arguments.out, arguments.invoices, arguments.seed)
    };
    reporter.start("generate", arguments.invoices, "invoices");
    let summary = generate(&options, &mut |done| reporter.at(done)).map_err(|error| failure(&error))?;
    reporter.done();
    for (path, rows) in &summary.files {
        println!("{:>12}  {}", rows, path.display());
    }
    println!(
        "{} for {}, {} of which defaulted; run it with: arrears run --config {} --as-of {}",
        count(summary.invoices, "invoice"),
        count(summary.customers, "customer"),
        summary.defaulted_customers,
        arguments.out.join("arrears.toml").display(),
        arguments.end_date
    );
    Ok(())
}

fn unknown(what: &str, value: &str, valid: &str) -> Error {
    Error::usage("unknown_option", format!("no such {what}: {value}")).hint(format!("choose one of: {valid}"))
}

fn failure(error: &GenerateError) -> Error {
    let what = error.to_string();
    match error {
        GenerateError::NotEmpty { .. } => {
            Error::usage("folder_not_empty", what).hint("name a new folder with --out, or empty this one; nothing in it was touched")
        }
        GenerateError::InvalidOption { .. } => Error::usage("bad_value", what).hint("arrears generate --help says what each option means"),
        GenerateError::Write { path, source } => io_error("write", path, source),
        _ => Error::unexpected("generate", "the ledger could not be generated").caused_by(error),
    }
}
