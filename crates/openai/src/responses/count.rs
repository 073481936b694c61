//! `POST /v1/responses/input_tokens`.

use serde::Serialize;

use crate::wire::to_json;

/// The body of the answer. The body of the request is that of a response; the number is
/// [`chat::count_tokens`] of the whole request.
#[must_use]
pub fn input_tokens_json(input_tokens: u64) -> Vec<u8> {
    #[derive(Serialize)]
    struct Body {
        object: &'static str,
        input_tokens: u64,
    }
    to_json(&Body {
        object: "response.input_tokens",
        input_tokens,
    })
}
