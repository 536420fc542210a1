//! What the list of the collectors follows: `[worklist]`, the ladder of escalation and what an agency costs.

use super::{Document, Origin, Sourced};
use crate::error::Result;
use crate::worklist::WORDS;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::ops::RangeInclusive;
use toml::Spanned;

/// One whole of a configured share: shares are kept in units of 10⁻¹⁰.
pub const SHARE_ONE: i64 = 10_000_000_000;

/// `[worklist]`.
#[derive(Clone, Debug)]
pub struct WorklistConfig {
    /// Days after a contact in which the customer is left in peace.
    pub quiet_days: Sourced<u32>,
    /// Customers whom nobody contacts, by id or as `company/customer`.
    pub never_contact: Sourced<Vec<String>>,
    /// Outcomes of contacts that reached nobody: no quiet days follow them.
    pub unreached_outcomes: Sourced<Vec<String>>,
    /// Days after its document date from which an item without a due date asks for one.
    pub undated_after_days: Sourced<u32>,
    /// Share of what it recovers that an agency keeps, units of 1 ÷ [`SHARE_ONE`].
    pub agency_fee_share: Sourced<i64>,
    /// Share of an item that an agency is assumed to recover: no data of the ledger show it. Units of 1 ÷ [`SHARE_ONE`].
    pub agency_recovery_rate: Sourced<i64>,
    /// Days past due from which an agency is considered.
    pub agency_from_days: Sourced<u32>,
    /// What a customer must at least owe for it, whole units of base currency.
    pub agency_amount_min: Sourced<u32>,
    /// The ladder, by days past due.
    pub stages: Vec<Stage>,
}

