//! Tests of whole books, read back from the files: what is checked here shares no code with what made the rows.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::Path;

use chrono::{Datelike, NaiveDate};

use super::*;

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// A CSV file as text cells; the generator writes no quotes.
struct Sheet {
    columns: HashMap<String, usize>,
    rows: Vec<Vec<String>>,
}

impl Sheet {
    fn read(path: &Path) -> Result<Self, Box<dyn std::error::Error>> {
        let text = fs::read_to_string(path)?;
        let mut lines = text.lines().map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
        let header = lines.next().ok_or("no header")?;
        let columns: HashMap<String, usize> = header.into_iter().enumerate().map(|(place, name)| (name, place)).collect();
        let rows: Vec<Vec<String>> = lines.collect();
        assert!(rows.iter().all(|row| row.len() == columns.len()), "ragged rows in {}", path.display());
        Ok(Self { columns, rows })
    }

    fn cell<'a>(&self, row: &'a [String], column: &str) -> &'a str {
        &row[self.columns[column]]
    }

    fn date(&self, row: &[String], column: &str) -> Option<NaiveDate> {
        self.cell(row, column).parse().ok()
    }

    /// An amount in 1/10,000 of a unit.
    fn money(&self, row: &[String], column: &str) -> Option<i128> {
        decimal(self.cell(row, column), 4)
    }
}

/// A decimal text as a whole number of so many places; `None` for an empty cell.
fn decimal(text: &str, places: usize) -> Option<i128> {
    if text.is_empty() {
        return None;
    }
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    format!("{whole}{fraction:0<places$}").parse::<i128>().ok().map(|number| sign * number)
}

const DEBIT_TYPES: [&str; 6] = ["invoice", "debit_note", "receipt_reversal", "refund", "reinstatement", "increase"];

/// Company, document, item.
type Key = (String, String, String);

struct ReadItem {
    kind: String,
    customer: String,
    date: NaiveDate,
    due: Option<NaiveDate>,
    amount: i128,
    currency: String,
    recorded: String,
    reference: String,
    reason: String,
    discount_date: Option<NaiveDate>,
}

struct ReadApplication {
    credit: Key,
    debit: Key,
    applied: NaiveDate,
    visible: NaiveDate,
    amount: i128,
    credit_amount: i128,
    recorded: String,
    id: String,
    is_cross_currency: bool,
}

struct ReadBook {
    items: BTreeMap<Key, ReadItem>,
    /// In the order of the law: visible date, recorded_at, application_id.
    applications: Vec<ReadApplication>,
    ledger: PathBuf,
    end: NaiveDate,
}

impl ReadBook {
    fn read(options: &GenerateOptions) -> Result<Self, Box<dyn std::error::Error>> {
        let ledger = options.out.join("ledger");
        let sheet = Sheet::read(&ledger.join("documents.csv"))?;
        let mut items = BTreeMap::new();
        for row in &sheet.rows {
            let text = |column: &str| sheet.cell(row, column).to_owned();
            let item = ReadItem {
                kind: text("document_type"),
                customer: text("customer_id"),
                date: sheet.date(row, "document_date").ok_or("no document date")?,
                due: sheet.date(row, "due_date"),
                amount: sheet.money(row, "amount").ok_or("no amount")?,
                currency: text("currency"),
                recorded: text("recorded_at"),
                reference: text("reference"),
                reason: text("reason"),
                discount_date: sheet.date(row, "discount_date"),
            };
            let key = (text("company_id"), text("document_id"), text("item_no"));
            assert!(items.insert(key, item).is_none(), "one id twice: {row:?}");
        }
        let sheet = Sheet::read(&ledger.join("applications.csv"))?;
        let mut applications = Vec::new();
        for row in &sheet.rows {
            let text = |column: &str| sheet.cell(row, column).to_owned();
            let key = |side: &str| {
                let (document, item) = (format!("{side}_document_id"), format!("{side}_item_no"));
                (text("company_id"), text(&document), text(&item))
            };
            let (credit, debit) = (key("credit"), key("debit"));
            let dates = [&credit, &debit].map(|key| items.get(key).map(|item| item.date));
            let applied = sheet.date(row, "applied_date").ok_or("no applied date")?;
            let amount = sheet.money(row, "amount").ok_or("no amount")?;
            let other = sheet.money(row, "credit_amount");
            applications.push(ReadApplication {
                visible: applied.max(dates[0].ok_or("no credit document")?).max(dates[1].ok_or("no debit document")?),
                credit,
                debit,
                applied,
                amount,
                credit_amount: other.unwrap_or(amount),
                recorded: text("recorded_at"),
                id: text("application_id"),
                is_cross_currency: other.is_some(),
            });
        }
        applications.sort_by(|a, b| (a.visible, &a.recorded, &a.id).cmp(&(b.visible, &b.recorded, &b.id)));
        Ok(Self { items, applications, ledger, end: options.end_date })
    }

