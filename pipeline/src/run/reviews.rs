//! The step of a night that puts customers before the people who set their limits.

use super::compute::Computed;
use super::looked::Looked;
use super::risk::Judged;
use super::session::Session;
use crate::config::Config;
use crate::error::Result;
use crate::ledger::book::CustomerIndex;
use crate::ledger::calendar::{Day, date_of, month_end};
use crate::marts::frame::Sink as _;
use crate::publish::night::StagedNight;
use crate::scoring::credit_review::export::export;
use crate::scoring::credit_review::{
    CreditTerms, ReviewInputs, RiskView, credit_reviews, override_outcomes, override_outcomes_table, reviews_table,
};
use crate::scoring::grades::Grade;
use crate::scoring::risk::month_ends_before;
use crate::scoring::risk::scored::{ScoredCustomer, within_a_year};
use crate::scoring::risk::tables::points;

/// Writes `credit_reviews`, `override_outcomes` and the files for the system that takes them. Without a risk model customers are
/// unrated.
///
/// # Errors
/// When Polars fails or the disk is full.
pub fn write_reviews(
    config: &Config,
    computed: &Computed,
    looked: &Looked,
    judged: Option<&Judged>,
    night: &mut StagedNight,
    session: &mut Session,
) -> Result<()> {
    let Computed { loaded, as_of, .. } = computed;
    let book = &loaded.book;
    let horizon_days = config.risk.options(*config.forecast.half_life_days).horizon_days;
    let terms = CreditTerms::of(book);
    let mut risk = vec![RiskView::unrated(); book.customers.len()];
    let mut defaults: Vec<(CustomerIndex, Day)> = Vec::new();
    if let Some(judged) = judged {
        for of in &judged.night.scored {
            risk[of.row.customer as usize] = view(of, judged);
        }
        let events = judged.night.defaults.all().iter().filter(|event| event.technical.is_none());
        defaults = events.map(|event| (event.customer, event.event_date)).collect();
    }
    let calendars = looked.inputs.calendars.own();
    let inputs = ReviewInputs {
        book,
        facts: &looked.inputs.facts,
        companies: &looked.inputs.companies,
        calendars: &calendars,
        config: &config.credit_review,
        as_of: *as_of,
        include_intercompany: *config.include_intercompany,
        terms: &terms,
        risk: &risk,
        overrides: &looked.known.overrides,
        horizon_days,
        defaults: &defaults,
        past_risk: &|customer, day| judged.and_then(|judged| past_view(judged, customer, day)),
    };
    let reviews = reviews_table(book, &terms, &credit_reviews(&inputs))?;
    night.write("credit_reviews", &reviews)?;
    night.write("override_outcomes", &override_outcomes_table(book, &override_outcomes(&inputs))?)?;
    export(night, &reviews, &date_of(*as_of).to_string(), &config.base_currency)?;
    session.step("reviews");
    Ok(())
}

fn view(of: &ScoredCustomer, judged: &Judged) -> RiskView {
    let card = &judged.night.model.scorecard().characteristics;
    let reasons = of.reasons.iter().flatten().map(|reason| card[reason.characteristic as usize].name.clone());
    RiskView {
        pd: of.chance.map(|chance| chance.pd),
        pd_interval: of.chance.map(|chance| (chance.lower, chance.upper)),
        pd_12_months: of.pd_12_months(judged.night.options.horizon_days),
        score: of.score_tenths.map(points),
        grade: of.grade,
        previous_grade: of.previous_grade,
        is_in_default: of.default.is_some(),
        reasons: if of.default.is_some() { Vec::new() } else { reasons.collect() },
        model_version: judged.model.version.clone(),
    }
}

/// What the present model says of a customer at the last month end on or before a day, from what was known then.
fn past_view(judged: &Judged, customer: CustomerIndex, day: Day) -> Option<RiskView> {
    let end = if month_end(day) == day { day } else { month_ends_before(day).next()? };
    let night = &judged.night;
    let row = night.snapshots.get(&end)?.row_of(customer)?;
    if night.known.current(customer as usize, end).is_some() {
        return Some(RiskView { grade: Grade::InDefault, is_in_default: true, ..RiskView::unrated() });
    }
    let parts = night.model.scorecard().score_of(&row.values);
    Some(RiskView {
        pd: Some(parts.probability),
        pd_interval: Some((parts.probability_lower, parts.probability_upper)),
        pd_12_months: Some(within_a_year(parts.probability, night.options.horizon_days)),
        score: Some(points(parts.score_tenths)),
        grade: if row.is_unknown() { Grade::Unrated } else { Grade::of(parts.probability) },
        previous_grade: None,
        is_in_default: false,
        reasons: Vec::new(),
        model_version: judged.model.version.clone(),
    })
}
