//! From a body to a valid request. The rules and codes are those of `docs/upstream-protocol.md` 6.4 and
//! 6.7. A form is read into the JSON that says the same.

use std::borrow::Cow;

use chat::Source;
use serde_json::{Map, Value};

use super::{Preset, VideoSize};
use crate::{
    Invalid,
    fields::{self, string},
    json::{Fields, Json},
};

/// The fields that are looked at; all others are ignored.
const FIELDS: &[&str] = &[
    "model",
    "prompt",
    "seconds",
    "duration",
    "size",
    "aspect_ratio",
    "resolution_name",
    "resolution",
    "quality",
    "preset",
    "input_reference",
    "image_url",
    "user",
];
/// The fields of [`parse_start`].
const START_FIELDS: &[&str] = &[
    "prompt",
    "aspect_ratio",
    "video_length",
    "resolution_name",
    "preset",
    "image_url",
];
const START_RATIO: &str = "3:2";
/// Names under which forms send an image by its address.
const REFERENCE_FIELDS: [&str; 2] = ["input_reference", "input_reference[image_url]"];
/// Longest prompt, in bytes.
const MAX_PROMPT_BYTES: usize = 32 * 1024;
/// Lengths in seconds; some are made in two parts.
const SECONDS: [u32; 8] = [4, 6, 8, 10, 12, 15, 16, 20];
const DEFAULT_SECONDS: u32 = 6;
/// Lengths of `video_config`.
const CONFIG_SECONDS: [u32; 3] = [6, 10, 15];
/// Videos of one page.
const MAX_PAGE: u32 = 100;
const DEFAULT_PAGE: u32 = 20;

/// A valid request for a video.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VideoRequest {
    /// `None`: the first video model of the catalogue.
    pub model: Option<String>,
    pub prompt: String,
    pub seconds: u32,
    pub size: VideoSize,
    /// 720p instead of 480p.
    pub is_high_resolution: bool,
    pub preset: Preset,
    /// The image that it begins with, by address or data URI.
    pub reference: Option<Source>,
}

/// `video_config` of a chat completion.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VideoConfig {
    pub size: Option<VideoSize>,
    /// 6, 10 or 15.
    pub seconds: Option<u32>,
    pub is_high_resolution: Option<bool>,
    pub preset: Option<Preset>,
}

/// Parses and validates the JSON body of a request for a video.
///
/// # Errors
/// The first mistake found; its `param` is always set.
pub fn parse(body: &[u8]) -> Result<VideoRequest, Invalid> {
    read(&fields::read(body, FIELDS)?)
}

/// The same for the fields of a form that are no files.
///
/// # Errors
/// As [`parse`].
pub fn parse_form(texts: &[(String, String)]) -> Result<VideoRequest, Invalid> {
    let mut object = Map::new();
    for (name, text) in texts {
        let name = match REFERENCE_FIELDS.contains(&name.as_str()) {
            true => "input_reference",
            false => name,
        };
        object.insert(name.to_owned(), Value::from(text.as_str()));
    }
    parse(Value::Object(object).to_string().as_bytes())
}

/// The prompt of a request that makes another video of one.
///
/// # Errors
/// As [`parse`].
pub fn parse_remix(body: &[u8]) -> Result<String, Invalid> {
    prompt(&fields::read(body, &["prompt"])?)
}

/// What a page of the predecessor asks for (`docs/upstream-protocol.md` 7.4); checked as `video_config`.
///
/// # Errors
/// As [`parse`].
pub fn parse_start(body: &[u8]) -> Result<VideoRequest, Invalid> {
    let fields = fields::read(body, START_FIELDS)?;
    let landscape = VideoSize::from_name(START_RATIO).unwrap_or_default();
    Ok(VideoRequest {
        model: None,
        prompt: prompt(&fields)?,
        seconds: seconds(&fields, "video_length", &CONFIG_SECONDS)?.unwrap_or(DEFAULT_SECONDS),
        size: size(&fields, "aspect_ratio", "invalid_aspect_ratio")?.unwrap_or(landscape),
        is_high_resolution: resolution(&fields, "resolution_name")?.unwrap_or(false),
        preset: preset(&fields)?.unwrap_or(Preset::Normal),
        reference: reference(&fields, "image_url")?,
    })
}

