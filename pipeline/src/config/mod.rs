//! The configuration: typed, unknown keys refused, each value remembers where it came from.
//!
//! Flags come before `ARREARS_*` variables, these before the file, the file before the defaults. Paths in the file are
//! relative to it. Nothing here looks at data files.

mod calendar;
mod credit_review;
mod date_pattern;
mod due_dates;
mod expected_credit_loss;
mod file_layout;
mod forecast;
mod metrics;
mod month_names;
pub mod presets;
mod quality;
mod remote;
mod risk;
mod shapes;
mod source;
mod worklist;

use std::fmt::Write as _;
use std::ops::{Deref, Range};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use toml::Spanned;

pub use calendar::{CalendarConfig, Holiday};
pub use credit_review::CreditReviewConfig;
pub use date_pattern::{DAY_MICROS, DatePattern, day_in_range};
pub use due_dates::DueDates;
pub use expected_credit_loss::{
    ExpectedCreditLossConfig, FACTOR_ONE, LossDefinition, Overlay, POOL_ALL, POOL_OTHER, POOL_SPECIFIC, Pool, SpecificReserve,
};
pub use file_layout::SheetChoice;
pub use forecast::ForecastConfig;
pub use metrics::{Alert, AlertRule, MetricsConfig};
pub use quality::{QualityConfig, RuleSetting};
pub use remote::{Connection, ObjectStoreConfig, Query, Remote, describe as describe_connection};
pub use risk::RiskConfig;
pub use shapes::{APPLICATION, CreditRows, FLAT_PAYMENT_COLUMNS, Shape, allowed_columns, flat_columns, shape_columns};
pub use source::{DeliveryKind, NegativeAmount, Source};
pub use worklist::{SHARE_ONE, Stage, WorklistConfig};

use crate::error::{Error, Result, io_error};
use crate::ledger::currency::minor_digits;
use crate::objects::Location;

/// Where a value of the configuration came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A flag of the command line.
    Flag(&'static str),
    /// An environment variable.
    Environment(&'static str),
    /// This line of the configuration file.
    File(usize),
    /// Nobody set it.
    Default,
}

/// A value and where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sourced<T> {
    /// The value in force.
    pub value: T,
    /// Who set it.
    pub origin: Origin,
}

impl<T> Deref for Sourced<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// When a night may not be published: shares of what was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Thresholds {
    /// Largest share of rows in quarantine.
    pub max_quarantined_rows_share: Sourced<f64>,
    /// Largest share of amount in quarantine.
    pub max_quarantined_amount_share: Sourced<f64>,
}

/// A checked configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where everything is published.
    pub output: Sourced<PathBuf>,
    /// The currency of all totals.
    pub base_currency: Sourced<String>,
    /// How many month ends are published besides `as_of`.
    pub history_months: Sourced<u32>,
    /// Whether customers of the same group count.
    pub include_intercompany: Sourced<bool>,
    /// `default` or `all`: which conventions of a metric the scope `customer` gets.
    pub customer_conventions: Sourced<String>,
    /// `[quality]`: when a night may not be published for what is in the quarantine.
    pub thresholds: Thresholds,
    /// The rest of `[quality]`.
    pub quality: QualityConfig,
    /// Upper ends of the aging buckets, in days past due.
    pub aging_edges: Vec<u32>,
    /// Who set the aging edges.
    pub aging_edges_origin: Origin,
    /// `[metrics]` and `[[alert]]`.
    pub metrics: MetricsConfig,
    /// `[calendar]`.
    pub calendar: CalendarConfig,
    /// `[forecast]`.
    pub forecast: ForecastConfig,
    /// `[risk]`.
    pub risk: RiskConfig,
    /// `[expected_credit_loss]`.
    pub expected_credit_loss: ExpectedCreditLossConfig,
    /// `[credit_review]`.
    pub credit_review: CreditReviewConfig,
    /// `[worklist]`.
    pub worklist: WorklistConfig,
    /// The object store into which nights are published besides the output, if any.
    pub publish_to: Option<Sourced<Location>>,
    /// `[object_store]`.
    pub object_store: ObjectStoreConfig,
    /// `[[source]]`, in the order of the file.
    pub sources: Vec<Source>,
    /// The configuration file.
    pub path: PathBuf,
    /// The directory it is in.
    pub directory: PathBuf,
}

