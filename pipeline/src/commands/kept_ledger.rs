//! The ledger that an output keeps, with what was known when: what backtests look back on.

use super::load_config;
use crate::cli::ConfigArguments;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::forecast::calendars::Calendars;
use crate::forecast::direct_debits::DirectDebits;
use crate::forecast::replay::Forecaster;
use crate::forecast::snapshot::Companies;
use crate::forecast::timing::Tier;
use crate::ingest::LedgerIndex;
use crate::ingest::known::LedgerView;
use crate::ingest::load::due_dates::DueDateRules;
use crate::ingest::load::knowledge::{Knowledge, TO_THIS_DAY, knowledge};
use crate::ingest::load::{LedgerFiles, LoadOptions, load};
use crate::ledger::book::Book;
use crate::ledger::calendar::Day;
use crate::scoring::facts::Facts;

/// A ledger and its facts.
pub(super) struct KeptLedger {
    /// The configuration.
    pub config: Config,
    /// Names the ledger by its content.
    pub fingerprint: String,
    /// The ledger as it is now.
    pub book: Book,
    /// What was known of it on any day since the one that was asked for.
    pub facts: Facts,
    /// Which customer belongs to which company.
    pub companies: Companies,
    calendars: Calendars,
    /// For each item of the book its row in the table of documents.
    pub item_rows: Vec<u32>,
    /// The segments it was read from.
    pub files: LedgerFiles,
    /// Whether any row says when it was recorded.
    pub has_recorded_instants: bool,
    /// The date of the first document; `None` without any.
    pub first_day: Option<Day>,
    /// From when each row is known.
    pub known: Knowledge,
}

impl KeptLedger {
    /// Opens the ledger of a configuration's output. Exchange rates are read up to `as_of`, facts that can matter on or after
    /// `since`.
    pub fn open(arguments: &ConfigArguments, as_of: Day, since: Day) -> Result<Self> {
        Self::open_from(load_config(arguments)?, as_of, since)
    }

    /// The same of a configuration that is loaded.
    pub fn open_from(config: Config, as_of: Day, since: Day) -> Result<Self> {
        let Some(index) = LedgerIndex::read(&config.output)? else {
            return Err(Error::input("no_ledger", format!("no ledger is kept in {}", config.output.display()))
                .hint("read the sources first: arrears ingest --as-of DATE"));
        };
        let view = LedgerView::new(&config.output, &index, None)?;
        let due_dates = DueDateRules::of(&config, &view.all_files);
        let options = LoadOptions { base_currency: (*config.base_currency).clone(), as_of, known_as_of: None, due_dates };
        let loaded = load(&view.files, &options)?;
        let known = knowledge(&view.files, &options, &loaded)?;
        let book = loaded.book;
        DirectDebits::check(&config.forecast, &book)?;
        Ok(KeptLedger {
            facts: Facts::new(&book, &known, since, *config.include_intercompany),
            companies: Companies::of(&book),
            calendars: Calendars::new(&config.calendar, &book.companies),
            book,
            fingerprint: index.fingerprint(),
            config,
            item_rows: loaded.item_rows,
            files: view.files,
            has_recorded_instants: known.has_recorded_instants,
            first_day: loaded.first_day,
            known,
        })
    }

    /// What forecasts are made with, as the configuration says; `tier` goes before the configuration's.
    pub fn forecaster(&self, tier: Option<Tier>) -> Forecaster<'_> {
        Forecaster {
            book: &self.book,
            facts: &self.facts,
            companies: &self.companies,
            calendars: &self.calendars,
            half_life: f64::from(*self.config.forecast.half_life_days),
            tier: tier.or(*self.config.forecast.tier),
            direct_debits: DirectDebits::of(&self.config.forecast, &self.book),
        }
    }

    /// The last day on which anything about a debit item changes, or a document or an application is dated.
    pub fn last_day(&self) -> Day {
        let items = (0..self.facts.customers()).flat_map(|customer| self.facts.all_items_of(customer));
        let changes = items.flat_map(|item| self.facts.change_days(item)).filter(|day| *day != TO_THIS_DAY);
        let documents = self.book.items.iter().map(|item| item.document_date);
        let applications = self.book.applications.iter().map(|application| application.visible_date);
        changes.chain(documents).chain(applications).max().unwrap_or(0)
    }
}
