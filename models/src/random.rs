//! Random numbers that are functions: the same (seed, stream, counter) gives the same number, whoever asks and in which order.
//!
//! A generator with a state would give each thread other numbers as soon as the work is divided otherwise. Here a draw is
//! named: the seed is the run's, the stream what is being simulated (a customer, a bootstrap), the counter which draw of it.
//!
//! Beside them the standard normal distribution, its probability and its quantile, for drawing normal numbers and for turning
//! them back into uniform ones (a Gaussian copula).

const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
/// The golden ratio and √3 − 1, as fractions of 2³².
const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
const ROUNDS: usize = 10;

/// Philox4x32-10: 128 random bits from a counter of 128 bits and a key of 64, a bijection of the counters for each key.
///
/// Each of ten rounds multiplies two of the words by constants and mixes the upper halves with the others and the key.
///
/// ```
/// use arrears_models::random::philox;
/// // The digits of π in, as the authors' own list of known answers has it.
/// let words = philox([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0]);
/// assert_eq!(words, [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]);
/// ```
///
/// Source: J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw (2011), *Parallel Random Numbers: As Easy as 1, 2, 3*, SC '11.
#[inline]
pub fn philox(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    let (mut words, mut key) = (counter, key);
    for _ in 0..ROUNDS {
        // 32 × 32 bits never overflow; said so, the check for it does not keep the rounds of many draws from running side by side.
        let first = u64::from(MULTIPLIERS[0]).wrapping_mul(u64::from(words[0]));
        let second = u64::from(MULTIPLIERS[1]).wrapping_mul(u64::from(words[2]));
        words = [(second >> 32) as u32 ^ words[1] ^ key[0], second as u32, (first >> 32) as u32 ^ words[3] ^ key[1], first as u32];
        key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
    }
    words
}

/// Two numbers of 64 random bits for the price of one: see [`bits`], whose number is the first.
#[inline]
pub fn bits_pair(seed: u64, stream: u64, counter: u64) -> [u64; 2] {
    let [first, second, third, fourth] = philox([lower(counter), upper(counter), lower(stream), upper(stream)], [lower(seed), upper(seed)]);
    [u64::from(second) << 32 | u64::from(first), u64::from(fourth) << 32 | u64::from(third)]
}

/// 64 random bits: the draw number `counter` of a stream under a seed.
///
/// The words of Philox4x32-10 with the counter in its lower and the stream in its upper half, and the seed as its key: no two
/// draws of one seed share their 128 bits.
#[inline]
pub fn bits(seed: u64, stream: u64, counter: u64) -> u64 {
    bits_pair(seed, stream, counter)[0]
}

/// A uniform random number strictly between 0 and 1: (k + ½) ÷ 2⁵², with k the upper 52 of the random bits.
///
/// Neither 0 nor 1 ever comes out, so that the logarithm and the normal quantile of it are finite. The smallest is 2⁻⁵³.
///
/// ```
/// use arrears_models::random::uniform;
/// let draws: Vec<f64> = (0..1_000).map(|counter| uniform(7, 0, counter)).collect();
/// let mean = draws.iter().sum::<f64>() / 1_000.0;
/// assert!((mean - 0.5).abs() < 0.03);
/// assert_eq!(draws[500], uniform(7, 0, 500));
/// ```
#[inline]
pub fn uniform(seed: u64, stream: u64, counter: u64) -> f64 {
    to_uniform(bits(seed, stream, counter))
}

/// Two independent uniform random numbers from one draw, at the price of one; the first is that of [`uniform`].
#[inline]
pub fn uniform_pair(seed: u64, stream: u64, counter: u64) -> [f64; 2] {
    bits_pair(seed, stream, counter).map(to_uniform)
}

/// A whole number from 0 to `limit` − 1, each equally likely but for 1 in 2⁶⁴ ÷ `limit`.
///
/// # Panics
///
/// When the limit is 0.
///
/// Source: D. Lemire (2019), *Fast Random Integer Generation in an Interval*, ACM TOMACS 29, without its rejection step.
#[inline]
pub fn below(seed: u64, stream: u64, counter: u64, limit: usize) -> usize {
    assert!(limit > 0, "there is no number below 0");
    ((u128::from(bits(seed, stream, counter)) * limit as u128) >> 64) as usize
}

/// A standard normal random number: the normal quantile of [`uniform`]. It lies within ± 8.21.
#[inline]
pub fn normal(seed: u64, stream: u64, counter: u64) -> f64 {
    normal_quantile(uniform(seed, stream, counter))
}

/// Two independent standard normal random numbers from one draw; the first is that of [`normal`].
#[inline]
pub fn normal_pair(seed: u64, stream: u64, counter: u64) -> [f64; 2] {
    bits_pair(seed, stream, counter).map(|bits| normal_quantile(to_uniform(bits)))
}

fn to_uniform(bits: u64) -> f64 {
    const STEP: f64 = 1.0 / (1_u64 << 52) as f64;
    // With 53 bits the largest would round to 1.
    ((bits >> 12) as f64 + 0.5) * STEP
}

