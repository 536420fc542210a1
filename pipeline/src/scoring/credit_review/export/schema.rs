//! The JSON schema of the queue.
//!
//! It is made from the catalogue, and kept in the repository as it was published: a test compares the two. A column may be added to
//! this version, so readers let names pass that they do not know; what changes the meaning of one, or takes one away, is the next.

use crate::catalog::credit_reviews::CREDIT_REVIEWS;
use crate::catalog::published::{Column, Type};
use crate::scoring::credit_review::proposal::Binding;
use crate::scoring::credit_review::review_date::Cause;
use crate::scoring::grades::Grade;
use serde_json::{Map, Value, json};

/// Names the version; the file says it in `schema`.
pub const ID: &str = "credit_reviews.v1";
/// The file beside the exports.
pub const FILE_NAME: &str = "credit_reviews.v1.schema.json";
/// The schema as it is published.
pub const TEXT: &str = include_str!("../../../../../schemas/credit_reviews.v1.schema.json");

/// Columns that are never null.
const ALWAYS: &[&str] = &[
    "company_id",
    "customer_id",
    "queue_rank",
    "review_date",
    "review_cause",
    "trigger_two_grades_down",
    "trigger_over_limit",
    "trigger_newly_past_due",
    "trigger_pays_slower",
    "trigger_silent",
    "trigger_broken_promise",
    "open_debit_amount_base",
    "unapplied_credit_base",
    "open_amount_base",
    "order_amount_base",
    "exposure_at_default_base",
    "grade",
    "model_grade",
    "is_in_default",
    "loss_given_default",
    "broken_promises",
];

/// The words of a column that has only these.
fn words(column: &str) -> Option<&'static [&'static str]> {
    match column {
        "review_cause" => Some(&Cause::WORDS),
        "grade" | "model_grade" | "previous_grade" => Some(&Grade::WORDS),
        "binding_rule" | "model_binding_rule" => Some(&Binding::WORDS),
        "insured_reason" => Some(&["not_supplied", "no_rate"]),
        "utilisation_reason" => Some(&["not_supplied", "no_rate", "zero_base"]),
        "expected_loss_reason" => Some(&["no_pd"]),
        "proposed_limit_reason" => Some(&["no_rule", "no_limit", "no_rate"]),
        _ => None,
    }
}

/// The schema, from the catalogue.
pub fn from_catalogue() -> Value {
    let properties: Map<String, Value> = CREDIT_REVIEWS.columns.iter().map(|column| (column.name.to_owned(), property(column))).collect();
    let names: Vec<&str> = CREDIT_REVIEWS.columns.iter().map(|column| column.name).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": ID,
        "title": "credit-limit reviews of a night",
        "description": "The queue of credit-limit reviews, the largest expected loss first. Money is text with four decimals. \
            Proposals are for people: nothing changes a limit by itself.",
        "type": "object",
        "required": ["schema", "as_of_date", "base_currency", "reviews"],
        "additionalProperties": false,
        "properties": {
            "schema": { "const": ID },
            "as_of_date": date(),
            "base_currency": { "type": "string", "pattern": "^[A-Z]{3}$" },
            "reviews": { "type": "array", "items": { "$ref": "#/$defs/review" } }
        },
        "$defs": {
            "review": { "type": "object", "required": names, "properties": properties }
        }
    })
}

fn date() -> Value {
    json!({ "type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$" })
}

fn property(column: &Column) -> Value {
    let mut property = match column.kind {
        Type::Text => json!({ "type": "string" }),
        Type::Date => date(),
        Type::Integer => json!({ "type": "integer" }),
        Type::Boolean => json!({ "type": "boolean" }),
        Type::Double => json!({ "type": "number" }),
        Type::Amount | Type::Sum => json!({ "type": "string", "pattern": "^-?[0-9]+\\.[0-9]{4}$" }),
    };
    let is_nullable = !ALWAYS.contains(&column.name);
    if is_nullable {
        property["type"] = json!([property["type"], "null"]);
    }
    if let Some(words) = words(column.name) {
        let mut words: Vec<Value> = words.iter().map(|word| json!(word)).collect();
        words.extend(is_nullable.then_some(Value::Null));
        property["enum"] = json!(words);
    }
    if column.name.starts_with("pd") {
        property["minimum"] = json!(0);
        property["maximum"] = json!(1);
    }
    property["description"] = json!(column.description);
    property
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_that_is_kept_is_that_of_the_catalogue() {
        let made = serde_json::to_string_pretty(&from_catalogue()).expect("it is made of strings and numbers") + "\n";
        if made != TEXT {
            let kept = std::env::temp_dir().join(FILE_NAME);
            std::fs::write(&kept, &made).expect("it can be written");
            panic!("a column changed; if it was only added, replace schemas/{FILE_NAME} by {}, else make a new version", kept.display());
        }
    }

    #[test]
    fn every_column_that_is_never_null_is_one() {
        for name in ALWAYS {
            assert!(CREDIT_REVIEWS.columns.iter().any(|column| column.name == *name), "{name}");
        }
    }
}
