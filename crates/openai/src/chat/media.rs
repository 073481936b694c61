//! Images, files and audio in content blocks: http(s) URLs and base64 data URIs.

use std::borrow::Cow;

use chat::{Attachment, AttachmentKind, Part, Source};

use super::content::Place;
use crate::{
    Invalid,
    json::{Fields, Json, Object},
};

/// How a kind of attachment is written: `{"type":outer,outer:{inner:…}}`.
struct Shape {
    outer: &'static str,
    inner: &'static str,
    /// The code if there is no such thing.
    missing: &'static str,
    /// Added to the message about a value that is no URL and no data URI.
    hint: &'static str,
}

const IMAGE: Shape = Shape {
    outer: "image_url",
    inner: "url",
    missing: "missing_url",
    hint: "",
};
const FILE: Shape = Shape {
    outer: "file",
    inner: "file_data",
    missing: "missing_file",
    hint: "",
};
const AUDIO: Shape = Shape {
    outer: "input_audio",
    inner: "data",
    missing: "missing_audio",
    hint: " Note that audio input is not supported yet.",
};

/// Reads the attachment of a block.
///
/// # Errors
/// `missing_url`, `missing_file`, `missing_audio`; `empty_media`, `invalid_media`.
pub(super) fn part(
    place: Place,
    kind: AttachmentKind,
    fields: &Fields<'_>,
) -> Result<Part, Invalid> {
    let shape = match kind {
        AttachmentKind::Image => IMAGE,
        AttachmentKind::File => FILE,
        AttachmentKind::Audio => AUDIO,
    };
    let outer = place.param(&format!(".{}", shape.outer));
    let Some(Json::Object(object)) = fields.get(shape.outer) else {
        let message = format!(
            "`{}` must be an object with `{}`.",
            shape.outer, shape.inner
        );
        return Err(Invalid::new(shape.missing, outer, message));
    };
    let param = format!("{outer}.{}", shape.inner);
    let value = value(&shape, &param, object)?;
    let source = Source::from_uri(&value).map_err(|error| {
        let message = format!("{error}{}", shape.hint);
        Invalid::new("invalid_media", param.as_str(), message)
    })?;
    Ok(Part::Attachment(Attachment {
        kind,
        source,
        name: (kind == AttachmentKind::File)
            .then(|| file_name(object))
            .flatten(),
        // A recording is refused as such, not for what it holds.
        param: match kind {
            AttachmentKind::Audio => outer,
            _ => param,
        },
    }))
}

fn value<'a>(shape: &Shape, param: &str, object: Object<'a>) -> Result<Cow<'a, str>, Invalid> {
    let Shape { outer, inner, .. } = shape;
    let fields = object.fields(&["url", "file_data", "data", "file_id"]);
    match fields.get(inner) {
        Some(Json::String(value)) if value.trim().is_empty() => {
            let message = format!("`{inner}` must not be blank.");
            Err(Invalid::new("empty_media", param, message))
        }
        Some(Json::String(value)) => Ok(value),
        Some(_) => Err(Invalid::new(
            "invalid_media",
            param,
            format!("`{inner}` must be a string."),
        )),
        None => {
            let hint = match fields.raw("file_id") {
                Some(_) => " Uploaded files (`file_id`) are not supported; send the data itself.",
                None => "",
            };
            let message = format!("`{outer}` needs `{inner}`.{hint}");
            Err(Invalid::new(shape.missing, param, message))
        }
    }
}

