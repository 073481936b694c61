//! The hostile clients. Each goes on until it is stopped, whatever it is answered.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use rand::{Rng, RngCore};
use sqlx::{ConnectOptions, Connection, Executor, sqlite::SqliteConnectOptions};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::{KEY, disk, wall_clock};

/// One kind of hostile client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attack {
    /// Guesses the password, twenty at a time, from one address.
    SignIns,
    /// Bodies that are too large, or small on the wire and large in memory.
    HugeBodies,
    /// A hundred connections that never say a word.
    SilentSockets,
    /// Heads and bodies that stop in the middle.
    HalfRequests,
    /// Streams that nobody reads.
    DeafReaders,
    /// Requests whose callers leave at any moment.
    HangUps,
    /// Random methods, paths, headers and bytes.
    Nonsense,
    /// Another process that holds the database for a moment.
    LockedStore,
    /// Another process that fills the disk for a moment.
    FullDisk,
    /// A wall clock that is set forward and back.
    ClockJumps,
}

const CHAT: &str = "/v1/chat/completions";

impl Attack {
    /// Those that need nothing special of the machine.
    pub(crate) const PLAIN: [Self; 8] = [
        Self::SignIns,
        Self::HugeBodies,
        Self::SilentSockets,
        Self::HalfRequests,
        Self::DeafReaders,
        Self::HangUps,
        Self::Nonsense,
        Self::LockedStore,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::SignIns => "guesses",
            Self::HugeBodies => "huge bodies",
            Self::SilentSockets => "silent sockets",
            Self::HalfRequests => "half requests",
            Self::DeafReaders => "unread answers",
            Self::HangUps => "hang-ups",
            Self::Nonsense => "nonsense",
            Self::LockedStore => "locks of the database",
            Self::FullDisk => "full disks",
            Self::ClockJumps => "jumps of the clock",
        }
    }

    /// `met` counts what came to a server that listened: an attack that never does is none.
    pub(crate) async fn run(self, address: String, data_dir: PathBuf, met: Arc<AtomicUsize>) {
        loop {
            let count = match self {
                Self::SignIns => together(20, || sign_in(address.clone())).await,
                Self::HugeBodies => huge_body(&address).await,
                Self::SilentSockets => together(100, || send(address.clone(), Vec::new())).await,
                Self::HalfRequests => together(20, || half(address.clone())).await,
                Self::DeafReaders => together(10, || deaf(address.clone())).await,
                Self::HangUps => together(10, || hang_up(address.clone())).await,
                Self::Nonsense => together(10, || nonsense(address.clone())).await,
                Self::LockedStore => usize::from(lock(&data_dir).await.is_ok()),
                Self::FullDisk => usize::from(disk::fill(&data_dir).await.is_ok()),
                Self::ClockJumps => usize::from(wall_clock::jump(&data_dir).await.is_ok()),
            };
            met.fetch_add(count, Ordering::Relaxed);
            sleep(Duration::from_millis(50)).await;
        }
    }
}

/// How many of them met the server.
async fn together<F>(count: usize, one: impl Fn() -> F) -> usize
where
    F: Future<Output = bool> + Send + 'static,
{
    let mut all = JoinSet::new();
    for _ in 0..count {
        all.spawn(one());
    }
    let met = all.join_all().await;
    met.into_iter().filter(|met| *met).count()
}

/// Sends these bytes and reads what comes, a minute at most.
async fn send(address: String, bytes: Vec<u8>) -> bool {
    let Ok(mut socket) = TcpStream::connect(&address).await else {
        return false;
    };
    let (mut reader, mut writer) = socket.split();
    let talking = async {
        let reading = async {
            let mut answer = vec![0; 16 * 1024];
            while reader.read(&mut answer).await.is_ok_and(|count| count > 0) {}
        };
        let _ = tokio::join!(reading, writer.write_all(&bytes));
    };
    let _ = timeout(Duration::from_secs(60), talking).await;
    true
}

/// With the key: the worst that one of the operator's own programs can do.
fn post(path: &str, length: usize, extra: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n\
         authorization: Bearer {KEY}\r\nconnection: close\r\ncontent-length: {length}\r\n{extra}\r\n"
    )
}

