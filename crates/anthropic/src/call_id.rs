//! The ids of calls. The API's begin with `toolu_`, and some clients look; ours with `call_`.
//!
//! What comes after is the id, so that it is the same call in every protocol.

use std::borrow::Cow;

/// What ids of this API begin with.
const HERE: &str = "toolu_";
/// What ids of the gateway begin with.
const INSIDE: &str = "call_";

/// The id as this API writes it.
pub(crate) fn write(id: &str) -> Cow<'_, str> {
    if id.starts_with(HERE) {
        return Cow::Borrowed(id);
    }
    let rest = id.strip_prefix(INSIDE).unwrap_or(id);
    Cow::Owned([HERE, rest].concat())
}

/// The id that [`write`] was given. One that is not of this API stays as it is.
pub(crate) fn read(id: &str) -> String {
    match id.strip_prefix(HERE) {
        Some(rest) => [INSIDE, rest].concat(),
        None => id.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_the_gateway_comes_back() {
        for id in ["call_0123456789abcdef01234567", "call_"] {
            assert_eq!(read(&write(id)), id);
        }
        assert_eq!(write("call_1"), "toolu_1");
        assert_eq!(write("toolu_1"), "toolu_1");
        assert_eq!(write("x"), "toolu_x");
        assert_eq!(read("x"), "x");
    }
}
