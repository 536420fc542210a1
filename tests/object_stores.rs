//! Object stores for input and output, over a folder and over an S3-compatible server that the test starts: moto, from
//! `tests/requirements.txt`, and `s3s-fs` where it is on the path.

mod support;

use arrears::objects::Objects;
use arrears::publish::remote::{self, PruneOptions};
use object_store::ObjectStore;
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::prefix::PrefixStore;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use support::{Ended, Place, assert_same_files, end_of, files_of, published, repository, skipped};

const MAY: &str = "2025-05-31";
const JUNE: &str = "2025-06-30";
const KEY: &str = "AKIDTEST";
const SECRET: &str = "a-secret-that-no-file-holds";

// --- stores ----------------------------------------------------------------------------------------------------------------------------

/// A server, ended with the test.
struct Server {
    child: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// moto as `tests/s3_server.py` starts it; nothing, said aloud, where python3 has no moto.
fn moto(mode: &str) -> Option<Server> {
    let mut python = Command::new("python3");
    python.env("PYTHONDONTWRITEBYTECODE", "1").arg(repository().join("tests/s3_server.py")).arg(mode);
    let mut child = python.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
    let mut line = String::new();
    let output = child.stdout.take().expect("it is piped");
    let port = BufReader::new(output).read_line(&mut line).ok().and_then(|_| line.trim().parse().ok());
    let Some(port) = port else {
        let _ = child.wait();
        assert!(std::env::var_os("ARREARS_REQUIRE_PARITY").is_none(), "python3 has no moto, and ARREARS_REQUIRE_PARITY is set");
        skipped("an S3-compatible server: python3 has no module moto (pip install -r tests/requirements.txt)");
        return None;
    };
    Some(Server { child, port, _folder: tempfile::tempdir().expect("a temporary folder") })
}

/// `s3s-fs`, where somebody has installed it.
fn s3s() -> Option<Server> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::create_dir(folder.path().join("bucket")).expect("creates");
    let free = std::net::TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr()).expect("there is a free port");
    let mut command = Command::new("s3s-fs");
    command
        .args(["--host", "127.0.0.1", "--port", &free.port().to_string(), "--access-key", KEY, "--secret-key", SECRET])
        .arg(folder.path());
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()?;
    let server = Server { child, port: free.port(), _folder: folder };
    let started = Instant::now();
    while std::net::TcpStream::connect(free).is_err() {
        assert!(started.elapsed() < Duration::from_secs(20), "s3s-fs answers");
        std::thread::sleep(Duration::from_millis(20));
    }
    Some(server)
}

/// What a test runs over: a server's bucket or a folder.
struct Store {
    name: &'static str,
    server: Option<Server>,
    folder: tempfile::TempDir,
}

impl Store {
    fn of(name: &'static str, server: Option<Server>) -> Self {
        Store { name, server, folder: tempfile::tempdir().expect("a temporary folder") }
    }

    fn url(&self, prefix: &str) -> String {
        match &self.server {
            Some(_) => format!("s3://bucket/{prefix}"),
            None => format!("file://{}/{prefix}", self.folder.path().display()),
        }
    }

    /// `[object_store]` for it.
    fn section(&self) -> String {
        self.server.as_ref().map_or(String::new(), |server| {
            format!("\n[object_store]\nendpoint = \"http://127.0.0.1:{}\"\nallow_http = true\nretry_seconds = 20\n", server.port)
        })
    }

    /// The objects under a prefix, as another program sees them.
    fn objects(&self, prefix: &str) -> Objects {
        let store: Arc<dyn ObjectStore> = match &self.server {
            Some(server) => {
                let s3 = AmazonS3Builder::new().with_bucket_name("bucket").with_region("us-east-1").with_allow_http(true);
                let s3 =
                    s3.with_endpoint(format!("http://127.0.0.1:{}", server.port)).with_access_key_id(KEY).with_secret_access_key(SECRET);
                Arc::new(PrefixStore::new(s3.build().expect("the store can be spoken to"), prefix))
            }
            None => {
                let folder = self.folder.path().join(prefix);
                std::fs::create_dir_all(&folder).expect("creates");
                Arc::new(LocalFileSystem::new_with_prefix(folder).expect("the folder is there"))
            }
        };
        Objects::over(store, self.url(prefix)).expect("a runtime can be made")
    }

