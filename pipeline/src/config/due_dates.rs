//! What fills the due date of an invoice that has none: `due_date_from_terms` and `default_payment_days` of a source.

use super::Document;
use crate::error::Result;
use toml::Spanned;

/// What fills a missing due date; by default nothing does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DueDates {
    /// First the days that the row's own terms say.
    pub from_terms: bool,
    /// Then this many days after the document date.
    pub default_days: Option<i32>,
}

impl DueDates {
    pub(super) fn check(from_terms: Option<bool>, days: Option<&Spanned<u32>>, document: &Document<'_>) -> Result<Self> {
        let from_terms = from_terms.unwrap_or(false);
        let Some(days) = days else { return Ok(DueDates { from_terms, default_days: None }) };
        match i32::try_from(*days.get_ref()).ok().filter(|days| *days <= 365) {
            Some(days) => Ok(DueDates { from_terms, default_days: Some(days) }),
            None => {
                let what = format!("`default_payment_days` is not between 0 and 365: {}", days.get_ref());
                Err(document.error(days, "bad_value", what).hint("30 is a month after the document date"))
            }
        }
    }

    /// Whether anything is filled.
    pub fn is_set(self) -> bool {
        self.from_terms || self.default_days.is_some()
    }
}
