//! Clean-ups that are killed, that meet writers at every moment, and that leave readers what they may read.

use super::*;
use crate::publish::remote::prune::{PruneOptions, Pruned, prune};
use chrono::{TimeDelta, Utc};
use std::sync::Mutex;

/// A clean-up for which every commit but the newest can no longer be read, and everything is old.
fn prune_all(objects: &Objects) -> Result<Pruned> {
    let options = PruneOptions { now: Utc::now() + TimeDelta::days(2), grace: TimeDelta::days(1), dry_run: false, run_id: "clean-up" };
    prune(objects, &options).map(|pruned| pruned.expect("something is published"))
}

/// Every object but those of the log and the views.
fn contents(objects: &Objects) -> BTreeSet<String> {
    let listed = objects.list("").expect("the store answers").into_iter().map(|meta| meta.location.to_string());
    listed.filter(|name| !name.starts_with('_') && name != "views.sql").collect()
}

fn referenced(commit: &Commit) -> BTreeSet<String> {
    commit.state.files().map(|entry| entry.object.clone()).collect()
}

/// An output whose third publication lists little of what the first two did.
fn published_three_times(objects: &Objects) -> Output {
    let output = Output::new(&["a"], &[("2025-01-31", "one")]);
    output.publish(objects).expect("publishes");
    output.night("2025-01-31", "two");
    output.publish(objects).expect("publishes");
    output.deliver(&["a", "b"]);
    output.night("2025-01-31", "three");
    output.publish(objects).expect("publishes");
    output
}

/// An object that an upload left which never came to its commit.
fn orphan(objects: &Objects, output: &Output, date: &str, inputs: &str) -> String {
    let other = Output::new(&[], &[]);
    other.night(date, inputs);
    let state = other.state();
    let entry = state.nights[date].files[0].clone();
    objects.upload(&entry.object, &other.path().join(&entry.file)).expect("uploads");
    assert!(output.state().files().all(|file| file.object != entry.object), "nobody lists it");
    entry.object
}

#[test]
fn what_no_commit_lists_goes_and_nothing_else_does() {
    for (store, _folder) in stores() {
        let objects = open(&store);
        let output = published_three_times(&objects);
        let orphan = orphan(&objects, &output, "2025-02-28", "lost");
        objects.put("notes.txt", b"mine".to_vec()).expect("writes");
        objects.put("marts/notes.txt", b"mine".to_vec()).expect("writes");
        let before = read(&objects).expect("published");
        let pruned = prune_all(&objects).expect("cleans up");
        // Two of three commits; of each of them a table and a manifest, of the first the index; the orphan.
        assert_eq!((pruned.commits.clone(), pruned.kept.clone()), (vec![1, 2], vec![3]));
        assert_eq!((pruned.objects.len(), pruned.objects.contains_key(&orphan), pruned.foreign), (6, true, 2), "{pruned:?}");
        let after = read(&objects).expect("published");
        assert_eq!((after.number, &after.state), (4, &before.state));
        let mut expected = referenced(&after);
        expected.extend(["notes.txt".to_owned(), "marts/notes.txt".to_owned()]);
        assert_eq!(contents(&objects), expected);
        let again = prune_all(&objects).expect("cleans up");
        assert!(again.objects.is_empty(), "{again:?}");
        // A pull, and a publication, go on as if nothing had been.
        let target = tempfile::tempdir().expect("a temporary folder");
        pull(target.path(), &objects, "run", false).expect("pulls").expect("there is a commit");
        assert_eq!(Output(target).state(), output.state());
        output.night("2025-02-28", "next");
        output.publish(&objects).expect("publishes");
        assert_eq!(read(&objects).expect("published").state, output.state());
    }
}