fn read(fields: &Fields<'_>) -> Result<VideoRequest, Invalid> {
    let model = fields::model(fields)?;
    let prompt = prompt(fields)?;
    string(fields, "user")?;
    let pixels = size(fields, "size", "invalid_size")?;
    let ratio = size(fields, "aspect_ratio", "invalid_aspect_ratio")?;
    let is_high = resolution(fields, "resolution_name")?
        .or(resolution(fields, "resolution")?)
        .or(quality(fields)?)
        .or(pixels.map(|_| says_720_lines(fields)));
    let reference_field = match fields.get("input_reference") {
        Some(_) => "input_reference",
        None => "image_url",
    };
    Ok(VideoRequest {
        model,
        prompt,
        seconds: seconds(fields, "seconds", &SECONDS)?
            .or(seconds(fields, "duration", &SECONDS)?)
            .unwrap_or(DEFAULT_SECONDS),
        size: pixels.or(ratio).unwrap_or_default(),
        is_high_resolution: is_high.unwrap_or(false),
        preset: preset(fields)?.unwrap_or_default(),
        reference: reference(fields, reference_field)?,
    })
}

/// Reads `video_config`; an empty one is none.
pub(crate) fn config(value: Option<Json<'_>>) -> Result<Option<VideoConfig>, Invalid> {
    let names = &["aspect_ratio", "video_length", "resolution_name", "preset"];
    let fields = match value {
        None => return Ok(None),
        Some(Json::Object(object)) if object.is_empty() => return Ok(None),
        Some(Json::Object(object)) => object.fields(names),
        Some(_) => {
            let message = "`video_config` must be an object.";
            return Err(Invalid::value("video_config", message));
        }
    };
    let read = || {
        Ok(VideoConfig {
            size: size(&fields, "aspect_ratio", "invalid_aspect_ratio")?,
            seconds: seconds(&fields, "video_length", &CONFIG_SECONDS)?,
            is_high_resolution: resolution(&fields, "resolution_name")?,
            preset: preset(&fields)?,
        })
    };
    read().map(Some).map_err(|error: Invalid| Invalid {
        param: error.param.map(|param| format!("video_config.{param}")),
        ..error
    })
}

fn prompt(fields: &Fields<'_>) -> Result<String, Invalid> {
    fields::prompt(fields, MAX_PROMPT_BYTES)
}

/// A number, also as a string: that is how the official clients send it.
fn seconds(
    fields: &Fields<'_>,
    name: &'static str,
    allowed: &[u32],
) -> Result<Option<u32>, Invalid> {
    let Some(value) = fields.get(name) else {
        return Ok(None);
    };
    let number = match &value {
        Json::String(text) => text.trim().parse().ok(),
        number => number
            .as_u64()
            .and_then(|number| u32::try_from(number).ok()),
    };
    let number = number.filter(|number| allowed.contains(number));
    number.map(Some).ok_or_else(|| {
        let allowed: Vec<_> = allowed.iter().map(ToString::to_string).collect();
        let message = format!("`{name}` must be one of {}.", allowed.join(", "));
        let code = match name {
            "video_length" => "invalid_video_length",
            _ => "invalid_seconds",
        };
        Invalid::new(code, name, message)
    })
}

/// One of a few words; `code` if it is another.
fn word<T>(
    fields: &Fields<'_>,
    (name, code): (&'static str, &'static str),
    known: impl Fn(&str) -> Option<T>,
    names: impl Fn() -> String,
) -> Result<Option<T>, Invalid> {
    let Some(value) = fields.get(name) else {
        return Ok(None);
    };
    let found = match &value {
        Json::String(word) => known(word.trim()),
        _ => None,
    };
    found.map(Some).ok_or_else(|| {
        let message = format!("`{name}` must be one of {}.", names());
        Invalid::new(code, name, message)
    })
}

