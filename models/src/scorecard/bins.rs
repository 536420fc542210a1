//! The bins of a characteristic: few, monotone in the declared direction, and each with enough rows to be believed.
//!
//! Quantile bins are pooled until events become more frequent in the declared direction only, then merged to a few of a decent size, by
//! least loss of information. Counts are whole numbers: neither the order of the rows nor rounding has a say.
//!
//! A weight of evidence is **above 0 where events are more frequent than among all rows**: higher is riskier. Others write it with the
//! opposite sign.

mod evidence;
mod merging;
mod runs;

pub use evidence::{weight_of_evidence, weight_of_evidence_smoothed};
pub(crate) use runs::{Run, order_of, runs_of};

use merging::{Block, few, monotone, quantile_blocks};

/// Which way a characteristic is riskier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Higher is riskier.
    Rising,
    /// Lower is riskier.
    Falling,
}

impl Direction {
    /// `rising` or `falling`.
    pub fn word(self) -> &'static str {
        match self {
            Direction::Rising => "rising",
            Direction::Falling => "falling",
        }
    }
}

/// How to bin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Quantile bins to begin with, > 0: 50.
    pub quantiles: usize,
    /// Bins at most, without that of missing values, > 0: 5.
    pub bins_max: usize,
    /// Share of all rows that a bin of values must have, 0 to 1: 0.05.
    pub share_min: f64,
    /// Or share of all rows, if it also has [`Options::tail_events_min`] of the events: 0.01. Defaults crowd in the worst few per cent of
    /// a characteristic; a bin of a twentieth of the rows would make them one with customers that are hardly late.
    pub tail_share_min: f64,
    /// Share of all events that such a smaller bin must have, 0 to 1: 0.05; and ten of them at least.
    pub tail_events_min: f64,
}

impl Default for Options {
    fn default() -> Self {
        Options { quantiles: 50, bins_max: 5, share_min: 0.05, tail_share_min: 0.01, tail_events_min: 0.05 }
    }
}

/// One bin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bin {
    /// Rows in it.
    pub rows: u64,
    /// Events among them.
    pub events: u64,
    /// Weight of evidence that scores use, in log-odds: above 0 riskier than all rows. See [`Bins::of`] for missing values.
    pub woe: f64,
    /// What the bin adds to the information value: (share of the events − share of the others) · `woe`.
    pub information_value: f64,
}

/// Rows and events of a bin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) rows: u64,
    pub(crate) events: u64,
}

impl Tally {
    fn others(self) -> u64 {
        self.rows - self.events
    }

    fn plus(self, other: Tally) -> Tally {
        Tally { rows: self.rows + other.rows, events: self.events + other.events }
    }
}

/// The bins of one characteristic, the lowest values first and missing ones last.
#[derive(Clone, Debug, PartialEq)]
pub struct Bins {
    /// Upper edges, inclusive, rising; the bin above the last edge has none. Values of the sample, so that no rounding can move a row.
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
    /// Events do not become more frequent in the declared direction, so that one bin is left, and few values are missing.
    Flat,
}

impl Unbinned {
    /// In one word, for tables.
    pub fn word(self) -> &'static str {
        match self {
            Unbinned::NoRows => "no_rows",
            Unbinned::OneClass => "one_class",
            Unbinned::AllMissing => "all_missing",
            Unbinned::Constant => "constant",
            Unbinned::Flat => "flat",
        }
    }
}

