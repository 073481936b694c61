//! The API keys in force.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// `app.api_key` as hashes.
#[derive(Default)]
pub struct ApiKeys(Vec<(Sha256Hash, Arc<str>)>);

type Sha256Hash = [u8; 32];

impl ApiKeys {
    #[must_use]
    pub fn new(keys: &[SecretString]) -> Self {
        let hashed = keys.iter().map(|key| {
            let hash = hash(key.expose_secret());
            (hash, label(&hash))
        });
        Self(hashed.collect())
    }

    /// Nobody needs a key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A label for the matching key: the start of its hash, so that rows can be told apart without
    /// storing the key. Every key is compared, in constant time over the hashes.
    #[must_use]
    pub fn matching(&self, given: &str) -> Option<Arc<str>> {
        let given = hash(given);
        let mut found = None;
        for (expected, label) in &self.0 {
            if bool::from(expected.ct_eq(&given)) {
                found = Some(label.clone());
            }
        }
        found
    }

    /// Whether the key with this label is still in force.
    #[must_use]
    pub fn has(&self, label: &str) -> bool {
        self.0.iter().any(|(_, known)| **known == *label)
    }
}

fn hash(key: &str) -> Sha256Hash {
    Sha256::digest(key.as_bytes()).into()
}

fn label(hash: &Sha256Hash) -> Arc<str> {
    let mut label = String::from("key-");
    for byte in hash.iter().take(4) {
        label.push_str(&format!("{byte:02x}"));
    }
    label.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_configured_key_opens_the_door_and_others_do_not() {
        let keys = ["sk-one", "sk-two"].map(|key| SecretString::from(key.to_owned()));
        let keys = ApiKeys::new(&keys);
        let one = keys.matching("sk-one").unwrap();
        assert_ne!(keys.matching("sk-two").unwrap(), one);
        assert_eq!(keys.matching("sk-thr"), None);
        assert_eq!(keys.matching(""), None);
        assert!(keys.has(&one) && !keys.has("key-00000000"));
        assert!(ApiKeys::default().is_empty() && !keys.is_empty());
    }
}
