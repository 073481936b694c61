//! The canonical text of a history, by which a request finds the conversation that it continues.
//!
//! Rules (`docs/upstream-protocol.md` 2.13): every turn counts, the assistant's too, so an edited
//! history does not match. Scope by caller and hashing are the caller's part. What clients change on
//! the way does not count: outer whitespace, text as a string or as blocks, an echoed think block, the
//! ids of calls and how their arguments are laid out.

use crate::{Request, Role, Source, ToolCall, Turn, flatten, json};

/// The part of a conversation that identifies it, as borrowed pieces.
#[derive(Clone, Copy, Debug)]
pub struct History<'a> {
    turns: &'a [Turn],
    answer: Option<(&'a str, &'a [ToolCall])>,
}

/// The history before the newest turn, or `None` if no assistant has spoken before it.
///
/// Equals the [`history_after`] of the request before, if the caller sent its history back.
pub fn history_key(request: &Request) -> Option<History<'_>> {
    let start = flatten::last_turn(&request.turns);
    let turns = request
        .turns
        .get(..start)
        .filter(|turns| !turns.is_empty())?;
    Some(History {
        turns,
        answer: None,
    })
}

/// The history as the next request will carry it: this request, and the `answer` and `calls` that it got.
pub fn history_after<'a>(
    request: &'a Request,
    answer: &'a str,
    calls: &'a [ToolCall],
) -> History<'a> {
    History {
        turns: &request.turns,
        answer: Some((answer, calls)),
    }
}

impl History<'_> {
    /// Gives the canonical text to `sink`, piece by piece. Where it is cut means nothing.
    ///
    /// Each entry carries its length, so no two histories have the same text.
    pub fn feed(&self, mut sink: impl FnMut(&[u8])) {
        let mut calls: &[ToolCall] = &[];
        for turn in self.turns {
            feed_turn(turn, calls, &mut sink);
            if turn.role == Role::Assistant {
                calls = &turn.tool_calls;
            }
        }
        if let Some((answer, calls)) = self.answer {
            feed_answer(answer, calls, &mut sink);
        }
    }

    /// The whole canonical text.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.feed(|piece| bytes.extend_from_slice(piece));
        bytes
    }
}

/// `calls`: those of the assistant before it.
fn feed_turn(turn: &Turn, calls: &[ToolCall], sink: &mut impl FnMut(&[u8])) {
    let text = turn.texts().collect::<Vec<_>>().join("\n");
    match turn.role {
        Role::Assistant => feed_answer(&text, &turn.tool_calls, sink),
        Role::Tool => feed_result(turn, text.trim(), calls, sink),
        _ => feed_entry(turn.role.as_str(), text.trim(), sink),
    }
    for attachment in turn.attachments() {
        match &attachment.source {
            Source::Data { mime, base64 } => feed_entry(mime, base64, sink),
            Source::Url(url) => feed_entry("url", url, sink),
            Source::File { id } => feed_entry("file", id, sink),
        }
    }
}

fn feed_answer(answer: &str, calls: &[ToolCall], sink: &mut impl FnMut(&[u8])) {
    feed_entry(Role::Assistant.as_str(), without_thinking(answer), sink);
    for call in calls {
        feed_entry("call", &call.name, sink);
        feed_entry("arguments", &json::canonical(&call.arguments), sink);
    }
}

