//! What does not lie in files of this machine: object stores for input and output, and queries of a database.
//!
//! Nothing here connects anywhere. A password is never shown: neither by `config show` nor by `Debug`.

use super::source::RawSource;
use super::{Document, Origin, Sourced};
use crate::error::{Error, Result};
use crate::objects::{Location, Scheme};
use serde::Deserialize;
use std::fmt;
use std::path::{Path, PathBuf};
use toml::Spanned;

/// `[object_store]`: what the `AWS_*` variables do not say, or say for another store.
#[derive(Clone, Debug)]
pub struct ObjectStoreConfig {
    /// The address of a store that is not Amazon's.
    pub endpoint: Option<Sourced<String>>,
    /// Its region.
    pub region: Option<Sourced<String>>,
    /// Whether it may be spoken to without encryption.
    pub allow_http: Option<Sourced<bool>>,
    /// Whether the bucket stands in the host name and not in the path.
    pub virtual_hosted_style: Option<Sourced<bool>>,
    /// For how long a request is tried again, seconds.
    pub retry_seconds: Sourced<u32>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawObjectStore {
    endpoint: Option<Spanned<String>>,
    region: Option<Spanned<String>>,
    allow_http: Option<Spanned<bool>>,
    virtual_hosted_style: Option<Spanned<bool>>,
    retry_seconds: Option<Spanned<u32>>,
}

impl RawObjectStore {
    pub(super) fn check(self, document: &Document<'_>) -> Result<ObjectStoreConfig> {
        if let Some(endpoint) = &self.endpoint {
            let allowed = self.allow_http.as_ref().is_some_and(|allow| *allow.get_ref());
            if endpoint.get_ref().starts_with("http://") && !allowed {
                return Err(document
                    .error(endpoint, "config_conflict", format!("the endpoint is not encrypted: {}", endpoint.get_ref()))
                    .hint("use https://, or say allow_http = true where nobody can listen"));
            }
            if !endpoint.get_ref().starts_with("http://") && !endpoint.get_ref().starts_with("https://") {
                let what = format!("the endpoint is no address: {}", endpoint.get_ref());
                return Err(document.error(endpoint, "bad_value", what).hint("for example https://minio.example.com:9000"));
            }
        }
        if let Some(seconds) = self.retry_seconds.as_ref().filter(|seconds| !(1..=300).contains(seconds.get_ref())) {
            let what = format!("`retry_seconds` is not between 1 and 300: {}", seconds.get_ref());
            return Err(document.error(seconds, "bad_value", what).hint("credentials of a request that is tried again grow old"));
        }
        Ok(ObjectStoreConfig {
            endpoint: self.endpoint.map(|value| document.sourced(value)),
            region: self.region.map(|value| document.sourced(value)),
            allow_http: self.allow_http.map(|value| document.sourced(value)),
            virtual_hosted_style: self.virtual_hosted_style.map(|value| document.sourced(value)),
            retry_seconds: self.retry_seconds.map_or(Sourced { value: 60, origin: Origin::Default }, |value| document.sourced(value)),
        })
    }
}

impl ObjectStoreConfig {
    /// What is used where there is no configuration: the variables alone.
    pub fn from_variables() -> Self {
        let retry_seconds = Sourced { value: 60, origin: Origin::Default };
        ObjectStoreConfig { endpoint: None, region: None, allow_http: None, virtual_hosted_style: None, retry_seconds }
    }