fn lower(bits: u64) -> u32 {
    bits as u32
}

fn upper(bits: u64) -> u32 {
    (bits >> 32) as u32
}

/// The x below which a standard normal number falls with probability p.
///
/// Three rational approximations of degree 7: about 0, in the tails, and far out in them. The relative error is below 1e-14
/// wherever p is known that well: near 1 the distance of p from 1 carries only what is left of 53 bits.
///
/// p: probability, 0 to 1.
///
/// Edge cases: −∞ for 0, +∞ for 1, NaN outside and for NaN.
///
/// ```
/// use arrears_models::random::normal_quantile;
/// assert!((normal_quantile(0.975) - 1.959963984540054).abs() < 1e-14);
/// assert_eq!(normal_quantile(0.5), 0.0);
/// ```
///
/// Source: M. J. Wichura (1988), *Algorithm AS 241: The Percentage Points of the Normal Distribution*, Applied Statistics 37,
/// 477–484, routine PPND16.
#[inline]
pub fn normal_quantile(p: f64) -> f64 {
    let from_middle = p - 0.5;
    if from_middle.abs() <= 0.425 {
        let r = 0.180625 - from_middle * from_middle;
        return from_middle * polynomial(&QUANTILE_MIDDLE[0], r) / polynomial(&QUANTILE_MIDDLE[1], r);
    }
    let tail = if from_middle < 0.0 { p } else { 1.0 - p };
    if tail <= 0.0 || tail.is_nan() {
        return if tail == 0.0 { f64::INFINITY.copysign(from_middle) } else { f64::NAN };
    }
    let r = (-tail.ln()).sqrt();
    let (coefficients, r) = if r <= 5.0 { (&QUANTILE_TAIL, r - 1.6) } else { (&QUANTILE_FAR, r - 5.0) };
    (polynomial(&coefficients[0], r) / polynomial(&coefficients[1], r)).copysign(from_middle)
}

/// The probability that a standard normal number lies at or below x: Φ(x).
///
/// Rational approximations in three ranges of |x|. The relative error is below 1e-14 where Φ is above 1e-308, in the lower tail
/// too; use Φ(−x) for what lies above x.
///
/// Edge cases: 0 for −∞ and below about −38.5, 1 for +∞, NaN for NaN.
///
/// ```
/// use arrears_models::random::normal_cdf;
/// assert!((normal_cdf(1.959963984540054) - 0.975).abs() < 1e-15);
/// assert_eq!(normal_cdf(0.0), 0.5);
/// ```
///
/// Source: W. J. Cody (1969), *Rational Chebyshev Approximations for the Error Function*, Mathematics of Computation 23,
/// 631–637, in the form for Φ of W. J. Cody (1993), Algorithm 715, ACM TOMS 19, 22–32.
#[inline]
pub fn normal_cdf(x: f64) -> f64 {
    let distance = x.abs();
    if distance <= 0.67448975 {
        let square = x * x;
        return 0.5 + x * polynomial(&CDF_MIDDLE[0], square) / polynomial(&CDF_MIDDLE[1], square);
    }
    let tail = upper_tail(distance);
    if x > 0.0 { 1.0 - tail } else { tail }
}

/// 1 − Φ(x) for x above 0.67.
fn upper_tail(x: f64) -> f64 {
    let ratio = if x <= 32.0_f64.sqrt() {
        polynomial(&CDF_TAIL[0], x) / polynomial(&CDF_TAIL[1], x)
    } else {
        let inverse_square = 1.0 / (x * x);
        let correction = inverse_square * polynomial(&CDF_FAR[0], inverse_square) / polynomial(&CDF_FAR[1], inverse_square);
        (DENSITY_AT_ZERO - correction) / x
    };
    // The square of x rounded to sixteenths is exact: the exponent loses no digit, however large.
    let rounded = (x * 16.0).trunc() / 16.0;
    let rest = (x - rounded) * (x + rounded);
    if x > 40.0 { 0.0 } else { (-rounded * rounded * 0.5).exp() * (-rest * 0.5).exp() * ratio }
}

/// Coefficients with the lowest power first, by Horner's rule.
#[inline]
fn polynomial<const N: usize>(coefficients: &[f64; N], x: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, coefficient| sum * x + coefficient)
}

/// 1 ÷ √(2π).
const DENSITY_AT_ZERO: f64 = 0.398_942_280_401_432_7;

/// Numerator and denominator, the lowest power first.
type Ratio<const N: usize> = [[f64; N]; 2];

