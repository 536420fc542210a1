//! Aging buckets: where an open item stands by its days past due or its age.

/// The most edges a configuration may have.
pub const EDGES_MAX: usize = 6;
/// Slots for the buckets of one basis: not due, one more than edges, no due date, unapplied.
pub const BUCKETS_MAX: usize = EDGES_MAX + 4;

/// The buckets of a configuration. Slot 0 is `not_due` (by document date: unused), then one slot an edge and one beyond
/// the last, then `no_due_date`, then `unapplied`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Buckets {
    edges: Vec<i32>,
}

impl Buckets {
    /// Buckets with these upper edges in days, strictly rising, 1 to [`EDGES_MAX`] of them; `None` otherwise.
    pub fn new(edges: &[u32]) -> Option<Self> {
        let rising = edges.windows(2).all(|pair| pair[0] < pair[1]);
        let edges: Vec<i32> = edges.iter().map(|edge| i32::try_from(*edge).ok()).collect::<Option<_>>()?;
        (rising && !edges.is_empty() && edges.len() <= EDGES_MAX && edges[0] > 0).then_some(Buckets { edges })
    }

    /// The slot of an open debit item that is `days_past_due` (0 on the due date: not yet due), or has no due date.
    pub fn by_due_date(&self, days_past_due: Option<i32>) -> usize {
        match days_past_due {
            None => self.no_due_date(),
            Some(days) if days <= 0 => 0,
            Some(days) => self.slot(days),
        }
    }

    /// The slot of an open debit item of `age` days since its document date.
    pub fn by_document_date(&self, age: i32) -> usize {
        self.slot(age)
    }

    /// The first day past due of an overdue slot, 1 for the first; `None` for the others.
    pub fn first_day_past_due(&self, slot: usize) -> Option<i32> {
        match slot {
            0 => None,
            1 => Some(1),
            slot => self.edges.get(slot - 2).map(|edge| edge + 1),
        }
    }

    /// The slot of the items that are overdue longest.
    pub fn oldest(&self) -> usize {
        self.edges.len() + 1
    }

    /// The slot of items without a due date.
    pub fn no_due_date(&self) -> usize {
        self.edges.len() + 2
    }

    /// The slot of open credit items.
    pub fn unapplied(&self) -> usize {
        self.edges.len() + 3
    }

    /// The word of a slot by due date.
    pub fn due_word(&self, slot: usize) -> String {
        match slot {
            0 => "not_due".into(),
            slot if slot == self.no_due_date() => "no_due_date".into(),
            slot => self.word(slot, 1),
        }
    }

    /// The word of a slot by document date.
    pub fn document_word(&self, slot: usize) -> String {
        self.word(slot, 0)
    }

    fn slot(&self, days: i32) -> usize {
        1 + self.edges.partition_point(|edge| *edge < days)
    }

    fn word(&self, slot: usize, first_day: i32) -> String {
        if slot == self.unapplied() {
            return "unapplied".into();
        }
        let lower = if slot == 1 { first_day } else { self.edges[slot - 2] + 1 };
        match self.edges.get(slot - 1) {
            Some(upper) => format!("{lower}_{upper}"),
            None => format!("over_{}", lower - 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_falls_in_exactly_one_bucket() {
        let buckets = Buckets::new(&[30, 60, 90, 120]).expect("rising edges");
        let word = |days| buckets.due_word(buckets.by_due_date(days));
        let table = [
            (Some(-5), "not_due"),
            (Some(0), "not_due"),
            (Some(1), "1_30"),
            (Some(30), "1_30"),
            (Some(31), "31_60"),
            (Some(60), "31_60"),
            (Some(61), "61_90"),
            (Some(90), "61_90"),
            (Some(91), "91_120"),
            (Some(120), "91_120"),
            (Some(121), "over_120"),
            (None, "no_due_date"),
        ];
        for (days, expected) in table {
            assert_eq!(word(days), expected, "{days:?}");
        }
        assert_eq!(buckets.document_word(buckets.by_document_date(0)), "0_30");
        assert_eq!(buckets.document_word(buckets.by_document_date(30)), "0_30");
        assert_eq!(buckets.document_word(buckets.by_document_date(31)), "31_60");
        assert_eq!(buckets.document_word(buckets.unapplied()), "unapplied");
    }

    #[test]
    fn edges_must_rise() {
        assert_eq!(Buckets::new(&[]), None);
        assert_eq!(Buckets::new(&[30, 30]), None);
        assert_eq!(Buckets::new(&[0, 30]), None);
        assert!(Buckets::new(&[7, 14, 30, 60, 90, 180]).is_some());
    }
}
