//! Publications that are killed, that race, and that are read back; over a store in memory and over a folder.

use super::merge::{Base, Deliveries, ledger, night};
use super::state::{Ledger, Night, State};
use super::*;
use crate::ingest::{FileRecord, SegmentRecord, TableIndex, ledger_directory};
use crate::publish::manifest::{Inputs, LedgerRecord, Manifest, SCHEMA_VERSION, TableEntry, hex};
use crate::publish::night::night_folder;
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path as ObjectPath;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt as _, PutMode,
    PutMultipartOptions, PutOptions, PutPayload, PutResult,
};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tempfile::TempDir;

mod pruning;

// --- a store that fails ----------------------------------------------------------------------------------------------------------------

/// How a store goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// From this call on nothing is done any more.
    Silent(usize),
    /// This call is done and its answer lost; after it nothing is done any more.
    AnswerLost(usize),
    /// Every condition of a put is ignored.
    Overwrites,
}

#[derive(Debug)]
struct Faulty {
    inner: Arc<dyn ObjectStore>,
    fault: Fault,
    calls: Arc<AtomicUsize>,
}

fn broken() -> object_store::Error {
    object_store::Error::Generic { store: "faulty", source: "the connection is gone".into() }
}

impl Faulty {
    /// Whether the call is done, and whether its answer arrives.
    fn next(&self) -> (bool, bool) {
        let call = self.calls.fetch_add(1, Ordering::SeqCst);
        match self.fault {
            Fault::Silent(at) => (call < at, call < at),
            Fault::AnswerLost(at) => (call <= at, call < at),
            Fault::Overwrites => (true, true),
        }
    }
}

impl std::fmt::Display for Faulty {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "faulty {}", self.inner)
    }
}

#[async_trait::async_trait]
impl ObjectStore for Faulty {
    async fn put_opts(&self, location: &ObjectPath, payload: PutPayload, mut options: PutOptions) -> object_store::Result<PutResult> {
        let (is_done, is_answered) = self.next();
        if self.fault == Fault::Overwrites {
            options.mode = PutMode::Overwrite;
        }
        let answer = if is_done { self.inner.put_opts(location, payload, options).await } else { Err(broken()) };
        if is_answered { answer } else { Err(broken()) }
    }

    async fn put_multipart_opts(
        &self,
        location: &ObjectPath,
        options: PutMultipartOptions,
    ) -> object_store::Result<Box<dyn MultipartUpload>> {
        if self.next().1 { self.inner.put_multipart_opts(location, options).await } else { Err(broken()) }
    }

    async fn get_opts(&self, location: &ObjectPath, options: GetOptions) -> object_store::Result<GetResult> {
        if self.next().1 { self.inner.get_opts(location, options).await } else { Err(broken()) }
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, object_store::Result<ObjectPath>>,
    ) -> BoxStream<'static, object_store::Result<ObjectPath>> {
        let (inner, fault, calls) = (Arc::clone(&self.inner), self.fault, Arc::clone(&self.calls));
        // One by one, so that each is a moment.
        let one = move |location: object_store::Result<ObjectPath>| {
            let store = Faulty { inner: Arc::clone(&inner), fault, calls: Arc::clone(&calls) };
            async move {
                let (is_done, is_answered) = store.next();
                let location = location?;
                let answer = if is_done { store.inner.delete(&location).await } else { Err(broken()) };
                if is_answered { answer.map(|()| location) } else { Err(broken()) }
            }
        };
        locations.then(one).boxed()
    }

    fn list(&self, prefix: Option<&ObjectPath>) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
        if self.next().1 { self.inner.list(prefix) } else { futures_util::stream::once(async { Err(broken()) }).boxed() }
    }

    async fn list_with_delimiter(&self, prefix: Option<&ObjectPath>) -> object_store::Result<ListResult> {
        if self.next().1 { self.inner.list_with_delimiter(prefix).await } else { Err(broken()) }
    }

    async fn copy_opts(&self, from: &ObjectPath, to: &ObjectPath, options: CopyOptions) -> object_store::Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

const URL: &str = "s3://bucket/prefix";

/// A new store of each kind, with what must outlive it.
fn stores() -> Vec<(Arc<dyn ObjectStore>, Option<TempDir>)> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let local = LocalFileSystem::new_with_prefix(folder.path()).expect("the folder is there");
    vec![(Arc::new(InMemory::new()), None), (Arc::new(local), Some(folder))]
}

