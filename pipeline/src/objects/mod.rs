//! Object stores: S3-compatible ones and folders of this machine, behind one set of blocking calls.
//!
//! Responsible for addresses, connections and transfers in bounded memory. What the objects mean is the business of
//! `ingest/remote`, which reads sources from a store, and of `publish/remote`, which publishes into one.

mod failure;
mod location;
mod transfer;

pub use location::{Location, Scheme};

use crate::config::ObjectStoreConfig;
use crate::error::{Error, Result, io_error};
use failure::failure;
use futures_util::{StreamExt as _, TryStreamExt as _};
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path as ObjectPath;
use object_store::prefix::PrefixStore;
use object_store::{BackoffConfig, ObjectMeta, ObjectStore, ObjectStoreExt as _, PutMode, RetryConfig};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;

/// The longest a retry waits for the next.
const BACKOFF_MOST: Duration = Duration::from_secs(5);
/// How often a request is tried again, whatever time is left.
const RETRIES_MOST: usize = 8;

/// Objects under one address; names are relative to it.
#[derive(Debug)]
pub struct Objects {
    store: Arc<dyn ObjectStore>,
    runtime: Runtime,
    url: String,
}

impl Objects {
    /// Opens what lies under a location. Nothing is asked yet.
    ///
    /// # Errors
    /// Exit status 2 when the settings cannot be used, 4 when a folder is not there.
    pub fn open(location: &Location, config: &ObjectStoreConfig) -> Result<Self> {
        let url = location.to_string();
        match location.scheme {
            Scheme::S3 => {
                let store = s3(location, config)?;
                Self::over(Arc::new(PrefixStore::new(store, location.key.as_str())), url)
            }
            Scheme::File => {
                let folder = location.folder();
                let store = LocalFileSystem::new_with_prefix(&folder).map_err(|cause| {
                    Error::input("file_missing", format!("there is no such folder: {url}")).caused_by(&cause).hint("look at the address")
                })?;
                Self::over(Arc::new(store), url)
            }
        }
    }

    /// [`Objects::open`] for writing: a folder is made where it is not there.
    ///
    /// # Errors
    /// As [`Objects::open`].
    pub fn open_or_create(location: &Location, config: &ObjectStoreConfig) -> Result<Self> {
        if location.scheme == Scheme::File {
            let folder = location.folder();
            std::fs::create_dir_all(&folder).map_err(|cause| io_error("create", &folder, &cause))?;
        }
        Self::open(location, config)
    }