    fn put_folder(&self, prefix: &str, folder: &Path) {
        for (name, bytes) in files_of(folder) {
            self.objects(prefix).put(&name, bytes).expect("the store takes it");
        }
    }
}

/// Every store there is on this machine.
fn stores() -> Vec<Store> {
    let servers = [("moto", moto("plain")), ("s3s-fs", s3s())].into_iter().filter(|(_, server)| server.is_some());
    [Store::of("file", None)].into_iter().chain(servers.map(|(name, server)| Store::of(name, server))).collect()
}

fn with_credentials(command: &mut Command) -> &mut Command {
    command.env("AWS_ACCESS_KEY_ID", KEY).env("AWS_SECRET_ACCESS_KEY", SECRET).env("AWS_REGION", "us-east-1");
    for name in ["AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN", "AWS_PROFILE", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
        command.env_remove(name);
    }
    command
}

// --- places ----------------------------------------------------------------------------------------------------------------------------

/// The corner shop publishing to this address.
fn shop_publishing_to(store: &Store, prefix: &str) -> Place {
    let shop = Place::copy_of("data-samples/corner-shop");
    let config = shop.read("arrears.toml");
    shop.write("arrears.toml", format!("publish_to = \"{}\"\n{config}{}", store.url(prefix), store.section()));
    shop
}

/// The corner shop with its ledger in a store.
fn shop_reading_from(store: &Store, path: &str) -> Place {
    let shop = Place::copy_of("data-samples/corner-shop");
    let config = shop.read("arrears.toml").replace("path = \"ledger/\"", &format!("path = \"{path}\""));
    shop.write("arrears.toml", config + &store.section());
    shop
}

fn run(shop: &Place, as_of: &str) -> Ended {
    end_of(with_credentials(&mut shop.run_command(as_of)))
}

fn pull(store: &Store, prefix: &str, place: &Place) -> Ended {
    place.write("store.toml", format!("base_currency = \"USD\"\n[[source]]\npath = \"x\"\nshape = \"canonical\"\n{}", store.section()));
    let mut command = support::program();
    command.args(["pull", &store.url(prefix), "--output"]).arg(place.out()).arg("--config").arg(place.path().join("store.toml"));
    end_of(with_credentials(&mut command))
}

/// What an output that never heard of a store publishes on these dates.
fn undisturbed(dates: &[&str]) -> Place {
    let shop = Place::copy_of("data-samples/corner-shop");
    for date in dates {
        shop.run(date).expect(0);
    }
    shop
}

/// Whether nothing below a folder holds a text.
#[track_caller]
fn assert_nowhere(folder: &Path, text: &str) {
    for (name, bytes) in files_of(folder) {
        assert!(!bytes.windows(text.len()).any(|window| window == text.as_bytes()), "{name} holds it");
    }
}

// --- publishing ------------------------------------------------------------------------------------------------------------------------