fn open(store: &Arc<dyn ObjectStore>) -> Objects {
    Objects::over(Arc::clone(store), URL.into()).expect("a runtime can be made")
}

/// The same store with a fault, and what counts its calls.
fn faulty(store: &Arc<dyn ObjectStore>, fault: Fault) -> (Objects, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let faulty = Faulty { inner: Arc::clone(store), fault, calls: Arc::clone(&calls) };
    (Objects::over(Arc::new(faulty), URL.into()).expect("a runtime can be made"), calls)
}

// --- outputs ---------------------------------------------------------------------------------------------------------------------------

struct Output(TempDir);

impl Output {
    /// An output with these deliveries in its ledger and these nights, each with what it was computed from.
    fn new(deliveries: &[&str], nights: &[(&str, &str)]) -> Self {
        let output = Output(tempfile::tempdir().expect("a temporary folder"));
        output.deliver(deliveries);
        nights.iter().for_each(|(date, inputs)| output.night(date, inputs));
        output.write("models/timing/0123/card.json", "{}");
        output
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, file: &str, content: &str) {
        let path = self.path().join(file);
        std::fs::create_dir_all(path.parent().expect("it lies in a folder")).expect("creates");
        std::fs::write(path, content).expect("writes");
    }

    fn deliver(&self, deliveries: &[&str]) {
        let mut index = LedgerIndex::empty();
        let mut table = TableIndex::default();
        for (number, name) in deliveries.iter().enumerate() {
            let file = format!("documents/seg-{:06}.parquet", number + 1);
            self.write(&format!("ledger/{file}"), &format!("rows of {name}"));
            table.segments.push(SegmentRecord { file, rows: 1, bytes: 8 + name.len() as u64, content_hash: (*name).into() });
            index.files.push(delivery(number, name));
        }
        index.tables.insert("documents".into(), table);
        let mut text = serde_json::to_string_pretty(&index).expect("is JSON");
        text.push('\n');
        self.write("ledger/index.json", &text);
    }

    fn night(&self, date: &str, inputs: &str) {
        let content = format!("{date} from {inputs}");
        let file = "kpis/part-00000.parquet".to_owned();
        self.write(&format!("marts/as_of_date={date}/{file}"), &content);
        let sha256 = hex(&Sha256::digest(content.as_bytes()));
        let manifest = Manifest {
            schema_version: SCHEMA_VERSION,
            arrears_version: "0".into(),
            as_of_date: date.into(),
            known_as_of: None,
            base_currency: "EUR".into(),
            inputs: Inputs { ledger: inputs.into(), config: String::new() },
            ledger: LedgerRecord::default(),
            history_months: 1,
            intercompany_customers: 0,
            tables: vec![TableEntry { name: "kpis".into(), file, rows: 1, bytes: content.len() as u64, sha256 }],
            exports: Vec::new(),
        };
        self.write(&format!("marts/as_of_date={date}/manifest.json"), &manifest.to_json());
    }

    fn state(&self) -> State {
        State::of(self.path(), None).expect("an output can be looked at")
    }

    fn publish(&self, objects: &Objects) -> Result<Uploaded> {
        publish(self.path(), objects, "run")
    }
}

fn delivery(number: usize, name: &str) -> FileRecord {
    FileRecord {
        number: u32::try_from(number).expect("few"),
        source: "s".into(),
        file: name.into(),
        content_hash: name.into(),
        bytes: 1,
        is_first_delivery: true,
        ..FileRecord::default()
    }
}

/// What a reader sees: the newest commit, of which every object is there and is what the commit says.
fn read(objects: &Objects) -> Option<Commit> {
    let commit = Commit::newest(objects).expect("the log can be read")?;
    for entry in commit.state.files() {
        let bytes = objects.get(&entry.object).expect("the store answers").unwrap_or_else(|| panic!("{} is there", entry.object));
        assert_eq!((hex(&Sha256::digest(&bytes)), bytes.len() as u64), (entry.sha256.clone(), entry.bytes), "{}", entry.object);
    }
    Some(commit)
}

// --- killed ----------------------------------------------------------------------------------------------------------------------------

