//! One night: from the sources to a published snapshot, whole or not at all.

use super::compute::{Computed, compute};
use super::expected_credit_loss::write_expected_credit_loss;
use super::forecasts::{Forecasted, write_forecasts};
use super::known::check_policy;
use super::looked::Looked;
use super::publication::Publication;
use super::record::CheckRecord;
use super::reporter::Reporter;
use super::reviews::write_reviews;
use super::risk::{Judged, write_risk};
use super::rules::judge_rules;
use super::session::Session;
use super::words::{count, grouped};
use super::worklist::write_worklist;
use crate::checks::{self, Context, Outcome, Selected};
use crate::config::Config;
use crate::error::{Error, ExitStatus, Result, io_error};
use crate::forecast::next_week::NextWeek;
use crate::forecast::vintages;
use crate::ingest::LedgerIndex;
use crate::ingest::known::{KnownAsOf, LedgerView};
use crate::ingest::load::document_ids;
use crate::ingest::load::due_dates::DueDateRules;
use crate::ingest::{IngestOptions, IngestSummary, PendingLedger, ingest};
use crate::ledger::calendar::{Window, date_of};
use crate::ledger::currency::minor_digits;
use crate::ledger::money::{display_amount, minor_unit};
use crate::ledger::scopes::Scope;
use crate::marts::customer_behaviour::customer_behaviour;
use crate::marts::expected_credit_loss::Reserves;
use crate::marts::frame::Sink;
use crate::marts::kpis::KpiOptions;
use crate::marts::measures::{LateInterest, WindowMeasures, scope_rows};
use crate::marts::restatements::{CurrentTables, ThisNight};
use crate::marts::{open_items, quality, restatements};
use crate::publish::derived::{relative_path, write_derived};
use crate::publish::manifest::{Inputs, LedgerRecord, Manifest};
use crate::publish::model_version::ModelVersion;
use crate::publish::night::{CompleteNight, NightDescription, StagedNight, night_folder};
use chrono::NaiveDate;
use polars::prelude::{DataFrame, ParquetReader, ParquetWriter, SerReader as _};
use serde_json::json;
use std::path::{Path, PathBuf};

/// What a night is run with.
#[derive(Clone, Debug)]
pub struct NightlyOptions {
    /// The business date.
    pub as_of: NaiveDate,
    /// Whether a night that was published from other inputs is replaced.
    pub replace: bool,
    /// When files without a date of their own were delivered, microseconds UTC.
    pub delivered_at: i64,
    /// Only what was known at this instant; `None` for everything.
    pub known_as_of: Option<KnownAsOf>,
    /// The output whose ledger is read as it is; `None` to ingest the sources into the night's own.
    pub ledger_of: Option<PathBuf>,
}

/// How a night ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NightlyResult {
    /// One sentence a credit manager can read.
    pub summary: String,
    /// Rows of every table; empty when nothing was to be done.
    pub tables: Vec<(String, u64)>,
    /// Rows quarantined by the ingest, and rows that this night leaves out.
    pub quarantined: u64,
}

/// Runs a night.
///
/// # Errors
/// With the exit status of the failure; whatever it is, the published data are what they were.
pub fn run(config: &Config, options: &NightlyOptions, reporter: &Reporter) -> Result<NightlyResult> {
    let mut session = Session::begin(&config.output, "run", Some(options.as_of.to_string()), reporter)?;
    let result = published_night(config, options, &mut session);
    if let Ok(result) = &result {
        session.record.summary = Some(result.summary.clone());
        session.record.tables.clone_from(&result.tables);
    }
    session.end(result)
}

/// The night, and what a store does not have of it yet. What is looked at as of another time stays in its own output.
fn published_night(config: &Config, options: &NightlyOptions, session: &mut Session) -> Result<NightlyResult> {
    let is_own = options.known_as_of.is_none() && options.ledger_of.is_none();
    let publication = if is_own { Publication::begin(config, session)? } else { None };
    let result = night(config, options, session)?;
    publication.map_or(Ok(()), |publication| publication.finish(session))?;
    Ok(result)
}

