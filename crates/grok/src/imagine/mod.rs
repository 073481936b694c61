//! Pictures over the imagine socket (`upstream-protocol` 2.8 and 8.4).
//!
//! ```text
//! messages -> Frame (read) -> Progress (pure: stages, ends, moderation) -> PictureEvent
//! ```
//!
//! Each request has a socket of its own: frames do not say to which request they belong, so a late one
//! would show a picture to the next caller. Today's form says how many pictures are wanted and how far each
//! is; older upstreams read past what they do not know, and are understood by the length of what they
//! send.

mod frame;
mod progress;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::json;
use tokio::time::{Instant, sleep_until};
use url::Url;

use self::frame::{Frame, PictureFrame};
pub(crate) use self::progress::nothing_usable;
use self::progress::{Progress, Standing, Step};
use crate::client::Client;
use crate::error::UpstreamError;
use crate::net::WebSocket;

const PATH: &str = "/ws/imagine/listen";
const PING_INTERVAL: Duration = Duration::from_secs(20);
/// Largest file of a picture that is downloaded.
pub(crate) const MAX_FILE_BYTES: usize = 32 * 1024 * 1024;
/// Most pictures that one request asks for.
pub const MAX_PICTURES: u32 = 6;

/// What pictures are wanted.
#[derive(Debug, Clone)]
pub struct PictureCall {
    pub prompt: String,
    /// Such as `2:3`.
    pub aspect_ratio: String,
    /// 1 to [`MAX_PICTURES`].
    pub count: u32,
    pub is_nsfw_allowed: bool,
    /// The better and slower of the two models.
    pub is_pro: bool,
    pub thresholds: Thresholds,
}

/// How far a picture is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    Preview,
    Medium,
    Final,
}

/// By what older upstreams are understood: lengths of the base64 text, and how long to wait.
#[derive(Debug, Clone, Copy)]
pub struct Thresholds {
    /// Longer than this is a medium picture.
    pub medium_bytes: usize,
    /// At least this long is a final one.
    pub final_bytes: usize,
    /// From the first medium picture to a final one.
    pub final_timeout: Duration,
    /// Silence after a medium picture that counts as "withheld".
    pub blocked_grace: Duration,
}

impl Thresholds {
    fn stage(&self, frame: &PictureFrame<'_>) -> Stage {
        let length = frame.blob.len();
        match frame.percentage {
            Some(percentage) if percentage >= 100.0 => Stage::Final,
            Some(percentage) if percentage >= 50.0 => Stage::Medium,
            Some(_) => Stage::Preview,
            None if length >= self.final_bytes => Stage::Final,
            None if length > self.medium_bytes => Stage::Medium,
            None => Stage::Preview,
        }
    }

    fn grace(&self) -> Duration {
        let grace = self.blocked_grace.max(Duration::from_secs(1));
        grace.min(self.final_timeout)
    }
}

/// What a request brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PictureEvent {
    /// The upstream's id, the same at every stage.
    pub id: String,
    /// Below the wanted number.
    pub index: u32,
    pub stage: Stage,
    /// What was sent, decoded; what it is has not been looked at.
    pub file: Bytes,
}

/// Where a picture's file is.
enum Source {
    File(Bytes),
    /// An address instead of it.
    Url(String),
}

/// What a frame has brought.
struct News {
    id: String,
    index: u32,
    stage: Stage,
    source: Source,
}

/// One request under way. Dropping it ends it.
pub struct PictureStream {
    client: Client,
    credential: String,
    socket: WebSocket,
    progress: Progress,
    /// Of finished frames whose pictures are not settled yet.
    waiting: Vec<(String, Source)>,
    next_ping: Instant,
    is_empty: bool,
}

impl Client {
    /// Asks for pictures.
    ///
    /// # Errors
    /// As every call; no picture has come yet.
    pub async fn pictures(
        &self,
        credential: &str,
        call: &PictureCall,
    ) -> Result<PictureStream, UpstreamError> {
        let url = self.web_url(PATH);
        let mut socket = self.socket(&url, credential).await?;
        socket.send(message(&json!({"type": "reset"}))).await?;
        socket.send(message(&content(call))).await?;
        let now = Instant::now();
        Ok(PictureStream {
            client: self.clone(),
            credential: credential.to_owned(),
            socket,
            progress: Progress::new(call.count, call.thresholds, now),
            waiting: Vec::new(),
            next_ping: now + PING_INTERVAL,
            is_empty: true,
        })
    }

    async fn socket(&self, url: &Url, credential: &str) -> Result<WebSocket, UpstreamError> {
        let headers = self.headers().socket(credential)?;
        self.open_socket(url, &headers, credential).await
    }
}

