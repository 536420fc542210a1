//! Credibility: how far a customer's own payments are believed, and how far those of the others.
//!
//! A customer who has paid twice says little about the third time, one who has paid a hundred times says nearly all. Between
//! the two the customer's own mean and the mean of the pool are blended, and the data say how: the more customers differ from
//! one another, and the less each varies in itself, the sooner a customer stands on its own.
//!
//! [`Recency`] collects the observations of one customer, recent ones counting more. [`Constant::estimate`] learns from many
//! customers how fast to believe, [`Constant::blend`] does it. Which customers form a pool is for the caller to decide.

/// k lies between these: below, two payments would already be the whole truth; above, twenty would not yet be half of it.
const CONSTANT_MIN: f64 = 0.1;
/// See [`CONSTANT_MIN`].
const CONSTANT_MAX: f64 = 20.0;
/// From fewer groups no constant is estimated: the variance between them would be mostly noise.
pub const GROUPS_MIN: usize = 30;
/// Observations older than this many half-lives weigh as if they were no older: the squares of their weights would vanish, and
/// the effective number of a customer who was last seen long ago with them.
const HALF_LIVES_MAX: f64 = 200.0;

/// The observations of one group (a customer), recent ones weighing more: their effective number, mean and variance.
///
/// - w = 2^(−age ÷ half-life)
/// - n = (Σw)² ÷ Σw²
/// - mean = Σ w·x ÷ Σw
/// - variance = Σ w·(x − mean)² ÷ Σw
///
/// x: value, in any unit (days late). age: in days, ≥ 0. half-life: in days, > 0. n: effective number of observations, between 1
/// and their count; it depends on how the weights differ, not on how large they are. The mean has the unit of x, the variance
/// its square.
///
/// Edge cases: without observations n is 0 and there is neither mean nor variance. Ages beyond 200 half-lives count as 200.
/// The order of the observations moves the last digits: add them in a fixed order.
///
/// ```
/// use arrears_models::credibility::Recency;
/// // 10 days late today, 4 days late one half-life ago: weights 1 and 1/2.
/// let mut recency = Recency::new(75.0);
/// recency.add(10.0, 0.0);
/// recency.add(4.0, 75.0);
/// // (3/2)² ÷ (5/4) = 9/5; (10 + 2) ÷ (3/2) = 8; (2² + ½ · 4²) ÷ (3/2) = 8.
/// assert!((recency.effective_number() - 1.8).abs() < 1e-12);
/// assert!((recency.mean().unwrap() - 8.0).abs() < 1e-12);
/// assert!((recency.variance().unwrap() - 8.0).abs() < 1e-12);
/// ```
///
/// Source: effective number: L. Kish (1965), *Survey Sampling*, section 11.7. Updates: D. H. D. West (1979), *Updating Mean and
/// Variance Estimates: An Improved Method*, CACM 22, 532–535; merging: T. F. Chan, G. H. Golub, R. J. LeVeque (1979).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recency {
    half_life: f64,
    observations: usize,
    weight: f64,
    weight_squared: f64,
    mean: f64,
    sum_of_squares: f64,
}

impl Recency {
    /// No observations yet; weights halve every `half_life` days. An infinite one weighs all alike.
    ///
    /// # Panics
    ///
    /// When the half-life is not above 0.
    pub fn new(half_life: f64) -> Self {
        assert!(half_life > 0.0, "a half-life is above 0 days: {half_life}");
        Self { half_life, observations: 0, weight: 0.0, weight_squared: 0.0, mean: 0.0, sum_of_squares: 0.0 }
    }

    /// One more observation, `age` days old.
    ///
    /// # Panics
    ///
    /// When the value is not finite, or the age is negative or no number.
    pub fn add(&mut self, value: f64, age: f64) {
        assert!(value.is_finite(), "an observation is a finite number: {value}");
        assert!(age >= 0.0, "an age is 0 days or more: {age}");
        let weight = (-(age / self.half_life).min(HALF_LIVES_MAX)).exp2();
        let deviation = value - self.mean;
        self.observations += 1;
        self.weight += weight;
        self.weight_squared += weight * weight;
        self.mean += deviation * weight / self.weight;
        self.sum_of_squares += weight * deviation * (value - self.mean);
    }

