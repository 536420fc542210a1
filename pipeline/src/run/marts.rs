//! Writing the tables that are computed scope value by scope value, in the order of their keys, with bounded memory.

use super::compute::Computed;
use super::session::Session;
use crate::config::Config;
use crate::error::Result;
use crate::ledger::calendar::Window;
use crate::ledger::outcomes::Outcome;
use crate::ledger::scopes::Scope;
use crate::ledger::timeline::Timeline;
use crate::marts::frame::Sink as _;
use crate::marts::kpi_alerts::{Found, Watch, kpi_alerts};
use crate::marts::kpis::{KpiOptions, kpis};
use crate::marts::measures::ScopeRow;
use crate::marts::outcomes::{ByScopeValue, Curves, Delays, company_ranges, of_customer};
use crate::marts::payment_curves::Parents;
use crate::marts::payment_delays::Known;
use crate::marts::restatements::CurrentTables;
use crate::marts::{aging, collection_curves, dso_bridge, payment_curves, payment_delays, roll_forward, roll_rates};
use crate::publish::night::StagedNight;
use polars::prelude::DataFrame;
use rayon::prelude::*;
use std::collections::HashMap;

/// Tables that come from totals, in the order in which [`write_scope_tables`] computes them.
const SCOPE_TABLES: [&str; 5] = ["kpis", "aging", "roll_forward", "roll_rates", "dso_bridge"];
/// Tables that come from outcomes, in the order in which [`labelled_tables`] computes them.
const OUTCOME_TABLES: [&str; 4] = ["payment_curves", "conditional_curves", "collection_curves", "delay_histogram"];

/// Writes what comes from the totals of scope values: metrics, aging, roll-forward, roll rates, bridges, alerts. `current`
/// keeps what restatements are looked for in.
///
/// # Errors
/// When Polars fails or the disk is full.
pub fn write_scope_tables<'a>(
    rows: &'a [ScopeRow<'a>],
    config: &'a Config,
    computed: &'a Computed,
    options: &KpiOptions,
    (night, current): (&mut StagedNight, &mut CurrentTables),
    session: &Session,
) -> Result<()> {
    let Computed { timeline, walked, buckets, .. } = computed;
    let base_unit = options.late_interest.base_unit;
    let watch = Watch::new(&config.metrics.alerts, timeline, options.supplied.disputes);
    session.reporter.start("metrics", rows.len() as u64, "scope values");
    let parts = parts(rows, timeline);
    let compute = |group: &[(usize, &'a [ScopeRow<'a>])]| -> Result<Vec<([DataFrame; 5], Found<'a>)>> {
        let tables = group.par_iter().map(|(first_rank, part)| {
            let metrics = kpis(part, *first_rank, timeline, options)?;
            let found = watch.look(part, &metrics)?;
            let tables = [
                metrics,
                aging::aging(part, timeline, buckets)?,
                roll_forward::roll_forward(part, timeline, base_unit)?,
                roll_rates::roll_rates(part, timeline, walked.roll_shape, buckets)?,
                dso_bridge::dso_bridge(part, timeline, options.supplied.disputes)?,
            ];
            session.reporter.advance(part.len() as u64);
            Ok((tables, found))
        });
        tables.collect()
    };
    let mut alerts = Vec::new();
    let mut write = |computed: Vec<([DataFrame; 5], Found<'a>)>| -> Result<()> {
        for (tables, found) in computed {
            for (name, table) in SCOPE_TABLES.iter().zip(&tables) {
                current.keep(name, table)?;
                night.write(name, table)?;
            }
            alerts.push(found);
        }
        Ok(())
    };
    // While one group of parts is written, in the order of the key, the next is computed.
    let mut waiting = Vec::new();
    for group in parts.chunks(rayon::current_num_threads()) {
        let ready = std::mem::take(&mut waiting);
        let (written, next) = rayon::join(|| write(ready), || compute(group));
        written?;
        waiting = next?;
    }
    write(waiting)?;
    session.reporter.done();
    night.write("kpi_alerts", &kpi_alerts(alerts, timeline)?)
}

