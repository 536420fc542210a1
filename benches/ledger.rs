//! The generated ledger that benchmarks look at.

use arrears::config::{Config, Overrides};
use arrears::generate::{GenerateOptions, generate};
use arrears::ingest::load::due_dates::DueDateRules;
use arrears::ingest::load::{LedgerFiles, LoadOptions};
use arrears::ingest::{IngestOptions, Silent, ingest};
use arrears::ledger::calendar::{Day, day_of};

/// Invoices of the ledger.
pub const INVOICES: u64 = 50_000;

/// A generated ledger that is ingested; its folder lives as long as it does.
pub struct Generated {
    _folder: tempfile::TempDir,
    pub config: Config,
    pub files: LedgerFiles,
    pub as_of: Day,
}

impl Generated {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let generated = folder.path().join("generated");
        let options = GenerateOptions::new(&generated, INVOICES, 1);
        generate(&options, &mut |_| {}).expect("a ledger is generated");
        let config = Config::load(&generated.join("arrears.toml"), &Overrides::default()).expect("its configuration is valid");
        let pending = ingest(&config, &IngestOptions { delivered_at: 0 }, &Silent).expect("it is ingested");
        let files = LedgerFiles::of(&config.output, &pending.index);
        pending.commit().expect("it is committed");
        Generated { _folder: folder, config, files, as_of: day_of(options.end_date) }
    }

    pub fn load_options(&self) -> LoadOptions {
        LoadOptions {
            base_currency: (*self.config.base_currency).clone(),
            as_of: self.as_of,
            known_as_of: None,
            due_dates: DueDateRules::default(),
        }
    }
}
