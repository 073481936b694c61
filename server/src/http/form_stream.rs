//! `multipart/form-data` (RFC 7578) of which one file goes on as it comes.
//!
//! The parser takes whatever the body has at the moment and keeps what it has no use for yet, so the
//! body is given to it piece by piece, and only so much of it while it looks for the head of a part.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll, ready},
};

use axum::body::{Body, Bytes};
use futures::{Stream, StreamExt};
use multer::{Field, Multipart};
use openai::Invalid;

use super::{body::why, error::ApiError, middleware::body::BodyMemory};

/// Parts of such a form at most.
const MAX_PARTS: usize = 16;
/// Heads of parts and what stands before the first one.
const MAX_HEAD_BYTES: usize = 64 * 1024;
/// Longest text of a field.
const MAX_TEXT_BYTES: usize = 4 * 1024;

/// A form that is being received.
pub(super) struct FormStream {
    parts: Multipart<'static>,
    head: Arc<AtomicUsize>,
    memory: Option<BodyMemory>,
    count: usize,
}

/// One of its parts. It has to be read to its end before the next one is asked for.
pub(super) struct Part {
    field: Field<'static>,
}

/// Gives a piece of the body, then nothing until it is asked once more.
struct Paced<S> {
    body: S,
    has_given: bool,
    /// Bytes that have come since the head of a part was last looked for; [`NO_HEAD`] while none is.
    head: Arc<AtomicUsize>,
}

/// No head of a part is looked for.
const NO_HEAD: usize = usize::MAX;

#[derive(Debug, thiserror::Error)]
#[error("the head of a part is too long")]
struct HeadTooLong;

impl FormStream {
    pub(super) fn new(body: Body, boundary: String, memory: Option<BodyMemory>) -> Self {
        let head = Arc::new(AtomicUsize::new(NO_HEAD));
        let paced = Paced {
            body: body.into_data_stream(),
            has_given: false,
            head: Arc::clone(&head),
        };
        Self {
            parts: Multipart::new(paced, boundary),
            head,
            memory,
            count: 0,
        }
    }

    /// The next part; `None` at the end of the form.
    ///
    /// # Errors
    /// It is no form, has too many parts, or the body broke off.
    pub(super) async fn next(&mut self) -> Result<Option<Part>, ApiError> {
        self.head.store(0, Relaxed);
        let part = self.parts.next_field().await;
        self.head.store(NO_HEAD, Relaxed);
        let part = part.map_err(|error| self.explain(&error))?;
        self.count += 1;
        if part.is_some() && self.count > MAX_PARTS {
            let message = format!("A form with a file may have at most {MAX_PARTS} parts.");
            return Err(invalid(message));
        }
        Ok(part.map(|field| Part { field }))
    }

    /// The text of a part.
    ///
    /// # Errors
    /// It is too long, or the body broke off.
    pub(super) async fn text(&self, part: Part) -> Result<String, ApiError> {
        let mut field = part.field;
        let mut text = Vec::new();
        while let Some(piece) = field.next().await {
            let piece = piece.map_err(|error| self.explain(&error))?;
            if text.len() + piece.len() > MAX_TEXT_BYTES {
                let message = format!("A text field may have at most {MAX_TEXT_BYTES} bytes.");
                let name = field.name().unwrap_or("body").to_owned();
                return Err(Invalid::new("invalid_form", name, message).into());
            }
            text.extend_from_slice(&piece);
        }
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    /// What a part, or the form, could not be read for.
    pub(super) fn explain(&self, error: &multer::Error) -> ApiError {
        let multer::Error::StreamReadFailed(cause) = error else {
            tracing::debug!(%error, "a form cannot be read");
            return invalid("The body is no complete `multipart/form-data`.".to_owned());
        };
        match cause.is::<HeadTooLong>() {
            true => invalid(format!(
                "The head of a part may have at most {MAX_HEAD_BYTES} bytes."
            )),
            false => why(error, self.memory.as_ref()),
        }
    }
}

impl Part {
    pub(super) fn name(&self) -> &str {
        self.field.name().unwrap_or_default()
    }

    /// Its file name, if there is one.
    pub(super) fn file_name(&self) -> Option<&str> {
        self.field.file_name()
    }

    /// Its type, as declared.
    pub(super) fn mime(&self) -> Option<String> {
        self.field.content_type().map(ToString::to_string)
    }

