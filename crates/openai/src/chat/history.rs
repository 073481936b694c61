//! The canonical text of a history, by which a request finds the conversation that it continues.
//!
//! Rules (`docs/upstream-protocol.md` 2.13): every turn counts, the assistant's too, so an edited
//! history does not match. Scope by caller and hashing are the caller's part. What clients change on
//! the way does not count: outer whitespace, text as a string or as blocks, an echoed think block.

use super::{
    flatten,
    request::{ChatRequest, Content, Message, Part, Role, Source},
};

/// The part of a conversation that identifies it, as borrowed pieces.
#[derive(Clone, Copy, Debug)]
pub struct History<'a> {
    messages: &'a [Message],
    answer: Option<&'a str>,
}

/// The history before the newest turn, or `None` if no assistant has spoken before it.
///
/// Equals the [`history_after`] of the request before, if the caller sent its history back.
pub fn history_key(request: &ChatRequest) -> Option<History<'_>> {
    let start = flatten::last_turn(&request.messages);
    let messages = request
        .messages
        .get(..start)
        .filter(|messages| !messages.is_empty())?;
    Some(History {
        messages,
        answer: None,
    })
}

/// The history as the next request will carry it: this request and the `answer` that it got.
pub fn history_after<'a>(request: &'a ChatRequest, answer: &'a str) -> History<'a> {
    History {
        messages: &request.messages,
        answer: Some(answer),
    }
}

impl History<'_> {
    /// Gives the canonical text to `sink`, piece by piece. Where it is cut means nothing.
    ///
    /// Each entry carries its length, so no two histories have the same text.
    pub fn feed(&self, mut sink: impl FnMut(&[u8])) {
        for message in self.messages {
            feed_message(message, &mut sink);
        }
        if let Some(answer) = self.answer {
            feed_entry(
                Role::Assistant.as_str(),
                without_thinking(answer),
                &mut sink,
            );
        }
    }

    /// The whole canonical text.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.feed(|piece| bytes.extend_from_slice(piece));
        bytes
    }
}

fn feed_message(message: &Message, sink: &mut impl FnMut(&[u8])) {
    let (mut label, mut text) = (String::new(), String::new());
    flatten::write_label(message, &mut label);
    flatten::write_text(message, &mut text);
    let said = if message.role == Role::Assistant {
        without_thinking(&text)
    } else {
        text.trim()
    };
    feed_entry(&label, said, sink);
    let Content::Parts(parts) = &message.content else {
        return;
    };
    for part in parts {
        if let Part::Media(attachment) = part {
            match &attachment.source {
                Source::Data { mime, base64 } => feed_entry(mime, base64, sink),
                Source::Url(url) => feed_entry("url", url, sink),
            }
        }
    }
}

fn feed_entry(label: &str, text: &str, sink: &mut impl FnMut(&[u8])) {
    if !text.is_empty() {
        sink(format!("{} {label} {}\n", label.len(), text.len()).as_bytes());
        sink(text.as_bytes());
        sink(b"\n");
    }
}

/// Drops the think block that the answer may start with.
fn without_thinking(answer: &str) -> &str {
    let answer = answer.trim();
    let after = answer
        .strip_prefix("<think>")
        .and_then(|rest| rest.split_once("</think>"));
    after.map_or(answer, |(_, said)| said.trim())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::chat::parse;

    fn request(messages: &[Value]) -> ChatRequest {
        parse(
            json!({"model": "grok-4", "messages": messages})
                .to_string()
                .as_bytes(),
        )
        .unwrap()
    }

    fn said(role: &str, text: &str) -> Value {
        json!({"role": role, "content": text})
    }

    fn key(messages: &[Value]) -> Option<Vec<u8>> {
        history_key(&request(messages)).map(|history| history.to_bytes())
    }

    #[test]
    fn the_next_request_matches_however_the_client_sends_it() {
        let first = [said("system", "Be brief."), said("user", "Hi\n")];
        let first_request = request(&first);
        let answer = "<think>\nhm\n</think>\nHello";
        let stored = history_after(&first_request, answer).to_bytes();
        for echo in [answer, "Hello", " Hello\n"] {
            let next = [
                said("system", "Be brief. "),
                json!({"role": "user", "content": [{"type": "text", "text": "Hi"}]}),
                said("assistant", echo),
                said("user", "Capital of Peru?"),
            ];
            assert_eq!(key(&next).as_ref(), Some(&stored), "{echo:?}");
        }
    }

    #[test]
    fn any_edit_of_the_history_differs() {
        let turns = |system, user: Value, assistant| {
            key(&[
                said("system", system),
                user,
                said("assistant", assistant),
                said("user", "?"),
            ])
        };
        let with_image = |name: &str| {
            json!({"role": "user", "content": [{"type": "text", "text": "Hi"},
                {"type": "image_url", "image_url": {"url": format!("https://a.io/{name}")}}]})
        };
        let all = [
            turns("A", said("user", "Hi"), "Hello"),
            turns("B", said("user", "Hi"), "Hello"),
            turns("A", said("user", "Ho"), "Hello"),
            turns("A", said("user", "Hi"), "Hullo"),
            turns("A", with_image("1.png"), "Hello"),
            turns("A", with_image("2.png"), "Hello"),
            turns("A", said("user", "Hi\n\nassistant: Hello"), "Hello"),
        ];
        for (index, one) in all.iter().enumerate() {
            assert!(one.is_some());
            assert!(
                all.iter().skip(index + 1).all(|other| other != one),
                "{index}"
            );
        }
    }

    #[test]
    fn a_first_turn_has_no_history() {
        assert_eq!(
            key(&[said("system", "Be brief."), said("user", "Hi")]),
            None
        );
        assert_eq!(key(&[said("user", "Hi"), said("assistant", "Hello")]), None);
    }

    proptest! {
        #[test]
        fn what_is_stored_is_what_the_next_request_asks_for(
            turns in prop::collection::vec(("[a-c:\n1]{1,6}x", "[a-c:\n1]{1,6}y"), 1..5),
        ) {
            let mut messages = Vec::new();
            let mut stored: Option<Vec<u8>> = None;
            for (user, answer) in &turns {
                messages.push(said("user", user));
                prop_assert_eq!(key(&messages), stored.clone());
                stored = Some(history_after(&request(&messages), answer).to_bytes());
                messages.push(said("assistant", answer));
            }
        }
    }
}
