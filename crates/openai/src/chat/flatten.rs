//! From messages to the one message that the upstream takes (`docs/upstream-protocol.md` 5.1).

use super::request::{AttachmentKind, ChatRequest, Content, Message, Part, Prompt, Role, ToolCall};

/// What is sent when the caller only attached something.
const ONLY_ATTACHMENTS: &str = "Refer to the following content:";

/// Flattens the whole conversation, for a new conversation upstream.
///
/// The last user turn stands bare, every other one is `label: text`, with blank lines between.
pub fn flatten(request: &ChatRequest) -> Prompt {
    render(&request.messages)
}

/// Flattens the newest turn only, for a follow-up in a conversation that the upstream remembers.
///
/// That is everything after the last assistant message before the last user message; the whole
/// conversation if there is none.
pub fn flatten_last_turn(request: &ChatRequest) -> Prompt {
    render(
        request
            .messages
            .get(last_turn(&request.messages)..)
            .unwrap_or_default(),
    )
}

/// Where the newest turn starts.
pub(super) fn last_turn(messages: &[Message]) -> usize {
    let is = |role| move |message: &Message| message.role == role;
    let last_user = messages
        .iter()
        .rposition(is(Role::User))
        .unwrap_or_default();
    let before = messages.get(..last_user).unwrap_or_default();
    before
        .iter()
        .rposition(is(Role::Assistant))
        .map_or(0, |assistant| assistant + 1)
}

fn render(messages: &[Message]) -> Prompt {
    let is_bare = |message: &Message| message.role == Role::User && text_len(message) > 0;
    let bare = messages.iter().rposition(is_bare);
    let size = messages.iter().map(|message| text_len(message) + 16).sum();
    let mut text = String::with_capacity(size);
    for (index, message) in messages.iter().enumerate() {
        if text_len(message) == 0 {
            continue;
        }
        if !text.is_empty() {
            text.push_str("\n\n");
        }
        if bare != Some(index) {
            write_label(message, &mut text);
            text.push_str(": ");
        }
        write_text(message, &mut text);
    }
    let attachments = attachments(messages);
    if text.trim().is_empty() && !attachments.is_empty() {
        text = ONLY_ATTACHMENTS.to_owned();
    }
    Prompt { text, attachments }
}

/// Files come first: the upstream takes their ids in this order.
fn attachments(messages: &[Message]) -> Vec<super::Attachment> {
    let all = |kind| {
        messages
            .iter()
            .filter_map(|message| match &message.content {
                Content::Parts(parts) => Some(parts),
                Content::Empty | Content::Text(_) => None,
            })
            .flatten()
            .filter_map(move |part| match part {
                Part::Media(attachment) if attachment.kind == kind => Some(attachment.clone()),
                Part::Media(_) | Part::Text(_) => None,
            })
    };
    all(AttachmentKind::File)
        .chain(all(AttachmentKind::Image))
        .collect()
}

/// The role; for a tool also its name and the call that it answers.
pub(super) fn write_label(message: &Message, out: &mut String) {
    out.push_str(message.role.as_str());
    if message.role != Role::Tool {
        return;
    }
    if let Some(name) = &message.name {
        out.extend(["[", name, "]"]);
    }
    if let Some(id) = &message.tool_call_id {
        out.extend(["#", id]);
    }
}

/// Appends the parts of a message, one a line.
pub(super) fn write_text(message: &Message, out: &mut String) {
    for (index, part) in text_parts(message).enumerate() {
        if index > 0 {
            out.push('\n');
        }
        out.push_str(part);
    }
    for (index, ToolCall { name, arguments }) in called_instead(message).iter().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        out.extend(["[tool_call] ", name, " ", arguments]);
    }
}

/// Roughly the bytes that [`write_text`] appends; 0 if and only if it appends nothing.
pub(super) fn text_len(message: &Message) -> usize {
    let calls = called_instead(message)
        .iter()
        .map(|c| c.name.len() + c.arguments.len() + 14);
    text_parts(message)
        .map(|part| part.len() + 1)
        .chain(calls)
        .sum()
}

/// The calls of an assistant that said nothing else.
fn called_instead(message: &Message) -> &[ToolCall] {
    match text_parts(message).next() {
        None => &message.tool_calls,
        Some(_) => &[],
    }
}

