//! A bucket of an S3-compatible service, in which several servers can keep their files.
//!
//! Every call ends: connecting, silence and the whole of what is no file have limits of their own.

use std::{error::Error, io, ops::Range, path::Path, sync::Arc, time::Duration};

use bytes::Bytes;
use futures::{Stream, StreamExt, TryStreamExt};
use object_store::{
    BackoffConfig, ClientOptions, GetOptions, GetRange, MultipartUpload, ObjectStore,
    ObjectStoreExt, PutPayload, RetryConfig,
    aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey},
    client::{HttpClient, HttpConnector, HttpError},
    path::Path as Key,
};
use secrecy::ExposeSecret;
use settings::MediaConfig;
use tokio::{
    fs::File,
    io::AsyncReadExt,
    time::{error::Elapsed, timeout},
};
use url::Url;

use super::{folder::Folder, inventory::Entry};

/// Larger files go in parts of this size; that much is in memory for each.
const PART_BYTES: u64 = 8 * 1024 * 1024;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Nothing comes.
const READ_TIMEOUT: Duration = Duration::from_secs(20);
/// A question, an answer without a file, or one part.
const CALL_TIMEOUT: Duration = Duration::from_secs(60);
/// The bucket says at the start that it is there.
const CHECK_TIMEOUT: Duration = Duration::from_secs(15);
/// Longest text of a service's own that is passed on.
const ERROR_BYTES: usize = 300;
const SERVICE: &str = "S3";
/// Error codes of the S3 API, and the status of a refusal without one.
const NO_BUCKET: &str = "NoSuchBucket";
const REFUSALS: [&str; 5] = [
    "AccessDenied",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "401 Unauthorized",
    "403 Forbidden",
];
/// Variables that name credentials which change by themselves.
const ROLES: [&str; 3] = [
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
];

/// Cheap to clone.
#[derive(Clone)]
pub(crate) struct Bucket {
    store: Arc<AmazonS3>,
    prefix: Key,
    /// For messages.
    name: String,
}

/// The bucket does not do what it is asked.
#[derive(Debug, thiserror::Error)]
pub enum BucketError {
    #[error("`media.url`: {0}")]
    Setup(String),
    #[error(
        "no credentials for the bucket of `media.url`: set `media.access_key_id` and \
         `media.secret_access_key`, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    )]
    NoCredentials,
    #[error("the bucket `{bucket}` of `media.url` does not exist at `media.endpoint`")]
    NoBucket { bucket: String },
    #[error("the service of `media.url` refuses the credentials for the bucket `{bucket}`")]
    Refused { bucket: String },
    #[error("the service of `media.url` cannot be reached, or does not answer in time")]
    Unreachable,
    #[error("the service of `media.url` failed: {0}")]
    Failed(String),
}

/// A file, or the part of it that was asked for.
pub(crate) struct Part<S> {
    pub(crate) content: S,
    pub(crate) range: Range<u64>,
}

impl Bucket {
    /// The bucket that the settings name, if they name one; nothing is asked yet.
    ///
    /// # Errors
    /// [`BucketError::Setup`], [`BucketError::NoCredentials`].
    pub(crate) fn of(config: &MediaConfig) -> Result<Option<Self>, BucketError> {
        if config.url.is_empty() {
            return Ok(None);
        }
        let setup = |error: &dyn ToString| BucketError::Setup(error.to_string());
        let url = Url::parse(&config.url).map_err(|error| setup(&error))?;
        let name = url.host_str().unwrap_or_default().to_owned();
        let prefix = Key::from_url_path(url.path()).map_err(|error| setup(&error))?;
        let builder = builder(config, &name);
        let is_told = builder.get_config_value(&AmazonS3ConfigKey::AccessKeyId);
        if is_told.is_none() && ROLES.iter().all(|role| std::env::var_os(role).is_none()) {
            return Err(BucketError::NoCredentials);
        }
        let store = builder.build().map_err(|error| setup(&error))?;
        Ok(Some(Self {
            store: Arc::new(store),
            prefix,
            name,
        }))
    }

