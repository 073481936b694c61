//! The body of a chat completion request.
//!
//! Pure. The whole shown path is sent, nothing is cut; settings that were not chosen are absent so
//! that the server's own defaults hold.

use super::history::{AttachmentRef, Author, Conversation, Turn, TurnId, TurnState};
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// Contents of files by their id, as data URIs.
pub(super) type Files = HashMap<String, String>;

/// JSON text that asks `model` to answer the turns up to and including `question`.
pub(super) fn completion_body(
    chat: &Conversation,
    question: TurnId,
    model: &str,
    files: &Files,
) -> String {
    let mut messages = Vec::new();
    let system_prompt = chat.settings.system_prompt.trim();
    if !system_prompt.is_empty() {
        messages.push(json!({ "role": "system", "content": system_prompt }));
    }
    let path = chat.path();
    let end = path
        .iter()
        .position(|turn| turn.id == question)
        .map_or(path.len(), |at| at + 1);
    messages.extend(
        path.into_iter()
            .take(end)
            .filter_map(|turn| message(turn, files)),
    );
    let mut body = Map::new();
    body.insert("model".into(), model.into());
    body.insert("messages".into(), messages.into());
    body.insert("stream".into(), true.into());
    body.insert("stream_options".into(), json!({ "include_usage": true }));
    if let Some(temperature) = chat.settings.temperature {
        body.insert("temperature".into(), temperature.into());
    }
    if let Some(effort) = &chat.settings.reasoning_effort {
        body.insert("reasoning_effort".into(), effort.as_str().into());
    }
    Value::Object(body).to_string()
}

/// `None` for answers without text: an empty assistant message says nothing.
fn message(turn: &Turn, files: &Files) -> Option<Value> {
    match turn.author {
        Author::Assistant if turn.text.is_empty() => None,
        Author::Assistant if matches!(turn.state, TurnState::Streaming) => None,
        Author::Assistant => Some(json!({ "role": "assistant", "content": turn.text })),
        Author::User if turn.attachments.is_empty() => {
            Some(json!({ "role": "user", "content": turn.text }))
        }
        Author::User => Some(json!({ "role": "user", "content": parts(turn, files) })),
    }
}

fn parts(turn: &Turn, files: &Files) -> Vec<Value> {
    let mut parts = Vec::new();
    if !turn.text.trim().is_empty() {
        parts.push(json!({ "type": "text", "text": turn.text }));
    }
    for file in &turn.attachments {
        parts.push(match files.get(&file.id) {
            Some(content) => part(file, content),
            None => json!({ "type": "text", "text": format!("[{}]", file.name) }),
        });
    }
    parts
}

fn part(file: &AttachmentRef, content: &str) -> Value {
    if file.is_image() {
        json!({ "type": "image_url", "image_url": { "url": content } })
    } else {
        json!({ "type": "file", "file": { "file_data": content, "filename": file.name } })
    }
}

#[cfg(test)]
mod tests {
    use super::super::history::Stamp;
    use super::*;

    const NOW: Stamp = Stamp {
        at_ms: 1,
        tie_breaker: 1,
    };

    fn body(chat: &Conversation, question: TurnId, files: &Files) -> Value {
        serde_json::from_str(&completion_body(chat, question, "grok-4", files)).unwrap()
    }

    fn file(id: &str, mime: &str) -> AttachmentRef {
        AttachmentRef {
            id: id.into(),
            name: format!("{id}.x"),
            mime: mime.into(),
            size_bytes: 1,
        }
    }

    #[test]
    fn the_whole_path_is_sent_without_the_answer_to_come() {
        let mut chat = Conversation::new("c".into(), 1);
        let mut question = chat.ask(None, "q0".into(), vec![], NOW);
        for round in 1..=6 {
            let answer = chat.begin_answer(question, "grok-4", NOW);
            let turn = chat.turn_mut(answer).unwrap();
            (turn.text, turn.state) = (format!("a{round}"), TurnState::Complete);
            question = chat.ask(Some(answer), format!("q{round}"), vec![], NOW);
        }
        chat.begin_answer(question, "grok-4", NOW);
        let body = body(&chat, question, &Files::new());
        assert_eq!(body["messages"].as_array().unwrap().len(), 13);
        assert_eq!(
            body["messages"][12],
            json!({ "role": "user", "content": "q6" })
        );
        assert_eq!(body["stream"], true);
        assert_eq!(body["stream_options"]["include_usage"], true);
        assert!(body.get("temperature").is_none(), "a default is not sent");
    }

    #[test]
    fn settings_are_sent_when_chosen() {
        let mut chat = Conversation::new("c".into(), 1);
        let question = chat.ask(None, "q".into(), vec![], NOW);
        chat.settings.system_prompt = " Be brief. ".into();
        chat.settings.temperature = Some(0.5);
        chat.settings.reasoning_effort = Some("high".into());
        let body = body(&chat, question, &Files::new());
        assert_eq!(
            body["messages"][0],
            json!({ "role": "system", "content": "Be brief." })
        );
        assert_eq!(
            (&body["temperature"], &body["reasoning_effort"]),
            (&json!(0.5), &json!("high"))
        );
    }

    #[test]
    fn files_become_parts() {
        let mut chat = Conversation::new("c".into(), 1);
        let attachments = vec![
            file("i", "image/png"),
            file("f", "application/pdf"),
            file("lost", "x/y"),
        ];
        let question = chat.ask(None, " ".into(), attachments, NOW);
        let files = Files::from([
            ("i".into(), "data:image/png;base64,AA==".into()),
            ("f".into(), "data:application/pdf;base64,AA==".into()),
        ]);
        assert_eq!(
            body(&chat, question, &files)["messages"][0]["content"],
            json!([
                { "type": "image_url", "image_url": { "url": "data:image/png;base64,AA==" } },
                { "type": "file", "file": { "file_data": "data:application/pdf;base64,AA==", "filename": "f.x" } },
                { "type": "text", "text": "[lost.x]" },
            ])
        );
    }

    #[test]
    fn empty_answers_are_left_out() {
        let mut chat = Conversation::new("c".into(), 1);
        let question = chat.ask(None, "q".into(), vec![], NOW);
        let failed = chat.begin_answer(question, "grok-4", NOW);
        chat.turn_mut(failed).unwrap().state = TurnState::Stopped;
        let next = chat.ask(Some(failed), "again".into(), vec![], NOW);
        assert_eq!(
            body(&chat, next, &Files::new())["messages"]
                .as_array()
                .unwrap()
                .len(),
            2
        );
    }
}
