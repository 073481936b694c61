//! The answer to a deletion.

use serde::Serialize;

use crate::wire::to_json;

/// What was deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deleted {
    Conversation,
    File,
    Response,
    Video,
}

impl Deleted {
    /// The body of the answer.
    #[must_use]
    pub fn to_json(self, id: &str) -> Vec<u8> {
        #[derive(Serialize)]
        struct Body<'a> {
            id: &'a str,
            object: &'static str,
            deleted: bool,
        }
        let object = match self {
            Self::Conversation => "conversation.deleted",
            Self::File => "file",
            Self::Response => "response",
            Self::Video => "video.deleted",
        };
        to_json(&Body {
            id,
            object,
            deleted: true,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_deleted_is_told_in_the_word_of_its_api() {
        for (deleted, object) in [
            (Deleted::Conversation, "conversation.deleted"),
            (Deleted::File, "file"),
            (Deleted::Response, "response"),
            (Deleted::Video, "video.deleted"),
        ] {
            let expected = format!(r#"{{"id":"x_1","object":"{object}","deleted":true}}"#);
            assert_eq!(deleted.to_json("x_1"), expected.into_bytes());
        }
    }
}