    /// Whether it is there and lets itself be listed.
    ///
    /// # Errors
    /// It does not.
    pub(crate) async fn check(&self) -> Result<(), BucketError> {
        let mut listing = self.store.list(Some(&self.prefix));
        match timeout(CHECK_TIMEOUT, listing.next()).await {
            Err(_) => Err(BucketError::Unreachable),
            Ok(Some(Err(error))) => Err(self.explain(&error)),
            Ok(_) => Ok(()),
        }
    }

    fn key(&self, folder: Folder, name: &str) -> Key {
        self.prefix.clone().join(folder.as_str()).join(name)
    }

    /// Sends a whole file from the disk, or nothing. An upload that is given up leaves parts that are
    /// no file; a rule of the bucket may clear them.
    ///
    /// # Errors
    /// The file cannot be read or not be sent.
    pub(crate) async fn put(
        &self,
        folder: impl Into<Folder>,
        name: &str,
        file: &Path,
    ) -> io::Result<()> {
        let key = self.key(folder.into(), name);
        let mut file = File::open(file).await?;
        let bytes = file.metadata().await?.len();
        if bytes <= PART_BYTES {
            let content = read_part(&mut file).await?;
            return self
                .call(self.store.put(&key, content.into()))
                .await
                .map(drop);
        }
        let mut upload = self.call(self.store.put_multipart(&key)).await?;
        match self.send_parts(&mut file, upload.as_mut()).await {
            Ok(()) => Ok(()),
            Err(error) => {
                let _ = self.call(upload.abort()).await;
                Err(error)
            }
        }
    }

    async fn send_parts(
        &self,
        file: &mut File,
        upload: &mut dyn MultipartUpload,
    ) -> io::Result<()> {
        loop {
            let part = read_part(file).await?;
            if part.is_empty() {
                break;
            }
            self.call(upload.put_part(PutPayload::from(part))).await?;
        }
        self.call(upload.complete()).await.map(drop)
    }

    /// Bytes of a file; `None` if it is not there.
    ///
    /// # Errors
    /// The service does not answer as it should.
    pub(crate) async fn size(
        &self,
        folder: impl Into<Folder>,
        name: &str,
    ) -> io::Result<Option<u64>> {
        let key = self.key(folder.into(), name);
        let about = self.call(self.store.head(&key)).await;
        present(about.map(|about| about.size))
    }

    /// A file, or a part of it that lies within it; `None` if it is not there.
    ///
    /// # Errors
    /// The service does not answer as it should; later the stream tells so.
    pub(crate) async fn get(
        &self,
        folder: impl Into<Folder>,
        name: &str,
        range: Option<Range<u64>>,
    ) -> io::Result<Option<Part<impl Stream<Item = io::Result<Bytes>> + Send + 'static>>> {
        let options = GetOptions {
            range: range.map(GetRange::Bounded),
            ..GetOptions::default()
        };
        let key = self.key(folder.into(), name);
        let got = self.call(self.store.get_opts(&key, options)).await;
        let Some(got) = present(got)? else {
            return Ok(None);
        };
        Ok(Some(Part {
            range: got.range.clone(),
            content: got.into_stream().map_err(io::Error::other),
        }))
    }

    /// All of a file.
    ///
    /// # Errors
    /// As [`MediaFiles::read_whole`](super::files::MediaFiles::read_whole), and the service does not
    /// answer as it should.
    pub(crate) async fn read_whole(
        &self,
        folder: impl Into<Folder>,
        name: &str,
        max_bytes: u64,
    ) -> io::Result<Bytes> {
        let Some(part) = self.get(folder, name, None).await? else {
            return Err(io::ErrorKind::NotFound.into());
        };
        if part.range.end > max_bytes {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let mut content = std::pin::pin!(part.content);
        let mut whole = Vec::new();
        while let Some(piece) = content.try_next().await? {
            whole.extend_from_slice(&piece);
        }
        Ok(whole.into())
    }

    /// Every file of a folder.
    ///
    /// # Errors
    /// The service does not answer as it should.
    pub(crate) async fn list(&self, folder: impl Into<Folder>) -> io::Result<Vec<Entry>> {
        let folder = self.prefix.clone().join(folder.into().as_str());
        let mut listing = self.store.list(Some(&folder));
        let mut found = Vec::new();
        while let Some(about) = self.call(listing.try_next()).await? {
            found.push(Entry {
                name: about.location.filename().unwrap_or_default().to_owned(),
                bytes: about.size,
                modified: about.last_modified.into(),
            });
        }
        Ok(found)
    }

    /// Removes a file; fine if it is gone already.
    ///
    /// # Errors
    /// The service does not answer as it should.
    pub(crate) async fn remove(&self, folder: impl Into<Folder>, name: &str) -> io::Result<()> {
        let key = self.key(folder.into(), name);
        let removed = self.call(self.store.delete(&key)).await;
        present(removed).map(drop)
    }

    async fn call<T>(&self, call: impl Future<Output = object_store::Result<T>>) -> io::Result<T> {
        let answer = timeout(CALL_TIMEOUT, call).await;
        let answer = answer.unwrap_or_else(|late| {
            Err(object_store::Error::Generic {
                store: SERVICE,
                source: late.into(),
            })
        });
        answer.map_err(|error| match error {
            object_store::Error::NotFound { .. } if !is_code(&error, NO_BUCKET) => {
                io::Error::from(io::ErrorKind::NotFound)
            }
            error => io::Error::other(self.explain(&error)),
        })
    }

    fn explain(&self, error: &object_store::Error) -> BucketError {
        let bucket = self.name.clone();
        if is_code(error, NO_BUCKET) {
            BucketError::NoBucket { bucket }
        } else if REFUSALS.iter().any(|code| is_code(error, code)) {
            BucketError::Refused { bucket }
        } else if has_broken_off(error) {
            BucketError::Unreachable
        } else {
            let mut text = error.to_string();
            text.truncate(text.floor_char_boundary(ERROR_BYTES));
            BucketError::Failed(text)
        }
    }
}

