//! Blocks that show something: text, images, documents, search results.

use chat::Part;
use serde_json::value::RawValue;

use super::attach;
use crate::{
    Invalid,
    place::Place,
    read::{Object, objects, string, wrong_type},
};

/// The fields of all blocks that are known.
const BLOCK_FIELDS: &[&str] = &[
    "type",
    "text",
    "source",
    "title",
    "context",
    "content",
    "id",
    "name",
    "input",
    "tool_use_id",
    "is_error",
    "tool_name",
];

/// What a user may show.
pub(super) const SHOWN: &[&str] = &["text", "image", "document", "search_result"];
/// What a tool may show.
pub(super) const BY_TOOL: &[&str] = &[
    "text",
    "image",
    "document",
    "search_result",
    "tool_reference",
];
/// What a document may be made of.
pub(super) const IN_DOCUMENT: &[&str] = &["text", "image"];
const TEXT_ONLY: &[&str] = &["text"];

/// Reads a content that holds text only.
///
/// # Errors
/// It is neither a string nor an array of text blocks.
pub(super) fn texts(place: &Place<'_>, raw: &RawValue) -> Result<Vec<Part>, Invalid> {
    let mut parts = Vec::new();
    contents(place, raw, TEXT_ONLY, &mut parts)?;
    Ok(parts)
}

/// Reads a string, or an array of blocks of the types `allowed`, onto the end of `parts`.
///
/// # Errors
/// It is neither, and those of [`read`].
pub(super) fn contents(
    place: &Place<'_>,
    raw: &RawValue,
    allowed: &[&str],
    parts: &mut Vec<Part>,
) -> Result<(), Invalid> {
    match raw.get().as_bytes().first() {
        Some(b'"') => {
            parts.push(Part::Text(string(place, raw)?.into_owned()));
            Ok(())
        }
        Some(b'[') => blocks(place, raw, |block, kind| read(block, kind, allowed, parts)),
        _ => Err(wrong_type(place, raw, "a string or an array of blocks")),
    }
}

/// Gives each block of an array to `read`, with its type.
///
/// # Errors
/// It is no array, an element is no block, and those of `read`.
pub(super) fn blocks<'a>(
    place: &Place<'_>,
    raw: &'a RawValue,
    mut read: impl FnMut(&Object<'a, '_>, &str) -> Result<(), Invalid>,
) -> Result<(), Invalid> {
    objects(place, raw, BLOCK_FIELDS, |block| {
        let kind = block.required("type", string)?;
        read(block, &kind)
    })
}

/// Reads a block of one of the types `allowed` onto the end of `parts`. Blank text is no mistake: it
/// says nothing.
///
/// # Errors
/// Its type is another one, or it breaks a rule of its type.
pub(super) fn read(
    block: &Object<'_, '_>,
    kind: &str,
    allowed: &[&str],
    parts: &mut Vec<Part>,
) -> Result<(), Invalid> {
    match kind {
        _ if !allowed.contains(&kind) => {
            let message = match allowed {
                [only] => format!("Must be {only} here."),
                several => format!("Must be one of these here: {}.", several.join(", ")),
            };
            Err(block.place_of("type").invalid(message))
        }
        "image" => attach::image(block, parts),
        "document" => attach::document(block, parts),
        "search_result" => search_result(block, parts),
        "tool_reference" => {
            let name = block.required("tool_name", string)?;
            parts.push(Part::Text(format!("[tool_reference] {name}")));
            Ok(())
        }
        _ => {
            let text = block.required("text", string)?.into_owned();
            parts.push(Part::Text(text));
            Ok(())
        }
    }
}

/// A heading with title and source, then the texts.
fn search_result(block: &Object<'_, '_>, parts: &mut Vec<Part>) -> Result<(), Invalid> {
    let title = block.required("title", string)?;
    let source = block.required("source", string)?;
    parts.push(Part::Text(format!("[search_result] {title} ({source})")));
    block.required("content", |at, raw| {
        blocks(at, raw, |block, kind| read(block, kind, TEXT_ONLY, parts))
    })
}
