//! One file a subcommand: from its arguments to what it prints on standard output.

mod backtest;
mod backtest_late;
mod backtest_risk;
mod check;
mod config;
mod explain;
mod explain_customer;
mod export;
mod generate;
mod ingest;
mod init;
mod kept_ledger;
mod parity;
mod plan;
mod presets;
mod prune;
mod pull;
mod quarantine;
mod query;
mod run;
mod runs;
mod what_if;

use crate::cli::{BacktestCommand, Cli, Command, ConfigArguments};
use crate::config::{Config, Overrides};
use crate::error::Result;
use crate::ingest::known::KnownAsOf;
use crate::ledger::calendar::day_of;
use crate::run::reporter::Reporter;
use chrono::NaiveDate;

/// Runs a subcommand.
///
/// # Errors
/// The failure, with the exit status that `main` hands on.
pub fn dispatch(cli: Cli, reporter: &Reporter) -> Result<()> {
    match cli.command {
        Command::Init(arguments) => init::run(&arguments),
        Command::Run(arguments) => run::run(&arguments, reporter),
        Command::Ingest(arguments) => ingest::run(&arguments, reporter),
        Command::Plan(arguments) => plan::run(&arguments),
        Command::Pull(arguments) => pull::run(&arguments, reporter),
        Command::Prune(arguments) => prune::run(&arguments),
        Command::Check(arguments) => check::run(&arguments, reporter),
        Command::Quarantine(arguments) => quarantine::run(&arguments),
        Command::Query(arguments) => query::run(&arguments),
        Command::Backtest(BacktestCommand::Forecast(arguments)) => backtest::forecast(&arguments, reporter),
        Command::Backtest(BacktestCommand::Late(arguments)) => backtest_late::run(&arguments, reporter),
        Command::Backtest(BacktestCommand::Risk(arguments)) => backtest_risk::run(&arguments, reporter),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Export(command) => export::run(&command),
        Command::WhatIf(arguments) => what_if::run(&arguments),
        Command::Generate(arguments) => generate::run(&arguments, reporter),
        Command::Runs(arguments) => runs::run(&arguments),
        Command::Presets(arguments) => presets::run(&arguments),
        Command::Config(command) => config::run(&command),
    }
}

fn load_config(arguments: &ConfigArguments) -> Result<Config> {
    Config::load(&arguments.config, &Overrides { output: arguments.output.clone(), ..Overrides::default() })
}

/// The end of a day, in microseconds since 1970-01-01 UTC.
fn end_of_day(day: NaiveDate) -> i64 {
    KnownAsOf::end_of(day_of(day)).microseconds()
}
