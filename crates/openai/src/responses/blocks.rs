//! Content blocks of input items, in the forms that clients of the API write them.

use chat::{Attachment, AttachmentKind, Part, Source, SourceError};

use crate::{
    Invalid,
    chat::recording,
    json::{Fields, Json},
};

/// Fields of a block, and of what some forms nest in it.
const FIELDS: &[&str] = &[
    "type",
    "text",
    "refusal",
    "image_url",
    "image",
    "url",
    "file",
    "file_id",
    "file_data",
    "file_url",
    "filename",
    "input_audio",
    "audio",
    "data",
    "format",
];

/// What a block of that type is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Refusal,
    Media(AttachmentKind),
}

fn kind(name: &str) -> Option<Kind> {
    Some(match name {
        "input_text" | "text" | "output_text" => Kind::Text,
        "refusal" => Kind::Refusal,
        "input_image" | "image" | "image_url" | "output_image" => {
            Kind::Media(AttachmentKind::Image)
        }
        "input_file" | "file" => Kind::Media(AttachmentKind::File),
        "input_audio" | "audio" => Kind::Media(AttachmentKind::Audio),
        _ => return None,
    })
}

/// Whether a block of that type may stand alone in the input.
pub(super) fn is_block(name: &str) -> bool {
    kind(name).is_some()
}

/// Parses content: a string, or blocks. Blank text says nothing and is left out.
///
/// # Errors
/// `invalid_content`, and those of [`block`].
pub(super) fn content(value: Option<&Json<'_>>, at: &str) -> Result<Vec<Part>, Invalid> {
    match value {
        None | Some(Json::Null) => Ok(Vec::new()),
        Some(Json::String(text)) if text.trim().is_empty() => Ok(Vec::new()),
        Some(Json::String(text)) => Ok(vec![Part::Text(text.as_ref().to_owned())]),
        Some(Json::Array(list)) => {
            let parts = list.try_map(|index, value| block(&value, &format!("{at}.{index}")))?;
            Ok(parts.into_iter().flatten().collect())
        }
        Some(object @ Json::Object(_)) => Ok(block(object, at)?.into_iter().collect()),
        Some(other) => {
            let kind = other.kind();
            let message = format!("Content must be a string or an array of blocks, not {kind}.");
            Err(Invalid::new("invalid_content", at, message))
        }
    }
}

/// Parses one block; `None` if it says nothing.
///
/// # Errors
/// `invalid_block`, `missing_type`, `invalid_type`, `invalid_text` and those of attachments:
/// `missing_media`, `invalid_media`.
pub(super) fn block(value: &Json<'_>, at: &str) -> Result<Option<Part>, Invalid> {
    let Json::Object(object) = value else {
        let Json::String(text) = value else {
            let message = "Each content block must be an object.";
            return Err(Invalid::new("invalid_block", at, message));
        };
        return Ok(said(text));
    };
    let fields = object.fields(FIELDS);
    let Some(Json::String(name)) = fields.get("type") else {
        let message = "Each content block needs a `type`.";
        return Err(Invalid::new("missing_type", format!("{at}.type"), message));
    };
    match kind(&name) {
        Some(Kind::Text) => text(&fields, "text", at),
        Some(Kind::Refusal) => text(&fields, "refusal", at),
        Some(Kind::Media(kind)) => attachment(kind, &fields, at).map(Some),
        None => Err(Invalid::new(
            "invalid_type",
            format!("{at}.type"),
            "The `type` of a block must be input_text, output_text, input_image, input_file or \
             input_audio.",
        )),
    }
}

fn said(text: &str) -> Option<Part> {
    (!text.trim().is_empty()).then(|| Part::Text(text.to_owned()))
}

fn text(fields: &Fields<'_>, name: &'static str, at: &str) -> Result<Option<Part>, Invalid> {
    match fields.get(name) {
        Some(Json::String(text)) => Ok(said(&text)),
        _ => {
            let message = format!("`{name}` must be a string.");
            Err(Invalid::new(
                "invalid_text",
                format!("{at}.{name}"),
                message,
            ))
        }
    }
}

/// A field that may hold the bytes, and how.
#[derive(Clone, Copy)]
enum Holds {
    Uri,
    Id,
    Recording,
}

fn attachment(kind: AttachmentKind, fields: &Fields<'_>, at: &str) -> Result<Part, Invalid> {
    use Holds::{Id, Recording, Uri};
    let places: &[(&str, Holds)] = match kind {
        AttachmentKind::Image => &[
            ("image_url", Uri),
            ("image", Uri),
            ("url", Uri),
            ("file_id", Id),
        ],
        AttachmentKind::File => &[("file_data", Uri), ("file_url", Uri), ("file_id", Id)],
        AttachmentKind::Audio => &[("data", Recording), ("url", Uri)],
    };
    // Some forms nest the same fields once more, under one of these names.
    let nested = ["image_url", "image", "file", "input_audio", "audio"];
    let nested = nested.iter().find_map(|name| match fields.get(name) {
        Some(Json::Object(object)) => Some((object.fields(FIELDS), format!("{at}.{name}"))),
        _ => None,
    });
    let (fields, at) = match &nested {
        Some((fields, at)) => (fields, at.as_str()),
        None => (fields, at),
    };
    let Some((name, holds)) = places.iter().find(|(name, _)| fields.raw(name).is_some()) else {
        let names: Vec<_> = places.iter().map(|(name, _)| format!("`{name}`")).collect();
        let message = format!("The block needs one of {}.", names.join(", "));
        return Err(Invalid::new("missing_media", at, message));
    };
    let param = format!("{at}.{name}");
    let Some(Json::String(value)) = fields.get(name) else {
        let message = format!("`{name}` must be a string.");
        return Err(Invalid::new("invalid_media", param, message));
    };
    let read = match holds {
        Recording => return recorded(&value, fields, param),
        Id => Source::from_file_id(value.trim()),
        Uri => address(&value),
    };
    let source = read.map_err(|error| {
        let message = error.to_string();
        Invalid::new("invalid_media", param.as_str(), message)
    })?;
    Ok(Part::Attachment(Attachment {
        kind,
        source,
        name: file_name(kind, fields),
        param,
    }))
}

fn recorded(value: &str, fields: &Fields<'_>, param: String) -> Result<Part, Invalid> {
    Ok(Part::Attachment(Attachment {
        kind: AttachmentKind::Audio,
        source: recording::source(value, fields, &param)?,
        name: None,
        param,
    }))
}

fn address(value: &str) -> Result<Source, SourceError> {
    let value = value.trim();
    match value.starts_with("file-") {
        true => Source::from_file_id(value),
        false => Source::from_uri(value),
    }
}

fn file_name(kind: AttachmentKind, fields: &Fields<'_>) -> Option<String> {
    if kind != AttachmentKind::File {
        return None;
    }
    let name = fields.get("filename")?.into_text()?;
    Some(name.trim().to_owned())
}
