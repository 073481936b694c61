//! Images and documents.

use chat::{Attachment, AttachmentKind, Part, Source, SourceError};
use serde_json::value::RawValue;

use super::part;
use crate::{
    Invalid,
    place::Place,
    read::{Object, string},
};

/// The fields of all sources that are known.
const SOURCE_FIELDS: &[&str] = &["type", "media_type", "data", "url", "content"];
/// The images that the API takes.
const IMAGE_TYPES: [&str; 4] = ["image/jpeg", "image/png", "image/gif", "image/webp"];

/// `{"type":"image","source":…}`
pub(super) fn image(block: &Object<'_, '_>, parts: &mut Vec<Part>) -> Result<(), Invalid> {
    block.required("source", |at, raw| {
        let source = Object::read(at, raw.get(), SOURCE_FIELDS)?;
        let kind = source.required("type", string)?;
        let found = match &*kind {
            "base64" => base64(&source, &IMAGE_TYPES)?,
            "url" => url(&source)?,
            _ => return Err(unknown_source(&source, &kind, "base64 or url")),
        };
        parts.push(found.attachment(AttachmentKind::Image, None));
        Ok(())
    })
}

/// `{"type":"document","source":…,"title":…,"context":…}`: a PDF is attached, text becomes part of
/// the prompt under a heading with its title.
pub(super) fn document(block: &Object<'_, '_>, parts: &mut Vec<Part>) -> Result<(), Invalid> {
    let line = |text: Option<std::borrow::Cow<'_, str>>| {
        let text = text.map(|text| text.trim().to_owned());
        text.filter(|text| !text.is_empty())
    };
    let title = line(block.optional("title", string)?);
    let context = line(block.optional("context", string)?).map(Part::Text);
    block.required("source", |at, raw| {
        let source = Object::read(at, raw.get(), SOURCE_FIELDS)?;
        let kind = source.required("type", string)?;
        match &*kind {
            "base64" | "url" => {
                let found = match &*kind {
                    "url" => url(&source)?,
                    _ => base64(&source, &["application/pdf"])?,
                };
                parts.extend(context);
                parts.push(found.attachment(AttachmentKind::File, title));
                Ok(())
            }
            "text" | "content" => {
                let title = title.map_or_else(String::new, |title| format!(" {title}"));
                parts.push(Part::Text(format!("[document]{title}")));
                parts.extend(context);
                inline(&source, &kind, parts)
            }
            _ => Err(unknown_source(
                &source,
                &kind,
                "base64, url, text or content",
            )),
        }
    })
}

/// The text of a document, or its blocks.
fn inline(source: &Object<'_, '_>, kind: &str, parts: &mut Vec<Part>) -> Result<(), Invalid> {
    if kind == "content" {
        return source.required("content", |at, raw| {
            part::contents(at, raw, part::IN_DOCUMENT, parts)
        });
    }
    media_type(source, &["text/plain"])?;
    let text = source.required("data", string)?.into_owned();
    parts.push(Part::Text(text));
    Ok(())
}

/// Where bytes are, and where in the request that was said.
struct Found {
    source: Source,
    param: String,
}

impl Found {
    fn attachment(self, kind: AttachmentKind, name: Option<String>) -> Part {
        Part::Attachment(Attachment {
            kind,
            source: self.source,
            name,
            param: self.param,
        })
    }
}

fn base64(source: &Object<'_, '_>, allowed: &[&str]) -> Result<Found, Invalid> {
    let mime = media_type(source, allowed)?;
    source.required("data", |at, raw| {
        found(at, Source::from_base64(&mime, &string(at, raw)?))
    })
}

fn url(source: &Object<'_, '_>) -> Result<Found, Invalid> {
    source.required("url", |at: &Place<'_>, raw: &RawValue| {
        found(at, Source::from_url(&string(at, raw)?))
    })
}

fn found(place: &Place<'_>, source: Result<Source, SourceError>) -> Result<Found, Invalid> {
    let source = source.map_err(|error| place.invalid(error.to_string()))?;
    let param = place.to_string();
    Ok(Found { source, param })
}

fn media_type(source: &Object<'_, '_>, allowed: &[&str]) -> Result<String, Invalid> {
    source.required("media_type", |at, raw| {
        let mime = string(at, raw)?;
        if allowed.contains(&&*mime) {
            return Ok(mime.into_owned());
        }
        Err(at.invalid(format!("Must be {}.", allowed.join(" or "))))
    })
}

fn unknown_source(source: &Object<'_, '_>, kind: &str, allowed: &str) -> Invalid {
    let message = match kind {
        "file" => "Uploaded files are not supported. Send the data itself, or its URL.".to_owned(),
        _ => format!("Must be {allowed}."),
    };
    source.place_of("type").invalid(message)
}
