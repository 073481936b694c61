//! The parts of a frame that are rare or nested; each is read leniently from its raw JSON.

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::frame::{ModelResponse, Source};

/// How the upstream spells the list of an answer's images.
const IMAGE_KEYS: [&str; 3] = ["generatedImageUrls", "imageUrls", "imageURLs"];

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
    let mut generated_image_urls = Vec::new();
    collect_images(&value, &mut generated_image_urls);
    let response = ModelResponse {
        response_id: take_string(&mut value, "responseId"),
        message: take_string(&mut value, "message"),
        model_hash,
        generated_image_urls,
        card_attachments: strings(value.get("cardAttachmentsJson")),
        file_attachments: strings(value.get("fileAttachments")),
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

fn take_string(value: &mut Value, key: &str) -> Option<String> {
    match value.get_mut(key).map(Value::take) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
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

fn collect_images(value: &Value, urls: &mut Vec<String>) {
    match value {
        Value::Array(entries) => entries.iter().for_each(|entry| collect_images(entry, urls)),
        Value::Object(fields) => {
            for (key, inner) in fields {
                if IMAGE_KEYS.contains(&key.as_str()) {
                    for url in strings(Some(inner)) {
                        if !url.is_empty() && !urls.contains(&url) {
                            urls.push(url);
                        }
                    }
                } else {
                    collect_images(inner, urls);
                }
            }
        }
        _ => {}
    }
}

/// Web pages: `{"results":[{"url","title"}]}`, or the list alone.
pub(crate) fn pages(json: &str) -> Vec<Source> {
    #[derive(Deserialize)]
    struct Page {
        url: String,
        title: Option<String>,
    }
    let pages = entries(json).into_iter().filter_map(|entry| {
        let page: Page = serde_json::from_value(entry).ok()?;
        (!page.url.is_empty()).then(|| Source {
            title: page.title.unwrap_or_default(),
            url: page.url,
        })
    });
    pages.collect()
}

/// Posts: `{"results":[{"username","postId","text"}]}`, or the list alone.
pub(crate) fn posts(json: &str) -> Vec<Source> {
    let posts = entries(json).into_iter().filter_map(|entry| {
        let text = |key: &str| entry.get(key).and_then(Value::as_str).unwrap_or_default();
        let (user, post) = (text("username"), text("postId"));
        (!user.is_empty() && !post.is_empty()).then(|| Source {
            url: format!("https://x.com/{user}/status/{post}"),
            title: text("text").to_owned(),
        })
    });
    posts.collect()
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

/// Whether a card's image was moderated, and the error that it carries.
pub(crate) fn card_verdict(card: &str) -> (bool, Option<Value>) {
    let Some(chunk) = field(card, "image_chunk") else {
        return (false, None);
    };
    let moderated = field(chunk, "moderated") == Some("true");
    let is_limited = field(chunk, "systemErrCode") == Some("\"rate_limit\"");
    let error = is_limited.then(|| json!({"code": 8, "message": "rate limit (image card)"}));
    (moderated, error)
}