#[test]
fn a_machine_without_a_memory_publishes_what_one_with_a_memory_does() {
    let expected = undisturbed(&[MAY, JUNE]);
    for store in stores() {
        let shop = shop_publishing_to(&store, "receivables");
        let first = run(&shop, MAY).expect(0);
        assert!(first.stderr.contains("uploaded: commit 1 of"), "{}: {}", store.name, first.stderr);
        let again = run(&shop, MAY).expect(0);
        assert!(again.stderr.contains("uploaded before: commit 1 of"), "{}: {}", store.name, again.stderr);

        std::fs::remove_dir_all(shop.out()).expect("the machine is gone");
        let next = run(&shop, JUNE).expect(0);
        assert!(
            next.stderr.contains("pulled: commit 1 of") && next.stderr.contains("uploaded: commit 2 of"),
            "{}: {}",
            store.name,
            next.stderr
        );
        assert!(next.stderr.contains("nothing new in 5 files seen before"), "{}: the ledger came along: {}", store.name, next.stderr);
        assert_same_files(&published(&shop.out()), &published(&expected.out()), store.name);

        let reader = Place::empty();
        let pulled = pull(&store, "receivables", &reader).expect(0);
        assert!(pulled.stdout.starts_with("pulled commit 2 of"), "{}", pulled.stdout);
        assert_same_files(&published(&reader.out()), &published(&expected.out()), store.name);
        for part in ["models", "vintages"] {
            assert_same_files(&files_of(&reader.out().join(part)), &files_of(&expected.out().join(part)), part);
        }
        let check =
            end_of(support::program().args(["check", "--config"]).arg(shop.path().join("arrears.toml")).arg("--output").arg(reader.out()));
        assert!(check.expect(0).stdout.contains("checks hold"));
        assert_nowhere(&shop.out(), SECRET);
        assert_nowhere(store.folder.path(), SECRET);
    }
}

#[test]
fn a_clean_up_leaves_what_the_newest_commit_lists_and_says_first_what_would_go() {
    let prune = |store: &Store, more: &[&str]| {
        let config = Place::empty();
        config
            .write("store.toml", format!("base_currency = \"USD\"\n[[source]]\npath = \"x\"\nshape = \"canonical\"\n{}", store.section()));
        let mut command = support::program();
        with_credentials(&mut command).args(["prune", &store.url("receivables"), "--config"]).arg(config.path().join("store.toml"));
        end_of(command.args(more))
    };
    for store in stores() {
        assert_eq!(prune(&store, &["--grace-days", "0"]).status, 2, "readers need some time");
        let shop = shop_publishing_to(&store, "receivables");
        run(&shop, MAY).expect(0);
        run(&shop, JUNE).expect(0);
        // Nothing is a day old.
        let dry = prune(&store, &["--grace-days", "1", "--dry-run"]).expect(0);
        assert!(dry.stdout.contains("would be removed from") && dry.stdout.contains(": 0 objects"), "{}: {}", store.name, dry.stdout);
        assert!(dry.stdout.contains("still readable: commits 1 to 2"), "{}: {}", store.name, dry.stdout);
        // In two days the first commit is, and what an upload left that never came to its commit.
        let objects = store.objects("receivables");
        let orphan = format!("models/timing/0123/{}.json", "0123456789abcdef".repeat(4));
        objects.put(&orphan, b"{}".to_vec()).expect("writes");
        let now = chrono::Utc::now() + chrono::TimeDelta::days(2);
        let options = PruneOptions { now, grace: chrono::TimeDelta::days(1), dry_run: false, run_id: "clean-up" };
        let pruned = remote::prune(&objects, &options).expect("cleans up").expect("something is published");
        assert_eq!((&pruned.commits[..], pruned.foreign), (&[1][..], 0), "{}: {pruned:?}", store.name);
        assert_eq!(pruned.objects.keys().collect::<Vec<_>>(), [&orphan], "{}", store.name);
        assert!(objects.head(&orphan).expect("the store answers").is_none(), "{}", store.name);
        let reader = Place::empty();
        let pulled = pull(&store, "receivables", &reader).expect(0);
        assert!(pulled.stdout.starts_with("pulled commit 3 of"), "{}", pulled.stdout);
        assert_same_files(&published(&reader.out()), &published(&shop.out()), store.name);
        let again = run(&shop, JUNE).expect(0);
        assert!(again.stderr.contains("uploaded before: commit 3 of"), "{}: {}", store.name, again.stderr);
    }
    let empty = Store::of("folder", None);
    let ended = prune(&empty, &["--grace-days", "1"]);
    assert_eq!(ended.status, 4, "{}", ended.stderr);
}

