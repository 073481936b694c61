//! An S3 service on this machine, which checks signatures and keeps objects as files.

use std::{fs, path::PathBuf};

use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
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
    _tasks: JoinSet<()>,
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
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                let service = service.clone();
                connections.spawn(async move {
                    let http = auto::Builder::new(TokioExecutor::new());
                    let _ = http.serve_connection(TokioIo::new(socket), service).await;
                });
            }
        });
        Self {
            root,
            port,
            _tasks: tasks,
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
