//! The rules for the content of one message.

use serde_json::Value;

use super::{fields::kind, media};
use crate::{
    Invalid,
    chat::{Content, Part, Role},
};

/// Where in the messages something stands. Becomes a `param` only when there is an error.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    message: usize,
    block: Option<usize>,
}

impl Place {
    pub(super) fn message(index: usize) -> Self {
        Self {
            message: index,
            block: None,
        }
    }

    pub(super) fn block(self, index: usize) -> Self {
        Self {
            block: Some(index),
            ..self
        }
    }

    /// The dotted path, followed by `tail`, which brings its own dot.
    pub(super) fn param(self, tail: &str) -> String {
        match self.block {
            None => format!("messages.{}{tail}", self.message),
            Some(block) => format!("messages.{}.content.{block}{tail}", self.message),
        }
    }
}

/// Parses the content of a message.
///
/// # Errors
/// `empty_content`, `invalid_content` and those of [`block`] and of a single object.
pub(super) fn parse(place: Place, role: Role, value: Option<Value>) -> Result<Content, Invalid> {
    let empty = |text| Invalid::new("empty_content", place.param(".content"), text);
    match value {
        None if role == Role::Assistant => Ok(Content::Empty),
        None => Err(empty("`content` is required.")),
        Some(Value::String(text)) if text.trim().is_empty() => {
            Err(empty("`content` must not be blank."))
        }
        Some(Value::String(text)) => Ok(Content::Text(text)),
        Some(Value::Array(list)) if list.is_empty() => Err(empty("`content` must not be empty.")),
        Some(Value::Array(list)) => list
            .into_iter()
            .enumerate()
            .map(|(index, value)| block(place.block(index), role, value))
            .collect::<Result<_, _>>()
            .map(Content::Parts),
        Some(Value::Object(item)) => object(place, &item).map(|part| Content::Parts(vec![part])),
        Some(other) => Err(Invalid::new(
            "invalid_content",
            place.param(".content"),
            format!(
                "`content` must be a string or an array of blocks, not {}.",
                kind(&other)
            ),
        )),
    }
}

/// Content that is one object: only a text block may stand alone.
fn object(place: Place, item: &serde_json::Map<String, Value>) -> Result<Part, Invalid> {
    let invalid = |code, tail, text| Err(Invalid::new(code, place.param(tail), text));
    match item.get("type").and_then(Value::as_str) {
        None => invalid(
            "invalid_content_item",
            ".content",
            "`content` given as an object must be {\"type\":\"text\",\"text\":\"…\"}.",
        ),
        Some("text") => match item.get("text").and_then(Value::as_str).map(str::trim) {
            None => invalid(
                "invalid_content_item",
                ".content.text",
                "`content.text` must be a string.",
            ),
            Some("") => invalid(
                "empty_content",
                ".content.text",
                "`content.text` must not be blank.",
            ),
            Some(text) => Ok(Part::Text(text.to_owned())),
        },
        Some(_) => invalid(
            "invalid_content_type",
            ".content.type",
            "`content` given as an object must have the type `text`; put others into an array.",
        ),
    }
}

/// Parses one content block.
///
/// # Errors
/// Each rule has its code; audio that is valid is `unsupported_parameter`.
pub(super) fn block(place: Place, role: Role, value: Value) -> Result<Part, Invalid> {
    let invalid = |code, tail, text: &str| Err(Invalid::new(code, place.param(tail), text));
    let Value::Object(mut fields) = value else {
        return invalid("invalid_block", "", "Each content block must be an object.");
    };
    if fields.is_empty() {
        return invalid("empty_block", "", "A content block must not be empty.");
    }
    let block_type = match fields.get("type") {
        None | Some(Value::Null) => {
            return invalid(
                "missing_type",
                ".type",
                "Each content block needs a `type`.",
            );
        }
        Some(Value::String(name)) if name.trim().is_empty() => {
            return invalid(
                "empty_type",
                ".type",
                "The `type` of a block must not be blank.",
            );
        }
        other => other.and_then(Value::as_str),
    };
    match block_type {
        Some("text") => text(place, fields.get("text")),
        Some("image_url") if role == Role::User => media::image(place, &mut fields),
        Some("input_audio") if role == Role::User => Err(media::audio(place, &mut fields)),
        Some("file") if role == Role::User => media::file(place, &mut fields),
        _ if role == Role::User => invalid(
            "invalid_type",
            ".type",
            "The `type` of a user's block must be text, image_url, input_audio or file.",
        ),
        _ => invalid(
            "invalid_type",
            ".type",
            "Only user messages may hold other blocks than text.",
        ),
    }
}

