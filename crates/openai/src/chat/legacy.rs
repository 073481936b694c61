//! `functions` and `function_call`, which came before `tools`.

use chat::{Tool, ToolChoice};

use crate::{
    Invalid,
    json::{Fields, Json},
    tools::{self, Offered},
};

/// Parses both fields; `None` if the request uses neither.
///
/// # Errors
/// `invalid_value`, `invalid_tool_choice` and those of [`tools::functions`].
pub(super) fn functions(fields: &Fields<'_>) -> Result<Option<(Vec<Tool>, ToolChoice)>, Invalid> {
    let functions = match fields.get("functions") {
        None => Vec::new(),
        Some(value) if value.is_empty() => Vec::new(),
        Some(Json::Array(list)) => tools::functions(list)?,
        Some(other) => {
            let message = format!("`functions` must be an array, not {}.", other.kind());
            return Err(Invalid::value("functions", message));
        }
    };
    let offered = Offered {
        functions,
        ..Offered::default()
    };
    let choice = choice(fields.get("function_call"), &offered)?;
    Ok((!offered.functions.is_empty()).then_some((offered.functions, choice)))
}

fn choice(value: Option<Json<'_>>, offered: &Offered) -> Result<ToolChoice, Invalid> {
    let invalid = |message: &str| {
        Err(Invalid::new(
            "invalid_tool_choice",
            "function_call",
            message,
        ))
    };
    match value {
        None => Ok(ToolChoice::Auto),
        Some(Json::String(word)) if word == "auto" => Ok(ToolChoice::Auto),
        Some(Json::String(word)) if word == "none" => Ok(ToolChoice::None),
        Some(object @ Json::Object(_)) => {
            let name = object
                .fields(&["name"])
                .get("name")
                .and_then(Json::into_text);
            match name {
                Some(name) if offered.functions.iter().any(|tool| tool.name == name) => {
                    Ok(ToolChoice::Named(name.into_owned()))
                }
                _ => invalid("`function_call` must name one of the `functions`."),
            }
        }
        Some(_) => invalid("`function_call` must be `auto`, `none` or {\"name\":\"…\"}."),
    }
}