#[test]
fn the_views_of_a_store_show_what_is_published_there() {
    let store = Store::of("file", None);
    let shop = shop_publishing_to(&store, "receivables");
    run(&shop, MAY).expect(0);
    run(&shop, JUNE).expect(0);
    let script = "import duckdb, sys\n\
        c = duckdb.connect()\n\
        c.execute(open(sys.argv[1]).read())\n\
        print(c.execute('SELECT as_of_date, count(*), sum(amount_base) FROM open_items GROUP BY ALL ORDER BY ALL').fetchall())\n\
        print(c.execute('SELECT DISTINCT customer_name FROM open_items_latest ORDER BY ALL').fetchall())";
    let ask = |views: &Path, folder: &Path| {
        let script = script.replace("amount_base", "1");
        end_of(Command::new("python3").current_dir(folder).args(["-c", &script]).arg(views))
    };
    let ours = ask(&shop.out().join("views.sql"), &shop.out());
    if ours.stderr.contains("No module named") {
        return skipped("the views of a store: python3 has no module duckdb (pip install -r tests/requirements.txt)");
    }
    let ours = ours.expect(0);
    let folder = store.folder.path().join("receivables");
    for views in ["views.sql", "_views/00000000000000000002.sql"] {
        assert_eq!(ask(&folder.join(views), shop.path()).expect(0).stdout, ours.stdout, "{views}");
    }
    assert!(ours.stdout.contains("Alder Street Bakery") && ours.stdout.contains("2025, 5, 31"), "{}", ours.stdout);
}

#[test]
fn without_the_store_the_night_stays_here_and_the_next_run_takes_it_there() {
    let Some(server) = moto("plain") else { return };
    let mut store = Store::of("moto", Some(server));
    let shop = shop_publishing_to(&store, "receivables");
    run(&shop, MAY).expect(0);
    let config = shop.read("arrears.toml");

    // Nobody listens at the discard port.
    let gone =
        config.replace(&store.section(), "\n[object_store]\nendpoint = \"http://127.0.0.1:9\"\nallow_http = true\nretry_seconds = 1\n");
    assert_ne!(gone, config);
    shop.write("arrears.toml", &gone);
    let ended = run(&shop, JUNE).expect(6);
    assert!(ended.stderr.contains("error[store_unreachable]") && ended.stderr.contains("published here, not in"), "{}", ended.stderr);
    assert!(shop.night(JUNE).join("manifest.json").exists(), "the night is published here");
    let record = arrears::run::record::RunRecord::read_all(&shop.out()).expect("reads").pop().expect("there is one");
    assert_eq!((record.exit_status, record.status.as_str()), (Some(6), "not_uploaded"));

    shop.write("arrears.toml", &config);
    let next = run(&shop, JUNE).expect(0);
    assert!(next.stdout.contains("already published") && next.stderr.contains("uploaded: commit 2 of"), "{}", next.stderr);

    // A run that would have to begin from the store does not begin without it.
    std::fs::remove_dir_all(shop.out()).expect("the machine is gone");
    shop.write("arrears.toml", &gone);
    let ended = run(&shop, JUNE).expect(4);
    assert!(ended.stderr.contains("error[store_unreachable]"), "{}", ended.stderr);
    assert!(!shop.out().join("ledger").exists());
    store.server = None;
}

#[test]
fn a_store_that_fails_now_and_then_is_asked_again() {
    let Some(server) = moto("flaky") else { return };
    let store = Store::of("flaky", Some(server));
    store.put_folder("ledger", &repository().join("data-samples/corner-shop/ledger"));
    let shop = shop_publishing_to(&store, "receivables");
    shop.write("arrears.toml", shop.read("arrears.toml").replace("path = \"ledger/\"", &format!("path = \"{}\"", store.url("ledger/"))));
    run(&shop, MAY).expect(0);
    let reader = Place::empty();
    pull(&store, "receivables", &reader).expect(0);
    assert_same_files(&published(&reader.out()), &published(&shop.out()), "pulled from a store that fails now and then");
}