    fn sheet(&self, table: &str) -> Result<Sheet, Box<dyn std::error::Error>> {
        Sheet::read(&self.ledger.join(format!("{table}.csv")))
    }

    /// Applied per item, asserting in the given order that no item is ever over-applied.
    fn apply_all<'a>(&self, applications: impl Iterator<Item = &'a ReadApplication>) -> HashMap<&'a Key, i128> {
        let mut applied: HashMap<&Key, i128> = HashMap::new();
        for application in applications {
            for (key, amount) in [(&application.credit, application.credit_amount), (&application.debit, application.amount)] {
                let sum = applied.entry(key).or_default();
                *sum += amount;
                let item = &self.items[key];
                assert!((0..=item.amount).contains(sum), "{} takes {key:?} to {sum} of {}", application.id, item.amount);
            }
        }
        applied
    }
}

fn generated(folder: &Path, change: impl FnOnce(&mut GenerateOptions)) -> (GenerateOptions, GenerateSummary) {
    let mut options = GenerateOptions::new(folder.join("book"), 20_000, 7);
    change(&mut options);
    let summary = generate(&options, &mut |_| ()).unwrap_or_else(|error| panic!("{error}"));
    (options, summary)
}

fn files_below(folder: &Path) -> io::Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            let below = files_below(&path)?;
            files.extend(below.into_iter().map(|(name, bytes)| (format!("{}/{name}", path.display()), bytes)));
        } else {
            files.insert(path.file_name().unwrap_or_default().to_string_lossy().into_owned(), fs::read(path)?);
        }
    }
    Ok(files.into_iter().map(|(name, bytes)| (name.replace(&folder.display().to_string(), ""), bytes)).collect())
}

#[test]
fn the_same_seed_gives_the_same_bytes_with_one_thread_and_with_two() -> Outcome {
    for (format, compress) in [(OutputFormat::Csv, false), (OutputFormat::Csv, true), (OutputFormat::Parquet, false)] {
        let mut books = Vec::new();
        for (threads, seed) in [(1, 11), (2, 11), (2, 12)] {
            let folder = tempfile::tempdir()?;
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
            pool.install(|| {
                generated(folder.path(), |options| {
                    options.invoices = 9_000;
                    options.seed = seed;
                    options.format = format;
                    options.compress = compress;
                })
            });
            books.push(files_below(&folder.path().join("book"))?);
        }
        assert_eq!(books[0].len(), 14, "{:?}", books[0].keys());
        assert!(books[0] == books[1], "{format:?} differs between one thread and two");
        assert!(books[0] != books[2], "{format:?} does not depend on the seed");
    }
    Ok(())
}

#[test]
fn gzip_and_parquet_hold_the_rows_of_the_plain_file() -> Outcome {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use std::io::Read;
    let folder = tempfile::tempdir()?;
    let (plain, plain_summary) = generated(&folder.path().join("plain"), |options| options.invoices = 5_000);
    let (packed, _) = generated(&folder.path().join("packed"), |options| {
        options.invoices = 5_000;
        options.compress = true;
    });
    let (columns, columns_summary) = generated(&folder.path().join("columns"), |options| {
        options.invoices = 5_000;
        options.format = OutputFormat::Parquet;
    });
    for ((path, rows), (parquet_path, parquet_rows)) in plain_summary.files.iter().zip(&columns_summary.files) {
        if !path.starts_with(plain.out.join("ledger")) {
            continue;
        }
        let text = fs::read(path)?;
        assert_eq!(text.iter().filter(|byte| **byte == b'\n').count() as u64, rows + 1, "{}", path.display());
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        // A reader of one member must see the whole file.
        let mut unpacked = Vec::new();
        let packed_file = fs::File::open(packed.out.join("ledger").join(format!("{name}.gz")))?;
        flate2::read::GzDecoder::new(packed_file).read_to_end(&mut unpacked)?;
        assert!(unpacked == text, "{name}.gz holds something else");
        assert!(parquet_path.starts_with(columns.out.join("ledger")));
        let reader = SerializedFileReader::new(fs::File::open(parquet_path)?)?;
        assert_eq!(reader.metadata().file_metadata().num_rows() as u64, *rows);
        assert_eq!(rows, parquet_rows);
    }
    Ok(())
}

