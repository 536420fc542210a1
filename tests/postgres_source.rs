//! Queries of a PostgreSQL server that each test starts for itself, on loopback, with a data folder of its own. Skipped, said
//! aloud, where there is no server (`apt-get install postgresql`).

mod support;

use postgres::{Client, NoTls};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use support::{Ended, Place, Row, cell, end_of, files_of, skipped};

const AS_OF: &str = "2025-06-30";
const PASSWORD: &str = "n0b0dy-must-see-this";

// --- a server --------------------------------------------------------------------------------------------------------------------------

struct Server {
    child: Child,
    port: u16,
    folder: tempfile::TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        // An immediate shutdown: nobody needs what is in it.
        let pid = rustix::process::Pid::from_child(&self.child);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::QUIT);
        let _ = self.child.wait();
    }
}

fn tool(name: &str) -> Option<PathBuf> {
    let mut folders: Vec<PathBuf> = vec!["/usr/local/bin".into(), "/usr/bin".into()];
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    folders.extend(versions.map(|version| version.path().join("bin")));
    folders.iter().map(|folder| folder.join(name)).find(|path| path.is_file())
}

/// A user that is not root: PostgreSQL refuses to run as that one.
const NOBODY: u32 = 65_534;

fn is_root() -> bool {
    rustix::process::getuid().is_root()
}

/// A command of the server's own user.
fn unprivileged(program: &Path) -> Command {
    let mut command = Command::new(program);
    if is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    // Messages are compared in no language but the server's own.
    command.env("LC_ALL", "C").current_dir("/");
    command
}

impl Server {
    /// Starts a server; nothing, said aloud, where there is none. `settings` are lines of `postgresql.conf`.
    fn start(settings: &str, access: &str) -> Option<Self> {
        let (Some(initdb), Some(postgres)) = (tool("initdb"), tool("postgres")) else {
            skipped("queries of a database: there is no PostgreSQL server (apt-get install postgresql)");
            return None;
        };
        let folder = tempfile::Builder::new().prefix("arrears-postgres-").tempdir_in("/tmp").expect("a temporary folder");
        std::fs::write(folder.path().join("password"), PASSWORD).expect("writes");
        let data = folder.path().join("data");
        if is_root() {
            for path in [folder.path(), &folder.path().join("password")] {
                std::os::unix::fs::chown(path, Some(NOBODY), Some(NOBODY)).expect("root may");
            }
        }
        let mut init = unprivileged(&initdb);
        init.args(["--no-sync", "--auth=scram-sha-256", "--username=owner", "--encoding=UTF8", "--locale=C", "--pgdata"]).arg(&data);
        end_of(init.arg(format!("--pwfile={}", folder.path().join("password").display()))).expect(0);
        if !access.is_empty() {
            std::fs::write(data.join("pg_hba.conf"), access).expect("writes");
        }
        let free = std::net::TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr()).expect("there is a free port");
        let port = free.port();
        let base =
            format!("port = {port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\nfsync = off\nmax_connections = 20\n");
        let config = std::fs::read_to_string(data.join("postgresql.conf")).expect("initdb wrote it");
        std::fs::write(data.join("postgresql.conf"), config + &base + settings).expect("writes");
        let log = std::fs::File::create(folder.path().join("log")).expect("creates");
        let mut command = unprivileged(&postgres);
        let child = command.arg("-D").arg(&data).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().expect("the server starts");
        let server = Server { child, port, folder };
        let started = Instant::now();
        while let Err(cause) = server.try_connect() {
            let log = || std::fs::read_to_string(server.folder.path().join("log")).unwrap_or_default();
            assert!(started.elapsed() < Duration::from_secs(60), "the server answers: {cause:?}\n{}", log());
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(server)
    }

    fn plain() -> Option<Self> {
        Self::start("", "")
    }

    fn url(&self, user: &str, password: &str) -> String {
        format!("postgresql://{user}:{password}@127.0.0.1:{}/postgres", self.port)
    }

    fn try_connect(&self) -> Result<Client, postgres::Error> {
        Client::connect(&format!("{}?connect_timeout=5", self.url("owner", PASSWORD)), NoTls)
    }

    fn execute(&self, sql: &str) {
        self.try_connect().expect("the server answers").batch_execute(sql).unwrap_or_else(|cause| panic!("{sql}: {cause:?}"));
    }
}

// --- places ----------------------------------------------------------------------------------------------------------------------------

/// A configuration with one flat source that is this query.
fn place(query: &str, more: &str) -> Place {
    let place = Place::empty();
    write_config(&place, &format!("query = '''{query}'''\n{more}"), "");
    place
}

