//! One connection: which HTTP it speaks, and serving it until it ends.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use hyper::{
    body::Incoming,
    rt::Executor,
    server::conn::{http1, http2},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::Watcher,
    service::TowerToHyperService,
};
use socket2::{SockRef, TcpKeepalive};
use tokio::{
    io::AsyncWriteExt,
    net::TcpStream,
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt;

use super::send_timeout::SendTimeout;
use crate::{delivery::DELIVERY, http::PeerAddr};

/// Largest head of an HTTP/1 request, and largest piece of a body that is read at once.
const MAX_HEAD_BYTES: usize = 64 * 1024;
/// A client that is gone without a word is found out after this much silence and as much again.
const KEEPALIVE: Duration = Duration::from_secs(60);
/// A refused client that does not read is not waited for.
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(1);
/// HTTP/2 requests under way on one connection, and how much each may have waiting to be sent: what
/// nobody reads stays in memory.
const MAX_STREAMS: u32 = 100;
const MAX_SEND_BYTES: usize = 64 * 1024;
/// Unsent bytes with which the system still takes more. Without it a socket whose large buffer drains
/// slowly counts as stuck, though its client reads all the time.
#[cfg(target_os = "linux")]
const NOTSENT_LOWAT: u32 = 128 * 1024;
/// The first bytes of HTTP/2 (RFC 9113, 3.4).
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Pause before looking again at a preface of which only a part has come, and how often: whoever is
/// gone by then is not seen by looking at what has come, only by reading it, which HTTP/1 does.
const PREFACE_PAUSE: Duration = Duration::from_millis(20);
const PREFACE_LOOKS: usize = 50;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Http {
    One,
    Two,
}

/// How long a client may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timeouts {
    pub(super) header: Duration,
    pub(super) send: Duration,
}

/// Serves one connection to its end. One that has not said a word ends with `closing`.
///
/// # Errors
/// The client sent nothing in time, left, or broke the protocol.
pub(super) async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    service: axum::Router,
    watcher: Watcher,
    closing: CancellationToken,
    timeouts: Timeouts,
) -> anyhow::Result<()> {
    // Without it small SSE writes wait 40 ms for the client's delayed acknowledgement.
    stream.set_nodelay(true)?;
    keep_alive(&stream)?;
    let first_bytes = timeout(timeouts.header, detect(&stream));
    let first_bytes = closing.run_until_cancelled(first_bytes).await;
    let Some(Some(http)) = first_bytes.transpose()?.transpose()? else {
        return Ok(());
    };
    let service = service.map_request(move |mut request: http::Request<Incoming>| {
        request.extensions_mut().insert(PeerAddr(peer));
        request.map(axum::body::Body::new)
    });
    let io = TokioIo::new(SendTimeout::new(stream, timeouts.send));
    let service = TowerToHyperService::new(service);
    match http {
        Http::One => {
            let mut builder = http1::Builder::new();
            builder
                .timer(TokioTimer::new())
                .header_read_timeout(timeouts.header)
                .max_buf_size(MAX_HEAD_BYTES);
            let connection = watcher.watch(builder.serve_connection(io, service));
            deliver(connection).await.transpose()?;
        }
        Http::Two => {
            let streams = Streams::default();
            let mut builder = http2::Builder::new(streams.clone());
            builder
                .timer(TokioTimer::new())
                .max_concurrent_streams(MAX_STREAMS)
                .max_send_buf_size(MAX_SEND_BYTES)
                .max_header_list_size(MAX_HEAD_BYTES as u32)
                .keep_alive_interval(KEEPALIVE)
                .keep_alive_timeout(KEEPALIVE);
            let connection = watcher.watch(builder.serve_connection(io, service));
            tokio::select! {
                ended = connection => ended?,
                // hyper has no such limit for HTTP/2, and whoever answers its pings could stay.
                () = streams.idle_for(timeouts.header) => {}
            }
        }
    }
    Ok(())
}

/// The tasks of one connection's HTTP/2 streams.
#[derive(Clone, Default)]
struct Streams {
    tasks: TaskTracker,
    begun: Arc<AtomicU64>,
}

