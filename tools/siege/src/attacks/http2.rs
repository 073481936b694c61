//! HTTP/2 without TLS: as many streams as a connection may have, unread or taken back.

use std::time::Duration;

use anyhow::Context;
use bytes::Bytes;
use http::{Method, Request, Response, header};
use http_body_util::Full;
use hyper::{
    body::Incoming,
    client::conn::http2::{Builder, SendRequest},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rand::Rng;
use tokio::{net::TcpStream, task::JoinSet, time::sleep};

use super::wire::{CHAT, chat_body};
use crate::{KEY, UNREAD_FOR};

/// As many as the server allows, and more that wait.
const STREAMS: usize = 120;
/// Chats among them; each holds a place of `chat.concurrent` until it is ended.
const CHATS: usize = 30;
/// What a client lets the server send before it has read any.
const WINDOW: u32 = 1;
const RESETS: usize = 200;

type Sender = SendRequest<Full<Bytes>>;

/// The connection ends with its driver.
struct Connection {
    sender: Sender,
    _driver: JoinSet<()>,
}

impl Connection {
    async fn open(address: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        let mut builder = Builder::new(TokioExecutor::new());
        builder.initial_stream_window_size(WINDOW);
        let handshake = builder.handshake(TokioIo::new(stream));
        let (sender, connection) = tokio::time::timeout(UNREAD_FOR, handshake)
            .await
            .context("no answer to the preface")??;
        let mut driver = JoinSet::new();
        driver.spawn(async move {
            let _ = connection.await;
        });
        Ok(Self {
            sender,
            _driver: driver,
        })
    }
}

/// Chats, pages, lists and a font that nobody reads, for longer than the server waits; how many began.
pub(super) async fn unread(address: String) -> usize {
    let Ok(connection) = Connection::open(&address).await else {
        return 0;
    };
    let mut streams = JoinSet::new();
    for n in 0..STREAMS {
        let Ok(request) = request(&address, n) else {
            continue;
        };
        let mut sender = connection.sender.clone();
        streams.spawn(async move {
            sender.ready().await?;
            sender.send_request(request).await
        });
    }
    let mut begun: Vec<Response<Incoming>> = Vec::new();
    let collecting = async {
        while let Some(stream) = streams.join_next().await {
            begun.extend(stream.ok().and_then(Result::ok));
        }
    };
    let _ = tokio::time::timeout(UNREAD_FOR, collecting).await;
    begun.len()
}

/// Streams that are taken back at any moment, one in ten with a head over the limit.
pub(super) async fn resets(address: String) -> usize {
    let Ok(mut connection) = Connection::open(&address).await else {
        return 0;
    };
    for n in 0..RESETS {
        let Ok(mut request) = request(&address, n) else {
            continue;
        };
        if n % 10 == 0
            && let Ok(long) = "x".repeat(100 * 1024).parse()
        {
            request.headers_mut().insert("x-long", long);
        }
        // The server may well have enough.
        if connection.sender.ready().await.is_err() {
            return n;
        }
        let sent = connection.sender.send_request(request);
        let wait = rand::rng().random_range(0..5);
        let _ = tokio::time::timeout(Duration::from_millis(wait), sent).await;
    }
    sleep(Duration::from_millis(50)).await;
    RESETS
}

/// One of many: chats first, then what strangers can ask for.
fn request(address: &str, n: usize) -> anyhow::Result<Request<Full<Bytes>>> {
    let (method, path, body) = match n {
        0..CHATS => (Method::POST, CHAT, chat_body("grok-3", true)),
        n if n % 2 == 0 => (Method::GET, "/login", String::new()),
        n if n % 3 == 0 => (Method::GET, "/fonts/inter.woff2", String::new()),
        _ => (Method::GET, "/v1/models", String::new()),
    };
    let request = Request::builder()
        .method(method)
        .uri(format!("http://{address}{path}"))
        .header(header::AUTHORIZATION, format!("Bearer {KEY}"))
        .header(header::CONTENT_TYPE, "application/json");
    Ok(request.body(Full::new(Bytes::from(body)))?)
}