/// Scope values in runs of about the same number of rows, so that memory stays bounded; each with the rank of its first.
fn parts<'a>(rows: &'a [ScopeRow<'a>], timeline: &Timeline) -> Vec<(usize, &'a [ScopeRow<'a>])> {
    const PERIODS_PER_PART: usize = 200;
    let mut parts = Vec::new();
    let (mut start, mut periods) = (0, 0);
    for (position, row) in rows.iter().enumerate() {
        // A period of a customer has a quarter of the windows and conventions of the others.
        periods += row.periods(timeline).len() * if row.value.scope == Scope::Customer { 1 } else { 4 };
        if periods >= PERIODS_PER_PART * 4 {
            parts.push((start, &rows[start..=position]));
            (start, periods) = (position + 1, 0);
        }
    }
    if start < rows.len() {
        parts.push((start, &rows[start..]));
    }
    parts
}

/// Writes what comes from the outcomes of single items: payment and collection curves, delays, histograms.
///
/// # Errors
/// When Polars fails or the disk is full.
pub fn write_outcome_tables(
    rows: &[ScopeRow],
    config: &Config,
    computed: &Computed,
    night: &mut StagedNight,
    session: &Session,
) -> Result<()> {
    let companies = company_ranges(&computed.walked);
    let history_start = config.metrics.history_start();
    let curves_of = |company: Option<u32>| {
        let range = company.map_or(Some(0..computed.walked.outcomes.len()), |company| companies.get(&company).cloned());
        Curves::of(computed.walked.outcomes[range.unwrap_or_default()].iter(), history_start)
    };
    let group = curves_of(None);
    let of_companies: HashMap<u32, Curves> = companies.keys().map(|company| (*company, curves_of(Some(*company)))).collect();

    session.reporter.start("curves", rows.len() as u64, "scope values");
    for run in rows.chunk_by(|a, b| a.value.company == b.value.company && a.value.scope == b.value.scope) {
        let value = run[0].value;
        if value.scope == Scope::Customer {
            write_customer_delays(run, computed, history_start, night)?;
            session.reporter.advance(run.len() as u64);
            continue;
        }
        let grouped = ByScopeValue::new(&computed.walked, value.company, value.scope, &companies);
        let company = value.company.and_then(|company| of_companies.get(&company)).unwrap_or(&group);
        let parents = Parents { company, group: &group };
        for part in run.chunks(rayon::current_num_threads() * 8) {
            let tables = part.par_iter().map(|row| {
                let outcomes = grouped.of(&row.value);
                let tables = labelled_tables(row, outcomes, &parents, computed, history_start);
                session.reporter.advance(1);
                tables
            });
            for tables in tables.collect::<Result<Vec<_>>>()?.into_iter().flatten() {
                for (name, table) in OUTCOME_TABLES.iter().zip(&tables.0) {
                    night.write(name, table)?;
                }
                night.write("payment_delays", &tables.1)?;
            }
        }
    }
    session.reporter.done();
    Ok(())
}

/// The tables of one scope value, or `None` where it has not sold anything.
fn labelled_tables<'a>(
    row: &ScopeRow,
    outcomes: impl Iterator<Item = &'a Outcome> + Clone,
    parents: &Parents,
    computed: &Computed,
    history_start: Option<i32>,
) -> Result<Option<([DataFrame; 4], DataFrame)>> {
    if outcomes.clone().next().is_none() {
        return Ok(None);
    }
    let timeline = &computed.timeline;
    let curves = Curves::of(outcomes.clone(), history_start);
    let delays = Delays::of(outcomes.clone(), timeline);
    let empty = DataFrame::empty;
    let (paid, conditional) = if curves.entered == 0 {
        (empty(), empty())
    } else {
        (payment_curves::payment_curves(row, &curves)?, payment_curves::conditional_curves(row, &curves, parents)?)
    };
    let tables = [
        paid,
        conditional,
        collection_curves::collection_curves(row, outcomes, timeline, history_start)?,
        payment_delays::delay_histogram(row, &delays)?,
    ];
    let known = Known { row, delays, curve: curves.items, entered: curves.entered, windows: (0..Window::ALL.len()).collect() };
    Ok(Some((tables, payment_delays::payment_delays(&[known])?)))
}

/// Delays of customers: the default window.
fn write_customer_delays(rows: &[ScopeRow], computed: &Computed, history_start: Option<i32>, night: &mut StagedNight) -> Result<()> {
    const CUSTOMERS_PER_PART: usize = 2_000;
    let window = Window::ALL.iter().position(|window| *window == Window::Trailing3Months).expect("it is one of the windows");
    let of_part = |part: &[ScopeRow]| {
        let known: Vec<Known> = part
            .iter()
            .filter_map(|row| {
                let outcomes = of_customer(&computed.walked, row);
                if outcomes.is_empty() {
                    return None;
                }
                let curves = Curves::of(outcomes.iter(), history_start);
                let delays = Delays::of(outcomes.iter(), &computed.timeline);
                Some(Known { row, delays, curve: curves.items, entered: curves.entered, windows: vec![window] })
            })
            .collect();
        payment_delays::payment_delays(&known)
    };
    for parts in rows.chunks(CUSTOMERS_PER_PART * rayon::current_num_threads()) {
        for table in parts.par_chunks(CUSTOMERS_PER_PART).map(of_part).collect::<Result<Vec<_>>>()? {
            night.write("payment_delays", &table)?;
        }
    }
    Ok(())
}
