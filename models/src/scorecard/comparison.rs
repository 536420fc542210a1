//! Two scores compared.

/// How to draw.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// How often groups are drawn: 1,000.
    pub replicates: usize,
    /// Of the random numbers.
    pub seed: u64,
    /// Of the random numbers: another one for each thing that is measured.
    pub stream: u64,
}

/// A statistic with its replicates.
#[derive(Clone, Debug, PartialEq)]
pub struct Replicated {
    /// Of the rows as they are.
    pub value: f64,
    /// Rising.
    pub replicates: Vec<f64>,
}

impl Replicated {
    /// Quantiles (1 ∓ level) ÷ 2 of the replicates.
    pub fn interval(&self, level: f64) -> (f64, f64) {
        let _ = level;
        unimplemented!()
    }
}

/// Two scores on the same rows, and the same draws.
#[derive(Clone, Debug, PartialEq)]
pub struct AucComparison {
    /// Of the first.
    pub first: Replicated,
    /// Of the second.
    pub second: Replicated,
    /// First less second.
    pub difference: Replicated,
}

/// AUC of one score with a cluster bootstrap.
pub fn auc(score: &[f64], is_event: &[bool], group: &[u32], options: &Options) -> Option<Replicated> {
    let _ = (score, is_event, group, options);
    unimplemented!()
}

/// AUC of two scores with a paired cluster bootstrap.
pub fn compare_auc(first: &[f64], second: &[f64], is_event: &[bool], group: &[u32], options: &Options) -> Option<AucComparison> {
    let _ = (first, second, is_event, group, options);
    unimplemented!()
}
