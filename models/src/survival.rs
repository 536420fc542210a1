//! Survival of open items: how much of what was billed is still unpaid after so many days, and how the rest left.
//!
//! An item that is still open has not been paid *yet*: leaving it out, or counting it as paid today, is wrong in opposite
//! directions. It counts among what is at risk up to its present age, and no longer. An item that was already old when the
//! records begin is known only because it was still open then: it counts from the age it had at that time, and no earlier.
//!
//! Input is the weight that leaves at each age, summed as exact integers: the order of the items cannot change a bit of the
//! result. [`payment_curve`] estimates, the other functions only read its curve.

/// The two-sided 95 % quantile of the standard normal distribution.
const NORMAL_QUANTILE: f64 = 1.959963984540054;
/// How far above 1 − p the survival may lie and still count as there: rounding never moves a quantile.
const QUANTILE_TOLERANCE: f64 = 1e-9;
/// At or below this survival nothing is left on which a conditional probability could rest.
const SURVIVAL_MIN: f64 = 1e-12;

/// Weight leaving observation at one age, by how it left. Exact integers ≥ 0: items, or ten-thousandths of base currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exits {
    /// Settled mainly by cash, discount included.
    pub cash: i128,
    /// Settled mainly by credit.
    pub credit: i128,
    /// Settled mainly by write-off.
    pub write_off: i128,
    /// Still open at this age when it was last seen.
    pub censored: i128,
}

impl Exits {
    /// What left by a cause, in the order of [`CurveDay::incidence`].
    fn by_cause(&self) -> [i128; 3] {
        [self.cash, self.credit, self.write_off]
    }

    fn total(&self) -> i128 {
        self.cash + self.credit + self.write_off + self.censored
    }
}

/// One age of a payment curve. The age in days is its position in the curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurveDay {
    /// n: weight unpaid and under observation at the start of this age, in the unit of the exits.
    pub at_risk: i128,
    /// d: weight paid in cash at this age.
    pub paid: i128,
    /// S: share still unpaid after this age if cash were the only way to leave (Kaplan-Meier), 0 to 1.
    pub survival: f64,
    /// Σ d ÷ (n · (n − d)) up to this age (Greenwood), ≥ 0; infinite once n = d. It measures uncertainty only where the
    /// weights are items: amounts of one item leave together.
    pub greenwood: f64,
    /// Share that has left after this age by cash, credit and write-off (Aalen-Johansen), each 0 to 1.
    pub incidence: [f64; 3],
    /// Share that has left by none of the three, 0 to 1; with the incidences it sums to 1.
    pub open_share: f64,
}

/// The survival's uncertainty at one age: items only, see [`CurveDay::greenwood`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Standard error of the survival, ≥ 0.
    pub standard_error: f64,
    /// Lower bound of the 95 % interval, 0 to 1.
    pub lower: f64,
    /// Upper bound of the 95 % interval, 0 to 1.
    pub upper: f64,
}

