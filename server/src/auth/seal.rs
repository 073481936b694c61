//! What binds sessions and devices to the secrets in force.

use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::service::Role;

/// Marks that stay valid as long as the operator's password is the same: keyed with its hash, which
/// has a random salt and is nowhere but in the store.
pub(super) struct Seal {
    password_hash: String,
}

impl Seal {
    pub(super) fn new(password_hash: String) -> Self {
        Self { password_hash }
    }

    /// The mark of a session of this role. A visitor's ends with the public key as well.
    pub(super) fn session(&self, role: Role, public_key: &str) -> String {
        match role {
            Role::Admin => self.mark(b"admin session", b""),
            Role::Public => self.mark(b"visitor session", public_key.as_bytes()),
        }
    }

    pub(super) fn device(&self, id: &[u8]) -> String {
        self.mark(b"device", id)
    }

    /// Whether this is the device's mark; compared in constant time.
    pub(super) fn is_device(&self, id: &[u8], mark: &str) -> bool {
        self.device(id).as_bytes().ct_eq(mark.as_bytes()).into()
    }

    fn mark(&self, purpose: &[u8], subject: &[u8]) -> String {
        // HMAC takes keys of any length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.password_hash.as_bytes()) else {
            return String::new();
        };
        mac.update(purpose);
        mac.update(&[0]);
        mac.update(subject);
        let bytes = mac.finalize().into_bytes();
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_differ_by_purpose_subject_and_password() {
        let seal = Seal::new("hash one".to_owned());
        let other = Seal::new("hash two".to_owned());
        let marks = [
            seal.session(Role::Admin, "key"),
            seal.session(Role::Public, "key"),
            seal.session(Role::Public, "key two"),
            seal.device(b"key"),
            other.session(Role::Admin, "key"),
            other.device(b"key"),
        ];
        for (at, mark) in marks.iter().enumerate() {
            assert_eq!(mark.len(), 64);
            assert!(!marks[at + 1..].contains(mark));
        }
        assert_eq!(
            seal.session(Role::Admin, "a"),
            seal.session(Role::Admin, "b")
        );
        assert!(seal.is_device(b"key", &marks[3]));
        assert!(!seal.is_device(b"key", &marks[5]));
        assert!(!seal.is_device(b"key", ""));
    }
}