#[test]
fn a_store_that_ignores_conditions_is_refused_before_anything_is_computed() {
    let Some(server) = moto("overwrites") else { return };
    let store = Store::of("overwrites", Some(server));
    let shop = shop_publishing_to(&store, "receivables");
    let refused = run(&shop, MAY).expect(2);
    assert!(refused.stderr.contains("error[store_overwrites]") && refused.stderr.contains("If-None-Match"), "{}", refused.stderr);
    assert!(!shop.out().join("marts").exists() && !shop.out().join("ledger").exists());
}

#[test]
fn of_two_runs_that_publish_one_date_from_other_inputs_exactly_one_wins() {
    for store in stores() {
        // s3s-fs looks first and writes then: two at once may both be told that they were first.
        if store.name == "s3s-fs" {
            continue;
        }
        let places = [shop_publishing_to(&store, "receivables"), shop_publishing_to(&store, "receivables")];
        let documents = places[1].read("ledger/documents.csv");
        places[1].write("ledger/documents.csv", documents + "main,X1,1,invoice,A,2025-05-02,2025-06-01,5.00,USD,,,,,\n");
        let children: Vec<Child> = places
            .iter()
            .map(|place| {
                let mut command = place.run_command(MAY);
                with_credentials(&mut command).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts")
            })
            .collect();
        let ended: Vec<Ended> = children.into_iter().map(|child| child.wait_with_output().expect("it ends").into()).collect();
        let mut statuses: Vec<i32> = ended.iter().map(|ended| ended.status).collect();
        let winner = statuses.iter().position(|status| *status == 0).unwrap_or_else(|| panic!("one wins: {ended:?}"));
        statuses.sort_unstable();
        assert_eq!(statuses, [0, 5], "{}: {ended:?}", store.name);
        let reader = Place::empty();
        pull(&store, "receivables", &reader).expect(0);
        assert_same_files(&published(&reader.out()), &published(&places[winner].out()), store.name);
        // The loser's night stays where it is, and the store is not confused by its next run.
        run(&places[1 - winner], MAY).expect(5);
    }
}

#[test]
fn a_run_killed_at_any_moment_leaves_the_store_as_it_was_or_as_it_was_to_be() {
    let expected = undisturbed(&[MAY, JUNE]);
    let store = Store::of("file", None);
    let shop = shop_publishing_to(&store, "receivables");
    run(&shop, MAY).expect(0);
    let (before, out) = (files_of(store.folder.path()), files_of(&shop.out()));
    let started = Instant::now();
    run(&shop, JUNE).expect(0);
    let undisturbed = started.elapsed();
    let put_back = |files: &std::collections::BTreeMap<String, Vec<u8>>, folder: &Path| {
        std::fs::remove_dir_all(folder).expect("it was there");
        for (name, bytes) in files {
            let path = folder.join(name);
            std::fs::create_dir_all(path.parent().expect("it lies in a folder")).expect("creates");
            std::fs::write(path, bytes).expect("writes");
        }
    };
    let mut seen = [0, 0];
    for moment in 0..10 {
        put_back(&before, store.folder.path());
        put_back(&out, &shop.out());
        let mut command = shop.run_command(JUNE);
        let mut child = with_credentials(&mut command).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts");
        // The upload is the end of a run: most moments are there.
        std::thread::sleep(undisturbed.mul_f64(0.4 + 0.06 * f64::from(moment)));
        child.kill().expect("a run can be killed");
        child.wait().expect("a killed run ends");
        let reader = Place::empty();
        let pulled = pull(&store, "receivables", &reader).expect(0);
        let commit = usize::from(pulled.stdout.starts_with("pulled commit 2 of"));
        seen[commit] += 1;
        let nights: Vec<bool> = [MAY, JUNE].iter().map(|date| reader.night(date).exists()).collect();
        assert_eq!(nights, [true, commit == 1], "what the commit says is there, and no more");
        run(&shop, JUNE).expect(0);
        let reader = Place::empty();
        pull(&store, "receivables", &reader).expect(0);
        assert_same_files(&published(&reader.out()), &published(&expected.out()), "after the run that follows a killed one");
    }
    assert!(seen[0] > 0, "runs were killed while at work: {seen:?}");
}

