//! Ids that nobody can guess.

use crate::clock::now_ms;

/// `prefix`, the time in milliseconds as 12 hexadecimal digits, and 20 random ones: what is stored under such
/// ids lies together in the order in which it came, and goes in that order.
#[must_use]
pub fn ordered(prefix: &str) -> String {
    format!(
        "{prefix}{:012x}{:020x}",
        now_ms(),
        rand::random::<u128>() >> 48
    )
}

/// `prefix` and 24 random hexadecimal digits.
#[must_use]
pub fn random(prefix: &str) -> String {
    format!("{prefix}{:024x}", rand::random::<u128>() >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_their_prefix_and_differ() {
        let (one, other) = (random("call_"), random("call_"));
        assert_eq!((one.len(), &one[..5]), (29, "call_"));
        assert_ne!(one, other);
        let (one, other) = (ordered("resp_"), ordered("resp_"));
        assert_eq!((one.len(), &one[..5]), (37, "resp_"));
        assert_ne!(one, other);
        assert!(one[..17] <= other[..17], "{one} came before {other}");
    }
}
