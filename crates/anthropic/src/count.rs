//! `POST /v1/messages/count_tokens`.

use crate::{Invalid, json, messages};

/// Reads the body, which is that of a message without `max_tokens`. The answer to it is
/// [`chat::count_tokens`] of what comes out.
///
/// # Errors
/// The mistakes of [`messages::parse`], but for `max_tokens`, which is ignored.
pub fn parse(body: &[u8]) -> Result<chat::Request, Invalid> {
    messages::parse_uncapped(body)
}

/// The body of the HTTP answer.
pub fn json(tokens: u64) -> Vec<u8> {
    #[derive(serde::Serialize)]
    struct Count {
        input_tokens: u64,
    }
    let mut out = Vec::new();
    json::write(
        &Count {
            input_tokens: tokens,
        },
        &mut out,
    );
    out
}