#[test]
fn without_credentials_a_store_is_not_even_asked() {
    let shop = Place::copy_of("data-samples/corner-shop");
    let config = shop.read("arrears.toml");
    let section = "\n[object_store]\nendpoint = \"http://127.0.0.1:9\"\nallow_http = true\n";
    shop.write("arrears.toml", format!("publish_to = \"s3://bucket/x\"\n{config}{section}"));
    let mut command = shop.run_command(MAY);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("AWS_")) {
        command.env_remove(name);
    }
    let started = Instant::now();
    let refused = end_of(&mut command).expect(2);
    assert!(refused.stderr.contains("error[no_credentials]") && refused.stderr.contains("AWS_ACCESS_KEY_ID"), "{}", refused.stderr);
    assert!(started.elapsed() < Duration::from_secs(10), "nobody waits for a service that is not there");
}

#[test]
fn a_pull_says_what_is_wrong() {
    for store in stores() {
        let reader = Place::empty();
        store.objects("nothing");
        let nothing = pull(&store, "nothing", &reader).expect(4);
        assert!(nothing.stderr.contains("error[nothing_published]"), "{}: {}", store.name, nothing.stderr);
    }
    let mut command = support::program();
    let refused = end_of(command.args(["pull", "gs://bucket/x", "--output", "x"])).expect(2);
    assert!(refused.stderr.contains("error[bad_location]") && refused.stderr.contains("hint:"), "{}", refused.stderr);
}

// --- sources ---------------------------------------------------------------------------------------------------------------------------

#[test]
fn a_ledger_in_a_store_is_read_like_one_in_a_folder_and_fetched_once() {
    let expected = undisturbed(&[MAY]);
    for store in stores() {
        store.put_folder("books/ledger", &repository().join("data-samples/corner-shop/ledger"));
        let shop = shop_reading_from(&store, &store.url("books/ledger/"));
        let plan = end_of(with_credentials(&mut shop.arrears(&["plan", "--as-of", MAY]))).expect(0);
        assert_eq!(plan.stdout.matches("\n  new  ").count(), 5, "{}: {}", store.name, plan.stdout);
        assert!(!shop.out().exists(), "a plan fetches nothing");

        // What a killed run left in the spool is nobody's delivery.
        shop.write("out/staging/inputs-remote/000/documents.csv", "half a fi");
        let first = run(&shop, MAY).expect(0);
        assert_eq!(first.stderr.matches("fetching ").count(), 5, "{}: {}", store.name, first.stderr);
        let tables = |place: &Place| {
            let mut files = files_of(&place.night(MAY));
            files.retain(|name, _| {
                name.ends_with(".parquet") && !name.starts_with("data_quality") && !name.contains("cash_") && !name.contains("model")
            });
            files
        };
        let (found, told) = (tables(&shop), tables(&expected));
        let differing: Vec<&String> = told.keys().filter(|name| found.get(*name) != told.get(*name)).collect();
        assert!(differing.is_empty() && told.len() > 15, "{}: {differing:?} of {}", store.name, told.len());
        assert!(!shop.out().join("staging/inputs-remote").exists(), "the spool is gone");

        // s3s-fs lists no versions: what cannot be recognised is fetched, and then found to be known.
        if store.name == "s3s-fs" {
            assert!(run(&shop, MAY).expect(0).stderr.contains("nothing new in 5 files seen before"));
            continue;
        }
        let again = run(&shop, MAY).expect(0);
        assert!(!again.stderr.contains("fetching ") && again.stderr.contains("nothing new in 5 files seen before"), "{}", again.stderr);
        let plan = end_of(with_credentials(&mut shop.arrears(&["plan", "--as-of", MAY]))).expect(0);
        assert_eq!(plan.stdout.matches("\n  seen ").count(), 5, "{}: {}", store.name, plan.stdout);

        // One object is written anew: it alone is fetched.
        let documents = shop.read("ledger/documents.csv") + "main,X1,1,invoice,A,2025-05-02,2025-06-01,5.00,USD,,,,,\n";
        store.objects("books/ledger").put("documents.csv", documents.into_bytes()).expect("the store takes it");
        let changed = end_of(with_credentials(&mut shop.run_command(MAY)).arg("--replace")).expect(0);
        assert_eq!(changed.stderr.matches("fetching ").count(), 1, "{}: {}", store.name, changed.stderr);
        assert!(changed.stderr.contains("1 accepted, 14 unchanged"), "{}: {}", store.name, changed.stderr);
    }
}

