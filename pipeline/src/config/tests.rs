//! What a configuration may say, and how it is told that it said something else.

use super::*;

fn load(text: &str, overrides: &Overrides, environment: &[(&str, &str)]) -> Result<Config> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("arrears.toml");
    std::fs::write(&path, text).expect("the configuration is written");
    Config::load_with(&path, overrides, &|name| environment.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
}

const LEAST: &str = "base_currency = \"EUR\"\n[[source]]\npath = \"ledger/\"\nshape = \"canonical\"\n";

#[test]
fn flags_come_before_variables_before_the_file_before_the_defaults() {
    let text = format!("history_months = 12\noutput = \"there\"\n{LEAST}");
    let config = load(&text, &Overrides::default(), &[]).expect("loads");
    assert_eq!((*config.history_months, &config.history_months.origin), (12, &Origin::File(1)));
    assert!(config.output.ends_with("there") && config.output.is_absolute());
    assert_eq!((*config.include_intercompany, &config.include_intercompany.origin), (false, &Origin::Default));
    let config = load(&text, &Overrides::default(), &[("ARREARS_HISTORY_MONTHS", "24")]).expect("loads");
    assert_eq!((*config.history_months, &config.history_months.origin), (24, &Origin::Environment("ARREARS_HISTORY_MONTHS")));
    let flags = Overrides { history_months: Some(36), ..Overrides::default() };
    let config = load(&text, &flags, &[("ARREARS_HISTORY_MONTHS", "24")]).expect("loads");
    assert_eq!((*config.history_months, &config.history_months.origin), (36, &Origin::Flag("--history-months")));
    assert!(config.show().contains("history_months = 36"));
    assert!(config.show().contains("# --history-months"));
}

#[test]
fn what_is_wrong_is_named_with_its_line_and_the_valid_choices() {
    let table = [
        ("bas_currency = \"EUR\"\n", "bas_currency", ":1", "base_currency"),
        ("base_currency = \"Euro\"\n[[source]]\npath=\"a\"\nshape=\"canonical\"\n", "Euro", ":1", "EUR"),
        ("base_currency = \"EUR\"\n", "no source", "arrears.toml", "[[source]]"),
        ("base_currency = \"EUR\"\n[[source]]\npath=\"a\"\nshape=\"wide\"\n", "wide", ":4", "flat_invoices"),
        ("base_currency = \"EUR\"\n[[source]]\npath=\"a\"\nshape=\"canonical\"\ncolums={}\n", "colums", ":5", "columns"),
        ("base_currency = \"EUR\"\n[[source]]\npath=\"a\"\nshape=\"canonical\"\ntable=\"invoices\"\n", "invoices", ":5", "documents"),
        ("base_currency = \"EUR\"\n[[source]]\npath=\"a\"\nshape=\"canonical\"\ncolumns={amout=\"x\"}\n", "amout", ":5", "amount"),
        ("base_currency = \"EUR\"\n[[source]]\npath=\"a\"\nshape=\"canonical\"\ndate_format=\"%d.%m\"\n", "a year", ":5", "%d.%m.%Y"),
        ("base_currency = \"EUR\"\n[[source]]\npath=\"a\"\nshape=\"canonical\"\ndecimal=\"ab\"\n", "decimal", ":5", "one ASCII"),
        (
            "base_currency = \"EUR\"\n[[source]]\npath=\"a\"\nshape=\"canonical\"\ndecimal=\",\"\nthousands=\",\"\n",
            "same character",
            ":6",
            "decimal",
        ),
        ("base_currency = \"EUR\"\n[[source]]\npath=\"a\"\nshape=\"canonical\"\nencoding=\"klingon\"\n", "klingon", ":5", "utf-16"),
        (
            "base_currency = \"EUR\"\n[[source]]\npath=\"a\"\nshape=\"canonical\"\n[[source]]\npath=\"a\"\nshape=\"canonical\"\n",
            "same name",
            ":5",
            "line 2",
        ),
        ("base_currency = \"EUR\"\nhistory_months = -1\n", "history_months", ":2", ""),
        (
            "base_currency = \"EUR\"\n[quality]\nmax_quarantined_rows_share = 2.0\n[[source]]\npath=\"a\"\nshape=\"canonical\"\n",
            "2",
            ":3",
            "per cent",
        ),
        ("base_currency = EUR\n", "cannot be read", ":1", "TOML"),
    ];
    for (text, what, place, hint) in table {
        let error = load(text, &Overrides::default(), &[]).expect_err(text);
        let shown = error.to_string();
        assert_eq!(error.status(), crate::ExitStatus::Usage, "{shown}");
        if what != "history_months" {
            assert!(shown.contains(what), "{what} in: {shown}");
        }
        assert!(shown.contains(place), "{place} in: {shown}");
        assert!(shown.contains(hint), "{hint} in: {shown}");
    }
}

