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

const PATH: &str = "/rest/app-chat/conversations/new";
/// Names under which a complete answer lists its pictures.
const PICTURE_LISTS: [&str; 3] = ["generatedImageUrls", "imageUrls", "imageURLs"];

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

/// How far a picture of an edit is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PictureFact {
    pub(crate) index: u32,
    /// Percent.
    pub(crate) progress: f64,
    /// Empty until there is a file.
    pub(crate) url: String,
    pub(crate) is_moderated: bool,
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
            self.ready.extend(picture(fact));
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

fn text(value: &Value, keys: &[&str]) -> String {
    let found = keys.iter().find_map(|key| {
        let text = value.get(*key)?.as_str()?;
        (!text.is_empty()).then_some(text)
    });
    found.unwrap_or_default().to_owned()
}

fn picture(fact: &Value) -> Option<MediaEvent> {
    fact.is_object().then(|| {
        let number = |key| fact.get(key).and_then(Value::as_u64).unwrap_or(0);
        let is_final = fact.get("isFinal") == Some(&Value::Bool(true));
        let progress = fact.get("progress").and_then(Value::as_f64).unwrap_or(0.0);
        MediaEvent::Picture(PictureFact {
            index: u32::try_from(number("imageIndex")).unwrap_or(u32::MAX),
            progress: if is_final { 100.0 } else { progress },
            url: text(fact, &["imageUrl", "url"]),
            is_moderated: fact.get("moderated") == Some(&Value::Bool(true)),
        })
    })
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
    Ok(picture(chunk))
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

/// Addresses of pictures, wherever they are listed; each once, in their order.
fn picture_urls(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                if !PICTURE_LISTS.contains(&name.as_str()) {
                    picture_urls(inner, found);
                    continue;
                }
                let entries = inner.as_array().map(Vec::as_slice).unwrap_or_default();
                for url in entries.iter().filter_map(Value::as_str) {
                    if !url.is_empty() && !found.iter().any(|known| known == url) {
                        found.push(url.to_owned());
                    }
                }
            }
        }
        Value::Array(entries) => entries.iter().for_each(|one| picture_urls(one, found)),
        _ => {}
    }
}
