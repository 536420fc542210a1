//! The table of a backtest as people read it: totals first, then by week ahead.

use super::{Backtest, Replayed, tiers};
use crate::forecast::backtest::challenge::{CHALLENGER, CHAMPION, Verdict};
use crate::forecast::backtest::table::{Coverage, LEVEL, MODEL, Row};
use crate::forecast::replay::Target;
use crate::ledger::calendar::date_of;
use crate::run::words::{count, grouped};
use arrears_models::bootstrap::Estimate;
use std::fmt::Write as _;

/// What there is to print.
pub(super) struct Printed<'a> {
    pub backtest: &'a Backtest<'a>,
    pub replayed: &'a [&'a Replayed],
    pub table: &'a [Row],
    pub verdict: Option<&'a Verdict>,
}

/// The text.
pub(super) fn text(printed: &Printed) -> String {
    let mut text = String::new();
    let out = &mut text;
    heading(out, printed.backtest);
    printed.replayed.iter().for_each(|replayed| origins(out, printed.backtest, replayed));
    if let Some(verdict) = printed.verdict {
        let _ = writeln!(out);
        say(out, verdict);
    }
    for replayed in printed.replayed {
        let of_role: Vec<&Row> = printed.table.iter().filter(|row| row.role == replayed.role).collect();
        let cells = cells(&of_role);
        let role = if printed.replayed.len() > 1 { format!("{}: ", replayed.role) } else { String::new() };
        cells.iter().for_each(|cell| totals(out, &role, cell));
        cells.iter().for_each(|cell| weeks(out, &role, cell));
    }
    text
}

fn heading(out: &mut String, backtest: &Backtest) {
    let (plan, scored) = (&backtest.plan, backtest.origins.scored());
    let (first, last) = (scored[0], scored[scored.len() - 1]);
    let _ = writeln!(
        out,
        "{} of {}, one every {} from {} to {}, with what was known then; what came as known on {}",
        count(plan.weeks as u64, "week"),
        count(scored.len() as u64, "origin"),
        count(u64::from(plan.every_days), "day"),
        date_of(first),
        date_of(last),
        date_of(backtest.known)
    );
    if first > plan.from {
        let _ = writeln!(out, "  from {} on no origin before {} has enough ledger behind it", date_of(plan.from), date_of(first));
    }
    let _ = writeln!(
        out,
        "  {} before them calibrate the bands; fits every {}; {} paths",
        count(backtest.origins.warm_up as u64, "origin"),
        count(u64::from(plan.refit_days), "day"),
        plan.paths
    );
    let block = backtest.spacing.block_length(scored.len(), 0);
    let _ = writeln!(out, "  intervals are of {:.0} %, from draws of whole blocks of {block} neighbouring origins", LEVEL * 100.0);
}

fn origins(out: &mut String, backtest: &Backtest, replayed: &Replayed) {
    let tiers = tiers(replayed, backtest.plan.from);
    let all: usize = tiers.values().sum();
    let shares: Vec<String> = tiers
        .iter()
        .map(|(tier, origins)| format!("{tier} at {:.0} % of the origins", *origins as f64 / all.max(1) as f64 * 100.0))
        .collect();
    let made = replayed.replays.origins.len() - replayed.replays.kept;
    let _ = writeln!(out, "  {}: {}; stands on {}", replayed.role, replayed.recipe, shares.join(", "));
    let _ = writeln!(
        out,
        "    {} replayed now with {}, {} read from {}",
        count(made as u64, "origin"),
        count(replayed.replays.fits as u64, "fit"),
        replayed.replays.kept,
        replayed.folder
    );
}

fn say(out: &mut String, verdict: &Verdict) {
    let _ = match verdict.is_replaced {
        true => writeln!(out, "the {CHALLENGER} replaces the {CHAMPION}: {}", verdict.reason()),
        false => writeln!(out, "the {CHAMPION} stays: {}", verdict.reason()),
    };
    let _ = writeln!(out, "  {CHAMPION:10} {}", verdict.champion);
    let _ = writeln!(out, "  {CHALLENGER:10} {}", verdict.challenger);
    if let (Some((champion, challenger)), Some(comparison)) = (verdict.wape, &verdict.comparison) {
        let Estimate { value, upper, .. } = comparison.difference;
        let _ = writeln!(
            out,
            "  weekly error on open items {champion:.4} and {challenger:.4}: {value:+.4}, one-sided 90 % up to {upper:+.4}; better in {:.0} % of the draws",
            comparison.share_better * 100.0
        );
    }
    for gate in &verdict.gates {
        let _ = writeln!(out, "  gate {:16} {:6} {}", gate.name, if gate.is_passed { "passed" } else { "FAILED" }, gate.found);
    }
    let recipe = if verdict.is_replaced { verdict.challenger } else { verdict.champion };
    let _ = writeln!(out, "  in the configuration:\n    {}", recipe.lines().replace('\n', "\n    "));
}

/// The lines of a cell; further cells with the same figures are named only.
struct CellRows<'a> {
    name: String,
    same: Vec<String>,
    rows: Vec<&'a Row>,
}

fn cells<'a>(rows: &[&'a Row]) -> Vec<CellRows<'a>> {
    let mut cells: Vec<CellRows> = Vec::new();
    for rows in rows.chunk_by(|a, b| (&a.company_id, a.basis, &a.currency) == (&b.company_id, b.basis, &b.currency)) {
        let name = match rows[0].basis {
            "base" => format!("{} in base currency {}", rows[0].company_id, rows[0].currency),
            _ => format!("{} in {}", rows[0].company_id, rows[0].currency),
        };
        let is_same = |cell: &&mut CellRows| {
            cell.rows.len() == rows.len()
                && cell.rows.iter().zip(rows).all(|(a, b)| (a.method, a.actual, a.wape) == (b.method, b.actual, b.wape))
        };
        match cells.iter_mut().find(is_same) {
            Some(cell) => cell.same.push(name),
            None => cells.push(CellRows { name, same: Vec::new(), rows: rows.to_vec() }),
        }
    }
    cells
}

