//! Law 4: what became of the rows of a file, in rows and in amounts.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::ledger::money::{AMOUNT_SCALE, display_amount};

/// What became of the rows of a file: `read = accepted + repaired + unchanged + quarantined`, in rows and in amounts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowCounts {
    /// Rows read.
    pub read: u64,
    /// Rows taken as they were.
    pub accepted: u64,
    /// Rows taken after a repair that the configuration asks for.
    pub repaired: u64,
    /// Rows that say what the ledger already says.
    pub unchanged: u64,
    /// Rows that could not be taken.
    pub quarantined: u64,
    /// The same in amounts, where they can be read; amounts of all currencies added, to compare, not to report.
    pub amounts: AmountCounts,
    /// Quarantined rows by reason.
    pub reasons: BTreeMap<String, u64>,
}

/// The amounts of [`RowCounts`], as the ledger would hold them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AmountCounts {
    /// Amounts read.
    pub read: ExactAmount,
    /// Of rows taken as they were.
    pub accepted: ExactAmount,
    /// Of repaired rows.
    pub repaired: ExactAmount,
    /// Of unchanged rows.
    pub unchanged: ExactAmount,
    /// Of quarantined rows.
    pub quarantined: ExactAmount,
}

/// A sum of ten-thousandths, written as decimal text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExactAmount(pub i128);

impl Serialize for ExactAmount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&display_amount(self.0, AMOUNT_SCALE).replace(',', ""))
    }
}

impl<'de> Deserialize<'de> for ExactAmount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bad = || serde::de::Error::custom(format!("not an amount with four decimals: {text}"));
        let (whole, fraction) = text.split_once('.').ok_or_else(bad)?;
        if fraction.len() != AMOUNT_SCALE as usize {
            return Err(bad());
        }
        format!("{whole}{fraction}").parse().map(ExactAmount).map_err(|_| bad())
    }
}

impl RowCounts {
    /// Whether law 4 holds.
    pub fn balances(&self) -> bool {
        let amounts = &self.amounts;
        self.read == self.accepted + self.repaired + self.unchanged + self.quarantined
            && amounts.read.0 == amounts.accepted.0 + amounts.repaired.0 + amounts.unchanged.0 + amounts.quarantined.0
            && self.quarantined == self.reasons.values().sum::<u64>()
    }

    /// Adds the counts of another part of the file.
    pub fn add(&mut self, other: &RowCounts) {
        self.read += other.read;
        self.accepted += other.accepted;
        self.repaired += other.repaired;
        self.unchanged += other.unchanged;
        self.quarantined += other.quarantined;
        self.amounts.read.0 += other.amounts.read.0;
        self.amounts.accepted.0 += other.amounts.accepted.0;
        self.amounts.repaired.0 += other.amounts.repaired.0;
        self.amounts.unchanged.0 += other.amounts.unchanged.0;
        self.amounts.quarantined.0 += other.amounts.quarantined.0;
        for (reason, rows) in &other.reasons {
            *self.reasons.entry(reason.clone()).or_default() += rows;
        }
    }
}