/// The payment curve at the ages 0 to `exits.len()` − 1: the Kaplan-Meier estimate of what is unpaid, and the Aalen-Johansen
/// estimate of how it leaves.
///
/// - S(t) = ∏ over ages s ≤ t of (1 − d(s) ÷ n(s)): everything but cash is censored at its age.
/// - I_k(t) = Σ over ages s ≤ t of S_all(s − 1) · d_k(s) ÷ n(s), for the causes k: cash, credit, write-off.
/// - `open_share` = S_all(t) = ∏ over ages s ≤ t of (1 − Σ_k d_k(s) ÷ n(s)) = 1 − Σ_k I_k(t).
/// - `greenwood` = Σ over ages s ≤ t of d(s) ÷ (n(s) · (n(s) − d(s))).
///
/// t, s: age in days. d = d_cash; d_k: weight leaving at s by cause k. n: weight at risk at s. Weights are items, or
/// ten-thousandths of base currency; the estimates have no unit.
///
/// `exits[a]` left at age a. All of it is at risk at a, so that a payment comes before a censoring of the same age.
/// `late_entries` are (entry age, weight): that weight, which stands among the exits of a later age, is at risk only at ages
/// above its entry. What is at risk at age 0 is the sum of all exits less the late entries.
///
/// Edge cases: without exits the curve is empty, and all is open throughout. An age at which nothing is at risk changes
/// nothing. When all that is at risk is paid, S is exactly 0 from there on, also if more enters later; likewise `open_share`.
///
/// # Panics
///
/// When more leaves at an age than is at risk, which means that a late entry is no part of the exits after its age; when a
/// weight is negative; when the weights add up to more than an `i128` holds.
///
/// ```
/// use arrears_models::survival::{payment_curve, quantile, Exits};
/// // Paid after 20, 25, 30, 32, 35 and 40 days; open at the ages 45, 60, 75 and 90.
/// let mut exits = vec![Exits::default(); 91];
/// for age in [20, 25, 30, 32, 35, 40] {
///     exits[age].cash += 1;
/// }
/// for age in [45, 60, 75, 90] {
///     exits[age].censored += 1;
/// }
/// let curve = payment_curve(&exits, &[]);
/// assert_eq!((curve[40].at_risk, curve[40].paid), (5, 1));
/// assert!((curve[40].survival - 0.40).abs() < 1e-12);
/// assert_eq!(quantile(&curve, 0.5), Some(35));
/// ```
///
/// Sources: E. L. Kaplan, P. Meier (1958), *Nonparametric Estimation from Incomplete Observations*, JASA 53, 457–481.
/// M. Greenwood (1926), *The Natural Duration of Cancer*, Reports on Public Health and Medical Subjects 33.
/// O. O. Aalen, S. Johansen (1978), *An Empirical Transition Matrix for Non-Homogeneous Markov Chains Based on Censored
/// Observations*, Scandinavian Journal of Statistics 5, 141–150.
/// Late entry: J. P. Klein, M. L. Moeschberger (2003), *Survival Analysis*, 2nd edition, section 4.6.
pub fn payment_curve(exits: &[Exits], late_entries: &[(u32, i128)]) -> Vec<CurveDay> {
    check_weights(exits, late_entries);
    let entering = entering_by_age(exits.len(), late_entries);
    let late: i128 = late_entries.iter().map(|(_, weight)| weight).sum();
    let mut at_risk = exits.iter().map(Exits::total).sum::<i128>() - late;
    let mut day = CurveDay { at_risk, paid: 0, survival: 1.0, greenwood: 0.0, incidence: [0.0; 3], open_share: 1.0 };
    let mut curve = Vec::with_capacity(exits.len());
    for (age, (exit, entering)) in exits.iter().zip(entering).enumerate() {
        assert!(exit.total() <= at_risk, "at age {age} a weight of {} leaves, but only {at_risk} is at risk", exit.total());
        day = day_after(&day, at_risk, exit);
        curve.push(day);
        at_risk += entering - exit.total();
    }
    curve
}

/// Negative weights would give shares outside 0 to 1, and nothing downstream would notice.
fn check_weights(exits: &[Exits], late_entries: &[(u32, i128)]) {
    for (age, exit) in exits.iter().enumerate() {
        let is_valid = exit.censored >= 0 && exit.by_cause().iter().all(|weight| *weight >= 0);
        assert!(is_valid, "a negative weight leaves at age {age}: {exit:?}");
    }
    for (age, weight) in late_entries {
        assert!(*weight >= 0, "a negative weight enters at age {age}: {weight}");
    }
}

/// The weight that enters after the exits of each age. What enters after the last age is never at risk.
fn entering_by_age(ages: usize, late_entries: &[(u32, i128)]) -> Vec<i128> {
    let mut entering = vec![0; ages];
    for (age, weight) in late_entries {
        if let Some(sum) = entering.get_mut(*age as usize) {
            *sum += weight;
        }
    }
    entering
}

