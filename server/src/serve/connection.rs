//! One connection: which HTTP it speaks, and serving it until it ends.

use std::{io, net::SocketAddr, time::Duration};

use hyper::{
    body::Incoming,
    server::conn::{http1, http2},
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::graceful::Watcher,
    service::TowerToHyperService,
};
use tokio::{
    net::TcpStream,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::http::PeerAddr;

/// A client has this long to send its request's head.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);
/// The first bytes of HTTP/2 (RFC 9113, 3.4).
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Pause before looking again at a preface of which only a part has come.
const PREFACE_PAUSE: Duration = Duration::from_millis(10);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Http {
    One,
    Two,
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
) -> anyhow::Result<()> {
    // Without it small SSE writes wait 40 ms for the client's delayed acknowledgement.
    stream.set_nodelay(true)?;
    let first_bytes = timeout(HEADER_TIMEOUT, detect(&stream));
    let Some(Some(http)) = closing
        .run_until_cancelled(first_bytes)
        .await
        .transpose()?
        .transpose()?
    else {
        return Ok(());
    };
    let service = service.map_request(move |mut request: http::Request<Incoming>| {
        request.extensions_mut().insert(PeerAddr(peer));
        request.map(axum::body::Body::new)
    });
    let (io, service) = (TokioIo::new(stream), TowerToHyperService::new(service));
    match http {
        Http::One => {
            let mut builder = http1::Builder::new();
            builder
                .timer(TokioTimer::new())
                .header_read_timeout(HEADER_TIMEOUT);
            watcher.watch(builder.serve_connection(io, service)).await?;
        }
        Http::Two => {
            let mut builder = http2::Builder::new(TokioExecutor::new());
            builder.timer(TokioTimer::new());
            watcher.watch(builder.serve_connection(io, service)).await?;
        }
    }
    Ok(())
}

/// Looks at the first bytes and leaves them where they are; `None` = the client left without a
/// word. Reading and putting them back would make hyper keep a second read buffer for each
/// connection.
async fn detect(stream: &TcpStream) -> io::Result<Option<Http>> {
    let mut first = [0; PREFACE.len()];
    loop {
        let count = stream.peek(&mut first).await?;
        match first.get(..count).unwrap_or_default() {
            [] => return Ok(None),
            seen if seen == PREFACE => return Ok(Some(Http::Two)),
            seen if PREFACE.starts_with(seen) => sleep(PREFACE_PAUSE).await,
            _ => return Ok(Some(Http::One)),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::{io::AsyncWriteExt, net::TcpListener};

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
