//! The score in words: grade, points, reasons, what would change it.

use super::super::changes::{Change, Changes, Lift};
use super::super::standing::{MonthEnd, StandingPart};
use super::super::{Explanation, ModelPart};
use super::{counted, heading, line, percent};

pub(super) fn standing(text: &mut String, explained: &Explanation) {
    let Some(part) = &explained.standing else {
        line(
            text,
            "  not scored: it has neither open items nor sales in the last 365 days, so there is nothing to lose and nothing to judge"
                .into(),
        );
        return;
    };
    line(text, format!("  grade {}: {}", part.grade, part.grade_meaning));
    line(text, format!("  {}", since(part)));
    if let Some(default) = &explained.in_default {
        line(text, format!("  since {} ({} days): {}", default.since_date, default.days, default.why));
        default.cure.iter().for_each(|sentence| line(text, format!("  {sentence}")));
    }
    if let (Some(lower), Some(upper)) = (part.pd_lower, part.pd_upper) {
        let days = part.horizon_days;
        let interval = format!("90 % interval {} to {}", percent(lower), percent(upper));
        line(text, format!("  chance of default within {days} days {}, {interval}", percent(part.pd)));
        line(
            text,
            format!(
                "  within 12 months {} (derived: as if {days} days followed {days} days at the same chance)",
                percent(part.pd_12_months)
            ),
        );
    }
    if let Some(score) = part.score {
        let change = match part.score_change {
            Some(change) if change.abs() >= 0.05 => format!("{change:+.1} since the day before"),
            Some(_) => "as the day before".to_owned(),
            None => "none the day before".to_owned(),
        };
        line(text, format!("  score {score:.1} ({change}); 600 means 50 that pay to 1 that defaults, and 20 more double that"));
        if part.completeness < 1.0 {
            line(text, format!("  {:.0} % of what the card asks for is known", part.completeness * 100.0));
        }
    }
    if !part.month_ends.is_empty() {
        month_ends(text, &part.month_ends);
    }
}

fn since(part: &StandingPart) -> String {
    let ends = part.month_ends.iter().rev().take_while(|end| end.grade == Some(part.grade)).count();
    match (part.previous_grade, ends) {
        (None, _) => "it was not scored at the last month end".to_owned(),
        (Some(previous), 0) => format!("{previous} at the last month end"),
        (Some(_), _) if part.grade_since_at_least => format!("so since {} at least, {}", part.grade_since, counted(ends, "month end")),
        (Some(_), _) => format!("so since {}, {}", part.grade_since, counted(ends, "month end")),
    }
}

fn month_ends(text: &mut String, ends: &[MonthEnd]) {
    heading(text, "Earlier month ends, by the same model");
    line(text, "  date        grade     chance    score".into());
    for end in ends {
        let chance = end.pd.map_or("-".into(), percent);
        let score = end.score.map_or("-".into(), |score| format!("{score:.1}"));
        line(text, format!("  {}  {:<7} {chance:>8} {score:>8}", end.date, end.grade.unwrap_or("-")));
    }
}

pub(super) fn points(text: &mut String, explained: &Explanation) {
    let Some(part) = &explained.points else { return };
    heading(text, "The score as a sum of points");
    let wide = |of: &dyn Fn(usize) -> usize, least: usize| (0..part.characteristics.len()).map(of).max().unwrap_or(0).max(least);
    let characters = |text: &str| text.chars().count();
    let label = wide(&|at| characters(part.characteristics[at].label), 8);
    let value = wide(&|at| characters(&part.characteristics[at].value_text), 5);
    let bin = wide(&|at| characters(&part.characteristics[at].bin_text), 5);
    line(text, format!("  {:<label$}  {:>value$}  {:<bin$}  {:>7}  {:>7}", "", "value", "among", "points", "at best"));
    line(text, format!("  {:<label$}  {:>value$}  {:<bin$}  {:>7.1}  {:>7.1}", "everybody", "", "", part.base, part.base));
    for of in &part.characteristics {
        let mark = if of.is_reason { "  reason" } else { "" };
        line(
            text,
            format!(
                "  {:<label$}  {:>value$}  {:<bin$}  {:>+7.1}  {:>+7.1}{mark}",
                of.label, of.value_text, of.bin_text, of.points, of.best_points
            ),
        );
    }
    line(text, format!("  {:<label$}  {:>value$}  {:<bin$}  {:>7.1}  {:>7.1}", "score", "", "", part.sum, part.best_sum));
}

pub(super) fn reasons(text: &mut String, explained: &Explanation) {
    let Some(part) = &explained.points else { return };
    heading(text, "What speaks against it");
    if part.reasons.is_empty() {
        line(text, "  nothing: in no characteristic is it riskier than customers are on the whole".into());
    }
    for (place, reason) in part.reasons.iter().enumerate() {
        line(text, format!("  {}. {}", place + 1, reason.sentence));
    }
}

