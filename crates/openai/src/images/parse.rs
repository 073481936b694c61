//! From a body to a valid request. The rules and codes are those of `docs/upstream-protocol.md` 6.5
//! and 6.6.

use crate::{
    Invalid,
    fields::{self, boolean, string},
    json::{Fields, Json},
};

/// The fields that are looked at. `style`, `output_format`, `moderation` and the like are ignored: the
/// upstream knows none of them, and the answer says what the file is.
const FIELDS: &[&str] = &[
    "model",
    "prompt",
    "n",
    "size",
    "aspect_ratio",
    "quality",
    "background",
    "response_format",
    "stream",
    "partial_images",
    "user",
    "nsfw",
];
/// Longest prompt, in bytes.
pub const MAX_PROMPT_BYTES: usize = 32 * 1024;
const MAX_COUNT: u64 = 10;
/// Pictures of a stream: they come from one upstream request.
pub const MAX_STREAMED: u32 = 6;
const MAX_PARTIAL_IMAGES: u64 = 3;

/// A valid request for pictures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageRequest {
    /// `None`: the first image model of the catalogue.
    pub model: Option<String>,
    pub prompt: String,
    /// 1 to 10.
    pub count: u32,
    /// `None`: not said, or `auto`.
    pub size: Option<ImageSize>,
    /// `quality` is `high` or `hd`.
    pub is_high_quality: bool,
    /// `None`: the configured default, or base64 in a stream, as OpenAI has it there.
    pub format: Option<ImageFormat>,
    pub stream: bool,
    /// Unfinished stages of each picture that a stream shows at most. `None`: all that come.
    pub partial_images: Option<u32>,
    /// Of ours: false asks for no adult pictures. `None`: as configured.
    pub is_nsfw_wanted: Option<bool>,
}

/// The shape of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageSize {
    /// As callers write it, for example `1024x1024`.
    pub name: &'static str,
    /// As the upstream takes it, for example `1:1`.
    pub aspect_ratio: &'static str,
}

/// How a picture is returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageFormat {
    Url,
    Base64,
}

impl ImageSize {
    const ALL: [(&'static str, &'static str); 9] = [
        ("1024x1024", "1:1"),
        ("512x512", "1:1"),
        ("256x256", "1:1"),
        ("1280x720", "16:9"),
        ("720x1280", "9:16"),
        ("1792x1024", "3:2"),
        ("1024x1792", "2:3"),
        ("1536x1024", "3:2"),
        ("1024x1536", "2:3"),
    ];
    const RATIOS: [&'static str; 5] = ["1:1", "16:9", "9:16", "3:2", "2:3"];
    const AUTO: &'static str = "auto";

    /// By its name, or by one of the ratios.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let is_it = |(size, ratio): &&(&str, &str)| *size == name || *ratio == name;
        let (name, aspect_ratio) = Self::ALL.iter().find(is_it)?;
        Some(Self { name, aspect_ratio })
    }
}

impl Default for ImageSize {
    fn default() -> Self {
        let [(name, aspect_ratio), ..] = Self::ALL;
        Self { name, aspect_ratio }
    }
}

impl ImageFormat {
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "url" => Some(Self::Url),
            "b64_json" | "base64" => Some(Self::Base64),
            _ => None,
        }
    }
}

/// `image_config` of a chat completion (`docs/upstream-protocol.md` 6.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImageConfig {
    /// 1 to 10.
    pub count: Option<u32>,
    pub size: Option<ImageSize>,
    pub format: Option<ImageFormat>,
}

/// Reads `image_config`; an empty one is none.
pub(crate) fn config(value: Option<Json<'_>>) -> Result<Option<ImageConfig>, Invalid> {
    let fields = match value {
        None => return Ok(None),
        Some(Json::Object(object)) if object.is_empty() => return Ok(None),
        Some(Json::Object(object)) => object.fields(&["n", "size", "response_format"]),
        Some(_) => {
            let message = "`image_config` must be an object.";
            return Err(Invalid::value("image_config", message));
        }
    };
    let read = || {
        Ok(ImageConfig {
            count: count(&fields, "n", "invalid_n", 1..=MAX_COUNT)?,
            size: size(&fields, "size")?,
            format: format(&fields)?,
        })
    };
    read().map(Some).map_err(|error: Invalid| Invalid {
        param: error.param.map(|param| format!("image_config.{param}")),
        ..error
    })
}