fn night(config: &Config, options: &NightlyOptions, session: &mut Session) -> Result<NightlyResult> {
    check_policy(&config.output, options.as_of, options.known_as_of, options.replace)?;
    vintages::keep(&config.output, &session.record.run_id)?;
    let pending = match &options.ledger_of {
        None => ingest_step(config, options.delivered_at, session)?,
        Some(other) => kept_ledger(&config.output, other, session)?,
    };
    match prepare(config, options, &pending, session) {
        Ok(Prepared::Complete(complete, result)) => {
            publish(*complete, pending, ledger_output(config, options), session)?;
            session.step("publish");
            session.record.status = "published".into();
            Ok(result)
        }
        Ok(Prepared::AlreadyPublished(result)) => pending.discard().map(|()| result),
        Err(error) => {
            // Why the night is not published says more than that segments could not be removed; the next ingest removes them.
            let _ = pending.discard();
            Err(error)
        }
    }
}

/// What a night has come to before anything of it is visible.
enum Prepared {
    /// Complete and checked.
    Complete(Box<(CompleteNight, Vec<ModelVersion>)>, NightlyResult),
    /// Nothing is to be done.
    AlreadyPublished(NightlyResult),
}

fn prepare(config: &Config, options: &NightlyOptions, pending: &PendingLedger, session: &mut Session) -> Result<Prepared> {
    let view = LedgerView::new(ledger_output(config, options), &pending.index, options.known_as_of)?;
    let inputs = Inputs { ledger: view.fingerprint.clone(), config: config.fingerprint() };
    let known_as_of = options.known_as_of.map(KnownAsOf::text);
    if let Some(result) = already_published(session, &options.as_of.to_string(), &inputs, known_as_of.as_deref(), options.replace)? {
        return Ok(Prepared::AlreadyPublished(result));
    }
    let mut computed = compute(config, &view, options.as_of, session)?;
    let night = NightDescription {
        as_of_date: options.as_of.to_string(),
        known_as_of,
        base_currency: (*config.base_currency).clone(),
        inputs,
        ledger: LedgerRecord::of(&pending.index),
        history_months: *config.history_months,
        intercompany_customers: computed.walked.intercompany_customers,
    };
    let Staged { complete, forecasted, judged } = stage(config, &mut computed, &view, night, session)?;
    session.step("stage");
    let outcomes = run_checks(&checks::named(&[])?, config, &computed, &view.index, &complete.folder, &complete.manifest, session)?;
    session.step("check");
    if let Some(error) = blocked(&outcomes, session) {
        return Err(error);
    }
    let next_week = forecasted.as_ref().and_then(|forecasted| forecasted.next_week);
    let models = forecasted.map(|forecasted| forecasted.model).into_iter().chain(judged.map(|judged| judged.model)).collect();
    let result = NightlyResult {
        summary: summary(config, &computed, next_week.as_ref(), &pending.summary),
        tables: complete.manifest.tables.iter().map(|table| (table.name.clone(), table.rows)).collect(),
        quarantined: pending.summary.quarantined + computed.left_out.len() as u64,
    };
    Ok(Prepared::Complete(Box::new((complete, models)), result))
}

/// The output whose ledger a night reads.
fn ledger_output<'a>(config: &'a Config, options: &'a NightlyOptions) -> &'a Path {
    options.ledger_of.as_deref().unwrap_or(&config.output)
}

/// The ledger of another output, as it is.
///
/// # Errors
/// When there is none, or the output is the night's own.
pub fn kept_ledger(output: &Path, other: &Path, session: &mut Session) -> Result<PendingLedger> {
    let is_same = |a: &Path, b: &Path| a == b || a.canonicalize().ok().zip(b.canonicalize().ok()).is_some_and(|(a, b)| a == b);
    if is_same(output, other) {
        return Err(Error::usage("ledger_of_itself", format!("--ledger-of names the output itself: {}", other.display()))
            .hint("leave --ledger-of out, or name another --output: nights of another kind need an output of their own"));
    }
    let Some(index) = LedgerIndex::read(other)? else {
        return Err(Error::input("no_ledger", format!("no ledger is kept in {}", other.display()))
            .hint("name the output of a run that ingested the sources: the folder in which `ledger/index.json` lies"));
    };
    let fields = json!({"ledger_of": other.display().to_string(), "files": index.files.len()});
    session.reporter.event("ledger", fields, &format!("ledger of {}: read as it is, nothing is ingested", other.display()));
    session.step("ingest");
    Ok(PendingLedger::as_kept(other, index))
}

