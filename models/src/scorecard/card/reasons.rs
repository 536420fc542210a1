//! Why a score is not higher: the characteristics in which a customer is riskier than the portfolio.

use super::CardCharacteristic;

/// Reasons at most.
pub const REASONS_MAX: usize = 4;

/// A reason: a characteristic whose bin is riskier than the portfolio.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason {
    /// Position in [`super::Scorecard::characteristics`].
    pub characteristic: u32,
    /// Points below the best bin of the characteristic, in tenths, > 0.
    pub lost_tenths: i32,
}

/// What each bin of a characteristic loses against the best, in tenths; 0 for bins that are not riskier than the portfolio, which are
/// no reason whatever they lose.
pub(super) fn losses(characteristic: &CardCharacteristic) -> Vec<i32> {
    let points = &characteristic.points_tenths;
    let best = points.iter().copied().max().unwrap_or(0);
    let bins = characteristic.bins.bins.iter().zip(points);
    bins.map(|(bin, points)| if bin.woe > 0.0 { best - points } else { 0 }).collect()
}

/// The reasons of a row, most points lost first; of equal losses the characteristic declared first.
#[inline]
pub(super) fn worst(losses: impl Iterator<Item = i32>) -> [Option<Reason>; REASONS_MAX] {
    let mut reasons = [None; REASONS_MAX];
    for (characteristic, lost_tenths) in losses.enumerate().filter(|(_, lost)| *lost > 0) {
        let mut next = Some(Reason { characteristic: characteristic as u32, lost_tenths });
        for place in &mut reasons {
            let is_worse = |reason: &Reason| place.is_none_or(|held: Reason| reason.lost_tenths > held.lost_tenths);
            // Whoever is pushed out is compared with the next place.
            if next.as_ref().is_some_and(is_worse) {
                std::mem::swap(place, &mut next);
            }
        }
    }
    reasons
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_points_lost_come_first_and_ties_in_the_order_of_declaration() {
        let places = |losses: &[i32]| -> Vec<u32> {
            worst(losses.iter().copied()).into_iter().flatten().map(|reason| reason.characteristic).collect()
        };
        assert_eq!(places(&[5, 9, 0, 5, 9, 7, 5]), [1, 4, 5, 0]);
        assert_eq!(places(&[0, 3, 3, -2]), [1, 2]);
        assert!(places(&[]).is_empty());
    }
}