#[test]
fn a_full_delivery_in_a_store_is_looked_at_as_a_whole_and_the_last_content_of_a_name_counts() {
    for store in stores() {
        let objects = store.objects("full");
        let documents = |rows: &str| format!("document_id,document_type,customer_id,document_date,amount,currency\n{rows}").into_bytes();
        let (one, two) = ("1,invoice,A,2025-05-01,10.00,EUR\n", "1,invoice,A,2025-05-01,10.00,EUR\n2,invoice,A,2025-05-02,20.00,EUR\n");
        objects.put("customers.csv", b"customer_id,name\nA,Alder\n".to_vec()).expect("the store takes it");
        let shop = Place::empty();
        let source = format!("path = \"{}\"\nshape = \"canonical\"\ndelivery = \"full\"", store.url("full/"));
        let forecast = "\n[forecast]\nenabled = false\n";
        shop.write("arrears.toml", format!("base_currency = \"EUR\"\n[[source]]\n{source}\n{}{forecast}", store.section()));
        // Each day the same name is written over; the second day adds an invoice, the third says again what the first did.
        for (day, rows, receivable) in [("2025-05-10", one, "10.00"), ("2025-05-11", two, "30.00"), ("2025-05-12", one, "10.00")] {
            objects.put("documents.csv", documents(rows)).expect("the store takes it");
            let ended = run(&shop, day).expect(0);
            assert!(ended.stdout.contains(&format!("{day}: {receivable} EUR receivable")), "{} {day}: {}", store.name, ended.stdout);
            let again = run(&shop, day).expect(0);
            assert_eq!(again.stderr.matches("fetching ").count(), if store.name == "s3s-fs" { 2 } else { 0 }, "{}", again.stderr);
        }
        // The one row that ever went is the second invoice: the customer, whose object never changed, was not taken for absent.
        let index: serde_json::Value = serde_json::from_str(&shop.read("out/ledger/index.json")).expect("it is JSON");
        let files = index["files"].as_array().expect("it lists files");
        let absent: u64 = files.iter().filter_map(|file| file["findings"]["absent_from_full_delivery"].as_u64()).sum();
        assert_eq!(absent, 1, "{}: {index:#}", store.name);
    }
}