pub(super) fn changes(text: &mut String, explained: &Explanation) {
    let (Some(changes), Some(standing)) = (&explained.changes, &explained.standing) else { return };
    if matches!(changes.none_reason, Some("in_default" | "unrated")) {
        if changes.none_reason == Some("unrated") {
            heading(text, "What would change the grade");
            line(text, "  the first item that is settled, or that becomes past due".into());
        }
        return;
    }
    heading(text, "What would change the grade");
    edges(text, changes);
    cheapest(text, changes, standing);
    if !changes.single.is_empty() {
        line(text, "\n  One at a time, all else as it is (in practice a payment moves several of them):".into());
        singles(text, &changes.single, standing);
    }
}

fn edges(text: &mut String, changes: &Changes) {
    match (changes.better_grade, changes.better_from_score, changes.better_from_pd) {
        (Some(grade), Some(score), Some(pd)) => {
            line(
                text,
                format!(
                    "  grade {grade} from a score of {score:.1} on (chance of default {}); a grade gives way only a tenth past its edge",
                    percent(pd)
                ),
            );
        }
        _ => line(text, "  there is no better grade".into()),
    }
    if let Some(score) = changes.worse_below_score {
        line(text, format!("  a worse grade below a score of {score:.1}"));
    }
}

fn cheapest(text: &mut String, changes: &Changes, standing: &StandingPart) {
    match &changes.cheapest {
        None if changes.better_grade.is_none() => {}
        None => line(text, "  no one change lifts it, nor two together".into()),
        Some(lift) => {
            let alone = if lift.changes.len() == 1 { "cheapest" } else { "none alone is enough; cheapest together" };
            line(text, format!("  {alone}: {}", lift_words(lift, standing)));
        }
    }
}

fn lift_words(lift: &Lift, standing: &StandingPart) -> String {
    let parts: Vec<String> = lift
        .changes
        .iter()
        .map(|change| format!("{} {} instead of {} ({}, {})", change.label, change.target, change.value, soon(change), change.moved_by))
        .collect();
    let from = standing.score.map_or(String::new(), |score| format!(" instead of {score:.1}"));
    format!("{}: score {:.1}{from}, chance {}, grade {}", parts.join(" and "), lift.score, percent(lift.pd), lift.grade)
}

fn soon(change: &Change) -> &'static str {
    if change.soon == "at_once" { "at once" } else { "with time" }
}

/// Of each characteristic the nearest better bin, the first that lifts the grade, and the best.
fn singles(text: &mut String, single: &[Change], standing: &StandingPart) {
    let shown: Vec<&Change> = single.chunk_by(|a, b| a.characteristic == b.characteristic).flat_map(told).collect();
    let wide = |of: fn(&Change) -> String| shown.iter().map(|change| of(change).chars().count()).max().unwrap_or(0);
    let (label, value, target) =
        (wide(|change| change.label.to_owned()), wide(|change| change.value.clone()), wide(|change| change.target.clone()));
    for change in shown {
        let lift = if change.grade == standing.grade { String::new() } else { format!(" instead of {}", standing.grade) };
        line(
            text,
            format!(
                "  {:<label$}  {:>value$} -> {:<target$}  score {:>5.1}, chance {:>7}, grade {}{lift}; {}",
                change.label,
                change.value,
                change.target,
                change.score,
                percent(change.pd),
                change.grade,
                soon(change),
            ),
        );
    }
}

fn told(of: &[Change]) -> impl Iterator<Item = &Change> {
    let first_lift = of.iter().position(|change| change.is_lift);
    of.iter()
        .enumerate()
        .filter(move |(place, _)| *place == 0 || *place + 1 == of.len() || Some(*place) == first_lift)
        .map(|(_, change)| change)
}

pub(super) fn model(text: &mut String, model: &ModelPart) {
    heading(text, "Model");
    let of = match (&model.first_month_end, &model.last_month_end) {
        (Some(first), Some(last)) => format!(
            ", learnt from {} ({first} to {last}): {} of {} groups of customers of one parent defaulted",
            counted(model.month_ends, "month end"),
            model.defaulted_families,
            model.families,
        ),
        _ => ", without any month end whose outcome is known".to_owned(),
    };
    let tier = match model.tier {
        "expert" => "the points of experts, for want of enough defaults to learn from",
        "small" => "a small card, for want of enough defaults for a full one",
        _ => "a full card",
    };
    line(text, format!("  {} ({tier}) {}{of}", model.tier, model.version));
}
