//! The stream of a call that makes media (`upstream-protocol` 2.1, 2.6, 2.7 and 8.5): few events,
//! each with facts about one picture or video.

use std::collections::VecDeque;

use http::Method;
use http::header::CONTENT_TYPE;
use serde_json::Value;

use crate::classify;
use crate::client::Client;
use crate::error::{Class, UpstreamError};
use crate::ndjson::{MAX_OBJECT_BYTES, Splitter};
use crate::net::{Body, Request, Traffic};
use crate::picture_fact::{PictureFact, picture, picture_urls};

const PATH: &str = "/rest/app-chat/conversations/new";

/// A fact about what is being made.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum MediaEvent {
    Picture(PictureFact),
    /// `streamingVideoGenerationResponse`, as it came.
    Video(Value),
    /// The complete answer: addresses of its pictures, in order.
    Complete {
        pictures: Vec<String>,
        answer: Value,
    },
}

/// Events under way. Dropping it ends the call.
pub(crate) struct MediaStream {
    body: Body,
    splitter: Splitter,
    ready: VecDeque<MediaEvent>,
    is_over: bool,
    secret: Box<str>,
}

impl Client {
    /// Starts a call that makes media, from the imagine page.
    ///
    /// # Errors
    /// Every status but 200, and trouble with the connection. One try.
    pub(crate) async fn start_media(
        &self,
        credential: &str,
        body: &Value,
    ) -> Result<MediaStream, UpstreamError> {
        let request = Request {
            method: Method::POST,
            url: self.web_url(PATH),
            headers: self.headers().imagine(credential)?,
            body: body.to_string().into(),
        };
        let response = self.send(Traffic::Web, &request, credential).await?;
        let is_page = response
            .headers
            .get(CONTENT_TYPE)
            .is_some_and(|mime| mime.as_bytes().starts_with(b"text/html"));
        if is_page {
            return Err(UpstreamError::Malformed {
                what: "a web page instead of events",
            });
        }
        Ok(MediaStream {
            body: response.body,
            splitter: Splitter::new(MAX_OBJECT_BYTES),
            ready: VecDeque::new(),
            is_over: false,
            secret: credential.into(),
        })
    }
}

impl MediaStream {
    /// The next event; `None` when the stream is over.
    ///
    /// # Errors
    /// An in-band error, an event over 16 MiB, or a connection that broke.
    ///
    /// # Cancellation
    /// Loses nothing.
    pub(crate) async fn next(&mut self) -> Result<Option<MediaEvent>, UpstreamError> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Ok(Some(event));
            }
            let read = |line: &str| serde_json::from_str::<Value>(line).ok();
            let found = self.splitter.next(read);
            let found = found.map_err(|_| UpstreamError::TooLarge {
                limit_bytes: MAX_OBJECT_BYTES,
            })?;
            match found {
                Some(object) => self.take(object)?,
                None if self.is_over => return Ok(None),
                None => match self.body.chunk().await? {
                    Some(chunk) => self.splitter.push(chunk),
                    None => self.is_over = true,
                },
            }
        }
    }

    fn take(&mut self, object: Value) -> Result<(), UpstreamError> {
        let fail = |error: &Value| classify::in_band(error, &[&self.secret]);
        if let Some(error) = given(&object, "error") {
            return Err(fail(error));
        }
        // New conversations nest the payload, follow-ups do not.
        let payload = ["/result/response", "/result"]
            .iter()
            .find_map(|path| object.pointer(path).filter(|place| place.is_object()));
        let Some(payload) = payload else {
            return Ok(());
        };
        if let Some(error) = given(payload, "error") {
            return Err(fail(error));
        }
        if let Some(fact) = payload.get("streamingImageGenerationResponse") {
            self.ready.extend(picture(fact).map(MediaEvent::Picture));
        }
        if let Some(card) = payload.pointer("/cardAttachment/jsonData") {
            self.ready.extend(card_picture(card)?);
        }
        if let Some(fact) = given(payload, "streamingVideoGenerationResponse") {
            self.ready.push_back(MediaEvent::Video(fact.clone()));
        }
        if let Some(answer) = payload.get("modelResponse").filter(|it| it.is_object()) {
            if let Some(error) = stream_error(answer, &self.secret) {
                return Err(error);
            }
            let mut pictures = Vec::new();
            picture_urls(answer, &mut pictures);
            self.ready.push_back(MediaEvent::Complete {
                pictures,
                answer: answer.clone(),
            });
        }
        Ok(())
    }
}

fn given<'v>(value: &'v Value, key: &str) -> Option<&'v Value> {
    value.get(key).filter(|found| !found.is_null())
}

/// A card with a generated picture; other cards say nothing here.
fn card_picture(card: &Value) -> Result<Option<MediaEvent>, UpstreamError> {
    let card: Option<Value> = card
        .as_str()
        .and_then(|text| serde_json::from_str(text).ok());
    let Some(chunk) = card.as_ref().and_then(|card| card.get("image_chunk")) else {
        return Ok(None);
    };
    if chunk.get("systemErrCode").and_then(Value::as_str) == Some("rate_limit") {
        return Err(UpstreamError::InBand {
            class: Class::RateLimited,
            code: Some(8),
            message: "rate limit (image card)".to_owned(),
        });
    }
    Ok(picture(chunk).map(MediaEvent::Picture))
}

/// The error that counts: a moderation if there is one, else the first.
fn stream_error(answer: &Value, secret: &str) -> Option<UpstreamError> {
    let errors = answer.get("streamErrors")?.as_array()?;
    let errors = errors
        .iter()
        .map(|error| classify::in_band(error, &[secret]));
    let errors: Vec<_> = errors.collect();
    let moderated = errors.iter().find(|one| one.class() == Class::Moderated);
    moderated.or_else(|| errors.first()).cloned()
}
