//! Which SQL an analyst may send to an engine: one query, after statements that only prepare it.
//!
//! The database is in memory, but `COPY … TO` writes files wherever it likes and a line that starts with a dot is an order to
//! the `duckdb` command, so that words decide here and not the engine. This guards against accidents, not against malice.

use crate::error::{Error, Result};

/// First words of statements that give rows and change nothing.
const QUERIES: &[&str] = &["SELECT", "WITH", "FROM", "VALUES", "TABLE", "DESCRIBE", "DESC", "SHOW", "SUMMARIZE", "PIVOT", "UNPIVOT"];

/// What prepares a query: it lasts as long as the database in memory.
const PREPARATIONS: &[&[&str]] = &[
    &["CREATE", "TEMP"],
    &["CREATE", "TEMPORARY"],
    &["CREATE", "OR", "REPLACE", "TEMP"],
    &["CREATE", "OR", "REPLACE", "TEMPORARY"],
    &["SET", "VARIABLE"],
];

/// What an analyst asks: the statements that prepare a query, and the query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Each ends with a semicolon.
    pub preparation: String,
    /// Without a semicolon.
    pub query: String,
}

/// Takes SQL apart and refuses whatever writes.
///
/// # Errors
/// Exit status 2 when there is no query, more than one, or a statement of another kind.
pub fn question(sql: &str) -> Result<Question> {
    let mut statements = split(sql);
    let Some(query) = statements.pop() else {
        let what = format!("there is no SQL to run: {}", sql.lines().next().unwrap_or_default());
        return Err(Error::usage("no_query", what).hint("for example: arrears query \"SHOW TABLES\""));
    };
    if !is_query(&leading_words(&query)) {
        return Err(refused(&query));
    }
    for statement in &statements {
        let words = leading_words(statement);
        if is_query(&words) {
            return Err(Error::usage(
                "several_queries",
                format!("there is more than one query; the first begins: {}", beginning(statement)),
            )
            .hint("run them one by one, or give the first a name: CREATE TEMP TABLE first_part AS SELECT …"));
        }
        if !PREPARATIONS.iter().any(|allowed| begins_with(&words, allowed)) {
            return Err(refused(statement));
        }
    }
    let preparation = statements.iter().map(|statement| format!("{statement}\n;\n")).collect();
    Ok(Question { preparation, query })
}

fn refused(statement: &str) -> Error {
    Error::usage("not_a_query", format!("only what reads is run here, and this does not, or nobody knows: {}", beginning(statement))).hint(format!(
        "begin with one of: {}; before it may stand CREATE TEMP TABLE, VIEW or MACRO, and SET VARIABLE; to write a file: arrears query … > file.csv",
        QUERIES.join(", ")
    ))
}

/// The first line of a statement, without the comments above it.
fn beginning(statement: &str) -> String {
    let line = statement[skip_blank(statement, 0)..].lines().next().unwrap_or_default();
    if line.chars().count() > 60 { format!("{}…", line.chars().take(60).collect::<String>()) } else { line.to_owned() }
}

fn begins_with(words: &[String], expected: &[&str]) -> bool {
    words.len() >= expected.len() && words.iter().zip(expected).all(|(word, expected)| word == expected)
}

/// `EXPLAIN ANALYZE` runs what it explains, so that this must be a query too.
fn is_query(words: &[String]) -> bool {
    let words = if begins_with(words, &["EXPLAIN"]) { &words[1..] } else { words };
    let words = if begins_with(words, &["ANALYZE"]) { &words[1..] } else { words };
    words.first().is_some_and(|word| QUERIES.contains(&word.as_str()))
}

/// The words a statement begins with, in capitals; brackets before them are passed over.
fn leading_words(statement: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut at = 0;
    while words.len() < 4 {
        at = skip_blank(statement, at);
        let rest = &statement[at..];
        if words.is_empty() && rest.starts_with('(') {
            at += 1;
            continue;
        }
        let length = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        if length == 0 {
            break;
        }
        words.push(rest[..length].to_ascii_uppercase());
        at += length;
    }
    words
}

/// The position after blanks and comments.
fn skip_blank(sql: &str, mut at: usize) -> usize {
    loop {
        let rest = &sql[at..];
        let blank = rest.len() - rest.trim_start().len();
        let comment = comment_length(&rest[blank..]);
        if blank + comment == 0 {
            return at;
        }
        at += blank + comment;
    }
}