    /// Its content, as it comes.
    pub(super) fn into_content(self) -> impl Stream<Item = Result<Bytes, multer::Error>> + Send {
        self.field
    }
}

impl<S> Stream for Paced<S>
where
    S: Stream<Item = Result<Bytes, axum::Error>> + Unpin,
{
    type Item = Result<Bytes, Box<dyn std::error::Error + Send + Sync>>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.has_given {
            self.has_given = false;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let head = self.head.load(Relaxed);
        if head != NO_HEAD && head >= MAX_HEAD_BYTES {
            return Poll::Ready(Some(Err(HeadTooLong.into())));
        }
        let piece = match ready!(self.body.poll_next_unpin(context)) {
            None => return Poll::Ready(None),
            Some(piece) => piece?,
        };
        self.has_given = true;
        if head != NO_HEAD {
            self.head.store(head.saturating_add(piece.len()), Relaxed);
        }
        Poll::Ready(Some(Ok(piece)))
    }
}

fn invalid(message: String) -> ApiError {
    Invalid::new("invalid_form", "body", message).into()
}

#[cfg(test)]
mod tests {
    use futures::{TryStreamExt, stream};

    use super::*;

    fn form(pieces: Vec<Vec<u8>>) -> FormStream {
        let pieces = pieces.into_iter().map(Ok::<_, std::io::Error>);
        let body = Body::from_stream(stream::iter(pieces));
        FormStream::new(body, "b".to_owned(), None)
    }

    fn head(name: &str) -> String {
        format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n")
    }

    #[tokio::test]
    async fn a_form_is_the_same_however_it_is_cut() {
        let whole = format!(
            "{}vision\r\n{}one\r\n--b--\r\n",
            head("purpose"),
            head("file")
        );
        for size in [1, 7, 1000] {
            let mut form = form(whole.as_bytes().chunks(size).map(<[u8]>::to_vec).collect());
            let purpose = form.next().await.unwrap().unwrap();
            assert_eq!(purpose.name(), "purpose");
            assert_eq!(form.text(purpose).await.unwrap(), "vision");
            let file = form.next().await.unwrap().unwrap();
            assert_eq!((file.name(), file.file_name()), ("file", None));
            let content: Vec<_> = file.into_content().try_collect().await.unwrap();
            assert_eq!(content.concat(), b"one");
            assert!(form.next().await.unwrap().is_none());
        }
    }

    #[tokio::test]
    async fn what_never_becomes_a_part_is_not_gathered() {
        let endless = vec![vec![b'x'; 16 * 1024]; 100];
        let mut before = form(endless.clone());
        let mut in_head = form([vec![head("file").as_bytes()[..40].to_vec()], endless].concat());
        for form in [&mut before, &mut in_head] {
            let refused = form.next().await.err().unwrap();
            assert_eq!(refused.code(), "invalid_form");
            assert!(refused.to_string().contains("65536 bytes"), "{refused}");
        }
    }

    #[tokio::test]
    async fn a_large_content_is_passed_on_piece_by_piece() {
        let pieces = vec![vec![b'x'; 16 * 1024]; 100];
        let all = [
            vec![head("file").into_bytes()],
            pieces,
            vec![b"\r\n--b--\r\n".to_vec()],
        ];
        let mut form = form(all.concat());
        let file = form.next().await.unwrap().unwrap();
        let content: Vec<_> = file.into_content().try_collect().await.unwrap();
        let longest = content.iter().map(Bytes::len).max().unwrap();
        assert_eq!(content.iter().map(Bytes::len).sum::<usize>(), 1_638_400);
        assert!(longest <= 17 * 1024, "{longest} bytes at once");
    }

    #[tokio::test]
    async fn long_texts_and_many_parts_are_refused() {
        let long = format!("{}{}\r\n--b--\r\n", head("purpose"), "x".repeat(5000));
        let mut one = form(vec![long.into_bytes()]);
        let part = one.next().await.unwrap().unwrap();
        let refused = one.text(part).await.unwrap_err();
        assert_eq!(refused.param(), Some("purpose"));
        let mut many = form(vec![format!("{}\r\n", head("a")).repeat(20).into_bytes()]);
        let refused = loop {
            match many.next().await {
                Ok(part) => assert_eq!(many.text(part.unwrap()).await.unwrap(), ""),
                Err(refused) => break refused,
            }
        };
        assert!(refused.to_string().contains("16 parts"), "{refused}");
    }
}
