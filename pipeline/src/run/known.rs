//! Nights that know different things are kept out of one output.
//!
//! A reader of an output compares its nights with each other. That says something only when they were computed alike: all
//! with everything that was known when they were run, all with what was known at the end of their own date, or all with
//! what was known at one instant. Which of the three it is, the manifests of the published nights say.

use crate::error::{Error, Result};
use crate::ingest::known::KnownAsOf;
use crate::publish::manifest::Manifest;
use crate::publish::night::{night_folder, nights};
use chrono::NaiveDate;
use std::path::Path;

/// Refuses a night that knows something else than the other nights of its output; the night it replaces is none of them.
///
/// # Errors
/// `known_as_of_differs`, exit status 2.
pub fn check_policy(output: &Path, as_of: NaiveDate, known_as_of: Option<KnownAsOf>, replace: bool) -> Result<()> {
    let own = (as_of.to_string(), known_as_of.map(KnownAsOf::text));
    let mut knows = vec![own.clone()];
    for night in nights(output)?.into_iter().filter(|night| !replace || *night != own.0) {
        if let Some(manifest) = Manifest::read(&night_folder(output, &night))? {
            knows.push((night, manifest.known_as_of));
        }
    }
    if is_one_policy(&knows) {
        return Ok(());
    }
    let what = |known: &Option<String>| known.as_ref().map_or("everything".to_owned(), |at| format!("what was known at {at}"));
    let (night, known) = knows.iter().find(|night| night.1 != own.1).unwrap_or(&own);
    let hint = match &own.1 {
        None => format!("its nights were run with --known-as-of: name an --output of its own, or add --known-as-of {as_of}"),
        Some(_) => format!(
            "name an --output of its own; to read the ledger of this one, and ingest nothing, add --ledger-of {}\n\
             the nights of one output are all run without --known-as-of, all with their own date, or all with one instant",
            output.display()
        ),
    };
    let says =
        format!("this night is to know {}, but the nights published there know otherwise: {night} knows {}", what(&own.1), what(known));
    Err(Error::usage("known_as_of_differs", says).at(output.display()).hint(hint))
}

/// Whether nights (date and what they know) all know everything, all what their own date knew, or all the same.
fn is_one_policy(knows: &[(String, Option<String>)]) -> bool {
    let own_date = |(night, known): &(String, Option<String>)| known.is_some() && KnownAsOf::parse(night).map(KnownAsOf::text) == *known;
    knows.windows(2).all(|pair| pair[0].1 == pair[1].1) || knows.iter().all(own_date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nights_of_one_output_know_everything_or_their_own_date_or_one_instant() {
        let night = |date: &str, known: Option<&str>| {
            (date.to_owned(), known.map(|known| KnownAsOf::parse(known).expect("a date of the test").text()))
        };
        let (may, june) = ("2025-05-31", "2025-06-30");
        assert!(is_one_policy(&[night(may, None), night(june, None)]));
        assert!(is_one_policy(&[night(may, Some(may)), night(june, Some(june))]));
        assert!(is_one_policy(&[night(may, Some(june)), night(june, Some(june))]));
        assert!(!is_one_policy(&[night(may, None), night(june, Some(june))]));
        assert!(!is_one_policy(&[night(may, Some(may)), night(june, Some("2025-07-15"))]));
        assert!(!is_one_policy(&[night(may, Some(may)), night(june, Some(june)), night("2025-07-31", Some(june))]));
    }
}
