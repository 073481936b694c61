//! A list of proxies that the operator names by its address.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
};
use tokio_util::task::{AbortOnDropHandle, TaskTracker};

use crate::{
    admin_media::operator,
    support::{Server, Setup},
};

/// An address where each connection is counted and answered by `answer`.
struct Listening {
    address: String,
    connections: Arc<AtomicUsize>,
    _serving: AbortOnDropHandle<()>,
}

impl Listening {
    async fn start<F>(answer: impl Fn(TcpStream) -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        let tasks = TaskTracker::new();
        let serving = tasks.clone().spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                tasks.spawn(answer(stream));
            }
        });
        Self {
            address,
            connections,
            _serving: AbortOnDropHandle::new(serving),
        }
    }

    /// An HTTP proxy that leads to `upstream` only.
    async fn proxy(upstream: Arc<std::sync::OnceLock<String>>) -> Self {
        Self::start(move |mut stream| {
            let upstream = upstream.get().cloned().unwrap_or_default();
            async move {
                if let Ok(mut upstream) = TcpStream::connect(upstream).await {
                    let _ = copy_bidirectional(&mut stream, &mut upstream).await;
                }
            }
        })
        .await
    }

    /// A file server with one text.
    async fn text(text: String) -> Self {
        Self::start(move |mut stream| {
            let text = text.clone();
            async move {
                let mut asked = [0; 4096];
                let _ = stream.read(&mut asked).await;
                let head = format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                    text.len()
                );
                let _ = stream.write_all(format!("{head}{text}").as_bytes()).await;
            }
        })
        .await
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// A port where nobody is.
async fn dead() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap().to_string()
}

async fn start(list: &str) -> Server {
    Setup::accounts(["account-1", "account-2", "account-3", "account-4"])
        .with("GROK2API_APP__APP_KEY", "correct horse battery")
        .with(
            "GROK2API_PROXY__POOL_URL",
            format!("http://{list}/list?key=planted"),
        )
        .start()
        .await
}

#[tokio::test]
async fn calls_go_by_the_list_and_a_dead_proxy_is_no_trouble_of_anybodys() {
    let upstream = Arc::new(std::sync::OnceLock::new());
    let proxies = [
        Listening::proxy(Arc::clone(&upstream)).await,
        Listening::proxy(Arc::clone(&upstream)).await,
    ];
    let dead = dead().await;
    let lines = [
        format!("me:planted@{}", proxies[0].address),
        format!("http://{}", proxies[1].address),
        dead.clone(),
    ];
    let list = Listening::text(lines.join("\n")).await;
    let server = start(&list.address).await;
    let address = server.simulator.url();
    let address = address.trim_start_matches("http://").trim_end_matches('/');
    upstream.set(address.to_owned()).unwrap();
    for _ in 0..8 {
        let answer = server.chat().await;
        assert_eq!(answer.status, 200, "{:?}", answer.json);
    }
    assert!(proxies.iter().any(|proxy| proxy.connections() > 0));
    let operator = operator(&server).await;
    let report: Value = operator.get("/readyz").await.json().await.unwrap();
    assert_eq!(report["proxies"]["total"], 3, "{report}");
    assert_eq!(report["ejections"], serde_json::json!([]));
    assert!(!report.to_string().contains("planted"), "{report}");
    server.end().await;
}

#[tokio::test]
async fn a_list_that_cannot_be_read_is_told_and_nobody_is_asked_around_it() {
    let server = start(&dead().await).await;
    let told = async || {
        let report = server.ready().await;
        report["reasons"].to_string().contains("job proxy list")
    };
    server.wait_until("the list is missed", told).await;
    let refused = server.chat().await;
    refused.assert_error(502, "upstream_unreachable");
    assert!(refused.message().contains("proxy.pool_url"), "{refused:?}");
    assert_eq!(server.upstream_chats().len(), 0);
    for account in server.end().await.values() {
        assert_eq!(account.fail_count, 0);
    }
}