fn write_config(place: &Place, query: &str, rest: &str) {
    place.write(
        "arrears.toml",
        format!(
            "base_currency = \"EUR\"\n[[source]]\nname = \"invoices\"\nshape = \"flat_invoices\"\nconnection_env = \"ARREARS_PG\"\n\
             constants = {{ currency = \"EUR\" }}\n{query}\n{rest}\n[forecast]\nenabled = false\n"
        ),
    );
}

fn arrears(place: &Place, server: &Server, subcommand: &[&str]) -> Ended {
    let mut command = place.arrears(subcommand);
    let ended = end_of(command.env("ARREARS_PG", server.url("owner", PASSWORD)).env_remove("PGPASSWORD"));
    assert_secret(&ended);
    ended
}

#[track_caller]
fn assert_secret(ended: &Ended) {
    assert!(!ended.stdout.contains(PASSWORD) && !ended.stderr.contains(PASSWORD), "the password is told: {}{}", ended.stdout, ended.stderr);
}

fn ingest(place: &Place, server: &Server) -> Ended {
    arrears(place, server, &["ingest", "--as-of", AS_OF])
}

/// The ledger's rows of a table, in the order of the file.
fn ledger_rows(place: &Place, table: &str) -> Vec<Row> {
    let mut segments: Vec<PathBuf> = std::fs::read_dir(place.out().join("ledger").join(table))
        .expect("the table is there")
        .map(|entry| entry.expect("the folder can be read").path())
        .filter(|path| {
            path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("seg-") && name.to_string_lossy().ends_with(".parquet"))
        })
        .collect();
    segments.sort();
    segments.iter().flat_map(|path| rows_of(path)).collect()
}

/// The rows of a segment; instants as microseconds since 1970.
fn rows_of(path: &Path) -> Vec<Row> {
    use arrow::array::{Array as _, AsArray as _};
    use arrow::datatypes::{DataType, TimestampMicrosecondType};
    use arrow::util::display::{ArrayFormatter, FormatOptions};
    let file = std::fs::File::open(path).expect("the segment is there");
    let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file).and_then(|builder| builder.build());
    let mut rows = Vec::new();
    for batch in reader.expect("the segment is Parquet") {
        let batch = batch.expect("the segment can be read");
        let schema = batch.schema();
        for at in 0..batch.num_rows() {
            let cells = schema.fields().iter().zip(batch.columns()).map(|(field, column)| {
                let text = match column.data_type() {
                    _ if column.is_null(at) => None,
                    DataType::Timestamp(..) => Some(column.as_primitive::<TimestampMicrosecondType>().value(at).to_string()),
                    _ => {
                        let formatter = ArrayFormatter::try_new(column, &FormatOptions::default()).expect("it can be shown");
                        Some(formatter.value(at).to_string())
                    }
                };
                (field.name().clone(), text)
            });
            let row: Row = cells.collect();
            rows.push(row);
        }
    }
    rows
}

const INVOICES: &str = "
    CREATE TABLE invoices (
        document_id text PRIMARY KEY, customer_id text, document_date date, due_date timestamp, amount numeric, reference text,
        recorded_at timestamptz, is_intercompany boolean, name text, weight double precision
    );
    INSERT INTO invoices VALUES
        ('1', 'A', '2025-05-01', '2025-05-31 00:00', 12345678901234.5600, 'plain', '2025-05-02 10:00:00.123456+02', false, 'Alder', 0.1),
        ('2', 'A', '2025-05-02', NULL, 0.1, '', '2025-05-02 10:00:00+02', false, 'Alder', 0.1),
        ('3', 'B', '2025-05-03', '2025-06-02 00:00', 1000000, E'two\nlines, \"quoted\"; ünïcode \\\\. =1+1', '2025-05-03 00:00:00+00', NULL, '\\.', NULL);";

// --- reading ---------------------------------------------------------------------------------------------------------------------------