#[test]
fn no_document_is_over_applied_on_any_day_nor_in_any_prefix_of_the_postings() -> Outcome {
    let folder = tempfile::tempdir()?;
    let book = ReadBook::read(&generated(folder.path(), |_| ()).0)?;
    book.apply_all(book.applications.iter());
    let mut by_posting: Vec<&ReadApplication> = book.applications.iter().collect();
    by_posting.sort_by(|a, b| (&a.recorded, &a.id).cmp(&(&b.recorded, &b.id)));
    book.apply_all(by_posting.into_iter());
    Ok(())
}

#[test]
fn applications_join_a_credit_and_a_debit_that_exist_and_are_known() -> Outcome {
    let folder = tempfile::tempdir()?;
    let book = ReadBook::read(&generated(folder.path(), |_| ()).0)?;
    let mut ids = BTreeSet::new();
    for application in &book.applications {
        let (credit, debit) = (&book.items[&application.credit], &book.items[&application.debit]);
        assert!(!DEBIT_TYPES.contains(&credit.kind.as_str()) && DEBIT_TYPES.contains(&debit.kind.as_str()));
        assert_eq!(application.is_cross_currency, credit.currency != debit.currency, "{}", application.id);
        assert!(application.recorded >= credit.recorded && application.recorded >= debit.recorded, "{}", application.id);
        assert!(ids.insert((application.credit.0.clone(), application.id.clone())), "{} twice", application.id);
        assert!(application.amount != 0);
    }
    Ok(())
}

#[test]
fn document_ids_are_unique_in_a_company_and_references_exist() -> Outcome {
    let folder = tempfile::tempdir()?;
    let book = ReadBook::read(&generated(folder.path(), |_| ()).0)?;
    let mut kinds: HashMap<(&String, &String), &String> = HashMap::new();
    for ((company, document, _), item) in &book.items {
        let kind = kinds.entry((company, document)).or_insert(&item.kind);
        assert_eq!(*kind, &item.kind, "{document} is of two types");
    }
    let customers = book.sheet("customers")?;
    let known: BTreeSet<(&str, &str)> =
        customers.rows.iter().map(|row| (customers.cell(row, "company_id"), customers.cell(row, "customer_id"))).collect();
    for ((company, document, _), item) in &book.items {
        assert!(known.contains(&(company.as_str(), item.customer.as_str())), "{document}: no customer {}", item.customer);
        assert!(item.reference.is_empty() || kinds.contains_key(&(company, &item.reference)), "{document}: {}", item.reference);
    }
    for row in &customers.rows {
        let parent = customers.cell(row, "parent_id");
        assert!(parent.is_empty() || known.contains(&(customers.cell(row, "company_id"), parent)));
    }
    for table in ["disputes", "promises", "contacts"] {
        let sheet = book.sheet(table)?;
        for row in &sheet.rows {
            let (company, document) = (sheet.cell(row, "company_id").to_owned(), sheet.cell(row, "document_id").to_owned());
            assert!(document.is_empty() || kinds.contains_key(&(&company, &document)), "{table}: {document}");
        }
    }
    Ok(())
}