/// The next day of the curve, from the one before and from what is at risk and leaves on it.
fn day_after(before: &CurveDay, at_risk: i128, exit: &Exits) -> CurveDay {
    let mut day = CurveDay { at_risk, paid: exit.cash, ..*before };
    let by_cause = exit.by_cause();
    let left: i128 = by_cause.iter().sum();
    // Also keeps 0 ÷ 0 out: where nothing is at risk, nothing leaves.
    if left == 0 {
        return day;
    }
    // Subtracted as integers before anything is rounded: the factor is exactly 0 when all leave, and loses no digit when few do.
    day.survival *= ratio(at_risk - exit.cash, at_risk);
    day.open_share *= ratio(at_risk - left, at_risk);
    if exit.cash > 0 {
        day.greenwood += ratio(exit.cash, at_risk) / (at_risk - exit.cash) as f64;
    }
    for (incidence, weight) in day.incidence.iter_mut().zip(by_cause) {
        // Rounding may carry the last of many steps a hair above 1.
        *incidence = (*incidence + before.open_share * ratio(weight, at_risk)).min(1.0);
    }
    day
}

fn ratio(part: i128, whole: i128) -> f64 {
    part as f64 / whole as f64
}

/// Standard error and log-log 95 % interval of the survival at one age; `None` once the survival is 0.
///
/// standard error = S · √G; bounds = S^exp(± z · √G ÷ |ln S|).
///
/// S: survival. G: Greenwood's sum. z = 1.959963984540054. The bounds never leave 0 to 1, which S ± z · S · √G would.
///
/// Edge cases: (0, 1, 1) before the first payment. `None` once S = 0, where Greenwood's sum is infinite.
///
/// ```
/// use arrears_models::survival::{interval, payment_curve, Exits};
/// // Ten items: four paid at age 0, six still open at age 1.
/// let exits = [Exits { cash: 4, ..Exits::default() }, Exits { censored: 6, ..Exits::default() }];
/// let interval = interval(&payment_curve(&exits, &[])[0]).unwrap();
/// // √(0.6 × 0.4 ÷ 10), as for any share.
/// assert!((interval.standard_error - 0.024_f64.sqrt()).abs() < 1e-12);
/// assert!((interval.lower - 0.2526688970).abs() < 1e-9 && (interval.upper - 0.8272209670).abs() < 1e-9);
/// ```
///
/// Source: J. D. Kalbfleisch, R. L. Prentice (2002), *The Statistical Analysis of Failure Time Data*, 2nd edition, section 1.4.
pub fn interval(day: &CurveDay) -> Option<Interval> {
    if day.survival <= 0.0 {
        return None;
    }
    let deviation = day.greenwood.sqrt();
    let log_survival = day.survival.ln();
    // Also when so little was paid that the survival rounds to 1: its logarithm cannot divide.
    if log_survival == 0.0 {
        return Some(Interval { standard_error: deviation, lower: 1.0, upper: 1.0 });
    }
    let spread = NORMAL_QUANTILE * deviation / log_survival.abs();
    let bound = |spread: f64| (log_survival * spread.exp()).exp();
    Some(Interval { standard_error: day.survival * deviation, lower: bound(spread), upper: bound(-spread) })
}

/// The age in days by which the share p is paid, or `None` when the curve does not come down so far.
///
/// quantile(p) = min { t : S(t) ≤ 1 − p }, with a tolerance of 1e-9.
///
/// p: share, 0 to 1; 0.5 is the median. t: age in days. S: survival.
///
/// Edge cases: `None` for an empty curve, and when too much is censored: a median is then *later than what was seen*, not
/// absent. p ≤ 0 is reached at age 0.
///
/// ```
/// use arrears_models::survival::{payment_curve, quantile, Exits};
/// let exits = [Exits { cash: 5, ..Exits::default() }, Exits { cash: 2, ..Exits::default() }, Exits { censored: 3, ..Exits::default() }];
/// let curve = payment_curve(&exits, &[]);
/// assert_eq!((quantile(&curve, 0.5), quantile(&curve, 0.7), quantile(&curve, 0.9)), (Some(0), Some(1), None));
/// ```
///
/// Source: J. P. Klein, M. L. Moeschberger (2003), *Survival Analysis*, 2nd edition, section 4.5.
pub fn quantile(curve: &[CurveDay], p: f64) -> Option<u32> {
    let age = curve.iter().position(|day| day.survival <= 1.0 - p + QUANTILE_TOLERANCE)?;
    u32::try_from(age).ok()
}

