//! What is derived from the master key, and encryption with it.
//!
//! The 32 bytes of the master key are never used directly: HMAC-SHA-256 with a fixed label derives
//! one key for encryption (XChaCha20-Poly1305), one for the hash that finds duplicates, and a
//! check value that tells a wrong key from a right one without trying any ciphertext.
//!
//! This is not HKDF: its expansion appends a counter byte to the label, so existing databases could
//! not be read with it.

use base64::{Engine, engine::general_purpose::STANDARD};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use hmac::{Hmac, Mac};
use rand::RngCore;
use secrecy::{ExposeSecret, SecretBox};
use sha2::{Digest, Sha256};

use crate::{DerivedKey, MasterKey, StoreError, key::KEY_BYTES};

/// Setting that tells a wrong key from a right one.
pub(crate) const KEY_CHECK: &str = "store.key_check";

const NONCE_BYTES: usize = 24;
/// First characters of every ciphertext; names the scheme so that it can change one day.
const SCHEME: &str = "x1.";

/// Keys derived from the master key; cheap to use, not printable.
pub(crate) struct Keys {
    cipher: XChaCha20Poly1305,
    hash: DerivedKey,
    check: String,
}

impl Keys {
    pub(crate) fn new(master: &MasterKey) -> Self {
        let encryption =
            SecretBox::new(Box::new(derive(master, "grok2api credential encryption 1")));
        Self {
            cipher: XChaCha20Poly1305::new(encryption.expose_secret().into()),
            hash: master.derive("grok2api credential hash 1"),
            check: hex(&derive(master, "grok2api key check 1")),
        }
    }

    /// A value that says nothing about the key but is the same only for the same key.
    pub(crate) fn check(&self) -> &str {
        &self.check
    }

    /// Keyed hash of a credential, 64 hex digits.
    pub(crate) fn hash(&self, credential: &str) -> String {
        self.hash.mac(credential)
    }

    /// Encrypts with a fresh random nonce, bound to `owner` (the account id): a ciphertext moved
    /// to another row does not decrypt.
    pub(crate) fn seal(&self, owner: &str, secret: &str) -> Result<String, StoreError> {
        let mut bytes = vec![0; NONCE_BYTES];
        rand::rng().fill_bytes(&mut bytes);
        let payload = Payload {
            msg: secret.as_bytes(),
            aad: owner.as_bytes(),
        };
        let sealed = self.cipher.encrypt(XNonce::from_slice(&bytes), payload);
        let sealed = sealed.map_err(|_| StoreError::Constraint {
            reason: "a credential is too long to encrypt".to_owned(),
        })?;
        bytes.extend_from_slice(&sealed);
        Ok(format!("{SCHEME}{}", STANDARD.encode(bytes)))
    }

    /// Decrypts what [`seal`](Self::seal) made for the same owner.
    pub(crate) fn open(&self, owner: &str, sealed: &str) -> Option<String> {
        let bytes = STANDARD.decode(sealed.strip_prefix(SCHEME)?).ok()?;
        let (nonce, message) = bytes.split_at_checked(NONCE_BYTES)?;
        let payload = Payload {
            msg: message,
            aad: owner.as_bytes(),
        };
        String::from_utf8(
            self.cipher
                .decrypt(XNonce::from_slice(nonce), payload)
                .ok()?,
        )
        .ok()
    }
}

/// SHA-256 as 64 hex digits: what is stored of a session id, and of whose something is.
#[must_use]
pub fn sha256_hex(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

pub(crate) fn derive(master: &MasterKey, label: &str) -> [u8; KEY_BYTES] {
    authenticate(master.expose(), label.as_bytes())
}

pub(crate) fn authenticate(key: &[u8; KEY_BYTES], message: &[u8]) -> [u8; KEY_BYTES] {
    // The fully qualified call avoids `new_from_slice`, whose error cannot happen for HMAC.
    let mut mac = <Hmac<Sha256> as KeyInit>::new(key_block(key).as_slice().into());
    mac.update(message);
    mac.finalize().into_bytes().into()
}

/// HMAC's own rule for short keys: pad with zeros to the block of 64 bytes.
fn key_block(key: &[u8; KEY_BYTES]) -> [u8; 64] {
    let mut block = [0; 64];
    block[..KEY_BYTES].copy_from_slice(key);
    block
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| char::from(DIGITS[usize::from(value & 15)]);
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(*byte)])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(byte: u8) -> Keys {
        Keys::new(&MasterKey::from_bytes([byte; 32]))
    }

    #[test]
    fn opens_what_it_sealed_and_nothing_else() {
        let sealed = keys(1).seal("a1", "a-secret-cookie").unwrap();
        assert_eq!(keys(1).open("a1", &sealed).unwrap(), "a-secret-cookie");
        assert!(!sealed.contains("a-secret-cookie"));
        assert!(
            keys(1).open("a2", &sealed).is_none(),
            "bound to its account"
        );
        assert!(keys(2).open("a1", &sealed).is_none(), "bound to the key");
        assert!(keys(1).open("a1", "x1.AAAA").is_none(), "too short");
        assert_ne!(
            keys(1).seal("a1", "a-secret-cookie").unwrap(),
            sealed,
            "fresh nonce"
        );
    }

    #[test]
    fn hmac_matches_rfc_4231_case_2_when_padded() {
        // Key "Jefe" is 4 bytes; zero padding to 32 bytes gives the same HMAC by definition.
        let mut key = [0; KEY_BYTES];
        key[..4].copy_from_slice(b"Jefe");
        assert_eq!(
            hex(&authenticate(&key, b"what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn hash_depends_on_credential_and_key() {
        assert_eq!(keys(1).hash("a"), keys(1).hash("a"));
        assert_ne!(keys(1).hash("a"), keys(1).hash("b"));
        assert_ne!(keys(1).hash("a"), keys(2).hash("a"));
    }
}
