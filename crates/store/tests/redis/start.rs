//! What a start refuses, and how it says so.

use std::{
    path::Path,
    process::{Child, Command},
    time::{Duration, Instant},
};

use store::{MasterKey, StoreError};
use tempfile::TempDir;
use test_support::databases::{Engine, Server};
use tokio::time::sleep;

use crate::{connect, open, run, support};

/// What a start may take that fails.
const PATIENCE: Duration = Duration::from_secs(10);

async fn refusal(url: &str) -> String {
    let begin = Instant::now();
    let error = open(url).await.map(drop).unwrap_err();
    assert!(begin.elapsed() < PATIENCE, "{:?}", begin.elapsed());
    let text = error.to_string();
    assert!(
        !text.contains("word/1") && !text.contains("word%2F1"),
        "{text}"
    );
    assert!(!text.contains('\n'), "one sentence: {text}");
    text
}

/// A server that is set up in a way of its own; killed when dropped.
struct Special {
    child: Child,
    folder: TempDir,
}

impl Special {
    async fn start(options: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let child = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "redis-server", "--port", "0"])
            .args(["--save", "", "--unixsocket"])
            .arg(folder.path().join("socket"))
            .arg("--dir")
            .arg(folder.path())
            .args(options)
            .arg("--logfile")
            .arg(folder.path().join("log"))
            .spawn()
            .unwrap();
        let special = Self { child, folder };
        let patience = Instant::now() + PATIENCE;
        while std::os::unix::net::UnixStream::connect(special.socket()).is_err() {
            let log = || std::fs::read_to_string(special.folder.path().join("log"));
            assert!(Instant::now() < patience, "{}", log().unwrap_or_default());
            sleep(Duration::from_millis(20)).await;
        }
        special
    }

    fn socket(&self) -> std::path::PathBuf {
        self.folder.path().join("socket")
    }

    fn url(&self) -> String {
        format!("redis+unix://{}", self.socket().display())
    }
}