#[test]
fn the_rows_of_a_query_are_read_exactly_as_the_database_has_them() {
    let Some(server) = Server::plain() else { return };
    server.execute(INVOICES);
    // A comment at the end and a semicolon are no part of the query.
    let place = place("SELECT * FROM invoices ORDER BY document_id -- all of them\n;", "");
    let plan = arrears(&place, &server, &["plan", "--as-of", AS_OF]).expect(0);
    assert!(plan.stdout.contains("query  invoices.csv (invoices)"), "{}", plan.stdout);
    let first = ingest(&place, &server).expect(0);
    assert!(first.stdout.contains("3 rows read from 1 new file: 3 accepted, 0 quarantined"), "{}", first.stdout);

    let rows = ledger_rows(&place, "documents");
    let column = |name: &str| rows.iter().map(|row| cell(row, name).map(str::to_owned)).collect::<Vec<_>>();
    let texts = |cells: [Option<&str>; 3]| cells.map(|cell| cell.map(str::to_owned)).to_vec();
    assert_eq!(column("amount"), texts([Some("12345678901234.5600"), Some("0.1000"), Some("1000000.0000")]));
    assert_eq!(column("document_date"), texts([Some("2025-05-01"), Some("2025-05-02"), Some("2025-05-03")]));
    assert_eq!(column("due_date"), texts([Some("2025-05-31"), None, Some("2025-06-02")]));
    assert_eq!(column("reference"), texts([Some("plain"), None, Some("two\nlines, \"quoted\"; ünïcode \\. =1+1")]));
    // 2 May 2025 is day 20,210 since 1970: 20,210 × 86,400 s, and eight hours in UTC.
    assert_eq!(column("recorded_at")[0].as_deref(), Some("1746172800123456"));
    let customers = ledger_rows(&place, "customers");
    assert_eq!(customers.iter().map(|row| cell(row, "is_intercompany")).collect::<Vec<_>>(), [Some("false"), None]);
    assert_eq!(cell(&customers[1], "name"), Some("\\."));

    let again = ingest(&place, &server).expect(0);
    assert!(again.stdout.contains("nothing new in 1 file seen before"), "{}", again.stdout);
    server.execute(
        "INSERT INTO invoices VALUES ('4', 'B', '2025-05-04', NULL, 4.00); UPDATE invoices SET amount = 2 WHERE document_id = '2'",
    );
    let changed = ingest(&place, &server).expect(0);
    assert!(changed.stdout.contains("4 rows read from 1 new file: 2 accepted, 2 unchanged, 0 quarantined"), "{}", changed.stdout);

    let shown = arrears(&place, &server, &["config", "show"]).expect(0);
    assert!(shown.stdout.contains("connection_env = \"ARREARS_PG\"") && shown.stdout.contains("timeout_seconds = 600"), "{}", shown.stdout);
    arrears(&place, &server, &["run", "--as-of", AS_OF]).expect(0);
    for (name, bytes) in files_of(&place.out()) {
        assert!(!bytes.windows(PASSWORD.len()).any(|window| window == PASSWORD.as_bytes()), "{name} holds the password");
    }
    assert!(!place.out().join("staging/inputs-remote").exists(), "the spool is gone");
}

#[test]
fn a_connection_in_the_configuration_is_shown_without_its_password() {
    let Some(server) = Server::plain() else { return };
    server.execute(INVOICES);
    let place = Place::empty();
    let write = |connection: &str| {
        place.write("query.sql", "SELECT document_id, customer_id, document_date, amount FROM invoices;\n");
        place.write(
            "arrears.toml",
            format!(
                "base_currency = \"EUR\"\n[[source]]\nname = \"invoices\"\nshape = \"flat_invoices\"\nconstants = {{ currency = \"EUR\" }}\n\
                 query_file = \"query.sql\"\nconnection = \"{connection}\"\n"
            ),
        );
    };
    let mut shown = Vec::new();
    for connection in
        [server.url("owner", PASSWORD), format!("host=127.0.0.1 port={} user=owner dbname=postgres password={PASSWORD}", server.port)]
    {
        write(&connection);
        let show = arrears(&place, &server, &["config", "show"]).expect(0);
        shown.push(show.stdout.lines().find(|line| line.starts_with("connection = ")).expect("it is shown").to_owned());
        let ingested = ingest(&place, &server).expect(0);
        assert!(ingested.stdout.contains("3 accepted") || ingested.stdout.contains("nothing new"), "{}", ingested.stdout);
    }
    let expected = format!("connection = \"postgresql://owner@127.0.0.1:{}/postgres\"", server.port);
    assert_eq!(shown, [expected.clone(), expected]);
    // The password may stand in the environment, as for psql.
    write(&format!("postgresql://owner@127.0.0.1:{}/postgres", server.port));
    let mut command = place.arrears(&["ingest", "--as-of", AS_OF]);
    end_of(command.env("PGPASSWORD", PASSWORD)).expect(0);
    write(&format!("postgresql://owner:{PASSWORD}@127.0.0.1:port/postgres"));
    let refused = arrears(&place, &server, &["config", "show"]).expect(2);
    assert!(refused.stderr.contains("error[bad_connection]") && refused.stderr.contains("arrears.toml:7"), "{}", refused.stderr);
}

