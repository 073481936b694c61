//! Ids that nobody can guess.

use rand::RngCore;

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
    }
}
