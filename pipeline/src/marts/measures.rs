//! From totals to measures: one row per scope value and period end, one per window, as Polars frames that the metrics
//! are computed from.
//!
//! Everything additive is exact here; ratios are left to [`super::kpis`].

use super::frame::{dates, optional_sums, sums, texts};
use crate::error::Result;
use crate::ledger::book::{Book, DocumentType};
use crate::ledger::calendar::{Day, Window, month_end};
use crate::ledger::collections::{Collections, DisputeSpan, Standing};
use crate::ledger::money::{AMOUNT_ONE, RATE_ONE, divide_half_away};
use crate::ledger::scopes::{Scope, ScopeValue};
use crate::ledger::timeline::{Timeline, WindowSpan};
use crate::ledger::totals::{Balance, BeforeFirstSale, ConcentrationSummary, Flow, Net, SealedTotals};
use crate::ledger::walk::{CustomerTotals, Walked};
use arrears_models::survival::{self, Exits, payment_curve};
use polars::prelude::*;
use std::borrow::Cow;
use std::ops::Range;

/// Totals of a scope value, whether kept for every period or for `as_of` only.
#[derive(Clone, Copy)]
pub enum Totals<'a> {
    /// Every period end.
    All(&'a SealedTotals),
    /// `as_of` only.
    Customer(&'a CustomerTotals),
}

impl Totals<'_> {
    /// Net receivable on a balance date.
    pub fn net(&self, date: usize) -> Net {
        match self {
            Totals::All(totals) => totals.nets[date],
            Totals::Customer(totals) => {
                let found = totals.nets.binary_search_by_key(&date, |(at, _)| *at as usize);
                found.map(|at| totals.nets[at].1).unwrap_or_default()
            }
        }
    }

    /// Flows of some intervals.
    pub fn flow(&self, intervals: Range<usize>) -> Flow {
        match self {
            Totals::All(totals) => totals.flow(intervals),
            Totals::Customer(totals) => {
                let mut sum = Flow::default();
                let first = totals.flows.partition_point(|(at, _)| (*at as usize) < intervals.start);
                for (_, flow) in totals.flows[first..].iter().take_while(|(at, _)| (*at as usize) < intervals.end) {
                    sum.add(flow);
                }
                sum
            }
        }
    }

    /// Date of the first document.
    pub fn first_document(&self) -> Day {
        match self {
            Totals::All(totals) => totals.first_document,
            Totals::Customer(totals) => totals.first_document,
        }
    }

    /// Date of the first invoice or debit note; `Day::MAX` without one.
    pub fn first_sale(&self) -> Day {
        match self {
            Totals::All(totals) => totals.first_sale,
            Totals::Customer(totals) => totals.first_sale,
        }
    }

    fn before_first_sale(&self) -> Option<&BeforeFirstSale> {
        match self {
            Totals::All(totals) => totals.before_first_sale.as_deref(),
            Totals::Customer(totals) => totals.before_first_sale.as_deref(),
        }
    }

    /// Open items at a period end.
    pub fn balance(&self, period: usize) -> &Balance {
        match self {
            Totals::All(totals) => &totals.balances[period],
            Totals::Customer(totals) => &totals.balance,
        }
    }

    fn concentration(&self, period: usize) -> ConcentrationSummary {
        match self {
            Totals::All(totals) => totals.concentrations[period],
            Totals::Customer(_) => ConcentrationSummary::default(),
        }
    }

    /// How things stand at a period end.
    pub fn standing(&self, period: usize) -> &Standing {
        match self {
            Totals::All(totals) => &totals.standings[period],
            Totals::Customer(totals) => &totals.standing,
        }
    }

    /// What happened in a window of a period, by the window's position.
    pub fn collections(&self, intervals: Range<usize>, period: usize, window: usize) -> Collections {
        match self {
            Totals::All(totals) => totals.collections(intervals, period, window),
            Totals::Customer(totals) => {
                let of_window = totals.collections.iter().find(|(at, _)| usize::from(*at) == window);
                of_window.map(|(_, collections)| *collections).unwrap_or_default()
            }
        }
    }

    fn disputes(&self) -> &[DisputeSpan] {
        match self {
            Totals::All(totals) => &totals.disputes,
            Totals::Customer(_) => &[],
        }
    }

    fn balance_days(&self, intervals: Range<usize>) -> i128 {
        match self {
            Totals::All(totals) => totals.balance_days(intervals),
            Totals::Customer(totals) => {
                let inside = |at: u32| intervals.contains(&(at as usize));
                totals.balance_days.iter().filter(|(at, _)| inside(*at)).map(|(_, days)| days).sum()
            }
        }
    }
}

