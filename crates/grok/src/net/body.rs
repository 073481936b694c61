//! The body of an answer, whatever the protocol and the compression.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use async_compression::tokio::bufread::{BrotliDecoder, GzipDecoder, ZlibDecoder, ZstdDecoder};
use async_compression::zstd::DParameter;
use bytes::Bytes;
use futures::stream;
use http::HeaderMap;
use http::header::CONTENT_ENCODING;
use http_body::Body as _;
use hyper::body::Incoming;
use tokio::io::{AsyncRead, ReadBuf};
use tokio_util::io::StreamReader;

use super::http1::Http1Body;
use super::http2::InFlight;
use crate::error::UpstreamError;

/// As much as is decompressed in one go.
const DECODE_BYTES: usize = 8 * 1024;
/// 8 MiB, which every zstd decoder must take. The library would give 128 MiB to who asks for it.
const MAX_ZSTD_WINDOW_LOG: u32 = 23;

/// Dropping it before its end ends the exchange.
pub(crate) struct Body(Kind);

enum Kind {
    Http1(Http1Body),
    Http2 {
        body: Incoming,
        _in_flight: InFlight,
    },
    Decoded(Pin<Box<dyn AsyncRead + Send>>),
}

impl Body {
    pub(super) fn http1(body: Http1Body) -> Self {
        Self(Kind::Http1(body))
    }

    pub(super) fn http2(body: Incoming, in_flight: InFlight) -> Self {
        Self(Kind::Http2 {
            body,
            _in_flight: in_flight,
        })
    }

    /// Undoes the compression that `headers` name. What we did not ask for stays as it is.
    pub(super) fn decoded(self, headers: &HeaderMap) -> Self {
        let Some(coding) = headers.get(CONTENT_ENCODING) else {
            return self;
        };
        let coding = coding.as_bytes().to_ascii_lowercase();
        let decoded: Pin<Box<dyn AsyncRead + Send>> = match coding.as_slice() {
            b"gzip" | b"x-gzip" => {
                let mut decoder = GzipDecoder::new(self.into_reader(nothing));
                decoder.multiple_members(true);
                Box::pin(decoder)
            }
            b"br" => Box::pin(BrotliDecoder::new(self.into_reader(asks_for_large_window))),
            b"zstd" => {
                let window = [DParameter::window_log_max(MAX_ZSTD_WINDOW_LOG)];
                let mut decoder = ZstdDecoder::with_params(self.into_reader(nothing), &window);
                decoder.multiple_members(true);
                Box::pin(decoder)
            }
            b"deflate" => Box::pin(ZlibDecoder::new(self.into_reader(nothing))),
            _ => return self,
        };
        Self(Kind::Decoded(decoded))
    }

    /// `refuses` judges the first byte.
    fn into_reader(
        mut self,
        refuses: fn(u8) -> bool,
    ) -> StreamReader<impl futures::Stream<Item = io::Result<Bytes>>, Bytes> {
        // The decoders drop what they have when the end follows in the same poll: it comes in the next.
        let mut end = None;
        let mut is_judged = false;
        StreamReader::new(stream::poll_fn(move |context| {
            if let Some(end) = end.take() {
                return Poll::Ready(end);
            }
            match ready!(self.poll_chunk(context)) {
                Some(Ok(chunk)) => {
                    let first = chunk.first().filter(|_| !is_judged);
                    is_judged |= !chunk.is_empty();
                    let is_refused = first.is_some_and(|&first| refuses(first));
                    return Poll::Ready(Some(if is_refused {
                        Err(io::Error::other("its compression takes too much memory"))
                    } else {
                        Ok(chunk)
                    }));
                }
                Some(Err(error)) => end = Some(Some(Err(io::Error::other(error)))),
                None => end = Some(None),
            }
            context.waker().wake_by_ref();
            Poll::Pending
        }))
    }

    /// The next bytes, or `None` at the end.
    ///
    /// # Errors
    /// [`UpstreamError::Cut`].
    pub(crate) fn poll_chunk(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, UpstreamError>>> {
        match &mut self.0 {
            Kind::Http1(body) => body
                .poll_chunk(context)
                .map_err(|error| UpstreamError::cut(&error)),
            Kind::Http2 { body, .. } => loop {
                let frame = ready!(Pin::new(&mut *body).poll_frame(context));
                match frame.map(|frame| frame.map(hyper::body::Frame::into_data)) {
                    Some(Ok(Ok(data))) => return Poll::Ready(Some(Ok(data))),
                    // Trailers say nothing here.
                    Some(Ok(Err(_))) => {}
                    Some(Err(error)) => return Poll::Ready(Some(Err(UpstreamError::cut(&error)))),
                    None => return Poll::Ready(None),
                }
            },
            Kind::Decoded(reader) => {
                let mut space = [MaybeUninit::uninit(); DECODE_BYTES];
                let mut buffer = ReadBuf::uninit(&mut space);
                let read = ready!(reader.as_mut().poll_read(context, &mut buffer));
                let bytes = buffer.filled();
                Poll::Ready(match read {
                    Err(error) => Some(Err(decoding(&error))),
                    Ok(()) if bytes.is_empty() => None,
                    Ok(()) => Some(Ok(Bytes::copy_from_slice(bytes))),
                })
            }
        }
    }

    /// As [`Body::poll_chunk`].
    ///
    /// # Errors
    /// As [`Body::poll_chunk`].
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>, UpstreamError> {
        std::future::poll_fn(|context| self.poll_chunk(context))
            .await
            .transpose()
    }
}

fn nothing(_first: u8) -> bool {
    false
}

/// Brotli as RFC 7932 has it needs 16 MiB at most. Its extension for windows of up to 1 GiB, which the
/// decoder knows, begins with a byte that is not valid there.
fn asks_for_large_window(first: u8) -> bool {
    first & 0x7f == 0x11
}

/// Our own errors come through a decoder as they were.
fn decoding(error: &io::Error) -> UpstreamError {
    let ours = error.get_ref().and_then(|error| error.downcast_ref());
    ours.cloned().unwrap_or_else(|| UpstreamError::cut(error))
}