#[test]
fn what_metrics_are_measured_with_is_checked_like_the_rest() {
    let table = [
        ("[metrics]\nlate_interest_rate = 11.0\n", "late_interest_rate", ":6", "8 % a year"),
        ("[metrics]\nhistory_start_date = \"1.2.2024\"\n", "1.2.2024", ":6", "2024-01-31"),
        ("[metrics]\nscope_pairs = [[\"segment\", \"segment\"]]\n", "pair of scopes", ":6", "country"),
        ("[metrics]\nscope_pairs = [[\"segment\", \"customer\"]]\n", "customer", ":6", "country"),
        ("[metrics]\ngrace_days = 3\n", "grace_days", ":6", "on_time_grace_days"),
        ("[[alert]]\nname = \"a\"\nmetric = \"dsoo\"\nrule = \"above\"\nthreshold = 1\n", "dsoo", ":7", "days_beyond_terms"),
        ("[[alert]]\nname = \"a\"\nmetric = \"dso\"\nrule = \"rises\"\nthreshold = 1\n", "rises", ":8", "rises_by"),
        (
            "[[alert]]\nname = \"a\"\nmetric = \"dso\"\nconvention = \"x\"\nrule = \"above\"\nthreshold = 1\n",
            "no convention: x",
            ":7",
            "count_back",
        ),
        ("[[alert]]\nname = \"a\"\nmetric = \"dso\"\nscope = \"world\"\nrule = \"above\"\nthreshold = 1\n", "world", ":8", "payment_terms"),
    ];
    for (text, what, place, hint) in table {
        let error = load(&format!("{LEAST}{text}"), &Overrides::default(), &[]).expect_err(text);
        let shown = format!("{error}");
        assert_eq!(error.status(), crate::ExitStatus::Usage, "{shown}");
        for expected in [what, place, hint] {
            assert!(shown.contains(expected), "{expected} in: {shown}");
        }
    }
}

#[test]
fn settings_of_metrics_are_read_exactly_shown_and_part_of_the_fingerprint() {
    let text = "[metrics]\non_time_grace_days = 3\nlate_interest_rate = 0.1125\nhistory_start_date = \"2025-01-15\"\nscope_pairs = [[\"country\", \"currency\"]]\n";
    let config = load(&format!("{LEAST}{text}"), &Overrides::default(), &[]).expect("loads");
    assert_eq!((*config.metrics.on_time_grace_days, *config.metrics.late_interest_rate), (3, 1_125_000_000));
    assert_eq!(config.metrics.history_start(), Some(20_103), "2025-01-15 is day 20,103");
    assert_eq!(config.metrics.scope_pairs.iter().map(|pair| pair.word()).collect::<Vec<_>>(), ["country,currency"]);
    assert!(config.show().contains("metrics.late_interest_rate = 0.1125"));
    let plain = load(LEAST, &Overrides::default(), &[]).expect("loads");
    assert_ne!(config.fingerprint(), plain.fingerprint());
    assert_eq!(plain.metrics.alerts.iter().map(|alert| alert.name.as_str()).collect::<Vec<_>>(), ["dso_rises", "overdue_share_rises"]);
}

#[test]
fn the_fingerprint_follows_what_affects_numbers_and_nothing_else() {
    let same = load(LEAST, &Overrides::default(), &[]).expect("loads").fingerprint();
    let commented = format!("# a comment\noutput = \"elsewhere\"\n{LEAST}");
    assert_eq!(load(&commented, &Overrides::default(), &[]).expect("loads").fingerprint(), same);
    let other = format!("{LEAST}decimal = \",\"\n");
    assert_ne!(load(&other, &Overrides::default(), &[]).expect("loads").fingerprint(), same);
}

