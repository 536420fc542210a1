//! The scenario file: strict TOML, every mistake with its line.

use crate::config::Document;
use crate::error::{Error, Result, io_error};
use serde::Deserialize;
use std::ops::RangeInclusive;
use std::path::Path;
use toml::Spanned;

/// How far is looked where the file does not say.
const WEEKS: usize = 26;
/// How far may be looked, weeks.
const WEEKS_RANGE: RangeInclusive<i64> = 1..=104;
/// Changes that a file may have.
pub const CHANGES_MOST: usize = 64;

/// A scenario: what would be otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// What it is called.
    pub name: String,
    /// How far to look.
    pub weeks: usize,
    /// Cost of capital a year, a share; `None` where it is not given.
    pub cost_of_capital: Option<f64>,
    /// What changes, in order.
    pub changes: Vec<Change>,
}

/// A change.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// What changes.
    pub kind: Kind,
    /// Whom it is about.
    pub selection: Selection,
    /// Where it stands: `file:line`.
    pub place: String,
}

/// What changes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Payment terms of what is billed from now on.
    Terms {
        /// Days from document date to due date of what moves.
        from_days: i32,
        /// Days it moves to.
        to_days: i32,
    },
    /// A discount for paying early.
    EarlyPaymentDiscount {
        /// Share of the amount, 0.02 for 2 %.
        discount: f64,
        /// Paid so many days after the document date.
        within_days: i32,
        /// Share of what is billed that takes it.
        take_up: f64,
    },
    /// Paid by the due date, what is overdue at once.
    OnTime {
        /// Of those selected, the customers that owe most; `None` for all.
        top: Option<usize>,
    },
    /// Disputed items are paid sooner.
    Disputes {
        /// By so many days.
        faster_by_days: i32,
    },
    /// Everything is paid later.
    Delay {
        /// By so many days.
        days: i32,
    },
}

