//! Calls as a model writes them (protocol 5.3 and 8.7).

use super::Task;
use crate::{
    hash::{mix, pick},
    prompt::Tool,
    schema,
};

/// Said before a call at times.
const LEADS: [&str; 3] = [
    "I will look that up.",
    "Let me check.",
    "One moment, I will use a tool for this.",
];

/// A call, its arguments as JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) name: String,
    pub(super) arguments: String,
    /// Written with a trailing comma and without its last brace.
    pub(super) is_broken: bool,
}

/// How calls are written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// A `<tool_call>` block with JSON each.
    Blocks,
    /// One `<tool_calls>` block with elements.
    Elements,
    /// Blocks in a fence.
    Fenced,
}

/// Calls of these tools, with arguments made up from the question.
pub(super) fn chosen(task: &Task<'_>, tools: &[&Tool]) -> String {
    let cues = task.cues();
    let calls: Vec<Call> = tools
        .iter()
        .map(|tool| Call {
            name: tool.name.clone(),
            arguments: schema::arguments(&tool.parameters, &mut cues.clone()).to_string(),
            is_broken: false,
        })
        .collect();
    let seed = mix(task.seed, 22);
    let lead = seed.is_multiple_of(3).then(|| pick(seed / 3, &LEADS));
    self::calls(task, lead, &calls)
}

/// Text and calls. A correction has the calls only, in the plain form.
pub(super) fn calls(task: &Task<'_>, lead: Option<&str>, calls: &[Call]) -> String {
    if task.prompt.is_correction {
        return write(Form::Blocks, calls);
    }
    let is_broken = calls.iter().any(|call| call.is_broken);
    let form = match mix(task.seed, 21) % 4 {
        0 | 1 => Form::Blocks,
        _ if is_broken => Form::Blocks,
        2 => Form::Elements,
        _ => Form::Fenced,
    };
    let calls = write(form, calls);
    match lead.filter(|lead| !lead.is_empty()) {
        Some(lead) => format!("{lead}\n\n{calls}"),
        None => calls,
    }
}

fn write(form: Form, calls: &[Call]) -> String {
    let write = if form == Form::Elements {
        element
    } else {
        block
    };
    let calls: Vec<String> = calls.iter().map(write).collect();
    let calls = calls.join("\n");
    match form {
        Form::Blocks => calls,
        Form::Elements => format!("<tool_calls>\n{calls}\n</tool_calls>"),
        Form::Fenced => format!("```xml\n{calls}\n```"),
    }
}

fn block(call: &Call) -> String {
    let name = serde_json::Value::from(call.name.as_str());
    let arguments = inside_tags(&call.arguments);
    if !call.is_broken {
        let body = format!("{{\"name\": {name}, \"arguments\": {arguments}}}");
        return format!("<tool_call>\n{body}\n</tool_call>");
    }
    let inner = arguments.trim_end().strip_suffix('}').unwrap_or(&arguments);
    let comma = if inner.trim_end().ends_with('{') {
        ""
    } else {
        ","
    };
    format!("<tool_call>\n{{\"name\": {name}, \"arguments\": {inner}{comma}}}\n</tool_call>")
}

fn element(call: &Call) -> String {
    format!(
        "  <tool_call>\n    <tool_name>{}</tool_name>\n    <parameters>{}</parameters>\n  </tool_call>",
        call.name,
        inside_tags(&call.arguments)
    )
}

/// The same JSON without what would end the block around it; a slash may be escaped in a string,
/// and these tags can stand in strings only.
fn inside_tags(json: &str) -> String {
    json.replace("</tool_call", "<\\/tool_call")
        .replace("</parameters", "<\\/parameters")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(arguments: &str, is_broken: bool) -> Call {
        Call {
            name: "write".to_owned(),
            arguments: arguments.to_owned(),
            is_broken,
        }
    }

    #[test]
    fn both_shapes_are_those_of_the_protocol() {
        let calls = [call("{\"a\":1}", false), call("{}", false)];
        assert_eq!(
            write(Form::Blocks, &calls),
            "<tool_call>\n{\"name\": \"write\", \"arguments\": {\"a\":1}}\n</tool_call>\n\
             <tool_call>\n{\"name\": \"write\", \"arguments\": {}}\n</tool_call>"
        );
        assert_eq!(
            write(Form::Elements, &calls[..1]),
            "<tool_calls>\n  <tool_call>\n    <tool_name>write</tool_name>\n    \
             <parameters>{\"a\":1}</parameters>\n  </tool_call>\n</tool_calls>"
        );
    }

    #[test]
    fn a_broken_call_lacks_a_brace_and_has_a_comma() {
        let text = write(Form::Blocks, &[call("{\"a\": 1}", true)]);
        assert_eq!(
            text,
            "<tool_call>\n{\"name\": \"write\", \"arguments\": {\"a\": 1,}\n</tool_call>"
        );
    }

    #[test]
    fn arguments_do_not_end_their_block() {
        let text = write(Form::Blocks, &[call("{\"a\":\"</tool_call>\"}", false)]);
        assert_eq!(text.matches("</tool_call>").count(), 1);
        let json = text.lines().nth(1).unwrap();
        let json: serde_json::Value = serde_json::from_str(json).unwrap();
        assert_eq!(json["arguments"]["a"], "</tool_call>");
    }
}
