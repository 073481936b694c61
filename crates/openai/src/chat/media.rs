//! Images, files and audio in content blocks: http(s) URLs and base64 data URIs.

use std::sync::Arc;

use serde_json::Value;

use super::{
    content::Place,
    fields::{Fields, take},
};
use crate::{
    Invalid,
    chat::{Attachment, AttachmentKind, Part, Source},
};

/// Longest URL that is followed. Source: the limit of the newest upstream client known.
const URL_MAX: usize = 8192;
const DEFAULT_MIME: &str = "application/octet-stream";

/// `{"type":"image_url","image_url":{"url":…}}`
pub(super) fn image(place: Place, fields: &mut Fields) -> Result<Part, Invalid> {
    let found = Found::take(place, fields, "image_url", "url", "missing_url")?;
    Ok(Part::Media(Attachment {
        kind: AttachmentKind::Image,
        source: found.source("")?,
        name: None,
        param: found.param,
    }))
}

/// `{"type":"file","file":{"file_data":…,"filename":…}}`
pub(super) fn file(place: Place, fields: &mut Fields) -> Result<Part, Invalid> {
    let name = fields
        .get("file")
        .and_then(|file| file["filename"].as_str())
        .map(str::trim);
    let name = name.filter(|name| !name.is_empty()).map(str::to_owned);
    let found = Found::take(place, fields, "file", "file_data", "missing_file")?;
    Ok(Part::Media(Attachment {
        kind: AttachmentKind::File,
        source: found.source("")?,
        name,
        param: found.param,
    }))
}

/// `{"type":"input_audio","input_audio":{"data":…}}`: always an error, since audio is not supported
/// yet; a mistake in the block comes first.
pub(super) fn audio(place: Place, fields: &mut Fields) -> Invalid {
    let checked = Found::take(place, fields, "input_audio", "data", "missing_audio")
        .and_then(|found| found.source(" Note that audio input is not supported yet."));
    match checked {
        Err(invalid) => invalid,
        Ok(_) => Invalid::unsupported(
            place.param(".input_audio"),
            "Audio input is not supported yet. Send its transcript as a text block.",
        ),
    }
}

/// A media value and where it stood.
struct Found {
    value: String,
    param: String,
}

impl Found {
    /// Takes `fields[outer][inner]`; `missing` is the code if there is no such thing.
    fn take(
        place: Place,
        fields: &mut Fields,
        outer: &str,
        inner: &str,
        missing: &'static str,
    ) -> Result<Self, Invalid> {
        let Some(Value::Object(mut object)) = take(fields, outer) else {
            let message = format!("`{outer}` must be an object with `{inner}`.");
            return Err(Invalid::new(
                missing,
                place.param(&format!(".{outer}")),
                message,
            ));
        };
        let param = place.param(&format!(".{outer}.{inner}"));
        match take(&mut object, inner) {
            Some(Value::String(value)) if value.trim().is_empty() => {
                let message = format!("`{inner}` must not be blank.");
                Err(Invalid::new("empty_media", param, message))
            }
            Some(Value::String(value)) => Ok(Self { value, param }),
            Some(_) => Err(Invalid::new(
                "invalid_media",
                param,
                format!("`{inner}` must be a string."),
            )),
            None => {
                let hint = match object.contains_key("file_id") {
                    true => " Uploaded files (`file_id`) are not supported; send the data itself.",
                    false => "",
                };
                Err(Invalid::new(
                    missing,
                    param,
                    format!("`{outer}` needs `{inner}`.{hint}"),
                ))
            }
        }
    }

    /// Reads the value; `hint` is added to the message of an error.
    fn source(&self, hint: &str) -> Result<Source, Invalid> {
        let value = self.value.trim();
        let read = if has_scheme(value, "data:") {
            data_uri(value)
        } else if has_scheme(value, "http://") || has_scheme(value, "https://") {
            url(value)
        } else {
            Err("Send an http(s) URL or a data URI (`data:image/png;base64,…`), not bare base64.")
        };
        read.map_err(|text| {
            Invalid::new(
                "invalid_media",
                self.param.as_str(),
                format!("{text}{hint}"),
            )
        })
    }
}

fn has_scheme(value: &str, scheme: &str) -> bool {
    value
        .get(..scheme.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
}

fn url(value: &str) -> Result<Source, &'static str> {
    if value.len() > URL_MAX {
        return Err("The URL is longer than 8192 characters.");
    }
    if value.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err("The URL must not contain spaces or control characters.");
    }
    if value.ends_with("://") {
        return Err("The URL has no host.");
    }
    Ok(Source::Url(value.to_owned()))
}

fn data_uri(value: &str) -> Result<Source, &'static str> {
    const SHAPE: &str = "A data URI must look like `data:image/png;base64,…`.";
    let (header, data) = value.split_once(',').ok_or(SHAPE)?;
    let mut header = header
        .get("data:".len()..)
        .unwrap_or_default()
        .split(';')
        .map(str::trim);
    let mime = header.next().unwrap_or_default().to_ascii_lowercase();
    if !header
        .next_back()
        .is_some_and(|last| last.eq_ignore_ascii_case("base64"))
    {
        return Err(SHAPE);
    }
    let mime = if mime.is_empty() {
        DEFAULT_MIME.to_owned()
    } else {
        mime
    };
    if !is_mime(&mime) {
        return Err("The data URI's media type must look like `image/png`.");
    }
    Ok(Source::Data {
        mime,
        base64: base64(data)?,
    })
}

/// `type/subtype`, both made of the token characters of RFC 9110.
fn is_mime(mime: &str) -> bool {
    let is_token = |text: &str| {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
        !text.is_empty() && text.len() <= 100 && text.bytes().all(allowed)
    };
    mime.split_once('/')
        .is_some_and(|(kind, subtype)| is_token(kind) && is_token(subtype))
}