/// Reads what is new in the sources.
///
/// # Errors
/// When a source is missing or unreadable.
pub fn ingest_step(config: &Config, delivered_at: i64, session: &mut Session) -> Result<PendingLedger> {
    let pending = ingest(config, &IngestOptions { delivered_at }, &super::progress::Ingest(session.reporter))?;
    session.reporter.done();
    let s = &pending.summary;
    let fields = json!(s);
    session.reporter.event("ingested", fields, &ingest_sentence(s));
    session.record.ingest = Some(*s);
    session.step("ingest");
    Ok(pending)
}

/// What an ingest did, as a sentence.
pub fn ingest_sentence(s: &IngestSummary) -> String {
    if s.files_new == 0 {
        return format!("ingest: nothing new in {} seen before", count(s.files_seen, "file"));
    }
    let mut sentence =
        format!("ingest: {} read from {}: {} accepted", count(s.rows_read, "row"), count(s.files_new, "new file"), grouped(s.accepted));
    for (number, word) in [(s.repaired, "repaired"), (s.unchanged, "unchanged")] {
        if number > 0 {
            sentence += &format!(", {} {word}", grouped(number));
        }
    }
    sentence + &format!(", {} quarantined", grouped(s.quarantined))
}

fn already_published(
    session: &mut Session,
    as_of_date: &str,
    inputs: &Inputs,
    known_as_of: Option<&str>,
    replace: bool,
) -> Result<Option<NightlyResult>> {
    let Some(manifest) = Manifest::read(&night_folder(&session.output, as_of_date))? else { return Ok(None) };
    let knows_the_same = manifest.known_as_of.as_deref() == known_as_of;
    if manifest.inputs == *inputs && knows_the_same && manifest.arrears_version == env!("CARGO_PKG_VERSION") {
        session.record.status = "already_published".into();
        let summary = format!("{as_of_date} is already published from these inputs; nothing to do");
        return Ok(Some(NightlyResult { summary, tables: Vec::new(), quarantined: 0 }));
    }
    if replace {
        return Ok(None);
    }
    let mut changed = Vec::new();
    for (differs, word) in [
        (manifest.inputs.ledger != inputs.ledger, "the ledger"),
        (manifest.inputs.config != inputs.config, "the configuration"),
        (manifest.arrears_version != env!("CARGO_PKG_VERSION"), "the version of arrears"),
    ] {
        if differs {
            changed.push(word);
        }
    }
    let what = format!("{as_of_date} is already published, and since then {} changed", changed.join(" and "));
    Err(Error::usage("already_published", what)
        .at(night_folder(&session.output, as_of_date).display())
        .hint("add --replace to publish the night anew; the old one is kept in replaced/"))
}

/// A night that is staged, and what is kept of it beside the tables.
struct Staged {
    complete: CompleteNight,
    forecasted: Option<Forecasted>,
    judged: Option<Judged>,
}