/// What the flags of the command line say.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// `--output`; relative to the working directory.
    pub output: Option<PathBuf>,
    /// `--base-currency`.
    pub base_currency: Option<String>,
    /// `--history-months`.
    pub history_months: Option<u32>,
    /// `--include-intercompany`.
    pub include_intercompany: Option<bool>,
    /// `--customer-conventions`.
    pub customer_conventions: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawConfig {
    output: Option<Spanned<PathBuf>>,
    base_currency: Option<Spanned<String>>,
    history_months: Option<Spanned<u32>>,
    include_intercompany: Option<Spanned<bool>>,
    customer_conventions: Option<Spanned<String>>,
    aging_edges: Option<Spanned<Vec<u32>>>,
    quality: Option<quality::RawQuality>,
    metrics: Option<metrics::RawMetrics>,
    alert: Option<Vec<metrics::RawAlert>>,
    calendar: Option<calendar::RawCalendar>,
    forecast: Option<forecast::RawForecast>,
    risk: Option<risk::RawRisk>,
    expected_credit_loss: Option<expected_credit_loss::RawExpectedCreditLoss>,
    credit_review: Option<credit_review::RawCreditReview>,
    worklist: Option<worklist::RawWorklist>,
    publish_to: Option<Spanned<String>>,
    object_store: Option<remote::RawObjectStore>,
    #[serde(default)]
    source: Vec<Spanned<source::RawSource>>,
}

/// The text of a configuration file, to say where in it something stands.
pub(crate) struct Document<'a> {
    pub(crate) path: &'a Path,
    pub(crate) text: &'a str,
}

impl Document<'_> {
    fn line(&self, span: Range<usize>) -> usize {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        1 + before.bytes().filter(|byte| *byte == b'\n').count()
    }

    pub(crate) fn place(&self, span: Range<usize>) -> String {
        format!("{}:{}", self.path.display(), self.line(span))
    }

    pub(crate) fn error<T>(&self, at: &Spanned<T>, code: &'static str, what: String) -> Error {
        Error::usage(code, what).at(self.place(at.span()))
    }

    pub(crate) fn unknown_word(&self, key: &str, word: &Spanned<String>, known: &[&str]) -> Error {
        self.error(word, "unknown_word", format!("`{key}` cannot be: {}", word.get_ref())).hint(format!("use one of: {}", known.join(", ")))
    }

    fn one_byte(&self, key: &str, text: Option<&Spanned<String>>) -> Result<Option<u8>> {
        match text.map(|text| (text, text.get_ref().as_bytes())) {
            None => Ok(None),
            Some((_, [byte])) if byte.is_ascii() && !matches!(byte, b'\n' | b'\r') && !byte.is_ascii_alphanumeric() => Ok(Some(*byte)),
            Some((text, _)) => {
                let what = format!("`{key}` is not one character that separates: {:?}", text.get_ref());
                Err(self.error(text, "bad_value", what).hint("one ASCII character that is neither a letter, a digit nor a line end"))
            }
        }
    }

    fn pattern(&self, key: &str, text: Option<&Spanned<String>>) -> Result<Option<DatePattern>> {
        let Some(text) = text else { return Ok(None) };
        let pattern = DatePattern::compile(text.get_ref()).map_err(|reason| {
            self.error(text, "bad_date_format", format!("`{key}` cannot be read: {reason}: {}", text.get_ref()))
                .hint("for example %Y-%m-%d, %d.%m.%Y, %m/%d/%Y or %Y-%m-%dT%H:%M:%S")
        })?;
        Ok(Some(pattern))
    }

    fn sourced<T>(&self, value: Spanned<T>) -> Sourced<T> {
        let origin = Origin::File(self.line(value.span()));
        Sourced { value: value.into_inner(), origin }
    }
}