/// A step of the ladder of escalation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stage {
    /// Days past due from which it is due.
    pub from_days_past_due: u32,
    /// What the customer's undisputed overdue amount must at least be, whole units of base currency.
    pub amount_min: u32,
    /// For customers of this segment only; a segment with stages of its own climbs these alone.
    pub segment: Option<String>,
    /// What it is called, and what the list says is to be done.
    pub name: String,
    /// By what means.
    pub channel: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawWorklist {
    quiet_days: Option<Spanned<u32>>,
    never_contact: Option<Spanned<Vec<String>>>,
    unreached_outcomes: Option<Spanned<Vec<String>>>,
    undated_after_days: Option<Spanned<u32>>,
    agency_fee_share: Option<Spanned<f64>>,
    agency_recovery_rate: Option<Spanned<f64>>,
    agency_from_days: Option<Spanned<u32>>,
    agency_amount_min: Option<Spanned<u32>>,
    stage: Option<Vec<RawStage>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawStage {
    name: Spanned<String>,
    from_days_past_due: u32,
    channel: Option<String>,
    segment: Option<String>,
    amount_min: Option<u32>,
}

impl RawWorklist {
    pub(super) fn check(self, document: &Document<'_>) -> Result<WorklistConfig> {
        let days = |value: Option<Spanned<u32>>, key: &str, default: u32| number(document, value, key, default, 0..=3_650);
        Ok(WorklistConfig {
            quiet_days: days(self.quiet_days, "quiet_days", 7)?,
            never_contact: list(document, self.never_contact),
            unreached_outcomes: list(document, self.unreached_outcomes),
            undated_after_days: days(self.undated_after_days, "undated_after_days", 30)?,
            agency_fee_share: share(document, self.agency_fee_share, "agency_fee_share", SHARE_ONE / 4)?,
            agency_recovery_rate: share(document, self.agency_recovery_rate, "agency_recovery_rate", SHARE_ONE / 5)?,
            agency_from_days: days(self.agency_from_days, "agency_from_days", 90)?,
            agency_amount_min: number(document, self.agency_amount_min, "agency_amount_min", 100, 0..=u32::MAX)?,
            stages: match self.stage {
                None => Stage::defaults(),
                Some(stages) => ladder(stages, document)?,
            },
        })
    }
}

fn list(document: &Document<'_>, value: Option<Spanned<Vec<String>>>) -> Sourced<Vec<String>> {
    value.map_or(Sourced { value: Vec::new(), origin: Origin::Default }, |value| document.sourced(value))
}

fn number(
    document: &Document<'_>,
    value: Option<Spanned<u32>>,
    key: &str,
    default: u32,
    range: RangeInclusive<u32>,
) -> Result<Sourced<u32>> {
    match value {
        None => Ok(Sourced { value: default, origin: Origin::Default }),
        Some(value) if range.contains(value.get_ref()) => Ok(document.sourced(value)),
        Some(value) => {
            let what = format!("`{key}` is not between {} and {}: {}", range.start(), range.end(), value.get_ref());
            Err(document.error(&value, "bad_value", what))
        }
    }
}

fn share(document: &Document<'_>, value: Option<Spanned<f64>>, key: &str, default: i64) -> Result<Sourced<i64>> {
    match value {
        None => Ok(Sourced { value: default, origin: Origin::Default }),
        Some(share) if (0.0..=1.0).contains(share.get_ref()) => {
            let sourced = document.sourced(share);
            Ok(Sourced { value: (sourced.value * SHARE_ONE as f64).round() as i64, origin: sourced.origin })
        }
        Some(share) => {
            let what = format!("`{key}` is not a share between 0 and 1: {}", share.get_ref());
            Err(document.error(&share, "bad_value", what).hint("0.25 is 25 %"))
        }
    }
}

fn ladder(stages: Vec<RawStage>, document: &Document<'_>) -> Result<Vec<Stage>> {
    let mut seen = BTreeSet::new();
    let mut checked = Vec::new();
    for RawStage { name, from_days_past_due, channel, segment, amount_min } in stages {
        let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if name.get_ref().is_empty() || !name.get_ref().bytes().all(is_word) {
            let what = format!("`name` of a stage is not a word: {:?}", name.get_ref());
            return Err(document.error(&name, "bad_value", what).hint("small letters, digits and underscores, such as first_reminder"));
        }
        if WORDS.contains(&name.get_ref().as_str()) {
            let what = format!("`name` of a stage is a word that the list uses itself: {}", name.get_ref());
            return Err(document.error(&name, "bad_value", what).hint(format!("any other than: {}", WORDS.join(", "))));
        }
        let amount_min = amount_min.unwrap_or(0);
        if from_days_past_due == 0 {
            let what = format!("the stage {} begins before anything is past due: from_days_past_due = 0", name.get_ref());
            return Err(document.error(&name, "bad_value", what).hint("1 is the first day past due; reminders before due need no stage"));
        }
        if !seen.insert((segment.clone(), from_days_past_due, amount_min)) {
            let what = format!("two stages begin on the same day for the same customers: {}", name.get_ref());
            return Err(document.error(&name, "bad_value", what).hint("give each its own from_days_past_due or amount_min"));
        }
        checked.push(Stage { from_days_past_due, amount_min, segment, name: name.into_inner(), channel });
    }
    checked.sort();
    Ok(checked)
}

impl Stage {
    /// The ladder where the configuration has none.
    fn defaults() -> Vec<Stage> {
        let steps = [
            (1, "first_reminder", "email"),
            (10, "second_reminder", "email"),
            (20, "call", "phone"),
            (35, "formal_notice", "letter"),
            (60, "final_notice", "letter"),
            (90, "legal_review", "internal"),
        ];
        let stage = |(from_days_past_due, name, channel): (u32, &str, &str)| Stage {
            from_days_past_due,
            amount_min: 0,
            segment: None,
            name: name.to_owned(),
            channel: Some(channel.to_owned()),
        };
        steps.into_iter().map(stage).collect()
    }
}

impl WorklistConfig {
    /// Every value in force, with its key and origin.
    pub(super) fn values(&self) -> Vec<(String, String, Origin)> {
        let value = |key: &str, value: String, origin: &Origin| (format!("worklist.{key}"), value, origin.clone());
        let share = |share: i64| (share as f64 / SHARE_ONE as f64).to_string();
        vec![
            value("quiet_days", self.quiet_days.to_string(), &self.quiet_days.origin),
            value("never_contact", format!("{:?}", *self.never_contact), &self.never_contact.origin),
            value("unreached_outcomes", format!("{:?}", *self.unreached_outcomes), &self.unreached_outcomes.origin),
            value("undated_after_days", self.undated_after_days.to_string(), &self.undated_after_days.origin),
            value("agency_fee_share", share(*self.agency_fee_share), &self.agency_fee_share.origin),
            value("agency_recovery_rate", share(*self.agency_recovery_rate), &self.agency_recovery_rate.origin),
            value("agency_from_days", self.agency_from_days.to_string(), &self.agency_from_days.origin),
            value("agency_amount_min", self.agency_amount_min.to_string(), &self.agency_amount_min.origin),
        ]
    }

    /// The ladder as TOML.
    pub(super) fn show_lists(&self) -> String {
        let mut shown = String::new();
        for stage in &self.stages {
            // Writing to a string cannot fail.
            let name = super::quoted(&stage.name);
            let _ = writeln!(shown, "\n[[worklist.stage]]\nname = {name}\nfrom_days_past_due = {}", stage.from_days_past_due);
            for (key, text) in [("channel", &stage.channel), ("segment", &stage.segment)] {
                if let Some(text) = text {
                    let _ = writeln!(shown, "{key} = {}", super::quoted(text));
                }
            }
            if stage.amount_min > 0 {
                let _ = writeln!(shown, "amount_min = {}", stage.amount_min);
            }
        }
        shown
    }
}
