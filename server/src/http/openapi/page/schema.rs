//! Types and shapes.

use grok2api_app::{DocsFrame, DocsText};
use serde_json::Value;

use super::html::{escaped, inline, paragraphs};

/// Words of a list that are all shown.
const MAX_WORDS: usize = 24;

/// What a value of this schema is, in a few words.
pub(super) fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(reference) {
        return format!("<a href=\"#shape-{name}\">{name}</a>");
    }
    for (word, parts) in [("or", "oneOf"), ("or", "anyOf"), ("and", "allOf")] {
        if let Some(parts) = schema[parts].as_array() {
            let parts: Vec<_> = parts.iter().map(kind).collect();
            return parts.join(&format!(" {word} "));
        }
    }
    if let Some(words) = schema["enum"].as_array() {
        let shown = words.iter().take(MAX_WORDS).filter(|word| !word.is_null());
        let shown: Vec<_> = shown
            .map(|word| format!("<code>{}</code>", plain(word)))
            .collect();
        return shown.join(", ");
    }
    match &schema["type"] {
        Value::String(word) => of_type(word, schema),
        Value::Array(words) => {
            let words = words.iter().filter_map(Value::as_str);
            let words: Vec<_> = words.map(|word| of_type(word, schema)).collect();
            words.join(" or ")
        }
        _ => "anything".to_owned(),
    }
}

fn of_type(word: &str, schema: &Value) -> String {
    match word {
        "array" => format!("array of {}", kind(&schema["items"])),
        "object" if schema["additionalProperties"].is_object() => {
            format!("object of {}", kind(&schema["additionalProperties"]))
        }
        "string" if schema["format"] == "binary" => "file".to_owned(),
        word => escaped(word),
    }
}

/// A value without quotes.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => escaped(text),
        value => escaped(&value.to_string()),
    }
}

/// The limits of a value, behind its type.
fn limits(schema: &Value) -> String {
    let named = [
        ("minimum", "from "),
        ("maximum", "to "),
        ("minLength", "at least "),
        ("maxLength", "at most "),
        ("minItems", "at least "),
        ("maxItems", "at most "),
        ("default", "default "),
    ];
    let known = named.into_iter().filter_map(|(name, word)| {
        let value = &schema[name];
        (!value.is_null()).then(|| format!("{word}{}", plain(value)))
    });
    let known: Vec<_> = known.collect();
    match known.is_empty() {
        true => String::new(),
        false => format!(" ({})", known.join(", ")),
    }
}

fn reference(path: &str) -> Option<&str> {
    path.strip_prefix("#/components/schemas/")
}

/// The schema that this one names, or itself.
pub(super) fn resolved<'d>(document: &'d Value, schema: &'d Value) -> &'d Value {
    let name = schema["$ref"].as_str().and_then(reference);
    name.map_or(schema, |name| &document["components"]["schemas"][name])
}

/// A row for a field or a parameter.
pub(super) fn row(
    frame: DocsFrame,
    name: &str,
    is_required: bool,
    schema: &Value,
    text: &str,
) -> String {
    // What may be left out may be `null` as well, which need not be said of each.
    let (required, kind) = match is_required {
        true => (
            format!(" <em>{}</em>", frame.text(DocsText::Required)),
            kind(schema),
        ),
        false => (String::new(), kind(schema).replace(" or null", "")),
    };
    format!(
        "<tr><th scope=\"row\"><code>{}</code>{required}</th><td lang=\"en\">{}{}</td>\
         <td lang=\"en\">{}</td></tr>\n",
        escaped(name),
        kind,
        limits(schema),
        inline(text)
    )
}

/// A table with `rows`, which scrolls by itself where it is wider than the screen.
pub(super) fn table(frame: DocsFrame, label: &str, rows: &str) -> String {
    format!(
        "<div class=\"docs__table\" role=\"group\" aria-label=\"{}\" tabindex=\"0\"><table>\
         <thead><tr><th scope=\"col\">{}</th><th scope=\"col\">{}</th><th scope=\"col\">{}</th></tr>\
         </thead><tbody>\n{rows}</tbody></table></div>\n",
        escaped(label),
        frame.text(DocsText::Field),
        frame.text(DocsText::Type),
        frame.text(DocsText::Meaning),
    )
}

/// The fields of an object, as rows; those that are required first.
pub(super) fn fields(frame: DocsFrame, schema: &Value) -> String {
    let required = schema["required"].as_array();
    let is_required = |name: &str| required.is_some_and(|all| all.iter().any(|one| one == name));
    let properties = schema["properties"].as_object();
    let mut properties: Vec<_> = properties.into_iter().flatten().collect();
    properties.sort_by_key(|(name, _)| !is_required(name));
    let rows = properties.into_iter().map(|(name, schema)| {
        let text = schema["description"].as_str().unwrap_or_default();
        row(frame, name, is_required(name), schema, text)
    });
    rows.collect()
}

/// Every shape once.
pub(super) fn write_shapes(frame: DocsFrame, document: &Value, out: &mut String) {
    out.push_str(&format!(
        "<section aria-labelledby=\"shapes\">\n<h2 id=\"shapes\">{}</h2>\n<p>{}</p>\n",
        frame.text(DocsText::Shapes),
        frame.text(DocsText::ShapesLead)
    ));
    let shapes = document["components"]["schemas"].as_object();
    for (name, shape) in shapes.into_iter().flatten() {
        out.push_str(&format!(
            "<h3 id=\"shape-{0}\"><code>{0}</code></h3>\n",
            escaped(name)
        ));
        let text = shape["description"].as_str().unwrap_or_default();
        out.push_str(&format!("<div lang=\"en\">{}</div>\n", paragraphs(text)));
        let variants = shape["oneOf"].as_array().into_iter().flatten();
        let objects: Vec<_> = variants
            .filter(|one| one["properties"].is_object())
            .collect();
        if shape["properties"].is_object() {
            out.push_str(&table(frame, name, &fields(frame, shape)));
        } else if objects.is_empty() {
            out.push_str(&format!("<p lang=\"en\">{}</p>\n", kind(shape)));
        }
        for variant in objects {
            out.push_str(&table(frame, name, &fields(frame, variant)));
        }
    }
    out.push_str("</section>\n");
}