/// A scope value with its published names and its totals, in the order of publication.
pub struct ScopeRow<'a> {
    /// The value.
    pub value: ScopeValue,
    /// Published company.
    pub company_id: &'a str,
    /// Published value.
    pub text: Cow<'a, str>,
    /// Its totals.
    pub totals: Totals<'a>,
}

impl ScopeRow<'_> {
    /// The periods it has rows for.
    pub fn periods(&self, timeline: &Timeline) -> Range<usize> {
        let last = timeline.period_ends.len();
        match self.totals {
            Totals::Customer(_) => last - 1..last,
            Totals::All(_) => timeline.period_ends.partition_point(|end| *end < self.totals.first_document())..last,
        }
    }
}

/// All scope values, sorted by company, scope and value.
pub fn scope_rows<'a>(book: &'a Book, walked: &'a Walked) -> Vec<ScopeRow<'a>> {
    let labelled = walked.scopes.iter().map(|(value, totals)| (*value, Totals::All(totals.as_ref())));
    let customers = walked.customers.iter().map(|(value, totals)| (*value, Totals::Customer(totals)));
    let mut rows: Vec<ScopeRow> = labelled
        .chain(customers)
        .map(|(value, totals)| ScopeRow { value, company_id: value.company_id(book), text: value.text(book), totals })
        .collect();
    rows.sort_by(|a, b| (a.company_id, a.value.scope.word(), &a.text).cmp(&(b.company_id, b.value.scope.word(), &b.text)));
    rows
}

/// What a window holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WindowMeasures {
    /// First day, after shortening.
    pub start: Day,
    /// Days, both ends counted.
    pub days: i32,
    /// Whether the window was shortened to the first sale.
    pub is_short: bool,
    /// AR net at closing rate on the day before the first.
    pub opening: i128,
    /// AR net at closing rate on the last day.
    pub closing: i128,
    /// Sum of AR net at begin, at the month ends between, and at the end.
    pub month_end_sum: i128,
    /// Number of those.
    pub month_end_count: i32,
    /// Flows.
    pub flow: Flow,
    /// Σ over the days of open balance × that day's rate, scale 14.
    pub balance_days: i128,
}

impl WindowMeasures {
    /// Measures of one window of one scope value.
    pub fn new(totals: &Totals, timeline: &Timeline, span: WindowSpan) -> Self {
        let first_sale = totals.first_sale();
        let is_short = span.start < first_sale && first_sale <= span.end;
        let start = if is_short { first_sale } else { span.start };
        let intervals = timeline.intervals(span.start, span.end);
        let mut flow = totals.flow(intervals.clone());
        let mut balance_days = totals.balance_days(intervals.clone());
        let opening = if is_short {
            let before = totals.before_first_sale();
            for (_, early) in before.iter().flat_map(|before| before.flows.range(intervals.clone())) {
                flow.subtract(early);
            }
            let early = before.iter().flat_map(|before| before.balance_days.range(intervals.clone()));
            balance_days -= early.map(|(_, days)| days).sum::<i128>();
            before.map_or(0, |before| before.opening)
        } else {
            totals.net(timeline.balance_date(span.start - 1)).closing
        };
        let closing = totals.net(timeline.balance_date(span.end)).closing;
        let (mut month_end_sum, mut month_end_count) = (opening + closing, 2);
        let mut between = month_end(start);
        while between < span.end {
            month_end_sum += totals.net(timeline.balance_date(between)).closing;
            month_end_count += 1;
            between = month_end(between + 1);
        }
        WindowMeasures { start, days: span.end - start + 1, is_short, opening, closing, month_end_sum, month_end_count, flow, balance_days }
    }

    /// Invoices and debit notes.
    pub fn gross_sales(&self) -> i128 {
        gross_sales(&self.flow)
    }

    /// Net credit sales: invoices and debit notes less credit notes.
    pub fn net_credit_sales(&self) -> i128 {
        net_credit_sales(&self.flow)
    }
}

