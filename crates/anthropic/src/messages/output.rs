//! `output_config`: effort and the format of the answer.

use chat::{Effort, JsonSchema, ResponseFormat};
use serde_json::value::RawValue;

use super::schema;
use crate::{
    Invalid,
    place::Place,
    read::{Object, string},
};

/// The neutral form wants a name for a schema; the API has none.
const SCHEMA_NAME: &str = "output";

/// Reads `output_config.effort`.
///
/// # Errors
/// It is none of the words.
pub(super) fn effort(fields: &Object<'_, '_>) -> Result<Option<Effort>, Invalid> {
    let effort = fields.optional("output_config", |at, raw| {
        Object::read(at, raw.get(), &["effort"])?.optional("effort", effort_word)
    })?;
    Ok(effort.flatten())
}

fn effort_word(place: &Place<'_>, raw: &RawValue) -> Result<Effort, Invalid> {
    match &*string(place, raw)? {
        "low" => Ok(Effort::Low),
        "medium" => Ok(Effort::Medium),
        "high" => Ok(Effort::High),
        // Nothing upstream is above it.
        "xhigh" | "max" => Ok(Effort::Xhigh),
        _ => Err(place.invalid("Must be low, medium, high, xhigh or max.")),
    }
}

/// Reads `output_config.format`, or `output_format`, which is how it began.
///
/// # Errors
/// One of them is no JSON schema.
pub(super) fn format(fields: &Object<'_, '_>) -> Result<ResponseFormat, Invalid> {
    let format = fields.optional("output_config", |at, raw| {
        Object::read(at, raw.get(), &["format"])?.optional("format", json_schema)
    })?;
    let older = fields.optional("output_format", json_schema)?;
    Ok(format.flatten().or(older).unwrap_or_default())
}

fn json_schema(place: &Place<'_>, raw: &RawValue) -> Result<ResponseFormat, Invalid> {
    let format = Object::read(place, raw.get(), &["type", "schema"])?;
    if format.required("type", string)? != "json_schema" {
        return Err(format.place_of("type").invalid("Must be json_schema."));
    }
    Ok(ResponseFormat::JsonSchema {
        name: SCHEMA_NAME.to_owned(),
        schema: JsonSchema::new(format.required("schema", schema::read)?),
    })
}