    /// Adds all that another accumulator holds: a pool is the sum of its customers.
    ///
    /// # Panics
    ///
    /// When the half-lives differ.
    pub fn merge(&mut self, other: &Self) {
        assert!(self.half_life == other.half_life, "half-lives differ: {} and {} days", self.half_life, other.half_life);
        if other.observations == 0 {
            return;
        }
        let weight = self.weight + other.weight;
        let deviation = other.mean - self.mean;
        self.sum_of_squares += other.sum_of_squares + deviation * deviation * self.weight * other.weight / weight;
        self.mean += deviation * other.weight / weight;
        self.observations += other.observations;
        self.weight = weight;
        self.weight_squared += other.weight_squared;
    }

    /// Count of the observations, whatever their weight.
    pub fn observations(&self) -> usize {
        self.observations
    }

    /// n = (Σw)² ÷ Σw², 0 without observations.
    pub fn effective_number(&self) -> f64 {
        if self.observations == 0 { 0.0 } else { self.weight * self.weight / self.weight_squared }
    }

    /// The weighted mean; `None` without observations.
    pub fn mean(&self) -> Option<f64> {
        (self.observations > 0).then_some(self.mean)
    }

    /// The weighted variance, divided by Σw: of a single observation it is 0. `None` without observations.
    pub fn variance(&self) -> Option<f64> {
        (self.observations > 0).then(|| self.sum_of_squares / self.weight)
    }

    /// What [`Variances::estimate`] needs of these observations; `None` without any.
    ///
    /// The squares are scaled as if the weights summed to n: then n − 1 times the variance within is what to expect of them.
    pub fn group(&self) -> Option<Group> {
        let effective_number = self.effective_number();
        self.mean().map(|mean| Group {
            observations: self.observations,
            effective_number,
            mean,
            within_sum_of_squares: effective_number * self.sum_of_squares / self.weight,
            degrees_of_freedom: (effective_number - 1.0).max(0.0),
        })
    }
}

/// What credibility needs to know of one group. [`Recency::group`] makes it; with exposures instead of recency it is n = Σw,
/// the mean Σ w·x ÷ Σw, the squares Σ w·(x − mean)², and the count of observations less 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Group {
    /// Count of the observations.
    pub observations: usize,
    /// n: effective number of observations, or exposure, > 0. The mean's variance is the variance within ÷ n.
    pub effective_number: f64,
    /// The group's own mean, in the unit of the values.
    pub mean: f64,
    /// Squared deviations from the group's mean, summed so that their expectation is the variance within × `degrees_of_freedom`.
    pub within_sum_of_squares: f64,
    /// See `within_sum_of_squares`; ≥ 0, and 0 for a single observation.
    pub degrees_of_freedom: f64,
}

/// The variance within groups and the variance between them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Variances {
    /// σ²: of one observation about the true mean of its group, in squared units of the values.
    pub within: f64,
    /// τ²: of the true means of the groups. Not above 0 when the groups differ no more than chance would have it.
    pub between: f64,
}