fn gross_sales(flow: &Flow) -> i128 {
    flow.documents[DocumentType::Invoice as usize] + flow.documents[DocumentType::DebitNote as usize]
}

fn net_credit_sales(flow: &Flow) -> i128 {
    gross_sales(flow) - flow.documents[DocumentType::CreditNote as usize]
}

/// Days sales outstanding by count-back, or the reason why there are none.
///
/// Months' net credit sales are taken off the receivable from the newest back, adding each month's days; the last month
/// adds the remainder's share of its days. `months` yields net credit sales and days, newest first, back to the month of
/// the first sale; a month that sold nothing or less adds its days and takes nothing.
///
/// ```
/// use arrears::marts::measures::count_back;
/// let months = [(100_000, 30), (80_000, 30), (70_000, 30)];
/// let days = count_back(212_000, months.into_iter()).unwrap();
/// assert_eq!((days * 100.0).round() / 100.0, 73.71);
/// assert_eq!(count_back(0, months.into_iter()), Ok(0.0));
/// assert_eq!(count_back(300_000, months.into_iter()), Err("history_exhausted"));
/// ```
///
/// # Errors
/// `history_exhausted` when the receivable is larger than all sales.
pub fn count_back(receivable: i128, months: impl Iterator<Item = (i128, i32)>) -> std::result::Result<f64, &'static str> {
    let (mut remainder, mut days) = (receivable, 0);
    if remainder <= 0 {
        return Ok(0.0);
    }
    for (sales, month_days) in months {
        if sales >= remainder {
            return Ok(f64::from(days) + remainder as f64 / sales as f64 * f64::from(month_days));
        }
        remainder -= sales.max(0);
        days += month_days;
    }
    Err("history_exhausted")
}

fn count_back_of(totals: &Totals, timeline: &Timeline, period: usize) -> std::result::Result<f64, &'static str> {
    let end = timeline.period_ends[period];
    let receivable = totals.net(timeline.balance_date(end)).closing;
    let first_sale = totals.first_sale();
    let months = timeline.months_back(end).take_while(|(_, last)| *last >= first_sale).map(|(first, last)| {
        let flow = totals.flow(timeline.intervals(first, last));
        (net_credit_sales(&flow), last - first + 1)
    });
    count_back(receivable, months)
}

/// Places of rank, period and window in the sorting number of a row, above eight bits for the metric; see [`order`].
const RANK_SHIFT: u32 = 32;
const PERIOD_SHIFT: u32 = 16;
const WINDOW_SHIFT: u32 = 8;

/// Sorting number of a row of `kpis` without its metric: company, scope and value by `rank`, period end, window by word.
fn order(rank: usize, period: usize, window: Option<Window>) -> u64 {
    // Words in order: month, point, trailing_12m, trailing_3m, trailing_90d.
    let window: u64 = match window {
        Some(Window::Month) => 0,
        None => 1,
        Some(Window::Trailing12Months) => 2,
        Some(Window::Trailing3Months) => 3,
        Some(Window::Trailing90Days) => 4,
    };
    ((rank as u64) << RANK_SHIFT) | ((period as u64) << PERIOD_SHIFT) | (window << WINDOW_SHIFT)
}

#[derive(Default)]
struct Keys<'a> {
    order: Vec<u64>,
    company_id: Vec<&'a str>,
    scope: Vec<&'static str>,
    scope_value: Vec<&'a str>,
    period_end: Vec<Day>,
}

impl<'a> Keys<'a> {
    fn push(&mut self, row: &'a ScopeRow, order: u64, period_end: Day) {
        self.order.push(order);
        self.company_id.push(row.company_id);
        self.scope.push(row.value.scope.word());
        self.scope_value.push(&row.text);
        self.period_end.push(period_end);
    }

    fn columns(self) -> Vec<Column> {
        vec![
            Column::new("order".into(), self.order),
            texts("company_id", self.company_id.into_iter().map(Some)),
            texts("scope", self.scope.into_iter().map(Some)),
            texts("scope_value", self.scope_value.into_iter().map(Some)),
            dates("period_end", self.period_end.into_iter().map(Some)),
        ]
    }
}

