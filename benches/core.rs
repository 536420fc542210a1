//! Benchmarks of the core: reading amounts, loading the stored ledger, and the pass over the book.
//!
//!     cargo bench --bench core
//!
//! Quote ratios between lines of one run, not times: machines differ.

mod ledger;

use arrears::ingest::load::load;
use arrears::ledger::buckets::Buckets;
use arrears::ledger::money::{DecimalFormat, convert, minor_unit, parse_decimal};
use arrears::ledger::timeline::Timeline;
use arrears::ledger::walk::{WalkOptions, walk};
use ledger::Generated;
use std::sync::OnceLock;

fn main() {
    divan::main();
}

#[divan::bench]
fn read_an_amount() -> Result<i64, arrears::ledger::money::DecimalError> {
    parse_decimal(divan::black_box(b"1234567.89"), DecimalFormat::default(), 4)
}

#[divan::bench]
fn convert_an_amount() -> i64 {
    convert(divan::black_box(12_345_678_900), divan::black_box(10_837_000_000), minor_unit(2))
}

/// The ledger, once for all benchmarks.
fn ledger() -> &'static Generated {
    static LEDGER: OnceLock<Generated> = OnceLock::new();
    LEDGER.get_or_init(Generated::new)
}

#[divan::bench(sample_count = 10)]
fn load_50_thousand_invoices(bencher: divan::Bencher) {
    let ledger = ledger();
    bencher.bench(|| load(&ledger.files, &ledger.load_options()).expect("the ledger is readable"));
}

#[divan::bench(sample_count = 10, args = [1, 2])]
fn walk_50_thousand_invoices(bencher: divan::Bencher, threads: usize) {
    let ledger = ledger();
    let loaded = load(&ledger.files, &ledger.load_options()).expect("the ledger is readable");
    let timeline = Timeline::new(ledger.as_of, 60, loaded.first_day.expect("there are documents"));
    let buckets = Buckets::new(&[30, 60, 90, 120]).expect("rising edges");
    let options = WalkOptions {
        buckets,
        include_intercompany: false,
        all_for_customers: false,
        scope_pairs: Vec::new(),
        on_time_grace_days: 0,
        threads,
    };
    bencher.bench(|| walk(&loaded.book, &timeline, &options, &|_| {}));
}
