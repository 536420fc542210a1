//! All sources together: in what currency totals are, the text of the configuration, and what came of trying it.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::files;
use super::piece_text::write_piece;
use super::pieces::pieces_of;
use super::preview::Preview;
use super::source::Remarks;
use super::write::{Toml, quoted};
use crate::config::{Config, Overrides};
use crate::error::{Error, Result};
use crate::ledger::currency::minor_digits;
use crate::run::words::count;

/// What a proposal is told.
#[derive(Clone, Debug)]
pub struct InitOptions {
    /// Where the configuration is to stand.
    pub config: PathBuf,
    /// The currency of totals, where it is given.
    pub base_currency: Option<String>,
}

/// A configuration, and what is to be known about it.
pub struct Proposal {
    /// The configuration.
    pub text: String,
    /// What is not sure, and what is missing.
    pub remarks: Remarks,
    /// What came of trying it; nothing when something is missing.
    pub preview: Option<Preview>,
    /// How many files were looked at.
    pub files: usize,
}

/// Share of rows in the quarantine beyond which a run publishes nothing, unless it is told otherwise.
pub(super) const ALLOWED_SHARE: f64 = 0.01;

/// Looks at files and proposes a configuration for them.
///
/// # Errors
/// Exit status 4 when there is nothing that can be read, 2 when the base currency is none.
pub fn propose(arguments: &[String], options: &InitOptions) -> Result<Proposal> {
    if let Some(code) = options.base_currency.as_deref().filter(|code| minor_digits(code).is_none()) {
        return Err(Error::usage("unknown_currency", format!("the base currency is not an ISO 4217 code: {code}"))
            .hint("three capital letters, for example EUR, USD or JPY"));
    }
    let (found, aside) = files::find(arguments)?;
    let mut remarks = Remarks::default();
    let (pieces, base) = pieces_of(&found, options, &mut remarks)?;
    let mut proposal = Proposal { text: String::new(), remarks, preview: None, files: found.len() };
    if !aside.is_empty() {
        proposal.remarks.warnings.push(format!("left aside, not of a kind that can be read: {}", aside.join(", ")));
    }
    let mut sources = Toml::default();
    let mut names = BTreeSet::new();
    for piece in &pieces {
        sources.blank();
        let (text, said) = write_piece(piece, &base.0, options, &mut names);
        sources.append(text);
        proposal.remarks.warnings.extend(said.warnings);
        proposal.remarks.missing.extend(said.missing);
    }
    proposal.text = with_head(&base, &sources, found.len());
    if proposal.remarks.missing.is_empty() {
        try_it(&mut proposal, options)?;
    }
    Ok(proposal)
}

/// Reads with the proposal, and judges what comes of it.
fn try_it(proposal: &mut Proposal, options: &InitOptions) -> Result<()> {
    let config = Config::parse(&options.config, &proposal.text, &Overrides::default(), &|_| None)?;
    let preview = match Preview::of(config) {
        Ok(preview) => preview,
        Err(error) => {
            proposal.remarks.missing.push(format!("the files cannot be read so: {error}"));
            return Ok(());
        }
    };
    let (rows, amount) = preview.quarantined_shares();
    if rows.max(amount) > ALLOWED_SHARE {
        let what = if rows > ALLOWED_SHARE {
            format!("{:.1} % of the rows read would be quarantined", rows * 100.0)
        } else {
            format!("rows with {:.1} % of the amounts would be quarantined", amount * 100.0)
        };
        proposal.remarks.missing.push(format!(
            "{what}, and a run publishes nothing above {:.0} %: mend the lines of the configuration for the columns shown, or the export",
            ALLOWED_SHARE * 100.0
        ));
    }
    proposal.preview = Some(preview);
    Ok(())
}

fn with_head(base: &(String, String), sources: &Toml, files: usize) -> String {
    let mut text = Toml::default();
    text.comment(&format!(
        "Proposed by `arrears init` after a look at {}. Each line says why it is there; LOW CONFIDENCE marks what a person should look at.",
        count(files as u64, "file")
    ));
    text.key("base_currency", &quoted(&base.0), &base.1);
    text.key("output", "\"out\"", "everything is written there");
    text.append(sources.clone());
    text.into_text()
}

/// The currency of totals, and what says so.
pub(super) fn base_currency(options: &InitOptions, currencies: &[(String, usize)]) -> (String, String) {
    if let Some(code) = &options.base_currency {
        return (code.clone(), "--base-currency".to_owned());
    }
    let mut totals = std::collections::BTreeMap::<&str, usize>::new();
    for (code, rows) in currencies {
        *totals.entry(code).or_default() += rows;
    }
    let all: usize = totals.values().sum();
    match totals.iter().max_by_key(|(code, rows)| (**rows, std::cmp::Reverse(**code))) {
        Some((code, rows)) if *rows == all => ((*code).to_owned(), "all amounts are in it".to_owned()),
        Some((code, rows)) => ((*code).to_owned(), format!("the most frequent: {rows} of {all} rows; totals are in it")),
        None => ("EUR".to_owned(), "LOW CONFIDENCE: nothing in the files says it; or --base-currency".to_owned()),
    }
}
