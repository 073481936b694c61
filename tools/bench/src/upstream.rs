//! The upstream of a comparison: one answer of the simulator, kept as bytes and sent again and again,
//! so that the upstream takes as little of the shared cores as it can. Questions about accounts are
//! answered over HTTP/1, alike for all.

use std::{
    net::Ipv4Addr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, bail};
use bytes::{Bytes, BytesMut};
use clap::Args;
use futures::{StreamExt, stream};
use grok_sim::{Options, Simulator};
use http::{Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt, Full, StreamBody, combinators::BoxBody};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;
use tokio_util::task::TaskTracker;

use crate::{load::Target, process::announce};

const CHAT: &str = "/rest/app-chat/conversations/new";
const HOST: &str = "127.0.0.1";
/// Questions about accounts, and when they are answered.
const QUESTIONS: [&str; 2] = ["/rest/rate-limits", "/rest/media/imagine/quota_info"];
pub(crate) const QUESTION_TIME: Duration = Duration::from_millis(20);
/// To both of them: each reads its own.
const QUOTA: &str = r#"{"windowSizeSeconds":7200,"remainingQueries":50,"waitTimeSeconds":0,"totalQueries":80,"image":{"available":true,"remainingQueries":5,"windowSizeSeconds":86400}}"#;

/// How the upstream sends an answer: each event a chunk of HTTP/1 or a frame of HTTP/2.
#[derive(Debug, Clone, Args)]
pub(crate) struct Shape {
    /// Token events of an answer.
    #[arg(long)]
    pub(crate) events: usize,
    /// Before each event; 0 = all at once, over HTTP/1 in one write.
    #[arg(long, default_value_t = 0)]
    pub(crate) interval_ms: u64,
    /// HTTP/2 over TLS; the certificate is written to this file.
    #[arg(long)]
    pub(crate) http2: Option<PathBuf>,
    /// The text is a JSON object with one string.
    #[arg(long)]
    pub(crate) json: bool,
}

/// An answer, an event a chunk: what comes before the first token is part of its chunk, what comes
/// after the last one part of that.
struct Answer {
    chunks: Vec<Bytes>,
    interval: Option<Duration>,
}

/// Listens on a free port, prints its URL and answers until killed.
pub(crate) async fn run(shape: &Shape) -> anyhow::Result<()> {
    let interval = Duration::from_millis(shape.interval_ms);
    let answer = Arc::new(Answer {
        chunks: chunks(shape).await?,
        interval: (!interval.is_zero()).then_some(interval),
    });
    let listener = listen(4096)?;
    let port = listener.local_addr()?.port();
    let tls = shape.http2.as_deref().map(certify).transpose()?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    announce(&format!("{scheme}://{HOST}:{port}"));
    let tasks = TaskTracker::new();
    loop {
        let (stream, _) = listener.accept().await.context("accepting")?;
        stream.set_nodelay(true)?;
        let answer = Arc::clone(&answer);
        match &tls {
            Some(tls) => tasks.spawn(serve_http2(tls.clone(), stream, answer)),
            None => tasks.spawn(serve_http1(stream, answer)),
        };
    }
}

fn listen(backlog: u32) -> anyhow::Result<TcpListener> {
    let socket = tokio::net::TcpSocket::new_v4()?;
    socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
    Ok(socket.listen(backlog)?)
}

/// Asks the simulator once.
async fn chunks(shape: &Shape) -> anyhow::Result<Vec<Bytes>> {
    let events = shape.events;
    let options = Options::for_benchmarks((Ipv4Addr::LOCALHOST, 0).into(), events);
    let simulator = Simulator::start(options).await?;
    let url = simulator.url();
    let target = Target::upstream(url.trim_start_matches("http://"));
    let body = target.connect().await?.read(&target).await?;
    simulator.stop().await;
    let mut chunks: Vec<BytesMut> = Vec::with_capacity(events);
    let mut before = BytesMut::new();
    for line in body.split_inclusive(|&byte| byte == b'\n') {
        if memchr::memmem::find(line, br#""token":"#).is_some() {
            let mut chunk = std::mem::take(&mut before);
            chunk.extend_from_slice(line);
            chunks.push(chunk);
        } else if let Some(last) = chunks.last_mut() {
            last.extend_from_slice(line);
        } else {
            before.extend_from_slice(line);
        }
    }
    anyhow::ensure!(
        chunks.len() == events,
        "{} events instead of {events}",
        chunks.len()
    );
    if shape.json {
        wrap(&mut chunks)?;
    }
    Ok(chunks.into_iter().map(BytesMut::freeze).collect())
}

