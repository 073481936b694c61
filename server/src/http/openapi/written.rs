//! The document as JSON, with what the library that collects it cannot say.

use serde_json::{Map, Value, json};

use super::errors::meaning;
use crate::http::protocol::Protocol;

/// How the media type of server-sent events is written.
pub(super) const EVENTS: &str = "text/event-stream";

/// Finishes the document: streams are described event by event, errors that are the same everywhere are
/// written once, and descriptions stand where readers look for them.
pub(super) fn finish(document: &mut Value) {
    lift(document);
    let mut shared = Map::new();
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    for (path, item) in paths {
        let envelope = match Protocol::of(path) {
            Protocol::Anthropic => "AnthropicError",
            Protocol::OpenAi | Protocol::Mcp => "Error",
        };
        for entry in item.as_object_mut().into_iter().flat_map(Map::values_mut) {
            // An index would make what is not there.
            let parameters = entry.get_mut("parameters").and_then(Value::as_array_mut);
            let schemas = parameters.into_iter().flatten();
            schemas
                .filter_map(|parameter| parameter.get_mut("schema"))
                .for_each(make_plain);
            let responses = entry.get_mut("responses").and_then(Value::as_object_mut);
            for (status, response) in responses.into_iter().flatten() {
                describe_events(response, envelope);
                share(&mut shared, envelope, status, response);
            }
        }
    }
    document["components"]["responses"] = shared.into();
}

fn schema(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// A field that may be absent is a choice between its shape and `null`; its description stands at the shape,
/// and is about the field.
fn lift(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.values_mut().for_each(lift);
            if object.contains_key("description") {
                return;
            }
            let choices = object.get_mut("oneOf").and_then(Value::as_array_mut);
            let is_optional = |choices: &&mut Vec<Value>| {
                choices.len() == 2 && choices.iter().any(|one| one["type"] == "null")
            };
            let shape = choices.filter(is_optional).and_then(|choices| {
                let mut choices = choices.iter_mut();
                choices.find(|one| one["$ref"].is_string())
            });
            let text = shape.and_then(|shape| shape.as_object_mut()?.remove("description"));
            if let Some(text) = text {
                object.insert("description".to_owned(), text);
            }
        }
        Value::Array(list) => list.iter_mut().for_each(lift),
        _ => {}
    }
}

/// A parameter that may be left out has no value `null`.
fn make_plain(schema: &mut Value) {
    let words = schema["type"].as_array().cloned();
    if let Some(word) = words.and_then(|words| words.into_iter().find(|word| word != "null")) {
        schema["type"] = word;
    }
    let choices = schema["oneOf"].as_array().cloned();
    if let Some(shape) = choices.and_then(|all| all.into_iter().find(|one| one["type"] != "null")) {
        *schema = shape;
    }
}

/// A stream is told by what each of its events is: the shape is that of the JSON in `data`. An error that
/// comes on the way is an event as well.
fn describe_events(response: &mut Value, envelope: &str) {
    let place = "/content/text~1event-stream/schema";
    let Some(content) = response.pointer_mut(place) else {
        return;
    };
    let shape = content.take();
    *content = json!({
        "type": "object",
        "required": ["data"],
        "properties": {
            "event": {"type": "string", "description": "The name of the event, where it has one."},
            "id": {"type": "string", "description": "Where a stream that broke off goes on."},
            "data": {"anyOf": [
                {
                    "type": "string",
                    "contentMediaType": "application/json",
                    "contentSchema": {"anyOf": [shape, schema(envelope)]},
                },
                // How streams in OpenAI's older form end.
                {"type": "string", "enum": ["[DONE]"]},
            ]},
        },
    });
}

/// Puts an error that says nothing of its own where all operations find it.
fn share(shared: &mut Map<String, Value>, envelope: &str, status: &str, response: &mut Value) {
    let is_common = response["description"] == meaning(status)
        && response["content"]["application/json"]["schema"] == schema(envelope);
    if is_common {
        let name = format!("{envelope}{status}");
        let reference = json!({"$ref": format!("#/components/responses/{name}")});
        let response = std::mem::replace(response, reference);
        shared.entry(name).or_insert(response);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_described_by_their_events_and_common_errors_are_shared() {
        let error = json!({"application/json": {"schema": schema("Error")}});
        let mut document = json!({
            "paths": {"/v1/x": {"get": {
                "parameters": [{"schema": {"type": ["string", "null"]}}],
                "responses": {
                    "200": {"content": {EVENTS: {"schema": schema("Chunk")}}},
                    "404": {"description": meaning("404"), "content": error},
                    "409": {"description": "Its own.", "content": error},
                },
            }}},
            "components": {"schemas": {"A": {"properties": {"b": {
                "oneOf": [{"type": "null"}, {"$ref": "#/x", "description": "Of b."}],
            }}}}},
        });
        document["paths"]["/v1/y"]["get"] = json!({"responses": {}});
        finish(&mut document);
        assert_eq!(document["paths"]["/v1/y"]["get"], json!({"responses": {}}));
        let entry = &document["paths"]["/v1/x"]["get"];
        assert_eq!(entry["parameters"][0]["schema"], json!({"type": "string"}));
        let event = &entry["responses"]["200"]["content"][EVENTS]["schema"]["properties"]["data"];
        let data = json!({"anyOf": [schema("Chunk"), schema("Error")]});
        assert_eq!(event["anyOf"][0]["contentSchema"], data);
        let reference = json!({"$ref": "#/components/responses/Error404"});
        assert_eq!(entry["responses"]["404"], reference);
        assert_eq!(entry["responses"]["409"]["description"], "Its own.");
        assert_eq!(
            document["components"]["responses"]["Error404"]["content"],
            error
        );
        let field = &document["components"]["schemas"]["A"]["properties"]["b"];
        assert_eq!(field["description"], "Of b.");
        assert_eq!(field["oneOf"][1], json!({"$ref": "#/x"}));
    }
}