/// Picks the first of flag, variable, file and default.
fn pick<T>(
    flag: Option<(T, &'static str)>,
    variable: Option<(T, &'static str)>,
    file: Option<Sourced<T>>,
    default: Option<T>,
) -> Option<Sourced<T>> {
    flag.map(|(value, name)| Sourced { value, origin: Origin::Flag(name) })
        .or_else(|| variable.map(|(value, name)| Sourced { value, origin: Origin::Environment(name) }))
        .or(file)
        .or_else(|| default.map(|value| Sourced { value, origin: Origin::Default }))
}

fn variable<T: std::str::FromStr>(
    environment: &dyn Fn(&str) -> Option<String>,
    name: &'static str,
    expected: &str,
) -> Result<Option<(T, &'static str)>> {
    let Some(text) = environment(name) else { return Ok(None) };
    match text.parse() {
        Ok(value) => Ok(Some((value, name))),
        Err(_) => Err(Error::usage("bad_value", format!("{name} is not {expected}: {text}")).hint(format!("unset {name} or correct it"))),
    }
}

impl Config {
    /// Reads and checks the configuration at `path`.
    ///
    /// # Errors
    /// Exit status 2, with the line of the file, what is wrong there, and the valid choices.
    pub fn load(path: &Path, overrides: &Overrides) -> Result<Config> {
        Self::load_with(path, overrides, &|name| std::env::var(name).ok())
    }

    /// [`Config::load`] with the environment as a function.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn load_with(path: &Path, overrides: &Overrides, environment: &dyn Fn(&str) -> Option<String>) -> Result<Config> {
        let text = std::fs::read_to_string(path).map_err(|cause| {
            if cause.kind() == std::io::ErrorKind::NotFound {
                return Error::usage("config_missing", format!("there is no configuration: {}", path.display()))
                    .hint("name it with --config, or write an arrears.toml; the guide shows a first one");
            }
            io_error("read the configuration", path, &cause)
        })?;
        Self::parse(path, &text, overrides, environment)
    }

    /// [`Config::load_with`] for a text that stands, or is to stand, at `path`.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn parse(path: &Path, text: &str, overrides: &Overrides, environment: &dyn Fn(&str) -> Option<String>) -> Result<Config> {
        let document = Document { path, text };
        let raw: RawConfig = toml::from_str(text).map_err(|cause| toml_error(&document, &cause))?;
        check(raw, &document, overrides, environment)
    }

    /// Every value in force, as TOML, with its origin as a comment.
    pub fn show(&self) -> String {
        let mut shown = String::new();
        let mut line = |key: &str, value: String, origin: &Origin| {
            let origin = match origin {
                Origin::Flag(name) => (*name).to_owned(),
                Origin::Environment(name) => (*name).to_owned(),
                Origin::File(line) => format!("{}:{line}", self.path.display()),
                Origin::Default => "default".to_owned(),
            };
            // Writing to a string cannot fail.
            let _ = writeln!(shown, "{:<60} # {origin}", format!("{key} = {value}"));
        };
        line("output", quoted(&self.output.display().to_string()), &self.output.origin);
        line("base_currency", quoted(&self.base_currency), &self.base_currency.origin);
        if let Some(location) = &self.publish_to {
            line("publish_to", quoted(&location.to_string()), &location.origin);
        }
        for (key, value, origin) in self.object_store.values() {
            line(&key, value, &origin);
        }
        line("history_months", self.history_months.to_string(), &self.history_months.origin);
        line("include_intercompany", self.include_intercompany.to_string(), &self.include_intercompany.origin);
        line("customer_conventions", quoted(&self.customer_conventions), &self.customer_conventions.origin);
        line("aging_edges", format!("{:?}", self.aging_edges), &self.aging_edges_origin);
        let thresholds = &self.thresholds;
        for (key, share) in [
            ("quality.max_quarantined_rows_share", &thresholds.max_quarantined_rows_share),
            ("quality.max_quarantined_amount_share", &thresholds.max_quarantined_amount_share),
        ] {
            line(key, share.to_string(), &share.origin);
        }
        for (key, value, origin) in self.calendar.values().into_iter().chain(self.section_values()) {
            line(&key, value, &origin);
        }
        shown += &self.metrics.show_lists();
        shown += &self.calendar.show_lists(&self.path);
        shown += &self.expected_credit_loss.show_lists();
        shown += &self.worklist.show_lists();
        for source in &self.sources {
            let _ = writeln!(shown, "\n[[source]]{:<50} # {}:{}", "", self.path.display(), source.line);
            for (key, value) in source_values(source) {
                let _ = writeln!(shown, "{key} = {value}");
            }
        }
        shown
    }

    /// Every value of the sections that name theirs, the calendar's left out: that has a fingerprint of its own.
    fn section_values(&self) -> impl Iterator<Item = (String, String, Origin)> {
        let credit = [self.risk.values(), self.expected_credit_loss.values(), self.credit_review.values(), self.worklist.values()];
        let sections = [self.quality.values(), self.metrics.values(), self.forecast.values()].into_iter().chain(credit);
        sections.flatten()
    }

    /// SHA-256 of everything that affects a published number: no output path, no absolute path, no comments, no order of keys.
    pub fn fingerprint(&self) -> String {
        let mut content = String::new();
        let _ = writeln!(
            content,
            "base_currency={}\nhistory_months={}\ninclude_intercompany={}\ncustomer_conventions={}\naging_edges={:?}\nrows_share={}\namount_share={}",
            *self.base_currency,
            *self.history_months,
            *self.include_intercompany,
            *self.customer_conventions,
            self.aging_edges,
            *self.thresholds.max_quarantined_rows_share,
            *self.thresholds.max_quarantined_amount_share,
        );
        for (key, value, _) in self.section_values() {
            let _ = writeln!(content, "{key}={value}");
        }
        content += &self.metrics.show_lists();
        content += &self.worklist.show_lists();
        content += &self.calendar.fingerprint();
        content += &self.expected_credit_loss.show_lists();
        for source in &self.sources {
            for (key, value) in source_values(source) {
                if !PLACE_KEYS.contains(&key) && key != "overlay" {
                    let _ = writeln!(content, "{key}={value}");
                }
            }
        }
        Sha256::digest(content.as_bytes()).iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// Keys that say where rows come from and not what they mean.
const PLACE_KEYS: [&str; 5] = ["path", "query", "connection", "connection_env", "timeout_seconds"];

/// The values of a source in force, as TOML, those at their default left out where they say nothing.
fn source_values(source: &Source) -> Vec<(&'static str, String)> {
    let character = |byte: u8| quoted(&char::from(byte).to_string());
    let inline = |map: &std::collections::BTreeMap<String, String>| {
        let pairs: Vec<String> = map.iter().map(|(key, value)| format!("{} = {}", quoted(key), quoted(value))).collect();
        format!("{{ {} }}", pairs.join(", "))
    };
    let mut values = vec![
        ("name", quoted(&source.name)),
        ("shape", quoted(source.shape.word())),
        ("date_format", quoted(source.date_format.text())),
        ("instant_format", quoted(source.instant_format.text())),
        ("decimal", character(source.decimal.decimal)),
        ("quote", source.quote.map_or_else(|| quoted(""), character)),
        ("encoding", quoted(&source.encoding.name().to_ascii_lowercase())),
        ("negative_amount", quoted(source.negative_amount.word())),
        ("amount_sign", quoted(if source.reverse_sign { "reversed" } else { "as_is" })),
        ("delivery", quoted("delta")),
    ];
    // A query's rows have no format of their own, and none may be set.
    if matches!(source.remote, Some(Remote::Query(_))) {
        values.retain(|(key, _)| !remote::FORMAT_KEYS.contains(key));
    }
    values.splice(1..1, remote::place_values(source));
    if let Some(table) = source.table {
        values.push(("table", quoted(table.name)));
    }
    if source.credit_rows != CreditRows::Single {
        values.push(("credit_rows", quoted(source.credit_rows.word())));
    }
    if let Some(byte) = source.decimal.thousands {
        values.push(("thousands", character(byte)));
    }
    if let Some(byte) = source.delimiter {
        values.push(("delimiter", character(byte)));
    }
    if let Some(pattern) = &source.delivered_at {
        values.push(("delivered_at", quoted(pattern.text())));
    }
    if source.due_dates.from_terms {
        values.push(("due_date_from_terms", "true".to_owned()));
    }
    if source.due_dates.from_customer {
        values.push(("due_date_from_customer", "true".to_owned()));
    }
    if let Some(days) = source.due_dates.default_days {
        values.push(("default_payment_days", days.to_string()));
    }
    if let Some(overlay) = &source.overlay {
        values.push(("overlay", quoted(&overlay.display().to_string())));
    }
    if !source.null_values.is_empty() {
        let texts: Vec<String> = source.null_values.iter().map(|text| quoted(text)).collect();
        values.push(("null_values", format!("[{}]", texts.join(", "))));
    }
    if let Some(sheet) = &source.sheet {
        values.push(("sheet", sheet.toml()));
    }
    if let Some(row) = source.header_row {
        values.push(("header_row", row.to_string()));
    }
    if !source.formats.is_empty() {
        let texts = source.formats.iter().map(|(column, pattern)| (column.clone(), pattern.text().to_owned())).collect();
        values.push(("formats", inline(&texts)));
    }
    if !source.amount_marks.is_empty() {
        let texts: Vec<String> = source.amount_marks.iter().map(|text| quoted(text)).collect();
        values.push(("amount_marks", format!("[{}]", texts.join(", "))));
    }
    if !source.total_words.is_empty() {
        let texts: Vec<String> = source.total_words.iter().map(|text| quoted(text)).collect();
        values.push(("total_words", format!("[{}]", texts.join(", "))));
    }
    if !source.columns.is_empty() {
        values.push(("columns", inline(&source.columns)));
    }
    if !source.constants.is_empty() {
        values.push(("constants", inline(&source.constants)));
    }
    if !source.values.is_empty() {
        let maps: Vec<String> = source.values.iter().map(|(column, map)| format!("{} = {}", quoted(column), inline(map))).collect();
        values.push(("values", format!("{{ {} }}", maps.join(", "))));
    }
    values
}

fn toml_error(document: &Document<'_>, cause: &toml::de::Error) -> Error {
    let message = cause.message().trim().replace('\n', " ");
    let place = cause.span().map_or_else(|| document.path.display().to_string(), |span| document.place(span));
    if let Some(rest) = message.strip_prefix("unknown field ") {
        let (field, known) = rest.split_once(", expected ").unwrap_or((rest, ""));
        let known = known.strip_prefix("one of ").unwrap_or(known).replace('`', "");
        return Error::usage("unknown_key", format!("the configuration has an unknown key: {}", field.trim_matches('`')))
            .at(place)
            .hint(format!("the keys known here are: {known}"));
    }
    if let Some(rest) = message.strip_prefix("missing field ") {
        return Error::usage("missing_key", format!("a key is missing: {}", rest.trim_matches('`')))
            .at(place)
            .hint("a [[source]] needs at least `path` and `shape`");
    }
    Error::usage("bad_config", format!("the configuration cannot be read: {message}"))
        .at(place)
        .hint("the file is TOML; `arrears config show` prints what is in force once it reads")
}

fn check(raw: RawConfig, document: &Document<'_>, overrides: &Overrides, environment: &dyn Fn(&str) -> Option<String>) -> Result<Config> {
    let parent = document.path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let directory = parent.unwrap_or(Path::new(".")).to_owned();
    let base_currency = pick(
        overrides.base_currency.clone().map(|value| (value, "--base-currency")),
        variable(environment, "ARREARS_BASE_CURRENCY", "a currency code")?,
        raw.base_currency.map(|value| document.sourced(value)),
        None,
    )
    .ok_or_else(|| {
        Error::usage("missing_key", "a key is missing: base_currency")
            .at(document.path.display())
            .hint("write the currency that totals are in, for example base_currency = \"EUR\"")
    })?;
    let place = |origin: &Origin| match origin {
        Origin::File(line) => format!("{}:{line}", document.path.display()),
        Origin::Flag(name) | Origin::Environment(name) => (*name).to_owned(),
        Origin::Default => document.path.display().to_string(),
    };
    if minor_digits(&base_currency).is_none() {
        return Err(Error::usage("unknown_currency", format!("the base currency is not an ISO 4217 code: {}", *base_currency))
            .at(place(&base_currency.origin))
            .hint("three capital letters, for example EUR, USD or JPY"));
    }
    let output = pick(
        overrides.output.clone().map(|value| (value, "--output")),
        variable::<PathBuf>(environment, "ARREARS_OUTPUT", "a path")?,
        raw.output.map(|value| document.sourced(value)).map(|value| Sourced { value: directory.join(&value.value), ..value }),
        Some(directory.join("out")),
    )
    .expect("a default is given");
    let publish_to = pick(
        None,
        variable::<String>(environment, "ARREARS_PUBLISH_TO", "an address")?,
        raw.publish_to.map(|value| document.sourced(value)),
        None,
    );
    let publish_to = publish_to.map(|value| remote::publish_to(value.clone(), &place(&value.origin))).transpose()?;
    let object_store = raw.object_store.unwrap_or_default().check(document)?;
    let history_months = pick(
        overrides.history_months.map(|value| (value, "--history-months")),
        variable(environment, "ARREARS_HISTORY_MONTHS", "a whole number")?,
        raw.history_months.map(|value| document.sourced(value)),
        Some(60),
    )
    .expect("a default is given");
    if !(1..=600).contains(&*history_months) {
        return Err(Error::usage("bad_value", format!("history_months is not between 1 and 600: {}", *history_months))
            .at(place(&history_months.origin))
            .hint("60 is five years"));
    }
    let include_intercompany = pick(
        overrides.include_intercompany.map(|value| (value, "--include-intercompany")),
        variable(environment, "ARREARS_INCLUDE_INTERCOMPANY", "true or false")?,
        raw.include_intercompany.map(|value| document.sourced(value)),
        Some(false),
    )
    .expect("a default is given");
    let customer_conventions = pick(
        overrides.customer_conventions.clone().map(|value| (value, "--customer-conventions")),
        variable(environment, "ARREARS_CUSTOMER_CONVENTIONS", "default or all")?,
        raw.customer_conventions.map(|value| document.sourced(value)),
        Some("default".to_owned()),
    )
    .expect("a default is given");
    if !["default", "all"].contains(&customer_conventions.as_str()) {
        return Err(Error::usage("unknown_word", format!("`customer_conventions` cannot be: {}", *customer_conventions))
            .at(place(&customer_conventions.origin))
            .hint("use one of: default, all"));
    }
    let aging_edges = raw.aging_edges.map(|value| document.sourced(value));
    let aging_edges = aging_edges.unwrap_or(Sourced { value: vec![30, 60, 90, 120], origin: Origin::Default });
    if aging_edges.is_empty() || aging_edges.value[0] == 0 || aging_edges.windows(2).any(|pair| pair[0] >= pair[1]) {
        return Err(Error::usage("bad_value", format!("aging_edges are not ascending numbers of days: {:?}", *aging_edges))
            .at(place(&aging_edges.origin))
            .hint("for example [30, 60, 90, 120]"));
    }
    let (thresholds, quality) = raw.quality.unwrap_or_default().check(document)?;
    let metrics = raw.metrics.unwrap_or_default().check(raw.alert, document)?;
    let calendar = raw.calendar.unwrap_or_default().check(document)?;
    let forecast = raw.forecast.unwrap_or_default().check(document)?;
    let risk = raw.risk.unwrap_or_default().check(document)?;
    let last_edge = aging_edges.last().copied().unwrap_or_default();
    let expected_credit_loss = raw.expected_credit_loss.unwrap_or_default().check(last_edge, document)?;
    let credit_review = raw.credit_review.unwrap_or_default().check(document)?;
    let worklist = raw.worklist.unwrap_or_default().check(document)?;
    let mut sources: Vec<Source> = Vec::new();
    for raw_source in raw.source {
        let line = document.line(raw_source.span());
        let source = raw_source.into_inner().check(line, document, &directory)?;
        if let Some(first) = sources.iter().find(|known| known.name == source.name) {
            return Err(Error::usage("duplicate_source", format!("two sources have the same name: {}", source.name))
                .at(format!("{}:{line}", document.path.display()))
                .hint(format!("the first is in line {}; give each `[[source]]` a `name` of its own", first.line)));
        }
        sources.push(source);
    }
    if sources.is_empty() {
        return Err(Error::usage("missing_key", "the configuration has no source")
            .at(document.path.display())
            .hint("add [[source]] with path = \"ledger/\" and shape = \"canonical\""));
    }
    Ok(Config {
        output,
        base_currency,
        history_months,
        include_intercompany,
        customer_conventions,
        thresholds,
        quality,
        metrics,
        calendar,
        forecast,
        risk,
        expected_credit_loss,
        credit_review,
        worklist,
        publish_to,
        object_store,
        aging_edges_origin: aging_edges.origin,
        aging_edges: aging_edges.value,
        sources,
        path: document.path.to_owned(),
        directory,
    })
}

#[cfg(test)]
mod tests;
