//! The table of rules: what each asserts, where it is found, and what breaking it does unless the configuration says otherwise.

/// What a rule that is broken beyond its threshold does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// It is counted and published, nothing else.
    Info,
    /// It is told, and the night is published.
    Warn,
    /// Nothing is published; exit status 3.
    Error,
}

impl Severity {
    /// The words of the configuration.
    pub const WORDS: [&'static str; 3] = ["info", "warn", "error"];

    /// The word of the configuration.
    pub fn word(self) -> &'static str {
        Self::WORDS[self as usize]
    }

    /// The severity of a word.
    pub fn named(word: &str) -> Option<Self> {
        [Severity::Info, Severity::Warn, Severity::Error].into_iter().find(|severity| severity.word() == word)
    }
}

/// Where a rule is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// At ingest: the row is in the quarantine, with the rule's name as its reason.
    Quarantine,
    /// At ingest: the row stays, the file is noted under the rule's name.
    Finding,
    /// When the ledger is loaded: the row is left out, with the rule's name as its reason.
    LeftOut,
    /// On the items of the book.
    Documents,
    /// On the applications of the book.
    Applications,
    /// On the customers.
    Customers,
}

impl Found {
    /// As it is published.
    pub fn word(self) -> &'static str {
        match self {
            Found::Quarantine | Found::Finding => "ingest",
            _ => "ledger",
        }
    }
}

/// One rule.
#[derive(Debug)]
pub struct Rule {
    /// Its name, as in `arrears check NAME` and `[quality.rules.NAME]`.
    pub name: &'static str,
    /// What it asserts.
    pub asserts: &'static str,
    /// Where it is judged.
    pub found: Found,
    /// What breaking it does.
    pub severity: Severity,
    /// The largest share of rows that may break it.
    pub max_rows_share: f64,
    /// The largest share of amounts that may break it.
    pub max_amount_share: f64,
}

/// What the quarantine's own thresholds judge as well: told when one reason alone is more than a hundredth.
const fn unreadable(name: &'static str, asserts: &'static str) -> Rule {
    Rule { name, asserts, found: Found::Quarantine, severity: Severity::Warn, max_rows_share: 0.01, max_amount_share: 0.01 }
}

const fn left_out(name: &'static str, asserts: &'static str) -> Rule {
    Rule { name, asserts, found: Found::LeftOut, severity: Severity::Warn, max_rows_share: 0.01, max_amount_share: 0.01 }
}

/// Told from the first row on.
const fn told(name: &'static str, found: Found, asserts: &'static str) -> Rule {
    Rule { name, asserts, found, severity: Severity::Warn, max_rows_share: 0.0, max_amount_share: 0.0 }
}

/// Told beyond one in a thousand: some books have a few on purpose.
const fn told_beyond_a_few(name: &'static str, found: Found, asserts: &'static str) -> Rule {
    Rule { name, asserts, found, severity: Severity::Warn, max_rows_share: 0.001, max_amount_share: 0.001 }
}

/// Counted.
const fn counted(name: &'static str, found: Found, asserts: &'static str) -> Rule {
    Rule { name, asserts, found, severity: Severity::Info, max_rows_share: 0.0, max_amount_share: 0.0 }
}