#[test]
fn within_the_grace_period_older_commits_can_be_read_and_a_dry_run_changes_nothing() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store: Arc<dyn ObjectStore> = Arc::new(LocalFileSystem::new_with_prefix(folder.path()).expect("the folder is there"));
    let objects = open(&store);
    published_three_times(&objects);
    let now = Utc::now();
    for meta in objects.list("").expect("the store answers") {
        // Days ago: the commits 20, 9 and 2, everything else 20.
        let days = match meta.location.as_ref() {
            "_commits/00000000000000000002.json" => 9,
            "_commits/00000000000000000003.json" => 2,
            _ => 20,
        };
        let file = std::fs::File::options().write(true).open(folder.path().join(meta.location.as_ref())).expect("opens");
        file.set_modified((now - TimeDelta::days(days)).into()).expect("can be set");
    }
    let states: Vec<Commit> = (1..=3).map(|number| Commit::numbered(&objects, number).expect("reads")).collect();
    let options = PruneOptions { now, grace: TimeDelta::days(5), dry_run: true, run_id: "clean-up" };
    let before = objects.list("").expect("the store answers");
    let planned = prune(&objects, &options).expect("looks").expect("published");
    assert_eq!(objects.list("").expect("the store answers"), before);
    // The first was followed nine days ago. The second was followed two days ago: a reader may still be at it.
    assert_eq!((&planned.commits[..], &planned.kept[..]), (&[1][..], &[2, 3][..]));
    let done = prune(&objects, &PruneOptions { dry_run: false, ..options }).expect("cleans up").expect("published");
    assert_eq!(done, planned);
    assert!(!done.objects.is_empty());
    let there = contents(&objects);
    assert!(referenced(&states[1]).is_subset(&there) && referenced(&states[2]).is_subset(&there));
    assert!(!referenced(&states[0]).is_subset(&there));
    assert_eq!(Commit::numbered(&objects, 2).expect("reads"), states[1]);
    assert_eq!(Commit::numbered(&objects, 1).expect_err("is gone").code(), "commit_forgotten");
    // The number stays taken: who began before the second commit was put is too late, as before.
    assert!(!Commit::after(None, State::default(), "late").put(&objects).expect("the store answers"));
    // Within the grace period nothing is old.
    let options = PruneOptions { now, grace: TimeDelta::days(30), ..options };
    assert!(prune(&objects, &options).expect("looks").expect("published").objects.is_empty());
    let (empty, _) = stores().swap_remove(0);
    assert_eq!(prune(&open(&empty), &options).expect("looks"), None);
}

#[test]
fn a_clean_up_killed_at_any_call_loses_nothing_and_the_next_one_finishes() {
    for kind in [0, 1] {
        for fault in [Fault::Silent, Fault::AnswerLost] {
            for moment in 0.. {
                let (store, _folder) = stores().swap_remove(kind);
                let objects = open(&store);
                let output = published_three_times(&objects);
                orphan(&objects, &output, "2025-02-28", "lost");
                let (broken, calls) = faulty(&store, fault(moment));
                let first = prune_all(&broken);
                assert_eq!(read(&objects).expect("published").state, output.state(), "killed at call {moment}");
                // A run in between takes up what was to go.
                output.night("2025-02-28", "lost");
                output.publish(&objects).expect("publishes");
                assert_eq!(
                    read(&objects).expect("published").state.nights["2025-02-28"].manifest,
                    output.state().nights["2025-02-28"].manifest
                );
                prune_all(&objects).expect("finishes");
                let last = read(&objects).expect("published");
                assert_eq!(contents(&objects), referenced(&last), "killed at call {moment}");
                if calls.load(Ordering::SeqCst) <= moment {
                    first.expect("was not met by the fault");
                    // Log, newest, all objects, commit; its views (asked for, read, two written); two commits, two views, six objects.
                    assert!(moment >= 15, "every call was a moment: {moment}");
                    break;
                }
            }
        }
    }
}

type Action = Box<dyn FnOnce() + Send>;

/// A store at which something else happens just before a call.
struct Interrupted {
    inner: Arc<dyn ObjectStore>,
    at: usize,
    calls: Arc<AtomicUsize>,
    action: Arc<Mutex<Option<Action>>>,
}

impl Interrupted {
    fn next(&self) {
        if self.calls.fetch_add(1, Ordering::SeqCst) == self.at
            && let Some(action) = self.action.lock().expect("nobody panics").take()
        {
            // Another program has a runtime of its own.
            std::thread::spawn(action).join().expect("it does not panic");
        }
    }
}

impl std::fmt::Debug for Interrupted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("interrupted")
    }
}

