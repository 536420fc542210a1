//! Random draws that are the same on every machine and with any number of threads.
//!
//! Responsible for the counter-based generator (one independent stream per purpose and customer) and for the few
//! distributions a ledger needs. Not responsible for any business meaning.
//!
//! Logarithm and exponential are written out here because those of the standard library come from the platform's
//! mathematics library: their last bit differs between platforms, and one bit is another cent, and another file.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// What a stream of random numbers is used for; streams of different purposes are independent.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stream {
    /// The daily exchange rates; the index is the currency.
    Rates = 1,
    /// The families: which customers belong together; the index is the family.
    Family = 2,
    /// A customer's attributes and latent path.
    Customer = 3,
    /// A customer's billing dates and amounts.
    Billing = 4,
    /// What happens to the customer's documents.
    Settlement = 5,
}

/// A generator for one stream: the same (seed, stream, index) gives the same numbers, whatever was drawn elsewhere.
#[derive(Clone, Debug)]
pub(super) struct Random {
    source: ChaCha8Rng,
}

impl Random {
    /// A generator that depends on nothing but its three arguments; `index` must stay below 2^56.
    pub(super) fn new(seed: u64, stream: Stream, index: u64) -> Self {
        let mut key = [0_u8; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..16].copy_from_slice(b"arrears ");
        let mut source = ChaCha8Rng::from_seed(key);
        source.set_stream(((stream as u64) << 56) | index);
        Self { source }
    }

    /// A number in [0, 1) with 53 random bits.
    pub(super) fn unit(&mut self) -> f64 {
        (self.source.next_u64() >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
    }

    /// True with the given probability.
    pub(super) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// A whole number in [0, bound); 0 for a bound of 0.
    pub(super) fn below(&mut self, bound: u32) -> u32 {
        ((u64::from(self.source.next_u32()) * u64::from(bound)) >> 32) as u32
    }

    /// A whole number in [low, high], both included; `low` when the range is empty.
    pub(super) fn between(&mut self, low: i32, high: i32) -> i32 {
        if high <= low {
            return low;
        }
        low + self.below((high - low + 1) as u32) as i32
    }

    /// A number in [low, high).
    pub(super) fn range(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Standard normal: the sum of twelve uniforms less six, by 16-bit lanes. Tails end at six standard deviations.
    pub(super) fn normal(&mut self) -> f64 {
        let mut sum = 0_i64;
        for _ in 0..3 {
            let bits = self.source.next_u64();
            sum += (bits & 0xffff) as i64 + ((bits >> 16) & 0xffff) as i64 + ((bits >> 32) & 0xffff) as i64 + (bits >> 48) as i64;
        }
        (sum - 12 * 32_767 - 6) as f64 / 65_536.0
    }

    /// exp(scale × standard normal): 1 in the median.
    pub(super) fn lognormal(&mut self, scale: f64) -> f64 {
        exponential_function(scale * self.normal())
    }

    /// A waiting time with the given mean.
    pub(super) fn waiting(&mut self, mean: f64) -> f64 {
        -mean * natural_logarithm(1.0 - self.unit())
    }

    /// The index of a weight, drawn in proportion to the weights.
    pub(super) fn pick(&mut self, weights: &[u32]) -> usize {
        let total: u32 = weights.iter().sum();
        let mut point = self.below(total);
        for (index, &weight) in weights.iter().enumerate() {
            if point < weight {
                return index;
            }
            point -= weight;
        }
        weights.len().saturating_sub(1)
    }
}

/// e^x by e^x = 2^k · e^r with |r| ≤ ln 2 / 2 and a Taylor series for e^r; relative error below 1e-13 for |x| < 700.
pub(super) fn exponential_function(x: f64) -> f64 {
    let x = x.clamp(-700.0, 700.0);
    let power = (x * std::f64::consts::LOG2_E).round();
    let rest = x - power * std::f64::consts::LN_2;
    let mut term = 1.0;
    let mut sum = 1.0;
    for step in 1..=14 {
        term *= rest / f64::from(step);
        sum += term;
    }
    // The clamp keeps the exponent within [-1010, 1010], inside the normal numbers.
    sum * f64::from_bits(((power as i64 + 1023) as u64) << 52)
}

/// ln x for x > 0, by x = 2^k · m and ln m = 2 artanh((m − 1) ÷ (m + 1)); absolute error below 1e-12.
pub(super) fn natural_logarithm(x: f64) -> f64 {
    let bits = x.max(f64::MIN_POSITIVE).to_bits();
    let mut power = ((bits >> 52) as i64 - 1023) as f64;
    let mut mantissa = f64::from_bits((bits & 0x000f_ffff_ffff_ffff) | (1023_u64 << 52));
    if mantissa > std::f64::consts::SQRT_2 {
        mantissa *= 0.5;
        power += 1.0;
    }
    let ratio = (mantissa - 1.0) / (mantissa + 1.0);
    let square = ratio * ratio;
    let mut term = ratio;
    let mut sum = 0.0;
    for step in 0..11 {
        sum += term / f64::from(2 * step + 1);
        term *= square;
    }
    power * std::f64::consts::LN_2 + 2.0 * sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_exponential_and_logarithm_agree_with_the_standard_library() {
        for step in -600..600 {
            let x = f64::from(step) / 20.0;
            assert!((exponential_function(x) / x.exp() - 1.0).abs() < 1e-12, "{x}");
            let y = x.exp();
            assert!((natural_logarithm(y) - y.ln()).abs() < 1e-10, "{y}");
        }
    }

    #[test]
    fn a_stream_depends_on_its_key_only_and_streams_differ() {
        let draw = |seed, stream, index| Random::new(seed, stream, index).unit();
        assert_eq!(draw(1, Stream::Billing, 7), draw(1, Stream::Billing, 7));
        assert_ne!(draw(1, Stream::Billing, 7), draw(2, Stream::Billing, 7));
        assert_ne!(draw(1, Stream::Billing, 7), draw(1, Stream::Settlement, 7));
        assert_ne!(draw(1, Stream::Billing, 7), draw(1, Stream::Billing, 8));
    }

    #[test]
    fn the_normal_has_mean_zero_and_standard_deviation_one() {
        let mut random = Random::new(3, Stream::Rates, 0);
        let draws: Vec<f64> = (0..40_000).map(|_| random.normal()).collect();
        let mean = draws.iter().sum::<f64>() / 40_000.0;
        let variance = draws.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / 40_000.0;
        assert!(mean.abs() < 0.02 && (variance - 1.0).abs() < 0.03, "{mean} {variance}");
    }
}