impl Variances {
    /// The Bühlmann-Straub estimates of both variances, without bias; `None` when they cannot be told.
    ///
    /// - within = Σ squares ÷ Σ degrees of freedom
    /// - between = (Σ n·(x̄ − m)² − (G − 1)·within) ÷ (N − Σn² ÷ N), with N = Σn and m = Σ n·x̄ ÷ N
    ///
    /// Sums over the G groups that have two observations or more. n: effective number. x̄: a group's mean.
    ///
    /// Edge cases: `None` with fewer than two such groups. `between` may come out negative, and is given as it is.
    ///
    /// ```
    /// use arrears_models::credibility::{Group, Variances};
    /// // Two customers: 1 and 3 days late, 7 and 9 days late. Squares 2 and 2, each with one degree of freedom.
    /// let group = |mean| Group { observations: 2, effective_number: 2.0, mean, within_sum_of_squares: 2.0, degrees_of_freedom: 1.0 };
    /// let variances = Variances::estimate(&[group(2.0), group(8.0)]).unwrap();
    /// // Within 4 ÷ 2 = 2; between (2 · 3² + 2 · 3² − 2) ÷ (4 − 8 ÷ 4) = 17.
    /// assert_eq!((variances.within, variances.between), (2.0, 17.0));
    /// ```
    ///
    /// # Panics
    ///
    /// When a group has an effective number that is not above 0, or a number that is not finite.
    ///
    /// Source: H. Bühlmann, A. Gisler (2005), *A Course in Credibility Theory and its Applications*, section 4.8.
    pub fn estimate(groups: &[Group]) -> Option<Self> {
        let groups: Vec<&Group> = informative(groups).collect();
        let freedom: f64 = groups.iter().map(|group| group.degrees_of_freedom).sum();
        if groups.len() < 2 || freedom <= 0.0 {
            return None;
        }
        let within = groups.iter().map(|group| group.within_sum_of_squares).sum::<f64>() / freedom;
        let number: f64 = groups.iter().map(|group| group.effective_number).sum();
        let mean = groups.iter().map(|group| group.effective_number * group.mean).sum::<f64>() / number;
        let squares: f64 = groups.iter().map(|group| group.effective_number * (group.mean - mean).powi(2)).sum();
        let unequal = groups.iter().map(|group| group.effective_number.powi(2)).sum::<f64>() / number;
        let between = (squares - (groups.len() - 1) as f64 * within) / (number - unequal);
        Some(Self { within, between })
    }
}

/// The groups that say something about the variance within, checked: a negative weight would pass unnoticed through all sums.
fn informative(groups: &[Group]) -> impl Iterator<Item = &Group> {
    groups.iter().filter(|group| group.observations >= 2).inspect(|group| {
        let numbers = [group.effective_number, group.mean, group.within_sum_of_squares, group.degrees_of_freedom];
        let is_valid = numbers.iter().all(|number| number.is_finite()) && group.effective_number > 0.0 && group.degrees_of_freedom >= 0.0;
        assert!(is_valid, "a group has no valid numbers: {group:?}");
    })
}

/// How many effective observations make a customer's own mean count as much as the pool's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Constant {
    /// k = within ÷ between, 0.1 to 20.
    pub k: f64,
    /// What k was estimated from.
    pub variances: Variances,
    /// How many groups with two observations or more stood behind it.
    pub groups: usize,
}

impl Constant {
    /// The credibility constant of a portfolio of groups; `None` with fewer than 30 groups of two observations or more, where
    /// nothing but the pool should be believed (Z = 0 for all).
    ///
    /// k = within ÷ between, bounded to 0.1 … 20.
    ///
    /// Edge cases: when the groups differ no more than chance would have it (between ≤ 0), k is 20.
    ///
    /// ```
    /// use arrears_models::credibility::{Constant, Recency};
    /// // Thirty customers, half of them 0 and 2 days late, half of them 10 and 12 days late.
    /// let groups: Vec<_> = (0..30).map(|number| {
    ///     let mut recency = Recency::new(75.0);
    ///     let level = if number % 2 == 0 { 0.0 } else { 10.0 };
    ///     recency.add(level, 0.0);
    ///     recency.add(level + 2.0, 0.0);
    ///     recency.group().unwrap()
    /// }).collect();
    /// let constant = Constant::estimate(&groups).unwrap();
    /// // Within 2; between (60 · 5² − 29 · 2) ÷ (60 − 120 ÷ 60) = 1442 ÷ 58; k = 116 ÷ 1442, but at least 0.1.
    /// assert_eq!(constant.k, 0.1);
    /// // A customer who was 20 days late once: Z = 1 ÷ 1.1.
    /// assert!((constant.blend(1.0, 20.0, 6.0) - (20.0 + 0.1 * 6.0) / 1.1).abs() < 1e-12);
    /// assert_eq!(Constant::estimate(&groups[1..]), None);
    /// ```
    ///
    /// # Panics
    ///
    /// As [`Variances::estimate`].
    ///
    /// Source: H. Bühlmann, E. Straub (1970), *Glaubwürdigkeit für Schadensätze*, Mitteilungen der Vereinigung schweizerischer
    /// Versicherungsmathematiker 70, 111–133. The bounds and the least number of groups are the project's own (models.md, 2).
    pub fn estimate(groups: &[Group]) -> Option<Self> {
        let count = informative(groups).count();
        if count < GROUPS_MIN {
            return None;
        }
        let variances = Variances::estimate(groups)?;
        let k = if variances.between > 0.0 { variances.within / variances.between } else { f64::INFINITY };
        Some(Self { k: k.clamp(CONSTANT_MIN, CONSTANT_MAX), variances, groups: count })
    }