    /// The values in force.
    pub(super) fn values(&self) -> Vec<(String, String, Origin)> {
        let text = |key: &str, value: &Option<Sourced<String>>| {
            value.as_ref().map(|value| (format!("object_store.{key}"), super::quoted(value), value.origin.clone()))
        };
        let flag = |key: &str, value: &Option<Sourced<bool>>| {
            value.as_ref().map(|value| (format!("object_store.{key}"), value.value.to_string(), value.origin.clone()))
        };
        let retry = ("object_store.retry_seconds".to_owned(), self.retry_seconds.to_string(), self.retry_seconds.origin.clone());
        let given = [text("endpoint", &self.endpoint), text("region", &self.region), flag("allow_http", &self.allow_http)];
        given.into_iter().chain([flag("virtual_hosted_style", &self.virtual_hosted_style)]).flatten().chain([retry]).collect()
    }
}

/// Checks `publish_to`.
pub(super) fn publish_to(value: Sourced<String>, place: &str) -> Result<Sourced<Location>> {
    let refused = |reason: String| {
        Error::usage("bad_location", format!("`publish_to` cannot be used: {reason}: {}", value.value))
            .at(place)
            .hint("for example s3://bucket/receivables or file:///srv/receivables")
    };
    let mut location = Location::parse(&value.value).map_err(refused)?;
    location.key = location.key.trim_end_matches('/').to_owned();
    if location.is_pattern() || (location.scheme == Scheme::File && location.key.is_empty()) {
        return Err(refused("it is no folder of its own".into()));
    }
    Ok(Sourced { value: location, origin: value.origin })
}

/// Where a source's rows come from, when it is not a path of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remote {
    /// Objects: one, a folder's, or those that match a pattern.
    Objects(Location),
    /// The rows of a query.
    Query(Query),
}

/// A query of a PostgreSQL database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// The SELECT.
    pub sql: String,
    /// How the database is reached.
    pub connection: Connection,
    /// After how many seconds the database gives up.
    pub timeout_seconds: u32,
}

/// How a database is reached.
#[derive(Clone, PartialEq, Eq)]
pub enum Connection {
    /// As the configuration says.
    Text(String),
    /// As this environment variable says when the source is read.
    Variable(String),
}

impl Connection {
    /// What may be shown of it: server, database and user; never a password.
    pub fn shown(&self) -> String {
        match self {
            Connection::Variable(name) => format!("${name}"),
            Connection::Text(text) => describe(text),
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown())
    }
}

/// Server, database and user of a connection; nothing else, so that no password is among it.
pub fn describe(connection: &str) -> String {
    let Ok(config) = connection.parse::<postgres::Config>() else { return "postgresql://(cannot be read)".into() };
    let hosts: Vec<String> = config
        .get_hosts()
        .iter()
        .enumerate()
        .map(|(at, host)| {
            let port = config.get_ports().get(at).or(config.get_ports().last()).map_or(String::new(), |port| format!(":{port}"));
            match host {
                postgres::config::Host::Tcp(name) => format!("{name}{port}"),
                #[cfg(unix)]
                postgres::config::Host::Unix(path) => format!("{}{port}", path.display()),
            }
        })
        .collect();
    let user = config.get_user().map_or(String::new(), |user| format!("{user}@"));
    format!("postgresql://{user}{}/{}", hosts.join(","), config.get_dbname().unwrap_or_default())
}

/// Keys that say how texts are written, which a query's rows are not.
pub(super) const FORMAT_KEYS: [&str; 8] =
    ["date_format", "instant_format", "decimal", "thousands", "delimiter", "quote", "encoding", "delivered_at"];

/// The keys of a source that say where its rows come from, as TOML.
pub(super) fn place_values(source: &super::Source) -> Vec<(&'static str, String)> {
    let Some(Remote::Query(query)) = &source.remote else { return vec![("path", super::quoted(&source.path_text))] };
    let connection = match &query.connection {
        Connection::Text(_) => ("connection", super::quoted(&query.connection.shown())),
        Connection::Variable(name) => ("connection_env", super::quoted(name)),
    };
    vec![("query", super::quoted(&query.sql)), connection, ("timeout_seconds", query.timeout_seconds.to_string())]
}

/// Where a source's rows come from, as far as its keys say.
pub(super) struct Place {
    /// The path, joined to the configuration's directory; empty where there is none.
    pub path: PathBuf,
    /// The path as written; empty for queries.
    pub path_text: String,
    /// What is not a path of this machine.
    pub remote: Option<Remote>,
}

