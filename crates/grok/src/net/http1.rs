//! HTTP/1.1, one exchange after the other on a connection (RFC 9112).
//!
//! Polled by whoever wants the answer. What is read goes through a buffer on the stack, so that a
//! connection that waits holds nothing.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use bytes::Bytes;
use http::header::{CONNECTION, HeaderMap, HeaderName, HeaderValue};
use http::{StatusCode, Version};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::Request;
use super::chunked::malformed;
use super::connect::{Forwarding, Io, Origin};
use super::framing::Framing;
use super::pool::Home;

/// As much as is taken in one go: most answers of a burst are smaller.
const READ_BYTES: usize = 16 * 1024;
/// Largest head of an answer.
const MAX_HEAD_BYTES: usize = 64 * 1024;
const MAX_HEADERS: usize = 128;
/// Up to this size head and body leave in one write.
const JOIN_BYTES: usize = 64 * 1024;

pub(super) struct Connection {
    io: Box<dyn Io>,
    forwarding: Option<Forwarding>,
}

/// The head of an answer.
struct Head {
    status: StatusCode,
    version: Version,
    headers: HeaderMap,
}

impl Connection {
    pub(super) fn new(io: Box<dyn Io>, forwarding: Option<Forwarding>) -> Self {
        Self { io, forwarding }
    }

    /// Whether an idle connection is still fit: the other side has neither closed it nor said anything
    /// that nobody asked for.
    pub(super) fn is_quiet(&mut self) -> bool {
        let mut byte = [MaybeUninit::uninit(); 1];
        let mut buffer = ReadBuf::uninit(&mut byte);
        let mut context = Context::from_waker(Waker::noop());
        Pin::new(&mut self.io)
            .poll_read(&mut context, &mut buffer)
            .is_pending()
    }

    /// Sends a request and waits for the head of its answer. `home` takes the connection back when the
    /// body has come to its end.
    ///
    /// # Errors
    /// The connection broke, or what came is not HTTP/1.
    ///
    /// # Cancellation
    /// Closes the connection.
    pub(super) async fn exchange(
        mut self,
        request: &Request,
        origin: &Origin,
        home: Home,
    ) -> io::Result<(StatusCode, HeaderMap, Http1Body)> {
        let mut sending = Sending::new(request, origin, self.forwarding.as_ref());
        let mut received = Vec::new();
        let head = std::future::poll_fn(|context| {
            // An answer may come before the request is out, such as that it is too large.
            let sent = sending.poll(&mut self.io, context);
            match self.poll_head(&mut received, context) {
                Poll::Pending => match sent {
                    Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
                    _ => Poll::Pending,
                },
                head => head,
            }
        })
        .await?;
        let framing = Framing::of(head.status, &head.headers)?;
        let is_kept = sending.is_done() && may_be_kept(&head);
        let mut body = Http1Body {
            connection: Some(self),
            framing,
            received,
            home: is_kept.then_some(home),
        };
        body.leave_if_over();
        Ok((head.status, head.headers, body))
    }

    /// Reads up to the end of a head; what comes behind it stays in `received`.
    fn poll_head(
        &mut self,
        received: &mut Vec<u8>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<Head>> {
        loop {
            while let Some((head, length)) = parse_head(received)? {
                received.drain(..length);
                // 100 and 103 announce the real one.
                if !head.status.is_informational() {
                    return Poll::Ready(Ok(head));
                }
            }
            if received.len() > MAX_HEAD_BYTES {
                return Poll::Ready(Err(malformed("the head of the answer is too large")));
            }
            let read = |bytes: &[u8]| {
                received.extend_from_slice(bytes);
                Ok(bytes.len())
            };
            if ready!(self.poll_read(context, read))? == 0 {
                return Poll::Ready(Err(io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    "the connection was closed before an answer came",
                )));
            }
        }
    }

    /// Hands over what one read brings; 0 = the end of the connection.
    fn poll_read(
        &mut self,
        context: &mut Context<'_>,
        take: impl FnOnce(&[u8]) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        let mut space = [MaybeUninit::uninit(); READ_BYTES];
        let mut buffer = ReadBuf::uninit(&mut space);
        ready!(Pin::new(&mut self.io).poll_read(context, &mut buffer))?;
        let bytes = buffer.filled();
        Poll::Ready(if bytes.is_empty() { Ok(0) } else { take(bytes) })
    }
}

/// A request on its way out.
struct Sending {
    first: Vec<u8>,
    /// A body that is too large to be copied behind its head.
    rest: Bytes,
    sent: usize,
    is_flushed: bool,
}

