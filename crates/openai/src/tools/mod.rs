//! The tools that the caller's program offers and whether they must be called, in both of OpenAI's
//! forms: nested under `function` (chat completions) and flat (Responses). Either is taken by both.

use chat::{Search, Tool, ToolChoice};

use crate::{
    Invalid,
    json::{Array, Fields, Json, Object},
};

mod choice;
mod search;

pub(crate) use choice::{Chosen, choice};
pub(crate) use search::search_parameters;

/// Tools in one request; the limit of OpenAI's API.
pub(crate) const MAX_TOOLS: usize = 128;
/// Longest name of a tool; OpenAI's limit.
const MAX_NAME_BYTES: usize = 64;
/// Longest JSON schema: it becomes part of the prompt.
pub(crate) const MAX_SCHEMA_BYTES: usize = 128 * 1024;
/// Names, descriptions and schemas of all tools together.
const MAX_TOOLS_BYTES: usize = 1024 * 1024;

/// The form that a protocol documents, for the places that errors name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// `{"type":"function","function":{"name":…}}`
    Nested,
    /// `{"type":"function","name":…}`
    Flat,
}

/// What the field `tools` offers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Offered {
    pub(crate) functions: Vec<Tool>,
    /// A web search tool is among them: the upstream searches by itself.
    pub(crate) web_search: bool,
    /// The same for posts on X, in the words of xAI's API.
    pub(crate) x_search: bool,
}

impl Offered {
    /// What tools and their choice say about searching; `None`: nothing.
    pub(crate) fn search(&self, chosen: &Chosen) -> Search {
        // "none" is about every tool.
        let may_search = chosen.choice != ToolChoice::None || chosen.web_search;
        Search {
            web: (self.web_search || chosen.web_search).then_some(may_search),
            x: self.x_search.then_some(may_search),
        }
    }

    /// Whether the upstream is asked to search.
    pub(crate) fn has_search(&self) -> bool {
        self.web_search || self.x_search
    }
}

/// Parses the field `tools`.
///
/// # Errors
/// `invalid_tools`, `too_many_tools`, `tools_too_large`, `invalid_tool_type`,
/// `missing_function_name`, `invalid_function_name`; `invalid_value` for the rest.
pub(crate) fn offered(value: Option<Json<'_>>, form: Form) -> Result<Offered, Invalid> {
    let list = match value {
        None => return Ok(Offered::default()),
        Some(Json::Array(list)) => list,
        Some(other) => {
            let message = format!("`tools` must be an array, not {}.", other.kind());
            return Err(Invalid::new("invalid_tools", "tools", message));
        }
    };
    let mut offered = Offered::default();
    let mut bytes = 0;
    list.try_map(|index, value| {
        check_count(index, "tools")?;
        match tool(index, &value, form)? {
            Kind::WebSearch => offered.web_search = true,
            Kind::XSearch => offered.x_search = true,
            Kind::Ignored => {}
            Kind::Function(tool) => {
                bytes += tool_bytes(&tool);
                check_size(bytes, "tools")?;
                offered.functions.push(tool);
            }
        }
        Ok(())
    })?;
    Ok(offered)
}

/// Parses the field `functions`, which came before `tools`.
///
/// # Errors
/// As [`offered`].
pub(crate) fn functions(list: Array<'_>) -> Result<Vec<Tool>, Invalid> {
    let mut bytes = 0;
    list.try_map(|index, value| {
        check_count(index, "functions")?;
        let Json::Object(object) = value else {
            let message = "Each of `functions` must be an object.";
            return Err(Invalid::value(format!("functions.{index}"), message));
        };
        let tool = function(&format!("functions.{index}"), object)?;
        bytes += tool_bytes(&tool);
        check_size(bytes, "functions")?;
        Ok(tool)
    })
}

fn check_count(index: usize, param: &str) -> Result<(), Invalid> {
    if index < MAX_TOOLS {
        return Ok(());
    }
    let message = format!("`{param}` must not hold more than {MAX_TOOLS} tools.");
    Err(Invalid::new("too_many_tools", param, message))
}

fn check_size(bytes: usize, param: &str) -> Result<(), Invalid> {
    if bytes <= MAX_TOOLS_BYTES {
        return Ok(());
    }
    let message = format!(
        "`{param}` must not hold more than {} KiB of names, descriptions and schemas.",
        MAX_TOOLS_BYTES / 1024
    );
    Err(Invalid::new("tools_too_large", param, message))
}

fn tool_bytes(tool: &Tool) -> usize {
    let len = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    tool.name.len() + len(&tool.description) + len(&tool.parameters)
}

/// What a tool is.
enum Kind {
    Function(Tool),
    WebSearch,
    XSearch,
    /// Not served, and its client does without.
    Ignored,
}

