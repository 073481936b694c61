//! Ids that nobody can guess.

use rand::RngCore;

use crate::clock::now_ms;

/// `prefix`, the time in seconds as 8 hexadecimal digits, and the 24 of [`random`]: what is stored under
/// such ids lies together in the order in which it came, and goes in that order.
#[must_use]
pub fn ordered(prefix: &str) -> String {
    random(&format!("{prefix}{:08x}", now_ms() / 1000))
}

/// `prefix` and 24 hexadecimal digits.
#[must_use]
pub fn random(prefix: &str) -> String {
    let mut bytes = [0; 12];
    rand::rng().fill_bytes(&mut bytes);
    bytes
        .iter()
        .fold(prefix.to_owned(), |id, byte| format!("{id}{byte:02x}"))
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
        assert!(one[..13] <= other[..13], "{one} came before {other}");
    }
}
