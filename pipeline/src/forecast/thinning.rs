//! Which rows of a large book a fit looks at.
//!
//! Days on which nothing is paid are many and alike, and some ten thousand rows settle fifty coefficients: beyond a fixed
//! number every second row is left out, and again, and each row that stays counts twice, and again. Days with a payment are
//! rarer and thinned for themselves, so that both keep what they can. A row is in or out by its own hash, whatever the order.
//!
//! Standard errors of a fit take the weights for independent observations: of a thinned book they are too small, by the root of
//! what a row stands for at most.
//!
//! Source: G. King, L. Zeng (2001), *Logistic Regression in Rare Events Data*, Political Analysis 9, 137–163 (weighting).

/// The most rows without a payment.
const OTHERS_MOST: usize = 40_000;
/// The most rows with one.
const EVENTS_MOST: usize = 20_000;

/// How often each kind of row was halved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Thinning {
    others: u32,
    events: u32,
}

impl Thinning {
    /// Whether a row stays. `name` is a hash that says which row it is.
    pub fn keeps(self, name: u32, is_event: bool) -> bool {
        name.trailing_zeros() >= self.halvings(is_event)
    }

    /// How many rows a row stands for.
    pub fn stands_for(self, is_event: bool) -> f32 {
        2.0_f32.powi(i32::try_from(self.halvings(is_event)).unwrap_or(i32::MAX))
    }

    /// The thinning that these rows need, given by name and kind: this one, or one that leaves fewer.
    pub fn for_rows(self, rows: impl Iterator<Item = (u32, bool)>) -> Self {
        // By number of trailing zeros: how many rows a number of halvings leaves.
        let mut counts = [[0_usize; 33]; 2];
        for (name, is_event) in rows {
            counts[usize::from(is_event)][name.trailing_zeros() as usize] += 1;
        }
        let halvings = |counts: &[usize; 33], most: usize, least: u32| {
            let left = |halvings: u32| counts[halvings as usize..].iter().sum::<usize>();
            (least..32).find(|halvings| left(*halvings) <= most).unwrap_or(32)
        };
        Thinning { others: halvings(&counts[0], OTHERS_MOST, self.others), events: halvings(&counts[1], EVENTS_MOST, self.events) }
    }

    fn halvings(self, is_event: bool) -> u32 {
        if is_event { self.events } else { self.others }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrears_models::random::bits;

    fn names(count: u64) -> impl Iterator<Item = u32> {
        (0..count).map(|row| bits(7, 0, row) as u32)
    }

    #[test]
    fn a_small_book_keeps_every_row() {
        let thinning = Thinning::default().for_rows(names(1_000).map(|name| (name, false)));
        assert_eq!(thinning, Thinning::default());
        assert!(names(1_000).all(|name| thinning.keeps(name, false)) && thinning.stands_for(false) == 1.0);
    }

    #[test]
    fn rows_that_stay_stand_for_all() {
        let rows = || names(500_000).map(|name| (name, false));
        let thinning = Thinning::default().for_rows(rows());
        let kept = rows().filter(|(name, is_event)| thinning.keeps(*name, *is_event)).count();
        assert!((OTHERS_MOST / 2 - 1_000..=OTHERS_MOST).contains(&kept), "{kept}");
        let stood_for = kept as f64 * f64::from(thinning.stands_for(false));
        assert!((stood_for / 500_000.0 - 1.0).abs() < 0.02, "{stood_for}");
        assert_eq!(thinning.stands_for(true), 1.0, "days with a payment are thinned for themselves");
    }

    #[test]
    fn thinning_on_the_way_comes_to_the_same_rows() {
        let all: Vec<u32> = names(700_000).collect();
        let at_once = Thinning::default().for_rows(all.iter().map(|name| (*name, false)));
        let mut kept: Vec<u32> = Vec::new();
        let mut on_the_way = Thinning::default();
        for part in all.chunks(90_000) {
            kept.extend(part.iter().filter(|name| on_the_way.keeps(**name, false)));
            on_the_way = on_the_way.for_rows(kept.iter().map(|name| (*name, false)));
            kept.retain(|name| on_the_way.keeps(*name, false));
        }
        assert_eq!(on_the_way, at_once);
        assert!(all.iter().filter(|name| at_once.keeps(**name, false)).eq(&kept));
    }
}