fn size(
    fields: &Fields<'_>,
    name: &'static str,
    code: &'static str,
) -> Result<Option<VideoSize>, Invalid> {
    word(fields, (name, code), VideoSize::from_name, || {
        let names = VideoSize::ALL.map(|(size, ratio)| match name {
            "size" => size,
            _ => ratio,
        });
        names.join(", ")
    })
}

fn resolution(fields: &Fields<'_>, name: &'static str) -> Result<Option<bool>, Invalid> {
    let known = |word: &str| match word {
        "480p" => Some(false),
        "720p" => Some(true),
        _ => None,
    };
    word(fields, (name, "invalid_resolution"), known, || {
        "480p, 720p".to_owned()
    })
}

fn quality(fields: &Fields<'_>) -> Result<Option<bool>, Invalid> {
    let known = |word: &str| match word {
        "high" | "hd" => Some(Some(true)),
        "low" | "medium" | "standard" => Some(Some(false)),
        "auto" => Some(None),
        _ => None,
    };
    let names = || "auto, low, medium, standard, high, hd".to_owned();
    let found = word(fields, ("quality", "invalid_quality"), known, names)?;
    Ok(found.flatten())
}

fn preset(fields: &Fields<'_>) -> Result<Option<Preset>, Invalid> {
    word(
        fields,
        ("preset", "invalid_preset"),
        Preset::from_name,
        || Preset::ALL.map(Preset::as_str).join(", "),
    )
}

/// Whether `size` names 720 lines, and no ratio: what is asked for in pixels has them.
fn says_720_lines(fields: &Fields<'_>) -> bool {
    let size = fields.get("size").and_then(Json::into_text);
    size.is_some_and(|size| matches!(size.trim(), "1280x720" | "720x1280"))
}

/// An address or a data URI, alone or as `image_url` of an object.
fn reference(fields: &Fields<'_>, name: &'static str) -> Result<Option<Source>, Invalid> {
    let text: Option<Cow<'_, str>> = match fields.get(name) {
        None => return Ok(None),
        Some(Json::Array(array)) if array.is_empty() => return Ok(None),
        Some(Json::String(text)) => Some(text),
        Some(Json::Object(object)) => {
            let inner = object.fields(&["image_url"]).get("image_url");
            match inner {
                Some(Json::Object(inner)) => inner.fields(&["url"]).get("url"),
                other => other,
            }
            .and_then(Json::into_text)
        }
        Some(_) => None,
    };
    let Some(text) = text else {
        let message = format!(
            "`{name}` must be a file, the address of an image, a data URI, or an object with \
             `image_url`. Files by id are not supported."
        );
        return Err(Invalid::new("invalid_media", name, message));
    };
    let source = Source::from_uri(&text);
    source
        .map(Some)
        .map_err(|error| Invalid::new("invalid_media", name, error.to_string()))
}

/// Which videos a list shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Id of the last video of the page before.
    pub after: Option<String>,
    pub limit: u32,
    pub is_oldest_first: bool,
}

/// Reads the query of a list, as names and values.
///
/// # Errors
/// `invalid_limit`, `invalid_order`.
pub fn parse_page<'q>(
    pairs: impl IntoIterator<Item = (Cow<'q, str>, Cow<'q, str>)>,
) -> Result<Page, Invalid> {
    let mut page = Page {
        after: None,
        limit: DEFAULT_PAGE,
        is_oldest_first: false,
    };
    for (name, value) in pairs {
        match name.as_ref() {
            "after" => page.after = Some(value.into_owned()).filter(|id| !id.is_empty()),
            "limit" => {
                let limit = value.parse().ok();
                let limit = limit.filter(|limit| (1..=MAX_PAGE).contains(limit));
                page.limit = limit.ok_or_else(|| {
                    let message = format!("`limit` must be between 1 and {MAX_PAGE}.");
                    Invalid::new("invalid_limit", "limit", message)
                })?;
            }
            "order" => {
                page.is_oldest_first = match value.as_ref() {
                    "asc" => true,
                    "desc" => false,
                    _ => {
                        let message = "`order` must be `asc` or `desc`.";
                        return Err(Invalid::new("invalid_order", "order", message));
                    }
                }
            }
            _ => {}
        }
    }
    Ok(page)
}

#[cfg(test)]
mod tests;