fn chat(stream: bool) -> Vec<u8> {
    let body = serde_json::json!({
        "model": "grok-3", "stream": stream,
        "messages": [{"role": "user", "content": "x".repeat(2000)}],
    });
    let body = body.to_string();
    [post(CHAT, body.len(), "").as_bytes(), body.as_bytes()].concat()
}

async fn sign_in(address: String) -> bool {
    let guess = format!("password=guess-{}", rand::rng().next_u64());
    let head = format!(
        "POST /api/sign_in HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n",
        guess.len()
    );
    send(address, [head.as_bytes(), guess.as_bytes()].concat()).await
}

async fn huge_body(address: &str) -> usize {
    const MIB: usize = 1024 * 1024;
    let tiny = r#"{"role":"user","content":""},"#;
    let bodies = [
        vec![b' '; 33 * MIB],
        vec![b'['; 8 * MIB],
        format!(
            r#"{{"model":"grok-3","messages":[{}]}}"#,
            tiny.repeat(30 * MIB / tiny.len())
        )
        .into_bytes(),
        format!(r#"{{"model":"grok-3","z":[{}0]}}"#, "0,".repeat(10 * MIB)).into_bytes(),
    ];
    let mut count = 0;
    for body in bodies {
        for path in [
            CHAT,
            "/v1/messages",
            "/api/add_accounts",
            "/v1/public/chat/completions",
        ] {
            let head = post(path, body.len(), "");
            let met = send(address.to_owned(), [head.as_bytes(), &body].concat()).await;
            count += usize::from(met);
        }
    }
    count
}

async fn half(address: String) -> bool {
    let whole = chat(true);
    let cut = rand::rng().random_range(1..whole.len());
    send(address, whole.get(..cut).unwrap_or_default().to_vec()).await
}

async fn deaf(address: String) -> bool {
    let Ok(mut socket) = TcpStream::connect(&address).await else {
        return false;
    };
    if socket.write_all(&chat(true)).await.is_ok() {
        sleep(Duration::from_secs(10)).await;
    }
    true
}

async fn hang_up(address: String) -> bool {
    let Ok(mut socket) = TcpStream::connect(&address).await else {
        return false;
    };
    let (stream, wait) = {
        let mut random = rand::rng();
        (random.random(), random.random_range(0..300))
    };
    if socket.write_all(&chat(stream)).await.is_ok() {
        sleep(Duration::from_millis(wait)).await;
    }
    true
}

async fn nonsense(address: String) -> bool {
    let bytes = {
        let mut random = rand::rng();
        let mut pick = |from: &[&str]| {
            let index = random.random_range(0..from.len());
            from.get(index).copied().unwrap_or_default().to_owned()
        };
        let method = pick(&[
            "GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "PRI", "\0", "GÉT",
        ]);
        let path = pick(&[
            "/",
            "/login",
            "/admin/accounts",
            "/v1/models",
            "/v1/models/%00",
            CHAT,
            "/v1/messages",
            "/v1/messages/count_tokens",
            "/api/sign_in",
            "/api/list_accounts",
            "/api/highlight",
            "/pkg/../../etc/passwd",
            "/%2e%2e/%2e%2e/",
            "//",
            "/v1/public/chat/completions",
            "*",
            "/readyz?x=%ff",
            "/fonts/%252e",
        ]);
        let header = pick(&[
            "content-length: -1",
            "content-length: 18446744073709551616",
            "transfer-encoding: chunked",
            "host: \u{7f}",
            "cookie: grok2api_session=AAAA; ; =",
            "expect: 100-continue",
            "x-forwarded-for: ,,,",
            "authorization: Bearer",
            "content-type: ;;;",
        ]);
        let mut body = vec![0; random.random_range(0..2000)];
        random.fill_bytes(&mut body);
        let head = format!("{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n{header}\r\n\r\n");
        [head.as_bytes(), &body].concat()
    };
    let sent = timeout(Duration::from_secs(2), send(address, bytes));
    sent.await.unwrap_or(true)
}

/// Holds the database's only place to write for half a second.
async fn lock(data_dir: &std::path::Path) -> Result<(), sqlx::Error> {
    sleep(Duration::from_secs(5)).await;
    let database = data_dir.join("grok2api.db");
    let options = SqliteConnectOptions::new().filename(database);
    let mut connection = options.connect().await?;
    connection.execute("BEGIN IMMEDIATE").await?;
    sleep(Duration::from_millis(500)).await;
    connection.execute("ROLLBACK").await?;
    connection.close().await
}
