//! How sure an observed rate is: Jeffreys' interval, and the beta distribution it is made of.
//!
//! The beta distribution is computed here because the crates at hand stop its continued fraction after a fixed number of terms, which
//! is too few for portfolios of 100,000 rows and more.

/// Terms of the continued fraction: about √n are needed, these do for more rows than there are.
const TERMS_MAX: u32 = 100_000;
/// Smaller numbers would be divided by.
const TINY: f64 = 1e-300;

/// A rate with its interval; all 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RateInterval {
    /// (k + ½) ÷ (n + 1): never 0 or 1.
    pub mean: f64,
    /// Lower bound; 0 where k = 0.
    pub lower: f64,
    /// Upper bound; 1 where k = n.
    pub upper: f64,
}

/// Jeffreys' interval of a rate of which `events` were seen in `trials`.
///
/// Quantiles (1 ∓ level) ÷ 2 of the beta distribution with k + ½ and n − k + ½.
///
/// k: `events`, ≥ 0, n: `trials`, ≥ k; both may be fractions, where the trials that count as independent are fewer than the rows.
/// level: probability of the interval, between 0 and 1.
///
/// Edge cases: the lower bound is 0 for k = 0, the upper 1 for k = n. Without trials the mean is ½ and the interval 0 to 1.
///
/// # Panics
///
/// When k is negative or above n, a number is not finite, or the level is not between 0 and 1.
///
/// ```
/// use arrears_models::intervals::jeffreys;
/// let none = jeffreys(0.0, 100.0, 0.9);
/// // Not seen in a hundred is not impossible: up to 1.9 %.
/// assert_eq!((none.mean, none.lower), (0.5 / 101.0, 0.0));
/// assert!((none.upper - 0.018977).abs() < 1e-6);
/// ```
///
/// Source: L. D. Brown, T. T. Cai, A. DasGupta (2001), *Interval Estimation for a Binomial Proportion*, Statistical Science 16,
/// 101–133, section 4.1.2.
pub fn jeffreys(events: f64, trials: f64, level: f64) -> RateInterval {
    assert!(events >= 0.0 && events <= trials && trials.is_finite(), "not a rate: {events} of {trials}");
    assert!(level > 0.0 && level < 1.0, "a level lies between 0 and 1: {level}");
    let (a, b) = (events + 0.5, trials - events + 0.5);
    let lower = if events == 0.0 { 0.0 } else { beta_quantile(a, b, (1.0 - level) / 2.0) };
    let upper = if events == trials { 1.0 } else { beta_quantile(a, b, (1.0 + level) / 2.0) };
    RateInterval { mean: a / (trials + 1.0), lower, upper }
}

/// The x below which a beta distributed number falls with probability p, by bisection to the last bit that counts.
///
/// a, b: its parameters, > 0. p: 0 to 1.
///
/// # Panics
///
/// When a or b is not a finite number above 0, or p is not between 0 and 1.
pub fn beta_quantile(a: f64, b: f64, p: f64) -> f64 {
    assert!((0.0..=1.0).contains(&p), "a probability lies between 0 and 1: {p}");
    let (mut low, mut high) = (0.0, 1.0);
    loop {
        let middle = 0.5 * (low + high);
        // What is below 1e-300 is 0 for a rate.
        if middle <= low || middle >= high || high < TINY {
            return middle;
        }
        if beta_cdf(a, b, middle) < p {
            low = middle;
        } else {
            high = middle;
        }
    }
}

/// The probability that a beta distributed number lies at or below x: the regularised incomplete beta function.
///
/// I_x(a, b) = x^a · (1 − x)^b ÷ (a · B(a, b)) · a continued fraction, which converges for x below (a + 1) ÷ (a + b + 2); above it,
/// 1 − I_{1−x}(b, a).
///
/// a, b: parameters, > 0. x: 0 to 1; below it 0, above it 1.
///
/// # Panics
///
/// When a or b is not a finite number above 0.
///
/// ```
/// use arrears_models::intervals::beta_cdf;
/// // Of two uniform numbers the smaller has the density 2 · (1 − x): 1 − (1 − x)² lies below x.
/// assert!((beta_cdf(1.0, 2.0, 0.3) - 0.51).abs() < 1e-15);
/// ```
///
/// Source: W. H. Press, S. A. Teukolsky, W. T. Vetterling, B. P. Flannery (2007), *Numerical Recipes*, 3rd edition, section 6.4; the
/// factor before the fraction by C. Loader (2000), *Fast and Accurate Computation of Binomial Probabilities*.
pub fn beta_cdf(a: f64, b: f64, x: f64) -> f64 {
    assert!(a > 0.0 && b > 0.0 && (a + b).is_finite(), "a beta distribution has parameters above 0: {a}, {b}");
    if x <= 0.0 || x >= 1.0 {
        return f64::from(u8::from(x >= 1.0));
    }
    if x < (a + 1.0) / (a + b + 2.0) {
        factor(a, b, x, 1.0 - x) * continued_fraction(a, b, x) / a
    } else {
        1.0 - factor(b, a, 1.0 - x, x) * continued_fraction(b, a, 1.0 - x) / b
    }
}

/// x^a · y^b ÷ B(a, b), y being 1 − x, from Stirling's formula so that nothing large cancels.
fn factor(a: f64, b: f64, x: f64, y: f64) -> f64 {
    let n = a + b;
    // n^n · x^a · y^b ÷ (a^a · b^b)
    let exponent = a * (n * x / a).ln() + b * (n * y / b).ln();
    let correction = stirling_rest(n) - stirling_rest(a) - stirling_rest(b);
    (a / n * b / std::f64::consts::TAU).sqrt() * (exponent + correction).exp()
}

/// ln Γ(z) less Stirling's ½ · ln(2π ÷ z) + z · ln z − z.
fn stirling_rest(z: f64) -> f64 {
    if z < 10.0 {
        return stirling_rest(z + 1.0) + (z + 0.5) * z.recip().ln_1p() - 1.0;
    }
    let square = (z * z).recip();
    let series = [1.0 / 12.0, -1.0 / 360.0, 1.0 / 1260.0, -1.0 / 1680.0, 1.0 / 1188.0, -691.0 / 360_360.0, 1.0 / 156.0];
    series.iter().rev().fold(0.0, |sum, coefficient| sum * square + coefficient) / z
}

/// Lentz's method, as modified by Thompson and Barnett.
fn continued_fraction(a: f64, b: f64, x: f64) -> f64 {
    let away_from_zero = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut numerator = 1.0;
    let mut denominator = away_from_zero(1.0 - (a + b) * x / (a + 1.0)).recip();
    let mut fraction = denominator;
    for term in 1..=TERMS_MAX {
        let m = f64::from(term);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut change = 1.0;
        for coefficient in [even, odd] {
            denominator = away_from_zero(1.0 + coefficient * denominator).recip();
            numerator = away_from_zero(1.0 + coefficient / numerator);
            change = denominator * numerator;
            fraction *= change;
        }
        if (change - 1.0).abs() < f64::EPSILON {
            break;
        }
    }
    fraction
}
