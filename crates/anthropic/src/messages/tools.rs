//! `tools` and `tool_choice`.

use chat::{Tool, ToolChoice};
use serde_json::value::RawValue;

use super::turns::json_object;
use crate::{
    Invalid,
    place::Place,
    read::{Object, list, string},
};

/// Longest name that the API takes.
const NAME_MAX_BYTES: usize = 128;

/// Reads the field `tools`: custom tools only.
///
/// # Errors
/// The first mistake. A tool that the API's own servers would run is one.
pub(super) fn read(place: &Place<'_>, raw: &RawValue) -> Result<Vec<Tool>, Invalid> {
    list(place, raw, tool)
}

fn tool(place: &Place<'_>, raw: &RawValue) -> Result<Tool, Invalid> {
    let fields = Object::read(
        place,
        raw.get(),
        &["type", "name", "description", "input_schema"],
    )?;
    fields.optional("type", custom)?;
    let description = fields.optional("description", string)?;
    Ok(Tool {
        name: fields.required("name", name)?,
        description: description.map(|text| text.into_owned()),
        parameters: Some(fields.required("input_schema", json_object)?.to_owned()),
    })
}

fn custom(place: &Place<'_>, raw: &RawValue) -> Result<(), Invalid> {
    match &*string(place, raw)? {
        "custom" => Ok(()),
        kind if kind.starts_with("web_search") => Err(place.invalid(
            "The web search tool is not supported. The models search by themselves; remove it.",
        )),
        _ => Err(place.invalid("Only custom tools are supported, not those of Anthropic.")),
    }
}

fn name(place: &Place<'_>, raw: &RawValue) -> Result<String, Invalid> {
    let name = string(place, raw)?;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if !name.is_empty() && name.len() <= NAME_MAX_BYTES && name.bytes().all(allowed) {
        return Ok(name.into_owned());
    }
    Err(place.invalid(format!(
        "Must be 1 to {NAME_MAX_BYTES} letters, digits, `_` or `-`."
    )))
}

/// Reads the field `tool_choice`. `disable_parallel_tool_use` has no effect.
///
/// # Errors
/// The first mistake. To demand a tool, there must be one, and a named one must be among `tools`.
pub(super) fn choice(
    place: &Place<'_>,
    raw: &RawValue,
    tools: &[Tool],
) -> Result<ToolChoice, Invalid> {
    let fields = Object::read(place, raw.get(), &["type", "name"])?;
    let kind = fields.required("type", string)?;
    match &*kind {
        "auto" => Ok(ToolChoice::Auto),
        "none" => Ok(ToolChoice::None),
        "any" if tools.is_empty() => Err(fields
            .place_of("type")
            .invalid("Must not be any without `tools`.")),
        "any" => Ok(ToolChoice::Required),
        "tool" => fields.required("name", |at, raw| {
            let name = string(at, raw)?;
            if tools.iter().any(|tool| tool.name == name) {
                return Ok(ToolChoice::Named(name.into_owned()));
            }
            Err(at.invalid("Must be the name of one of the `tools`."))
        }),
        _ => Err(fields
            .place_of("type")
            .invalid("Must be auto, any, tool or none.")),
    }
}