#[test]
fn amounts_are_within_the_minor_unit_and_nothing_lies_after_the_end() -> Outcome {
    let folder = tempfile::tempdir()?;
    let book = ReadBook::read(&generated(folder.path(), |_| ()).0)?;
    let finest = |currency: &str| match currency {
        "JPY" => 10_000,
        "KWD" => 10,
        _ => 100,
    };
    let end_text = format!("{}T23:59:59", book.end);
    for (key, item) in &book.items {
        assert!(item.amount >= 0 && item.amount % finest(&item.currency) == 0, "{key:?}");
        assert!(item.date <= book.end && item.recorded <= end_text, "{key:?}");
        assert!(item.recorded.as_str() >= item.date.to_string().as_str(), "{key:?}");
    }
    for application in &book.applications {
        let (credit, debit) = (&book.items[&application.credit], &book.items[&application.debit]);
        assert_eq!(application.amount % finest(&debit.currency), 0);
        assert_eq!(application.credit_amount % finest(&credit.currency), 0);
        assert!(application.visible <= book.end && application.recorded <= end_text, "{}", application.id);
    }
    for (table, column) in [
        ("disputes", "opened_date"),
        ("disputes", "closed_date"),
        ("promises", "made_date"),
        ("contacts", "contact_date"),
        ("customer_events", "event_date"),
        ("customers", "opened_date"),
        ("fx_rates", "rate_date"),
        ("gl_balances", "balance_date"),
    ] {
        let sheet = book.sheet(table)?;
        for row in &sheet.rows {
            assert!(sheet.date(row, column).is_none_or(|date| date <= book.end), "{table}: {row:?}");
            assert!(sheet.cell(row, "recorded_at") <= end_text.as_str(), "{table}: {row:?}");
        }
    }
    Ok(())
}

/// Every rate by currency and day, in units of 10^-10.
fn read_rates(book: &ReadBook) -> Result<HashMap<String, BTreeMap<NaiveDate, i128>>, Box<dyn std::error::Error>> {
    let sheet = book.sheet("fx_rates")?;
    let mut rates: HashMap<String, BTreeMap<NaiveDate, i128>> = HashMap::new();
    for row in &sheet.rows {
        let rate = decimal(sheet.cell(row, "rate"), 10).ok_or("no rate")?;
        let date = sheet.date(row, "rate_date").ok_or("no date")?;
        rates.entry(sheet.cell(row, "currency").to_owned()).or_default().insert(date, rate);
    }
    Ok(rates)
}

/// Base cents of an amount in 1/10,000, at the last rate on or before the day.
fn base_cents(amount: i128, currency: &str, day: NaiveDate, rates: &HashMap<String, BTreeMap<NaiveDate, i128>>) -> i128 {
    let rate = match currency {
        "USD" => 10_000_000_000,
        _ => rates[currency].range(..=day).next_back().map_or(0, |(_, rate)| *rate),
    };
    assert!(rate > 0, "no rate for {currency} on {day}");
    let exact = amount * rate;
    let divisor = 1_000_000_000_000;
    let half = if exact < 0 { -divisor / 2 } else { divisor / 2 };
    (exact + half) / divisor
}

#[test]
fn the_general_ledger_ties_to_the_open_items_at_every_month_end() -> Outcome {
    let folder = tempfile::tempdir()?;
    let book = ReadBook::read(&generated(folder.path(), |options| options.invoices = 6_000).0)?;
    let rates = read_rates(&book)?;
    let balances = book.sheet("gl_balances")?;
    assert_eq!(balances.rows.len(), 3 * 42);
    for row in &balances.rows {
        let (company, day) = (balances.cell(row, "company_id"), balances.date(row, "balance_date").ok_or("no date")?);
        let visible = book.applications.iter().filter(|application| application.visible <= day);
        let applied = book.apply_all(visible);
        let mut total = 0;
        for (key, item) in book.items.iter().filter(|(key, item)| key.0 == company && item.date <= day) {
            let open = item.amount - applied.get(key).copied().unwrap_or(0);
            let value = base_cents(open, &item.currency, item.date, &rates);
            total += if DEBIT_TYPES.contains(&item.kind.as_str()) { value } else { -value };
        }
        assert_eq!(balances.money(row, "amount"), Some(total * 100), "{company} {day}");
    }
    Ok(())
}