#[test]
fn two_queries_of_one_database_see_the_same_moment() {
    let Some(server) = Server::plain() else { return };
    server.execute(INVOICES);
    let place = Place::empty();
    let source = |name: &str, query: &str| {
        format!(
            "[[source]]\nname = \"{name}\"\nshape = \"canonical\"\ntable = \"{name}\"\nconnection_env = \"ARREARS_PG\"\nquery = \"{query}\"\n"
        )
    };
    let slow = source("customers", "SELECT DISTINCT customer_id FROM invoices, pg_sleep(2)");
    let documents = source(
        "documents",
        "SELECT document_id, 'invoice' AS document_type, customer_id, document_date, amount, 'EUR' AS currency FROM invoices",
    );
    place.write("arrears.toml", format!("base_currency = \"EUR\"\n{slow}{documents}"));
    let ingested = std::thread::scope(|scope| {
        let run = scope.spawn(|| ingest(&place, &server));
        std::thread::sleep(Duration::from_millis(1_000));
        server.execute("INSERT INTO invoices VALUES ('4', 'C', '2025-05-04', NULL, 4.00)");
        run.join().expect("no panic").expect(0)
    });
    // Two customers and three documents; the fourth document came while the first query was at work.
    assert!(ingested.stdout.contains("5 rows read from 2 new files"), "{}", ingested.stdout);
    assert!(ingest(&place, &server).expect(0).stdout.contains("7 rows read from 2 new files"));
}

// --- refusing --------------------------------------------------------------------------------------------------------------------------

#[test]
fn what_a_database_refuses_is_said_with_the_source_and_without_the_password() {
    let Some(server) = Server::plain() else { return };
    server.execute(INVOICES);
    server.execute("CREATE SEQUENCE numbers; CREATE TABLE secrets (document_id text); CREATE ROLE reader LOGIN PASSWORD 'other'");
    server.execute("GRANT SELECT ON invoices TO reader");
    let good = "SELECT document_id, customer_id, document_date, amount FROM invoices";
    let owner = server.url("owner", PASSWORD);
    let nobody_there = format!("postgresql://owner:{PASSWORD}@127.0.0.1:9/postgres");
    let no_database = format!("{}nothing", owner.trim_end_matches("postgres"));
    let table = [
        ("no server", good, nobody_there, 4, "database_unreachable"),
        ("wrong password", good, server.url("owner", "wrong"), 2, "database_refused"),
        ("no such user", good, server.url("stranger", PASSWORD), 2, "database_refused"),
        ("no such database", good, no_database, 2, "database_refused"),
        ("no such table", "SELECT * FROM nothing", owner.clone(), 2, "query_wrong"),
        ("not SQL", "SELEKT 1", owner.clone(), 2, "query_wrong"),
        ("two statements", "SELECT 1 AS a; DROP TABLE invoices", owner.clone(), 2, "query_wrong"),
        ("no SELECT", "DELETE FROM invoices", owner.clone(), 2, "query_wrong"),
        ("a change in a SELECT", "SELECT nextval('numbers')::text AS document_id", owner.clone(), 2, "query_writes"),
        ("columns of one name", "SELECT 'a' AS document_id, 'b' AS document_id", owner.clone(), 2, "query_wrong"),
        ("a division by nothing", "SELECT (1 / 0)::text AS document_id", owner.clone(), 2, "query_wrong"),
        ("not allowed", "SELECT * FROM secrets", server.url("reader", "other"), 2, "query_denied"),
        ("too slow", "SELECT document_id, pg_sleep(30) FROM invoices", owner.clone(), 4, "query_timeout"),
        (
            "a float as money",
            "SELECT document_id, customer_id, document_date, weight AS amount FROM invoices",
            owner.clone(),
            4,
            "wrong_type",
        ),
        ("a column is missing", "SELECT document_id, customer_id, document_date FROM invoices", owner.clone(), 4, "missing_column"),
    ];
    for (what, query, connection, status, code) in table {
        let place = place(query, "timeout_seconds = 1");
        let mut command = place.arrears(&["ingest", "--as-of", AS_OF]);
        let ended = end_of(command.env("ARREARS_PG", &connection));
        assert_secret(&ended);
        assert!(ended.stderr.contains(&format!("error[{code}]")), "{what}: {}", ended.stderr);
        assert!(ended.stderr.contains("invoices") && ended.stderr.contains("hint: "), "{what}: {}", ended.stderr);
        assert!(!ended.stderr.contains("staging/"), "{what}: the spool is nobody's concern: {}", ended.stderr);
        ended.expect(status);
        assert!(!place.out().join("ledger/index.json").exists(), "{what}: nothing is ingested");
    }
    // Nothing was changed.
    let count: i64 = server.try_connect().expect("answers").query_one("SELECT count(*) FROM invoices", &[]).expect("is there").get(0);
    assert_eq!(count, 3);
    let unset = end_of(&mut place(good, "").arrears(&["ingest", "--as-of", AS_OF])).expect(2);
    assert!(unset.stderr.contains("error[connection_missing]") && unset.stderr.contains("ARREARS_PG"), "{}", unset.stderr);
}