impl std::fmt::Display for Interrupted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("interrupted")
    }
}

#[async_trait::async_trait]
impl ObjectStore for Interrupted {
    async fn put_opts(&self, location: &ObjectPath, payload: PutPayload, options: PutOptions) -> object_store::Result<PutResult> {
        self.next();
        self.inner.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &ObjectPath,
        options: PutMultipartOptions,
    ) -> object_store::Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &ObjectPath, options: GetOptions) -> object_store::Result<GetResult> {
        self.next();
        self.inner.get_opts(location, options).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, object_store::Result<ObjectPath>>,
    ) -> BoxStream<'static, object_store::Result<ObjectPath>> {
        let (inner, at, calls, action) = (Arc::clone(&self.inner), self.at, Arc::clone(&self.calls), Arc::clone(&self.action));
        let one = move |location: object_store::Result<ObjectPath>| {
            let store = Interrupted { inner: Arc::clone(&inner), at, calls: Arc::clone(&calls), action: Arc::clone(&action) };
            async move {
                store.next();
                let location = location?;
                store.inner.delete(&location).await.map(|()| location)
            }
        };
        locations.then(one).boxed()
    }

    fn list(&self, prefix: Option<&ObjectPath>) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
        self.next();
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&ObjectPath>) -> object_store::Result<ListResult> {
        self.next();
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &ObjectPath, to: &ObjectPath, options: CopyOptions) -> object_store::Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

/// The store at which `action` happens before the call of this number, and what counts its calls.
fn interrupted(store: &Arc<dyn ObjectStore>, at: usize, action: Action) -> (Objects, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let inner = Arc::clone(store);
    let interrupted = Interrupted { inner, at, calls: Arc::clone(&calls), action: Arc::new(Mutex::new(Some(action))) };
    (Objects::over(Arc::new(interrupted), URL.into()).expect("a runtime can be made"), calls)
}

/// At every call of one side the other does all it does. What the run publishes was in the store already, old and listed by
/// nobody: the one thing that both want.
#[test]
fn a_clean_up_and_a_run_meet_at_every_call_and_no_commit_lists_what_is_gone() {
    for run_is_interrupted in [true, false] {
        for moment in 0.. {
            let (store, _) = stores().swap_remove(0);
            let objects = open(&store);
            let output = published_three_times(&objects);
            orphan(&objects, &output, "2025-02-28", "wanted");
            output.night("2025-02-28", "wanted");
            let output = Arc::new(output);
            let (others, other) = (Arc::clone(&store), Arc::clone(&output));
            let calls = if run_is_interrupted {
                let (objects, calls) = interrupted(&store, moment, Box::new(move || drop(prune_all(&open(&others)).expect("cleans up"))));
                output.publish(&objects).expect("publishes");
                calls
            } else {
                let (objects, calls) = interrupted(&store, moment, Box::new(move || assert!(other.publish(&open(&others)).is_ok())));
                prune_all(&objects).expect("cleans up");
                output.publish(&open(&store)).expect("publishes, where it was not met");
                calls
            };
            // Every object of the newest commit is there, and is what the commit says.
            let commit = read(&objects).expect("published");
            assert_eq!(commit.state.nights["2025-02-28"].manifest, output.state().nights["2025-02-28"].manifest, "at call {moment}");
            assert!(commit.condemned.keys().all(|name| !referenced(&commit).contains(name)), "at call {moment}");
            if calls.load(Ordering::SeqCst) <= moment {
                assert!(moment >= 10, "every call was a moment: {moment}");
                break;
            }
        }
    }
}

#[test]
fn a_store_that_was_never_cleaned_up_can_be_written_by_versions_that_know_of_none() {
    let (store, _) = stores().swap_remove(0);
    let objects = open(&store);
    let output = published_three_times(&objects);
    assert_eq!(Commit::newest(&objects).expect("reads").expect("there").format, 1);
    prune_all(&objects).expect("cleans up");
    output.night("2025-02-28", "next");
    output.publish(&objects).expect("publishes");
    let commit = Commit::newest(&objects).expect("reads").expect("there");
    assert_eq!((commit.format, commit.condemned.is_empty()), (2, false), "an older version would take condemned names");
}
