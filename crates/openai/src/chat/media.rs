//! Images, files and audio in content blocks: http(s) URLs and base64 data URIs.

use std::borrow::Cow;

use chat::{Attachment, AttachmentKind, Part, Source, SourceError};

use super::{content::Place, recording};
use crate::{
    Invalid,
    json::{Fields, Json, Object},
};

/// How a kind of attachment is written: `{"type":outer,outer:{inner:…}}`.
struct Shape {
    outer: &'static str,
    inner: &'static str,
    /// What may stand instead, for messages.
    or: &'static str,
    /// The code if there is no such thing.
    missing: &'static str,
}

/// How the ids of uploaded files begin.
const FILE_ID_PREFIX: &str = "file-";

const IMAGE: Shape = Shape {
    outer: "image_url",
    inner: "url",
    or: "",
    missing: "missing_url",
};
const FILE: Shape = Shape {
    outer: "file",
    inner: "file_data",
    or: " or `file_id`",
    missing: "missing_file",
};
const AUDIO: Shape = Shape {
    outer: "input_audio",
    inner: "data",
    or: "",
    missing: "missing_audio",
};

/// Reads the attachment of a block.
///
/// # Errors
/// `missing_url`, `missing_file`, `missing_audio`; `empty_media`, `invalid_media`, `invalid_format`.
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
            "`{}` must be an object with `{}`{}.",
            shape.outer, shape.inner, shape.or
        );
        return Err(Invalid::new(shape.missing, outer, message));
    };
    let (source, param) = source(kind, &shape, &outer, object)?;
    Ok(Part::Attachment(Attachment {
        kind,
        source,
        name: (kind == AttachmentKind::File)
            .then(|| file_name(object))
            .flatten(),
        param,
    }))
}

/// Where the bytes are, and the field that says so: an uploaded file by its id, or the value itself.
fn source(
    kind: AttachmentKind,
    shape: &Shape,
    outer: &str,
    object: Object<'_>,
) -> Result<(Source, String), Invalid> {
    let fields = object.fields(&["url", "file_data", "data", "file_id", "format"]);
    let param = format!("{outer}.{}", shape.inner);
    let read = |read: Result<Source, SourceError>, param: String| match read {
        Ok(source) => Ok((source, param)),
        Err(error) => Err(Invalid::new("invalid_media", param, error.to_string())),
    };
    if fields.raw(shape.inner).is_none() && kind != AttachmentKind::Audio {
        let param = format!("{outer}.file_id");
        match fields.get("file_id") {
            None => {}
            Some(Json::String(id)) => return read(Source::from_file_id(id.trim()), param),
            Some(_) => {
                let message = "`file_id` must be a string.";
                return Err(Invalid::new("invalid_media", param, message));
            }
        }
    }
    let value = value(shape, &param, &fields)?;
    if kind == AttachmentKind::Image && value.trim().starts_with(FILE_ID_PREFIX) {
        return read(Source::from_file_id(value.trim()), param);
    }
    if kind == AttachmentKind::Audio {
        return Ok((recording::source(&value, &fields, &param)?, param));
    }
    read(Source::from_uri(&value), param)
}

fn value<'a>(shape: &Shape, param: &str, fields: &Fields<'a>) -> Result<Cow<'a, str>, Invalid> {
    let Shape { outer, inner, .. } = shape;
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
            let message = format!("`{outer}` needs `{inner}`{}.", shape.or);
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
        let file = |id: &str| Source::File { id: id.to_owned() };
        let recording = |mime: &str| {
            let source = Source::Data {
                mime: mime.to_owned(),
                base64: "aGk=".into(),
            };
            attachment(AttachmentKind::Audio, source, None, "input_audio.data")
        };
        for (block, expected) in [
            (
                json!({"type": "file", "file": {"file_id": "file-1", "filename": "a.pdf"}}),
                attachment(
                    AttachmentKind::File,
                    file("file-1"),
                    Some("a.pdf"),
                    "file.file_id",
                ),
            ),
            (
                json!({"type": "image_url", "image_url": {"url": "file-2"}}),
                attachment(AttachmentKind::Image, file("file-2"), None, "image_url.url"),
            ),
            (
                json!({"type": "image_url", "image_url": {"file_id": "file-3"}}),
                attachment(
                    AttachmentKind::Image,
                    file("file-3"),
                    None,
                    "image_url.file_id",
                ),
            ),
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
                attachment(AttachmentKind::Audio, url(), None, "input_audio.data"),
            ),
            (
                json!({"type": "input_audio", "input_audio": {"data": "aGk", "format": "wav"}}),
                recording("audio/wav"),
            ),
            (
                json!({"type": "input_audio", "input_audio": {"data": "aGk=", "format": "mp3"}}),
                recording("audio/mpeg"),
            ),
        ] {
            assert_eq!(read(block.clone()), Ok(expected), "{block}");
        }
    }

    #[test]
    fn each_bad_media_block_has_its_code_param_and_advice() {
        let bare =
            "Send an http(s) URL or a data URI (`data:image/png;base64,…`), not bare base64.";
        let no_file = "`file` needs `file_data` or `file_id`.";
        let file_id = "The file id must be 1 to 128 letters, digits, `_` or `-`, as the upload's \
                       answer gave it.";
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
                "`file` must be an object with `file_data` or `file_id`.",
            ),
            (
                json!({"type": "file", "file": {"filename": "f"}}),
                "missing_file",
                "file.file_data",
                no_file,
            ),
            (
                json!({"type": "file", "file": {"file_id": "../f"}}),
                "invalid_media",
                "file.file_id",
                file_id,
            ),
            (
                json!({"type": "file", "file": {"file_id": 5}}),
                "invalid_media",
                "file.file_id",
                "`file_id` must be a string.",
            ),
            (
                json!({"type": "image_url", "image_url": {"url": "file-a/b"}}),
                "invalid_media",
                "image_url.url",
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
                "invalid_format",
                "input_audio.format",
                "`format` must be `wav` or `mp3`.",
            ),
            (
                json!({"type": "input_audio", "input_audio": {"data": "a", "format": "mp3"}}),
                "invalid_media",
                "input_audio.data",
                "The data is no valid base64.",
            ),
            (
                json!({"type": "input_audio", "input_audio": {"data": "ftp://a.io/b"}}),
                "invalid_media",
                "input_audio.data",
                bare,
            ),
        ] {
            let param = format!("messages.0.content.1.{tail}");
            let expected = Invalid::new(code, param, message);
            assert_eq!(read(block.clone()), Err(expected), "{block}");
        }
    }
}
