//! The canonical ledger: what goes in.

use crate::scoring::grades::Grade;

/// What a column of the canonical ledger holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An identifier: text, never a number, no outer blanks.
    Id,
    /// Free text or a label.
    Text,
    /// One of the listed words.
    Word(&'static [&'static str]),
    /// An ISO 4217 currency code.
    Currency,
    /// `DATE`.
    Date,
    /// `TIMESTAMP` in UTC, microseconds.
    Instant,
    /// `DECIMAL(18,4)` in the row's currency.
    Amount,
    /// `DECIMAL(18,4)`: 2 means 2 %.
    Percent,
    /// `DECIMAL(18,10)`: base-currency units for one unit.
    Rate,
    /// `BIGINT`.
    Integer,
    /// `BOOLEAN`.
    Boolean,
}

/// One column of the canonical ledger.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether a row without it is quarantined.
    pub required: bool,
    /// What a required column is taken to be where a source does not map it.
    pub default: Option<&'static str>,
    /// What it means, for the dictionary.
    pub description: &'static str,
}

/// One table of the canonical ledger.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// Its name, which is also the name of its file in a folder of canonical files.
    pub name: &'static str,
    /// What a row is.
    pub description: &'static str,
    /// The columns that identify a row.
    pub key: &'static [&'static str],
    /// The column whose total the row accounting follows, if the table has one.
    pub amount: Option<&'static str>,
    /// All columns in order, without `recorded_at` and `is_deleted`, which end every table.
    pub columns: &'static [Column],
}

impl Table {
    /// The table of that name.
    pub fn named(name: &str) -> Option<&'static Table> {
        TABLES.iter().find(|table| table.name == name)
    }

    /// The position and description of a column.
    pub fn column(&self, name: &str) -> Option<(usize, &'static Column)> {
        self.columns.iter().enumerate().find(|(_, column)| column.name == name)
    }

    /// Whether the columns hold this one.
    pub fn has(&self, name: &str) -> bool {
        self.column(name).is_some()
    }
}

/// Document types that increase the receivable.
pub const DEBIT_TYPES: &[&str] = &["invoice", "debit_note", "receipt_reversal", "refund", "reinstatement", "increase"];
/// Document types that reduce the receivable.
pub const CREDIT_TYPES: &[&str] = &["receipt", "credit_note", "write_off", "discount", "decrease"];
/// Every document type, debits first.
pub const DOCUMENT_TYPES: &[&str] = &[
    "invoice",
    "debit_note",
    "receipt_reversal",
    "refund",
    "reinstatement",
    "increase",
    "receipt",
    "credit_note",
    "write_off",
    "discount",
    "decrease",
];

/// What a person may decide about a customer's credit, in the order in which one goes before another.
pub const OVERRIDE_KINDS: &[&str] = &["hold", "credit_limit", "grade", "review"];

const fn required(name: &'static str, kind: Kind, description: &'static str) -> Column {
    Column { name, kind, required: true, default: None, description }
}

const fn defaulted(name: &'static str, kind: Kind, default: &'static str, description: &'static str) -> Column {
    Column { name, kind, required: true, default: Some(default), description }
}

const fn optional(name: &'static str, kind: Kind, description: &'static str) -> Column {
    Column { name, kind, required: false, default: None, description }
}

const COMPANY: Column = defaulted("company_id", Kind::Id, "main", "the company whose ledger the row belongs to");
const CUSTOMER: Column = required("customer_id", Kind::Id, "the customer, unique within the company");
const ITEM: Column = defaulted("item_no", Kind::Integer, "1", "the item (instalment) of the document");

/// The instant a row became known; the last but one column of every table.
pub const RECORDED_AT: Column =
    optional("recorded_at", Kind::Instant, "the instant the row became known, UTC; null means from the beginning");
/// Whether this version deletes the row; the last column of every table.
pub const IS_DELETED: Column = optional("is_deleted", Kind::Boolean, "whether this version says that the row is deleted");

