//! An S3 service on this machine, which checks signatures and keeps objects as files.

use std::{
    fs,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use hyper::{
    body::Incoming,
    service::{Service, service_fn},
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use parking_lot::Mutex;
use s3s::{auth::SimpleAuth, service::S3ServiceBuilder};
use s3s_fs::FileSystem;
use settings::MediaConfig;
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinSet};

const BUCKET: &str = "pictures";
const PREFIX: &str = "of/one";
const KEY: &str = "access-key";
const SECRET: &str = "secret-of-the-bucket";

/// Ends, with its connections, when dropped.
pub(crate) struct S3 {
    root: TempDir,
    port: u16,
    held: Arc<Held>,
    _tasks: JoinSet<()>,
}

/// Objects that are never sent.
#[derive(Default)]
struct Held {
    names: Mutex<Vec<String>>,
    /// How often they were asked for.
    asked: AtomicUsize,
}

impl Held {
    fn has(&self, path: &str) -> bool {
        self.names.lock().iter().any(|name| path.ends_with(name))
    }
}

impl S3 {
    /// Starts it with one bucket.
    pub(crate) async fn start() -> Self {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join(BUCKET)).unwrap();
        let mut builder = S3ServiceBuilder::new(FileSystem::new(root.path()).unwrap());
        builder.set_auth(SimpleAuth::from_single(KEY, SECRET));
        let service = builder.build();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let held = Arc::<Held>::default();
        let mut tasks = JoinSet::new();
        let holds = Arc::clone(&held);
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                let (service, holds) = (service.clone(), Arc::clone(&holds));
                let service = service_fn(move |request: hyper::Request<Incoming>| {
                    let (service, holds) = (service.clone(), Arc::clone(&holds));
                    async move {
                        if request.method() == "GET" && holds.has(request.uri().path()) {
                            holds.asked.fetch_add(1, Ordering::SeqCst);
                            std::future::pending::<()>().await;
                        }
                        Service::call(&service, request).await
                    }
                });
                connections.spawn(async move {
                    let http = auto::Builder::new(TokioExecutor::new());
                    let _ = http.serve_connection(TokioIo::new(socket), service).await;
                });
            }
        });
        Self {
            root,
            port,
            held,
            _tasks: tasks,
        }
    }

    /// From now on this object is not sent.
    pub(crate) fn hold(&self, name: &str) {
        self.held.names.lock().push(name.to_owned());
    }

    /// Waits until so many have asked for what is held.
    pub(crate) async fn wait_for_asked(&self, count: usize) {
        while self.held.asked.load(Ordering::SeqCst) < count {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// What a server needs to keep its files here.
    pub(crate) fn config(&self) -> MediaConfig {
        MediaConfig {
            url: format!("s3://{BUCKET}/{PREFIX}"),
            endpoint: format!("http://127.0.0.1:{}", self.port),
            access_key_id: KEY.into(),
            secret_access_key: SECRET.into(),
            ..MediaConfig::default()
        }
    }

    /// The same as variables of the environment, the credentials under Amazon's names.
    pub(crate) fn variables(&self) -> [(&'static str, String); 4] {
        let config = self.config();
        [
            ("GROK2API_MEDIA__URL", config.url),
            ("GROK2API_MEDIA__ENDPOINT", config.endpoint),
            ("AWS_ACCESS_KEY_ID", KEY.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", SECRET.to_owned()),
        ]
    }

    /// Names of the objects of a kind.
    pub(crate) fn names(&self, kind: &str) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.place(kind)) else {
            return Vec::new();
        };
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.collect()
    }

    pub(crate) fn place(&self, path: &str) -> PathBuf {
        self.root.path().join(BUCKET).join(PREFIX).join(path)
    }
}