#[test]
fn every_trap_of_a_real_ledger_occurs_in_a_mixed_book() -> Outcome {
    let folder = tempfile::tempdir()?;
    let (options, _) = generated(folder.path(), |_| ());
    let book = ReadBook::read(&options)?;
    let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
    let mut count = |trap, holds: bool| *seen.entry(trap).or_default() += u32::from(holds);
    let applied = book.apply_all(book.applications.iter());
    for (key, item) in &book.items {
        let kind = item.kind.as_str();
        let open = item.amount - applied.get(key).copied().unwrap_or(0);
        for expected in ["debit_note", "receipt_reversal", "refund", "reinstatement", "increase", "write_off", "discount", "decrease"] {
            count(expected, kind == expected);
        }
        for currency in ["USD", "EUR", "JPY", "KWD"] {
            count(currency, item.currency == currency);
        }
        count("zero invoice", kind == "invoice" && item.amount == 0);
        count("no due date", kind == "invoice" && item.due.is_none());
        count("instalment", key.2 == "3");
        count("unapplied receipt", kind == "receipt" && open > 0);
        count("partly paid invoice", kind == "invoice" && open > 0 && open < item.amount);
        count("linked credit note", kind == "credit_note" && !item.reference.is_empty());
        count("unlinked credit note", kind == "credit_note" && item.reference.is_empty());
        count("rebilled invoice", kind == "invoice" && !item.reference.is_empty() && item.reason == "rebilled");
        count("back-dated document", item.recorded[..10] > *item.date.to_string());
        if kind == "credit_note" && !item.reference.is_empty() {
            let invoice = book.items.get(&(key.0.clone(), item.reference.clone(), "1".to_owned()));
            count("credit note larger than its invoice", invoice.is_some_and(|invoice| invoice.amount < item.amount));
        }
    }
    let mut invoices_per_receipt: HashMap<&Key, u32> = HashMap::new();
    for application in &book.applications {
        let (credit, debit) = (&book.items[&application.credit], &book.items[&application.debit]);
        let is_cash = credit.kind == "receipt" && debit.kind == "invoice";
        *invoices_per_receipt.entry(&application.credit).or_default() += u32::from(is_cash && application.amount > 0);
        count("un-application", application.amount < 0);
        count("parent pays", is_cash && credit.customer != debit.customer);
        count("payment in another currency", is_cash && application.is_cross_currency);
        count("receipt before its invoice", is_cash && credit.date < debit.date);
        count("applied before the invoice", application.applied < debit.date);
        count("cash applied later", is_cash && application.visible > credit.date && credit.date >= debit.date);
        count("back-dated application", application.recorded[..10] > *application.visible.to_string());
        if let (true, Some(last)) = (credit.kind == "discount", debit.discount_date) {
            count("discount in time", credit.date <= last);
            count("discount leaked", credit.date > last);
        }
    }
    count("one receipt over several invoices", invoices_per_receipt.values().any(|invoices| *invoices > 1));
    count_small_tables(&book, &mut count)?;
    let missing: Vec<_> = seen.iter().filter(|(_, times)| **times == 0).collect();
    assert!(missing.is_empty(), "never seen: {missing:?}");
    Ok(())
}