/// The probability that what is open after age u is paid by age u + h; `None` when nothing survives u.
///
/// P = 1 − S(u + h) ÷ S(u).
///
/// u: `age` in days. h: `horizon` in days. S: survival, a step function: after the last age of the curve it stays as it was
/// there. Whether an age so late may be used at all is for the caller to decide.
///
/// Edge cases: `None` when S(u) ≤ 1e-12. 0 for h = 0 and for an empty curve.
///
/// ```
/// use arrears_models::survival::{conditional, payment_curve, Exits};
/// let exits = [Exits { cash: 5, ..Exits::default() }, Exits { cash: 2, ..Exits::default() }, Exits { censored: 3, ..Exits::default() }];
/// let curve = payment_curve(&exits, &[]);
/// // Half is open after age 0, and 2 of these 5 are paid the day after.
/// assert!((conditional(&curve, 0, 1).unwrap() - 0.4).abs() < 1e-12);
/// ```
///
/// Source: J. P. Klein, M. L. Moeschberger (2003), *Survival Analysis*, 2nd edition, section 2.2.
pub fn conditional(curve: &[CurveDay], age: u32, horizon: u32) -> Option<f64> {
    let now = survival_after(curve, age);
    if now <= SURVIVAL_MIN {
        return None;
    }
    Some(1.0 - survival_after(curve, age.saturating_add(horizon)) / now)
}

