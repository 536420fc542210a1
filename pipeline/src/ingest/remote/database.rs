//! Connections to PostgreSQL: one for each database, in one read-only transaction, so that the queries of several sources
//! see the same moment. What goes wrong is said without the password.

use crate::config::{Connection, Query, describe_connection};
use crate::error::{Error, Result};
use postgres::config::SslMode;
use postgres::error::SqlState;
use postgres::{Client, NoTls};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio_postgres_rustls::MakeRustlsConnect;

/// How long a server may take to answer the door, where the connection does not say.
const CONNECT_SECONDS: u64 = 10;

/// The databases that were asked so far.
#[derive(Default)]
pub(super) struct Databases {
    clients: BTreeMap<String, Client>,
}

impl Databases {
    /// The transaction of a query's database, with the query's timeout set.
    pub fn client(&mut self, query: &Query) -> Result<&mut Client> {
        let text = connection_text(&query.connection)?;
        if !self.clients.contains_key(&text) {
            self.clients.insert(text.clone(), connect(&text)?);
        }
        let client = self.clients.get_mut(&text).expect("it was just put there");
        let timeout = format!("SET LOCAL statement_timeout = {}", u64::from(query.timeout_seconds) * 1_000);
        client.batch_execute(&timeout).map_err(|cause| refused(&cause))?;
        Ok(client)
    }
}

fn connection_text(connection: &Connection) -> Result<String> {
    match connection {
        Connection::Text(text) => Ok(text.clone()),
        Connection::Variable(name) => std::env::var(name).map_err(|_| {
            Error::usage("connection_missing", format!("the variable that says how the database is reached is not set: {name}"))
                .hint(format!("export {name}=postgresql://user:password@host/database"))
        }),
    }
}

fn connect(text: &str) -> Result<Client> {
    let mut config: postgres::Config = text.parse().map_err(|_| {
        Error::usage("bad_connection", "the connection of a query cannot be read")
            .hint("for example postgresql://reader@db.example.com:5432/erp?sslmode=require")
    })?;
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(Duration::from_secs(CONNECT_SECONDS));
    }
    if config.get_password().is_none()
        && let Ok(password) = std::env::var("PGPASSWORD")
    {
        config.password(password);
    }
    config.application_name("arrears");
    let shown = describe_connection(text);
    let client = match config.get_ssl_mode() {
        SslMode::Disable => config.connect(NoTls),
        mode => match encryption() {
            Some(encryption) => config.connect(encryption),
            None if mode == SslMode::Prefer => config.connect(NoTls),
            None => {
                return Err(Error::usage("no_certificates", format!("no certificates are trusted on this machine: {shown}"))
                    .hint("install ca-certificates, or name the certificate of the server's authority in SSL_CERT_FILE"));
            }
        },
    };
    let mut client = client.map_err(|cause| not_connected(&shown, &cause))?;
    client
        .batch_execute(
            "SET datestyle TO 'ISO, YMD'; SET timezone TO 'UTC'; SET extra_float_digits TO 3; SET client_encoding TO 'UTF8'; \
             BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY",
        )
        .map_err(|cause| refused(&cause))?;
    Ok(client)
}

/// Encryption that trusts what the machine trusts; `None` where it trusts nobody.
fn encryption() -> Option<MakeRustlsConnect> {
    // Another part of the program may have chosen the same before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    MakeRustlsConnect::with_native_certs().ok().map(|(connect, _)| connect)
}

fn not_connected(shown: &str, cause: &postgres::Error) -> Error {
    let Some(code) = cause.code() else {
        return Error::input("database_unreachable", format!("the database cannot be reached: {shown}"))
            .caused_by(cause)
            .hint("is the server up, and is the address right? with its own certificate: SSL_CERT_FILE, or sslmode=disable where nobody can listen");
    };
    if [SqlState::TOO_MANY_CONNECTIONS, SqlState::CANNOT_CONNECT_NOW].contains(code) {
        return Error::input("database_unreachable", format!("the database takes no connection now: {shown}"))
            .caused_by(cause)
            .hint("run again later");
    }
    Error::usage("database_refused", format!("the database refuses the connection: {shown}"))
        .caused_by(cause)
        .hint("look at user, password (connection_env, or PGPASSWORD) and the name of the database")
}

/// A failure while a query was asked.
pub(super) fn refused(cause: &postgres::Error) -> Error {
    let code = cause.code();
    if code == Some(&SqlState::QUERY_CANCELED) {
        return Error::input("query_timeout", "the database gave the query up")
            .caused_by(cause)
            .hint("raise timeout_seconds of the source, or ask for less");
    }
    if code == Some(&SqlState::INSUFFICIENT_PRIVILEGE) {
        return Error::usage("query_denied", "the user may not read what the query asks for")
            .caused_by(cause)
            .hint("GRANT SELECT on it to the user");
    }
    if code == Some(&SqlState::READ_ONLY_SQL_TRANSACTION) {
        return Error::usage("query_writes", "the query would change the database").caused_by(cause).hint("a source only reads");
    }
    // Classes 42, 22 and 0A: what is asked for does not exist, cannot be computed, or is not one SELECT.
    if code.is_some_and(|code| ["42", "22", "0A"].iter().any(|class| code.code().starts_with(class))) {
        return Error::usage("query_wrong", "the database does not understand the query")
            .caused_by(cause)
            .hint("try it in psql as the same user; it must be one SELECT, and its columns must have names of their own");
    }
    Error::input("query_interrupted", "the rows of a query did not all arrive").caused_by(cause).hint("run again")
}