#[test]
fn a_calendar_is_refused_with_its_line_and_what_may_have_been_meant() {
    let table = [
        ("[calendar]\ncountry = \"UK\"\n", "\"UK\"", ":6", "perhaps GB (United Kingdom); known are: weekends, all_days, AE"),
        ("[calendar]\ncountry = \"de\"\n", "\"de\"", ":6", "perhaps DE (Germany)"),
        ("[calendar]\ncountry = \"Atlantis\"\n", "\"Atlantis\"", ":6", "hint: known are: weekends"),
        ("[calendar]\ncountries = \"DE\"\n", "countries", ":6", "country, companies, holiday"),
        ("[calendar]\n[calendar.companies]\n\"a b\" = \"Germny\"\n", "calendar.companies.\"a b\"", ":7", "DE (Germany)"),
        ("[[calendar.holiday]]\ncountry = \"weekends\"\ndate = 2026-12-24\n", "weekends", ":6", "known are: AE"),
        ("[[calendar.holiday]]\ncountry = \"DE\"\n", "no date", ":5", "date = 2026-12-24"),
        ("[[calendar.holiday]]\ndate = 2026-12-24\nday = 1\n", "day", ":7", "is_business"),
        ("[[calendar.holiday]]\ndate = \"24.12.2026\"\n", "24.12.2026", ":6", "2026-12-24"),
        ("[[calendar.holiday]]\ndate = 2026-12-24T10:00:00\n", "T10:00", ":6", "2026-12-24"),
        ("[[calendar.holiday]]\ndate = 2200-01-01\n", "2200-01-01", ":6", "2026-12-24"),
        ("[[calendar.holiday]]\ndate = 2026-12-24\n[[calendar.holiday]]\ndate = 2026-12-24\n", "the same day: 2026-12-24", ":7", "line 5"),
    ];
    for (text, what, place, hint) in table {
        let error = load(&format!("{LEAST}{text}"), &Overrides::default(), &[]).expect_err(text);
        let shown = error.to_string();
        assert_eq!(error.status(), crate::ExitStatus::Usage, "{shown}");
        for expected in [what, &format!("arrears.toml{place}"), hint] {
            assert!(shown.contains(expected), "{expected} in: {shown}");
        }
    }
}

const CALENDAR: &str = r#"
[calendar]
country = "DE"
[calendar.companies]
"de 2" = "all_days"
fr = "FR"
ch = "weekends"
[[calendar.holiday]]
date = 2026-12-24
name = "closed"
[[calendar.holiday]]
country = "FR"
date = "2026-12-24"
is_business = true
[[calendar.holiday]]
country = "DE"
date = 2026-05-15
[[calendar.holiday]]
country = "DE"
date = 2026-11-02
[[calendar.holiday]]
date = 2026-11-02
is_business = true
"#;

#[test]
fn each_company_has_the_calendar_of_its_country_and_the_holidays_said_of_it() {
    use crate::ledger::business_days::{Basis, BusinessCalendar};
    let config = load(&format!("{LEAST}{CALENDAR}"), &Overrides::default(), &[]).expect("loads");
    let is_business = |company: &str, date: &str| {
        let calendar = BusinessCalendar::new(&config.calendar.rules(company));
        calendar.is_business(crate::ledger::calendar::day_of(date.parse().expect("a date of the table")))
    };
    let table = [
        // Closed in Germany, though it is open everywhere.
        ("any", "2026-11-02", false),
        ("ch", "2026-11-02", true),
        // Closed everywhere, but for France; the day after Ascension in Germany only; the 14th of July in France only.
        ("", "2026-12-24", false),
        ("fr", "2026-12-24", true),
        ("ch", "2026-12-24", false),
        ("de 2", "2026-12-24", true),
        ("any", "2026-05-15", false),
        ("fr", "2026-05-15", true),
        ("any", "2026-07-14", true),
        ("fr", "2026-07-14", false),
        ("ch", "2026-07-14", true),
        ("ch", "2026-07-12", false),
        ("de 2", "2026-07-12", true),
    ];
    for (company, date, expected) in table {
        assert_eq!(is_business(company, date), expected, "{company} {date}");
    }
    let plain = load(LEAST, &Overrides::default(), &[]).expect("loads");
    assert_eq!(plain.calendar.rules("any"), Basis::Weekends.into());
    assert_eq!((*plain.calendar.country, &plain.calendar.country.origin), (Basis::Weekends, &Origin::Default));
}

#[test]
fn a_calendar_is_shown_with_its_lines_and_reads_again_as_what_it_was() {
    let config = load(&format!("{LEAST}{CALENDAR}"), &Overrides::default(), &[]).expect("loads");
    let shown = config.show();
    for (setting, line) in [
        ("calendar.country = \"DE\"", 7),
        ("calendar.companies.\"de 2\" = \"all_days\"", 9),
        ("calendar.companies.fr = \"FR\"", 10),
        ("[[calendar.holiday]]", 12),
    ] {
        let place = format!("{}:{line}", config.path.display());
        assert!(shown.lines().any(|shown| shown.starts_with(setting) && shown.ends_with(&place)), "{setting} {line} in: {shown}");
    }
    assert!(shown.contains("date = 2026-12-24\nname = \"closed\"\n") && shown.contains("is_business = true\n"), "{shown}");
    let again = load(&shown, &Overrides::default(), &[]).expect(&shown);
    for company in ["", "de 2", "fr", "ch"] {
        assert_eq!(again.calendar.rules(company), config.calendar.rules(company), "{company}");
    }
    assert_eq!(again.fingerprint(), config.fingerprint());
    assert!(load(LEAST, &Overrides::default(), &[]).expect("loads").show().contains("calendar.country = \"weekends\""));
}