#[test]
fn objects_are_found_by_pattern_and_what_is_wrong_is_said_in_their_names() {
    for store in stores() {
        let flat = |rows: &str| format!("no;customer;date;total\n{rows}").into_bytes();
        let objects = store.objects("exports");
        for (name, rows) in [
            ("2025/inv_2025-01-31.csv", "1;A;2025-01-05;10.00\n"),
            ("2025/inv_2025-02-28.csv", "2;A;2025-02-05;20.00\n"),
            ("2025/credit_2025-02-28.csv", "9;A;2025-02-05;99.00\n"),
            ("inv_2025-03-31.csv", "3;A;2025-03-05;30.00\n"),
            ("2025/deep/inv_2025-03-31.csv", "4;A;2025-03-05;40.00\n"),
        ] {
            objects.put(name, flat(rows)).expect("the store takes it");
        }
        let shop = Place::empty();
        let write = |path: &str| {
            shop.write(
                "arrears.toml",
                format!(
                    "base_currency = \"EUR\"\n[[source]]\nname = \"invoices\"\npath = \"{path}\"\nshape = \"flat_invoices\"\ndelimiter = \";\"\n\
                     delivered_at = \"%Y-%m-%d\"\nconstants = {{ currency = \"EUR\" }}\n\
                     columns = {{ document_id = \"no\", customer_id = \"customer\", document_date = \"date\", amount = \"total\" }}\n{}",
                    store.section()
                ),
            );
        };
        let planned = |path: &str| {
            write(path);
            let plan = end_of(with_credentials(&mut shop.arrears(&["plan", "--as-of", MAY])));
            (plan.status, plan.stdout.lines().filter(|line| line.starts_with("  new")).map(str::to_owned).collect::<Vec<_>>(), plan.stderr)
        };
        for (pattern, count) in [
            ("exports/2025/inv_*.csv", 2),
            ("exports/*/inv_*.csv", 2),
            ("exports/**/inv_*.csv", 4),
            ("exports/2025/", 3),
            ("exports/2025", 3),
            ("exports/inv_2025-03-31.csv", 1),
        ] {
            // s3s-fs answers with an error of its own when it is asked for a name that is a folder.
            if store.name == "s3s-fs" && pattern == "exports/2025" {
                continue;
            }
            let (_, found, said) = planned(&store.url(pattern));
            assert_eq!(found.len(), count, "{}: {pattern}: {found:?} {said}", store.name);
        }
        for path in ["exports/2026/inv_*.csv", "exports/nothing.csv"] {
            let (status, _, said) = planned(&store.url(path));
            assert_eq!(status, 4, "{}: {path}: {said}", store.name);
            assert!(said.contains("source invoices: ") && said.contains("arrears.toml:2"), "{}: {said}", store.name);
        }
        let (_, _, _) = planned(&store.url("exports/**/inv_*.csv"));
        let read = run(&shop, MAY).expect(0);
        assert!(read.stdout.contains("100.00 EUR receivable in 4 open items"), "{}", read.stdout);

        // Errors and quarantine name the object, not the spool.
        objects.put("broken/inv_2025-04-30.csv", b"no;customer;date\n5;A;2025-04-05\n".to_vec()).expect("the store takes it");
        write(&store.url("exports/broken/*.csv"));
        let failed = run(&shop, MAY).expect(4);
        assert!(failed.stderr.contains(&store.url("exports/broken/inv_2025-04-30.csv")), "{}", failed.stderr);
        assert!(!failed.stderr.contains("staging") && failed.stderr.contains("total (mapped to amount)"), "{}", failed.stderr);
        assert!(!shop.out().join("staging/inputs-remote").exists(), "the spool is gone also after a failure");
    }
}

#[test]
fn a_compressed_object_of_many_parts_is_read_whole() {
    use std::io::Write as _;
    for store in stores() {
        // Random customers, so that it does not compress below three parts of eight MiB.
        let mut text = String::from("document_id,document_type,customer_id,document_date,amount,currency\n");
        let mut state = 1_u64;
        let rows = 900_000;
        for row in 0..rows {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            text += &format!("{row:07}-{state:016x},invoice,{:016x},2025-01-05,1.00,EUR\n", state.rotate_left(17) ^ 0x5555);
        }
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text.as_bytes()).expect("compresses");
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("documents.csv.gz");
        std::fs::write(&file, encoder.finish().expect("compresses")).expect("writes");
        assert!(file.metadata().expect("is there").len() > 17 << 20, "more than two parts");
        store.objects("big").upload("documents.csv.gz", &file).expect("the store takes it");
        let shop = Place::empty();
        let path = store.url("big/");
        shop.write(
            "arrears.toml",
            format!("base_currency = \"EUR\"\n[[source]]\npath = \"{path}\"\nshape = \"canonical\"\n{}", store.section()),
        );
        let ingested = end_of(with_credentials(&mut shop.arrears(&["ingest", "--as-of", MAY]))).expect(0);
        assert!(ingested.stdout.contains("900,000 rows read from 1 new file: 900,000 accepted"), "{}: {}", store.name, ingested.stdout);
    }
}