impl Place {
    /// Reads `path`, or `query` and what belongs to it.
    pub(super) fn of(raw: &RawSource, line: usize, document: &Document<'_>, directory: &Path) -> Result<Self> {
        let sql = query_text(raw, document, directory)?;
        match (&raw.path, sql) {
            (Some(path), None) => {
                no_query_keys(raw, document)?;
                of_path(path, document, directory)
            }
            (None, Some(sql)) => {
                let query = query(raw, sql, line, document)?;
                Ok(Place { path: PathBuf::new(), path_text: String::new(), remote: Some(Remote::Query(query)) })
            }
            (Some(path), Some(_)) => Err(document
                .error(path, "config_conflict", "a source has a `path` and a query".to_owned())
                .hint("keep one of the two, or make two sources")),
            (None, None) => Err(Error::usage("missing_key", "a key is missing: path")
                .at(format!("{}:{line}", document.path.display()))
                .hint("a [[source]] needs at least `path` and `shape`, or `query`, `connection` and `shape`")),
        }
    }
}

fn of_path(path: &Spanned<String>, document: &Document<'_>, directory: &Path) -> Result<Place> {
    let text = path.get_ref();
    if !Location::is_url(text) {
        return Ok(Place { path: directory.join(text), path_text: text.clone(), remote: None });
    }
    let location = Location::parse(text).map_err(|reason| {
        document
            .error(path, "bad_location", format!("the path cannot be read: {reason}: {text}"))
            .hint("known are s3://bucket/prefix/inv_*.csv, file:///folder/, and paths of this machine")
    })?;
    Ok(Place { path: PathBuf::from(text), path_text: text.clone(), remote: Some(Remote::Objects(location)) })
}

fn query_text(raw: &RawSource, document: &Document<'_>, directory: &Path) -> Result<Option<String>> {
    let sql = match (&raw.query, &raw.query_file) {
        (None, None) => return Ok(None),
        (Some(query), None) => query.get_ref().clone(),
        (None, Some(file)) => {
            let path = directory.join(file.get_ref());
            std::fs::read_to_string(&path).map_err(|cause| {
                document
                    .error(file, "query_file_missing", format!("the file of the query cannot be read: {}", path.display()))
                    .caused_by(&cause)
                    .hint("paths are relative to the configuration")
            })?
        }
        (Some(query), Some(_)) => {
            return Err(document
                .error(query, "config_conflict", "`query` and `query_file` exclude each other".to_owned())
                .hint("keep one of the two"));
        }
    };
    Ok(Some(sql.trim().trim_end_matches(';').trim_end().to_owned()))
}

fn no_query_keys(raw: &RawSource, document: &Document<'_>) -> Result<()> {
    let texts = [("connection", &raw.connection), ("connection_env", &raw.connection_env)];
    match texts.into_iter().find_map(|(key, value)| value.as_ref().map(|value| (key, value))) {
        None => Ok(()),
        Some((key, value)) => Err(document
            .error(value, "config_conflict", format!("`{key}` belongs to a query, and the source has a `path`"))
            .hint("take `path` out and write query = \"SELECT …\"")),
    }
}

