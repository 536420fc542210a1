//! The step of a night that judges customers: who defaulted, who will, and why.

use super::compute::Computed;
use super::looked::Looked;
use super::session::Session;
use super::words::count;
use crate::config::Config;
use crate::error::Result;
use crate::marts::frame::Sink as _;
use crate::publish::model_version::ModelVersion;
use crate::publish::night::StagedNight;
use crate::scoring::defaults::Defaults;
use crate::scoring::facts::Facts;
use crate::scoring::late_at_issue::LateModel;
use crate::scoring::late_at_issue::next_invoice::late_of_next_invoices;
use crate::scoring::risk::card::risk_version;
use crate::scoring::risk::monitoring::{drift, judged_days, matured, performance, tables};
use crate::scoring::risk::night::NightRisk;
use crate::scoring::risk::tables::{RiskContext, customer_scores, default_events, score_points};
use crate::scoring::risk::{Looking, RiskOptions, since};
use arrears_models::scorecard::fit::Fate;
use serde_json::json;

/// What a night keeps of its risk beside the tables.
pub struct Judged {
    /// The night's risk.
    pub night: NightRisk,
    /// The model that stands behind it.
    pub model: ModelVersion,
}

/// Writes the tables of default risk; nothing where it is disabled. `late` is the model of lateness at issue, where the forecast has
/// fitted one.
///
/// # Errors
/// When Polars fails or the disk is full.
pub fn write_risk(
    config: &Config,
    computed: &Computed,
    looked: &Looked,
    late: Option<&LateModel>,
    night: &mut StagedNight,
    session: &mut Session,
) -> Result<Option<Judged>> {
    let Computed { loaded, as_of, .. } = computed;
    let book = &loaded.book;
    if !*config.risk.enabled {
        return Ok(None);
    }
    let facts = &looked.inputs.facts;
    let options = config.risk.options(*config.forecast.half_life_days);
    let defaults = defaults_in_hindsight(config, computed, looked, &options);
    let companies = &looked.inputs.companies;
    let looking = Looking::new(facts, book, companies, *as_of, loaded.first_day);
    let reporter = session.reporter;
    reporter.start("risk", NightRisk::days(&looking, *as_of, &options) as u64, "days");
    let judged = NightRisk::new(&looking, defaults, *as_of, options, || reporter.advance(1));
    reporter.done();
    let half_life = f64::from(*config.forecast.half_life_days);
    let fitted;
    let late = match late {
        Some(late) => late,
        None => {
            (fitted, _) = LateModel::fit(facts, companies, half_life, *as_of, *as_of);
            &fitted
        }
    };
    let late = late_of_next_invoices(facts, companies, late, half_life, *as_of);
    let model = risk_version(&judged, looked.known.has_recorded_instants)?;
    let context = RiskContext { book, night: &judged, late: &late, model_version: &model.version };
    night.write("customer_scores", &customer_scores(&context)?)?;
    night.write("default_events", &default_events(&context)?)?;
    night.write("score_points", &score_points(&context)?)?;
    report(&judged, session);
    session.step("risk");
    monitor(&looking, &judged, &model.version, night, session)?;
    Ok(Some(Judged { night: judged, model }))
}

/// Judges models of earlier month ends by what came, and looks at how far customers have moved since the fit.
fn monitor(looking: &Looking, judged: &NightRisk, model_version: &str, night: &mut StagedNight, session: &mut Session) -> Result<()> {
    let reporter = session.reporter;
    reporter.start("monitoring", judged_days(judged, looking.first_day).len() as u64, "month ends");
    let matured = matured(looking, judged, || reporter.advance(1));
    reporter.done();
    let judgements = performance::judgements(looking, &matured);
    let figures: Vec<performance::Figure> =
        judgements.iter().flat_map(|judgement| performance::figures(judgement, judged.options.seed)).collect();
    night.write("risk_drift", &tables::risk_drift(&drift(judged), model_version)?)?;
    night.write("risk_performance", &tables::risk_performance(&figures)?)?;
    session.step("monitoring");
    Ok(())
}

/// The defaults that the run knows: earlier days are seen as they turned out, not as they looked.
fn defaults_in_hindsight(config: &Config, computed: &Computed, looked: &Looked, options: &RiskOptions) -> Defaults {
    let Computed { loaded, as_of, .. } = computed;
    if !looked.known.has_recorded_instants {
        return Defaults::new(&looked.inputs.facts, &options.rule, *as_of);
    }
    let hindsight = looked.known.in_hindsight();
    let facts = Facts::new(&loaded.book, &hindsight, since(*as_of, options), *config.include_intercompany);
    Defaults::new(&facts, &options.rule, *as_of)
}

fn report(judged: &NightRisk, session: &Session) {
    let characteristics = judged.model.ladder.fitted.iter().flat_map(|fitted| &fitted.characteristics);
    for of in characteristics {
        if let Fate::SuspectedLeak { auc } = of.fate {
            let sentence = format!("risk: {} tells defaults apart too well to be honest (AUC {auc:.3}) and is left out", of.name);
            session.reporter.event("suspected_leak", json!({"characteristic": of.name, "auc": auc}), &sentence);
        }
    }
    let in_default = judged.scored.iter().filter(|of| of.default.is_some()).count() as u64;
    let counts = &judged.model.ladder.counts;
    let tier = judged.model.ladder.tier.word();
    let fields = json!({
        "customers": judged.scored.len(), "in_default": in_default, "tier": tier,
        "month_ends": judged.model.days.len(), "defaulted_families": counts.event_groups,
    });
    let sentence = format!(
        "risk: {} judged by the {tier} scorecard, learnt from {} of {}; {in_default} in default",
        count(judged.scored.len() as u64, "customer"),
        count(counts.event_groups as u64, "defaulted family"),
        count(judged.model.days.len() as u64, "month end"),
    );
    session.reporter.event("judged", fields, &sentence.replace("familys", "families"));
}