    /// The objects of a store, called by this address.
    ///
    /// # Errors
    /// When the system has no threads left.
    pub fn over(store: Arc<dyn ObjectStore>, url: String) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|cause| Error::unexpected("io", "cannot start the client of the object store").caused_by(&cause))?;
        Ok(Objects { store, runtime, url })
    }

    /// The address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The address of an object.
    pub fn url_of(&self, name: &str) -> String {
        format!("{}/{name}", self.url.trim_end_matches('/'))
    }

    fn path(name: &str) -> Result<ObjectPath> {
        ObjectPath::parse(name)
            .map_err(|cause| Error::usage("bad_object_name", format!("not a name of an object: {name}")).caused_by(&cause))
    }

    /// All objects whose names begin with a folder; of everything when it is empty. Sorted by name.
    ///
    /// # Errors
    /// When the store cannot be asked.
    pub fn list(&self, folder: &str) -> Result<Vec<ObjectMeta>> {
        let prefix = Self::path(folder)?;
        let listed = self.runtime.block_on(self.store.list(Some(&prefix)).try_collect::<Vec<_>>());
        Self::sorted(listed.map_err(|cause| failure(self, "list", folder, &cause))?)
    }

    /// The objects directly in a folder, none of its folders'. Sorted by name.
    ///
    /// # Errors
    /// When the store cannot be asked.
    pub fn list_flat(&self, folder: &str) -> Result<Vec<ObjectMeta>> {
        let prefix = Self::path(folder)?;
        let listed = self.runtime.block_on(self.store.list_with_delimiter(Some(&prefix)));
        Self::sorted(listed.map_err(|cause| failure(self, "list", folder, &cause))?.objects)
    }

    fn sorted(mut objects: Vec<ObjectMeta>) -> Result<Vec<ObjectMeta>> {
        objects.sort_by(|a, b| a.location.cmp(&b.location));
        Ok(objects)
    }

    /// What a store says of an object; `None` when there is none of that name.
    ///
    /// # Errors
    /// When the store cannot be asked.
    pub fn head(&self, name: &str) -> Result<Option<ObjectMeta>> {
        let path = Self::path(name)?;
        match self.runtime.block_on(self.store.head(&path)) {
            Ok(meta) => Ok(Some(meta)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(cause) => Err(failure(self, "look at", name, &cause)),
        }
    }

    /// A small object whole; `None` when there is none of that name.
    ///
    /// # Errors
    /// When the store cannot be asked.
    pub fn get(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let path = Self::path(name)?;
        let read = async { self.store.get(&path).await?.bytes().await };
        match self.runtime.block_on(read) {
            Ok(bytes) => Ok(Some(bytes.to_vec())),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(cause) => Err(failure(self, "read", name, &cause)),
        }
    }

    /// Writes a small object, in place of one that may be there.
    ///
    /// # Errors
    /// When the store refuses.
    pub fn put(&self, name: &str, bytes: Vec<u8>) -> Result<()> {
        let path = Self::path(name)?;
        let put = self.runtime.block_on(self.store.put(&path, bytes.into()));
        put.map(drop).map_err(|cause| failure(self, "write", name, &cause))
    }

    /// Removes objects; those that are not there are removed already.
    ///
    /// # Errors
    /// When the store refuses; some may be removed then.
    pub fn delete(&self, names: Vec<String>) -> Result<()> {
        let paths = names.iter().map(|name| Self::path(name)).collect::<Result<Vec<_>>>()?;
        let locations = futures_util::stream::iter(paths.into_iter().map(Ok)).boxed();
        let mut removed = self.store.delete_stream(locations);
        self.runtime.block_on(async {
            loop {
                match removed.next().await {
                    None => return Ok(()),
                    Some(Ok(_) | Err(object_store::Error::NotFound { .. })) => {}
                    Some(Err(cause)) => return Err(failure(self, "remove", "", &cause)),
                }
            }
        })
    }

    /// Writes a small object unless there is one of that name; says whether it did.
    ///
    /// # Errors
    /// When the store refuses, or it cannot be known what became of the request.
    pub fn create(&self, name: &str, bytes: Vec<u8>) -> Result<bool> {
        let path = Self::path(name)?;
        let put = self.runtime.block_on(self.store.put_opts(&path, bytes.clone().into(), PutMode::Create.into()));
        match put {
            Ok(_) => Ok(true),
            // A request that was answered too late is sent again, and then finds what it wrote itself.
            Err(object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. }) => {
                Ok(self.get(name)?.is_some_and(|found| found == bytes))
            }
            Err(cause) => Err(failure(self, "write", name, &cause)),
        }
    }
}

/// Variables of which one says how requests are signed, or that they are not.
const CREDENTIALS: [&str; 5] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_SKIP_SIGNATURE",
];

fn s3(location: &Location, config: &ObjectStoreConfig) -> Result<object_store::aws::AmazonS3> {
    // Without any the credentials would be asked of Amazon's own machine: elsewhere that is a minute of waiting.
    if config.endpoint.is_some() && CREDENTIALS.iter().all(|name| std::env::var_os(name).is_none()) {
        return Err(Error::usage("no_credentials", format!("there are no credentials for {location}"))
            .hint("export AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_SKIP_SIGNATURE=true for a store that is open to all"));
    }
    let retry = RetryConfig {
        backoff: BackoffConfig { max_backoff: BACKOFF_MOST, ..BackoffConfig::default() },
        max_retries: RETRIES_MOST,
        retry_timeout: Duration::from_secs(u64::from(*config.retry_seconds)),
    };
    let mut builder = AmazonS3Builder::from_env().with_bucket_name(&location.bucket).with_retry(retry);
    if let Some(endpoint) = &config.endpoint {
        builder = builder.with_endpoint(endpoint.as_str());
    }
    if let Some(region) = &config.region {
        builder = builder.with_region(region.as_str());
    }
    if let Some(allow_http) = &config.allow_http {
        builder = builder.with_allow_http(**allow_http);
    }
    if let Some(virtual_hosted_style) = &config.virtual_hosted_style {
        builder = builder.with_virtual_hosted_style_request(**virtual_hosted_style);
    }
    builder.build().map_err(|cause| {
        Error::usage("bad_object_store", format!("the object store cannot be used: {location}"))
            .caused_by(&cause)
            .hint("look at [object_store] and at the AWS_* variables")
    })
}