#[rustfmt::skip]
const QUANTILE_MIDDLE: Ratio<8> = [
    [3.387_132_872_796_366_5, 1.331_416_678_917_843_8e2, 1.971_590_950_306_551_3e3, 1.373_169_376_550_946e4, 4.592_195_393_154_987e4, 6.726_577_092_700_87e4, 3.343_057_558_358_813e4, 2.509_080_928_730_122_7e3],
    [1.0, 4.231_333_070_160_091e1, 6.871_870_074_920_579e2, 5.394_196_021_424_751e3, 2.121_379_430_158_659_7e4, 3.930_789_580_009_271e4, 2.872_908_573_572_194_3e4, 5.226_495_278_852_854e3],
];
#[rustfmt::skip]
const QUANTILE_TAIL: Ratio<8> = [
    [1.423_437_110_749_683_5, 4.630_337_846_156_546, 5.769_497_221_460_691, 3.647_848_324_763_204_5, 1.270_458_252_452_368_4, 2.417_807_251_774_506e-1, 2.272_384_498_926_918_4e-2, 7.745_450_142_783_414e-4],
    [1.0, 2.053_191_626_637_759, 1.676_384_830_183_803_8, 6.897_673_349_851e-1, 1.481_039_764_274_800_8e-1, 1.519_866_656_361_645_7e-2, 5.475_938_084_995_345e-4, 1.050_750_071_644_416_9e-9],
];
#[rustfmt::skip]
const QUANTILE_FAR: Ratio<8> = [
    [6.657_904_643_501_103, 5.463_784_911_164_114, 1.784_826_539_917_291_3, 2.965_605_718_285_048_7e-1, 2.653_218_952_657_612_4e-2, 1.242_660_947_388_078_4e-3, 2.711_555_568_743_487_6e-5, 2.010_334_399_292_288_1e-7],
    [1.0, 5.998_322_065_558_88e-1, 1.369_298_809_227_358e-1, 1.487_536_129_085_061_5e-2, 7.868_691_311_456_133e-4, 1.846_318_317_510_054_8e-5, 1.421_511_758_316_446e-7, 2.044_263_103_389_939_8e-15],
];
#[rustfmt::skip]
const CDF_MIDDLE: Ratio<5> = [
    [1.815_498_125_334_356e4, 1.067_689_485_460_370_9e3, 1.610_282_310_685_558_7e2, 2.235_252_035_460_683_7, 6.568_233_791_820_745e-2],
    [4.550_778_933_502_673e4, 1.026_093_220_861_897_9e4, 9.760_985_517_377_767e2, 4.720_258_190_468_824e1, 1.0],
];
#[rustfmt::skip]
const CDF_TAIL: Ratio<9> = [
    [9.842_714_838_383_978e3, 1.160_265_143_764_735e4, 6.848_190_450_536_283e3, 2.494_537_585_290_372_6e3, 5.972_702_763_948_002e2, 9.350_665_613_217_785e1, 8.883_149_794_388_377, 3.989_415_120_881_346_6e-1, 1.076_557_677_372_019_2e-8],
    [1.968_542_967_685_999e4, 3.891_200_328_609_327e4, 3.490_095_272_114_598e4, 1.861_557_164_088_51e4, 6.485_558_298_266_761e3, 1.519_377_599_407_554_7e3, 2.353_879_017_826_25e2, 2.226_668_804_432_811_7e1, 1.0],
];
#[rustfmt::skip]
const CDF_FAR: Ratio<6> = [
    [2.911_287_495_116_879_3e-5, 1.421_619_193_227_893_4e-3, 2.223_527_787_064_980_6e-2, 1.274_011_611_602_473_6e-1, 2.158_985_340_579_569_8e-1, 2.307_344_176_494_017_3e-2],
    [7.297_515_550_839_662e-5, 3.782_396_332_027_582_6e-3, 6.598_813_786_892_855e-2, 4.682_382_124_808_651e-1, 1.284_260_096_144_911, 1.0],
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines `philox4x32 10` of `tests/kat_vectors` in Random123, the library of the method's authors.
    #[test]
    fn philox_gives_the_known_answers_of_its_authors() {
        let ones = u32::MAX;
        assert_eq!(philox([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(philox([ones; 4], [ones; 2]), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
        let pi = philox([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0]);
        assert_eq!(pi, [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]);
        // The same, through the function that names a draw: counter below, stream above, seed as the key.
        let pair = bits_pair(0x299f_31d0_a409_3822, 0x0370_7344_1319_8a2e, 0x85a3_08d3_243f_6a88);
        assert_eq!(pair, [0x94fd_cceb_d16c_fe09, 0x2412_6ea1_5001_e420]);
    }

    #[test]
    fn a_uniform_number_is_never_zero_or_one() {
        assert_eq!((to_uniform(0), to_uniform(u64::MAX)), (2.0_f64.powi(-53), 1.0 - 2.0_f64.powi(-53)));
        assert!(normal_quantile(to_uniform(0)) > -8.21 && normal_quantile(to_uniform(u64::MAX)) < 8.21);
    }

    #[test]
    fn the_ends_of_the_normal_distribution_are_where_they_belong() {
        assert_eq!((normal_quantile(0.0), normal_quantile(1.0)), (f64::NEG_INFINITY, f64::INFINITY));
        assert!([-0.1, 1.1, f64::NAN].into_iter().all(|p| normal_quantile(p).is_nan()));
        assert_eq!((normal_cdf(f64::NEG_INFINITY), normal_cdf(-50.0), normal_cdf(f64::INFINITY)), (0.0, 0.0, 1.0));
        assert!(normal_cdf(f64::NAN).is_nan());
    }
}
