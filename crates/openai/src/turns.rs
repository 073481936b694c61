//! What the turns of a request know of each other.

use std::collections::HashMap;

use chat::{Role, Turn};

/// Gives the results of tools the names of their tools, which callers write into the calls only.
///
/// A result that has a name keeps it; of several calls with one id the latest before it counts.
pub fn name_tool_results(turns: &mut [Turn]) {
    let mut names: HashMap<String, String> = HashMap::new();
    for turn in turns {
        for call in &turn.tool_calls {
            names.insert(call.id.clone(), call.name.clone());
        }
        if turn.role == Role::Tool && turn.name.is_none() {
            let id = turn.tool_call_id.as_deref().unwrap_or_default();
            turn.name = names.get(id).cloned();
        }
    }
}

#[cfg(test)]
mod tests {
    use chat::ToolCall;

    use super::*;

    fn call(id: &str, name: &str) -> Turn {
        let mut turn = Turn::new(Role::Assistant, Vec::new());
        turn.tool_calls.push(ToolCall {
            id: id.to_owned(),
            name: name.to_owned(),
            arguments: "{}".to_owned(),
        });
        turn
    }

    fn result(id: &str, name: Option<&str>) -> Turn {
        Turn {
            name: name.map(str::to_owned),
            tool_call_id: Some(id.to_owned()),
            ..Turn::text(Role::Tool, "x")
        }
    }

    #[test]
    fn results_are_named_after_the_latest_call_with_their_id() {
        let mut turns = [
            result("a", None),
            call("a", "f"),
            result("a", None),
            call("a", "g"),
            result("a", None),
            result("a", Some("own")),
            result("b", None),
            Turn::text(Role::User, "a"),
        ];
        name_tool_results(&mut turns);
        let names: Vec<_> = turns.iter().map(|turn| turn.name.as_deref()).collect();
        let expected = [
            None,
            None,
            Some("f"),
            None,
            Some("g"),
            Some("own"),
            None,
            None,
        ];
        assert_eq!(names, expected);
    }
}
