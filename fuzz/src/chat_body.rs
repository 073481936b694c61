//! The body of a chat completion.

use crate::requests;

/// Checks one input: it is refused with a code and a place, or becomes a request that can be told.
pub(crate) fn check(data: &[u8]) {
    match openai::chat::parse(data) {
        Ok(parsed) => {
            requests::hold(&parsed.request, data.len());
            assert!((1..=openai::MAX_CHOICES).contains(&parsed.choices));
            assert_eq!(openai::chat::parse(data).as_ref(), Ok(&parsed));
        }
        Err(invalid) => {
            let param = invalid.param.as_deref().unwrap_or_default();
            requests::refusal(&invalid.message, param, invalid.code);
        }
    }
}