/// A result counts by the place of its call: clients may give calls ids of their own.
fn feed_result(turn: &Turn, text: &str, calls: &[ToolCall], sink: &mut impl FnMut(&[u8])) {
    let id = turn.tool_call_id.as_deref().unwrap_or_default();
    let place = calls.iter().position(|call| call.id == id);
    let label = match place {
        Some(place) => format!("result {place}"),
        None => "result".to_owned(),
    };
    // An empty result is one as well.
    feed_entry(&label, if text.is_empty() { "-" } else { text }, sink);
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

    use super::*;
    use crate::{Attachment, AttachmentKind, Part};

    fn request(turns: &[Turn]) -> Request {
        Request {
            turns: turns.to_vec(),
            ..Request::default()
        }
    }

    fn key(turns: &[Turn]) -> Option<Vec<u8>> {
        history_key(&request(turns)).map(|history| history.to_bytes())
    }

    fn with_image(name: &str) -> Turn {
        let image = Attachment {
            kind: AttachmentKind::Image,
            source: Source::Url(format!("https://a.io/{name}")),
            name: None,
            param: String::new(),
        };
        let text = Part::Text("Hi".to_owned());
        Turn::new(Role::User, vec![text, Part::Attachment(image)])
    }

    fn with_data(base64: &str) -> Turn {
        let image = Attachment {
            kind: AttachmentKind::Image,
            source: Source::Data {
                mime: "image/png".to_owned(),
                base64: base64.into(),
            },
            name: None,
            param: String::new(),
        };
        let text = Part::Text("Hi".to_owned());
        Turn::new(Role::User, vec![text, Part::Attachment(image)])
    }

    #[test]
    fn the_next_request_matches_however_the_client_sends_it() {
        let first = request(&[
            Turn::text(Role::System, "Be brief."),
            Turn::text(Role::User, "Hi\n"),
        ]);
        let answer = "<think>\nhm\n</think>\nHello";
        let stored = history_after(&first, answer, &[]).to_bytes();
        for echo in [answer, "Hello", " Hello\n"] {
            let next = [
                Turn::text(Role::System, "Be brief. "),
                Turn::text(Role::User, "Hi"),
                Turn::text(Role::Assistant, echo),
                Turn::text(Role::User, "Capital of Peru?"),
            ];
            assert_eq!(key(&next).as_ref(), Some(&stored), "{echo:?}");
        }
    }

    #[test]
    fn any_edit_of_the_history_differs() {
        let turns = |system, user: Turn, assistant| {
            key(&[
                Turn::text(Role::System, system),
                user,
                Turn::text(Role::Assistant, assistant),
                Turn::text(Role::User, "?"),
            ])
        };
        let user = |text| Turn::text(Role::User, text);
        let all = [
            turns("A", user("Hi"), "Hello"),
            turns("B", user("Hi"), "Hello"),
            turns("A", user("Ho"), "Hello"),
            turns("A", user("Hi"), "Hullo"),
            turns("A", with_image("1.png"), "Hello"),
            turns("A", with_image("2.png"), "Hello"),
            turns("A", with_data("AAAA"), "Hello"),
            turns("A", with_data("BBBB"), "Hello"),
            turns("A", user("Hi\n\nassistant: Hello"), "Hello"),
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
    fn only_an_assistant_is_freed_from_a_think_block() {
        let thought = "<think>a</think>Hello";
        let said = |role, text| {
            key(&[
                Turn::text(role, text),
                Turn::text(Role::Assistant, "x"),
                Turn::text(Role::User, "?"),
            ])
        };
        assert_ne!(said(Role::User, thought), said(Role::User, "Hello"));
        assert_eq!(without_thinking("<think>open"), "<think>open");
        assert_eq!(without_thinking(" a<think>b</think>"), "a<think>b</think>");
    }

    #[test]
    fn entries_carry_their_lengths() {
        let turns = [
            Turn::text(Role::User, " Hi "),
            Turn::text(Role::Assistant, "Hello"),
            Turn::text(Role::User, "?"),
        ];
        let key = key(&turns).unwrap_or_default();
        assert_eq!(
            String::from_utf8_lossy(&key),
            "4 user 2\nHi\n9 assistant 5\nHello\n"
        );
    }

    #[test]
    fn a_first_turn_has_no_history() {
        let system = Turn::text(Role::System, "Be brief.");
        let user = Turn::text(Role::User, "Hi");
        assert_eq!(key(&[system, user.clone()]), None);
        assert_eq!(key(&[user, Turn::text(Role::Assistant, "Hello")]), None);
    }

    proptest! {
        #[test]
        fn what_is_stored_is_what_the_next_request_asks_for(
            turns in prop::collection::vec(("[a-c:\n1]{1,6}x", "[a-c:\n1]{1,6}y"), 1..5),
        ) {
            let mut said = Vec::new();
            let mut stored: Option<Vec<u8>> = None;
            for (user, answer) in &turns {
                said.push(Turn::text(Role::User, user));
                prop_assert_eq!(key(&said), stored.clone());
                stored = Some(history_after(&request(&said), answer, &[]).to_bytes());
                said.push(Turn::text(Role::Assistant, answer));
            }
        }
    }
}