/// Publishes an output that has changed in every way, with a fault, and looks what readers see then and after the next run.
/// Says whether the fault was met.
fn publish_with(fault: Fault, store: &Arc<dyn ObjectStore>) -> bool {
    let objects = open(store);
    let output = Output::new(&["a"], &[("2025-01-31", "a")]);
    output.publish(&objects).expect("publishes");
    let before = output.state();
    output.deliver(&["a", "b"]);
    output.night("2025-01-31", "ab");
    output.night("2025-02-28", "ab");
    output.write("models/timing/4567/card.json", "{ }");
    let after = output.state();
    assert_ne!(before, after);

    let (broken, calls) = faulty(store, fault);
    let first = output.publish(&broken);
    let seen = read(&objects).expect("something is published").state;
    assert!(seen == before || seen == after, "{fault:?}: a reader sees neither the old nor the new state");
    assert!(first.is_err() || seen == after, "{fault:?}: what was said to be published is");

    output.publish(&objects).unwrap_or_else(|error| panic!("{fault:?}: the next run finishes: {error}"));
    let commit = read(&objects).expect("something is published");
    assert_eq!((commit.number, &commit.state), (2, &after), "{fault:?}: one commit more, whoever wrote it");
    let views = objects.get("views.sql").expect("the store answers").expect("there are views");
    assert!(String::from_utf8_lossy(&views).starts_with("-- Views over commit 2 of"), "{fault:?}");
    assert!(objects.head("_views/00000000000000000002.sql").expect("the store answers").is_some(), "{fault:?}");
    let again = output.publish(&objects).expect("publishes");
    assert_eq!((again.is_new, again.objects), (false, 0), "{fault:?}: nothing is left to do");
    let at = match fault {
        Fault::Silent(at) | Fault::AnswerLost(at) => at,
        Fault::Overwrites => 0,
    };
    calls.load(Ordering::SeqCst) > at
}

#[test]
fn a_publication_killed_at_any_call_leaves_the_old_state_or_the_new_one_and_the_next_run_finishes() {
    for kind in [0, 1] {
        for fault in [Fault::Silent, Fault::AnswerLost] {
            let mut moments = 0;
            while publish_with(fault(moments), &stores()[kind].0) {
                moments += 1;
                assert!(moments < 1_000, "a publication ends");
            }
            // Two tables, two manifests, segment, index and model are asked for and written: fourteen calls; listing and reading
            // the log, the commit, the views make the rest.
            assert!(moments >= 18, "every call was a moment: {moments}");
        }
    }
}

#[test]
fn a_pull_killed_at_any_call_goes_on_when_it_is_run_again() {
    for (store, _folder) in stores() {
        let objects = open(&store);
        let output = Output::new(&["a", "b"], &[("2025-01-31", "ab"), ("2025-02-28", "ab")]);
        output.publish(&objects).expect("publishes");
        for moment in 0.. {
            let target = tempfile::tempdir().expect("a temporary folder");
            let (broken, calls) = faulty(&store, Fault::Silent(moment));
            let first = pull(target.path(), &broken, "first", false);
            let is_whole = LedgerIndex::read(target.path()).expect("reads").is_some();
            assert!(first.is_err() || is_whole, "the index comes last");
            pull(target.path(), &objects, "second", false).expect("goes on").expect("there is a commit");
            assert_eq!(State::of(target.path(), None).expect("reads"), output.state(), "killed at call {moment}");
            if calls.load(Ordering::SeqCst) <= moment {
                assert!(moment >= 8, "every call was a moment: {moment}");
                break;
            }
        }
    }
}

// --- racing ----------------------------------------------------------------------------------------------------------------------------

/// Two outputs publish at once; what each was told, and what is then seen.
fn race(store: &Arc<dyn ObjectStore>, one: &Output, other: &Output) -> ([Result<Uploaded>; 2], Commit) {
    let barrier = std::sync::Barrier::new(2);
    let told = std::thread::scope(|scope| {
        let run = |output: &Output| {
            let objects = open(store);
            barrier.wait();
            output.publish(&objects)
        };
        let (one, other) = (scope.spawn(move || run(one)), scope.spawn(move || run(other)));
        [one.join().expect("no panic"), other.join().expect("no panic")]
    });
    (told, read(&open(store)).expect("something is published"))
}

#[test]
fn of_two_that_publish_one_date_from_other_inputs_exactly_one_wins() {
    for kind in [0, 1].repeat(20) {
        let (store, _folder) = stores().swap_remove(kind);
        let one = Output::new(&["a"], &[("2025-01-31", "one")]);
        let other = Output::new(&["a"], &[("2025-01-31", "other")]);
        let (told, commit) = race(&store, &one, &other);
        let winners: Vec<bool> = told.iter().map(Result::is_ok).collect();
        assert_eq!(winners.iter().filter(|won| **won).count(), 1, "{told:?}");
        let winner = if winners[0] { &one } else { &other };
        assert_eq!((commit.number, commit.state), (1, winner.state()));
        let lost = told.into_iter().find_map(Result::err).expect("one lost");
        assert_eq!((lost.code(), lost.status()), ("published_elsewhere", ExitStatus::Locked), "{lost}");
    }
}