fn stage(
    config: &Config,
    computed: &mut Computed,
    view: &LedgerView,
    description: NightDescription,
    session: &mut Session,
) -> Result<Staged> {
    let base_currency: &str = &config.base_currency;
    let metadata =
        [("arrears.as_of_date".to_owned(), description.as_of_date.clone()), ("arrears.base_currency".to_owned(), base_currency.to_owned())];
    let mut night = StagedNight::create(&config.output, &session.record.run_id, &metadata)?;

    let current = write_by_scope_value(config, computed, &mut night, session)?;
    computed.walked.forget_details();

    let Computed { loaded, files, timeline, walked, buckets, as_of, .. } = computed;
    let this_night = ThisNight {
        output: &config.output,
        view,
        loaded,
        as_of: *as_of,
        period_ends: &timeline.period_ends,
        buckets,
        include_intercompany: *config.include_intercompany,
        base_currency,
        due_dates: DueDateRules::of(config, &view.all_files),
    };
    let restated = restatements::write(&this_night, &current, &mut night)? as u64;
    if restated > 0 {
        let sentence = format!("restatements: {} of earlier period ends differ from what was published first", count(restated, "figure"));
        session.reporter.event("restated", json!({"figures": restated}), &sentence);
    }
    session.step("restatements");

    let ids = document_ids(files, &open_items::open_rows(&walked.open_items, &loaded.item_rows))?;
    let open = open_items::open_items(&loaded.book, &walked.open_items, &loaded.item_rows, &ids, *as_of, buckets)?;
    night.write("open_items", &open)?;
    let looked = Looked::new(config, computed, view)?;
    let forecasted = write_forecasts(config, computed, &looked, &ids, &mut night, session)?;
    let late = forecasted.as_ref().map(|forecasted| &forecasted.late);
    let judged = write_risk(config, computed, &looked, late, &mut night, session)?;
    write_expected_credit_loss(config, computed, &Reserves::new(), &mut night, session)?;
    let chances = forecasted.as_ref().map(|forecasted| &forecasted.chances);
    write_worklist(config, computed, &looked, &ids, chances, &mut night, session)?;
    write_reviews(config, computed, &looked, judged.as_ref(), &mut night, session)?;
    let Computed { loaded, as_of, .. } = computed;
    night.write("customer_positions", &open_items::customer_positions(&loaded.book, &open, *as_of, base_currency)?)?;
    night.write("quarantine", &quality::quarantine(view, &computed.left_out, &computed.quality.mended)?)?;
    night.write("data_quality", &quality::data_quality(view, &computed.left_out, &computed.quality.mended)?)?;
    night.write("quality_rules", &crate::quality::quality_rules(&computed.quality.judged)?)?;
    night.write("gl_tie_out", &crate::quality::tie_out::table(&computed.quality.tie_out)?)?;
    Ok(Staged { complete: night.finish(description)?, forecasted, judged })
}

/// Writes the tables that are computed scope value by scope value and customer by customer. Returns what restatements are
/// looked for in.
fn write_by_scope_value(config: &Config, computed: &Computed, night: &mut StagedNight, session: &mut Session) -> Result<CurrentTables> {
    let Computed { loaded, timeline, walked, .. } = computed;
    let rows = scope_rows(&loaded.book, walked);
    let base_unit = minor_unit(minor_digits(&config.base_currency).unwrap_or(2));
    let options = KpiOptions {
        base_currency: (*config.base_currency).clone(),
        supplied: loaded.book.supplied,
        late_interest: LateInterest { rate: *config.metrics.late_interest_rate, base_unit },
        all_for_customers: config.customer_conventions.as_str() == "all",
    };
    let mut current = CurrentTables::default();
    super::marts::write_scope_tables(&rows, config, computed, &options, (night, &mut current), session)?;
    session.step("metrics");
    super::marts::write_outcome_tables(&rows, config, computed, night, session)?;
    let (behaviour, grid) = customer_behaviour(&loaded.book, walked, timeline)?;
    night.write("customer_behaviour", &behaviour)?;
    night.write("behaviour_grid", &grid)?;
    session.step("curves");
    Ok(current)
}