fn file_name(object: Object<'_>) -> Option<String> {
    let name = object.fields(&["filename"]).get("filename")?.into_text()?;
    Some(name.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use chat::Role;
    use serde_json::{Value, json};

    use super::*;
    use crate::{chat::content, json};

    fn read(block: Value) -> Result<Part, Invalid> {
        let text = block.to_string();
        let value = json::read(text.as_bytes())?;
        content::block(Place::message(0).block(1), Role::User, &value)
    }

    fn attachment(kind: AttachmentKind, source: Source, name: Option<&str>, tail: &str) -> Part {
        Part::Attachment(Attachment {
            kind,
            source,
            name: name.map(str::to_owned),
            param: format!("messages.0.content.1.{tail}"),
        })
    }

    #[test]
    fn each_kind_is_read_with_its_place() {
        let url = || Source::Url("https://a.io/b".to_owned());
        let data = Source::Data {
            mime: "application/pdf".to_owned(),
            base64: "aGk=".into(),
        };
        for (block, expected) in [
            (
                json!({"type": "image_url", "image_url": {"url": " https://a.io/b", "detail": "low", "filename": "x"}}),
                attachment(AttachmentKind::Image, url(), None, "image_url.url"),
            ),
            (
                json!({"type": "file", "file": {"filename": " a.pdf ", "file_data": "data:application/PDF;base64,aGk"}}),
                attachment(AttachmentKind::File, data, Some("a.pdf"), "file.file_data"),
            ),
            (
                json!({"type": "file", "file": {"filename": " ", "file_data": "https://a.io/b"}}),
                attachment(AttachmentKind::File, url(), None, "file.file_data"),
            ),
            (
                json!({"type": "file", "file": {"filename": 1, "file_data": "https://a.io/b"}}),
                attachment(AttachmentKind::File, url(), None, "file.file_data"),
            ),
            (
                json!({"type": "input_audio", "input_audio": {"data": "https://a.io/b"}}),
                attachment(AttachmentKind::Audio, url(), None, "input_audio"),
            ),
        ] {
            assert_eq!(read(block.clone()), Ok(expected), "{block}");
        }
    }

    #[test]
    fn each_bad_media_block_has_its_code_param_and_advice() {
        let bare =
            "Send an http(s) URL or a data URI (`data:image/png;base64,…`), not bare base64.";
        let bare_audio = format!("{bare} Note that audio input is not supported yet.");
        let file_id = "`file` needs `file_data`. Uploaded files (`file_id`) are not supported; send \
                       the data itself.";
        for (block, code, tail, message) in [
            (
                json!({"type": "image_url"}),
                "missing_url",
                "image_url",
                "`image_url` must be an object with `url`.",
            ),
            (
                json!({"type": "image_url", "image_url": "https://a.io"}),
                "missing_url",
                "image_url",
                "`image_url` must be an object with `url`.",
            ),
            (
                json!({"type": "image_url", "image_url": {}}),
                "missing_url",
                "image_url.url",
                "`image_url` needs `url`.",
            ),
            (
                json!({"type": "image_url", "image_url": {"url": 1}}),
                "invalid_media",
                "image_url.url",
                "`url` must be a string.",
            ),
            (
                json!({"type": "image_url", "image_url": {"url": " "}}),
                "empty_media",
                "image_url.url",
                "`url` must not be blank.",
            ),
            (
                json!({"type": "image_url", "image_url": {"url": "aGk="}}),
                "invalid_media",
                "image_url.url",
                bare,
            ),
            (
                json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,a"}}),
                "invalid_media",
                "image_url.url",
                "The data is no valid base64.",
            ),
            (
                json!({"type": "file"}),
                "missing_file",
                "file",
                "`file` must be an object with `file_data`.",
            ),
            (
                json!({"type": "file", "file": {"file_id": "f"}}),
                "missing_file",
                "file.file_data",
                file_id,
            ),
            (
                json!({"type": "input_audio"}),
                "missing_audio",
                "input_audio",
                "`input_audio` must be an object with `data`.",
            ),
            (
                json!({"type": "input_audio", "input_audio": {}}),
                "missing_audio",
                "input_audio.data",
                "`input_audio` needs `data`.",
            ),
            (
                json!({"type": "input_audio", "input_audio": {"data": "aGk="}}),
                "invalid_media",
                "input_audio.data",
                &bare_audio,
            ),
        ] {
            let param = format!("messages.0.content.1.{tail}");
            let expected = Invalid::new(code, param, message);
            assert_eq!(read(block.clone()), Err(expected), "{block}");
        }
    }
}