    /// Z = n ÷ (n + k): the share of a group's own mean, 0 to below 1. n: effective number, ≥ 0.
    pub fn factor(&self, effective_number: f64) -> f64 {
        effective_number / (effective_number + self.k)
    }

    /// μ = Z·x̄ + (1 − Z)·pool, for a group of `effective_number` observations with the mean x̄. With n = 0 the mean is not read.
    pub fn blend(&self, effective_number: f64, mean: f64, pool: f64) -> f64 {
        if effective_number > 0.0 { pool + self.factor(effective_number) * (mean - pool) } else { pool }
    }

    /// The pool's mean in which each group counts by its credibility: Σ Z·x̄ ÷ ΣZ; `None` without groups.
    ///
    /// A mean over all observations is the mean of the busiest customers, and a poor guess for a new one. Each Z is below 1, so
    /// that no customer counts more than another of whom all is known. Groups of one observation take part.
    ///
    /// Source: H. Bühlmann, A. Gisler (2005), theorem 4.4, the homogeneous estimator.
    pub fn pool_mean(&self, groups: &[Group]) -> Option<f64> {
        weighted_mean(groups.iter().map(|group| (self.factor(group.effective_number), group.mean)))
    }
}

/// The pool's mean where no constant can be estimated: Σ n·x̄ ÷ Σn; `None` without groups. n: effective number.
pub fn plain_pool_mean(groups: &[Group]) -> Option<f64> {
    weighted_mean(groups.iter().map(|group| (group.effective_number, group.mean)))
}

