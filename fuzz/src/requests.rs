//! What holds for every request that a parser lets through, whatever its protocol.

use chat::{Request, Shape, count_tokens, flatten, flatten_last_turn, history_key};

/// Attachments count for as much as 1,024 letters, and what tools need is told with them.
const MAX_GROWTH: usize = 64;

/// Flattens and counts it; `body_bytes` is the size of what it was read from.
pub(crate) fn hold(request: &Request, body_bytes: usize) {
    assert!(!request.model.trim().is_empty());
    let whole = flatten(request);
    assert_eq!(count_tokens(request), whole.tokens());
    let newest = flatten_last_turn(request);
    assert!(newest.attachments.len() <= whole.attachments.len());
    for prompt in [&whole, &newest] {
        let most = 64 * 1024 + MAX_GROWTH * body_bytes;
        assert!(prompt.text.len() <= most, "{}", prompt.text.len());
    }
    let _ = history_key(request);
    let _ = Shape::new(request);
}

/// A refusal says what, where, and how programs tell it, in a bounded text.
pub(crate) fn refusal(message: &str, param: &str, code: &str) {
    assert!(
        !message.trim().is_empty() && message.len() <= 2048,
        "{message}"
    );
    assert!(!param.is_empty() && param.len() <= 512, "{param}");
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    assert!(!code.is_empty() && code.bytes().all(is_word), "{code}");
}