impl Bins {
    /// The bins of values, NaN being missing.
    ///
    /// 1. `quantiles` bins of as many rows each as ties allow.
    /// 2. Neighbours whose event rates do not become riskier in the declared direction are pooled.
    /// 3. While a bin has less than `share_min` of all rows (or `tail_share_min` of the rows and `tail_events_min` of the events), no
    ///    event, or nothing else, it is merged with a neighbour; while there are more than `bins_max`, two neighbours are: always the
    ///    pair that loses least information value. Where only one bin would be
    ///    left, two without regard to their events, since values that separate the classes can be cut in no other way.
    /// 4. Weights of evidence by [`weight_of_evidence_smoothed`].
    ///
    /// **Missing values** have a bin of their own, however few. Its weight of evidence is drawn to 0 in proportion as it has less than
    /// `share_min` of the rows or was to have less than ten events at the rate of all; while that is so it is not below 0 either:
    /// who is not known is not rewarded. It is never below that of the best bin of values and 0. Where no value is missing it is 0.
    ///
    /// # Errors
    ///
    /// [`Unbinned`] says why there are no bins. One bin of values is left only where at least `share_min` of the rows have none, which
    /// is then what the characteristic says.
    ///
    /// # Panics
    ///
    /// When the lists differ in length, or an option is 0.
    ///
    /// ```
    /// use arrears_models::scorecard::bins::{Bins, Direction, Options};
    /// // One of four defaults up to 10 days past due, three of four beyond.
    /// let values = [0.0, 5.0, 5.0, 10.0, 30.0, 30.0, 60.0, 60.0];
    /// let is_event = [false, false, true, false, true, false, true, true];
    /// let bins = Bins::of(&values, &is_event, Direction::Rising, &Options { quantiles: 2, ..Options::default() }).unwrap();
    /// assert_eq!((bins.edges.as_slice(), bins.bin_of(10.0), bins.bin_of(11.0), bins.bin_of(f32::NAN)), ([10.0].as_slice(), 0, 1, 2));
    /// // Of the events 1/4 and 3/4 are there, of the others 3/4 and 1/4.
    /// assert!((bins.bins[1].woe - 3.0_f64.ln()).abs() < 1e-15 && bins.bins[0].woe == -bins.bins[1].woe);
    /// assert!((bins.information_value() - 3.0_f64.ln()).abs() < 1e-15);
    /// ```
    ///
    /// Sources: N. Siddiqi (2017), *Intelligent Credit Scoring*, 2nd edition, chapter 10. Pooling: R. E. Barlow and others (1972), see
    /// [`crate::isotonic`].
    pub fn of(values: &[f32], is_event: &[bool], direction: Direction, options: &Options) -> Result<Bins, Unbinned> {
        assert_eq!(values.len(), is_event.len(), "as many values as targets are needed");
        let all = Tally { rows: values.len() as u64, events: is_event.iter().filter(|is_event| **is_event).count() as u64 };
        Bins::of_runs(&runs_of(values, &order_of(values), is_event, |_| true), all, direction, options)
    }

    /// [`Bins::of`] the runs of equal values, by rising value, of `all` rows.
    pub(crate) fn of_runs(runs: &[Run], all: Tally, direction: Direction, options: &Options) -> Result<Bins, Unbinned> {
        assert!(options.quantiles > 0 && options.bins_max > 0, "there is one bin at least");
        if all.rows == 0 {
            return Err(Unbinned::NoRows);
        }
        if all.events == 0 || all.others() == 0 {
            return Err(Unbinned::OneClass);
        }
        match runs.len() {
            0 => return Err(Unbinned::AllMissing),
            1 => return Err(Unbinned::Constant),
            _ => {}
        }
        let blocks = few(monotone(quantile_blocks(runs, options.quantiles), direction), all, options);
        let present = blocks.iter().fold(Tally::default(), |sum, block| sum.plus(block.tally));
        let missing = Tally { rows: all.rows - present.rows, events: all.events - present.events };
        if blocks.len() == 1 && (missing.rows as f64) < options.share_min * all.rows as f64 || blocks.len() == 1 && missing.rows == 0 {
            return Err(Unbinned::Flat);
        }
        Ok(Bins::of_blocks(&blocks, missing, all, options))
    }

    fn of_blocks(blocks: &[Block], missing: Tally, all: Tally, options: &Options) -> Bins {
        let woe = |tally: Tally| weight_of_evidence_smoothed(tally.events, tally.others(), all.events, all.others());
        let best = blocks.iter().map(|block| woe(block.tally)).fold(f64::INFINITY, f64::min);
        let missing_woe = evidence::of_missing(missing, all, best, options.share_min);
        let tallies = blocks.iter().map(|block| (block.tally, woe(block.tally))).chain([(missing, missing_woe)]);
        let bin = |(tally, woe): (Tally, f64)| {
            let shares = tally.events as f64 / all.events as f64 - tally.others() as f64 / all.others() as f64;
            Bin { rows: tally.rows, events: tally.events, woe, information_value: shares * woe }
        };
        let edges = blocks[..blocks.len() - 1].iter().map(|block| block.upper).collect();
        Bins { edges, bins: tallies.map(bin).collect() }
    }

    /// The bin of a value: a position in `bins`.
    #[inline]
    pub fn bin_of(&self, value: f32) -> usize {
        if value.is_nan() { self.bins.len() - 1 } else { self.edges.partition_point(|edge| *edge < value) }
    }

    /// How well the characteristic tells events apart: Σ of the bins' parts, ≥ 0. Below 0.02 hardly, above 0.3 strongly.
    pub fn information_value(&self) -> f64 {
        self.bins.iter().map(|bin| bin.information_value).sum()
    }

    /// The bin whose missing values it is.
    pub fn missing(&self) -> &Bin {
        &self.bins[self.bins.len() - 1]
    }
}
