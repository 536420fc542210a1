//! Survival of open items: the Kaplan-Meier estimate of how many are still unpaid after so many days.
//!
//! An item that is still open has not been paid *yet*: leaving it out, or counting it as paid today, is wrong in opposite
//! directions. It counts among the items at risk up to its present age, and no longer.

/// What is known of one item: its age, and whether it was paid then.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Observation {
    /// Days from the document date to payment, or to the last day it was seen unpaid; ≥ 0.
    pub days: u32,
    /// Whether it was paid on that day; otherwise it is censored.
    pub is_paid: bool,
    /// Its weight: 1 for items, an amount for money; > 0.
    pub weight: f64,
}

/// One step of a survival curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Days since the document date.
    pub days: u32,
    /// Weight of the items still unpaid and under observation just before.
    pub at_risk: f64,
    /// Weight of the items paid on this day.
    pub paid: f64,
    /// Share still unpaid after this day.
    pub survival: f64,
}

/// The Kaplan-Meier estimate, one step for each day on which something was paid.
///
/// S(t) = ∏ over days s ≤ t of (1 − paid(s) ÷ at_risk(s)), where items censored on a day are still at risk on it.
///
/// Without a payment there is no step, and S is 1 throughout.
///
/// ```
/// use arrears_models::survival::{kaplan_meier, median, Observation};
/// let item = |days, is_paid| Observation { days, is_paid, weight: 1.0 };
/// let paid = [20, 25, 30, 32, 35, 40].map(|days| item(days, true));
/// let open = [45, 60, 75, 90].map(|days| item(days, false));
/// let steps = kaplan_meier(&[paid.as_slice(), open.as_slice()].concat());
/// assert!((steps.last().unwrap().survival - 0.40).abs() < 1e-12);
/// assert_eq!(median(&steps), Some(35));
/// ```
///
/// Source: E. L. Kaplan, P. Meier (1958), *Nonparametric Estimation from Incomplete Observations*, JASA 53, 457–481.
pub fn kaplan_meier(observations: &[Observation]) -> Vec<Step> {
    let mut sorted: Vec<Observation> = observations.to_vec();
    // Weights of one day are summed in a fixed order, so that the order of the input changes no bit.
    sorted.sort_by(|a, b| (a.days, a.is_paid).cmp(&(b.days, b.is_paid)).then(a.weight.total_cmp(&b.weight)));
    let mut at_risk: f64 = sorted.iter().map(|observation| observation.weight).sum();
    let mut survival = 1.0;
    let mut steps = Vec::new();
    for day in sorted.chunk_by(|a, b| a.days == b.days) {
        let weight = |is_paid| {
            day.iter().filter(move |observation| observation.is_paid == is_paid).map(|observation| observation.weight).sum::<f64>()
        };
        let (paid, censored): (f64, f64) = (weight(true), weight(false));
        if paid > 0.0 {
            survival *= 1.0 - paid / at_risk;
            steps.push(Step { days: day[0].days, at_risk, paid, survival: survival.max(0.0) });
        }
        at_risk -= paid + censored;
    }
    steps
}

/// The first day after which at most half is unpaid, or `None` when the curve does not come down so far.
pub fn median(steps: &[Step]) -> Option<u32> {
    steps.iter().find(|step| step.survival <= 0.5).map(|step| step.days)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(days: u32, is_paid: bool) -> Observation {
        Observation { days, is_paid, weight: 1.0 }
    }

    #[test]
    fn an_item_censored_on_the_day_of_a_payment_is_still_at_risk_on_it() {
        // By hand: 4 at risk on day 10, 1 paid: 3/4; then 2 at risk on day 20, 1 paid: 3/8.
        let steps = kaplan_meier(&[item(10, true), item(10, false), item(20, true), item(30, false)]);
        assert_eq!(
            steps.iter().map(|step| (step.days, step.at_risk, step.survival)).collect::<Vec<_>>(),
            [(10, 4.0, 0.75), (20, 2.0, 0.375)]
        );
        assert_eq!(median(&steps), Some(20));
    }

    #[test]
    fn without_a_payment_nothing_is_claimed() {
        assert_eq!(kaplan_meier(&[item(10, false)]), []);
        assert_eq!(kaplan_meier(&[]), []);
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn when_all_is_paid_nothing_survives() {
        let steps = kaplan_meier(&[item(5, true), item(7, true), item(7, true)]);
        assert_eq!(steps.last().map(|step| step.survival), Some(0.0));
    }

    #[test]
    fn weights_count_as_so_many_items() {
        let weighted = kaplan_meier(&[Observation { weight: 3.0, ..item(5, true) }, item(9, false)]);
        let counted = kaplan_meier(&[item(5, true), item(5, true), item(5, true), item(9, false)]);
        assert_eq!(weighted, counted);
    }
}
