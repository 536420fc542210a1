//! `arrears check`: the named checks, or the comparison with the SQL twins, on a night that is published.

use super::{load_config, parity};
use crate::checks::{CHECKS, Severity, named};
use crate::cli::CheckArguments;
use crate::error::{Error, Result};
use crate::ingest::LedgerIndex;
use crate::ingest::known::{KnownAsOf, LedgerView};
use crate::publish::manifest::Manifest;
use crate::publish::night::{night_folder, nights};
use crate::quality::RULES;
use crate::run::compute::compute;
use crate::run::nightly::{blocked, run_checks};
use crate::run::reporter::Reporter;
use crate::run::session::Session;
use crate::run::words::count;

pub(super) fn run(arguments: &CheckArguments, reporter: &Reporter) -> Result<()> {
    if arguments.list {
        for check in CHECKS {
            let severity = if check.severity == Severity::Blocking { "blocking" } else { "warning" };
            println!("{:<42} {severity:<9} {}", check.name, check.description);
        }
        for rule in RULES {
            println!("{:<42} {:<9} {}", rule.name, rule.severity.word(), rule.asserts);
        }
        return Ok(());
    }
    let asked = named(&arguments.names)?;
    let config = load_config(&arguments.config)?;
    let published = nights(&config.output)?;
    let Some(as_of_date) = arguments.as_of.map(|date| date.to_string()).or_else(|| published.last().cloned()) else {
        return Err(Error::input("no_night", format!("nothing is published in {}", config.output.display()))
            .hint("publish a night first: arrears run --as-of DATE"));
    };
    let night = night_folder(&config.output, &as_of_date);
    let Some(manifest) = Manifest::read(&night)? else {
        return Err(Error::input("no_night", format!("no such night: {as_of_date}"))
            .at(night.display())
            .hint(format!("the published nights are: {}", published.join(", "))));
    };
    let ledger = arguments.ledger_of.as_deref().unwrap_or(&config.output);
    let Some(index) = LedgerIndex::read(ledger)? else {
        return Err(Error::input("no_ledger", format!("no ledger is kept in {}", ledger.display()))
            .hint("the night was run with --ledger-of: name the output that keeps the ledger with --ledger-of again"));
    };
    let known_as_of = manifest.known_as_of.as_deref().and_then(KnownAsOf::parse);
    let view = LedgerView::new(ledger, &index, known_as_of)?;
    if arguments.parity {
        return parity::run(&config, ledger, &view, &manifest, reporter);
    }
    let as_of = as_of_date.parse().map_err(|cause| Error::usage("bad_date", format!("not a date: {as_of_date}")).caused_by(&cause))?;
    let mut session = Session::begin(&config.output, "check", Some(as_of_date.clone()), reporter)?;
    let result = compute(&config, &view, as_of, &mut session).and_then(|computed| {
        let outcomes = run_checks(&asked, &config, &computed, &view.index, &night, &manifest, &mut session)?;
        // Without names the laws are counted; rules that do not hold have been told of.
        let counted = if arguments.names.is_empty() { &outcomes[..asked.0.len()] } else { &outcomes };
        blocked(&outcomes, &session).map_or_else(|| Ok((counted.iter().filter(|outcome| outcome.holds()).count(), counted.len())), Err)
    });
    session.record.status = "checked".into();
    let (held, all) = session.end(result)?;
    let of = if held == all { String::new() } else { format!("{held} of ") };
    println!("{as_of_date}: {of}{} hold{}", count(all as u64, "check"), if all == 1 { "s" } else { "" });
    Ok(())
}
