//! JSON schemas of the caller: of a tool's input, of the answer.

use serde_json::value::RawValue;

use super::turns::json_object;
use crate::{Invalid, json, place::Place};

/// Longest schema: it is part of the prompt.
const MAX_BYTES: usize = 64 * 1024;
/// Deepest nesting of objects and arrays in it.
const MAX_DEPTH: usize = 100;

/// Reads a schema and keeps it as the caller's text.
///
/// # Errors
/// It is no object, or larger than any schema that helps.
pub(super) fn read(place: &Place<'_>, raw: &RawValue) -> Result<String, Invalid> {
    let schema = json_object(place, raw)?;
    if schema.len() > MAX_BYTES {
        let message = format!("Must not be longer than {MAX_BYTES} bytes. Shorten the schema.");
        return Err(place.invalid(message));
    }
    if json::depth(schema) > MAX_DEPTH {
        let message = format!("Must not nest deeper than {MAX_DEPTH} levels.");
        return Err(place.invalid(message));
    }
    Ok(schema.to_owned())
}
