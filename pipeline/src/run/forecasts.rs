//! The step of a night that forecasts: when open items will be paid, and the cash to come.

use super::compute::Computed;
use super::looked::Looked;
use super::session::Session;
use crate::config::Config;
use crate::error::Result;
use crate::forecast::card::timing_version;
use crate::forecast::direct_debits::DirectDebits;
use crate::forecast::next_week::NextWeek;
use crate::forecast::nightly::forecast;
use crate::forecast::{tables, vintages};
use crate::marts::frame::Sink as _;
use crate::publish::model_version::ModelVersion;
use crate::publish::night::StagedNight;
use crate::scoring::late_at_issue::{LateModel, late_at_issue_of_open_items};
use crate::worklist::chances::Chances;
use std::collections::HashMap;

/// What a night keeps of its forecast beside the tables.
pub struct Forecasted {
    /// The model that stands behind them.
    pub model: ModelVersion,
    /// The cash of the next seven days; `None` where there is nothing to say.
    pub next_week: Option<NextWeek>,
    /// The model of lateness at issue.
    pub late: LateModel,
    /// The chances of payment that the collectors' list needs.
    pub chances: Chances,
}

/// Writes the tables of the forecast; nothing where forecasts are disabled or the ledger is empty. `ids` are document id and item
/// number of the rows of the ledger that are open.
///
/// # Errors
/// When a fit is not certified, Polars fails or the disk is full.
pub fn write_forecasts(
    config: &Config,
    computed: &Computed,
    looked: &Looked,
    ids: &HashMap<u32, (String, i64)>,
    night: &mut StagedNight,
    session: &mut Session,
) -> Result<Option<Forecasted>> {
    let Computed { loaded, as_of, .. } = computed;
    let book = &loaded.book;
    if !*config.forecast.enabled || book.items.is_empty() {
        return Ok(None);
    }
    DirectDebits::check(&config.forecast, book)?;
    let Looked { inputs, known } = looked;
    let forecaster = inputs.forecaster(config, book);
    let reporter = session.reporter;
    let start = |origins| reporter.start("forecast", origins, "origins");
    let made = forecast(config, &forecaster, *as_of, start, || reporter.advance(1))?;
    reporter.done();
    let model = timing_version(&made.fitted, *config.forecast.half_life_days, known.has_recorded_instants)?;
    let late = late_at_issue_of_open_items(&inputs.facts, &inputs.companies, forecaster.half_life, *as_of);
    let context = tables::InvoiceContext {
        book,
        facts: &inputs.facts,
        companies: &inputs.companies,
        ids,
        item_rows: &loaded.item_rows,
        model_version: &model.version,
        late: &late,
    };
    night.write("invoice_forecasts", &tables::invoice_forecasts(&context, &made)?)?;
    night.write("cash_forecast", &tables::cash_forecast(book, &made)?)?;
    night.write("cash_baselines", &tables::cash_baselines(book, &made)?)?;
    night.write("cash_bridge", &tables::cash_bridge(book, &inputs.companies, &made)?)?;
    let vintages = vintages::scores(&config.output, book, &inputs.facts, &inputs.companies, *as_of)?;
    night.write("forecast_accuracy", &tables::forecast_accuracy(book, &[("replay", &made.scores), ("vintage", &vintages)])?)?;
    let chances = Chances::of(&inputs.facts, &inputs.companies, &made, *as_of);
    session.step("forecast");
    Ok(Some(Forecasted { model, next_week: NextWeek::of(&made), late: late.model, chances }))
}
