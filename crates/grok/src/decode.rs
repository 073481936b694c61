//! Turns one JSON object of the stream into a [`Frame`].
//!
//! Decoding has two steps, because a stream can only lend out a frame after it knows that the object
//! is one: [`RawFrame::read`] notes *where* the texts are (spans into the line), and [`RawFrame::frame`]
//! turns the spans into borrowed strings. A token frame allocates nothing: texts with escapes are
//! written to a scratch buffer that the stream reuses.
//!
//! Why not `serde_json::from_slice` into a structure: measured once on this repository's two-core
//! machine (64 token lines, minimum of 400 rounds, release build), a token frame takes 325 ns here,
//! splitting included, and 510 ns there, borrowed or owned, without the splitting; with an escape in
//! the token 350 and 550 ns. What comes on top: wrong types cost one field and not the frame.
//!
//! Levels: the top knows `result` and `error`; below them the payload may sit in `response` or
//! directly under `result` (follow-ups were seen that way), so both are read alike.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::frame::{Frame, ModelResponse, Source};
use crate::markup::Search;
use crate::payload;
use crate::picture_fact::PictureFact;
use crate::unescape::unescape;

/// A text of the frame: a range of the line or of the scratch buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    start: usize,
    end: usize,
    is_scratch: bool,
}

/// A decoded frame whose texts are spans.
#[derive(Debug, Default)]
pub(crate) struct RawFrame {
    conversation_id: Option<Span>,
    response_id: Option<Span>,
    model_hash: Option<Span>,
    rollout_id: Option<Span>,
    message_tag: Option<Span>,
    token: Option<Span>,
    card_attachment: Option<Span>,
    model_response: Option<Box<ModelResponse>>,
    web_results: Vec<Source>,
    pictures: Vec<PictureFact>,
    search: Option<Search>,
    is_thinking: bool,
    moderated: bool,
    /// The answer is complete with this frame.
    pub(crate) is_end_mark: bool,
    /// An error object of this frame; it outweighs everything else.
    pub(crate) error: Option<Box<Value>>,
}

impl RawFrame {
    /// Decodes `line`. `None` = not one JSON object.
    ///
    /// Texts with escapes go to `scratch`, which is cleared first.
    pub(crate) fn read(line: &str, scratch: &mut String) -> Option<Self> {
        scratch.clear();
        let mut raw = Self::default();
        let mut deserializer = serde_json::Deserializer::from_str(line);
        let mut reader = Reader {
            line,
            scratch,
            raw: &mut raw,
        };
        Fields {
            reader: &mut reader,
            level: Level::Top,
        }
        .deserialize(&mut deserializer)
        .ok()?;
        deserializer.end().ok()?;
        Some(raw)
    }

    /// Whether nothing in the object is for a caller (a title, an end mark, an unknown kind of event).
    pub(crate) fn is_empty(&self) -> bool {
        let has_text = self.conversation_id.is_some()
            || self.response_id.is_some()
            || self.model_hash.is_some()
            || self.rollout_id.is_some()
            || self.message_tag.is_some()
            || self.token.is_some()
            || self.card_attachment.is_some();
        !has_text
            && !self.moderated
            && self.model_response.is_none()
            && self.search.is_none()
            && self.web_results.is_empty()
            && self.pictures.is_empty()
            && self.error.is_none()
    }

    /// Whether it carries words of the answer or of its reasoning, or a finished picture.
    pub(crate) fn has_words(&self) -> bool {
        self.token.is_some_and(|token| token.end > token.start)
            || self.pictures.iter().any(|fact| fact.finished().is_some())
    }