/// Parses and validates the body of a request for pictures.
///
/// # Errors
/// The first mistake found; its `param` is always set.
pub fn parse(body: &[u8]) -> Result<ImageRequest, Invalid> {
    read(&fields::read(body, FIELDS)?)
}

/// The fields that new pictures and edits have in common.
pub(super) fn read(fields: &Fields<'_>) -> Result<ImageRequest, Invalid> {
    let model = fields::model(fields)?;
    let prompt = prompt(fields)?;
    let stream = boolean(fields, "stream")?.unwrap_or(false);
    let count = count(fields, "n", "invalid_n", 1..=MAX_COUNT)?.unwrap_or(1);
    if stream && count > MAX_STREAMED {
        let message = format!("`n` must be between 1 and {MAX_STREAMED} with `stream`.");
        return Err(Invalid::new("invalid_stream_n", "n", message));
    }
    string(fields, "user")?;
    check_background(fields)?;
    Ok(ImageRequest {
        model,
        prompt,
        count,
        size: match size(fields, "size")? {
            Some(size) => Some(size),
            None => size(fields, "aspect_ratio")?,
        },
        is_high_quality: quality(fields)?,
        format: format(fields)?,
        stream,
        partial_images: count_of_partials(fields)?,
        is_nsfw_wanted: boolean(fields, "nsfw")?,
    })
}

fn prompt(fields: &Fields<'_>) -> Result<String, Invalid> {
    fields::prompt(fields, MAX_PROMPT_BYTES)
}

fn count_of_partials(fields: &Fields<'_>) -> Result<Option<u32>, Invalid> {
    count(
        fields,
        "partial_images",
        "invalid_partial_images",
        0..=MAX_PARTIAL_IMAGES,
    )
}

/// A whole number within a range.
fn count(
    fields: &Fields<'_>,
    name: &'static str,
    code: &'static str,
    range: std::ops::RangeInclusive<u64>,
) -> Result<Option<u32>, Invalid> {
    let Some(value) = fields.get(name) else {
        return Ok(None);
    };
    let number = value.as_u64().filter(|number| range.contains(number));
    let number = number.and_then(|number| u32::try_from(number).ok());
    number.map(Some).ok_or_else(|| {
        let (least, most) = range.into_inner();
        let message = format!("`{name}` must be a whole number between {least} and {most}.");
        Invalid::new(code, name, message)
    })
}

fn size(fields: &Fields<'_>, name: &'static str) -> Result<Option<ImageSize>, Invalid> {
    let Some(value) = fields.get(name) else {
        return Ok(None);
    };
    let known = match &value {
        Json::String(name) if name == ImageSize::AUTO => return Ok(None),
        Json::String(name) => ImageSize::from_name(name),
        _ => None,
    };
    known.map(Some).ok_or_else(|| {
        let names = ImageSize::ALL.map(|(name, _)| name).join(", ");
        let ratios = ImageSize::RATIOS.join(", ");
        let auto = ImageSize::AUTO;
        let message = format!("`{name}` must be one of {names}, {ratios}, {auto}.");
        let code = match name {
            "size" => "invalid_size",
            _ => "invalid_aspect_ratio",
        };
        Invalid::new(code, name, message)
    })
}

fn quality(fields: &Fields<'_>) -> Result<bool, Invalid> {
    match string(fields, "quality")?.as_deref() {
        Some("high" | "hd") => Ok(true),
        None | Some("auto" | "low" | "medium" | "standard") => Ok(false),
        Some(_) => {
            let message = "`quality` must be one of auto, low, medium, high, standard, hd.";
            Err(Invalid::new("invalid_quality", "quality", message))
        }
    }
}

fn check_background(fields: &Fields<'_>) -> Result<(), Invalid> {
    match string(fields, "background")?.as_deref() {
        Some("transparent") => {
            let message = "`background` cannot be `transparent`: Grok's pictures are opaque.";
            Err(Invalid::new("unsupported_parameter", "background", message))
        }
        _ => Ok(()),
    }
}

