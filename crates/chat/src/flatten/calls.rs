//! A history with calls and results, as a model with tools is told it (`docs/upstream-protocol.md` 5.1).

use std::collections::HashMap;

use serde_json::value::RawValue;

use crate::{Role, ToolCall, Turn, json};

/// Renders the turns from `start` on. Earlier ones name the tools whose results come later.
pub(super) fn render(turns: &[Turn], start: usize) -> String {
    let names: HashMap<&str, &str> = turns
        .iter()
        .flat_map(|turn| &turn.tool_calls)
        .map(|call| (call.id.as_str(), call.name.as_str()))
        .collect();
    let told: Vec<_> = turns
        .get(start..)
        .unwrap_or_default()
        .iter()
        .map(|turn| (label(turn.role), tell(turn, &names)))
        .filter(|(_, text)| !text.is_empty())
        .collect();
    let user = label(Role::User);
    let bare = told.iter().rposition(|(label, _)| *label == user);
    let mut text = String::with_capacity(told.iter().map(|(_, text)| text.len() + 16).sum());
    for (index, (label, said)) in told.iter().enumerate() {
        if index > 0 {
            text.push_str("\n\n");
        }
        if bare != Some(index) {
            text.extend([label, ": "]);
        }
        text.push_str(said);
    }
    text
}

/// A result is the user's: so the model goes on from it.
fn label(role: Role) -> &'static str {
    match role {
        Role::Tool => Role::User.as_str(),
        other => other.as_str(),
    }
}

fn tell(turn: &Turn, names: &HashMap<&str, &str>) -> String {
    let mut text = String::new();
    if turn.role == Role::Tool {
        let id = turn.tool_call_id.as_deref().unwrap_or_default();
        let name = turn.name.as_deref().or_else(|| names.get(id).copied());
        text.extend(["tool (", name.unwrap_or("unknown"), ", ", id, "): "]);
    }
    for (index, part) in turn.texts().enumerate() {
        if index > 0 {
            text.push('\n');
        }
        super::write_part(turn.role, part, &mut text);
    }
    for call in &turn.tool_calls {
        if !text.is_empty() {
            text.push('\n');
        }
        write_call(call, &mut text);
    }
    if turn.role == Role::Tool {
        // An empty result.
        text.truncate(text.trim_end().len());
    }
    text
}

fn write_call(call: &ToolCall, out: &mut String) {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let arguments = call.arguments.trim();
    let is_json = serde_json::from_str::<&RawValue>(arguments).is_ok();
    let arguments = match arguments {
        "" => "{}".to_owned(),
        json if is_json => json::compact(json),
        other => quoted(other),
    };
    out.extend([
        "<tool_call>{\"name\":",
        &quoted(&call.name),
        ",\"arguments\":",
        &arguments,
        "}</tool_call>",
    ]);
}