fn tool(index: usize, value: &Json<'_>, form: Form) -> Result<Kind, Invalid> {
    let at = format!("tools.{index}");
    let fields = value.fields(TOOL_FIELDS);
    let kind = match fields.get("type") {
        Some(Json::String(kind)) => kind,
        _ => {
            let message = "Each tool needs a `type`: `function`, `web_search` or `x_search`.";
            return Err(Invalid::new("invalid_tool_type", at + ".type", message));
        }
    };
    if is_search(&kind) {
        check_filters(&fields, &at)?;
        return Ok(if is_web_search(&kind) {
            Kind::WebSearch
        } else {
            Kind::XSearch
        });
    }
    if kind == NAMESPACE {
        return Ok(Kind::Ignored);
    }
    if kind != "function" {
        return Err(Invalid::new(
            "invalid_tool_type",
            at + ".type",
            other_type(&kind),
        ));
    }
    let nested = fields.get("function");
    let is_nested = nested.is_some() || (form == Form::Nested && fields.raw("name").is_none());
    match (nested, value) {
        (Some(Json::Object(object)), _) => {
            function(&(at + ".function"), object).map(Kind::Function)
        }
        (None, Json::Object(object)) if !is_nested => function(&at, *object).map(Kind::Function),
        _ => Err(missing_name(&(at + ".function"))),
    }
}

/// Functions in a group of their own, which Codex offers beside its own tools: its calls would have to
/// say the group's name, and it works without them.
const NAMESPACE: &str = "namespace";

/// What to do about a tool that nobody here can run.
fn other_type(kind: &str) -> String {
    if kind == "image_generation" {
        return "The tool `image_generation` is not needed: leave it out and ask for a picture, or use \
                `POST /v1/images/generations`."
            .to_owned();
    }
    let shown: String = kind.chars().take(MAX_NAME_BYTES).collect();
    format!(
        "Tools of the type `{shown}` are not served here. Use `function` and run it in your program, \
         or `web_search` or `x_search`."
    )
}

pub(crate) fn is_web_search(kind: &str) -> bool {
    kind.starts_with("web_search")
}

/// Of the web or of X.
pub(crate) fn is_search(kind: &str) -> bool {
    is_web_search(kind) || kind == "x_search"
}

/// Fields of a tool, of which a search's name what it is to be held to.
const TOOL_FIELDS: &[&str] = &[
    "type",
    "function",
    "name",
    "filters",
    "allowed_x_handles",
    "excluded_x_handles",
    "from_date",
    "to_date",
];

/// The upstream's search cannot be held to domains, accounts or days, and a promise of that is not
/// made.
fn check_filters(fields: &Fields<'_>, at: &str) -> Result<(), Invalid> {
    const DOMAINS: &[&str] = &["allowed_domains", "blocked_domains", "excluded_domains"];
    let refuse = |param: String| {
        let message = "The search cannot be held to domains, accounts or days. Remove this filter.";
        Err(Invalid::unsupported(param, message))
    };
    let is_set = |value: Option<Json<'_>>| value.is_some_and(|value| !value.is_empty());
    let names = TOOL_FIELDS.iter().skip(4);
    if let Some(name) = names.copied().find(|name| is_set(fields.get(name))) {
        return refuse(format!("{at}.{name}"));
    }
    let Some(filters) = fields.get("filters") else {
        return Ok(());
    };
    let filters = filters.fields(DOMAINS);
    match DOMAINS.iter().find(|name| is_set(filters.get(name))) {
        None => Ok(()),
        Some(name) => refuse(format!("{at}.filters.{name}")),
    }
}

/// A function whose fields stand in `object`, which stands at `at`.
fn function(at: &str, object: Object<'_>) -> Result<Tool, Invalid> {
    let fields = object.fields(&["name", "description", "parameters"]);
    let name = fields
        .get("name")
        .and_then(Json::into_text)
        .ok_or_else(|| missing_name(at))?;
    if !is_name(&name) {
        let message = format!(
            "The name of a tool must be 1 to {MAX_NAME_BYTES} letters, digits, `_` or `-`."
        );
        return Err(Invalid::new(
            "invalid_function_name",
            format!("{at}.name"),
            message,
        ));
    }
    let description = match fields.get("description") {
        None => None,
        Some(Json::String(text)) => Some(text.into_owned()),
        Some(_) => {
            let message = "The `description` of a tool must be a string.";
            return Err(Invalid::value(format!("{at}.description"), message));
        }
    };
    Ok(Tool {
        name: name.into_owned(),
        description,
        parameters: schema(&fields, "parameters", &format!("{at}.parameters"))?,
    })
}

fn missing_name(at: &str) -> Invalid {
    Invalid::new(
        "missing_function_name",
        format!("{at}.name"),
        "Each function needs a `name`.",
    )
}

fn is_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    (1..=MAX_NAME_BYTES).contains(&name.len()) && name.bytes().all(is_plain)
}

/// The JSON text of a schema.
///
/// # Errors
/// `invalid_value`: it is no object, or too long.
pub(crate) fn schema(
    fields: &Fields<'_>,
    name: &str,
    param: &str,
) -> Result<Option<String>, Invalid> {
    if !matches!(fields.get(name), None | Some(Json::Object(_))) {
        let message = format!("`{name}` must be a JSON schema, which is an object.");
        return Err(Invalid::value(param, message));
    }
    let schema = fields.raw(name);
    if schema.is_some_and(|schema| schema.len() > MAX_SCHEMA_BYTES) {
        let kib = MAX_SCHEMA_BYTES / 1024;
        let message = format!("`{name}` must not be longer than {kib} KiB.");
        return Err(Invalid::value(param, message));
    }
    Ok(schema.map(str::to_owned))
}

#[cfg(test)]
mod tests;