fn format(fields: &Fields<'_>) -> Result<Option<ImageFormat>, Invalid> {
    let Some(name) = string(fields, "response_format")? else {
        return Ok(None);
    };
    ImageFormat::from_name(&name).map(Some).ok_or_else(|| {
        let message = "`response_format` must be `url` or `b64_json`.";
        Invalid::new("invalid_response_format", "response_format", message)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn parsed(body: &Value) -> Result<ImageRequest, (&'static str, String)> {
        parse(body.to_string().as_bytes())
            .map_err(|error| (error.code, error.param.unwrap_or_default()))
    }

    #[test]
    fn a_prompt_alone_is_enough() {
        let request = parsed(&json!({"prompt": " a red fox "})).unwrap();
        let expected = ImageRequest {
            model: None,
            prompt: "a red fox".to_owned(),
            count: 1,
            size: None,
            is_high_quality: false,
            format: None,
            stream: false,
            partial_images: None,
            is_nsfw_wanted: None,
        };
        assert_eq!(request, expected);
    }

    #[test]
    fn everything_that_clients_send_is_understood() {
        let request = parsed(&json!({
            "model": "grok-imagine-1.0", "prompt": "x", "n": 2, "size": "1024x1536",
            "quality": "hd", "response_format": "b64_json", "stream": true, "partial_images": 1,
            "style": "vivid", "background": "auto", "output_format": "png", "user": "u",
            "nsfw": false,
        }));
        let request = request.unwrap();
        assert_eq!(request.model.as_deref(), Some("grok-imagine-1.0"));
        assert_eq!((request.count, request.partial_images), (2, Some(1)));
        assert_eq!(request.size.unwrap().aspect_ratio, "2:3");
        assert_eq!(request.format, Some(ImageFormat::Base64));
        assert!(request.is_high_quality && request.stream);
        assert_eq!(request.is_nsfw_wanted, Some(false));
    }

    #[test]
    fn a_shape_is_said_in_several_ways() {
        for (body, ratio) in [
            (json!({"prompt": "x", "size": "512x512"}), Some("1:1")),
            (json!({"prompt": "x", "aspect_ratio": "16:9"}), Some("16:9")),
            (
                json!({"prompt": "x", "size": "auto", "aspect_ratio": "3:2"}),
                Some("3:2"),
            ),
            (
                json!({"prompt": "x", "size": "2:3", "aspect_ratio": "3:2"}),
                Some("2:3"),
            ),
            (json!({"prompt": "x", "size": "auto"}), None),
        ] {
            let size = parsed(&body).unwrap().size;
            assert_eq!(size.map(|size| size.aspect_ratio), ratio, "{body}");
        }
    }

    #[test]
    fn each_mistake_names_its_field() {
        for (body, code, param) in [
            (json!([]), "invalid_value", "body"),
            (json!({}), "empty_prompt", "prompt"),
            (json!({"prompt": "  "}), "empty_prompt", "prompt"),
            (json!({"prompt": 1}), "invalid_value", "prompt"),
            (
                json!({"prompt": "x".repeat(40_000)}),
                "prompt_too_long",
                "prompt",
            ),
            (json!({"prompt": "a\u{1}b"}), "invalid_prompt", "prompt"),
            (json!({"prompt": "x", "n": 0}), "invalid_n", "n"),
            (json!({"prompt": "x", "n": 11}), "invalid_n", "n"),
            (json!({"prompt": "x", "n": 1.5}), "invalid_n", "n"),
            (
                json!({"prompt": "x", "n": 7, "stream": true}),
                "invalid_stream_n",
                "n",
            ),
            (
                json!({"prompt": "x", "size": "10x10"}),
                "invalid_size",
                "size",
            ),
            (json!({"prompt": "x", "size": 1}), "invalid_size", "size"),
            (
                json!({"prompt": "x", "aspect_ratio": "5:1"}),
                "invalid_aspect_ratio",
                "aspect_ratio",
            ),
            (
                json!({"prompt": "x", "quality": "ultra"}),
                "invalid_quality",
                "quality",
            ),
            (
                json!({"prompt": "x", "background": "transparent"}),
                "unsupported_parameter",
                "background",
            ),
            (
                json!({"prompt": "x", "response_format": "png"}),
                "invalid_response_format",
                "response_format",
            ),
            (json!({"prompt": "x", "nsfw": 1}), "invalid_value", "nsfw"),
            (
                json!({"prompt": "x", "partial_images": 4}),
                "invalid_partial_images",
                "partial_images",
            ),
        ] {
            assert_eq!(parsed(&body), Err((code, param.to_owned())), "{body}");
        }
    }
}