impl Sending {
    fn new(request: &Request, origin: &Origin, forwarding: Option<&Forwarding>) -> Self {
        let Request { url, headers, body } = request;
        let mut head = Vec::with_capacity(2048 + body.len().min(JOIN_BYTES));
        let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
        let target = match forwarding {
            Some(_) => format!("http://{}{path}", origin.authority()),
            None => path.to_owned(),
        };
        let mut field = |name: &[u8], value: &[u8]| {
            head.extend_from_slice(name);
            head.extend_from_slice(value);
            head.extend_from_slice(b"\r\n");
        };
        field(b"POST ", format!("{target} HTTP/1.1").as_bytes());
        field(b"host: ", origin.authority().as_bytes());
        field(b"content-length: ", body.len().to_string().as_bytes());
        if let Some(value) = forwarding.and_then(|proxy| proxy.authorization.as_ref()) {
            field(b"proxy-authorization: ", value.as_bytes());
        }
        for (name, value) in headers {
            head.extend_from_slice(name.as_str().as_bytes());
            head.extend_from_slice(b": ");
            head.extend_from_slice(value.as_bytes());
            head.extend_from_slice(b"\r\n");
        }
        head.extend_from_slice(b"\r\n");
        let is_joined = body.len() <= JOIN_BYTES;
        if is_joined {
            head.extend_from_slice(body);
        }
        Self {
            first: head,
            rest: if is_joined {
                Bytes::new()
            } else {
                body.clone()
            },
            sent: 0,
            is_flushed: false,
        }
    }

    fn is_done(&self) -> bool {
        self.is_flushed
    }

    fn poll(&mut self, io: &mut Box<dyn Io>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.is_flushed {
            let left = match self.first.get(self.sent..) {
                Some(left) if !left.is_empty() => left,
                _ => self
                    .rest
                    .get(self.sent - self.first.len()..)
                    .unwrap_or_default(),
            };
            if left.is_empty() {
                ready!(Pin::new(&mut *io).poll_flush(context))?;
                self.is_flushed = true;
                break;
            }
            let sent = ready!(Pin::new(&mut *io).poll_write(context, left))?;
            if sent == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.sent += sent;
        }
        Poll::Ready(Ok(()))
    }
}

/// The first head in `received` and its length; `None` = more bytes are needed.
fn parse_head(received: &[u8]) -> io::Result<Option<(Head, usize)>> {
    if received.is_empty() {
        return Ok(None);
    }
    let mut headers = [MaybeUninit::uninit(); MAX_HEADERS];
    let mut parsed = httparse::Response::new(&mut []);
    let status = httparse::ParserConfig::default()
        .parse_response_with_uninit_headers(&mut parsed, received, &mut headers)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    let httparse::Status::Complete(length) = status else {
        return Ok(None);
    };
    let mut map = HeaderMap::with_capacity(parsed.headers.len());
    for header in parsed.headers.iter() {
        let name = HeaderName::from_bytes(header.name.as_bytes());
        let value = HeaderValue::from_bytes(header.value);
        if let (Ok(name), Ok(value)) = (name, value) {
            map.append(name, value);
        }
    }
    let code = parsed.code.unwrap_or_default();
    let head = Head {
        status: StatusCode::from_u16(code).map_err(|_| malformed("the status is no number"))?,
        version: match parsed.version {
            Some(0) => Version::HTTP_10,
            _ => Version::HTTP_11,
        },
        headers: map,
    };
    Ok(Some((head, length)))
}

fn may_be_kept(head: &Head) -> bool {
    let closes = head.headers.get_all(CONNECTION).iter().any(|value| {
        let options = value.as_bytes().to_ascii_lowercase();
        options
            .split(|&byte| byte == b',')
            .any(|option| option.trim_ascii() == b"close")
    });
    head.version == Version::HTTP_11 && !closes
}

/// The body of an answer. Dropping it before its end closes the connection.
pub(super) struct Http1Body {
    connection: Option<Connection>,
    framing: Framing,
    /// What came with the head.
    received: Vec<u8>,
    /// `None` = the connection is not to be used again.
    home: Option<Home>,
}

impl Http1Body {
    /// Everything that one read brings, or `None` at the end.
    ///
    /// # Errors
    /// The connection broke before the end, or the framing is wrong.
    pub(super) fn poll_chunk(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Bytes>>> {
        loop {
            let Some(connection) = &mut self.connection else {
                return Poll::Ready(None);
            };
            let mut chunk = Vec::new();
            let mut excess = 0;
            let received = std::mem::take(&mut self.received);
            let framing = &mut self.framing;
            let mut decode = |bytes: &[u8]| {
                chunk.reserve(bytes.len());
                let taken = framing.decode(bytes, &mut chunk)?;
                excess = bytes.len() - taken;
                Ok(bytes.len())
            };
            let read = if received.is_empty() {
                ready!(connection.poll_read(context, decode))
            } else {
                decode(&received)
            };
            match read {
                Err(error) => return Poll::Ready(Some(self.broken(error))),
                Ok(0) => {
                    let end = self.framing.close();
                    self.home = None;
                    self.connection = None;
                    return Poll::Ready(end.err().map(Err));
                }
                Ok(_) => {}
            }
            if excess > 0 {
                self.home = None;
            }
            self.leave_if_over();
            if !chunk.is_empty() {
                return Poll::Ready(Some(Ok(chunk.into())));
            }
        }
    }

    fn broken(&mut self, error: io::Error) -> io::Result<Bytes> {
        self.connection = None;
        Err(error)
    }

    /// The connection is free as soon as the last byte is here.
    fn leave_if_over(&mut self) {
        if !self.framing.is_over() {
            return;
        }
        let connection = self.connection.take();
        if let (Some(connection), Some(home)) = (connection, self.home.take())
            && self.received.is_empty()
        {
            home.take_back(connection);
        }
    }
}