#[test]
fn a_calendar_changes_the_fingerprint_when_it_changes_a_day() {
    let fingerprint = |text: &str| load(&format!("{LEAST}{text}"), &Overrides::default(), &[]).expect("loads").fingerprint();
    let holiday =
        |country: &str, date: &str, further: &str| format!("[[calendar.holiday]]\ncountry = \"{country}\"\ndate = {date}\n{further}");
    assert_eq!(fingerprint(""), fingerprint("[calendar]\ncountry = \"weekends\"\n"));
    let distinct = [
        String::new(),
        "[calendar]\ncountry = \"DE\"\n".to_owned(),
        "[calendar.companies]\nDE = \"DE\"\n".to_owned(),
        holiday("DE", "2026-12-24", ""),
        holiday("DE", "2026-12-24", "is_business = true\n"),
        holiday("AT", "2026-12-24", ""),
    ];
    let seen: std::collections::BTreeSet<String> = distinct.iter().map(|text| fingerprint(text)).collect();
    assert_eq!(seen.len(), distinct.len());
    let (one, other) = (holiday("DE", "2026-12-24", "name = \"eve\"\n"), holiday("DE", "2026-12-31", ""));
    assert_eq!(fingerprint(&format!("{one}{other}")), fingerprint(&format!("{other}{}", holiday("DE", "2026-12-24", ""))));
}

#[test]
fn what_provisions_are_computed_with_is_checked_like_the_rest() {
    let pool = "[[expected_credit_loss.pool]]\n";
    let specific = "[[expected_credit_loss.specific]]\ncustomer = \"A\"\n";
    let table = [
        ("[expected_credit_loss]\ndefault_after_days = 90\n".to_owned(), "between 120 and 3650: 90", ":6", ""),
        ("[expected_credit_loss]\nhistory_months = 0\n".to_owned(), "history_months", ":6", ""),
        ("[expected_credit_loss]\nloss_definition = \"gone\"\n".to_owned(), "gone", ":6", "written_off_or_over_days"),
        ("[expected_credit_loss]\noverlay = 1.1\n".to_owned(), "no reason: 1.1", ":6", "overlay_reason"),
        ("[expected_credit_loss]\noverlay = -1.0\noverlay_reason = \"hope\"\n".to_owned(), "-1", ":6", "a tenth"),
        (format!("{pool}name = \"(all)\"\nsegment = [\"a\"]\n"), "(all)", ":6", "parentheses"),
        (format!("{pool}name = \"a\"\n"), "whom it takes: a", ":6", "segment, region, country or industry"),
        (format!("{pool}name = \"a\"\nsegment = [\"a\"]\noverlay = 2\n"), "no reason: 2", ":8", "add reason"),
        (format!("{pool}name = \"a\"\nsegment = [\"a\"]\n{pool}name = \"a\"\nsegment = [\"b\"]\n"), "same name: a", ":8", "line 5"),
        (format!("{specific}share = 50\nreason = \"x\"\n"), "between 0 and 1: 50", ":7", "half"),
        (format!("{specific}share = 0.5\nreason = \" \"\n"), "no reason: A", ":8", "published"),
        (format!("{specific}share = 0.5\nreason = \"x\"\nsince = \"May\"\n"), "May", ":9", "2026-12-24"),
    ];
    for (more, what, place, hint) in table {
        let error = load(&format!("{LEAST}{more}"), &Overrides::default(), &[]).expect_err(&more);
        let shown = error.to_string();
        assert_eq!(error.status(), crate::ExitStatus::Usage, "{shown}");
        for part in [what, place, hint] {
            assert!(shown.contains(part), "{part} in: {shown}");
        }
    }
}