fn query(raw: &RawSource, sql: String, line: usize, document: &Document<'_>) -> Result<Query> {
    let place = format!("{}:{line}", document.path.display());
    if raw.name.is_none() {
        return Err(Error::usage("missing_key", "a source with a query has no name")
            .at(place)
            .hint("write name = \"invoices\"; the rows are then called invoices.csv"));
    }
    let connection = match (&raw.connection, &raw.connection_env) {
        (Some(text), None) if text.get_ref().parse::<postgres::Config>().is_ok() => Connection::Text(text.get_ref().clone()),
        // The text may hold a password: it is not repeated.
        (Some(text), None) => {
            return Err(document
                .error(text, "bad_connection", "`connection` cannot be read".to_owned())
                .hint("for example postgresql://reader@db.example.com:5432/erp?sslmode=require"));
        }
        (None, Some(name)) => Connection::Variable(name.get_ref().clone()),
        (Some(text), Some(_)) => {
            return Err(document
                .error(text, "config_conflict", "`connection` and `connection_env` exclude each other".to_owned())
                .hint("keep one of the two"));
        }
        (None, None) => {
            return Err(Error::usage("missing_key", "a source with a query has no `connection`").at(place).hint(
                "connection = \"postgresql://reader@db.example.com/erp\", or connection_env = \"ARREARS_PG\" for one with a password",
            ));
        }
    };
    refuse_formats(raw, document)?;
    let timeout_seconds = match &raw.timeout_seconds {
        None => 600,
        Some(seconds) if (1..=86_400).contains(seconds.get_ref()) => *seconds.get_ref(),
        Some(seconds) => {
            let what = format!("`timeout_seconds` is not between 1 and 86400: {}", seconds.get_ref());
            return Err(document.error(seconds, "bad_value", what));
        }
    };
    Ok(Query { sql, connection, timeout_seconds })
}