impl Streams {
    /// Resolves when there has been no stream for at least `limit`, and at most twice that.
    async fn idle_for(&self, limit: Duration) {
        let mut begun_before = None;
        loop {
            let begun = self.begun.load(Ordering::Relaxed);
            if self.tasks.is_empty() && begun_before == Some(begun) {
                return;
            }
            begun_before = Some(begun);
            sleep(limit).await;
        }
    }
}

impl<F> Executor<F> for Streams
where
    F: Future<Output: Send> + Send + 'static,
{
    fn execute(&self, stream: F) {
        self.begun.fetch_add(1, Ordering::Relaxed);
        self.tasks.spawn(deliver(stream));
    }
}

/// Runs what delivers answers until it is done, or until somebody ends it because nobody reads.
async fn deliver<T>(delivery: impl Future<Output = T>) -> Option<T> {
    let token = CancellationToken::new();
    let until = token.clone();
    DELIVERY
        .scope(token, until.run_until_cancelled(delivery))
        .await
}

/// Says that there is no room under the limit of this setting, in the few words that need no reading.
pub(super) async fn refuse(mut stream: TcpStream, setting: &str) {
    let body = format!(
        r#"{{"error":{{"message":"Too many connections (`{setting}`). Try again in a moment.","type":"server_error","param":null,"code":"too_many_connections"}}}}"#
    );
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let writing = stream.write_all(answer.as_bytes());
    let _ = timeout(REFUSAL_TIMEOUT, writing).await;
}

fn keep_alive(stream: &TcpStream) -> io::Result<()> {
    let socket = SockRef::from(stream);
    let probes = TcpKeepalive::new()
        .with_time(KEEPALIVE)
        .with_interval(KEEPALIVE / 4);
    socket.set_tcp_keepalive(&probes)?;
    // What was sent and is not acknowledged ends the connection as well.
    #[cfg(target_os = "linux")]
    {
        socket.set_tcp_user_timeout(Some(KEEPALIVE * 2))?;
        socket.set_tcp_notsent_lowat(NOTSENT_LOWAT)?;
    }
    Ok(())
}

/// Looks at the first bytes and leaves them where they are; `None` = the client left without a
/// word. Reading and putting them back would make hyper keep a second read buffer for each
/// connection.
async fn detect(stream: &TcpStream) -> io::Result<Option<Http>> {
    let mut first = [0; PREFACE.len()];
    for _ in 0..PREFACE_LOOKS {
        let count = stream.peek(&mut first).await?;
        match first.get(..count).unwrap_or_default() {
            [] => return Ok(None),
            seen if seen == PREFACE => return Ok(Some(Http::Two)),
            seen if PREFACE.starts_with(seen) => sleep(PREFACE_PAUSE).await,
            _ => break,
        }
    }
    Ok(Some(Http::One))
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    /// What a client is taken for that sends these pieces one after the other and then waits, or
    /// leaves after the last one.
    async fn detected(pieces: &[&[u8]]) -> Option<Http> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let sending = async {
            for piece in pieces {
                client.write_all(piece).await.unwrap();
                sleep(PREFACE_PAUSE * 2).await;
            }
            client.shutdown().await.unwrap();
        };
        let (found, ()) = tokio::join!(detect(&stream), sending);
        found.unwrap()
    }

    #[tokio::test]
    async fn the_first_bytes_tell_the_protocol_however_they_come() {
        assert_eq!(detected(&[PREFACE]).await, Some(Http::Two));
        let (start, rest) = PREFACE.split_at(5);
        assert_eq!(detected(&[start, rest, b"\0"]).await, Some(Http::Two));
        assert_eq!(detected(&[b"GET / HTTP/1.1\r\n"]).await, Some(Http::One));
        assert_eq!(detected(&[b"P", b"OST /"]).await, Some(Http::One));
        assert_eq!(detected(&[b"PRI * HTTP/1"]).await, Some(Http::One));
        assert_eq!(detected(&[]).await, None);
    }
}