/// Disputes, promises, events and versions.
fn count_small_tables(book: &ReadBook, count: &mut impl FnMut(&'static str, bool)) -> Outcome {
    let disputes = book.sheet("disputes")?;
    for row in &disputes.rows {
        count("dispute without amount", disputes.cell(row, "amount").is_empty());
        count("dispute closed", !disputes.cell(row, "closed_date").is_empty());
    }
    let promises = book.sheet("promises")?;
    for row in &promises.rows {
        let document = promises.cell(row, "document_id");
        let made = promises.date(row, "made_date").ok_or("no date")?;
        let promised = promises.date(row, "promised_date").ok_or("no date")?;
        let cash: i128 = book
            .applications
            .iter()
            .filter(|application| application.debit.1 == document && book.items[&application.credit].kind == "receipt")
            .filter(|application| (made..=promised).contains(&book.items[&application.credit].date))
            .map(|application| application.amount)
            .sum();
        let is_due = !document.is_empty() && promised < book.end;
        count("promise kept", is_due && Some(cash) >= promises.money(row, "amount"));
        count("promise broken", is_due && cash == 0);
    }
    let events = book.sheet("customer_events")?;
    for row in &events.rows {
        count("insolvency", events.cell(row, "kind") == "insolvency");
        count("agency", events.cell(row, "kind") == "agency");
    }
    let orders = book.sheet("orders")?;
    for row in &orders.rows {
        count("order ahead", orders.date(row, "expected_invoice_date").is_some_and(|date| date > book.end));
        count("order invoiced", orders.cell(row, "is_deleted") == "true");
    }
    let customers = book.sheet("customers")?;
    let distinct: BTreeSet<&str> = customers.rows.iter().map(|row| customers.cell(row, "customer_id")).collect();
    count("customer with a later version", distinct.len() < customers.rows.len());
    for row in &customers.rows {
        count("intercompany", customers.cell(row, "is_intercompany") == "true");
        count("child", !customers.cell(row, "parent_id").is_empty());
    }
    Ok(())
}

#[test]
fn defaults_are_many_few_or_none_as_the_profile_says() -> Outcome {
    for (profile, expected) in [(Profile::DefaultsMany, 301..=900), (Profile::DefaultsFew, 31..=99), (Profile::DefaultsNone, 0..=0)] {
        let folder = tempfile::tempdir()?;
        let (options, summary) = generated(folder.path(), |options| {
            options.invoices = 150_000;
            options.customers = Some(2_500);
            options.profile = profile;
        });
        assert!(expected.contains(&summary.defaulted_customers), "{profile}: {}", summary.defaulted_customers);
        let truth = Sheet::read(&options.out.join("truth/customers.csv"))?;
        let defaulted = truth.rows.iter().filter(|row| !truth.cell(row, "default_date").is_empty()).count();
        assert_eq!(defaulted as u64, summary.defaulted_customers);
    }
    Ok(())
}

#[test]
fn where_nobody_defaults_no_undisputed_invoice_is_open_90_days_past_due() -> Outcome {
    let folder = tempfile::tempdir()?;
    let book = ReadBook::read(&generated(folder.path(), |options| options.profile = Profile::DefaultsNone).0)?;
    let rates = read_rates(&book)?;
    let sheet = book.sheet("disputes")?;
    let disputed: BTreeSet<&str> = sheet.rows.iter().map(|row| sheet.cell(row, "document_id")).collect();
    let mut late: BTreeMap<&Key, i128> = BTreeMap::new();
    for (key, item) in &book.items {
        let day = item.due.map(|due| due + chrono::Days::new(90));
        let is_debit = DEBIT_TYPES.contains(&item.kind.as_str());
        if day.is_some_and(|day| day <= book.end) && is_debit && !disputed.contains(key.1.as_str()) {
            late.insert(key, item.amount);
        }
        assert_ne!(item.kind, "write_off");
    }
    for application in &book.applications {
        let due = book.items[&application.debit].due;
        if due.is_some_and(|due| application.visible <= due + chrono::Days::new(90))
            && let Some(open) = late.get_mut(&application.debit)
        {
            *open -= application.amount;
        }
    }
    for (key, open) in late {
        let item = &book.items[key];
        assert!(base_cents(open, &item.currency, item.date, &rates) < 10_000, "{key:?} is open");
    }
    assert!(book.sheet("customer_events")?.rows.is_empty());
    Ok(())
}

#[test]
fn customers_in_trouble_default_more_often_than_healthy_ones() -> Outcome {
    let folder = tempfile::tempdir()?;
    let (options, _) = generated(folder.path(), |options| {
        options.invoices = 60_000;
        options.customers = Some(1_500);
        options.profile = Profile::DefaultsMany;
    });
    let customers = Sheet::read(&options.out.join("truth/customers.csv"))?;
    let [mut in_trouble, mut healthy] = [(0.0, 0.0); 2];
    for row in &customers.rows {
        let is_default = f64::from(u8::from(!customers.cell(row, "default_date").is_empty()));
        let group = if customers.cell(row, "trouble_first_date").is_empty() { &mut healthy } else { &mut in_trouble };
        group.0 += is_default;
        group.1 += 1.0;
    }
    assert!(in_trouble.0 / in_trouble.1 > 5.0 * (healthy.0 / healthy.1), "{in_trouble:?} {healthy:?}");
    let paths = Sheet::read(&options.out.join("truth/default_probability.csv"))?;
    for row in &paths.rows {
        let probability = decimal(paths.cell(row, "default_probability_180"), 10).ok_or("no probability")?;
        let is_healthy = paths.cell(row, "state") == "healthy";
        assert!((0..=10_000_000_000).contains(&probability));
        assert!(!is_healthy || probability < 3_000_000_000, "{row:?}");
    }
    Ok(())
}

#[test]
fn with_payment_runs_most_cash_comes_on_the_run_days_in_truth() -> Outcome {
    let folder = tempfile::tempdir()?;
    let (options, _) = generated(folder.path(), |options| options.profile = Profile::PaymentRuns);
    let book = ReadBook::read(&options)?;
    let runs = Sheet::read(&options.out.join("truth/run_days.csv"))?;
    let weekly: HashMap<&str, &str> = runs.rows.iter().map(|row| (runs.cell(row, "customer_id"), runs.cell(row, "run_rule"))).collect();
    let with_run = weekly.values().filter(|rule| **rule != "any_business_day").count();
    assert!(with_run * 10 > weekly.len() * 8, "{with_run} of {} customers have a run", weekly.len());
    let weekdays = ["monday", "tuesday", "wednesday", "thursday", "friday"];
    let (mut kept, mut all, mut weekend) = (0, 0, 0);
    for item in book.items.values().filter(|item| item.kind == "receipt") {
        let weekday = item.date.weekday().num_days_from_monday() as usize;
        weekend += u32::from(weekday > 4);
        let rule = weekly[item.customer.as_str()];
        if weekdays.contains(&rule) {
            all += 1;
            kept += u32::from(weekdays.get(weekday) == Some(&rule));
        }
    }
    assert_eq!(weekend, 0);
    assert!(all > 1_000 && kept * 100 > all * 80, "{kept} of {all} receipts on the weekday of the run");
    Ok(())
}

#[test]
fn the_flat_shape_says_what_was_paid_and_maps_its_columns() -> Outcome {
    let folder = tempfile::tempdir()?;
    let (options, summary) = generated(folder.path(), |options| options.shape = OutputShape::FlatInvoices);
    let flat = Sheet::read(&options.out.join("invoices.csv"))?;
    assert!(flat.rows.len() as u64 > summary.invoices * 98 / 100);
    let mut states = [0; 3];
    for row in &flat.rows {
        let (amount, paid) = (flat.money(row, "Amount"), flat.money(row, "Paid Amount"));
        assert_eq!(paid.is_some(), flat.date(row, "Paid Date").is_some());
        assert!(paid.is_none_or(|paid| paid > 0 && Some(paid) <= amount), "{row:?}");
        states[if paid.is_none() {
            0
        } else if paid < amount {
            1
        } else {
            2
        }] += 1;
    }
    assert!(states.iter().all(|count| *count > 20), "open, partly paid, paid: {states:?}");
    let text = fs::read_to_string(options.out.join("arrears.toml"))?;
    for part in ["shape = \"flat_invoices\"", "document_id = \"Invoice No\"", "paid_amount = \"Paid Amount\"", "table = \"fx_rates\""] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    Ok(())
}

#[test]
fn a_folder_that_holds_something_is_refused_and_left_alone() -> Outcome {
    let folder = tempfile::tempdir()?;
    fs::write(folder.path().join("precious.txt"), "keep me")?;
    let options = GenerateOptions::new(folder.path(), 100, 1);
    let error = generate(&options, &mut |_| ()).err().ok_or("was not refused")?;
    assert_eq!(error.to_string(), format!("output folder is not empty: {}", folder.path().display()));
    assert_eq!(fs::read_dir(folder.path())?.count(), 1);
    Ok(())
}

#[test]
fn options_out_of_range_are_refused_before_anything_is_written() -> Outcome {
    let folder = tempfile::tempdir()?;
    let refused = |change: fn(&mut GenerateOptions)| {
        let mut options = GenerateOptions::new(folder.path().join("book"), 100, 1);
        change(&mut options);
        matches!(generate(&options, &mut |_| ()), Err(GenerateError::InvalidOption { .. }))
    };
    assert!(refused(|options| options.end_date = options.start_date));
    assert!(refused(|options| options.companies = 0));
    assert!(refused(|options| options.companies = 21));
    assert!(refused(|options| options.customers = Some(0)));
    assert!(refused(|options| options.invoices = u64::MAX));
    assert!(!folder.path().join("book").exists());
    Ok(())
}

#[test]
fn the_smallest_books_are_books_too() -> Outcome {
    for invoices in [0, 1, 30] {
        let folder = tempfile::tempdir()?;
        let mut done = 0;
        let options = GenerateOptions { companies: 5, ..GenerateOptions::new(folder.path().join("book"), invoices, 3) };
        generate(&options, &mut |invoices| done = invoices)?;
        assert_eq!(done, invoices);
        let book = ReadBook::read(&options)?;
        assert!(book.items.values().filter(|item| item.kind == "invoice").count() as u64 >= invoices);
    }
    Ok(())
}