#[test]
fn of_two_that_publish_other_dates_of_one_ledger_both_are_in() {
    for kind in [0, 1].repeat(20) {
        let (store, _folder) = stores().swap_remove(kind);
        let one = Output::new(&["a"], &[("2025-01-31", "a")]);
        let other = Output::new(&["a"], &[("2025-02-28", "a")]);
        let (told, commit) = race(&store, &one, &other);
        assert!(told.iter().all(Result::is_ok), "{told:?}");
        assert_eq!((commit.number, commit.state.nights.len()), (2, 2), "one commit each, and the second knows of the first");
    }
}

#[test]
fn a_publisher_that_is_always_too_late_gives_up_after_a_while() {
    /// Puts a commit of its own before each that is put.
    #[derive(Debug)]
    struct Faster(InMemory, AtomicUsize);
    impl std::fmt::Display for Faster {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("faster")
        }
    }
    #[async_trait::async_trait]
    impl ObjectStore for Faster {
        async fn put_opts(&self, location: &ObjectPath, payload: PutPayload, options: PutOptions) -> object_store::Result<PutResult> {
            if let Some(number) = location.as_ref().strip_prefix("_commits/").and_then(|name| name.strip_suffix(".json")) {
                let number: u64 = number.parse().expect("commits are numbered");
                let date = format!("2024-01-{:02}", self.1.fetch_add(1, Ordering::SeqCst) + 1);
                let night =
                    Night { manifest: date.clone(), inputs: Inputs { ledger: String::new(), config: String::new() }, files: Vec::new() };
                let state = State { nights: [(date, night)].into(), ..State::default() };
                let commit = Commit { number, ..Commit::after(None, state, "faster") };
                self.0.put_opts(location, serde_json::to_vec(&commit).expect("is JSON").into(), options.clone()).await?;
            }
            self.0.put_opts(location, payload, options).await
        }
        async fn put_multipart_opts(
            &self,
            location: &ObjectPath,
            options: PutMultipartOptions,
        ) -> object_store::Result<Box<dyn MultipartUpload>> {
            self.0.put_multipart_opts(location, options).await
        }
        async fn get_opts(&self, location: &ObjectPath, options: GetOptions) -> object_store::Result<GetResult> {
            self.0.get_opts(location, options).await
        }
        fn delete_stream(
            &self,
            locations: BoxStream<'static, object_store::Result<ObjectPath>>,
        ) -> BoxStream<'static, object_store::Result<ObjectPath>> {
            self.0.delete_stream(locations)
        }
        fn list(&self, prefix: Option<&ObjectPath>) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
            self.0.list(prefix)
        }
        async fn list_with_delimiter(&self, prefix: Option<&ObjectPath>) -> object_store::Result<ListResult> {
            self.0.list_with_delimiter(prefix).await
        }
        async fn copy_opts(&self, from: &ObjectPath, to: &ObjectPath, options: CopyOptions) -> object_store::Result<()> {
            self.0.copy_opts(from, to, options).await
        }
    }
    let store: Arc<dyn ObjectStore> = Arc::new(Faster(InMemory::new(), AtomicUsize::new(0)));
    let error = Output::new(&["a"], &[("2025-01-31", "a")]).publish(&open(&store)).expect_err("gives up");
    assert_eq!((error.code(), error.status()), ("store_busy", ExitStatus::Locked), "{error}");
}

// --- whose night, whose ledger ---------------------------------------------------------------------------------------------------------

