//! Explanations as people read them.

mod behind;
mod score;

use super::Explanation;
use crate::ledger::money::{AMOUNT_SCALE, DecimalFormat, display_amount, parse_decimal};

/// An explanation, section by section.
pub fn explanation(explained: &Explanation) -> String {
    let mut text = String::new();
    line(&mut text, format!("customer {} (company {}), as of {}", explained.customer_id, explained.company_id, explained.as_of_date));
    score::standing(&mut text, explained);
    score::points(&mut text, explained);
    score::reasons(&mut text, explained);
    score::changes(&mut text, explained);
    behind::defaults(&mut text, explained);
    behind::account(&mut text, explained);
    behind::payments(&mut text, explained);
    behind::family(&mut text, explained);
    behind::decisions(&mut text, explained);
    score::model(&mut text, &explained.model);
    text
}

fn heading(text: &mut String, title: &str) {
    line(text, format!("\n{title}"));
}

fn line(text: &mut String, line: String) {
    text.push_str(line.trim_end());
    text.push('\n');
}

/// A chance with as many decimals as grades need.
fn percent(share: f64) -> String {
    match share * 100.0 {
        percent if percent > 0.0 && percent < 0.005 => "<0.01 %".into(),
        percent if percent < 10.0 => format!("{percent:.2} %"),
        percent => format!("{percent:.1} %"),
    }
}

/// `31.2 days late`, `2.0 days early`, `on time`.
fn late_words(days: f64) -> String {
    match (days * 10.0).round() / 10.0 {
        late if late > 0.0 => format!("{late:.1} days late"),
        late if late < 0.0 => format!("{:.1} days early", -late),
        _ => "on time".into(),
    }
}

/// A decimal number with its thousands separated, as many places as it has.
fn grouped(amount: &str) -> String {
    let places = amount.split_once('.').map_or(0, |(_, places)| u32::try_from(places.len()).unwrap_or(0));
    match parse_decimal(amount.as_bytes(), DecimalFormat::default(), AMOUNT_SCALE) {
        Ok(number) => display_amount(i128::from(number), places),
        Err(_) => amount.to_owned(),
    }
}

fn counted(number: usize, word: &str) -> String {
    crate::run::words::count(number as u64, word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chances_read_well() {
        assert_eq!([0.0, 0.00001, 0.0043, 0.123, 1.0].map(percent), ["0.00 %", "<0.01 %", "0.43 %", "12.3 %", "100.0 %"]);
        assert_eq!([-0.04, 3.21, -20.0].map(late_words), ["on time", "3.2 days late", "20.0 days early"]);
    }
}