fn text(place: Place, value: Option<&Value>) -> Result<Part, Invalid> {
    match value.and_then(Value::as_str).map(str::trim) {
        Some(text) if !text.is_empty() => Ok(Part::Text(text.to_owned())),
        _ => Err(Invalid::new(
            "empty_text",
            place.param(".text"),
            "`text` must be a string that is not blank.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(role: Role, content: Value) -> (&'static str, String) {
        let value = Some(content).filter(|value| !value.is_null());
        let invalid = parse(Place::message(2), role, value).unwrap_err();
        (invalid.code, invalid.param.unwrap())
    }

    #[test]
    fn each_bad_content_has_its_code_and_param() {
        for (content, code, tail) in [
            (json!(null), "empty_content", ""),
            (json!(" \n"), "empty_content", ""),
            (json!([]), "empty_content", ""),
            (json!(5), "invalid_content", ""),
            (json!(true), "invalid_content", ""),
            (json!({}), "invalid_content_item", ""),
            (json!({"type": 1}), "invalid_content_item", ""),
            (json!({"type": "text"}), "invalid_content_item", ".text"),
            (
                json!({"type": "text", "text": " "}),
                "empty_content",
                ".text",
            ),
            (
                json!({"type": "image_url", "image_url": {}}),
                "invalid_content_type",
                ".type",
            ),
            (json!(["Hi"]), "invalid_block", ".0"),
            (json!([{}]), "empty_block", ".0"),
            (json!([{"text": "Hi"}]), "missing_type", ".0.type"),
            (json!([{"type": null}]), "missing_type", ".0.type"),
            (json!([{"type": " "}]), "empty_type", ".0.type"),
            (json!([{"type": "video_url"}]), "invalid_type", ".0.type"),
            (json!([{"type": 3}]), "invalid_type", ".0.type"),
            (
                json!([{"type": "text", "text": "a"}, {"type": "text"}]),
                "empty_text",
                ".1.text",
            ),
            (
                json!([{"type": "text", "text": "\t"}]),
                "empty_text",
                ".0.text",
            ),
        ] {
            let expected = (code, format!("messages.2.content{tail}"));
            assert_eq!(refused(Role::User, content.clone()), expected, "{content}");
        }
    }

    #[test]
    fn only_a_user_may_attach() {
        for role in [Role::System, Role::Developer, Role::Assistant] {
            let image = json!([{"type": "image_url", "image_url": {"url": "https://a.io/b.png"}}]);
            let expected = ("invalid_type", "messages.2.content.0.type".to_owned());
            assert_eq!(refused(role, image), expected);
        }
    }

    #[test]
    fn an_assistant_may_say_nothing_but_not_a_blank() {
        let empty = parse(Place::message(0), Role::Assistant, None).unwrap();
        assert_eq!(empty, Content::Empty);
        assert_eq!(refused(Role::Assistant, json!("")).0, "empty_content");
    }

    #[test]
    fn text_blocks_are_trimmed_and_strings_are_not() {
        let parsed = |content| parse(Place::message(0), Role::System, Some(content)).unwrap();
        let part = Content::Parts(vec![Part::Text("a b".into())]);
        assert_eq!(parsed(json!([{"type": "text", "text": " a b\n"}])), part);
        assert_eq!(parsed(json!({"type": "text", "text": " a b\n"})), part);
        assert_eq!(parsed(json!(" a b\n")), Content::Text(" a b\n".into()));
    }
}