fn weighted_mean(weighted: impl Iterator<Item = (f64, f64)>) -> Option<f64> {
    let (weight, sum) = weighted.fold((0.0, 0.0), |(weight, sum), (each, mean)| (weight + each, sum + each * mean));
    (weight > 0.0).then(|| sum / weight)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_near(actual: f64, expected: f64) {
        assert!((actual - expected).abs() <= 1e-12 * expected.abs().max(1.0), "{actual} is not {expected}");
    }

    fn recency(observations: &[(f64, f64)]) -> Recency {
        let mut recency = Recency::new(75.0);
        observations.iter().for_each(|(value, age)| recency.add(*value, *age));
        recency
    }

    /// Thirty groups about their levels, each of `count` observations ± `spread`.
    fn portfolio(level: impl Fn(usize) -> f64, spread: f64, count: usize) -> Vec<Group> {
        let value = |number, each| level(number) + if each % 2 == 0 { spread } else { -spread };
        let values = |number| (0..count).map(|each| (value(number, each), 0.0)).collect::<Vec<_>>();
        (0..30).filter_map(|number| recency(&values(number)).group()).collect()
    }

    #[test]
    fn a_customer_without_payments_is_as_good_as_the_pool() {
        let nobody = Recency::new(75.0);
        assert_eq!((nobody.effective_number(), nobody.mean(), nobody.variance(), nobody.group()), (0.0, None, None, None));
        let constant = Constant::estimate(&portfolio(|number| number as f64, 1.0, 4)).expect("there are thirty");
        assert_eq!(constant.blend(0.0, f64::NAN, 7.0), 7.0);
        assert_eq!(constant.factor(0.0), 0.0);
    }

    #[test]
    fn payments_of_equal_age_count_each_as_one_however_old_they_are() {
        for age in [0.0, 75.0, 7_500.0, 75_000.0, 1e9] {
            let old = recency(&[(3.0, age), (5.0, age), (10.0, age)]);
            assert_near(old.effective_number(), 3.0);
            assert_near(old.mean().expect("there are three"), 6.0);
            assert_near(old.variance().expect("there are three"), 26.0 / 3.0);
            let group = old.group().expect("there are three");
            assert_near(group.within_sum_of_squares, 26.0);
            assert_near(group.degrees_of_freedom, 2.0);
        }
    }

    #[test]
    fn merging_two_halves_is_adding_all() {
        let observations: Vec<(f64, f64)> = (0..20).map(|it| (f64::from(it * it % 13), f64::from(it * 31 % 17) * 20.0)).collect();
        for middle in [0, 1, 7, 19, 20] {
            let (mut first, second) = (recency(&observations[..middle]), recency(&observations[middle..]));
            first.merge(&second);
            let all = recency(&observations);
            assert_eq!(first.observations(), 20);
            assert_near(first.effective_number(), all.effective_number());
            assert_near(first.mean().expect("there are twenty"), all.mean().expect("there are twenty"));
            assert_near(first.variance().expect("there are twenty"), all.variance().expect("there are twenty"));
        }
    }

    #[test]
    fn twenty_nine_customers_are_not_enough_and_those_with_one_payment_do_not_count() {
        let mut groups = portfolio(|number| number as f64, 1.0, 2);
        assert_eq!(Constant::estimate(&groups).map(|constant| constant.groups), Some(30));
        groups[7] = recency(&[(100.0, 0.0)]).group().expect("there is one");
        assert_eq!(Constant::estimate(&groups), None);
    }

    #[test]
    fn the_constant_is_bounded_on_both_sides() {
        // All alike and noisy: the groups differ by nothing at all.
        let alike = Constant::estimate(&portfolio(|_| 5.0, 3.0, 4)).expect("there are thirty");
        assert!(alike.variances.between < 0.0);
        assert_eq!(alike.k, 20.0);
        let distinct = Constant::estimate(&portfolio(|number| number as f64, 0.0, 4)).expect("there are thirty");
        assert_eq!((distinct.variances.within, distinct.k), (0.0, 0.1));
        let still = Constant::estimate(&portfolio(|_| 5.0, 0.0, 4)).expect("there are thirty");
        assert_eq!(still.k, 20.0);
    }

    #[test]
    fn the_pool_of_customers_is_not_the_pool_of_payments() {
        // One customer pays 1,000 times 0 days late, the others 4 times 10 days late.
        let mut groups = portfolio(|_| 10.0, 5.0, 4);
        groups[0] = recency(&[(0.0, 0.0); 1_000]).group().expect("there are many");
        let constant = Constant::estimate(&groups).expect("there are thirty");
        assert!(plain_pool_mean(&groups).expect("there are thirty") < 1.1);
        assert!(constant.pool_mean(&groups).expect("there are thirty") > 4.0);
        assert_eq!((constant.pool_mean(&[]), plain_pool_mean(&[])), (None, None));
    }

    #[test]
    #[should_panic(expected = "an observation is a finite number")]
    fn an_observation_that_is_no_number_is_refused() {
        recency(&[(f64::NAN, 0.0)]);
    }

    #[test]
    #[should_panic(expected = "an age is 0 days or more")]
    fn an_observation_from_the_future_is_refused() {
        recency(&[(1.0, -1.0)]);
    }
}