/// The additive measures at a period end, by the names that the metrics know them by.
fn point_sums(b: &Balance, spread: &ConcentrationSummary, s: &Standing, interest: LateInterest) -> [(&'static str, i128); 24] {
    [
        ("debit", b.debit),
        ("credit", b.credit),
        ("net", b.debit - b.credit),
        ("debit_historical", b.debit_historical),
        ("credit_historical", b.credit_historical),
        ("net_historical", b.debit_historical - b.credit_historical),
        ("debit_document", b.debit_document),
        ("credit_document", b.credit_document),
        ("net_document", b.debit_document - b.credit_document),
        ("not_due", b.not_due),
        ("overdue", b.overdue),
        ("over_90", b.over_90),
        ("age_weighted", b.age_weighted),
        ("disputed", b.disputed),
        ("disputed_overdue", b.disputed_overdue),
        ("disputed_over_90", b.disputed_over_90),
        ("top_10", spread.top_10),
        ("positive", spread.positive_sum),
        ("squares", divide_half_away(spread.positive_squares, i128::from(AMOUNT_ONE))),
        ("positive_net_of_due", b.debit - b.credit - b.not_due),
        ("overdue_days_weighted", s.overdue_days_weighted),
        ("late_interest", interest.of(s.overdue_days_weighted)),
        ("disputes_open", count(s.disputes_open)),
        ("disputes_open_days", count(s.disputes_open_days)),
    ]
}

/// The additive measures of a window, by the names that the metrics know them by.
fn window_sums(w: &WindowMeasures, b: &Balance, c: &Collections, s: &Standing) -> [(&'static str, i128); 56] {
    let (ncs, flow) = (w.net_credit_sales(), &w.flow);
    [
        ("net", w.closing),
        ("net_historical", b.debit_historical - b.credit_historical),
        ("debit", b.debit),
        ("not_due", b.not_due),
        ("overdue_net", w.closing - b.not_due),
        ("ncs", ncs),
        ("gross_sales", w.gross_sales()),
        ("collected", w.opening + ncs - w.closing),
        ("collectable", w.opening + ncs - b.not_due),
        ("cash", flow.cash),
        ("written_off", flow.write_offs - flow.documents[DocumentType::Reinstatement as usize]),
        ("cohort_written_off", flow.cohort_write_offs),
        ("terms_amount", flow.terms_amount),
        ("terms_weighted", flow.terms_weighted),
        ("begin_end_sum", w.opening + w.closing),
        ("month_end_sum", w.month_end_sum),
        ("begin_end_average", divide_half_away(w.opening + w.closing, 2)),
        ("month_end_average", divide_half_away(w.month_end_sum, i128::from(w.month_end_count.max(1)))),
        ("cash_due", c.cash_due),
        ("cash_delay", c.cash_delay),
        ("settled_cash", c.settled_cash),
        ("settled_cash_delay", c.settled_cash_delay),
        ("settled_amount", c.settled_amount),
        ("settled_amount_delay", c.settled_amount_delay),
        ("on_time_items", count(c.on_time_items)),
        ("settled_or_late_items", count(c.settled_items + s.late_items)),
        ("on_time_amount", c.on_time_amount),
        ("settled_or_late_amount", c.settled_amount + s.late_amount),
        ("discount_offered", c.discount_offered),
        ("discount_offered_items", count(c.discount_offered_items)),
        ("discount_taken", c.discount_taken),
        ("discount_taken_items", count(c.discount_taken_items)),
        ("discount_missed", c.discount_missed),
        ("discount_missed_items", count(c.discount_offered_items - c.discount_taken_items)),
        ("discount_leaked", c.discount_leaked),
        ("discount_taken_due", c.discount_taken_due),
        ("discount_cash_days", c.discount_cash_days),
        ("contractual_discount", c.contractual_discount),
        ("contractual_days", c.contractual_days),
        ("lag_days", count(c.lag_days)),
        ("lag_items", count(c.lag_items)),
        ("lag_amount_days", c.lag_amount_days),
        ("lag_amount", c.lag_amount),
        ("dispute_days", count(c.dispute_days)),
        ("disputes_closed", count(c.disputes_closed)),
        ("promises_kept", count(c.promises_kept)),
        ("promises_partly", count(c.promises_partly)),
        ("promises_broken", count(c.promises_due - c.promises_kept - c.promises_partly)),
        ("promises_due", count(c.promises_due)),
        ("cash_collected", s.collected),
        ("cash_collected_early", s.collected_early),
        ("month_collectable", s.collectable),
        ("credit_note_documents", count(flow.credit_note_documents)),
        ("invoice_documents", count(flow.invoice_documents)),
        ("credit_notes", flow.documents[DocumentType::CreditNote as usize]),
        ("invoices", flow.documents[DocumentType::Invoice as usize]),
    ]
}

/// Measures at period ends: columns `order, company_id, scope, scope_value, period_end`, then the fields of
/// [`Balance`] and [`Concentration`] as sums, and the count-back. `first_rank` is the rank of the first of `rows`.
pub fn balances(rows: &[ScopeRow], first_rank: usize, timeline: &Timeline, interest: LateInterest) -> Result<DataFrame> {
    let mut keys = Keys::default();
    let names = point_sums(&Balance::default(), &ConcentrationSummary::default(), &Standing::default(), interest).map(|(name, _)| name);
    let mut columns: Vec<Vec<i128>> = vec![Vec::new(); names.len()];
    let (mut customers_80, mut held_80, mut overdue_80) = (Vec::new(), Vec::new(), Vec::new());
    let (mut hhi, mut count_back_days, mut count_back_reason) = (Vec::new(), Vec::new(), Vec::new());
    let mut squared_sums: Vec<Option<i128>> = Vec::new();
    let (mut dispute_medians, mut dispute_reasons) = (Vec::new(), Vec::new());
    for (offset, row) in rows.iter().enumerate() {
        for period in row.periods(timeline) {
            keys.push(row, order(first_rank + offset, period, None), timeline.period_ends[period]);
            let b = row.totals.balance(period);
            let concentration = row.totals.concentration(period);
            let standing = row.totals.standing(period);
            let median = dispute_median(row.totals.disputes(), timeline.period_ends[period]);
            dispute_medians.push(median.ok().map(f64::from));
            dispute_reasons.push(median.err());
            let values = point_sums(b, &concentration, standing, interest);
            for (column, (_, value)) in columns.iter_mut().zip(values) {
                column.push(value);
            }
            squared_sums.push(square(concentration.positive_sum));
            let total = concentration.positive_sum as f64;
            hhi.push((concentration.positive_sum > 0).then(|| concentration.positive_squares as f64 / (total * total)));
            let (customers, held, overdue) = concentration.customers_for_80_percent;
            customers_80.push((overdue > 0).then_some(customers as f64));
            held_80.push(held);
            overdue_80.push(overdue);
            let counted = match row.totals {
                Totals::All(_) => count_back_of(&row.totals, timeline, period),
                Totals::Customer(_) => Err("not_supplied"),
            };
            count_back_days.push(counted.ok());
            count_back_reason.push(counted.err());
        }
    }
    let mut frame = keys.columns();
    frame.extend(names.iter().zip(columns).map(|(name, values)| sums(name, values)));
    frame.push(Column::new("hhi".into(), hhi));
    frame.push(optional_sums("squared_sum", &squared_sums));
    frame.push(Column::new("customers_80".into(), customers_80));
    frame.push(sums("held_80", held_80));
    frame.push(sums("overdue_80", overdue_80));
    frame.push(Column::new("dispute_median".into(), dispute_medians));
    frame.push(texts("dispute_median_reason", dispute_reasons.into_iter()));
    frame.push(Column::new("count_back".into(), count_back_days));
    frame.push(texts("count_back_reason", count_back_reason.into_iter()));
    Ok(DataFrame::new_infer_height(frame)?)
}

/// A number of things as a sum of scale 4, which numerators and denominators are published in.
fn count(number: i128) -> i128 {
    number * i128::from(AMOUNT_ONE)
}

/// What is owed for paying late: simple interest, a year of 365 days.
#[derive(Clone, Copy, Debug)]
pub struct LateInterest {
    /// Yearly rate in units of 10⁻¹⁰.
    pub rate: i64,
    /// The base currency's minor unit in ten-thousandths.
    pub base_unit: i64,
}

impl LateInterest {
    /// Σ open × days past due × rate ÷ 365, rounded half away from zero to the minor unit.
    fn of(&self, overdue_days_weighted: i128) -> i128 {
        let unit = i128::from(self.base_unit);
        divide_half_away(overdue_days_weighted * i128::from(self.rate), 365 * i128::from(RATE_ONE) * unit) * unit
    }
}

/// Median days in dispute as known on `day`, those still open counted as longer than their age; or why there is none.
fn dispute_median(disputes: &[DisputeSpan], day: Day) -> std::result::Result<u32, &'static str> {
    let opened = &disputes[..disputes.partition_point(|dispute| dispute.opened <= day)];
    let Some(first) = opened.first() else { return Err("no_history") };
    let age = |days: i32| usize::try_from(days).expect("a dispute does not end before it begins");
    let mut exits = vec![Exits::default(); age(day - first.opened) + 1];
    for dispute in opened {
        if dispute.closed <= day {
            exits[age(dispute.closed - dispute.opened)].cash += 1;
        } else {
            exits[age(day - dispute.opened)].censored += 1;
        }
    }
    survival::quantile(&payment_curve(&exits, &[]), 0.5).ok_or("immature")
}

/// The square of a sum, at scale 4, or `None` beyond what `DECIMAL(38,4)` holds.
fn square(sum: i128) -> Option<i128> {
    sum.checked_mul(sum).map(|square| divide_half_away(square, i128::from(AMOUNT_ONE)))
}

/// Measures of windows: columns `order, company_id, scope, scope_value, period_end, time_window, period_start, flags`,
/// days and counts as doubles, and sums.
pub fn windows(rows: &[ScopeRow], first_rank: usize, timeline: &Timeline, all_for_customers: bool) -> Result<DataFrame> {
    let mut keys = Keys::default();
    let nothing = window_sums(&WindowMeasures::default(), &Balance::default(), &Collections::default(), &Standing::default());
    let names = nothing.map(|(name, _)| name);
    let mut columns: Vec<Vec<i128>> = vec![Vec::new(); names.len()];
    let (mut words, mut starts, mut flags) = (Vec::new(), Vec::new(), Vec::new());
    let (mut days, mut month_end_count, mut daily_sum) = (Vec::new(), Vec::new(), Vec::new());
    let mut daily_average: Vec<Option<i128>> = Vec::new();
    for (offset, row) in rows.iter().enumerate() {
        for period in row.periods(timeline) {
            for (window, span) in timeline.windows(period).into_iter().enumerate() {
                let is_default = span.window == Window::Trailing3Months;
                if row.value.scope == Scope::Customer && !is_default && !all_for_customers {
                    continue;
                }
                keys.push(row, order(first_rank + offset, period, Some(span.window)), span.end);
                let w = WindowMeasures::new(&row.totals, timeline, span);
                let b = row.totals.balance(period);
                let c = row.totals.collections(timeline.intervals(span.start, span.end), period, window);
                let values = window_sums(&w, b, &c, row.totals.standing(period));
                for (column, (_, value)) in columns.iter_mut().zip(values) {
                    column.push(value);
                }
                words.push(span.window.word());
                starts.push(w.start);
                flags.push(w.is_short.then_some("short_history"));
                days.push(f64::from(w.days));
                month_end_count.push(f64::from(w.month_end_count));
                // Scale 14: ten-thousandths × rates of ten decimals.
                daily_sum.push(w.balance_days as f64 / (RATE_ONE as f64 * AMOUNT_ONE as f64));
                daily_average.push(Some(divide_half_away(w.balance_days, i128::from(RATE_ONE) * i128::from(w.days))));
            }
        }
    }
    let mut frame = keys.columns();
    frame.push(texts("time_window", words.into_iter().map(Some)));
    frame.push(dates("period_start", starts.into_iter().map(Some)));
    frame.push(texts("flags", flags.into_iter()));
    frame.push(Column::new("days".into(), days));
    frame.push(Column::new("month_end_count".into(), month_end_count));
    frame.push(Column::new("daily_sum".into(), daily_sum));
    frame.push(optional_sums("daily_average", &daily_average));
    frame.extend(names.iter().zip(columns).map(|(name, values)| sums(name, values)));
    Ok(DataFrame::new_infer_height(frame)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_without_sales_adds_its_days_and_takes_nothing() {
        assert_eq!(count_back(150, [(100, 30), (0, 31), (-20, 28), (100, 31)].into_iter()), Ok(30.0 + 31.0 + 28.0 + 0.5 * 31.0));
        assert_eq!(count_back(100, [(100, 30)].into_iter()), Ok(30.0));
        assert_eq!(count_back(-5, [(100, 30)].into_iter()), Ok(0.0));
        assert_eq!(count_back(5, std::iter::empty()), Err("history_exhausted"));
    }
}