/// Statements without their semicolons; those of nothing but blanks and comments are left out.
fn split(sql: &str) -> Vec<String> {
    let mut statements = Vec::new();
    let (mut start, mut at) = (0, 0);
    let mut take = |from: usize, to: usize| {
        let statement = &sql[from..to];
        if skip_blank(statement, 0) < statement.len() {
            statements.push(statement.trim().to_owned());
        }
    };
    while at < sql.len() {
        let rest = &sql[at..];
        if rest.starts_with(';') {
            take(start, at);
            start = at + 1;
        }
        let word_before = sql[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        at += token_length(rest, word_before);
    }
    take(start, sql.len());
    statements
}

/// The length of what stands here and must not be taken apart: a text, a quoted name, a comment; else of one character.
fn token_length(rest: &str, word_before: bool) -> usize {
    let comment = comment_length(rest);
    if comment > 0 {
        return comment;
    }
    match rest.as_bytes()[0] {
        b'\'' => quoted_length(rest, '\'', false),
        b'"' => quoted_length(rest, '"', false),
        b'e' | b'E' if !word_before && rest[1..].starts_with('\'') => 1 + quoted_length(&rest[1..], '\'', true),
        b'$' if !word_before => dollar_quoted_length(rest),
        _ => rest.chars().next().map_or(1, char::len_utf8),
    }
}

fn comment_length(rest: &str) -> usize {
    if rest.starts_with("--") {
        return rest.find('\n').map_or(rest.len(), |end| end + 1);
    }
    let Some(comment) = rest.strip_prefix("/*") else { return 0 };
    comment.find("*/").map_or(rest.len(), |end| end + 4)
}

/// A doubled quote inside closes and opens again, which comes to the same.
fn quoted_length(rest: &str, quote: char, has_escapes: bool) -> usize {
    let mut escaped = false;
    for (at, character) in rest.char_indices().skip(1) {
        match character {
            '\\' if has_escapes => escaped = !escaped,
            c if c == quote && !escaped => return at + quote.len_utf8(),
            _ => escaped = false,
        }
    }
    rest.len()
}

/// `$$ … $$` or `$tag$ … $tag$`; a lone dollar sign is one character.
fn dollar_quoted_length(rest: &str) -> usize {
    let Some(end) = rest[1..].find('$') else { return 1 };
    let tag = &rest[..end + 2];
    if !tag[1..=end].chars().all(|c| c.is_alphanumeric() || c == '_') {
        return 1;
    }
    rest[tag.len()..].find(tag).map_or(rest.len(), |close| close + 2 * tag.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_query_is_run_after_what_prepares_it() {
        let asked =
            question("-- a question; with a semicolon\nCREATE TEMP TABLE t AS SELECT ';' AS x;\n/* ; */ SELECT * FROM t;\n-- end\n;");
        let asked = asked.expect("it reads");
        assert!(asked.preparation.ends_with("AS x\n;\n"), "{}", asked.preparation);
        assert_eq!(asked.query, "/* ; */ SELECT * FROM t");
    }

    #[test]
    fn whatever_reads_is_a_query() {
        #[rustfmt::skip]
        let queries = [
            "select 1", "(SELECT 1) UNION ALL (SELECT 2)", "WITH a AS (SELECT 1) SELECT * FROM a", "FROM kpis", "DESCRIBE kpis",
            "SHOW TABLES", "SUMMARIZE kpis", "explain analyze select 1", "PIVOT kpis ON metric USING first(value)",
            "SELECT 'it''s; $$' AS a, \"b;c\" FROM t", "SELECT E'\\'; COPY' AS a", "SELECT $tag$ ; $tag$, $$;$$", "SELECT 'ü;' -- ;",
        ];
        for sql in queries {
            let asked = question(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
            assert_eq!((asked.preparation.as_str(), asked.query.as_str()), ("", sql));
        }
    }

    #[test]
    fn whatever_writes_is_refused() {
        #[rustfmt::skip]
        let refused = [
            ("COPY (SELECT 1) TO 'marts/x.csv'", "not_a_query"), ("EXPLAIN ANALYZE COPY (SELECT 1) TO 'x'", "not_a_query"),
            ("SELECT 1; COPY kpis TO 'x'", "not_a_query"), ("COPY kpis TO 'x'; SELECT 1", "not_a_query"),
            ("ATTACH 'x.db'", "not_a_query"), ("EXPORT DATABASE 'x'", "not_a_query"), ("INSTALL httpfs", "not_a_query"),
            (".shell rm -r marts", "not_a_query"), ("CREATE PERSISTENT SECRET s (TYPE s3); SELECT 1", "not_a_query"),
            ("SELECT ''';'; DROP VIEW kpis", "not_a_query"), ("SELECT 1; SELECT 2", "several_queries"),
            ("", "no_query"), ("-- nothing\n;;", "no_query"),
        ];
        for (sql, code) in refused {
            assert_eq!(question(sql).expect_err(sql).code(), code, "{sql}");
        }
    }
}
