//! A video under way, told in the chunks of a chat.

use std::convert::Infallible;

use axum::{
    body::{Body, Bytes},
    response::{IntoResponse, Response},
};
use chat::{Delta, Finish, FinishReason, Usage};
use futures::stream;
use openai::stream::ChunkWriter;
use settings::VideoFormat;
use store::{VideoJobRow, VideoStatus};
use tokio_util::sync::CancellationToken;

use super::{answer::EVENT_STREAM, links::Links};
use crate::gateway::{GatewayError, videos::Watched};

/// The end of every stream of chunks.
pub(super) const DONE: &str = "data: [DONE]\n\n";

/// Writes what a finished video is returned as.
pub(super) struct VideoRenderer {
    /// `app.video_format`.
    pub(super) format: VideoFormat,
    pub(super) links: Links,
}

/// The chunks of one stream. `G` is dropped with it.
pub(super) struct Chunks<G> {
    pub(super) video: Watched,
    pub(super) writer: ChunkWriter,
    pub(super) renderer: VideoRenderer,
    pub(super) telling: Telling,
    pub(super) _guard: G,
}

type WriteFailure = dyn Fn(GatewayError, &mut ChunkWriter, &mut Vec<u8>) + Send;

/// What differs between those who watch.
pub(super) struct Telling {
    /// The line of the reasoning that says how many percent are done.
    pub(super) progress: fn(u32) -> String,
    /// Writes how a video that was not made ends the stream.
    pub(super) failure: Box<WriteFailure>,
    /// Cancelled when nobody wants the video any more.
    pub(super) stop: CancellationToken,
}

impl VideoRenderer {
    pub(super) fn render(&self, row: &VideoJobRow) -> String {
        let url = self.links.video(row.file.as_deref().unwrap_or_default());
        match self.format {
            VideoFormat::Url => format!("{url}\n"),
            VideoFormat::Markdown => format!("[video]({url})"),
            VideoFormat::Html => {
                let poster = row.poster.as_deref().map(|name| self.links.image(name));
                let poster = poster.map(|url| format!(" poster=\"{}\"", escaped(&url)));
                format!(
                    "<video id=\"video\" controls=\"\" preload=\"none\"{}><source id=\"mp4\" \
                     src=\"{}\" type=\"video/mp4\"></video>",
                    poster.unwrap_or_default(),
                    escaped(&url)
                )
            }
        }
    }
}

/// As the value of an attribute.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('"', "&quot;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// The video's own record has what it used.
pub(super) fn finish() -> Finish {
    Finish {
        reason: FinishReason::Stop,
        usage: Usage::default(),
    }
}

impl<G: Send + 'static> Chunks<G> {
    /// The stream of them.
    pub(super) fn into_response(self) -> Response {
        let mut out = Vec::new();
        let mut chunks = self;
        chunks.writer.role(&mut out);
        let body = stream::unfold(Some((chunks, out, 0)), |state| async {
            let (chunks, out, told) = state?;
            let (frames, state) = chunks.next(out, told).await;
            Some((Ok::<_, Infallible>(frames), state))
        });
        (EVENT_STREAM, Body::from_stream(body)).into_response()
    }

    /// The next frames, which begin with `out`, and what is left of the stream; `told` percent have
    /// been told.
    async fn next(
        mut self,
        mut out: Vec<u8>,
        mut told: u32,
    ) -> (Bytes, Option<(Self, Vec<u8>, u32)>) {
        loop {
            let row = self.video.row();
            if row.status.is_over() {
                self.end(&row, &mut out);
                return (out.into(), None);
            }
            if told < row.progress {
                let line = (self.telling.progress)(row.progress);
                self.writer.delta(Delta::Reasoning(&line), &mut out);
                told = row.progress;
            }
            if !out.is_empty() {
                return (out.into(), Some((self, Vec::new(), told)));
            }
            tokio::select! {
                () = self.telling.stop.cancelled() => return (DONE.into(), None),
                () = self.video.changed() => {}
            }
        }
    }

    fn end(&mut self, row: &VideoJobRow, out: &mut Vec<u8>) {
        if row.status == VideoStatus::Completed {
            let text = self.renderer.render(row);
            self.writer.delta(Delta::Text(&text), out);
            self.writer.finish(&finish(), out);
            return;
        }
        let failure = self.video.failure();
        let failure = failure.unwrap_or_else(GatewayError::cancelled);
        (self.telling.failure)(failure, &mut self.writer, out);
    }
}
