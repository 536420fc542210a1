//! Parses the command line, dispatches, prints the error, chooses the exit status.

use arrears::cli::Cli;
use arrears::run::reporter::Reporter;
use clap::Parser as _;
use std::process::ExitCode;

/// Polars and the pass over the book allocate much from several threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let reporter = Reporter::new(cli.log_format.into());
    match arrears::commands::dispatch(cli, &reporter) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            reporter.failure(&error);
            ExitCode::from(error.status() as u8)
        }
    }
}