fn totals(out: &mut String, role: &str, cell: &CellRows) {
    let same = if cell.same.is_empty() { String::new() } else { format!("; the same: {}", cell.same.join(", ")) };
    let _ = writeln!(out, "\n{role}{}{same}", cell.name);
    for target in Target::ALL {
        let rows: Vec<&&Row> = cell.rows.iter().filter(|row| row.target == target && row.horizon == 0).collect();
        let Some(first) = rows.first() else { continue };
        let _ = writeln!(
            out,
            "\n{:28} {:>6} {:17} {:>7} {:>6} {:>7} {:>6}  {:23} model − this",
            target.word(),
            "wape",
            "",
            "bias",
            "mase",
            "pinball",
            "crps",
            "model ÷ this"
        );
        for row in &rows {
            let _ = writeln!(out, "  {}", total(row).trim_end());
        }
        let _ = writeln!(
            out,
            "  {} of {}; {} came",
            count(first.weeks as u64, "week"),
            count(first.origins as u64, "origin"),
            amount(first.actual)
        );
        if let Some(model) = rows.iter().find(|row| row.method == MODEL) {
            for (coverage, band) in model.coverage.iter().zip(["50", "80", "95"]) {
                let _ = writeln!(out, "  band of {band} %: {}", held(*coverage));
            }
        }
    }
}

fn total(row: &Row) -> String {
    format!(
        "{:26} {:>6} {:17} {:>7} {:>6} {:>7} {:>6}  {:23} {}",
        row.method,
        figure(row.wape, 4),
        bounds(row.wape_bounds, 4),
        figure(row.bias, 4),
        figure(row.mase, 3),
        shown(row.pinball, 4),
        shown(row.crps, 4),
        row.model_ratio.map_or(String::new(), |of| format!("{:.3} {}", of.value, bounds(Some((of.lower, of.upper)), 3))),
        row.model_difference.map_or(String::new(), |of| {
            format!("{:+.4} {}", of.difference.value, bounds(Some((of.difference.lower, of.difference.upper)), 4))
        })
    )
}

/// What a band held, and whether that is what it promises.
fn held(coverage: Option<Coverage>) -> String {
    let Some(coverage) = coverage else { return "not calibrated at any origin".into() };
    let says = match coverage.is_nominal_inside {
        None => "",
        Some(true) => ": what it promises is inside",
        Some(false) => ": what it promises is OUTSIDE",
    };
    format!("held {:.3} {} of {}{says}", coverage.share, bounds(coverage.bounds, 3), count(coverage.weeks as u64, "week"))
}

fn weeks(out: &mut String, role: &str, cell: &CellRows) {
    for target in Target::ALL {
        let rows = |horizon: usize| cell.rows.iter().filter(move |row| row.target == target && row.horizon == horizon);
        let last = cell.rows.iter().map(|row| row.horizon).max().unwrap_or(0);
        if last == 0 || rows(0).next().is_none() {
            continue;
        }
        let _ = writeln!(out, "\n{role}{}, {} by week ahead: wape, and the model's ÷ each rule's", cell.name, target.word());
        let rules: Vec<&str> = rows(0).map(|row| row.method).filter(|method| *method != MODEL).collect();
        let _ = write!(out, "  {:>4} {:>6} {:17} {:>7} {:>6} {:>6} {:>6}", "week", MODEL, "", "bias", "in 50%", "in 80%", "in 95%");
        rules.iter().for_each(|rule| out.push_str(&format!("  {rule:>26}")));
        let _ = writeln!(out);
        for horizon in 1..=last {
            let Some(model) = rows(horizon).find(|row| row.method == MODEL) else { continue };
            let in_band = |band: usize| figure(model.coverage[band].map(|coverage| coverage.share), 3);
            let _ =
                write!(out, "  {horizon:>4} {:>6} {:17} {:>7}", figure(model.wape, 4), bounds(model.wape_bounds, 4), figure(model.bias, 4));
            (0..3).for_each(|band| out.push_str(&format!(" {:>6}", in_band(band))));
            for rule in &rules {
                let ratio = rows(horizon).find(|row| row.method == *rule).and_then(|row| row.model_ratio);
                let _ = write!(
                    out,
                    "  {:>26}",
                    ratio.map_or("-".into(), |of| format!("{:.3} {}", of.value, bounds(Some((of.lower, of.upper)), 3)))
                );
            }
            let _ = writeln!(out);
        }
    }
}

fn figure(value: Option<f64>, places: usize) -> String {
    value.map_or("-".into(), |value| format!("{value:.places$}"))
}

/// As [`figure`], nothing where there is none: rules of thumb have no quantiles.
fn shown(value: Option<f64>, places: usize) -> String {
    value.map_or(String::new(), |value| format!("{value:.places$}"))
}

fn bounds(bounds: Option<(f64, f64)>, places: usize) -> String {
    bounds.map_or(String::new(), |(lower, upper)| format!("[{lower:.places$}, {upper:.places$}]"))
}

/// Ten-thousandths as an amount with thousands apart.
fn amount(ten_thousandths: f64) -> String {
    let cents = (ten_thousandths / 100.0).round() as i64;
    let sign = if cents < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", grouped(cents.unsigned_abs() / 100), cents.unsigned_abs() % 100)
}