impl Kind {
    /// The words of the file, with the keys of each.
    const WORDS: [(&'static str, &'static [&'static str]); 5] = [
        ("terms", &["from_days", "to_days"]),
        ("early_payment_discount", &["percent", "within_days", "take_up"]),
        ("on_time", &["top"]),
        ("disputes", &["faster_by_days"]),
        ("delay", &["days"]),
    ];
}

/// Whom a change is about: all of what is named at once; everybody where nothing is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selection {
    /// A company.
    pub company: Option<Named>,
    /// A segment.
    pub segment: Option<Named>,
    /// Some customers; `None` for all.
    pub customers: Option<Vec<Named>>,
}

/// A name and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    /// The name.
    pub name: String,
    /// `file:line`.
    pub place: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawScenario {
    name: Spanned<String>,
    weeks: Option<Spanned<i64>>,
    cost_of_capital: Option<Spanned<f64>>,
    #[serde(default)]
    change: Vec<Spanned<RawChange>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawChange {
    kind: Spanned<String>,
    company: Option<Spanned<String>>,
    segment: Option<Spanned<String>>,
    customers: Option<Vec<Spanned<String>>>,
    from_days: Option<Spanned<i64>>,
    to_days: Option<Spanned<i64>>,
    percent: Option<Spanned<f64>>,
    within_days: Option<Spanned<i64>>,
    take_up: Option<Spanned<f64>>,
    top: Option<Spanned<i64>>,
    faster_by_days: Option<Spanned<i64>>,
    days: Option<Spanned<i64>>,
}

impl Scenario {
    /// Reads and checks a scenario file.
    ///
    /// # Errors
    /// Exit status 2, with the line, what is wrong there and the valid choices; 4 where the file cannot be read.
    pub fn load(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|cause| {
            if cause.kind() == std::io::ErrorKind::NotFound {
                return Error::usage("scenario_missing", format!("there is no scenario: {}", path.display()))
                    .hint("name a TOML file; `arrears what-if --help` shows one");
            }
            io_error("read the scenario", path, &cause)
        })?;
        Self::parse(path, &text)
    }

    /// Checks the text of a scenario file.
    ///
    /// # Errors
    /// As [`Scenario::load`].
    pub fn parse(path: &Path, text: &str) -> Result<Self> {
        let document = Document { path, text };
        let raw: RawScenario = toml::from_str(text).map_err(|cause| not_read(&document, &cause))?;
        let weeks = raw.weeks.map(|weeks| number(&document, "weeks", &weeks, WEEKS_RANGE)).transpose()?;
        let weeks = weeks.map_or(WEEKS, |weeks| usize::try_from(weeks).expect("1 to 104"));
        let cost_of_capital =
            raw.cost_of_capital.map(|cost| share(&document, "cost_of_capital", &cost, "0.08 is 8 % a year")).transpose()?;
        if raw.change.len() > CHANGES_MOST {
            let what = format!("a scenario has {CHANGES_MOST} changes at most: {}", raw.change.len());
            return Err(Error::usage("bad_value", what).at(path.display()));
        }
        let changes = raw.change.into_iter().map(|change| change_of(&document, change)).collect::<Result<Vec<Change>>>()?;
        Ok(Scenario { name: raw.name.into_inner(), weeks, cost_of_capital, changes })
    }
}

fn not_read(document: &Document, cause: &toml::de::Error) -> Error {
    let message = cause.message().trim().replace('\n', " ");
    let place = cause.span().map_or_else(|| document.path.display().to_string(), |span| document.place(span));
    if let Some(rest) = message.strip_prefix("unknown field ") {
        let (field, known) = rest.split_once(", expected ").unwrap_or((rest, ""));
        let known = known.strip_prefix("one of ").unwrap_or(known).replace('`', "");
        return Error::usage("unknown_key", format!("the scenario has an unknown key: {}", field.trim_matches('`')))
            .at(place)
            .hint(format!("the keys known here are: {known}"));
    }
    if let Some(rest) = message.strip_prefix("missing field ") {
        let what = format!("a key is missing: {}", rest.trim_matches('`'));
        return Error::usage("missing_key", what).at(place).hint("a scenario needs a `name`, and each [[change]] a `kind`");
    }
    Error::usage("bad_scenario", format!("the scenario cannot be read: {message}"))
        .at(place)
        .hint("the file is TOML; `arrears what-if --help` shows one")
}

fn number(document: &Document, key: &str, value: &Spanned<i64>, range: RangeInclusive<i64>) -> Result<i32> {
    if range.contains(value.get_ref()) {
        return Ok(i32::try_from(*value.get_ref()).expect("every range here lies within 32 bits"));
    }
    let what = format!("`{key}` is not between {} and {}: {}", range.start(), range.end(), value.get_ref());
    Err(document.error(value, "bad_value", what))
}

fn share(document: &Document, key: &str, value: &Spanned<f64>, example: &str) -> Result<f64> {
    if (0.0..=1.0).contains(value.get_ref()) {
        return Ok(*value.get_ref());
    }
    let what = format!("`{key}` is not a share between 0 and 1: {}", value.get_ref());
    Err(document.error(value, "bad_value", what).hint(example))
}

fn change_of(document: &Document, change: Spanned<RawChange>) -> Result<Change> {
    let place = document.place(change.span());
    let mut raw = change.into_inner();
    let Some((word, keys)) = Kind::WORDS.iter().find(|(word, _)| word == raw.kind.get_ref()) else {
        return Err(document.unknown_word("kind", &raw.kind, &Kind::WORDS.map(|(word, _)| word)));
    };
    let given = [
        ("from_days", raw.from_days.as_ref().map(Spanned::span)),
        ("to_days", raw.to_days.as_ref().map(Spanned::span)),
        ("percent", raw.percent.as_ref().map(Spanned::span)),
        ("within_days", raw.within_days.as_ref().map(Spanned::span)),
        ("take_up", raw.take_up.as_ref().map(Spanned::span)),
        ("top", raw.top.as_ref().map(Spanned::span)),
        ("faster_by_days", raw.faster_by_days.as_ref().map(Spanned::span)),
        ("days", raw.days.as_ref().map(Spanned::span)),
    ];
    let known = || format!("its keys are: kind, {}, company, segment, customers", keys.join(", "));
    for (key, span) in given {
        match span {
            Some(span) if !keys.contains(&key) => {
                let what = format!("a change of kind `{word}` has no key `{key}`");
                return Err(Error::usage("unknown_key", what).at(document.place(span)).hint(known()));
            }
            // Without a number of debtors it is all that are selected.
            None if keys.contains(&key) && key != "top" => {
                let what = format!("a change of kind `{word}` needs a key: {key}");
                return Err(Error::usage("missing_key", what).at(&place).hint(known()));
            }
            _ => {}
        }
    }
    let days = |key: &str, value: &Option<Spanned<i64>>, range: RangeInclusive<i64>| {
        number(document, key, value.as_ref().expect("checked above"), range)
    };
    let kind = match *word {
        "terms" => Kind::Terms { from_days: days("from_days", &raw.from_days, 0..=365)?, to_days: days("to_days", &raw.to_days, 0..=365)? },
        "early_payment_discount" => Kind::EarlyPaymentDiscount {
            discount: percent(document, raw.percent.as_ref().expect("checked above"))?,
            within_days: days("within_days", &raw.within_days, 0..=365)?,
            take_up: share(document, "take_up", raw.take_up.as_ref().expect("checked above"), "0.4 is 40 % of what is billed")?,
        },
        "on_time" => Kind::OnTime { top: top(document, raw.top.as_ref(), raw.customers.is_some())? },
        "disputes" => Kind::Disputes { faster_by_days: days("faster_by_days", &raw.faster_by_days, 0..=365)? },
        _ => Kind::Delay { days: days("days", &raw.days, 0..=365)? },
    };
    let named = |name: Spanned<String>| Named { place: document.place(name.span()), name: name.into_inner() };
    let customers = raw.customers.take().map(|customers| customers.into_iter().map(named).collect::<Vec<Named>>());
    if customers.as_ref().is_some_and(Vec::is_empty) {
        return Err(Error::usage("bad_value", "`customers` names nobody").at(place).hint("leave it out to mean everybody"));
    }
    Ok(Change { kind, selection: Selection { company: raw.company.map(named), segment: raw.segment.map(named), customers }, place })
}

fn percent(document: &Document, value: &Spanned<f64>) -> Result<f64> {
    if (0.0..100.0).contains(value.get_ref()) {
        return Ok(value.get_ref() / 100.0);
    }
    let what = format!("`percent` is not between 0 and 100: {}", value.get_ref());
    Err(document.error(value, "bad_value", what).hint("percent = 2 is 2 %"))
}

fn top(document: &Document, value: Option<&Spanned<i64>>, has_customers: bool) -> Result<Option<usize>> {
    let Some(value) = value else { return Ok(None) };
    if has_customers {
        let what = "`top` and `customers` do not go together".to_owned();
        return Err(document.error(value, "bad_value", what).hint("name the customers, or say how many of those that owe most"));
    }
    Ok(Some(usize::try_from(number(document, "top", value, 1..=1_000_000)?).expect("above 0")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Scenario> {
        Scenario::parse(Path::new("plan.toml"), text)
    }

    /// Whole message of what a text is refused with.
    fn refused(text: &str) -> String {
        parse(text).expect_err("it is refused").to_string()
    }

    #[test]
    fn a_scenario_is_read_with_its_defaults_and_in_the_order_of_the_file() {
        let scenario = parse(
            "name = 'x'\n[[change]]\nkind = 'delay'\ndays = 10\nsegment = 'retail'\n\
             [[change]]\nkind = 'early_payment_discount'\npercent = 2\nwithin_days = 10\ntake_up = 0.4\ncustomers = ['A', 'B']\n",
        )
        .expect("it is valid");
        assert_eq!((scenario.weeks, scenario.cost_of_capital), (26, None));
        assert_eq!(scenario.changes[0].kind, Kind::Delay { days: 10 });
        assert_eq!(scenario.changes[0].place, "plan.toml:2");
        let segment = scenario.changes[0].selection.segment.as_ref().expect("it is selected");
        assert_eq!((segment.name.as_str(), segment.place.as_str()), ("retail", "plan.toml:5"));
        assert_eq!(scenario.changes[1].kind, Kind::EarlyPaymentDiscount { discount: 0.02, within_days: 10, take_up: 0.4 });
        assert_eq!(scenario.changes[1].selection.customers.as_ref().map(Vec::len), Some(2));
    }

    #[test]
    fn every_mistake_is_refused_with_its_line() {
        for (text, what, line) in [
            ("name = 'x'\nweek = 3\n", "unknown key: week", 2),
            ("weeks = 3\n", "a key is missing: name", 1),
            ("name = 'x'\nweeks = 105\n", "`weeks` is not between 1 and 104: 105", 2),
            ("name = 'x'\ncost_of_capital = 8\n", "`cost_of_capital` is not a share between 0 and 1: 8", 2),
            ("name = 'x'\n[[change]]\nkind = 'sooner'\n", "`kind` cannot be: sooner", 3),
            ("name = 'x'\n[[change]]\nkind = 'delay'\n", "a change of kind `delay` needs a key: days", 2),
            ("name = 'x'\n[[change]]\nkind = 'delay'\ndays = 3\ntop = 4\n", "a change of kind `delay` has no key `top`", 5),
            ("name = 'x'\n[[change]]\nkind = 'delay'\ndays = -3\n", "`days` is not between 0 and 365: -3", 4),
            ("name = 'x'\n[[change]]\nkind = 'delay'\ndayz = 3\n", "unknown key: dayz", 4),
            ("name = 'x'\n[[change]]\nkind = 'on_time'\ntop = 3\ncustomers = ['A']\n", "`top` and `customers` do not go together", 4),
            ("name = 'x'\n[[change]]\nkind = 'on_time'\ncustomers = []\n", "`customers` names nobody", 2),
            (
                "name = 'x'\n[[change]]\nkind = 'early_payment_discount'\npercent = 100\nwithin_days = 1\ntake_up = 1\n",
                "`percent` is not between 0 and 100: 100",
                4,
            ),
            ("name = \n", "the scenario cannot be read", 1),
        ] {
            let said = refused(text);
            assert!(said.contains(what) && said.contains(&format!("--> plan.toml:{line}\n").replace('\n', "")), "{text}\n{said}");
        }
    }
}