#[test]
fn a_night_changed_on_one_side_counts_and_one_changed_on_both_is_nobodys_to_choose() {
    let of = |name: &str| Night { manifest: name.into(), inputs: Inputs { ledger: name.into(), config: String::new() }, files: Vec::new() };
    // What this output had at the last agreement, the store's, this output's; what counts.
    for (base, theirs, ours, expected) in [
        ("-", "-", "x", "x"),
        ("-", "x", "-", "x"),
        ("-", "x", "x", "x"),
        ("x", "x", "y", "y"),
        ("x", "y", "x", "y"),
        ("x", "y", "y", "y"),
        ("x", "-", "x", "-"),
        ("x", "-", "y", "y"),
        ("x", "x", "-", "x"),
        ("-", "x", "y", "conflict"),
        ("x", "y", "z", "conflict"),
    ] {
        let given = |name: &str| (name != "-").then(|| of(name));
        let (their, our) = (given(theirs), given(ours));
        let base = (base != "-").then_some(base);
        let found = match night("2025-01-31", base, their.as_ref(), our.as_ref()) {
            Ok(found) => found.map_or("-".to_owned(), |night| night.manifest.clone()),
            Err(error) => {
                assert_eq!(error.status(), ExitStatus::Locked);
                "conflict".to_owned()
            }
        };
        assert_eq!(found, expected, "base {base:?}, theirs {theirs}, ours {ours}");
    }
}

#[test]
fn of_two_ledgers_the_one_that_has_grown_from_the_other_counts() {
    let files = |names: &str| -> Vec<FileRecord> { names.split_whitespace().enumerate().map(|(at, name)| delivery(at, name)).collect() };
    for (theirs, ours, expected) in [
        ("a", "a b", "a b"),
        ("a b", "a", "a b"),
        ("a b", "a b", "a b"),
        ("a b", "a c", "diverged"),
        ("b", "a b", "diverged"),
        ("", "a", "a"),
    ] {
        let of = |names: &str| {
            let index = LedgerIndex { files: files(names), ..LedgerIndex::empty() };
            Ledger { record: LedgerRecord::of(&index), files: Vec::new() }
        };
        let deliveries = Deliveries { theirs: files(theirs), ours: files(ours) };
        match ledger(Some(&of(theirs)), Some(&of(ours)), &deliveries) {
            Ok(found) => assert_eq!(found.expect("there is one").record, of(expected).record, "theirs {theirs}, ours {ours}"),
            Err(error) => assert_eq!((expected, error.code()), ("diverged", "ledger_diverged"), "theirs {theirs}, ours {ours}"),
        }
    }
}

#[test]
fn a_night_that_another_output_replaced_is_not_taken_back_by_one_that_has_the_old() {
    for (store, _folder) in stores() {
        let objects = open(&store);
        let one = Output::new(&["a"], &[("2025-01-31", "old")]);
        one.publish(&objects).expect("publishes");
        let other = tempfile::tempdir().expect("a temporary folder");
        pull(other.path(), &objects, "run", false).expect("pulls");
        let other = Output(other);
        other.night("2025-01-31", "new");
        other.publish(&objects).expect("replaces what it had pulled");
        // Twice: having agreed once on the newer night does not make the old one newer.
        for date in ["2025-02-28", "2025-03-31"] {
            one.night(date, "a");
            one.publish(&objects).expect("adds a night");
            let commit = read(&objects).expect("published");
            assert_eq!(commit.night("2025-01-31").expect("there").inputs.ledger, "new");
        }
        // Changed here as well, it is nobody's to choose.
        one.night("2025-01-31", "newer");
        assert_eq!(one.publish(&objects).expect_err("conflict").code(), "published_elsewhere");
    }
}

// --- read back -------------------------------------------------------------------------------------------------------------------------

#[test]
fn a_pull_brings_everything_and_loses_nothing() {
    for (store, _folder) in stores() {
        let objects = open(&store);
        let target = tempfile::tempdir().expect("a temporary folder");
        assert_eq!(pull(target.path(), &objects, "run", false).expect("nothing is there"), None);
        let output = Output::new(&["a"], &[("2025-01-31", "a")]);
        output.publish(&objects).expect("publishes");
        pull(target.path(), &objects, "run", false).expect("pulls");
        let pulled = Output(target);
        assert_eq!(pulled.state(), output.state());

        // An output that only lags behind is brought up to date.
        output.deliver(&["a", "b"]);
        output.night("2025-01-31", "ab");
        output.publish(&objects).expect("publishes");
        pull(pulled.path(), &objects, "next", false).expect("pulls").expect("there is a commit");
        assert_eq!(pulled.state(), output.state());
        assert!(pulled.path().join("replaced/next/as_of_date=2025-01-31").exists(), "the old night is kept");

        // What only stands here is never written over.
        let stranger = Output::new(&["a"], &[("2025-01-31", "own")]);
        let before = stranger.state();
        assert_eq!(pull(stranger.path(), &objects, "run", false).expect_err("refused").code(), "published_elsewhere");
        assert_eq!(stranger.state(), before);
        pull(stranger.path(), &objects, "run", true).expect("is asked to").expect("there is a commit");
        assert_eq!(stranger.state().nights, output.state().nights);
        assert!(stranger.path().join("replaced/run/as_of_date=2025-01-31").exists());
        let diverged = Output::new(&["c"], &[]);
        assert_eq!(pull(diverged.path(), &objects, "run", true).expect_err("refused").code(), "ledger_diverged");
    }
}

