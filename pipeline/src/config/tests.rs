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
        ("base_currency = \"EUR\"\n[[source]]\npath=\"a\"\nshape=\"canonical\"\ndelivery=\"full\"\n", "not supported", ":5", "delta"),
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