impl Drop for Special {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn wrong_urls_and_hosts_are_told_in_one_sentence_without_the_password() {
    for (url, expected) in [
        ("redis://:pass%40word%2F1@", "write `redis://"),
        ("redis://:pass%40word%2F1@host/word%2F1", "not a number"),
        ("rediss://host/#word/1", "write `redis://"),
        ("redis://host/?ca=/x", "`rediss://` alone"),
        (
            "rediss://host/?ca=/nowhere",
            "cannot read the certificates in /nowhere",
        ),
        (
            "redis://:pass%40word%2F1@127.0.0.1:1/0",
            "127.0.0.1:1 cannot be used: it cannot be reached",
        ),
        (
            "redis://no-such-host.invalid/0",
            "no-such-host.invalid:6379 cannot be used",
        ),
        ("redis://192.0.2.1/0", "192.0.2.1:6379 cannot be used"),
        (
            "redis+unix:///nowhere/socket",
            "/nowhere/socket cannot be used",
        ),
    ] {
        let text = refusal(url).await;
        assert!(text.contains(expected), "{url}: {text}");
    }
}

#[tokio::test]
async fn a_refused_login_a_missing_right_and_an_unknown_database_are_told() {
    let mut server = Server::start(Engine::Redis).await.unwrap();
    let url = server.fresh_database().unwrap();
    let wrong = url.replace("p%40ss%3Aword%2F1", "other%2Fword%2F1");
    let text = refusal(&wrong).await;
    assert!(text.contains("refuses the login"), "{text}");
    let anonymous = url.replace(":p%40ss%3Aword%2F1@", "");
    let text = refusal(&anonymous).await;
    assert!(text.contains("refuses the login"), "{text}");
    let text = refusal(&url.replace("/1", "/5000")).await;
    assert!(text.contains("it has no database 5000"), "{text}");

    let user = url.replace("redis://:", "redis://limited:");
    let rights = "~{grok2api}:* &{grok2api}:* +@all -@dangerous +info";
    let set = format!("ACL SETUSER limited on >p@ss:word/1 {rights}");
    let () = run(&url, &set).await;
    let store = open(&user).await.unwrap();
    store.set_setting("name", "value").await.unwrap();
    store.close().await;
    for right in ["-zadd", "-info", "-evalsha", "resetkeys", "resetchannels"] {
        let () = run(&url, &set).await;
        let () = run(&url, &format!("ACL SETUSER limited {right}")).await;
        let text = refusal(&user).await;
        assert!(text.contains("lacks a right"), "{right}: {text}");
        assert!(text.contains(rights), "{text}");
    }
}

#[tokio::test]
async fn a_server_that_would_forget_or_cannot_be_written_is_refused() {
    let mut server = Server::start(Engine::Redis).await.unwrap();
    let url = server.fresh_database().unwrap();
    let () = run(&url, "CONFIG SET maxmemory-policy allkeys-lru").await;
    let text = refusal(&url).await;
    assert!(
        text.contains("`CONFIG SET maxmemory-policy noeviction`"),
        "{text}"
    );
    let () = run(&url, "CONFIG SET maxmemory-policy noeviction").await;
    let () = run(&url, "REPLICAOF 127.0.0.1 1").await;
    let text = refusal(&url).await;
    assert!(text.contains("it is a replica"), "{text}");
    let () = run(&url, "REPLICAOF NO ONE").await;
    open(&url).await.unwrap().close().await;

    let cluster = Special::start(&["--cluster-enabled", "yes"]).await;
    let text = refusal(&cluster.url()).await;
    assert!(text.contains("Redis Cluster"), "{text}");
}

#[tokio::test]
async fn a_server_without_a_file_is_used_over_its_socket() {
    let server = Special::start(&["--appendonly", "no"]).await;
    let url = format!("{}?db=3", server.url());
    let store = open(&url).await.unwrap();
    store.set_setting("name", "value").await.unwrap();
    let value = store.get_setting("name").await.unwrap();
    assert_eq!(value.as_deref(), Some("value"));
    store.close().await;
}

fn openssl(folder: &Path, arguments: &str) {
    let output = Command::new("openssl")
        .args(arguments.split(' '))
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[tokio::test]
async fn an_encrypted_connection_trusts_the_certificates_that_the_url_names() {
    let files = tempfile::tempdir().unwrap();
    openssl(
        files.path(),
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -out \
         cert.pem -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 \
         -addext basicConstraints=critical,CA:FALSE",
    );
    let file = |name: &str| files.path().join(name).display().to_string();
    // None that an outgoing connection takes.
    let is_free = |port: &u16| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok();
    let port = (32_000..32_700).find(is_free).unwrap();
    let server = Special::start(&[
        "--tls-port",
        &port.to_string(),
        "--tls-cert-file",
        &file("cert.pem"),
        "--tls-key-file",
        &file("key.pem"),
        "--tls-ca-cert-file",
        &file("cert.pem"),
        "--tls-auth-clients",
        "no",
    ])
    .await;
    let url = format!("rediss://127.0.0.1:{port}/0");
    let text = refusal(&url).await;
    assert!(text.contains("`?ca=FILE`"), "{text}");
    let store = open(&format!("{url}?ca={}", file("cert.pem")))
        .await
        .unwrap();
    store.set_setting("name", "value").await.unwrap();
    assert!(store.changes_since(None).await.unwrap().is_some());
    store.close().await;
    drop(server);
}

#[tokio::test]
async fn what_a_newer_version_wrote_and_another_key_encrypted_is_refused() {
    let mut server = Server::start(Engine::Redis).await.unwrap();
    let url = server.fresh_database().unwrap();
    open(&url).await.unwrap().close().await;
    let folder = tempfile::tempdir().unwrap();
    let other = MasterKey::from_bytes([8; 32]);
    let wrong = store::open(&url, folder.path(), other).await.map(drop);
    assert!(matches!(wrong, Err(StoreError::WrongKey)));
    let () = run(&url, "SET {grok2api}:version 2").await;
    let newer = open(&url).await.map(drop);
    assert!(matches!(newer, Err(StoreError::Newer { migration: 2 })));
}

#[tokio::test]
async fn instances_that_start_at_once_agree_on_one_key() {
    let mut server = Server::start(Engine::Redis).await.unwrap();
    let url = server.fresh_database().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let start = async |byte: u8| {
        let key = MasterKey::from_bytes([byte; 32]);
        store::open(&url, folder.path(), key).await
    };
    let starts = tokio::join!(start(1), start(2), start(1), start(2));
    let is_open = [starts.0, starts.1, starts.2, starts.3].map(|opened| opened.is_ok());
    assert_eq!(is_open[0], is_open[2]);
    assert_eq!(is_open[1], is_open[3]);
    assert_ne!(is_open[0], is_open[1], "one key has won");
}

#[tokio::test]
async fn requests_are_read_beside_the_process_that_keeps_the_store() {
    let mut server = Server::start(Engine::Redis).await.unwrap();
    let url = server.fresh_database().unwrap();
    let store = open(&url).await.unwrap();
    store.commit(support::record("a", "r1")).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let reader = store::open_requests(&url, folder.path()).unwrap();
    assert!(reader.get("r1").await.unwrap().is_some());
    reader.close().await;
    assert!(matches!(reader.get("r1").await, Err(StoreError::Closed)));
    drop(connect(&url).await);
}