#[test]
fn an_object_that_is_not_what_its_commit_says_is_not_taken() {
    let (store, _) = stores().swap_remove(0);
    let objects = open(&store);
    let output = Output::new(&["a"], &[("2025-01-31", "a")]);
    output.publish(&objects).expect("publishes");
    let commit = read(&objects).expect("published");
    let table = &commit.night("2025-01-31").expect("there").files[0];
    objects.put(&table.object, b"2025-01-31 from b".to_vec()).expect("the same length, another content");
    let target = tempfile::tempdir().expect("a temporary folder");
    let error = pull(target.path(), &objects, "run", false).expect_err("refused");
    assert_eq!((error.code(), error.status()), ("object_damaged", ExitStatus::InputMissing), "{error}");
    assert!(!night_folder(target.path(), "2025-01-31").exists() && !ledger_directory(target.path()).join("index.json").exists());
}

#[test]
fn a_file_that_is_not_what_its_manifest_says_is_not_published() {
    let (store, _) = stores().swap_remove(0);
    let output = Output::new(&["a"], &[("2025-01-31", "a")]);
    output.write("marts/as_of_date=2025-01-31/kpis/part-00000.parquet", "damaged");
    assert_eq!(output.publish(&open(&store)).expect_err("refused").code(), "file_damaged");
    assert_eq!(read(&open(&store)), None);
}

#[test]
fn a_store_that_writes_over_what_is_there_is_refused() {
    for (store, _folder) in stores() {
        probe::check(&open(&store)).expect("the store is honest");
        probe::check(&open(&store)).expect("also the second time");
    }
    let (store, _) = stores().swap_remove(0);
    let (objects, _) = faulty(&store, Fault::Overwrites);
    for _ in 0..2 {
        let error = probe::check(&objects).expect_err("refused");
        assert_eq!((error.code(), error.status()), ("store_overwrites", ExitStatus::Usage), "{error}");
    }
}

#[test]
fn a_newer_log_is_refused() {
    let (store, _) = stores().swap_remove(0);
    let objects = open(&store);
    objects.put("_commits/00000000000000000001.json", b"{\"format\": 3}".to_vec()).expect("writes");
    objects.put("_commits/notes.json", b"not a commit".to_vec()).expect("writes");
    let error = Output::new(&["a"], &[]).publish(&objects).expect_err("refused");
    assert_eq!((error.code(), error.status()), ("newer_format", ExitStatus::Usage));
}

#[test]
fn a_file_of_many_parts_comes_back_as_it_was() {
    for (store, _folder) in stores() {
        let objects = open(&store);
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        // Two whole parts and a bit; no two parts are alike.
        let content: Vec<u8> =
            (0..(16 << 20) + 5_u32).flat_map(|at| if at % 4 == 0 { at.to_le_bytes().to_vec() } else { Vec::new() }).collect();
        std::fs::write(&from, &content).expect("writes");
        objects.upload("x/big.bin", &from).expect("uploads");
        let meta = objects.head("x/big.bin").expect("answers").expect("is there");
        assert_eq!(objects.download(&meta, &to).expect("downloads"), hex(&Sha256::digest(&content)));
        assert_eq!(std::fs::read(&to).expect("reads"), content);
        // An object that is written anew while it is read is an error, not a mixture.
        std::thread::sleep(std::time::Duration::from_millis(20));
        objects.put("x/big.bin", vec![0; content.len()]).expect("writes");
        assert_eq!(objects.download(&meta, &to).expect_err("is refused").code(), "object_changed");
    }
}

#[test]
fn nothing_is_agreed_on_with_another_store() {
    let output = Output::new(&["a"], &[("2025-01-31", "a")]);
    let (store, _) = stores().swap_remove(0);
    output.publish(&open(&store)).expect("publishes");
    let nights = |url: &str| PublicationRecord::read(output.path(), url).expect("reads").nights;
    assert_eq!((nights(URL).len(), nights("s3://other/prefix")), (1, Base::new()));
}
