//! The parts of a frame that are rare or nested; each is read leniently from its raw JSON.

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::frame::{ModelResponse, Source};
use crate::markup::Search;
use crate::picture_fact::{self, PictureFact};

pub(crate) fn value(json: &str) -> Option<Value> {
    serde_json::from_str(json).ok()
}

/// The raw value of one field of an object. Allocates nothing.
pub(crate) fn field<'a>(json: &'a str, name: &str) -> Option<&'a str> {
    struct Pick<'n>(&'n str);

    impl<'de> Visitor<'de> for Pick<'_> {
        type Value = Option<&'de RawValue>;

        fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            formatter.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut found = None;
            while let Some(RawKey(is_it)) = map.next_key_seed(KeyIs(self.0))? {
                if is_it {
                    found = Some(map.next_value::<&'de RawValue>()?);
                } else {
                    map.next_value::<IgnoredAny>()?;
                }
            }
            Ok(found)
        }
    }

    let mut deserializer = serde_json::Deserializer::from_str(json);
    let found = deserializer.deserialize_map(Pick(name)).ok()?;
    found.map(RawValue::get)
}

struct RawKey(bool);

struct KeyIs<'n>(&'n str);

impl<'de> serde::de::DeserializeSeed<'de> for KeyIs<'_> {
    type Value = RawKey;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<RawKey, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for KeyIs<'_> {
    type Value = RawKey;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<RawKey, E> {
        Ok(RawKey(key == self.0))
    }
}

/// The complete answer, and the first error it reports.
pub(crate) fn model_response(json: &str) -> Option<(ModelResponse, Option<Value>)> {
    let mut value = value(json)?;
    if !value.is_object() {
        return None;
    }
    let hash = value
        .pointer("/metadata/llm_info/modelHash")
        .or_else(|| value.pointer("/metadata/llmInfo/modelHash"));
    let model_hash = hash.and_then(Value::as_str).map(str::to_owned);
    let error = worst_error(value.get("streamErrors"));
    let card_attachments = strings(value.get("cardAttachmentsJson"));
    let mut pictures = Vec::new();
    picture_fact::picture_urls(&value, &mut pictures);
    pictures.retain(|url| picture_fact::is_picture(url));
    let message = match value.get_mut("message").map(Value::take) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    };
    let response = ModelResponse {
        message,
        model_hash,
        card_attachments,
        pictures,
    };
    Some((response, error))
}

/// The error that counts: a moderation if there is one, else the first.
fn worst_error(errors: Option<&Value>) -> Option<Value> {
    let errors = errors?.as_array()?;
    let is_moderation =
        |error: &&Value| crate::classify::in_band(error, &[]).class() == crate::Class::Moderated;
    errors
        .iter()
        .find(is_moderation)
        .or_else(|| errors.first())
        .cloned()
}

fn strings(value: Option<&Value>) -> Vec<String> {
    let entries = value
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    entries
        .iter()
        .filter_map(|entry| entry.as_str().map(str::to_owned))
        .collect()
}

/// Web pages: `{"results":[{"url","title"}]}`, or the list alone.
pub(crate) fn pages(json: &str) -> Vec<Source> {
    let page = |entry: &Value| {
        Some(Source {
            url: text(entry, "url")?,
            title: text(entry, "title").unwrap_or_default(),
        })
    };
    entries(json).iter().filter_map(page).collect()
}

/// The look-up of a structured card: `{"toolUsageCardId","webSearch":{"args":{"query"}}}`.
pub(crate) fn search(json: &str) -> Option<Search> {
    let Some(Value::Object(tools)) = value(json) else {
        return None;
    };
    tools
        .iter()
        .find_map(|(tool, card)| Search::of_card(tool, card))
}

/// Posts: `{"results":[{"username","postId","text"}]}`, or the list alone.
pub(crate) fn posts(json: &str) -> Vec<Source> {
    let post = |entry: &Value| {
        let (user, post) = (text(entry, "username")?, text(entry, "postId")?);
        Some(Source {
            url: format!("https://x.com/{user}/status/{post}"),
            title: text(entry, "text").unwrap_or_default(),
        })
    };
    entries(json).iter().filter_map(post).collect()
}

/// A text of an object, unless it is empty.
fn text(entry: &Value, key: &str) -> Option<String> {
    let text = entry.get(key)?.as_str()?;
    (!text.is_empty()).then(|| text.to_owned())
}

fn entries(json: &str) -> Vec<Value> {
    match value(json) {
        Some(Value::Array(entries)) => entries,
        Some(Value::Object(mut fields)) => match fields.remove("results") {
            Some(Value::Array(entries)) => entries,
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// How far a picture is.
pub(crate) fn picture(json: &str) -> Option<PictureFact> {
    picture_fact::picture(&value(json)?)
}

/// How far a card's picture is, and the error that it carries.
pub(crate) fn card_picture(card: &str) -> (Option<PictureFact>, Option<Value>) {
    let Some(chunk) = field(card, "image_chunk") else {
        return (None, None);
    };
    let is_limited = field(chunk, "systemErrCode") == Some("\"rate_limit\"");
    let error = is_limited.then(|| json!({"code": 8, "message": "rate limit (image card)"}));
    (picture(chunk), error)
}
