//! HTTP with the upstream, spoken by ourselves (decision 0004).
//!
//! ```text
//! Transport  one way out (proxy, TLS); its pool can be exchanged for a fresh one
//!   Ways     which of them a call takes: one setting's, a proxy of the list, the account's own
//!   Pool     idle HTTP/1 connections, open HTTP/2 connections, at most one unknown dial at a time
//!     Connector  TCP, proxy, TLS, and which protocol the other side chose
//!     http1      one exchange after the other, read in the task that wants the answer
//!     http2      hyper's connection, driven by a task of the pool
//!     websocket  a connection of its own, spoken by tungstenite in the task that uses it
//! ```
//!
//! HTTP/1 is spoken here and not by a library, because of what an open answer costs: every library
//! drives the connection in a task of its own and hands each chunk over through a queue, which is two
//! task switches an event, and holds 25 KiB of buffers meanwhile. Here a read is decoded at once and
//! whole, and a stream that waits holds no buffer at all (`docs/performance.md`).

mod body;
mod chunked;
mod connect;
mod framing;
mod http1;
mod http2;
mod pool;
mod proxies;
mod proxy;
mod transport;
mod ways;
mod websocket;

pub(crate) use body::Body;
pub use proxies::ProxyList;
pub use proxy::ProxyReport;
pub(crate) use ways::{Missed, Route, Traffic, Way, Ways};
pub(crate) use websocket::{NotOpened, WebSocket};

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use url::Url;

/// A request, read to its end before its answer is.
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) url: Url,
    /// All but `Host` and `Content-Length`.
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// The head of an answer, and what brings the rest.
pub(crate) struct Response {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// Decompressed.
    pub(crate) body: Body,
}