#[test]
fn a_connection_that_breaks_while_rows_come_ingests_nothing() {
    let Some(server) = Server::plain() else { return };
    let query = "SELECT i::text AS document_id, 'A' AS customer_id, date '2025-01-01' AS document_date, 1.00 AS amount, \
                 CASE WHEN i > 5000 THEN pg_sleep(0.01)::text END AS waits FROM generate_series(1, 20000) AS i";
    let place = place(query, "");
    let ended = std::thread::scope(|scope| {
        let run = scope.spawn(|| ingest(&place, &server));
        let mut client = server.try_connect().expect("the server answers");
        let started = Instant::now();
        loop {
            assert!(started.elapsed() < Duration::from_secs(30), "the query is seen at work");
            let ended = client
                .query(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'arrears' AND query LIKE 'COPY%'",
                    &[],
                )
                .expect("the owner may");
            if !ended.is_empty() {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        run.join().expect("no panic").expect(4)
    });
    assert!(ended.stderr.contains("error[query_interrupted]") && ended.stderr.contains("source invoices"), "{}", ended.stderr);
    assert!(!place.out().join("ledger/index.json").exists());
    assert!(!place.out().join("staging/inputs-remote").exists(), "the spool is gone");
}

#[test]
fn an_encrypted_connection_is_to_the_server_that_is_meant() {
    // The certificate of a test, for the address of a test.
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (key, certificate) = (folder.path().join("server.key"), folder.path().join("server.crt"));
    let mut openssl = Command::new("openssl");
    openssl.args([
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=arrears-test",
        "-addext",
        "subjectAltName=IP:127.0.0.1",
    ]);
    openssl.args(["-addext", "basicConstraints=critical,CA:FALSE"]).arg("-keyout").arg(&key).arg("-out").arg(&certificate);
    if !openssl.output().is_ok_and(|output| output.status.success()) {
        return skipped("encrypted connections: there is no openssl");
    }
    if is_root() {
        std::os::unix::fs::chown(folder.path(), Some(NOBODY), Some(NOBODY)).expect("root may");
        std::os::unix::fs::chown(&key, Some(NOBODY), Some(NOBODY)).expect("root may");
    }
    let settings = format!("ssl = on\nssl_key_file = '{}'\nssl_cert_file = '{}'\n", key.display(), certificate.display());
    // Only encrypted connections for this user; the owner may come as the test does.
    let access = "hostssl all reader 127.0.0.1/32 scram-sha-256\nhost all owner 127.0.0.1/32 scram-sha-256\n";
    let Some(server) = Server::start(&settings, access) else { return };
    server.execute(INVOICES);
    server.execute(&format!("CREATE ROLE reader LOGIN PASSWORD '{PASSWORD}'; GRANT SELECT ON invoices TO reader"));
    let ask = |mode: &str, trusted: Option<&Path>| {
        let place = place("SELECT document_id, customer_id, document_date, amount FROM invoices", "");
        let mut command = place.arrears(&["ingest", "--as-of", AS_OF]);
        command
            .env("ARREARS_PG", format!("{}?sslmode={mode}", server.url("reader", PASSWORD)))
            .env_remove("SSL_CERT_FILE")
            .env_remove("SSL_CERT_DIR");
        if let Some(trusted) = trusted {
            command.env("SSL_CERT_FILE", trusted);
        }
        let ended = end_of(&mut command);
        assert_secret(&ended);
        ended
    };
    for mode in ["require", "prefer"] {
        ask(mode, Some(&certificate)).expect(0);
        let stranger = ask(mode, None);
        assert!(stranger.stderr.contains("SSL_CERT_FILE"), "{mode}: {}", stranger.stderr);
        assert_ne!(stranger.status, 0, "{mode}: a server that nobody vouches for is not given the password");
    }
    let open = ask("disable", None).expect(2);
    assert!(open.stderr.contains("error[database_refused]"), "{}", open.stderr);
}
