//! Benchmarks of the forecast: the fit of a day, and the curves of many open items.
//!
//!     cargo bench --bench forecast
//!
//! Quote ratios between lines of one run, not times: machines differ. The fit of a million rows and the paths are beside the
//! mathematics: `cargo bench --package arrears-models`.

mod ledger;

use arrears::forecast::design::{ItemFeatures, Rows};
use arrears::forecast::nightly::Inputs;
use arrears::forecast::open_items::DaysAhead;
use arrears::ingest::load::knowledge::knowledge;
use arrears::ingest::load::load;
use arrears::ledger::book::Book;
use arrears::ledger::calendar::Day;
use arrears::scoring::facts::since;
use ledger::Generated;
use rayon::prelude::*;
use std::sync::OnceLock;

/// Items that curves are made for: the open items of the ledger, again and again.
const ITEMS: usize = 200_000;
/// Calendar days that have 65 business days.
const DAYS: i32 = 91;

fn main() {
    divan::main();
}

struct Ledger {
    generated: Generated,
    book: Book,
    inputs: Inputs,
}

/// The ledger and its facts, once for all benchmarks.
fn ledger() -> &'static Ledger {
    static LEDGER: OnceLock<Ledger> = OnceLock::new();
    LEDGER.get_or_init(|| {
        let generated = Generated::new();
        let loaded = load(&generated.files, &generated.load_options()).expect("the ledger is readable");
        let known = knowledge(&generated.files, &generated.load_options(), &loaded).expect("and what was known when");
        let inputs = Inputs::new(&generated.config, &loaded.book, &known, since(generated.as_of));
        Ledger { generated, book: loaded.book, inputs }
    })
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn fit_of_a_day(bencher: divan::Bencher) {
    let Ledger { generated: Generated { config, as_of, .. }, book, inputs } = ledger();
    let forecaster = inputs.forecaster(config, book);
    bencher.bench(|| forecaster.fit(&[*as_of]).expect("the fit is certified").len());
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn curves_of_200_thousand_items_over_65_days(bencher: divan::Bencher) {
    let Ledger { generated: Generated { config, as_of, .. }, book, inputs } = ledger();
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
        let rows = || Rows::new(features, snapshot.habits.of(*customer), *document_date, days.past());
        fitted.model.left(features, rows, days.days()).last().map_or(0.0, |left| left[0])
    };
    bencher.bench(|| -> f64 { (0..ITEMS).into_par_iter().map(paid).sum() });
}
