//! Benchmarks of the core: reading amounts, loading the stored ledger, and the pass over the book.
//!
//!     cargo bench --bench core
//!
//! Quote ratios between lines of one run, not times: machines differ.

use arrears::config::{Config, Overrides};
use arrears::generate::{GenerateOptions, generate};
use arrears::ingest::load::{LedgerFiles, LoadOptions, load};
use arrears::ingest::{IngestOptions, Silent, ingest};
use arrears::ledger::buckets::Buckets;
use arrears::ledger::calendar::{Day, day_of};
use arrears::ledger::money::{DecimalFormat, convert, minor_unit, parse_decimal};
use arrears::ledger::timeline::Timeline;
use arrears::ledger::walk::{WalkOptions, walk};
use std::sync::OnceLock;

const INVOICES: u64 = 50_000;

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

/// A generated ledger, ingested once for all benchmarks.
fn ledger() -> &'static (tempfile::TempDir, LedgerFiles, Day) {
    static LEDGER: OnceLock<(tempfile::TempDir, LedgerFiles, Day)> = OnceLock::new();
    LEDGER.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let generated = folder.path().join("generated");
        let options = GenerateOptions::new(&generated, INVOICES, 1);
        generate(&options, &mut |_| {}).expect("a ledger is generated");
        let config = Config::load(&generated.join("arrears.toml"), &Overrides::default()).expect("its configuration is valid");
        let pending = ingest(&config, &IngestOptions { delivered_at: 0 }, &Silent).expect("it is ingested");
        let files = LedgerFiles::of(&config.output, &pending.index);
        pending.commit().expect("it is committed");
        (folder, files, day_of(options.end_date))
    })
}

fn load_options(as_of: Day) -> LoadOptions {
    LoadOptions { base_currency: "USD".into(), as_of, known_as_of: None }
}

#[divan::bench(sample_count = 10)]
fn load_50_thousand_invoices(bencher: divan::Bencher) {
    let (_, files, as_of) = ledger();
    bencher.bench(|| load(files, &load_options(*as_of)).expect("the ledger is readable"));
}

#[divan::bench(sample_count = 10, args = [1, 2])]
fn walk_50_thousand_invoices(bencher: divan::Bencher, threads: usize) {
    let (_, files, as_of) = ledger();
    let loaded = load(files, &load_options(*as_of)).expect("the ledger is readable");
    let timeline = Timeline::new(*as_of, 60, loaded.first_day.expect("there are documents"));
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
