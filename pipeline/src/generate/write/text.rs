//! Text: cells of a CSV file, its header, and the configuration beside the ledger.

use super::super::calendar::{Calendar, Day};
use super::super::tables::{RowSink, Table};
use super::super::{GenerateOptions, OutputFormat, OutputShape};

/// Writes rows as comma-separated text; a null is an empty cell.
pub(super) struct CsvSink<'a> {
    bytes: Vec<u8>,
    calendar: &'a Calendar,
}

impl<'a> CsvSink<'a> {
    pub(super) fn new(calendar: &'a Calendar) -> Self {
        Self { bytes: Vec::new(), calendar }
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// The number with so many digits after the point; none when there are none.
    fn fixed(&mut self, number: i64, decimals: usize) {
        let mut digits = [0_u8; 24];
        let mut place = digits.len();
        let mut rest = number.unsigned_abs();
        let mut written = 0;
        while rest > 0 || written <= decimals {
            if written == decimals && decimals > 0 {
                place -= 1;
                digits[place] = b'.';
            }
            place -= 1;
            digits[place] = b'0' + (rest % 10) as u8;
            rest /= 10;
            written += 1;
        }
        if number < 0 {
            self.bytes.push(b'-');
        }
        self.bytes.extend_from_slice(&digits[place..]);
    }
}

impl RowSink for CsvSink<'_> {
    fn absent(&mut self) {
        self.bytes.push(b',');
    }

    fn text(&mut self, text: &[u8]) {
        self.bytes.extend_from_slice(text);
        self.bytes.push(b',');
    }

    fn date(&mut self, day: Day) {
        self.bytes.extend_from_slice(self.calendar.text(day));
        self.bytes.push(b',');
    }

    fn money(&mut self, minor: i64, decimals: u32) {
        self.fixed(minor, decimals as usize);
        self.bytes.push(b',');
    }

    fn rate(&mut self, rate: i64) {
        self.fixed(rate, 10);
        self.bytes.push(b',');
    }

    fn whole(&mut self, number: i64) {
        self.fixed(number, 0);
        self.bytes.push(b',');
    }

    fn instant(&mut self, seconds: i64) {
        let day = seconds.div_euclid(86_400) as Day;
        let second = seconds.rem_euclid(86_400);
        self.bytes.extend_from_slice(self.calendar.text(day));
        let mut clock = *b"T00:00:00,";
        for (place, value) in [(1, second / 3_600), (4, second / 60 % 60), (7, second % 60)] {
            clock[place] = b'0' + (value / 10) as u8;
            clock[place + 1] = b'0' + (value % 10) as u8;
        }
        self.bytes.extend_from_slice(&clock);
    }

    fn flag(&mut self, flag: bool) {
        self.text(if flag { b"true" } else { b"false" });
    }

    fn end_row(&mut self) {
        // Every cell ends in a comma; the last one's becomes the end of the line.
        if let Some(last) = self.bytes.last_mut() {
            *last = b'\n';
        }
    }
}

/// The header line of a table.
pub(super) fn header(table: Table) -> Vec<u8> {
    let names: Vec<&str> = table.columns().iter().map(|(name, _)| *name).collect();
    format!("{}\n", names.join(",")).into_bytes()
}

/// The canonical name of each flat column.
const FLAT_COLUMNS: [&str; 14] = [
    "company_id",
    "document_id",
    "customer_id",
    "name",
    "country",
    "segment",
    "account_manager",
    "document_date",
    "due_date",
    "amount",
    "currency",
    "terms",
    "paid_date",
    "paid_amount",
];

/// The configuration that makes `arrears run` work on what was generated.
pub(super) fn configuration(options: &GenerateOptions) -> String {
    let mut text = format!(
        "# A generated ledger: {} invoices, profile {}, seed {}, {} to {}.\n\
         output = \"out\"\nbase_currency = \"USD\"\n\n[[source]]\n",
        options.invoices, options.profile, options.seed, options.start_date, options.end_date
    );
    if options.shape == OutputShape::Canonical {
        text.push_str("name = \"ledger\"\npath = \"ledger/\"\nshape = \"canonical\"\n");
        return text;
    }
    let ending = match (options.format, options.compress) {
        (OutputFormat::Parquet, _) => "parquet",
        (OutputFormat::Csv, true) => "csv.gz",
        (OutputFormat::Csv, false) => "csv",
    };
    text.push_str(&format!("name = \"invoices\"\npath = \"invoices.{ending}\"\nshape = \"flat_invoices\"\n"));
    let pairs: Vec<String> = FLAT_COLUMNS
        .iter()
        .zip(Table::FlatInvoices.columns())
        .map(|(canonical, (header, _))| format!("{canonical} = \"{header}\""))
        .collect();
    text.push_str(&format!("columns = {{ {} }}\n", pairs.join(", ")));
    text.push_str(&format!(
        "\n[[source]]\nname = \"fx_rates\"\npath = \"fx_rates.{ending}\"\nshape = \"canonical\"\ntable = \"fx_rates\"\n"
    ));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_spelled_with_the_decimals_of_their_currency() {
        let date = |text: &str| text.parse().unwrap_or_default();
        let calendar = Calendar::new(date("2023-01-01"), date("2023-12-31"));
        let mut sink = CsvSink::new(&calendar);
        sink.money(123_456, 2);
        sink.money(-5, 3);
        sink.money(0, 2);
        sink.money(987, 0);
        sink.rate(67_500_000);
        sink.instant(19_358 * 86_400 + 3_661);
        sink.absent();
        sink.flag(true);
        sink.end_row();
        let text = String::from_utf8_lossy(&sink.into_bytes()).into_owned();
        assert_eq!(text, "1234.56,-0.005,0.00,987,0.0067500000,2023-01-01T01:01:01,,true\n");
    }
}
