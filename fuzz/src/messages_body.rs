//! The body of a message, and of a count of its tokens.

use anthropic::{Invalid, count, messages};

use crate::requests;

/// Checks one input: it is refused with a place, or becomes a request that can be told. What is a
/// message can be counted as well.
pub(crate) fn check(data: &[u8]) {
    let counted = count::parse(data);
    match messages::parse(data) {
        Ok(parsed) => {
            requests::hold(&parsed.request, data.len());
            assert!(counted.is_ok(), "{counted:?}");
        }
        Err(invalid) => refused(&invalid),
    }
    match counted {
        Ok(request) => requests::hold(&request, data.len()),
        Err(invalid) => refused(&invalid),
    }
}

/// This API has one code for every mistake.
fn refused(invalid: &Invalid) {
    requests::refusal(&invalid.message, &invalid.param, "invalid_request_error");
}