/// The canonical tables, in the order they are ingested.
pub const TABLES: &[Table] = &[
    Table {
        name: "customers",
        description: "who owes: one row per customer of a company, with the labels that metrics are grouped by",
        key: &["company_id", "customer_id"],
        amount: None,
        columns: &[
            COMPANY,
            CUSTOMER,
            optional("name", Kind::Text, "the customer's name; never published in a mart"),
            optional("parent_id", Kind::Id, "the customer this one belongs to"),
            optional("country", Kind::Text, "country of the customer"),
            optional("region", Kind::Text, "sales region"),
            optional("industry", Kind::Text, "industry"),
            optional("segment", Kind::Text, "segment of the book"),
            optional("account_manager", Kind::Text, "who looks after the customer"),
            optional("payment_terms_days", Kind::Integer, "agreed days to pay"),
            optional("credit_limit", Kind::Amount, "credit limit, in credit_limit_currency"),
            optional("credit_limit_currency", Kind::Currency, "currency of the limit; the base currency when empty"),
            optional("insured_amount", Kind::Amount, "credit-insured amount, in credit_limit_currency"),
            optional("opened_date", Kind::Date, "since when the customer is one"),
            optional("is_intercompany", Kind::Boolean, "a company of the same group: left out of the metrics, counted apart"),
        ],
    },
    Table {
        name: "documents",
        description: "what moves money onto or off a customer's account: one row per item of a document",
        key: &["company_id", "document_id", "item_no"],
        amount: Some("amount"),
        columns: &[
            COMPANY,
            required("document_id", Kind::Id, "the document, unique in the company across types"),
            ITEM,
            required(
                "document_type",
                Kind::Word(DOCUMENT_TYPES),
                "what kind of document; decides whether it increases or reduces the receivable",
            ),
            CUSTOMER,
            required("document_date", Kind::Date, "the business date from which the document counts"),
            optional("due_date", Kind::Date, "when the item is due"),
            required("amount", Kind::Amount, "the item's amount, never negative, in currency"),
            required("currency", Kind::Currency, "the document's currency"),
            optional("base_amount", Kind::Amount, "the amount in base currency as the source booked it"),
            optional("terms", Kind::Text, "payment terms as the source words them"),
            optional("discount_percent", Kind::Percent, "early-payment discount offered, in per cent"),
            optional("discount_date", Kind::Date, "last day on which the discount may be taken"),
            optional("delivery_date", Kind::Date, "when the goods or services were delivered"),
            optional("account_manager", Kind::Text, "who looks after the document; the customer's when empty"),
            optional("payment_method", Kind::Text, "how it is or was to be paid"),
            optional("reason", Kind::Text, "why the document exists"),
            optional("reference", Kind::Text, "another document or an outside reference"),
        ],
    },
    Table {
        name: "applications",
        description: "which document that reduces the account was matched with which one that increases it",
        key: &["company_id", "application_id"],
        amount: Some("amount"),
        columns: &[
            COMPANY,
            required("application_id", Kind::Id, "the application, unique in the company"),
            required("credit_document_id", Kind::Id, "the document that reduces the account"),
            defaulted("credit_item_no", Kind::Integer, "1", "its item"),
            required("debit_document_id", Kind::Id, "the document that increases the account"),
            defaulted("debit_item_no", Kind::Integer, "1", "its item"),
            required("applied_date", Kind::Date, "when the two were matched"),
            required("amount", Kind::Amount, "how much, in the debit document's currency; negative un-applies"),
            optional("credit_amount", Kind::Amount, "how much in the credit document's currency, where the two differ"),
        ],
    },
    Table {
        name: "clearings",
        description: "which items a system cleared against each other: items of one clearing are matched, debits with credits; one row per item",
        key: &["company_id", "document_id", "item_no"],
        amount: Some("amount"),
        columns: &[
            COMPANY,
            required("document_id", Kind::Id, "the document"),
            ITEM,
            optional("clearing_id", Kind::Id, "what cleared the item; open when empty"),
            optional("clearing_date", Kind::Date, "when it was cleared; when the later of two matched items came, where empty"),
            required("amount", Kind::Amount, "the item's amount in currency, below zero where it reduces the receivable"),
            required("currency", Kind::Currency, "the item's currency"),
            required("document_date", Kind::Date, "the date of the document"),
            optional("due_date", Kind::Date, "when the item is due: earlier ones are matched first"),
        ],
    },
    Table {
        name: "disputes",
        description: "items a customer disputes, from the day opened to the day before it is closed",
        key: &["company_id", "dispute_id"],
        amount: None,
        columns: &[
            COMPANY,
            required("dispute_id", Kind::Id, "the dispute, unique in the company"),
            required("document_id", Kind::Id, "the disputed document"),
            ITEM,
            required("opened_date", Kind::Date, "first day in dispute"),
            optional("closed_date", Kind::Date, "first day no longer in dispute"),
            optional("amount", Kind::Amount, "how much is disputed, in the document's currency; all that is open when empty"),
            optional("reason", Kind::Text, "why"),
        ],
    },
    Table {
        name: "promises",
        description: "promises to pay",
        key: &["company_id", "promise_id"],
        amount: Some("amount"),
        columns: &[
            COMPANY,
            required("promise_id", Kind::Id, "the promise, unique in the company"),
            CUSTOMER,
            optional("document_id", Kind::Id, "the document the promise is about"),
            required("made_date", Kind::Date, "when it was made"),
            required("promised_date", Kind::Date, "when the money is to come"),
            required("amount", Kind::Amount, "how much"),
            optional("currency", Kind::Currency, "in what; the document's, else the base currency, when empty"),
        ],
    },
    Table {
        name: "contacts",
        description: "contacts with a customer about what is owed",
        key: &["company_id", "contact_id"],
        amount: None,
        columns: &[
            COMPANY,
            required("contact_id", Kind::Id, "the contact, unique in the company"),
            CUSTOMER,
            optional("document_id", Kind::Id, "the document it was about"),
            required("contact_date", Kind::Date, "when"),
            optional("channel", Kind::Text, "by what means"),
            optional("outcome", Kind::Text, "with what result"),
        ],
    },
    Table {
        name: "customer_events",
        description: "insolvency, agency and legal events",
        key: &["company_id", "customer_id", "event_date", "kind"],
        amount: None,
        columns: &[
            COMPANY,
            CUSTOMER,
            required("event_date", Kind::Date, "when"),
            required("kind", Kind::Word(&["insolvency", "agency", "legal"]), "what happened"),
        ],
    },
    Table {
        name: "orders",
        description: "ordered, not yet invoiced",
        key: &["company_id", "order_id"],
        amount: Some("amount"),
        columns: &[
            COMPANY,
            required("order_id", Kind::Id, "the order, unique in the company"),
            CUSTOMER,
            required("expected_invoice_date", Kind::Date, "when it is expected to be invoiced"),
            required("amount", Kind::Amount, "how much"),
            required("currency", Kind::Currency, "in what"),
        ],
    },
    Table {
        name: "overrides",
        description: "decisions of people about a customer's credit: who, why, until when",
        key: &["company_id", "override_id"],
        amount: None,
        columns: &[
            COMPANY,
            required("override_id", Kind::Id, "the decision, unique in the company"),
            CUSTOMER,
            required(
                "kind",
                Kind::Word(OVERRIDE_KINDS),
                "credit_limit: the limit to propose is amount; grade: the grade is grade; hold: no further credit; review: looked at and left as it is",
            ),
            optional("amount", Kind::Amount, "for credit_limit: the limit, in currency"),
            optional("currency", Kind::Currency, "of the amount; the base currency when empty"),
            optional("grade", Kind::Word(&Grade::WORDS), "for grade: the grade"),
            required("made_date", Kind::Date, "when it was decided: it holds from this day on"),
            required("made_by", Kind::Text, "who decided"),
            required("reason", Kind::Text, "why"),
            optional("until_date", Kind::Date, "the last day on which it holds; for good when empty"),
        ],
    },
    Table {
        name: "fx_rates",
        description: "exchange rates into the base currency",
        key: &["rate_date", "currency"],
        amount: None,
        columns: &[
            required("rate_date", Kind::Date, "from this day on, until the next rate"),
            required("currency", Kind::Currency, "the currency"),
            required("rate", Kind::Rate, "base-currency units for one unit of it"),
        ],
    },
    Table {
        name: "gl_balances",
        description: "the control account in the general ledger",
        key: &["company_id", "balance_date", "account"],
        amount: Some("amount"),
        columns: &[
            COMPANY,
            required("balance_date", Kind::Date, "at the end of this day"),
            required("account", Kind::Id, "the account"),
            required("amount", Kind::Amount, "the balance in base currency at historical rates, intercompany included"),
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_and_amount_is_a_column_and_every_key_is_required() {
        for table in TABLES {
            for key in table.key {
                let (_, column) = table.column(key).unwrap_or_else(|| panic!("{}.{key}", table.name));
                assert!(column.required, "{}.{key} identifies a row", table.name);
            }
            if let Some(amount) = table.amount {
                assert!(matches!(table.column(amount), Some((_, Column { kind: Kind::Amount, .. }))), "{}.{amount}", table.name);
            }
        }
        assert_eq!(DOCUMENT_TYPES.len(), DEBIT_TYPES.len() + CREDIT_TYPES.len());
    }
}