/// Runs checks on a night, staged or published, and keeps the rows that fail.
///
/// # Errors
/// When a check cannot be run.
pub fn run_checks(
    (checks, rules): &Selected,
    config: &Config,
    computed: &Computed,
    index: &LedgerIndex,
    night: &Path,
    manifest: &Manifest,
    session: &mut Session,
) -> Result<Vec<Outcome>> {
    let context = Context {
        index,
        book: &computed.loaded.book,
        walked: &computed.walked,
        timeline: &computed.timeline,
        left_out: &computed.left_out,
        night,
        manifest,
        max_quarantined_rows_share: config.thresholds.max_quarantined_rows_share.value,
        max_quarantined_amount_share: config.thresholds.max_quarantined_amount_share.value,
        mended: &computed.quality.mended,
        quality: &config.quality,
    };
    let mut outcomes = checks::run(checks, &context)?;
    for outcome in &outcomes {
        let rows_file = if outcome.holds() { None } else { Some(keep_rows(outcome, session)?) };
        let record = CheckRecord::new(outcome, rows_file);
        // Silent when all is well: a check that holds is an event for machines only.
        let sentence = if outcome.holds() {
            String::new()
        } else {
            let word = if outcome.blocks() { "FAILED" } else { "warns" };
            format!("check {} {word}: {}", outcome.name, count(outcome.rows, "row"))
        };
        let fields = json!({"name": record.name, "status": record.status, "failing_rows": record.failing_rows});
        session.reporter.event("check", fields, &sentence);
        session.record.checks.push(record);
    }
    let held = outcomes.iter().filter(|outcome| outcome.holds()).count();
    if !checks.is_empty() {
        session.reporter.event(
            "checked",
            json!({"checks": outcomes.len(), "held": held}),
            &format!("checks: {held} of {} hold", outcomes.len()),
        );
    }
    outcomes.extend(judge_rules(rules, checks.is_empty(), &computed.quality, session)?);
    Ok(outcomes)
}

fn keep_rows(outcome: &Outcome, session: &Session) -> Result<String> {
    keep_frame(outcome.name, &outcome.failing, session)
}

/// Keeps rows beside the run, under a name of their own.
///
/// # Errors
/// When they cannot be written.
pub fn keep_frame(name: &str, rows: &DataFrame, session: &Session) -> Result<String> {
    let name = format!("failing/{name}.parquet");
    let path = session.folder().join(&name);
    let folder = session.folder().join("failing");
    std::fs::create_dir_all(&folder).map_err(|cause| io_error("create", &folder, &cause))?;
    let file = std::fs::File::create(&path).map_err(|cause| io_error("write", &path, &cause))?;
    let mut rows: DataFrame = rows.clone();
    ParquetWriter::new(file).finish(&mut rows)?;
    Ok(name)
}

/// The error of blocking checks that failed, with three of the rows of the first.
pub fn blocked(outcomes: &[Outcome], session: &Session) -> Option<Error> {
    let blocking: Vec<&Outcome> = outcomes.iter().filter(|outcome| outcome.blocks()).collect();
    let first = blocking.first()?;
    let names: Vec<&str> = blocking.iter().map(|outcome| outcome.name).collect();
    let (check, fails) = if blocking.len() == 1 { ("check", "fails") } else { ("checks", "fail") };
    let what = format!("{} {check} {fails}, so nothing was published: {}", blocking.len(), names.join(", "));
    let (rows, says) = (first.rows, if first.rows == 1 { "says" } else { "say" });
    let mut hint = format!("{} asserts that {}; {} {says} otherwise", first.name, first.description, count(rows, "row"));
    for row in example_rows(&first.failing) {
        hint += &format!("\n  {row}");
    }
    hint += &format!("\nall of them are kept in {}", session.folder().join("failing").display());
    let staged = session.output.join("staging").join(&session.record.run_id);
    if staged.exists() {
        hint += &format!("\nthe night that was not published, with its quarantine, in {}", staged.display());
        if first.name == "quarantined_share" {
            hint += &quarantined_rows(&staged).unwrap_or_default();
            hint += "\nmend them at the source or its mapping, or raise the threshold under [quality]";
        }
    }
    Some(Error::new("check_failed", ExitStatus::CheckFailed, what).hint(hint))
}

/// Where the first three rows in the quarantine of a staged night stand, and why they are there: no text of theirs, because
/// names do not belong in a log.
fn quarantined_rows(night: &Path) -> Result<String> {
    let path = night.join("quarantine").join("part-00000.parquet");
    let file = std::fs::File::open(&path).map_err(|cause| io_error("read", &path, &cause))?;
    let rows = ParquetReader::new(file).with_slice(Some((0, 3))).finish()?;
    let mut shown = String::new();
    for at in 0..rows.height() {
        let cell = |name: &str| -> Result<String> { Ok(rows.column(name)?.str()?.get(at).unwrap_or_default().to_owned()) };
        let line = rows.column("line")?.i64()?.get(at).map_or(String::new(), |line| format!(":{line}"));
        let column = cell("column_name")?;
        let column = if column.is_empty() { column } else { format!("{column}: ") };
        shown += &format!("\n  {}{line} {column}{}", cell("file")?, cell("reason")?);
    }
    Ok(shown)
}