/// Every rule, by name.
pub const RULES: &[Rule] = &[
    told("absent_from_full_delivery", Found::Finding, "what a full delivery leaves out is deleted on purpose"),
    unreadable("amount_too_fine", "no amount has more decimal places than the ledger holds"),
    unreadable("applied_amount_differs", "a posting that is only an application says one amount"),
    unreadable("applied_amount_without_reference", "a posting that says how much of it is applied says to what"),
    counted("applied_before_document", Found::Applications, "nothing is applied before both its documents exist"),
    unreadable("bad_amount", "every amount is a number in the source's format"),
    unreadable("bad_boolean", "every yes or no is one"),
    unreadable("bad_date", "every date is in the source's format and between 1900 and 2199"),
    unreadable("bad_encoding", "every byte is text in the source's encoding"),
    unreadable("bad_instant", "every instant is in the source's format"),
    unreadable("bad_integer", "every whole number is one"),
    unreadable("bad_quote", "nothing stands between a closing quote and the separator"),
    unreadable("cell_error", "no cell of a workbook that something is mapped to holds an error"),
    unreadable("clearing_date_without_clearing", "an item that says when it was cleared says by what"),
    counted("column_appeared", Found::Finding, "a file has no column that its last delivery did not have"),
    told("column_vanished", Found::Finding, "a file has every column that its last delivery had"),
    counted("columns_reordered", Found::Finding, "the columns of a file stand in the order of its last delivery"),
    counted("currency_not_usual", Found::Documents, "a customer's documents are in the currency that nine tenths of them are in"),
    counted("customer_without_documents", Found::Customers, "every customer has a document"),
    told_beyond_a_few(
        "date_before_company",
        Found::Documents,
        "no document is dated before its customer's opened_date or [quality] earliest_date",
    ),
    told("date_in_future", Found::Documents, "no document is dated later than [quality] future_days after as_of"),
    counted("due_before_document", Found::Documents, "nothing is due before its document date"),
    counted("due_date_by_default", Found::Documents, "no due date had to be filled by the source's default_payment_days"),
    counted("due_date_from_customer", Found::Documents, "no due date had to be filled from the customer's payment_terms_days"),
    counted("due_date_from_terms", Found::Finding, "no due date had to be filled from the row's terms"),
    told_beyond_a_few(
        "duplicate_invoice",
        Found::Documents,
        "no customer has two invoices of one date, amount and currency under different numbers, unless one is credited in full",
    ),
    unreadable("duplicate_key", "a key has one content in a file"),
    counted(
        "duplicate_reference",
        Found::Documents,
        "no customer has two invoices with the same reference under different numbers, unless one is credited in full",
    ),
    counted("extra_column", Found::Finding, "every column of a file is mapped"),
    counted("finer_than_minor_unit", Found::Documents, "no amount is finer than the minor unit of its currency"),
    counted(
        "invoice_100_times_median",
        Found::Documents,
        "no invoice is 100 times the median of its customer's in the currency, of five or more: a decimal comma lost",
    ),
    told("mends_nothing", Found::Finding, "every row of an overlay mends a quarantined row"),
    left_out("missing_amount", "a decision about a limit has its amount"),
    left_out("missing_credit_amount", "an application that joins two currencies has both amounts"),
    counted("missing_due_date", Found::Documents, "every invoice and debit note has a due date"),
    left_out("missing_grade", "a decision about a grade has it"),
    unreadable("missing_value", "every required column has a value"),
    counted("mixed_currencies", Found::Applications, "an application joins documents of one currency"),
    unreadable("negative_amount", "no amount is negative where the document type decides about the sign"),
    left_out("no_rate", "every currency has a rate on or before the date"),
    unreadable("nul_byte", "no record has a NUL byte"),
    unreadable("out_of_range", "every number is within what the ledger holds"),
    left_out("over_applied", "no item is applied below zero or beyond its amount"),
    unreadable("paid_amount_without_date", "a flat row that was paid says when"),
    unreadable("payment_on_credit", "no flat row that is a credit says that it was paid"),
    counted("receipt_unapplied_long", Found::Documents, "no receipt is open for longer than [quality] unapplied_days"),
    told("settled_before_documents", Found::Documents, "no item was settled by an application dated before both documents"),
    unreadable("sign_contradicts_type", "the sign of every amount is that of its document's type, where the source says so"),
    counted("text_would_run", Found::Customers, "no text of a customer is a spreadsheet's formula or HTML"),
    counted("total_row", Found::Quarantine, "a file has no row that sums others up"),
    unreadable("unknown_currency", "every currency is one of ISO 4217"),
    left_out("unknown_customer", "every row of orders, contacts and decisions names a customer that is known"),
    counted("unknown_customer_of_document", Found::Documents, "every document's customer is in the table of customers, where there is one"),
    left_out("unknown_document", "every row that names a document names one that is known"),
    unreadable("unknown_word", "every word is one that its column knows"),
    left_out("until_before_made", "no decision ends before it was made"),
    unreadable("wrong_field_count", "every record has the fields of its header"),
    left_out("wrong_side", "an application joins a document that reduces the account with one that increases it"),
    counted("zero_amount", Found::Documents, "no document has the amount 0"),
];

impl Rule {
    /// The rule of that name.
    pub fn named(name: &str) -> Option<&'static Rule> {
        RULES.iter().find(|rule| rule.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_every_reason_of_the_quarantine_is_a_rule() {
        for pair in RULES.windows(2) {
            assert!(pair[0].name < pair[1].name, "{} stands before {}", pair[0].name, pair[1].name);
        }
        let reasons = include_str!("../ingest/reason.rs").lines().filter_map(|line| line.strip_prefix("pub const "));
        for reason in reasons.filter_map(|line| line.split('"').nth(1)) {
            assert!(Rule::named(reason).is_some(), "the reason {reason} has no rule: say in quality/rules.rs what it asserts");
        }
    }
}