impl PictureStream {
    /// The next event; `None` when all that may be used have come.
    ///
    /// # Errors
    /// [`crate::Class::Moderated`] when pictures were made and all withheld; as every call otherwise.
    ///
    /// # Cancellation
    /// Loses nothing.
    pub async fn next(&mut self) -> Result<Option<PictureEvent>, UpstreamError> {
        loop {
            let now = Instant::now();
            match self.progress.standing(now) {
                Standing::Over => return self.end(),
                Standing::Withheld => return Err(nothing_usable(true)),
                Standing::Going => {}
            }
            let look = self.progress.next_look(now).min(self.next_ping);
            let text = tokio::select! {
                text = self.socket.next() => text?,
                () = sleep_until(look) => {
                    if Instant::now() >= self.next_ping {
                        self.next_ping = Instant::now() + PING_INTERVAL;
                        self.socket.ping().await?;
                    }
                    continue;
                }
            };
            let Some(text) = text else {
                return self.end();
            };
            let Some(news) = self.take(&text)? else {
                continue;
            };
            drop(text);
            if let Some(event) = fetch(&self.client, &self.credential, news).await? {
                self.is_empty &= event.stage != Stage::Final;
                return Ok(Some(event));
            }
        }
    }

    fn take(&mut self, text: &str) -> Result<Option<News>, UpstreamError> {
        let Some(frame) = Frame::read(text) else {
            return Ok(None);
        };
        let (step, id) = self.progress.take(&frame, Instant::now())?;
        let is_final = match &frame {
            Frame::Picture(frame) => self.progress.is_final(frame),
            Frame::Settled { .. } | Frame::Failed(_) => false,
        };
        let source = match &frame {
            Frame::Picture(frame) if step != Step::Nothing || is_final => Some(source(frame)?),
            _ => None,
        };
        match (step, source) {
            (Step::Show { index, stage }, Some(source)) => Ok(Some(News {
                id,
                index,
                stage,
                source,
            })),
            (Step::Finished { index }, source) => {
                let kept = self.waiting.iter().position(|(kept, _)| *kept == id);
                let kept = kept.map(|at| self.waiting.swap_remove(at).1);
                Ok(source.or(kept).map(|source| News {
                    id,
                    index,
                    stage: Stage::Final,
                    source,
                }))
            }
            (_, Some(source)) if is_final => {
                self.waiting.retain(|(kept, _)| *kept != id);
                self.waiting.push((id, source));
                Ok(None)
            }
            _ => Ok(None),
        }
    }

    fn end(&mut self) -> Result<Option<PictureEvent>, UpstreamError> {
        if self.is_empty {
            return Err(nothing_usable(self.progress.is_moderated()));
        }
        Ok(None)
    }
}

/// Downloads a finished picture of which only the address came. Unfinished ones are not worth it.
async fn fetch(
    client: &Client,
    credential: &str,
    news: News,
) -> Result<Option<PictureEvent>, UpstreamError> {
    let file = match news.source {
        Source::File(file) => file,
        Source::Url(_) if news.stage != Stage::Final => return Ok(None),
        Source::Url(url) => {
            let download = client.download(credential, &url).await?;
            download.whole(MAX_FILE_BYTES).await?
        }
    };
    Ok(Some(PictureEvent {
        id: news.id,
        index: news.index,
        stage: news.stage,
        file,
    }))
}

fn source(frame: &PictureFrame<'_>) -> Result<Source, UpstreamError> {
    if frame.blob.is_empty() {
        return Ok(Source::Url(frame.url.clone().into_owned()));
    }
    let file = STANDARD.decode(frame.blob);
    let file = file.map_err(|_| UpstreamError::Malformed {
        what: "a picture is not base64",
    })?;
    Ok(Source::File(file.into()))
}

fn message(content: &serde_json::Value) -> String {
    let now = std::time::UNIX_EPOCH.elapsed().unwrap_or_default();
    json!({
        "type": "conversation.item.create",
        "timestamp": u64::try_from(now.as_millis()).unwrap_or_default(),
        "item": {"type": "message", "content": [content]},
    })
    .to_string()
}

fn content(call: &PictureCall) -> serde_json::Value {
    json!({
        "requestId": uuid::Uuid::new_v4().to_string(),
        "text": call.prompt,
        "type": "input_text",
        "properties": {
            "section_count": 0,
            "is_kids_mode": false,
            "enable_nsfw": call.is_nsfw_allowed,
            "skip_upsampler": false,
            "is_initial": false,
            "aspect_ratio": call.aspect_ratio,
            "enable_side_by_side": true,
            "enable_pro": call.is_pro,
            "num_generations": call.count,
        },
    })
}

#[cfg(test)]
mod tests;
