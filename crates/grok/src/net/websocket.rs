//! WebSockets: the same way out as every call (proxy, TLS), then tungstenite.

use std::time::Duration;

use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use http::{HeaderMap, StatusCode, Uri};
use tokio::time::timeout;
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{self, Message, Utf8Bytes, client::IntoClientRequest, protocol::WebSocketConfig},
};
use url::Url;

use super::connect::{Connector, Io, Origin};
use crate::error::UpstreamError;

/// From an open connection to an open socket.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(20);
/// What is sent is small; who does not take it in time is gone.
const SEND_TIMEOUT: Duration = Duration::from_secs(10);
/// Largest message: a picture of 32 MiB as base64, and what is said of it.
const MAX_MESSAGE_BYTES: usize = 44 * 1024 * 1024;

/// An open socket; dropping it ends the connection.
pub(crate) struct WebSocket(WebSocketStream<Box<dyn Io>>);

/// Why no socket was opened.
pub(crate) enum NotOpened {
    /// The upstream answered with another status than 101.
    Refused {
        status: StatusCode,
        headers: HeaderMap,
        body: Bytes,
    },
    Failed(UpstreamError),
}

impl WebSocket {
    /// `url` is http or https.
    pub(super) async fn open(
        connector: &Connector,
        url: &Url,
        headers: HeaderMap,
    ) -> Result<Self, NotOpened> {
        let failed = NotOpened::Failed;
        let no_address = UpstreamError::Malformed {
            what: "no address for a socket",
        };
        let origin = Origin::of(url).ok_or(failed(no_address))?;
        let request = request(url, headers).map_err(|error| failed(cut(&error)))?;
        let io = connector.open_http1(&origin).await.map_err(failed)?;
        let config = WebSocketConfig::default()
            .max_message_size(Some(MAX_MESSAGE_BYTES))
            .max_frame_size(Some(MAX_MESSAGE_BYTES));
        let shaking = client_async_with_config(request, io, Some(config));
        match timeout(HANDSHAKE_TIMEOUT, shaking).await {
            Err(_) => Err(failed(UpstreamError::Timeout)),
            Ok(Ok((stream, _))) => Ok(Self(stream)),
            Ok(Err(tungstenite::Error::Http(response))) => {
                let (parts, body) = response.into_parts();
                Err(NotOpened::Refused {
                    status: parts.status,
                    headers: parts.headers,
                    body: body.unwrap_or_default().into(),
                })
            }
            Ok(Err(error)) => Err(failed(cut(&error))),
        }
    }

    pub(crate) async fn send(&mut self, text: String) -> Result<(), UpstreamError> {
        self.deliver(Message::text(text)).await
    }

    pub(crate) async fn ping(&mut self) -> Result<(), UpstreamError> {
        self.deliver(Message::Ping(Bytes::new())).await
    }

    async fn deliver(&mut self, message: Message) -> Result<(), UpstreamError> {
        match timeout(SEND_TIMEOUT, self.0.send(message)).await {
            Ok(sent) => sent.map_err(|error| cut(&error)),
            Err(_) => Err(UpstreamError::Timeout),
        }
    }

    /// The next text; `None` when the other side has ended.
    ///
    /// # Cancellation
    /// Loses nothing.
    pub(crate) async fn next(&mut self) -> Result<Option<Utf8Bytes>, UpstreamError> {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Text(text))) => return Ok(Some(text)),
                Some(Ok(Message::Close(_))) | None => return Ok(None),
                Some(Ok(_)) => {}
                Some(Err(tungstenite::Error::Capacity(_))) => {
                    return Err(UpstreamError::TooLarge {
                        limit_bytes: MAX_MESSAGE_BYTES,
                    });
                }
                Some(Err(error)) => return Err(cut(&error)),
            }
        }
    }
}

fn request(
    url: &Url,
    headers: HeaderMap,
) -> Result<tungstenite::handshake::client::Request, tungstenite::Error> {
    let scheme = if url.scheme() == "https" { "wss" } else { "ws" };
    let rest = url.as_str().split_once(':').map_or("", |(_, rest)| rest);
    let uri: Uri = format!("{scheme}:{rest}").parse()?;
    let mut request = uri.into_client_request()?;
    request.headers_mut().extend(headers);
    Ok(request)
}

fn cut(error: &tungstenite::Error) -> UpstreamError {
    UpstreamError::cut(error)
}
