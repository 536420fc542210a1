//! `arrears explain --customer`: why a customer has the grade it has.

use super::kept_ledger::KeptLedger;
use super::load_config;
use super::query::print;
use crate::cli::ExplainArguments;
use crate::error::{Error, Result};
use crate::ledger::buckets::Buckets;
use crate::ledger::calendar::{Day, date_of, day_of};
use crate::near;
use crate::scoring::as_of::UsualTerms;
use crate::scoring::defaults::Defaults;
use crate::scoring::facts::{self, Facts};
use crate::scoring::risk::card::risk_version;
use crate::scoring::risk::explain::{Explainer, Explanation, text};
use crate::scoring::risk::night::NightRisk;
use crate::scoring::risk::{self, Looking};

pub(super) fn run(arguments: &ExplainArguments, id: &str) -> Result<()> {
    let config = load_config(&arguments.config)?;
    if !*config.risk.enabled {
        return Err(Error::usage("risk_disabled", "customers are not scored: `enabled` of [risk] is false").hint("set it to true"));
    }
    let as_of = day_of(arguments.as_of);
    let options = config.risk.options(*config.forecast.half_life_days);
    // As far back as a night looks: facts before are not collected.
    let since = risk::since(as_of, &options).min(facts::since(as_of));
    let ledger = KeptLedger::open_from(config, as_of, since)?;
    let customer = find(&ledger, id, arguments.company.as_deref())?;
    let explained = explain(&ledger, customer, as_of)?;
    if arguments.json {
        let json = serde_json::to_string_pretty(&explained).expect("words and finite numbers");
        return print(format!("{json}\n").as_bytes());
    }
    print(text::explanation(&explained).as_bytes())
}

/// The customer of an id, by its place in the book.
fn find(ledger: &KeptLedger, id: &str, company: Option<&str>) -> Result<u32> {
    let book = &ledger.book;
    let company_of = |customer: &usize| book.companies[book.customers[*customer].company as usize].as_str();
    if let Some(name) = company.filter(|name| !book.companies.iter().any(|company| company == name)) {
        let known: Vec<&str> = book.companies.iter().map(String::as_str).collect();
        return Err(Error::usage("unknown_company", format!("there is no such company: {name}")).hint(near::hint(
            "companies",
            name,
            &known,
        )));
    }
    let found: Vec<usize> = (0..book.customers.len()).filter(|customer| book.customers[*customer].id == id).collect();
    let names: Vec<&str> = found.iter().map(company_of).collect();
    let meant: Vec<usize> = found.iter().copied().filter(|customer| company.is_none_or(|name| company_of(customer) == name)).collect();
    match meant.as_slice() {
        [] if found.is_empty() => {
            let mut known: Vec<&str> = book.customers.iter().map(|customer| customer.id.as_str()).collect();
            known.sort_unstable();
            known.dedup();
            Err(Error::usage("unknown_customer", format!("the ledger has no customer {id}")).hint(near::hint("customers", id, &known)))
        }
        [] => Err(Error::usage("unknown_customer", format!("that company has no customer {id}")).hint(format!(
            "{} has: --company {}",
            names.join(", "),
            names[0]
        ))),
        [customer] => counted(ledger, *customer),
        _ => {
            let what = format!("{} companies have a customer {id}: {}", names.len(), names.join(", "));
            Err(Error::usage("ambiguous_customer", what).hint(format!("add --company {}", names[0])))
        }
    }
}

fn counted(ledger: &KeptLedger, customer: usize) -> Result<u32> {
    let of = &ledger.book.customers[customer];
    if of.is_intercompany && !*ledger.config.include_intercompany {
        return Err(Error::usage("intercompany", format!("{} is a company of the same group: these are left out", of.id))
            .hint("include_intercompany = true in the configuration takes them in"));
    }
    Ok(u32::try_from(customer).expect("customers are counted in 32 bits"))
}

/// Judges everybody as a night does, and explains one.
fn explain(ledger: &KeptLedger, customer: u32, as_of: Day) -> Result<Explanation> {
    let (config, book) = (&ledger.config, &ledger.book);
    let options = config.risk.options(*config.forecast.half_life_days);
    if ledger.first_day.is_none_or(|first| first > as_of) {
        let what = format!("the ledger has nothing by the end of {}", date_of(as_of));
        return Err(Error::usage("nothing_yet", what).hint("take a later --as-of"));
    }
    let looking = Looking::new(&ledger.facts, book, &ledger.companies, as_of, ledger.first_day);
    // Earlier days are seen as they turned out, where the ledger tells that from how they looked.
    let since = risk::since(as_of, &options);
    let hindsight =
        ledger.has_recorded_instants.then(|| Facts::new(book, &ledger.known.in_hindsight(), since, *config.include_intercompany));
    let default_facts = hindsight.as_ref().unwrap_or(&ledger.facts);
    let defaults = Defaults::new(default_facts, &options.rule, as_of);
    let night = NightRisk::new(&looking, defaults, as_of, options, || {});
    let version = risk_version(&night, ledger.has_recorded_instants)?.version;
    let companies = &ledger.companies;
    let Some(buckets) = Buckets::new(&config.aging_edges) else {
        return Err(Error::usage("bad_aging_edges", format!("aging edges must rise and be at most six: {:?}", config.aging_edges)));
    };
    let explainer = Explainer {
        night: &night,
        book,
        facts: &ledger.facts,
        default_facts,
        companies,
        families: &looking.families,
        usual_terms: &UsualTerms::new(&ledger.facts, as_of, companies.count(), |customer| companies.company(customer)),
        buckets: &buckets,
        overrides: &ledger.known.overrides,
        model_version: &version,
    };
    Ok(explainer.explain(customer))
}
