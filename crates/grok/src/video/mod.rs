//! Videos (`upstream-protocol` 2.5 and 2.6, and 8.5 for today's form).
//!
//! ```text
//! VideoCall -> form (bodies of both forms) -> MediaStream -> progress (pure) -> VideoEvent
//! ```
//!
//! Today's form makes a video of a text only. What begins with an image or goes on from another video
//! is asked for in the older form, which today's upstream still answers.

mod form;
mod progress;

use std::time::Duration;

use serde_json::{Value, json};

use self::progress::Progress;
use crate::client::Client;
use crate::error::{Class, UpstreamError};
use crate::media_stream::{MediaEvent, MediaStream};
use crate::net::Traffic;
use crate::upload::Uploaded;

const UPSCALE: &str = "/rest/media/video/upscale";

/// What video is wanted.
#[derive(Debug, Clone)]
pub struct VideoCall {
    pub prompt: String,
    /// Such as `3:2`.
    pub aspect_ratio: String,
    /// 1 to 15; older forms know 6, 10 and 15 and make the next longer one.
    pub seconds: u32,
    /// `480p` or `720p`.
    pub resolution: String,
    pub mood: Mood,
    pub source: VideoSource,
    /// For the calls before the stream.
    pub timeout: Duration,
}

/// How wild a video is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    Fun,
    Normal,
    Spicy,
    /// As the prompt says.
    Custom,
}

/// What a video begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VideoSource {
    Text,
    /// An image that the same account has uploaded.
    Image(Uploaded),
    /// A video of the same account, which is made longer.
    Video(Extended),
}

/// A video that is made longer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extended {
    /// Post of the video so far.
    pub post_id: String,
    /// Post of its first part.
    pub original_post_id: String,
    /// Length so far.
    pub seconds: u32,
}

/// What a video's stream brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VideoEvent {
    /// It is so far, in percent.
    Progress(u32),
    Made(MadeVideo),
}

/// A finished video.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeVideo {
    /// By which it can be made larger.
    pub id: String,
    /// By which it can be made longer; empty when the upstream did not say.
    pub post_id: String,
    /// Where it lies, for [`Client::download`].
    pub url: String,
    /// Where its first picture lies.
    pub poster_url: Option<String>,
}

/// A video under way. Dropping it ends the call.
pub struct VideoStream {
    stream: MediaStream,
    progress: Progress,
}

impl Client {
    /// Asks for a video.
    ///
    /// # Errors
    /// As every call; nothing has been made yet.
    pub async fn video(
        &self,
        credential: &str,
        call: &VideoCall,
    ) -> Result<VideoStream, UpstreamError> {
        let older = async {
            let body = self.older_video(credential, call).await?;
            self.start_media(credential, &body).await
        };
        let stream = match call.source {
            VideoSource::Text => {
                let body = form::newer(call);
                let newer = self.start_media(credential, &body);
                let learned = &self.learned().video;
                learned.call(self.protocol(), newer, older).await?
            }
            VideoSource::Image(_) | VideoSource::Video(_) => older.await?,
        };
        Ok(VideoStream {
            stream,
            progress: Progress::default(),
        })
    }

    async fn older_video(
        &self,
        credential: &str,
        call: &VideoCall,
    ) -> Result<Value, UpstreamError> {
        let post = match &call.source {
            VideoSource::Text => {
                self.create_video_post(credential, &call.prompt, call.timeout)
                    .await?
            }
            VideoSource::Image(uploaded) => {
                let url = self.asset_url(uploaded)?;
                self.create_image_post(credential, &url, call.timeout)
                    .await?
            }
            VideoSource::Video(extended) => extended.original_post_id.clone(),
        };
        Ok(form::older(call, &post))
    }

    /// Has a video made larger; where the larger one lies.
    ///
    /// # Errors
    /// As every call; [`UpstreamError::Malformed`] when the answer names no address.
    pub async fn upscale(
        &self,
        credential: &str,
        video_id: &str,
        timeout: Duration,
    ) -> Result<String, UpstreamError> {
        let body = json!({"videoId": video_id}).to_string();
        let answer = self
            .post_json(Traffic::Web, UPSCALE, credential, body.into(), timeout)
            .await?;
        let url = answer.get("hdMediaUrl").and_then(Value::as_str);
        let url = url.filter(|url| !url.is_empty());
        url.map(str::to_owned).ok_or(UpstreamError::Malformed {
            what: "no address of the larger video",
        })
    }
}

impl VideoStream {
    /// The next event; after [`VideoEvent::Made`] nothing is of interest.
    ///
    /// # Errors
    /// [`Class::Moderated`] when the video was made and withheld, [`UpstreamError::Cut`] when the stream
    /// ended without one; as every call otherwise.
    ///
    /// # Cancellation
    /// Loses nothing.
    pub async fn next(&mut self) -> Result<VideoEvent, UpstreamError> {
        loop {
            let event = match self.stream.next().await? {
                Some(MediaEvent::Video(fact)) => self.progress.take(&fact)?,
                Some(MediaEvent::Complete { answer, .. }) => self.progress.complete(&answer),
                Some(MediaEvent::Picture(_)) => None,
                None => {
                    return Err(UpstreamError::Cut {
                        reason: "it ended before the video was finished".to_owned(),
                    });
                }
            };
            if let Some(event) = event {
                return Ok(event);
            }
        }
    }
}

fn moderated() -> UpstreamError {
    UpstreamError::InBand {
        class: Class::Moderated,
        code: None,
        message: "the video was moderated".to_owned(),
    }
}
