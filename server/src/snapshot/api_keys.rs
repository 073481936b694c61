//! The API keys in force.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use store::ClientKey;
use subtle::ConstantTimeEq;

/// Keys as hashes: those of `app.api_key` or `mcp.api_key`, or those that the store keeps.
#[derive(Default, PartialEq, Eq)]
pub struct ApiKeys {
    /// What opens the door.
    active: Vec<(Sha256Hash, Arc<str>)>,
    /// There are others, which are switched off.
    has_inactive: bool,
}

type Sha256Hash = [u8; 32];

impl ApiKeys {
    #[must_use]
    pub fn new(keys: &[SecretString]) -> Self {
        let hashed = keys.iter().map(|key| {
            let hash = hash(key.expose_secret());
            (hash, label(&hash))
        });
        Self {
            active: hashed.collect(),
            has_inactive: false,
        }
    }

    /// Those that the store keeps.
    #[must_use]
    pub fn of_clients(keys: &[ClientKey]) -> Self {
        let active = keys.iter().filter(|key| key.is_active);
        let hashed = active.map(|key| (hash(&key.key), key.label().into()));
        Self {
            active: hashed.collect(),
            has_inactive: keys.iter().any(|key| !key.is_active),
        }
    }

    /// There is none, not even one that is switched off.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.active.is_empty() && !self.has_inactive
    }

    /// A label for the matching key: the start of its hash, so that rows can be told apart without
    /// storing the key. Every key is compared, in constant time over the hashes.
    #[must_use]
    pub fn matching(&self, given: &str) -> Option<Arc<str>> {
        let given = hash(given);
        let mut found = None;
        for (expected, label) in &self.active {
            if bool::from(expected.ct_eq(&given)) {
                found = Some(label.clone());
            }
        }
        found
    }

    /// Whether the key with this label is still in force.
    #[must_use]
    pub fn has(&self, label: &str) -> bool {
        self.active.iter().any(|(_, known)| **known == *label)
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
    fn a_key_of_the_store_has_the_same_label_and_one_that_is_switched_off_is_unknown() {
        let key = |key: &str, is_active| ClientKey {
            key: key.to_owned(),
            name: String::new(),
            created_at_ms: 0,
            is_active,
            use_count: 0,
            last_used_at_ms: None,
        };
        let stored = ApiKeys::of_clients(&[key("sk-one", true), key("sk-two", false)]);
        let configured = ApiKeys::new(&[SecretString::from("sk-one".to_owned())]);
        assert!(stored.matching("sk-one").is_some());
        assert_eq!(stored.matching("sk-one"), configured.matching("sk-one"));
        assert_eq!(stored.matching("sk-two"), None);
        let closed = ApiKeys::of_clients(&[key("sk-two", false)]);
        assert!(!closed.is_empty(), "nobody may ask, not everybody");
    }

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
