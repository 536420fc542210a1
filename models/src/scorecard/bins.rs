//! Bins.

/// Which way a characteristic is riskier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Higher is riskier.
    Rising,
    /// Lower is riskier.
    Falling,
}

/// How to bin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Quantile bins to begin with: 20.
    pub quantiles: usize,
    /// Bins at most, without that of missing values: 5.
    pub bins_max: usize,
    /// Share of the rows that a bin must have, 0 to 1: 0.05.
    pub share_min: f64,
}

/// One bin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bin {
    /// Rows in it.
    pub rows: u64,
    /// Events among them.
    pub events: u64,
    /// Weight of evidence that scores use, in log-odds: above 0 riskier than all rows.
    pub woe: f64,
    /// What the bin adds to the information value.
    pub information_value: f64,
}

/// The bins of one characteristic, the lowest values first and missing ones last.
#[derive(Clone, Debug, PartialEq)]
pub struct Bins {
    /// Upper edges, inclusive, rising; the bin above the last edge has none.
    pub edges: Vec<f32>,
    /// `edges.len() + 1` bins of values and, always last, the bin of missing values.
    pub bins: Vec<Bin>,
}

/// Why there are no bins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unbinned {
    /// There are no rows.
    NoRows,
    /// No row is an event, or every row is.
    OneClass,
    /// Every value is missing.
    AllMissing,
    /// There is one value only.
    Constant,
    /// Events do not become more frequent in the declared direction, so that one bin is left.
    Flat,
}

impl Bins {
    /// Bins of values.
    pub fn of(values: &[f32], is_event: &[bool], direction: Direction, options: &Options) -> Result<Bins, Unbinned> {
        let _ = (values, is_event, direction, options);
        unimplemented!()
    }

    /// The bin of a value: a position in `bins`.
    pub fn bin_of(&self, value: f32) -> usize {
        if value.is_nan() { self.bins.len() - 1 } else { self.edges.partition_point(|edge| *edge < value) }
    }

    /// Σ of the bins' parts.
    pub fn information_value(&self) -> f64 {
        self.bins.iter().map(|bin| bin.information_value).sum()
    }
}