    /// Resolves the spans against the line and the scratch buffer that [`RawFrame::read`] saw.
    pub(crate) fn frame<'a>(self, line: &'a [u8], scratch: &'a str) -> Frame<'a> {
        let line = std::str::from_utf8(line).unwrap_or_default();
        let text = |span: Option<Span>| {
            let span = span?;
            let source = if span.is_scratch { scratch } else { line };
            source.get(span.start..span.end)
        };
        Frame {
            conversation_id: text(self.conversation_id),
            response_id: text(self.response_id),
            model_hash: text(self.model_hash),
            rollout_id: text(self.rollout_id),
            is_thinking: self.is_thinking,
            message_tag: text(self.message_tag),
            token: text(self.token),
            model_response: self.model_response,
            card_attachment: text(self.card_attachment),
            search: self.search,
            web_results: self.web_results,
            pictures: self.pictures,
            moderated: self.moderated,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Top,
    Result,
    Response,
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum Key {
    Result,
    Error,
    Response,
    Conversation,
    ConversationId,
    LlmInfo,
    ResponseId,
    RolloutId,
    IsThinking,
    MessageTag,
    Token,
    ToolUsageCard,
    WebSearchResults,
    CitedWebSearchResults,
    #[serde(rename = "xSearchResults")]
    XSearchResults,
    Xposts,
    CitedXposts,
    StreamingImageGenerationResponse,
    StreamingVideoGenerationResponse,
    CardAttachment,
    ModelResponse,
    IsSoftStop,
    FinalMetadata,
    #[serde(other)]
    Other,
}

/// What a decoding run writes to.
struct Reader<'r> {
    line: &'r str,
    scratch: &'r mut String,
    raw: &'r mut RawFrame,
}

/// The fields of one level; anything but an object is passed over.
struct Fields<'r, 's> {
    reader: &'s mut Reader<'r>,
    level: Level,
}

impl<'de> DeserializeSeed<'de> for Fields<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Fields<'_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<Key>()? {
            let inner = match (self.level, &key) {
                (Level::Top, Key::Result) => Some(Level::Result),
                (Level::Result, Key::Response) => Some(Level::Response),
                _ => None,
            };
            if let Some(level) = inner {
                map.next_value_seed(Fields {
                    reader: &mut *self.reader,
                    level,
                })?;
            } else if self.level == Level::Top && !matches!(key, Key::Error) {
                map.next_value::<IgnoredAny>()?;
            } else {
                self.reader.field(&key, map.next_value::<&RawValue>()?);
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

impl Reader<'_> {
    fn field(&mut self, key: &Key, value: &RawValue) {
        let json = value.get();
        match key {
            Key::Token => self.raw.token = self.text(json),
            Key::IsThinking => self.raw.is_thinking = json == "true",
            Key::MessageTag => self.raw.message_tag = self.text(json),
            Key::ResponseId => self.raw.response_id = self.text(json),
            Key::RolloutId => self.raw.rollout_id = self.text(json),
            Key::ConversationId => self.raw.conversation_id = self.text(json),
            Key::IsSoftStop => self.raw.is_end_mark |= json == "true",
            Key::FinalMetadata => self.raw.is_end_mark |= json != "null",
            Key::Conversation => {
                let id = payload::field(json, "conversationId");
                self.raw.conversation_id = id.and_then(|id| self.text(id));
            }
            Key::LlmInfo => {
                let hash = payload::field(json, "modelHash");
                self.raw.model_hash = hash.and_then(|hash| self.text(hash));
            }
            Key::CardAttachment => {
                let card = payload::field(json, "jsonData");
                self.raw.card_attachment = card.and_then(|card| self.text(card));
                self.check_card();
            }
            _ => self.rare_field(key, json),
        }
    }

    fn rare_field(&mut self, key: &Key, json: &str) {
        match key {
            Key::Error => self.fail(payload::value(json)),
            Key::ModelResponse => {
                if let Some((response, error)) = payload::model_response(json) {
                    self.raw.is_end_mark = true;
                    self.raw.model_response = Some(Box::new(response));
                    self.fail(error);
                }
            }
            Key::ToolUsageCard => self.raw.search = payload::search(json),
            Key::WebSearchResults | Key::CitedWebSearchResults => {
                self.raw.web_results.extend(payload::pages(json));
            }
            Key::XSearchResults | Key::Xposts | Key::CitedXposts => {
                self.raw.web_results.extend(payload::posts(json));
            }
            Key::StreamingImageGenerationResponse => {
                self.raw.pictures.extend(payload::picture(json));
            }
            Key::StreamingVideoGenerationResponse => {
                self.raw.moderated |= payload::field(json, "moderated") == Some("true");
            }
            _ => {}
        }
    }

    /// A card may tell of a generated picture, or that pictures are out of quota.
    fn check_card(&mut self) {
        let Some(span) = self.raw.card_attachment else {
            return;
        };
        let source: &str = if span.is_scratch {
            self.scratch
        } else {
            self.line
        };
        let Some(card) = source.get(span.start..span.end) else {
            return;
        };
        let (picture, error) = payload::card_picture(card);
        self.raw.pictures.extend(picture);
        self.fail(error);
    }

    fn fail(&mut self, error: Option<Value>) {
        if let Some(error) = error.filter(|error| !error.is_null())
            && self.raw.error.is_none()
        {
            self.raw.error = Some(Box::new(error));
        }
    }

    /// The span of a JSON string's content; `None` for every other JSON value.
    fn text(&mut self, json: &str) -> Option<Span> {
        let inner = json.strip_prefix('"')?.strip_suffix('"')?;
        if memchr::memchr(b'\\', inner.as_bytes()).is_none() {
            return self.span_of(inner);
        }
        let start = self.scratch.len();
        unescape(inner, self.scratch);
        Some(Span {
            start,
            end: self.scratch.len(),
            is_scratch: true,
        })
    }

    /// Where `part`, which is borrowed from the line, lies in it.
    fn span_of(&self, part: &str) -> Option<Span> {
        let start = (part.as_ptr() as usize).checked_sub(self.line.as_ptr() as usize)?;
        let end = start + part.len();
        (end <= self.line.len()).then_some(Span {
            start,
            end,
            is_scratch: false,
        })
    }
}

#[cfg(test)]
mod tests;
