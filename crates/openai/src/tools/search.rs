//! The search switch of xAI's API.

use chat::Search;

use crate::{Invalid, json::Json};

/// Parses `search_parameters`, the search switch of xAI's API.
///
/// # Errors
/// `invalid_value`; `unsupported_parameter` for limits that the upstream's search does not know.
pub(crate) fn search_parameters(value: Option<Json<'_>>) -> Result<Search, Invalid> {
    let Some(value) = value else {
        return Ok(Search::default());
    };
    let fields = value.fields(&["mode", "sources", "from_date", "to_date"]);
    for name in ["from_date", "to_date"] {
        if fields.raw(name).is_some() {
            let message = format!("The search cannot be held to a time. Remove `{name}`.");
            return Err(Invalid::unsupported(
                format!("search_parameters.{name}"),
                message,
            ));
        }
    }
    let both = |web, x| Search {
        web: Some(web),
        x: Some(x),
    };
    let is_on = match fields.get("mode") {
        None => true,
        Some(Json::String(mode)) if mode == "off" => false,
        Some(Json::String(mode)) if mode == "auto" || mode == "on" => true,
        Some(_) => {
            let message = "The `mode` of `search_parameters` must be `off`, `auto` or `on`.";
            return Err(Invalid::value("search_parameters.mode", message));
        }
    };
    if !matches!(value, Json::Object(_)) {
        let message = "`search_parameters` must be an object with a `mode`.";
        return Err(Invalid::value("search_parameters", message));
    }
    match fields.get("sources") {
        _ if !is_on => Ok(both(false, false)),
        None => Ok(both(true, true)),
        Some(Json::Array(list)) => {
            let (mut web, mut x) = (false, false);
            list.try_map(|index, value| {
                let at = format!("search_parameters.sources.{index}");
                source(&value, at, &mut web, &mut x)
            })?;
            Ok(both(web, x))
        }
        Some(_) => Err(Invalid::value(
            "search_parameters.sources",
            "`sources` must be an array of objects with a `type`.",
        )),
    }
}

/// Filters of a source of xAI's that the upstream's own search does not know.
const SOURCE_FILTERS: &[&str] = &[
    "type",
    "allowed_websites",
    "excluded_websites",
    "included_x_handles",
    "excluded_x_handles",
    "x_handles",
];

fn source(value: &Json<'_>, at: String, web: &mut bool, x: &mut bool) -> Result<(), Invalid> {
    let fields = value.fields(SOURCE_FILTERS);
    let asked = SOURCE_FILTERS.iter().skip(1).find(|name| {
        let filter = fields.get(name);
        filter.is_some_and(|filter| !filter.is_empty())
    });
    if let Some(name) = asked {
        let message = format!("The search cannot be held to sites or accounts. Remove `{name}`.");
        return Err(Invalid::unsupported(format!("{at}.{name}"), message));
    }
    match fields.get("type") {
        Some(Json::String(kind)) if kind == "web" || kind == "news" => *web = true,
        Some(Json::String(kind)) if kind == "x" => *x = true,
        _ => {
            let message = "The `type` of a source must be `web`, `news` or `x`.";
            return Err(Invalid::value(format!("{at}.type"), message));
        }
    }
    Ok(())
}