/// Puts the text into a JSON object: its beginning into the first token, its end into the last one, and
/// both around the whole text, which comes behind.
fn wrap(chunks: &mut [BytesMut]) -> anyhow::Result<()> {
    const BEGIN: &[u8] = br#"{\"text\":\""#;
    const END: &[u8] = br#"\"}"#;
    let first = chunks.first_mut().context("no token")?;
    put_around(first, br#""token":""#, (BEGIN, b""))?;
    let last = chunks.last_mut().context("no token")?;
    put_around(last, br#""token":""#, (b"", END))?;
    put_around(last, br#""message":""#, (BEGIN, END))
}

/// Around the text of a field, which holds no quotes.
fn put_around(
    chunk: &mut BytesMut,
    field: &[u8],
    (begin, end): (&[u8], &[u8]),
) -> anyhow::Result<()> {
    let start = memchr::memmem::find(chunk, field).context("no such field")? + field.len();
    let text = memchr::memchr(b'"', &chunk[start..]).context("no end of the text")?;
    let rest = chunk.split_off(start);
    let (text, rest) = rest.split_at(text);
    for piece in [begin, text, end, rest] {
        chunk.extend_from_slice(piece);
    }
    Ok(())
}

/// By hand: a server of hyper's would take as much of the cores as what is measured.
async fn serve_http1(mut stream: TcpStream, answer: Arc<Answer>) -> anyhow::Result<()> {
    const HEAD: &[u8] =
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    let chunk = |bytes: &[u8]| {
        let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
        chunk.extend_from_slice(bytes);
        chunk.extend_from_slice(b"\r\n");
        chunk
    };
    let mut parts: Vec<Vec<u8>> = answer.chunks.iter().map(|bytes| chunk(bytes)).collect();
    if let Some(first) = parts.first_mut() {
        first.splice(..0, HEAD.iter().copied());
    }
    if let Some(last) = parts.last_mut() {
        last.extend_from_slice(b"0\r\n\r\n");
    }
    let whole = parts.concat();
    let quota = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{QUOTA}",
        QUOTA.len()
    );
    let mut received = BytesMut::with_capacity(16 * 1024);
    while let Some(path) = next_request(&mut stream, &mut received).await? {
        if QUESTIONS.contains(&path.as_str()) {
            tokio::time::sleep(QUESTION_TIME).await;
            stream.write_all(quota.as_bytes()).await?;
            continue;
        }
        if path != CHAT {
            let none = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n";
            stream.write_all(none).await?;
            continue;
        }
        match answer.interval {
            None => stream.write_all(&whole).await?,
            Some(interval) => {
                for part in &parts {
                    tokio::time::sleep(interval).await;
                    stream.write_all(part).await?;
                }
            }
        }
    }
    Ok(())
}

/// Reads one request to its end; its path, or `None` at the end of the connection.
async fn next_request(
    stream: &mut TcpStream,
    received: &mut BytesMut,
) -> anyhow::Result<Option<String>> {
    loop {
        if let Some(end) = memchr::memmem::find(received, b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&received[..end]).into_owned();
            let length = head
                .lines()
                .filter_map(|line| line.split_once(": "))
                .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
                .map_or(Ok(0), |(_, value)| value.parse::<usize>())?;
            let whole = end + 4 + length;
            while received.len() < whole {
                if stream.read_buf(received).await? == 0 {
                    bail!("half a request");
                }
            }
            let _ = received.split_to(whole);
            return Ok(head.split(' ').nth(1).map(str::to_owned));
        }
        if stream.read_buf(received).await? == 0 {
            return Ok(None);
        }
    }
}

fn certify(file: &Path) -> anyhow::Result<TlsAcceptor> {
    let signed = rcgen::generate_simple_self_signed([HOST.to_owned()])?;
    std::fs::write(file, signed.cert.pem())?;
    let chain: Vec<CertificateDer<'static>> = vec![signed.cert.der().clone()];
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(signed.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

async fn serve_http2(
    tls: TlsAcceptor,
    stream: TcpStream,
    answer: Arc<Answer>,
) -> anyhow::Result<()> {
    let stream = tls.accept(stream).await?;
    let service = service_fn(move |request| respond(request, Arc::clone(&answer)));
    hyper::server::conn::http2::Builder::new(TokioExecutor::new())
        .max_concurrent_streams(10_000)
        .serve_connection(TokioIo::new(stream), service)
        .await?;
    Ok(())
}

async fn respond(
    request: Request<Incoming>,
    answer: Arc<Answer>,
) -> anyhow::Result<Response<BoxBody<Bytes, std::convert::Infallible>>> {
    let is_chat = request.uri().path() == CHAT;
    request.into_body().collect().await?;
    if !is_chat {
        let mut none = Response::new(Full::default().boxed());
        *none.status_mut() = StatusCode::NOT_FOUND;
        return Ok(none);
    }
    let events = stream::iter(0..answer.chunks.len()).then(move |at| {
        let answer = Arc::clone(&answer);
        async move {
            if let Some(interval) = answer.interval {
                tokio::time::sleep(interval).await;
            }
            Ok(Frame::data(answer.chunks[at].clone()))
        }
    });
    Ok(Response::builder()
        .header(http::header::CONTENT_TYPE, "application/json")
        .body(BodyExt::boxed(StreamBody::new(events)))?)
}
