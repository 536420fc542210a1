//! Weights of evidence: how much riskier a bin is than all rows.

use super::Tally;

/// Added to both cells of a bin of which one is empty.
const SMOOTHING: f64 = 0.5;
/// Events that a bin of missing values was to have to be believed fully.
const EVENTS_FOR_BELIEF: f64 = 10.0;

/// The weight of evidence of a bin, in log-odds: above 0 riskier than all rows.
///
/// WOE = ln((e ÷ E) ÷ (o ÷ O)).
///
/// e, o: events and others in the bin. E, O: the same of all rows.
///
/// Edge cases: `None` where one of the four is 0.
///
/// ```
/// use arrears_models::scorecard::bins::weight_of_evidence;
/// // Three quarters of the events and one quarter of the others.
/// assert_eq!(weight_of_evidence(30, 100, 40, 400), Some(3.0_f64.ln()));
/// assert_eq!(weight_of_evidence(0, 100, 40, 400), None);
/// ```
///
/// Source: I. J. Good (1950), *Probability and the Weighing of Evidence*, chapter 6.
pub fn weight_of_evidence(events: u64, others: u64, events_of_all: u64, others_of_all: u64) -> Option<f64> {
    let is_defined = [events, others, events_of_all, others_of_all].iter().all(|count| *count > 0);
    is_defined.then(|| ((events as f64 / events_of_all as f64) / (others as f64 / others_of_all as f64)).ln())
}

/// [`weight_of_evidence`], with ½ added to both cells of the bin where one of them is empty, but never with the
/// opposite sign; 0 where both are.
///
/// # Panics
///
/// When there are no events at all, or no others.
pub fn weight_of_evidence_smoothed(events: u64, others: u64, events_of_all: u64, others_of_all: u64) -> f64 {
    assert!(events_of_all > 0 && others_of_all > 0, "one class has no weights of evidence");
    if events == 0 && others == 0 {
        return 0.0;
    }
    weight_of_evidence(events, others, events_of_all, others_of_all).unwrap_or_else(|| {
        let share = |count: u64, of: u64| (count as f64 + SMOOTHING) / of as f64;
        let smoothed = (share(events, events_of_all) / share(others, others_of_all)).ln();
        // Half an event beside very few others must not make a bin without an event a risky one.
        if events == 0 { smoothed.min(0.0) } else { smoothed.max(0.0) }
    })
}

/// The weight of evidence of missing values; `best` is the lowest of the bins of values. See [`super::Bins::of`].
pub(super) fn of_missing(missing: Tally, all: Tally, best: f64, share_min: f64) -> f64 {
    let own = weight_of_evidence_smoothed(missing.events, missing.others(), all.events, all.others());
    let rows_needed = share_min * all.rows as f64;
    let events_due = missing.rows as f64 * all.events as f64 / all.rows as f64;
    let belief_by_rows = if rows_needed > 0.0 { missing.rows as f64 / rows_needed } else { 1.0 };
    let belief = belief_by_rows.min(events_due / EVENTS_FOR_BELIEF).min(1.0);
    let held = belief * own;
    if belief < 1.0 { held.max(0.0) } else { held.max(best.min(0.0)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(rows: u64, events: u64) -> Tally {
        Tally { rows, events }
    }

    #[test]
    fn missing_values_are_believed_as_far_as_there_are_enough_of_them() {
        // 10,000 rows, 1,000 events: at the rate of all, 100 rows are due 10 events; 5 % are 500 rows.
        let all = tally(10_000, 1_000);
        let woe = |missing| of_missing(missing, all, -0.5, 0.05);
        let own = |events: u64, others: u64| ((events as f64 / 1_000.0) / (others as f64 / 9_000.0)).ln();
        assert_eq!(woe(tally(500, 100)), own(100, 400));
        assert_eq!(woe(tally(250, 50)), 0.5 * own(50, 200));
        // Half as risky as all, with enough rows: kept; with half of them: not rewarded; far better than the best bin: as that.
        assert_eq!(woe(tally(500, 40)), own(40, 460).max(-0.5));
        assert_eq!((woe(tally(499, 25)), woe(tally(1_000, 1)), woe(tally(0, 0))), (0.0, -0.5, 0.0));
        // Two of two: smoothed and nearly nothing.
        let two = woe(tally(2, 2));
        assert!(two > 0.0 && two < 0.05, "{two}");
    }

    #[test]
    fn an_empty_cell_is_half_a_row() {
        assert_eq!(weight_of_evidence_smoothed(0, 100, 10, 200), ((0.5_f64 / 10.0) / (100.5 / 200.0)).ln());
        assert_eq!(weight_of_evidence_smoothed(3, 0, 10, 200), ((3.5_f64 / 10.0) / (0.5 / 200.0)).ln());
        assert_eq!(weight_of_evidence_smoothed(0, 0, 10, 200), 0.0);
        // (0.5/10) / (1.5/200) is above 1.
        assert_eq!(weight_of_evidence_smoothed(0, 1, 10, 200), 0.0);
    }
}
