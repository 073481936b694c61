//! The rules for the content of one message.

use chat::{AttachmentKind, Part, Role};

use super::media;
use crate::{
    Invalid,
    json::{Json, Object},
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
pub(super) fn parse(
    place: Place,
    role: Role,
    value: Option<Json<'_>>,
) -> Result<Vec<Part>, Invalid> {
    let empty = |text| Invalid::new("empty_content", place.param(".content"), text);
    match value {
        None if role == Role::Assistant => Ok(Vec::new()),
        None => Err(empty("`content` is required.")),
        Some(Json::String(text)) if text.trim().is_empty() => {
            Err(empty("`content` must not be blank."))
        }
        Some(Json::String(text)) => Ok(vec![Part::Text(text.into_owned())]),
        Some(Json::Array(list)) if list.is_empty() => Err(empty("`content` must not be empty.")),
        Some(Json::Array(list)) => {
            list.try_map(|index, value| block(place.block(index), role, &value))
        }
        Some(Json::Object(item)) => object(place, item).map(|part| vec![part]),
        Some(other) => Err(Invalid::new(
            "invalid_content",
            place.param(".content"),
            format!(
                "`content` must be a string or an array of blocks, not {}.",
                other.kind()
            ),
        )),
    }
}

/// Content that is one object: only a text block may stand alone.
fn object(place: Place, item: Object<'_>) -> Result<Part, Invalid> {
    let invalid = |code, tail, text| Err(Invalid::new(code, place.param(tail), text));
    let fields = item.fields(&["type", "text"]);
    match fields.get("type") {
        Some(Json::String(kind)) if kind == "text" => match fields.get("text") {
            Some(Json::String(text)) if text.trim().is_empty() => invalid(
                "empty_content",
                ".content.text",
                "`content.text` must not be blank.",
            ),
            Some(Json::String(text)) => Ok(Part::Text(text.trim().to_owned())),
            _ => invalid(
                "invalid_content_item",
                ".content.text",
                "`content.text` must be a string.",
            ),
        },
        Some(Json::String(_)) => invalid(
            "invalid_content_type",
            ".content.type",
            "`content` given as an object must have the type `text`; put others into an array.",
        ),
        _ => invalid(
            "invalid_content_item",
            ".content",
            "`content` given as an object must be {\"type\":\"text\",\"text\":\"…\"}.",
        ),
    }
}

/// Parses one content block.
///
/// # Errors
/// Each rule has its code.
pub(super) fn block(place: Place, role: Role, value: &Json<'_>) -> Result<Part, Invalid> {
    let invalid = |code, tail, text: &str| Err(Invalid::new(code, place.param(tail), text));
    let Json::Object(object) = value else {
        return invalid("invalid_block", "", "Each content block must be an object.");
    };
    if object.is_empty() {
        return invalid("empty_block", "", "A content block must not be empty.");
    }
    let fields = object.fields(&["type", "text", "image_url", "input_audio", "file"]);
    let kind = match fields.get("type") {
        None => {
            return invalid(
                "missing_type",
                ".type",
                "Each content block needs a `type`.",
            );
        }
        Some(Json::String(kind)) if kind.trim().is_empty() => {
            return invalid(
                "empty_type",
                ".type",
                "The `type` of a block must not be blank.",
            );
        }
        Some(Json::String(kind)) => kind,
        Some(_) => "".into(),
    };
    match kind.as_ref() {
        "text" => text(place, fields.get("text")),
        "image_url" if role == Role::User => media::part(place, AttachmentKind::Image, &fields),
        "input_audio" if role == Role::User => media::part(place, AttachmentKind::Audio, &fields),
        "file" if role == Role::User => media::part(place, AttachmentKind::File, &fields),
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

fn text(place: Place, value: Option<Json<'_>>) -> Result<Part, Invalid> {
    match value.and_then(Json::into_text) {
        Some(text) => Ok(Part::Text(text.trim().to_owned())),
        None => Err(Invalid::new(
            "empty_text",
            place.param(".text"),
            "`text` must be a string that is not blank.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn parsed(role: Role, content: Value) -> Result<Vec<Part>, Invalid> {
        let text = content.to_string();
        let value = crate::json::read(text.as_bytes())?;
        parse(
            Place::message(2),
            role,
            Some(value).filter(|value| *value != Json::Null),
        )
    }

    fn refused(role: Role, content: Value) -> (&'static str, String) {
        let invalid = parsed(role, content).unwrap_err();
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
            (
                json!([{"type": "text", "text": 1}]),
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
        let url = json!({"url": "https://a.io/b.png"});
        let data = json!({"data": "https://a.io/b.mp3", "file_data": "https://a.io/b.pdf"});
        let blocks = [
            json!([{"type": "image_url", "image_url": url}]),
            json!([{"type": "input_audio", "input_audio": data}]),
            json!([{"type": "file", "file": data}]),
        ];
        for block in blocks {
            for role in [Role::System, Role::Developer, Role::Assistant] {
                let invalid = parsed(role, block.clone()).unwrap_err();
                assert_eq!(invalid.code, "invalid_type");
                assert_eq!(
                    invalid.message,
                    "Only user messages may hold other blocks than text."
                );
            }
            assert_eq!(parsed(Role::User, block).map(|parts| parts.len()), Ok(1));
        }
        let other = parsed(Role::User, json!([{"type": "video_url"}])).unwrap_err();
        assert_eq!(
            other.message,
            "The `type` of a user's block must be text, image_url, input_audio or file."
        );
    }

    #[test]
    fn an_assistant_may_say_nothing_but_not_a_blank() {
        assert_eq!(parsed(Role::Assistant, json!(null)), Ok(Vec::new()));
        assert_eq!(refused(Role::Assistant, json!("")).0, "empty_content");
    }

    #[test]
    fn text_blocks_are_trimmed_and_strings_are_not() {
        let part = |text: &str| Ok(vec![Part::Text(text.to_owned())]);
        let system = |content| parsed(Role::System, content);
        assert_eq!(
            system(json!([{"type": "text", "text": " a b\n"}])),
            part("a b")
        );
        assert_eq!(
            system(json!({"type": "text", "text": " a b\n"})),
            part("a b")
        );
        assert_eq!(system(json!(" a b\n")), part(" a b\n"));
    }

    #[test]
    fn an_unknown_block_is_told_what_its_role_may_hold() {
        let message = |role: &str| {
            let body = serde_json::json!({"model": "grok-4", "messages": [
                {"role": "user", "content": "Hi"},
                {"role": role, "content": [{"type": "video", "video": {}}]}]});
            crate::chat::parse(body.to_string().as_bytes())
                .unwrap_err()
                .message
        };
        assert!(message("user").contains("image_url"), "{}", message("user"));
        assert!(
            message("system").contains("Only user messages"),
            "{}",
            message("system")
        );
    }
}