fn text_parts(message: &Message) -> impl Iterator<Item = &str> {
    let (whole, parts) = match &message.content {
        Content::Empty => (None, [].as_slice()),
        Content::Text(text) => (Some(text.as_str()), [].as_slice()),
        Content::Parts(parts) => (None, parts.as_slice()),
    };
    let texts = parts.iter().filter_map(|part| match part {
        Part::Text(text) => Some(text.as_str()),
        Part::Media(_) => None,
    });
    whole
        .into_iter()
        .chain(texts)
        .filter(|text| !text.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::chat::{Source, parse};

    fn request(messages: Value) -> ChatRequest {
        parse(
            json!({"model": "grok-4", "messages": messages})
                .to_string()
                .as_bytes(),
        )
        .unwrap()
    }

    fn flat(messages: Value) -> String {
        flatten(&request(messages)).text
    }

    #[test]
    fn the_documented_example_holds() {
        let text = flat(json!([
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "Hello"},
            {"role": "user", "content": "Capital of Peru?"}
        ]));
        assert_eq!(
            text,
            "system: Be brief.\n\nuser: Hi\n\nassistant: Hello\n\nCapital of Peru?"
        );
    }

    #[test]
    fn the_last_user_turn_is_bare_even_if_others_follow() {
        let text = flat(json!([
            {"role": "developer", "content": [{"type": "text", "text": " A "}]},
            {"role": "user", "content": {"type": "text", "text": "B"}},
            {"role": "assistant", "content": null},
            {"role": "assistant", "content": " C"}
        ]));
        assert_eq!(text, "developer: A\n\nB\n\nassistant:  C");
    }

    #[test]
    fn parts_are_lines_and_a_conversation_may_lack_a_user() {
        let text = flat(json!([{"role": "system", "content": [
            {"type": "text", "text": "A"}, {"type": "text", "text": "B"}]}]));
        assert_eq!(text, "system: A\nB");
    }

    #[test]
    fn calls_and_tool_answers_of_the_history_are_told() {
        let call = |name: &str, arguments: &str| json!({"id": "t", "type": "function", "function": {"name": name, "arguments": arguments}});
        let text = flat(json!([
            {"role": "user", "content": "Weather?"},
            {"role": "assistant", "content": null, "tool_calls": [call("f", "{\"a\":1}"), call("g", "{}")]},
            {"role": "tool", "tool_call_id": "t1", "name": "f", "content": "sunny"},
            {"role": "tool", "tool_call_id": "t2", "content": [{"type": "text", "text": "warm"}]},
            {"role": "tool", "tool_call_id": "t3", "content": null},
            {"role": "assistant", "content": "Wait", "tool_calls": [call("f", "{}")]}
        ]));
        assert_eq!(
            text,
            "Weather?\n\nassistant: [tool_call] f {\"a\":1}\n[tool_call] g {}\n\n\
             tool[f]#t1: sunny\n\ntool#t2: warm\n\nassistant: Wait"
        );
    }

    #[test]
    fn attachments_come_files_first_with_their_place() {
        let prompt = flatten(&request(json!([
            {"role": "user", "content": [
                {"type": "image_url", "image_url": {"url": "https://a.io/1.png"}},
                {"type": "text", "text": "Compare"},
                {"type": "file", "file": {"file_data": "https://a.io/2.pdf"}}]},
            {"role": "assistant", "content": "?"},
            {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://a.io/3.png"}}]}
        ])));
        assert_eq!(prompt.text, "Compare\n\nassistant: ?");
        let places: Vec<_> = prompt
            .attachments
            .iter()
            .map(|a| (a.source.clone(), a.param.as_str()))
            .collect();
        let url = |name: &str| Source::Url(format!("https://a.io/{name}"));
        assert_eq!(
            places,
            [
                (url("2.pdf"), "messages.0.content.2.file.file_data"),
                (url("1.png"), "messages.0.content.0.image_url.url"),
                (url("3.png"), "messages.2.content.0.image_url.url"),
            ]
        );
    }

    #[test]
    fn attachments_alone_get_a_sentence() {
        let image = json!({"type": "image_url", "image_url": {"url": "https://a.io/1.png"}});
        let text = flat(json!([{"role": "user", "content": [image]}]));
        assert_eq!(text, "Refer to the following content:");
    }

    #[test]
    fn a_follow_up_holds_what_came_after_the_last_answer() {
        let image = json!({"type": "image_url", "image_url": {"url": "https://a.io/1.png"}});
        let mut messages = json!([
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": [{"type": "text", "text": "Hi"}, image]},
            {"role": "assistant", "content": "Hello"},
            {"role": "system", "content": "Now in French."},
            {"role": "user", "content": "Capital of Peru?"}
        ]);
        let follow_up = flatten_last_turn(&request(messages.clone()));
        assert_eq!(follow_up.text, "system: Now in French.\n\nCapital of Peru?");
        assert_eq!(follow_up.attachments, []);

        messages.as_array_mut().unwrap().drain(2..);
        let whole = request(messages);
        assert_eq!(flatten_last_turn(&whole), flatten(&whole), "no answer yet");
    }
}
