//! Benchmarks of the forecast: the fit of a day, and the curves of many open items.
//!
//!     cargo bench --bench forecast
//!
//! Quote ratios between lines of one run, not times: machines differ. The fit of a million rows and the paths are beside the
//! mathematics: `cargo bench --package arrears-models`.

use arrears::config::{Config, Overrides};
use arrears::forecast::design::{ItemFeatures, Rows};
use arrears::forecast::nightly::Inputs;
use arrears::forecast::open_items::DaysAhead;
use arrears::generate::{GenerateOptions, generate};
use arrears::ingest::load::knowledge::knowledge;
use arrears::ingest::load::{LedgerFiles, LoadOptions, load};
use arrears::ingest::{IngestOptions, Silent, ingest};
use arrears::ledger::book::Book;
use arrears::ledger::calendar::{Day, day_of};
use rayon::prelude::*;
use std::sync::OnceLock;

const INVOICES: u64 = 50_000;
/// Items that curves are made for: the open items of the ledger, again and again.
const ITEMS: usize = 200_000;
/// Calendar days that have 65 business days.
const DAYS: i32 = 91;

fn main() {
    divan::main();
}

struct Ledger {
    _folder: tempfile::TempDir,
    config: Config,
    book: Book,
    inputs: Inputs,
    as_of: Day,
}

/// A generated ledger, read once for all benchmarks.
fn ledger() -> &'static Ledger {
    static LEDGER: OnceLock<Ledger> = OnceLock::new();
    LEDGER.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let generated = folder.path().join("generated");
        let options = GenerateOptions::new(&generated, INVOICES, 1);
        generate(&options, &mut |_| {}).expect("a ledger is generated");
        let config = Config::load(&generated.join("arrears.toml"), &Overrides::default()).expect("its configuration is valid");
        let pending = ingest(&config, &IngestOptions { delivered_at: 0 }, &Silent).expect("it is ingested");
        let files = LedgerFiles::of(&config.output, &pending.index);
        pending.commit().expect("it is committed");
        let as_of = day_of(options.end_date);
        let load_options = LoadOptions { base_currency: "USD".into(), as_of, known_as_of: None };
        let loaded = load(&files, &load_options).expect("the ledger is readable");
        let known = knowledge(&files, &load_options, &loaded).expect("and what was known when");
        let inputs = Inputs::new(&config, &loaded.book, &known, as_of);
        Ledger { _folder: folder, config, book: loaded.book, inputs, as_of }
    })
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn fit_of_a_day(bencher: divan::Bencher) {
    let Ledger { config, book, inputs, as_of, .. } = ledger();
    let forecaster = inputs.forecaster(config, book);
    bencher.bench(|| forecaster.fit(&[*as_of]).expect("the fit is certified").len());
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn curves_of_200_thousand_items_over_65_days(bencher: divan::Bencher) {
    let Ledger { config, book, inputs, as_of, .. } = ledger();
    let forecaster = inputs.forecaster(config, book);
    let fitted = forecaster.fit(&[*as_of]).expect("the fit is certified").pop().expect("one day has one fit");
    assert_eq!(fitted.model.tier.word(), "hazard", "the dearest step of the ladder");
    let snapshot = forecaster.snapshot(*as_of, &fitted);
    let days: Vec<DaysAhead> = fitted.calendars.iter().map(|calendar| DaysAhead::new(calendar, *as_of, as_of + DAYS)).collect();
    let items: Vec<(usize, Day, ItemFeatures)> = (0..inputs.facts.customers())
        .flat_map(|customer| snapshot.customers[customer].open.iter().map(move |open| (customer, open)))
        .map(|(customer, open)| {
            let item = &inputs.facts.all_items_of(customer)[open.position as usize];
            (customer, item.document_date, snapshot.features(customer, item, open))
        })
        .collect();
    let paid = |at: usize| -> f64 {
        let (customer, document_date, features) = &items[at % items.len()];
        let days = &days[inputs.companies.company(*customer)];
        let rows = Rows::new(features, snapshot.habits.of(*customer), *document_date, days.past());
        fitted.model.left(features, rows, days.days()).last().map_or(0.0, |left| left[0])
    };
    bencher.bench(|| -> f64 { (0..ITEMS).into_par_iter().map(paid).sum() });
}
