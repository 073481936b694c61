//! JSON schemas of what tools take and give.

use std::sync::Arc;

use rmcp::model::{JsonObject, ToolAnnotations};
use serde_json::{Value, json};

/// An object with these properties, and no others.
pub(super) fn object(properties: &Value, required: &[&str]) -> Arc<JsonObject> {
    let schema = json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    });
    match schema {
        Value::Object(schema) => Arc::new(schema),
        _ => Arc::default(),
    }
}

/// What `model` may be, where the catalogue has these.
pub(super) fn model(what: &str, ids: &[String]) -> Value {
    let mut about = format!("Id of the {what} model.");
    if let Some(first) = ids.first() {
        let ids = ids.join(", ");
        about.push_str(&format!(" Default: {first}. Available: {ids}."));
    }
    json!({"type": "string", "description": about})
}

/// All tools ask somebody outside and change nothing at the client.
pub(super) fn annotations(reads_only: bool) -> ToolAnnotations {
    ToolAnnotations::new()
        .read_only(reads_only)
        .destructive(false)
        .idempotent(false)
        .open_world(true)
}
