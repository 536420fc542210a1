//! What the models of a night look at: the facts of the ledger, as they were known.

use super::compute::{Computed, load_options};
use crate::config::Config;
use crate::error::Result;
use crate::forecast::nightly::Inputs;
use crate::ingest::known::LedgerView;
use crate::ingest::load::knowledge::{Knowledge, knowledge};
use crate::scoring::{facts, risk};

/// Facts, and from when each row is known.
pub struct Looked {
    /// Facts, companies, calendars.
    pub inputs: Inputs,
    /// From when each row is known.
    pub known: Knowledge,
}

impl Looked {
    /// Looks back as far as any model of the night does.
    ///
    /// # Errors
    /// When a segment cannot be read.
    pub fn new(config: &Config, computed: &Computed, view: &LedgerView) -> Result<Self> {
        let Computed { loaded, as_of, .. } = computed;
        let known = knowledge(&view.files, &load_options(config, view, *as_of), loaded)?;
        let options = config.risk.options(*config.forecast.half_life_days);
        let of_risk = config.risk.enabled.value.then(|| risk::since(*as_of, &options));
        let since = of_risk.into_iter().chain([facts::since(*as_of)]).min().expect("the forecast's is always there");
        Ok(Looked { inputs: Inputs::new(config, &loaded.book, &known, since), known })
    }
}
