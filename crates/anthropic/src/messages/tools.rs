//! `tools` and `tool_choice`.

use chat::{Tool, ToolChoice};
use serde_json::value::RawValue;

use super::schema;
use crate::{
    Invalid,
    place::Place,
    read::{Object, boolean, each, string},
};

mod builtin;

/// Longest name that the API takes.
const NAME_MAX_BYTES: usize = 128;
/// More custom tools than a model can choose among; each is a section of the prompt.
const MAX_TOOLS: usize = 128;

/// What the field `tools` declares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Declared {
    /// The caller's own.
    pub(super) custom: Vec<Tool>,
    /// The web search tool is among them.
    pub(super) has_web_search: bool,
}

impl Declared {
    /// Whether a tool of that name can be called by the caller's program.
    fn has_custom(&self, name: &str) -> bool {
        self.custom.iter().any(|tool| tool.name == name)
    }
}

/// Reads the field `tools`: custom tools, and the web search tool.
///
/// # Errors
/// The first mistake. Every other tool of Anthropic is one.
pub(super) fn read(place: &Place<'_>, raw: &RawValue) -> Result<Declared, Invalid> {
    let mut declared = Declared::default();
    each(place, raw, |at, raw| {
        let fields = Object::read(at, raw.get(), builtin::FIELDS)?;
        if fields.optional("type", builtin::is_web_search)? == Some(true) {
            builtin::web_search(&fields)?;
            declared.has_web_search = true;
            return Ok(());
        }
        if declared.custom.len() == MAX_TOOLS {
            return Err(place.invalid(format!("Must not hold more than {MAX_TOOLS} tools.")));
        }
        let tool = custom(&fields)?;
        if declared.has_custom(&tool.name) {
            let message = "Is the name of an earlier tool. Give each tool a name of its own.";
            return Err(fields.place_of("name").invalid(message));
        }
        declared.custom.push(tool);
        Ok(())
    })?;
    Ok(declared)
}

fn custom(fields: &Object<'_, '_>) -> Result<Tool, Invalid> {
    let name = fields.required("name", name)?;
    let description = fields.optional("description", string)?;
    Ok(Tool {
        name,
        description: description.map(|text| text.into_owned()),
        parameters: Some(fields.required("input_schema", schema::read)?),
    })
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

/// What the field `tool_choice` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) tool_choice: ToolChoice,
    /// At most one call an answer.
    pub(super) one_tool_call: bool,
}

/// Reads the field `tool_choice`.
///
/// Nobody can make the model search the web, so a choice that only the web search tool can fulfil
/// leaves it to the model.
///
/// # Errors
/// The first mistake. To demand a tool, there must be one, and a named one must be among `tools`.
pub(super) fn choice(
    place: &Place<'_>,
    raw: &RawValue,
    tools: &Declared,
) -> Result<Choice, Invalid> {
    let fields = Object::read(
        place,
        raw.get(),
        &["type", "name", "disable_parallel_tool_use"],
    )?;
    let kind = fields.required("type", string)?;
    let tool_choice = match &*kind {
        "auto" => ToolChoice::Auto,
        "none" => ToolChoice::None,
        "any" if !tools.custom.is_empty() => ToolChoice::Required,
        "any" if tools.has_web_search => ToolChoice::Auto,
        "any" => {
            let message = "Must not be any without `tools`.";
            return Err(fields.place_of("type").invalid(message));
        }
        "tool" => fields.required("name", |at, raw| named(at, raw, tools))?,
        _ => {
            let message = "Must be auto, any, tool or none.";
            return Err(fields.place_of("type").invalid(message));
        }
    };
    let one_tool_call = fields.optional("disable_parallel_tool_use", boolean)?;
    Ok(Choice {
        tool_choice,
        one_tool_call: one_tool_call.unwrap_or(false),
    })
}

fn named(place: &Place<'_>, raw: &RawValue, tools: &Declared) -> Result<ToolChoice, Invalid> {
    let name = string(place, raw)?;
    if tools.has_custom(&name) {
        return Ok(ToolChoice::Named(name.into_owned()));
    }
    if tools.has_web_search && name == builtin::WEB_SEARCH {
        return Ok(ToolChoice::Auto);
    }
    Err(place.invalid("Must be the name of one of the `tools`."))
}
