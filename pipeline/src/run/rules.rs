//! What a night does about its rules of quality: rows are kept, what is above its threshold is told, or forbids the night.

use super::nightly::keep_frame;
use super::record::CheckRecord;
use super::session::Session;
use super::words::count;
use crate::checks::{Outcome, Severity};
use crate::error::Result;
use crate::quality::kept::frame;
use crate::quality::{Judged, Quality, Rule, Verdict};
use polars::prelude::DataFrame;
use serde_json::json;

/// The outcomes of these rules. Of each that rows break, the first rows are kept; `tells_all` also tells of those that are
/// within their threshold, as somebody who asks for a rule by its name wants to know.
///
/// # Errors
/// When rows cannot be kept.
pub(super) fn judge_rules(rules: &[&'static Rule], tells_all: bool, quality: &Quality, session: &mut Session) -> Result<Vec<Outcome>> {
    let mut outcomes = Vec::new();
    for judged in quality.judged.iter().filter(|judged| rules.iter().any(|rule| rule.name == judged.rule.name)) {
        let rows = frame(&judged.kept)?;
        let rows_file = (judged.verdict != Verdict::Holds).then(|| keep_frame(judged.rule.name, &rows, session)).transpose()?;
        let outcome = outcome(judged, rows);
        if let Some(sentence) = sentence(judged, tells_all) {
            let fields = json!({"name": outcome.name, "status": judged.verdict.word(), "failing_rows": judged.rows()});
            session.reporter.event("rule", fields, &sentence);
        }
        if judged.verdict != Verdict::Holds {
            session.record.checks.push(CheckRecord { failing_rows: judged.rows(), ..CheckRecord::new(&outcome, rows_file) });
        }
        outcomes.push(outcome);
    }
    Ok(outcomes)
}

/// Rows of a rule within its threshold do not fail it.
fn outcome(judged: &Judged, rows: DataFrame) -> Outcome {
    let is_over = matches!(judged.verdict, Verdict::Warns | Verdict::Fails);
    Outcome {
        name: judged.rule.name,
        description: judged.rule.asserts,
        severity: if judged.verdict == Verdict::Fails { Severity::Blocking } else { Severity::Warning },
        rows: if is_over { judged.rows() } else { 0 },
        failing: if is_over { rows } else { DataFrame::empty() },
    }
}

fn sentence(judged: &Judged, tells_all: bool) -> Option<String> {
    let rows = count(judged.rows(), "row");
    match judged.verdict {
        Verdict::Fails => Some(format!("rule {} FAILED: {rows}", judged.rule.name)),
        Verdict::Warns => Some(format!("rule {} warns: {rows}", judged.rule.name)),
        Verdict::Noted if tells_all => Some(format!("rule {}: {rows}, within its threshold or only counted", judged.rule.name)),
        _ => None,
    }
}
