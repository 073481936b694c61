//! HTTP/1.1, one exchange after the other on a connection (RFC 9112).
//!
//! Polled by whoever wants the answer. What is read goes through a buffer on the stack, so that a
//! connection that waits holds nothing.

use std::future::{Future, poll_fn};
use std::io;
use std::mem::MaybeUninit;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker, ready};

use bytes::Bytes;
use http::header::{
    CONNECTION, CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING,
};
use http::{Method, StatusCode, Version};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::task::coop::unconstrained;

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
/// Answers that only announce the real one; each is cheap, and nothing else ends them.
const MAX_INFORMATIONAL: usize = 16;
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
        let read = poll_fn(|context| Pin::new(&mut self.io).poll_read(context, &mut buffer));
        // A task that has done much is told `Pending`, whatever there is to read.
        pin!(unconstrained(read)).poll(&mut context).is_pending()
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
        let mut announced = 0;
        let head = poll_fn(|context| {
            // An answer may come before the request is out, such as that it is too large.
            let sent = sending.poll(&mut self.io, context);
            match self.poll_head(&mut received, &mut announced, context) {
                Poll::Pending => match sent {
                    Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
                    _ => Poll::Pending,
                },
                head => head,
            }
        })
        .await?;
        let framing = Framing::of(head.status, &head.headers)?;
        // Who has refused it needs no more of it; who answers it gets the rest.
        let is_refused = !head.status.is_success();
        let is_kept = may_be_kept(&head) && (sending.is_done() || !is_refused);
        let is_wanted = !sending.is_done() && !is_refused;
        let mut body = Http1Body {
            connection: Some(self),
            framing,
            received,
            home: is_kept.then_some(home),
            sending: is_wanted.then(|| Box::new(sending)),
        };
        body.leave_if_over();
        Ok((head.status, head.headers, body))
    }

    /// Reads up to the end of a head; what comes behind it stays in `received`.
    fn poll_head(
        &mut self,
        received: &mut Vec<u8>,
        announced: &mut usize,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<Head>> {
        loop {
            while let Some((head, length)) = parse_head(received)? {
                received.drain(..length);
                // 100 and 103 announce the real one.
                if !head.status.is_informational() {
                    return Poll::Ready(Ok(head));
                }
                *announced += 1;
                if *announced > MAX_INFORMATIONAL {
                    return Poll::Ready(Err(malformed("an answer is announced and does not come")));
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
        let Request {
            method,
            url,
            headers,
            body,
        } = request;
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
        field(
            method.as_str().as_bytes(),
            format!(" {target} HTTP/1.1").as_bytes(),
        );
        field(b"host: ", origin.authority().as_bytes());
        if method != Method::GET {
            field(b"content-length: ", body.len().to_string().as_bytes());
        }
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
    // One of the two is a lie, and it is not known which (RFC 9112, 6.1).
    let has_two_ends =
        head.headers.contains_key(TRANSFER_ENCODING) && head.headers.contains_key(CONTENT_LENGTH);
    head.version == Version::HTTP_11 && !closes && !has_two_ends
}

/// The body of an answer. Dropping it before its end closes the connection.
pub(super) struct Http1Body {
    connection: Option<Connection>,
    framing: Framing,
    /// What came with the head.
    received: Vec<u8>,
    /// `None` = the connection is not to be used again.
    home: Option<Home>,
    /// The rest of the request, when the answer began before it was out.
    sending: Option<Box<Sending>>,
}

impl Http1Body {
    /// Everything that one read brings, or `None` at the end.
    ///
    /// # Errors
    /// The connection broke before the end of the answer or of its request, or the framing is wrong.
    pub(super) fn poll_chunk(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Bytes>>> {
        loop {
            let Some(connection) = &mut self.connection else {
                return Poll::Ready(None);
            };
            if let Some(sending) = &mut self.sending {
                // What is answered to half a question is not handed out.
                match ready!(sending.poll(&mut connection.io, context)) {
                    Ok(()) => self.sending = None,
                    Err(error) => return Poll::Ready(Some(self.broken(error))),
                }
                self.leave_if_over();
                continue;
            }
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
        if !self.framing.is_over() || self.sending.is_some() {
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

#[cfg(test)]
mod tests {
    use tokio::io::duplex;
    use tokio::task::coop::poll_proceed;

    use super::*;

    #[test]
    fn a_head_with_two_ends_closes_its_connection() {
        for (head, is_kept) in [
            ("content-length: 5", true),
            ("transfer-encoding: chunked", true),
            ("transfer-encoding: chunked\r\ncontent-length: 5", false),
            ("connection: x, Close", false),
        ] {
            let received = format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n");
            let (parsed, _) = parse_head(received.as_bytes()).unwrap().unwrap();
            assert_eq!(may_be_kept(&parsed), is_kept, "{head}");
        }
    }

    #[tokio::test]
    async fn a_closed_connection_is_found_out_also_by_a_task_that_has_done_much() {
        let (near, far) = duplex(64);
        let mut connection = Connection::new(Box::new(near), None);
        assert!(connection.is_quiet());
        drop(far);
        let is_quiet = poll_fn(|context| {
            while let Poll::Ready(budget) = poll_proceed(context) {
                budget.made_progress();
            }
            Poll::Ready(connection.is_quiet())
        });
        assert!(!is_quiet.await);
    }
}
