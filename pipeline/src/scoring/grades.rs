//! Grades: classes of the chance of default, as people read them.
//!
//! A grade moves only when the chance has clearly crossed an edge, so that it does not flicker. The previous grade is found by
//! replaying earlier chances: nothing is kept from night to night. Not responsible for the chances themselves.

/// A class of customers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[expect(missing_docs, reason = "A to H are classes by the edges below, best first")]
pub enum Grade {
    A,
    B,
    C,
    D,
    E,
    F,
    G,
    H,
    /// In default. The word is `default`, because `D` is a class of customers that pay.
    InDefault,
    /// Unrated: no settled and no overdue item says anything.
    Unrated,
}

/// Chances of default at which a grade ends and the next worse begins, shares.
pub const EDGES: [f64; 7] = [0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2];
/// A customer gets better only below this share of an edge.
pub const BETTER_BELOW: f64 = 0.9;
/// A customer gets worse only above this multiple of an edge.
pub const WORSE_ABOVE: f64 = 1.1;

impl Grade {
    /// Every grade, best first; those that are not classes of a chance last.
    pub const ALL: [Grade; 10] =
        [Grade::A, Grade::B, Grade::C, Grade::D, Grade::E, Grade::F, Grade::G, Grade::H, Grade::InDefault, Grade::Unrated];
    /// The words, in the order of [`Self::ALL`].
    pub const WORDS: [&'static str; 10] = ["A", "B", "C", "D", "E", "F", "G", "H", "default", "U"];

    /// The published word.
    pub fn word(self) -> &'static str {
        Self::WORDS[self as usize]
    }

    /// The grade of a word.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grade| grade.word() == word)
    }

    /// The class that a chance lies in, without regard to the past; a chance on an edge lies in the worse one.
    ///
    /// ```
    /// use arrears::scoring::grades::Grade;
    /// assert_eq!([0.0, 0.0025, 0.019, 0.02, 1.0].map(|pd| Grade::of(pd).word()), ["A", "B", "D", "E", "H"]);
    /// ```
    pub fn of(pd: f64) -> Self {
        Self::ALL[EDGES.partition_point(|edge| *edge <= pd)]
    }

    /// The grade after a chance of default, from the one before: better only below 0.9 of an edge, worse only above 1.1 of it.
    /// After no grade, default or [`Grade::Unrated`], the past says nothing.
    ///
    /// ```
    /// use arrears::scoring::grades::Grade;
    /// // The edge of B and C is 0.5 %: worse above 0.55 %, better below 0.45 %.
    /// assert_eq!(Grade::next(Some(Grade::B), 0.0054), Grade::B);
    /// assert_eq!(Grade::next(Some(Grade::B), 0.0056), Grade::C);
    /// assert_eq!(Grade::next(Some(Grade::C), 0.0046), Grade::C);
    /// assert_eq!(Grade::next(Some(Grade::C), 0.0044), Grade::B);
    /// assert_eq!(Grade::next(None, 0.0054), Grade::C);
    /// ```
    pub fn next(previous: Option<Grade>, pd: f64) -> Self {
        let Some(mut place) = previous.and_then(Grade::class) else { return Self::of(pd) };
        while place < EDGES.len() && pd > WORSE_ABOVE * EDGES[place] {
            place += 1;
        }
        while place > 0 && pd < BETTER_BELOW * EDGES[place - 1] {
            place -= 1;
        }
        Self::ALL[place]
    }

    /// The grades of a series of chances, oldest first; where there is no chance (in default, unrated) there is no grade, and the
    /// next one begins anew.
    pub fn replay(chances: impl IntoIterator<Item = Option<f64>>) -> Vec<Option<Grade>> {
        let mut previous = None;
        let grade = |pd: Option<f64>| {
            previous = pd.map(|pd| Grade::next(previous, pd));
            previous
        };
        chances.into_iter().map(grade).collect()
    }

    /// The place among the classes of a chance, A first; `None` in default and unrated.
    pub fn class(self) -> Option<usize> {
        (self as usize <= EDGES.len()).then_some(self as usize)
    }

    /// By how many grades this is worse than an earlier one; default is one worse than H. `None` where either is unrated.
    pub fn worse_by(self, earlier: Grade) -> Option<i64> {
        let place = |grade: Grade| (grade != Grade::Unrated).then_some(grade as i64);
        Some(place(self)? - place(earlier)?)
    }

    /// Whether no increase of a limit is ever proposed: in default, and where nothing is known.
    pub fn forbids_increase(self) -> bool {
        matches!(self, Grade::InDefault | Grade::Unrated)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_grades_agree_and_every_edge_begins_the_worse_grade() {
        for (grade, word) in Grade::ALL.into_iter().zip(Grade::WORDS) {
            assert_eq!((grade.word(), Grade::named(word)), (word, Some(grade)));
        }
        assert_eq!(Grade::named("d"), None);
        for (place, edge) in EDGES.into_iter().enumerate() {
            assert_eq!((Grade::of(edge * 0.999), Grade::of(edge)), (Grade::ALL[place], Grade::ALL[place + 1]));
        }
    }

    #[test]
    fn a_grade_stays_within_a_tenth_of_its_edges_whatever_it_was() {
        for previous in &Grade::ALL[..8] {
            for step in 0..3_000 {
                let pd = f64::from(step) / 10_000.0;
                let (next, plain) = (Grade::next(Some(*previous), pd), Grade::of(pd));
                let is_near = |edge: &f64| (0.9 * edge..=1.1 * edge).contains(&pd);
                assert!(next == plain || EDGES.iter().any(is_near), "{previous:?} {pd}");
                // Never past the class that the chance lies in.
                let (from, to, at) = (*previous as i32, plain as i32, next as i32);
                assert!((from.min(to)..=from.max(to)).contains(&at), "{previous:?} {pd}: {next:?}");
            }
        }
    }

    #[test]
    fn a_replay_carries_the_grade_and_begins_anew_after_a_gap() {
        // 0.52 % is C on its own, B after B; after a month in default nothing is remembered.
        let chances = [Some(0.004), Some(0.0052), None, Some(0.0052), Some(0.25), Some(0.0019)];
        let words: Vec<Option<&str>> = Grade::replay(chances).into_iter().map(|grade| grade.map(Grade::word)).collect();
        assert_eq!(words, [Some("B"), Some("B"), None, Some("C"), Some("H"), Some("A")]);
    }

    #[test]
    fn default_is_one_worse_than_h_and_unrated_compares_with_nothing() {
        assert_eq!(Grade::InDefault.worse_by(Grade::G), Some(2));
        assert_eq!(Grade::A.worse_by(Grade::C), Some(-2));
        assert_eq!((Grade::Unrated.worse_by(Grade::A), Grade::A.worse_by(Grade::Unrated)), (None, None));
    }
}