/// Whether the service answered with this error code. The crate has it in its text only.
fn is_code(error: &object_store::Error, code: &str) -> bool {
    error.to_string().contains(code)
}

/// Whether no answer came.
fn has_broken_off(error: &object_store::Error) -> bool {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<HttpError>() || error.is::<Elapsed>() {
            return true;
        }
        cause = error.source();
    }
    false
}

fn builder(config: &MediaConfig, bucket: &str) -> AmazonS3Builder {
    let mut builder = AmazonS3Builder::from_env().with_bucket_name(bucket);
    let secrets = [
        (AmazonS3ConfigKey::AccessKeyId, &config.access_key_id),
        (
            AmazonS3ConfigKey::SecretAccessKey,
            &config.secret_access_key,
        ),
        (AmazonS3ConfigKey::Token, &config.session_token),
    ];
    for (key, value) in secrets {
        let value = value.expose_secret();
        if !value.is_empty() {
            builder = builder.with_config(key, value);
        }
    }
    if !config.region.is_empty() {
        builder = builder.with_region(&config.region);
    }
    if !config.endpoint.is_empty() {
        builder = builder.with_endpoint(endpoint(config, bucket));
    }
    builder
        .with_virtual_hosted_style_request(!config.path_style)
        .with_http_connector(Direct)
        .with_retry(RetryConfig {
            backoff: BackoffConfig::default(),
            max_retries: 2,
            retry_timeout: READ_TIMEOUT,
        })
}

/// The service's address; with the bucket before the host's name where it is to stand there.
fn endpoint(config: &MediaConfig, bucket: &str) -> String {
    let endpoint = config.endpoint.trim_end_matches('/');
    match endpoint.split_once("://") {
        Some((scheme, host)) if !config.path_style => format!("{scheme}://{bucket}.{host}"),
        _ => endpoint.to_owned(),
    }
}

/// Connects as the rest of the server does: its own TLS, no proxy of the environment, no redirect.
#[derive(Debug)]
struct Direct;

impl HttpConnector for Direct {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        let setup = |source| object_store::Error::Generic {
            store: SERVICE,
            source,
        };
        let tls = grok::tls_config().map_err(|error| setup(error.into()))?;
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            .build();
        Ok(HttpClient::new(
            client.map_err(|error| setup(error.into()))?,
        ))
    }
}

/// `None` for what is not there.
fn present<T>(answer: io::Result<T>) -> io::Result<Option<T>> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The next bytes of a file, as many as a part has at most.
async fn read_part(file: &mut File) -> io::Result<Bytes> {
    let mut part = Vec::new();
    file.take(PART_BYTES).read_to_end(&mut part).await?;
    Ok(part.into())
}