/// Removes whitespace, checks the alphabet and adds padding that is missing.
fn base64(data: &str) -> Result<Arc<str>, &'static str> {
    // Rarely wrapped into lines, so whitespace is looked for only if something is wrong.
    padded(data)
        .or_else(|| padded(&data.split_ascii_whitespace().collect::<String>()))
        .ok_or("The data URI holds no valid base64.")
}

fn padded(data: &str) -> Option<Arc<str>> {
    let digits = data.trim_end_matches('=');
    let padding = data.len() - digits.len();
    if digits.is_empty() || !is_base64(digits.as_bytes()) {
        return None;
    }
    match (digits.len() % 4, padding) {
        (0, 0) | (2, 2) | (3, 1) => Some(data.into()),
        (2, 0) => Some([data, "=="].concat().into()),
        (3, 0) => Some([data, "="].concat().into()),
        _ => None,
    }
}

/// Whole blocks without an early exit, so that the compiler can use vector instructions.
fn is_base64(digits: &[u8]) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() | (byte == b'+') | (byte == b'/');
    digits
        .chunks(4096)
        .all(|block| block.iter().fold(true, |all, &byte| all & is_digit(byte)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::chat::{Role, content};

    fn read(block: Value) -> Result<Part, Invalid> {
        content::block(Place::message(0).block(1), Role::User, block)
    }

    fn image_of(url: &str) -> Result<Source, &'static str> {
        match read(json!({"type": "image_url", "image_url": {"url": url, "detail": "low"}})) {
            Ok(Part::Media(attachment)) => Ok(attachment.source),
            Ok(Part::Text(_)) => unreachable!("an image is no text"),
            Err(invalid) => {
                assert_eq!(
                    invalid.param.as_deref(),
                    Some("messages.0.content.1.image_url.url")
                );
                Err(invalid.code)
            }
        }
    }

    fn data(mime: &str, base64: &str) -> Result<Source, &'static str> {
        Ok(Source::Data {
            mime: mime.into(),
            base64: base64.into(),
        })
    }

    #[test]
    fn urls_and_data_uris_are_read() {
        let url = "HTTPS://a.io/b.png?c=d";
        assert_eq!(image_of(&format!(" {url}\n")), Ok(Source::Url(url.into())));
        assert_eq!(
            image_of("data:image/PNG;base64,aGk="),
            data("image/png", "aGk=")
        );
        assert_eq!(image_of("data:text/plain;charset=utf-8;base64,aG k\n"), {
            data("text/plain", "aGk=")
        });
        assert_eq!(
            image_of("data:;base64,aGlo"),
            data("application/octet-stream", "aGlo")
        );
        assert_eq!(image_of("data:a/b;BASE64,aA"), data("a/b", "aA=="));
    }

    #[test]
    fn other_values_are_no_media() {
        for value in [
            "aGk=",
            "ftp://a.io/b",
            "/etc/passwd",
            "https://",
            "https://a.io/b c",
            "data:image/png,aGk=",
            "data:image/png;base64",
            "data:image/png;base64,",
            "data:image/png;base64,a",
            "data:image/png;base64,aG=k",
            "data:image/png;base64,aGk==",
            "data:image/png;base64,a_-k",
            "data:image/png;base64,ä",
            "data:png;base64,aGk=",
            "data:image/p ng;base64,aGk=",
        ] {
            assert_eq!(image_of(value), Err("invalid_media"), "{value}");
        }
        assert_eq!(
            image_of(&format!("https://a.io/{}", "x".repeat(9000))),
            Err("invalid_media")
        );
        assert_eq!(image_of(" "), Err("empty_media"));
    }

    #[test]
    fn each_bad_media_block_has_its_code_and_param() {
        let bare_audio = json!({"type": "input_audio", "input_audio": {"data": "aGk="}});
        let audio =
            json!({"type": "input_audio", "input_audio": {"data": "data:audio/wav;base64,aGk="}});
        for (block, code, tail) in [
            (json!({"type": "image_url"}), "missing_url", "image_url"),
            (
                json!({"type": "image_url", "image_url": "https://a.io"}),
                "missing_url",
                "image_url",
            ),
            (
                json!({"type": "image_url", "image_url": {}}),
                "missing_url",
                "image_url.url",
            ),
            (
                json!({"type": "image_url", "image_url": {"url": 1}}),
                "invalid_media",
                "image_url.url",
            ),
            (json!({"type": "file"}), "missing_file", "file"),
            (
                json!({"type": "file", "file": {"file_id": "f"}}),
                "missing_file",
                "file.file_data",
            ),
            (
                json!({"type": "input_audio"}),
                "missing_audio",
                "input_audio",
            ),
            (
                json!({"type": "input_audio", "input_audio": {}}),
                "missing_audio",
                "input_audio.data",
            ),
            (bare_audio, "invalid_media", "input_audio.data"),
            (audio, "unsupported_parameter", "input_audio"),
        ] {
            let invalid = read(block.clone()).unwrap_err();
            let param = format!("messages.0.content.1.{tail}");
            assert_eq!(
                (invalid.code, invalid.param),
                (code, Some(param)),
                "{block}"
            );
        }
    }

    #[test]
    fn a_file_keeps_its_name() {
        let file = read(json!({"type": "file", "file":
            {"filename": " a.pdf ", "file_data": "data:application/pdf;base64,aGk="}}))
        .unwrap();
        let expected = Attachment {
            kind: AttachmentKind::File,
            source: data("application/pdf", "aGk=").unwrap(),
            name: Some("a.pdf".into()),
            param: "messages.0.content.1.file.file_data".into(),
        };
        assert_eq!(file, Part::Media(expected));
    }
}
