//! Which of the offered tools may or must be called.

use chat::ToolChoice;

use super::{MAX_NAME_BYTES, MAX_TOOLS, Offered, is_search, is_web_search};
use crate::{
    Invalid,
    json::{Fields, Json, Object},
};

/// What `tool_choice` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Chosen {
    pub(crate) choice: ToolChoice,
    /// It names the web search.
    pub(crate) web_search: bool,
}

/// Parses the field `tool_choice`.
///
/// # Errors
/// `invalid_tool_choice`: no such choice, or it names what was not offered.
pub(crate) fn choice(value: Option<Json<'_>>, offered: &Offered) -> Result<Chosen, Invalid> {
    let choice = match value {
        None => ToolChoice::Auto,
        Some(Json::String(word)) => return choice_word(&word, offered),
        Some(Json::Object(object)) => return choice_object(object, offered),
        Some(_) => return Err(bad_choice("tool_choice", NO_CHOICE)),
    };
    Ok(Chosen {
        choice,
        web_search: false,
    })
}

const NO_CHOICE: &str = "`tool_choice` must be `auto`, `required`, `none`, or an object that names a \
                         function or the allowed tools.";

fn bad_choice(param: &str, message: impl Into<String>) -> Invalid {
    Invalid::new("invalid_tool_choice", param, message)
}

fn choice_word(word: &str, offered: &Offered) -> Result<Chosen, Invalid> {
    let has_functions = !offered.functions.is_empty();
    let choice = match word {
        "auto" => ToolChoice::Auto,
        "none" => ToolChoice::None,
        "required" if has_functions => ToolChoice::Required,
        // The only tool is one that the upstream calls by itself.
        "required" if offered.has_search() => ToolChoice::Auto,
        "required" => {
            let message = "`tool_choice` is `required`, but there are no `tools` to call.";
            return Err(bad_choice("tool_choice", message));
        }
        _ => return Err(bad_choice("tool_choice", NO_CHOICE)),
    };
    Ok(Chosen {
        choice,
        web_search: false,
    })
}

fn choice_object(object: Object<'_>, offered: &Offered) -> Result<Chosen, Invalid> {
    let fields = object.fields(&["type", "function", "name", "allowed_tools", "mode", "tools"]);
    let kind = match fields.get("type") {
        Some(Json::String(kind)) => kind,
        _ => return Err(bad_choice("tool_choice", NO_CHOICE)),
    };
    match kind.as_ref() {
        "function" => {
            let (name, param) = named(&fields, "tool_choice")?;
            check_offered(&name, &param, offered)?;
            Ok(Chosen {
                choice: ToolChoice::Named(name),
                web_search: false,
            })
        }
        "allowed_tools" => match fields.get("allowed_tools") {
            None => allowed(&fields, "tool_choice", offered),
            Some(inner) => {
                let inner = inner.fields(&["mode", "tools"]);
                allowed(&inner, "tool_choice.allowed_tools", offered)
            }
        },
        kind if is_web_search(kind) => Ok(Chosen {
            choice: ToolChoice::Auto,
            web_search: true,
        }),
        _ => Err(bad_choice("tool_choice.type", NO_CHOICE)),
    }
}

/// The function that an object names, and where it does.
fn named(fields: &Fields<'_>, at: &str) -> Result<(String, String), Invalid> {
    let (name, param) = match fields.get("function") {
        Some(function) => {
            let name = function.fields(&["name"]).get("name");
            (name, format!("{at}.function.name"))
        }
        None => (fields.get("name"), format!("{at}.name")),
    };
    match name.and_then(Json::into_text) {
        Some(name) => Ok((name.into_owned(), param)),
        None => Err(bad_choice(at, NO_CHOICE)),
    }
}

fn check_offered(name: &str, param: &str, offered: &Offered) -> Result<(), Invalid> {
    if offered.functions.iter().any(|tool| tool.name == name) {
        return Ok(());
    }
    let shown: String = name.chars().take(MAX_NAME_BYTES).collect();
    let message = format!("There is no function `{shown}` among the `tools`.");
    Err(bad_choice(param, message))
}

fn allowed(fields: &Fields<'_>, at: &str, offered: &Offered) -> Result<Chosen, Invalid> {
    let is_required = match fields.get("mode") {
        Some(Json::String(mode)) if mode == "required" => true,
        Some(Json::String(mode)) if mode == "auto" => false,
        _ => {
            let message = "The `mode` of allowed tools must be `auto` or `required`.";
            return Err(bad_choice(&format!("{at}.mode"), message));
        }
    };
    let param = format!("{at}.tools");
    let list = match fields.get("tools") {
        Some(Json::Array(list)) if !list.is_empty() => list,
        _ => {
            let message = "The allowed `tools` must be an array that names some.";
            return Err(bad_choice(&param, message));
        }
    };
    let (mut names, mut web_search) = (Vec::new(), false);
    list.try_map(|index, value| {
        if index >= MAX_TOOLS {
            let message = format!("There may be at most {MAX_TOOLS} allowed tools.");
            return Err(bad_choice(&param, message));
        }
        let at = format!("{param}.{index}");
        let fields = value.fields(&["type", "function", "name"]);
        match fields.get("type") {
            Some(Json::String(kind)) if is_web_search(&kind) => web_search = true,
            Some(Json::String(kind)) if is_search(&kind) => {}
            Some(Json::String(kind)) if kind == "function" => {
                let (name, param) = named(&fields, &at)?;
                check_offered(&name, &param, offered)?;
                names.push(name);
            }
            _ => return Err(bad_choice(&at, "Each allowed tool must name a function.")),
        }
        Ok(())
    })?;
    let choice = match (names.is_empty(), is_required) {
        (true, _) => ToolChoice::None,
        (false, is_required) => ToolChoice::Allowed { names, is_required },
    };
    Ok(Chosen { choice, web_search })
}
