//! Writing TOML with a reason beside each line.

use std::fmt::Write as _;

use crate::run::words::{count, grouped};

/// A configuration in the making.
#[derive(Clone, Debug, Default)]
pub struct Toml {
    text: String,
}

/// Longest line of a comment.
const COMMENT_WIDTH: usize = 110;

impl Toml {
    /// The text.
    pub fn into_text(self) -> String {
        self.text
    }

    /// Appends what was written elsewhere.
    pub fn append(&mut self, other: Toml) {
        self.text.push_str(&other.text);
    }

    /// A blank line.
    pub fn blank(&mut self) {
        self.text.push('\n');
    }

    /// A comment, broken into lines.
    pub fn comment(&mut self, comment: &str) {
        let mut line = String::from("#");
        for word in comment.split_whitespace() {
            if line.chars().count() + word.chars().count() + 1 > COMMENT_WIDTH {
                self.text.push_str(&line);
                self.text.push('\n');
                "#".clone_into(&mut line);
            }
            line.push(' ');
            line.push_str(word);
        }
        self.text.push_str(&line);
        self.text.push('\n');
    }

    /// A line as it is: a section, or a key that is commented out.
    pub fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// A key with its value and the reason for it, on one line where it is short, else above.
    pub fn key(&mut self, key: &str, value: &str, why: &str) {
        let line = format!("{key} = {value}");
        if why.is_empty() {
            self.line(&line);
        } else if line.chars().count() <= 44 && why.chars().count() <= 80 {
            let _ = writeln!(self.text, "{line:<44} # {}", one_line(why));
        } else {
            self.comment(why);
            self.line(&line);
        }
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text as TOML writes it.
pub fn quoted(text: &str) -> String {
    // A header may have line breaks: one line is easier to read, and to put a reason beside.
    if text.contains(['\n', '\r']) { serde_json::Value::from(text).to_string() } else { toml::Value::String(text.to_owned()).to_string() }
}

/// A name of a table or column as TOML writes it before an equals sign.
pub fn bare_or_quoted(text: &str) -> String {
    let is_bare = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    // A literal string in apostrophes is no key that every reader of TOML likes; the basic one is.
    if is_bare { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

/// So many of so many values.
pub fn of(part: usize, whole: usize) -> String {
    format!("{} of {}", grouped(part as u64), count(whole as u64, "value"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let mut text = Toml::default();
        text.comment("why a long comment is broken into lines that a person can read without scrolling sideways, which takes more than one line of it");
        text.key("path", &quoted("a \"b\"\\c.csv"), "short");
        text.line("[columns]");
        text.key(&bare_or_quoted("Rg \"Nr\"."), &quoted("N° \u{e9}"), "");
        let text = text.into_text();
        assert!(text.lines().all(|line| line.chars().count() <= 130), "{text}");
        let read: toml::Table = toml::from_str(&text).expect("it is TOML");
        assert_eq!(read["path"].as_str(), Some("a \"b\"\\c.csv"));
        assert_eq!(read["columns"]["Rg \"Nr\"."].as_str(), Some("N° \u{e9}"));
        assert_eq!(of(4_812, 4_812), "4,812 of 4,812 values");
    }
}