/// Three rows as people read them: `column value, column value`.
fn example_rows(rows: &DataFrame) -> Vec<String> {
    let shown = rows.head(Some(3));
    let cell = |at: usize| {
        let cells = shown.columns().iter().map(move |column| {
            let value = column.get(at).map(|value| value.str_value().into_owned()).unwrap_or_default();
            format!("{} {value}", column.name())
        });
        cells.collect::<Vec<_>>().join(", ")
    };
    (0..shown.height()).map(cell).collect()
}

/// The night first, the ledger's index second; a run killed between the two is finished by the next.
fn publish(
    (complete, models): (CompleteNight, Vec<ModelVersion>),
    pending: PendingLedger,
    ledger_output: &Path,
    session: &mut Session,
) -> Result<()> {
    pending.prepare()?;
    let index = pending.index.clone();
    // The night names the versions: they must be there first.
    for model in models {
        model.keep(&session.output, &session.record.run_id)?;
    }
    let manifest = complete.publish(&session.output, &session.record.run_id)?;
    pending.commit()?;
    vintages::keep(&session.output, &session.record.run_id)?;
    let customers = index.tables.get("customers").map(|table| table.segments.as_slice()).unwrap_or_default();
    let ledger = relative_path(&session.output, ledger_output).join("ledger");
    let customers: Vec<String> = customers.iter().map(|segment| ledger.join(&segment.file).display().to_string()).collect();
    write_derived(&session.output, &customers)?;
    session.reporter.event(
        "published",
        json!({"as_of_date": manifest.as_of_date}),
        &format!("published: {}", night_folder(&session.output, &manifest.as_of_date).display()),
    );
    Ok(())
}

fn summary(config: &Config, computed: &Computed, next_week: Option<&NextWeek>, ingested: &IngestSummary) -> String {
    let Computed { loaded, timeline, walked, as_of, .. } = computed;
    let base_currency: &str = &config.base_currency;
    let digits = minor_digits(base_currency).unwrap_or(2);
    let quarantined = ingested.quarantined + computed.left_out.len() as u64;
    let rows = scope_rows(&loaded.book, walked);
    let Some(group) = rows.iter().find(|row| row.value.scope == Scope::Company && row.value.company.is_none()) else {
        return format!("{}: the ledger has no document yet; {} quarantined", date_of(*as_of), count(quarantined, "row"));
    };
    let period = timeline.period_ends.len() - 1;
    let balance = group.totals.balance(period);
    let span = timeline.windows(period).into_iter().find(|span| span.window == Window::Trailing3Months);
    let sales = span.map(|span| WindowMeasures::new(&group.totals, timeline, span));
    let net = balance.debit - balance.credit;
    let overdue = if balance.debit > 0 {
        format!(", {:.1} % of the open debit overdue", balance.overdue as f64 / balance.debit as f64 * 100.0)
    } else {
        String::new()
    };
    let dso = match sales {
        Some(sales) if sales.net_credit_sales() > 0 => {
            format!(", DSO {:.1} days", net as f64 / sales.net_credit_sales() as f64 * f64::from(sales.days))
        }
        _ => ", no DSO without sales".to_owned(),
    };
    let cash = next_week.map_or(String::new(), |week| format!("; {}", cash_of(week, base_currency, digits)));
    format!(
        "{}: {} {base_currency} receivable in {}{overdue}{dso}{cash}; {} quarantined or left out",
        date_of(*as_of),
        display_amount(net, digits),
        count(walked.open_items.len() as u64, "open item"),
        count(quarantined, "row")
    )
}

/// What is expected to come in the next seven days, and how sure that is.
fn cash_of(week: &NextWeek, base_currency: &str, digits: u32) -> String {
    let [mean, low, high] = [week.mean, week.low, week.high].map(|amount| display_amount(amount, digits));
    let uncalibrated = if week.is_calibrated { "" } else { ", uncalibrated" };
    format!("{mean} {base_currency} expected in the next 7 days (80 %{uncalibrated}: {low} to {high})")
}