#[test]
fn pools_and_reserves_are_shown_as_they_are_read_and_change_the_fingerprint() {
    let more = "[expected_credit_loss]\noverlay = 1.05\noverlay_reason = \"rates rise\"\n[[expected_credit_loss.pool]]\nname = \"public\"\n\
        segment = [\"public\"]\ncountry = [\"DE\", \"AT\"]\noverlay = 0.9\nreason = \"the state pays\"\n[[expected_credit_loss.specific]]\n\
        customer = \"main/A\"\nshare = 0.5\nreason = \"insolvent\"\nsince = 2025-03-01\n";
    let config = load(&format!("{LEAST}{more}"), &Overrides::default(), &[]).expect("loads");
    let shown = config.show();
    for part in ["overlay = 1.05", "country = [\"DE\", \"AT\"]", "overlay = 0.9", "since = 2025-03-01", "default_after_days = 365"] {
        assert!(shown.contains(part), "{part} in: {shown}");
    }
    let without = load(LEAST, &Overrides::default(), &[]).expect("loads");
    assert_ne!(config.fingerprint(), without.fingerprint());
    // What is shown says the same again. The overlay of the section stands among single values, whose origin the text adds.
    let again = load(
        &shown.replace(&format!("output = {}", quoted(&config.output.display().to_string())), "output = \"out\""),
        &Overrides::default(),
        &[],
    );
    assert_eq!(again.map(|again| again.fingerprint()).ok(), Some(config.fingerprint()));
    // With aging that reaches further than a year, outcomes are judged later too.
    let longer = load(&format!("aging_edges = [30, 400]\n{LEAST}"), &Overrides::default(), &[]).expect("loads");
    assert_eq!(*longer.expected_credit_loss.default_after_days, 400);
}

#[test]
fn the_readme_shows_the_defaults_of_credit_reviews() {
    let readme = include_str!("../../../README.md");
    let block = readme.split("```toml\n").find(|block| block.starts_with("[credit_review]")).expect("the README shows them");
    let shown = block.split("```").next().expect("the block ends").replacen("[credit_review]", "", 1);
    let source = LEAST.strip_prefix("base_currency = \"EUR\"\n").expect("the first line");
    let text = format!("base_currency = \"EUR\"\n[credit_review]{shown}{source}");
    let values = |text: &str| load(text, &Overrides::default(), &[]).expect("loads").credit_review.values();
    let plain = |values: Vec<(String, String, Origin)>| values.into_iter().map(|(key, value, _)| (key, value)).collect::<Vec<_>>();
    assert_eq!(plain(values(&text)), plain(values(LEAST)));
    assert!(values(&text).iter().all(|(_, _, origin)| matches!(origin, Origin::File(_))), "every value is shown");
}

#[test]
fn what_credit_reviews_cannot_be_made_with_is_named() {
    let table = [
        ("loss_given_default = 1.2", "`loss_given_default` is not a share between 0 and 1", "60 %"),
        ("loss_given_default = 0.00001", "`loss_given_default`", "60 %"),
        ("loss_given_default_by_segment = { public = \"much\" }", "`loss_given_default_by_segment.public`", "60 %"),
        ("loss_budget = -1", "`loss_budget` is not an amount", "5000"),
        ("limit_step = 0", "`limit_step` is not an amount of base currency above 0", "auto"),
        ("review_months = { A = 1.5 }", "`review_months.A` is not a whole number from 0 to 120", "without quotes"),
        ("grade_cap_sales_months = { Z = 1 }", "`grade` cannot be: Z", "A, B, C, D, E, F, G, H, default, U"),
        ("grade_cap_amount = { A = \"1e3\" }", "`grade_cap_amount.A`", "5000"),
        ("lgd = 0.5", "unknown key: lgd", "loss_given_default"),
    ];
    for (line, what, hint) in table {
        let text = format!("base_currency = \"EUR\"\n[credit_review]\n{line}\n[[source]]\npath = \"a\"\nshape = \"canonical\"\n");
        let error = load(&text, &Overrides::default(), &[]).expect_err(line).to_string();
        assert!(error.contains(what) && error.contains(":3") && error.contains(hint), "{line}: {error}");
    }
}

#[test]
fn amounts_of_credit_reviews_are_exact() {
    let of = |line: &str| {
        let text = format!("base_currency = \"EUR\"\n[credit_review]\n{line}\n[[source]]\npath = \"a\"\nshape = \"canonical\"\n");
        load(&text, &Overrides::default(), &[]).expect("loads").credit_review
    };
    // Text is exact where a float would not be.
    assert_eq!(of("loss_budget = \"90071992547409.9331\"").loss_budget(0), Some(900_719_925_474_099_331));
    assert_eq!(of("loss_given_default = 0.35").loss_share("any"), 3_500);
    assert_eq!(of("loss_given_default_by_segment = { public = 0 }").loss_share("public"), 0);
}