/// S at any age: 1 for an empty curve, the last value beyond its end.
fn survival_after(curve: &[CurveDay], age: u32) -> f64 {
    curve.get(age as usize).or(curve.last()).map_or(1.0, |day| day.survival)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Exits = Exits { cash: 0, credit: 0, write_off: 0, censored: 0 };

    fn cash(weight: i128) -> Exits {
        Exits { cash: weight, ..NONE }
    }

    fn censored(weight: i128) -> Exits {
        Exits { censored: weight, ..NONE }
    }

    #[track_caller]
    fn assert_near(actual: f64, expected: f64) {
        assert!((actual - expected).abs() < 1e-14, "{actual} is not {expected}");
    }

    /// Six items paid, four open: the example of `metrics.md`, section 5.
    fn censoring_example() -> Vec<CurveDay> {
        let mut exits = vec![NONE; 91];
        [20, 25, 30, 32, 35, 40].into_iter().for_each(|age| exits[age] = cash(1));
        [45, 60, 75, 90].into_iter().for_each(|age| exits[age] = censored(1));
        payment_curve(&exits, &[])
    }

    #[test]
    fn open_items_count_up_to_their_age_and_no_longer() {
        let curve = censoring_example();
        assert_eq!(curve.len(), 91);
        // Nobody leaves before the last payment except by paying: the curve is the plain share, 9/10 … 4/10.
        for (age, unpaid) in [(0, 1.0), (19, 1.0), (20, 0.9), (24, 0.9), (25, 0.8), (30, 0.7), (32, 0.6), (35, 0.5), (40, 0.4), (90, 0.4)] {
            assert_near(curve[age].survival, unpaid);
            assert_near(curve[age].open_share, unpaid);
            assert_near(curve[age].incidence[0], 1.0 - unpaid);
        }
        assert_eq!([45, 46, 61, 76, 90].map(|age| curve[age].at_risk), [4, 3, 2, 1, 1]);
        assert_eq!([0.1, 0.5, 0.6, 0.61].map(|p| quantile(&curve, p)), [Some(20), Some(35), Some(40), None]);
        // Of the half open after 35 days, 1 in 5 is paid within 7; beyond day 90 nothing more is known to be paid.
        assert_near(conditional(&curve, 35, 7).expect("something survives"), 0.2);
        assert_near(conditional(&curve, 0, 400).expect("something survives"), 0.6);
        assert_eq!(conditional(&curve, 90, u32::MAX), Some(0.0));
        // Without censoring so far, Greenwood's formula is that of a share: √(0.4 × 0.6 ÷ 10).
        assert_near(interval(&curve[40]).expect("something survives").standard_error, 0.024_f64.sqrt());
    }

    #[test]
    fn an_item_last_seen_open_on_the_day_of_a_payment_is_at_risk_on_it() {
        // By hand: 8 at risk, 2 paid: 6/8, then 3 are lost; 3 at risk, 1 paid: 6/8 × 2/3 = 1/2; 2 remain open.
        let curve = payment_curve(&[NONE, Exits { censored: 3, ..cash(2) }, NONE, cash(1), censored(2)], &[]);
        assert_eq!(curve.iter().map(|day| (day.at_risk, day.paid)).collect::<Vec<_>>(), [(8, 0), (8, 2), (3, 0), (3, 1), (2, 0)]);
        assert_eq!(curve.iter().map(|day| day.survival).collect::<Vec<_>>(), [1.0, 0.75, 0.75, 0.5, 0.5]);
        assert_near(curve[4].greenwood, 2.0 / (8.0 * 6.0) + 1.0 / (3.0 * 2.0));
    }

    #[test]
    fn an_item_that_enters_late_is_at_risk_only_after_its_entry() {
        // By hand: 2 at risk at age 0; 3 enter after the exits of age 1. 1 of 2 is paid at age 1: 1/2. At age 2 there are 4 at
        // risk, 1 paid: 3/8. At age 3, 1 of 3: 1/4.
        let exits = [NONE, cash(1), cash(1), Exits { censored: 2, ..cash(1) }];
        let curve = payment_curve(&exits, &[(1, 2), (1, 1)]);
        assert_eq!(curve.iter().map(|day| day.at_risk).collect::<Vec<_>>(), [2, 2, 4, 3]);
        for (day, survival) in curve.iter().zip([1.0, 0.5, 0.375, 0.25]) {
            assert_near(day.survival, survival);
        }
        // Were they at risk from the start, the curve would lie too high: they were sure to survive until they entered.
        assert_near(payment_curve(&exits, &[])[1].survival, 0.8);
    }

    #[test]
    fn before_anything_enters_there_is_nothing_at_risk_and_nothing_changes() {
        let curve = payment_curve(&[NONE, NONE, NONE, cash(1), censored(1)], &[(1, 2)]);
        assert_eq!(curve.iter().map(|day| day.at_risk).collect::<Vec<_>>(), [0, 0, 2, 2, 1]);
        assert_eq!(curve.iter().map(|day| day.survival).collect::<Vec<_>>(), [1.0, 1.0, 1.0, 0.5, 0.5]);
    }

    #[test]
    fn credits_and_write_offs_compete_with_cash_and_only_censor_the_curve() {
        // By hand: 10 at risk: 2 cash, 2 credit, 1 write-off: 2/10, 2/10, 1/10, open 1/2. Then 1 is lost. Of 4: 2 cash, 1 credit:
        // + 1/2 × 2/4, + 1/2 × 1/4, open 1/2 × 1/4. The curve: 8/10, then × 2/4.
        let exits = [
            Exits { cash: 2, credit: 2, write_off: 1, censored: 1 },
            Exits { cash: 2, credit: 1, write_off: 0, censored: 0 },
            Exits { censored: 1, ..NONE },
        ];
        let curve = payment_curve(&exits, &[]);
        for (day, expected) in curve.iter().zip([[0.2, 0.2, 0.1, 0.5, 0.8], [0.45, 0.325, 0.1, 0.125, 0.4], [0.45, 0.325, 0.1, 0.125, 0.4]])
        {
            let [by_cash, by_credit, by_write_off] = day.incidence;
            for (actual, expected) in [by_cash, by_credit, by_write_off, day.open_share, day.survival].into_iter().zip(expected) {
                assert_near(actual, expected);
            }
        }
        // A curve that censors credits overstates what cash brings in.
        assert!(1.0 - curve[2].survival > curve[2].incidence[0]);
    }

    #[test]
    fn when_all_is_paid_nothing_survives_and_no_error_is_claimed() {
        // Thirds: rounding would leave something if the factor were 1 − d ÷ n of rounded sums.
        let curve = payment_curve(&[cash(1), cash(1), cash(1), NONE], &[]);
        assert_eq!((curve[2].survival, curve[2].open_share, curve[3].survival), (0.0, 0.0, 0.0));
        assert_eq!((curve[2].greenwood, curve[3].greenwood), (f64::INFINITY, f64::INFINITY));
        assert_eq!((interval(&curve[2]), interval(&curve[3])), (None, None));
        assert_eq!(conditional(&curve, 2, 1), None);
        assert_near(conditional(&curve, 1, 1).expect("something survives"), 1.0);
        assert_eq!(quantile(&curve, 1.0), Some(2));
    }

    #[test]
    fn what_enters_after_all_were_paid_cannot_raise_the_curve_again() {
        let curve = payment_curve(&[cash(2), cash(1), censored(1)], &[(0, 2)]);
        assert_eq!(curve.iter().map(|day| (day.at_risk, day.survival)).collect::<Vec<_>>(), [(2, 0.0), (2, 0.0), (1, 0.0)]);
        assert!(curve.iter().all(|day| day.greenwood == f64::INFINITY && day.incidence[0] == 1.0));
    }

    #[test]
    fn when_all_left_by_some_cause_nothing_is_open_though_the_curve_is_above_zero() {
        let curve = payment_curve(&[cash(3), Exits { credit: 2, write_off: 2, ..NONE }], &[]);
        assert_eq!(curve[1].open_share, 0.0);
        assert_near(curve[1].survival, 4.0 / 7.0);
        assert_near(curve[1].incidence.iter().sum(), 1.0);
    }

    #[test]
    fn without_a_payment_nothing_is_claimed() {
        assert_eq!(payment_curve(&[], &[]), []);
        assert_eq!((quantile(&[], 0.5), conditional(&[], 30, 30)), (None, Some(0.0)));
        let curve = payment_curve(&[NONE, censored(3)], &[]);
        assert_eq!(quantile(&curve, 0.5), None);
        assert_eq!(interval(&curve[1]), Some(Interval { standard_error: 0.0, lower: 1.0, upper: 1.0 }));
    }

    #[test]
    fn a_median_reached_but_for_rounding_is_reached() {
        // 7/10 × 4/7 × 1/4 is 1/10 but for rounding, and 1 − 0.9 is an ulp below 1/10.
        let curve = payment_curve(&[cash(3), cash(3), cash(3), censored(1)], &[]);
        assert_eq!(quantile(&curve, 0.9), Some(2));
        assert_eq!(quantile(&curve, 0.9 + 2e-9), None);
        assert_eq!(quantile(&curve, 0.0), Some(0));
    }

    #[test]
    fn amounts_beyond_the_precision_of_a_double_still_come_down_to_exactly_zero() {
        let large = 10_i128.pow(30) + 1;
        let curve = payment_curve(&[cash(1), cash(large), censored(0)], &[]);
        assert_eq!((curve[0].at_risk, curve[1].at_risk, curve[2].at_risk), (large + 1, large, 0));
        assert_eq!((curve[0].survival, curve[1].survival), (1.0, 0.0));
        let first = interval(&curve[0]).expect("something survives");
        assert!(first.standard_error > 0.0 && first.standard_error < 1e-29 && first.lower == 1.0 && first.upper == 1.0);
    }

    #[test]
    #[should_panic(expected = "at age 0 a weight of 2 leaves, but only 1 is at risk")]
    fn an_item_cannot_leave_before_it_entered() {
        payment_curve(&[cash(2), NONE, censored(1)], &[(1, 2)]);
    }

    #[test]
    #[should_panic(expected = "at age 1 a weight of 3 leaves, but only 2 is at risk")]
    fn an_entry_after_the_last_age_is_refused() {
        payment_curve(&[NONE, cash(3)], &[(5, 1)]);
    }

    #[test]
    #[should_panic(expected = "a negative weight leaves at age 1")]
    fn a_negative_weight_is_refused() {
        payment_curve(&[cash(2), Exits { credit: -1, ..NONE }], &[]);
    }
}
