//! The queue as JSON: one object with the date, and a line for each customer.

use super::cells::Cell;
use super::schema;
use crate::catalog::credit_reviews::CREDIT_REVIEWS;
use serde_json::{Map, Number, Value, json};

/// The whole file.
pub(super) fn written(as_of_date: &str, base_currency: &str, rows: &[Vec<Cell>]) -> String {
    let (schema, as_of_date, base_currency) = (json!(schema::ID), json!(as_of_date), json!(base_currency));
    let mut text = format!("{{\"schema\":{schema},\"as_of_date\":{as_of_date},\"base_currency\":{base_currency},\"reviews\":[");
    for (place, row) in rows.iter().enumerate() {
        let cells = CREDIT_REVIEWS.columns.iter().zip(row).map(|(column, cell)| (column.name.to_owned(), value(cell)));
        text.push_str(if place == 0 { "\n" } else { ",\n" });
        text.push_str(&Value::Object(cells.collect::<Map<String, Value>>()).to_string());
    }
    text.push_str("\n]}\n");
    text
}

/// Money is text; a float that JSON cannot say is nothing.
fn value(cell: &Cell) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Integer(number) => json!(number),
        Cell::Flag(flag) => json!(flag),
        Cell::Double(number) => Number::from_f64(*number).map_or(Value::Null, Value::Number),
        Cell::Text(_) | Cell::Date(_) | Cell::Money(_) => Value::String(cell.plain()),
    }
}