/// A database says what it means: numbers and dates have types there, and rows no separators.
fn refuse_formats(raw: &RawSource, document: &Document<'_>) -> Result<()> {
    let [date, instant, decimal, thousands, delimiter, quote, encoding, delivered] = FORMAT_KEYS;
    let formats = [
        (date, &raw.date_format),
        (instant, &raw.instant_format),
        (decimal, &raw.decimal),
        (thousands, &raw.thousands),
        (delimiter, &raw.delimiter),
        (quote, &raw.quote),
        (encoding, &raw.encoding),
        (delivered, &raw.delivered_at),
    ];
    match formats.into_iter().find_map(|(key, value)| value.as_ref().map(|value| (key, value))) {
        None => Ok(()),
        Some((key, value)) => Err(document
            .error(value, "config_conflict", format!("`{key}` and a query exclude each other"))
            .hint("convert in the query, for example to_date(due, 'DD.MM.YYYY') or amount::numeric")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Config, Overrides};
    use super::*;

    fn load(text: &str, environment: &[(&str, &str)]) -> Result<Config> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("arrears.toml");
        std::fs::write(&path, text).expect("the configuration is written");
        std::fs::write(folder.path().join("x.sql"), "SELECT 1;\n").expect("the query is written");
        let variable = |name: &str| environment.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        Config::load_with(&path, &Overrides::default(), &variable)
    }

    fn with_source(source: &str) -> String {
        format!("base_currency = \"EUR\"\n[[source]]\nshape = \"flat_invoices\"\n{source}\n")
    }

    #[test]
    fn where_rows_come_from_is_read_and_says_nothing_about_numbers() {
        let query = "name = \"a\"\nquery_file = \"x.sql\"\n";
        let secret = format!("{query}connection = \"postgresql://u:topsecret@h:5433/d\"");
        let config = load(&with_source(&secret), &[]).expect("loads");
        let Some(Remote::Query(found)) = &config.sources[0].remote else { panic!("a query") };
        assert_eq!((found.sql.as_str(), found.timeout_seconds), ("SELECT 1", 600));
        assert!(config.show().contains("connection = \"postgresql://u@h:5433/d\"") && !config.show().contains("topsecret"));
        assert!(!format!("{config:?}").contains("topsecret"), "not even by chance in a message for developers");
        // Another server, another query: the same meaning.
        let other =
            load(&with_source("name = \"a\"\nquery = \"SELECT 2\"\nconnection_env = \"X\"\ntimeout_seconds = 5"), &[]).expect("loads");
        assert_eq!(config.fingerprint(), other.fingerprint());
        // What is shown says the same again.
        let shown = other.show();
        let again = load(&shown, &[]).unwrap_or_else(|error| panic!("{error}\n{shown}"));
        assert_eq!(again.sources[0].remote, other.sources[0].remote);

        let config = load(&with_source("path = \"s3://b/x/inv_*.csv\""), &[]).expect("loads");
        assert_eq!((config.sources[0].name.as_str(), config.sources[0].remote.is_some()), ("inv_*.csv", true));
    }

    #[test]
    fn where_nights_are_published_is_read_from_the_variable_before_the_file() {
        let text = format!(
            "publish_to = \"s3://bucket/receivables/\"\n[object_store]\nregion = \"eu\"\n{}",
            with_source("path = \"x\"").replace("base_currency", "#")
        );
        let text = format!("base_currency = \"EUR\"\n{text}");
        let config = load(&text, &[]).expect("loads");
        assert_eq!(config.publish_to.as_ref().map(|location| location.to_string()).as_deref(), Some("s3://bucket/receivables"));
        assert!(config.show().contains("object_store.region = \"eu\""));
        let config = load(&text, &[("ARREARS_PUBLISH_TO", "file:///srv/x")]).expect("loads");
        assert_eq!(config.publish_to.as_ref().map(|location| location.to_string()).as_deref(), Some("file:///srv/x"));
        let without = load(&with_source("path = \"x\""), &[]).expect("loads");
        assert_eq!(config.fingerprint(), without.fingerprint(), "where it goes changes no number");
    }

    #[test]
    fn what_cannot_be_meant_is_refused_with_its_line() {
        let query = "name = \"a\"\nconnection_env = \"X\"\nquery = \"SELECT 1\"";
        for (source, code, line) in [
            ("", "missing_key", ":2"),
            ("path = \"gs://b/x\"", "bad_location", ":4"),
            ("path = \"s3://k:s@b/x\"", "bad_location", ":4"),
            ("path = \"x\"\nquery = \"SELECT 1\"", "config_conflict", ":4"),
            ("path = \"x\"\nconnection_env = \"X\"", "config_conflict", ":5"),
            ("query = \"SELECT 1\"\nconnection_env = \"X\"", "missing_key", ":2"),
            ("name = \"a\"\nquery = \"SELECT 1\"", "missing_key", ":2"),
            ("name = \"a\"\nquery_file = \"nothing.sql\"\nconnection_env = \"X\"", "query_file_missing", ":5"),
            (&format!("{query}\nquery_file = \"x.sql\""), "config_conflict", ":6"),
            (&format!("{query}\nconnection = \"host=x\""), "config_conflict", ":7"),
            (&format!("{query}\ndecimal = \",\""), "config_conflict", ":7"),
            (&format!("{query}\ndate_format = \"%d.%m.%Y\""), "config_conflict", ":7"),
            (&format!("{query}\ntimeout_seconds = 0"), "bad_value", ":7"),
            ("path = \"x\"\n[object_store]\nendpoint = \"http://h\"", "config_conflict", ":6"),
            ("path = \"x\"\n[object_store]\nendpoint = \"h:9000\"", "bad_value", ":6"),
            ("path = \"x\"\n[object_store]\nretry_seconds = 0", "bad_value", ":6"),
            ("path = \"x\"\n[object_store]\nsecret = \"s\"", "unknown_key", ":6"),
        ] {
            let error = load(&with_source(source), &[]).expect_err(source);
            assert_eq!((error.code(), error.status()), (code, crate::ExitStatus::Usage), "{source}: {error}");
            assert!(error.to_string().contains(&format!("arrears.toml{line}")), "{source}: {error}");
        }
        for location in ["bucket/x", "s3://", "s3://b/*", "file:///", "https://b/x"] {
            let error = load(&with_source("path = \"x\""), &[("ARREARS_PUBLISH_TO", location)]).expect_err(location);
            assert_eq!(error.code(), "bad_location", "{error}");
        }
    }
}
