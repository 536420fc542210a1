//! Parses the command line, dispatches, prints the error, chooses the exit status.

use arrears::cli::Cli;
use arrears::run::reporter::Reporter;
use clap::Parser as _;
use std::process::ExitCode;

/// Polars and the pass over the book allocate much from several threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How long freed memory is kept before the system gets it back, in milliseconds.
///
/// Blocks of rows are worked on one after the other: what one frees, the next needs. With mimalloc's own ten milliseconds the
/// system clears the same pages again and again, which was a sixth of the time of an ingest.
const MEMORY_KEPT_MILLISECONDS: std::ffi::c_long = 1_000;
/// `mi_option_purge_delay` in mimalloc.h, the same in its versions 2 and 3; the crate has no name for it.
const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;

#[expect(unsafe_code, reason = "the allocator's options can only be set through its C interface")]
fn keep_memory() {
    // SAFETY: it stores a number among mimalloc's options, which any thread may do at any time.
    unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, MEMORY_KEPT_MILLISECONDS) }
}

/// Whoever reads what is printed may have seen enough (`arrears check --list | head`): that is the end, and no bug to report.
fn end_quietly_when_nobody_reads() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let is_closed =
            panic.payload_as_str().is_some_and(|what| what.starts_with("failed printing to stdout") && what.contains("Broken pipe"));
        if is_closed {
            std::process::exit(0);
        }
        report(panic);
    }));
}

fn main() -> ExitCode {
    keep_memory();
    end_quietly_when_nobody_reads();
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
